"""A candidate and a baseline, replicates included, on one measure: what the rule is asked of."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.definition import TIME_TO_TARGET, Definition
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.clocks import Clock, Window, common_window
from rulka_analysis.logs.positions import checkpoints
from rulka_analysis.metrics.series import Measure, Series
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.verdicts.replicates import interquartile_mean
from rulka_analysis.verdicts.rule import Times, Values
from rulka_analysis.verdicts.tried import each_once, replicates_of

Floats = NDArray[np.float64]

# At least so many checkpoints on each clock, however short the common window.
CHECKPOINTS = 12
# Schedules are logged as float32.
SCHEDULES_DIFFER = 1e-6


@dataclass(frozen=True)
class Sides:
    """A candidate and a baseline, each with its replicates, ready to be compared."""

    definition: Definition
    comparison: Comparison
    candidate: tuple[str, ...]
    baseline: tuple[str, ...]

    @property
    def runs(self) -> tuple[str, ...]:
        return self.baseline + self.candidate


def sides_of(
    experiment: Experiment,
    baseline: str,
    candidate: str,
    same: Collection[frozenset[str]] = (),
) -> Sides:
    """Return two runs of an experiment with their replicates.

    Of runs that are one observation (`same` has them by pairs), a side has the first only.
    """
    candidates = replicates_of(experiment, candidate)
    baselines = replicates_of(experiment, baseline)
    if baseline in candidates:
        # Runs of the same setting are held against each other only one by one.
        candidates, baselines = (candidate,), (baseline,)
    candidates, baselines = (each_once(runs, same) for runs in (candidates, baselines))
    others = (*baselines[1:], *candidates)
    comparison = experiment.side_by_side(f"{candidate} against {baseline}", baseline, others)
    return Sides(experiment.definition, comparison, candidates, baselines)


@dataclass(frozen=True)
class Measured:
    """Two sides on one measure, as far as their runs have a series of it.

    Parameters
    ----------
    sides : Sides
        Whose runs they are.
    measure : Measure
        By what they are compared.
    series : mapping of str to Series
        By run.
    """

    sides: Sides
    measure: Measure
    series: Mapping[str, Series]

    @property
    def candidate(self) -> tuple[str, ...]:
        """The candidate's runs that have a series."""
        return tuple(run for run in self.sides.candidate if run in self.series)

    @property
    def baseline(self) -> tuple[str, ...]:
        """The baseline's runs that have a series."""
        return tuple(run for run in self.sides.baseline if run in self.series)

    def window(self, clock: Clock) -> Window:
        ends = {run: s.run.known_until(s.tag, clock) for run, s in self.series.items()}
        return common_window(clock, ends)

    def values(self, clock: Clock) -> Values:
        """Return how both stand at checkpoints of a clock."""
        window = self.window(clock)
        positions = checkpoints(window, min(clock.every, window.end / CHECKPOINTS))
        standing = {run: s.standing(clock, positions) for run, s in self.series.items()}
        candidates = [standing[run] for run in self.candidate]
        baselines = [standing[run] for run in self.baseline]
        candidate = interquartile_mean(np.array([values for values, _, _ in candidates]))
        baseline = interquartile_mean(np.array([values for values, _, _ in baselines]))
        comparable = self._schedules_agree(clock, positions)
        margin = self.sides.definition.margin(self.measure.name, self.measure.variant)
        return Values(
            positions=positions,
            candidate=np.where(comparable, candidate, np.nan),
            baseline=baseline,
            margin=np.array([margin.of(base) for base in baseline]),
            error=np.hypot(_largest_error(candidates), _largest_error(baselines)),
            candidate_unfinished=np.all([late for _, _, late in candidates], axis=0),
            baseline_unfinished=np.all([late for _, _, late in baselines], axis=0),
        )

    def _schedules_agree(self, clock: Clock, positions: Floats) -> NDArray[np.bool_]:
        """Tell at which checkpoints the schedules that a metric depends on have equal values.

        Where they are not logged, what is keyed to steps is taken to be equal at equal steps.
        """
        agree = np.ones(len(positions), dtype=bool)
        for name in self.measure.metric.comparable_at_equal:
            schedule = self.sides.comparison.measure(name)
            logged = self.sides.comparison.on_clock(schedule, clock).values()
            found = np.array([s.standing(clock, positions)[0] for s in logged])
            if len(found) > 1:
                known = np.isfinite(found).all(axis=0)
                spread = np.ptp(np.where(known, found, 0.0), axis=0)
                agree &= ~known | (spread <= SCHEDULES_DIFFER * np.abs(found).max(axis=0))
        return agree

    def times(self, targets: Iterable[float], clock: Clock) -> Times:
        """Return when both reached targets on a clock, the hardest last."""
        comparison = self.sides.comparison
        found = [
            comparison.time_to_target(self.measure, target, clock)
            for target in hardest_last(targets)
        ]
        reached = np.array([[by_run[run].number for by_run in found] for run in self.series])
        until = np.array([[s.run.known_until(s.tag, clock)] for s in self.series.values()])
        # Of a run that did not reach a target this much is known: it is later than that.
        times = np.where(np.isfinite(reached), reached, until)
        rows = {run: row for row, run in enumerate(self.series)}
        candidates = [rows[run] for run in self.candidate]
        baselines = [rows[run] for run in self.baseline]
        baseline = interquartile_mean(times[baselines])
        margin = self.sides.definition.margin(TIME_TO_TARGET, self.measure.variant)
        reading = max(s.reading(clock) for s in self.series.values())
        return Times(
            candidate=interquartile_mean(times[candidates]),
            baseline=baseline,
            candidate_reached=np.isfinite(reached[candidates]).all(axis=0),
            baseline_reached=np.isfinite(reached[baselines]).all(axis=0),
            margin=np.array([margin.of(base, reading) for base in baseline]),
        )


def hardest_last(targets: Iterable[float]) -> list[float]:
    """Return targets from the easiest to the hardest: the lower the time, the harder."""
    return sorted(targets, reverse=True)


def together(by_run: Mapping[str, Quantity], runs: Sequence[str]) -> Quantity:
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


def _largest_error(standing: Sequence[tuple[Floats, Floats, NDArray[np.bool_]]]) -> Floats:
    largest: Floats = np.max([error for _, error, _ in standing], axis=0)
    return largest
