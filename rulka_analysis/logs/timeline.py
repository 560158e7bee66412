"""All scalar events of a run in one order, on its clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.clocks import Conventions
from rulka_analysis.logs.events import EventFile
from rulka_analysis.logs.positions import Floats, Integers, interpolated, session_minutes
from rulka_analysis.logs.sessions import Mask, sessions


@dataclass(frozen=True, slots=True)
class TagEvents:
    """The events of one tag that stand, in the order written; arrays as in `Timeline`."""

    steps: Integers
    wall_times: Floats
    values: Floats
    files: Integers
    reading_errors: Floats
    positions: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The events of a run that stand, shape (n,) each.

    Parameters
    ----------
    steps, wall_times, values : ndarray
        As logged.
    files : ndarray of int64
        Which of the run's files each is from.
    reading_errors : ndarray of float64
        One standard error of each value.
    positions : mapping of str to ndarray
        Where they are on each clock, by its key; NaN where the run has no such clock.
    by_tag : mapping of str to ndarray of int64
        Where the events of each tag are, in the order written.
    """

    steps: Integers
    wall_times: Floats
    values: Floats
    files: Integers
    reading_errors: Floats
    positions: Mapping[str, Floats]
    by_tag: Mapping[str, Integers]

    def of(self, tag: str) -> TagEvents:
        """Return the events of a tag that is there."""
        at = self.by_tag[tag]
        return TagEvents(
            self.steps[at],
            self.wall_times[at],
            self.values[at],
            self.files[at],
            self.reading_errors[at],
            {clock: positions[at] for clock, positions in self.positions.items()},
        )


def timeline_of(
    files: Sequence[EventFile],
    kept: Sequence[Mask],
    errors: Sequence[Floats],
    conventions: Conventions,
    *,
    has_steps: bool,
) -> Timeline:
    """Put the events of a run's files in one order, and each on every clock.

    Parameters
    ----------
    files : sequence of EventFile
        In the order written, each with scalars.
    kept : sequence of ndarray of bool
        For every file, which of its events stand.
    errors : sequence of ndarray of float64
        For every file, one standard error of each value.
    conventions : Conventions
        How the program writes its clocks.
    has_steps : bool
        Whether the step of an event says where it is at all.
    """
    tags = tuple(dict.fromkeys(tag for file in files for tag in file.tags))
    code_of = {tag: code for code, tag in enumerate(tags)}
    lookups = [np.array([code_of[tag] for tag in file.tags], dtype=np.int32) for file in files]

    def joined(parts: Sequence[NDArray[Any]], dtype: type) -> NDArray[Any]:
        chosen = [part[keep] for part, keep in zip(parts, kept, strict=True)]
        return np.concatenate(chosen) if chosen else np.empty(0, dtype=dtype)

    codes = joined(
        [lookup[file.tag_codes] for lookup, file in zip(lookups, files, strict=True)], np.int32
    )
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(tags) + 1))
    by_tag = {
        tag: order[bounds[code] : bounds[code + 1]]
        for tag, code in code_of.items()
        if bounds[code] < bounds[code + 1]
    }
    steps = joined([file.steps for file in files], np.int64)
    wall_times = joined([file.wall_times for file in files], np.float64)
    values = joined([file.values for file in files], np.float64)
    numbers = joined([np.full(len(f.values), i) for i, f in enumerate(files)], np.int64)
    session_of_file, starts = sessions(files)

    def logged(tag: str | None) -> Integers | None:
        return None if tag is None else by_tag.get(tag)

    hours_at, updates_at = logged(conventions.hours_tag), logged(conventions.updates_tag)
    minutes = session_minutes(
        wall_times,
        session_of_file[numbers],
        starts,
        logged_at=hours_at,
        logged_hours=None if hours_at is None else values[hours_at],
    )
    unknown = np.full(len(steps), np.nan)
    return Timeline(
        steps=steps,
        wall_times=wall_times,
        values=values,
        files=numbers,
        reading_errors=joined(errors, np.float64),
        positions={
            "minutes": minutes,
            "steps": steps.astype(np.float64) if has_steps else unknown,
            "updates": unknown
            if updates_at is None
            else interpolated(minutes, minutes[updates_at], values[updates_at]),
        },
        by_tag=by_tag,
    )
