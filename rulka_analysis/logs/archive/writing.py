"""Writing an archive: what is new or has grown is read, nothing else.

A part's name holds the begin of its digest, so a part that changes gets another name: whoever reads
the archive meanwhile finds the old one until `archive.toml`, written last, names the new. Parts
that were finished are noted in a journal; where writing was interrupted, it goes on after them.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    as_completed,
)
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from rulka_analysis.logs.archive.files import is_archive
from rulka_analysis.logs.archive.index import (
    INDEX,
    ArchiveError,
    Index,
    Record,
    read_index,
    record_of,
)
from rulka_analysis.logs.archive.making import (
    PARTS,
    Done,
    FileToRead,
    SettingSources,
    TagChoice,
    Task,
    end_with_parent,
    make_part,
)
from rulka_analysis.logs.events.cache import sources
from rulka_analysis.logs.source import Source
from rulka_analysis.values.digests import digest_code, digest_text
from rulka_analysis.values.files import BESIDE, write_whole

if TYPE_CHECKING:
    from rulka_analysis.logs.runs import Logs

JOURNAL = ".parts.jsonl"
VERSIONS = ("rulka-analysis", "numpy", "protobuf", "pyarrow", "tensorboard")
FEW_BYTES = 64 << 20
"""Of event files: so many are read sooner than another process has started."""

_MOST_ATTEMPTS = 3  # to finish what processes that died were to do

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Written:
    """What writing an archive did.

    Parameters
    ----------
    index : Index
    read : tuple of str
        The event files that were decoded.
    kept : int
        How many parts were there already.
    """

    index: Index
    read: tuple[str, ...]
    kept: int

    @property
    def sha256(self) -> str:
        """The digest of ``archive.toml``, and by it of all of the archive."""
        return digest_text(self.index.text())


def write_archive(
    logs: Logs,
    archive: str | os.PathLike[str],
    *,
    runs: Sequence[str] | None = None,
    asked: Sequence[str] | None = None,
    tags: TagChoice | None = None,
    settings: SettingSources | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write an archive of a log directory, or bring one up to date.

    Parameters
    ----------
    logs : Logs
    archive : path-like
        A folder: one that is not there or is empty, or an archive.
    runs : sequence of str, optional
        Names of the runs to keep; by default all, and files that belong to no run, too.
    asked : sequence of str, optional
        What was asked for, as the archive says it; `runs` by default.
    tags : TagChoice, optional
        Which tags to keep; by default all.
    settings : SettingSources, optional
        What records what was set; by default only hyperparameters do.
    jobs : int, optional
        How many processes work at it; by default as many as there are processors, and one where
        there is little to read.
    executor : concurrent.futures.Executor, optional
        What works at it instead. It must see the log directory and the archive at their paths.
    progress : callable, optional
        Told after each part: how many are done, of how many, and of which run it is.

    Raises
    ------
    ArchiveError
        If the folder holds something else, or cannot be written.
    """
    archive = Path(os.path.abspath(archive))  # noqa: PTH100 - a link keeps its name
    _check_target(archive, logs.path)
    words = None if tags is None else tags.words
    reader = reader_digest("" if settings is None else settings.digest)
    known = _known_records(archive, reader, words)
    tasks = [
        replace(task, tags=tags, settings=settings, known=known.get(task.run))
        for task in _tasks(logs, archive, runs)
    ]
    done: dict[str, Done] = {}
    try:
        (archive / PARTS).mkdir(parents=True, exist_ok=True)
        begin = [{"reader": reader, "metrics": words}]
        begin += [record.plain() for record in known.values()]
        lines = "".join(json.dumps(line) + "\n" for line in begin)
        write_whole(archive / JOURNAL, lines.encode())
        with (archive / JOURNAL).open("a", encoding="utf-8") as journal:
            for record, read in _carried_out(tasks, jobs, executor):
                journal.write(json.dumps(record.plain()) + "\n")
                journal.flush()
                done[record.run] = record, read
                if progress is not None:
                    progress(len(done), len(tasks), record.run)
        index = Index(
            records=tuple(done[task.run][0] for task in tasks),
            reader=reader,
            versions={name: version(name) for name in VERSIONS},
            runs=None if runs is None else tuple(runs if asked is None else asked),
            metrics=words,
            findings=tuple(logs.source.findings),
        )
        write_whole(archive / INDEX, index.text().encode())
        _remove_what_is_left(archive, {record.part for record in index.records})
    except OSError as error:
        cause = error.strerror or str(error)
        raise ArchiveError(
            f"the archive {archive} cannot be written: {cause}. Check that the folder may be "
            "written to and has room, and run the command again: it goes on where it stopped"
        ) from error
    read_files = tuple(name for task in tasks for name in done[task.run][1])
    kept = sum(done[task.run] == (task.known, ()) for task in tasks)
    return Written(index, read_files, kept)


def reader_digest(more: str = "") -> str:
    """Return the digest of everything that decides what is written of event files."""
    folder = Path(__file__).parent
    deciding = [*sources(), *sorted(folder.glob("*.py")), *sorted(folder.parent.glob("*.py"))]
    return digest_code(deciding, VERSIONS[1:], more)


# --- What there is to do --------------------------------------------------------------------------


def _check_target(archive: Path, log_directory: Path) -> None:
    if is_archive(log_directory):
        raise ArchiveError(f"{log_directory} is an archive already; copy it as it is")
    if archive.exists() and not archive.is_dir():
        raise ArchiveError(f"{archive} is a file; name a folder for the archive")
    if archive.is_relative_to(log_directory) or log_directory.is_relative_to(archive):
        raise ArchiveError(
            f"the archive {archive} and the log directory {log_directory} lie within each other; "
            "name a folder elsewhere"
        )
    ours = is_archive(archive) or (archive / JOURNAL).is_file()
    if archive.is_dir() and not ours and any(archive.iterdir()):
        raise ArchiveError(
            f"{archive} holds something else than an archive; name a folder that is empty or new"
        )


def _tasks(logs: Logs, archive: Path, runs: Sequence[str] | None) -> Iterator[Task]:
    source = logs.source
    lengths = source.lengths()
    used: set[str] = set()
    for name in logs.runs if runs is None else runs:
        run = logs[name]
        used.update(run.places)
        texts, states = {}, {}
        for folder in run.folders:
            text = source.sidecar(folder)
            for sidecar, state in source.sidecar_states(folder).items():
                states[sidecar] = state
                texts[sidecar] = text or ""
        yield Task(
            archive=archive,
            run=name,
            folders=run.folders,
            files=tuple(_files(source, run.places, lengths)),
            sidecars=texts,
            sidecar_states=states,
        )
    others = [folder for folder in source.folders if folder not in used]
    if runs is None and others:
        files = tuple(_files(source, others, lengths))
        yield Task(archive=archive, run="", folders=tuple(others), files=files)


def _files(
    source: Source, folders: Iterable[str], lengths: Mapping[str, int]
) -> Iterator[FileToRead]:
    for folder in folders:
        for path in source.folders[folder]:
            name = source.relative(path)
            yield FileToRead(name, path, lengths[name])


def _known_records(
    archive: Path, reader: str, metrics: tuple[str, ...] | None
) -> dict[str, Record]:
    """Return what an archive says of its parts, if they were made as they would be today."""
    known: dict[str, Record] = {}
    if is_archive(archive):
        index = read_index(archive)
        if (index.reader, index.metrics) == (reader, metrics):
            known |= {record.run: record for record in index.records}
    try:
        lines = (archive / JOURNAL).read_text(encoding="utf-8").splitlines()
        head = json.loads(lines[0])
        words = None if head["metrics"] is None else tuple(head["metrics"])
        if (head["reader"], words) == (reader, metrics):
            # The last one may have been cut off.
            for line in lines[1:]:
                record = record_of(json.loads(line))
                known[record.run] = record
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        pass
    return known


# --- Doing it -------------------------------------------------------------------------------------


def _carried_out(
    tasks: Sequence[Task], jobs: int | None, executor: Executor | None
) -> Iterator[Done]:
    """Carry out tasks, in any order."""
    if executor is not None:
        yield from _finished(executor, tasks)
        return
    if jobs is None:
        little = sum(file.length for task in tasks for file in task.files) < FEW_BYTES
        jobs = 1 if little else os.cpu_count() or 1
    jobs = min(jobs, len(tasks))
    if jobs <= 1:
        yield from map(make_part, tasks)
        return
    left = {task.run: task for task in tasks}
    # Processes of their own, not forked ones: a copied lock would never open again.
    context = multiprocessing.get_context("spawn")
    for attempt in range(1, _MOST_ATTEMPTS + 1):
        try:
            with ProcessPoolExecutor(jobs, context, end_with_parent) as pool:
                for record, read in _finished(pool, list(left.values())):
                    del left[record.run]
                    yield record, read
            return
        except BrokenExecutor as error:
            if attempt == _MOST_ATTEMPTS:
                raise ArchiveError(
                    "processes that read the logs died, perhaps for want of memory. Run the "
                    "command again with fewer (--jobs 1): it goes on where it stopped"
                ) from error


def _finished(executor: Executor, tasks: Sequence[Task]) -> Iterator[Done]:
    futures: list[Future[Done]] = [executor.submit(make_part, task) for task in tasks]
    try:
        for future in as_completed(futures):
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _remove_what_is_left(archive: Path, parts: set[str]) -> None:
    """Remove parts that the index does not name, and what interrupted processes left."""
    for pattern in (f"{PARTS}/*.parquet", "no_run-*.parquet"):
        for file in archive.glob(pattern):
            if file.relative_to(archive).as_posix() not in parts:
                file.unlink()
    for file in (*archive.glob(f".*{BESIDE}"), *archive.glob(f"{PARTS}/.*{BESIDE}")):
        file.unlink(missing_ok=True)
    (archive / JOURNAL).unlink(missing_ok=True)
