"""The event files of an archive: what `LogFiles` is for a log directory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from rulka_analysis.logs.archive.index import INDEX, ArchiveError, Record, read_index
from rulka_analysis.logs.archive.parts import Part, part_of_bytes
from rulka_analysis.logs.events import EventFile, TextEvent
from rulka_analysis.logs.files import LogFiles, as_created, findings_by_name, folders_beneath
from rulka_analysis.logs.provenance import SIDECAR
from rulka_analysis.logs.source import FileState, Source
from rulka_analysis.values import questions
from rulka_analysis.values.digests import digest_bytes
from rulka_analysis.values.findings import Finding


def is_archive(path: Path) -> bool:
    """Tell whether a folder is an archive of a log directory, and not one itself."""
    # `Path.is_file` raises where somebody may not look; who opens the folder says so.
    return os.path.isfile(path / INDEX)  # noqa: PTH113


def source_at(path: Path, lengths: Mapping[str, int] | None = None) -> Source:
    """Return the event files at a path, be it a log directory or an archive of one.

    Parameters
    ----------
    path : Path
    lengths : mapping of str to int, optional
        Bytes of each event file to read; others are left out.
    """
    return ArchivedFiles(path, lengths) if is_archive(path) else LogFiles(path, lengths)


class ArchivedFiles:
    """The event files that an archive was made of, by folder; see `Source`.

    A part is read when a file in it is asked for, and refused if its digest is not that of the
    index.

    Parameters
    ----------
    path : Path
        The archive.
    lengths : mapping of str to int, optional
        The bytes of each event file, when a build started.

    Attributes
    ----------
    index : Index

    Raises
    ------
    ArchiveError
        If the index cannot be read, or is not that of these lengths.
    """

    def __init__(self, path: Path, lengths: Mapping[str, int] | None = None) -> None:
        self.path = path
        self.index = read_index(path)
        self.findings: Sequence[Finding] = self.index.findings
        self._records = {name: record for record in self.index.records for name in record.files}
        if lengths is not None and dict(lengths) != self.lengths():
            raise ArchiveError(
                f"the archive {path} was written anew since the build started. Build again"
            )
        self.folders: dict[str, list[Path]] = {}
        for name in sorted(self._records, key=_listing_order):
            self.folders.setdefault(_folder_of(name), []).append(path / name)
        self._beneath = folders_beneath(self.folders)
        self._read: dict[str, tuple[EventFile, ...]] = {}
        self._last: tuple[str, Part] | None = None

    def relative(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    def lengths(self) -> dict[str, int]:
        return {name: record.files[name][0] for name, record in self._records.items()}

    def place(self, folder: str) -> Path:
        return self.path / folder

    def beneath(self, folder: str) -> Sequence[str]:
        return self._beneath.get(folder, ())

    def holds_scalars(self, folder: str) -> bool:
        return any(self._records[name].scalars[name] for name in self._names(folder))

    def read(self, folder: str) -> tuple[EventFile, ...]:
        if folder not in self._read:
            self._read[folder] = as_created(replace(file, texts=()) for file in self._files(folder))
        return self._read[folder]

    def let_go(self, folder: str) -> None:
        """Forget what was read of a folder's files: it is read again where it is asked for."""
        self._read.pop(folder, None)

    def texts(
        self, path: Path, within: int | None = None, tags: Sequence[str] = ()
    ) -> Sequence[TextEvent]:
        name = self.relative(path)
        found = self._part(self._records[name]).files[name].texts
        return [text for text in found if within is None or text.ends <= within]

    def states(self, folder: str) -> dict[str, FileState]:
        return {name: self._records[name].files[name] for name in self._names(folder)}

    def sidecar(self, folder: str) -> str | None:
        names = self.sidecar_states(folder)
        record = self._record(folder)
        return next((self._part(record).sidecars[name] for name in names), None)

    def sidecar_states(self, folder: str) -> dict[str, FileState]:
        name = self.relative(self.place(folder) / SIDECAR)
        sidecars = self._record(folder).sidecars
        return {name: sidecars[name]} if name in sidecars else {}

    def recorded(self, folder: str) -> Sequence[Mapping[str, Any]]:
        found = self._record(folder).recorded
        if found:
            # No digest of a run tells of them.
            questions.note_file(self.path / INDEX)
        return found

    def findings_of(self, folder: str, run: str | None = None) -> list[Finding]:
        return [
            finding
            for file in self.read(folder)
            for finding in findings_by_name(file, self.relative(file.path), run)
        ]

    def _names(self, folder: str) -> list[str]:
        return [self.relative(path) for path in self.folders[folder]]

    def _record(self, folder: str) -> Record:
        return self._records[self._names(folder)[0]]

    def _files(self, folder: str) -> list[EventFile]:
        part = self._part(self._record(folder))
        return [part.files[name] for name in self._names(folder)]

    def _part(self, record: Record) -> Part:
        # The folders of one run are mostly asked for one after the other.
        if self._last is None or self._last[0] != record.part:
            data = read_part_bytes(self.path, record)
            self._last = record.part, part_of(data, self.path, record)
        return self._last[1]


def read_part_bytes(archive: Path, record: Record) -> bytes:
    """Return the bytes of a part, if it is the one that the index speaks of.

    Raises
    ------
    ArchiveError
        If it is not there, or another one; the message names part and run.
    """
    try:
        data = (archive / record.part).read_bytes()
    except OSError as error:
        cause = error.strerror or str(error)
        raise ArchiveError(
            f"{_named(archive, record)} cannot be read: {cause}. Copy the archive again"
        ) from error
    digest = digest_bytes(data)
    if digest != record.sha256:
        raise ArchiveError(
            f"{_named(archive, record)} is not the part that was archived: its SHA-256 is "
            f"{digest}, and {INDEX} says {record.sha256}. Copy the archive again, or write it "
            "anew from the logs"
        )
    return data


def part_of(data: bytes, archive: Path, record: Record) -> Part:
    """Return what stands in the bytes of a part.

    Raises
    ------
    ArchiveError
        If they cannot be understood, or are of other event files than the index says.
    """
    try:
        part = part_of_bytes(data, archive)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise ArchiveError(
            f"{_named(archive, record)} cannot be read: {error}. Use the version that wrote it"
        ) from error
    states = {name: (file.length, file.digest) for name, file in part.files.items()}
    if part.run != record.run or states != dict(record.files):
        raise ArchiveError(
            f"{_named(archive, record)} was made of other event files than {INDEX} says. Copy the "
            "archive again, or write it anew from the logs"
        )
    return part


def _named(archive: Path, record: Record) -> str:
    whose = f"run {record.run!r}" if record.run else "event files that belong to no run"
    return f"{record.part} of the archive {archive}, which holds {whose},"


def _folder_of(name: str) -> str:
    return name.rpartition("/")[0] or "."


def _listing_order(name: str) -> tuple[tuple[str, ...], str]:
    """Sort names as a log directory is listed."""
    path = PurePosixPath(name)
    return path.parent.parts, path.name
