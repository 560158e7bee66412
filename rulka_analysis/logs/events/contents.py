"""What reading one event file gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.values.findings import Finding


class EventFileWarning(UserWarning):
    """An event file could not be read completely; the message names file, byte and kind."""


@dataclass(frozen=True, slots=True)
class TextEvent:
    """A text that was logged.

    Parameters
    ----------
    tag : str
        The tag as written (PyTorch appends ``/text_summary``).
    step : int
    wall_time : float
        Seconds since the epoch.
    text : str
        The elements of a table of texts are joined by line ends, row by row.
    ends : int
        How many bytes of the file there are up to its end.
    """

    tag: str
    step: int
    wall_time: float
    text: str
    ends: int


@dataclass(frozen=True, slots=True, eq=False)
class EventFile:
    """Everything that one event file says about scalars, and what was wrong with it.

    Parameters
    ----------
    path : pathlib.Path
    length : int
        Bytes considered: the length asked for, or the file's size where that is smaller.
    created : float or None
        Wall time of the first record, in seconds since the epoch: when the file was opened for
        writing. None where the first record cannot be read.
    version : float or None
        Of the format, as the file declares it; None where it does not. From 2 on, writers declare
        restarts.
    tags : tuple of str
        The tags that hold scalars, in order of first appearance.
    tag_codes : ndarray of int32, shape (n,)
        For every scalar event, in file order, the position of its tag in `tags`.
    steps : ndarray of int64, shape (n,)
    wall_times : ndarray of float64, shape (n,)
        Seconds since the epoch.
    values : ndarray of float64, shape (n,)
        Every float32, float16, bfloat16 and float64 is kept exactly, and every integer up to
        2^53 in size; a larger one that had to be rounded is named in `findings`.
    session_starts : tuple of (int, int)
        Where a writer declared a restart (``SessionLog.START``): how many scalar events stand
        before it, and its step.
    texts : tuple of TextEvent
        Filled only where texts were asked for.
    hyperparameters : dict
        What the file's first ``session_start_info`` holds (HParams plugin).
    findings : tuple of Finding
        What was wrong, in file order, then remarks on single tags.
    digest : str
        SHA-256, in hexadecimal, of the bytes considered: those that were read.
    """

    path: Path
    length: int
    created: float | None
    version: float | None
    tags: tuple[str, ...]
    tag_codes: NDArray[np.int32]
    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float64]
    session_starts: tuple[tuple[int, int], ...]
    texts: tuple[TextEvent, ...]
    hyperparameters: dict[str, bool | float | str]
    findings: tuple[Finding, ...]
    digest: str

    def __repr__(self) -> str:
        return (
            f"EventFile({str(self.path)!r}, length={self.length}, scalars={len(self.values)}, "
            f"tags={len(self.tags)}, findings={len(self.findings)})"
        )
