"""A group on a clock, as figures draw it: its runs, their mean, and how far they lie apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.groups import Group
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.measure import Measure

Floats = NDArray[np.float64]

# About two a pixel of a figure's width would be more than anybody sees.
POINTS = 240


@dataclass(frozen=True, slots=True)
class GroupCurve:
    """A group's runs at the same positions of a clock.

    Parameters
    ----------
    group : Group
        Whose they are.
    runs : tuple of str
        The members that have such a series on this clock.
    lacking : tuple of str
        The members that have none.
    positions : array of shape (n,)
        On the clock, ascending; the last is where knowledge of the first of the runs ends.
    values : array of shape (runs, n)
        Of every run; NaN where it has none.

    Examples
    --------
    >>> values = np.array([[1.0, 2.0], [3.0, np.nan]])
    >>> ends = np.array([5.0, 10.0])
    >>> found = GroupCurve(Group("a", ("a1", "a2")), ("a1", "a2"), (), ends, values)
    >>> found.mean.tolist(), found.low.tolist(), found.high.tolist()
    ([2.0, nan], [1.0, nan], [3.0, nan])
    """

    group: Group
    runs: tuple[str, ...]
    lacking: tuple[str, ...]
    positions: Floats
    values: Floats

    @property
    def is_band(self) -> bool:
        """Whether there are several runs, so that there is a band."""
        return len(self.runs) > 1

    @property
    def mean(self) -> Floats:
        """The mean of the runs; NaN where one of them has no value, for there it would jump."""
        return np.asarray(self.values.mean(axis=0), dtype=np.float64)

    @property
    def low(self) -> Floats:
        """The lower edge of the band: the lowest of the runs."""
        return np.asarray(self.values.min(axis=0), dtype=np.float64)

    @property
    def high(self) -> Floats:
        """The upper edge of the band: the highest of the runs."""
        return np.asarray(self.values.max(axis=0), dtype=np.float64)


def group_curves(
    comparison: Comparison, measure: Measure, clock: Clock, *, points: int = POINTS
) -> tuple[GroupCurve, ...]:
    """Return the groups of a comparison on a clock, the baseline first.

    Values are those that are compared (best so far, trailing mean, …), so that where the common
    window ends the mean is the number that answers tell. A group of which no run has such a series
    is left out.
    """
    known = comparison.on_clock(measure, clock)
    common = comparison.window(measure, clock).end
    found = []
    for group in comparison.groups:
        there = {run: known[run] for run in group.runs if run in known}
        until = min((s.run.known_until(s.tag, clock) for s in there.values()), default=math.nan)
        if not until > 0:
            continue
        positions = place_evenly(until, common, points)
        values = np.array([s.standing(clock, positions)[0] for s in there.values()])
        lacking = tuple(run for run in group.runs if run not in there)
        found.append(GroupCurve(group, tuple(there), lacking, positions, values))
    return tuple(found)


def place_evenly(until: float, common: float, points: int = POINTS) -> Floats:
    """Return even positions up to where runs are known, and where the common window ends.

    Examples
    --------
    >>> place_evenly(8.0, 5.0, points=4).tolist()
    [2.0, 4.0, 5.0, 6.0, 8.0]
    >>> place_evenly(8.0, 9.0, points=2).tolist()
    [4.0, 8.0]
    """
    even = until * np.arange(1, points + 1) / points
    inside: Sequence[float] = [common] if math.isfinite(common) and common < until else []
    return np.union1d(even, inside)
