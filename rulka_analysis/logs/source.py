"""Where the event files of runs come from: a log directory, or an archive of one.

What makes runs of event files asks a `Source` and nothing else, so that it makes no difference
where they lie. Folders and files are called by their paths relative to the log directory, with
``/`` between; ``"."`` is the log directory itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from rulka_analysis.logs.events import EventFile, TextEvent
from rulka_analysis.values.findings import Finding

FileState = tuple[int, str]
"""Bytes considered of a file, and their SHA-256 in hexadecimal."""


class Source(Protocol):
    """Event files by folder, and the sidecars beside them."""

    @property
    def path(self) -> Path:
        """The log directory or the archive."""

    @property
    def folders(self) -> Mapping[str, Sequence[Path]]:
        """The event files of every folder that holds any; folders and files sorted."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What could not be listed."""

    def relative(self, path: Path) -> str:
        """Return what a file's or folder's path is called."""

    def lengths(self) -> dict[str, int]:
        """Return the bytes of every event file."""

    def place(self, folder: str) -> Path:
        """Return the path of a folder: what messages call it."""

    def beneath(self, folder: str) -> Sequence[str]:
        """Return the folders with event files directly beneath one."""

    def holds_scalars(self, folder: str) -> bool:
        """Tell whether a folder's files hold a scalar; they are read only where that is needed."""

    def read(self, folder: str) -> Sequence[EventFile]:
        """Return a folder's files in the order they were created, each read once."""

    def let_go(self, folder: str) -> None:
        """Forget what was read of a folder's files: it is read again where it is asked for."""

    def texts(
        self, path: Path, within: int | None = None, tags: Sequence[str] = ()
    ) -> Sequence[TextEvent]:
        """Return the texts in an event file.

        Parameters
        ----------
        path : Path
        within : int, optional
            Only those that end within so many bytes from its beginning.
        tags : sequence of str
            What the tags begin with that are asked for; others may be left out.
        """

    def states(self, folder: str) -> Mapping[str, FileState]:
        """Return bytes and SHA-256 of each event file of a folder."""

    def sidecar(self, folder: str) -> str | None:
        """Return what the sidecar in a folder says; None where there is none."""

    def sidecar_states(self, folder: str) -> Mapping[str, FileState]:
        """Return bytes and SHA-256 of the sidecar in a folder."""

    def recorded(self, folder: str) -> Sequence[Mapping[str, Any]] | None:
        """Return what files beside a run said of its settings, where that was archived.

        None where those files are there to be asked.
        """

    def findings_of(self, folder: str, run: str | None = None) -> Sequence[Finding]:
        """Return what was wrong with a folder's files, which are called by their names."""
