"""What a command was asked about: which runs, and which of their metrics and tags."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.single_tags import CatalogueWithTags, Subject
from rulka_analysis.values.errors import unknown
from rulka_analysis.values.text import natural_order

_PATTERN = frozenset("*?[")


def log_directory_in_words(logs: Logs, argument: str | None) -> str:
    """Say which log directory is in effect, and why that one."""
    if argument:
        return f"{logs.path} (from --logdir)"
    if os.environ.get("RULKA_LOGDIR"):
        return f"{logs.path} (from RULKA_LOGDIR)"
    if logs.bundled:
        return f"{logs.path} (the bundled published curves; --logdir names your own logs)"
    if logs.archived:
        return f"{logs.path} (the committed archive; --logdir names your own logs)"
    return f"{logs.path} (the project's own)"


@dataclass(frozen=True)
class ChosenRuns:
    """Runs that were asked for: which there are, and what is wrong with the others.

    Parameters
    ----------
    names : tuple of str
        Runs of the logs, in the order asked for, each once.
    asked : tuple of str
        The same, with the names of runs that are not there in their places.
    problems : tuple of str
        An error message for each name or pattern that found nothing.
    notes : tuple of str
        Remarks, such as on segments that stand for their run.
    """

    names: tuple[str, ...]
    asked: tuple[str, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def is_pattern(text: str) -> bool:
    """Tell whether a text is a pattern such as ``uni_*``."""
    return not _PATTERN.isdisjoint(text)


def runs_of_group(logs: Logs, label: str) -> list[str]:
    """Return the runs of what a declared experiment calls a group; none where no such group is."""
    from rulka_analysis.cli.declared import groups_in

    groups = (group for group in groups_in(logs) if group.label == label)
    return [run for group in groups for run in group.runs]


def choose_runs(logs: Logs, wanted: Sequence[str]) -> ChosenRuns:
    """Find runs by name, pattern or what their group is called; all when nothing is asked for."""
    names = logs.runs
    if not wanted:
        return ChosenRuns(names, names, (), ())
    segments = {folder: name for name in names for folder in logs[name].folders[1:]}
    asked: dict[str, None] = {}
    problems, notes = [], []
    for word in wanted:
        # As typed on Windows, or completed by a shell.
        name = word if word in names else word.replace("\\", "/").rstrip("/")
        if name in names:
            asked[name] = None
        elif name in segments:
            notes.append(f"{name} is a segment of {segments[name]}, which stands for it")
            asked[segments[name]] = None
        elif logs.get(name) is not None:
            asked[name] = None  # An earlier attempt, or what stands beside a run.
        elif is_pattern(word):
            found = [n for n in names if fnmatchcase(n, word)] or runs_of_group(logs, word)
            asked |= dict.fromkeys(found)
            if not found:
                problems.append(unknown("run", word, names, f"in {logs.path}"))
        elif members := runs_of_group(logs, word):
            asked |= dict.fromkeys(members)
        else:
            asked[name] = None
            problems.append(unknown("run", name, names, f"in {logs.path}"))
    return ChosenRuns(
        tuple(name for name in asked if name in logs),
        tuple(asked),
        tuple(problems),
        tuple(dict.fromkeys(notes)),
    )


class Tagged:
    """The tags of some runs, and what they are about.

    Parameters
    ----------
    runs : sequence of Run
    catalogue : Catalogue
    """

    def __init__(self, runs: Sequence[Run], catalogue: Catalogue) -> None:
        self.catalogue = CatalogueWithTags(catalogue)
        self.runs = tuple(runs)
        self._order = {metric.name: number for number, metric in enumerate(catalogue)}

    @cached_property
    def tags(self) -> dict[str, int]:
        """Every tag of the runs, sorted, with how many of the runs have it."""
        counts: dict[str, int] = {}
        for run in self.runs:
            for tag in run.tags:
                counts[tag] = counts.get(tag, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: natural_order(item[0])))

    @cached_property
    def subjects(self) -> dict[Subject, list[str]]:
        """What the tags are about, in the catalogue's order, with the tags of each."""
        found: dict[Subject, list[str]] = {}
        for tag in self.tags:
            found.setdefault(self.catalogue.subject(tag), []).append(tag)
        last = len(self._order)
        return dict(
            sorted(
                found.items(),
                key=lambda item: self._order.get(
                    self.catalogue.base_name(item[0].metric) or "", last
                ),
            )
        )

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """The variants in the tags."""
        variants = {subject.variant for subject in self.subjects if subject.variant}
        return tuple(sorted(variants, key=natural_order))

    @cached_property
    def older_names(self) -> dict[str, str]:
        """Tags that the catalogue knows only as an older name, with the metric's name."""
        matches = {tag: self.catalogue.match(tag) for tag in self.tags}
        return {tag: m.metric.name for tag, m in matches.items() if m is not None and m.alias}

    @property
    def of_this_program(self) -> bool:
        """Whether a tag is one of the training program's own names of today."""
        return any(
            self.catalogue.match(tag) is not None and tag not in self.older_names
            for tag in self.tags
        )

    def find(self, words: Sequence[str]) -> tuple[list[Subject], list[str]]:
        """Find subjects by a metric's name, a tag or a pattern of either.

        With an error message for each word that names nothing; a metric of the catalogue that no
        run has is no such error, and has no subject.
        """
        found: dict[Subject, None] = {}
        problems = []
        for word in words:
            matching = [s for s, tags in self.subjects.items() if self._names(word, s, tags)]
            found |= dict.fromkeys(matching)
            if not matching and word not in self._order:
                problems.append(unknown("metric or tag", word, self._known, "in these runs"))
        return list(found), problems

    def tags_named(self, words: Sequence[str]) -> tuple[list[str], list[str]]:
        """Find tags by a metric's name, a tag or a pattern of either; problems as in `find`."""
        found: dict[str, None] = {}
        problems = []
        for word in words:
            matching = [
                tag
                for subject, tags in self.subjects.items()
                for tag in tags
                if self._names(word, subject, [tag])
            ]
            found |= dict.fromkeys(sorted(matching, key=natural_order))
            if not matching and word in self._order:
                problems.append(f"no run has a tag of the metric {word!r}: not in these logs")
            elif not matching:
                problems.append(unknown("metric or tag", word, self._known, "in these runs"))
        return list(found), problems

    @property
    def _known(self) -> list[str]:
        return [*self.tags, *self._order]

    def _names(self, word: str, subject: Subject, tags: Iterable[str]) -> bool:
        metric = self.catalogue.base_name(subject.metric)
        if word in (metric, subject.metric) or word in tags:
            return True
        if not is_pattern(word):
            return False
        names = [*tags, *([metric] if metric else [])]
        return any(fnmatchcase(name, word) for name in names)
