"""``rulka-analysis archive``: the scalars of a log directory as columns, with digests."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rulka_analysis.cli.contents import named
from rulka_analysis.cli.output import Waiting
from rulka_analysis.cli.selection import ChosenRuns
from rulka_analysis.logs.archive.index import INDEX as INDEX
from rulka_analysis.logs.archive.making import SettingSources, TagChoice
from rulka_analysis.logs.archive.parts import tags_in
from rulka_analysis.logs.archive.writing import Written, write_archive
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.settings_files import read_recorded_beside
from rulka_analysis.project import load_catalogue
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.text import amount

SECONDS_TO_ANSWER = 20
RETRIES = 3
"""How often work is begun anew whose worker was lost."""


@dataclass(frozen=True, slots=True)
class TagsNamed:
    """Tells of a tag whether it, or its metric, is one of some words or fits a pattern.

    Parameters
    ----------
    words : tuple of str
    always : tuple of str
        Tags that are kept whatever was asked for: those that clocks are read from.
    """

    words: tuple[str, ...]
    always: tuple[str, ...]

    def __call__(self, tag: str) -> bool:
        if tag in self.always or named(tag, self.words):
            return True
        match = _catalogue().match(tag)
        return match is not None and named(match.metric.name, self.words)


def setting_of(tag: str) -> str | None:
    """Return the setting that a tag records; none of a schedule, which is meant to change."""
    match = _catalogue().match(tag)
    return None if match is None or match.metric.schedule else match.metric.setting


def beside(name: str, folders: tuple[str, ...], first: Path) -> list[dict[str, Any]]:
    """Return what files beside a run say of its settings, as data."""
    return [one.plain() for one in read_recorded_beside(name, folders, first)]


def archive_logs(
    logs: Logs,
    chosen: ChosenRuns,
    archive: Path,
    *,
    runs: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
) -> tuple[Written, list[str]]:
    """Write an archive, showing how far that is.

    Returns what was written, and what was asked for and is not there.
    """
    problems = list(chosen.problems)
    tags = None
    if metrics:
        clocks = (logs.conventions.hours_tag, logs.conventions.updates_tag)
        always = tuple(tag for tag in clocks if tag is not None)
        tags = TagChoice(tuple(metrics), TagsNamed(tuple(metrics), always))
    with Waiting("archiving the logs") as reading:
        written = write_archive(
            logs,
            archive,
            runs=chosen.names if runs else None,
            asked=runs or None,
            tags=tags,
            settings=SettingSources(setting_of, _digest_of_meanings(), beside),
            jobs=jobs,
            executor=executor,
            progress=reading.at,
        )
    problems += _not_found(metrics or (), written, archive)
    return written, problems


@contextmanager
def executor_of(scheduler: str | None) -> Iterator[Executor | None]:
    """Give what carries out work on a Dask cluster; None where no scheduler is named.

    Raises
    ------
    RulkaError
        If the package it needs is not installed, or nothing answers there.
    """
    if not scheduler:
        yield None
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise RulkaError(
            f"a Dask cluster needs the package distributed ({error}). Install it with: "
            f"{sys.executable} -m pip install distributed; or leave --scheduler and "
            "DASK_SCHEDULER_ADDRESS out"
        ) from error
    try:
        client = Client(scheduler, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise RulkaError(
            f"no Dask scheduler answers at {scheduler}: {error}. Start one (dask scheduler), or "
            "leave --scheduler and DASK_SCHEDULER_ADDRESS out"
        ) from error
    # What a lost worker was to do, others do: whoever asks sees nothing of it.
    with client, client.get_executor(pure=False, retries=RETRIES) as executor:
        yield executor


def _not_found(words: Sequence[str], written: Written, archive: Path) -> list[str]:
    """Return an error message for each word that chose no tag of any run."""
    left = {word: TagsNamed((word,), ()) for word in words}
    for record in written.index.records:
        if left:
            tags = tags_in(archive / record.part)
            left = {word: names for word, names in left.items() if not any(map(names, tags))}
    return [f"no run has a tag or metric {word!r}" for word in left]


def in_words(written: Written, archive: Path) -> str:
    """Say what was written, and what that took.

    Examples
    --------
    >>> from rulka_analysis.logs.archive.index import Index
    >>> in_words(Written(Index((), "", {}), (), 0), Path("archive"))
    'archive/archive.toml: 0 events of 0 runs; 0 event files read, 0 parts kept as they were'
    """
    records = written.index.records
    events = amount(sum(record.events for record in records), "event")
    runs = amount(sum(bool(record.run) for record in records), "run")
    read = amount(len(written.read), "event file")
    kept = amount(written.kept, "part")
    return (
        f"{(archive / INDEX).as_posix()}: {events} of {runs}; {read} read, {kept} kept as they were"
    )


def _digest_of_meanings() -> str:
    """Return the digest of what says which tags are of which metric, and which are settings."""
    return hashlib.sha256(_catalogue().domain.catalogue_file.read_bytes()).hexdigest()


@cache
def _catalogue() -> Catalogue:
    return load_catalogue()
