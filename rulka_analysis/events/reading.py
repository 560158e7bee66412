"""The functions people call: one event file, or every one beneath a folder."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.events import file_findings, specification
from rulka_analysis.events.contents import EventFile, EventFileWarning
from rulka_analysis.events.listing import search
from rulka_analysis.findings import Finding

if TYPE_CHECKING:
    import pandas as pd

_PIECE = 1 << 22


def read_event_file(
    path: str | os.PathLike[str], *, length: int | None = None, text: bool = False
) -> EventFile:
    """Read one event file: every scalar event in the order written, and what was wrong.

    Parameters
    ----------
    path : path-like
    length : int, optional
        Read only so many bytes: what was there when a build started.
    text : bool, optional
        Whether to keep texts.

    Returns
    -------
    EventFile
        Whatever the file holds: a file that is damaged, foreign or not even readable gives what
        could be read, and findings that say what could not.

    Raises
    ------
    ValueError
        If `length` is negative.
    """
    if length is not None and length < 0:
        raise ValueError(f"length must be at least 0, not {length}")
    path = Path(path)
    data, finding = _bytes_of(path, length)
    contents = specification.read_bytes(data, path, text=text)
    if finding is not None:
        contents = replace(contents, findings=(*contents.findings, finding))
    return contents


def has_scalars(path: str | os.PathLike[str]) -> bool:
    """Tell whether an event file holds a scalar event.

    A file that is foreign, unreadable or damaged before its first scalar has none.

    Parameters
    ----------
    path : path-like
    """
    return bool(len(read_event_file(path).values))


def read_scalars(path: str | os.PathLike[str], *, text: bool = False) -> pd.DataFrame:
    """Read every scalar event of one event file, or of every one beneath a folder.

    Nothing is sampled, dropped or reordered, and restarts are not resolved: steps that a resumed
    run logged twice stand there twice.

    Parameters
    ----------
    path : path-like
        An event file, or a folder.
    text : bool, optional
        Whether to keep texts, in ``.attrs["texts"]``: a dict from file to tuple of `TextEvent`.

    Returns
    -------
    pandas.DataFrame
        Columns ``tag`` (categorical), ``step`` (int64), ``wall_time`` (float64, seconds since the
        epoch), ``value`` (float64) and ``file`` (categorical, paths as text). Files follow each
        other by folder, then by the time their first record bears, then by name; the events of a
        file in the order written. What was wrong is in ``.attrs["findings"]``.

    Raises
    ------
    LogDirectoryError
        Nothing is there; the message names the nearest folder that exists and the nearest name.

    Warns
    -----
    EventFileWarning
        Once for every finding; the message names file, byte and kind.
    """
    import pandas as pd

    paths, folder_findings = search(path)
    files = sorted((read_event_file(file, text=text) for file in paths), key=_reading_order)
    findings = (*folder_findings, *(finding for file in files for finding in file.findings))
    for finding in findings:
        warnings.warn(_warning(finding), EventFileWarning, stacklevel=2)

    tag_positions: dict[str, int] = {}
    codes = []
    for file in files:
        to_common = [tag_positions.setdefault(tag, len(tag_positions)) for tag in file.tags]
        codes.append(np.array(to_common, np.int32)[file.tag_codes])
    frame = pd.DataFrame(
        {
            "tag": pd.Categorical.from_codes(_joined(codes, np.int32), _texts(tag_positions)),
            "step": _joined([file.steps for file in files], np.int64),
            "wall_time": _joined([file.wall_times for file in files], np.float64),
            "value": _joined([file.values for file in files], np.float64),
            "file": pd.Categorical.from_codes(
                np.repeat(np.arange(len(files)), [len(file.values) for file in files]),
                _texts(str(file.path) for file in files),
            ),
        },
        copy=False,
    )
    frame.attrs["findings"] = findings
    if text:
        frame.attrs["texts"] = {str(file.path): file.texts for file in files}
    return frame


def _bytes_of(path: Path, length: int | None) -> tuple[bytes, Finding | None]:
    """Return a file's first bytes; where it cannot be read further, those before and why."""
    data = bytearray()
    try:
        # Opening a pipe would wait for ever for somebody to write to it.
        if not stat.S_ISREG(path.stat().st_mode):
            return b"", file_findings.unreadable(str(path), 0, None, "it is not a regular file")
        with path.open("rb") as file:
            wanted = os.fstat(file.fileno()).st_size
            if length is not None:
                wanted = min(wanted, length)
            while len(data) < wanted:
                piece = file.read(min(wanted - len(data), _PIECE))
                if not piece:
                    break
                data += piece
    except OSError as error:
        cause = error.strerror or str(error)
        return bytes(data), file_findings.unreadable(str(path), len(data), None, cause)
    return bytes(data), None


def _reading_order(file: EventFile) -> tuple[tuple[str, ...], bool, float, str]:
    created = file.created
    unknown = created is None or created != created
    return (
        file.path.parent.parts,
        unknown,
        0.0 if created is None or unknown else created,
        file.path.name,
    )


def _warning(finding: Finding) -> str:
    return f"{finding.kind}: {finding.message}"


def _joined(parts: list[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *parts])


def _texts(names: Iterable[str]) -> pd.Index:
    """Return names as categories, also names of files that are not valid Unicode."""
    import pandas as pd

    names = list(names)
    try:
        return pd.Index(names, dtype="str")
    except UnicodeEncodeError:
        return pd.Index(names, dtype=object)
