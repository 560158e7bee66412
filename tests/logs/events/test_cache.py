"""What was read before may stand in for an event file only while its bytes are the same."""

from __future__ import annotations

import ast
import math
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rulka_analysis.logs.events import EventCache, EventFile, cache, file_state, read_event_file
from rulka_analysis.logs.runs import Logs
from rulka_analysis.values.places import build_folder
from tests import event_files as write


class Reads:
    """Counts how often event files are really read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        monkeypatch.setattr(cache, "read_event_file", self)

    def __call__(self, *arguments: Any, **options: Any) -> EventFile:
        self.count += 1
        return read_event_file(*arguments, **options)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


def assert_same(found: EventFile, expected: EventFile) -> None:
    for field in fields(EventFile):
        one, other = getattr(found, field.name), getattr(expected, field.name)
        if isinstance(other, np.ndarray):
            assert one.dtype == other.dtype
            assert one.tobytes() == other.tobytes()
            assert not one.flags.writeable
        else:
            assert repr(one) == repr(other)


def everything(tmp_path: Path) -> Path:
    """Write a file with everything in it that there is to remember, damage included."""
    events = [
        write.scalar_event("größe\0", 7, math.nan, math.inf),
        write.session_start_event(-3),
        write.scalars_event([("a", 1.5), ("b", -0.0)], -(2**60)),
        write.hyperparameters_event({"batch_size": 512.0, "double": True, "name": "\N{SNOWMAN}"}),
        write.tensor_event("", 3, write.TensorProto(dtype=1)),
    ]
    path = write.write_event_file(tmp_path / "run", events)
    damaged = bytearray(path.read_bytes() + write.event_file_bytes(events) + b"cut")
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    return path


def big_file(folder: Path, events: int = 20_000) -> Path:
    path = folder / write.NAME
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        write.event_file_bytes(
            [write.scalar_event("a_tag_of_some_length", n, n) for n in range(events)]
        )
    )
    return path


def test_what_is_remembered_is_what_was_read(tmp_path: Path, reads: Reads) -> None:
    path = everything(tmp_path)
    remembering = EventCache(tmp_path / "cache", least_length=0)
    expected = read_event_file(path)
    assert {finding.kind for finding in expected.findings} >= {"damage", "truncated_tail"}
    for _ in range(3):
        assert_same(remembering.read(path), expected)
    assert reads.count == 1
    cut = path.stat().st_size // 3
    for _ in range(2):
        assert_same(remembering.read(path, length=cut), read_event_file(path, length=cut))
    assert reads.count == 2


@pytest.mark.parametrize("change", ["flipped", "grown", "cut"])
def test_other_bytes_are_read_whatever_their_time_and_length(
    tmp_path: Path, reads: Reads, change: str
) -> None:
    path = everything(tmp_path)
    remembering = EventCache(tmp_path / "cache", least_length=0)
    remembering.read(path)
    before = path.stat()
    data = bytearray(path.read_bytes())
    if change == "flipped":
        data[-1] ^= 1
    data = data + b"!" if change == "grown" else data[:-1] if change == "cut" else data
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert_same(remembering.read(path), read_event_file(path))
    assert reads.count == 2
    # The entry now is about the new bytes.
    assert_same(remembering.read(path), read_event_file(path))
    assert reads.count == 2


def test_an_entry_that_is_damaged_in_any_byte_is_none(tmp_path: Path, reads: Reads) -> None:
    path = everything(tmp_path)
    remembering = EventCache(tmp_path / "cache", least_length=0)
    expected = remembering.read(path)
    (entry,) = (tmp_path / "cache").iterdir()
    whole = entry.read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        entry.write_bytes(damaged)
        assert_same(remembering.read(path), expected)
        assert entry.read_bytes() == whole
    assert reads.count == 1 + len(whole)
    for length in range(0, len(whole), 7):
        entry.write_bytes(whole[:length])
        assert_same(remembering.read(path), expected)


def test_the_entry_of_another_file_is_none(tmp_path: Path, reads: Reads) -> None:
    path = everything(tmp_path)
    remembering = EventCache(tmp_path / "cache", least_length=0)
    remembering.read(path)
    (entry,) = (tmp_path / "cache").iterdir()
    moved = path.rename(path.with_name("tfevents.moved"))
    assert_same(remembering.read(moved), read_event_file(moved))
    (other,) = (file for file in (tmp_path / "cache").iterdir() if file != entry)
    entry.replace(other)
    assert_same(remembering.read(moved), read_event_file(moved))
    assert reads.count == 3


def test_all_that_decides_how_bytes_are_read_is_known() -> None:
    package = Path(cache.__file__).parents[2]
    used = set()
    for source in cache.sources():
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("rulka_analysis."):
                place = package.joinpath(*str(node.module).split(".")[1:])
                used.add(place / "__init__.py" if place.is_dir() else place.with_suffix(".py"))
    # An error ends reading: nothing of it is remembered.
    assert used - {package / "values" / "errors.py"} <= set(cache.sources())


def test_another_reader_reads_anew(
    tmp_path: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = everything(tmp_path)
    remembering = EventCache(tmp_path / "cache", least_length=0)
    remembering.read(path)
    monkeypatch.setattr(cache, "_reader", lambda: "another")
    remembering.read(path)
    assert reads.count == 2


def test_the_folder_may_be_deleted_at_any_time(tmp_path: Path, reads: Reads) -> None:
    path = everything(tmp_path)
    remembering = EventCache(tmp_path / "cache", least_length=0)
    expected = remembering.read(path)
    for file in (tmp_path / "cache").iterdir():
        file.unlink()
    (tmp_path / "cache").rmdir()
    assert_same(remembering.read(path), expected)
    assert reads.count == 2


def test_entries_longest_not_used_make_room(tmp_path: Path, reads: Reads) -> None:
    paths = [big_file(tmp_path / str(number), 200) for number in range(4)]
    EventCache(tmp_path / "cache", least_length=0).read(paths[0])
    (entry,) = (tmp_path / "cache").iterdir()
    room_for_two = EventCache(
        tmp_path / "cache", least_length=0, most_bytes=entry.stat().st_size * 2 + 200
    )
    os.utime(entry, ns=(1, 1))
    room_for_two.read(paths[1])
    room_for_two.read(paths[0])  # so that the other is the one longest not used
    assert reads.count == 2
    for file in (tmp_path / "cache").iterdir():
        if file != entry:
            os.utime(file, ns=(2, 2))
    room_for_two.read(paths[2])
    assert len(list((tmp_path / "cache").iterdir())) == 2
    room_for_two.read(paths[0])
    assert reads.count == 3
    room_for_two.read(paths[1])
    assert reads.count == 4
    no_room = EventCache(tmp_path / "none", least_length=0, most_bytes=100)
    no_room.read(paths[3])
    assert not (tmp_path / "none").exists()


def test_what_cannot_be_read_today_is_not_remembered(tmp_path: Path) -> None:
    remembering = EventCache(tmp_path / "cache", least_length=0)
    gone = tmp_path / "tfevents.gone"
    assert [finding.kind for finding in remembering.read(gone).findings] == ["unreadable"]
    assert not (tmp_path / "cache").exists()


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    path = everything(tmp_path)
    (tmp_path / "cache").write_text("a file, not a folder", encoding="utf-8")
    remembering = EventCache(tmp_path / "cache", least_length=0)
    assert_same(remembering.read(path), read_event_file(path))


def test_logs_remember_large_files_in_the_build_folder(tmp_path: Path, reads: Reads) -> None:
    path = big_file(tmp_path / "run")
    small = write.write_event_file(tmp_path / "small", [write.scalar_event("a", 1, 1.0)])
    assert small.stat().st_size < cache.LEAST_LENGTH <= path.stat().st_size
    for count in (2, 3):
        logs = Logs(tmp_path)
        assert len(logs["run"].scalars("a_tag_of_some_length")) == 20_000
        assert logs["small"].tags == ("a",)
        assert reads.count == count
    assert (build_folder() / "events_read").is_dir()


# --- The state of a file --------------------------------------------------------------------------


@pytest.mark.parametrize("length", [None, 0, 1, 100, 10**9])
def test_the_state_of_a_file_is_what_reading_says(tmp_path: Path, length: int | None) -> None:
    path = everything(tmp_path)
    file = read_event_file(path, length=length)
    assert file_state(path, length=length) == (file.length, file.digest)


def test_the_state_of_what_cannot_be_opened_is_what_reading_says(tmp_path: Path) -> None:
    places = [tmp_path / "gone", tmp_path]
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe")
        places.append(tmp_path / "pipe")
    for path in places:
        file = read_event_file(path)
        assert file_state(path) == (file.length, file.digest)
