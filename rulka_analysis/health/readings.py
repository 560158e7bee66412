"""What every rule looks at: a run's tags as arrays, with what the catalogue says of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.health.pauses import Gap, longest_pause
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.logs.runs import Run
from rulka_analysis.metrics.catalogue import Catalogue, Match, Metric
from rulka_analysis.metrics.settings import Setting, read_settings
from rulka_analysis.values.once import once_each
from rulka_analysis.values.text import name_in_words, printable

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Settings = Mapping[str, float | str]

# Aggregates are written every five minutes: three of them missing is long.
LONG_MINUTES = 15.0


@dataclass(frozen=True)
class Reading:
    """The events of one tag of one run, in the order written.

    Parameters
    ----------
    tag : str
        The tag, as logged.
    match : Match or None
        What the catalogue makes of it; None for a tag it does not know.
    minutes, played : arrays of shape (n,)
        Positions on the clocks of minutes and of steps; NaN where the run has no such clock.
    steps, sessions, files : arrays of shape (n,)
        Step as logged, and numbers of the session and of the file it was written in.
    gone_over : array of bool, shape (n,)
        Whether what was written beside it was given up, because a restart went over it again.
    wall_times, values : arrays of shape (n,)
        Seconds since the epoch, NaN where the log does not tell, and values as logged.
    known_until : float
        Minute up to which the tag is known.
    records_only : bool
        Only new bests are known.
    """

    tag: str
    match: Match | None
    minutes: Floats
    played: Floats
    steps: Integers
    sessions: Integers
    files: Integers
    gone_over: NDArray[np.bool_]
    wall_times: Floats
    values: Floats
    known_until: float
    records_only: bool

    @property
    def metric(self) -> Metric | None:
        return self.match.metric if self.match else None

    @property
    def variant(self) -> str | None:
        """The variant that it is of, as it stands in the tag."""
        return self.match.variant if self.match else None

    @property
    def shown(self) -> str:
        """The tag as it may be printed."""
        return printable(self.tag)

    @cached_property
    def finite(self) -> NDArray[np.bool_]:
        return np.isfinite(self.values)

    @cached_property
    def numbers(self) -> Floats:
        """The values that are numbers."""
        return self.values if self.finite.all() else self.values[self.finite]

    def on(self, clock: Clock) -> Floats:
        """Return positions on the clock of minutes or of steps."""
        return self.minutes if clock.key == "minutes" else self.played

    @cached_property
    def _in_one_file(self) -> NDArray[np.bool_]:
        """Whether each event but the first was written behind the one before it, in one file."""
        same: NDArray[np.bool_] = (self.sessions[1:] == self.sessions[:-1]) & (
            self.files[1:] == self.files[:-1]
        )
        return same

    @cached_property
    def _in_order(self) -> NDArray[np.bool_]:
        """Whether of each event but the first it is known that it came after the one before it.

        An event whose time is missing may stand anywhere: reading tells of it.
        """
        timed = np.isfinite(self.wall_times)
        if timed.all() or not timed.any():
            return self._in_one_file
        known: NDArray[np.bool_] = self._in_one_file & timed[1:] & timed[:-1]
        return known

    def falls(self, positions: Floats | Integers) -> NDArray[np.bool_]:
        """Tell after which events a clock goes back, within a file."""
        falls: NDArray[np.bool_] = (positions[1:] < positions[:-1]) & self._in_order
        return falls


class Readings:
    """A run's tags as arrays, made when first looked at.

    Parameters
    ----------
    run : Run
        The run.
    catalogue : Catalogue
        What tags mean.
    titles : mapping of str to str, optional
        Variants as they stand in tags, and as readers know them.
    """

    def __init__(
        self, run: Run, catalogue: Catalogue, titles: Mapping[str, str] | None = None
    ) -> None:
        self.run = run
        self.catalogue = catalogue
        self.steps = run.conventions.steps
        self._titles = titles or {}
        self.name = run.name
        self.shown = printable(run.name)
        self.matches = {tag: catalogue.match(tag) for tag in run.tags}
        self._made: dict[str, Reading] = {}

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
            events = self.run.events(tag)
            self._made[tag] = Reading(
                tag=tag,
                match=self.matches[tag],
                minutes=events.minutes,
                played=events.on(self.steps),
                steps=events.steps,
                sessions=events.sessions,
                files=events.files,
                gone_over=events.gone_over,
                wall_times=events.seconds,
                values=events.values,
                known_until=self.run.known_until(tag),
                records_only=self.run.records_only(tag),
            )
        return self._made[tag]

    def __iter__(self) -> Iterator[Reading]:
        return iter(self._all)

    @cached_property
    def _all(self) -> tuple[Reading, ...]:
        return tuple(self[tag] for tag in self.matches)

    def of(self, *metrics: str) -> list[Reading]:
        """Return the tags of some metrics of the catalogue."""
        return [
            self[tag]
            for tag, match in self.matches.items()
            if match and match.metric.name in metrics
        ]

    def variant_title(self, variant: str | None) -> str:
        """Return a variant as readers know it, or as it stands in tags, as it may be printed."""
        return printable(self._titles.get(variant or "", variant or ""))

    @cached_property
    def gap(self) -> Gap | None:
        """The longest pause within a file in which the run wrote nothing, if that is no habit."""
        if self.published or not self._all:
            return None
        wall, sessions, minutes, steps = map(
            self._joined, ("wall_times", "sessions", "minutes", "steps")
        )
        if self.clock_told or self._time_goes_back:
            wall = minutes * 60
        return longest_pause(wall, sessions, minutes, steps.astype(np.float64), self._tag_numbers())

    def _joined(self, part: str) -> NDArray[Any]:
        """Return a part of all readings, one after the other."""
        return np.concatenate([getattr(reading, part) for reading in self])

    def _tag_numbers(self) -> NDArray[np.intp]:
        """Return the number of the reading of each event of `_joined`."""
        return np.repeat(np.arange(len(self._all)), [len(r.values) for r in self])

    @cached_property
    def disordered(self) -> bool:
        """Whether what came before what is not known.

        Steps or wall times go back within a file, or several programs wrote at the same time.
        """
        return self.several_writers or self._time_goes_back or self._goes_back("steps")

    @cached_property
    def several_writers(self) -> bool:
        """Whether several programs wrote the same tags at the same time."""
        return "written_at_the_same_time" in self._kinds_told

    @cached_property
    def _time_goes_back(self) -> bool:
        return self._goes_back("wall_times")

    def _goes_back(self, clock: str) -> bool:
        """Tell whether a clock goes back within a file, as `Reading.falls` does for each tag."""
        if not self._all:
            return False
        # Asked of all tags together: of very many, `Reading.falls` takes long.
        wall, sessions, files = map(self._joined, ("wall_times", "sessions", "files"))
        of, positions = self._tag_numbers(), self._joined(clock)
        timed = np.isfinite(wall)
        timed |= np.bincount(of, timed, minlength=len(self._all))[of] == 0
        same = (of[1:] == of[:-1]) & (sessions[1:] == sessions[:-1]) & (files[1:] == files[:-1])
        return bool(((positions[1:] < positions[:-1]) & same & timed[1:] & timed[:-1]).any())

    @cached_property
    def _kinds_told(self) -> set[str]:
        """What reading told of: what follows from it is not told again."""
        return {finding.kind for finding in self.run.findings}

    @cached_property
    def clock_told(self) -> bool:
        """Whether reading told that the clock is wrong."""
        return bool(self._kinds_told & {"clock_set", "wall_time_unit", "wall_time_years_off"})

    @cached_property
    def whole(self) -> bool:
        """Whether no event is missing, out of order or without its time, as far as can be told."""
        untimed = "wall_time_missing" in self._kinds_told
        return not (self._lost or untimed or self.gap is not None or self.disordered)

    @cached_property
    def _lost(self) -> bool:
        """Whether reading noticed that events are lost: all but the last file must be complete."""
        last = self.run.file_names[-1] if self.run.files else ""
        return any(
            finding.severity == "error"
            or finding.kind == "zero_filled_tail"
            or (finding.kind == "truncated_tail" and finding.file != last)
            for finding in self.run.findings
        )

    def given_up(self, tag: str) -> Floats:
        """Return the values of a tag that a restart gave up: they are no part of the run."""
        return self.run.values_given_up(tag)

    @cached_property
    def end(self) -> float:
        """Minute of the run's last event of any tag."""
        return max((float(r.minutes.max()) for r in self if len(r.minutes)), default=math.nan)

    @cached_property
    def beginning_missing(self) -> float:
        """Minutes of training before the log's first event; 0 for what does not log episodes.

        By the program's own hours where it logs them, else by steps at the pace of this log.
        """
        written = {match.metric.written for match in self.matches.values() if match}
        if "episode" not in written or self.published:
            return 0.0
        first = min(self, key=lambda r: float(r.wall_times.min()))
        started, step = float(first.wall_times.min()), float(first.steps.min())
        tag = self.run.conventions.hours_tag
        if tag in self.matches and (hours := self[tag]).finite.any():
            at = int(np.argmax(hours.finite))
            return float(hours.values[at]) * 60 - (float(hours.wall_times[at]) - started) / 60
        played = max(float(r.steps.max()) for r in self) - step
        return step * self.end / played if played > 0 else 0.0

    @cached_property
    def settings(self) -> Mapping[str, Setting]:
        """What the log says was set."""
        return read_settings(self.name, self.run, self.catalogue)


_Titles = tuple[tuple[str, str], ...]


def readings_of(
    run: Run, catalogue: Catalogue, titles: Mapping[str, str] | None = None
) -> Readings:
    """Return the tags of a run that others look at, too: they are made, and asked, once."""
    # What a catalogue is wrapped in for a command line does not change what a tag means.
    key = (id(catalogue.domain), tuple(sorted((titles or {}).items())))
    found = _readings(run)
    if key not in found:
        found[key] = Readings(run, catalogue, titles)
    return found[key]


@once_each
def _readings(run: Run) -> dict[tuple[int, _Titles], Readings]:
    return {}


@dataclass(frozen=True, slots=True)
class Pair:
    """A candidate and the baseline it is held against.

    Parameters
    ----------
    candidate, baseline : Readings
        The two runs.
    settings : mapping of str to mapping of str to (float or str)
        Setting to value, by run; a setting that is not known is left out.
    """

    candidate: Readings
    baseline: Readings
    settings: Mapping[str, Settings]

    @property
    def shown(self) -> str:
        return f"{self.candidate.shown} and {self.baseline.shown}"

    @property
    def names(self) -> tuple[str, str]:
        """The runs a finding on the pair is about."""
        return self.baseline.name, self.candidate.name

    def values(self, setting: str) -> tuple[float | str | None, float | str | None]:
        """Return the baseline's value of a setting and the candidate's; None where not known."""
        base, own = (self.settings[name].get(setting) for name in self.names)
        return base, own


def minute(position: float) -> str:
    """Word a moment.

    Examples
    --------
    >>> minute(100.04), minute(62.55)
    ('minute 100', 'minute 62.5')
    """
    if not math.isfinite(position):
        return "a minute that is not known"
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


def setting_words(setting: str) -> str:
    """Word a setting.

    Examples
    --------
    >>> setting_words("batch_size")
    'batch size'
    """
    return printable(name_in_words(setting))
