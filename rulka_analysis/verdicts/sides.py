"""Two groups on one measure, run by run: what the rules are asked of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.definition import Margin, Pace
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.experiments.groups import Group
from rulka_analysis.logs.clocks import Clock, Window, common_window
from rulka_analysis.logs.positions import checkpoints
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.series import Series
from rulka_analysis.verdicts.deciding import Curves, Reached
from rulka_analysis.verdicts.tried import each_once

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

# At least so many checkpoints on each clock, however short the common window.
CHECKPOINTS = 12
# Schedules are logged as float32.
SCHEDULES_DIFFER = 1e-6


@dataclass(frozen=True)
class Sides:
    """A candidate and a baseline, as far as the logs hold their runs."""

    comparison: Comparison
    candidate: tuple[str, ...]
    baseline: tuple[str, ...]

    @property
    def runs(self) -> tuple[str, ...]:
        return self.baseline + self.candidate


def sides_of(
    experiment: Experiment,
    baseline: Group,
    candidate: Group,
    same: Collection[frozenset[str]] = (),
) -> Sides:
    """Return two groups of an experiment, ready to be compared.

    Of runs that are one observation (`same` has them by pairs), a side has the first only.
    """
    title = f"{candidate.label} against {baseline.label}"
    comparison = experiment.side_by_side(title, baseline, [candidate])
    there = comparison.present

    def present(group: Group) -> tuple[str, ...]:
        return each_once((run for run in group.runs if run in there), same)

    return Sides(comparison, present(candidate), present(baseline))


@dataclass(frozen=True)
class Measured:
    """Two sides on one measure.

    Parameters
    ----------
    sides : Sides
        Whose runs they are.
    measure : Measure
        By what they are compared.
    series : mapping of str to Series
        By run; a run that has none is not left out: it has no value.
    """

    sides: Sides
    measure: Measure
    series: Mapping[str, Series]

    @property
    def lacking(self) -> tuple[str, ...]:
        """Runs that have no such series."""
        return tuple(run for run in self.sides.runs if run not in self.series)

    def window(self, clock: Clock) -> Window:
        ends = {run: s.run.known_until(s.tag, clock) for run, s in self.series.items()}
        return common_window(clock, ends, {run: s.tag for run, s in self.series.items()})

    def curves(self, clock: Clock, margin: Margin) -> Curves:
        """Return how every run stands at checkpoints of a clock."""
        window = self.window(clock)
        positions = checkpoints(window, min(clock.every, window.end / CHECKPOINTS))
        standing = {run: s.standing(clock, positions) for run, s in self.series.items()}
        nothing = (
            np.full(len(positions), np.nan),
            np.zeros(len(positions)),
            np.zeros(len(positions), dtype=bool),
        )
        found = [
            [standing.get(run, nothing) for run in runs]
            for runs in (self.sides.candidate, self.sides.baseline)
        ]
        candidate, baseline = (np.array([values for values, _, _ in side]) for side in found)
        errors = [np.max([error for _, error, _ in side], axis=0) for side in found]
        comparable = self._schedules_agree(clock, positions)
        base = baseline.mean(axis=0)
        allowed = np.array([margin.of(value) for value in base]) if margin.declared else None
        return Curves(
            positions=positions,
            candidate=np.where(comparable, candidate, np.nan),
            baseline=baseline,
            margin=allowed,
            error=np.hypot(*errors),
            candidate_unfinished=np.array([late for _, _, late in found[0]]),
            baseline_unfinished=np.array([late for _, _, late in found[1]]),
            percent=margin.in_percent,
            quantum=max(self._step, max(float(error[-1]) for error in errors)),
        )

    @property
    def _step(self) -> float:
        """The smallest step of the metric, where it is counted and not measured."""
        counted = self.measure.metric.whole_milliseconds
        return float(10.0**-self.measure.digits) if counted else 0.0

    def _schedules_agree(self, clock: Clock, positions: Floats) -> Truths:
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

    def reached(self, targets: Iterable[float], clock: Clock, pace: Pace) -> Reached:
        """Return when every run reached targets on a clock, the hardest last."""
        comparison = self.sides.comparison
        times = [
            comparison.time_to_target(self.measure, target, clock)
            for target in hardest_last(targets, self.measure)
        ]

        def rows(runs: Sequence[str]) -> tuple[Floats, Floats]:
            known = [
                s.run.known_until(s.tag, clock) if (s := self.series.get(run)) else 0.0
                for run in runs
            ]
            return np.array([[by_run[run].number for by_run in times] for run in runs]), np.array(
                known
            )

        candidate, candidate_until = rows(self.sides.candidate)
        baseline, baseline_until = rows(self.sides.baseline)
        reading = max(s.reading(clock) for s in self.series.values())
        base = np.where(np.isfinite(baseline), baseline, baseline_until[:, None]).mean(axis=0)
        margin = pace.allowed
        allowed = None
        if margin.declared or margin.one_reading:
            allowed = np.array([margin.of(value, reading) for value in base])
        return Reached(
            candidate=candidate,
            baseline=baseline,
            candidate_until=candidate_until,
            baseline_until=baseline_until,
            end=self.window(clock).end,
            margin=allowed,
            percent=margin.percent,
            reading=reading,
        )


def hardest_last(targets: Iterable[float], measure: Measure) -> list[float]:
    """Return targets from the easiest to the hardest: the better, the harder."""
    return sorted(targets, reverse=measure.orientation < 0)
