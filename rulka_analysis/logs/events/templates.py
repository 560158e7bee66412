r"""Decoding many scalar events at once: by comparison with events that protobuf decoded.

A run logs the same tags again and again, and the events of one tag differ only in wall time, step
and value::

    09 <wall time, 8 bytes>  10 <step, 1 to 10 bytes>  2a …tag… <value, 4 bytes> …
    \_____________________ head _____________________/ \__________ rest _________/

So protobuf decodes the first event of a tag, and its rest, without the bytes of the value, becomes
a *template*. Whatever has a head of this form and a rest equal to a template, byte for byte, says
the same but for wall time, step and value, which are then simply taken from their places.

Where the value stands is found by *trying*: wall time, step and a guessed place of the value are
overwritten, protobuf decodes that, and only if exactly what was written comes back is the template
used. Nothing here knows how a tag or a tensor is written, and nothing needs to: TensorFlow's
tensors and PyTorch's simple values become templates alike, and what does not (several values an
event, integers, histograms) is left to protobuf.

What one file taught may serve in the next. A rest that says everything by itself (a simple value
without metadata) means the same in every file: its template is *free*, and serves from the next
file's begin. What any other rest means may hang on records before it (which plugin a tag belongs
to): its template serves only after protobuf has decoded such a record of the file at hand, and
merely the search for the place of its value is spared.
"""

from __future__ import annotations

import contextlib
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.events.checksums import (
    LONGEST_AT_ONCE,
    by_width,
    last_bytes,
    plain_checksums_of_rows,
)
from rulka_analysis.logs.events.columns import Columns
from rulka_analysis.logs.events.decoding import Decoder, Scalar

MOST_TEMPLATES = 1 << 16
"""A file with more tags than this has its further ones decoded by protobuf."""
MOST_HANDED_ON = 1 << 13
"""Templates and tags that a file may start with: where there are more, it starts with none."""
_MOST_ATTEMPTS = 8  # for one tag: its rests may differ each time
_MOST_TABLES = 8  # for rests of one width: each is tried in turn
_MOST_GUESSES = 4  # places of a value

_WALL_TIME_KEY = 0x09  # field 1, 64 bits
_STEP_KEY = 0x10  # field 2, varint
_SUMMARY_KEY = 0x2A  # field 5, with a length
_HEAD_TYPE = np.dtype(
    [("wall_time_key", "u1"), ("wall_time", "<f8"), ("step_key", "u1"), ("step", "<u8")]
)


@dataclass(slots=True)
class Heads:
    """Wall time and step of many payloads.

    `rest_lengths` is 0 where a payload does not begin with a head as described above.
    """

    wall_times: NDArray[np.float64]
    steps: NDArray[np.int64]
    rest_lengths: NDArray[np.int64]


def read_heads(
    buffer: NDArray[np.uint8], begins: NDArray[np.int64], lengths: NDArray[np.int64]
) -> Heads:
    """Read the heads of payloads.

    Parameters
    ----------
    buffer : ndarray of uint8
        With at least 18 bytes after the begin of each payload.
    begins, lengths : ndarray of int64, shape (n,)
        The payloads.
    """
    size = _HEAD_TYPE.itemsize
    at_every_byte = np.ndarray((len(buffer) - size + 1,), f"V{size}", buffer, 0, (1,))
    heads = at_every_byte[begins].view(_HEAD_TYPE)
    steps, step_sizes = varints(heads["step"].astype(np.uint64))
    # A step of 0 is not written: the summary follows the wall time.
    without_step = heads["step_key"] == _SUMMARY_KEY
    steps[without_step] = 0
    rest_lengths = lengths - np.where(without_step, 9, 10 + step_sizes)
    good = heads["wall_time_key"] == _WALL_TIME_KEY
    good &= without_step | ((heads["step_key"] == _STEP_KEY) & (step_sizes > 0))
    good &= rest_lengths > 0
    rest_lengths[~good] = 0
    return Heads(heads["wall_time"].astype(np.float64), steps, rest_lengths)


def varints(words: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Decode the variable-length integer at the begin of each eight bytes.

    A byte carries seven bits, the lowest first, and its top bit says whether another follows.

    Parameters
    ----------
    words : ndarray of uint64, shape (n,)
        Eight bytes each, as a little-endian integer.

    Returns
    -------
    values, sizes : ndarray of int64, shape (n,)
        The size is the number of bytes, or 0 where the integer has more than eight.

    Examples
    --------
    >>> values, sizes = varints(np.array([0x05, 0x02AC, 0x8080808080808080], np.uint64))
    >>> values[:2].tolist(), sizes.tolist()
    ([5, 300], [1, 2, 0])
    """
    ends = ~words & np.uint64(0x8080808080808080)
    first_end = ends & (~ends + np.uint64(1))
    # The bits up to and with the top bit of the last byte.
    used = first_end | (first_end - np.uint64(1))
    used[ends == 0] = 0
    sizes = (np.bitwise_count(used) >> 3).astype(np.int64)
    values = words & used & np.uint64(0x7F7F7F7F7F7F7F7F)
    for keep, move, by in (
        (0x007F007F007F007F, 0x7F007F007F007F00, 1),
        (0x00003FFF00003FFF, 0x3FFF00003FFF0000, 2),
        (0x000000000FFFFFFF, 0x0FFFFFFF00000000, 4),
    ):
        values = (values & np.uint64(keep)) | ((values & np.uint64(move)) >> np.uint64(by))
    return values.astype(np.int64), sizes


@dataclass(frozen=True, slots=True)
class Hole:
    """The place of the value in a rest: bytes between its end and the payload's, and its size."""

    behind: int
    size: int


class RestTable:
    """The templates of nearly one length whose values stand at one place.

    Parameters
    ----------
    width : int
        Rests are looked at as the last `width` bytes of a payload, zeros in front.
    hole : Hole
    """

    def __init__(self, width: int, hole: Hole) -> None:
        self.hole = hole
        self._width = width
        self._rests: dict[bytes, int] = {}
        self._built = 0
        keep = np.full(width, 0xFF, np.uint8)
        keep[width - hole.behind - hole.size : width - hole.behind] = 0
        self._keep = keep.view(np.uint64)

    def add(self, rest: bytes, tag_code: int) -> None:
        """Add a rest; whatever stands in its hole does not matter."""
        self._rests.setdefault(self._blank(rest), tag_code)

    def holds(self, rest: bytes) -> bool:
        """Tell whether a rest is equal to a template."""
        return self._blank(rest) in self._rests

    def __len__(self) -> int:
        return len(self._rests)

    def _blank(self, rest: bytes) -> bytes:
        begin = len(rest) - self.hole.behind - self.hole.size
        return rest[:begin] + bytes(self.hole.size) + rest[begin + self.hole.size :]

    def copy(self) -> RestTable:
        twin = copy(self)
        twin._rests = dict(self._rests)
        return twin

    def match(
        self, windows: NDArray[np.uint64], lengths: NDArray[np.int64]
    ) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.float64], NDArray[np.uint32]]:
        """Compare rests with the templates.

        Parameters
        ----------
        windows : ndarray of uint64, shape (n, width / 8)
            The rests, zeros in front; they are overwritten.
        lengths : ndarray of int64, shape (n,)
            Of the rests.

        Returns
        -------
        matched : ndarray of intp, shape (m,)
            Which rests are equal to a template.
        tag_codes : ndarray of int32, shape (m,)
        values : ndarray of float64, shape (m,)
        checksums : ndarray of uint32, shape (m,)
            Plain checksums of the rests.
        """
        self._build()
        begin = self._width - self.hole.behind - self.hole.size
        in_hole = windows.view(np.uint8)[:, begin : begin + self.hole.size].copy()
        windows &= self._keep
        proposed = self._keys.searchsorted(_mixed(windows, self._factors))
        proposed[proposed == len(self._keys)] = 0
        different = lengths ^ self._lengths.take(proposed)
        windows ^= self._words.take(proposed, axis=0)
        for column in range(self._width // 8):
            different |= windows[:, column].view(np.int64)
        matched = np.flatnonzero(different == 0)
        in_hole = in_hole.take(matched, axis=0)
        proposed = proposed.take(matched)
        checksums = plain_checksums_of_rows(in_hole, self.hole.behind)
        checksums ^= self._checksums.take(proposed)
        # A signalling NaN becomes a quiet one, as it does in protobuf.
        with np.errstate(invalid="ignore"):
            values = in_hole.view(f"<f{self.hole.size}")[:, 0].astype(np.float64)
        return matched, self._codes.take(proposed), values, checksums

    def _build(self) -> None:
        """Lay the templates out for the search, in order of a hash that tells them apart."""
        if self._built == len(self._rests):
            return
        self._built = len(self._rests)
        words = np.frombuffer(
            b"".join(rest.rjust(self._width, b"\0") for rest in self._rests), np.uint64
        ).reshape(-1, self._width // 8)
        for seed in range(8):
            self._factors = _factors(self._width // 8, seed)
            # Where two hashes are equal after all these, one of the two is left to protobuf.
            self._keys, first = np.unique(_mixed(words, self._factors), return_index=True)
            if len(first) == len(words):
                break
        self._words = words[first]
        self._lengths = np.array([len(rest) for rest in self._rests], np.int64)[first]
        self._codes = np.array(list(self._rests.values()), np.int32)[first]
        self._checksums = plain_checksums_of_rows(self._words.view(np.uint8))


def _mixed(words: NDArray[np.uint64], factors: NDArray[np.uint64]) -> NDArray[np.uint64]:
    # The shift brings differences in a word's upper bytes down, where factors spread them.
    shifted = words >> np.uint64(29)
    shifted ^= words
    mixed: NDArray[np.uint64] = shifted @ factors
    return mixed


@cache
def _factors(count: int, seed: int) -> NDArray[np.uint64]:
    """Return odd numbers without pattern: SplitMix64's (Steele, Lea and Flood, 2014)."""
    factors = []
    state = seed << 32
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        mixed = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % 2**64
        factors.append(mixed ^ mixed >> 31 | 1)
    return np.array(factors, np.uint64)


@dataclass(slots=True)
class Matches:
    """What templates say about payloads; where `matched` is false, the rest means nothing."""

    matched: NDArray[np.bool_]
    tag_codes: NDArray[np.int32]
    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float64]
    rest_lengths: NDArray[np.int64]
    rest_checksums: NDArray[np.uint32]

    def first(self, count: int) -> Matches:
        return Matches(*(getattr(self, name)[:count] for name in self.__slots__))

    def put(self, where: NDArray[np.intp], other: Matches) -> None:
        """Replace what is said about some payloads."""
        for name in self.__slots__:
            getattr(self, name)[where] = getattr(other, name)

    def columns(self) -> Columns:
        return Columns(self.tag_codes, self.steps, self.wall_times, self.values)


_Tables = dict[tuple[int, Hole], RestTable]


class Templates:
    """Every template that serves in one file.

    Parameters
    ----------
    before : Templates, optional
        What files read before this one taught. Tags must have the same codes there and here.
    """

    def __init__(self, before: Templates | None = None) -> None:
        self._free: _Tables = {}
        self._bound: _Tables = {}
        # Where values stand in rests that some file taught, and this one perhaps not yet.
        self._proven: _Tables = {}
        self._seen: Counter[str] = Counter()
        if before is not None:
            self._free = _copied(before._free)
            self._proven = before._proven
        self.learnt = sum(map(len, self._free.values()))

    def copy(self) -> Templates:
        """Return templates that go on from here and leave these as they are."""
        twin = Templates(self)
        twin._bound = _copied(self._bound)
        twin._proven = _copied(self._proven)
        twin._seen = self._seen.copy()
        twin.learnt = self.learnt
        return twin

    def handed_on(self) -> int:
        """Count what the next file would start with."""
        return sum(len(table) for kind in (self._free, self._proven) for table in kind.values())

    def learn(self, payload: bytes, decoder: Decoder) -> None:
        """Make a template of a payload that was just decoded, if it can be one.

        Parameters
        ----------
        payload : bytes
        decoder : Decoder
            What decoded it: how a payload is to be read may depend on those before it.
        """
        if self.learnt == MOST_TEMPLATES or len(payload) > LONGEST_AT_ONCE:
            return
        rest_begin = _rest_begin(payload)
        seen = self._seen[decoder.last_tag]
        self._seen[decoder.last_tag] += 1
        if rest_begin is None or seen > _MOST_ATTEMPTS:
            return
        rest = payload[rest_begin:]
        width = len(rest) + 15 & ~15
        known = self._known_hole(width, rest)
        # Not at first sight: a template for a tag that never comes again would be for nothing.
        if known is None and seen == 0:
            return
        original = decoder.rehearse(payload)
        if original is None:
            return
        for hole in _guesses(rest, original.value) if known is None else (known,):
            if known is not None or _proves(rest, hole, original, decoder):
                free = decoder.says_everything(payload)
                code = decoder.tags[original.tag]
                if _add(self._free if free else self._bound, width, hole, rest, code):
                    self.learnt += 1
                    if not free:
                        _add(self._proven, width, hole, rest, 0)
                return

    def _known_hole(self, width: int, rest: bytes) -> Hole | None:
        """Return where the value stands in a rest, if a file taught it."""
        for (table_width, hole), table in self._proven.items():
            if table_width == width and table.holds(rest):
                return hole
        return None

    def match(
        self, buffer: NDArray[np.uint8], begins: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> Matches:
        """Decode the payloads that are equal to a template.

        Parameters
        ----------
        buffer : ndarray of uint8
            With at least `LONGEST_AT_ONCE` bytes before the first payload and 18 after the begin
            of the last.
        begins, lengths : ndarray of int64, shape (n,)
            The payloads.
        """
        heads = read_heads(buffer, begins, lengths)
        heads.rest_lengths[lengths > LONGEST_AT_ONCE] = 0
        matches = Matches(
            np.zeros(len(begins), np.bool_),
            np.zeros(len(begins), np.int32),
            heads.steps,
            heads.wall_times,
            np.zeros(len(begins), np.float64),
            heads.rest_lengths,
            np.zeros(len(begins), np.uint32),
        )
        ends = begins + lengths
        for width, chosen in by_width(heads.rest_lengths):
            open_ones = chosen
            for (table_width, _), table in (*self._free.items(), *self._bound.items()):
                if table_width != width or not len(open_ones):
                    continue
                rest_lengths = heads.rest_lengths[open_ones]
                windows = last_bytes(buffer, ends[open_ones], rest_lengths, width)
                matched, tag_codes, values, checksums = table.match(windows, rest_lengths)
                where = open_ones[matched]
                matches.matched[where] = True
                matches.tag_codes[where] = tag_codes
                matches.values[where] = values
                matches.rest_checksums[where] = checksums
                open_ones = np.delete(open_ones, matched)
        return matches


class Lessons:
    """What files taught, for those that are read after them.

    Handed from file to file; which files, and in which order, is a matter of speed alone.

    Attributes
    ----------
    templates : Templates
    tags : dict of str to int
        The codes that templates have for tags.
    """

    def __init__(self) -> None:
        self.templates = Templates()
        self.tags: dict[str, int] = {}

    def keep(self, templates: Templates, tags: dict[str, int]) -> None:
        """Keep what a file taught, on top of what it started with."""
        self.templates, self.tags = templates, tags
        if max(templates.handed_on(), len(tags)) > MOST_HANDED_ON:
            self.templates, self.tags = Templates(), {}


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.lessons = Lessons()


_of_thread = _OfThread()


def lessons_so_far() -> Lessons:
    """Return what the files taught that this thread has read for another or another process."""
    # A thread, because executors may have several in a process.
    return _of_thread.lessons


def _copied(tables: _Tables) -> _Tables:
    return {key: table.copy() for key, table in tables.items()}


def _add(tables: _Tables, width: int, hole: Hole, rest: bytes, tag_code: int) -> bool:
    """Add a template to the tables, unless there are too many for rests of this width."""
    if (width, hole) not in tables:
        if sum(key[0] == width for key in tables) == _MOST_TABLES:
            return False
        tables[width, hole] = RestTable(width, hole)
    tables[width, hole].add(rest, tag_code)
    return True


def _rest_begin(payload: bytes) -> int | None:
    """Return where the rest begins, if the payload has a head as described above."""
    if len(payload) < 10 or payload[0] != _WALL_TIME_KEY:
        return None
    if payload[9] == _SUMMARY_KEY:
        return 9
    if payload[9] != _STEP_KEY:
        return None
    for position in range(10, min(18, len(payload) - 1)):
        if payload[position] < 0x80:
            return position + 1
    return None


def _guesses(rest: bytes, value: float) -> Iterator[Hole]:
    """Yield where a value may stand: at the end, as PyTorch's do, or where its bytes are found."""
    if len(rest) >= 4:
        yield Hole(behind=0, size=4)
    as_written = [struct.pack("<d", value)]
    # A float64 may be beyond what a float32 holds.
    with contextlib.suppress(OverflowError):
        as_written.insert(0, struct.pack("<f", value))
    for written in as_written:
        end = len(rest)
        for _ in range(_MOST_GUESSES):
            begin = rest.rfind(written, 0, end)
            if begin < 0:
                break
            yield Hole(behind=len(rest) - begin - len(written), size=len(written))
            end = begin + len(written) - 1


def _proves(rest: bytes, hole: Hole, original: Scalar, decoder: Decoder) -> bool:
    """Write another wall time, step and value around a rest, and see whether they are read."""
    wall_time = 1.5 if original.wall_time != 1.5 else 2.5
    step = 1 if original.step != 1 else 2
    value = 0.375 if original.value != 0.375 else 0.625
    head = bytes([_WALL_TIME_KEY]) + struct.pack("<d", wall_time) + bytes([_STEP_KEY, step])
    begin = len(rest) - hole.behind - hole.size
    written = struct.pack("<f" if hole.size == 4 else "<d", value)
    tried = head + rest[:begin] + written + rest[begin + hole.size :]
    return decoder.rehearse(tried) == Scalar(original.tag, step, wall_time, value)
