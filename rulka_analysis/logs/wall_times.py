"""Wall times as they were logged → seconds that can be reckoned with. Pure functions on arrays.

A writer may log milliseconds for seconds, nothing at all, or the time of a machine that did not
know the date; a clock may be set while the program writes. What is wrong is named, never taken for
time that passed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EARLIEST = 6.3e8
"""Seconds since 1970 at the end of 1989: a clock that says less was never set."""
LATEST = 4.1e9
"""Seconds since 1970 in the year 2099."""
SET_BACK = 5.0
"""Seconds by which wall times may go back: threads that write side by side are not in step."""
NO_PAUSE = 30 * 86_400.0
"""Seconds without an event, within one file, that are no pause but a clock that was set."""
_UNITS = {1e3: "milliseconds", 1e6: "microseconds", 1e9: "nanoseconds"}


class Seconds(NamedTuple):
    """Wall times in seconds, and how many of them were not.

    `seconds` is NaN where a wall time says nothing. `dated` is False where the date is off by years
    all through: differences hold, the date does not.
    """

    seconds: Floats
    dated: bool
    not_finite: int
    zero: int
    off: int
    other_unit: int
    unit: str


def to_seconds(wall_times: Floats) -> Seconds:
    """Return the wall times of one file in seconds since 1970, NaN where they say nothing.

    Examples
    --------
    >>> to_seconds(np.array([1.7e12, np.nan, 0.0])).seconds.tolist()
    [1700000000.0, nan, nan]
    """
    usual = (wall_times >= EARLIEST) & (wall_times <= LATEST)
    if usual.all():
        return Seconds(wall_times, True, 0, 0, 0, 0, "")
    finite = np.isfinite(wall_times)
    seconds = np.where(usual, wall_times, np.nan)
    units = {}
    for factor, unit in _UNITS.items():
        with np.errstate(invalid="ignore"):
            here = finite & (wall_times >= EARLIEST * factor) & (wall_times <= LATEST * factor)
        if here.any():
            units[unit] = int(here.sum())
            seconds[here] = wall_times[here] / factor
    zero = finite & (wall_times == 0)
    off = finite & ~zero & np.isnan(seconds)
    # Where no time is of this century, differences are all there is; else these are the odd ones.
    undated = bool(off.any()) and not np.isfinite(seconds).any()
    if undated:
        seconds[off] = wall_times[off]
    return Seconds(
        seconds,
        not undated,
        int((~finite).sum()),
        int(zero.sum()),
        int(off.sum()),
        sum(units.values()),
        max(units, key=lambda unit: units[unit], default=""),
    )


def jumps(seconds: Floats, codes: NDArray[np.int32]) -> NDArray[np.intp]:
    """Return where a clock was set: the places whose distance to the one before says nothing.

    A clock was set back where a tag's own times go back: a file may hold one tag after the other.

    Parameters
    ----------
    seconds, codes : arrays of shape (n,)
        Times, none of them NaN, and tags of events in the order written.

    Examples
    --------
    An event that was written late is no clock that was set back:

    >>> one_tag = np.zeros(5, np.int32)
    >>> jumps(np.array([0.0, 60.0, 120.0, 0.0, 60.0]), one_tag)
    array([3])
    >>> jumps(np.array([0.0, 60.0, 20.0, 61.0]), one_tag[:4])
    array([], dtype=int64)
    """
    steps = np.diff(seconds)
    back = np.flatnonzero(steps < -SET_BACK) + 1
    set_back = [
        at
        for at in back.tolist()
        if _before_own(seconds, codes, at) and not _comes_back(seconds, at)
    ]
    forward = np.flatnonzero(steps > NO_PAUSE) + 1
    return np.union1d(np.array(set_back, np.intp), forward).astype(np.intp)


def _before_own(seconds: Floats, codes: NDArray[np.int32], at: int) -> bool:
    """Tell whether an event is earlier than the one of its own tag before it."""
    own = np.flatnonzero(codes[:at] == codes[at])
    return bool(len(own) and seconds[own[-1]] > seconds[at] + SET_BACK)


def _comes_back(seconds: Floats, at: int) -> bool:
    """Tell whether a fall is that of few late events: the time then leaps back to where it was."""
    before = seconds[at - 1]
    ahead = seconds[at : at + 1000]
    there = np.flatnonzero(ahead >= before - SET_BACK)
    if not len(there) or not there[0]:
        return False
    leaps = np.diff(ahead[: there[0] + 1])
    return bool(leaps.max() >= (before - seconds[at]) / 2)


def remove_jumps(seconds: Floats, codes: NDArray[np.int32]) -> Floats:
    """Return seconds, none of them NaN, in which no time passes where the clock was set."""
    found = seconds
    for at in jumps(seconds, codes).tolist():
        found = np.concatenate([found[:at], found[at:] - (found[at] - found[at - 1])])
    return found


def unroll(
    seconds: Floats, steps: NDArray[np.int64], codes: NDArray[np.int32], paces: dict[int, float]
) -> Floats:
    """Return seconds that run on where the clock was set, and are rebuilt where they are missing.

    Parameters
    ----------
    seconds, steps, codes : arrays of shape (n,)
        Of one session's events, in the order written; `codes` tell tags apart.
    paces : dict of int to float
        Seconds a step of each tag takes; see `pace_of_tags`.

    Returns
    -------
    array of shape (n,)
        NaN where nothing tells when an event was.
    """
    known = np.flatnonzero(np.isfinite(seconds))
    if len(known) == len(seconds) and not len(jumps(seconds, codes)):
        return seconds
    found = seconds.copy()
    if len(known):
        found[known] = _bridged(seconds[known], steps[known], codes[known], paces)
    missing = np.flatnonzero(~np.isfinite(found))
    for code in np.unique(codes[missing]).tolist():
        own = np.flatnonzero(codes == code)
        lost = own[~np.isfinite(seconds[own])]
        there = own[np.isfinite(seconds[own])]
        found[lost] = _by_steps(steps[lost], steps[there], found[there], paces.get(code))
    left = np.flatnonzero(~np.isfinite(found))
    if len(left) and len(known):
        # Of a tag that has no time at all: between what was written before and after.
        found[left] = np.interp(left, known, found[known])
    return found


def pace_of_tags(
    seconds: Floats, steps: NDArray[np.int64], codes: NDArray[np.int32]
) -> dict[int, float]:
    """Return how many seconds a step of each tag takes, as a median; left out where unknown."""
    paces = {}
    usable = np.isfinite(seconds)
    for code in np.unique(codes).tolist():
        own = usable & (codes == code)
        took, went = np.diff(seconds[own]), np.diff(steps[own])
        # Where several events share a moment there is no time between them to be measured.
        good = (went > 0) & (took > 0) & (took < NO_PAUSE)
        if good.any():
            paces[code] = float(np.median(took[good] / went[good]))
    return paces


def at_pace(steps: NDArray[np.int64], codes: NDArray[np.int32], paces: dict[int, float]) -> Floats:
    """Return seconds since a session went on, by steps alone; NaN for a tag without a pace.

    A tag's first event is as far from there as the second is from it.
    """
    found = np.full(len(steps), np.nan)
    for code in np.unique(codes).tolist():
        own = codes == code
        known = np.unique(steps[own])
        first = known[1] - known[0] if len(known) > 1 else 0
        found[own] = (steps[own] - known[0] + first) * paces.get(code, np.nan)
    return found


def _bridged(
    seconds: Floats, steps: NDArray[np.int64], codes: NDArray[np.int32], paces: dict[int, float]
) -> Floats:
    found = seconds.copy()
    for at in jumps(seconds, codes).tolist():
        before = np.flatnonzero(codes[:at] == codes[at])
        expected = found[at - 1]
        pace = paces.get(int(codes[at]))
        if len(before) and pace is not None:
            went = max(int(steps[at] - steps[before[-1]]), 0)
            expected = max(expected, found[before[-1]] + pace * went)
        found[at:] += expected - found[at]
    return found


def _by_steps(
    wanted: NDArray[np.int64], steps: NDArray[np.int64], seconds: Floats, pace: float | None
) -> Floats:
    """Return the seconds of steps, between those of a tag of which both are known."""
    if not len(steps):
        return np.full(len(wanted), np.nan)
    order = np.argsort(steps, kind="stable")
    low, high = steps[order[0]], steps[order[-1]]
    found: Floats = np.interp(wanted, steps[order], seconds[order])
    if pace is not None:
        found += np.minimum(wanted - low, 0) * pace + np.maximum(wanted - high, 0) * pace
    return found
