"""Event files that were read before, kept as columns on disk.

What a file holds follows from its bytes, so what was read of it may stand in for it as long as
its bytes are the same; whether they are is seen by their SHA-256, never by time or size alone.
Hashing a file and loading its columns takes a fraction of reading it (``make bench`` says which).

An entry is one file: a head of fixed size, the small things as JSON, then the columns. It carries
a checksum of its own. One that is missing, damaged or half-written is no entry; the event file is
read instead. The folder may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.events.contents import EventFile
from rulka_analysis.logs.events.reading import file_state, read_event_file
from rulka_analysis.logs.events.templates import Lessons
from rulka_analysis.values.digests import digest_bytes, digest_code
from rulka_analysis.values.files import write_whole
from rulka_analysis.values.findings import Finding

LEAST_LENGTH = 1 << 20
"""Bytes of the smallest event file that is remembered: reading it takes about ten milliseconds."""
MOST_BYTES = 1 << 30
"""Bytes that all entries together may take."""

_HEAD = struct.Struct("<8sI")  # mark, checksum of everything behind it
_SIZES = struct.Struct("<IQ")  # bytes of JSON, scalar events
_TEXT_BEGIN = 16  # so that the columns lie where processors like them
_PIECE = 1 << 17  # events
_MARK = b"columns\1"
_COLUMNS = {"steps": "<i8", "wall_times": "<f8", "values": "<f8", "tag_codes": "<i4"}
_PLAIN = ("created", "version", "tags", "session_starts", "hyperparameters", "digest", "length")


class EventCache:
    """A folder of entries, one for each event file and the length to which it was read.

    Parameters
    ----------
    folder : path-like
        Made when the first entry is written.
    most_bytes : int, optional
        What all entries together may take; those longest not used go first.
    least_length : int, optional
        Files with fewer bytes are read anew each time.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        most_bytes: int = MOST_BYTES,
        least_length: int = LEAST_LENGTH,
    ) -> None:
        self._folder = Path(folder)
        self._most_bytes = most_bytes
        self._least_length = least_length

    def read(
        self,
        path: str | os.PathLike[str],
        *,
        length: int | None = None,
        lessons: Lessons | None = None,
    ) -> EventFile:
        """Return what `read_event_file` returns."""
        path = Path(path)
        try:
            size = path.stat().st_size
        except OSError:
            size = 0
        considered = size if length is None else min(size, length)
        if considered < self._least_length:
            return read_event_file(path, length=length, lessons=lessons)
        entry = self._folder / f"{_key(path, considered)}.columns"
        known = _loaded(entry, path)
        if known is not None and file_state(path, length=length) == (known.length, known.digest):
            with contextlib.suppress(OSError):
                os.utime(entry)  # It was used.
            return known
        found = read_event_file(path, length=length, lessons=lessons)
        # What could not be read today may be readable tomorrow, from the very same bytes.
        if not any(finding.kind == "unreadable" for finding in found.findings):
            with contextlib.suppress(OSError):
                self._keep(entry, found)
        return found

    def _keep(self, entry: Path, file: EventFile) -> None:
        if sum(getattr(file, name).nbytes for name in _COLUMNS) > self._most_bytes:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        write_whole(entry, lambda stream: _write(stream, file))
        self._forget_what_is_too_much()

    def _forget_what_is_too_much(self) -> None:
        states = []
        for file in self._folder.iterdir():
            with contextlib.suppress(OSError):  # Somebody else may delete it first.
                status = file.stat()
                states.append((status.st_mtime_ns, status.st_size, file))
        total = sum(size for _, size, _ in states)
        for _, size, file in sorted(states):
            if total <= self._most_bytes:
                return
            with contextlib.suppress(OSError):
                file.unlink()
                total -= size


def _key(path: Path, length: int) -> str:
    """Name the entry: another reader of the same bytes might say something else."""
    parts = [os.fsencode(path.absolute()), str(length).encode(), _reader().encode()]
    return digest_bytes(b"\0".join(parts))[:32]


def sources() -> list[Path]:
    """Return the files that decide how bytes are read, and what is said of them."""
    folder = Path(__file__).parent
    values = folder.parents[1] / "values"
    own = [values / name for name in ("digests.py", "findings.py", "text.py")]
    return [*sorted(folder.glob("*.py")), *own, *sorted((values / "rules").glob("*.py"))]


@cache
def _reader() -> str:
    """Return the digest of everything that decides how bytes are read."""
    return digest_code(sources(), ("numpy", "protobuf", "tensorboard"))


def _write(stream: BinaryIO, file: EventFile) -> None:
    plain: dict[str, Any] = {name: getattr(file, name) for name in _PLAIN}
    # The path is part of every message; it goes with them, so that they are sure to fit.
    plain["path"] = str(file.path)
    plain["findings"] = [asdict(finding) for finding in file.findings]
    text = json.dumps(plain).encode()
    text += b" " * (-len(text) % 8)
    sizes = _SIZES.pack(len(text), len(file.values)).ljust(_TEXT_BEGIN, b"\0")
    stream.write(bytes(_HEAD.size) + sizes)
    checksum = google_crc32c.value(sizes)
    for piece in _pieces(text, file):
        checksum = google_crc32c.extend(checksum, piece)
        stream.write(piece)
    stream.seek(0)
    stream.write(_HEAD.pack(_MARK, checksum))


def _pieces(text: bytes, file: EventFile) -> Iterator[bytes]:
    """Yield what an entry holds, without a second copy of all of it in memory."""
    yield text
    for name, kind in _COLUMNS.items():
        column = getattr(file, name).astype(kind, copy=False)
        for begin in range(0, len(column), _PIECE):
            yield column[begin : begin + _PIECE].tobytes()


def _loaded(entry: Path, path: Path) -> EventFile | None:
    """Return an entry, if it is a whole one about this file."""
    try:
        with entry.open("rb") as stream:
            head, body = stream.read(_HEAD.size), stream.read()
    except OSError:
        return None
    if len(head) < _HEAD.size or head != _HEAD.pack(_MARK, google_crc32c.value(body)):
        return None
    text_length, count = _SIZES.unpack_from(body)
    begin = _TEXT_BEGIN + text_length
    plain = json.loads(body[_TEXT_BEGIN:begin])
    if plain.pop("path") != str(path):
        return None
    columns: dict[str, NDArray[Any]] = {}
    for name, kind in _COLUMNS.items():
        columns[name] = np.frombuffer(body, kind, count, begin)
        begin += columns[name].nbytes
    return EventFile(
        path=path,
        length=plain["length"],
        created=plain["created"],
        version=plain["version"],
        tags=tuple(plain["tags"]),
        tag_codes=columns["tag_codes"],
        steps=columns["steps"],
        wall_times=columns["wall_times"],
        values=columns["values"],
        session_starts=tuple((before, step) for before, step in plain["session_starts"]),
        texts=(),
        hyperparameters=plain["hyperparameters"],
        findings=tuple(_finding(finding) for finding in plain["findings"]),
        digest=plain["digest"],
    )


def _finding(plain: dict[str, Any]) -> Finding:
    # JSON knows no tuples.
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()
    }
    return Finding(**fields)
