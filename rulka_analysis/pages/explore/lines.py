"""Series as the lines that a view shows of them, as ``static/lines.js`` makes them in a browser.

A line depends on its own runs and the view, never on other lines.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rulka_analysis.pages.explore.buckets import Floats, Integers
from rulka_analysis.pages.explore.decoding import KeptSeries


@dataclass(frozen=True)
class LineLook:
    """How series become lines.

    Parameters
    ----------
    metric : mapping
        As the index has it.
    clock : int
        Its place in the index.
    best : bool
        Best so far.
    width : float
        Over which stretch of the clock a mean is taken; 0 for none.
    unfinished : bool
        With the episodes that were not finished.
    """

    metric: Mapping[str, Any]
    clock: int
    best: bool
    width: float = 0.0
    unfinished: bool = False


@dataclass(frozen=True)
class DrawnLine:
    """A line, in the unit shown.

    Parameters
    ----------
    x, y : arrays of float, shape (n,)
    at : array of int, shape (n,)
        Which of the kept events each point is; empty for a mean of runs.
    end : float
        Until where it is known.
    unfinished : int
        Episodes that were not finished.
    low, high : arrays of float, shape (n,), or None
        The band around a mean of runs.
    faint : pair of arrays or None
        What a smoothed line was made of.
    """

    x: Floats
    y: Floats
    at: Integers
    end: float
    unfinished: int = 0
    low: Floats | None = None
    high: Floats | None = None
    faint: tuple[Floats, Floats] | None = None


def line_of(series: KeptSeries, look: LineLook) -> DrawnLine | None:
    """Return the line of one run; None where it has no such clock."""
    places = series.places[look.clock]
    known = np.flatnonzero(~np.isnan(places))
    if not len(known):
        return None
    # Stable: events at one place stay in the order written.
    at = known[np.argsort(places[known], kind="stable")]
    reached = float(places[at[-1]])
    stated = series.ends[look.clock]
    end = reached if stated is None else max(stated, reached)
    cutoff = look.metric["cutoff"]
    values = series.values[at]
    late = values >= (math.nan if cutoff is None else cutoff)
    count = int(late.sum())
    if look.best:
        at = at[_records(values, late, look.metric["better"])]
    elif not look.unfinished:
        at = at[~late]
    x, y = places[at], series.values[at] * look.metric["factor"]
    if look.best or not look.width:
        return DrawnLine(x, y, at, end, count)
    smooth_at, weights, smooth_y = at, np.ones(len(at)), y
    if len(series.buckets) and bool((np.diff(at) > 0).all()):
        smooth_at, weights, smooth_y = _bucket_means(series, look)
    smooth_x = places[smooth_at]
    means = _trailing_means(smooth_x, smooth_y, weights, look.width)
    return DrawnLine(smooth_x, means, smooth_at, end, count, faint=(x, y))


def _records(values: Floats, late: Any, better: str) -> Integers:
    """Return the events that were better than all before."""
    usable = np.isfinite(values) & ~late
    downwards = np.where(usable, -values if better == "higher" else values, np.inf)
    before = np.concatenate([[np.inf], np.minimum.accumulate(downwards)[:-1]])
    return np.flatnonzero(downwards < before)


def _bucket_means(series: KeptSeries, look: LineLook) -> tuple[Integers, Floats, Floats]:
    """Return a point a bucket, where its last event is: its event, its weight and its mean."""
    counts, means = series.counts, series.means
    if look.unfinished:
        counts, means = series.all_counts, series.all_means
    at = series.buckets - 1
    known = ~np.isnan(means) & ~np.isnan(series.places[look.clock][at])
    return at[known], counts[known].astype(np.float64), means[known] * look.metric["factor"]


def _trailing_means(x: Floats, y: Floats, weights: Floats, width: float) -> Floats:
    finite = np.isfinite(y)
    weights = np.where(finite, weights, 0.0)
    sums = np.concatenate([[0.0], np.cumsum(np.where(finite, y, 0.0) * weights)])
    counts = np.concatenate([[0.0], np.cumsum(weights)])
    last = np.arange(len(x))
    first = np.minimum(np.searchsorted(x, x - width, side="right"), last)
    number = counts[last + 1] - counts[first]
    with np.errstate(invalid="ignore"):
        total = sums[last + 1] - sums[first]
        return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def mean_of(
    members: Sequence[tuple[KeptSeries, DrawnLine]], look: LineLook
) -> tuple[DrawnLine, int] | None:
    """Return the mean of a group's runs, as far as the shortest of them goes, and their number."""
    parts = []
    for series, line in members:
        x, y = line.x, line.y
        if not look.best and not look.width and len(series.buckets):
            at, _, y = _bucket_means(series, look)
            x = series.places[look.clock][at]
        if len(x):
            parts.append((x, y, line.end))
    if not parts:
        return None
    begin, end = max(float(x[0]) for x, _, _ in parts), min(end for _, _, end in parts)
    grid = np.unique(np.concatenate([[begin], *(x for x, _, _ in parts)]))
    grid = grid[(grid >= begin) & (grid <= end)]
    values = np.array([y[np.searchsorted(x, grid, side="right") - 1] for x, y, _ in parts])
    finite = np.isfinite(values).all(axis=0)
    grid, values = grid[finite], values[:, finite]
    unfinished = sum(line.unfinished for _, line in members)
    low, high = (values.min(axis=0), values.max(axis=0)) if len(grid) else (grid, grid)
    means = values.mean(axis=0) if len(grid) else grid
    none = np.empty(0, dtype=np.int64)
    return DrawnLine(grid, means, none, end, unfinished, low, high), len(parts)


def extent_of(series: Sequence[KeptSeries], clock: int) -> tuple[float, float]:
    """Return how far all runs of a metric reach on a clock: what smoothing is a share of."""
    reached = [one.places[clock] for one in series if not np.isnan(one.places[clock]).all()]
    ends = [float(np.nanmax(places)) for places in reached]
    ends += [end for one in series if (end := one.ends[clock]) is not None]
    starts = [float(np.nanmin(places)) for places in reached]
    return min([0.0, *starts]), max([0.0, *ends])
