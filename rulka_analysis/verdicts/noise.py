"""What an experiment's runs say of noise: how sure answers can be at all, said once for a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.groups import Group
from rulka_analysis.logs.clocks import MINUTES, common_window
from rulka_analysis.logs.positions import checkpoints
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.series import Series
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined
from rulka_analysis.verdicts import how_sure, titles
from rulka_analysis.verdicts.asked import ROUNDING, WINDOWS
from rulka_analysis.verdicts.deciding import method_of
from rulka_analysis.verdicts.evaluate import Evaluation, Question, find
from rulka_analysis.verdicts.spread import false_rate, runs_needed, stands_out

Floats = NDArray[np.float64]
_ASSUMED = (
    "This assumes that all settings' runs spread as near-replicates do. These differ in other "
    "settings, so that their spread is rather too large; it decides nothing."
)


def how_sure_at_all(evaluation: Evaluation) -> tuple[Sentence, ...]:
    """Say what was planned, what one run can bear, and what stands out of near-replicates."""
    definition = evaluation.definition
    every = evaluation.experiment.all_runs()
    told = [how_sure.planning(evaluation.planned, bounded=_is_bounded(evaluation))]
    measures = {name: every.measure(name) for name in definition.objectives}
    if all(len(group.runs) == 1 for group in every.groups):
        margins = [
            (Quantity(size, m.unit, m.digits, how="as declared"), m.variant_title)
            for name, m in measures.items()
            if (size := definition.margin(name).size) is not None
        ]
        told.append(how_sure.observed_once(margins))
    said = [part for name in measures for part in _of(evaluation, every, name)]
    if said:
        told += [*said, Sentence(f"{_ASSUMED} {how_sure.WARNED}")]
    return tuple(told)


def _is_bounded(evaluation: Evaluation) -> bool:
    """Tell whether any planned comparison has so many runs of each that an interval decides."""
    pairs = [
        (len(baseline.runs), len(candidate.runs))
        for name in evaluation.definition.comparisons
        for baseline, candidates in [evaluation.experiment.compared(name)]
        for candidate in candidates
    ]
    return any(method_of(pair) == "interval" for pair in pairs)


def chance_of_objectives(evaluation: Evaluation) -> dict[str, Quantity]:
    """Return how often two runs of one setting differ by the margin, for each objective.

    By what an objective is told from others: its variant, or its title. Empty without
    near-replicates.
    """
    definition = evaluation.definition
    every = evaluation.experiment.all_runs()
    found = {}
    for name in definition.objectives:
        measure = every.measure(name)
        beside = near_replicates(every, measure, definition.near_replicates)
        rate = None if beside is None else _rate(evaluation, name, beside)
        if rate is not None:
            found[measure.variant_title or measure.title] = rate
    return found


def _rate(evaluation: Evaluation, name: str, near: Near) -> Quantity | None:
    size = evaluation.definition.margin(name).size
    if size is None or not np.isfinite(near.spread):
        return None
    return Quantity(100 * false_rate(size, near.spread), "%", 0, how="2 Φ(−m / (s √2))")


@dataclass(frozen=True, slots=True)
class Near:
    """Near-replicates at the checkpoints of the second half of their common window.

    Parameters
    ----------
    runs : tuple of str
        Which.
    positions : array of shape (n,)
        The checkpoints, in minutes.
    values : array of shape (runs, n)
        NaN where missing.
    """

    runs: tuple[str, ...]
    positions: Floats
    values: Floats

    @property
    def spread(self) -> float:
        """Their standard deviation at the last checkpoint where all are known."""
        known = np.flatnonzero(np.isfinite(self.values).all(axis=0))
        return float(np.std(self.values[:, known[-1]], ddof=1)) if len(known) else float("nan")


def near_replicates(every: Comparison, measure: Measure, runs: Sequence[str]) -> Near | None:
    """Return those of some runs that have a series; None for fewer than two."""
    series = every.series(measure) if runs else {}
    found = [s for run in runs if isinstance(s := series.get(run), Series)]
    if len(found) < 2:
        return None
    ends = {s.run.name: s.run.known_until(s.tag, MINUTES) for s in found}
    window = common_window(MINUTES, ends)
    positions = checkpoints(window, MINUTES.every)
    inside = positions[positions >= window.end * (1 - WINDOWS[0]) * (1 - ROUNDING)]
    values = np.array([s.standing(MINUTES, inside)[0] for s in found])
    return Near(tuple(ends), inside, values)


def _of(evaluation: Evaluation, every: Comparison, name: str) -> Iterator[Sentence]:
    measure = every.measure(name)
    near = near_replicates(every, measure, evaluation.definition.near_replicates)
    if near is None:
        return
    spread = near.spread
    size, rate = evaluation.definition.margin(name).size, _rate(evaluation, name, near)
    if size is not None and rate is not None:
        how = f"{', '.join(near.runs)}, where all are known"
        yield how_sure.chance_alone(
            rate,
            Quantity(size, measure.unit, measure.digits, how="as declared"),
            Quantity(spread, measure.unit, measure.digits, how=f"standard deviation of {how}"),
        )
    like = Quantity(0.0, measure.unit, measure.digits)
    for candidate, baseline in _pairs(evaluation, near.runs):
        both = [_of_group(every, measure, group, near.positions) for group in (candidate, baseline)]
        own, base = both
        if own is None or base is None:
            continue
        runs = (len(candidate.runs), len(baseline.runs))
        about = titles.about_value(measure, candidate, baseline, runs)
        told = [how_sure.standing_out(about, stands_out(own, base, near.values, runs=runs), like)]
        ours = every.baseline_group in (candidate, baseline)
        if ours and (said := _would_tell(evaluation, candidate, baseline, name, near)).template:
            told.append(how_sure.would_tell(about, said))
        yield joined(told)


def _pairs(evaluation: Evaluation, near: Sequence[str]) -> list[tuple[Group, Group]]:
    """Return what comparisons hold against near-replicates, or these against it."""
    found: dict[frozenset[str], tuple[Group, Group]] = {}
    for name in evaluation.definition.comparisons:
        baseline, candidates = evaluation.experiment.compared(name)
        for candidate in candidates:
            is_near = [bool(set(group.runs) & set(near)) for group in (candidate, baseline)]
            if is_near == [False, True]:
                found[frozenset((candidate.label, baseline.label))] = (candidate, baseline)
            elif is_near == [True, False]:
                found[frozenset((candidate.label, baseline.label))] = (baseline, candidate)
    return list(found.values())


def _of_group(
    every: Comparison, measure: Measure, group: Group, positions: Floats
) -> Floats | None:
    """Return the mean of a group's runs; None where one of them has no series."""
    found = every.series(measure)
    series = [s for run in group.runs if isinstance(s := found.get(run), Series)]
    if len(series) != len(group.runs):
        return None
    return np.asarray(np.mean([s.standing(MINUTES, positions)[0] for s in series], axis=0))


def _would_tell(
    evaluation: Evaluation, candidate: Group, baseline: Group, outcome: str, near: Near
) -> Sentence:
    """Say how many runs of two groups would tell, and how long they take."""
    found = find(evaluation, Question(candidate.label, baseline.label, outcome))
    row = next(iter(found.answer.rows), None)
    spread = near.spread
    if row is None or not row.difference.known or not spread > 0:
        return Sentence("")
    definition = evaluation.definition
    beside = [
        group.label
        for name in definition.comparisons
        for against, others in [evaluation.experiment.compared(name)]
        for group in others
        if against.label in (baseline.label, candidate.label)
    ]
    needed = runs_needed(
        row.difference.number,
        spread,
        len(near.runs) - 1,
        margin=definition.margin(outcome).size,
        family=len(set(beside)),
    )
    minutes = [
        run.duration
        for name in (*candidate.runs, *baseline.runs)
        if (run := evaluation.experiment.run(name)) is not None
    ]
    hours = sum(minutes) / len(minutes) / 60
    return how_sure.how_many_runs(needed, hours, warned="")
