"""What a command was asked about: which runs, and which of their metrics and tags."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.metrics.catalogue import Catalogue, Match, Metric
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


def choose_runs(logs: Logs, wanted: Sequence[str]) -> ChosenRuns:
    """Find runs by name or pattern; all of them when nothing is asked for."""
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
            found = [n for n in names if fnmatchcase(n, word)]
            asked |= dict.fromkeys(found)
            if not found:
                problems.append(unknown("run", word, names, f"in {logs.path}"))
        else:
            asked[name] = None
            problems.append(unknown("run", name, names, f"in {logs.path}"))
    return ChosenRuns(
        tuple(name for name in asked if name in logs),
        tuple(asked),
        tuple(problems),
        tuple(dict.fromkeys(notes)),
    )


class CatalogueWithTags(Catalogue):
    """A catalogue that also holds single tags as metrics, so that they can be compared.

    A tag whose metric has placeholders that a comparison does not fill in by itself (a layer, an
    action) becomes a metric of its own that keeps what the catalogue says of it. A tag that is not
    in the catalogue becomes one about which nothing is known: its last value is taken, no direction
    is better.
    """

    def __init__(self, base: Catalogue) -> None:
        super().__init__(base, base.groups, base.patterns, base.domain)
        self._base = base
        self._single: dict[str, tuple[Metric, Match | None]] = {}

    def __getitem__(self, name: str) -> Metric:
        single = self._single.get(name)
        return single[0] if single is not None else self._base[name]

    def __contains__(self, name: object) -> bool:
        return name in self._single or name in self._base

    def tags_for(
        self, name: str | Metric, tags: Iterable[str], **placeholders: str | int
    ) -> list[str]:
        """Return those of a log's tags that hold a metric; see `Catalogue.tags_for`."""
        called = name if isinstance(name, str) else name.name
        single = self._single.get(called)
        if single is None or not (name is called or name is single[0]):
            return self._base.tags_for(name, tags, **placeholders)
        match = single[1]
        if match is None:
            return [tag for tag in tags if tag == called]
        fixed = _fixed(match)
        return self._base.tags_for(match.metric.name, tags, **{**placeholders, **fixed})

    def subject(self, tag: str) -> Subject:
        """Return what a tag is about: its metric, and the variant."""
        match = self._base.match(tag)
        if match is None:
            self._single.setdefault(tag, (_uncatalogued(tag), None))
            return Subject(tag, None)
        fixed = _fixed(match)
        if not fixed:
            return Subject(match.metric.name, match.variant)
        name = _filled(match.metric.pattern, fixed)
        if name not in self._single:
            told = ", ".join(fixed.values())
            per_unit = match.metric.per_unit_name
            left = tuple(p for p in match.metric.placeholders if p.name not in fixed)
            single = replace(
                match.metric,
                name=name,
                pattern=name,
                title=_specialised_title(match, fixed),
                placeholders=left,
                per_unit_name=f"{per_unit} ({told})" if per_unit else None,
            )
            self._single[name] = (single, match)
        return Subject(name, match.variant)

    def base_name(self, name: str) -> str | None:
        """Return the catalogue's own name for a metric; None for an uncatalogued tag."""
        if name not in self._single:
            return name
        match = self._single[name][1]
        return None if match is None else match.metric.name


def _fixed(match: Match) -> dict[str, str]:
    """Return the placeholders that a comparison does not fill in with the value the tag has."""
    known = {placeholder.name: placeholder for placeholder in match.metric.placeholders}
    return {
        name: value
        for name, value in match.placeholders.items()
        if not known[name].varies and value != known[name].usual
    }


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        pattern = pattern.replace(f"{{{name}}}", value)
    return pattern


def _specialised_title(match: Match, fixed: Mapping[str, str]) -> str:
    title = match.metric.heading(**fixed)
    unnamed = [value for name, value in fixed.items() if f"{{{name}}}" not in match.metric.title]
    return f"{title} ({', '.join(unnamed)})" if unnamed else title


def _uncatalogued(tag: str) -> Metric:
    return Metric(
        name=tag,
        pattern=tag,
        title=tag,
        group="",
        unit="",
        digits=4,
        better="neither",
        summary="last",
        written="aggregate",
        description="",
        interpretation="",
        watch_for="",
        placeholders=(),
        display_unit="",
    )


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared: a metric of `CatalogueWithTags` by name, and its variant if it has one."""

    metric: str
    variant: str | None


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

        Parameters
        ----------
        words : sequence of str

        Returns
        -------
        list of Subject
            Each once, those of a word in the catalogue's order.
        list of str
            An error message for each word that names nothing; a metric of the catalogue that no
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
