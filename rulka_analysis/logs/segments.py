"""Which folders of a log directory are one run.

A training program may go on in another folder. Where the domain's conventions say at which steps
it does, ``X_2``, ``X_3``, … are segments of ``X`` if their steps lie there; else, a folder goes on
from another one only where that is declared. PyTorch logs hyperparameters in a folder beneath the
run's.
All functions here are pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from rulka_analysis.logs.events import EventFile

# PyTorch's ``add_hparams`` writes into a folder of this name beneath the run's: ``str(time())``.
_HYPERPARAMETERS_FOLDER = re.compile(r"\d{9,}(\.\d+)?\Z")
_SEGMENT = re.compile(r"(?P<base>.+)_(?P<number>[1-9][0-9]*)\Z", re.S)

Extent = tuple[int, int]
"""Lowest and highest step of a folder."""


def holds_settings(name: str, files: Sequence[EventFile]) -> bool:
    """Tell whether a folder beneath a run's holds what ``add_hparams`` logs.

    It writes settings, and of each metric one value. Where the folder has the name that PyTorch
    gives it, settings alone tell.
    """
    if not any(file.hyperparameters for file in files):
        return False
    one_each = all(len(file.values) == len(file.tags) for file in files)
    return one_each or _HYPERPARAMETERS_FOLDER.match(name) is not None


def fold_segments(
    folders: Iterable[str],
    extent: Callable[[str], Extent | None],
    thresholds: Sequence[int],
    continues: Mapping[str, str],
) -> dict[str, tuple[str, ...]]:
    """Fold segments into the runs they belong to.

    `extent` returns the lowest and highest step in a folder, and is asked only where its name is a
    segment's. At the first of the thresholds the program goes on in ``X_2``.

    Examples
    --------
    >>> steps = {"a": (0, 99), "a_2": (100, 180), "b": (0, 50), "b_2": (0, 60)}
    >>> fold_segments(steps, steps.get, [100], {})
    {'a': ('a', 'a_2'), 'b': ('b',), 'b_2': ('b_2',)}
    """
    all_folders = list(folders)
    known = set(all_folders)
    first = {
        folder: before
        for folder in all_folders
        if (before := _goes_on_from(folder, known, extent, thresholds, continues)) is not None
    }
    segments: dict[str, list[str]] = {f: [f] for f in all_folders if f not in first}
    for folder in first:
        run, seen = folder, {folder}
        while run in first and first[run] not in seen:
            run = first[run]
            seen.add(run)
        segments.setdefault(run, [run])
        if folder != run:
            segments[run].append(folder)
    return {name: tuple(segments[name]) for name in all_folders if name in segments}


def _goes_on_from(
    folder: str,
    known: set[str],
    extent: Callable[[str], Extent | None],
    thresholds: Sequence[int],
    continues: Mapping[str, str],
) -> str | None:
    declared = continues.get(folder)
    if declared is not None:
        return declared if declared in known and declared != folder else None
    match = _SEGMENT.match(folder)
    if match is None or match["base"] not in known:
        return None
    number = int(match["number"])
    if not 2 <= number <= len(thresholds) + 1:
        return None
    own, base = extent(folder), extent(match["base"])
    if own is None or base is None:
        return None
    begins = thresholds[number - 2]
    ends = thresholds[number - 1] if number <= len(thresholds) else None
    # The program moves on with the first write behind a threshold.
    lies_there = own[0] >= begins and (ends is None or own[0] < ends)
    # A folder whose steps go on far behind is not that of a program that moved on.
    ends_there = base[0] < begins and base[1] < 1.05 * begins
    return match["base"] if lies_there and ends_there else None
