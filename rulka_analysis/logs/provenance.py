"""The sidecar of a log that was not written by the training program itself.

A ``provenance.toml`` beside event files says what is known of them: until when each tag is known,
whether its steps are a clock, how exact values are. A real log has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rulka_analysis.values.errors import LogDirectoryError
from rulka_analysis.values.toml import TomlFile, TomlTable, read_text

SIDECAR = "provenance.toml"


@dataclass(frozen=True, slots=True)
class TagProvenance(TomlTable):
    """What is known of one tag of one log.

    Parameters
    ----------
    known_from, known_until : float or None
        Minutes between which the tag's curve is known; None where the sidecar does not say.
    records_only : bool
        Only new bests are known: best so far and time to a target are defined, nothing else.
    reading_error : tuple of float
        One standard error of each event of the tag, in the tag's unit, in the order written; empty
        when values are exact.
    """

    known_from: float | None = None
    known_until: float | None = None
    records_only: bool = False
    reading_error: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance(TomlTable):
    """Where a log comes from and what is known of it; see `TagProvenance` for its tags."""

    source: str
    resolution_minutes: float | None = None
    wall_time_known: bool = True
    step_clock: bool = True
    steps_interpolated: bool = False
    duration_minutes: float | None = None
    tags: Mapping[str, TagProvenance] = field(default_factory=dict)


def read_sidecar(folder: Path) -> str | None:
    """Return the text of the sidecar in `folder`; None where there is none.

    Raises
    ------
    LogDirectoryError
        If it cannot be read. Going on without it would take what it warns of (a made-up step, a
        curve's end) for measured.
    """
    path = folder / SIDECAR
    return read_text(path, LogDirectoryError) if path.exists() else None


def provenance_of(text: str, path: Path) -> Provenance | None:
    """Return what the text of a sidecar says; None where it says nothing.

    Parameters
    ----------
    text : str
    path : pathlib.Path
        Where it stands; only named in messages.

    Raises
    ------
    LogDirectoryError
        If it cannot be understood.
    """
    file = TomlFile(path, LogDirectoryError, text)
    return file.read_as(Provenance) if file.data else None
