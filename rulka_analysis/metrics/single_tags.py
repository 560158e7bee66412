"""Single tags as metrics: those that a catalogue does not know, and those it knows many of.

Anybody's logs are of use without a word about them: what no catalogue knows is plotted, summarised
and compared like any metric, with no direction that is better.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rulka_analysis.metrics.catalogue import Catalogue, Match, Metric


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
        if match is None or _says_more(match):
            self._single.setdefault(tag, (metric_of_tag(tag), None))
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


def _says_more(match: Match) -> bool:
    """Tell whether an older name has a part of its own that is not as usual: another series."""
    own = {placeholder.name for placeholder in match.metric.placeholders}
    return not match.is_usual and not match.placeholders.keys() <= own


def _fixed(match: Match) -> dict[str, str]:
    """Return the placeholders that a comparison does not fill in with the value the tag has."""
    known = {placeholder.name: placeholder for placeholder in match.metric.placeholders}
    return {
        name: value
        for name, value in match.placeholders.items()
        if name in known and not known[name].varies and value != known[name].usual
    }


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        pattern = pattern.replace(f"{{{name}}}", value)
    return pattern


def _specialised_title(match: Match, fixed: Mapping[str, str]) -> str:
    title = match.metric.heading(**fixed)
    unnamed = [value for name, value in fixed.items() if f"{{{name}}}" not in match.metric.title]
    return f"{title} ({', '.join(unnamed)})" if unnamed else title


def metric_of_tag(tag: str) -> Metric:
    """Return a metric for a tag of which nothing is known but its values."""
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
