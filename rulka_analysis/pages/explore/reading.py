"""Logs as what the Explore page shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rulka_analysis.pages.explore.data import (
    Explore,
    ExploreClock,
    ExploreGroup,
    ExploreMetric,
    ExploreSeries,
)
from rulka_analysis.values.text import natural_order

if TYPE_CHECKING:
    from rulka_analysis.logs.runs import Logs, Run
    from rulka_analysis.metrics.catalogue import Catalogue, Match, Metric

# A thousandth of a minute is less than what lies between two writes.
_RESOLUTION = {"minutes": 1e-3}
# What constants and counters say is seldom what somebody comes for.
_NOT_FIRST = ("setting", "clock")


def from_logs(
    logs: Logs,
    catalogue: Catalogue,
    groups: Sequence[ExploreGroup] | None = None,
    *,
    title: str = "",
    start: str = "",
    variants: Mapping[str, str] | None = None,
) -> Explore:
    """Return all tags of some runs, to be shown.

    Without groups each run is one of its own. A tag that the catalogue does not know is shown as it
    is called. First shown is the tag `start`, else the first that most runs have.
    """
    if groups is None:
        groups = [ExploreGroup(name, (name,)) for name in logs.runs]
    names = dict.fromkeys(name for group in groups for name in group.runs)
    runs = [logs[name] for name in names if name in logs]
    there = {run.name for run in runs}
    kept = [
        ExploreGroup(group.label, tuple(n for n in group.runs if n in there), group.role)
        for group in groups
    ]
    clocks = [clock for clock in logs.conventions.clocks if any(clock in r.clocks for r in runs)]
    metrics = _metrics(runs, catalogue, variants or {})
    return Explore(
        title=title or logs.name,
        groups=tuple(group for group in kept if group.runs),
        clocks=tuple(
            ExploreClock(clock.key, clock.name, clock.unit, _RESOLUTION.get(clock.key, 1.0))
            for clock in clocks
        ),
        metrics=tuple(metrics),
        start=start or _first(runs, catalogue, metrics),
        episodes=catalogue.domain.words.episodes,
    )


def _first(runs: Iterable[Run], catalogue: Catalogue, metrics: Sequence[ExploreMetric]) -> str:
    having = [set(run.tags) for run in runs]

    def rank(metric: ExploreMetric) -> tuple[bool, bool, int]:
        match = catalogue.match(metric.tag)
        shown = match is None or match.metric.summary not in _NOT_FIRST
        return not shown, metric.better == "neither", -sum(metric.tag in tags for tags in having)

    # Of equals the first stays.
    return min(metrics, key=rank).tag if metrics else ""


def _metrics(
    runs: Sequence[Run], catalogue: Catalogue, variants: Mapping[str, str]
) -> list[ExploreMetric]:
    tags = sorted({tag for run in runs for tag in run.tags}, key=natural_order)
    group_place = {group.name: i for i, group in enumerate(catalogue.groups)}
    metric_place = {metric.name: i for i, metric in enumerate(catalogue)}

    def place(tag: str) -> tuple[int, int]:
        match = catalogue.match(tag)
        if match is None:
            return len(group_place), 0
        return group_place.get(match.metric.group, 0), metric_place[match.metric.name]

    return [_metric(tag, runs, catalogue, variants) for tag in sorted(tags, key=place)]


def _metric(
    tag: str, runs: Sequence[Run], catalogue: Catalogue, variants: Mapping[str, str]
) -> ExploreMetric:
    def series() -> list[ExploreSeries]:
        return [_series(run, tag) for run in runs if tag in run.tags]

    match = catalogue.match(tag)
    if match is None:
        # Tags such as rollout/ep_rew_mean bring their own headings.
        heading, _, rest = tag.partition("/")
        return ExploreMetric(tag, tag, series, group=heading if rest else "")
    metric = match.metric
    return ExploreMetric(
        tag=tag,
        title=_title(match, catalogue, variants),
        series=series,
        group=metric.group,
        better=metric.better,
        unit=metric.display_unit,
        digits=metric.digits,
        factor=metric.display_factor,
        cutoff=_cutoff(metric),
        best=metric.summary == "best",
    )


def _cutoff(metric: Metric) -> float | None:
    """Return what is logged for an unfinished episode, in the unit of the log."""
    if metric.cutoff_seconds is None:
        return None
    return metric.cutoff_seconds * (1000.0 if metric.unit == "ms" else 1.0)


def _title(match: Match, catalogue: Catalogue, variants: Mapping[str, str]) -> str:
    varying = catalogue.domain.variant.name if catalogue.domain.variant else None
    values = {
        name: variants.get(text, text) if name == varying else text
        for name, text in match.placeholders.items()
    }
    return match.metric.heading(**values).replace("``", "")


def _series(run: Run, tag: str) -> ExploreSeries:
    # Not as a table: of very many runs, making tables takes longer than all else.
    events = run.events(tag)
    return ExploreSeries(
        run=run.name,
        values=events.values.astype(np.float64),
        steps=events.steps,
        files=run.file_names,
        file_of=events.files,
        positions={clock.key: events.on(clock) for clock in run.clocks},
        ends={clock.key: run.known_until(tag, clock) for clock in run.clocks},
    )
