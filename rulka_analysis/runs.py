"""A folder of event logs, as runs.

A run is one training run, however many files and segments it has: its files are put in order, a
restart's repeated steps are resolved (the later file wins; what it overlaid is counted), segments
``X_2``, ``X_3``, … are folded into ``X`` where their steps go on where its steps end.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rulka_analysis import questions
from rulka_analysis.clocks import CLOCKS, Clock, check_clock, interpolated, session_minutes
from rulka_analysis.errors import (
    LogDirectoryError,
    UnknownRunError,
    UnknownTagError,
    nearest,
    unknown,
)
from rulka_analysis.events import EventFile, TextEvent, has_scalars, read_event_file
from rulka_analysis.events.file_findings import printable
from rulka_analysis.events.listing import search
from rulka_analysis.findings import Finding
from rulka_analysis.places import project_folder
from rulka_analysis.provenance import SIDECAR, Provenance, TagProvenance, read_provenance
from rulka_analysis.quantities import Evidence

# The tags from which the training program's own clocks are read.
HOURS_TAG = "cumul_training_hours"
UPDATES_TAG = "cumul_number_batches_done"

# ``events.out.tfevents.<time>.<host>.<process>.<count>``, with another suffix in TensorFlow 2.
_FILE_NAME = re.compile(r".*tfevents\.\d+\.(?P<process>.+\.\d+)\.(?P<count>\d+)(\.v2)?\Z", re.S)
# PyTorch's ``add_hparams`` writes into a folder of this name beneath the run's: ``str(time())``.
_HYPERPARAMETERS_FOLDER = re.compile(r"(?P<run>.+)/\d{9,}(\.\d+)?\Z", re.S)
_SEGMENT = re.compile(r"(?P<base>.+)_(?P<number>[1-9][0-9]*)\Z")


def natural_order(name: str) -> list[tuple[int, int | str]]:
    """Sort key that puts ``uni_5`` before ``uni_10``."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]


@dataclass(frozen=True)
class _Events:
    """All scalar events of a run, in order, after restarts were resolved."""

    tags: tuple[str, ...]
    codes: NDArray[np.int32]
    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float64]
    files: NDArray[np.int64]
    minutes: NDArray[np.float64]
    frames: NDArray[np.float64]
    updates: NDArray[np.float64]
    reading_errors: NDArray[np.float64]
    by_tag: Mapping[str, NDArray[np.int64]]
    findings: tuple[Finding, ...]


class Run:
    """One training run: its events on three clocks, and what is known about it.

    Made by `Logs`; not to be constructed by hand.
    """

    def __init__(self, logs: Logs, name: str, folders: tuple[str, ...]) -> None:
        self._logs = logs
        self.name = name
        self.folders = folders
        self._tables: dict[str, pd.DataFrame] = {}

    def __repr__(self) -> str:
        return f"<Run {self.name} of {self._logs.name}>"

    @cached_property
    def files(self) -> tuple[EventFile, ...]:
        """The run's event files with scalars in them, in the order they were written.

        A run that was resumed just before a new segment writes to the earlier folder again, so the
        order of files is not that of folders.
        """
        files = [f for folder in self.folders for f in self._logs._read_folder(folder)]
        return tuple(sorted((file for file in files if len(file.values)), key=_created))

    @property
    def tags(self) -> tuple[str, ...]:
        """The run's scalar tags, sorted."""
        return tuple(sorted(self._events.by_tag))

    def scalars(self, tag: str) -> pd.DataFrame:
        """Return every event of a tag.

        Parameters
        ----------
        tag : str
            A TensorBoard tag, exactly as logged.

        Returns
        -------
        DataFrame
            In the order written, one row an event: ``frames``, ``minutes``, ``updates`` (NaN where
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
        events = self._events
        if tag not in events.by_tag:
            message = unknown("tag", tag, self.tags, f"in run {self.name}")
            raise UnknownTagError(message)
        at = events.by_tag[tag]
        names = [self._logs._relative(file.path) for file in self.files]
        return pd.DataFrame(
            {
                "frames": events.frames[at],
                "minutes": events.minutes[at],
                "updates": events.updates[at],
                "wall_time": events.wall_times[at],
                "value": events.values[at],
                "step": events.steps[at],
                "file": pd.Categorical.from_codes(events.files[at], categories=names),
                "reading_error": events.reading_errors[at],
            }
        )

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
            frames=_finite_or_none(row.frames),
            reading_error=float(row.reading_error),
            published=self.provenance is not None and not self.provenance.wall_time_known,
            frames_interpolated=self.frames_interpolated,
        )

    @cached_property
    def duration(self) -> float:
        """Minutes of training without pauses, to the last event or as its sidecar states."""
        stated = [
            p.duration_minutes
            for p in self._provenances.values()
            if p is not None and p.duration_minutes is not None
        ]
        if stated:
            return float(sum(stated))
        minutes = self._events.minutes
        return float(minutes.max()) if len(minutes) else 0.0

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """The clocks this run has."""
        return tuple(c for c in CLOCKS if np.isfinite(self._clock(c)).any())

    @property
    def frames_interpolated(self) -> bool:
        """Whether frames are straight lines between few known points, not as logged."""
        return any(p is not None and p.frames_interpolated for p in self._provenances.values())

    def known_until(self, tag: str, clock: Clock = "minutes") -> float:
        """Return where on a clock the knowledge of a tag ends.

        For a log the training program wrote itself that is the run's last event of any tag: up to
        there, a tag that says nothing has nothing to say. A sidecar may end the knowledge earlier.
        NaN where the run has no such clock.
        """
        check_clock(clock)
        positions = self._clock(clock)
        if not np.isfinite(positions).any():
            return math.nan
        stated = self.tag_provenance(tag)
        if stated is None:
            return float(np.nanmax(positions))
        until = stated.known_until
        if until is None:
            until = float(self._table(tag).minutes.max())
        if clock == "minutes":
            return until
        return float(self.at(clock, np.array([until]))[0])

    def at(self, clock: Clock, minutes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the position on `clock` at given minutes, by straight lines between events."""
        return interpolated(minutes, self._events.minutes, self._clock(check_clock(clock)))

    def tag_provenance(self, tag: str) -> TagProvenance | None:
        """Return what the sidecar says of a tag; None for a log without sidecar.

        Where segments speak of the same tag, the one that knows until when it is known decides.
        """
        stated = [p.tags[tag] for p in self._provenances.values() if p and tag in p.tags]
        if not stated:
            has_sidecar = any(p is not None for p in self._provenances.values())
            return TagProvenance() if has_sidecar else None
        return next((t for t in stated if t.known_until is not None), stated[0])

    def records_only(self, tag: str) -> bool:
        """Whether only new bests of a tag are known."""
        stated = self.tag_provenance(tag)
        return stated is not None and stated.records_only

    @property
    def provenance(self) -> Provenance | None:
        """What the sidecar beside the log says; None for a log the training program wrote."""
        return next((p for p in self._provenances.values() if p is not None), None)

    @cached_property
    def hyperparameters(self) -> dict[str, bool | float | str]:
        """Hyperparameters logged with the run, in its folder or a folder directly beneath it."""
        merged: dict[str, bool | float | str] = {}
        for folder in self.folders:
            for place in (folder, *self._logs._without_scalars_beneath(folder)):
                for file in self._logs._read_folder(place):
                    merged.update(file.hyperparameters)
        return merged

    @cached_property
    def texts(self) -> tuple[TextEvent, ...]:
        """Text the run logged; read on demand, in the order written."""
        return tuple(
            text
            for folder in self.folders
            for path in self._logs._files_of(folder)
            for text in read_event_file(path, length=self._logs._length(path), text=True).texts
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed while reading (damage, restarts, overlaid events)."""
        return self._events.findings

    @cached_property
    def digest(self) -> str:
        """Digest of everything the run was read from."""
        places = [
            place
            for folder in self.folders
            for place in (folder, *self._logs._without_scalars_beneath(folder))
        ]
        files = [
            [self._logs._relative(path), self._logs._length(path), self._logs._file_digest(path)]
            for place in places
            for path in self._logs._files_of(place)
        ]
        sidecars = [
            questions.digest_file(self._logs._folder(folder) / SIDECAR) for folder in self.folders
        ]
        return questions.digest_of([list(self.folders), files, sidecars])

    @cached_property
    def _provenances(self) -> dict[str, Provenance | None]:
        return {folder: read_provenance(self._logs._folder(folder)) for folder in self.folders}

    def _clock(self, clock: Clock) -> NDArray[np.float64]:
        positions: NDArray[np.float64] = getattr(self._events, clock)
        return positions

    @cached_property
    def _events(self) -> _Events:
        files = self.files
        kept, findings = _resolve_restarts(self.name, files, self._logs._relative)
        for folder in self.folders:
            for place in (folder, *self._logs._without_scalars_beneath(folder)):
                findings += self._logs._findings_of(place, run=self.name)
        tags = tuple(dict.fromkeys(tag for file in files for tag in file.tags))
        code_of = {tag: code for code, tag in enumerate(tags)}
        lookups = [np.array([code_of[tag] for tag in file.tags], dtype=np.int32) for file in files]
        errors = [self._reading_errors(file) for file in files]

        def joined(parts: list[NDArray[Any]], dtype: type) -> NDArray[Any]:
            chosen = [part[keep] for part, keep in zip(parts, kept, strict=True)]
            return np.concatenate(chosen) if chosen else np.empty(0, dtype=dtype)

        codes = joined(
            [lookup[file.tag_codes] for lookup, file in zip(lookups, files, strict=True)], np.int32
        )
        steps = joined([file.steps for file in files], np.int64)
        wall_times = joined([file.wall_times for file in files], np.float64)
        values = joined([file.values for file in files], np.float64)
        numbers = joined([np.full(len(f.values), i) for i, f in enumerate(files)], np.int64)
        order = np.argsort(codes, kind="stable")
        bounds = np.searchsorted(codes[order], np.arange(len(tags) + 1))
        by_tag = {
            tag: order[bounds[code] : bounds[code + 1]]
            for tag, code in code_of.items()
            if bounds[code] < bounds[code + 1]
        }
        session_of_file, starts = _sessions(files)
        hours_at = by_tag.get(HOURS_TAG)
        minutes = session_minutes(
            wall_times,
            session_of_file[numbers],
            starts,
            logged_at=hours_at,
            logged_hours=None if hours_at is None else values[hours_at],
        )
        has_frames = all(p is None or p.frame_clock for p in self._provenances.values())
        frames = steps.astype(np.float64) if has_frames else np.full(len(steps), np.nan)
        updates_at = by_tag.get(UPDATES_TAG)
        updates = (
            np.full(len(steps), np.nan)
            if updates_at is None
            else interpolated(minutes, minutes[updates_at], values[updates_at])
        )
        return _Events(
            tags=tags,
            codes=codes,
            steps=steps,
            wall_times=wall_times,
            values=values,
            files=numbers,
            minutes=minutes,
            frames=frames,
            updates=updates,
            reading_errors=joined(errors, np.float64),
            by_tag=by_tag,
            findings=tuple(findings),
        )

    def _reading_errors(self, file: EventFile) -> NDArray[np.float64]:
        errors = np.zeros(len(file.values))
        provenance = self._provenances[self._logs._relative(file.path.parent)]
        if provenance is None:
            return errors
        for code, tag in enumerate(file.tags):
            stated = provenance.tags.get(tag)
            if stated is not None and stated.reading_error:
                at = np.flatnonzero(file.tag_codes == code)[: len(stated.reading_error)]
                errors[at] = stated.reading_error[: len(at)]
        return errors


class Logs:
    """A log directory: the runs in it, by name.

    Parameters
    ----------
    path : Path
        The log directory.
    lengths : mapping of str to int, optional
        Bytes of each event file (by path relative to `path`) to read: a build reads files up to the
        length they had when it started, and no file that appeared later.

    Raises
    ------
    LogDirectoryError
        If there is no such directory, or no run in it.
    """

    def __init__(self, path: Path, *, lengths: Mapping[str, int] | None = None) -> None:
        # Not resolved: a symbolic link keeps the name that people know it by.
        self.path = Path(os.path.abspath(path))  # noqa: PTH100
        self._only = lengths
        self._lengths: dict[Path, int] = {}
        self._folders: dict[str, tuple[Path, ...]] = {}
        self._unlisted: list[Finding] = []
        self._read: dict[str, tuple[EventFile, ...]] = {}
        self._digests: dict[Path, str] = {}
        self._runs: dict[str, Run] = {}
        _check_directory(self.path)
        self._scan()
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
        used = {f for run in self._runs.values() for f in run.folders}
        used |= {other for folder in used for other in self._without_scalars_beneath(folder)}
        others = [folder for folder in self._folders if folder not in used]
        found = (*self._unlisted, *(f for folder in others for f in self._findings_of(folder)))
        questions.note("findings", "", questions.digest_of([f.as_dict() for f in found]))
        return found

    def get(self, name: str) -> Run | None:
        """Return a run by name, or None if there is no such run."""
        questions.note("run", name, self._answer(name))
        return self._runs.get(name)

    def digest(self, name: str) -> str:
        """Return the digest of everything a run is read from, or ``"absent"``."""
        return self._runs[name].digest if name in self._runs else questions.ABSENT

    def runs_digest(self) -> str:
        """Return the digest of the list of runs."""
        return questions.digest_of(list(self._runs))

    def lengths(self) -> dict[str, int]:
        """Return the bytes of every event file, by path relative to the log directory."""
        return {
            self._relative(path): self._length(path)
            for files in self._folders.values()
            for path in files
        }

    def _answer(self, name: str) -> Callable[[], str]:
        return lambda: self.digest(name)

    def _scan(self) -> None:
        """Find folders with event files; each with a scalar in it is a run or a segment of one."""
        files, self._unlisted = search(self.path)
        for path in files:
            length = self._length_in_effect(path)
            if length is not None:
                self._lengths[path] = length
                folder = self._relative(path.parent)
                self._folders[folder] = (*self._folders.get(folder, ()), path)
        holding = sorted(
            (f for f, paths in self._folders.items() if any(map(self._has_scalars, paths))),
            key=natural_order,
        )
        beneath = [folder for folder in holding if self._holds_hyperparameters_of(folder, holding)]
        parts = self._fold_segments([folder for folder in holding if folder not in beneath])
        for name, folders in parts.items():
            own = [f for f in beneath if f.rpartition("/")[0] in folders]
            self._runs[name] = Run(self, name, (*folders, *own))

    def _holds_hyperparameters_of(self, folder: str, runs: Sequence[str]) -> bool:
        """Tell whether a folder holds what ``add_hparams`` logged for a run among `runs`."""
        match = _HYPERPARAMETERS_FOLDER.match(folder)
        return (
            match is not None
            and match["run"] in runs
            and any(file.hyperparameters for file in self._read_folder(folder))
        )

    def _fold_segments(self, folders: list[str]) -> dict[str, tuple[str, ...]]:
        segments: dict[str, list[str]] = {}
        for folder in folders:
            match = _SEGMENT.match(folder)
            base = match["base"] if match and int(match["number"]) >= 2 else None
            if base in segments and self._goes_on(segments[base][-1], folder):
                segments[base].append(folder)
            else:
                segments[folder] = [folder]
        return {name: tuple(parts) for name, parts in segments.items()}

    def _goes_on(self, before: str, after: str) -> bool:
        """Tell whether the steps of one folder go on where those of another end.

        A restart may have repeated a little: the last tenth counts as the end. Another program's
        ``dqn`` and ``dqn_2`` both start at zero, and are runs of their own.
        """
        later = [file for file in self._read_folder(after) if len(file.values)]
        if not later:
            return False
        start = min(int(file.steps.min()) for file in later)
        started = min(float(file.wall_times.min()) for file in later)
        # A run resumed after the segment began may have gone back before it, and writes to the
        # earlier folder once more.
        earlier = [
            file
            for file in self._read_folder(before)
            if len(file.values) and float(file.wall_times.min()) < started
        ]
        if not earlier:
            return False
        end = max(int(file.steps.max()) for file in earlier)
        ended = max(float(file.wall_times.max()) for file in earlier)
        return start > 0 and start >= 0.9 * end and started >= ended

    def _read_folder(self, folder: str) -> tuple[EventFile, ...]:
        if folder not in self._read:
            files = [read_event_file(p, length=self._length(p)) for p in self._files_of(folder)]
            for file in files:
                self._digests[file.path] = file.digest
            files.sort(key=lambda file: (_created(file), file.path.name))
            self._read[folder] = tuple(files)
        return self._read[folder]

    def _without_scalars_beneath(self, folder: str) -> list[str]:
        """Return folders directly beneath a run's that hold event files but are no run."""
        return [
            other
            for other in self._folders
            if other != folder
            and (other.rpartition("/")[0] or ".") == folder
            and other not in self._runs
        ]

    def _files_of(self, folder: str) -> tuple[Path, ...]:
        return self._folders.get(folder, ())

    def _folder(self, folder: str) -> Path:
        return self._folders[folder][0].parent

    def _relative(self, path: Path) -> str:
        # A name that is no valid Unicode can be neither printed nor written to JSON.
        name = path.relative_to(self.path).as_posix()
        return name.encode("utf-8", "backslashreplace").decode("utf-8")

    def _length_in_effect(self, path: Path) -> int | None:
        """Return how much of a file is to be read; None for a file that appeared too late."""
        if self._only is not None:
            return self._only.get(self._relative(path))
        try:
            return path.stat().st_size
        except OSError:  # Reading it says what is wrong.
            return 0

    def _length(self, path: Path) -> int:
        return self._lengths[path]

    def _has_scalars(self, path: Path) -> bool:
        if not has_scalars(path):
            return False
        # The file may be longer than what is to be read of it.
        return self._only is None or any(
            len(file.values)
            for file in self._read_folder(self._relative(path.parent))
            if file.path == path
        )

    def _findings_of(self, folder: str, run: str | None = None) -> list[Finding]:
        """Return what was wrong with a folder's files, which are named from the log directory."""
        found = []
        for file in self._read_folder(folder):
            name = self._relative(file.path)
            for finding in file.findings:
                message = finding.message.replace(printable(str(file.path)), printable(name))
                found.append(replace(finding, run=run, file=name, message=message))
        return found

    def _file_digest(self, path: Path) -> str:
        if path not in self._digests:
            self._digests[path] = questions.digest_file(path, self._length(path))
        return self._digests[path]


def open_logs(path: str | os.PathLike[str] | None = None) -> Logs:
    """Open the log directory in effect.

    That is the argument; else the one in the environment variable ``RULKA_LOGDIR``; else
    ``tensorboard/`` of the project if it holds runs; else the bundled published curves, written as
    event logs into the build folder.

    Parameters
    ----------
    path : path-like, optional
        A log directory: one folder a run beneath it.

    Raises
    ------
    LogDirectoryError
        If there is no such directory, or no run in it; names the nearest directory.
    """
    snapshot = os.environ.get("RULKA_SNAPSHOT")
    chosen = log_directory(path)
    if snapshot:
        data = json.loads(Path(snapshot).read_text(encoding="utf-8"))
        if data["path"] == str(chosen):
            return Logs(chosen, lengths=data["lengths"])
    return Logs(chosen)


def log_directory(path: str | os.PathLike[str] | None = None) -> Path:
    """Return the log directory in effect; see `open_logs`."""
    named = os.fspath(path) if path is not None else os.environ.get("RULKA_LOGDIR")
    if named:
        return Path(os.path.abspath(Path(named).expanduser()))  # noqa: PTH100
    own = project_folder() / "tensorboard"
    if own.is_dir() and _holds_runs(own):
        return own
    from rulka_analysis.published import published_logs

    return published_logs()


def _holds_runs(folder: Path) -> bool:
    try:
        Logs(folder)
    except LogDirectoryError:
        return False
    return True


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


def _created(file: EventFile) -> float:
    if file.created is not None:
        return file.created
    return float(file.wall_times[0]) if len(file.wall_times) else math.inf


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _started(file: EventFile) -> float:
    return min(_created(file), float(file.wall_times.min()))


def _sessions(files: tuple[EventFile, ...]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Number the files' sessions: between two files of one session there was no pause.

    Files written at the same time belong to one session, and so do files that one process wrote
    after each other (its segments): their names bear the same process and a rising count.
    """
    numbers: list[int] = []
    starts: list[float] = []
    ended = -math.inf
    for position, file in enumerate(files):
        start = _started(file)
        if not starts or (start >= ended and not _goes_on_writing(files[position - 1], file)):
            starts.append(start)
        else:
            starts[-1] = min(starts[-1], start)
        numbers.append(len(starts) - 1)
        ended = max(ended, float(file.wall_times.max()))
    return np.array(numbers, dtype=np.int64), np.array(starts)


def _goes_on_writing(before: EventFile, after: EventFile) -> bool:
    """Tell whether the process that wrote one file also wrote another, later."""
    earlier, later = (_FILE_NAME.match(file.path.name) for file in (before, after))
    return (
        earlier is not None
        and later is not None
        and earlier["process"] == later["process"]
        and int(earlier["count"]) < int(later["count"])
    )


def _resolve_restarts(
    run: str, files: tuple[EventFile, ...], relative: Callable[[Path], str]
) -> tuple[list[NDArray[np.bool_]], list[Finding]]:
    """Decide which events stand: a later file that repeats steps of tags it shares wins.

    A program resumed from a checkpoint goes back a little and writes the steps since then again.
    What an earlier file logged from that step on belongs to a past that was given up, whatever the
    tag. A file that shares no tag with another does not repeat it, and files written at the same
    time do not follow each other: both are left alone.
    """
    kept = [np.ones(len(file.values), dtype=bool) for file in files]
    findings: list[Finding] = []
    for later in range(1, len(files)):
        for earlier in range(later):
            shared = set(files[earlier].tags) & set(files[later].tags)
            if not shared:
                continue
            names = f"{relative(files[earlier].path)} and {relative(files[later].path)}"
            if _started(files[later]) < float(files[earlier].wall_times.max()):
                findings.append(
                    Finding(
                        "written_at_the_same_time",
                        "warning",
                        f"{names} were written at the same time and share {len(shared)} tags; "
                        "the events of both are kept.",
                        why="Two programs may have logged into one folder.",
                        remedy="Give each run a folder of its own.",
                        run=run,
                        file=relative(files[later].path),
                    )
                )
                continue
            codes = [code for code, tag in enumerate(files[later].tags) if tag in shared]
            start = int(files[later].steps[np.isin(files[later].tag_codes, codes)].min())
            overlaid = kept[earlier] & (files[earlier].steps >= start)
            count = int(overlaid.sum())
            if not count:
                continue
            kept[earlier] &= ~overlaid
            whole = not kept[earlier].any()
            findings.append(
                Finding(
                    "restart",
                    "warning" if whole else "note",
                    f"{relative(files[later].path)} starts again at step {start:,}: {count:,} "
                    f"events of {relative(files[earlier].path)} from that step on are overlaid"
                    + (", which is all of it." if whole else "."),
                    why="A resumed run repeats steps; the later file wins.",
                    remedy=(
                        "If these are different runs, give each a folder of its own."
                        if whole
                        else "Nothing to do."
                    ),
                    run=run,
                    file=relative(files[later].path),
                )
            )
    return kept, findings
