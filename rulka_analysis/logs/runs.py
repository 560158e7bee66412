"""A folder of event logs, as runs.

A run is one training run, however many files and segments it has: what its files tell together is
a `history`, which folders are one run is said by `segments`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path

from rulka_analysis.logs.archive.files import ArchivedFiles, source_at
from rulka_analysis.logs.clocks import Conventions
from rulka_analysis.logs.files import RunFiles
from rulka_analysis.logs.run import Overlap, Run, check_overlap
from rulka_analysis.logs.segments import Extent, fold_segments, holds_settings
from rulka_analysis.logs.source import Source
from rulka_analysis.values import questions
from rulka_analysis.values.errors import (
    LogDirectoryError,
    UnknownRunError,
    nearest,
    unknown,
)
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.text import natural_order

__all__ = ["Logs", "Run"]


class Logs:
    """A log directory: the runs in it, by name.

    Parameters
    ----------
    path : Path
        The log directory, or an archive of one.
    lengths : mapping of str to int, optional
        Bytes of each event file (by path relative to `path`) to read: a build reads files up to the
        length they had when it started, and no file that appeared later.
    overlap : {"later wins", "keep all"}
        Which events stand where files of a run speak of the same steps; see `attempts`.
    continues : mapping of str to str, optional
        Folders that go on from another one, which is the run: ``{"dqn_2": "dqn"}``. Beyond these,
        the conventions say where a program goes on in another folder.
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
        continues: Mapping[str, str] | None = None,
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
        found = _runs_in(self._files, self.conventions.segment_steps, continues or {})
        self._open(found)
        if not self._runs:
            raise LogDirectoryError(_no_run(self.path, self._files.findings))

    def _open(self, found: Mapping[str, RunFiles]) -> None:
        self._found = dict(found)
        self._runs = {name: self._run(name, files) for name, files in found.items()}
        # What `add_hparams` wrote is of its run, and opens by itself.
        self._beside = {
            folder: self._run(folder, RunFiles(self._files, (folder,), (), (folder,)))
            for files in found.values()
            for folder in files.beside
        }

    def with_steps_called(self, name: str) -> Logs:
        """Return these logs with another name for what the step counts; as they are if it is it."""
        if name == self.conventions.steps.name:
            return self
        other = copy(self)
        other.conventions = self.conventions.with_steps_called(name)
        other._open(self._found)
        return other

    def _run(self, name: str, files: RunFiles) -> Run:
        return Run(name, files, conventions=self.conventions, overlap=self.overlap)

    def _find(self, name: str) -> Run | None:
        """Return a run, an earlier attempt (``run@1``) or what `add_hparams` wrote beside one."""
        found = self._runs.get(name) or self._beside.get(name)
        base, _, number = name.rpartition("@")
        if found is not None or base not in self._runs or not number.isdecimal():
            return found
        earlier = self._runs[base].earlier
        return earlier[int(number) - 1] if 0 < int(number) <= len(earlier) else None

    def __repr__(self) -> str:
        return f"<Logs {self.name}: {len(self._runs)} runs>"

    @property
    def name(self) -> str:
        """The log directory's name."""
        return self.path.name

    @property
    def archived(self) -> bool:
        """Whether these are the runs of an archive, not of event files that may still grow."""
        return isinstance(self._files, ArchivedFiles)

    @property
    def source(self) -> Source:
        """The event files and sidecars that the runs are made of."""
        return self._files

    @property
    def runs(self) -> tuple[str, ...]:
        """The names of all runs, ``uni_5`` before ``uni_10``.

        Earlier attempts at a run are not among them; they open as ``run@1``, ``run@2``.
        """
        questions.note("runs", "", self.runs_digest())
        return tuple(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return (self[name] for name in self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str):
            questions.note("run", name, self._answer(name))
            return self._find(name) is not None
        return False

    def __getitem__(self, name: str) -> Run:
        """Return a run by name; ``run@1`` is its first attempt, where it began anew.

        Raises
        ------
        UnknownRunError
            If there is no such run; names what there is, and the nearest.
        """
        questions.note("run", name, self._answer(name))
        found = self._find(name)
        if found is None:
            raise UnknownRunError(unknown("run", name, self._runs, f"in {self.path}"))
        return found

    @contextmanager
    def passing(self, name: str) -> Iterator[Run]:
        """Give a run, and let go of what was read of it: of very many, not all fit into memory.

        What was read before stays.
        """
        run = self[name]
        stays = run.is_read or name not in self._runs
        try:
            yield run
        finally:
            if not stays:
                files = replace(self._found[name])
                self._found[name], self._runs[name] = files, self._run(name, files)
                for folder in files.places:
                    self._files.let_go(folder)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed about folders that hold event files and are no run.

        A folder whose only file is damaged from its start is one; without this it would be missing
        in silence. What concerns a run stands in `Run.findings`.
        """
        used = self._used
        others = [folder for folder in self._files.folders if folder not in used]
        found = (*self._files.findings, *(f for o in others for f in self._files.findings_of(o)))
        questions.note("findings", "", questions.digest_of([f.as_dict() for f in found]))
        return found

    def get(self, name: str) -> Run | None:
        """Return a run by name, or None if there is no such run."""
        questions.note("run", name, self._answer(name))
        return self._find(name)

    @property
    def without_scalars(self) -> dict[str, int]:
        """Folders whose event files hold no scalar, and how many files each has."""
        used = self._used
        return {
            folder: len(files)
            for folder, files in sorted(
                self._files.folders.items(), key=lambda item: natural_order(item[0])
            )
            if folder not in used
        }

    @property
    def _used(self) -> set[str]:
        return {place for run in self._runs.values() for place in run.places}

    def digest(self, name: str) -> str:
        """Return the digest of everything a run is read from, or ``"absent"``."""
        found = self._find(name)
        return questions.ABSENT if found is None else found.digest

    def file_states(self, name: str) -> dict[str, tuple[int, str]]:
        """Return what a run is read from: bytes read of each file, and their SHA-256.

        By path relative to the log directory, sidecars included; empty for a run that is not
        there. `digest` changes exactly when one of these does.
        """
        found = self._find(name)
        return {} if found is None else dict(found.file_states)

    def runs_digest(self) -> str:
        """Return the digest of the list of runs."""
        return questions.digest_of(list(self._runs))

    def lengths(self) -> dict[str, int]:
        """Return the bytes of every event file, by path relative to the log directory."""
        return self._files.lengths()

    def _answer(self, name: str) -> Callable[[], str]:
        return lambda: self.digest(name)


def _runs_in(
    files: Source, thresholds: tuple[int, ...], continues: Mapping[str, str]
) -> dict[str, RunFiles]:
    """Return what each run is read from: a folder with a scalar is a run, or a segment of one."""
    holding = sorted(filter(files.holds_scalars, files.folders), key=natural_order)
    all_holding = set(holding)
    of_run: dict[str, list[str]] = {}
    for folder in holding:
        run, _, name = folder.rpartition("/")
        if run in all_holding and holds_settings(name, files.read(folder)):
            of_run.setdefault(run, []).append(folder)
    beneath = {folder for found in of_run.values() for folder in found}

    def extent(folder: str) -> Extent | None:
        held = [file.steps for file in files.read(folder) if len(file.steps)]
        if not held:
            return None
        return min(int(s.min()) for s in held), max(int(s.max()) for s in held)

    runs = fold_segments(
        (folder for folder in holding if folder not in beneath), extent, thresholds, continues
    )
    found = {}
    for name, parts in runs.items():
        beside = tuple(other for folder in parts for other in of_run.get(folder, ()))
        places = [
            place
            for folder in (*parts, *beside)
            for place in (folder, *(b for b in files.beneath(folder) if b not in all_holding))
        ]
        # Keras logs hyperparameters above the folders of training and validation.
        above = dict.fromkeys(folder.rpartition("/")[0] or "." for folder in parts)
        places += [up for up in above if up in files.folders and up not in all_holding]
        found[name] = RunFiles(files, parts, beside, tuple(places))
    return found


def _no_run(path: Path, findings: Sequence[Finding]) -> str:
    """Word the error for a log directory without a run, and what could not be read there."""
    causes = "".join(f"{finding.message} " for finding in findings[:3])
    looked = "no event file (events.out.tfevents.…) with a scalar is there or in a folder beneath"
    return (
        f"no run in {path}: {causes}{looked[:1].upper() if causes else looked[:1]}{looked[1:]}. "
        "Set LOGDIR (or --logdir) to the folder in which each run has a folder"
    )


def _check_directory(path: Path) -> None:
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(path) from None
    except OSError as error:
        raise LogDirectoryError(
            f"the log directory {path} may not be read: {error.strerror}. Ask its owner for the "
            "right to read it, or copy the logs to a folder of your own"
        ) from error
    if not is_folder:
        raise LogDirectoryError(
            f"{path} is a file, not a log directory. Name the folder in which each run has a folder"
        )
    if not os.access(path, os.R_OK | os.X_OK):
        raise LogDirectoryError(
            f"the log directory {path} may not be read: you have no right to list it. Ask its "
            "owner for the right, or copy the logs to a folder of your own"
        )


def _missing(path: Path) -> LogDirectoryError:
    """Word the error for a log directory that is not there."""
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
    return LogDirectoryError(
        f"no log directory {path}: there is no {missing!r} in {parent}{guess or '.'} "
        "Set LOGDIR (or --logdir) to the folder in which each run has a folder"
    )
