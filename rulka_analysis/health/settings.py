"""Settings: recorded, constant, changed one at a time, and schedules that agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from rulka_analysis.health.readings import (
    Floats,
    Pair,
    Reading,
    Readings,
    minute,
    setting_words,
    several,
)
from rulka_analysis.logs.clocks import MINUTES, Clock
from rulka_analysis.metrics.settings import Setting, Source, round_off
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.text import printable

# How far outside the other run's neighbouring values a schedule may lie, as a share of its range,
# and which share of its values may lie there.
SLACK = OUTSIDE = 0.05


def setting_findings(log: Readings, settings: Mapping[str, Setting]) -> Iterator[Finding]:
    """Yield settings that change within a run and are no schedule, and sources that disagree."""
    for setting in settings.values():
        words = setting_words(setting.title.lower())
        if setting.changes and (tag := setting.sources[0].tag):
            first, then = setting.sources[0].values[:2]
            reading = log[tag]
            when = minute(reading.minutes[np.flatnonzero(reading.values == then)[0]])
            yield Finding(
                "setting_changes",
                "warning",
                f"The {words} of {log.shown} changes from {first:g} to {then:g} at {when}.",
                run=log.name,
                tag=tag,
            )
        for other in setting.disagreeing:
            taken = setting.sources[0]
            yield Finding(
                "setting_differs",
                "warning",
                f"{log.shown} {taken.gives} a {words} of {printable(taken.text)}; {other.says} "
                f"{printable(other.text)}.",
                why="The run was trained with another value than declared; the logged one is used."
                if other.where == "declared"
                else f"One of them is wrong; {_used(taken)} is used.",
                remedy="Correct the definition of the experiment, or the log directory."
                if other.where == "declared"
                else "Look it up in the program's configuration, and declare it.",
                run=log.name,
                tag=taken.tag,
            )


def _used(source: Source) -> str:
    return "the value logged under the tag" if source.tag else "the one named first"


def unrecorded(log: Readings, settings: list[str]) -> Finding:
    """Return the finding that settings of a run are recorded nowhere."""
    return Finding(
        "setting_unrecorded",
        "warning",
        f"The {several(name.lower() for name in settings)} of {log.shown} "
        f"{'is' if len(settings) == 1 else 'are'} neither in its log nor in the definition.",
        run=log.name,
    )


def find_changed_together(pair: Pair) -> Finding | None:
    """Return the finding that two settings or more differ between two runs."""
    base, own = (pair.settings[name] for name in pair.names)
    changed = [
        name for name in base if name in own and round_off(base[name]) != round_off(own[name])
    ]
    if len(changed) < 2:
        return None
    told = several(
        (
            f"{setting_words(name)} ({_value(base[name])} and {_value(own[name])})"
            for name in changed
        ),
        6,
    )
    return Finding(
        "settings_changed_together",
        "warning",
        f"{len(changed)} settings differ between {pair.baseline.shown} and {pair.candidate.shown}: "
        f"{told}.",
        run=pair.candidate.name,
        runs=pair.names,
    )


def schedules_apart(pair: Pair) -> Iterator[Finding]:
    """Yield schedules that differ at equal steps, and those that differ at equal minutes."""
    steps, episodes = pair.baseline.steps, pair.baseline.catalogue.domain.words.episodes
    apart = [s for s in _schedules(pair) if _outside(*_both(pair, s), steps)]
    if apart:
        yield Finding(
            "schedule_differs",
            "warning",
            f"The schedule of {several(setting_words(s) for s in apart)} differs between "
            f"{pair.shown} at equal {steps}.",
            why=f"Schedules are keyed to {steps}, so these runs were set up differently.",
            run=pair.candidate.name,
            runs=pair.names,
        )
    by_minutes = [
        s for s in _schedules(pair) if s not in apart and _outside(*_both(pair, s), MINUTES)
    ]
    if by_minutes:
        yield Finding(
            "schedule_differs_by_minutes",
            "note",
            f"At equal minutes {pair.shown} stand at different points of their schedules of "
            f"{several(setting_words(s) for s in by_minutes)}; at equal {steps} they agree.",
            why=f"Q, and {episodes} with exploration, differ by that alone.",
            remedy=f"Compare them at equal {steps}.",
            run=pair.candidate.name,
            runs=pair.names,
        )


def _schedules(pair: Pair) -> list[str]:
    settings = pair.baseline.catalogue.settings()
    return [
        name
        for name, metric in settings.items()
        if metric.schedule and pair.baseline.of(metric.name) and pair.candidate.of(metric.name)
    ]


def _both(pair: Pair, setting: str) -> tuple[Reading, Reading]:
    metric = pair.baseline.catalogue.settings()[setting].name
    return pair.baseline.of(metric)[0], pair.candidate.of(metric)[0]


def _outside(one: Reading, other: Reading, clock: Clock) -> bool:
    """Tell whether one schedule often lies outside of what the other was just before and after."""
    at, values = _on(one, clock)
    known_at, known = _on(other, clock)
    within = (at >= known_at.min(initial=np.inf)) & (at <= known_at.max(initial=-np.inf))
    if within.sum() < 3:
        return False
    at, values = at[within], values[within]
    before = np.searchsorted(known_at, at, side="right") - 1
    after = np.minimum(np.searchsorted(known_at, at, side="left"), len(known) - 1)
    low, high = np.minimum(known[before], known[after]), np.maximum(known[before], known[after])
    everything = np.concatenate([values, known])
    slack = SLACK * float(everything.max() - everything.min())
    outside = (values < low - slack) | (values > high + slack)
    return bool(outside.mean() > OUTSIDE)


def _on(reading: Reading, clock: Clock) -> tuple[Floats, Floats]:
    at = reading.on(clock)
    usable = np.isfinite(at) & reading.finite
    order = np.argsort(at[usable], kind="stable")
    return at[usable][order], reading.values[usable][order]


def _value(value: float | str) -> str:
    return printable(value) if isinstance(value, str) else f"{value:g}"
