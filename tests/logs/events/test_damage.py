"""What is wrong with an event file is found, named and survived."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest

from rulka_analysis.logs.events import EventFile, has_scalars, read_event_file
from rulka_analysis.logs.events.window import ByteWindow
from tests import event_files as write

EVENTS = [
    write.scalar_event("loss", 10, 0.25, 5.0),
    write.scalar_event("speed", 20, 7.0, 6.0),
    write.histogram_event("weights", 20),
    write.scalar_event("loss", 300, 0.125, 7.0),
]
WHOLE = write.event_file_bytes(EVENTS)
BEGINS = [len(write.event_file_bytes(EVENTS[:count])) for count in range(len(EVENTS))]
"""Where the record of each event begins."""


def read(tmp_path: Path, data: bytes) -> EventFile:
    path = tmp_path / write.NAME
    path.write_bytes(data)
    return read_event_file(path)


def steps(file: EventFile) -> list[int]:
    return file.steps.tolist()


def kinds(file: EventFile) -> list[str]:
    return [finding.kind for finding in file.findings]


def test_truncation_at_every_byte(tmp_path):
    ends = [0, BEGINS[0], *BEGINS[1:], len(WHOLE)]
    for length in range(len(WHOLE) + 1):
        file = read(tmp_path, WHOLE[:length])
        complete = [
            step
            for step, end in zip([10, 20, 300], [BEGINS[1], BEGINS[2], len(WHOLE)], strict=True)
            if end <= length
        ]
        assert steps(file) == complete
        if length in ends:
            assert file.findings == ()
        else:
            begin = max(end for end in ends if end <= length)
            (finding,) = file.findings
            assert (finding.kind, finding.severity) == ("truncated_tail", "note")
            assert (finding.byte, finding.unread_bytes) == (begin, length - begin)
            assert finding.file == str(tmp_path / write.NAME)


def test_one_flipped_bit_anywhere_is_found(tmp_path):
    for byte in range(len(WHOLE)):
        for bit in range(8):
            data = bytearray(WHOLE)
            data[byte] ^= 1 << bit
            file = read(tmp_path, bytes(data))
            begin = max(begin for begin in [0, *BEGINS] if begin <= byte)
            assert file.findings, (byte, bit)
            assert file.findings[0].byte == begin
            lost = {BEGINS[0]: 10, BEGINS[1]: 20, BEGINS[3]: 300}.get(begin)
            assert steps(file) == [step for step in (10, 20, 300) if step != lost]
            assert (file.created is None) == (begin == 0)


def test_damage_names_the_gap_and_reading_goes_on(tmp_path):
    data = bytearray(WHOLE)
    data[BEGINS[1] + 20] ^= 1
    (finding,) = read(tmp_path, bytes(data)).findings
    assert (finding.kind, finding.severity) == ("damage", "error")
    assert (finding.byte, finding.unread_bytes) == (BEGINS[1], BEGINS[2] - BEGINS[1])
    assert str(tmp_path / write.NAME) in finding.message
    assert f"{BEGINS[1]:,}" in finding.message
    assert finding.why
    assert finding.remedy


def test_bytes_put_in_and_taken_out(tmp_path):
    for byte in [BEGINS[1], BEGINS[1] + 5, BEGINS[1] + 14]:
        for data in (WHOLE[:byte] + b"\x55" * 9 + WHOLE[byte:], WHOLE[:byte] + WHOLE[byte + 3 :]):
            file = read(tmp_path, data)
            assert kinds(file) == ["damage"]
            assert steps(file)[-1] == 300


def test_a_zero_filled_tail(tmp_path):
    (finding,) = read(tmp_path, WHOLE + bytes(4096)).findings
    assert (finding.kind, finding.severity) == ("zero_filled_tail", "warning")
    assert (finding.byte, finding.unread_bytes) == (len(WHOLE), 4096)
    # The last record reached the disk in part, what follows it not at all.
    file = read(tmp_path, WHOLE[: BEGINS[3] + 20] + bytes(4096))
    assert kinds(file) == ["damage", "zero_filled_tail"]
    assert steps(file) == [10, 20]
    assert sum(finding.unread_bytes for finding in file.findings) == 20 + 4096
    assert kinds(read(tmp_path, bytes(4096))) == ["zero_filled_tail"]


def test_zeros_in_the_middle_are_damage(tmp_path):
    file = read(tmp_path, WHOLE[: BEGINS[1]] + bytes(4096) + WHOLE[BEGINS[2] :])
    assert kinds(file) == ["damage"]
    assert steps(file) == [10, 300]


@pytest.mark.parametrize(
    "data",
    [
        b"hello, this is a text and no event file\n" * 20,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"GIF89a",
        write.record(b"\x0a\x03abc") * 3,
        write.record(b"\xff\xff\xff") * 3,
    ],
    ids=["text", "picture", "shorter than a header", "other records", "records that do not parse"],
)
def test_foreign_files(tmp_path, data):
    (finding,) = read(tmp_path, data).findings
    assert (finding.kind, finding.severity) == ("not_an_event_file", "error")
    assert (finding.byte, finding.unread_bytes) == (0, len(data))
    assert not has_scalars(tmp_path / write.NAME)


def test_empty_and_header_only_files_are_fine(tmp_path):
    for data in (b"", write.event_file_bytes([])):
        file = read(tmp_path, data)
        assert file.findings == ()
        assert len(file.values) == 0
        assert not has_scalars(tmp_path / write.NAME)
    assert file.created == write.STARTED


def test_a_record_that_is_no_event_is_damage(tmp_path):
    data = write.event_file_bytes([EVENTS[0], b"\xff\xff\xff", EVENTS[1]])
    file = read(tmp_path, data)
    assert kinds(file) == ["damage"]
    assert file.findings[0].byte == BEGINS[1]
    assert steps(file) == [10, 20]


def test_a_record_that_claims_to_be_huge(tmp_path):
    length = struct.pack("<Q", 2**62)
    header = length + struct.pack("<I", write.masked_checksum(length))
    file = read(tmp_path, WHOLE[: BEGINS[1]] + header + WHOLE[BEGINS[1] :])
    assert kinds(file) == ["damage"]
    assert (file.findings[0].byte, file.findings[0].unread_bytes) == (BEGINS[1], 12)
    assert steps(file) == [10, 20, 300]
    assert kinds(read(tmp_path, WHOLE + header)) == ["damage"]


def test_a_file_made_to_waste_time_is_given_up(tmp_path):
    """Headers that each claim the whole rest would take quadratic time."""
    size = 200_000
    data = bytearray()
    while len(data) <= size - 16:
        length = struct.pack("<Q", size - len(data) - 16)
        data += length + struct.pack("<I", write.masked_checksum(length))
    file = read(tmp_path, WHOLE + bytes(data).ljust(size, b"\1"))
    assert steps(file) == [10, 20, 300]
    assert kinds(file) == ["damage"]
    assert "given up" in file.findings[0].message


def test_a_file_made_to_waste_time_costs_no_more_than_its_length_allows(tmp_path, monkeypatch):
    checked = 0
    original = ByteWindow.checksum_between

    def counting(window: ByteWindow, begin: int, end: int) -> int:
        nonlocal checked
        checked += end - begin
        return original(window, begin, end)

    monkeypatch.setattr(ByteWindow, "checksum_between", counting)
    size = 50_000
    data = bytearray(WHOLE)
    while len(data) <= size - 28:
        length = struct.pack("<Q", (size - len(data)) // 2)
        data += length + struct.pack("<I", write.masked_checksum(length))
    read(tmp_path, bytes(data).ljust(size, b"\1"))
    assert size < checked < 6 * size


def test_records_within_a_damaged_record_are_not_events(tmp_path):
    inner = write.event_file_bytes(EVENTS, version=False)
    data = bytearray(WHOLE + write.record(inner) + WHOLE)
    data[len(WHOLE) + len(inner)] ^= 1
    file = read(tmp_path, bytes(data))
    assert steps(file) == [10, 20, 300] * 2
    assert [(finding.kind, finding.byte) for finding in file.findings] == [("damage", len(WHOLE))]


def test_many_damaged_places_are_summed_up(tmp_path):
    record = bytearray(write.record(EVENTS[0].SerializeToString()))
    good = bytes(record)
    record[20] ^= 1
    file = read(tmp_path, WHOLE + (bytes(record) + good) * 300)
    assert len(file.values) == 303
    assert len(file.findings) == 101
    assert sum(finding.unread_bytes for finding in file.findings) == 300 * len(record)
    assert "200 further damaged places" in file.findings[-1].message


def test_random_bytes_never_raise(tmp_path):
    random = np.random.default_rng(3)
    for size in [1, 7, 11, 12, 16, 40, 3000]:
        file = read(tmp_path, random.bytes(size))
        assert len(file.values) == 0
        assert len(file.findings) == 1


def test_what_cannot_be_opened_is_unreadable(tmp_path):
    file = read_event_file(tmp_path / "gone.tfevents")
    assert kinds(file) == ["unreadable"]
    assert "gone.tfevents" in file.findings[0].message
    assert kinds(read_event_file(tmp_path)) == ["unreadable"]
    assert not has_scalars(tmp_path / "gone.tfevents")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.tfevents")
    assert kinds(read_event_file(tmp_path / "pipe.tfevents")) == ["unreadable"]
