"""``rulka-analysis archive``: the scalars of a log directory as columns, with digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rulka_analysis.cli.contents import named
from rulka_analysis.cli.output import Waiting
from rulka_analysis.cli.selection import ChosenRuns
from rulka_analysis.logs.archive.index import INDEX as INDEX
from rulka_analysis.logs.archive.making import TagChoice
from rulka_analysis.logs.archive.parts import tags_in
from rulka_analysis.logs.archive.writing import Written, write_archive
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.project import load_catalogue
from rulka_analysis.values.text import amount


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


def archive_logs(
    logs: Logs,
    chosen: ChosenRuns,
    archive: Path,
    *,
    runs: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    jobs: int | None = None,
) -> tuple[Written, list[str]]:
    """Write an archive, showing how far that is.

    Parameters
    ----------
    logs : Logs
    chosen : ChosenRuns
        What `runs` chose.
    archive : Path
    runs, metrics : sequence of str, optional
        Names or patterns, as asked for; without them, all.
    jobs : int, optional
        Processes.

    Returns
    -------
    written : Written
    problems : list of str
        What was asked for and is not there.
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
            jobs=jobs,
            progress=reading.at,
        )
    problems += _not_found(metrics or (), written, archive)
    return written, problems


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


@cache
def _catalogue() -> Catalogue:
    return load_catalogue()
