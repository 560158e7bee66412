"""Conclusions: what a definition claims, evaluated on the logs in use.

The rule is in `verdicts`, on arrays; here stands what it is asked of, and what comes out of it:
a verdict, a sentence, the numbers that decided, how strong it is and what would break it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison, window_end
from rulka_analysis.experiments.definition import TIME_TO_TARGET, DeclaredConclusion
from rulka_analysis.logs.clocks import CLOCKS, Clock, Window, checkpoints, common_window
from rulka_analysis.metrics.series import EVERY, UNITS, Measure, Series
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.verdicts import rule as verdicts
from rulka_analysis.verdicts import wording
from rulka_analysis.verdicts.replicates import interquartile_mean
from rulka_analysis.verdicts.rule import Claim, Outcome, Tally, Times, Values, Variation, Verdict

if TYPE_CHECKING:
    from rulka_analysis.experiments.experiment import Experiment

Floats = NDArray[np.float64]
# (run, tag): a series that no verdict may rest on, and what was found about it.
Contradicted = Mapping[tuple[str, str], Finding]

# At least so many checkpoints on each clock, however short the common window.
CHECKPOINTS = 12


@dataclass(frozen=True, slots=True)
class OnClock:
    """What decided on one clock.

    Parameters
    ----------
    clock : {"minutes", "frames", "updates"}
    votes : bool
        Whether this clock decides; one that does not is shown beside those that do.
    holds : bool or None
        Whether the claim holds on this clock; None where neither it nor its failure is sure.
    share : Quantity
        Checkpoints (or targets) at which the claim is true, of those where that is known.
    end : Quantity
        Where the common window ends.
    candidate, baseline, difference, margin : Quantity
        At the end; of a claim on targets, for the hardest that can be decided.
    target : Quantity or None
        That target.
    claimed, found : Quantity or None
        Of a claim that says by how much: how much, and what was found, both in the unit of the
        claim and in its direction.
    by_run : mapping of str to Quantity
        The same value of every run, replicates included.
    interpolated : bool
        The clock's positions are straight lines between few known points.
    """

    clock: Clock
    votes: bool
    holds: bool | None
    share: Quantity
    end: Quantity
    candidate: Quantity
    baseline: Quantity
    difference: Quantity
    margin: Quantity
    target: Quantity | None = None
    claimed: Quantity | None = None
    found: Quantity | None = None
    by_run: Mapping[str, Quantity] = field(default_factory=dict)
    interpolated: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain data for JSON."""
        data: dict[str, Any] = {"clock": self.clock, "votes": self.votes, "holds": self.holds}
        for name in ("share", "end", "candidate", "baseline", "difference", "margin"):
            data[name] = getattr(self, name).as_dict()
        for name in ("target", "claimed", "found"):
            value = getattr(self, name)
            data[name] = None if value is None else value.as_dict()
        data["interpolated"] = self.interpolated
        data["by_run"] = {run: value.as_dict() for run, value in self.by_run.items()}
        return data


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A declared conclusion with the verdict of the logs in use.

    Parameters
    ----------
    name, section : str
        Its name, and the comparison it belongs to.
    typed : str
        The author's own words, where it is one of theirs.
    verdict : {"supported", "contradicted", "cannot tell", "no data"}
        See the guide to verdicts.
    outcome : str
        Which of the declared sentences is said.
    way : str
        In words, which way a contradicted claim went; empty for any other verdict.
    sentence : Sentence
        What the logs say.
    deciding : tuple of OnClock
        The numbers it rests on, by clock.
    strength : Sentence
        How many runs of each setting there are, and what follows.
    sensitivity : Sentence
        How much it depends on the rule.
    fragile : bool
        Whether it depends on the rule more than it should.
    breaks : tuple of str
        The smallest changes of the rule that give another verdict, in words.
    rests_on : frozenset of (run, tag)
        The series it rests on.
    instead_of : Finding or None
        Why it rests on the declared fallback.
    findings : tuple of Finding
        What was noticed about the series and runs it rests on.
    parts : tuple of Conclusion
        Of a compound; of parts that are compounds themselves, their parts.
    by_itself : bool
        It is declared by itself, and not only a part of a golden middle.
    """

    name: str
    section: str
    typed: str
    verdict: Verdict
    outcome: Outcome
    sentence: Sentence
    way: str = ""
    deciding: tuple[OnClock, ...] = ()
    strength: Sentence = field(default_factory=lambda: Sentence(""))
    sensitivity: Sentence = field(default_factory=lambda: Sentence(""))
    fragile: bool = False
    breaks: tuple[str, ...] = ()
    rests_on: frozenset[tuple[str, str]] = frozenset()
    instead_of: Finding | None = None
    findings: tuple[Finding, ...] = ()
    parts: tuple[Conclusion, ...] = ()
    by_itself: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return the conclusion as plain data for JSON."""
        return {
            "name": self.name,
            "section": self.section,
            "typed": self.typed,
            "verdict": self.verdict,
            "outcome": self.outcome,
            "way": self.way,
            "sentence": str(self.sentence),
            "strength": str(self.strength),
            "sensitivity": str(self.sensitivity),
            "fragile": self.fragile,
            "breaks": list(self.breaks),
            "deciding": [row.as_dict() for row in self.deciding],
            "rests_on": [{"run": run, "tag": tag} for run, tag in sorted(self.rests_on)],
            "instead_of": self.instead_of.as_dict() if self.instead_of else None,
            "findings": [finding.as_dict() for finding in self.findings],
            "parts": [part.as_dict() for part in self.parts],
        }


def evaluate(
    experiment: Experiment,
    findings: Iterable[Finding] = (),
    contradicted: Contradicted | None = None,
) -> tuple[Conclusion, ...]:
    """Return all conclusions an experiment declares, with the verdicts of its logs.

    Parameters
    ----------
    experiment : Experiment
        A definition, tied to logs.
    findings : iterable of Finding
        What was noticed about the logs; each conclusion carries those that touch it.
    contradicted : mapping of (run, tag) to Finding, optional
        Series that no verdict may rest on.
    """
    evaluation = _Evaluation(experiment, tuple(findings), contradicted or {})
    return tuple(evaluation.conclusion(name) for name in experiment.definition.conclusions)


def replicates_of(experiment: Experiment, run: str) -> tuple[str, ...]:
    """Return the runs that agree with one in all declared settings, that run first.

    Only runs that the logs hold; a setting that was not recorded agrees with nothing.
    """
    own = _settings(experiment, run)
    if None in own:
        return (run,)
    there = [name for name, found in experiment.runs.items() if found is not None and name != run]
    return (run, *(name for name in there if _settings(experiment, name) == own))


def _settings(experiment: Experiment, run: str) -> tuple[float | str | None, ...]:
    numbers = experiment.settings(run)
    declared = experiment.definition.runs[run].settings
    return tuple(
        numbers[name].value if name in numbers else str(declared[name])
        for name in experiment.definition.settings
    )


@dataclass(frozen=True)
class _Pair:
    """A candidate and a baseline, each with its replicates, ready to be compared."""

    comparison: Comparison
    candidate: tuple[str, ...]
    baseline: tuple[str, ...]

    @property
    def runs(self) -> tuple[str, ...]:
        return self.baseline + self.candidate


class _Evaluation:
    """Evaluates conclusions; what several of them need is found once."""

    def __init__(
        self, experiment: Experiment, findings: tuple[Finding, ...], contradicted: Contradicted
    ) -> None:
        self.experiment = experiment
        self.definition = experiment.definition
        self.findings = findings
        self.contradicted = contradicted
        self._found: dict[str, Conclusion] = {}
        # Sentences of conclusions that rest on a fallback, for compounds: there it is said once.
        self._without_note: dict[str, Sentence] = {}
        self._pairs: dict[tuple[str, str], _Pair] = {}
        self._values: dict[tuple[str, str, tuple[str, str | None, str | None], Clock], Values] = {}

    def conclusion(self, name: str) -> Conclusion:
        if name not in self._found:
            declared = self.definition.conclusions[name]
            if declared.all_of:
                found = self._all_of(declared)
            elif declared.golden_middle:
                found = self._golden_middle(declared)
            else:
                found = self._simple(declared)
            self._found[name] = found
        return self._found[name]

    # --- One claim on one metric ------------------------------------------------------------------

    def _simple(self, declared: DeclaredConclusion) -> Conclusion:
        for run in (declared.candidate, declared.baseline):
            if self.experiment.run(run) is None:
                reason = Sentence("there is no run {run}", {"run": run})
                return self._no_data(declared, reason)
        pair = self._pair(declared.baseline, declared.candidate)
        measure = self._measure(pair, declared.metric, declared)
        instead = self._contradiction(pair, measure)
        if instead is not None and declared.fallback is not None:
            typed = measure
            measure = self._measure(pair, declared.fallback, declared)
            found = self._on(declared, pair, measure)
            note = wording.instead_of(declared, typed, measure, instead)
            # The alternative may be wrong, too; then nothing is left to rest on.
            again = self._contradiction(pair, measure)
            if again is not None:
                return self._cannot_rest(declared, again)
            self._without_note[declared.name] = found.sentence
            sentence = wording.joined([found.sentence, note])
            touching = tuple(dict.fromkeys((instead, *found.findings)))
            return replace(found, sentence=sentence, instead_of=instead, findings=touching)
        if instead is not None:
            return self._cannot_rest(declared, instead)
        return self._on(declared, pair, measure)

    def _measure(self, pair: _Pair, metric: str, declared: DeclaredConclusion) -> Measure:
        return pair.comparison.measure(metric, declared.map, as_logged=declared.as_logged)

    def _contradiction(self, pair: _Pair, measure: Measure) -> Finding | None:
        known = pair.comparison.known_series(measure)
        found = (self.contradicted.get((run, series.tag)) for run, series in known.items())
        return next((finding for finding in found if finding is not None), None)

    def _on(self, declared: DeclaredConclusion, pair: _Pair, measure: Measure) -> Conclusion:
        assert declared.claim is not None
        every = pair.comparison.series(measure)
        for run in (declared.candidate, declared.baseline):
            lacking = every[run]
            if isinstance(lacking, Quantity):
                reason = Sentence("{why}", {"why": lacking.missing})
                return self._no_data(declared, reason, measure)
        series = {run: s for run, s in every.items() if isinstance(s, Series)}
        wanted = declared.clocks or measure.metric.deciding_clocks
        there = [clock for clock in wanted if self._window(series, clock).end > 0]
        if not there:
            return self._no_data(declared, wording.no_clock(measure, wanted, series), measure)
        beside = [c for c in CLOCKS if c not in wanted and not declared.clocks and len(wanted) > 1]
        shown = [*there, *(clock for clock in beside if self._window(series, clock).end > 0)]
        asked: dict[str, Values | Times] = {
            clock: self._asked(declared, pair, measure, series, clock) for clock in shown
        }
        sign = verdicts.sign_of(declared.claim, lower_is_better=measure.metric.better == "lower")
        voting: dict[str, Values | Times] = {clock: asked[clock] for clock in there}
        varied = verdicts.vary(declared.claim, voting, sign, declared.by_at_least)
        decision = varied[Variation()]
        agreement = verdicts.agreement(varied)
        rows = tuple(
            replace(
                self._row(declared, pair, measure, series, clock, asked[clock], sign),
                votes=clock in there,
            )
            for clock in shown
        )
        verdict, outcome = decision.verdict, decision.outcome
        if not agreement.tells:
            verdict, outcome = "cannot tell", "cannot_tell"
        said = wording.Told(
            declared=declared,
            measure=measure,
            row=rows[0],
            asked=asked[there[0]],
            decision=decision,
            agreement=agreement,
        )
        rests_on = frozenset((run, s.tag) for run, s in series.items())
        return Conclusion(
            name=declared.name,
            section=declared.section,
            typed=declared.typed,
            verdict=verdict,
            outcome=outcome,
            sentence=said.sentence(outcome),
            way=wording.way(declared.claim, outcome),
            deciding=rows,
            strength=wording.strength(
                self._members(pair.candidate, series), self._members(pair.baseline, series), rows
            ),
            sensitivity=wording.sensitivity(declared, verdict, decision, agreement),
            fragile=verdict in ("supported", "contradicted") and agreement.fragile,
            breaks=wording.breaks(declared, agreement),
            rests_on=rests_on,
            findings=self._touching(rests_on),
        )

    def _pair(self, baseline: str, candidate: str) -> _Pair:
        key = (baseline, candidate)
        if key not in self._pairs:
            candidates = replicates_of(self.experiment, candidate)
            baselines = replicates_of(self.experiment, baseline)
            if baseline in candidates:
                # Runs of the same setting are held against each other only one by one.
                candidates, baselines = (candidate,), (baseline,)
            others = (*baselines[1:], *candidates)
            title = f"{candidate} against {baseline}"
            comparison = self.experiment.side_by_side(title, baseline, others)
            self._pairs[key] = _Pair(comparison, candidates, baselines)
        return self._pairs[key]

    def _members(self, group: Sequence[str], series: Mapping[str, Series]) -> tuple[str, ...]:
        return tuple(run for run in group if run in series)

    def _window(self, series: Mapping[str, Series], clock: Clock) -> Window:
        return common_window(
            clock, {run: s.run.known_until(s.tag, clock) for run, s in series.items()}
        )

    def _asked(
        self,
        declared: DeclaredConclusion,
        pair: _Pair,
        measure: Measure,
        series: Mapping[str, Series],
        clock: Clock,
    ) -> Values | Times:
        if declared.about_time:
            return self._times(declared, pair, measure, series, clock)
        what = (measure.name, measure.map, measure.per)
        key = (declared.baseline, declared.candidate, what, clock)
        if key not in self._values:
            self._values[key] = self._values_of(declared, pair, measure, series, clock)
        return self._values[key]

    def _values_of(
        self,
        declared: DeclaredConclusion,
        pair: _Pair,
        measure: Measure,
        series: Mapping[str, Series],
        clock: Clock,
    ) -> Values:
        window = self._window(series, clock)
        positions = checkpoints(window, min(EVERY[clock], window.end / CHECKPOINTS))
        standing = {run: s.standing(clock, positions) for run, s in series.items()}
        candidates = [standing[run] for run in self._members(pair.candidate, series)]
        baselines = [standing[run] for run in self._members(pair.baseline, series)]
        candidate = interquartile_mean(np.array([values for values, _, _ in candidates]))
        baseline = interquartile_mean(np.array([values for values, _, _ in baselines]))
        comparable = self._schedules_agree(pair.comparison, measure, clock, positions)
        margin = self.definition.margin(measure.name, measure.map)
        return Values(
            positions=positions,
            candidate=np.where(comparable, candidate, np.nan),
            baseline=baseline,
            margin=np.array([margin.of(base) for base in baseline]),
            error=np.hypot(_largest_error(candidates), _largest_error(baselines)),
            candidate_unfinished=np.all([late for _, _, late in candidates], axis=0),
            baseline_unfinished=np.all([late for _, _, late in baselines], axis=0),
        )

    def _schedules_agree(
        self, comparison: Comparison, measure: Measure, clock: Clock, positions: Floats
    ) -> NDArray[np.bool_]:
        """Tell at which checkpoints the schedules that a metric depends on have equal values.

        Where they are not logged, what is keyed to frames is taken to be equal at equal frames.
        """
        agree = np.ones(len(positions), dtype=bool)
        for name in measure.metric.comparable_at_equal:
            schedule = comparison.measure(name)
            logged = comparison.on_clock(schedule, clock).values()
            found = np.array([s.standing(clock, positions)[0] for s in logged])
            if len(found) > 1:
                known = np.isfinite(found).all(axis=0)
                spread = np.ptp(np.where(known, found, 0.0), axis=0)
                agree &= ~known | (spread <= _SCHEDULES_DIFFER * np.abs(found).max(axis=0))
        return agree

    def _times(
        self,
        declared: DeclaredConclusion,
        pair: _Pair,
        measure: Measure,
        series: Mapping[str, Series],
        clock: Clock,
    ) -> Times:
        targets = hardest_last(declared.targets)
        reached = np.array(
            [
                [pair.comparison.time_to_target(measure, t, clock)[run].number for t in targets]
                for run in series
            ]
        )
        until = np.array([[s.run.known_until(s.tag, clock)] for s in series.values()])
        # Of a run that did not reach a target this much is known: it is later than that.
        times = np.where(np.isfinite(reached), reached, until)
        rows = {run: row for row, run in enumerate(series)}
        of_candidate = [rows[run] for run in self._members(pair.candidate, series)]
        of_baseline = [rows[run] for run in self._members(pair.baseline, series)]
        baseline = interquartile_mean(times[of_baseline])
        margin = self.definition.margin(TIME_TO_TARGET, measure.map)
        reading = max(s.reading(clock) for s in series.values())
        return Times(
            candidate=interquartile_mean(times[of_candidate]),
            baseline=baseline,
            candidate_reached=np.isfinite(reached[of_candidate]).all(axis=0),
            baseline_reached=np.isfinite(reached[of_baseline]).all(axis=0),
            margin=np.array([margin.of(base, reading) for base in baseline]),
        )

    def _row(
        self,
        declared: DeclaredConclusion,
        pair: _Pair,
        measure: Measure,
        series: Mapping[str, Series],
        clock: Clock,
        asked: Values | Times,
        sign: int,
    ) -> OnClock:
        assert declared.claim is not None
        ballot = asked.ballot(sign, declared.by_at_least)
        true = verdicts.holds_at(declared.claim, ballot, sign)
        counted = verdicts.tally(true, ballot)
        window = self._window(series, clock)
        target = None
        unit = "points" if measure.unit == "%" else measure.unit
        digits = measure.digits
        if isinstance(asked, Times):
            known = np.flatnonzero(np.isfinite(true))
            slot = int(known[-1]) if len(known) else len(true) - 1
            aim = hardest_last(declared.targets)[slot]
            target = Quantity(aim, measure.unit, 1, how="the hardest target that can be decided")
            by_run = pair.comparison.time_to_target(measure, aim, clock)
            unit, digits = UNITS[clock], 0
        else:
            slot = -1
            how = wording.how_at_end(measure, window)
            by_run = {run: s.at_one(clock, window.end, how) for run, s in series.items()}
        margin = float(asked.margin[slot])
        kind = TIME_TO_TARGET if declared.about_time else measure.name
        reason = self.definition.margin(kind, measure.map).reason
        candidate = _together(by_run, self._members(pair.candidate, series))
        baseline = _together(by_run, self._members(pair.baseline, series))
        how = f"{declared.candidate} minus {declared.baseline}"
        difference = candidate.minus(baseline, how=how, unit=unit)
        least = declared.by_at_least
        return OnClock(
            clock=clock,
            votes=True,
            holds=True if counted.holds else False if counted.fails else None,
            share=_share(counted, declared.about_time),
            end=window_end(window),
            candidate=candidate,
            baseline=baseline,
            difference=difference,
            margin=Quantity(margin, unit, digits, how=f"as declared: {reason}"),
            target=target,
            claimed=wording.claimed(least, unit) if least else None,
            found=wording.found(least, sign, candidate, baseline, difference) if least else None,
            by_run={run: by_run[run] for run in pair.runs if run in series},
            interpolated=clock == "frames"
            and any(s.run.frames_interpolated for s in series.values()),
        )

    # --- Compounds ----------------------------------------------------------------------------

    def _all_of(self, declared: DeclaredConclusion) -> Conclusion:
        # A part made of others is shown and counted by its own parts, each of them once.
        parts = tuple(self.conclusion(name) for name in dict.fromkeys(self._innermost(declared)))
        found = [part.verdict for part in parts]
        counted = wording.counted("Of its {number} parts", found)
        return self._compound(declared, verdicts.all_of(found), parts, parts, counted)

    def _innermost(self, declared: DeclaredConclusion) -> Iterator[str]:
        for name in declared.all_of:
            part = self.definition.conclusions[name]
            yield from self._innermost(part) if part.all_of else (name,)

    def _golden_middle(self, declared: DeclaredConclusion) -> Conclusion:
        middle = declared.golden_middle
        assert middle is not None
        parts: list[Conclusion] = []
        deciding: list[Conclusion] = []
        found: list[Verdict] = []
        of_neighbours: list[Verdict] = []
        for neighbour in middle.neighbours:
            not_worse = [self._part(declared, neighbour, m, "not worse") for m in middle.maps]
            better = [self._part(declared, neighbour, m, "better") for m in middle.maps]
            combine = verdicts.all_of if middle.strict else verdicts.any_of
            ahead = combine([part.verdict for part in better])
            found += [*(part.verdict for part in not_worse), ahead]
            of_neighbours.append(verdicts.all_of([*(p.verdict for p in not_worse), ahead]))
            parts += [*not_worse, *better]
            deciding += [*not_worse, *(part for part in better if part.verdict == ahead)]
        counted = wording.counted("Of its claims on {number} neighbours", of_neighbours)
        verdict = verdicts.all_of(found)
        return self._compound(declared, verdict, tuple(parts), tuple(deciding), counted)

    def _part(
        self, declared: DeclaredConclusion, neighbour: str, map: str, claim: Claim
    ) -> Conclusion:
        name = f"{declared.name}.{neighbour}.{map}.{claim.replace(' ', '_')}"
        part = replace(
            declared,
            name=name,
            typed="",
            claim=claim,
            baseline=neighbour,
            map=map,
            golden_middle=None,
            sentences=declared.part_sentences[claim],
        )
        return replace(self._simple(part), by_itself=False)

    def _compound(
        self,
        declared: DeclaredConclusion,
        verdict: Verdict,
        parts: tuple[Conclusion, ...],
        deciding: tuple[Conclusion, ...],
        counted: Sentence,
    ) -> Conclusion:
        outcome: Outcome = wording.OUTCOME_OF[verdict]
        because = [part for part in deciding if part.verdict == verdict]
        rests_on = frozenset(pair for part in parts for pair in part.rests_on)
        said = [self._without_note.get(part.name, part.sentence) for part in because]
        weak = [part for part in because if part.fragile]
        # One sound part is enough to contradict; to support, every part must be sound.
        all_weak = len(weak) == len(because)
        fragile = {"supported": bool(weak), "contradicted": all_weak}.get(verdict, False)
        return Conclusion(
            name=declared.name,
            section=declared.section,
            typed=declared.typed,
            verdict=verdict,
            outcome=outcome,
            sentence=wording.compound(declared, outcome, [counted, *said]),
            strength=wording.strength_of_parts(
                [part.strength for part in (parts if verdict == "no data" else because)],
                all_have_data=verdict != "no data",
            ),
            sensitivity=wording.sensitivity_of_parts(verdict, len(weak), len(because)),
            fragile=fragile,
            breaks=tuple(dict.fromkeys(words for p in because if fragile for words in p.breaks)),
            rests_on=rests_on,
            instead_of=next((p.instead_of for p in parts if p.instead_of is not None), None),
            findings=tuple(dict.fromkeys(f for part in parts for f in part.findings)),
            parts=parts,
        )

    # --- Nothing to decide --------------------------------------------------------------------

    def _no_data(
        self, declared: DeclaredConclusion, reason: Sentence, measure: Measure | None = None
    ) -> Conclusion:
        return self._without_numbers(declared, "no data", "no_data", reason, measure)

    def _cannot_rest(self, declared: DeclaredConclusion, finding: Finding) -> Conclusion:
        reason = Sentence("{finding}", {"finding": finding.message.rstrip(".")})
        found = self._without_numbers(declared, "cannot tell", "cannot_tell", reason)
        return replace(found, findings=(finding,))

    def _without_numbers(
        self,
        declared: DeclaredConclusion,
        verdict: Verdict,
        outcome: Outcome,
        reason: Sentence,
        measure: Measure | None = None,
    ) -> Conclusion:
        if measure is None:
            pair = self._pair(declared.baseline, declared.candidate)
            measure = self._measure(pair, declared.metric, declared)
        return Conclusion(
            name=declared.name,
            section=declared.section,
            typed=declared.typed,
            verdict=verdict,
            outcome=outcome,
            sentence=wording.without_numbers(
                declared, wording.title_within(measure), measure.map_title, outcome, reason
            ),
        )

    def _touching(self, rests_on: frozenset[tuple[str, str]]) -> tuple[Finding, ...]:
        """Return the findings on the series a conclusion rests on, and on their runs as such."""
        here = {run for run, _ in rests_on}

        def touches(finding: Finding) -> bool:
            tags = finding.tags or ((finding.tag,) if finding.tag else ())
            # What was noticed about two runs side by side matters only where both stand.
            return {finding.run, *finding.runs} <= here and (
                not tags or any((finding.run, tag) in rests_on for tag in tags)
            )

        return tuple(filter(touches, self.findings))


# Schedules are logged as float32.
_SCHEDULES_DIFFER = 1e-6


def hardest_last(targets: Iterable[float]) -> list[float]:
    """Return targets from the easiest to the hardest: the lower the time, the harder."""
    return sorted(targets, reverse=True)


def _largest_error(standing: Sequence[tuple[Floats, Floats, NDArray[np.bool_]]]) -> Floats:
    largest: Floats = np.max([error for _, error, _ in standing], axis=0)
    return largest


def _share(counted: Tally, about_time: bool) -> Quantity:
    what = "targets" if about_time else "checkpoints"
    if not counted.known:
        return Quantity.unknown(f"none of the {what} can be decided", "%", label="not known")
    how = f"the claim is true at {counted.true} of the {counted.known} {what} where that is known"
    return Quantity(100 * counted.share, "%", 0, how=f"{how}, of {counted.asked}")


def _together(by_run: Mapping[str, Quantity], runs: Sequence[str]) -> Quantity:
    """Return the value of a setting: its run's, or the interquartile mean over its replicates."""
    found = [by_run[run] for run in runs]
    if len(found) == 1:
        return found[0]
    lacking = next((value for value in found if not value.known), None)
    if lacking is not None:
        return lacking
    first = found[0]
    each = ", ".join(f"{run} {value.text}" for run, value in zip(runs, found, strict=True))
    return Quantity(
        float(interquartile_mean(np.array([value.number for value in found]))),
        first.unit,
        first.digits,
        tuple(event for value in found for event in value.evidence),
        f"interquartile mean of {len(found)} runs ({each}); {first.how}",
        max(value.reading_error for value in found) if math.isfinite(first.number) else 0.0,
    )
