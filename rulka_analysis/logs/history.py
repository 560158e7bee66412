"""What the files of one run tell: which count, its attempts, and what must be said of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs import history_findings as say
from rulka_analysis.logs.attempts import Attempt, attempts_of
from rulka_analysis.logs.copies import Copy, find_copies
from rulka_analysis.logs.events import EventFile
from rulka_analysis.logs.sessions import sessions_in_order
from rulka_analysis.logs.written import Written
from rulka_analysis.values.findings import Finding

Kind = TypeVar("Kind", bound=np.generic)


class History:
    """The attempts of a run, from its event files.

    Parameters
    ----------
    run : str
        The run's name.
    files : sequence of EventFile
        Files with scalars, and those that only declare a restart; in any order.
    names : sequence of str
        Of the files, relative to the log directory.
    keep_all : bool
        Whether every event stands, in one attempt.

    Attributes
    ----------
    files : tuple of EventFile
        Those that count, in the order written.
    names : tuple of str
    attempts : list of Attempt
        In order; the last is the run.
    """

    def __init__(
        self, run: str, files: Sequence[EventFile], names: Sequence[str], *, keep_all: bool = False
    ) -> None:
        self.run = run
        self._copies = find_copies(files)
        self._all_names = tuple(names)
        passed_over = {copy.file for copy in self._copies}
        counted = [at for at in range(len(files)) if at not in passed_over]
        self.files = tuple(files[at] for at in counted)
        self.names = tuple(names[at] for at in counted)
        self.written = Written(self.files)
        self.sessions = sessions_in_order(self.written)
        self.attempts = attempts_of(self.written, self.sessions, keep_all=keep_all)

    @property
    def copies(self) -> list[Copy]:
        """The files that hold what another holds."""
        return self._copies

    @property
    def copy_names(self) -> set[str]:
        """The names of the files that hold what another holds."""
        return {self._all_names[copy.file] for copy in self._copies}

    def files_of(self, attempt: Attempt) -> tuple[int, ...]:
        """Return which files an attempt was written to, in order."""
        places = dict.fromkeys(at for session in attempt.in_order for at in session.files)
        return tuple(places)

    @cached_property
    def findings(self) -> list[Finding]:
        """What must be said of the run as a whole: copies, attempts, writers, clocks."""
        return [
            *say.copies(self.run, self._copies, self._all_names),
            *say.attempts(self.run, self.attempts),
            *say.side_by_side(self.run, self.sessions, self.names, self.written),
            *say.clocks(self.run, self.written, self.sessions, self.names),
        ]

    @cached_property
    def attempt_of(self) -> NDArray[np.int32]:
        """The attempt of each event, counted from 1."""
        found = np.zeros(len(self.written), np.int32)
        for number, attempt in enumerate(self.attempts, 1):
            for told in attempt.told:
                found[told.places] = number
        return found

    @property
    def given_up(self) -> NDArray[np.bool_]:
        """Whether each event is given up."""
        return ~self.attempts[0].stands

    def by_file(self, of_events: NDArray[Kind]) -> list[NDArray[Kind]]:
        """Return what is said of each event, file by file."""
        return [of_events[begin:end] for begin, end in pairwise(self.written.bounds)]

    @property
    def all_findings(self) -> list[Finding]:
        """What must be said of the run, and of its last attempt."""
        return [*self.findings, *self.findings_of(self.attempts[-1], self.run)]

    def findings_of(self, attempt: Attempt, name: str) -> list[Finding]:
        """Return what must be said of one attempt: what is given up, and what stands aside."""
        return [
            *say.given_up(name, attempt, self.names),
            *say.aside(name, attempt, self.names),
        ]
