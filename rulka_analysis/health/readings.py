"""A run's tags as arrays, with what the catalogue says of them: what every rule looks at."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.events.file_findings import printable
from rulka_analysis.logs.runs import HOURS_TAG, Run
from rulka_analysis.metrics.catalogue import Catalogue, Match, Metric
from rulka_analysis.metrics.summaries import unfinished

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

GREEDY_TIMES = ("robust_race_time", "greedy_race_time", "greedy_race_time_finished")
EXPLORING_TIMES = ("exploring_race_time", "exploring_race_time_finished")
ALL_TIME_BEST = "all_time_best"
# The training program writes its aggregates every five minutes: three of them missing is a gap.
LONG_MINUTES = 15.0
# A pause in writing is a gap when it is so many times as long as nearly all others.
RARE = 10


@dataclass(frozen=True)
class Reading:
    """The events of one tag of one run, in the order written.

    Parameters
    ----------
    tag : str
        The tag, as logged.
    match : Match or None
        What the catalogue makes of it; None for a tag it does not know.
    minutes, frames : arrays of shape (n,)
        Positions on the clocks; NaN where the run has no such clock.
    steps, files : arrays of shape (n,)
        Step as logged, and number of the file.
    wall_times, values : arrays of shape (n,)
        Seconds since the epoch, and values as logged.
    known_until : float
        Minute up to which the tag is known.
    records_only : bool
        Only new bests are known.
    """

    tag: str
    match: Match | None
    minutes: Floats
    frames: Floats
    steps: Integers
    files: Integers
    wall_times: Floats
    values: Floats
    known_until: float
    records_only: bool

    @property
    def metric(self) -> Metric | None:
        return self.match.metric if self.match else None

    @property
    def map(self) -> str | None:
        return self.match.placeholders.get("map") if self.match else None

    @property
    def shown(self) -> str:
        """The tag as it may be printed."""
        return printable(self.tag)

    @cached_property
    def finite(self) -> NDArray[np.bool_]:
        return np.isfinite(self.values)

    @cached_property
    def in_one_file(self) -> NDArray[np.bool_]:
        """Whether each event but the first stands in the file of the one before it."""
        same: NDArray[np.bool_] = np.diff(self.files) == 0
        return same


@dataclass(frozen=True)
class Races:
    """What is known of the races on one map, in the order driven.

    Parameters
    ----------
    minutes, milliseconds, files : arrays of shape (n,)
        The finished races.
    known_until : float
        Minute up to which every new best is known; -inf without any race.
    every : bool
        Every race is known, not new bests only.
    both : bool
        Greedy and exploring races are known, so no race can be better than all of them.
    """

    minutes: Floats
    milliseconds: Integers
    files: Integers
    known_until: float
    every: bool
    both: bool

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


@dataclass(frozen=True)
class Gap:
    """The longest pause in writing, and how many there are.

    Parameters
    ----------
    minutes, after : float
        How long it was, and the minute of training it began at.
    usual : float
        The pause between two writes that few exceed, in minutes.
    count : int
        How many pauses are gaps.
    """

    minutes: float
    after: float
    usual: float
    count: int


class Readings:
    """A run's tags as arrays, made when first looked at.

    Parameters
    ----------
    run : Run
        The run.
    catalogue : Catalogue
        What tags mean.
    maps : mapping of str to str, optional
        Maps as they stand in tags, and as readers know them.
    """

    def __init__(
        self, run: Run, catalogue: Catalogue, maps: Mapping[str, str] | None = None
    ) -> None:
        self.run = run
        self._titles = maps or {}
        self.catalogue = catalogue
        self.name = run.name
        self.shown = printable(run.name)
        self.matches = {tag: catalogue.match(tag) for tag in run.tags}
        self._made: dict[str, Reading] = {}
        self._races: dict[str, Races] = {}

    @property
    def published(self) -> bool:
        """Whether a sidecar says what is known: not a log the training program wrote itself."""
        return self.run.provenance is not None

    @property
    def resolution(self) -> float:
        """Minutes between known points of a published curve; 0 for a log."""
        provenance = self.run.provenance
        return (provenance.resolution_minutes or 0.0) if provenance else 0.0

    def __getitem__(self, tag: str) -> Reading:
        if tag not in self._made:
            events = self.run.scalars(tag)
            self._made[tag] = Reading(
                tag=tag,
                match=self.matches[tag],
                minutes=events.minutes.to_numpy(dtype=np.float64),
                frames=events.frames.to_numpy(dtype=np.float64),
                steps=events.step.to_numpy(dtype=np.int64),
                files=events.file.cat.codes.to_numpy(dtype=np.int64),
                wall_times=events.wall_time.to_numpy(dtype=np.float64),
                values=events.value.to_numpy(dtype=np.float64),
                known_until=self.run.known_until(tag),
                records_only=self.run.records_only(tag),
            )
        return self._made[tag]

    def __iter__(self) -> Iterator[Reading]:
        return (self[tag] for tag in self.matches)

    def of(self, *metrics: str) -> list[Reading]:
        """Return the tags of some metrics of the catalogue."""
        return [
            self[tag]
            for tag, match in self.matches.items()
            if match and match.metric.name in metrics
        ]

    @cached_property
    def maps(self) -> tuple[str, ...]:
        """The maps on which race times are logged."""
        times = self.of(*GREEDY_TIMES, *EXPLORING_TIMES)
        return tuple(dict.fromkeys(r.map for r in times if r.map is not None))

    def map_title(self, map: str | None) -> str:
        """Return a map as readers know it, or as it stands in tags, as it may be printed."""
        return printable(self._titles.get(map or "", map or ""))

    def races(self, map: str) -> Races:
        """Return the finished races on a map."""
        if map not in self._races:
            of_map = [r for r in self.of(*GREEDY_TIMES, *EXPLORING_TIMES) if r.map == map]
            self._races[map] = _races(of_map, published=self.published, whole=self.whole)
        return self._races[map]

    @cached_property
    def gap(self) -> Gap | None:
        """The longest pause within a file in which the run wrote nothing, if that is no habit."""
        readings = list(self)
        if self.published or not readings:
            return None
        wall = np.concatenate([r.wall_times for r in readings])
        files = np.concatenate([r.files for r in readings])
        order = np.lexsort((wall, files))
        pauses = np.diff(wall[order]) / 60
        within = (np.diff(files[order]) == 0) & (pauses > 0)
        if not within.any():
            return None
        usual = float(np.quantile(pauses[within], 0.95))
        long = np.flatnonzero(within & (pauses > max(LONG_MINUTES, RARE * usual)))
        if not len(long):
            return None
        worst = long[np.argmax(pauses[long])]
        minutes = np.concatenate([r.minutes for r in readings])[order]
        return Gap(float(pauses[worst]), float(minutes[worst]), usual, len(long))

    @cached_property
    def whole(self) -> bool:
        """Whether no event is missing, as far as can be told: no damage, no gap."""
        damaged = any(finding.severity == "error" for finding in self.run.findings)
        return not damaged and self.gap is None

    @cached_property
    def end(self) -> float:
        """Minute of the run's last event of any tag."""
        return max((float(r.minutes.max()) for r in self if len(r.minutes)), default=math.nan)

    @cached_property
    def beginning_missing(self) -> float:
        """Minutes of training before the log's first event; 0 for what does not log races.

        By the program's own hours where it logs them, else by frames at the pace of this log.
        """
        if not self.maps or self.published:
            return 0.0
        first = min(self, key=lambda r: float(r.wall_times.min()))
        started, step = float(first.wall_times.min()), float(first.steps.min())
        if HOURS_TAG in self.matches and self[HOURS_TAG].finite.any():
            hours = self[HOURS_TAG]
            at = int(np.argmax(hours.finite))
            return float(hours.values[at]) * 60 - (float(hours.wall_times[at]) - started) / 60
        played = max(float(r.steps.max()) for r in self) - step
        return step * self.end / played if played > 0 else 0.0

    def setting(self, name: str) -> float | None:
        """Return a setting as logged; None where it is not logged or changes within the run."""
        metric = self.catalogue.settings().get(name)
        values = self.setting_values(metric) if metric else np.empty(0)
        return float(values[0]) if len(values) == 1 else None

    def setting_values(self, metric: Metric) -> Floats:
        """Return the distinct values logged of a setting."""
        found = self.of(metric.name)
        values = found[0].values[found[0].finite] if found else np.empty(0)
        return np.unique(values)


def _races(readings: Iterable[Reading], *, published: bool, whole: bool) -> Races:
    parts = [(r, _finished(r)) for r in readings]
    names = {r.metric.name for r, _ in parts if r.metric}
    minutes = np.concatenate([np.empty(0), *(r.minutes[at] for r, at in parts)])
    times = np.concatenate([np.empty(0), *(r.values[at] for r, at in parts)])
    files = np.concatenate([np.empty(0, dtype=np.int64), *(r.files[at] for r, at in parts)])
    order = np.argsort(minutes, kind="stable")
    return Races(
        minutes=minutes[order],
        milliseconds=np.rint(times[order] * 1000).astype(np.int64),
        files=files[order],
        known_until=min((r.known_until for r, _ in parts), default=-math.inf),
        every=whole and not published and not any(r.records_only for r, _ in parts),
        # In a whole log, a kind of race that has no tag was not driven.
        both=whole
        and (not published or not any(map(names.isdisjoint, (GREEDY_TIMES, EXPLORING_TIMES)))),
    )


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


def minute(position: float) -> str:
    """Word a moment.

    Examples
    --------
    >>> minute(100.04), minute(62.55)
    ('minute 100', 'minute 62.5')
    """
    return (
        f"minute {position:.0f}"
        if abs(position - round(position)) < 0.05
        else f"minute {position:.1f}"
    )


def several(names: Iterable[str], most: int = 3) -> str:
    """Word some names, the first few and how many more there are.

    Examples
    --------
    >>> several(["a"]), several(["a", "b"]), several(["a", "b", "c", "d", "e"])
    ('a', 'a and b', 'a, b, c and 2 more')
    """
    shown = [printable(name) for name in names]
    if len(shown) > most + 1:
        return f"{', '.join(shown[:most])} and {len(shown) - most} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]])) if shown else ""
