"""How numbers are made of the events of a tag: the operation, and what it takes to do it again."""

from __future__ import annotations

from rulka_analysis.metrics.catalogue import Metric
from rulka_analysis.metrics.summaries import TRAILING_SHARE
from rulka_analysis.values.operations import Parameter
from rulka_analysis.values.quantities import Made, Quantity, made


def made_of(
    run: str,
    tag: str,
    metric: Metric | None,
    operation: str,
    per: Quantity | None = None,
    **parameters: Parameter,
) -> Made:
    """Return how a number was made of the events of a tag, shown as a metric is."""
    shown: dict[str, Parameter] = {}
    if metric is not None:
        shown = {
            "factor": metric.display_factor if metric.display_factor != 1 else None,
            "cutoff": metric.cutoff_seconds,
            "in_milliseconds": metric.cutoff_seconds is not None and metric.unit == "ms",
            "whole_milliseconds": metric.whole_milliseconds,
            "flags": metric.summary == "finish_rate",
        }
    inputs = () if per is None else (per,)
    return made(operation, *inputs, run=run, tag=tag, **parameters, **shown)


def operation_of(metric: Metric) -> tuple[str, dict[str, Parameter]]:
    """Return the operation by which a metric is summarised, with parameters of its own."""
    if metric.summary == "finish_rate":
        return "mean", {}
    if metric.summary == "best":
        return ("least" if metric.better == "lower" else "greatest"), {}
    if metric.summary == "trailing_mean":
        return "mean", {"share": TRAILING_SHARE}
    if metric.summary == "median_of_last_three":
        return "median", {"values": 3.0}
    return "last", {}
