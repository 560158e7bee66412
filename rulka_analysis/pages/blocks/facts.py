"""What several blocks need to know of an experiment: who leads, against whom, up to where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rulka_analysis.experiments.definition import DeclaredSetting
from rulka_analysis.experiments.groups import Group, value_text
from rulka_analysis.health import contradicted
from rulka_analysis.logs.clocks import MINUTES, Clock
from rulka_analysis.logs.positions import checkpoints
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.values.sentences import in_words
from rulka_analysis.values.tables import Look, Word
from rulka_analysis.verdicts.answer import Answered
from rulka_analysis.verdicts.evaluate import Found, Question, find
from rulka_analysis.verdicts.ranking import Stretch, stretches
from rulka_analysis.verdicts.recommendation import Recommendation
from rulka_analysis.verdicts.relations import Relation
from rulka_analysis.verdicts.tried import (
    SettingsTried,
    Tried,
    find_tried,
    find_window,
    rank_tried,
    tabulate_along,
)
from rulka_analysis.verdicts.words import Pace

if TYPE_CHECKING:
    from rulka_analysis.verdicts.loaded import LoadedExperiment

SIGNS: dict[Relation, str] = {"better": "▲", "worse": "▼", "level": "="}
SIGNS |= {"no worse": "▲=", "no better": "▼=", "undecided": "?", "no data": "∅"}
_LOOKS: dict[Relation, Look] = {"better": "better", "worse": "worse", "level": "level"}
_LOOKS |= {"no worse": "level", "no better": "level", "undecided": "undecided"}


def look_of(answer: Answered) -> Look:
    """Return the colour of an answer; what is neither good nor bad has none."""
    if answer.vocabulary == "diagnostic" and answer.decided.relation != "undecided":
        return "neutral"
    return _LOOKS.get(answer.decided.relation, "neutral")


def sign_of(answer: Answered) -> Word:
    """Return the sign of an answer alone, as it stands beside a difference."""
    return Word(SIGNS[answer.decided.relation], look_of(answer))


def word_of(answer: Answered) -> Word:
    """Return an answer as sign and word."""
    fragile = ", fragile" if answer.decided.fragile else ""
    return Word(f"{SIGNS[answer.decided.relation]} {answer.word}{fragile}", look_of(answer))


@dataclass(frozen=True)
class Pair:
    """A candidate beside a baseline, and what is asked of the two."""

    experiment: LoadedExperiment
    candidate: Group
    baseline: Group

    def value(self, outcome: str) -> Found:
        """Return how they stand on an outcome."""
        asked = Question(self.candidate.label, self.baseline.label, outcome)
        return find(self.experiment.evaluation, asked)

    def pace(self, outcome: str) -> Found | None:
        """Return how soon they reached its targets; None where there are none."""
        if not self.experiment.definition.targets(outcome):
            return None
        asked = Question(self.candidate.label, self.baseline.label, outcome, "pace")
        return find(self.experiment.evaluation, asked)


def pace_numbers(found: Found | None) -> Pace | None:
    """Return the ratio of times to targets with its range; None where there is no data."""
    return found.pace if found is not None else None


class Facts:
    """What blocks ask of an experiment, each found once.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    """

    def __init__(self, experiment: LoadedExperiment) -> None:
        self.experiment = experiment
        self.definition = experiment.definition

    @cached_property
    def tried(self) -> SettingsTried:
        evaluation = self.experiment.evaluation
        return find_tried(self.experiment, contradicted(self.experiment.noticed), evaluation.same)

    @property
    def recommendation(self) -> Recommendation:
        return self.experiment.recommended

    @property
    def winner(self) -> Tried | None:
        return self.recommendation.winner

    @cached_property
    def baseline(self) -> Group:
        return self.experiment.group(self.definition.baseline)

    @cached_property
    def pair(self) -> Pair | None:
        """The winner beside the baseline; None where nobody wins, or the baseline does."""
        if self.winner is None or self.winner.name == self.baseline.label:
            return None
        winner = self.experiment.group(self.winner.name)
        return Pair(self.experiment, winner, self.baseline)

    @property
    def end(self) -> Quantity:
        """The one cut-off of the page's numbers, in minutes."""
        return self.recommendation.end

    @cached_property
    def objectives(self) -> dict[str, Measure]:
        """What decides, in order, by name of the outcome."""
        every = self.tried.every
        return {name: every.measure(name) for name in self.definition.objectives}

    @cached_property
    def beside(self) -> dict[str, Measure]:
        """What else is asked, by name of the outcome, as far as some run has logged it."""
        every = self.tried.every
        measures = {
            name: every.measure(name)
            for name in self.definition.asked
            if name not in self.definition.objectives
        }
        return {name: one for name, one in measures.items() if every.known_series(one)}

    @cached_property
    def counts(self) -> tuple[int, int]:
        """The smallest and the largest number of runs of a setting that could win."""
        there = [len(tried.runs) for tried in self.tried.eligible] or [0]
        return min(there), max(there)

    @cached_property
    def alone(self) -> bool:
        """Whether there is nothing to hold against the baseline: one setting alone."""
        return len(self.experiment.groups) == 1

    def leads(self, clock: Clock) -> tuple[Stretch, ...]:
        """Return who leads where on a clock, checkpoint by checkpoint."""
        positions = checkpoints(find_window(self.tried, clock), clock.every)
        tables = tabulate_along(self.tried, clock, positions)
        rankings = [rank_tried(self.tried, one) for one in tables]
        return stretches([float(at) for at in positions], rankings)

    @cached_property
    def leads_from(self) -> tuple[Quantity, tuple[str, ...]] | None:
        """From how many minutes on the winner leads, and who does before; None where always."""
        if self.winner is None:
            return None
        found = self.leads(MINUTES)
        before = [one for one in found[:-1] if one.first]
        if not before or found[-1].first != (self.winner.name,):
            return None
        how = f"the first checkpoint from which on {self.winner.name} is first"
        digits = MINUTES.digits(found[-1].begin)
        return Quantity(found[-1].begin, MINUTES.unit, digits, how=how), before[-1].first


def subject(facts: Facts, name: str, only: Sequence[str] = ()) -> tuple[str, bool]:
    """Return a setting as the subject of a sentence, and whether that is plural.

    Up to two settings are named by their titles; more, and what was not recorded, by the label.

    Parameters
    ----------
    facts : Facts
        Whose settings.
    name : str
        The label of a group.
    only : sequence of str
        The settings to name; the recommended ones by default.
    """
    group = facts.experiment.group(name)
    wanted = only or facts.tried.recommended
    told = [
        _called(facts.definition.settings[key], value_text(value))
        for key, value in group.settings.items()
        if key in wanted
    ]
    if not told or len(told) > 2 or len(told) < len(wanted):
        return group.label, False
    return together(told), len(told) > 1


def begun_with(facts: Facts, name: str, shown: str) -> str:
    """Return what begins a sentence; the name of a run stays as it is written."""
    return shown[:1].upper() + shown[1:] if facts.experiment.group(name).settings else shown


def _called(setting: DeclaredSetting, value: str) -> str:
    """Return a setting with its title, which a label may hold already."""
    title, shown = in_words(setting.title), (setting.label or "{}").replace("{}", value)
    return shown if title in shown else f"{title} {shown}"


def counted(count: int, one: str, several: str = "") -> str:
    """Return a number of things in words.

    Examples
    --------
    >>> counted(1, "run"), counted(3, "run"), counted(12, "run")
    ('one run', 'three runs', '12 runs')
    """
    words = ("no", "one", "two", "three", "four", "five", "six")
    shown = words[count] if count < len(words) else f"{count:,}"
    return f"{shown} {one if count == 1 else several or one + 's'}"


def together(names: Sequence[str]) -> str:
    """Return names as readers write them.

    Examples
    --------
    >>> together(["a", "b", "c"])
    'a, b and c'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
