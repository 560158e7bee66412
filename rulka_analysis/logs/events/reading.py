"""The functions people call: one event file, or every one beneath a folder."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.events import file_findings
from rulka_analysis.logs.events.block_reader import Read, holds_scalar, read_file
from rulka_analysis.logs.events.contents import EventFile, EventFileWarning
from rulka_analysis.logs.events.listing import cause_of, search
from rulka_analysis.logs.events.templates import Lessons
from rulka_analysis.values.findings import Finding

if TYPE_CHECKING:
    import pandas as pd

_PIECE = 1 << 20


def read_event_file(
    path: str | os.PathLike[str],
    *,
    length: int | None = None,
    text: bool = False,
    lessons: Lessons | None = None,
) -> EventFile:
    """Read one event file: every scalar event in the order written, and what was wrong.

    Parameters
    ----------
    path : path-like
    length : int, optional
        Read only so many bytes: what was there when a build started.
    text : bool, optional
        Whether to keep texts.
    lessons : Lessons, optional
        What files read before taught; what this one teaches is added. Of many small files, all but
        the first are read several times as fast so.

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
    # What is needed to read on is let go: of very many small files, that is most.
    return _read(path, length, text, lessons=lessons)[0]


def read_on(
    path: str | os.PathLike[str],
    *,
    length: int | None = None,
    text: bool = False,
    after: Read | None = None,
) -> Read:
    """Read one event file as `read_event_file` does, and again when it has grown.

    Parameters
    ----------
    path, length, text
        As for `read_event_file`.
    after : tuple of (EventFile, Continuation or None), optional
        What this function returned for the same file before. Where the file has only grown since,
        only what was added is read; a file whose last bytes from before have changed is read
        anew. What lies further back is not looked at again: a file changed only there is taken
        for the old one, digest included.

    Returns
    -------
    tuple of (EventFile, Continuation or None)
        What was read, and where to go on, if that is possible.

    Raises
    ------
    ValueError
        If `length` is negative.
    """
    return _read(path, length, text, after=after)


def _read(
    path: str | os.PathLike[str],
    length: int | None,
    text: bool,
    *,
    after: Read | None = None,
    lessons: Lessons | None = None,
) -> Read:
    if length is not None and length < 0:
        raise ValueError(f"length must be at least 0, not {length}")
    path = Path(path)
    try:
        with _opened(path) as (file, size):
            considered = size if length is None else min(size, length)
            return read_file(file, considered, path, text=text, after=after, lessons=lessons)
    except OSError as error:
        contents, _ = read_file(io.BytesIO(), 0, path, text=text)
        finding = file_findings.unreadable(str(path), 0, None, cause_of(error))
        return replace(contents, findings=(finding,)), None


def file_state(path: str | os.PathLike[str], *, length: int | None = None) -> tuple[int, str]:
    """Return what `read_event_file` would say of a file's `length` and `digest`, without reading.

    Of nothing where the file cannot be opened, and of what could be read where its disk breaks.
    """
    digest = hashlib.sha256()
    considered = 0
    with contextlib.suppress(OSError), _opened(Path(path)) as (file, size):
        left = size if length is None else min(size, length)
        block = memoryview(bytearray(min(_PIECE, left)))
        while left > 0 and (count := file.readinto(block[:left])):  # type: ignore[attr-defined]
            digest.update(block[:count])
            considered += count
            left -= count
    return considered, digest.hexdigest()


def has_scalars(path: str | os.PathLike[str]) -> bool:
    """Tell whether an event file holds a scalar event, reading no further than the first.

    A file that is foreign or unreadable has none.
    """
    path = Path(path)
    try:
        with _opened(path) as (file, size):
            return holds_scalar(file, size, path)
    except OSError:
        return False


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
    lessons = Lessons()
    files = [read_event_file(file, text=text, lessons=lessons) for file in paths]
    files.sort(key=_reading_order)
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


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file, and say how long it is."""
    # Opening a pipe would wait for ever for somebody to write to it.
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("it is not a regular file")
    # Unbuffered: the window reads in large pieces, into memory of its own.
    with path.open("rb", buffering=0) as file:
        yield cast("BinaryIO", file), os.fstat(file.fileno()).st_size


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
