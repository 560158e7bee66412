"""What makes runs hard to compare: durations, and what grows with a setting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rulka_analysis.health.readings import Pair, setting_words, several
from rulka_analysis.values.findings import Finding

# Durations and counts that differ by more than this share of the larger one.
UNEQUAL = 0.2


def durations_apart(pair: Pair) -> Finding | None:
    """Return the finding that one of two runs lasted much longer."""
    own, base = pair.candidate.run.duration, pair.baseline.run.duration
    if not unequal(own, base):
        return None
    return Finding(
        "durations_differ",
        "warning",
        f"{pair.candidate.shown} lasted {own:,.0f} minutes, {pair.baseline.shown} {base:,.0f}.",
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
                f"{_grow(tags, words)}, which is not known of {unknown}.",
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
                remedy=f"Compare them divided by the {words}.",
                run=pair.candidate.name,
                runs=pair.names,
                tags=tuple(tags),
            )


def _grow(tags: Sequence[str], setting: str) -> str:
    return f"{several(tags)} {'grows' if len(tags) == 1 else 'grow'} with the {setting}"
