"""The plain sequential reader: the executable specification of what reading a file means.

It is correct and complete, looks at one record after the other, and wants the whole file in
memory. It is slow on purpose: nothing in it is there for speed.

A file is a sequence of records (TFRecord)::

    uint64  length of the payload, little endian
    uint32  masked CRC-32C of those eight bytes
    bytes   payload: one `Event` message
    uint32  masked CRC-32C of the payload

A record is *proven* when both checksums are right. Reading begins at byte 0 and goes from
proven record to proven record. Where none is, that is damage, and reading goes on at the next
proven record: at the one after the damaged record if its length is proven, and else at the
first that any byte further on begins. What lies between is reported, and never guessed at.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import google_crc32c
import numpy as np

from rulka_analysis.events import file_findings
from rulka_analysis.events.contents import EventFile
from rulka_analysis.events.decoding import Decoder
from rulka_analysis.findings import Finding

HEADER = 12
"""Bytes of length and length checksum."""
FOOTER = 4
"""Bytes of the payload checksum."""
LONGEST_PAYLOAD = 2**31 - 1
"""No protobuf message is longer: https://protobuf.dev/programming-guides/proto-limits/"""
SEARCH_LIMIT = 4
"""Payloads that turn out wrong may be checked up to so many times the file's length.

The records of a file that a program wrote lie one after another, so the wrong ones among them
are together no longer than the file, and each is checked at most three times. Only a file made
to waste its reader's time, of headers that each claim the whole rest, reaches this limit.
"""


class State(Enum):
    """What the bytes at a position prove to be."""

    PROVEN = "both checksums are right"
    PAYLOAD_WRONG = "the checksum of a record's payload is wrong"
    IMPOSSIBLE = "a record claims more bytes than an event can have"
    TOO_LONG = "a record claims more bytes than the file has"
    HEADER_WRONG = "the checksum of a record's length is wrong"
    TOO_SHORT = "fewer bytes are left than a record's header has"


@dataclass(frozen=True, slots=True)
class Frame:
    """The record that begins at a position.

    `end` is the position after it, where its length is proven and lies within the file.
    """

    state: State
    begin: int
    end: int = -1

    @property
    def payload(self) -> slice:
        return slice(self.begin + HEADER, self.end - FOOTER)


def masked_checksum(data: bytes) -> int:
    """Return the checksum that records carry: CRC-32C, rotated and offset.

    The mask keeps the checksum of data that contain checksums from being degenerate; see
    ``tensorflow/core/lib/hash/crc32c.h``.

    Examples
    --------
    >>> hex(masked_checksum(b"123456789"))
    '0xc78ab0e5'
    """
    checksum: int = google_crc32c.value(data)
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame_at(data: bytes, position: int) -> Frame:
    """Say what the bytes at a position are."""
    if len(data) - position < HEADER:
        return Frame(State.TOO_SHORT, position)
    length, length_checksum = struct.unpack_from("<QI", data, position)
    if masked_checksum(data[position : position + 8]) != length_checksum:
        return Frame(State.HEADER_WRONG, position)
    if length > LONGEST_PAYLOAD:
        return Frame(State.IMPOSSIBLE, position)
    end = position + HEADER + length + FOOTER
    if end > len(data):
        return Frame(State.TOO_LONG, position)
    (checksum,) = struct.unpack_from("<I", data, end - FOOTER)
    if masked_checksum(data[position + HEADER : end - FOOTER]) != checksum:
        return Frame(State.PAYLOAD_WRONG, position, end)
    return Frame(State.PROVEN, position, end)


class Reader:
    """Reads the bytes of one file.

    Parameters
    ----------
    data : bytes
        The bytes considered.
    file : str
        The file's name for findings.
    text : bool
        Whether to keep texts.
    """

    def __init__(self, data: bytes, file: str, *, text: bool) -> None:
        self.data = data
        self.file = file
        self.decoder = Decoder(text=text)
        self.findings: list[Finding] = []
        self._proven = 0
        self._wasted = 0

    def read(self) -> None:
        """Decode every proven record and note every place where there is none."""
        position = 0
        while position < len(self.data):
            frame = self._frame_at(position)
            if frame.state is State.PROVEN:
                self._proven += 1
                if not self.decoder.decode(self.data[frame.payload], position):
                    self._damage(position, frame.end, "a record that is not an event", True)
                position = frame.end
                continue
            following = self._next_proven(frame)
            if following is None:
                self._end_at(frame)
                break
            self._damage(position, following, frame.state.value, True)
            position = following
        self.findings = file_findings.summarised(self.findings)
        if self._proven and not self.decoder.holds_events:
            self.findings = []
            self._foreign("no record in it is an event")

    def _frame_at(self, position: int) -> Frame:
        frame = frame_at(self.data, position)
        if frame.state is State.PAYLOAD_WRONG:
            self._wasted += frame.end - frame.begin
        return frame

    def _next_proven(self, damaged: Frame) -> int | None:
        """Return where the next proven record after a damaged one begins, if there is one."""
        if (
            damaged.state is State.PAYLOAD_WRONG
            and self._frame_at(damaged.end).state is State.PROVEN
        ):
            return damaged.end
        # No record begins in trailing zeros: a header of zeros is wrong.
        for position in range(damaged.begin + 1, self._zeros_begin()):
            if self._search_is_over():
                return None
            if self._frame_at(position).state is State.PROVEN:
                return position
        return None

    def _search_is_over(self) -> bool:
        return self._wasted > SEARCH_LIMIT * len(self.data)

    def _zeros_begin(self) -> int:
        return len(self.data.rstrip(b"\0"))

    def _end_at(self, frame: Frame) -> None:
        """Say why nothing can be read from a position to the end."""
        begin, end = frame.begin, len(self.data)
        zeros = self._zeros_begin()
        if self._search_is_over():
            self._damage(begin, end, f"{frame.state.value}, and the search was given up", False)
        elif frame.state is State.TOO_LONG:
            self._truncated(begin)
        elif frame.state is State.TOO_SHORT:
            # The length of a first record is small: larger, and it is no length.
            if begin == 0 and any(self.data[3:8]):
                self._foreign("it is shorter than a record")
            else:
                self._truncated(begin)
        elif zeros <= begin:
            self.findings.append(file_findings.zero_filled_tail(self.file, begin, end - begin))
        elif begin == 0 and frame.state is State.HEADER_WRONG:
            self._foreign("no record begins it and none is found in it")
        elif end - zeros >= HEADER:
            self._damage(begin, zeros, frame.state.value, False)
            self.findings.append(file_findings.zero_filled_tail(self.file, zeros, end - zeros))
        else:
            self._damage(begin, end, frame.state.value, False)

    def _damage(self, begin: int, end: int, cause: str, goes_on: bool) -> None:
        self.findings.append(
            file_findings.damage(self.file, begin, end - begin, cause, goes_on=goes_on)
        )

    def _truncated(self, begin: int) -> None:
        unread = len(self.data) - begin
        self.findings.append(file_findings.truncated_tail(self.file, begin, unread))

    def _foreign(self, cause: str) -> None:
        self.findings.append(file_findings.not_an_event_file(self.file, len(self.data), cause))


def read_bytes(data: bytes, path: Path, *, text: bool = False) -> EventFile:
    """Read an event file's bytes, all of them, one record after the other.

    Parameters
    ----------
    data : bytes
        The bytes considered.
    path : pathlib.Path
        Where they are from; only named in the result.
    text : bool, optional
        Whether to keep texts.
    """
    reader = Reader(data, str(path), text=text)
    reader.read()
    decoder = reader.decoder
    return EventFile(
        path=path,
        length=len(data),
        created=decoder.created,
        tags=tuple(decoder.tags),
        tag_codes=np.array(decoder.tag_codes, np.int32),
        steps=np.array(decoder.steps, np.int64),
        wall_times=np.array(decoder.wall_times, np.float64),
        values=np.array(decoder.values, np.float64),
        session_starts=tuple(decoder.session_starts),
        texts=tuple(decoder.texts),
        hyperparameters=decoder.hyperparameters,
        findings=(*reader.findings, *decoder.findings(str(path))),
        digest=hashlib.sha256(data).hexdigest(),
    )
