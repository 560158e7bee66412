"""Everything the files of one run hold, one event after the other, and its parts.

A part is what one file holds between two places where its program went back; mostly the whole file.
What a part says of a tag is a `Stretch`. All functions here are pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.events import EventFile
from rulka_analysis.logs.wall_times import Seconds, to_seconds

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_RESTARTS = 50
"""A file in which a tag goes back more often than this does not tell of restarts: it counts so."""

# ``events.out.tfevents.<time>.<host>.<process>.<count>``, with another suffix in TensorFlow 2.
_FILE_NAME = re.compile(
    r".*tfevents\.(?P<time>\d+)\.(?P<process>.+\.\d+)\.(?P<count>\d+)(\.v2)?\Z", re.S
)


class Stretch(NamedTuple):
    """What one part holds of one tag.

    `falls` tells whether steps go back within it: such a tag counts something of its own. One
    event that is out of order does not make it so.
    """

    lowest: int
    highest: int
    events: int
    falls: bool

    @property
    def spacing(self) -> float:
        """Mean distance between two steps."""
        return (self.highest - self.lowest) / max(self.events - 1, 1)


@dataclass(frozen=True, eq=False)
class Part:
    """What a file holds between two places where its program went back.

    Parameters
    ----------
    file : int
        Which file.
    begin, end : int
        Where its events are among all.
    tags : dict of int to Stretch
        By the code of the tag.
    declared : int or None
        The step at which the program said that it starts again.
    """

    file: int
    begin: int
    end: int
    tags: dict[int, Stretch]
    declared: int | None = None


class Written:
    """All events of some files, in the order of the files.

    Parameters
    ----------
    files : sequence of EventFile

    Attributes
    ----------
    tags : tuple of str
        All tags; an event's code is the place of its tag here.
    codes, steps, files_of, seconds : ndarray of shape (n,)
        Of each event: its tag, step and file, and its wall time in seconds, NaN where that says
        nothing.
    """

    def __init__(self, files: Sequence[EventFile]) -> None:
        self.files = tuple(files)
        self.tags = tuple(dict.fromkeys(tag for file in self.files for tag in file.tags))
        code_of = {tag: code for code, tag in enumerate(self.tags)}
        self.bounds = np.cumsum([0, *(len(file.values) for file in self.files)]).tolist()
        lookups = [np.array([code_of[tag] for tag in file.tags], np.int32) for file in self.files]
        self.codes: NDArray[np.int32] = _joined(
            [lookup[file.tag_codes] for lookup, file in zip(lookups, self.files, strict=True)],
            np.int32,
        )
        self.steps: Integers = _joined([file.steps for file in self.files], np.int64)
        self.times: list[Seconds] = [to_seconds(file.wall_times) for file in self.files]
        self.seconds: Floats = _joined([time.seconds for time in self.times], np.float64)

    def __len__(self) -> int:
        return len(self.steps)

    @cached_property
    def files_of(self) -> Integers:
        counts = np.diff(self.bounds)
        return np.repeat(np.arange(len(self.files)), counts)

    def value(self, at: int) -> float:
        """Return the value of the event at a place among all."""
        file = int(self.files_of[at])
        return float(self.files[file].values[at - self.bounds[file]])

    def created(self, file: int) -> float:
        """Return when a file was made, in seconds since 1970; NaN where that is not known."""
        made = self.files[file].created
        if made is None:
            return math.nan
        return float(to_seconds(np.array([made])).seconds[0])

    def named_time(self, file: int) -> float:
        """Return when a file was made as its name says, in seconds since 1970; NaN without."""
        name = _FILE_NAME.match(self.files[file].path.name)
        return float(to_seconds(np.array([float(name["time"])])).seconds[0]) if name else math.nan

    def is_one_process(self, before: int, after: int) -> bool:
        """Tell whether the process that wrote one file went on in another."""
        names = (self.files[at].path.name for at in (before, after))
        earlier, later = (_FILE_NAME.match(name) for name in names)
        return (
            earlier is not None
            and later is not None
            and earlier["process"] == later["process"]
            and int(earlier["count"]) < int(later["count"])
        )

    def parts(self) -> list[Part]:
        """Return the parts of all files, in the order of the files."""
        bounds = [0]
        stretches = self._stretches(self.bounds)
        for file, of_file in enumerate(stretches):
            begin, end = self.bounds[file], self.bounds[file + 1]
            bounds += [begin + before for before, _ in self.files[file].session_starts]
            if any(stretch.falls for stretch in of_file.values()):
                bounds += self._cuts(begin, end)
            bounds += [begin, end]
        bounds = sorted({*bounds})
        ends = dict(pairwise(bounds))
        if bounds != self.bounds:
            stretches = self._stretches(bounds)
        held = dict(zip(bounds, stretches, strict=False))
        found = []
        for file, (begin, end) in enumerate(pairwise(self.bounds)):
            at = begin
            while at < end:
                found.append(Part(file, at, ends[at], held[at], self._declared(file, at)))
                at = ends[at]
            if self.files[file].session_starts and (last := self._declared(file, end)) is not None:
                # It says that it starts again, and nothing follows.
                found.append(Part(file, end, end, {}, last))
        return found

    def _declared(self, file: int, at: int) -> int | None:
        """Return the lowest step at which a file declares a restart at a place among all events."""
        before = at - self.bounds[file]
        steps = [step for there, step in self.files[file].session_starts if there == before]
        return min(steps, default=None)

    def _stretches(self, bounds: Sequence[int]) -> list[dict[int, Stretch]]:
        """Return what stands of each tag between bounds, all of which are in order."""
        found: list[dict[int, Stretch]] = [{} for _ in bounds[1:]]
        if not len(self):
            return found
        tags = len(self.tags)
        parts = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
        key = parts * tags + self.codes
        if len(found) * tags < np.iinfo(np.uint16).max:
            # Small numbers are sorted several times as fast.
            key = key.astype(np.uint16)
        order = np.argsort(key, kind="stable")
        key, steps = key[order].astype(np.int64), self.steps[order]
        begins = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
        falls = np.concatenate([[False], steps[1:] < steps[:-1]])
        falls[begins] = False
        ends = np.append(begins[1:], len(key))
        if falls.any():
            falls = _without_strays(falls, steps, begins, ends)
        rows = zip(
            key[begins].tolist(),
            np.minimum.reduceat(steps, begins).tolist(),
            np.maximum.reduceat(steps, begins).tolist(),
            (ends - begins).tolist(),
            np.logical_or.reduceat(falls, begins).tolist(),
            strict=True,
        )
        for number, *told in rows:
            found[number // tags][number % tags] = Stretch(*told)
        return found

    def _cuts(self, begin: int, end: int) -> list[int]:
        """Return where the program of one file went back, as most of its tags tell."""
        own = {
            int(code): begin + np.flatnonzero(self.codes[begin:end] == code)
            for code in np.unique(self.codes[begin:end])
        }
        falls: list[tuple[int, int, int]] = []
        for code, places in list(own.items()):
            fell = np.flatnonzero(np.diff(self.steps[places]) < 0) + 1
            if len(fell) > min(MOST_RESTARTS, len(places) // 4):
                del own[code]  # It counts something of its own.
            falls += [(int(places[at]), int(places[at - 1]), code) for at in fell]
        cut, cuts = begin, list[int]()
        for at, before, code in sorted(falls):
            if code in own and before >= cut and self._goes_back(own, code, cut, at):
                cuts.append(at)
                cut = at
        return cuts

    def _goes_back(self, own: dict[int, Integers], fallen: int, cut: int, at: int) -> bool:
        """Tell whether what stands since `cut` is gone over again from `at` on.

        `fallen` is the tag whose step is lower there than before. Most of the tags must tell of
        the same moment to which the program went back, and the tag must repeat what it had said:
        one that is written by several threads is not always in order.
        """
        between: dict[int, tuple[int, int]] = {}
        for code, places in own.items():
            before, after = places[(places >= cut) & (places < at)], places[places >= at]
            if len(before) and len(after):
                between[code] = moment(before, self.steps[before], int(self.steps[after[0]]), at)
        agreed, count = find_most_agreed(between.values())
        low, high = between[fallen]
        if not low < agreed <= high or 2 * count <= len(between):
            return False
        places = own[fallen]
        old = self.steps[places[(places >= cut) & (places < at)]]
        new = self.steps[places[places >= at]]
        ends = np.flatnonzero((np.diff(new) < 0) | (new[1:] > old.max()))
        again = new[: int(ends[0]) + 1] if len(ends) else new
        # One event that is out of order is no restart.
        passed = int(np.count_nonzero(old >= new[0]))
        return bool(np.isin(again, old).any() or (len(again) > 2 and passed > 2))


def moment(places: Integers, steps: Integers, step: int, end: int) -> tuple[int, int]:
    """Return between which two of a tag's events its program must have gone back.

    That is after the last event with a step below the one it writes next, and at the first that is
    not below; -1 and `end` where there is none.

    Parameters
    ----------
    places, steps : arrays of shape (n,)
        Where the tag's events stand in the order written, and their steps.
    step : int
        What it writes next.
    end : int
        Behind all events.
    """
    again = steps >= step
    before, after = places[~again], places[again]
    return (
        int(before.max()) if len(before) else -1,
        int(after.min()) if len(after) else end,
    )


def find_most_agreed(between: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Return a moment that lies between most of some pairs, the last such, and of how many.

    Examples
    --------
    >>> find_most_agreed([(2, 4), (3, 5), (8, 9)])
    (4, 2)
    """
    pairs = np.array(list(between))
    moments = np.unique(pairs[:, 1])
    inside = (pairs[:, :1] < moments) & (moments <= pairs[:, 1:])
    counts = inside.sum(axis=0)
    best = len(counts) - 1 - int(counts[::-1].argmax())
    return int(moments[best]), int(counts[best])


def _without_strays(
    falls: NDArray[np.bool_], steps: Integers, begins: Integers, ends: Integers
) -> NDArray[np.bool_]:
    """Take out the falls of stretches in which only few events are out of order, one at a time."""
    left = falls.copy()
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        at = np.flatnonzero(falls[begin:end])
        if not len(at) or len(at) > max(1, (end - begin) // 20):
            continue
        own = steps[begin:end]
        ahead = own[np.maximum(at - 2, 0)] <= own[at]  # the one before came too early
        late = own[np.minimum(at + 1, len(own) - 1)] >= own[at - 1]
        if (ahead | late | (at == 1)).all():
            left[begin:end] = False
    return left


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, kind)
