"""The event files of a log directory, and which of them one run is read from."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.events import (
    EventCache,
    EventFile,
    Lessons,
    TextEvent,
    file_state,
    has_scalars,
    read_event_file,
)
from rulka_analysis.logs.events.listing import search
from rulka_analysis.logs.provenance import SIDECAR, Provenance, provenance_of, read_sidecar
from rulka_analysis.logs.segments import holds_settings
from rulka_analysis.logs.source import Source
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.places import build_folder
from rulka_analysis.values.text import printable


class LogFiles:
    """The event files beneath a log directory, by folder; each is read once, when asked for.

    Parameters
    ----------
    path : Path
        The log directory.
    lengths : mapping of str to int, optional
        Bytes of each event file to read, as for `Logs`.

    Attributes
    ----------
    folders : dict of str to list of Path
        Every folder that holds event files, by path relative to the log directory.
    findings : list of Finding
        What could not be listed.
    """

    def __init__(self, path: Path, lengths: Mapping[str, int] | None = None) -> None:
        self.path = path
        self._prefix = os.path.join(path, "")  # noqa: PTH118 - ends with a separator
        self._only = lengths
        self._cache = _cache()
        self._lessons = Lessons()
        self._lengths: dict[Path, int] = {}
        self._read: dict[str, tuple[EventFile, ...]] = {}
        self._states: dict[Path, tuple[int, str]] = {}
        self.folders: dict[str, list[Path]] = {}
        found, self.findings = search(path)
        for file in found:
            length = self._length_in_effect(file)
            if length is not None:
                self._lengths[file] = length
                self.folders.setdefault(self.relative(file.parent), []).append(file)
        self._beneath = folders_beneath(self.folders)

    def _length_in_effect(self, path: Path) -> int | None:
        """Return how much of a file is to be read; None for a file that appeared too late."""
        if self._only is not None:
            return self._only.get(self.relative(path))
        try:
            return path.stat().st_size
        except OSError:  # Reading it says what is wrong.
            return 0

    def relative(self, path: Path) -> str:
        """Return a path as it is called within the log directory."""
        # By its text: of very many files, a path's own methods take longer than reading.
        name = os.fspath(path).removeprefix(self._prefix).replace(os.sep, "/")
        if path == self.path:
            return "."
        # A name that is no valid Unicode can be neither printed nor written to JSON.
        return name.encode("utf-8", "backslashreplace").decode("utf-8")

    def lengths(self) -> dict[str, int]:
        """Return the bytes of every event file, by path relative to the log directory."""
        return {self.relative(path): length for path, length in self._lengths.items()}

    def place(self, folder: str) -> Path:
        """Return where a folder is."""
        return self.folders[folder][0].parent

    def beneath(self, folder: str) -> Sequence[str]:
        """Return the folders with event files directly beneath one."""
        return self._beneath.get(folder, ())

    def holds_scalars(self, folder: str) -> bool:
        """Tell whether a folder's files hold a scalar; they are read only where that is needed."""
        if not any(map(has_scalars, self.folders[folder])):
            return False
        # The files may be longer than what is to be read of them.
        return self._only is None or any(len(file.values) for file in self.read(folder))

    def read(self, folder: str) -> tuple[EventFile, ...]:
        """Return a folder's files in the order they were created."""
        if folder not in self._read:
            files = [self._read_file(path) for path in self.folders[folder]]
            for file in files:
                self._states[file.path] = (file.length, file.digest)
            self._read[folder] = as_created(files)
        return self._read[folder]

    def _read_file(self, path: Path) -> EventFile:
        read = read_event_file if self._cache is None else self._cache.read
        return read(path, length=self._lengths[path], lessons=self._lessons)

    def let_go(self, folder: str) -> None:
        """Forget what was read of a folder's files: it is read again where it is asked for."""
        self._read.pop(folder, None)

    def texts(
        self, path: Path, within: int | None = None, tags: Sequence[str] = ()
    ) -> Sequence[TextEvent]:
        """Return the texts in an event file, which is read anew."""
        length = self._lengths[path]
        if within is not None:
            length = min(length, within)
            # Read only where it may hold one: this takes a fraction.
            if tags and not any(tag.encode() in _beginning(path, length) for tag in tags):
                return ()
        return read_event_file(path, length=length, text=True).texts

    def states(self, folder: str) -> dict[str, tuple[int, str]]:
        """Return bytes read of each file of a folder, and their SHA-256, by relative path."""
        return {self.relative(path): self._state(path) for path in self.folders[folder]}

    def _state(self, path: Path) -> tuple[int, str]:
        if path not in self._states:
            self._states[path] = file_state(path, length=self._lengths[path])
        return self._states[path]

    def sidecar(self, folder: str) -> str | None:
        """Return what the sidecar in a folder says; None where there is none.

        Raises
        ------
        LogDirectoryError
            If it cannot be read.
        """
        return read_sidecar(self.place(folder))

    def sidecar_states(self, folder: str) -> dict[str, tuple[int, str]]:
        """Return bytes and SHA-256 of the sidecar in a folder, by relative path."""
        path = self.place(folder) / SIDECAR
        return {self.relative(path): file_state(path)} if path.exists() else {}

    def recorded(self, folder: str) -> None:
        """Tell that the files beside a run are there."""

    def findings_of(self, folder: str, run: str | None = None) -> list[Finding]:
        """Return what was wrong with a folder's files, which are named from the log directory."""
        return [
            finding
            for file in self.read(folder)
            for finding in findings_by_name(file, self.relative(file.path), run)
        ]


def folders_beneath(folders: Iterable[str]) -> dict[str, list[str]]:
    """Return of each folder those directly beneath it."""
    beneath: dict[str, list[str]] = {}
    for folder in folders:
        if folder != ".":
            beneath.setdefault(folder.rpartition("/")[0] or ".", []).append(folder)
    return beneath


def findings_by_name(file: EventFile, name: str, run: str | None = None) -> list[Finding]:
    """Return a file's findings, in which its name stands for its path."""
    path, shown = printable(str(file.path)), printable(name)
    return [
        replace(finding, run=run, file=name, message=finding.message.replace(path, shown))
        for finding in file.findings
    ]


@dataclass(frozen=True, eq=False)
class RunFiles:
    """What one run is read from.

    Parameters
    ----------
    log_files : Source
        All files of the log directory.
    folders : tuple of str
        The run's folders: that of its name, and its segments.
    beside : tuple of str
        Folders in which `add_hparams` wrote the run's settings; their values are their own.
    places : tuple of str
        All of these, and those directly beneath or above that hold event files but are of no run.
    """

    log_files: Source
    folders: tuple[str, ...]
    beside: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def directory(self) -> str:
        """The log directory's name."""
        return self.log_files.path.name

    @cached_property
    def read(self) -> tuple[EventFile, ...]:
        """Files with scalars, and those that only declare a restart, as they were created."""
        return course_of(self.log_files.read(folder) for folder in self.folders)

    def name(self, file: EventFile) -> str:
        """Return a file's path relative to the log directory."""
        return self.log_files.relative(file.path)

    @cached_property
    def hyperparameters(self) -> dict[str, bool | float | str]:
        merged: dict[str, bool | float | str] = {}
        for folder in self.places:
            for file in self.log_files.read(folder):
                merged.update(file.hyperparameters)
        return merged

    def texts(self) -> tuple[TextEvent, ...]:
        files = (path for folder in self.folders for path in self.log_files.folders[folder])
        return tuple(text for path in files for text in self.log_files.texts(path))

    @cached_property
    def provenances(self) -> dict[str, Provenance | None]:
        """What the sidecar in each folder says; None where there is none."""
        found: dict[str, Provenance | None] = {}
        for folder in self.folders:
            text = self.log_files.sidecar(folder)
            place = self.log_files.place(folder)
            found[folder] = None if text is None else provenance_of(text, place / SIDECAR)
        return found

    @cached_property
    def states(self) -> dict[str, tuple[int, str]]:
        """Bytes read of each file, sidecars included, and the SHA-256 of these bytes."""
        states: dict[str, tuple[int, str]] = {}
        for folder in self.places:
            states |= self.log_files.states(folder)
        for folder in self.folders:
            states |= self.log_files.sidecar_states(folder)
        return states

    def findings(self, run: str) -> list[Finding]:
        """Return what was wrong with the files."""
        return [f for folder in self.places for f in self.log_files.findings_of(folder, run)]

    def reading_errors(self, file: EventFile) -> NDArray[np.float64]:
        """Return one standard error of every scalar event of a file, as its sidecar states."""
        errors = np.zeros(len(file.values))
        provenance = self.provenances[self.log_files.relative(file.path.parent)]
        if provenance is None:
            return errors
        for code, tag in enumerate(file.tags):
            stated = provenance.tags.get(tag)
            if stated is not None and stated.reading_error:
                at = np.flatnonzero(file.tag_codes == code)[: len(stated.reading_error)]
                errors[at] = stated.reading_error[: len(at)]
        return errors


def as_created(files: Iterable[EventFile]) -> tuple[EventFile, ...]:
    """Return the files of a folder in the order they were created."""
    return tuple(sorted(files, key=lambda file: (created(file), file.path.name)))


def course_of(folders: Iterable[Iterable[EventFile]]) -> tuple[EventFile, ...]:
    """Return of a run's files those that tell its course, as they were created.

    That are files with scalars, and those that only declare a restart.
    """
    counting = [f for files in folders for f in files if len(f.values) or f.session_starts]
    # What `add_hparams` writes into the run's own folder is no part of its course.
    course = [f for f in counting if f.steps.any() or not holds_settings("", [f])]
    return tuple(sorted(course or counting, key=created))


def created(file: EventFile) -> float:
    """Return when a file was opened for writing, in seconds since the epoch; inf if unknown."""
    if file.created is not None and math.isfinite(file.created):
        return file.created
    first = float(file.wall_times[0]) if len(file.wall_times) else math.inf
    return first if math.isfinite(first) else math.inf


def _beginning(path: Path, length: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(length)
    except OSError:  # Reading the run has said so.
        return b""


def _cache() -> EventCache | None:
    try:
        return EventCache(build_folder() / "events_read")
    except RulkaError:  # The package is used away from its project.
        return None
