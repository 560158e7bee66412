"""Making one part of an archive: the work that processes share.

What it takes and gives can be sent from one process to another.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import re
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.archive.files import part_of, read_part_bytes
from rulka_analysis.logs.archive.index import ArchiveError, Record, Session, Setting
from rulka_analysis.logs.archive.parts import Part, only, part_bytes
from rulka_analysis.logs.events import EventFile, file_state, lessons_so_far, read_event_file
from rulka_analysis.logs.files import as_created, course_of, findings_by_name
from rulka_analysis.logs.history import History
from rulka_analysis.logs.source import FileState
from rulka_analysis.values.digests import digest_bytes
from rulka_analysis.values.files import write_whole

PARTS = "runs"
"""The folder of an archive that holds the parts of runs."""
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
class SettingSources:
    """What records what was set. Another process must be able to import its functions.

    Parameters
    ----------
    setting_of : callable
        Returns the setting that a tag records, or None.
    digest : str
        Of what `setting_of` goes by: where that changed, all parts are written anew.
    beside : callable, optional
        Returns what files beside a run say, as data: of its name, its folders and the path of its
        first event file.
    """

    setting_of: Callable[[str], str | None]
    digest: str
    beside: Callable[[str, tuple[str, ...], Path], Iterable[Mapping[str, Any]]] | None = None


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
    settings: SettingSources | None = None
    tags: TagChoice | None = None
    known: Record | None = None


Done = tuple[Record, tuple[str, ...]]


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
                file.path, length=file.length, text=True, lessons=lessons_so_far()
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
        and _recorded(task, known.sessions) == known.recorded
    )


def _write_part(task: Task, files: Mapping[str, EventFile]) -> Record:
    history = _history(task, files)
    names = history.names
    ordered = {name: files[name] for name in names}
    ordered |= {name: file for name, file in files.items() if name not in ordered}
    given_up = dict(zip(names, history.by_file(history.given_up), strict=True))
    attempts = dict(zip(names, history.by_file(history.attempt_of), strict=True))
    settings = _settings(task, files, attempts, given_up)
    if task.tags is not None:
        chosen = {tag for file in files.values() for tag in file.tags if task.tags.holds(tag)}
        given_up, attempts = (_of_tags(chosen, ordered, one) for one in (given_up, attempts))
        ordered = {name: only(file, chosen) for name, file in ordered.items()}
    sessions = tuple(_sessions(history))
    part = Part(task.run, task.folders, ordered, given_up, task.sidecars, attempts)
    data = part_bytes(part)
    digest = digest_bytes(data)
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
        sessions=sessions,
        settings=settings,
        recorded=_recorded(task, sessions),
        findings=(
            *history.all_findings,
            *(
                finding
                for name, file in files.items()
                for finding in findings_by_name(file, name, task.run or None)
            ),
        ),
    )


def _history(task: Task, files: Mapping[str, EventFile]) -> History:
    """Return what the files of a run tell together; of those that belong to none, nothing."""
    of_folders: dict[str, list[EventFile]] = {folder: [] for folder in task.folders}
    for name, file in files.items() if task.run else ():
        # What `add_hparams` wrote in a folder of its own is no part of the run's course.
        of_folders.get(name.rpartition("/")[0] or ".", []).append(file)
    course = course_of(map(as_created, of_folders.values()))
    names = {file.path: name for name, file in files.items()}
    return History(task.run, course, [names[file.path] for file in course])


def _of_tags(
    tags: Container[str], files: Mapping[str, EventFile], marks: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Return what is said of the events of each file, of those of some tags alone."""
    found = {}
    for name, said in marks.items():
        chosen = np.array([tag in tags for tag in files[name].tags], np.bool_)
        found[name] = said[chosen[files[name].tag_codes]]
    return found


def _sessions(history: History) -> Iterator[Session]:
    for number, attempt in enumerate(history.attempts, 1):
        for session in attempt.in_order:
            names = tuple(history.names[at] for at in session.files)
            yield Session(number, session.begins if math.isfinite(session.begins) else None, names)


def _settings(
    task: Task,
    files: Mapping[str, EventFile],
    attempts: Mapping[str, NDArray[np.int32]],
    given_up: Mapping[str, NDArray[np.bool_]],
) -> dict[str, Setting]:
    """Return what was set and never changed: under the tags that record it, else as `add_hparams`.

    The source is the tag or the event file.
    """
    logged: dict[str, dict[str, set[float]]] = {}
    last = max((int(of.max()) for of in attempts.values() if len(of)), default=0)
    for name in attempts if task.settings is not None else ():
        file = files[name]
        of_run = (attempts[name] == last) & ~given_up[name] & np.isfinite(file.values)
        for code, tag in enumerate(file.tags):
            assert task.settings is not None
            setting = task.settings.setting_of(tag)
            if setting is not None:
                values = file.values[of_run & (file.tag_codes == code)]
                logged.setdefault(setting, {}).setdefault(tag, set()).update(values.tolist())
    found: dict[str, Setting] = {}
    for setting, by_tag in sorted(logged.items()):
        for tag, said in sorted(by_tag.items()):
            if len(said) == 1:
                found.setdefault(setting, (float(*said), tag))
    for name, file in files.items():
        for setting, value in file.hyperparameters.items():
            if setting not in logged:
                found[setting] = value, name
    return found


def _recorded(task: Task, sessions: Sequence[Session]) -> tuple[Mapping[str, Any], ...]:
    """Return what files beside a run say of its settings."""
    if task.settings is None or task.settings.beside is None or not sessions:
        return ()
    last = sessions[-1].attempt
    first = next(name for one in sessions if one.attempt == last for name in one.files)
    path = next(file.path for file in task.files if file.name == first)
    return tuple(task.settings.beside(task.run, task.folders, path))


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
