"""A file that has grown: reading goes on where it stopped, and gives what a fresh read gives."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulka_analysis.logs.events import block_reader, read_event_file, read_on
from tests import event_files as write
from tests.logs.events.test_block_reader import (
    MIXED,
    PATH,
    assert_equal,
    read_fast,
    read_fast_on,
    small_batches,  # noqa: F401 - used by every test here
    streams,
)

WHOLE = write.event_file_bytes(MIXED)


class CountingFile(io.BytesIO):
    """A file that counts the bytes read from it."""

    count = 0

    def readinto(self, target) -> int:
        read = super().readinto(target)
        self.count += read
        return read

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def grown(path: Path, parts: list[bytes]) -> block_reader.Read:
    """Read a file each time something has been added to it."""
    path.unlink(missing_ok=True)
    found = None
    for part in parts:
        with path.open("ab") as file:
            file.write(part)
        found = read_on(path, after=found)
    assert found is not None
    return found


def test_growing_at_every_byte():
    expected = read_fast(WHOLE)
    for cut in range(len(WHOLE)):
        assert_equal(read_fast_on(WHOLE, after=read_fast_on(WHOLE[:cut]))[0], expected)


@settings(max_examples=50, deadline=None)
@given(streams(), st.lists(st.integers(0, 2000), max_size=3), st.data())
def test_growing_files_that_are_damaged(stream, cuts, data):
    damaged = bytearray(write.event_file_bytes(stream))
    for _ in range(data.draw(st.integers(0, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= 1
    if data.draw(st.booleans()):
        # A record within a damaged one: what is found depends on where the file ends.
        begin = data.draw(st.integers(0, len(damaged)))
        damaged[begin:begin] = write.record(bytes(damaged[:100]))[: data.draw(st.integers(0, 120))]
    found = None
    for cut in [*sorted(cuts), len(damaged)]:
        found = read_fast_on(bytes(damaged[:cut]), after=found)
        assert_equal(found[0], read_fast(bytes(damaged[:cut])))


def test_only_what_was_added_is_read():
    stream = [write.scalar_event("loss", step, step / 7) for step in range(5000)]
    data = write.event_file_bytes(stream)
    cut = len(data) - 1000
    before = block_reader.read_file(io.BytesIO(data[:cut]), cut, PATH)
    file = CountingFile(data)
    found, _ = block_reader.read_file(file, len(data), PATH, after=before)
    assert len(found.values) == 5000
    assert file.count < 20_000 < len(data) // 10
    # What was read first goes on to be usable: twice, and with other additions.
    assert len(before[0].values) < 5000
    other = data[:cut] + write.event_file_bytes([write.scalar_event("other", 1, 2.0)])
    assert_equal(
        block_reader.read_file(io.BytesIO(other), len(other), PATH, after=before)[0],
        block_reader.read_file(io.BytesIO(other), len(other), PATH)[0],
    )


def test_growing_twice_from_the_same_state():
    def events(*tags: str) -> bytes:
        stream = [write.scalar_event(tag, step, 0.5) for step in range(50) for tag in tags]
        return write.event_file_bytes(stream, version=False)

    start = WHOLE + events("old")
    before = read_fast_on(start)
    for added in (events("new"), events("newer", "new")):
        assert_equal(read_fast_on(start + added, after=before)[0], read_fast(start + added))


def test_what_is_found_within_a_record_that_is_not_whole_yet():
    """Once the outer record is whole, it is a record and what is in it is not."""
    inner = write.record(write.scalar_event("inner", 1, 1.0).SerializeToString())
    data = WHOLE + write.record(b"before" + inner + b"behind") + WHOLE
    cut = len(WHOLE) + 12 + 6 + len(inner)
    before = read_fast_on(data[:cut])
    assert "inner" in before[0].tags
    found, _ = read_fast_on(data, after=before)
    assert "inner" not in found.tags
    assert_equal(found, read_fast(data))


def test_the_limit_of_the_search_does_not_wear_out():
    """A damaged end is looked at anew whenever the file has grown."""
    last = bytearray(write.record(b"x" * 5000))
    last[100] ^= 1
    found = None
    for growth in range(12):
        data = WHOLE + bytes(last) + b"\x18\0\0\0\0\0\0\0\xa3\x7f\x4b"[:growth]
        found = read_fast_on(data, after=found)
        assert_equal(found[0], read_fast(data))


def test_a_growing_file_that_holds_no_events():
    data = write.record(b"\x0a\x03abc") * 3
    before = read_fast_on(data)
    assert [finding.kind for finding in before[0].findings] == ["not_an_event_file"]
    assert_equal(read_fast_on(data + b"\x05", after=before)[0], read_fast(data + b"\x05"))


def test_a_file_that_grows_on_disk(tmp_path):
    path = tmp_path / write.NAME
    found, _ = grown(path, [WHOLE[:100], WHOLE[100:300], WHOLE[300:]])
    assert_equal(found, read_event_file(path))


def test_a_replaced_file_is_read_anew(tmp_path):
    path = tmp_path / write.NAME
    before = grown(path, [WHOLE])
    for data in (
        write.event_file_bytes([write.scalar_event("new", step, 1.0) for step in range(100)]),
        WHOLE[: len(WHOLE) // 2],
        b"",
    ):
        path.write_bytes(data)
        assert_equal(read_on(path, after=before)[0], read_event_file(path))


def test_without_texts_before_none_would_be_there_after(tmp_path):
    path = tmp_path / write.NAME
    path.write_bytes(write.event_file_bytes([write.text_event("note", 1, "hello")]))
    before = read_on(path)
    assert len(read_on(path, text=True, after=before)[0].texts) == 1


def test_a_length_before_where_reading_stopped(tmp_path):
    path = tmp_path / write.NAME
    before = grown(path, [WHOLE])
    assert_equal(
        read_on(path, length=len(WHOLE) // 2, after=before)[0],
        read_event_file(path, length=len(WHOLE) // 2),
    )


def test_what_was_read_can_be_pickled(tmp_path):
    path = tmp_path / write.NAME
    found, go_on = grown(path, [WHOLE])
    assert go_on is not None
    copy = pickle.loads(pickle.dumps(found))
    assert_equal(copy, found)
    assert_equal(read_on(path, after=(copy, None))[0], found)


class FailingFile(io.BytesIO):
    """A file on a disk that breaks at a byte."""

    breaks_at = 0

    def readinto(self, target) -> int:
        left = self.breaks_at - self.tell()
        if left <= 0:
            raise OSError(5, "Input/output error")
        return super().readinto(target[:left])


def test_a_disk_that_breaks_gives_what_was_read_before():
    file = FailingFile(WHOLE)
    file.breaks_at = len(WHOLE) // 2
    found, go_on = block_reader.read_file(file, len(WHOLE), PATH)
    expected = read_fast(WHOLE[: file.breaks_at])
    assert found.digest == expected.digest
    assert found.values.tolist() == expected.values.tolist()
    assert [finding.kind for finding in found.findings] == ["truncated_tail", "unreadable"]
    assert found.findings[-1].byte == file.breaks_at
    assert go_on is None


def test_columns_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        read_fast(WHOLE).values[0] = 1.0
