"""The event files of a log directory, and which of them one run is read from."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.events import (
    EventCache,
    EventFile,
    TextEvent,
    file_state,
    has_scalars,
    read_event_file,
)
from rulka_analysis.logs.events.listing import search
from rulka_analysis.logs.provenance import SIDECAR, Provenance, read_provenance
from rulka_analysis.logs.segments import holds_settings
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
        self._lengths: dict[Path, int] = {}
        self._beneath: dict[str, list[str]] = {}
        self._read: dict[str, tuple[EventFile, ...]] = {}
        self._states: dict[Path, tuple[int, str]] = {}
        self.folders: dict[str, list[Path]] = {}
        found, self.findings = search(path)
        for file in found:
            length = self._length_in_effect(file)
            if length is not None:
                self._lengths[file] = length
                self.folders.setdefault(self.relative(file.parent), []).append(file)
        for folder in self.folders:
            if folder != ".":
                self._beneath.setdefault(folder.rpartition("/")[0] or ".", []).append(folder)

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
            files.sort(key=lambda file: (created(file), file.path.name))
            self._read[folder] = tuple(files)
        return self._read[folder]

    def _read_file(self, path: Path) -> EventFile:
        read = read_event_file if self._cache is None else self._cache.read
        return read(path, length=self._lengths[path])

    def texts(self, folder: str) -> list[TextEvent]:
        """Return the texts in a folder's files, which are read anew."""
        return [
            text
            for path in self.folders[folder]
            for text in read_event_file(path, length=self._lengths[path], text=True).texts
        ]

    def states(self, folder: str) -> dict[str, tuple[int, str]]:
        """Return bytes read of each file of a folder, and their SHA-256, by relative path."""
        return {self.relative(path): self._state(path) for path in self.folders[folder]}

    def _state(self, path: Path) -> tuple[int, str]:
        if path not in self._states:
            self._states[path] = file_state(path, length=self._lengths[path])
        return self._states[path]

    def findings_of(self, folder: str, run: str | None = None) -> list[Finding]:
        """Return what was wrong with a folder's files, which are named from the log directory."""
        found = []
        for file in self.read(folder):
            name = self.relative(file.path)
            for finding in file.findings:
                message = finding.message.replace(printable(str(file.path)), printable(name))
                found.append(replace(finding, run=run, file=name, message=message))
        return found


@dataclass(frozen=True, eq=False)
class RunFiles:
    """What one run is read from.

    Parameters
    ----------
    log_files : LogFiles
        All files of the log directory.
    folders : tuple of str
        The run's folders: that of its name, and its segments.
    beside : tuple of str
        Folders in which `add_hparams` wrote the run's settings; their values are their own.
    places : tuple of str
        All of these, and those directly beneath that hold event files but are of no run.
    """

    log_files: LogFiles
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
        files = (file for folder in self.folders for file in self.log_files.read(folder))
        counting = [file for file in files if len(file.values) or file.session_starts]
        # What `add_hparams` writes into the run's own folder is no part of its course.
        course = [f for f in counting if f.steps.any() or not holds_settings("", [f])]
        return tuple(sorted(course or counting, key=created))

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
        return tuple(text for folder in self.folders for text in self.log_files.texts(folder))

    @cached_property
    def provenances(self) -> dict[str, Provenance | None]:
        """What the sidecar in each folder says; None where there is none."""
        return {folder: read_provenance(self.log_files.place(folder)) for folder in self.folders}

    @cached_property
    def states(self) -> dict[str, tuple[int, str]]:
        """Bytes read of each file, sidecars included, and the SHA-256 of these bytes."""
        states: dict[str, tuple[int, str]] = {}
        for folder in self.places:
            states |= self.log_files.states(folder)
        for folder in self.folders:
            sidecar = self.log_files.place(folder) / SIDECAR
            if sidecar.exists():
                states[self.log_files.relative(sidecar)] = file_state(sidecar)
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


def created(file: EventFile) -> float:
    """Return when a file was opened for writing, in seconds since the epoch; inf if unknown."""
    if file.created is not None and math.isfinite(file.created):
        return file.created
    first = float(file.wall_times[0]) if len(file.wall_times) else math.inf
    return first if math.isfinite(first) else math.inf


def _cache() -> EventCache | None:
    try:
        return EventCache(build_folder() / "events_read")
    except RulkaError:  # The package is used away from its project.
        return None
