"""The parts of the fast reader, each by itself."""

from __future__ import annotations

import google_crc32c
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulka_analysis.logs.events import checksums, framing, templates
from rulka_analysis.logs.events.columns import Columns, GrowingColumns
from rulka_analysis.logs.events.specification import RecordReader
from tests import event_files as write

RANDOM = np.random.default_rng(11)


def test_checksums_of_pieces_of_every_length():
    lengths = np.arange(checksums.LONGEST_AT_ONCE + 1)
    buffer = RANDOM.integers(0, 256, 2 * checksums.LONGEST_AT_ONCE + 10, dtype=np.uint8)
    ends = np.full(len(lengths), len(buffer) - 3)
    plain = checksums.plain_checksums(buffer, ends, lengths)
    expected = [
        checksums.masked_checksum(buffer[end - length : end].tobytes())
        for end, length in zip(ends, lengths, strict=True)
    ]
    assert checksums.masked_checksums(plain, lengths).tolist() == expected


@settings(deadline=None)
@given(st.binary(max_size=100), st.binary(min_size=4, max_size=100))
def test_checksum_of_one_piece_followed_by_another(one, other):
    def plain(data: bytes) -> np.ndarray:
        zeros = google_crc32c.value(bytes(len(data)))
        return np.array([google_crc32c.value(data) ^ zeros], np.uint32)

    joined = checksums.followed_by(plain(one), np.array([len(other)]), plain(other))
    assert joined == plain(one + other)


def test_checksums_of_lengths():
    lengths = [0, 1, 255, 256, 65535, 65536, 2**31 - 1, 2**32 - 1]
    expected = [write.masked_checksum(length.to_bytes(8, "little")) for length in lengths]
    assert checksums.length_checksums(np.array(lengths)).tolist() == expected
    short = checksums.short_length_checksums()
    assert short[[0, 1, 255, 256, 65535]].tolist() == expected[:5]


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**56 - 1), min_size=1), st.integers(0, 255))
def test_varints(numbers, following):
    def written(number: int) -> bytes:
        parts = bytearray()
        while number > 0x7F:
            parts.append(number & 0x7F | 0x80)
            number >>= 7
        return bytes([*parts, number])

    words = [written(number).ljust(8, bytes([following])) for number in numbers]
    values, sizes = templates.varints(np.frombuffer(b"".join(words), "<u8").astype(np.uint64))
    assert values.tolist() == numbers
    assert sizes.tolist() == [len(written(number)) for number in numbers]


@pytest.mark.parametrize("length_bytes", [2, 4])
def test_headers_are_found_wherever_they_stand(length_bytes, monkeypatch):
    monkeypatch.setattr(framing, "_PIECE", 64)
    payloads = [b"", b"x", bytes(300), b"y" * 100, bytes(70_000), b"z" * 8]
    data = b"\0\0\0" + b"".join(write.record(payload) for payload in payloads) + bytes(30)
    reader = RecordReader(data, "file", text=False)
    no_header = (framing.State.HEADER_WRONG, framing.State.TOO_SHORT, framing.State.IMPOSSIBLE)
    expected = [
        position
        for position in range(len(data))
        if reader.frame_at(position).state not in no_header
    ]
    assert len(expected) == len(payloads)
    if length_bytes == 2:
        del expected[4]
    positions, lengths = framing.headers_in(
        np.frombuffer(data, np.uint8), length_bytes=length_bytes
    )
    assert positions.tolist() == expected
    assert len(lengths) == len(expected)
    nothing, _ = framing.headers_in(np.zeros(5, np.uint8), length_bytes=length_bytes)
    assert len(nothing) == 0


@pytest.mark.parametrize("length_bytes", [2, 4])
def test_a_long_stretch_of_zeros_proposes_no_header(length_bytes):
    zeros = np.zeros(5000, np.uint8)
    assert not len(framing._zeros_at(zeros, length_bytes))
    record = np.frombuffer(write.record(b"x" * 300), np.uint8)
    for behind in (0, 1, 11, 12, 5000):
        block = np.concatenate([zeros, record, zeros[:behind]])
        positions, lengths = framing.headers_in(block, length_bytes=length_bytes)
        assert (positions.tolist(), lengths.tolist()) == ([5000], [300])


def test_templates_that_a_hash_does_not_tell_apart(monkeypatch):
    """Only then is one of two templates unused; never is one taken for the other."""
    monkeypatch.setattr(templates, "_factors", lambda count, seed: np.zeros(count, np.uint64))
    table = templates.RestTable(16, templates.Hole(0, 4))
    table.add(b"*first" + bytes(4), 0)
    table.add(b"*other" + bytes(4), 1)
    rests = [b"*first" + np.float32(1.5).tobytes(), b"*other" + np.float32(2.5).tobytes()]
    windows = np.frombuffer(b"".join(rest.rjust(16, b"\0") for rest in rests), "<u8").reshape(2, 2)
    matched, tag_codes, values, _ = table.match(windows.copy(), np.array([10, 10]))
    assert matched.tolist() == [0]
    assert (tag_codes.tolist(), values.tolist()) == ([0], [1.5])


def events(first: int, count: int) -> Columns:
    numbers = np.arange(first, first + count)
    return Columns(numbers.astype(np.int32), numbers, numbers / 2, numbers / 4)


@pytest.mark.parametrize("part_read", [1e-9, 0.5, 1.0])
def test_columns_grow_whatever_was_expected(part_read):
    growing = GrowingColumns()
    for first in range(0, 9000, 900):
        growing.add(events(first, 900), part_read)
    for found, expected in zip(growing.all(), events(0, 9000), strict=True):
        assert found.tolist() == expected.tolist()
