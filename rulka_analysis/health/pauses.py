"""Holes in what was written, by the interval at which it is usually written: pure functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Of fewer pauses no usual one is known.
ENOUGH = 20
# A pause is a hole when it is so many times as long as nearly all of so many around it, and at
# least so many minutes: a program also evaluates, and saves its state.
RARE, AROUND, LONG = 10.0, 20, 5.0
# A tag that is written every so many steps leaves out this many writes at least.
LEFT_OUT = 5
# Pauses of one length that come again and again, without a step in them, are a habit.
HABIT, ALIKE = 3, 1.5


@dataclass(frozen=True)
class Gap:
    """The longest pause in writing, and how many there are.

    Parameters
    ----------
    minutes, after : float
        How long it was, and the minute of training it began at.
    usual : float
        The pause between two writes that few around it exceed, in minutes.
    count : int
        How many pauses are gaps.
    """

    minutes: float
    after: float
    usual: float
    count: int


@dataclass(frozen=True)
class Hole:
    """The longest stretch of steps that a tag leaves out.

    Parameters
    ----------
    at : int
        The event before it.
    steps, usual : int
        How many steps it goes on without an event, and how many it usually does.
    count : int
        How many such stretches there are.
    """

    at: int
    steps: int
    usual: int
    count: int


def longest_pause(
    wall: Floats, files: Integers, minutes: Floats, steps: Floats, tags: Integers
) -> Gap | None:
    """Return the longest pause in which a run wrote nothing within a file, if that is no habit.

    How often a run writes is how often the tag is written that is written most often: a write may
    come as a burst of tags, and tags may take turns.

    Parameters
    ----------
    wall, files, minutes, steps, tags : arrays of shape (n,)
        Seconds since the epoch, number of the file, minutes of training, step and number of the tag
        of every event, in any order.
    """
    order = np.argsort(wall, kind="stable")
    order = order[np.isfinite(wall[order])]
    wall, files, tags = wall[order], files[order], tags[order]
    pauses = np.diff(wall) / 60
    usual = _densest(wall, files, tags)
    if usual is None:
        return None
    at, every = usual
    long = (np.diff(files) == 0) & (pauses > max(LONG, RARE * float(np.median(every))))
    found = {}
    for i in np.flatnonzero(long).tolist():
        around = _around(at, every, float(wall[i]))
        if pauses[i] > RARE * around:
            found[i] = around
    if not found:
        return None
    chosen = np.array(list(found))
    progress = np.diff(np.maximum.accumulate(steps[order]))
    stands_still = progress[chosen] <= 2 * _median(progress[progress > 0])
    alike = np.ptp(pauses[chosen]) <= (ALIKE - 1) * pauses[chosen].min()
    if len(chosen) >= HABIT and alike and stands_still.all():
        return None
    worst = int(chosen[np.argmax(pauses[chosen])])
    after = float(minutes[order][worst])
    return Gap(float(pauses[worst]), after, found[worst], len(chosen))


def _densest(wall: Floats, files: Integers, tags: Integers) -> tuple[Floats, Floats] | None:
    """Return when the tag was written that is written most often, and the minutes between."""
    order = np.argsort(tags, kind="stable")
    apart = np.diff(wall[order]) / 60
    same = (np.diff(tags[order]) == 0) & (np.diff(files[order]) == 0) & (apart > 0)
    at, of, every = wall[order][1:][same], tags[order][1:][same], apart[same]
    bounds = np.flatnonzero(np.diff(of, prepend=-1, append=-1))
    enough = np.flatnonzero(np.diff(bounds) >= ENOUGH)
    if not len(enough):
        return None
    longest = nine_in_ten(every[np.lexsort((every, of))], bounds[enough], bounds[enough + 1])
    best = enough[int(longest.argmin())]
    chosen = slice(int(bounds[best]), int(bounds[best + 1]))
    return at[chosen], every[chosen]


def nine_in_ten(values: Floats, begins: NDArray[np.intp], ends: NDArray[np.intp]) -> Floats:
    """Return what nine in ten of some values do not exceed, for stretches of sorted values.

    As `numpy.quantile`, which takes longer than all else where tags are many.
    """
    at = (ends - begins - 1) * 0.9
    below = np.floor(at).astype(np.intp)
    low, high = values[begins + below], values[np.minimum(begins + below + 1, ends - 1)]
    part = at - below
    found: Floats = np.where(
        part < 0.5, low + (high - low) * part, high - (high - low) * (1 - part)
    )
    return found


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _around(at: Floats, every: Floats, moment: float) -> float:
    """Return the pause that nine in ten of those around a moment do not exceed."""
    slot = int(np.searchsorted(at, moment, side="right"))
    # The pause that spans the moment is the one in question.
    before, after = every[max(slot - AROUND, 0) : slot], every[slot + 1 : slot + 1 + AROUND]
    return float(np.quantile(np.concatenate([before, after]), 0.9))


def longest_hole(steps: Integers, files: Integers) -> Hole | None:
    """Return the longest stretch of steps that a tag leaves out which is written regularly.

    Its events come in any order; a stretch between two files is none.
    """
    order = None
    apart = steps[1:] - steps[:-1]
    if (apart < 0).any():
        order = np.argsort(steps, kind="stable")
        steps, files = steps[order], files[order]
        apart = steps[1:] - steps[:-1]
    forward = (files[1:] == files[:-1]) & (apart > 0)
    if np.count_nonzero(forward) < ENOUGH:
        return None
    known = apart[forward]
    if known.max() <= (LEFT_OUT + 0.5) * known.min():
        return None
    low, usual, high = np.quantile(known, [0.05, 0.5, 0.95], method="nearest")
    if high > 1.2 * low:
        return None
    holes = np.flatnonzero(forward & (apart > (LEFT_OUT + 0.5) * usual))
    if not len(holes):
        return None
    worst = int(holes[np.argmax(apart[holes])])
    at = worst if order is None else int(order[worst])
    return Hole(at, int(apart[worst]), int(usual), len(holes))
