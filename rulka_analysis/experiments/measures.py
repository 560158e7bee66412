"""What an outcome is measured by: a metric of the catalogue, or one declared by its tag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rulka_analysis.experiments.definition import Definition, Outcome
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.catalogue import Catalogue, Metric, Summary
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.values.sentences import in_words

_SUMMARIES: Mapping[str, Summary] = {
    "best": "best",
    "last": "last",
    "trailing mean": "trailing_mean",
    "median of three": "median_of_last_three",
}


def metrics_of(outcome: Outcome, definition: Definition, catalogue: Catalogue) -> list[Metric]:
    """Return what an outcome may be measured by; the first that is logged is taken."""
    if outcome.tag:
        return [_own_metric(outcome, definition)]
    return [catalogue[name] for name in outcome.metric]


def make_measure(
    name: str,
    metric: Metric,
    variant: str | None,
    variant_titles: Mapping[str, str],
    *,
    as_logged: bool,
) -> Measure:
    """Return a metric as it is compared: on a variant, per unit of what it grows with."""
    divisible = bool(metric.scales_with) and metric.per_unit is not None
    per = metric.scales_with[0] if divisible and not as_logged else None
    on = variant if metric.varies_by is not None else None
    return Measure(name, metric, on, variant_titles.get(on, on) if on else "", per)


def deciding_clocks(metric: Metric, definition: Definition) -> tuple[Clock, ...]:
    """Return the clocks that decide: those of the experiment that the metric allows.

    Where it allows none of them, what the metric itself says holds: by another clock it would not
    be comparable.
    """
    both = tuple(clock for clock in definition.clocks if clock in metric.deciding_clocks)
    return both or metric.deciding_clocks


def _own_metric(outcome: Outcome, definition: Definition) -> Metric:
    title = outcome.title or outcome.name[:1].upper() + outcome.name[1:].replace("_", " ")
    per_unit: dict[str, Any] = {}
    if outcome.scales_with is not None:
        setting = definition.settings[outcome.scales_with]
        per_unit = {
            "scales_with": (setting.name,),
            "per_unit_name": f"{title} per unit of {in_words(setting.title)}",
            "per_unit": outcome.unit,
            "per_unit_digits": outcome.digits,
        }
    return Metric(
        name=outcome.name,
        pattern=outcome.tag,
        title=title,
        group="",
        unit=outcome.unit,
        digits=outcome.digits,
        better=outcome.better,
        summary=_SUMMARIES[outcome.summary],
        written="aggregate",
        description=title,
        interpretation=f"Better: {outcome.better}.",
        watch_for="",
        display_unit=outcome.unit,
        deciding_clocks=definition.clocks,
        **per_unit,
    )
