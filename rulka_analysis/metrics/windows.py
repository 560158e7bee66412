"""Which events of a series decide its value at positions of a clock, and what that value is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Windows:
    """Of each position, the events that decide the value there.

    Parameters
    ----------
    order : array of shape (n,)
        Events, in the order of the clock.
    begins, ends : arrays of shape (m,)
        Between which places of `order` those of each position stand; equal where there is none.

    Examples
    --------
    >>> two = Windows(np.array([2, 0, 1]), np.array([0, 1, 3]), np.array([2, 3, 3]))
    >>> two.events()
    [(2, 0), (0, 1), ()]
    >>> two.of(np.array([1.0, 5.0, 3.0]), mean=True).tolist()
    [2.0, 3.0, nan]
    >>> two.greatest(np.array([1.0, 5.0, 3.0])).tolist()
    [3.0, 5.0, 0.0]
    """

    order: Integers
    begins: Integers
    ends: Integers

    @classmethod
    def of_single(cls, events: Integers) -> Windows:
        """Return the windows of one event each; -1 where there is none."""
        at = np.arange(len(events))
        return cls(np.maximum(events, 0), at, at + (events >= 0))

    def events(self) -> list[tuple[int, ...]]:
        """Return the events of each position, in the order of the clock."""
        order = self.order.tolist()
        bounds = zip(self.begins.tolist(), self.ends.tolist(), strict=True)
        return [tuple(order[begin:end]) for begin, end in bounds]

    def of(self, values: Floats, *, mean: bool) -> Floats:
        """Return the mean of the values of each position's events, else their median; NaN of none.

        Of medians there are no more than three events a position.
        """
        counts = self.ends - self.begins
        found = np.full(len(counts), np.nan)
        there = counts > 0
        if mean:
            sums = self._reduced(np.add, values, there)
            found[there] = sums / counts[there]
            return found
        for count in np.flatnonzero(np.bincount(counts[there])).tolist():
            here = counts == count
            at = self.begins[here, np.newaxis] + np.arange(count)
            found[here] = np.median(values[self.order[at]], axis=1)
        return found

    def greatest(self, values: Floats) -> Floats:
        """Return the greatest of the values of each position's events; 0 where there is none."""
        there = self.ends > self.begins
        found = np.zeros(len(there))
        found[there] = self._reduced(np.maximum, values, there)
        return found

    def _reduced(self, function: np.ufunc, values: Floats, there: NDArray[np.bool_]) -> Floats:
        if not there.any():
            return np.empty(0)
        # One more, because the last window may end behind all.
        ordered = np.append(values[self.order], 0.0)
        bounds = np.column_stack([self.begins[there], self.ends[there]]).ravel()
        found: Floats = function.reduceat(ordered, bounds)[::2]
        return found
