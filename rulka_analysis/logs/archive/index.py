"""``archive.toml``: what an archive holds, of what, with digests.

It is written last, so an archive that has one is whole; and it is all that has to be trusted: a
part whose SHA-256 is another one is refused.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rulka_analysis.logs.source import FileState
from rulka_analysis.values.errors import LogDirectoryError
from rulka_analysis.values.findings import Finding

INDEX = "archive.toml"
FORMAT = 1

Setting = tuple[bool | int | float | str, str]
"""A value, and which file (or who) says so."""

_HEADER = """\
# The scalars of a log directory: one Parquet file a run, one row an event. `sha256` is that of a
# part, or of the event file it was made of as far as `bytes` go.
"""


class ArchiveError(LogDirectoryError):
    """An archive is damaged, was changed, or cannot be written."""


@dataclass(frozen=True, slots=True)
class Session:
    """What one process wrote, or several at the same time.

    Parameters
    ----------
    attempt : int
        Which time the run began anew, counted from 1.
    began : float or None
        In seconds since 1970; None where nothing tells.
    files : tuple of str
    """

    attempt: int
    began: float | None
    files: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """Return the session as data for TOML or JSON."""
        began = {} if self.began is None else {"began": self.began}
        return {"attempt": self.attempt, **began, "files": list(self.files)}


@dataclass(frozen=True, slots=True)
class Record:
    """What the index says of one run.

    Parameters
    ----------
    run : str
        Empty for event files that belong to no run.
    part : str
        Its file, relative to the archive.
    sha256 : str
        Of the part.
    events, given_up : int
        How many events the part holds, and how many of them are void.
    folders : tuple of str
    files : dict of str to (int, str)
        Bytes and SHA-256 of each event file.
    scalars : dict of str to int
        How many events of each event file the part holds.
    sidecars : dict of str to (int, str)
    sessions : tuple of Session
    settings : dict of str to (value, str)
        What tags and hyperparameters say was set, and which says so.
    recorded : tuple of dict
        What each file beside the run said was set, as data.
    findings : tuple of Finding
    """

    run: str
    part: str
    sha256: str
    events: int
    given_up: int
    folders: tuple[str, ...]
    files: Mapping[str, FileState]
    scalars: Mapping[str, int]
    sidecars: Mapping[str, FileState] = field(default_factory=dict)
    sessions: tuple[Session, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    recorded: tuple[Mapping[str, Any], ...] = ()
    findings: tuple[Finding, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return the record as data for TOML or JSON."""
        return {
            "run": self.run,
            "part": self.part,
            "sha256": self.sha256,
            "events": self.events,
            "given_up": self.given_up,
            "folders": list(self.folders),
            "files": [
                {"name": name, "bytes": size, "events": self.scalars[name], "sha256": digest}
                for name, (size, digest) in self.files.items()
            ],
            "sidecars": [
                {"name": name, "bytes": size, "sha256": digest}
                for name, (size, digest) in self.sidecars.items()
            ],
            "sessions": [session.plain() for session in self.sessions],
            "settings": [
                {"name": name, "value": value, "source": source}
                for name, (value, source) in self.settings.items()
            ],
            "recorded": [dict(one) for one in self.recorded],
            "findings": [plain_finding(finding) for finding in self.findings],
        }


def record_of(plain: Mapping[str, Any]) -> Record:
    """Return the record that `Record.plain` made data of."""
    return Record(
        run=plain["run"],
        part=plain["part"],
        sha256=plain["sha256"],
        events=plain["events"],
        given_up=plain["given_up"],
        folders=tuple(plain["folders"]),
        files={one["name"]: (one["bytes"], one["sha256"]) for one in plain["files"]},
        scalars={one["name"]: one["events"] for one in plain["files"]},
        sidecars={one["name"]: (one["bytes"], one["sha256"]) for one in plain["sidecars"]},
        sessions=tuple(
            Session(one["attempt"], one.get("began"), tuple(one["files"]))
            for one in plain["sessions"]
        ),
        settings={one["name"]: (one["value"], one["source"]) for one in plain["settings"]},
        recorded=tuple(plain["recorded"]),
        findings=tuple(finding_of(one) for one in plain["findings"]),
    )


def plain_finding(finding: Finding) -> dict[str, Any]:
    """Return what a finding says, without what it leaves open."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in finding.as_dict().items()
    }


def finding_of(plain: Mapping[str, Any]) -> Finding:
    """Return the finding that `plain_finding` made data of."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in plain.items()
        if name != "code"  # It follows from the kind.
    }
    return Finding(**fields)


@dataclass(frozen=True, slots=True)
class Index:
    """Everything that ``archive.toml`` says.

    Parameters
    ----------
    records : tuple of Record
        In the order of the log directory; event files that belong to no run last.
    reader : str
        Digest of what decides how event files are read and parts are written.
    versions : dict of str to str
        Of the packages that had a part in it.
    runs, metrics : tuple of str, or None
        What was asked for, where not everything was.
    findings : tuple of Finding
        What was noticed while looking for event files.
    """

    records: tuple[Record, ...]
    reader: str
    versions: Mapping[str, str]
    runs: tuple[str, ...] | None = None
    metrics: tuple[str, ...] | None = None
    findings: tuple[Finding, ...] = ()

    def text(self) -> str:
        """Return the index as TOML: the same for the same content."""
        selection = {
            name: list(asked)
            for name, asked in (("runs", self.runs), ("metrics", self.metrics))
            if asked is not None
        }
        head = {
            "format": FORMAT,
            "events": sum(record.events for record in self.records),
            "reader": self.reader,
            "findings": [plain_finding(finding) for finding in self.findings],
        }
        lines = [_HEADER, *_lines(head)]
        if selection:
            lines += ["", "# Only a part of the log directory was asked for.", "[selection]"]
            lines += _lines(selection)
        lines += ["", "[versions]", *_lines(self.versions)]
        for record in self.records:
            lines += ["", "[[parts]]", *_lines(record.plain())]
        return "\n".join(lines) + "\n"


def read_index(folder: Path) -> Index:
    """Read the index of an archive.

    Raises
    ------
    ArchiveError
        If there is none, or it cannot be understood.
    """
    path = folder / INDEX
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        if data["format"] != FORMAT:
            raise ArchiveError(
                f"{path} is of format {data['format']}, and this version reads {FORMAT}. Write "
                "the archive anew from the logs, or use the version that wrote it"
            )
        selection = data.get("selection", {})
        return Index(
            records=tuple(record_of(one) for one in data.get("parts", ())),
            reader=data["reader"],
            versions=data["versions"],
            runs=_asked(selection.get("runs")),
            metrics=_asked(selection.get("metrics")),
            findings=tuple(finding_of(one) for one in data["findings"]),
        )
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ArchiveError(f"{path} cannot be read: {error}. Copy the archive again") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArchiveError(
            f"{path} is no index of an archive ({type(error).__name__}: {error}). Copy the "
            "archive again"
        ) from error


def _asked(words: list[str] | None) -> tuple[str, ...] | None:
    return None if words is None else tuple(words)


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{_key(name)} = ["
            yield from (f"  {_value(one)}," for one in value)
            yield "]"
        else:
            yield f"{_key(name)} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items())
        return f"{{{inside}}}"
    # JSON escapes what TOML wants escaped, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    plain = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if plain else _value(name)
