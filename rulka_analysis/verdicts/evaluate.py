"""Answers to every comparison on every outcome, on the logs in use.

Which rule decides is in `deciding`, on arrays, and what it is asked of in `sides`; here stands what
comes out of it: the answer, a sentence, the numbers behind it, how sure it is. An `Evaluation` is
what answers rest on, and keeps those found so far; functions answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product

from rulka_analysis.experiments.definition import Definition, Margin
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.experiments.groups import Group
from rulka_analysis.experiments.measures import deciding_clocks
from rulka_analysis.health.copies import KINDS as OBSERVED_TWICE
from rulka_analysis.health.copies import one_observation
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.series import Series
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined
from rulka_analysis.verdicts import how_sure, titles, words
from rulka_analysis.verdicts.answer import Amount, Answered, Contradicted, Kind, OnClock
from rulka_analysis.verdicts.deciding import Curves, Decided, Reached, decide, decide_times
from rulka_analysis.verdicts.intervals import Planned, family, has_bad_runs, planned
from rulka_analysis.verdicts.numbers import Asked, numbers_of, pace_of, row_of
from rulka_analysis.verdicts.relations import IMPLIED
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


@dataclass(frozen=True)
class Evaluation:
    """What the answers of an experiment rest on, and those found so far.

    Parameters
    ----------
    experiment : Experiment
        A definition, tied to logs.
    findings : tuple of Finding
        What was noticed about the logs; each answer carries those that touch it.
    contradicted : mapping of (run, tag) to Finding, optional
        Series that no answer may rest on.
    """

    experiment: Experiment
    findings: tuple[Finding, ...] = ()
    contradicted: Contradicted = field(default_factory=dict)
    # Each question is answered once, and each two groups are put side by side once.
    _found: dict[Question, Found] = field(default_factory=dict, repr=False, compare=False)
    _sides: dict[tuple[str, str], Sides] = field(default_factory=dict, repr=False, compare=False)

    @property
    def definition(self) -> Definition:
        return self.experiment.definition

    @cached_property
    def same(self) -> dict[frozenset[str], Finding]:
        """Runs that are one observation, by pairs."""
        return one_observation(self.findings)

    @property
    def planned(self) -> Planned:
        """How many comparisons were planned: candidates on declared objectives."""
        pairs = {
            (baseline.label, candidate.label)
            for name in self.definition.comparisons
            for baseline, candidates in [self.experiment.compared(name)]
            for candidate in candidates
        }
        return planned(len(pairs), self.definition.objectives)


def answer_comparisons(
    evaluation: Evaluation, comparisons: Iterable[str] = ()
) -> tuple[Answered, ...]:
    """Return the answers of some comparisons, of all by default."""
    chosen = tuple(comparisons) or tuple(evaluation.definition.comparisons)
    return tuple(answer for name in chosen for answer in _answer_comparison(evaluation, name))


def _answer_comparison(evaluation: Evaluation, name: str) -> Iterator[Answered]:
    definition = evaluation.definition
    baseline, candidates = evaluation.experiment.compared(name)
    for outcome, candidate in product(definition.asked, candidates):
        own = definition.sentences.get(name, {}).get(outcome)
        kinds: tuple[Kind, ...] = ("value", "pace") if definition.targets(outcome) else ("value",)
        for kind in kinds:
            found = find(evaluation, Question(candidate.label, baseline.label, outcome, kind))
            answer = _put_in_own_words(found, own) if own and kind == "value" else found.answer
            yield replace(answer, comparison=name)


def _put_in_own_words(found: Found, text: str) -> Answered:
    answer, numbers = found.answer, found.numbers
    if numbers is None or not IMPLIED[answer.decided.relation]:
        return answer
    said = words.filled(
        text,
        {
            "answer": answer.word,
            "candidate": answer.candidate.label,
            "baseline": answer.baseline.label,
            "value": numbers.candidate,
            "base": numbers.baseline,
            "by": numbers.difference.size(),
            "end": numbers.end,
        },
    )
    return replace(answer, sentence=said)


# --- One question --------------------------------------------------------------------------------


def find(evaluation: Evaluation, question: Question) -> Found:
    """Return the answer to a question, and what claims are held against besides."""
    known = evaluation._found
    if question not in known:
        known[question] = _answer(_take_up(evaluation, question))
    return known[question]


@dataclass(frozen=True)
class _Case:
    """A question with the groups it is about, side by side."""

    evaluation: Evaluation
    question: Question
    candidate: Group
    baseline: Group
    sides: Sides
    measure: Measure

    @property
    def definition(self) -> Definition:
        return self.evaluation.definition

    @property
    def of_pace(self) -> bool:
        return self.question.kind == "pace"

    @property
    def both(self) -> list[tuple[Group, tuple[str, ...]]]:
        """The groups, with the runs of each that the logs hold."""
        return [(self.candidate, self.sides.candidate), (self.baseline, self.sides.baseline)]

    @property
    def targets(self) -> tuple[float, ...]:
        return self.definition.targets(self.question.outcome) if self.of_pace else ()

    @property
    def margin(self) -> Margin:
        """From which difference on a difference matters."""
        if self.of_pace:
            return self.definition.pace.allowed
        return self.definition.margin(self.question.outcome)

    @property
    def is_planned(self) -> bool:
        objective = self.question.outcome in self.definition.objectives
        return objective and (self.definition.pace.planned or not self.of_pace)

    @cached_property
    def family(self) -> int:
        """How many candidates share the error: those of one baseline on one objective."""
        if not self.is_planned:
            return 1
        experiment = self.evaluation.experiment
        runs: dict[str, int] = {}
        for name in self.definition.comparisons:
            baseline, candidates = experiment.compared(name)
            if baseline.label == self.question.baseline:
                for group in candidates:
                    there = [run for run in group.runs if experiment.run(run) is not None]
                    runs[group.label] = len(there)
        return family(runs)

    @cached_property
    def about(self) -> About:
        runs = (len(self.sides.candidate), len(self.sides.baseline))
        say = titles.about_pace if self.of_pace else titles.about_value
        return say(self.measure, self.candidate, self.baseline, runs)


def _take_up(evaluation: Evaluation, question: Question) -> _Case:
    key = (question.baseline, question.candidate)
    experiment = evaluation.experiment
    baseline, candidate = map(experiment.named, key)
    if key not in evaluation._sides:
        evaluation._sides[key] = sides_of(experiment, baseline, candidate, evaluation.same)
    sides = evaluation._sides[key]
    measure = sides.comparison.measure(question.outcome)
    return _Case(evaluation, question, candidate, baseline, sides, measure)


def _answer(case: _Case) -> Found:
    for group, runs in case.both:
        if why := case.evaluation.experiment.why_left_out(group):
            return _say_no_data(case, why)
        if not runs:
            return _say_no_data(case, f"there is no run {' and '.join(group.runs)}")
    for pair in product(case.sides.candidate, case.sides.baseline):
        if (copied := case.evaluation.same.get(frozenset(pair))) is not None:
            told = f"{' and '.join(pair)} are one observation, not two ({copied.code})"
            return _say_no_data(case, f"{told}: {copied.message.rstrip('.')}", copied)
    wrong = _find_contradiction(case)
    if wrong is None:
        return _answer_from_logs(case)
    outcome = case.definition.outcomes[case.question.outcome]
    if outcome.instead is None:
        return _say_no_data(case, wrong.message, wrong)
    other = find(case.evaluation, replace(case.question, outcome=outcome.instead))
    note = titles.instead_of(case.measure, other.measure, wrong, outcome.instead_note)
    answer = replace(
        other.answer,
        outcome=case.question.outcome,
        planned=False,
        sentence=joined([other.answer.sentence, note]),
        instead_of=wrong,
        findings=tuple(dict.fromkeys((wrong, *other.answer.findings))),
    )
    return replace(other, answer=answer)


def _find_contradiction(case: _Case) -> Finding | None:
    known = case.sides.comparison.known_series(case.measure)
    wrong = case.evaluation.contradicted
    return next((wrong[run, s.tag] for run, s in known.items() if (run, s.tag) in wrong), None)


def _begin(case: _Case, decided: Decided, sentence: Sentence) -> Answered:
    return Answered(
        comparison="",
        outcome=case.question.outcome,
        title=case.measure.title,
        candidate=case.candidate,
        baseline=case.baseline,
        kind=case.question.kind,
        vocabulary=case.about.vocabulary,
        planned=case.is_planned,
        decided=decided,
        sentence=sentence,
    )


def _say_no_data(case: _Case, why: str, finding: Finding | None = None) -> Found:
    """Return the answer that there are no data, and why."""
    decided = Decided("no data", None, "observed once", {})
    answer = _begin(case, decided, words.no_data(case.about, why))
    findings = () if finding is None else (finding,)
    return Found(replace(answer, findings=findings), case.measure, {}, case.about)


def _answer_from_logs(case: _Case) -> Found:
    measure = case.measure
    every = case.sides.comparison.series(measure)
    for _, runs in case.both:
        first = every[runs[0]]
        if isinstance(first, Quantity) and all(isinstance(every[r], Quantity) for r in runs):
            return _say_no_data(case, first.missing)
    series = {run: s for run in case.sides.runs if isinstance(s := every[run], Series)}
    measured = Measured(case.sides, measure, series)
    wanted = case.question.clocks or deciding_clocks(measure.metric, case.definition)
    there = [clock for clock in wanted if measured.window(clock).end > 0]
    if not there:
        return _say_no_data(case, str(titles.no_clock(measure, wanted, series)))
    shown = [*there, *_list_clocks_beside(case, wanted, measured)]
    asked = {clock: _ask(case, measured, clock) for clock in shown}
    voting = {clock.name: asked[clock] for clock in there}
    decided = _decide(case, voting)
    rows = tuple(
        row_of(
            measured,
            clock,
            one,
            decided if clock in there else _decide(case, {clock.name: one}),
            case.about,
            case.margin,
            case.targets,
            votes=clock in there,
        )
        for clock, one in asked.items()
    )
    missing = {
        clock.name: tuple(run for run, s in series.items() if not s.is_on(clock))
        for clock in wanted
        if clock not in there
    }
    return _say(case, measured, voting, decided, rows, missing)


def _list_clocks_beside(case: _Case, wanted: tuple[Clock, ...], measured: Measured) -> list[Clock]:
    """Return clocks that are shown beside those that decide."""
    if case.question.clocks or len(wanted) < 2:
        return []
    every = case.evaluation.experiment.catalogue.domain.conventions.clocks
    return [clock for clock in every if clock not in wanted and measured.window(clock).end > 0]


def _ask(case: _Case, measured: Measured, clock: Clock) -> Asked:
    if case.of_pace:
        return measured.reached(case.targets, clock, case.definition.pace)
    return measured.curves(clock, case.margin)


def _decide(case: _Case, asked: Mapping[str, Asked]) -> Decided:
    if case.of_pace:
        reached = {clock: a for clock, a in asked.items() if isinstance(a, Reached)}
        return decide_times(reached, family=case.family)
    curves = {clock: a for clock, a in asked.items() if isinstance(a, Curves)}
    return decide(curves, case.measure.orientation, family=case.family)


# --- What is said of it --------------------------------------------------------------------------


def _say(
    case: _Case,
    measured: Measured,
    voting: Mapping[str, Asked],
    decided: Decided,
    rows: tuple[OnClock, ...],
    missing: Mapping[str, tuple[str, ...]],
) -> Found:
    margin, about = case.margin, case.about
    clock, first = next(iter(voting.items()))
    pace = None
    if isinstance(first, Reached):
        row = next(row for row in rows if row.clock.name == clock)
        pace = pace_of(first, decided, row, about, measured, case.targets)
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
    rests_on = frozenset((run, s.tag) for run, s in measured.series.items())
    strength = [
        how_sure.of_runs(about, decided, like, _show_margin(margin, rows[0].margin)),
        *_say_middle_halves(about, first, rows[0]),
        *_say_one_piece(rows),
        *(how_sure.left_out(name, runs) for name, runs in missing.items() if runs),
    ]
    answer = replace(
        _begin(case, decided, said),
        amount=amount,
        missing_clocks=missing,
        strength=joined(strength),
        robustness=how_sure.checks_agree(
            decided,
            of_targets=case.of_pace,
            runs=(*case.sides.candidate, *case.sides.baseline),
        ),
        warning=_warn(measured, first, about),
        needed=_say_runs_needed(case, first, decided),
        rows=rows,
        rests_on=rests_on,
        findings=_list_touching(case.evaluation.findings, rests_on),
    )
    return Found(answer, case.measure, voting, about, numbers, pace)


def _warn(measured: Measured, asked: Asked, about: About) -> Sentence:
    """Say what an interval does not show: runs without a series, and runs that lie far out."""
    told = []
    if measured.lacking:
        told.append(Sentence("Without a value: {runs}.", {"runs": ", ".join(measured.lacking)}))
    sample = asked.sample()
    if sample is not None:
        both = {about.candidate: sample.candidate, about.baseline: sample.baseline}
        far = how_sure.bad_runs(has_bad_runs(both))
        told += [far] if far.template else []
    return joined(told)


def _say_runs_needed(case: _Case, asked: Asked, decided: Decided) -> Sentence:
    """Say how many runs would tell, where they do not and their spread is known."""
    sample = asked.sample()
    if sample is None or decided.relation in ("better", "worse", "level", "no data"):
        return Sentence("")
    a, b = sample.on_scale()
    spread, free = pooled(a, b)
    # Without any spread a difference of any size would tell; so few runs do not show that.
    if free < DF_NEEDED or not spread > 0:
        return Sentence("")
    away = float(a.mean() - b.mean())
    needed = runs_needed(away, spread, free, margin=sample.margin, family=case.family)
    minutes = [run.duration for run in case.sides.comparison.present.values()]
    return how_sure.how_many_runs(needed, sum(minutes) / len(minutes) / 60)


def _list_touching(
    findings: Iterable[Finding], rests_on: frozenset[tuple[str, str]]
) -> tuple[Finding, ...]:
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

    return tuple(filter(touches, findings))


def _show_margin(margin: Margin, size: Quantity) -> Quantity | None:
    """Return a margin as it was declared: a share is the same wherever it is asked."""
    if margin.in_percent is not None:
        digits = 0 if margin.in_percent == int(margin.in_percent) else 1
        return Quantity(margin.in_percent, "%", digits, how=size.how)
    return size if size.known else None


def _say_middle_halves(about: About, asked: Asked, row: OnClock) -> Iterator[Sentence]:
    sample = asked.sample() if isinstance(asked, Curves) else None
    if sample is not None:
        mine, other = sample.candidate, sample.baseline
        said = how_sure.interquartile_means(about, mine, other, row.difference)
        if said.template:
            yield said


def _say_one_piece(rows: Sequence[OnClock]) -> Iterator[Sentence]:
    voting = [row for row in rows if row.votes]
    between = [row.clock.name for row in voting if row.interpolated]
    said = how_sure.one_piece([row.clock.name for row in voting], between)
    if said.template:
        yield said
