"""Which events of a run stand when several of its files speak of the same steps.

A program that is resumed from a checkpoint goes back a little and logs the steps since then
again. What it had logged of them before belongs to a past that was given up. Three policies say
which events stand:

``"later wins"``
    A restart that the program declared (``SessionLog.START``) gives up what it says it does: every
    earlier event from its step on, whatever the tag. Without a declaration, a later file that
    shares tags with an earlier one overlays the earlier one's events from its own first step (of
    those tags) on, whatever the tag. Files written at the same time do not follow each other and
    leave each other alone.
``"keep all"``
    Every event stands.
``"tensorboard"``
    What TensorBoard shows: see `as_tensorboard`.

All functions here are pure: they take what was read of the files and return masks and findings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.events import EventFile
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.findings import Finding, Severity
from rulka_analysis.values.text import amount

Overlap = Literal["later wins", "keep all", "tensorboard"]
OVERLAPS: tuple[Overlap, ...] = get_args(Overlap)
MOST_LISTED = 100
"""Of more findings of one kind than this, the others are summed up in one."""

Mask = NDArray[np.bool_]

# ``events.out.tfevents.<time>.<host>.<process>.<count>``, with another suffix in TensorFlow 2.
_FILE_NAME = re.compile(r".*tfevents\.\d+\.(?P<process>.+\.\d+)\.(?P<count>\d+)(\.v2)?\Z", re.S)
_NEVER = np.iinfo(np.int64).max
_FURTHER_RESTARTS = "{count:,} further restarts: {events:,} events are given up."


# How many events something made void, and how that is said.
_Said = tuple[int, Finding]


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


def created(file: EventFile) -> float:
    """Return when a file was opened for writing, in seconds since the epoch; inf if unknown."""
    if file.created is not None and math.isfinite(file.created):
        return file.created
    return float(file.wall_times[0]) if len(file.wall_times) else math.inf


def sessions(files: Sequence[EventFile]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Number the files' sessions: between two files of one session there was no pause.

    Files written at the same time belong to one session, and so do files that one process wrote
    after each other (its segments): their names bear the same process and a rising count.

    Parameters
    ----------
    files : sequence of EventFile
        In the order written, each with scalars.

    Returns
    -------
    numbers : ndarray of int64, shape (len(files),)
        The session of each file.
    starts : ndarray of float64
        When each session began, in seconds since the epoch.
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


def standing_events(
    run: str, files: Sequence[EventFile], names: Sequence[str], overlap: Overlap
) -> tuple[list[Mask], list[Finding]]:
    """Decide which events stand.

    Parameters
    ----------
    run : str
        The run's name, for findings.
    files : sequence of EventFile
        In the order written.
    names : sequence of str
        Of the files, relative to the log directory.
    overlap : {"later wins", "keep all", "tensorboard"}

    Returns
    -------
    kept : list of ndarray of bool
        For every file, which of its scalar events stand.
    findings : list of Finding
        What was given up, and how many events that is.
    """
    kept = [np.ones(len(file.values), dtype=bool) for file in files]
    if overlap == "keep all" or not files:
        return kept, []
    if overlap == "tensorboard":
        return _as_tensorboard_by_folder(run, files, names)
    given_up = _later_wins(run, files, names, kept)
    at_once = _written_at_the_same_time(run, files, names)
    return kept, [
        *_listed(at_once, "{count:,} further files were written at the same time as others."),
        *_listed(given_up, _FURTHER_RESTARTS),
    ]


# --- Later wins -----------------------------------------------------------------------------------


def _later_wins(
    run: str, files: Sequence[EventFile], names: Sequence[str], kept: list[Mask]
) -> list[_Said]:
    """Give up in `kept` what later files make void, and say so.

    A folder may hold very many files: the earlier ones are looked at only where the highest step
    that still stands in them shows that there may be something to give up.
    """
    said: list[_Said] = []
    highest = np.full(len(files), -_NEVER)
    ended = np.full(len(files), -math.inf)
    ceiling = -_NEVER  # No step above it stands in any file so far.
    related = _related(files)
    tags = [frozenset(file.tags) for file in files]

    def give_up(at: int, void: Mask) -> int:
        void = kept[at] & void
        kept[at] &= ~void
        left = files[at].steps[kept[at]]
        highest[at] = left.max() if len(left) else -_NEVER
        return int(void.sum())

    def reached(later: int, since: int) -> NDArray[np.intp]:
        """Return the files that had ended by then and in which a step from there on stands."""
        nonlocal ceiling
        if since > ceiling:
            return np.empty(0, np.intp)
        ceiling = highest[:later].max(initial=-_NEVER)
        finished = ~(_started(files[later]) < ended[:later])
        return np.flatnonzero(finished & (highest[:later] >= since))

    for later, file in enumerate(files):
        if file.session_starts:
            since = min(step for _, step in file.session_starts)
            for at in reached(later, since).tolist():
                count = give_up(at, files[at].steps >= since)
                whole = not kept[at].any()
                said.append(_declared(run, names[later], names[at], since, count, whole))
            if count := give_up(later, _before_declared(file.session_starts, file.steps)):
                said.append(_declared(run, names[later], names[later], since, count, False))
        if not len(file.values):
            continue
        possible = reached(later, int(file.steps.min()))
        for at in possible[related[possible] == related[later]].tolist():
            shared = tags[at] & tags[later]
            if not shared:
                continue
            start = _first_step(file, shared)
            if count := give_up(at, files[at].steps >= start):
                whole = not kept[at].any()
                said.append(_overlaid(run, names[later], names[at], start, count, whole))
        ended[later] = file.wall_times.max()
        left = file.steps[kept[later]]
        highest[later] = left.max() if len(left) else -_NEVER
        ceiling = max(ceiling, int(highest[later]))
    return said


def _before_declared(starts: Sequence[tuple[int, int]], steps: NDArray[np.int64]) -> Mask:
    """Return which events a restart declared behind them gives up.

    Parameters
    ----------
    starts : sequence of (int, int)
        As in `EventFile`: how many events stand before each, and its step.
    steps : ndarray of int64, shape (n,)
    """
    # For each place between events: the lowest step from which on a restart gives up those before.
    limits = np.full(len(steps) + 1, _NEVER)
    for before, step in starts:
        limits[before] = min(limits[before], step)
    return _not_below_what_follows(steps, limits)


def _not_below_what_follows(steps: NDArray[np.int64], limits: NDArray[np.int64]) -> Mask:
    """Return which steps are not below the lowest limit of any later place."""
    lowest_behind = np.minimum.accumulate(limits[::-1])[::-1][1:]
    reached: Mask = (steps >= lowest_behind) & (lowest_behind < _NEVER)
    return reached


def _first_step(file: EventFile, tags: frozenset[str]) -> int:
    codes = [code for code, tag in enumerate(file.tags) if tag in tags]
    return int(file.steps[np.isin(file.tag_codes, codes)].min())


def _related(files: Sequence[EventFile]) -> NDArray[np.int64]:
    """Number the files so that those connected by shared tags bear the same number."""
    first: dict[str, int] = {}
    parent = list(range(len(files)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = at = parent[parent[at]]
        return at

    for at, file in enumerate(files):
        for tag in file.tags:
            parent[root(at)] = root(first.setdefault(tag, at))
    return np.array([root(at) for at in range(len(files))], np.int64)


def _written_at_the_same_time(
    run: str, files: Sequence[EventFile], names: Sequence[str]
) -> list[_Said]:
    """Name each file that began before an earlier one with tags of its own had ended."""
    found = []
    last: dict[str, tuple[float, int]] = {}
    for later, file in enumerate(files):
        if not len(file.values):
            continue
        others = [last[tag] for tag in file.tags if tag in last]
        ended, earlier = max(others, default=(-math.inf, -1))
        if _started(file) < ended:
            shared = len(set(files[earlier].tags) & set(file.tags))
            finding = Finding(
                "written_at_the_same_time",
                "warning",
                f"{names[earlier]} and {names[later]} were written at the same time and share "
                f"{amount(shared, 'tag')}; the events of both are kept.",
                why="Two programs may have logged into one folder.",
                remedy="Give each run a folder of its own.",
                run=run,
                file=names[later],
            )
            found.append((0, finding))
        ends = (float(file.wall_times.max()), later)
        for tag in file.tags:
            last[tag] = max(last.get(tag, ends), ends)
    return found


def _started(file: EventFile) -> float:
    return min(created(file), float(file.wall_times.min()) if len(file.wall_times) else math.inf)


def _goes_on_writing(before: EventFile, after: EventFile) -> bool:
    """Tell whether the process that wrote one file also wrote another, later."""
    earlier, later = (_FILE_NAME.match(file.path.name) for file in (before, after))
    return (
        earlier is not None
        and later is not None
        and earlier["process"] == later["process"]
        and int(earlier["count"]) < int(later["count"])
    )


# --- As TensorBoard does --------------------------------------------------------------------------


def as_tensorboard(files: Sequence[EventFile]) -> list[Mask]:
    """Return which events of one folder's files TensorBoard shows, were it not to sample.

    Follows ``EventAccumulator`` with ``purge_orphaned_data`` (tensorboard 2.21,
    ``backend/event_processing/event_accumulator.py``):

    - From version 2 of the format on, a ``SessionLog.START`` gives up every event before it whose
      step is not below its own. Nothing else gives up anything: events that a resumed program
      repeats without declaring the restart stand there twice.
    - Before version 2, an event whose step is below the highest one so far gives up those events
      of its tag before it whose step is not below its own.

    The version is that of the file, or of the last file before it that declares one. Before
    version 2 only steps of scalars are looked at here; TensorBoard also looks at those of other
    events.

    Parameters
    ----------
    files : sequence of EventFile
        All files of one folder, in order of their names: TensorBoard's ``DirectoryWatcher`` reads
        them so, whenever they were written.

    Returns
    -------
    list of ndarray of bool
        For every file, which of its scalar events stand.
    """
    bounds = np.cumsum([0, *(len(file.values) for file in files)])
    steps = np.concatenate([np.empty(0, np.int64), *(file.steps for file in files)])
    goes_back = np.zeros(len(steps), dtype=bool)
    starts = []
    version, highest = 0.0, -1
    for file, (begin, end) in zip(files, pairwise(bounds.tolist()), strict=True):
        version = version if file.version is None else file.version
        if version >= 2:
            starts += [(begin + before, step) for before, step in file.session_starts]
            continue
        if file.version is not None:
            highest = 0  # The record that declares a version bears a step, too.
        seen = np.maximum.accumulate(np.concatenate([[highest], file.steps]))
        goes_back[begin:end] = file.steps < seen[:-1]
        highest = int(seen[-1])
    given_up = _before_declared(starts, steps)
    if goes_back.any():
        given_up |= _before_steps_that_go_back(_codes(files), steps, goes_back)
    return [~given_up[begin:end] for begin, end in pairwise(bounds)]


def _before_steps_that_go_back(
    codes: NDArray[np.int64], steps: NDArray[np.int64], goes_back: Mask
) -> Mask:
    limits = np.where(goes_back, steps, _NEVER)
    given_up = np.zeros(len(steps), dtype=bool)
    order = np.argsort(codes, kind="stable")
    for at in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        given_up[at] = _not_below_what_follows(steps[at], np.append(limits[at], _NEVER))
    return given_up


def _codes(files: Sequence[EventFile]) -> NDArray[np.int64]:
    """Return the tag of every event as a number that is the same in all files."""
    known: dict[str, int] = {}
    parts = [np.empty(0, np.int64)]
    for file in files:
        lookup = [known.setdefault(tag, len(known)) for tag in file.tags]
        parts.append(np.array(lookup, np.int64)[file.tag_codes])
    return np.concatenate(parts)


def _as_tensorboard_by_folder(
    run: str, files: Sequence[EventFile], names: Sequence[str]
) -> tuple[list[Mask], list[Finding]]:
    kept: list[Mask] = [np.empty(0, dtype=bool)] * len(files)
    by_folder: dict[str, list[int]] = {}
    for at, file in enumerate(files):
        by_folder.setdefault(str(file.path.parent), []).append(at)
    for places in by_folder.values():
        places.sort(key=lambda at: files[at].path.name)
        for at, mask in zip(places, as_tensorboard([files[at] for at in places]), strict=True):
            kept[at] = mask
    said = []
    for name, mask in zip(names, kept, strict=True):
        if count := int(np.count_nonzero(~mask)):
            finding = Finding(
                "restart",
                "warning" if not mask.any() else "note",
                f"{count:,} events of {name} are given up, as TensorBoard does where a restart "
                "repeats their steps" + (", which is all of it." if not mask.any() else "."),
                why="Restarts are resolved as TensorBoard does.",
                remedy="Nothing to do.",
                run=run,
                file=name,
            )
            said.append((count, finding))
    return kept, _listed(said, _FURTHER_RESTARTS)


# --- Words ----------------------------------------------------------------------------------------


def _overlaid(run: str, later: str, earlier: str, start: int, count: int, whole: bool) -> _Said:
    message = (
        f"{later} starts again at step {start:,}: {amount(count, 'event')} of {earlier} from that "
        f"step on are overlaid{', which is all of it.' if whole else '.'}"
    )
    why = "A resumed run repeats steps; the later file wins."
    return _restart(run, later, count, message, why, whole)


def _declared(run: str, later: str, earlier: str, start: int, count: int, whole: bool) -> _Said:
    of = f"before it in {earlier}" if later == earlier else f"of {earlier}"
    message = (
        f"{later} declares a restart at step {start:,}: {amount(count, 'event')} {of} from that "
        f"step on are given up{', which is all of it.' if whole else '.'}"
    )
    why = "The program said that it went back to that step."
    return _restart(run, later, count, message, why, whole)


def _restart(run: str, later: str, count: int, message: str, why: str, whole: bool) -> _Said:
    other_runs = "If these are different runs, give each a folder of its own."
    return count, Finding(
        "restart",
        "warning" if whole else "note",
        message,
        why=why,
        remedy=other_runs if whole else "Nothing to do.",
        run=run,
        file=later,
    )


def _listed(said: Sequence[_Said], others: str) -> list[Finding]:
    """Return the first findings one by one, and the others, which nobody reads, summed up."""
    found = [finding for _, finding in said[:MOST_LISTED]]
    if rest := said[MOST_LISTED:]:
        message = others.format(count=len(rest), events=sum(events for events, _ in rest))
        severe = any(finding.severity == "warning" for _, finding in rest)
        severity: Severity = "warning" if severe else "note"
        found.append(replace(rest[0][1], severity=severity, message=message))
    return found
