"""The fast reader: whole runs of records at once, and the specification for everything else.

Where records follow each other undisturbed, `BlockReader` finds, checks and decodes thousands at
a time. At damage, at a record longer than 64 KiB and wherever too few records follow each other,
it takes single steps as the `specification` does, whose policy it inherits. Whatever is done at
once gives the very same result as single steps would, so where it is done is a matter of speed
alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.events.checksums import (
    LONGEST_AT_ONCE,
    followed_by,
    masked_checksum,
    masked_checksums,
    plain_checksums,
)
from rulka_analysis.logs.events.columns import Columns, GrowingColumns
from rulka_analysis.logs.events.contents import EventFile
from rulka_analysis.logs.events.decoding import Decoder
from rulka_analysis.logs.events.file_findings import FindingList, unreadable
from rulka_analysis.logs.events.framing import FOOTER, HEADER, Chain, Frame, State
from rulka_analysis.logs.events.listing import cause_of
from rulka_analysis.logs.events.specification import RecordReader, contents_of
from rulka_analysis.logs.events.templates import Lessons, Matches, Templates
from rulka_analysis.logs.events.window import BEFORE, BLOCK, ByteWindow, Digest

SHORTEST_RUN = 128
"""Fewer records than this are faster read one by one."""
_FIRST_BATCH = 256  # records that protobuf decodes before templates are tried again
_MOST_AT_ONCE = 1 << 14  # records: what they need beside their bytes stays in the cache
_COMPARED = 1 << 12  # bytes that show whether a file was replaced
_MARGIN = 1 << 16  # the window moves on when it holds no more than this


@dataclass(slots=True)
class Continuation:
    """Where reading stopped, and all it needs to go on there when the file has grown.

    Attributes
    ----------
    position : int
        Where the first record begins that could not be read for want of bytes, or the end.
    bytes_before : bytes
        The last bytes before it: a file that has other ones there did not just grow.
    """

    position: int
    bytes_before: bytes
    decoder: Decoder
    templates: Templates
    findings: FindingList
    wasted: int
    any_proven: bool
    digest: Digest
    text: bool


Read = tuple[EventFile, Continuation | None]
"""What was read of a file, and where to go on when it has grown, if that is possible."""


class BlockReader(RecordReader):
    """Reads a file through a window.

    Parameters
    ----------
    window : ByteWindow
    file : str
        The file's name for findings.
    text : bool
        Whether to keep texts.
    lessons : Lessons, optional
        What other files taught.
    """

    def __init__(
        self, window: ByteWindow, file: str, *, text: bool, lessons: Lessons | None = None
    ) -> None:
        super().__init__(b"", file, text=text)
        self.window = window
        self.templates = Templates(lessons.templates if lessons is not None else None)
        if lessons is not None:
            self.decoder.tags.update(lessons.tags)
        self._text = text
        self._columns = GrowingColumns()
        self._chain: Chain | None = None
        # For the continuation: where the part begins from which nothing can be read on to the
        # end, what was known there, and whether a longer file could read differently before it.
        self._stopped_at: int | None = None
        self._findings_there = self.findings
        self._wasted_there = 0
        self._cut_off = False
        self._settled = True

    def go_on(self, before: EventFile, known: Continuation) -> None:
        """Take over what was read of the file before the begin of the window."""
        self.decoder = known.decoder.copy()
        self.templates = known.templates.copy()
        self.findings = known.findings.copy()
        self.wasted = known.wasted
        self.any_proven = known.any_proven
        columns = Columns(before.tag_codes, before.steps, before.wall_times, before.values)
        self._columns.add(columns, part_read=known.position / max(self.window.length, 1))

    def read(self) -> None:
        """Decode every proven record and note every place where there is none."""
        position = self.window.begin
        single_steps = 0
        # What nothing was learnt of yet is not looked at by the thousand.
        most_at_once = _MOST_AT_ONCE if self.templates.learnt else SHORTEST_RUN
        while position < self.size:
            self.hold(position)
            if single_steps == 0:
                after = self._read_run(position, most_at_once)
                if after == position:
                    single_steps = SHORTEST_RUN
                most_at_once = min(2 * most_at_once, _MOST_AT_ONCE)
            else:
                damages = self.findings.damages
                self._cut_off, self._wasted_there = False, self.wasted
                after = self.read_one(position)
                single_steps -= 1
                if self.findings.damages > damages:
                    # Damage seldom comes alone; what is checked at once before the next one is
                    # found would be checked again.
                    single_steps = most_at_once = SHORTEST_RUN
                    self._settled &= not self._cut_off or self._stopped_at is not None
            position = after

    def frame_at(self, position: int) -> Frame:
        frame = super().frame_at(position)
        self._cut_off |= frame.state in (State.TOO_LONG, State.TOO_SHORT)
        return frame

    def end_at(self, frame: Frame) -> None:
        self._stopped_at = frame.begin
        self._findings_there = self.findings.copy()
        super().end_at(frame)

    def continuation(self) -> Continuation | None:
        """Return what reading needs to go on here, if it can."""
        if not self._settled or self.window.error is not None:
            return None
        stopped = self._stopped_at is not None
        position = self._stopped_at if self._stopped_at is not None else self.size
        if position == 0:
            return None
        return Continuation(
            position=position,
            bytes_before=self.bytes_between(max(position - _COMPARED, 0), position),
            decoder=self.decoder,
            templates=self.templates,
            findings=self._findings_there if stopped else self.findings,
            wasted=self._wasted_there if stopped else self.wasted,
            any_proven=self.any_proven,
            digest=self.window.digest_until(position),
            text=self._text,
        )

    def columns(self) -> Columns:
        """Return every scalar event read, in file order."""
        self._columns.add(self.decoder.take(), part_read=1.0)
        return self._columns.all()

    # How the bytes are got at

    @property
    def size(self) -> int:
        return self.window.length

    def bytes_between(self, begin: int, end: int) -> bytes:
        return self.window.bytes_between(begin, end)

    def checksum_between(self, begin: int, end: int) -> int:
        return self.window.checksum_between(begin, end)

    def possible_begins(self, begin: int, end: int) -> Iterable[int]:
        return self.window.headers_between(begin, end)

    def zeros_begin(self) -> int:
        return self.window.zeros_begin()

    # Many records at once

    def hold(self, position: int) -> None:
        """Let the window hold what comes next."""
        window = self.window
        margin = min(_MARGIN, len(window.buffer) // 4)
        all_of_it = window.end == window.length
        moves = position > window.begin or window.begin == window.end
        if moves and not all_of_it and window.end - position < margin:
            window.move(position)
            self._chain = None

    def _read_run(self, position: int, most: int) -> int:
        """Read records that follow each other, and return where to go on.

        Nothing is read, and the position returned, where too few of them follow or where the
        first is damaged.
        """
        window = self.window
        if window.end - position < SHORTEST_RUN * (HEADER + FOOTER):
            return position
        if self._chain is None:
            self._chain = Chain(window.block)
        begins, lengths = self._chain.run_from(position - window.begin)
        begins, lengths = begins[:most], lengths[:most]
        if len(begins) < SHORTEST_RUN:
            return position
        payloads = begins + (BEFORE + HEADER)
        matches = self.templates.match(window.buffer, payloads, lengths)
        if position == 0:
            matches.matched[0] = False  # It says when the file was created, too.
        right = self._right(payloads, lengths, matches)
        count = len(right) if right.all() else int(right.argmin())
        if count == 0:
            return position
        self._decode(payloads[:count], lengths[:count], matches.first(count))
        return window.begin + int(begins[count - 1] + lengths[count - 1]) + HEADER + FOOTER

    def _right(
        self, payloads: NDArray[np.int64], lengths: NDArray[np.int64], matches: Matches
    ) -> NDArray[np.bool_]:
        """Tell which payloads have the checksum that stands behind them."""
        buffer = self.window.buffer
        ends = payloads + lengths
        at_every_byte = np.ndarray((len(buffer) - FOOTER + 1,), f"V{FOOTER}", buffer, 0, (1,))
        stored = at_every_byte[ends].view("<u4")

        # Of what matches a template, the checksum of the rest is known.
        behind = matches.rest_lengths * matches.matched
        short = lengths <= LONGEST_AT_ONCE
        own_lengths = (lengths - behind) * short
        plain = plain_checksums(buffer, ends - behind, own_lengths)
        matched = np.flatnonzero(matches.matched)
        plain[matched] = followed_by(
            plain[matched], behind[matched], matches.rest_checksums[matched]
        )
        found = masked_checksums(plain, lengths * short)
        for index in np.flatnonzero(~short).tolist():
            found[index] = masked_checksum(buffer[payloads[index] : ends[index]].tobytes())
        right: NDArray[np.bool_] = found == stored
        return right

    def _decode(
        self, payloads: NDArray[np.int64], lengths: NDArray[np.int64], matches: Matches
    ) -> None:
        """Decode payloads whose checksums are right, and keep their scalars in file order."""
        self.any_proven = True
        end = self.window.begin + int(payloads[-1] + lengths[-1]) - BEFORE
        part_read = end / self.size
        self._columns.add(self.decoder.take(), part_read)
        slow_rows = self._decode_unmatched(payloads, lengths, matches)
        matched = np.flatnonzero(matches.matched)
        self.decoder.holds_events |= len(matched) > 0
        slow = self.decoder.take(elsewhere=len(matched))
        if len(matched) == len(payloads):
            events = matches.columns()
        else:
            # Where in file order each event belongs: first those matched, then the others.
            order = np.concatenate([matched, np.array(slow_rows, np.intp)]).argsort(kind="stable")
            place = np.empty_like(order)
            place[order] = np.arange(len(order))
            events = Columns.empty(len(order))
            events.put(place[: len(matched)], matches.columns().at(matched))
            events.put(place[len(matched) :], slow)
        self._columns.add(events, part_read)

    def _decode_unmatched(
        self, payloads: NDArray[np.int64], lengths: NDArray[np.int64], matches: Matches
    ) -> list[int]:
        """Decode by protobuf what no template matches, and learn templates from it.

        Returns
        -------
        list of int
            For every scalar event decoded, which payload holds it. `matches` is brought up to
            date: what was learnt from a payload may match those after it.
        """
        slow_rows: list[int] = []
        unmatched = np.flatnonzero(~matches.matched)
        batch = _FIRST_BATCH
        while len(unmatched):
            learnt = self.templates.learnt
            for index in unmatched[:batch].tolist():
                rows = self._decode_one(int(payloads[index]), int(lengths[index]), matches, index)
                slow_rows += [index] * rows
            unmatched = unmatched[batch:]
            batch *= 2
            if self.templates.learnt > learnt and len(unmatched):
                again = self.templates.match(
                    self.window.buffer, payloads[unmatched], lengths[unmatched]
                )
                matches.put(unmatched, again)
                unmatched = unmatched[~again.matched]
        return slow_rows

    def _decode_one(self, begin: int, length: int, matches: Matches, index: int) -> int:
        """Decode one payload by protobuf, learn from it, and return how many scalars it holds."""
        decoder = self.decoder
        rows, starts = decoder.waiting, len(decoder.session_starts)
        payload = self.window.buffer[begin : begin + length].tobytes()
        position = self.window.begin + begin - BEFORE - HEADER
        if not decoder.decode(payload, position):
            after = position + HEADER + length + FOOTER
            self.add_damage(position, after, "a record that is not an event")
        elif len(decoder.session_starts) > starts:
            scalars_before, step = decoder.session_starts[-1]
            matched_before = int(np.count_nonzero(matches.matched[:index]))
            decoder.session_starts[-1] = (scalars_before + matched_before, step)
        rows = decoder.waiting - rows
        if rows == 1:
            self.templates.learn(payload, decoder)
        return rows


def read_file(
    file: BinaryIO,
    length: int,
    path: Path,
    *,
    text: bool = False,
    after: Read | None = None,
    lessons: Lessons | None = None,
    block: int = BLOCK,
) -> Read:
    """Read an event file's first bytes, in memory proportional to the scalars in them.

    Parameters
    ----------
    file : binary file
    length : int
        How many bytes to consider; the file has at least as many.
    path : pathlib.Path
        Where they are from; only named in the result.
    text : bool, optional
        Whether to keep texts.
    after : tuple of (EventFile, Continuation or None), optional
        What was read of the file before; only what was added since is read, if that is possible.
    lessons : Lessons, optional
        What other files taught; what this one teaches is added. Reading cannot go on then.
    block : int, optional
        How many bytes to hold in memory.

    Returns
    -------
    tuple of (EventFile, Continuation or None)
        What was read, and where to go on when the file has grown.
    """
    before, known = after or (None, None)
    if before is None or known is None or not _goes_on(file, length, path, text, before, known):
        window = ByteWindow(file, length, block=block)
        reader = BlockReader(window, str(path), text=text, lessons=lessons)
    else:
        window = ByteWindow(file, length, begin=known.position, digest=known.digest, block=block)
        reader = BlockReader(window, str(path), text=text)
        reader.go_on(before, known)
    reader.read()
    continuation = reader.continuation() if lessons is None else None
    digest = window.digest_until(window.length).hexdigest()
    columns = reader.columns()
    if lessons is not None:
        lessons.keep(reader.templates, reader.decoder.tags)
        columns, reader.decoder.tags = _by_first_appearance(columns, reader.decoder.tags)
    contents = contents_of(reader, columns, path, digest)
    if window.error is not None:
        finding = unreadable(str(path), window.length, None, cause_of(window.error))
        contents = replace(contents, findings=(*contents.findings, finding))
    return contents, continuation


def _by_first_appearance(columns: Columns, tags: dict[str, int]) -> tuple[Columns, dict[str, int]]:
    """Return columns whose codes, and tags whose order, are as if no other file had been read."""
    count = len(columns.values)
    first = np.full(len(tags), count)
    # Of several assignments to one place the last stands: from the end on, that is the first event.
    first[columns.tag_codes[::-1]] = np.arange(count - 1, -1, -1)
    order = first.argsort(kind="stable")
    order = order[: int(np.count_nonzero(first < count))]
    code = np.empty(len(tags), np.int32)
    code[order] = np.arange(len(order), dtype=np.int32)
    names = list(tags)
    codes = code[columns.tag_codes]
    return columns._replace(tag_codes=codes), {names[at]: new for new, at in enumerate(order)}


def holds_scalar(file: BinaryIO, length: int, path: Path) -> bool:
    """Tell whether a file holds a scalar event, reading no further than the first."""
    reader = BlockReader(ByteWindow(file, length), str(path), text=False)
    position = 0
    while position < reader.size and not reader.decoder.waiting:
        reader.hold(position)
        position = reader.read_one(position)
    return reader.decoder.waiting > 0


def _goes_on(
    file: BinaryIO, length: int, path: Path, text: bool, before: EventFile, known: Continuation
) -> bool:
    """Tell whether a file goes on where reading it stopped."""
    if known.position > length or before.path != path or known.text != text:
        return False
    try:
        file.seek(known.position - len(known.bytes_before))
        return file.read(len(known.bytes_before)) == known.bytes_before
    except OSError:
        return False
