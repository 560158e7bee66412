"""What makes runs hard to compare: durations, copies, and what grows with a setting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from rulka_analysis.health.readings import (
    Floats,
    Pair,
    Reading,
    Readings,
    setting_words,
    several,
)
from rulka_analysis.values.findings import Finding

# Durations and counts that differ by more than this share of the larger one.
UNEQUAL = 0.2
# So many different values in a row are not the same twice by chance.
SURELY = 5


def durations_apart(pair: Pair) -> Finding | None:
    """Return the finding that one of two runs lasted much longer."""
    own, base = pair.candidate.run.duration, pair.baseline.run.duration
    if not unequal(own, base):
        return None
    return Finding(
        "durations_differ",
        "warning",
        f"{pair.candidate.shown} lasted {own:,.0f} minutes, {pair.baseline.shown} {base:,.0f}.",
        why="Bests and last values of whole runs favour the longer one.",
        remedy="Compare where both are known, or train the shorter one longer.",
        run=pair.candidate.name,
        runs=pair.names,
    )


def unequal(one: float, other: float) -> bool:
    """Tell whether two durations, or two counts, differ by much."""
    return abs(one - other) > UNEQUAL * max(one, other)


def growing_with_settings(pair: Pair) -> Iterator[Finding]:
    """Yield settings that differ between two runs and that logged metrics grow with."""
    by_setting: dict[str, list[str]] = {}
    for reading in pair.candidate:
        if reading.metric is None or reading.tag not in pair.baseline.matches:
            continue
        for setting in reading.metric.scales_with:
            by_setting.setdefault(setting, []).append(reading.tag)
    for setting, tags in by_setting.items():
        base, own = pair.values(setting)
        words = setting_words(setting)
        if base is None or own is None:
            unknown = several(
                log.name
                for log, value in ((pair.baseline, base), (pair.candidate, own))
                if value is None
            )
            yield Finding(
                "scale_unknown",
                "warning",
                f"{_grow(tags, words)}, and that of {unknown} is not known.",
                why=f"So {pair.shown} cannot be compared by that, neither as logged nor per unit.",
                remedy="Record the setting; until then leave that out of the comparison.",
                run=pair.candidate.name,
                runs=pair.names,
                tags=tuple(tags),
            )
        elif base != own:
            yield Finding(
                "scales_with_setting",
                "note",
                f"{_grow(tags, words)}, which is {own:g} in {pair.candidate.shown} and {base:g} in "
                f"{pair.baseline.shown}.",
                why="As logged they compare the setting, not what was learnt.",
                remedy=f"Compare them divided by the {words}.",
                run=pair.candidate.name,
                runs=pair.names,
                tags=tuple(tags),
            )


def copies(logs: Sequence[Readings]) -> Iterator[Finding]:
    """Yield pairs of runs that hold the same series.

    Only what cannot agree by chance or by design counts: what a verdict may rest on; not settings,
    schedules and clocks.
    """
    series = {log.name: {r.tag: _changes(r) for r in log if _cannot_agree(r)} for log in logs}
    for one, other in combinations(logs, 2):
        ours, theirs = series[one.name], series[other.name]
        same = [tag for tag in ours if tag in theirs and _same(ours[tag], theirs[tag])]
        if same:
            yield Finding(
                "identical_series",
                "error",
                f"{several(same)} of {one.shown} and {other.shown} hold the same values one after "
                "the other.",
                why="One log is a copy of the other, or went on from a copy: they are one "
                "observation, not two.",
                remedy="Leave one of them out, or put back the log that belongs there.",
                run=other.name,
                runs=(one.name, other.name),
                tag=same[0] if len(same) == 1 else None,
            )


def _cannot_agree(reading: Reading) -> bool:
    metric = reading.metric
    return metric is not None and metric.decides and metric.summary != "finish_rate"


def _changes(reading: Reading) -> Floats:
    """Return a series without repeats, unfinished episodes and what is no number."""
    values = reading.values[reading.finite]
    metric = reading.metric
    if metric is not None and metric.cutoff_seconds is not None:
        values = values[values < metric.cutoff_seconds * (1000 if metric.unit == "ms" else 1)]
    found: Floats = values[np.diff(values, prepend=np.nan) != 0]
    return found


def _same(ours: Floats, theirs: Floats) -> bool:
    count = min(len(ours), len(theirs))
    # Most series differ at once; only then is it worth looking at all of them.
    if count < SURELY or not np.array_equal(ours[:SURELY], theirs[:SURELY]):
        return False
    return np.array_equal(ours[:count], theirs[:count])


def _grow(tags: Sequence[str], setting: str) -> str:
    return f"{several(tags)} {'grows' if len(tags) == 1 else 'grow'} with the {setting}"
