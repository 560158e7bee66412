"""Answers to every comparison on every outcome, on the logs in use.

Which rule decides is in `deciding`, on arrays, and what it is asked of in `sides`; here stands what
comes out of it: the answer, a sentence, the numbers behind it, how sure it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from rulka_analysis.experiments.definition import Margin
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.experiments.groups import Group
from rulka_analysis.experiments.measures import deciding_clocks
from rulka_analysis.health.copies import KINDS as OBSERVED_TWICE
from rulka_analysis.health.copies import one_observation
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.series import Measure, Series
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined
from rulka_analysis.verdicts import how_sure, titles, words
from rulka_analysis.verdicts.answer import Amount, Answered, Contradicted, Kind, OnClock
from rulka_analysis.verdicts.deciding import Curves, Decided, Reached, decide, decide_times
from rulka_analysis.verdicts.intervals import Planned, family, has_bad_runs, planned
from rulka_analysis.verdicts.numbers import Asked, numbers_of, pace_of, row_of
from rulka_analysis.verdicts.relations import IMPLIED, Vocabulary
from rulka_analysis.verdicts.sides import Measured, Sides, sides_of
from rulka_analysis.verdicts.spread import DF_NEEDED, pooled, runs_needed
from rulka_analysis.verdicts.words import About, Numbers, Pace


@dataclass(frozen=True, slots=True)
class Question:
    """What an answer is asked for.

    Parameters
    ----------
    candidate, baseline : str
        Labels of groups.
    outcome : str
        As declared.
    kind : {"value", "pace"}
        The value of the metric, or how soon targets are reached.
    clocks : tuple of Clock
        Those that decide; the outcome's own by default.
    """

    candidate: str
    baseline: str
    outcome: str
    kind: Kind = "value"
    clocks: tuple[Clock, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """An answer with what a claim is held against besides.

    Parameters
    ----------
    answer : Answered
        The answer.
    measure : Measure
        By what.
    asked : mapping of str to (Curves or Reached)
        The runs, by deciding clock; empty where there are no data.
    about : About
        What it is about, in words.
    numbers : Numbers or None
        Its numbers; of pace, the ratio of times beside one.
    pace : Pace or None
        Of how soon targets are reached, the ratio with its range.
    """

    answer: Answered
    measure: Measure
    asked: Mapping[str, Asked]
    about: About
    numbers: Numbers | None = None
    pace: Pace | None = None


class Evaluation:
    """Answers what is asked of an experiment; each question once.

    Parameters
    ----------
    experiment : Experiment
        A definition, tied to logs.
    findings : iterable of Finding
        What was noticed about the logs; each answer carries those that touch it.
    contradicted : mapping of (run, tag) to Finding, optional
        Series that no answer may rest on.
    """

    def __init__(
        self,
        experiment: Experiment,
        findings: Iterable[Finding] = (),
        contradicted: Contradicted | None = None,
    ) -> None:
        self.experiment = experiment
        self.definition = experiment.definition
        self.findings = tuple(findings)
        self.contradicted = contradicted or {}
        self.same = one_observation(self.findings)
        self._found: dict[Question, Found] = {}
        self._sides: dict[tuple[str, str], Sides] = {}

    def answers(self, comparisons: Iterable[str] = ()) -> tuple[Answered, ...]:
        """Return the answers of some comparisons, of all by default."""
        chosen = tuple(comparisons) or tuple(self.definition.comparisons)
        return tuple(answer for name in chosen for answer in self._of_comparison(name))

    def _of_comparison(self, name: str) -> Iterator[Answered]:
        baseline, candidates = self.groups_of(name)
        for outcome in self.definition.asked:
            for candidate in candidates:
                kinds: list[Kind] = ["value"]
                if self.definition.targets(outcome):
                    kinds.append("pace")
                for kind in kinds:
                    asked = Question(candidate.label, baseline.label, outcome, kind)
                    found = self._of(asked).answer
                    own = self.definition.sentences.get(name, {}).get(outcome)
                    if own and kind == "value":
                        found = self._in_own_words(found, own, asked)
                    yield replace(found, comparison=name)

    def groups_of(self, comparison: str) -> tuple[Group, list[Group]]:
        """Return the baseline and the candidates of a comparison."""
        return self.experiment.compared(comparison)

    @property
    def planned(self) -> Planned:
        """How many comparisons were planned: candidates on declared objectives."""
        pairs = {
            (baseline.label, candidate.label)
            for name in self.definition.comparisons
            for baseline, candidates in [self.groups_of(name)]
            for candidate in candidates
        }
        return planned(len(pairs), self.definition.objectives)

    def _in_own_words(self, found: Answered, text: str, question: Question) -> Answered:
        numbers = self._of(question).numbers
        if numbers is None or not IMPLIED[found.decided.relation]:
            return found
        said = words.filled(
            text,
            {
                "answer": found.word,
                "candidate": found.candidate.label,
                "baseline": found.baseline.label,
                "value": numbers.candidate,
                "base": numbers.baseline,
                "by": numbers.difference.size(),
                "end": numbers.end,
            },
        )
        return replace(found, sentence=said)

    def found(self, question: Question) -> Found:
        """Return what is found for a question, and what claims are held against besides."""
        return self._of(question)

    # --- One question -----------------------------------------------------------------------------

    def _of(self, question: Question) -> Found:
        if question not in self._found:
            self._found[question] = self._asked(question)
        return self._found[question]

    def _asked(self, question: Question) -> Found:
        sides = self._sides_of(question)
        measure = sides.comparison.measure(question.outcome)
        for group, runs in self._both(question, sides):
            if why := self.experiment.why_left_out(group):
                return self._without(question, sides, measure, why)
            if not runs:
                named = " and ".join(group.runs)
                return self._without(question, sides, measure, f"there is no run {named}")
        for pair in product(sides.candidate, sides.baseline):
            if (copied := self.same.get(frozenset(pair))) is not None:
                told = f"{' and '.join(pair)} are one observation, not two ({copied.code})"
                why = f"{told}: {copied.message.rstrip('.')}"
                return self._without(question, sides, measure, why, copied)
        wrong = self._contradiction(sides, measure)
        outcome = self.definition.outcomes[question.outcome]
        if wrong is None:
            return self._on(question, sides, measure)
        if outcome.instead is None:
            return self._without(question, sides, measure, wrong.message, wrong)
        other = self._of(replace(question, outcome=outcome.instead))
        note = titles.instead_of(measure, other.measure, wrong, outcome.instead_note)
        answer = other.answer
        touching = tuple(dict.fromkeys((wrong, *answer.findings)))
        return replace(
            other,
            answer=replace(
                answer,
                outcome=question.outcome,
                planned=False,
                sentence=joined([answer.sentence, note]),
                instead_of=wrong,
                findings=touching,
            ),
        )

    def _sides_of(self, question: Question) -> Sides:
        key = (question.baseline, question.candidate)
        if key not in self._sides:
            baseline, candidate = (self.experiment.named(label) for label in key)
            self._sides[key] = sides_of(self.experiment, baseline, candidate, self.same)
        return self._sides[key]

    def _both(self, question: Question, sides: Sides) -> list[tuple[Group, tuple[str, ...]]]:
        group = self.experiment.named
        return [
            (group(question.candidate), sides.candidate),
            (group(question.baseline), sides.baseline),
        ]

    def _contradiction(self, sides: Sides, measure: Measure) -> Finding | None:
        known = sides.comparison.known_series(measure)
        found = (self.contradicted.get((run, series.tag)) for run, series in known.items())
        return next((finding for finding in found if finding is not None), None)

    def _on(self, question: Question, sides: Sides, measure: Measure) -> Found:
        every = sides.comparison.series(measure)
        for _, runs in self._both(question, sides):
            if all(isinstance(every[run], Quantity) for run in runs):
                first = every[runs[0]]
                assert isinstance(first, Quantity)
                return self._without(question, sides, measure, first.missing)
        series = {run: s for run in sides.runs if isinstance(s := every[run], Series)}
        measured = Measured(sides, measure, series)
        wanted = question.clocks or deciding_clocks(measure.metric, self.definition)
        there = [clock for clock in wanted if measured.window(clock).end > 0]
        if not there:
            why = str(titles.no_clock(measure, wanted, series))
            return self._without(question, sides, measure, why)
        beside = self._beside(question, wanted, measured)

        def without(clock: Clock) -> tuple[str, ...]:
            return tuple(run for run, s in series.items() if clock not in s.run.clocks)

        asked = {clock: self._arrays(question, measured, clock) for clock in (*there, *beside)}
        voting = {clock.name: asked[clock] for clock in there}
        decided = self._decided(question, measure, voting)
        about = self._about(question, measure, sides)
        rows = tuple(
            self._row(question, measured, clock, found, decided, about, votes=clock in there)
            for clock, found in asked.items()
        )
        missing = {clock.name: without(clock) for clock in wanted if clock not in there}
        return self._answered(question, measured, voting, decided, about, rows, missing)

    def _beside(
        self, question: Question, wanted: tuple[Clock, ...], measured: Measured
    ) -> list[Clock]:
        """Return clocks that are shown beside those that decide."""
        if question.clocks or len(wanted) < 2:
            return []
        every = self.experiment.catalogue.domain.conventions.clocks
        return [clock for clock in every if clock not in wanted and measured.window(clock).end > 0]

    def _arrays(self, question: Question, measured: Measured, clock: Clock) -> Asked:
        if question.kind == "pace":
            targets = self.definition.targets(question.outcome)
            return measured.reached(targets, clock, self.definition.pace)
        return measured.curves(clock, self.margin(question))

    def margin(self, question: Question) -> Margin:
        """Return from which difference on a difference matters."""
        if question.kind == "pace":
            return self.definition.pace.allowed
        return self.definition.margin(question.outcome)

    def _decided(self, question: Question, measure: Measure, asked: Mapping[str, Asked]) -> Decided:
        count = self._family(question)
        if question.kind == "pace":
            reached = {clock: a for clock, a in asked.items() if isinstance(a, Reached)}
            return decide_times(reached, family=count)
        curves = {clock: a for clock, a in asked.items() if isinstance(a, Curves)}
        return decide(curves, measure.orientation, family=count)

    def is_planned(self, question: Question) -> bool:
        if question.kind == "pace":
            return self.definition.pace.planned and question.outcome in self.definition.objectives
        return question.outcome in self.definition.objectives

    def _family(self, question: Question) -> int:
        """Return how many candidates share the error: those of one baseline on one objective."""
        if not self.is_planned(question):
            return 1
        runs: dict[str, int] = {}
        for name in self.definition.comparisons:
            baseline, candidates = self.groups_of(name)
            if baseline.label == question.baseline:
                runs |= {group.label: len(self._there(group)) for group in candidates}
        return family(runs)

    def _there(self, group: Group) -> list[str]:
        return [run for run in group.runs if self.experiment.run(run) is not None]

    # --- What is said of it -----------------------------------------------------------------------

    def _about(self, question: Question, measure: Measure, sides: Sides) -> About:
        candidate, baseline = (group for group, _ in self._both(question, sides))
        runs = (len(sides.candidate), len(sides.baseline))
        if question.kind == "pace":
            return titles.about_pace(measure, candidate, baseline, runs)
        return titles.about_value(measure, candidate, baseline, runs)

    def _row(
        self,
        question: Question,
        measured: Measured,
        clock: Clock,
        asked: Asked,
        decided: Decided,
        about: About,
        *,
        votes: bool,
    ) -> OnClock:
        if not votes:
            decided = self._decided(question, measured.measure, {clock.name: asked})
        targets = self.definition.targets(question.outcome) if question.kind == "pace" else ()
        margin = self.margin(question)
        return row_of(measured, clock, asked, decided, about, margin, targets, votes=votes)

    def _answered(
        self,
        question: Question,
        measured: Measured,
        voting: Mapping[str, Asked],
        decided: Decided,
        about: About,
        rows: tuple[OnClock, ...],
        missing: Mapping[str, tuple[str, ...]],
    ) -> Found:
        margin = self.margin(question)
        clock, first = next(iter(voting.items()))
        pace = None
        if isinstance(first, Reached):
            targets = self.definition.targets(question.outcome)
            row = next(row for row in rows if row.clock.name == clock)
            pace = pace_of(first, decided, row, about, measured, targets)
            like = pace.ratio
            said = words.pace(about, pace, decided)
            numbers = Numbers(pace.ratio, Quantity(1.0, "times"), pace.ratio, rows[0].end)
            amount = Amount(pace.ratio, pace.low, pace.high)
        else:
            sample = first.sample()
            # An interval or a limit of noise is in percent only where logarithms are compared.
            plain = max(first.runs) > 1 and sample is not None and not sample.logs
            numbers = numbers_of(rows[0], replace(margin, percent=None) if plain else margin)
            like = numbers.difference
            said = words.answer(about, numbers, decided)
            interval = decided.intervals.get(clock)
            amount = Amount(like, *(words.bounds(interval, like) if interval else ()))
        allowed = _margin_as_said(margin, rows[0].margin)
        rests_on = frozenset((run, s.tag) for run, s in measured.series.items())
        answer = Answered(
            comparison="",
            outcome=question.outcome,
            title=measured.measure.title,
            candidate=self.experiment.named(question.candidate),
            baseline=self.experiment.named(question.baseline),
            kind=question.kind,
            vocabulary=about.vocabulary,
            planned=self.is_planned(question),
            decided=decided,
            sentence=said,
            amount=amount,
            missing_clocks=missing,
            strength=joined(
                [
                    how_sure.of_runs(about, decided, like, allowed),
                    *_middle_halves(about, first, rows[0]),
                    *_one_piece(rows),
                    *(how_sure.left_out(name, runs) for name, runs in missing.items() if runs),
                ]
            ),
            robustness=how_sure.checks_agree(
                decided,
                of_targets=question.kind == "pace",
                runs=(*measured.sides.candidate, *measured.sides.baseline),
            ),
            warning=self._warning(measured, first, about),
            needed=self._needed(question, measured, first, decided),
            rows=rows,
            rests_on=rests_on,
            findings=self._touching(rests_on),
        )
        return Found(answer, measured.measure, voting, about, numbers, pace)

    def _warning(self, measured: Measured, asked: Asked, about: About) -> Sentence:
        """Say what an interval does not show: runs without a series, and runs that lie far out."""
        told = []
        if measured.lacking:
            told.append(
                Sentence(
                    "Without a value: {runs}.",
                    {"runs": ", ".join(measured.lacking)},
                )
            )
        sample = asked.sample()
        if sample is not None:
            both = {about.candidate: sample.candidate, about.baseline: sample.baseline}
            far = how_sure.bad_runs(has_bad_runs(both))
            told += [far] if far.template else []
        return joined(told)

    def _needed(
        self, question: Question, measured: Measured, asked: Asked, decided: Decided
    ) -> Sentence:
        """Say how many runs would tell, where they do not and their spread is known."""
        if decided.relation in ("better", "worse", "level", "no data"):
            return Sentence("")
        sample = asked.sample()
        if sample is None:
            return Sentence("")
        a, b = sample.on_scale()
        spread, free = pooled(a, b)
        # Without any spread a difference of any size would tell; so few runs do not show that.
        if free < DF_NEEDED or not spread > 0:
            return Sentence("")
        needed = runs_needed(
            float(a.mean() - b.mean()),
            spread,
            free,
            margin=sample.margin,
            family=self._family(question),
        )
        minutes = [run.duration for run in measured.sides.comparison.present.values()]
        return how_sure.how_many_runs(needed, sum(minutes) / len(minutes) / 60)

    def _touching(self, rests_on: frozenset[tuple[str, str]]) -> tuple[Finding, ...]:
        """Return the findings on the series an answer rests on, and on their runs as such."""
        here = {run for run, _ in rests_on}

        def touches(finding: Finding) -> bool:
            tags = finding.tags or ((finding.tag,) if finding.tag else ())
            # What was noticed about two runs side by side matters only where both stand; of many
            # names of one log, where two do.
            if finding.kind in OBSERVED_TWICE:
                return len(here.intersection(finding.runs)) > 1
            return {finding.run, *finding.runs} <= here and (
                not tags or any((finding.run, tag) in rests_on for tag in tags)
            )

        return tuple(filter(touches, self.findings))

    def _without(
        self,
        question: Question,
        sides: Sides,
        measure: Measure,
        why: str,
        finding: Finding | None = None,
    ) -> Found:
        """Return the answer that there are no data, and why."""
        about = self._about(question, measure, sides)
        vocabulary: Vocabulary = about.vocabulary
        answer = Answered(
            comparison="",
            outcome=question.outcome,
            title=measure.title,
            candidate=self.experiment.named(question.candidate),
            baseline=self.experiment.named(question.baseline),
            kind=question.kind,
            vocabulary=vocabulary,
            planned=self.is_planned(question),
            decided=Decided("no data", None, "observed once", {}),
            sentence=words.no_data(about, why),
            findings=() if finding is None else (finding,),
        )
        return Found(answer, measure, {}, about)


def _margin_as_said(margin: Margin, size: Quantity) -> Quantity | None:
    """Return a margin as it was declared: a share is the same wherever it is asked."""
    if margin.in_percent is not None:
        digits = 0 if margin.in_percent == int(margin.in_percent) else 1
        return Quantity(margin.in_percent, "%", digits, how=size.how)
    return size if size.known else None


def _middle_halves(about: About, asked: Asked, row: OnClock) -> Iterator[Sentence]:
    sample = asked.sample() if isinstance(asked, Curves) else None
    if sample is not None:
        mine, other = sample.candidate, sample.baseline
        said = how_sure.interquartile_means(about, mine, other, row.difference)
        if said.template:
            yield said


def _one_piece(rows: Sequence[OnClock]) -> Iterator[Sentence]:
    voting = [row for row in rows if row.votes]
    between = [row.clock.name for row in voting if row.interpolated]
    said = how_sure.one_piece([row.clock.name for row in voting], between)
    if said.template:
        yield said
