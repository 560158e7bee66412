"""The catalogue's watch-for rules, held against a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from rulka_analysis.health.readings import (
    Integers,
    Reading,
    Readings,
    minute,
    setting_words,
)
from rulka_analysis.metrics import summaries
from rulka_analysis.metrics.catalogue import Metric, WatchRule
from rulka_analysis.values.findings import Finding


def watch_findings(log: Readings, settings: Mapping[str, float]) -> Iterator[Finding]:
    """Yield the catalogue's rules that a run breaks.

    Parameters
    ----------
    log : Readings
        The run.
    settings : mapping of str to float
        What a threshold may scale with; as logged where this does not say.
    """
    for reading in log:
        if reading.metric is None:
            continue
        for rule in reading.metric.watch_rules:
            known = {
                name: value for name in rule.reference if (value := log.setting(name)) is not None
            }
            finding = _finding(log, reading, reading.metric, rule, {**known, **settings})
            if finding is not None:
                yield finding


def _finding(
    log: Readings, reading: Reading, metric: Metric, rule: WatchRule, settings: Mapping[str, float]
) -> Finding | None:
    threshold = rule.threshold_for(settings)
    if rule.when != "not_finite" and threshold is None:
        lacking = " and ".join(setting_words(n) for n in rule.reference if n not in settings)
        return Finding(
            "rule_not_checked",
            "note",
            f"Whether {reading.shown} of {log.shown} is too far {rule.when} cannot be told: its "
            f"{lacking} is not known, or changes.",
            why="The threshold scales with that setting.",
            remedy="Record the setting in the log or in the experiment's definition.",
            run=log.name,
            tag=reading.tag,
        )
    broken = breaking(rule, reading, threshold)
    if not len(broken):
        return None
    first = broken[0]
    times = f"{len(broken):,} of {len(reading.values):,} values" if rule.statistic == "any" else ""
    against = "" if threshold is None else f" (threshold {threshold:g})"
    told = ", ".join(
        part
        for part in (
            times,
            f"{'first ' if len(broken) > 1 else ''}{reading.values[first]:.4g} at "
            f"{minute(reading.minutes[first])}{against}",
        )
        if part
    )
    return Finding(
        f"watch_{metric.name}",
        rule.severity,
        f"{reading.shown} of {log.shown}: {rule.message.replace('``', '').strip()} "
        f"{told[:1].upper()}{told[1:]}.",
        why=_WHY[rule.severity].format(episodes=log.catalogue.domain.words.episodes),
        remedy=f"Look at the curve there; the metrics reference says more of {metric.name}.",
        run=log.name,
        tag=reading.tag,
    )


_WHY = {
    "error": "The tag does not hold what it should: nothing is to be concluded from it.",
    "warning": "Training may have been disturbed there, and so may what is compared.",
    "note": "It explains single odd {episodes} or readings.",
}


def breaking(rule: WatchRule, reading: Reading, threshold: float | None) -> Integers:
    """Return the positions of the events that break a rule, the first of them first.

    Of a rule on a summary that is the last event the summary rests on.
    """
    values = reading.values
    if rule.statistic == "median_of_last_three":
        at = summaries.last_three(values)
        checked = np.array([summaries.median_of_last_three(values)]) if at else np.empty(0)
        positions = np.array(at[-1:], dtype=np.int64)
    elif rule.statistic == "last":
        positions = np.arange(len(values), dtype=np.int64)[-1:]
        checked = values[positions]
    else:
        positions, checked = np.arange(len(values), dtype=np.int64), values
    if rule.when == "not_finite":
        beyond = ~np.isfinite(checked)
        return np.asarray(positions[beyond])
    assert threshold is not None
    with np.errstate(invalid="ignore"):
        beyond = checked > threshold if rule.when == "above" else checked < threshold
    found: Integers = positions[beyond]
    return found
