"""The part of a file that is in memory: one block, reused, that moves through the file.

Reading into one block is several times faster than mapping the file into memory, where each page
that is touched for the first time costs a fault.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, BinaryIO, Protocol

import google_crc32c
import numpy as np

from rulka_analysis.logs.events.checksums import LONGEST_AT_ONCE, masked_value
from rulka_analysis.logs.events.framing import HEADER, headers_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

BLOCK = 1 << 19
"""Bytes in memory at a time: large enough to hide what a NumPy call costs, small enough that
what is computed from it is given back to the system and asked for again as seldom as possible."""
BEFORE = LONGEST_AT_ONCE
"""Bytes of the buffer before the block: what is gathered by its end may begin there."""
BEHIND = 32
"""Bytes of the buffer behind the block: what is gathered by its begin may end there."""
_FIRST_PIECE = 1 << 12


class Digest(Protocol):
    """A hash that can go on; the standard library has no public name for it."""

    def update(self, data: bytes | memoryview, /) -> None: ...
    def copy(self) -> Digest: ...
    def hexdigest(self) -> str: ...


class Window:
    """Some bytes of a file, from `begin` to `end`, and the digest of all that were read.

    Parameters
    ----------
    file : binary file
    length : int
        How much of the file counts. Where it turns out to be shorter, so does `length`.
    begin : int, optional
        Where reading begins.
    digest : hash object, optional
        That of the bytes before `begin`.
    block : int, optional
        How many bytes to hold.

    Attributes
    ----------
    begin, end : int
        Positions in the file.
    buffer : ndarray of uint8
        Position `p` of the file is ``buffer[BEFORE + p - begin]``.
    error : OSError or None
        Why reading ended early.
    """

    def __init__(
        self,
        file: BinaryIO,
        length: int,
        *,
        begin: int = 0,
        digest: Digest | None = None,
        block: int = BLOCK,
    ) -> None:
        self._file = file
        self.length = length
        self.begin = self.end = begin
        self._capacity = min(block, length - begin)
        self.buffer: NDArray[np.uint8] = np.empty(BEFORE + self._capacity + BEHIND, np.uint8)
        self.error: OSError | None = None
        self._digest: Digest = hashlib.sha256() if digest is None else digest.copy()
        self._digested = begin
        self._zeros_begin: int | None = None

    @property
    def block(self) -> NDArray[np.uint8]:
        """The bytes of the window, shape (end - begin,)."""
        return self.buffer[BEFORE : BEFORE + self.end - self.begin]

    def move(self, position: int) -> None:
        """Let the window begin at a position, not before where it begins, and fill it."""
        self._digest_on(position)
        kept = 0
        if self.begin <= position < self.end:
            kept = self.end - position
            source = BEFORE + position - self.begin
            self.buffer[BEFORE : BEFORE + kept] = self.buffer[source : source + kept]
        self.begin = position
        self.end = position + kept
        wanted = min(self._capacity, self.length - position) - kept
        self.end += self._read_into(self.end, self.buffer[BEFORE + kept :][:wanted].data)

    def bytes_between(self, begin: int, end: int) -> bytes:
        """Return bytes of the file, from the window where it holds them."""
        if self.begin <= begin and end <= self.end:
            offset = BEFORE - self.begin
            return self.buffer[begin + offset : end + offset].tobytes()
        piece = bytearray(end - begin)
        count = self._read_into(begin, memoryview(piece))
        return bytes(piece[:count])

    def checksum_between(self, begin: int, end: int) -> int:
        """Return the masked checksum of bytes of the file, however many they are."""
        checksum = 0
        for piece_begin in range(begin, end, BLOCK):
            piece = self.bytes_between(piece_begin, min(piece_begin + BLOCK, end))
            checksum = google_crc32c.extend(checksum, piece)
        return masked_value(checksum)

    def headers_between(self, begin: int, end: int) -> Iterator[int]:
        """Yield every position from `begin` to before `end` where a proven header stands."""
        size = _FIRST_PIECE  # the next record is rarely far away
        while begin < end:
            piece = self.bytes_between(begin, min(begin + size + HEADER - 1, self.length))
            positions, _ = headers_in(np.frombuffer(piece, np.uint8), length_bytes=4)
            for position in positions.tolist():
                if begin + position >= end:
                    return
                yield begin + position
            begin += size
            size = min(2 * size, BLOCK)

    def zeros_begin(self) -> int:
        """Return where the zero bytes begin that the file ends with."""
        if self._zeros_begin is None:
            end, size = self.length, _FIRST_PIECE
            while end > 0:
                begin = max(end - size, 0)
                rest = self.bytes_between(begin, end).rstrip(b"\0")
                end = begin + len(rest)
                if rest:
                    break
                size = min(2 * size, BLOCK)
            self._zeros_begin = end
        return self._zeros_begin

    def digest_until(self, position: int) -> Digest:
        """Return the digest of everything before a position, not before those asked for so far."""
        self._digest_on(position)
        return self._digest.copy()

    def _digest_on(self, position: int) -> None:
        """Let the digest go on to a position, also over what the window jumps over."""
        while self._digested < position:
            begin = self._digested
            if self.begin <= begin < self.end:
                piece = self.block[begin - self.begin : position - self.begin].data
            else:
                piece = memoryview(self.bytes_between(begin, min(begin + BLOCK, position)))
            if not piece:
                return
            self._digest.update(piece)
            self._digested += len(piece)

    def _read_into(self, position: int, target: memoryview) -> int:
        """Fill a buffer from a position of the file, and return how far that went."""
        count = 0
        try:
            self._file.seek(position)
            while count < len(target):
                read = self._file.readinto(target[count:])  # type: ignore[attr-defined]
                if not read:
                    break
                count += read
        except OSError as error:
            self.error = error
        if count < len(target):
            self.length = min(self.length, position + count)
        return count
