"""Many event files, one after the other or in several processes."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path

from rulka_analysis.logs.events.contents import EventFile
from rulka_analysis.logs.events.reading import read_event_file
from rulka_analysis.logs.events.templates import Lessons, lessons_so_far

BATCH_BYTES = 16 << 20
"""Of event files that one process is asked to read at a time: small ones share what that costs."""
_MOST_WAITING = 8
"""Batches that are read or wait to be taken: memory does not grow with the number of files."""


def read_event_files(
    paths: Iterable[str | os.PathLike[str]],
    *,
    text: bool = False,
    executor: Executor | None = None,
) -> Iterator[EventFile]:
    """Read event files, each as `read_event_file` does, in the order given.

    What one file taught is handed to the next, so that very many small ones take little more time
    than a large one.

    An executor reads them batch by batch; it must see the files at their paths. A file that cannot
    be read is one, too, with a finding that says so.
    """
    if executor is None:
        lessons = Lessons()
        for path in paths:
            yield read_event_file(path, text=text, lessons=lessons)
        return
    waiting: deque[Future[list[EventFile]]] = deque()
    try:
        for batch in _batches(map(Path, paths)):
            waiting.append(executor.submit(_read_batch, batch, text))
            if len(waiting) == _MOST_WAITING:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _batches(paths: Iterable[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = 0
    for path in paths:
        with contextlib.suppress(OSError):  # Reading it says what is wrong.
            size += path.stat().st_size
        batch.append(path)
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read_batch(paths: list[Path], text: bool) -> list[EventFile]:
    return [read_event_file(path, text=text, lessons=lessons_so_far()) for path in paths]
