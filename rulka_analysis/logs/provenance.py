"""The sidecar of a log that was not written by the training program itself.

A ``provenance.toml`` beside event files says what is known of them: until when each tag is known,
whether its steps are a clock, how exact values are. A real log has none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rulka_analysis.values.errors import LogDirectoryError

SIDECAR = "provenance.toml"


@dataclass(frozen=True, slots=True)
class TagProvenance:
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
class Provenance:
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
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, OSError) as error:
        raise LogDirectoryError(
            f"{path}: {error}. Mend or restore this file: it says what is known of the log"
        ) from error


def provenance_of(text: str, path: Path) -> Provenance:
    """Return what the text of a sidecar says.

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
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LogDirectoryError(
            f"{path}: {error}. Mend or restore this file: it says what is known of the log"
        ) from error
    try:
        return _provenance(data)
    except (TypeError, ValueError, AttributeError) as error:
        raise LogDirectoryError(
            f"{path}: {error}. Known keys are source, resolution_minutes, wall_time_known, "
            "step_clock, steps_interpolated, duration_minutes and tags"
        ) from error


def _provenance(data: dict[str, Any]) -> Provenance:
    tags = {}
    for tag, facts in data.pop("tags", {}).items():
        _check_types(facts, _TAG_KEYS, f"tags.{tag}.")
        tags[tag] = TagProvenance(
            **facts | {"reading_error": tuple(facts.get("reading_error", ()))}
        )
    _check_types(data, _KEYS)
    return Provenance(**data, tags=tags)


def _is_number(value: Any) -> bool:
    # To Python, true is a number, too.
    return isinstance(value, int | float) and not isinstance(value, bool)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "a text": lambda value: isinstance(value, str),
    "true or false": lambda value: isinstance(value, bool),
    "a number": _is_number,
    "a list of numbers": lambda value: isinstance(value, list) and all(map(_is_number, value)),
}
_KEYS = {
    "source": "a text",
    "resolution_minutes": "a number",
    "wall_time_known": "true or false",
    "step_clock": "true or false",
    "steps_interpolated": "true or false",
    "duration_minutes": "a number",
}
_TAG_KEYS = {
    "known_from": "a number",
    "known_until": "a number",
    "records_only": "true or false",
    "reading_error": "a list of numbers",
}


def _check_types(data: dict[str, Any], keys: Mapping[str, str], where: str = "") -> None:
    for name, value in data.items():
        # An unknown key is refused where the values are used.
        if name in keys and not _CHECKS[keys[name]](value):
            raise TypeError(f"{where}{name} must be {keys[name]}")
