"""A catalogue's file, ``catalogue.toml``, read and checked.

What a table of it may hold say `Metric`, `WatchRule` and `Group`. What concerns several of them is
checked here: no two patterns may match the same tag. That is proved when the file is read (see
`patterns.common_tag`), so a tag means one thing whatever the order of the entries.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.metrics.catalogue import Catalogue, Group, Metric, Names, Prose
from rulka_analysis.metrics.domain import Domain
from rulka_analysis.metrics.patterns import PLACEHOLDER, Pattern, Patterns, Placeholder, common_tag
from rulka_analysis.values.errors import RulkaError, listing
from rulka_analysis.values.toml import NAMED, NamedTomlTable, TomlFile, TomlTable, Where, read_text


class CatalogueError(RulkaError):
    """The catalogue's file is wrong; the message names file, line and remedy."""


def load_catalogue(domain: Domain, path: str | os.PathLike[str] | None = None) -> Catalogue:
    """Read a domain's catalogue: its own unless a file is given.

    Read anew each time, made once for each content: a changed file is never served stale.

    Raises
    ------
    CatalogueError
        The file is missing or wrong; file, line and remedy are in the message.
    """
    file = domain.catalogue_file if path is None else Path(path)
    return _read(read_text(file, CatalogueError), file, domain)


@dataclass(frozen=True, slots=True)
class PlaceholderTable(NamedTomlTable):
    """What a placeholder may stand for; see `Placeholder`."""

    form: Literal["choice", "name", "number"]
    description: Prose
    choices: Names = ()


@dataclass(frozen=True, slots=True)
class CatalogueTable(TomlTable):
    """The whole file."""

    group: tuple[Group, ...]
    placeholder: Annotated[Mapping[str, PlaceholderTable], NAMED]
    metric: tuple[Metric, ...]


@lru_cache(maxsize=8)
def _read(text: str, file: Path, domain: Domain) -> Catalogue:
    toml = TomlFile(file, CatalogueError, text)
    clocks = {name: clock for clock in domain.conventions.clocks for name in clock.names}
    _fill_in(toml.data, [MINUTES.name, domain.conventions.steps.name])
    table = toml.read_as(
        CatalogueTable,
        {
            "group": toml.names_of("group"),
            "metric": toml.names_of("metric"),
            "clock": clocks,
        },
    )
    known = _placeholders(table, toml, domain)
    metrics: list[Metric] = []
    patterns: list[tuple[Pattern, Where]] = []
    for number, metric in enumerate(table.metric):
        where = ("metric", number)
        if metric.name in (other.name for other in metrics):
            toml.fail((*where, "name"), "another metric has this name; choose another name")
        if metric.setting in {other.setting for other in metrics} - {None}:
            toml.fail(
                (*where, "setting"),
                f"another metric logs the setting {metric.setting!r}; name the one this tag logs",
            )
        own = list(_patterns(metric, where, toml, known))
        for pattern, place in own:
            for earlier, _ in [*patterns, *own[: own.index((pattern, place))]]:
                if tag := common_tag(earlier, pattern):
                    toml.fail(
                        place,
                        f"{pattern.text!r} and {earlier.text!r} of metric {earlier.metric} both "
                        f"match the tag {tag!r}; a tag means one metric: change a pattern, or "
                        "exclude a beginning as in {layer!sq_}",
                    )
        _check_agreement(metric, where, toml)
        metrics.append(replace(metric, placeholders=own[0][0].placeholders))
        patterns += own
    return Catalogue(metrics, table.group, Patterns(pattern for pattern, _ in patterns), domain)


def _fill_in(data: dict[str, Any], deciding: list[str]) -> None:
    """Give what follows from the rest of a metric, or from the domain, where it is left out."""
    for entry in data.get("metric", ()):
        if isinstance(entry, dict):
            unit = entry.get("unit")
            entry.setdefault("display_unit", unit if isinstance(unit, str) else "")
            entry.setdefault("deciding_clocks", tuple(deciding))
            for rule in entry.get("watch_rules", ()):
                if isinstance(rule, dict):
                    rule.setdefault("threshold", None)


def _placeholders(table: CatalogueTable, toml: TomlFile, domain: Domain) -> dict[str, Placeholder]:
    found = {}
    for name, entry in table.placeholder.items():
        if bool(entry.choices) != (entry.form == "choice"):
            problem = "form and choices do not fit; give choices with form = 'choice', only then"
            toml.fail(("placeholder", name, "form"), problem)
        varies = domain.variant is not None and name == domain.variant.name
        usual = domain.placeholders.get(name)
        found[name] = Placeholder(
            name, entry.description, entry.form, entry.choices, usual=usual, varies=varies
        )
    return found


def _patterns(
    metric: Metric, where: Where, toml: TomlFile, known: Mapping[str, Placeholder]
) -> Iterator[tuple[Pattern, Where]]:
    """Yield a metric's pattern, then its older names, each with its place in the file."""
    own: set[str] = set()
    for number, text in enumerate((metric.pattern, *metric.aliases)):
        place: Where = (*where, "aliases", number - 1) if number else (*where, "pattern")
        if text != text.strip():
            toml.fail(place, f"{text!r}; write a tag without spaces at its ends")
        segments = [
            [found["name"] for found in PLACEHOLDER.finditer(segment)]
            for segment in text.split("/")
        ]
        names = [name for segment in segments for name in segment]
        for name in names:
            toml.member(name, known, "placeholder", place)
        if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
            toml.fail(place, f"{text!r} has a stray brace; write a placeholder as {{its_name}}")
        # Two free names in one segment, `{level}_{layer}`, could share a text in several ways.
        free = [[name for name in part if known[name].form == "name"] for part in segments]
        if len(set(names)) != len(names) or any(len(part) > 1 for part in free):
            toml.fail(
                place,
                f"{text!r} can be read in more than one way; use each placeholder once, and "
                "between slashes one at most that is a free name",
            )
        if not own <= set(names):
            toml.fail(
                place,
                f"{text!r} lacks a placeholder of the pattern {metric.pattern!r}; give every one "
                "of the pattern, or make it a metric of its own",
            )
        own = own or set(names)
        yield Pattern(text, metric.name, number > 0, known), place
    for found in PLACEHOLDER.finditer(metric.title):
        if found["name"] not in own:
            problem = f"{found[0]} is no placeholder of the pattern; use: {listing(own)}"
            toml.fail((*where, "title"), problem)


def _check_agreement(metric: Metric, where: Where, toml: TomlFile) -> None:
    """Refuse fields of a metric that contradict one another."""

    def refuse(wrong: bool, key: str, problem: str) -> None:
        if wrong:
            toml.fail((*where, key) if key else where, problem)

    per_unit = (metric.per_unit_name, metric.per_unit, metric.per_unit_digits)
    refuse(
        any(part is not None for part in per_unit) and (None in per_unit or not metric.scales_with),
        "",
        "per_unit_name, per_unit, per_unit_digits and scales_with belong together; give all four "
        "or leave the first three out",
    )
    refuse(
        bool(metric.scales_with) and metric.per_unit is None and metric.decides,
        "scales_with",
        "it scales with a setting and has no value per unit of it, so it cannot decide; add "
        "per_unit_name, per_unit and per_unit_digits, or write decides = false",
    )
    refuse(
        metric.summary == "best" and metric.better == "neither",
        "summary",
        "summary 'best' needs a better direction; write better = 'lower' or 'higher', or another "
        "summary",
    )
    refuse(
        metric.decides and not metric.deciding_clocks,
        "deciding_clocks",
        "it decides, but on no clock; name a clock or write decides = false",
    )
    refuse(
        metric.summary in ("setting", "clock", "rate") and metric.decides,
        "summary",
        f"a metric with summary {metric.summary!r} decides nothing; write decides = false",
    )
    refuse(
        metric.schedule and metric.setting is None,
        "schedule",
        "a schedule needs the name of its setting; add setting = …",
    )
    for number, rule in enumerate(metric.watch_rules):
        place = ("watch_rules", number)
        if (rule.threshold is None) != (rule.when == "not_finite"):
            toml.fail(
                (*where, *place),
                "when and threshold do not fit; give a threshold with above and below, and none "
                "with not_finite",
            )
        if rule.scales != bool(rule.reference) or not {*rule.reference} <= {*metric.scales_with}:
            toml.fail(
                (*where, *place),
                "scales, reference and the metric's scales_with do not fit; with scales = true "
                "give a reference value for settings in scales_with",
            )
