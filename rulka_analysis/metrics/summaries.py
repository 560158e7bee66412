"""Numbers from a series: pure functions on arrays.

Each returns *where* in the series its answer stands (an index, or None), so that the event behind
the number is never lost. Times that are counted in steps of 10 ms are stored as float32 and are
compared in whole milliseconds.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# A trailing mean is over this share of the way up to where it is taken.
TRAILING_SHARE = 0.1
# Positions that differ by rounding are the same.
_ROUNDING = 1e-9


def whole_milliseconds(seconds: Floats) -> Floats:
    """Return times rounded to whole milliseconds, still in seconds; NaN stays NaN.

    Examples
    --------
    >>> whole_milliseconds(np.array([np.float32(24.57)], dtype=float)).tolist()
    [24.57]
    """
    return np.rint(np.asarray(seconds, dtype=np.float64) * 1000) / 1000


def unfinished(seconds: Floats, cutoff: float) -> NDArray[np.bool_]:
    """Tell which times are the cutoff of an episode that was not finished.

    Parameters
    ----------
    seconds : array of shape (n,)
        Times of episodes in seconds.
    cutoff : float
        The time logged for an unfinished episode, in seconds.
    """
    return whole_milliseconds(seconds) >= cutoff


def best_index(values: Floats, *, cutoff: float = math.inf) -> int | None:
    """Return where the smallest value first stands, unfinished episodes left out.

    Examples
    --------
    >>> best_index(np.array([300.0, 24.9, 24.6, 24.6]), cutoff=300.0)
    2
    >>> best_index(np.array([300.0, 300.0]), cutoff=300.0) is None
    True
    """
    usable = np.isfinite(values) & (values < cutoff)
    if not usable.any():
        return None
    return int(np.argmin(np.where(usable, values, np.inf)))


def best_so_far(values: Floats) -> NDArray[np.int64]:
    """Return, for each position, where the smallest value up to there first stands.

    -1 before the first finite value.

    Examples
    --------
    >>> best_so_far(np.array([np.nan, 30.0, 25.0, 26.0, 25.0])).tolist()
    [-1, 1, 2, 2, 2]
    """
    filled = np.where(np.isfinite(values), values, np.inf)
    running = np.minimum.accumulate(filled) if len(filled) else filled
    is_record = np.isfinite(running) & (running < np.concatenate([[np.inf], running[:-1]]))
    positions = np.where(is_record, np.arange(len(values)), -1)
    return np.maximum.accumulate(positions) if len(positions) else positions


def trailing_starts(positions: Floats) -> NDArray[np.int64]:
    """Return, for each position in ascending order, where its trailing mean begins.

    A trailing mean is over the last tenth of the way up to a position: what comes later does not
    change it, and at the end of a window it is over the last tenth of that.

    Examples
    --------
    >>> trailing_starts(np.array([1.0, 8.0, 9.5, 10.0])).tolist()
    [0, 1, 2, 2]
    """
    begin = positions * (1 - TRAILING_SHARE) * (1 + _ROUNDING)
    return np.minimum(np.searchsorted(positions, begin, side="right"), np.arange(len(positions)))


def trailing_means(values: Floats, positions: Floats) -> Floats:
    """Return the trailing mean of finite values at each of their positions; see above.

    Examples
    --------
    >>> trailing_means(np.array([5.0, 1.0, 2.0, 4.0]), np.array([1.0, 8.0, 9.5, 10.0])).tolist()
    [5.0, 1.0, 2.0, 3.0]
    """
    ends = np.arange(1, len(values) + 1)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    starts = trailing_starts(positions)
    means: Floats = (sums[ends] - sums[starts]) / (ends - starts)
    return means


def last_index(values: Floats) -> int | None:
    """Return where the last finite value stands."""
    finite = np.flatnonzero(np.isfinite(values))
    return int(finite[-1]) if len(finite) else None


def last_three(values: Floats) -> tuple[int, ...]:
    """Return where the last three finite values stand; fewer when there are fewer.

    Examples
    --------
    >>> last_three(np.array([1.0, 2.0, np.nan, 3.0, 4.0]))
    (1, 3, 4)
    """
    return tuple(int(i) for i in np.flatnonzero(np.isfinite(values))[-3:])


def median_of_last_three(values: Floats) -> float:
    """Return the median of the last three finite values; NaN when there is none.

    Of two values it is their mean.

    Examples
    --------
    >>> median_of_last_three(np.array([5.0, 1.0, 9.0, 2.0]))
    2.0
    """
    indices = list(last_three(values))
    return float(np.median(values[indices])) if indices else math.nan


def first_at_or_below(values: Floats, target: float) -> int | None:
    """Return where a series first reaches `target` from above; None if it never does.

    Examples
    --------
    >>> first_at_or_below(np.array([30.0, 25.0, 24.0]), 25.0)
    1
    """
    reached = np.flatnonzero(np.isfinite(values) & (values <= target))
    return int(reached[0]) if len(reached) else None


def finish_rate_so_far(flags: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Count finished episodes up to each, and their share of all episodes up to it.

    Parameters
    ----------
    flags : array of shape (n,)
        1 for a finished episode, 0 for one that was not; a NaN flag counts as neither.

    Returns
    -------
    array of shape (n,), array of shape (n,)
        Finished episodes so far, and finished / all episodes so far; NaN where the flag is NaN.

    Examples
    --------
    >>> finished, rate = finish_rate_so_far(np.array([1.0, 0.0, np.nan, 1.0]))
    >>> finished.tolist(), rate.tolist()
    ([1, 1, 1, 2], [1.0, 0.5, nan, 0.6666666666666666])
    """
    known = np.isfinite(flags)
    finished = np.cumsum(known & (flags > 0.5))
    rate = np.full(len(flags), np.nan)
    rate[known] = finished[known] / np.cumsum(known)[known]
    return finished.astype(np.int64), rate
