"""Races that contradict one another, bests that rest on too little, unequal numbers of races.

`findings_of_run` and `findings_of_pair` are what health asks this domain for.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rulka_analysis.domains.trackmania.all_time_bests import all_time_best_findings
from rulka_analysis.domains.trackmania.derived import derive_settings
from rulka_analysis.domains.trackmania.driving import (
    EXPLORING_TIMES,
    GREEDY_TIMES,
    Driving,
    seconds,
)
from rulka_analysis.domains.trackmania.effects import without_effect
from rulka_analysis.health.comparability import unequal
from rulka_analysis.health.readings import Pair, Reading, Readings, minute, several
from rulka_analysis.metrics.series import show_values
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.text import amount

# A best that rests on fewer races than this is one or two lucky ones.
FEW = 3
# A run is still improving where its last tenth made a best faster by this share of it, and brought
# at least this share of what the second half of the run brought.
STILL, PACE = 0.015, 0.1

# Which flag belongs to which race time: both are written after every race.
_FLAGS = {
    "greedy_race_time": "greedy_race_finished",
    "exploring_race_time": "exploring_race_finished",
}
# Times that are written a second time under another tag, and where from.
_COPIES = {
    "robust_race_time": "greedy_race_time",
    "greedy_race_time_finished": "greedy_race_time",
    "exploring_race_time_finished": "exploring_race_time",
}


def findings_of_run(log: Readings) -> Iterator[Finding]:
    """Yield what is wrong with a run's races, and with the bests of its maps."""
    driving = Driving(log)
    yield from all_time_best_findings(driving)
    yield from _flags_against_times(log)
    yield from _times_that_no_race_had(log)
    yield from _before_first_race(driving)
    yield from derive_settings(log)


def findings_of_pair(pair: Pair) -> Iterator[Finding]:
    """Yield what a comparison of two runs' races should know."""
    yield from _of_bests(pair.baseline)
    yield from _of_bests(pair.candidate)
    yield from without_effect(pair)
    yield from _races_apart(pair)


def _of_bests(log: Readings) -> Iterator[Finding]:
    """Yield what a comparison of a run's best times should know."""
    yield from _few_behind_a_best(log)
    yield from _still_improving(log)


def _partner(log: Readings, reading: Reading, metric: str) -> Reading | None:
    """Return the tag of another metric for the same map and status."""
    assert reading.match is not None
    same = reading.match.placeholders
    return next((r for r in log.of(metric) if r.match and r.match.placeholders == same), None)


def _flags_against_times(log: Readings) -> Iterator[Finding]:
    for times in log.of(*_FLAGS):
        assert times.metric is not None
        flags = _partner(log, times, _FLAGS[times.metric.name])
        cutoff = times.metric.cutoff_seconds
        if flags is None or cutoff is None or times.records_only:
            continue
        # All tags of one race share step and wall time.
        shared, at_times, at_flags = np.intersect1d(
            times.wall_times, flags.wall_times, return_indices=True
        )
        usable = times.finite[at_times] & flags.finite[at_flags]
        finished = flags.values[at_flags] > 0.5
        against = usable & (finished == (times.values[at_times] >= cutoff - 5e-4))
        count = int(against.sum())
        if count:
            when = minute(times.minutes[at_times[np.flatnonzero(against)[0]]])
            yield Finding(
                "flag_contradicts_time",
                "error",
                f"{flags.shown} and {times.shown} in {log.shown} contradict each other in "
                f"{count:,} of {len(shared):,} races, first at {when}: a finished race takes less "
                f"than {cutoff:g} s, an unfinished one is logged as {cutoff:g} s.",
                run=log.name,
                tag=flags.tag,
            )


def _times_that_no_race_had(log: Readings) -> Iterator[Finding]:
    for copy in log.of(*_COPIES):
        assert copy.metric is not None
        races = _partner(log, copy, _COPIES[copy.metric.name])
        if races is None or races.records_only or copy.records_only or not log.whole:
            continue
        at = np.searchsorted(np.sort(races.wall_times), copy.wall_times)
        order = np.argsort(races.wall_times, kind="stable")
        at = order[np.minimum(at, len(order) - 1)]
        same = (races.wall_times[at] == copy.wall_times) & (races.values[at] == copy.values)
        # A race of which only the copy is left was given up with what a restart went over again.
        wrong = np.flatnonzero(~same & copy.finite & ~copy.gone_over)
        if len(wrong):
            first = wrong[0]
            yield Finding(
                "time_without_race",
                "error",
                f"{copy.shown} in {log.shown} holds {amount(len(wrong), 'time')} that "
                f"{races.shown} lacks at that moment, first {copy.values[first]:.2f} s at "
                f"{minute(copy.minutes[first])}.",
                remedy=f"Use {races.shown}.",
                run=log.name,
                tag=copy.tag,
            )


def _before_first_race(driving: Driving) -> Iterator[Finding]:
    log = driving.log
    # Whether a log is whole takes longest to tell: not where nobody races.
    if log.published or not driving.maps or not log.whole:
        return
    for map in driving.maps:
        races = [
            r
            for r in log.of("greedy_race_time", "exploring_race_time")
            if r.variant == map and len(r.minutes)
        ]
        if not races:
            continue
        started = min(float(r.minutes.min()) for r in races)
        early = [
            r.tag
            for r in log
            if r.variant == map
            and r.metric is not None
            and r.metric.written == "episode"
            and r.minutes.min() < started - 1e-6
        ]
        if early:
            yield Finding(
                "value_before_first_race",
                "warning",
                f"{log.shown} has values of {several(early)} before its first race on "
                f"{log.variant_title(map)}, at {minute(started)}.",
                run=log.name,
                tag=early[0] if len(early) == 1 else None,
            )


def _few_behind_a_best(log: Readings) -> Iterator[Finding]:
    for reading in log.of(*GREEDY_TIMES[:2], EXPLORING_TIMES[0]):
        assert reading.metric is not None
        values, _ = show_values(reading.values, reading.metric, 1.0)
        known = values[np.isfinite(values)]
        if not 0 < len(known) < FEW:
            continue
        rests = amount(len(known), "finished race")
        if reading.records_only:
            rests = f"{amount(len(known), 'new best')}; how many races there were is not known"
        yield Finding(
            "few_records",
            "note",
            f"The best of {reading.shown} in {log.shown}, {known.min():.2f} s, rests on {rests}.",
            run=log.name,
            tag=reading.tag,
        )


def _still_improving(log: Readings) -> Iterator[Finding]:
    chosen: dict[tuple[str | None, bool], Reading] = {}
    for reading in log.of(*GREEDY_TIMES[:2], EXPLORING_TIMES[0]):
        # Of greedy tags the robust one speaks for the map: it comes first.
        assert reading.metric is not None
        kind = (reading.variant, reading.metric.name in EXPLORING_TIMES)
        if kind not in chosen or reading.metric.name == GREEDY_TIMES[0]:
            chosen[kind] = reading
    for reading in chosen.values():
        assert reading.metric is not None
        values, _ = show_values(reading.values, reading.metric, 1.0)
        end = reading.known_until
        usable = np.where(np.isfinite(values), values, np.inf)
        half, late, last = (
            float(usable.min(initial=np.inf, where=reading.minutes <= share * end + 1e-6))
            for share in (0.5, 0.9, 1.0)
        )
        if not np.isfinite(late):
            continue
        gain = late - last
        since_half = half - last if np.isfinite(half) else gain
        # One lucky race is no progress; of a published curve every new best counts.
        tail = np.concatenate([[late], usable[reading.minutes > 0.9 * end + 1e-6]])
        new_bests = int((np.diff(np.minimum.accumulate(tail)) < 0).sum())
        if new_bests < (1 if reading.records_only else 2):
            continue
        if gain < max(STILL * last, PACE * since_half):
            continue
        yield Finding(
            "still_improving",
            "note",
            f"{log.shown} was still improving when its data end: the best of {reading.shown} went "
            f"from {seconds(late * 1000)} to {seconds(last * 1000)} after {minute(0.9 * end)}, in "
            "the last tenth.",
            run=log.name,
            tag=reading.tag,
        )


def _races_apart(pair: Pair) -> Iterator[Finding]:
    """Yield kinds of races of which one run drove many more within the time both are known."""
    told = []
    for name in (*GREEDY_TIMES[1:2], EXPLORING_TIMES[0]):
        for reading in pair.baseline.of(name):
            other = next((r for r in pair.candidate.of(name) if r.tag == reading.tag), None)
            if other is None or reading.records_only or other.records_only:
                continue
            end = min(reading.known_until, other.known_until)
            base, own = (int((r.minutes <= end).sum()) for r in (reading, other))
            if unequal(own, base):
                told.append(f"{own:,} and {base:,} of {reading.shown}")
    if told:
        yield Finding(
            "races_unequal",
            "warning",
            f"{pair.shown} drove unequal numbers of races in the same time: {several(told)}.",
            run=pair.candidate.name,
            runs=pair.names,
        )
