"""Which events of a run stand, and which belong to an earlier attempt. Pure functions.

A program that is resumed from a checkpoint goes back a little and logs the steps since then again.
An event is given up only for an event of its own tag: a later session gives up of each tag what
stands at or after the first step that it writes of *that* tag, where that tag's steps really go
back. Nothing else is given up, but for what a program declares (``SessionLog.START``): every
earlier event from that step on.

Three kinds of sessions look like resumed ones and are not:

- One in which every tag starts over from its beginning began anew: another `Attempt`.
- One that starts over, or goes back, with few of the tags that were written there is another
  program, such as one that evaluates: it stands aside, and gives up nothing. Where such sessions
  are many and hold many of the events, the folder is no one run, and each is an attempt.
- A tag that starts over while the others go on counts otherwise, such as the seconds since its
  program began: all of it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.sessions import Session
from rulka_analysis.logs.written import Integers, Stretch, Written, find_most_agreed, moment

Kind = Literal["goes on", "resumed", "began anew", "aside"]

MANY_ATTEMPTS = 4
"""So many sessions that begin anew are hardly one run."""
REGULAR = 5
"""Of so many events it is known that a tag is written every so many steps."""
LEFT_OUT = 3
"""A tag that a session does not write is missing where so many events of it stood."""
NEAR = 0.1
"""Part of a tag's steps that counts as its beginning, where other tags go on."""


class Restart(NamedTuple):
    """What one session gave up.

    `step` is the first step that is given up, `given_up` the events by code of their tag.
    """

    session: Session
    step: int
    given_up: dict[int, int]
    declared: bool


@dataclass(eq=False)
class _Told:
    """A session within an attempt: `first` is the rank of its first event there."""

    session: Session
    places: Integers
    first: int
    kind: Kind
    written: Written
    resumed_at: int | None = None

    @cached_property
    def by_tag(self) -> dict[int, Integers]:
        """Where among its places the events of each tag are."""
        codes = self.written.codes[self.places]
        order = np.argsort(codes, kind="stable")
        ordered = codes[order]
        begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        ends = [*begins[1:].tolist(), len(order)]
        return {
            int(ordered[begin]): order[begin:end]
            for begin, end in zip(begins.tolist(), ends, strict=True)
        }


@dataclass(eq=False)
class _Course:
    """A tag's events since it last started over: in which sessions, and how far.

    `otherwise` tells whether it started over where others went on.
    """

    told: list[_Told]
    highest: int
    falls: bool
    otherwise: bool = False


@dataclass(eq=False)
class Attempt:
    """Sessions that go on from one another.

    Parameters
    ----------
    written : Written
        All events of the run.
    stands : ndarray of bool
        Which of them stand; shared by all attempts of a run.
    """

    written: Written
    stands: NDArray[np.bool_]
    told: list[_Told] = field(default_factory=list)
    restarts: list[Restart] = field(default_factory=list)
    _courses: dict[int, _Course] = field(default_factory=dict)
    _first_rank: dict[int, int] = field(default_factory=dict)
    _count: int = 0

    # --- What is told of it ---

    @cached_property
    def places(self) -> Integers:
        """Where the events that stand are among all, in the order they were written."""
        all_places = _joined([told.places for told in self.told])
        return all_places[self.stands[all_places]]

    def goes_straight_on(self, at: int) -> bool:
        """Tell whether the process of one session went on in another file: there was no pause."""
        before, told = self.told[at - 1], self.told[at]
        last, first = before.session.files[-1], told.session.files[0]
        return told.kind == "goes on" and self.written.is_one_process(last, first)

    @property
    def in_order(self) -> list[Session]:
        """Its sessions."""
        return [told.session for told in self.told]

    @cached_property
    def sessions(self) -> Integers:
        """The session of each event that stands, counted from 0."""
        counts = [int(self.stands[told.places].sum()) for told in self.told]
        return np.repeat(np.arange(len(counts)), counts)

    @cached_property
    def goes_on_after(self) -> list[int]:
        """How many of the events that stand had been written where each session goes on."""
        all_places = _joined([told.places for told in self.told])
        standing = np.concatenate([[0], np.cumsum(self.stands[all_places])])
        return [
            int(standing[told.first if told.resumed_at is None else told.resumed_at])
            for told in self.told
        ]

    @property
    def places_given_up(self) -> Integers:
        """Where the events that are given up are among all."""
        all_places = _joined([told.places for told in self.told])
        return all_places[~self.stands[all_places]]

    @cached_property
    def gone_over(self) -> NDArray[np.bool_]:
        """Whether a later session went over each event that stands, and did not write it again."""
        over = np.zeros(self._count, dtype=bool)
        for told in self.told:
            if told.resumed_at is not None:
                over[told.resumed_at : told.first] = True
        return over[self.stands[_joined([told.places for told in self.told])]]

    @property
    def count(self) -> int:
        """How many events were written, those given up included."""
        return self._count

    @property
    def given_up(self) -> dict[int, int]:
        """How many events of each tag are given up."""
        found: dict[int, int] = {}
        for restart in self.restarts:
            for code, count in restart.given_up.items():
                found[code] = found.get(code, 0) + count
        return found

    def written_of(self, code: int) -> int:
        """Return how many events were written of a tag."""
        of_sessions = (session.tags.get(code) for session in self.in_order)
        return sum(stretch.events for stretch in of_sessions if stretch is not None)

    # --- How it grows ---

    def kind_of(self, session: Session) -> tuple[Kind, dict[int, tuple[int, int]]]:
        """Tell what a session is to what was written before, and to which moment each tag goes."""
        shared = [
            code
            for code in self._courses.keys() & session.tags.keys()
            if not (self._courses[code].falls or session.tags[code].falls)
            and not self._courses[code].otherwise
        ]
        if all(session.tags[code].lowest > self._courses[code].highest for code in shared):
            return "goes on", {}
        between: dict[int, tuple[int, int]] = {}
        over = about = 0
        for code in sorted(shared):
            ranks, steps = self._standing(code)
            stretch = session.tags[code]
            first = stretch.lowest
            between[code] = moment(ranks, steps, first, self._count)
            low, slack = int(steps.min()), _slack(steps)
            # What is written every so many steps begins with the first of them.
            begins = stretch.events >= REGULAR and 0 < first <= stretch.spacing
            over += first <= low or first < low + slack or begins
            about += first <= low + 2.5 * slack
        at, agreed = find_most_agreed(between.values())
        count = len(shared)
        if over == count or (about == count and 2 * over >= count and agreed < count):
            return ("began anew" if self._is_same_program(session) else "aside"), {}
        return ("resumed", between) if self._is_same_program(session, at) else ("aside", {})

    def add(self, session: Session, kind: Kind, between: dict[int, tuple[int, int]]) -> None:
        """Add a session, and give up what it makes void."""
        told = _Told(session, session.places(self.written), self._count, kind, self.written)
        over = {
            code
            for code in self._courses.keys() & session.tags.keys()
            if self._courses[code].otherwise
        }
        if kind == "resumed":
            at, _ = find_most_agreed(between.values())
            gone: dict[int, int] = {}
            lowest = []
            for code, (_, back_to) in between.items():
                first = session.tags[code].lowest
                if first > self._courses[code].highest:
                    continue
                starts_over = back_to < at and not self._in_given_up_past(back_to)
                if starts_over and self._near_beginning(code, first):
                    over.add(code)
                    continue
                gone[code] = self._give_up(code, first)
                lowest.append(first)
                before = told.resumed_at
                told.resumed_at = back_to if before is None else min(before, back_to)
            if gone:
                self.restarts.append(Restart(session, min(lowest), gone, False))
        self.told.append(told)
        for code, stretch in session.tags.items():
            if kind != "aside":
                self._course(code, stretch, told, starts_over=code in over)
            self._first_rank.setdefault(code, self._count)
        self._count += len(told.places)

    def declare(self, session: Session) -> bool:
        """Give up what a session declares void; False where that would be everything."""
        step = session.declared
        # A folder may hold thousands of files that declare what nothing stands in the way of.
        if step is None or all(c.highest < step for c in self._courses.values()):
            return True
        places = self.places_now()
        void = places[self.written.steps[places] >= step]
        if len(void) == len(places):
            return False
        if len(void):
            self.stands[void] = False
            codes, counts = np.unique(self.written.codes[void], return_counts=True)
            gone = dict(zip(codes.tolist(), counts.tolist(), strict=True))
            self.restarts.append(Restart(session, step, gone, True))
            for code in gone:
                _, steps = self._standing(code)
                if len(steps):
                    self._courses[code].highest = int(steps.max())
                else:
                    self._courses.pop(code, None)
        return True

    def places_now(self) -> Integers:
        """Return where the events that stand so far are among all."""
        places = _joined([told.places for told in self.told])
        return places[self.stands[places]]

    def _standing(self, code: int) -> tuple[Integers, Integers]:
        """Return the ranks and the steps of what stands of a tag since it last started over."""
        ranks, places = [], []
        for told in self._courses[code].told if code in self._courses else ():
            at = told.by_tag[code]
            ranks.append(told.first + at)
            places.append(told.places[at])
        joined = _joined(places)
        kept = self.stands[joined]
        return _joined(ranks)[kept], self.written.steps[joined[kept]]

    def _give_up(self, code: int, first: int) -> int:
        count = 0
        for told in self._courses[code].told:
            own = told.places[told.by_tag[code]]
            void = own[self.stands[own] & (self.written.steps[own] >= first)]
            self.stands[void] = False
            count += len(void)
        return count

    def _course(self, code: int, stretch: Stretch, told: _Told, *, starts_over: bool) -> None:
        course = self._courses.get(code)
        if course is None or starts_over:
            self._courses[code] = _Course([told], stretch.highest, stretch.falls, starts_over)
            return
        course.told.append(told)
        course.highest = max(stretch.highest, course.highest if course.falls else stretch.highest)
        course.falls |= stretch.falls

    def _in_given_up_past(self, rank: int) -> bool:
        """Tell whether an event stands in a stretch that a later session went over again."""
        return any(
            told.resumed_at is not None and told.resumed_at <= rank < told.first
            for told in self.told
        )

    def _near_beginning(self, code: int, first: int) -> bool:
        _, steps = self._standing(code)
        low, high = int(steps.min()), int(steps.max())
        return first <= low + max(2.5 * _slack(steps), NEAR * (high - low))

    def _is_same_program(self, session: Session, since: int | None = None) -> bool:
        """Tell whether a session writes what this attempt had written by then.

        That is, by the same step, or by as many events of the same tag: a program that evaluates
        may count its steps otherwise. Of one that went back, what matters is what had been written
        `since` the moment it went back to.
        """
        shared = self._courses.keys() & session.tags.keys()
        reached = -1
        for code in shared:
            ranks, steps = self._standing(code)
            stretch = session.tags[code]
            by_step = ranks[steps <= stretch.highest].max(initial=-1)
            by_count = ranks[stretch.events] - 1 if stretch.events < len(ranks) else ranks.max()
            reached = max(reached, int(by_step), int(by_count) if since is None else -1)
        missing = 0
        for code in self._courses.keys() - shared:
            ranks, _ = self._standing(code)
            if since is None:
                missing += bool(len(ranks) and ranks[0] <= reached)
            else:
                stood = np.count_nonzero((ranks >= since) & (ranks <= reached))
                missing += bool(stood >= LEFT_OUT)
        return len(shared) > missing if since is None else len(shared) >= missing


def attempts_of(
    written: Written, sessions: Sequence[Session], *, keep_all: bool = False
) -> list[Attempt]:
    """Return the attempts of a run, in order; at least one.

    Parameters
    ----------
    written : Written
    sessions : sequence of Session
        In order.
    keep_all : bool
        Whether every event stands, in one attempt.
    """
    if keep_all:
        only = Attempt(written, np.ones(len(written), dtype=bool))
        for session in sessions:
            only.add(session, "goes on", {})
        return [only]
    attempts = _attempts(written, sessions, apart=False)
    aside = [told.places for one in attempts for told in one.told if told.kind == "aside"]
    many = len(attempts) >= MANY_ATTEMPTS
    unrelated = sum(map(len, aside)) > (0.1 if many else 0.5) * len(written)
    if unrelated and len(aside) + len(attempts) >= MANY_ATTEMPTS:
        return _attempts(written, sessions, apart=True)
    return attempts


def _attempts(written: Written, sessions: Sequence[Session], *, apart: bool) -> list[Attempt]:
    """Return the attempts of a run; `apart` makes one of each session that would stand aside."""
    stands = np.ones(len(written), dtype=bool)
    attempts = [Attempt(written, stands)]
    for session in sessions:
        if not attempts[-1].declare(session):
            attempts.append(Attempt(written, stands))
        kind, between = attempts[-1].kind_of(session)
        if kind == "aside" and apart:
            kind = "began anew"
        if kind == "began anew":
            attempts.append(Attempt(written, stands))
        attempts[-1].add(session, kind, between)
    return attempts


def _slack(steps: Integers) -> float:
    """Return how far behind its first step a tag may begin that starts over from its beginning."""
    distances = np.diff(np.unique(steps))
    return float(max(distances[0], np.median(distances))) if len(distances) else 0.0


def _joined(parts: Sequence[Integers]) -> Integers:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
