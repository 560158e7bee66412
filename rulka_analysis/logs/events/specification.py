"""The plain sequential reader: the executable specification of what reading a file means.

It is correct and complete, looks at one record after the other, and wants the whole file in
memory. It is slow on purpose: nothing in it is there for speed.

A record is *proven* when both its checksums are right (see `framing`). Reading begins at byte 0
and goes from proven record to proven record. Where none is, that is damage, and reading goes on
at the next proven record: at the one after the damaged record if its length is proven, and else
at the first that any byte further on begins. What lies between is reported, never guessed at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from rulka_analysis.logs.events import file_findings
from rulka_analysis.logs.events.checksums import masked_checksum
from rulka_analysis.logs.events.columns import Columns
from rulka_analysis.logs.events.contents import EventFile
from rulka_analysis.logs.events.decoding import Decoder
from rulka_analysis.logs.events.framing import FOOTER, HEADER, LONGEST_PAYLOAD, Frame, State
from rulka_analysis.values.digests import digest_bytes
from rulka_analysis.values.findings import Finding

SEARCH_LIMIT = 4
"""Payloads that turn out wrong may be checked up to so many times the file's length.

The records of a file that a program wrote lie one after another, so the wrong ones among them
are together no longer than the file, and each is checked at most three times. Only a file made
to waste its reader's time, of headers that each claim the whole rest, reaches this limit.
"""


class RecordReader:
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
        self.findings = file_findings.FindingList()
        self.any_proven = False
        self.wasted = 0

    def read(self) -> None:
        """Decode every proven record and note every place where there is none."""
        position = 0
        while position < self.size:
            position = self.read_one(position)

    def read_one(self, position: int) -> int:
        """Deal with what is at a position, and return where to go on."""
        frame = self.frame_at(position)
        if frame.state is State.PROVEN:
            self.any_proven = True
            payload = self.bytes_between(frame.begin + HEADER, frame.end - FOOTER)
            if not self.decoder.decode(payload, position):
                self.add_damage(position, frame.end, "a record that is not an event")
            return frame.end
        following = self.next_proven(frame)
        if following is None:
            self.end_at(frame)
            return self.size
        self.add_damage(position, following, frame.state.value)
        return following

    def frame_at(self, position: int) -> Frame:
        """Say what the bytes at a position are."""
        if self.size - position < HEADER:
            return Frame(State.TOO_SHORT, position)
        header = self.bytes_between(position, position + HEADER)
        length, length_checksum = struct.unpack("<QI", header)
        if masked_checksum(header[:8]) != length_checksum:
            return Frame(State.HEADER_WRONG, position)
        if length > LONGEST_PAYLOAD:
            return Frame(State.IMPOSSIBLE, position)
        end = position + HEADER + length + FOOTER
        if end > self.size:
            return Frame(State.TOO_LONG, position)
        (checksum,) = struct.unpack("<I", self.bytes_between(end - FOOTER, end))
        if self.checksum_between(position + HEADER, end - FOOTER) != checksum:
            self.wasted += end - position
            return Frame(State.PAYLOAD_WRONG, position, end)
        return Frame(State.PROVEN, position, end)

    def next_proven(self, damaged: Frame) -> int | None:
        """Return where the next proven record after a damaged one begins, if there is one."""
        if (
            damaged.state is State.PAYLOAD_WRONG
            and self.frame_at(damaged.end).state is State.PROVEN
        ):
            return damaged.end
        # No record begins in trailing zeros: a header of zeros is wrong.
        for position in self.possible_begins(damaged.begin + 1, self.zeros_begin()):
            if self.search_is_over():
                return None
            if self.frame_at(position).state is State.PROVEN:
                return position
        return None

    def search_is_over(self) -> bool:
        return self.wasted > SEARCH_LIMIT * self.size

    def end_at(self, frame: Frame) -> None:
        """Say why nothing can be read from a position to the end."""
        begin, end, zeros = frame.begin, self.size, self.zeros_begin()
        add = self.findings.add
        if self.search_is_over():
            cause = f"{frame.state.value}, and the search was given up"
            self.add_damage(begin, end, cause, goes_on=False)
        elif frame.state is State.TOO_LONG:
            add(file_findings.truncated_tail(self.file, begin, end - begin))
        elif frame.state is State.TOO_SHORT:
            # A file begins with a short record: where its length is large, it is no length.
            if begin == 0 and any(self.bytes_between(0, end)[3:8]):
                add(file_findings.not_an_event_file(self.file, end, "it is shorter than a record"))
            else:
                add(file_findings.truncated_tail(self.file, begin, end - begin))
        elif zeros <= begin:
            add(file_findings.zero_filled_tail(self.file, begin, end - begin))
        elif begin == 0 and frame.state is State.HEADER_WRONG:
            cause = "no record begins it and none is found in it"
            add(file_findings.not_an_event_file(self.file, end, cause))
        elif end - zeros >= HEADER:
            self.add_damage(begin, zeros, frame.state.value, goes_on=False)
            add(file_findings.zero_filled_tail(self.file, zeros, end - zeros))
        else:
            self.add_damage(begin, end, frame.state.value, goes_on=False)

    def add_damage(self, begin: int, end: int, cause: str, *, goes_on: bool = True) -> None:
        self.findings.add(
            file_findings.damage(self.file, begin, end - begin, cause, goes_on=goes_on)
        )

    def all_findings(self) -> list[Finding]:
        """Return what was wrong with the file, then the remarks on single tags."""
        if self.any_proven and not self.decoder.holds_events:
            cause = "no record in it is an event"
            return [file_findings.not_an_event_file(self.file, self.size, cause)]
        return [*self.findings.all(), *self.decoder.findings(self.file)]

    # How the bytes are got at: all that a reader for large files has to replace.

    @property
    def size(self) -> int:
        return len(self.data)

    def bytes_between(self, begin: int, end: int) -> bytes:
        return self.data[begin:end]

    def checksum_between(self, begin: int, end: int) -> int:
        return masked_checksum(self.data[begin:end])

    def possible_begins(self, begin: int, end: int) -> Iterable[int]:
        """Return, in order, every position that might begin a proven record."""
        return range(begin, end)

    def zeros_begin(self) -> int:
        """Return where the zero bytes begin that the file ends with."""
        return len(self.data.rstrip(b"\0"))


def read_bytes(data: bytes, path: Path, *, text: bool = False) -> EventFile:
    """Read an event file's bytes, all of them, one record after the other."""
    reader = RecordReader(data, str(path), text=text)
    reader.read()
    digest = digest_bytes(data)
    return contents_of(reader, reader.decoder.take(), path, digest)


def contents_of(reader: RecordReader, columns: Columns, path: Path, digest: str) -> EventFile:
    """Put together what a reader has read."""
    for column in columns:
        column.flags.writeable = False
    decoder = reader.decoder
    return EventFile(
        path=path,
        length=reader.size,
        created=decoder.created,
        version=decoder.version,
        tags=tuple(decoder.tags),
        tag_codes=columns.tag_codes,
        steps=columns.steps,
        wall_times=columns.wall_times,
        values=columns.values,
        session_starts=tuple(decoder.session_starts),
        texts=tuple(decoder.texts),
        hyperparameters=dict(decoder.hyperparameters),
        findings=tuple(reader.all_findings()),
        digest=digest,
    )
