"""The scalar events of an attempt in one order, on its clocks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.attempts import Attempt
from rulka_analysis.logs.clocks import Clock, Conventions
from rulka_analysis.logs.positions import Floats, Integers, interpolated, session_minutes
from rulka_analysis.logs.wall_times import NO_PAUSE, at_pace, pace_of_tags, unroll


@dataclass(frozen=True, slots=True)
class Events:
    """Events of a run, shape (n,) each, in the order written.

    Parameters
    ----------
    steps, wall_times, values : ndarray
        As logged.
    files : ndarray of int64
        Which of the run's files each is from.
    sessions : ndarray of int64
        In which session each was written; between two sessions there was a pause.
    seconds : ndarray of float64
        Wall times in seconds; NaN where one says nothing.
    gone_over : ndarray of bool
        Whether a later session went over these steps again, and did not write this tag there: what
        was written beside it is given up.
    reading_errors : ndarray of float64
        One standard error of each value.
    positions : mapping of str to ndarray
        Where they are on each clock, by its key; NaN where the run has no such clock.
    """

    steps: Integers
    wall_times: Floats
    values: Floats
    files: Integers
    sessions: Integers
    seconds: Floats
    gone_over: NDArray[np.bool_]
    reading_errors: Floats
    positions: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.values)

    def on(self, clock: Clock) -> Floats:
        """Return where the events are on a clock; NaN where the run has no such clock."""
        return self.positions[clock.key]

    @property
    def minutes(self) -> Floats:
        """Minutes of training; NaN where nothing tells."""
        return self.positions["minutes"]

    def at(self, places: NDArray[np.intp] | slice) -> Events:
        """Return the events at some places, in this order."""
        return Events(
            self.steps[places],
            self.wall_times[places],
            self.values[places],
            self.files[places],
            self.sessions[places],
            self.seconds[places],
            self.gone_over[places],
            self.reading_errors[places],
            {key: known[places] for key, known in self.positions.items()},
        )


@dataclass(frozen=True, slots=True)
class Timeline:
    """All events of an attempt, and where those of each tag are among them."""

    events: Events
    by_tag: Mapping[str, Integers]


def timeline_of(
    attempt: Attempt,
    files: Sequence[int],
    errors: Sequence[Floats],
    conventions: Conventions,
    *,
    has_steps: bool,
) -> Timeline:
    """Put the events of an attempt that stand in one order, and each on every clock.

    Parameters
    ----------
    attempt : Attempt
    files : sequence of int
        The files of the run that hold its events, in order; they are numbered so.
    errors : sequence of ndarray of float64
        For every file of the run, one standard error of each value.
    conventions : Conventions
        How the program writes its clocks.
    has_steps : bool
        Whether the step of an event says where it is at all.
    """
    written, places = attempt.written, attempt.places
    codes = written.codes[places]
    order = np.argsort(_small(codes, len(written.tags)), kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(written.tags) + 1)).tolist()
    by_tag = {
        tag: order[bounds[code] : bounds[code + 1]]
        for code, tag in enumerate(written.tags)
        if bounds[code] < bounds[code + 1]
    }
    numbers = np.zeros(len(written.files), np.int64)
    numbers[list(files)] = np.arange(len(files))
    steps = written.steps[places]
    values = _taken([file.values for file in written.files], places)

    def logged(tag: str | None) -> Integers | None:
        return None if tag is None else by_tag.get(tag)

    hours_at, updates_at = logged(conventions.hours_tag), logged(conventions.updates_tag)
    minutes, sessions = _minutes(
        attempt, steps, codes, hours_at, None if hours_at is None else values[hours_at]
    )
    unknown = np.full(len(steps), np.nan)
    events = Events(
        steps=steps,
        wall_times=_taken([file.wall_times for file in written.files], places),
        values=values,
        files=numbers[written.files_of[places]],
        sessions=sessions,
        seconds=written.seconds[places],
        gone_over=attempt.gone_over,
        reading_errors=_taken(errors, places),
        positions={
            "minutes": minutes,
            "steps": steps.astype(np.float64) if has_steps else unknown,
            "updates": unknown
            if updates_at is None
            else interpolated(minutes, minutes[updates_at], values[updates_at]),
        },
    )
    return Timeline(events, by_tag)


def _minutes(
    attempt: Attempt,
    steps: Integers,
    codes: NDArray[np.int32],
    hours_at: Integers | None,
    hours: Floats | None,
) -> tuple[Floats, Integers]:
    """Return minutes of training of each event, NaN where nothing tells, and its session.

    Wall times that are missing are rebuilt from steps, within a session and from other sessions.
    """
    seconds = attempt.written.seconds[attempt.places]
    sessions, starts, goes_on_after = _without_pauses(attempt)
    whole = np.isfinite(seconds).all()
    bounds = np.searchsorted(sessions, np.arange(len(starts) + 1)).tolist()
    paces: dict[int, float] | None = None
    for number, (begin, end) in enumerate(pairwise(bounds)):
        here = slice(begin, end)
        own = seconds[here]
        if whole and not (np.diff(own) < 0).any() and not (np.diff(own) > NO_PAUSE).any():
            continue
        if paces is None:
            paces = pace_of_tags(seconds, steps, codes)
            seconds = seconds.copy()
        if not np.isfinite(own).any():
            # No time at all: counted from zero, at the pace of the other sessions.
            own = at_pace(steps[here], codes[here], paces)
            starts[number] = math.nan
        seconds[here] = unroll(own, steps[here], codes[here], paces)
    if hours_at is not None and hours is not None:
        usable = np.isfinite(seconds[hours_at])
        hours_at, hours = hours_at[usable], hours[usable]
    if not np.isfinite(seconds).all():
        return np.full(len(seconds), np.nan), sessions
    minutes = session_minutes(
        seconds,
        sessions,
        np.array(starts),
        goes_on_after=goes_on_after,
        logged_at=hours_at,
        logged_hours=hours,
    )
    return minutes, sessions


def _without_pauses(attempt: Attempt) -> tuple[Integers, list[float], list[int]]:
    """Return the session of each event, when each session began, and after how many events.

    Sessions of one process, which moved on from one file to the next, are one: there was no pause.
    """
    numbers: list[int] = []
    starts: list[float] = []
    goes_on_after: list[int] = []
    for at, (session, after) in enumerate(
        zip(attempt.in_order, attempt.goes_on_after, strict=True)
    ):
        if not at or not attempt.goes_straight_on(at):
            starts.append(session.begins)
            goes_on_after.append(after)
        numbers.append(len(starts) - 1)
    return np.array(numbers, np.int64)[attempt.sessions], starts, goes_on_after


def _taken(columns: Sequence[NDArray[Any]], places: Integers) -> NDArray[Any]:
    joined = columns[0] if len(columns) == 1 else np.concatenate([np.empty(0), *columns])
    taken: NDArray[Any] = joined[places]
    return taken


def _small(codes: NDArray[np.int32], tags: int) -> NDArray[Any]:
    # Small numbers are sorted several times as fast.
    return codes.astype(np.uint16) if tags <= np.iinfo(np.uint16).max else codes
