"""What all blocks show of an experiment: its winner and baseline, and its objectives."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.groups import BETWEEN, Group
from rulka_analysis.logs.clocks import MINUTES, Clock
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.pages.blocks.facts import SIGNS, Facts
from rulka_analysis.pages.explore.view import View
from rulka_analysis.pages.palette import Role
from rulka_analysis.values.quantities import Sentence
from rulka_analysis.values.sentences import listed
from rulka_analysis.verdicts.answer import Answered, Kind
from rulka_analysis.verdicts.evaluate import Question, find
from rulka_analysis.verdicts.loaded import LoadedExperiment
from rulka_analysis.verdicts.relations import Relation
from rulka_analysis.verdicts.tried import SettingsTried

# Outcomes side by side, where an experiment does not say which are its objectives.
MOST_OUTCOMES = 2


@dataclass(frozen=True, eq=False)
class Subject:
    """What blocks show of an experiment.

    Parameters
    ----------
    experiment : LoadedExperiment
    facts : Facts
        What other blocks ask, too.
    shown : Comparison
        The groups that take part, the baseline first.
    baseline : Group
    winner : Group or None
        The group that is recommended.
    candidate : Group or None
        Who is held against the baseline: the winner; without one (or where the baseline is it) the
        group that comes closest.
    by_answer : bool
        Outcomes stand in the order of what is known of them, and not as they are declared.
    """

    experiment: LoadedExperiment
    facts: Facts
    shown: Comparison
    baseline: Group
    winner: Group | None
    candidate: Group | None
    by_answer: bool = True

    @property
    def tried(self) -> SettingsTried:
        """The settings that take part, and the groups that differ in others, too."""
        return self.facts.tried

    @functools.cached_property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that matter; by answer, those first on which the candidate is better."""
        definition = self.experiment.definition
        asked = [n for n in definition.asked if self.shown.measure(n).metric.better != "neither"]
        chosen = list(definition.objectives) or asked[:MOST_OUTCOMES]
        if self.by_answer:
            chosen.sort(key=lambda name: not self._is_better(name))
        return tuple(chosen)

    def _is_better(self, outcome: str) -> bool:
        kinds: list[Kind] = ["value"]
        if self.experiment.definition.targets(outcome):
            kinds.append("pace")
        answers = [self.answer(self.candidate, self.baseline, outcome, kind) for kind in kinds]
        return any(found is not None and found.decided.relation == "better" for found in answers)

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """The clocks of the experiment that at least two of its groups have."""
        declared = self.experiment.definition.clocks or (MINUTES,)
        runs = self.shown.present.values()
        found = [clock for clock in declared if sum(clock in run.clocks for run in runs) > 1]
        return tuple(found) or (MINUTES,)

    def measure(self, outcome: str) -> Measure:
        return self.shown.measure(outcome)

    def role(self, group: Group) -> Role:
        """Return how a group is drawn wherever it stands beside the baseline and the winner."""
        if group == self.winner:
            return "winner"
        if group == self.baseline:
            return "baseline"
        return "third" if self.winner is None and group == self.candidate else "other"

    def answer(
        self, candidate: Group | None, baseline: Group, outcome: str, kind: Kind = "value"
    ) -> Answered | None:
        """Return how two groups stand to each other; None where nobody is held against another."""
        if candidate is None or candidate == baseline:
            return None
        asked = Question(candidate.label, baseline.label, outcome, kind)
        return find(self.experiment.evaluation, asked).answer

    @property
    def names(self) -> Sentence:
        """Say what groups are called by."""
        settings = self.experiment.definition.settings
        named = [setting.title for setting in settings.values() if setting.named]
        if len(named) < 2 or all(group.settings == {} for group in self.shown.groups):
            return Sentence("")
        return Sentence("Names are {settings}.", {"settings": BETWEEN.join(named).lower()})


@functools.lru_cache(maxsize=4)
def subject_of(experiment: LoadedExperiment) -> Subject:
    """Return what blocks show of an experiment; asked once however many blocks there are."""
    facts = Facts(experiment)
    tried, baseline = facts.tried, facts.baseline
    winner = closest = None
    if experiment.definition.objectives:
        found = facts.recommendation
        winner = experiment.group(found.winner.name) if found.winner else None
        near = [experiment.group(one.name) for one in (*found.level, *found.runner_up)]
        closest = next((group for group in near if group != baseline), None)
    takes_part = [experiment.group(one.name) for one in tried.all]
    others = [group for group in takes_part if group != baseline]
    present = [group for group in others if any(experiment.run(run) for run in group.runs)]
    candidate = winner if winner not in (None, baseline) else closest
    if candidate is None and present:
        candidate = present[0]
    shown = experiment.side_by_side(experiment.title, baseline, others)
    return Subject(experiment, facts, shown, baseline, winner, candidate)


def compared_subjects(experiment: LoadedExperiment, comparison: str) -> Iterator[Subject]:
    """Yield a declared comparison, candidate by candidate; who is recommended is not asked."""
    shown, facts = experiment.comparison(comparison), Facts(experiment)
    for candidate in shown.candidate_groups:
        yield Subject(
            experiment, facts, shown, shown.baseline_group, None, candidate, by_answer=False
        )


def sign_of(answer: Answered) -> str:
    """Return the sign of an answer, which stands beside its word."""
    return SIGNS[answer.decided.relation]


def told(answer: Answered) -> str:
    """Return an answer as sign and word.

    A difference that vanishes with another choice of the rule is fragile.
    """
    fragile = ", fragile" if answer.decided.fragile else ""
    return f"{sign_of(answer)} {answer.word}{fragile}"


def colour_of(answer: Answered) -> str:
    """Return the name of the colour of an answer; of a diagnostic, which is no good news, none."""
    if answer.vocabulary == "diagnostic":
        return "muted"
    colours: dict[Relation, str] = {"better": "better", "worse": "worse", "undecided": "undecided"}
    return colours.get(answer.decided.relation, "level")


def view_of_groups(
    comparison: Comparison, measure: Measure, clock: Clock, groups: Sequence[Group]
) -> tuple[str, str] | None:
    """Return the view of the Explore page that shows groups, and how it differs, if it does."""
    known = comparison.on_clock(measure, clock)
    runs = [next((run for run in group.runs if run in known), None) for group in groups]
    there = tuple(run for run in runs if run is not None)
    if not there:
        return None
    view = View(known[there[0]].tag, clock.key, measure.is_best, groups=there)
    return view.fragment, "as logged" if measure.per else ""


def missing(subject: Subject) -> Sentence:
    """Say which declared runs the logs do not hold; nothing where they hold all."""
    absent = [run for run in subject.shown.runs if subject.experiment.run(run) is None]
    if not absent:
        return Sentence("")
    return Sentence("Not in these logs: {runs}.", {"runs": str(listed(absent))})
