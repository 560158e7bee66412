"""What an experiment's runs say of noise: how sure answers can be at all, said once for a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.groups import Group
from rulka_analysis.logs.clocks import MINUTES, common_window
from rulka_analysis.logs.positions import checkpoints
from rulka_analysis.metrics.series import Measure, Series
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined
from rulka_analysis.verdicts import how_sure, titles
from rulka_analysis.verdicts.asked import ROUNDING, WINDOWS
from rulka_analysis.verdicts.evaluate import Evaluation
from rulka_analysis.verdicts.spread import false_rate, stands_out

Floats = NDArray[np.float64]
_ASSUMED = (
    "This assumes that all settings' runs spread as near-replicates do; these differ in other "
    "settings, so that the spread is rather too large, and it has no vote."
)


def how_sure_at_all(evaluation: Evaluation) -> Sentence:
    """Say what was planned, what one run can bear, and what stands out of near-replicates."""
    definition = evaluation.definition
    every = evaluation.experiment.all_runs()
    told = [how_sure.planning(evaluation.planned)]
    measures = {name: every.measure(name) for name in definition.objectives}
    if all(len(group.runs) == 1 for group in every.groups):
        margins = [
            (Quantity(size, m.unit, m.digits, how="as declared"), m.variant_title)
            for name, m in measures.items()
            if (size := definition.margin(name).size) is not None
        ]
        told.append(how_sure.observed_once(margins))
    near = [run for run in definition.near_replicates if every.runs.get(run) is not None]
    said = [part for name, m in measures.items() for part in _of(evaluation, every, name, m, near)]
    return joined([*told, *said, *([Sentence(_ASSUMED)] if said else [])])


@dataclass(frozen=True, slots=True)
class _Near:
    """Near-replicates at the checkpoints of the second half of their common window."""

    positions: Floats
    values: Floats

    @property
    def spread(self) -> float:
        """Their standard deviation at the last checkpoint where all are known."""
        known = np.flatnonzero(np.isfinite(self.values).all(axis=0))
        return float(np.std(self.values[:, known[-1]], ddof=1)) if len(known) else float("nan")


def _near(every: Comparison, measure: Measure, runs: list[str]) -> _Near | None:
    found = [s for run in runs if isinstance(s := every.series(measure)[run], Series)]
    if len(found) < 2:
        return None
    ends = {s.run.name: s.run.known_until(s.tag, MINUTES) for s in found}
    window = common_window(MINUTES, ends)
    positions = checkpoints(window, MINUTES.every)
    inside = positions[positions >= window.end * (1 - WINDOWS[0]) * (1 - ROUNDING)]
    return _Near(inside, np.array([s.standing(MINUTES, inside)[0] for s in found]))


def _of(
    evaluation: Evaluation, every: Comparison, name: str, measure: Measure, runs: list[str]
) -> Iterator[Sentence]:
    near = _near(every, measure, runs)
    if near is None:
        return
    spread = near.spread
    size = evaluation.definition.margin(name).size
    if size is not None and np.isfinite(spread):
        how = f"{', '.join(runs)}, where all are known"
        yield how_sure.chance_alone(
            Quantity(100 * false_rate(size, spread), "%", 0, how="2 Φ(−m / (s √2))"),
            Quantity(size, measure.unit, measure.digits, how="as declared"),
            Quantity(spread, measure.unit, measure.digits, how=f"standard deviation of {how}"),
        )
    for group in _others(evaluation, runs):
        series = [s for run in group.runs if isinstance(s := every.series(measure)[run], Series)]
        if len(series) != len(group.runs):
            continue
        own = np.mean([s.standing(MINUTES, near.positions)[0] for s in series], axis=0)
        base = near.values.mean(axis=0)
        found = stands_out(own, base, near.values, runs=(len(series), len(near.values)))
        about = titles.about_value(measure, group, group, (1, 1))
        yield how_sure.standing_out(about, found, Quantity(0.0, measure.unit, measure.digits))


def _others(evaluation: Evaluation, runs: list[str]) -> list[Group]:
    """Return the groups that comparisons hold against a group of near-replicates."""
    found: dict[str, Group] = {}
    for name in evaluation.definition.comparisons:
        baseline, candidates = evaluation.groups_of(name)
        both = [baseline, *candidates]
        if any(set(group.runs) & set(runs) for group in both):
            found |= {g.label: g for g in both if not set(g.runs) & set(runs)}
    return list(found.values())
