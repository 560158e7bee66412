"""A long series as few events: buckets with their first, smallest, largest and last.

A page cannot carry every event of hundreds of runs. What it carries are events as they were logged,
never averages of them: of each bucket the first, the smallest, the largest and the last, besides
every event that was the best so far. So extremes, the last value and the best so far are exact, and
each shown point is an event that can be named. Pure NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Better = Literal["lower", "higher", "neither"]

# Fewer would show: a chart is about 700 pixels wide, and a bucket is drawn as up to four points.
AT_LEAST = 100
# Events of a metric, all runs together. An event is a value, a step and a place on two more clocks,
# about ten bytes when compressed; this many are the 150 KiB that a metric of 20 runs may weigh.
EVENTS = 15_500
# Never more numbers than this (each event is four), but for the least that each series gets.
NUMBERS = 160_000
_OF_A_BUCKET = 4


@dataclass(frozen=True)
class Buckets:
    """What is kept of a series.

    Parameters
    ----------
    kept : array of int, shape (k,)
        Positions of the events that are kept, ascending.
    inside : array of int, shape (b,)
        How many of these each bucket has.
    first, smallest, largest, last : array of int, shape (b,)
        Position of that event of each bucket. Smallest and largest are of finite values, and of
        equal ones the earliest; -1 where a bucket has none.
    counts : array of int, shape (b,)
        Events of each bucket whose value is finite and not censored.
    means : array of float, shape (b,)
        Their mean; NaN where there is none.
    all_counts, all_means
        The same with the censored ones.
    best_is_exact : bool
        Every event that was the best so far is kept, not only those at the buckets' events.
    not_a_number, infinite : int
        Values that are no finite number.
    """

    kept: Integers
    inside: Integers
    first: Integers
    smallest: Integers
    largest: Integers
    last: Integers
    counts: Integers
    means: Floats
    all_counts: Integers
    all_means: Floats
    best_is_exact: bool
    not_a_number: int
    infinite: int

    @property
    def reduced(self) -> bool:
        """Whether events were left out."""
        return len(self.kept) < (int(self.last[-1]) + 1 if len(self.last) else 0)


def shares(
    lengths: Sequence[int], *, events: int = EVENTS, at_least: int = AT_LEAST * _OF_A_BUCKET
) -> list[int]:
    """Divide the events of a metric among its series; what short ones leave goes to long ones.

    Parameters
    ----------
    lengths : sequence of int
        Events of each series.
    events : int
        How many may be kept, all together.
    at_least : int
        How many a series may always keep.

    Returns
    -------
    list of int
        How many each may keep.

    Examples
    --------
    >>> shares([100, 9000, 9000], events=10_100)
    [100, 5000, 5000]
    >>> shares([9000] * 3, events=600)
    [400, 400, 400]
    """
    given = [0] * len(lengths)
    left = min(events, NUMBERS // _OF_A_BUCKET)
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    for done, i in enumerate(order):
        share = max(left // (len(order) - done), at_least)
        given[i] = min(lengths[i], share)
        left = max(left - given[i], 0)
    return given


def into_buckets(
    values: Floats,
    allowed: int,
    *,
    better: Better = "neither",
    censored: NDArray[np.bool_] | None = None,
    at_least: int = AT_LEAST,
) -> Buckets:
    """Return a series in as many buckets as there is room for.

    A series that is short enough keeps every event.

    Parameters
    ----------
    values : array of float, shape (n,)
        As logged, in the order of the log.
    allowed : int
        About how many events may be kept (see `shares`).
    better : {"lower", "higher", "neither"}
        What a best so far is.
    censored : array of bool, shape (n,), optional
        Values that only say that there was none. The others have a smallest, a largest, a first
        and a last of their own, which are kept, too.
    at_least : int
        The least number of buckets, whatever is allowed.

    Examples
    --------
    >>> found = into_buckets(np.array([3.0, 9.0, 1.0, 2.0, 2.5, 2.0]), 4, at_least=1)
    >>> found.kept.tolist(), found.smallest.tolist(), found.largest.tolist()
    ([0, 1, 2, 5], [2], [1])
    """
    if censored is None:
        censored = np.zeros(len(values), dtype=np.bool_)
    records = _records(values, better, censored)
    wanted = max(allowed // _OF_A_BUCKET, at_least)
    found = _divided(values, records, censored, wanted, whole=len(values) <= allowed)
    for _ in range(3):
        if not found.reduced or len(found.kept) <= allowed or wanted <= at_least:
            break
        wanted = max(wanted * allowed // len(found.kept), at_least)
        found = _divided(values, records, censored, wanted, whole=False)
    return found


def _records(values: Floats, better: Better, censored: NDArray[np.bool_]) -> Integers:
    """Return the events that were better than all before, censored ones left out."""
    if better == "neither" or not len(values):
        return np.empty(0, dtype=np.int64)
    usable = np.isfinite(values) & ~censored
    downwards = np.where(usable, values if better == "lower" else -values, np.inf)
    so_far = np.minimum.accumulate(downwards)
    before = np.concatenate([[np.inf], so_far[:-1]])
    return np.flatnonzero(downwards < before).astype(np.int64)


def _divided(
    values: Floats,
    records: Integers,
    censored: NDArray[np.bool_],
    wanted: int,
    *,
    whole: bool,
) -> Buckets:
    number = len(values)
    buckets = max(min(wanted, number), 1) if number else 0
    bounds = np.arange(buckets + 1, dtype=np.int64) * number // max(buckets, 1)
    starts, ends = bounds[:-1], bounds[1:]
    of_event = np.repeat(np.arange(buckets), ends - starts)
    finite = np.isfinite(values)
    usable = finite & ~censored
    smallest, largest = _extremes(values, finite, starts, of_event)
    chosen = [starts, ends - 1, smallest, largest]
    if (finite & censored).any():
        chosen += [*_extremes(values, usable, starts, of_event), *_outer(usable, starts, of_event)]
    exact = whole or len(records) <= max(buckets, 2 * AT_LEAST)
    if exact:
        chosen.append(records)
    kept = np.unique(np.concatenate(chosen)) if number else np.empty(0, dtype=np.int64)
    kept = np.arange(number, dtype=np.int64) if whole else kept[kept >= 0]
    counts, means = _means(values, usable, starts)
    all_counts, all_means = _means(values, finite, starts)
    return Buckets(
        kept=kept,
        inside=np.bincount(of_event[kept], minlength=buckets).astype(np.int64),
        first=starts,
        smallest=smallest,
        largest=largest,
        last=ends - 1,
        counts=counts,
        means=means,
        all_counts=all_counts,
        all_means=all_means,
        best_is_exact=exact,
        not_a_number=int(np.isnan(values).sum()),
        infinite=int(np.isinf(values).sum()),
    )


def _extremes(
    values: Floats, usable: NDArray[np.bool_], starts: Integers, of_event: Integers
) -> tuple[Integers, Integers]:
    """Return the earliest smallest and largest usable event of each bucket, -1 without one."""
    if not len(values):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    low = np.minimum.reduceat(np.where(usable, values, np.inf), starts)
    high = np.maximum.reduceat(np.where(usable, values, -np.inf), starts)
    at_low, _ = _outer(usable & (values == low[of_event]), starts, of_event)
    at_high, _ = _outer(usable & (values == high[of_event]), starts, of_event)
    return at_low, at_high


def _outer(
    wanted: NDArray[np.bool_], starts: Integers, of_event: Integers
) -> tuple[Integers, Integers]:
    """Return the first and the last wanted event of each bucket, -1 without one."""
    at = np.flatnonzero(wanted)
    bucket = of_event[at]
    first = np.full(len(starts), -1, dtype=np.int64)
    last = first.copy()
    # Of several assignments to one place the last stays.
    first[bucket[::-1]] = at[::-1]
    last[bucket] = at
    return first, last


def _means(values: Floats, usable: NDArray[np.bool_], starts: Integers) -> tuple[Integers, Floats]:
    if not len(values):
        return np.empty(0, dtype=np.int64), np.empty(0)
    counts = np.add.reduceat(usable.astype(np.int64), starts)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.add.reduceat(np.where(usable, values, 0.0), starts)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return counts, means
