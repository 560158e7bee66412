"""The frame around a record, and how each one of a whole block is found at once.

A file is a sequence of records (TFRecord)::

    uint64  length of the payload, little endian
    uint32  masked CRC-32C of those eight bytes
    bytes   payload: one `Event` message
    uint32  masked CRC-32C of the payload

Each record says where the next begins, so they are found by walking, one after the other; that
alone would cost more than everything else together. But every record shorter than 64 KiB has six
zero bytes in its length, which little else has. `headers_in` looks for those in the whole block,
keeps the places where the checksum of the length is right, and `Chain` then *proves* the guess:
where each record ends at the next one's begin, walking would have come by exactly these.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.events.checksums import length_checksums, short_length_checksums

HEADER = 12
"""Bytes of length and length checksum."""
FOOTER = 4
"""Bytes of the payload checksum."""
LONGEST_PAYLOAD = 2**31 - 1
"""No protobuf message is longer: https://protobuf.dev/programming-guides/proto-limits/"""

_HEADER_TYPE = np.dtype([("length", "<u4"), ("zeros", "<u4"), ("checksum", "<u4")])
_PIECE = 1 << 18  # what `headers_in` looks at in one go: it stays in the processor's cache


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


def headers_in(
    block: NDArray[np.uint8], *, length_bytes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find every place in a block where a header stands whose checksum is right.

    Parameters
    ----------
    block : ndarray of uint8, shape (n,)
    length_bytes : {2, 4}
        Look for lengths of up to so many bytes. Fewer are faster.

    Returns
    -------
    positions, lengths : ndarray of int64, shape (m,)
        In order; no length is above `LONGEST_PAYLOAD`.
    """
    found = [
        _zeros_at(block[begin : begin + _PIECE + HEADER - 1], length_bytes) + begin
        for begin in range(0, len(block) - HEADER + 1, _PIECE)
    ]
    positions = np.concatenate([np.empty(0, np.int64), *found])
    at_every_byte = np.ndarray((max(len(block) - HEADER + 1, 0),), f"V{HEADER}", block, 0, (1,))
    headers = at_every_byte[positions].view(_HEADER_TYPE)
    lengths = headers["length"].astype(np.int64)
    if length_bytes == 2:
        right = short_length_checksums().take(lengths) == headers["checksum"]
    else:
        right = length_checksums(lengths) == headers["checksum"]
        right &= lengths <= LONGEST_PAYLOAD
    kept = np.flatnonzero(right)
    return positions.take(kept), lengths.take(kept)


def _zeros_at(piece: NDArray[np.uint8], length_bytes: int) -> NDArray[np.int64]:
    """Return where a header could stand by the zero bytes of its length."""
    count = len(piece) - HEADER + 1
    zero = piece == 0
    two = zero[:-1] & zero[1:]
    four = two[:-2] & two[2:]
    possible = four[4 : 4 + count]
    if length_bytes == 2:
        possible &= two[2 : 2 + count]
    found = np.flatnonzero(possible)
    if len(found) > count // 8:
        # A long stretch of zeros. A header of nothing but zeros is wrong: a length of zero has
        # another checksum. Without this, zeros would take a hundred times longer than records.
        four = two[:-2] & two[2:]
        found = np.flatnonzero(possible & ~(four[:count] & four[8 : 8 + count]))
    return found


class Chain:
    """The headers of a block, and which of them follow each other.

    Parameters
    ----------
    block : ndarray of uint8, shape (n,)
    """

    def __init__(self, block: NDArray[np.uint8]) -> None:
        begins, lengths = headers_in(block, length_bytes=2)
        whole = begins + lengths + (HEADER + FOOTER) <= len(block)
        self._begins = begins if whole.all() else begins[whole]
        self._lengths = lengths if whole.all() else lengths[whole]
        ends = self._begins + self._lengths + (HEADER + FOOTER)
        self._last_of_runs = np.flatnonzero(ends[:-1] != self._begins[1:])

    def run_from(self, position: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return begins and lengths of the records that follow each other from a position on.

        Their length checksums are right, and each lies within the block; the first begins at
        the position, or there are none.
        """
        first = int(self._begins.searchsorted(position))
        if first == len(self._begins) or self._begins[first] != position:
            return self._begins[:0], self._lengths[:0]
        run = int(self._last_of_runs.searchsorted(first))
        after = (
            int(self._last_of_runs[run]) + 1 if run < len(self._last_of_runs) else len(self._begins)
        )
        return self._begins[first:after], self._lengths[first:after]
