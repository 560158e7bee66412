"""The catalogue's watch-for rules, held against a run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rulka_analysis.health.readings import (
    Integers,
    Reading,
    Readings,
    minute,
    setting_words,
)
from rulka_analysis.health.series_shapes import has_diverged
from rulka_analysis.metrics import summaries
from rulka_analysis.metrics.catalogue import Metric, WatchRule
from rulka_analysis.values.findings import Finding

# A metric is seen to grow with a setting where runs whose values of it are this many times apart
# show that it follows at least with this power; a sum of noise follows with the power of 0.5.
APART, GROWS = 1.5, 0.4


Scaling = Mapping[tuple[str, str], bool]
"""By metric and setting: whether runs beside one another show that the metric grows with it."""
Points = Mapping[tuple[str, str], Sequence[tuple[float, float]]]
"""By metric and setting, what runs tell of it: logarithms of the setting and of usual values."""


def scale_points(log: Readings, settings: Mapping[str, float | str]) -> Points:
    """Return what a run tells of the metrics whose thresholds scale with settings."""
    points: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for reading in log:
        metric = reading.metric
        scaled = {s for rule in metric.watch_rules for s in rule.reference} if metric else set()
        for setting in scaled if metric else ():
            value = settings.get(setting)
            usual = np.median(reading.values[reading.finite]) if reading.finite.any() else 0
            if metric and isinstance(value, float | int) and value > 0 < usual:
                point = (math.log(value), math.log(usual))
                points.setdefault((metric.name, setting), []).append(point)
    return points


def find_scaling(of_runs: Iterable[Points]) -> Scaling:
    """Return whether runs show that a metric grows with a setting its thresholds scale with.

    None where no two runs have different enough values of it.
    """
    points: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for of_run in of_runs:
        for key, pairs in of_run.items():
            points.setdefault(key, []).extend(pairs)
    found = {}
    for key, pairs in points.items():
        at, usual = np.array(pairs).T
        if np.ptp(at) >= math.log(APART):
            slope = np.cov(at, usual, bias=True)[0, 1] / at.var()
            found[key] = bool(slope >= GROWS)
    return found


@dataclass(frozen=True, slots=True)
class Watched:
    """A rule held against a series, whatever other runs will show of the metric.

    Parameters
    ----------
    scales_with : tuple of (str, str)
        The metric, and each setting that the threshold scales with.
    found : dict of (bool or None) to Finding
        What is found if the metric grows with all of them, if it does not with one, and where
        nothing shows it.
    """

    scales_with: tuple[tuple[str, str], ...]
    found: Mapping[bool | None, Finding]

    def given(self, scaling: Scaling) -> Finding | None:
        """Return what is found, given what runs show."""
        seen = [scaling.get(key) for key in self.scales_with]
        return self.found.get(False if False in seen else None if None in seen else True)


def hold_watch_rules(log: Readings, settings: Mapping[str, float]) -> Iterator[Watched]:
    """Yield the catalogue's rules that a run breaks, or may."""
    for reading in log:
        metric = reading.metric
        for rule in metric.watch_rules if metric else ():
            scales_with = tuple((metric.name, name) for name in rule.reference) if metric else ()
            found = {
                grows: finding
                for grows in ((True, False, None) if scales_with else (True,))
                if metric and (finding := _finding(log, reading, metric, rule, settings, grows))
            }
            if found:
                yield Watched(scales_with, found)


def _finding(
    log: Readings,
    reading: Reading,
    metric: Metric,
    rule: WatchRule,
    settings: Mapping[str, float],
    grows: bool | None,
) -> Finding | None:
    if rule.when == "not_finite":
        at = np.flatnonzero(~reading.finite) if has_diverged(reading) else np.empty(0, np.int64)
        return _broken(log, reading, rule, "diverged", at, None)
    if grows is False:
        rule = replace(rule, scales=False, reference={})
    threshold = rule.threshold_for(settings)
    if threshold is None:
        lacking = " and ".join(setting_words(n) for n in rule.reference if n not in settings)
        return _not_checked(
            log,
            reading,
            f"{reading.shown} in {log.shown} is not checked: its threshold depends on the "
            f"{lacking}, which is not known or changes.",
            f"The threshold was stated for one {lacking}.",
        )
    broken = breaking(rule, reading, threshold)
    if grows is None:
        assert rule.threshold is not None
        unscaled = breaking(rule, reading, rule.threshold)
        if not len(unscaled) and len(broken):
            words = " and ".join(setting_words(name) for name in rule.reference)
            first = reading.values[broken[0]]
            return _not_checked(
                log,
                reading,
                f"{reading.shown} in {log.shown} is not checked: {first:.4g} is {rule.when} "
                f"{threshold:g}, the threshold at its {words}, but not {rule.when} "
                f"{rule.threshold:g}, the one stated; no runs show whether it grows with the "
                f"{words}.",
                f"The threshold was stated for one {words}. It scales only where the metric does.",
            )
    return _broken(log, reading, rule, f"watch_{metric.name}", broken, threshold)


def _not_checked(log: Readings, reading: Reading, message: str, why: str) -> Finding:
    return Finding(
        "rule_not_checked",
        "note",
        message,
        why=why,
        run=log.name,
        tag=reading.tag,
    )


def _broken(
    log: Readings,
    reading: Reading,
    rule: WatchRule,
    kind: str,
    broken: Integers,
    threshold: float | None,
) -> Finding | None:
    if not len(broken):
        return None
    first = broken[0]
    any_of = rule.statistic == "any" or rule.when == "not_finite"
    times = f"{len(broken):,} of {len(reading.values):,} values" if any_of else ""
    against = "" if threshold is None else f" (threshold {threshold:g})"
    told = ", ".join(
        part
        for part in (
            times,
            f"{'first ' if len(broken) > 1 else ''}{_number(reading.values[first])} at "
            f"{minute(reading.minutes[first])}{against}",
        )
        if part
    )
    return Finding(
        kind,
        rule.severity,
        f"{reading.shown} in {log.shown}: {rule.message.replace('``', '').strip()} "
        f"{told[:1].upper()}{told[1:]}.",
        why=_WHY[rule.severity].format(episodes=log.catalogue.domain.words.episodes),
        remedy=f"Look at the curve there. The metrics reference explains "
        f"{reading.metric.name if reading.metric else reading.shown}.",
        run=log.name,
        tag=reading.tag,
    )


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else str(value).replace("nan", "NaN")


_WHY = {
    "error": "The tag does not hold what it should: no answer rests on it.",
    "warning": "Training may have been disturbed there, and with it what is compared.",
    "note": "It explains single odd {episodes} or readings.",
}


def breaking(rule: WatchRule, reading: Reading, threshold: float) -> Integers:
    """Return the positions of the events that break a threshold, the first of them first.

    Of a rule on a summary that is the last event the summary rests on. What is no number is
    neither above nor below.
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
    with np.errstate(invalid="ignore"):
        beyond = checked > threshold if rule.when == "above" else checked < threshold
    found: Integers = positions[beyond & np.isfinite(checked)]
    return found
