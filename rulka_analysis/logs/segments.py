"""Which folders of a log directory are one run.

A training program may go on in another folder: ``X_2``, ``X_3``, … are segments of ``X`` where
their steps go on where its steps end. PyTorch logs hyperparameters in a folder beneath the run's.
All functions here are pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence

from rulka_analysis.logs.events import EventFile

# PyTorch's ``add_hparams`` writes into a folder of this name beneath the run's: ``str(time())``.
_HYPERPARAMETERS_FOLDER = re.compile(r"(?P<run>.+)/\d{9,}(\.\d+)?\Z", re.S)
_SEGMENT = re.compile(r"(?P<base>.+)_(?P<number>[1-9][0-9]*)\Z")


def run_of_hyperparameters(folder: str, runs: Container[str]) -> str | None:
    """Return for which of the runs a folder of this name holds what ``add_hparams`` logs.

    Examples
    --------
    >>> run_of_hyperparameters("dqn/1700000000.5", {"dqn"})
    'dqn'
    """
    match = _HYPERPARAMETERS_FOLDER.match(folder)
    return match["run"] if match is not None and match["run"] in runs else None


def fold_segments(
    folders: Iterable[str], goes_on: Callable[[str, str], bool]
) -> dict[str, tuple[str, ...]]:
    """Fold segments into the runs they belong to.

    Parameters
    ----------
    folders : iterable of str
        In natural order.
    goes_on : callable
        Tells of two folders whether the second goes on where the first ends.

    Returns
    -------
    dict of str to tuple of str
        The folders of each run, by the name of its first.
    """
    segments: dict[str, list[str]] = {}
    for folder in folders:
        match = _SEGMENT.match(folder)
        base = match["base"] if match and int(match["number"]) >= 2 else None
        if base in segments and goes_on(segments[base][-1], folder):
            segments[base].append(folder)
        else:
            segments[folder] = [folder]
    return {name: tuple(parts) for name, parts in segments.items()}


def goes_on(before: Sequence[EventFile], after: Sequence[EventFile]) -> bool:
    """Tell whether the steps of one folder's files go on where those of another end.

    A restart may have repeated a little: the last tenth counts as the end. Another program's
    ``dqn`` and ``dqn_2`` both start at zero, and are runs of their own.
    """
    later = [file for file in after if len(file.values)]
    if not later:
        return False
    start = min(int(file.steps.min()) for file in later)
    started = min(float(file.wall_times.min()) for file in later)
    # A run resumed after the segment began may have gone back before it, and writes to the
    # earlier folder once more.
    earlier = [
        file for file in before if len(file.values) and float(file.wall_times.min()) < started
    ]
    if not earlier:
        return False
    end = max(int(file.steps.max()) for file in earlier)
    ended = max(float(file.wall_times.max()) for file in earlier)
    return start > 0 and start >= 0.9 * end and started >= ended
