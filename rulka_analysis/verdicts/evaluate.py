"""Conclusions: what a definition claims, evaluated on the logs in use.

The rule is in `rule`, on arrays, and what it is asked of in `sides`; here stands what comes out of
it: a verdict, a sentence, the numbers that decided, how strong it is and what would break it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from rulka_analysis.experiments.claims import Claim, Outcome
from rulka_analysis.experiments.comparison import window_end
from rulka_analysis.experiments.definition import TIME_TO_TARGET, DeclaredConclusion
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.health.copies import KINDS as OBSERVED_TWICE
from rulka_analysis.health.copies import one_observation
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.series import Measure, Series
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined
from rulka_analysis.verdicts import rule, wording
from rulka_analysis.verdicts.answer import Conclusion, Contradicted, OnClock
from rulka_analysis.verdicts.rule import Tally, Times, Values, Variation, Verdict
from rulka_analysis.verdicts.sensitivity import breaks, sensitivity, sensitivity_of_parts
from rulka_analysis.verdicts.sides import Measured, Sides, hardest_last, sides_of, together
from rulka_analysis.verdicts.strength import strength, strength_of_parts


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


class _Evaluation:
    """Evaluates conclusions; what several of them need is found once."""

    def __init__(
        self, experiment: Experiment, findings: tuple[Finding, ...], contradicted: Contradicted
    ) -> None:
        self.experiment = experiment
        self.definition = experiment.definition
        self.domain = experiment.catalogue.domain
        self.findings = findings
        self.contradicted = contradicted
        self.same = one_observation(findings)
        self._found: dict[str, Conclusion] = {}
        # Sentences of conclusions that rest on a fallback, for compounds: there it is said once.
        self._without_note: dict[str, Sentence] = {}
        self._sides: dict[tuple[str, str], Sides] = {}
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
        sides = self._of(declared)
        measure = self._measure(sides, declared.metric, declared)
        for pair in product(sides.candidate, sides.baseline):
            if (finding := self.same.get(frozenset(pair))) is not None:
                return self._one_observation(declared, measure, pair, finding)
        instead = self._contradiction(sides, measure)
        if instead is not None and declared.fallback is not None:
            typed = measure
            measure = self._measure(sides, declared.fallback, declared)
            found = self._on(declared, sides, measure)
            note = wording.instead_of(declared, typed, measure, instead)
            # The alternative may be wrong, too; then nothing is left to rest on.
            again = self._contradiction(sides, measure)
            if again is not None:
                return self._cannot_rest(declared, again)
            self._without_note[declared.name] = found.sentence
            sentence = joined([found.sentence, note])
            touching = tuple(dict.fromkeys((instead, *found.findings)))
            return replace(found, sentence=sentence, instead_of=instead, findings=touching)
        if instead is not None:
            return self._cannot_rest(declared, instead)
        return self._on(declared, sides, measure)

    def _of(self, declared: DeclaredConclusion) -> Sides:
        key = (declared.baseline, declared.candidate)
        if key not in self._sides:
            self._sides[key] = sides_of(self.experiment, *key, self.same)
        return self._sides[key]

    def _measure(self, sides: Sides, metric: str, declared: DeclaredConclusion) -> Measure:
        return sides.comparison.measure(metric, declared.variant, as_logged=declared.as_logged)

    def _contradiction(self, sides: Sides, measure: Measure) -> Finding | None:
        known = sides.comparison.known_series(measure)
        found = (self.contradicted.get((run, series.tag)) for run, series in known.items())
        return next((finding for finding in found if finding is not None), None)

    def _on(self, declared: DeclaredConclusion, sides: Sides, measure: Measure) -> Conclusion:
        assert declared.claim is not None
        every = sides.comparison.series(measure)
        for run in (declared.candidate, declared.baseline):
            lacking = every[run]
            if isinstance(lacking, Quantity):
                reason = Sentence("{why}", {"why": lacking.missing})
                return self._no_data(declared, reason, measure)
        series = {run: s for run, s in every.items() if isinstance(s, Series)}
        measured = Measured(sides, measure, series)
        wanted = declared.clocks or measure.metric.deciding_clocks
        there = [clock for clock in wanted if measured.window(clock).end > 0]
        if not there:
            return self._no_data(declared, wording.no_clock(measure, wanted, series), measure)
        others = self.domain.conventions.clocks if not declared.clocks and len(wanted) > 1 else ()
        beside = [c for c in others if c not in wanted and measured.window(c).end > 0]
        asked = {clock: self._asked(declared, measured, clock) for clock in (*there, *beside)}
        sign = rule.sign_of(declared.claim, lower_is_better=measure.metric.better == "lower")
        voting = {clock.name: asked[clock] for clock in there}
        varied = rule.vary(declared.claim, voting, sign, declared.by_at_least)
        decision = varied[Variation()]
        agreement = rule.agreement(varied)
        rows = tuple(
            replace(_row(declared, measured, clock, found, sign), votes=clock in there)
            for clock, found in asked.items()
        )
        verdict, outcome = decision.verdict, decision.outcome
        if not agreement.tells:
            verdict, outcome = "cannot tell", "cannot_tell"
        said = wording.Told(
            declared=declared,
            measure=measure,
            variant=self.domain.variant,
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
            strength=strength(measured.candidate, measured.baseline, rows),
            sensitivity=sensitivity(declared, verdict, decision, agreement),
            fragile=verdict in ("supported", "contradicted") and agreement.fragile,
            breaks=breaks(declared, agreement),
            rests_on=rests_on,
            findings=self._touching(rests_on),
        )

    def _asked(
        self, declared: DeclaredConclusion, measured: Measured, clock: Clock
    ) -> Values | Times:
        if declared.about_time:
            return measured.times(declared.targets, clock)
        measure = measured.measure
        what = (measure.name, measure.variant, measure.per)
        key = (declared.baseline, declared.candidate, what, clock)
        if key not in self._values:
            self._values[key] = measured.values(clock)
        return self._values[key]

    # --- Compounds ----------------------------------------------------------------------------

    def _all_of(self, declared: DeclaredConclusion) -> Conclusion:
        # A part made of others is shown and counted by its own parts, each of them once.
        parts = tuple(self.conclusion(name) for name in dict.fromkeys(self._innermost(declared)))
        found = [part.verdict for part in parts]
        counted = wording.counted("Of its {number} parts", found)
        return self._compound(declared, rule.all_of(found), parts, parts, counted)

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
            not_worse = [self._part(declared, neighbour, v, "not worse") for v in middle.variants]
            better = [self._part(declared, neighbour, v, "better") for v in middle.variants]
            combine = rule.all_of if middle.strict else rule.any_of
            ahead = combine([part.verdict for part in better])
            found += [*(part.verdict for part in not_worse), ahead]
            of_neighbours.append(rule.all_of([*(p.verdict for p in not_worse), ahead]))
            parts += [*not_worse, *better]
            deciding += [*not_worse, *(part for part in better if part.verdict == ahead)]
        counted = wording.counted("Of its claims on {number} neighbours", of_neighbours)
        verdict = rule.all_of(found)
        return self._compound(declared, verdict, tuple(parts), tuple(deciding), counted)

    def _part(
        self, declared: DeclaredConclusion, neighbour: str, variant: str, claim: Claim
    ) -> Conclusion:
        name = f"{declared.name}.{neighbour}.{variant}.{claim.replace(' ', '_')}"
        part = replace(
            declared,
            name=name,
            typed="",
            claim=claim,
            baseline=neighbour,
            variant=variant,
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
            strength=strength_of_parts(
                [part.strength for part in (parts if verdict == "no data" else because)],
                all_have_data=verdict != "no data",
            ),
            sensitivity=sensitivity_of_parts(verdict, len(weak), len(because)),
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

    def _one_observation(
        self,
        declared: DeclaredConclusion,
        measure: Measure,
        pair: tuple[str, str],
        finding: Finding,
    ) -> Conclusion:
        told = "{candidate} and {baseline} are one observation, not two ({code}): {finding}"
        reason = Sentence(
            told,
            {
                "candidate": pair[0],
                "baseline": pair[1],
                "code": finding.code,
                "finding": finding.message.rstrip("."),
            },
        )
        return replace(self._no_data(declared, reason, measure), findings=(finding,))

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
            measure = self._measure(self._of(declared), declared.metric, declared)
        return Conclusion(
            name=declared.name,
            section=declared.section,
            typed=declared.typed,
            verdict=verdict,
            outcome=outcome,
            sentence=wording.without_numbers(
                declared, measure, self.domain.variant, outcome, reason
            ),
        )

    def _touching(self, rests_on: frozenset[tuple[str, str]]) -> tuple[Finding, ...]:
        """Return the findings on the series a conclusion rests on, and on their runs as such."""
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


def _row(
    declared: DeclaredConclusion,
    measured: Measured,
    clock: Clock,
    asked: Values | Times,
    sign: int,
) -> OnClock:
    assert declared.claim is not None
    measure, series = measured.measure, measured.series
    ballot = asked.ballot(sign, declared.by_at_least)
    true = rule.holds_at(declared.claim, ballot, sign)
    counted = rule.tally(true, ballot)
    window = measured.window(clock)
    target = None
    unit = "points" if measure.unit == "%" else measure.unit
    digits = measure.digits
    if isinstance(asked, Times):
        known = np.flatnonzero(np.isfinite(true))
        slot = int(known[-1]) if len(known) else len(true) - 1
        aim = hardest_last(declared.targets)[slot]
        target = Quantity(aim, measure.unit, 1, how="the hardest target that can be decided")
        by_run = measured.sides.comparison.time_to_target(measure, aim, clock)
        unit, digits = clock.unit, 0
    else:
        slot = -1
        how = wording.how_at_end(measure, window)
        by_run = {run: s.at_one(clock, window.end, how) for run, s in series.items()}
    margin = float(asked.margin[slot])
    kind = TIME_TO_TARGET if declared.about_time else measure.name
    reason = measured.sides.definition.margin(kind, measure.variant).reason
    candidate = together(by_run, measured.candidate)
    baseline = together(by_run, measured.baseline)
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
        by_run={run: by_run[run] for run in measured.sides.runs if run in series},
        interpolated=clock.key == "steps"
        and any(s.run.steps_interpolated for s in series.values()),
    )


def _share(counted: Tally, about_time: bool) -> Quantity:
    what = "targets" if about_time else "checkpoints"
    if not counted.known:
        return Quantity.unknown(f"none of the {what} can be decided", "%", label="not known")
    how = f"the claim is true at {counted.true} of the {counted.known} {what} where that is known"
    return Quantity(100 * counted.share, "%", 0, how=f"{how}, of {counted.asked}")
