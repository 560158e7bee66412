"""Where the event files of runs come from: a log directory, or an archive of one.

Whoever makes runs of event files asks a `Source` and nothing else, so that it makes no difference
where they lie. Names of files and folders are paths relative to the log directory, with ``/``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from rulka_analysis.logs.events import EventFile, TextEvent
from rulka_analysis.values.findings import Finding

FileState = tuple[int, str]
"""Bytes considered of a file, and their SHA-256 in hexadecimal."""


class Source(Protocol):
    """Event files by folder, and what lies beside them."""

    @property
    def path(self) -> Path:
        """What messages name; the path of each event file begins with it."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What was noticed while looking for event files (folders that cannot be listed)."""

    @property
    def folders(self) -> Mapping[str, Sequence[str]]:
        """The names of the event files of each folder (``"."`` is the top), both sorted."""

    def holds_scalars(self, name: str) -> bool:
        """Tell whether an event file holds a scalar event, without reading all of it."""

    def read(self, name: str) -> EventFile:
        """Return the columns of an event file and what was wrong with it, without texts.

        The file that a finding names, and the name in its message, may be the path or relative.
        """

    def texts(self, name: str) -> Sequence[TextEvent]:
        """Return the texts of an event file, in the order written."""

    def state(self, name: str) -> FileState:
        """Return bytes and SHA-256 of an event file or a sidecar, without decoding it."""

    def sidecar(self, name: str) -> bytes | None:
        """Return what stands in a sidecar, or None where there is none."""
