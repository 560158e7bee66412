"""What the processes of a run wrote, in the order in which they went on from one another.

Files that overlap in time, and share no order of steps, were written side by side: one session, in
which wall time orders events. Sessions follow each other by their steps, whatever a clock says,
and by wall time where steps do not tell. All functions here are pure.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.wall_times import NO_PAUSE, remove_jumps
from rulka_analysis.logs.written import Floats, Integers, Part, Stretch, Written

MOST_ORDERED = 3000
"""Of more sessions than this, wall time alone tells the order: each is held against all others."""


@dataclass(eq=False)
class Session:
    """What one process wrote, or several side by side.

    Parameters
    ----------
    parts : list of Part
    begins, ends : float
        In seconds since 1970; NaN where the wall times do not tell.
    tags : dict of int to Stretch
        What it holds of each tag.
    """

    parts: list[Part]
    begins: float
    ends: float
    tags: dict[int, Stretch] = field(default_factory=dict)

    @property
    def files(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(part.file for part in self.parts))

    @property
    def declared(self) -> int | None:
        """The step at which its program said that it starts again."""
        # What is written side by side does not follow what the others wrote.
        return self.parts[0].declared if len(self.parts) == 1 else None

    def places(self, written: Written) -> Integers:
        """Return where its events are among all, in the order they were written."""
        if len(self.parts) == 1:
            return np.arange(self.parts[0].begin, self.parts[0].end)
        at = np.concatenate([np.arange(part.begin, part.end) for part in self.parts])
        seconds = np.concatenate(
            [_held(written.seconds[part.begin : part.end]) for part in self.parts]
        )
        ordered: Integers = at[np.argsort(seconds, kind="stable")]
        return ordered

    def add(self, other: Session) -> None:
        """Take in what was written side by side with it."""
        self.parts += other.parts
        self.begins = min(self.begins, other.begins)
        self.ends = max(self.ends, other.ends)
        for code, theirs in other.tags.items():
            own = self.tags.get(code)
            self.tags[code] = theirs if own is None else _both(own, theirs)


def sessions_in_order(written: Written) -> list[Session]:
    """Return the sessions of a run's files, in the order in which they go on from one another."""
    return _by_steps(_side_by_side(written, _by_wall_time(written)))


def clock_agrees(before: Session, after: Session) -> bool:
    """Tell whether the clock, too, says that one session came after another."""
    return not after.begins < before.ends


# --- By wall time ---------------------------------------------------------------------------------


def _by_wall_time(written: Written) -> list[Session]:
    """Return a session a part, by wall time; those without stand last, in the order of files."""
    found: list[Session] = []
    previous: Session | None = None
    for part in written.parts():
        begins, ends = _times(written, part)
        if previous is not None and previous.parts[0].file == part.file:
            # Within a file, what stands behind came later.
            begins = max(begins, previous.ends) if begins == begins else previous.ends
            ends = max(ends, begins)
        previous = Session([part], begins, ends, part.tags)
        found.append(previous)
    found.sort(key=lambda session: (math.isnan(session.begins), _zero(session.begins)))
    return found


def _times(written: Written, part: Part) -> tuple[float, float]:
    created = written.created(part.file)
    if not written.times[part.file].dated:
        return math.nan, math.nan
    seconds = written.seconds[part.begin : part.end]
    known = np.isfinite(seconds)
    seconds = remove_jumps(seconds[known], written.codes[part.begin : part.end][known])
    if not len(seconds):
        made = written.named_time(part.file) if math.isnan(created) else created
        return made, made
    low, high = float(seconds.min()), float(seconds.max())
    first = part.begin == written.bounds[part.file]
    return (created if first and low - NO_PAUSE < created < low else low), high


def _side_by_side(written: Written, sessions: Sequence[Session]) -> list[Session]:
    """Join sessions that were written side by side."""
    found: list[Session] = []
    running: list[Session] = []
    for session in sessions:
        running = [other for other in running if other.ends > session.begins]
        for other in running:
            if session.parts[0].file not in other.files and _beside(written, other, session):
                other.add(session)
                break
        else:
            found.append(session)
            running.append(session)
    return found


def _beside(written: Written, one: Session, other: Session) -> bool:
    """Tell whether sessions that overlap in time were written side by side.

    They were not where steps show that a clock was set: one goes on from steps that the other,
    by the clock, reached only later.
    """
    shared = [
        code
        for code in one.tags.keys() & other.tags.keys()
        if not (one.tags[code].falls or other.tags[code].falls)
    ]
    higher = [other.tags[code].lowest > one.tags[code].lowest for code in shared]
    lower = [other.tags[code].lowest < one.tags[code].lowest for code in shared]
    if not shared or not (all(higher) or all(lower)):
        return True
    first, second = (one, other) if all(higher) else (other, one)
    earlier, later = first.places(written), second.places(written)
    falls_by_clock = falls_in_turn = 0
    reached_before = False
    for code in shared:
        own = earlier[written.codes[earlier] == code]
        theirs = later[written.codes[later] == code]
        seconds = np.concatenate([_held(written.seconds[own]), _held(written.seconds[theirs])])
        steps = np.concatenate([written.steps[own], written.steps[theirs]])
        falls_in_turn += int(np.count_nonzero(np.diff(steps) < 0))
        falls_by_clock += int(np.count_nonzero(np.diff(steps[np.argsort(seconds)]) < 0))
        by_then = own[written.seconds[own] < second.begins]
        reached = written.steps[by_then].max(initial=np.iinfo(np.int64).min)
        reached_before |= bool(reached >= second.tags[code].lowest)
    return falls_by_clock <= falls_in_turn or reached_before


# --- By steps -------------------------------------------------------------------------------------


def _by_steps(sessions: list[Session]) -> list[Session]:
    """Put sessions behind those from whose steps they go on, else leave them as they are."""
    if len(sessions) > MOST_ORDERED or not _in_doubt(sessions):
        return sessions
    goes_on = _goes_on_from(sessions)
    left = list(range(len(sessions)))
    placed = np.zeros(len(sessions), dtype=bool)
    order = []
    while left:
        ready = (at for at in left if not goes_on[at].any() or (goes_on[at] & placed).any())
        # Of sessions that wait for each other the earliest goes first.
        at = next(ready, left[0])
        placed[at] = True
        left.remove(at)
        order.append(sessions[at])
    return order


def _in_doubt(sessions: Sequence[Session]) -> bool:
    """Tell whether a session lies before earlier ones by its steps, or has no time of its own."""
    lowest: dict[int, int] = {}
    for session in sessions:
        if math.isnan(session.begins) and len(sessions) > 1:
            return True
        for code, stretch in session.tags.items():
            if stretch.lowest < lowest.setdefault(code, stretch.lowest):
                return True
    return False


def _goes_on_from(sessions: Sequence[Session]) -> NDArray[np.bool_]:
    """Tell of each session (rows) from which others (columns) its steps may go on.

    No tag begins before the other's, at least one begins behind the other's beginning, and not far
    behind its end. A tag whose steps go back by themselves, or begin alike, says nothing.
    """
    count = len(sessions)
    codes = {code: at for at, code in enumerate({c for s in sessions for c in s.tags})}
    table = np.full((3, count, len(codes)), np.nan)
    for at, session in enumerate(sessions):
        for code, stretch in session.tags.items():
            if not stretch.falls:
                told = (stretch.lowest, stretch.highest, stretch.spacing)
                table[:, at, codes[code]] = told
    lowest, highest, spacing = table
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a tag that says nothing anywhere
        begins = np.nanmin(lowest, axis=0)
    # Close to where a tag begins at all, a session need not go on from any other.
    needs = (lowest > begins + 2.5 * np.fmax(spacing, 0)).any(axis=1)
    found = np.zeros((count, count), dtype=bool)
    for at in range(count):
        ahead = lowest[at] - lowest
        slack = np.fmax(spacing, spacing[at])
        near = highest + np.fmax(10 * slack, 0.25 * (highest - lowest))
        behind = (ahead > 0) & (ahead >= slack)
        before = (ahead < 0) & (-ahead >= slack)
        found[at] = (behind & (lowest[at] <= near)).any(axis=1) & ~before.any(axis=1)
        found[at] &= needs[at]
        found[at, at] = False
    return found


# --- Small things ---------------------------------------------------------------------------------


def _both(one: Stretch, other: Stretch) -> Stretch:
    return Stretch(
        min(one.lowest, other.lowest),
        max(one.highest, other.highest),
        one.events + other.events,
        one.falls or other.falls,
    )


def _held(seconds: Floats) -> Floats:
    """Return seconds in which a missing one is that of the event before it."""
    known = np.isfinite(seconds)
    if known.all() or not known.any():
        return np.nan_to_num(seconds)
    last = np.maximum.accumulate(np.where(known, np.arange(len(seconds)), 0))
    held = seconds[last]
    held[: int(known.argmax())] = seconds[known][0]
    return held


def _zero(seconds: float) -> float:
    return 0.0 if math.isnan(seconds) else seconds
