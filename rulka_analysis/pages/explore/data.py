"""What the Explore page shows, as plain data, and the scripts that carry it to the browser.

A browser that opens a page from a folder may not fetch anything, but it may load a script: each
metric is a script that hands its numbers over, loaded when somebody looks at it. Values are the
bits that were logged; places on clocks are rounded to a declared step, so that their differences
are small integers, which compress.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.pages.explore.buckets import Better, Buckets, Floats, Integers, into_buckets
from rulka_analysis.pages.explore.buckets import shares as shares_of

Role = Literal["winner", "baseline", "third", "other", ""]

# The browser counts in doubles, and differences need two bits more; no program counts that far.
_FARTHEST = 2**50
# A value that lies this close to the cutoff is it: it was logged as float32.
_CLOSE = 1e-6


@dataclass(frozen=True)
class ExploreClock:
    """A clock that the chart may be drawn against.

    Parameters
    ----------
    key : str
        What links call it; letters only.
    name, unit : str
        What people call it, and what stands behind a number.
    resolution : float
        Places are rounded to multiples of this.
    digits : int
        Decimals shown.
    """

    key: str
    name: str
    unit: str
    resolution: float = 1.0
    digits: int = 0


@dataclass(frozen=True)
class ExploreGroup:
    """Runs that agree in all settings but the seed; one run is a group, too.

    Parameters
    ----------
    label : str
        The settings that tell it apart.
    runs : tuple of str
        Names of its runs.
    role : {"winner", "baseline", "third", "other", ""}
        Which colour it has; ``""``: the next one of a palette, where no group has a role.
    """

    label: str
    runs: tuple[str, ...]
    role: Role = ""


@dataclass(frozen=True)
class ExploreSeries:
    """A metric of one run, in the order of the log.

    Parameters
    ----------
    run : str
    values : array of float, shape (n,)
        As logged.
    steps : array of int, shape (n,)
        As logged.
    files : tuple of str
        The event files, from the log directory.
    file_of : array of int, shape (n,)
        Which of them each event stands in.
    positions : mapping of str to array of float, shape (n,)
        Where the events are on each clock that the run has, by its key; NaN where unknown.
    ends : mapping of str to float
        Until where on each clock the run is known; to the last event where not given.
    """

    run: str
    values: Floats
    steps: Integers
    files: tuple[str, ...]
    file_of: Integers
    positions: Mapping[str, Floats]
    ends: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ExploreMetric:
    """A tag of the logs, and what the catalogue says of it.

    Parameters
    ----------
    tag : str
    title : str
    series : callable
        Returns its series, read only when they are written.
    group : str
        The heading it stands under.
    better : {"lower", "higher", "neither"}
    unit : str
        As shown.
    digits : int
        Decimals shown; -1: as many as it takes.
    factor : float
        Shown value = logged value × this.
    cutoff : float or None
        What is logged, at least, for an episode that was not finished.
    best : bool
        Shown as best so far unless asked otherwise.
    """

    tag: str
    title: str
    series: Callable[[], Sequence[ExploreSeries]]
    group: str = ""
    better: Better = "neither"
    unit: str = ""
    digits: int = -1
    factor: float = 1.0
    cutoff: float | None = None
    best: bool = False


@dataclass(frozen=True)
class Explore:
    """All that an Explore page shows.

    Parameters
    ----------
    title : str
        What is explored, such as the experiment's title or the log directory's name.
    groups : tuple of ExploreGroup
        In the order shown.
    clocks : tuple of ExploreClock
        The first one is shown unless asked otherwise. The clock with the key ``steps`` is that of
        the steps in the table.
    metrics : tuple of ExploreMetric
    start : str
        Tag of the metric shown first; the first metric unless given.
    episodes : str
        What the domain calls several attempts of the agent.
    lacking : mapping of str to mapping of str to str
        For each clock that some run lacks, the reason by run, as half a sentence.
    """

    title: str
    groups: tuple[ExploreGroup, ...]
    clocks: tuple[ExploreClock, ...]
    metrics: tuple[ExploreMetric, ...]
    start: str = ""
    episodes: str = "episodes"
    lacking: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def runs(self) -> tuple[str, ...]:
        """All runs, each once, in the order of the groups."""
        return tuple(dict.fromkeys(run for group in self.groups for run in group.runs))


def index_script(data: Explore, files: Sequence[tuple[str, str | None]]) -> bytes:
    """Return the script that tells the page what there is.

    For each metric `files` names its script, and the one with every event where it was written.
    """
    runs = data.runs
    number = {run: i for i, run in enumerate(runs)}
    palette = not any(group.role for group in data.groups)
    groups = [
        [group.label, group.role or ("" if palette else "other"), [number[r] for r in group.runs]]
        for group in data.groups
    ]
    metrics = [
        {
            "tag": metric.tag,
            "title": metric.title,
            "group": metric.group,
            "better": metric.better,
            "unit": metric.unit,
            "digits": metric.digits,
            "factor": metric.factor,
            "cutoff": None if metric.cutoff is None else metric.cutoff * (1 - _CLOSE),
            "best": metric.best and metric.better != "neither",
            "file": short,
            "whole": whole,
        }
        for metric, (short, whole) in zip(data.metrics, files, strict=True)
    ]
    clocks = [
        {
            "key": clock.key,
            "name": clock.name,
            "unit": clock.unit,
            "digits": clock.digits,
            "lacking": sorted(
                [number[run], reason]
                for run, reason in data.lacking.get(clock.key, {}).items()
                if run in number
            ),
        }
        for clock in data.clocks
    ]
    start = next((i for i, m in enumerate(data.metrics) if m.tag == data.start), 0)
    return _call(
        "index",
        {
            "title": data.title,
            "runs": list(runs),
            "groups": groups,
            "clocks": clocks,
            "metrics": metrics,
            "start": start,
            "episodes": data.episodes,
        },
    )


def metric_scripts(
    data: Explore, metric: ExploreMetric, *, whole_up_to: int = 0
) -> tuple[bytes, bytes | None]:
    """Return the script of a metric, and the one with every event.

    Every event is written, too, where something was left out and the metric has no more than
    `whole_up_to`.
    """
    number = {run: i for i, run in enumerate(data.runs)}
    series = sorted(
        (one for one in metric.series() if one.run in number), key=lambda one: number[one.run]
    )
    lengths = [len(one.values) for one in series]
    short = [
        into_buckets(one.values, share, better=metric.better, censored=_censored(metric, one))
        for one, share in zip(series, shares_of(lengths), strict=True)
    ]
    place = data.metrics.index(metric)
    script = _script(data, place, series, short, number, whole=False)
    if not any(found.reduced for found in short) or sum(lengths) > whole_up_to:
        return script, None
    every = [into_buckets(one.values, len(one.values)) for one in series]
    return script, _script(data, place, series, every, number, whole=True)


def _censored(metric: ExploreMetric, series: ExploreSeries) -> NDArray[np.bool_] | None:
    if metric.cutoff is None:
        return None
    with np.errstate(invalid="ignore"):
        return np.asarray(series.values >= metric.cutoff * (1 - _CLOSE), dtype=np.bool_)


def _script(
    data: Explore,
    place: int,
    series: Sequence[ExploreSeries],
    found: Sequence[Buckets],
    number: Mapping[str, int],
    *,
    whole: bool,
) -> bytes:
    kept = [one.kept for one in found]
    values = _joined([s.values[k] for s, k in zip(series, kept, strict=True)], np.float64)
    steps = [np.clip(s.steps[k], -_FARTHEST, _FARTHEST) for s, k in zip(series, kept, strict=True)]
    reduced = [one for one in found if one.reduced]
    payload: dict[str, Any] = {
        "runs": [number[one.run] for one in series],
        "kept": [len(k) for k in kept],
        "events": [len(one.values) for one in series],
        "nan": [one.not_a_number for one in found],
        "infinite": [one.infinite for one in found],
        "exact": [int(one.best_is_exact) for one in found],
        "values": _floats(values),
        "steps": _integers(steps),
        "files": [list(one.files) for one in series],
        "fileOf": [_runs_of(s.file_of[k]) for s, k in zip(series, kept, strict=True)],
        "clocks": [
            _clock(clock, series, kept, clock.resolution if whole else _step(clock, series))
            for clock in data.clocks
        ],
        "buckets": [len(one.first) if one.reduced else 0 for one in found],
        "inside": _integers([np.cumsum(one.inside) for one in reduced]),
        "counts": _integers([one.counts for one in reduced]),
        "means": _means(_joined([one.means for one in reduced], np.float64)),
    }
    if any((one.counts != one.all_counts).any() for one in reduced):
        payload["allCounts"] = _integers([one.all_counts for one in reduced])
        payload["allMeans"] = _means(_joined([one.all_means for one in reduced], np.float64))
    return _call("whole" if whole else "metric", place, payload)


def _clock(
    clock: ExploreClock, series: Sequence[ExploreSeries], kept: Sequence[Integers], step: float
) -> dict[str, Any]:
    """Return the places of the kept events on one clock, and where each series ends."""
    places, missing, ends = [], [], []
    for one, at in zip(series, kept, strict=True):
        known = one.positions.get(clock.key)
        here = np.full(len(at), np.nan) if known is None else known[at]
        lacks = ~np.isfinite(here)
        # Downwards: whoever asks for the very place of an event finds it there.
        rounded = np.floor(np.where(lacks, 0.0, here) / step + 1e-6)
        whole = np.clip(rounded, -_FARTHEST, _FARTHEST).astype(np.int64)
        # Where a place is missing the one before is repeated: differences stay small.
        last = np.maximum.accumulate(np.where(lacks, -1, np.arange(len(at))))
        places.append(np.where(last >= 0, whole[np.maximum(last, 0)], 0))
        missing.append(lacks)
        end = one.ends.get(clock.key, math.nan)
        ends.append(float(end) if math.isfinite(end) and not lacks.all() else None)
    lacks_any = _joined(missing, np.bool_)
    return {
        "at": _integers(places),
        "step": step,
        "missing": _planes(lacks_any.astype(np.uint8), 1) if lacks_any.any() else None,
        "ends": ends,
    }


def _step(clock: ExploreClock, series: Sequence[ExploreSeries]) -> float:
    """Return what places are rounded down to: finer than can be seen, steps never.

    A chart has about 700 places; 20,000 are left when it is zoomed to a thirtieth.
    """
    if clock.key == "steps":
        return clock.resolution
    known = (one.positions[clock.key] for one in series if clock.key in one.positions)
    largest = max((float(np.nanmax(np.abs(p))) for p in known if np.isfinite(p).any()), default=0.0)
    coarse = largest / 20_000
    if not clock.resolution < coarse < math.inf:
        return clock.resolution
    return max(clock.resolution, float(10.0 ** math.floor(math.log10(coarse))))


def _runs_of(numbers: Integers) -> list[int]:
    """Return equal neighbours as number and count: [0, 0, 1] is [0, 2, 1, 1].

    Examples
    --------
    >>> _runs_of(np.array([0, 0, 1]))
    [0, 2, 1, 1]
    """
    if not len(numbers):
        return []
    starts = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1]]))
    counts = np.diff(np.concatenate([starts, [len(numbers)]]))
    return np.stack([numbers[starts], counts], axis=1).ravel().tolist()


def _joined(parts: Iterable[NDArray[Any]], dtype: type) -> NDArray[Any]:
    there = list(parts)
    return np.concatenate(there) if there else np.empty(0, dtype=dtype)


def _means(values: Floats) -> list[Any]:
    """Return means, which nobody logged, to within 8e-6 of themselves: five digits are shown."""
    with np.errstate(over="ignore", invalid="ignore"):
        words = values.astype("<f4").view("<u4")
    # Half of what is cut off is added, but to what is no number.
    rounded = np.where(np.isfinite(values), words + 0x40, words) & 0xFFFFFF80
    return [32, _planes(rounded.astype("<u4"), 32)]


def _floats(values: Floats) -> list[Any]:
    """Return floats as float32 where that loses nothing, else as they are."""
    with np.errstate(over="ignore", invalid="ignore"):
        short = values.astype("<f4")
    if np.array_equal(short.astype(np.float64), values, equal_nan=True):
        return [32, _planes(short, 32)]
    return [64, _planes(values.astype("<f8"), 64)]


def _integers(parts: Sequence[Integers]) -> list[Any]:
    """Return integers by their differences within each part, in as few bits as these need."""
    differences = [np.diff(part, prepend=0) for part in parts]
    joined = _joined(differences, np.int64).astype(np.int64)
    signed = bool((joined < 0).any())
    # Small numbers of either sign become small numbers: 0, -1, 1, -2 are 0, 1, 2, 3.
    folded = (((joined << 1) ^ (joined >> 63)) if signed else joined).astype("<u8")
    bits = int(folded.max()).bit_length() if len(folded) else 0
    return [bits, _planes(folded, bits), int(signed)]


def _planes(numbers: NDArray[Any], bits: int) -> str:
    """Return the lowest bit of all numbers, then the next: planes of equal bits compress well."""
    wide = np.ascontiguousarray(numbers)
    octets = wide.view(np.uint8).reshape(len(wide), wide.dtype.itemsize)
    planes = np.unpackbits(octets, axis=1, count=bits, bitorder="little").T
    return base64.b64encode(np.packbits(planes, axis=1, bitorder="little").tobytes()).decode(
        "ascii"
    )


def _call(function: str, *arguments: Any) -> bytes:
    """Return a script that hands plain data to the page.

    Names in it are untrusted: JSON in ASCII is a script's literal whatever they hold.
    """
    texts = (json.dumps(argument, allow_nan=False, separators=(",", ":")) for argument in arguments)
    return f"rulkaExplore.{function}({','.join(texts)});\n".encode("ascii")
