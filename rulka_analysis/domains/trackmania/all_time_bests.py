"""The all-time best of a map, held against the races on that map.

The program keeps the best time of each map for itself, so the tag must always be the lowest race
so far. Some versions wrote one map's best under another map's tag.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.domains.trackmania.driving import Driving, Races, seconds
from rulka_analysis.health.readings import (
    LONG_MINUTES,
    Floats,
    Integers,
    Reading,
    Readings,
    minute,
)
from rulka_analysis.logs.positions import write_interval
from rulka_analysis.values.findings import Finding, Severity

# Which share of a tag's values must be another map's race times, and no own ones, to call it that
# map's; or how far below every race of its own map one of them must lie.
MOSTLY = 2 / 3
FAR_BELOW = 0.8

_USE_RACES = "Use the race times of {map}, which are logged race by race."


def all_time_best_findings(driving: Driving) -> Iterator[Finding]:
    """Yield what is wrong with the all-time bests of a run: at most one finding a tag."""
    for reading in driving.log.of("all_time_best"):
        finding = _finding(driving, reading)
        if finding is not None:
            yield finding


def _finding(driving: Driving, reading: Reading) -> Finding | None:
    log, map = driving.log, reading.variant
    assert reading.metric is not None
    assert map is not None
    cutoff = (reading.metric.cutoff_seconds or np.inf) * 1000
    own = driving.races(map)
    usable = reading.finite & (reading.values < cutoff)
    every_at = reading.minutes[usable]
    every = np.rint(reading.values[usable]).astype(np.int64)
    at, best = every_at, every
    if log.published and len(own.minutes):
        # After the races' curves end, a lower value may be a race that nobody published. A higher
        # one than a race before that is late all the same: a best never gets worse.
        known = every_at <= own.known_until
        at, best = every_at[known], every[known]
    # Where no race on the map is logged at all, there is nothing to hold the tag against.
    if not own.any_logged:
        return _rises(log, reading, every_at, every)
    found = None
    if len(best):
        found = (
            _of_another_map(driving, reading, best, own)
            or _without_race(log, reading, at, best, own)
            or _rises(log, reading, every_at, every)
        )
    # The value it starts with says that no race was finished: once one was, it is late as well.
    waiting = reading.finite
    then = np.rint(reading.values[waiting]).astype(np.int64)
    return found or _late(log, reading, reading.minutes[waiting], then, own)


def _of_another_map(
    driving: Driving, reading: Reading, best: Integers, own: Races
) -> Finding | None:
    log = driving.log
    distinct = np.unique(best)
    of_own = np.isin(distinct, own.milliseconds)
    most, whose = np.zeros(len(distinct), dtype=bool), ""
    for map in driving.maps:
        foreign = np.isin(distinct, driving.races(map).milliseconds) & ~of_own
        if map != reading.variant and foreign.sum() > most.sum():
            most, whose = foreign, map
    count = int(most.sum())
    if not count or (
        count < MOSTLY * len(distinct) and distinct[most].min() >= FAR_BELOW * own.best
    ):
        return None
    map, other = log.variant_title(reading.variant), log.variant_title(whose)
    fastest = f"no race on {map} was finished"
    if np.isfinite(own.best):
        fastest = f"the fastest race on {map} took {seconds(own.best)}"
    mine = int(of_own.sum())
    return _error(
        "all_time_best_of_another_map",
        log,
        reading,
        f"{reading.shown} of {log.shown} is not the best of {map}: of its {len(distinct)} values, "
        f"{count} {'is a time' if count == 1 else 'are times'} of {other} and {mine or 'none'} of "
        f"{map}. It falls to {seconds(distinct.min())}; {fastest}.",
        f"Read as {map}, this tag tells how the agent drives on {other}.",
        f"{_USE_RACES.format(map=map)} Some versions of the training program wrote every map's "
        "best under the map just raced.",
    )


def _without_race(
    log: Readings, reading: Reading, at: Floats, best: Integers, own: Races
) -> Finding | None:
    if not own.both:
        return None
    map = log.variant_title(reading.variant)
    # A point of a published curve is up to one resolution late, a typed value is not. What a
    # restart gave up was driven all the same, and its best may have been kept.
    kept = float(own.given_up.min()) if len(own.given_up) else np.inf
    then = np.minimum(own.best_by(at + log.resolution), kept)
    below = best < then
    if log.beginning_missing > LONG_MINUTES:
        # A best may be of a race before the log begins; from there on a new one may not.
        below &= best < np.concatenate([[-np.inf], best[:-1]])
    made_up = below | (_not_a_race(at, best, own) if own.every else False)
    if log.beginning_missing > LONG_MINUTES:
        made_up &= np.concatenate([[False], np.diff(best) < 0])
    if not made_up.any():
        return None
    first = int(np.flatnonzero(made_up)[0])
    value, when = seconds(best[first]), minute(at[first])
    if best.min() < own.best < np.inf:
        kind = "all_time_best_below_races"
        lowest = seconds(best.min())
        text = f"is {lowest}, below every race on {map}: the fastest took {seconds(own.best)}"
    elif not np.isfinite(then[first]):
        kind = "all_time_best_before_first_race"
        text = f"holds {value} at {when}, before any race on {map} was finished"
    else:
        kind = "all_time_best_without_race"
        text = f"goes to {value} at {when}, a time that no race on {map} had by then"
    return _error(
        kind,
        log,
        reading,
        f"{reading.shown} of {log.shown} {text}.",
        "The tag holds something else than the best of the races in this log.",
        _USE_RACES.format(map=map),
    )


def _not_a_race(at: Floats, best: Integers, own: Races) -> NDArray[np.bool_]:
    """Tell which bests equal no race driven by then."""
    times, first = np.unique(own.milliseconds, return_index=True)
    if not len(times):
        return np.ones(len(best), dtype=bool)
    slot = np.minimum(np.searchsorted(times, best), len(times) - 1)
    driven: NDArray[np.bool_] = (times[slot] == best) & (own.minutes[first[slot]] <= at + 1e-6)
    return ~(driven | np.isin(best, own.given_up))


def _rises(log: Readings, reading: Reading, at: Floats, best: Integers) -> Finding | None:
    up = np.flatnonzero(np.diff(best) > 0)
    # Of several programs that wrote at the same time each has a best of its own.
    if not len(up) or log.several_writers:
        return None
    before, after = up[0], up[0] + 1
    return _error(
        "all_time_best_rises",
        log,
        reading,
        f"{reading.shown} of {log.shown} rises from {seconds(best[before])} to "
        f"{seconds(best[after])} at {minute(at[after])}: a best never gets worse.",
        "The tag is not the best of all races so far.",
        _USE_RACES.format(map=log.variant_title(reading.variant)),
    )


def _late(
    log: Readings, reading: Reading, at: Floats, best: Integers, own: Races
) -> Finding | None:
    if log.disordered or not len(best) or not np.isfinite(log.end):
        return None
    interval = write_interval(reading.minutes)
    # Points of a published curve are up to one resolution late, the race's as well as the best's.
    slack = 3 * log.resolution if log.published else np.nan_to_num(interval)
    sure = _sure_to_stand(reading, own)
    raced = sure.best_by(at - slack)
    late = best > raced
    if not late.any():
        return None
    worst = int(np.argmax(np.where(late, best - raced, 0)))
    faster = raced[worst]
    since = float(sure.minutes[np.flatnonzero(sure.milliseconds == faster)[0]])
    at_end = bool(late[-1])
    map = log.variant_title(reading.variant)
    severity: Severity = "error" if at_end else "warning"
    told = f"still {seconds(best[worst])} at {minute(at[worst])}"
    text = f"a race on {map} took {seconds(faster)} by {minute(since)}"
    ends = "; it stays behind to its end" if at_end else "; later it catches up"
    return Finding(
        "all_time_best_late",
        severity,
        f"{reading.shown} of {log.shown} lags behind the races: {told}, though {text}{ends}.",
        remedy=_USE_RACES.format(map=map),
        run=log.name,
        tag=reading.tag,
    )


def _sure_to_stand(reading: Reading, own: Races) -> Races:
    """Leave out races after the last write of a session that another follows.

    A resumed run may have given them up.
    """
    keep = np.ones(len(own.minutes), dtype=bool)
    for session in np.unique(own.sessions)[:-1]:
        written = reading.minutes[reading.sessions == session]
        last = float(written.max()) if len(written) else -np.inf
        keep &= (own.sessions != session) | (own.minutes <= last)
    return Races(
        own.minutes[keep],
        own.milliseconds[keep],
        own.sessions[keep],
        own.known_until,
        own.every,
        own.both,
        own.any_logged,
        own.given_up,
    )


def _error(
    kind: str, log: Readings, reading: Reading, message: str, why: str, remedy: str
) -> Finding:
    return Finding(kind, "error", message, why, remedy, run=log.name, tag=reading.tag)
