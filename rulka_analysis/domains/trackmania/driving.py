"""What a run drove: on which maps, and the finished races on each, in the order driven."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.health.readings import Floats, Integers, Reading, Readings
from rulka_analysis.metrics.summaries import unfinished

GREEDY_TIMES = ("robust_race_time", "greedy_race_time", "greedy_race_time_finished")
EXPLORING_TIMES = ("exploring_race_time", "exploring_race_time_finished")


@dataclass(frozen=True)
class Races:
    """What is known of the races on one map, in the order driven.

    Parameters
    ----------
    minutes, milliseconds, sessions : arrays of shape (n,)
        The finished races.
    known_until : float
        Minute up to which every new best is known; -inf without any race.
    every : bool
        Every race is known, not new bests only.
    both : bool
        Greedy and exploring races are known, so no race can be better than all of them.
    any_logged : bool
        Some tag of race times on the map is there.
    given_up : array of shape (m,)
        Times of finished races in milliseconds, those that a restart gave up included; empty where
        none was.
    """

    minutes: Floats
    milliseconds: Integers
    sessions: Integers
    known_until: float
    every: bool
    both: bool
    any_logged: bool
    given_up: Integers

    @property
    def best(self) -> float:
        """The lowest time in milliseconds; infinite when no race was finished."""
        return float(self.milliseconds.min()) if len(self.milliseconds) else math.inf

    def best_by(self, minutes: Floats) -> Floats:
        """Return the lowest time by each of some minutes, in milliseconds; infinite before any."""
        lowest = np.minimum.accumulate(
            np.concatenate([[np.inf], self.milliseconds.astype(np.float64)])
        )
        found: Floats = lowest[np.searchsorted(self.minutes, minutes + 1e-6, side="right")]
        return found


class Driving:
    """A run's maps and races, found when first looked at.

    Parameters
    ----------
    log : Readings
        The run.
    """

    def __init__(self, log: Readings) -> None:
        self.log = log
        self._races: dict[str, Races] = {}

    @cached_property
    def times(self) -> list[Reading]:
        """The tags of race times."""
        return self.log.of(*GREEDY_TIMES, *EXPLORING_TIMES)

    @cached_property
    def maps(self) -> tuple[str, ...]:
        """The maps on which race times are logged."""
        return tuple(dict.fromkeys(r.variant for r in self.times if r.variant is not None))

    def races(self, map: str) -> Races:
        """Return the finished races on a map."""
        if map not in self._races:
            here = [reading for reading in self.times if reading.variant == map]
            self._races[map] = _races(here, self.log)
        return self._races[map]


def _races(readings: Sequence[Reading], log: Readings) -> Races:
    published, whole = log.published, log.whole
    parts = [(r, _finished(r)) for r in readings]
    names = {r.metric.name for r in readings if r.metric}
    minutes = np.concatenate([np.empty(0), *(r.minutes[at] for r, at in parts)])
    times = np.concatenate([np.empty(0), *(r.values[at] for r, at in parts)])
    sessions = np.concatenate([np.empty(0, dtype=np.int64), *(r.sessions[at] for r, at in parts)])
    order = np.argsort(minutes, kind="stable")
    given_up = (
        [r.tag for r in readings] if any(f.kind == "restart" for f in log.run.findings) else []
    )
    return Races(
        minutes=minutes[order],
        milliseconds=_milliseconds(times[order]),
        sessions=sessions[order],
        known_until=min((r.known_until for r in readings), default=-math.inf),
        every=whole and not published and not any(r.records_only for r in readings),
        # In a whole log, a kind of race that has no tag was not driven.
        both=whole
        and (not published or not any(map(names.isdisjoint, (GREEDY_TIMES, EXPLORING_TIMES)))),
        any_logged=bool(readings),
        given_up=_milliseconds(np.concatenate([np.empty(0), *map(log.given_up, given_up)])),
    )


def _milliseconds(seconds: Floats) -> Integers:
    found: Integers = np.rint(seconds[np.isfinite(seconds)] * 1000).astype(np.int64)
    return found


def _finished(reading: Reading) -> NDArray[np.bool_]:
    """Tell which races of a tag of race times were finished."""
    metric = reading.metric
    cutoff = metric.cutoff_seconds if metric else None
    late = unfinished(reading.values, cutoff) if cutoff is not None else ~reading.finite
    return reading.finite & ~late


def seconds(milliseconds: float) -> str:
    """Word a race time.

    Examples
    --------
    >>> seconds(24560)
    '24.56 s'
    """
    return f"{milliseconds / 1000:.2f} s"
