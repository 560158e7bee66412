"""One log under several names, and one seed that was run twice: one observation, not two.

What two different runs may share (settings, schedules, counters, flags, a bound that values pile up
at) is no sign. What else two runs log agrees value for value only if it is the same observation:
whole, or as far as the one that is a part goes; whatever its times and steps count from. Where all
that one run logs stands in another at the very same moments, any values will do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.health.readings import Floats, Reading, Readings, several
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.once import once_each

# So many different values that go up and down are not the same twice by chance.
SURELY = 5
# Of so many values from its beginning on, and before its end, a series is known by hashes.
_LENGTHS = tuple(SURELY * 4**power for power in range(14))
# So many moments, to the last bit of their times, are not shared by chance.
MOMENTS = 3
# Of so many events of a run, the fingerprint holds one.
_SAMPLED = 4
# Changes of a measured value do not follow from the changes before; those of a schedule do.
SMOOTH = 0.5
# Of times between events: what shifting float64 seconds, or writing them as float32 days, loses.
_CLOSE = 0.02

KINDS = ("identical_series", "seed_run_twice")


def one_observation(findings: Iterable[Finding]) -> dict[frozenset[str], Finding]:
    """Return the pairs of runs that are one observation, with the finding that says so."""
    found: dict[frozenset[str], Finding] = {}
    for finding in findings:
        if finding.kind in KINDS:
            for pair in combinations(finding.runs, 2):
                found.setdefault(frozenset(pair), finding)
    return found


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What of a run is kept to find copies of it among many: a few hashes, and no series.

    Parameters
    ----------
    name : str
        The run.
    whole : int
        Hash of all that cannot agree with another run by chance; where there is nothing, of all.
    parts : dict of (str, bool) to tuple of int
        By tag, and whether from its beginning on or back from its end: hashes of so many values as
        `_LENGTHS` says, as far as there are so many.
    begins : int
        Hash of the moment of its first event.
    moments : array of uint32
        Hashes of all moments at which it was written; empty where its times were made up.
    events : array of uint32
        Hashes of its events by tag, moment and value, those of them that are multiples of
        `_SAMPLED`: of two runs with the same events the same.
    """

    name: str
    whole: int
    parts: Mapping[tuple[str, bool], tuple[int, ...]]
    begins: int
    moments: NDArray[np.uint32]
    events: NDArray[np.uint32]


@once_each
def fingerprint(log: Readings) -> Fingerprint:
    """Return the fingerprint of a run."""
    # A zero may have a sign.
    series = {tag: _values(reading) + 0.0 for tag, reading in _telling(log).items()}
    whole = tuple((tag, values.tobytes()) for tag, values in series.items()) or tuple(
        (reading.tag, reading.wall_times.tobytes() + reading.values.tobytes()) for reading in log
    )
    parts = {}
    for tag, values in series.items():
        lengths = [length for length in _LENGTHS if length <= len(values)]
        parts[tag, True] = tuple(hash(values[:length].tobytes()) for length in lengths)
        parts[tag, False] = tuple(hash(values[-length:].tobytes()) for length in lengths)
    timed = [] if log.published else list(log)
    walls = np.concatenate([np.empty(0), *(r.wall_times for r in timed)])
    values = np.concatenate([np.empty(0), *(r.values for r in timed)])
    tags = [np.uint64(crc32(r.tag.encode("utf-8", "surrogatepass"))) for r in timed]
    of = np.repeat(np.array(tags, np.uint64), [len(r.values) for r in timed])
    events = _hashed(_mixed(walls) ^ (_mixed(values) + _mixed(of)))
    first = min((float(r.wall_times[0]) for r in log), default=0.0)
    return Fingerprint(
        log.name,
        hash(whole),
        parts,
        int(_hashed(np.array([first]))[0]),
        np.unique(_hashed(walls)),
        np.unique(events[events % _SAMPLED == 0]),
    )


def _hashed(data: Floats | NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Return four bytes of each of some eight, in which all of their bits have a part."""
    return (_mixed(data) >> np.uint64(32)).astype(np.uint32)


def _mixed(data: Floats | NDArray[np.uint64]) -> NDArray[np.uint64]:
    bits = data.view(np.uint64)
    mixed: NDArray[np.uint64] = (bits ^ bits >> np.uint64(29)) * np.uint64(0x9E3779B97F4A7C15)
    return mixed


def copies(prints: Sequence[Fingerprint], opened: Callable[[str], Readings]) -> Iterator[Finding]:
    """Yield runs that hold the same observation; many names of one log are one finding.

    Parameters
    ----------
    prints : sequence of Fingerprint
        All runs among which to look; the first of several is taken to be the original.
    opened : callable
        Returns the series of a run, by name; asked only of those that look alike.
    """
    # Runs that agree in all values stand together, so that the others are compared once with them.
    classes: dict[int, list[str]] = {}
    for one in prints:
        classes.setdefault(one.whole, []).append(one.name)
    members = {names[0]: names for names in classes.values()}
    for first, names in members.items():
        original = opened(first) if len(names) > 1 else None
        same = {name: _same(original, opened(name)) for name in names[1:] if original}
        of_one_log = [first, *(n for n, s in same.items() if s is not None and s.one_log)]
        if len(of_one_log) > 1:
            said = [s for n in of_one_log[1:] if (s := same[n]) is not None]
            yield _finding(of_one_log, said, tuple(of_one_log))
        for name, found in same.items():
            if found is not None and not found.one_log:
                yield _finding([first, name], [found], (first, name))
    order = {one.name: at for at, one in enumerate(prints)}
    suspects = _suspects([one for one in prints if one.name in members])
    suspects |= _at_once([one for one in prints if one.name in members])
    for pair in sorted(suspects, key=lambda pair: sorted(order[name] for name in pair)):
        first, other = sorted(pair, key=order.__getitem__)
        found = _same(opened(first), opened(other))
        if found is not None:
            yield _finding([first, other], [found], (*members[first], *members[other]))


@dataclass(frozen=True, slots=True)
class _Same:
    """What two runs share: the tags, whether times or steps between values agree, and how much."""

    tags: tuple[str, ...]
    one_log: bool
    shifted: bool
    whole: bool


@once_each
def _telling(log: Readings) -> dict[str, Reading]:
    """Return the series of a run that cannot agree with another run's by chance or by design."""
    return {reading.tag: reading for reading in log if _tells(reading)}


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


def _suspects(prints: Sequence[Fingerprint]) -> set[tuple[str, str]]:
    """Return pairs of runs of which a series begins or ends alike: few, however many runs.

    As far as the shorter of two is known, by the longest of `_LENGTHS`.
    """
    alike: dict[tuple[tuple[str, bool], int, int], list[tuple[str, bool]]] = {}
    for one in prints:
        for part, hashes in one.parts.items():
            for at, value in enumerate(hashes):
                longest = at == len(hashes) - 1
                alike.setdefault((part, at, value), []).append((one.name, longest))
    return {
        (one, other)
        for found in alike.values()
        for at, (one, ends) in enumerate(found)
        for other, also in found[at + 1 :]
        if ends or also
    }


def _at_once(prints: Sequence[Fingerprint]) -> set[tuple[str, str]]:
    """Return pairs of runs of which one begins at a moment at which the other wrote.

    And of whose events the other has some: a clock that counts from zero, or that somebody made up,
    has the same moments in all runs.
    """
    began = [one for one in prints if len(one.moments)]
    begins = np.array([one.begins for one in began], np.uint32)
    some = [one.events[:SURELY] for one in began]
    of = np.repeat(np.arange(len(some)), [len(events) for events in some])
    events = np.concatenate([np.empty(0, np.uint32), *some])
    found = set()
    for one in began:
        alike = np.isin(begins, one.moments)
        alike[of[~np.isin(events, one.events)]] = False
        found |= {
            (began[at].name, one.name) for at in np.flatnonzero(alike) if began[at] is not one
        }
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


def _finding(names: Sequence[str], same: Sequence[_Same], runs: tuple[str, ...]) -> Finding:
    """Word that runs are one observation; the first of them is the original."""
    part = "" if all(one.whole for one in same) else ", as far as the shorter one goes"
    told = f"{several(names, 9)} hold the same values of {several(same[0].tags)}"
    if same[0].one_log:
        shift = "; they count from another moment or step" if same[0].shifted else ""
        return Finding(
            "identical_series",
            "error",
            f"{told}{part}{shift}.",
            run=names[1],
            runs=runs,
        )
    return Finding(
        "seed_run_twice",
        "warning",
        f"{told}, written at other times{part}.",
        run=names[1],
        runs=runs,
    )
