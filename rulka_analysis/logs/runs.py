"""A folder of event logs, as runs.

A run is one training run, however many files and segments it has: its files are put in order, a
restart's repeated steps are resolved (`sessions`; what is given up is counted), segments ``X_2``,
``X_3``, … are folded into ``X`` where their steps go on where its steps end (`segments`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rulka_analysis.logs.archive.files import source_at
from rulka_analysis.logs.clocks import MINUTES, Clock, Conventions
from rulka_analysis.logs.events import EventFile, TextEvent
from rulka_analysis.logs.files import RunFiles
from rulka_analysis.logs.positions import Floats, interpolated
from rulka_analysis.logs.provenance import Provenance, TagProvenance
from rulka_analysis.logs.segments import fold_segments, goes_on, run_of_hyperparameters
from rulka_analysis.logs.sessions import Mask, Overlap, check_overlap, standing_events
from rulka_analysis.logs.source import Source
from rulka_analysis.logs.timeline import TagEvents, Timeline, timeline_of
from rulka_analysis.values import questions
from rulka_analysis.values.errors import (
    LogDirectoryError,
    UnknownRunError,
    UnknownTagError,
    nearest,
    unknown,
)
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Evidence
from rulka_analysis.values.text import natural_order

if TYPE_CHECKING:
    # Imported by what makes tables: a build that finds nothing changed makes none.
    import pandas as pd


class Run:
    """One training run: its events on three clocks, and what is known about it.

    Made by `Logs`; not to be constructed by hand.
    """

    def __init__(
        self,
        name: str,
        files: RunFiles,
        *,
        conventions: Conventions,
        overlap: Overlap = "later wins",
    ) -> None:
        self.name = name
        self.folders = files.folders
        self.places = files.places
        self.conventions = conventions
        self._files = files
        self._overlap = overlap
        self._tables: dict[str, pd.DataFrame] = {}

    def __repr__(self) -> str:
        return f"<Run {self.name} of {self._files.directory}>"

    @cached_property
    def files(self) -> tuple[EventFile, ...]:
        """The run's event files with scalars in them, in the order they were written.

        A run that was resumed just before a new segment writes to the earlier folder again, so the
        order of files is not that of folders.
        """
        return tuple(file for file in self._files.read if len(file.values))

    @property
    def file_names(self) -> tuple[str, ...]:
        """The names of `files`, relative to the log directory."""
        return tuple(self._files.name(file) for file in self.files)

    @property
    def tags(self) -> tuple[str, ...]:
        """The run's scalar tags, sorted."""
        return tuple(sorted(self._events.by_tag))

    def events(self, tag: str) -> TagEvents:
        """Return every event of a tag as arrays: what `scalars` holds, without making a table.

        Raises
        ------
        UnknownTagError
            If the run did not log this tag; names the nearest ones.
        """
        if tag not in self._events.by_tag:
            raise UnknownTagError(unknown("tag", tag, self.tags, f"in run {self.name}"))
        return self._events.of(tag)

    def scalars(self, tag: str) -> pd.DataFrame:
        """Return every event of a tag as a table.

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
        # A copy: what a caller does to it must not change the run.
        return self._table(tag).copy()

    def _table(self, tag: str) -> pd.DataFrame:
        if tag not in self._tables:
            self._tables[tag] = self._make_table(tag)
        return self._tables[tag]

    def _make_table(self, tag: str) -> pd.DataFrame:
        import pandas as pd

        events = self.events(tag)
        minutes, steps, updates = self.conventions.clocks
        return pd.DataFrame(
            {
                **{c.name: events.positions[c.key] for c in (steps, minutes, updates)},
                "wall_time": events.wall_times,
                "value": events.values,
                "step": events.steps,
                "file": pd.Categorical.from_codes(events.files, dtype=self._file_type),
                "reading_error": events.reading_errors,
            }
        )

    @cached_property
    def _file_type(self) -> pd.CategoricalDtype:
        import pandas as pd

        return pd.CategoricalDtype(list(self.file_names))

    def evidence(self, tag: str, index: int) -> Evidence:
        """Return the event at a position of `scalars` as evidence."""
        row = self._table(tag).iloc[index]
        return self.evidence_of(tag, row)

    def evidence_of(self, tag: str, row: Any) -> Evidence:
        """Return a row of `scalars` as evidence."""
        return Evidence(
            run=self.name,
            tag=tag,
            file=str(row.file),
            step=int(row.step),
            wall_time=float(row.wall_time),
            value=float(row.value),
            minutes=_finite_or_none(row.minutes),
            steps=_finite_or_none(row[self.conventions.steps.name]),
            reading_error=float(row.reading_error),
            published=self.provenance is not None and not self.provenance.wall_time_known,
            steps_interpolated=self.steps_interpolated,
            steps_unit=self.conventions.steps.unit,
        )

    @cached_property
    def duration(self) -> float:
        """Minutes of training without pauses, to the last event or as its sidecar states."""
        stated = [
            p.duration_minutes
            for p in self._files.provenances.values()
            if p is not None and p.duration_minutes is not None
        ]
        if stated:
            return float(sum(stated))
        minutes = self._events.positions["minutes"]
        return float(minutes.max()) if len(minutes) else 0.0

    @cached_property
    def clocks(self) -> tuple[Clock, ...]:
        """The clocks this run has."""
        known = self._events.positions
        return tuple(c for c in self.conventions.clocks if np.isfinite(known[c.key]).any())

    @property
    def steps_interpolated(self) -> bool:
        """Whether the clock of steps is straight lines between few known points, not as logged."""
        return any(p is not None and p.steps_interpolated for p in self._files.provenances.values())

    def known_until(self, tag: str, clock: str | Clock = MINUTES) -> float:
        """Return where on a clock the knowledge of a tag ends.

        For a log the training program wrote itself that is the run's last event of any tag: up to
        there, a tag that says nothing has nothing to say. A sidecar may end the knowledge earlier.
        NaN where the run has no such clock.
        """
        clock = self.conventions.clock(clock)
        end = self._ends[clock.key]
        stated = self.tag_provenance(tag)
        if stated is None or math.isnan(end):
            return end
        until = stated.known_until
        if until is None:
            until = float(np.nanmax(self.events(tag).positions["minutes"]))
        if clock.key == "minutes":
            return until
        return float(self.at(clock, np.array([until]))[0])

    def at(self, clock: str | Clock, minutes: Floats) -> Floats:
        """Return the position on `clock` at given minutes, by straight lines between events."""
        known = self._events.positions
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

    @cached_property
    def texts(self) -> tuple[TextEvent, ...]:
        """Text the run logged; read on demand, in the order written."""
        return self._files.texts()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed while reading (damage, restarts, overlaid events)."""
        _, given_up = self._standing
        return (*given_up, *self._files.findings(self.name))

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
    def _standing(self) -> tuple[list[Mask], list[Finding]]:
        files = self._files.read
        names = [self._files.name(file) for file in files]
        return standing_events(self.name, files, names, self._overlap)

    @cached_property
    def _ends(self) -> dict[str, float]:
        """Where the run ends on each clock; NaN where it has no such clock."""
        return {
            clock: float(np.nanmax(positions)) if np.isfinite(positions).any() else math.nan
            for clock, positions in self._events.positions.items()
        }

    @cached_property
    def _events(self) -> Timeline:
        kept, _ = self._standing
        provenances = self._files.provenances.values()
        return timeline_of(
            self.files,
            [mask for file, mask in zip(self._files.read, kept, strict=True) if len(file.values)],
            [self._files.reading_errors(file) for file in self.files],
            self.conventions,
            has_steps=all(p is None or p.step_clock for p in provenances),
        )


class Logs:
    """A log directory: the runs in it, by name.

    Parameters
    ----------
    path : Path
        The log directory, or an archive of one.
    lengths : mapping of str to int, optional
        Bytes of each event file (by path relative to `path`) to read: a build reads files up to the
        length they had when it started, and no file that appeared later.
    overlap : {"later wins", "keep all", "tensorboard"}
        Which events stand where files of a run speak of the same steps; see `sessions`.
    conventions : Conventions, optional
        How the training program writes its logs.
    bundled : bool
        Whether these are the logs that come with the package.

    Raises
    ------
    LogDirectoryError
        If there is no such directory, or no run in it.
    RulkaError
        If there is no such policy.
    """

    def __init__(
        self,
        path: Path,
        *,
        lengths: Mapping[str, int] | None = None,
        overlap: str = "later wins",
        conventions: Conventions | None = None,
        bundled: bool = False,
    ) -> None:
        # Not resolved: a symbolic link keeps the name that people know it by.
        self.path = Path(os.path.abspath(path))  # noqa: PTH100
        self.overlap: Overlap = check_overlap(overlap)
        self.conventions = conventions or Conventions()
        self.bundled = bundled
        _check_directory(self.path)
        self._files = source_at(self.path, lengths)
        self._runs = {
            name: Run(name, found, conventions=self.conventions, overlap=self.overlap)
            for name, found in _runs_in(self._files).items()
        }
        if not self._runs:
            raise LogDirectoryError(
                f"no run in {self.path}: no event file (events.out.tfevents.…) with a scalar in it "
                "was found there or beneath. Point LOGDIR (or --logdir) at the folder that holds "
                "one folder a run"
            )

    def __repr__(self) -> str:
        return f"<Logs {self.name}: {len(self._runs)} runs>"

    @property
    def name(self) -> str:
        """The log directory's name."""
        return self.path.name

    @property
    def source(self) -> Source:
        """The event files and sidecars that the runs are made of."""
        return self._files

    @property
    def runs(self) -> tuple[str, ...]:
        """The names of all runs, ``uni_5`` before ``uni_10``."""
        questions.note("runs", "", self.runs_digest())
        return tuple(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return (self[name] for name in self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str):
            questions.note("run", name, self._answer(name))
        return name in self._runs

    def __getitem__(self, name: str) -> Run:
        """Return a run by name.

        Raises
        ------
        UnknownRunError
            If there is no such run; names what there is, and the nearest.
        """
        questions.note("run", name, self._answer(name))
        if name not in self._runs:
            raise UnknownRunError(unknown("run", name, self._runs, f"in {self.path}"))
        return self._runs[name]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed about folders that hold event files and are no run.

        A folder whose only file is damaged from its start is one; without this it would be missing
        in silence. What concerns a run stands in `Run.findings`.
        """
        used = {place for run in self._runs.values() for place in run.places}
        others = [folder for folder in self._files.folders if folder not in used]
        found = (*self._files.findings, *(f for o in others for f in self._files.findings_of(o)))
        questions.note("findings", "", questions.digest_of([f.as_dict() for f in found]))
        return found

    def get(self, name: str) -> Run | None:
        """Return a run by name, or None if there is no such run."""
        questions.note("run", name, self._answer(name))
        return self._runs.get(name)

    def digest(self, name: str) -> str:
        """Return the digest of everything a run is read from, or ``"absent"``."""
        return self._runs[name].digest if name in self._runs else questions.ABSENT

    def file_states(self, name: str) -> dict[str, tuple[int, str]]:
        """Return what a run is read from: bytes read of each file, and their SHA-256.

        By path relative to the log directory, sidecars included; empty for a run that is not
        there. `digest` changes exactly when one of these does.
        """
        return dict(self._runs[name].file_states) if name in self._runs else {}

    def runs_digest(self) -> str:
        """Return the digest of the list of runs."""
        return questions.digest_of(list(self._runs))

    def lengths(self) -> dict[str, int]:
        """Return the bytes of every event file, by path relative to the log directory."""
        return self._files.lengths()

    def _answer(self, name: str) -> Callable[[], str]:
        return lambda: self.digest(name)


def _runs_in(files: Source) -> dict[str, RunFiles]:
    """Return what each run is read from: a folder with a scalar is a run, or a segment of one."""
    holding = sorted(filter(files.holds_scalars, files.folders), key=natural_order)
    all_holding = set(holding)
    of_run: dict[str, list[str]] = {}
    for folder in holding:
        run = run_of_hyperparameters(folder, all_holding)
        if run and any(file.hyperparameters for file in files.read(folder)):
            of_run.setdefault(run, []).append(folder)
    beneath = {folder for found in of_run.values() for folder in found}
    runs = fold_segments(
        (folder for folder in holding if folder not in beneath),
        lambda before, after: goes_on(files.read(before), files.read(after)),
    )
    found = {}
    for name, parts in runs.items():
        own = [other for folder in parts for other in of_run.get(folder, ())]
        folders = (*parts, *own)
        places = [
            place
            for folder in folders
            for place in (folder, *(b for b in files.beneath(folder) if b not in all_holding))
        ]
        found[name] = RunFiles(files, folders, tuple(places))
    return found


def _check_directory(path: Path) -> None:
    if path.is_dir():
        return
    if path.exists():
        raise LogDirectoryError(
            f"{path} is a file, not a log directory; name the folder that holds one folder a run"
        )
    parent = path.parent
    while not parent.is_dir() and parent != parent.parent:
        parent = parent.parent
    missing = path.relative_to(parent).parts[0]
    try:
        there = sorted(p.name for p in parent.iterdir() if p.is_dir())
    except OSError:
        there = []
    close = nearest(missing, there)
    guess = f"; did you mean {' or '.join(str(parent / name) for name in close)}?" if close else ""
    raise LogDirectoryError(
        f"no log directory {path}: there is no {missing!r} in {parent}{guess or '.'} "
        "Set LOGDIR (or --logdir) to the folder that holds one folder a run"
    )


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
