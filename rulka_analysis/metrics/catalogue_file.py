"""A catalogue's file, ``catalogue.toml``, read and checked.

No two patterns may match the same tag. That is proved when the file is read (see
`patterns.common_tag`), so a tag means one thing whatever the order of the entries.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any, get_args

from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.metrics.catalogue import (
    Better,
    Catalogue,
    Group,
    Metric,
    Stage,
    Statistic,
    Summary,
    WatchRule,
    When,
    Written,
)
from rulka_analysis.metrics.domain import Domain
from rulka_analysis.metrics.patterns import (
    PLACEHOLDER,
    Pattern,
    Patterns,
    Placeholder,
    common_tag,
)
from rulka_analysis.values.errors import RulkaError, listing, nearest
from rulka_analysis.values.findings import Severity


class CatalogueError(RulkaError):
    """The catalogue's file is wrong; the message names file, line and remedy."""


def load_catalogue(domain: Domain, path: str | os.PathLike[str] | None = None) -> Catalogue:
    """Read a domain's catalogue: its own unless a file is given.

    Read anew each time, made once for each content: a changed file is never served stale.

    Parameters
    ----------
    domain : Domain
        Whose catalogue it is: its clocks, and what it says of placeholders, hold for it.
    path : path, optional
        A file in the format of ``catalogue.toml``.

    Raises
    ------
    CatalogueError
        The file is missing or wrong; file, line and remedy are in the message.
    """
    file = domain.catalogue_file if path is None else Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(
            f"{file}: the catalogue cannot be read ({error}); give the path of a UTF-8 TOML file"
        ) from error
    return _parsed(text, file, domain)


@lru_cache(maxsize=8)
def _parsed(text: str, file: Path, domain: Domain) -> Catalogue:
    return _CatalogueReader(text, file, domain).read()


_METRIC_FIELDS = (
    "name", "pattern", "title", "group", "unit", "digits", "better", "summary", "written",
    "description", "interpretation", "watch_for",
)  # fmt: skip
_METRIC_OPTIONS = (
    "aliases", "display_unit", "display_factor", "scales_with", "per_unit_name", "per_unit",
    "per_unit_digits", "whole_milliseconds", "cutoff_seconds", "deciding_clocks", "decides",
    "comparable_at_equal", "schedule", "setting", "important", "stages", "watch_rules",
)  # fmt: skip
_RULE_FIELDS = ("when", "statistic", "severity", "message")
_RULE_OPTIONS = ("threshold", "scales", "reference")


class _Table:
    """One table of the file, with the place of each of its keys for messages."""

    def __init__(self, data: dict[str, Any], what: str, place: Callable[[str | None], str]):
        self.data = data
        self.what = what
        self.place = place

    def error(self, problem: str, remedy: str, key: str | None = None) -> CatalogueError:
        return CatalogueError(f"{self.place(key)}: {self.what}: {problem}; {remedy}")

    def check_keys(self, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        known = [*required, *optional]
        for key in self.data:
            if key not in known:
                close = nearest(key, known, limit=1)
                remedy = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
                raise self.error(f"unknown field {key!r}", remedy, key)
        for key in required:
            if key not in self.data:
                raise self.error(f"field {key!r} is missing", f"add a line '{key} = …'")

    def _value(self, key: str, kinds: tuple[type, ...], wanted: str) -> Any:
        value = self.data[key]
        # Exact types: in Python a bool is an int.
        if type(value) not in kinds:
            raise self.error(f"{key} = {value!r}", f"write {wanted}", key)
        return value

    def text(self, key: str, *, empty: bool = False) -> str:
        value = " ".join(self._value(key, (str,), "a text in quotes").split())
        if not value and not empty:
            raise self.error(f"{key} is empty", "write a text", key)
        return value

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self.data else None

    def integer(self, key: str) -> int:
        value: int = self._value(key, (int,), "a whole number, 0 or more")
        if value < 0:
            raise self.error(f"{key} = {value}", "write a whole number, 0 or more", key)
        return value

    def optional_integer(self, key: str) -> int | None:
        return self.integer(key) if key in self.data else None

    def number(self, key: str) -> float:
        value = float(self._value(key, (int, float), "a number"))
        if not isfinite(value):
            raise self.error(f"{key} = {value}", "write a finite number", key)
        return value

    def positive(self, key: str) -> float:
        value = self.number(key)
        if value <= 0:
            raise self.error(f"{key} = {value:g}", "write a number above 0", key)
        return value

    def flag(self, key: str, default: bool) -> bool:
        return bool(self._value(key, (bool,), "true or false")) if key in self.data else default

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._value(key, (list,), "a list of texts") if key in self.data else []
        for value in values:
            if not isinstance(value, str) or not value:
                raise self.error(f"{key} holds {value!r}", "write a list of texts", key)
        if len(set(values)) != len(values):
            raise self.error(f"{key} holds a text twice", "name each once", key)
        return tuple(values)

    def one_of(self, key: str, allowed: Iterable[str]) -> Any:
        value = self.text(key)
        self._allowed(key, [value], allowed)
        return value

    def some_of(self, key: str, allowed: Iterable[str], default: tuple[str, ...] = ()) -> Any:
        values = self.texts(key) if key in self.data else default
        self._allowed(key, values, allowed)
        return values

    def _allowed(self, key: str, values: Iterable[str], allowed: Iterable[str]) -> None:
        allowed = list(allowed)
        for value in values:
            if value not in allowed:
                raise self.error(f"{key}: {value!r}", f"write one of: {', '.join(allowed)}", key)


class _Lines:
    """Where tables and keys stand: TOML's reader does not keep that."""

    def __init__(self, text: str):
        self._headers: dict[str, list[int]] = {}
        self._lines = text.split("\n")
        self._inside: list[bool] = []
        inside = False
        for number, line in enumerate(self._lines):
            self._inside.append(inside)
            if not inside and (found := re.match(r"\s*\[+\s*([\w. -]+?)\s*\]+\s*(?:#.*)?$", line)):
                self._headers.setdefault(found[1], []).append(number)
            if (line.count('"""') + line.count("'''")) % 2:
                inside = not inside
        self._starts = sorted(number for numbers in self._headers.values() for number in numbers)

    def nth(self, header: str, index: int, total: int) -> int | None:
        """Return the line (from 0) of the header's nth table; None when that is not sure."""
        numbers = self._headers.get(header, [])
        return numbers[index] if len(numbers) == total else None

    def key(self, start: int | None, key: str | None) -> int | None:
        """Return the line of a key of the table that starts at a line, else that line."""
        if start is None or key is None:
            return start
        end = next((number for number in self._starts if number > start), len(self._lines))
        for number in range(start + 1, end):
            if not self._inside[number] and re.match(
                rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", self._lines[number]
            ):
                return number
        return start


class _CatalogueReader:
    """Turns the file's text into a `Catalogue`, or into an error somebody can act on."""

    def __init__(self, text: str, file: Path, domain: Domain):
        self._text = text
        self._file = file
        self._domain = domain
        self._lines = _Lines(text)

    def read(self) -> Catalogue:
        try:
            data = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            raise CatalogueError(
                f"{self._file}: not valid TOML: {error}; mend that line"
            ) from error
        top = self._table(data, "the catalogue", None)
        top.check_keys(("group", "placeholder", "metric"))
        groups = [self._group(table) for table in self._array(top, "group")]
        placeholders = self._placeholders(top)
        metrics: list[Metric] = []
        tables: dict[str, _Table] = {}
        patterns: list[Pattern] = []
        for table in self._array(top, "metric"):
            metric, own = self._metric(table, groups, placeholders)
            if metric.name in tables:
                raise table.error("another metric has this name", "choose another name", "name")
            if metric.setting in {other.setting for other in metrics} - {None}:
                raise table.error(
                    f"another metric logs the setting {metric.setting!r}",
                    "name the setting that this tag logs",
                    "setting",
                )
            tables[metric.name] = table
            metrics.append(metric)
            patterns.extend(own)
        for metric in metrics:
            for other in metric.comparable_at_equal:
                if other not in tables:
                    raise tables[metric.name].error(
                        f"comparable_at_equal: {other!r} is no metric",
                        f"known: {listing(tables)}",
                        "comparable_at_equal",
                    )
        self._check_that_tags_are_unambiguous(patterns, tables)
        return Catalogue(metrics, groups, Patterns(patterns), self._domain)

    def _table(self, data: dict[str, Any], what: str, start: int | None) -> _Table:
        def place(key: str | None) -> str:
            line = self._lines.key(start, key)
            return str(self._file) if line is None else f"{self._file}, line {line + 1}"

        return _Table(data, what, place)

    def _array(self, top: _Table, header: str) -> Iterator[_Table]:
        entries = top.data[header]
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise top.error(f"{header!r} is no list of tables", f"begin each with [[{header}]]")
        for index, entry in enumerate(entries):
            name = entry.get("name", f"number {index + 1}")
            start = self._lines.nth(header, index, len(entries))
            yield self._table(entry, f"{header} {name}", start)

    def _group(self, table: _Table) -> Group:
        table.check_keys(("name", "description"))
        return Group(table.text("name"), table.text("description"))

    def _placeholders(self, top: _Table) -> dict[str, Placeholder]:
        if not isinstance(top.data["placeholder"], dict):
            raise top.error("'placeholder' is no table", "begin each with [placeholder.its_name]")
        varying = self._domain.variant.name if self._domain.variant else None
        placeholders = {}
        for name, entry in top.data["placeholder"].items():
            what = f"placeholder {name}"
            if not isinstance(entry, dict):
                raise top.error(f"{what} is no table", f"begin it with [placeholder.{name}]")
            table = self._table(entry, what, self._lines.nth(f"placeholder.{name}", 0, 1))
            table.check_keys(("form", "description"), ("choices",))
            form = table.one_of("form", ("choice", "name", "number"))
            choices = table.texts("choices")
            if bool(choices) != (form == "choice"):
                raise table.error(
                    "form and choices do not fit",
                    "give choices with form = 'choice', and only then",
                    "form",
                )
            placeholders[name] = Placeholder(
                name,
                table.text("description"),
                form,
                choices,
                usual=self._domain.placeholders.get(name),
                varies=name == varying,
            )
        return placeholders

    def _pattern(
        self, table: _Table, key: str, text: str, known: Mapping[str, Placeholder]
    ) -> Pattern:
        if text != text.strip() or not text:
            raise table.error(f"{key} = {text!r}", "write a tag without spaces at its ends", key)
        names = [found["name"] for found in PLACEHOLDER.finditer(text)]
        for name in names:
            if name not in known:
                raise table.error(
                    f"{key} {text!r}: no placeholder {name!r} is declared",
                    f"declare [placeholder.{name}] or use one of: {', '.join(known)}",
                    key,
                )
        if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
            raise table.error(
                f"{key} {text!r} has a stray brace", "write a placeholder as {its_name}", key
            )
        # Two free names in one segment, `{level}_{layer}`, could share a text in several ways.
        free = [
            [name for name in segment if known[name].form == "name"]
            for segment in (
                [found["name"] for found in PLACEHOLDER.finditer(segment)]
                for segment in text.split("/")
            )
        ]
        if len(set(names)) != len(names) or any(len(segment) > 1 for segment in free):
            raise table.error(
                f"{key} {text!r} can be read in more than one way",
                "use each placeholder once, and between slashes one at most that is a free name",
                key,
            )
        return Pattern(text, str(table.data["name"]), key == "aliases", known)

    def _metric(
        self, table: _Table, groups: list[Group], known: Mapping[str, Placeholder]
    ) -> tuple[Metric, list[Pattern]]:
        table.check_keys(_METRIC_FIELDS, _METRIC_OPTIONS)
        name = table.text("name")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise table.error(
                f"name {name!r}", "write small letters, digits and underscores", "name"
            )
        pattern = self._pattern(table, "pattern", table.text("pattern"), known)
        aliases = [
            self._pattern(table, "aliases", alias, known) for alias in table.texts("aliases")
        ]
        own = {placeholder.name for placeholder in pattern.placeholders}
        for alias in aliases:
            if not own <= {placeholder.name for placeholder in alias.placeholders}:
                raise table.error(
                    f"alias {alias.text!r} lacks a placeholder of the pattern {pattern.text!r}",
                    "give every placeholder of the pattern, or make it a metric of its own",
                    "aliases",
                )
        title = table.text("title")
        for found in PLACEHOLDER.finditer(title):
            if found["name"] not in own:
                raise table.error(
                    f"title: {found[0]} is no placeholder of the pattern",
                    f"use: {listing(own)}",
                    "title",
                )
        unit = table.text("unit", empty=True)
        conventions = self._domain.conventions
        clocks = {clock.name: clock for clock in conventions.clocks}
        deciding = (MINUTES.name, conventions.steps.name)
        metric = Metric(
            name=name,
            pattern=pattern.text,
            title=title,
            group=table.one_of("group", [group.name for group in groups]),
            unit=unit,
            digits=table.integer("digits"),
            better=table.one_of("better", get_args(Better)),
            summary=table.one_of("summary", get_args(Summary)),
            written=table.one_of("written", get_args(Written)),
            description=table.text("description"),
            interpretation=table.text("interpretation"),
            watch_for=table.text("watch_for"),
            placeholders=pattern.placeholders,
            display_unit=(
                table.text("display_unit", empty=True) if "display_unit" in table.data else unit
            ),
            aliases=tuple(alias.text for alias in aliases),
            display_factor=table.positive("display_factor")
            if "display_factor" in table.data
            else 1,
            scales_with=table.texts("scales_with"),
            per_unit_name=table.optional_text("per_unit_name"),
            per_unit=table.text("per_unit", empty=True) if "per_unit" in table.data else None,
            per_unit_digits=table.optional_integer("per_unit_digits"),
            whole_milliseconds=table.flag("whole_milliseconds", False),
            cutoff_seconds=(
                table.positive("cutoff_seconds") if "cutoff_seconds" in table.data else None
            ),
            deciding_clocks=tuple(
                clocks[name] for name in table.some_of("deciding_clocks", clocks, deciding)
            ),
            decides=table.flag("decides", True),
            comparable_at_equal=table.texts("comparable_at_equal"),
            schedule=table.flag("schedule", False),
            setting=table.optional_text("setting"),
            important=table.flag("important", False),
            stages=table.some_of("stages", get_args(Stage)),
            watch_rules=tuple(self._watch_rules(table)),
        )
        self._check_agreement(metric, table)
        return metric, [pattern, *aliases]

    def _check_agreement(self, metric: Metric, table: _Table) -> None:
        """Refuse fields that contradict one another."""
        per_unit = (metric.per_unit_name, metric.per_unit, metric.per_unit_digits)
        if any(part is not None for part in per_unit) and (
            None in per_unit or not metric.scales_with
        ):
            raise table.error(
                "per_unit_name, per_unit, per_unit_digits and scales_with belong together",
                "give all four or leave the first three out",
            )
        if metric.scales_with and metric.per_unit is None and metric.decides:
            raise table.error(
                "it scales with a setting and has no value per unit of it, so it cannot decide",
                "add per_unit_name, per_unit and per_unit_digits, or write decides = false",
                "scales_with",
            )
        if metric.summary == "best" and metric.better != "lower":
            raise table.error(
                "summary 'best' is the smallest value so far, yet lower is not better",
                "write better = 'lower' or another summary",
                "summary",
            )
        if metric.decides and not metric.deciding_clocks:
            raise table.error(
                "it decides, but on no clock", "name a clock or write decides = false",
                "deciding_clocks",
            )  # fmt: skip
        if metric.summary in ("setting", "clock", "rate") and metric.decides:
            raise table.error(
                f"a metric with summary {metric.summary!r} decides nothing",
                "write decides = false",
                "summary",
            )
        if metric.schedule and metric.setting is None:
            raise table.error(
                "a schedule needs the name of its setting", "add setting = …", "schedule"
            )

    def _watch_rules(self, table: _Table) -> Iterator[WatchRule]:
        entries = table.data.get("watch_rules", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise table.error(
                "watch_rules is no list of tables",
                "begin each with [[metric.watch_rules]]",
                "watch_rules",
            )
        for number, entry in enumerate(entries, start=1):
            # Its messages give the metric's line: near enough, and always right.
            rule = _Table(entry, f"{table.what}, watch rule {number}", table.place)
            rule.check_keys(_RULE_FIELDS, _RULE_OPTIONS)
            when = rule.one_of("when", get_args(When))
            threshold = rule.number("threshold") if "threshold" in entry else None
            if (threshold is None) != (when == "not_finite"):
                raise rule.error(
                    "when and threshold do not fit",
                    "give a threshold with above and below, and none with not_finite",
                )
            reference: dict[str, float] = {}
            if "reference" in entry:
                if not isinstance(entry["reference"], dict):
                    raise rule.error(
                        "reference is no table", "write reference = { batch_size = 2048 }"
                    )
                values = _Table(entry["reference"], f"{rule.what}, reference", table.place)
                reference = {setting: values.positive(setting) for setting in values.data}
            scales = rule.flag("scales", False)
            if scales != bool(reference) or not set(reference) <= set(table.texts("scales_with")):
                raise rule.error(
                    "scales, reference and the metric's scales_with do not fit",
                    "with scales = true give a reference value for settings in scales_with",
                )
            yield WatchRule(
                when=when,
                threshold=threshold,
                statistic=rule.one_of("statistic", get_args(Statistic)),
                severity=rule.one_of("severity", get_args(Severity)),
                message=rule.text("message"),
                scales=scales,
                reference=reference,
            )

    def _check_that_tags_are_unambiguous(
        self, patterns: list[Pattern], tables: Mapping[str, _Table]
    ) -> None:
        for index, later in enumerate(patterns):
            for earlier in patterns[:index]:
                tag = common_tag(earlier, later)
                if tag is None:
                    continue
                raise tables[later.metric].error(
                    f"{later.text!r} and {earlier.text!r} of metric {earlier.metric} "
                    f"both match the tag {tag!r}",
                    "a tag means one metric: change a pattern, or exclude a beginning as in "
                    "{layer!sq_}",
                    "aliases" if later.alias else "pattern",
                )
