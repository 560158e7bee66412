"""Columns of scalar events, and how they grow while a file is read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_LEAST_CAPACITY = 1024


class Columns(NamedTuple):
    """Scalar events, one element each, shape (n,); see `EventFile`."""

    tag_codes: NDArray[np.int32]
    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float64]

    @classmethod
    def empty(cls, count: int) -> Columns:
        """Return columns whose contents mean nothing yet."""
        return cls(
            np.empty(count, np.int32),
            np.empty(count, np.int64),
            np.empty(count, np.float64),
            np.empty(count, np.float64),
        )

    def at(self, positions: NDArray[np.intp] | slice) -> Columns:
        """Return the events at these positions, in this order."""
        return self._replace(
            tag_codes=self.tag_codes[positions],
            steps=self.steps[positions],
            wall_times=self.wall_times[positions],
            values=self.values[positions],
        )

    def put(self, positions: NDArray[np.intp] | slice, other: Columns) -> None:
        """Overwrite the events at these positions."""
        self.tag_codes[positions] = other.tag_codes
        self.steps[positions] = other.steps
        self.wall_times[positions] = other.wall_times
        self.values[positions] = other.values


class GrowingColumns:
    """Columns that events are added to.

    Memory that a program touches for the first time costs more than what is done with it here.
    So nothing is collected in parts and joined in the end: the columns are laid out once, for as
    many events as the part read so far lets one expect in the whole.
    """

    def __init__(self) -> None:
        self._columns = Columns.empty(0)
        self._count = 0

    def add(self, events: Columns, part_read: float) -> None:
        """Add events.

        With these so large a part of the file has been read: above 0, and 1 for all of it.
        """
        count = self._count + len(events.values)
        if count > len(self._columns.values):
            capacity = count
            if part_read < 1.0:
                expected = int(count / max(part_read, 1e-3) * 1.05)
                capacity = max(expected, count + count // 4, _LEAST_CAPACITY)
            before = self._columns
            self._columns = Columns.empty(capacity)
            self._columns.put(slice(self._count), before.at(slice(self._count)))
        self._columns.put(slice(self._count, count), events)
        self._count = count

    def all(self) -> Columns:
        """Return the events added so far."""
        return self._columns.at(slice(self._count))
