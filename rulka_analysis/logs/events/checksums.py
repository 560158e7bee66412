"""CRC-32C of many records at once, with NumPy.

A CRC without its initial and final inversion is linear: the checksum of a message is the XOR of
what each byte contributes, and what a byte contributes depends only on the byte and on how many
bytes follow it. So a table ``contribution[bytes that follow][byte]`` gives the checksums of all
records in a handful of NumPy operations: one look-up and one XOR for each distance from the end,
each over all records. The inversions add a constant that depends on the length alone: the
checksum of so many zeros.

`google_crc32c` is much faster a byte, but costs as much a *call* as all of this a record.
"""

from __future__ import annotations

from functools import cache

import google_crc32c
import numpy as np
from numpy.typing import NDArray

LONGEST_AT_ONCE = 256
"""Payloads up to so many bytes are checked together; longer ones one by one."""

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
_MASK_DELTA = 0xA282EAD8  # tensorflow/core/lib/hash/crc32c.h


def masked_checksum(data: bytes | memoryview) -> int:
    """Return the checksum that records carry: CRC-32C, rotated and offset.

    The mask keeps the checksum of data that contain checksums from being degenerate; see
    ``tensorflow/core/lib/hash/crc32c.h``.

    Examples
    --------
    >>> hex(masked_checksum(b"123456789"))
    '0xc78ab0e5'
    """
    return masked_value(google_crc32c.value(bytes(data)))


def masked_value(checksum: int) -> int:
    """Rotate and offset one CRC-32C as records carry it."""
    return ((checksum >> 15 | checksum << 17) + _MASK_DELTA) & 0xFFFFFFFF


def length_checksums(lengths: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return the masked checksum of each length as its eight bytes stand in a record.

    Parameters
    ----------
    lengths : ndarray of int64, shape (n,)
        At most 2^32 - 1 each.
    """
    rows = np.ascontiguousarray(lengths, "<i8").view(np.uint8).reshape(-1, 8)[:, :4]
    plain = plain_checksums_of_rows(rows, behind=4)
    return masked_checksums(plain, np.full(len(lengths), 8))


@cache
def short_length_checksums() -> NDArray[np.uint32]:
    """Return the masked checksum of every length below 64 KiB, shape (65536,)."""
    return length_checksums(np.arange(1 << 16))


def plain_checksums(
    buffer: NDArray[np.uint8], ends: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.uint32]:
    """Return the checksum without inversions and mask of each of many pieces of a buffer.

    Parameters
    ----------
    buffer : ndarray of uint8
        With at least `LONGEST_AT_ONCE` bytes before the end of the first piece.
    ends, lengths : ndarray of int64, shape (n,)
        Where each piece ends, and how long it is: at most `LONGEST_AT_ONCE`.
    """
    checksums = np.zeros(len(ends), np.uint32)
    for width, chosen in by_width(lengths):
        windows = last_bytes(buffer, ends[chosen], lengths[chosen], width).view(np.uint8)
        checksums[chosen] = plain_checksums_of_rows(windows)
    return checksums


def plain_checksums_of_rows(rows: NDArray[np.uint8], behind: int = 0) -> NDArray[np.uint32]:
    """Return what each row contributes to a checksum.

    Parameters
    ----------
    rows : ndarray of uint8, shape (n, m)
    behind : int, optional
        How many bytes follow each row.
    """
    contribution = _contributions()
    total = np.zeros(len(rows), np.uint32)
    part = np.empty_like(total)
    last = rows.shape[1] - 1
    for column in range(rows.shape[1]):
        # mode="clip" lets `take` write to `out` directly; a byte is never out of range.
        contribution[behind + last - column].take(rows[:, column], out=part, mode="clip")
        total ^= part
    return total


def followed_by(
    plain: NDArray[np.uint32], lengths: NDArray[np.int64], following: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    """Return the checksums, without inversions and mask, of pieces followed by other pieces.

    A checksum in the middle of a message acts on what comes as if its four bytes stood in front
    of it: so it contributes what four bytes contribute.

    Parameters
    ----------
    plain : ndarray of uint32, shape (n,)
        Checksums of the first pieces.
    lengths : ndarray of int64, shape (n,)
        Of the second pieces, from 4 to `LONGEST_AT_ONCE`.
    following : ndarray of uint32, shape (n,)
        Checksums of the second pieces.
    """
    contribution = _contributions().ravel()
    total = following.copy()
    for byte in range(4):
        values = (plain >> np.uint32(8 * byte)) & np.uint32(0xFF)
        total ^= contribution.take(((lengths - (1 + byte)) << 8) + values)
    return total


def masked_checksums(plain: NDArray[np.uint32], lengths: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return the checksums as records carry them, of messages of these lengths, shape (n,)."""
    return _masked(plain ^ _checksums_of_zeros()[lengths])


def by_width(lengths: NDArray[np.int64]) -> list[tuple[int, NDArray[np.intp]]]:
    """Group what has nearly the same length, so that little work goes into padding.

    Returns
    -------
    list of (int, ndarray of intp)
        A number of bytes that is a multiple of 16, and the positions of the lengths that fit it
        and not the one before.
    """
    widths = (lengths + 15) >> 4
    present = np.flatnonzero(np.bincount(widths))
    return [(int(width) << 4, np.flatnonzero(widths == width)) for width in present if width]


def last_bytes(
    buffer: NDArray[np.uint8], ends: NDArray[np.int64], lengths: NDArray[np.int64], width: int
) -> NDArray[np.uint64]:
    """Gather the last bytes before each end, with zeros in front of those asked for.

    Parameters
    ----------
    buffer : ndarray of uint8
    ends, lengths : ndarray of int64, shape (n,)
        Which bytes: so many before each end.
    width : int
        A multiple of 16, at least as large as every length and less than 16 larger.

    Returns
    -------
    ndarray of uint64, shape (n, width / 8)
    """
    # An item of a void dtype is copied as a whole, wherever it begins: the fastest gather.
    at_every_byte = np.ndarray((len(buffer) - width + 1,), f"V{width}", buffer, 0, (1,))
    gathered = at_every_byte[ends - width].view(np.uint64).reshape(len(ends), width // 8)
    # Only the first sixteen bytes can hold what was not asked for.
    wanted_of_first = lengths - (width - 16)
    gathered[:, 0] &= _keep_last()[0].take(wanted_of_first)
    gathered[:, 1] &= _keep_last()[1].take(wanted_of_first)
    return gathered


@cache
def _keep_last() -> NDArray[np.uint64]:
    """Return masks that keep the last 0 to 16 of sixteen bytes, shape (2, 17).

    The first row is for the first eight of the sixteen, the second for the others.
    """
    masks = np.zeros((17, 16), np.uint8)
    for length in range(17):
        masks[length, 16 - length :] = 0xFF
    return np.ascontiguousarray(masks.view(np.uint64).T)


@cache
def _contributions() -> NDArray[np.uint32]:
    """Return what a byte contributes to a checksum, by the number of bytes that follow it."""
    byte = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        byte = np.where(byte & 1, (byte >> 1) ^ np.uint32(_POLYNOMIAL), byte >> 1)
    table = np.empty((LONGEST_AT_ONCE, 256), np.uint32)
    table[0] = byte
    for distance in range(1, LONGEST_AT_ONCE):
        before = table[distance - 1]
        table[distance] = byte[before & 0xFF] ^ (before >> 8)
    return table


@cache
def _checksums_of_zeros() -> NDArray[np.uint32]:
    return np.array(
        [google_crc32c.value(bytes(length)) for length in range(LONGEST_AT_ONCE + 1)], np.uint32
    )


def _masked(checksums: NDArray[np.uint32]) -> NDArray[np.uint32]:
    rotated = (checksums >> np.uint32(15)) | (checksums << np.uint32(17))
    rotated += np.uint32(_MASK_DELTA)
    return rotated
