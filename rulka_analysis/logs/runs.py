"""A folder of event logs, as runs.

A run is one training run, however many files and segments it has: its files are put in order, a
restart's repeated steps are resolved (`restarts`; what is given up is counted), segments ``X_2``,
``X_3``, … are folded into ``X`` where their steps go on where its steps end (`segments`).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.clocks import CLOCKS, Clock, check_clock, interpolated, session_minutes
from rulka_analysis.logs.events import (
    EventCache,
    EventFile,
    TextEvent,
    file_state,
    has_scalars,
    read_event_file,
)
from rulka_analysis.logs.events.file_findings import printable
from rulka_analysis.logs.events.listing import search
from rulka_analysis.logs.provenance import SIDECAR, Provenance, TagProvenance, read_provenance
from rulka_analysis.logs.segments import fold_segments, goes_on, run_of_hyperparameters
from rulka_analysis.logs.segments import natural_order as natural_order
from rulka_analysis.logs.sessions import Overlap, check_overlap, created, sessions, standing_events
from rulka_analysis.values import questions
from rulka_analysis.values.errors import (
    LogDirectoryError,
    RulkaError,
    UnknownRunError,
    UnknownTagError,
    nearest,
    unknown,
)
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.places import build_folder, project_folder
from rulka_analysis.values.quantities import Evidence

if TYPE_CHECKING:
    # Imported by what makes tables: a build that finds nothing changed makes none.
    import pandas as pd

# The tags from which the training program's own clocks are read.
HOURS_TAG = "cumul_training_hours"
UPDATES_TAG = "cumul_number_batches_done"


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
        return tuple(file for file in self._files_that_count if len(file.values))

    @cached_property
    def _files_that_count(self) -> tuple[EventFile, ...]:
        """Files with scalars, and those that only declare a restart, in the order written."""
        files = [f for folder in self.folders for f in self._logs._read_folder(folder)]
        counting = (file for file in files if len(file.values) or file.session_starts)
        return tuple(sorted(counting, key=created))

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
        import pandas as pd

        events = self._events
        if tag not in events.by_tag:
            message = unknown("tag", tag, self.tags, f"in run {self.name}")
            raise UnknownTagError(message)
        at = events.by_tag[tag]
        return pd.DataFrame(
            {
                "frames": events.frames[at],
                "minutes": events.minutes[at],
                "updates": events.updates[at],
                "wall_time": events.wall_times[at],
                "value": events.values[at],
                "step": events.steps[at],
                "file": pd.Categorical.from_codes(events.files[at], dtype=self._file_type),
                "reading_error": events.reading_errors[at],
            }
        )

    @cached_property
    def _file_type(self) -> pd.CategoricalDtype:
        import pandas as pd

        return pd.CategoricalDtype([self._logs._relative(file.path) for file in self.files])

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
        for place in self._places:
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
        return questions.digest_of([list(self.folders), self.file_states])

    @cached_property
    def file_states(self) -> dict[str, tuple[int, str]]:
        """Bytes read of each file of the run, sidecars included, and the SHA-256 of these bytes.

        By path relative to the log directory. `digest` changes exactly when one of these does.
        """
        files = [path for place in self._places for path in self._logs._files_of(place)]
        states = {self._logs._relative(path): self._logs._state(path) for path in files}
        for folder in self.folders:
            sidecar = self._logs._folder(folder) / SIDECAR
            if sidecar.exists():
                states[self._logs._relative(sidecar)] = file_state(sidecar)
        return states

    @property
    def _places(self) -> list[str]:
        """The run's folders, and those beneath with event files that hold no scalar."""
        return [
            place
            for folder in self.folders
            for place in (folder, *self._logs._without_scalars_beneath(folder))
        ]

    @cached_property
    def _provenances(self) -> dict[str, Provenance | None]:
        return {folder: read_provenance(self._logs._folder(folder)) for folder in self.folders}

    def _clock(self, clock: Clock) -> NDArray[np.float64]:
        positions: NDArray[np.float64] = getattr(self._events, clock)
        return positions

    @cached_property
    def _events(self) -> _Events:
        files = self.files
        counting = self._files_that_count
        names = [self._logs._relative(file.path) for file in counting]
        standing, findings = standing_events(self.name, counting, names, self._logs.overlap)
        kept = [mask for file, mask in zip(counting, standing, strict=True) if len(file.values)]
        for place in self._places:
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
        session_of_file, starts = sessions(files)
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
    overlap : {"later wins", "keep all", "tensorboard"}
        Which events stand where files of a run speak of the same steps; see `restarts`.

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
    ) -> None:
        # Not resolved: a symbolic link keeps the name that people know it by.
        self.path = Path(os.path.abspath(path))  # noqa: PTH100
        self._prefix = os.path.join(self.path, "")  # noqa: PTH118 - ends with a separator
        self.overlap: Overlap = check_overlap(overlap)
        self._only = lengths
        self._cache = _cache()
        self._lengths: dict[Path, int] = {}
        self._folders: dict[str, list[Path]] = {}
        self._beneath: dict[str, list[str]] = {}
        self._unlisted: list[Finding] = []
        self._read: dict[str, tuple[EventFile, ...]] = {}
        self._states: dict[Path, tuple[int, str]] = {}
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
                self._folders.setdefault(self._relative(path.parent), []).append(path)
        for folder in self._folders:
            if folder != ".":
                self._beneath.setdefault(folder.rpartition("/")[0] or ".", []).append(folder)
        holding = sorted(filter(self._holds_scalars, self._folders), key=natural_order)
        with_hyperparameters: dict[str, list[str]] = {}
        all_holding = set(holding)
        for folder in holding:
            run = run_of_hyperparameters(folder, all_holding)
            if run and any(file.hyperparameters for file in self._read_folder(folder)):
                with_hyperparameters.setdefault(run, []).append(folder)
        beneath = {folder for found in with_hyperparameters.values() for folder in found}
        parts = fold_segments((f for f in holding if f not in beneath), self._goes_on)
        for name, folders in parts.items():
            own = [other for folder in folders for other in with_hyperparameters.get(folder, ())]
            self._runs[name] = Run(self, name, (*folders, *own))

    def _goes_on(self, before: str, after: str) -> bool:
        return goes_on(self._read_folder(before), self._read_folder(after))

    def _read_folder(self, folder: str) -> tuple[EventFile, ...]:
        if folder not in self._read:
            files = [self._read_file(path) for path in self._files_of(folder)]
            for file in files:
                self._states[file.path] = (file.length, file.digest)
            files.sort(key=lambda file: (created(file), file.path.name))
            self._read[folder] = tuple(files)
        return self._read[folder]

    def _read_file(self, path: Path) -> EventFile:
        if self._cache is not None:
            return self._cache.read(path, length=self._length(path))
        # Without what is needed to read on: of very many small files, that is most.
        return replace(read_event_file(path, length=self._length(path)), continuation=None)

    def _without_scalars_beneath(self, folder: str) -> list[str]:
        """Return folders directly beneath a run's that hold event files but are no run."""
        return [other for other in self._beneath.get(folder, ()) if other not in self._runs]

    def _files_of(self, folder: str) -> Sequence[Path]:
        return self._folders.get(folder, ())

    def _folder(self, folder: str) -> Path:
        return self._folders[folder][0].parent

    def _relative(self, path: Path) -> str:
        # By its text: of very many files, a path's own methods take longer than reading.
        name = os.fspath(path).removeprefix(self._prefix).replace(os.sep, "/")
        if path == self.path:
            return "."
        # A name that is no valid Unicode can be neither printed nor written to JSON.
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

    def _holds_scalars(self, folder: str) -> bool:
        if not any(map(has_scalars, self._files_of(folder))):
            return False
        # The files may be longer than what is to be read of them.
        return self._only is None or any(len(file.values) for file in self._read_folder(folder))

    def _findings_of(self, folder: str, run: str | None = None) -> list[Finding]:
        """Return what was wrong with a folder's files, which are named from the log directory."""
        found = []
        for file in self._read_folder(folder):
            name = self._relative(file.path)
            for finding in file.findings:
                message = finding.message.replace(printable(str(file.path)), printable(name))
                found.append(replace(finding, run=run, file=name, message=message))
        return found

    def _state(self, path: Path) -> tuple[int, str]:
        if path not in self._states:
            self._states[path] = file_state(path, length=self._length(path))
        return self._states[path]


def open_logs(path: str | os.PathLike[str] | None = None, *, overlap: str = "later wins") -> Logs:
    """Open the log directory in effect.

    That is the argument; else the one in the environment variable ``RULKA_LOGDIR``; else
    ``tensorboard/`` of the project if it holds runs; else the bundled published curves, written as
    event logs into the build folder.

    Parameters
    ----------
    path : path-like, optional
        A log directory: one folder a run beneath it.
    overlap : {"later wins", "keep all", "tensorboard"}
        Which events stand where files of a run speak of the same steps, as they do after a
        restart: those of the later file; all of them; those that TensorBoard shows. How many
        events are given up stands in `Run.findings`.

    Raises
    ------
    LogDirectoryError
        If there is no such directory, or no run in it; names the nearest directory.
    RulkaError
        If there is no such policy.
    """
    snapshot = os.environ.get("RULKA_SNAPSHOT")
    chosen = log_directory(path)
    if snapshot:
        data = json.loads(Path(snapshot).read_text(encoding="utf-8"))
        if data["path"] == str(chosen):
            return Logs(chosen, lengths=data["lengths"], overlap=overlap)
    return Logs(chosen, overlap=overlap)


def log_directory(path: str | os.PathLike[str] | None = None) -> Path:
    """Return the log directory in effect; see `open_logs`."""
    named = os.fspath(path) if path is not None else os.environ.get("RULKA_LOGDIR")
    if named:
        return Path(os.path.abspath(Path(named).expanduser()))  # noqa: PTH100
    own = project_folder() / "tensorboard"
    if own.is_dir() and _holds_runs(own):
        return own
    from rulka_analysis.domains.trackmania.published import published_logs

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


def _cache() -> EventCache | None:
    try:
        return EventCache(build_folder() / "events_read")
    except RulkaError:  # The package is used away from its project.
        return None


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
