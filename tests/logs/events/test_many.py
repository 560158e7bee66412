"""Many files, read together, are what each is alone."""

from __future__ import annotations

import random
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from rulka_analysis.logs.events import many, read_event_file
from rulka_analysis.logs.events.many import read_event_files
from tests import event_files as write
from tests.logs.events.test_block_reader import LEARNT, MIXED, assert_equal


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Files of several kinds, damaged and missing ones among them."""
    kinds = [MIXED, LEARNT, [*MIXED, *LEARNT], [write.text_event("note", 1, "x")], []]
    paths = []
    for number in range(40):
        path = tmp_path / f"run_{number}" / write.NAME
        write.write_event_file(path, kinds[number % len(kinds)])
        if number % 7 == 3:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(bytes(data))
        paths.append(path)
    paths.append(tmp_path / "missing" / write.NAME)
    random.Random(1).shuffle(paths)
    return paths


def assert_as_alone(found: list[Any], paths: list[Path]) -> None:
    assert len(found) == len(paths)
    for file, path in zip(found, paths, strict=True):
        assert_equal(file, read_event_file(path, text=True))


def test_one_after_the_other(files: list[Path]) -> None:
    assert_as_alone(list(read_event_files(files, text=True)), files)


def test_in_other_processes(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "BATCH_BYTES", 3_000)
    with ProcessPoolExecutor(2, get_context("spawn")) as executor:
        assert_as_alone(list(read_event_files(files, text=True, executor=executor)), files)


class Counting(Executor):
    """Runs what it is given when the result is asked for, and counts what waits."""

    def __init__(self) -> None:
        self.submitted = 0

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        self.submitted += 1
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **named))
        return future


def test_few_batches_wait_however_many_files_there_are(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "BATCH_BYTES", 1)
    executor = Counting()
    reading = read_event_files(files, executor=executor)
    next(reading)
    assert executor.submitted <= 9
    assert len(list(reading)) == len(files) - 1
    monkeypatch.setattr(many, "BATCH_BYTES", 1 << 30)
    executor = Counting()
    assert len(list(read_event_files(files, executor=executor))) == len(files)
    assert executor.submitted == 1
