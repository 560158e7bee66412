"""Making one part of an archive: the work that processes share.

What it takes and gives can be sent from one process to another.
"""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.archive.files import part_of, read_part_bytes
from rulka_analysis.logs.archive.index import ArchiveError, Record, Session, Setting
from rulka_analysis.logs.archive.parts import Part, only, part_bytes
from rulka_analysis.logs.events import EventFile, Lessons, file_state, read_event_file
from rulka_analysis.logs.files import findings_by_name
from rulka_analysis.logs.sessions import created, sessions, standing_events
from rulka_analysis.logs.source import FileState

PARTS = "runs"
"""The folder of an archive that holds the parts of runs."""
BESIDE = ".writing"
"""How the names of files end that are not whole yet."""


@dataclass(frozen=True, slots=True)
class TagChoice:
    """Which tags an archive is to hold.

    Parameters
    ----------
    words : tuple of str
        What was asked for, as the archive says it.
    holds : callable
        Tells of a tag whether it is chosen. Another process must be able to import it.
    """

    words: tuple[str, ...]
    holds: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class FileToRead:
    """An event file to archive: what it is called, where it is, how much of it counts."""

    name: str
    path: Path
    length: int


@dataclass(frozen=True, slots=True)
class Task:
    """One part to write."""

    archive: Path
    run: str
    folders: tuple[str, ...]
    files: tuple[FileToRead, ...]
    sidecars: Mapping[str, str] = field(default_factory=dict)
    sidecar_states: Mapping[str, FileState] = field(default_factory=dict)
    settings: Mapping[str, Setting] | None = None
    tags: TagChoice | None = None
    known: Record | None = None


Done = tuple[Record, tuple[str, ...]]


_lessons = Lessons()
"""What the files that this process has read taught."""


def make_part(task: Task) -> Done:
    """Write one part, unless it is there already.

    Returns
    -------
    record : Record
    read : tuple of str
        The event files that had to be decoded.
    """
    known = task.known
    unchanged = {} if known is None else _unchanged(task.files, known)
    old: Part | None = None
    if known is not None and unchanged:
        # A part that was damaged or has been deleted is made anew, of files that are read anew.
        with contextlib.suppress(ArchiveError):
            data = read_part_bytes(task.archive, known)
            if _is_same(task, known, unchanged):
                return known, ()
            # Which events are given up depends on all tags, and a part of some lacks the others.
            if task.tags is None:
                old = part_of(data, task.archive, known)
    files: dict[str, EventFile] = {}
    read: list[str] = []
    for file in task.files:
        if old is not None and file.name in unchanged:
            files[file.name] = replace(old.files[file.name], path=file.path)
        else:
            read.append(file.name)
            files[file.name] = read_event_file(
                file.path, length=file.length, text=True, lessons=_lessons
            )
    return _write_part(task, files), tuple(read)


def end_with_parent() -> None:
    """Let this process end when the one that started it dies: nobody else would end it."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        assert parent is not None
        parent.join()
        os._exit(1)

    if parent is not None:
        threading.Thread(target=watch, daemon=True).start()


def _unchanged(files: Iterable[FileToRead], known: Record) -> dict[str, FileState]:
    """Return those files that are, byte for byte, as they were archived."""
    found = {}
    for file in files:
        state = known.files.get(file.name)
        if state is not None and state[0] == file.length:
            now = file_state(file.path, length=file.length)
            if now == state:
                found[file.name] = now
    return found


def _is_same(task: Task, known: Record, unchanged: Mapping[str, FileState]) -> bool:
    return (
        set(unchanged) == {file.name for file in task.files} == set(known.files)
        and task.folders == known.folders
        and dict(task.sidecar_states) == dict(known.sidecars)
        and (task.settings is None or dict(task.settings) == dict(known.settings))
    )


def _write_part(task: Task, files: Mapping[str, EventFile]) -> Record:
    written = _in_the_order_written(task.folders, files)
    kept, _ = standing_events(task.run, list(written.values()), list(written), "later wins")
    given_up = {name: ~mask for name, mask in zip(written, kept, strict=True)}
    ordered = written | {name: file for name, file in files.items() if name not in written}
    if task.tags is not None:
        ordered, given_up = _of_tags(task.tags, ordered, given_up)
    part = Part(task.run, task.folders, ordered, given_up, task.sidecars)
    data = part_bytes(part)
    digest = hashlib.sha256(data).hexdigest()
    folder = f"{PARTS}/{_stem(task.run)}" if task.run else "no_run"
    place = f"{folder}-{digest[:12]}.parquet"
    write_whole(task.archive / place, data)
    return Record(
        run=task.run,
        part=place,
        sha256=digest,
        events=sum(len(file.values) for file in ordered.values()),
        given_up=sum(int(np.count_nonzero(mask)) for mask in given_up.values()),
        folders=task.folders,
        files={name: (file.length, file.digest) for name, file in files.items()},
        scalars={name: len(ordered[name].values) for name in files},
        sidecars=task.sidecar_states,
        sessions=_sessions({name: file for name, file in written.items() if len(file.values)}),
        settings=_settings(files) if task.settings is None else task.settings,
        findings=tuple(
            finding
            for name, file in files.items()
            for finding in findings_by_name(file, name, task.run or None)
        ),
    )


def _in_the_order_written(
    folders: Iterable[str], files: Mapping[str, EventFile]
) -> dict[str, EventFile]:
    """Return files with scalars, and those that only declare a restart, as `RunFiles.read` does."""
    by_folder: dict[str, list[tuple[str, EventFile]]] = {}
    for name, file in files.items():
        if len(file.values) or file.session_starts:
            by_folder.setdefault(name.rpartition("/")[0] or ".", []).append((name, file))
    counting = [
        named
        for folder in folders
        for named in sorted(
            by_folder.get(folder, ()), key=lambda named: (created(named[1]), named[1].path.name)
        )
    ]
    return dict(sorted(counting, key=lambda named: created(named[1])))


def _of_tags(
    choice: TagChoice,
    files: Mapping[str, EventFile],
    given_up: Mapping[str, NDArray[np.bool_]],
) -> tuple[dict[str, EventFile], dict[str, NDArray[np.bool_]]]:
    """Return files, and which of their events are given up, with the events of some tags alone."""
    chosen = {tag for file in files.values() for tag in file.tags if choice.holds(tag)}
    masks = {}
    for name, mask in given_up.items():
        of_chosen = np.array([tag in chosen for tag in files[name].tags], np.bool_)
        masks[name] = mask[of_chosen[files[name].tag_codes]]
    return {name: only(file, chosen) for name, file in files.items()}, masks


def _sessions(files: Mapping[str, EventFile]) -> tuple[Session, ...]:
    if not files:
        return ()
    numbers, starts = sessions(list(files.values()))
    return tuple(
        Session(start, tuple(np.array(list(files))[numbers == number].tolist()))
        for number, start in enumerate(starts.tolist())
    )


def _settings(files: Mapping[str, EventFile]) -> dict[str, Setting]:
    return {
        key: (value, name)
        for name, file in files.items()
        for key, value in file.hyperparameters.items()
    }


def _stem(run: str) -> str:
    """Return a run's name as part of a file's name, on every system.

    Examples
    --------
    >>> _stem("dqn/seed 1")
    'dqn_seed_1'
    """
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", run)[:80]
    # It must not be taken for an event file where an archive lies among logs.
    return plain.replace("tfevents", "events").strip("_") or "run"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside its place and rename it: nobody ever sees half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}{BESIDE}")
    try:
        with beside.open("wb") as stream:
            stream.write(data)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
