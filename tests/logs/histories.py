"""Random histories of a run, written as event files, with what must be found of them.

A history is what programs do to a folder: they log, crash at any byte, are resumed at any step or
begin anew, are copied, write side by side, on clocks that jump. The truth follows from the rule
itself, event by event and without arrays: see `Truth`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from tests import event_files as write

START = write.STARTED
Row = tuple[str, int, float]
"""Tag, step and value; values differ in every event, so they say which event is meant."""


@dataclass(frozen=True)
class Tag:
    """What a program logs every so many steps, from `born` on; or by a counter of its own.

    A tag that `counts` otherwise counts the events since its program began.
    """

    name: str
    every: int
    born: int = 0
    counts: bool = False


@dataclass
class Truth:
    """What stands, by attempt; how many events are given up in each; and the order of copies."""

    attempts: list[list[Row]] = field(default_factory=lambda: [[]])
    given_up: list[int] = field(default_factory=lambda: [0])
    aside: list[list[Row]] = field(default_factory=lambda: [[]])
    copies: int = 0

    def resume(self, new: list[Row], otherwise: set[str]) -> None:
        """Let a session follow: of each tag, what stands from its first step on is repeated."""
        first: dict[str, int] = {}
        for tag, step, _ in new:
            if tag not in otherwise:
                first[tag] = min(step, first.get(tag, step))
        before = self.attempts[-1]
        kept = [row for row in before if row[1] < first.get(row[0], row[1] + 1)]
        self.given_up[-1] += len(before) - len(kept)
        self.attempts[-1] = kept + new

    def begin_anew(self, new: list[Row]) -> None:
        self.attempts.append(list(new))
        self.given_up.append(0)
        self.aside.append([])

    def standing(self, attempt: int) -> list[Row]:
        return sorted(self.attempts[attempt] + self.aside[attempt])


class History:
    """Writes a history into a folder.

    Parameters
    ----------
    seed : int
        Of everything that happens.
    folder : Path
    """

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)
        self.folder = folder
        self.truth = Truth()
        self.told: list[str] = []
        self.clock = self.latest = self.earliest = START
        self.count = 0
        self.step = 0
        self.value = 0
        self.every = self.random.choice([1, 5, 10])
        self.tags = [Tag("loss", self.every), Tag("reward", self.every)]
        self.otherwise: set[str] = set()
        if self.random.random() < 0.6:
            self.tags.append(Tag("rare", self.every * self.random.randint(2, 9)))
        if self.random.random() < 0.4:
            born = self.every * self.random.randint(1, 40)
            self.tags.append(Tag("late", self.every, born))
        if self.random.random() < 0.4:
            self.tags.append(Tag("seconds", self.every, counts=True))
            self.otherwise.add("seconds")

    def write(self) -> Truth:
        rows = self.session(0, self.random.randint(30, 60))
        self.truth.resume(rows, self.otherwise)
        for _ in range(self.random.randint(0, 4)):
            happens = self.random.choices(
                [self.resumed, self.anew, self.copied, self.evaluated, self.beside, self.changed],
                [6, 1, 1, 1, 1, 1],
            )[0]
            happens()
        return self.truth

    # --- What may happen ---

    def resumed(self) -> None:
        """Resume behind the first tenth: what lies before might as well be a beginning."""
        lowest = self._least()
        at = self.random.randrange(lowest, max(self.step, lowest) + 1)
        in_one_file = self.random.random() < 0.2 and at + 3 * self.every < self.step
        if in_one_file:
            in_one_file = self.told[-1].startswith("from")
        elif self.random.random() < 0.5 and len(self.told) == 1:
            # Where clocks overlap, or more than one session might come before, steps may not tell.
            self.clock = self.earliest - self.random.choice([2.0, 40.0, 4000.0]) * 86_400.0
            self.told.append("clock set back")
        rows = self.session(at, self.random.randint(8, 40), appended=in_one_file)
        self.truth.resume(rows, self.otherwise)

    def anew(self) -> None:
        self.clock = self.latest
        rows = self.session(0, self.random.randint(12, 40))
        self.truth.begin_anew(rows)

    def copied(self) -> None:
        """Copy the newest file, whole or cut at any byte."""
        newest = self.folder / self._name(self.count - 1)
        data = newest.read_bytes()
        # What has no whole event yet is no copy of any.
        least = max(len(data) // 2, 120)
        whole = self.random.random() < 0.5 or least >= len(data)
        cut = len(data) if whole else self.random.randrange(least, len(data))
        name = self.random.choice([" (1)", ".sync-conflict-20240101", "~"])
        (self.folder / f"{newest.name}{name}{self.truth.copies}").write_bytes(data[:cut])
        self.truth.copies += 1
        self.told.append(f"copied {cut} of {len(data)} bytes")

    def evaluated(self) -> None:
        """Let another program log under one of the tags, with few steps of its own."""
        self.clock = self.latest
        rows, events = [], []
        for number in range(self.random.randint(2, 6)):
            self.clock += 60.0
            rows.append(("reward", number, self._value()))
            events.append(self._event(rows[-1]))
        self._write(events)
        self.truth.aside[-1] += rows
        self.told.append("evaluated")

    def beside(self) -> None:
        """Let two programs go on in turns, at the same time."""
        rows: list[Row] = []
        halves: list[list[object]] = [[], []]
        step = self.step
        began = self.latest + 600.0
        self.clock = began
        for block in range(self.random.randint(3, 6)):
            for _ in range(5):
                step += self.every
                self.clock += 60.0
                rows.append(("loss", step, self._value()))
                halves[block % 2].append(self._event(rows[-1]))
        for half in halves:
            self._write(half, began)
        self.step = step
        self.truth.resume(rows, self.otherwise)
        self.told.append("two in turns")

    def changed(self) -> None:
        """Change the program: it logs one tag no more, or one more; then go on."""
        if len(self.tags) > 3 and self.random.random() < 0.5:
            gone = self.tags.pop(2)
            self.told.append(f"without {gone.name}")
        else:
            self.tags.append(Tag(f"new_{self.count}", self.every))
        self.resumed()

    # --- How it is written ---

    def session(self, at: int, writes: int, *, appended: bool = False) -> list[Row]:
        """Write a session that goes on from a step, and return what reached the disk whole."""
        began = self.clock + self.random.choice([30.0, 900.0])
        self.clock = began
        rows: list[Row] = []
        events: list[object] = []
        step = at
        for number in range(writes):
            step = (step // self.every + 1) * self.every
            self.clock += 60.0
            for tag in self.tags:
                if tag.counts:
                    rows.append((tag.name, number * 60, self._value()))
                elif step >= tag.born and step % tag.every == 0:
                    rows.append((tag.name, step, self._value()))
                else:
                    continue
                events.append(self._event(rows[-1]))
        if self.random.random() < 0.5:
            # Killed: at any byte of its last two writes.
            lost = self.random.randint(1, 2 * len(self.tags))
            rows, whole = rows[:-lost], events[:-lost]
            torn = write.event_file_bytes(events[-lost:][:1], version=False)
            tail = torn[: self.random.randrange(len(torn))]
        else:
            whole, tail = events, b""
        if appended and not tail:
            newest = self.folder / self._name(self.count - 1)
            data = newest.read_bytes()
            if len(data) == self._whole:
                newest.write_bytes(data + write.event_file_bytes(whole, version=False))
                self._whole = newest.stat().st_size
                self.latest = max(self.latest, self.clock)
                self.step = max((s for t, s, _ in rows if t not in self.otherwise), default=at)
                self.told.append(f"in one file from {at} to {self.step}")
                return rows
        self._write(whole, began, tail)
        self.step = max((s for t, s, _ in rows if t not in self.otherwise), default=at)
        self.told.append(f"from {at} to {self.step}")
        return rows

    def _least(self) -> int:
        """Return a step that is surely none of a beginning: all tags but the late had two."""
        return min(self.step, max((tag.every for tag in self.tags), default=0) * 3)

    def _value(self) -> float:
        self.value += 1
        return float(self.value)

    def _event(self, row: Row) -> object:
        return write.scalar_event(row[0], row[1], row[2], self.clock)

    def _write(self, events: list[object], began: float | None = None, tail: bytes = b"") -> None:
        began = self.clock if began is None else began
        self.latest = max(self.latest, self.clock)
        self.earliest = min(self.earliest, began)
        data = write.event_file_bytes([write.version_event(began), *events], version=False)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / self._name(self.count)).write_bytes(data + tail)
        self._whole = len(data)
        self.count += 1

    def _name(self, number: int) -> str:
        # Processes of their own, so that no two are taken for one that moved on.
        return f"events.out.tfevents.{int(START)}.host.{100 + number}.0"
