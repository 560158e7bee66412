"""One log under several names, and one seed that was run twice: one observation, not two.

What two different runs may share (settings, schedules, counters, flags, a bound that values pile up
at) is no sign. What else two runs log agrees value for value only if it is the same observation:
whole, or as far as the one that is a part goes; whatever its times and steps count from. Where all
that one run logs stands in another at the very same moments, any values will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.health.readings import Floats, Reading, Readings, several
from rulka_analysis.values.findings import Finding

# So many different values that go up and down are not the same twice by chance.
SURELY = 5
# So many moments, to the last bit of their times, are not shared by chance.
MOMENTS = 3
# Changes of a measured value do not follow from the changes before; those of a schedule do.
SMOOTH = 0.5
# Of times between events: what shifting float64 seconds, or writing them as float32 days, loses.
_CLOSE = 0.02

# A run is held against each of many others, one by one.
_TELLING: WeakKeyDictionary[Readings, dict[str, Reading]] = WeakKeyDictionary()

KINDS = ("identical_series", "seed_run_twice")


def one_observation(findings: Iterable[Finding]) -> dict[frozenset[str], Finding]:
    """Return the pairs of runs that are one observation, with the finding that says so."""
    found: dict[frozenset[str], Finding] = {}
    for finding in findings:
        if finding.kind in KINDS:
            for pair in combinations(finding.runs, 2):
                found.setdefault(frozenset(pair), finding)
    return found


def copies(logs: Sequence[Readings]) -> Iterator[Finding]:
    """Yield runs that hold the same observation; many names of one log are one finding.

    The first of several is taken to be the original.
    """
    telling = {log.name: _telling(log) for log in logs}
    by_name = {log.name: log for log in logs}
    # Runs that agree in all values stand together, so that the others are compared once with them.
    classes: dict[tuple[tuple[str, bytes], ...], list[str]] = {}
    for name, series in telling.items():
        values = tuple((tag, _values(r).tobytes()) for tag, r in series.items())
        every = tuple((r.tag, r.wall_times.tobytes() + r.values.tobytes()) for r in by_name[name])
        classes.setdefault(values or every, []).append(name)
    members = {names[0]: names for names in classes.values()}
    for first, names in members.items():
        same = {n: _same(by_name[first], by_name[n]) for n in names[1:]}
        of_one_log = [first, *(n for n, s in same.items() if s is not None and s.one_log)]
        if len(of_one_log) > 1:
            said = [s for n in of_one_log[1:] if (s := same[n]) is not None]
            yield _finding([by_name[n] for n in of_one_log], said, tuple(of_one_log))
        for name, found in same.items():
            if found is not None and not found.one_log:
                yield _finding([by_name[first], by_name[name]], [found], (first, name))
    order = {log.name: at for at, log in enumerate(logs)}
    suspects = _suspects({first: telling[first] for first in members})
    suspects |= _at_once([by_name[first] for first in members])
    for pair in sorted(suspects, key=lambda pair: sorted(order[name] for name in pair)):
        one, other = sorted(pair, key=order.__getitem__)
        found = _same(by_name[one], by_name[other])
        if found is not None:
            runs = (*members[one], *members[other])
            yield _finding([by_name[one], by_name[other]], [found], runs)


@dataclass(frozen=True, slots=True)
class _Same:
    """What two runs share: the tags, whether times or steps between values agree, and how much."""

    tags: tuple[str, ...]
    one_log: bool
    shifted: bool
    whole: bool


def _telling(log: Readings) -> dict[str, Reading]:
    """Return the series of a run that cannot agree with another run's by chance or by design."""
    if log not in _TELLING:
        _TELLING[log] = {reading.tag: reading for reading in log if _tells(reading)}
    return _TELLING[log]


def _tells(reading: Reading) -> bool:
    metric = reading.metric
    if metric is not None and (
        not metric.decides
        or metric.schedule
        or metric.summary in ("finish_rate", "rate", "clock", "setting", "best")
    ):
        return False
    values = _values(reading)
    if len(values) < SURELY:
        return False
    moves = values[1:] - values[:-1]
    # What is compared is asked again; this keeps flags and bounds from being compared at all.
    distinct = len(set(values[: 2 * SURELY].tolist()))
    if distinct < SURELY:
        distinct = len(np.unique(values[:1000]))
    # A metric of the catalogue is known to be measured; a tag nobody knows may be a schedule or a
    # counter, which only rises or falls.
    falls, rises = np.count_nonzero(moves < 0), np.count_nonzero(moves > 0)
    smooth = np.abs(np.diff(moves)).sum() < SMOOTH * np.abs(moves).sum()
    measured = metric is not None or (min(falls, rises) >= 2 and not smooth)
    return distinct >= SURELY and bool(measured)


def _values(reading: Reading) -> Floats:
    """Return a series without unfinished episodes and what is no number."""
    metric = reading.metric
    if metric is None or metric.cutoff_seconds is None:
        return reading.numbers
    found: Floats = reading.values[_usable(reading)]
    return found


def _usable(reading: Reading) -> NDArray[np.bool_]:
    metric = reading.metric
    usable = reading.finite
    if metric is not None and metric.cutoff_seconds is not None:
        limit = metric.cutoff_seconds * (1000 if metric.unit == "ms" else 1)
        with np.errstate(invalid="ignore"):
            usable = usable & (reading.values < limit)
    return usable


def _suspects(series: Mapping[str, Mapping[str, Reading]]) -> set[tuple[str, str]]:
    """Return pairs of runs of which a series begins or ends alike: few, however many runs."""
    alike: dict[tuple[str, str, bytes], list[str]] = {}
    for name, readings in series.items():
        for tag, reading in readings.items():
            values = _values(reading)
            alike.setdefault((tag, "begins", values[:SURELY].tobytes()), []).append(name)
            alike.setdefault((tag, "ends", values[-SURELY:].tobytes()), []).append(name)
    return {
        (one, other)
        for names in alike.values()
        for at, one in enumerate(names)
        for other in names[at + 1 :]
        if one != other
    }


def _at_once(logs: Sequence[Readings]) -> set[tuple[str, str]]:
    """Return pairs of runs of which one begins at a moment at which the other wrote."""
    walls = {log.name: [r.wall_times for r in log] for log in logs if not log.published}
    first = {name: min(float(w[0]) for w in own) for name, own in walls.items() if own}
    names = sorted(first, key=first.__getitem__)
    begins = np.array([first[name] for name in names])
    found = set()
    for name in names:
        wall = np.concatenate(walls[name])
        at = np.minimum(np.searchsorted(begins, wall), len(begins) - 1)
        for moment in np.unique(begins[at][begins[at] == wall]):
            found |= {(other, name) for other in names if first[other] == moment and other != name}
    return found


def _same(one: Readings, other: Readings) -> _Same | None:
    return _same_tags(_telling(one), _telling(other)) or _same_moments(one, other)


def _same_moments(one: Readings, other: Readings) -> _Same | None:
    """Return what two runs share of which one holds all of the other, moment for moment."""
    if one.published or other.published:
        return None
    part, longer = sorted((one, other), key=lambda log: sum(len(r.values) for r in log))
    if not part.matches or not part.matches.keys() <= longer.matches.keys():
        return None
    shifted, moments = False, 0
    whole = part.matches.keys() == longer.matches.keys()
    for its in part:
        mine, count = longer[its.tag], len(its.values)
        begin = int(np.argmax(mine.wall_times == its.wall_times[0]))
        here = slice(begin, begin + count)
        for ours, theirs in ((mine.wall_times, its.wall_times), (mine.values, its.values)):
            if ours[here].tobytes() != theirs.tobytes():
                return None
        moments = max(moments, len(np.unique(its.wall_times)))
        shifted |= bool(mine.steps[begin] != its.steps[0])
        whole &= len(mine.values) == count
    tags = tuple(part.matches)
    return _Same(tags, True, shifted, whole) if moments >= MOMENTS else None


def _same_tags(ours: Mapping[str, Reading], theirs: Mapping[str, Reading]) -> _Same | None:
    found: list[tuple[str, slice, slice]] = []
    for tag in ours:
        if tag in theirs and (parts := _overlap(_values(ours[tag]), _values(theirs[tag]))):
            found.append((tag, *parts))
    shared = [tag for tag in ours if tag in theirs]
    decides = any((metric := ours[tag].metric) and metric.decides for tag, *_ in found)
    # Where half of what they log differs, the other tags of another program may agree by design.
    if not found or (2 * len(found) <= len(shared) and not decides):
        return None
    one_log, shifted, whole = False, False, True
    for tag, own, other in found:
        mine, its = ours[tag], theirs[tag]
        pairs = [
            (one[_usable(mine)][own].astype(float), two[_usable(its)][other].astype(float))
            for one, two in ((mine.wall_times, its.wall_times), (mine.steps, its.steps))
        ]
        (wall, walls), (steps, others) = pairs
        same_wall = _parallel(wall, walls, _CLOSE)
        # Steps of a seed that is run twice agree, too: only times tell one log from two.
        untimed = not (np.ptp(wall) > 0 and np.ptp(walls) > 0)
        one_log |= same_wall or (untimed and _parallel(steps, others, 0.5))
        shifted |= bool(abs(wall[0] - walls[0]) > 1 or steps[0] != others[0])
        whole &= len(wall) == len(_values(mine)) == len(_values(its))
    return _Same(tuple(tag for tag, *_ in found), one_log, shifted, whole)


def _overlap(ours: Floats, theirs: Floats) -> tuple[slice, slice] | None:
    """Return where one series is the beginning, or the end, of the other; None where it is not."""
    count = min(len(ours), len(theirs))
    if count < SURELY or len(np.unique(ours[:count])) < SURELY:
        return None
    if np.array_equal(ours[:count], theirs[:count]):
        return slice(0, count), slice(0, count)
    if len(ours) != len(theirs) and np.array_equal(ours[-count:], theirs[-count:]):
        return slice(len(ours) - count, None), slice(len(theirs) - count, None)
    return None


def _parallel(ours: Floats, theirs: Floats, close: float) -> bool:
    """Tell whether two clocks differ by a constant only."""
    apart = ours - theirs
    return bool(np.isfinite(apart).all() and np.ptp(apart) <= close)


def _finding(logs: Sequence[Readings], same: Sequence[_Same], runs: tuple[str, ...]) -> Finding:
    """Word that runs are one observation; the first of them is the original."""
    names = several((log.name for log in logs), 9)
    part = "" if all(one.whole for one in same) else ", as far as the shorter one goes"
    told = f"{names} hold the same values of {several(same[0].tags)}"
    if same[0].one_log:
        shift = "; they count from another moment or step" if same[0].shifted else ""
        return Finding(
            "identical_series",
            "error",
            f"{told}{part}{shift}.",
            run=logs[1].name,
            runs=runs,
        )
    return Finding(
        "seed_run_twice",
        "warning",
        f"{told}, written at other times{part}.",
        run=logs[1].name,
        runs=runs,
    )
