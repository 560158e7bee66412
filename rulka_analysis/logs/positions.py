"""Positions on a clock: pure functions on arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.clocks import ClockError, Window

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def session_minutes(
    wall_times: Floats,
    sessions: Integers,
    session_starts: Floats,
    *,
    goes_on_after: Sequence[int] | None = None,
    logged_at: Integers | None = None,
    logged_hours: Floats | None = None,
) -> Floats:
    """Return minutes of training for each event, pauses between sessions excluded.

    A session is what one process wrote without a pause, in one event file or several. Where the
    program logged its own training hours, these decide, and wall time only fills in between two
    such values (a session's first value also fixes where the session began). Elsewhere minutes are
    wall time since the session's start, sessions joined end to start.

    Parameters
    ----------
    wall_times : array of shape (n,)
        Seconds since the epoch, in the order written.
    sessions : array of shape (n,)
        Session of each event, counted from 0, not decreasing.
    session_starts : array of shape (number of sessions,)
        Wall time at which each session's first file was created, in seconds; NaN where unknown.
    goes_on_after : sequence of int, optional
        For each session, how many events had been written where it goes on; those behind belong to
        steps that it repeats. By default all before it.
    logged_at, logged_hours : arrays of shape (m,), optional
        Positions (in `wall_times`) of the events that logged training hours, and the hours.

    Returns
    -------
    array of shape (n,)
        Minutes since the run's start.

    Examples
    --------
    Two sessions with a pause of an hour between them:

    >>> wall = np.array([60.0, 120.0, 3780.0])
    >>> session_minutes(wall, np.array([0, 0, 1]), np.array([0.0, 3720.0])).tolist()
    [1.0, 2.0, 3.0]
    """
    minutes = np.empty(len(wall_times))
    bounds = np.searchsorted(sessions, np.arange(len(session_starts) + 1)).tolist()
    for session, (begin, end) in enumerate(pairwise(bounds)):
        if begin == end:
            continue
        here = slice(begin, end)
        wall = wall_times[here]
        start = np.fmin(session_starts[session], wall.min())
        before = begin if goes_on_after is None else goes_on_after[session]
        ended_at = minutes[:before].max(initial=0.0)
        elapsed = (wall - start) / 60
        anchors, values = _anchors(begin, end, logged_at, logged_hours)
        if len(anchors):
            anchor_elapsed = (wall_times[anchors] - start) / 60
            minutes[here] = _through_anchors(elapsed, anchor_elapsed, values * 60)
        else:
            minutes[here] = ended_at + elapsed
    return minutes


def _anchors(
    begin: int, end: int, logged_at: Integers | None, logged_hours: Floats | None
) -> tuple[Integers, Floats]:
    if logged_at is None or logged_hours is None:
        return np.empty(0, dtype=np.int64), np.empty(0)
    here = slice(*np.searchsorted(logged_at, (begin, end)).tolist())
    finite = np.isfinite(logged_hours[here])
    return logged_at[here][finite], logged_hours[here][finite]


def _through_anchors(elapsed: Floats, at: Floats, minutes: Floats) -> Floats:
    """Interpolate between anchors; beyond them, go on at the speed of wall time."""
    order = np.argsort(at, kind="stable")
    at, minutes = at[order], minutes[order]
    inside = np.interp(elapsed, at, minutes)
    before = elapsed < at[0]
    after = elapsed > at[-1]
    inside[before] = minutes[0] - (at[0] - elapsed[before])
    inside[after] = minutes[-1] + (elapsed[after] - at[-1])
    return np.maximum(inside, 0.0)


def interpolated(positions: Floats, known_at: Floats, known: Floats) -> Floats:
    """Return `known` at `positions` by straight lines, missing outside of what is known.

    Used for the updates clock (updates are logged every few minutes, other tags in between) and to
    say which step a minute was. NaN where `positions` lies outside of what is known.

    Examples
    --------
    >>> interpolated(np.array([0.0, 5.0, 20.0]), np.array([0.0, 10.0]), np.array([0.0, 80.0]))
    array([ 0., 40., nan])
    """
    usable = np.isfinite(known_at) & np.isfinite(known)
    known_at, known = known_at[usable], known[usable]
    if not len(known_at):
        return np.full(len(positions), np.nan)
    order = np.argsort(known_at, kind="stable")
    return np.interp(positions, known_at[order], known[order], left=np.nan, right=np.nan)


def checkpoints(window: Window, every: float, most: float = math.inf) -> Floats:
    """Return the positions at which runs are compared: each `every`, and the window's end.

    Where that would be more than `most`, they are 2, 5, 10, … times as far apart.

    Examples
    --------
    >>> from rulka_analysis.logs.clocks import MINUTES, common_window
    >>> checkpoints(common_window(MINUTES, {"a": 12.0}), 5.0).tolist()
    [5.0, 10.0, 12.0]
    >>> checkpoints(common_window(MINUTES, {"a": 120.0}), 5.0, most=10).tolist()
    [25.0, 50.0, 75.0, 100.0, 120.0]
    """
    if not window.known or window.end <= 0:
        return np.empty(0)
    if not every > 0:
        raise ClockError(f"checkpoints every {every!r}: the distance must be above zero")
    factors = (mantissa * 10.0**power for power in range(300) for mantissa in (1, 2, 5))
    every *= next(factor for factor in factors if window.end / (every * factor) <= most)
    count = math.floor(window.end / every + 1e-9)
    grid: Floats = every * np.arange(1, count + 1, dtype=np.float64)
    if count and math.isclose(grid[-1], window.end, rel_tol=1e-9):
        grid[-1] = window.end
        return grid
    return np.concatenate([grid, [window.end]])


def write_interval(positions: Floats) -> float:
    """Return the distance within which a tag is written again, nearly always.

    That is the distance that one in twenty exceeds: values may come in bursts, a few under one tag
    and then a few under another, and their median distance would say that the first is no longer
    written. NaN for
    fewer than two events.

    Examples
    --------
    >>> write_interval(np.array([5.0, 10.0, 15.0, 20.0]))
    5.0
    """
    ordered = np.sort(positions[np.isfinite(positions)])
    steps = np.diff(ordered)
    steps = steps[steps > 0]
    if not len(steps):
        return math.nan
    at = math.ceil(0.95 * (len(steps) - 1))
    return float(np.partition(steps, at)[at])


def last_event_at(positions: Floats, checkpoint: Floats, *, oldest: float = math.inf) -> Integers:
    """Return, for each checkpoint, the index of the last event at or before it.

    Parameters
    ----------
    positions : array of shape (n,)
        Where the events are on the clock, in any order; NaN where unknown.
    checkpoint : array of shape (m,)
        Where to look.
    oldest : float
        An event further back than this says nothing about a checkpoint any more.

    Returns
    -------
    array of shape (m,)
        Index into `positions`; -1 where there is no such event.

    Examples
    --------
    >>> last_event_at(np.array([5.0, 10.0]), np.array([4.0, 9.0, 30.0]), oldest=10.0).tolist()
    [-1, 0, -1]
    """
    usable = np.flatnonzero(np.isfinite(positions))
    order = usable[np.argsort(positions[usable], kind="stable")]
    ordered = positions[order]
    # A checkpoint and an event that differ by rounding are at the same place.
    reach = checkpoint + 1e-9 * np.maximum(1.0, np.abs(checkpoint))
    slot = np.searchsorted(ordered, reach, side="right") - 1
    found = np.where(slot >= 0, order[np.maximum(slot, 0)] if len(order) else -1, -1)
    age = checkpoint - np.where(slot >= 0, ordered[np.maximum(slot, 0)] if len(order) else 0, 0)
    return np.where(age > oldest * (1 + 1e-9), -1, found).astype(np.int64)
