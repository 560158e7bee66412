"""What a tag means: the catalogue of metrics.

A log holds tags; people talk about metrics. The catalogue joins the two by patterns such as
``Play/score_{mode}_{level}`` and says of every metric how it is read, displayed, summarised and
compared. A tag that no pattern matches is *uncatalogued*: shown, never refused.

Which metrics there are is a domain's to say, in a file of its own (see `catalogue_file`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Literal

from annotated_types import Ge

from rulka_analysis.logs.clocks import MINUTES, Clock
from rulka_analysis.metrics.domain import Domain
from rulka_analysis.metrics.patterns import Patterns, Placeholder, fill_in
from rulka_analysis.values.errors import RulkaError, UnknownMetricError, listing, unknown
from rulka_analysis.values.findings import Severity
from rulka_analysis.values.toml import (
    NOT_IN_FILE,
    After,
    Positive,
    Reference,
    Text,
    TomlTable,
    refuse_twice,
)

Better = Literal["lower", "higher", "neither"]
Summary = Literal[
    "best",
    "last",
    "trailing_mean",
    "median_of_last_three",
    "finish_rate",
    "rate",
    "setting",
    "clock",
]
Written = Literal["episode", "aggregate"]
Stage = Literal["early", "midway", "late"]
When = Literal["above", "below", "not_finite"]
Statistic = Literal["any", "last", "median_of_last_three"]


# Texts may be broken into lines in the file; it is one line that is shown.
_Line = After(lambda text: " ".join(text.split()))
Prose = Annotated[Text, _Line]
Unit = Annotated[str, _Line]
Names = Annotated[tuple[Text, ...], After(refuse_twice)]
Digits = Annotated[int, Ge(0)]


class PlaceholderError(RulkaError, ValueError):
    """A tag cannot be made: a placeholder is missing, unknown or has an impossible value."""


@dataclass(frozen=True, slots=True)
class WatchRule(TomlTable):
    """A threshold that tells by itself when a metric needs a look.

    Parameters
    ----------
    when : {"above", "below", "not_finite"}
        The side of `threshold` that is suspicious; ``"not_finite"``: NaN or infinity.
    threshold : float or None
        In the unit the tag is logged in; None only for ``"not_finite"``.
    statistic : {"any", "last", "median_of_last_three"}
        The value held against the threshold: any single event, the last one, or the median of
        the last three.
    severity : {"error", "warning", "note"}
        As in `Finding`.
    scales : bool
        The threshold was stated for the settings in `reference` and grows in proportion to them.
    reference : dict of str to float
        Setting to the value for which `threshold` was stated.
    message : str
        What is wrong, in one sentence.
    """

    when: When
    threshold: float | None
    statistic: Statistic
    severity: Severity
    message: Prose
    scales: bool = False
    reference: Mapping[str, Positive] = field(default_factory=dict)

    def threshold_for(self, settings: Mapping[str, float]) -> float | None:
        """Return the threshold for a run's settings; None when one it scales with is unknown.

        Examples
        --------
        >>> rule = WatchRule("above", 100.0, "any", "warning", "explosion", True,
        ...                  {"batch_size": 2048})
        >>> rule.threshold_for({"batch_size": 8192})
        400.0
        >>> rule.threshold_for({}) is None
        True
        """
        if self.threshold is None:
            return None
        scaled = self.threshold
        for setting, stated_for in self.reference.items():
            if setting not in settings:
                return None
            scaled *= settings[setting] / stated_for
        return scaled


def _checked_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"name {name!r}; write small letters, digits and underscores")
    return name


@dataclass(frozen=True, slots=True)
class Metric(TomlTable):
    """An entry of the catalogue.

    Texts are reStructuredText on one line: tags and numbers stand in double backquotes.

    Parameters
    ----------
    name : str
        Unique, ``snake_case``: what code, definitions and command lines call the metric.
    pattern : str
        The tag, with placeholders in braces.
    title : str
        Short, for headings and axis labels; may contain placeholders of the pattern.
    group : str
        The heading it stands under.
    unit : str
        Unit of the logged value; ``""`` for a plain number.
    digits : int
        Decimals shown, after `display_factor`.
    better : {"lower", "higher", "neither"}
        Which direction is better; ``"neither"`` for what describes and does not rate.
    summary : str
        How a series becomes one number. ``"best"``: the best so far, whichever way is better.
        ``"last"``. ``"trailing_mean"``: over the last tenth of the way, for noisy readings.
        ``"median_of_last_three"``: for noisy readings that are rare. ``"finish_rate"``: the
        share of ones. ``"rate"``: a share already accumulated by the log. ``"setting"``: constant
        in a run. ``"clock"``: a count or time that only grows.
    written : {"episode", "aggregate"}
        After every episode, or at times over what came since the last write.
    description, interpretation, watch_for : str
        What it is; how to read it; what to watch for.
    placeholders : tuple of Placeholder
        Those of the pattern, in order.
    aliases : tuple of str
        Patterns of older names of the same metric.
    display_unit : str
        Unit it is shown in; `unit` unless given.
    display_factor : float
        Shown value = logged value × this.
    scales_with : tuple of str
        Settings the value grows with. Runs that differ in one are never compared by this value.
    per_unit_name, per_unit, per_unit_digits : str, str, int or None
        Name, unit (in terms of `display_unit`) and decimals of the value divided by the settings
        in `scales_with`. None: dividing gives no comparable value either.
    whole_milliseconds : bool
        Logged as float32 but counted in steps of ten milliseconds.
    cutoff_seconds : float or None
        What is logged for an episode that was not finished: a censored observation, not a time.
    deciding_clocks : tuple of Clock
        Clocks whose comparison may decide a verdict.
    decides : bool
        May a verdict rest on it?
    comparable_at_equal : tuple of str
        Metrics (schedules) that must agree between two runs before this one may be compared.
    schedule : bool
        A setting that follows a schedule keyed to steps, so it changes within a run.
    setting : str or None
        Name of the setting that this tag logs.
    important : bool
        Worth a trend figure.
    stages : tuple of {"early", "midway", "late"}
        When in a training to look at it.
    watch_rules : tuple of WatchRule
        The part of `watch_for` that a program can check.
    """

    name: Annotated[Text, After(_checked_name)]
    pattern: Text
    title: Prose
    group: Annotated[str, Reference("group")]
    unit: Unit
    digits: Digits
    better: Better
    summary: Summary
    written: Written
    description: Prose
    interpretation: Prose
    watch_for: Prose
    placeholders: tuple[Placeholder, ...] = field(default=(), kw_only=True, metadata=NOT_IN_FILE)
    display_unit: Unit
    aliases: Names = ()
    display_factor: Positive = 1.0
    scales_with: Names = ()
    per_unit_name: Prose | None = None
    per_unit: Unit | None = None
    per_unit_digits: Digits | None = None
    whole_milliseconds: bool = False
    cutoff_seconds: Positive | None = None
    deciding_clocks: tuple[Annotated[Clock, Reference("clock")], ...] = (MINUTES,)
    decides: bool = True
    comparable_at_equal: tuple[Annotated[str, Reference("metric")], ...] = ()
    schedule: bool = False
    setting: Text | None = None
    important: bool = False
    stages: tuple[Stage, ...] = ()
    watch_rules: tuple[WatchRule, ...] = ()

    @property
    def varies_by(self) -> str | None:
        """The placeholder whose values are outcomes of their own; None where there is none."""
        return next((p.name for p in self.placeholders if p.varies), None)

    def tag(self, **placeholders: str | int) -> str:
        """Return the tag under which the program logs this metric today.

        Raises
        ------
        PlaceholderError
            A placeholder is missing, or unknown, or its value is impossible.

        Examples
        --------
        >>> of = (Placeholder("mode", "how", "choice", ("calm", "wild")),)
        >>> texts = ("What it scores.", "Higher is better.", "Nothing.")
        >>> metric = Metric("score", "Play/score_{mode}", "Score", "Play", "", 0,
        ...                 "higher", "last", "episode", *texts, "", placeholders=of)
        >>> metric.tag(mode="calm")
        'Play/score_calm'
        >>> metric.tag()  # doctest: +NORMALIZE_WHITESPACE
        Traceback (most recent call last):
        ...
        rulka_analysis.metrics.catalogue.PlaceholderError: metric 'score' needs mode (calm, wild) to
        name a tag: Play/score_{mode}
        """
        known = {placeholder.name: placeholder for placeholder in self.placeholders}
        for name in placeholders:
            if name not in known:
                raise PlaceholderError(
                    f"metric {self.name!r} has no placeholder {name!r}; "
                    f"it has: {listing(known)} ({self.pattern})"
                )
        for name, placeholder in known.items():
            allowed = f" ({', '.join(placeholder.choices)})" if placeholder.choices else ""
            if name not in placeholders:
                raise PlaceholderError(
                    f"metric {self.name!r} needs {name}{allowed} to name a tag: {self.pattern}"
                )
            if not re.fullmatch(placeholder.expression, str(placeholders[name])):
                raise PlaceholderError(
                    f"{name} = {str(placeholders[name])!r} is not possible in {self.pattern}; "
                    f"{name} is {placeholder.description}{allowed}"
                )
        return fill_in(self.pattern, placeholders)

    def heading(self, **placeholders: str | int) -> str:
        """Return the title with the placeholders that are given filled in."""
        return fill_in(self.title, placeholders)


@dataclass(frozen=True, slots=True)
class Match:
    """A tag recognised: its metric, what the placeholders stand for, and by which name.

    Parameters
    ----------
    metric : Metric
    placeholders : dict of str to str
    alias : bool
        The tag is an older name. A short one, such as ``loss``, may also come from another
        program and mean something else there.
    variant : str or None
        The value of the placeholder whose values are outcomes of their own.
    is_usual : bool
        Every other placeholder has its usual value, where it has one.
    """

    metric: Metric
    placeholders: dict[str, str]
    alias: bool
    variant: str | None = None
    is_usual: bool = True


@dataclass(frozen=True, slots=True)
class Group(TomlTable):
    """A heading that metrics stand under, with a sentence that introduces it."""

    name: Prose
    description: Prose


class Catalogue:
    """All metrics of a domain, in the order of its file; made by `load_catalogue`.

    Parameters
    ----------
    metrics : iterable of Metric
    groups : iterable of Group
    patterns : Patterns
        Of all metrics, older names included.
    domain : Domain
        Whose catalogue it is: what a reader of tags must know besides, this object answers.
    """

    def __init__(
        self,
        metrics: Iterable[Metric],
        groups: Iterable[Group],
        patterns: Patterns,
        domain: Domain,
    ) -> None:
        self._metrics = {metric.name: metric for metric in metrics}
        self.groups = tuple(groups)
        self.patterns = patterns
        self.domain = domain
        # Bounded, because tags are untrusted: a log may hold any number of them.
        self._found = lru_cache(maxsize=2**16)(patterns.find)

    def __getitem__(self, name: str) -> Metric:
        """Return a metric by its name.

        Raises
        ------
        UnknownMetricError
            No metric is called so; the message has the nearest names, or the metric of a tag.
        """
        if name in self._metrics:
            return self._metrics[name]
        match = self.match(name)
        if match is not None:
            raise UnknownMetricError(f"{name!r} is a tag; its metric is {match.metric.name!r}")
        raise UnknownMetricError(unknown("metric", name, self._metrics, "in the catalogue"))

    def __contains__(self, name: object) -> bool:
        return name in self._metrics

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._metrics.values())

    def __len__(self) -> int:
        return len(self._metrics)

    def match(self, tag: str) -> Match | None:
        """Return what a tag means, or None for an uncatalogued one.

        Parameters
        ----------
        tag : str
            As it stands in the log.
        """
        found = self._found(tag)
        if found is None:
            return None
        pattern, texts = found
        metric, values = self._metrics[pattern.metric], dict(texts)
        placeholders = pattern.placeholders
        variant = next((values[p.name] for p in placeholders if p.varies), None)
        is_usual = all(p.usual in (None, values[p.name]) for p in placeholders)
        return Match(metric, values, pattern.alias, variant, is_usual)

    def tags_for(
        self, name: str | Metric, tags: Iterable[str], **placeholders: str | int
    ) -> list[str]:
        """Return those of a log's tags that hold a metric, today's name before older ones.

        Parameters
        ----------
        name : str or Metric
            A metric. One that is not of this catalogue has one tag, which is its pattern.
        tags : iterable of str
            The tags to choose from, such as those of a run.
        **placeholders
            Only tags whose placeholders have these values.

        Raises
        ------
        UnknownMetricError
            No metric is called so.
        """
        metric = self[name] if isinstance(name, str) else name
        if self._metrics.get(metric.name) is not metric:
            return [tag for tag in tags if tag == metric.pattern]
        wanted = {key: str(value) for key, value in placeholders.items()}
        found = [
            (match.alias, tag)
            for tag in tags
            if (match := self.match(tag)) is not None
            and match.metric is metric
            and wanted.items() <= match.placeholders.items()
        ]
        return [tag for _, tag in sorted(found, key=lambda pair: pair[0])]

    def settings(self) -> dict[str, Metric]:
        """Return, for every setting that the program logs, the metric that holds it."""
        return {metric.setting: metric for metric in self if metric.setting is not None}

    def by_group(self) -> dict[str, list[Metric]]:
        """Return the metrics of each group, groups and metrics in the order of the file."""
        grouped: dict[str, list[Metric]] = {group.name: [] for group in self.groups}
        for metric in self:
            grouped[metric.group].append(metric)
        return grouped
