"""A run: its events on three clocks, and what is known about it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from rulka_analysis.logs.attempts import Attempt
from rulka_analysis.logs.clocks import MINUTES, Clock, Conventions
from rulka_analysis.logs.events import EventFile, TextEvent
from rulka_analysis.logs.files import RunFiles
from rulka_analysis.logs.history import History
from rulka_analysis.logs.positions import Floats, interpolated
from rulka_analysis.logs.provenance import Provenance, TagProvenance
from rulka_analysis.logs.timeline import Events, Timeline, timeline_of
from rulka_analysis.values import questions
from rulka_analysis.values.errors import RulkaError, UnknownTagError, unknown
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Evidence

if TYPE_CHECKING:
    # Imported by what makes tables: a build that finds nothing changed makes none.
    import pandas as pd

Overlap = Literal["later wins", "keep all"]
# A tag goes on to a run's end that is written this far; its steps lag that end below this share.
_GOES_ON, _LAGS = 0.9, 0.5
OVERLAPS: tuple[Overlap, ...] = get_args(Overlap)


def check_overlap(overlap: str) -> Overlap:
    """Return `overlap` if there is such a policy.

    Raises
    ------
    RulkaError
        If there is none of that name.
    """
    for known in OVERLAPS:
        if overlap == known:
            return known
    names = ", ".join(map(repr, OVERLAPS))
    raise RulkaError(f"no policy {overlap!r} for events that overlap; choose one of {names}")


class Run:
    """One training run: its events on three clocks, and what is known about it.

    Made by `Logs`; not to be constructed by hand. Where a run began anew in its folder, this is its
    last attempt; `earlier` are the others.
    """

    def __init__(
        self,
        name: str,
        files: RunFiles,
        *,
        conventions: Conventions,
        overlap: Overlap = "later wins",
        attempt: tuple[History, int] | None = None,
    ) -> None:
        self.name = name
        self.folders = files.folders
        self.beside = files.beside
        self.places = files.places
        self.conventions = conventions
        self._files = files
        self._overlap = overlap
        self._earlier = attempt
        self._tables: dict[str, Events] = {}

    def __repr__(self) -> str:
        return f"<Run {self.name} of {self._files.directory}>"

    @property
    def is_read(self) -> bool:
        """Whether its events are in memory."""
        return "_history" in vars(self)

    # --- Its events ---

    @property
    def files(self) -> tuple[EventFile, ...]:
        """The run's event files with scalars in them, in the order they were written.

        A run that was resumed just before a new segment writes to the earlier folder again, so the
        order of files is not that of folders.
        """
        return tuple(self._history.files[at] for at in self._order)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The run's scalar tags, sorted."""
        return tuple(sorted(self._timeline.by_tag))

    @property
    def count(self) -> int:
        """How many events of the run stand."""
        return len(self._timeline.events)

    @property
    def all_events(self) -> Events:
        """The events of all tags, in the order written."""
        return self._timeline.events

    def events(self, tag: str) -> Events:
        """Return the events of a tag as arrays, in the order written.

        Raises
        ------
        UnknownTagError
            If the run did not log this tag; names the nearest ones.
        """
        if tag not in self._tables:
            if tag not in self._timeline.by_tag:
                message = unknown("tag", tag, self.tags, f"in run {self.name}")
                raise UnknownTagError(message)
            self._tables[tag] = self._timeline.events.at(self._timeline.by_tag[tag])
        return self._tables[tag]

    def scalars(self, tag: str) -> pd.DataFrame:
        """Return every event of a tag.

        Parameters
        ----------
        tag : str
            A TensorBoard tag, exactly as logged.

        Returns
        -------
        DataFrame
            In the order written, one row an event: a column for each clock, by its name (NaN where
            the run has no such clock), ``wall_time`` (seconds since the epoch), ``value``, ``step``
            (as logged), ``file`` (relative to the log directory) and ``reading_error`` (one
            standard error in the tag's unit, 0 for a value logged directly).

        Raises
        ------
        UnknownTagError
            If the run did not log this tag; names the nearest ones.
        """
        import pandas as pd

        events = self.events(tag)
        minutes, steps, updates = self.conventions.clocks
        files = pd.CategoricalDtype(list(self.file_names))
        # Copies: what a caller does to a table must not change the run.
        return pd.DataFrame(
            {
                **{c.name: events.on(c).copy() for c in (steps, minutes, updates)},
                "wall_time": events.wall_times.copy(),
                "value": events.values.copy(),
                "step": events.steps.copy(),
                "file": pd.Categorical.from_codes(events.files, dtype=files),
                "reading_error": events.reading_errors.copy(),
            }
        )

    @property
    def file_names(self) -> tuple[str, ...]:
        """The names of `files`, relative to the log directory."""
        return tuple(self._history.names[at] for at in self._order)

    def evidence(self, tag: str, index: int) -> Evidence:
        """Return the event at a position of `events` (or a row of `scalars`) as evidence."""
        events = self.events(tag)
        at = self._order[events.files[index]]
        return Evidence(
            run=self.name,
            tag=tag,
            file=self._history.names[at],
            sha256=self._history.files[at].digest,
            step=int(events.steps[index]),
            wall_time=float(events.wall_times[index]),
            value=float(events.values[index]),
            minutes=_finite_or_none(events.minutes[index]),
            steps=_finite_or_none(events.on(self.conventions.steps)[index]),
            reading_error=float(events.reading_errors[index]),
            published=self.provenance is not None and not self.provenance.wall_time_known,
            steps_interpolated=self.steps_interpolated,
            steps_unit=self.conventions.steps.unit,
        )

    def last_event(self) -> tuple[str, int]:
        """Return the tag of the event that was written last, and its position in `events`."""
        minutes = self._timeline.events.minutes
        order = minutes if np.isfinite(minutes).any() else np.arange(len(minutes))
        latest = order.max()
        return next(
            (tag, int(own.argmax()))
            for tag in self.tags
            if (own := order[self._timeline.by_tag[tag]]).max() == latest
        )

    # --- Its attempts ---

    @cached_property
    def earlier(self) -> tuple[Run, ...]:
        """Earlier attempts: the program began anew after each of them."""
        if self._earlier is not None:
            return ()
        return tuple(
            Run(
                f"{self.name}@{number + 1}",
                self._files,
                conventions=self.conventions,
                overlap=self._overlap,
                attempt=(self._history, number),
            )
            for number in range(len(self._history.attempts) - 1)
        )

    @property
    def written(self) -> int:
        """How many events were written in this attempt, those given up included."""
        return self._attempt.count

    @property
    def given_up(self) -> dict[str, int]:
        """How many events of each tag are given up, because a resumed session repeated them."""
        tags = self._attempt.written.tags
        return {tags[code]: count for code, count in self._attempt.given_up.items()}

    def values_given_up(self, tag: str) -> Floats:
        """Return the values of a tag that are given up, in the order written."""
        attempt = self._attempt
        if tag not in attempt.written.tags:
            return np.empty(0)
        gone = attempt.places_given_up
        code = attempt.written.tags.index(tag)
        chosen = gone[attempt.written.codes[gone] == code]
        return np.array([attempt.written.value(at) for at in chosen.tolist()], np.float64)

    @property
    def share_given_up(self) -> float:
        """The part of the events written that is given up."""
        return sum(self.given_up.values()) / self.written if self.written else 0.0

    # --- Its clocks ---

    @cached_property
    def duration(self) -> float:
        """Minutes of training without pauses, to the last event or as its sidecar states.

        NaN where nothing tells how long it took.
        """
        stated = [
            p.duration_minutes
            for p in self._files.provenances.values()
            if p is not None and p.duration_minutes is not None
        ]
        if stated:
            return float(sum(stated))
        minutes = self._timeline.events.minutes
        return float(minutes.max()) if len(minutes) else 0.0

    @cached_property
    def clocks(self) -> tuple[Clock, ...]:
        """The clocks this run has."""
        known = self._timeline.events.positions
        return tuple(c for c in self.conventions.clocks if np.isfinite(known[c.key]).any())

    @property
    def steps_interpolated(self) -> bool:
        """Whether the clock of steps is straight lines between few known points, not as logged."""
        return any(p is not None and p.steps_interpolated for p in self._files.provenances.values())

    def known_until(self, tag: str, clock: str | Clock = MINUTES) -> float:
        """Return where on a clock the knowledge of a tag ends.

        For a log the training program wrote itself that is the run's last event of any tag: up to
        there, a tag that says nothing has nothing to say. A sidecar may end the knowledge earlier.
        NaN where the run has no such clock, or the tag another one than the run.
        """
        clock = self.conventions.clock(clock)
        asked = tag, clock.key
        if asked not in self._known_until:
            self._known_until[asked] = self._find_known_until(tag, clock)
        return self._known_until[asked]

    @cached_property
    def _known_until(self) -> dict[tuple[str, str], float]:
        # Asked again with every number.
        return {}

    def _find_known_until(self, tag: str, clock: Clock) -> float:
        end = self._ends[clock.key]
        stated = self.tag_provenance(tag)
        if stated is None or math.isnan(end):
            return math.nan if self.counts_apart(tag, clock) else end
        until = stated.known_until
        if until is None:
            until = float(self.events(tag).minutes.max())
        if clock.key == "minutes":
            return until
        return float(self.at(clock, np.array([until]))[0])

    def counts_apart(self, tag: str, clock: Clock) -> bool:
        """Tell whether a tag's steps count something else than the run's, such as episodes.

        So it is where it goes on to the end, and its steps lag far behind.
        """
        if clock.key != "steps" or tag not in self.tags:
            return False
        events = self.events(tag)
        goes_on = events.minutes.max() >= _GOES_ON * self._ends["minutes"]
        return bool(goes_on and events.steps.max() < _LAGS * self._ends["steps"])

    def at(self, clock: str | Clock, minutes: Floats) -> Floats:
        """Return the position on `clock` at given minutes, by straight lines between events."""
        known = self._timeline.events.positions
        return interpolated(minutes, known["minutes"], known[self.conventions.clock(clock).key])

    def tag_provenance(self, tag: str) -> TagProvenance | None:
        """Return what the sidecar says of a tag; None for a log without sidecar.

        Where segments speak of the same tag, the one that knows until when it is known decides.
        """
        provenances = self._files.provenances.values()
        stated = [p.tags[tag] for p in provenances if p and tag in p.tags]
        if not stated:
            has_sidecar = any(p is not None for p in provenances)
            return TagProvenance() if has_sidecar else None
        return next((t for t in stated if t.known_until is not None), stated[0])

    def records_only(self, tag: str) -> bool:
        """Whether only new bests of a tag are known."""
        stated = self.tag_provenance(tag)
        return stated is not None and stated.records_only

    @property
    def provenance(self) -> Provenance | None:
        """What the sidecar beside the log says; None for a log the training program wrote."""
        return next((p for p in self._files.provenances.values() if p is not None), None)

    @property
    def hyperparameters(self) -> dict[str, bool | float | str]:
        """Hyperparameters logged with the run, in its folder or a folder directly beneath it."""
        return self._files.hyperparameters

    @property
    def recorded(self) -> Sequence[Mapping[str, Any]] | None:
        """What files beside an archived run said was set; None where they can be asked."""
        return self._files.log_files.recorded(self.folders[0])

    @cached_property
    def texts(self) -> tuple[TextEvent, ...]:
        """Text the run logged; read on demand, in the order written."""
        return self._files.texts()

    def texts_within(self, length: int, tags: Sequence[str]) -> Iterator[TextEvent]:
        """Yield the texts under some tags that end within so many bytes of each of its files."""
        for file in self.files:
            yield from self._files.log_files.texts(file.path, length, tags)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed while reading: damage, copies, restarts, attempts, clocks."""
        if self._earlier is not None:
            return tuple(self._history.findings_of(self._attempt, self.name))
        copies = self._history.copy_names
        # Nothing is lost with a damaged file of which another holds all events.
        of_files = (f for f in self._files.findings(self.name) if f.file not in copies)
        return (*self._history.all_findings, *of_files)

    @cached_property
    def digest(self) -> str:
        """Digest of everything the run was read from."""
        return questions.digest_of([list(self.folders), self.file_states])

    @property
    def file_states(self) -> dict[str, tuple[int, str]]:
        """Bytes read of each file of the run, sidecars included, and the SHA-256 of these bytes.

        By path relative to the log directory. `digest` changes exactly when one of these does.
        """
        return self._files.states

    @cached_property
    def _history(self) -> History:
        if self._earlier is not None:
            return self._earlier[0]
        files = self._files.read
        names = [self._files.name(file) for file in files]
        return History(self.name, files, names, keep_all=self._overlap == "keep all")

    @property
    def _attempt(self) -> Attempt:
        return self._history.attempts[-1 if self._earlier is None else self._earlier[1]]

    @cached_property
    def _order(self) -> tuple[int, ...]:
        """Which files of its history hold events of this attempt, in the order written."""
        files = self._history.files_of(self._attempt)
        return tuple(at for at in files if len(self._history.files[at].values))

    @cached_property
    def _ends(self) -> dict[str, float]:
        """Where the run ends on each clock; NaN where it has no such clock."""
        return {
            key: float(np.nanmax(positions)) if np.isfinite(positions).any() else math.nan
            for key, positions in self._timeline.events.positions.items()
        }

    @cached_property
    def _timeline(self) -> Timeline:
        provenances = self._files.provenances.values()
        return timeline_of(
            self._attempt,
            self._order,
            [self._files.reading_errors(file) for file in self._history.files],
            self.conventions,
            has_steps=all(p is None or p.step_clock for p in provenances),
        )


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
