"""Settings: recorded, constant, changed one at a time, and with an effect that shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rulka_analysis.health.readings import Floats, Reading, Readings, minute, several
from rulka_analysis.logs.events.file_findings import printable
from rulka_analysis.values.findings import Finding

# Settings this far apart must show where they take effect; effects this close are the same.
APART, SAME = 0.2, 0.05
# How far outside the other run's neighbouring values a schedule may lie, as a share of its range.
SLACK = 0.05

Values = Mapping[str, Mapping[str, float | str]]
"""Setting to value, by run; a setting that is not known is left out."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A candidate and the baseline it is held against."""

    candidate: Readings
    baseline: Readings

    @property
    def shown(self) -> str:
        return f"{self.candidate.shown} and {self.baseline.shown}"

    @property
    def names(self) -> tuple[str, str]:
        """The runs a finding on the pair is about."""
        return self.baseline.name, self.candidate.name


def changing_settings(log: Readings) -> Iterator[Finding]:
    """Yield settings that are no schedule and yet change within a run."""
    for name, metric in log.catalogue.settings().items():
        values = log.setting_values(metric)
        if metric.schedule or len(values) < 2:
            continue
        (reading, *_) = log.of(metric.name)
        known = reading.values[reading.finite]
        at = int(np.flatnonzero(known != known[0])[0])
        when = minute(reading.minutes[reading.finite][at])
        yield Finding(
            "setting_changes",
            "warning",
            f"The {_words(name)} of {log.shown} changes from {known[0]:g} to {known[at]:g} at "
            f"{when}.",
            why="What comes after was trained with another setting than what came before.",
            remedy="Compare up to that moment only, or train the run again.",
            run=log.name,
            tag=reading.tag,
        )


def unrecorded(log: Readings, settings: list[str]) -> Finding:
    """Return the finding that settings of a run are recorded nowhere."""
    return Finding(
        "setting_unrecorded",
        "warning",
        f"The {several(name.lower() for name in settings)} of {log.shown} "
        f"{'is' if len(settings) == 1 else 'are'} neither in its log nor in the definition.",
        why="Whatever this run shows cannot be put down to a setting, nor repeated.",
        remedy="Look it up in the run's config_snapshot.yaml, if there is one, and declare it.",
        run=log.name,
    )


def logged_settings(log: Readings) -> dict[str, float | str]:
    """Return the settings that a run's log gives, schedules left out."""
    return {
        name: value
        for name, metric in log.catalogue.settings().items()
        if not metric.schedule and (value := log.setting(name)) is not None
    }


def changed_together(pair: Pair, values: Values) -> Finding | None:
    """Return the finding that two settings or more differ between two runs."""
    base, own = values[pair.baseline.name], values[pair.candidate.name]
    changed = [name for name in base if name in own and base[name] != own[name]]
    if len(changed) < 2:
        return None
    told = several(
        (f"{_words(name)} ({_value(base[name])} and {_value(own[name])})" for name in changed), 6
    )
    return Finding(
        "settings_changed_together",
        "warning",
        f"{len(changed)} settings differ between {pair.baseline.shown} and {pair.candidate.shown}: "
        f"{told}.",
        why="What each of them did cannot be told apart.",
        remedy="Train a run that changes one of them only.",
        run=pair.candidate.name,
        runs=pair.names,
    )


def without_effect(pair: Pair, values: Values) -> Iterator[Finding]:
    """Yield settings that differ between two runs while what they act on does not."""
    for setting, effect in (("running_speed", _speeds), ("batch_size", _batches)):
        base, own = (values[log.name].get(setting) for log in (pair.baseline, pair.candidate))
        if isinstance(base, str) or isinstance(own, str) or not base or not own:
            continue
        if abs(math.log(own / base)) < math.log(1 + APART):
            continue
        there, here = effect(pair.baseline), effect(pair.candidate)
        shared = [what for what in there if what in here]
        if not shared or any(
            abs(math.log(here[what] / there[what])) >= math.log(1 + SAME) for what in shared
        ):
            continue
        what = shared[0]
        yield Finding(
            "setting_without_effect",
            "warning",
            f"The {_words(setting)} of {pair.shown} differs ({own:g} and {base:g}), but "
            f"{what} does not ({here[what]:.4g} and {there[what]:.4g}).",
            why="The setting may not have taken effect: what is compared is then not what it says.",
            remedy="Check how the run was started, and what limits it.",
            run=pair.candidate.name,
            runs=pair.names,
        )


def _speeds(log: Readings) -> dict[str, float]:
    """Return the usual game time per second of rollout, map by map, in the second half."""
    found = {}
    for reading in log.of("rollout_speed"):
        late = reading.values[reading.finite & (reading.minutes >= log.end / 2)]
        if len(late) and np.median(late) > 0:
            found[f"game time per second of rollout on {log.map_title(reading.map)}"] = float(
                np.median(late)
            )
    return found


def _batches(log: Readings) -> dict[str, float]:
    """Return transitions trained on per update, over the second half."""
    used, updates = log.of("transitions_used"), log.of("gradient_updates")
    if not used or not updates:
        return {}
    trained, done = (_gain(reading, log.end / 2) for reading in (used[0], updates[0]))
    return {"the number of transitions per update": trained / done} if trained > 0 < done else {}


def _gain(reading: Reading, since: float) -> float:
    late = reading.values[reading.finite & (reading.minutes >= since)]
    return float(late[-1] - late[0]) if len(late) > 1 else 0.0


def schedules_apart(pair: Pair) -> Iterator[Finding]:
    """Yield schedules that differ at equal frames, and those that differ at equal minutes."""
    apart = [s for s in _schedules(pair) if _outside(*_both(pair, s), "frames")]
    if apart:
        yield Finding(
            "schedule_differs",
            "warning",
            f"The schedule of {several(_words(s) for s in apart)} differs between {pair.shown} at "
            "equal frames.",
            why="Schedules are keyed to frames, so these runs were set up differently.",
            remedy="Treat it as one more setting that was changed.",
            run=pair.candidate.name,
            runs=pair.names,
        )
    by_minutes = [
        s for s in _schedules(pair) if s not in apart and _outside(*_both(pair, s), "minutes")
    ]
    if by_minutes:
        yield Finding(
            "schedule_differs_by_minutes",
            "note",
            f"At equal minutes {pair.shown} stand at different points of their schedules of "
            f"{several(_words(s) for s in by_minutes)}; at equal frames they agree.",
            why="Q, and races with exploration, differ by that alone.",
            remedy="Compare them at equal frames.",
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


def _outside(one: Reading, other: Reading, clock: str) -> bool:
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
    return bool(outside.mean() > SAME)


def _on(reading: Reading, clock: str) -> tuple[Floats, Floats]:
    at: Floats = getattr(reading, clock)
    usable = np.isfinite(at) & reading.finite
    order = np.argsort(at[usable], kind="stable")
    return at[usable][order], reading.values[usable][order]


def _words(setting: str) -> str:
    return printable(setting.replace("_", " "))


def _value(value: float | str) -> str:
    return printable(value) if isinstance(value, str) else f"{value:g}"
