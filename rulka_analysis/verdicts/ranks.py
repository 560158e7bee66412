"""Groups some runs of which have no value: ranked, and tested exactly. Pure functions on arrays.

A run that never finished has no value, yet is worse than any run that did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.verdicts.intervals import level_of_each
from rulka_analysis.verdicts.relations import Reason, Relation

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RankTest:
    """How two groups stand where some runs have no value.

    Parameters
    ----------
    p : float
        Two-sided, exact.
    smallest_p : float
        The smallest p any outcome of so many runs could have.
    ahead : int
        1 if the candidate's mean rank is the better one, -1 if the baseline's, 0 if neither.
    finished, runs : (int, int)
        Runs with a value, and all runs, of candidate and baseline.
    """

    p: float
    smallest_p: float
    ahead: int
    finished: tuple[int, int]
    runs: tuple[int, int]

    def relation(self, family: int = 1) -> tuple[Relation, Reason | None]:
        """Return how the groups stand, or why that is undecided."""
        error = 1 - level_of_each(family)
        if self.p < error and self.ahead:
            return ("better" if self.ahead > 0 else "worse"), None
        return "undecided", "within noise" if self.smallest_p < error else "too few known"


def rank_test(candidate: Floats, baseline: Floats, orientation: int) -> RankTest:
    """Test two groups some runs of which have no value: these rank below every run that has one.

    The exact permutation test of the difference of mean ranks (Wilcoxon, Biometrics Bulletin 1,
    1945, with mid-ranks for ties): the p of ``scipy.stats.permutation_test`` with
    ``n_resamples=np.inf``. All ways of dividing the ranks are counted by their sums, one rank after
    the other, so that any number of runs can be tested.

    Parameters
    ----------
    candidate, baseline : array of shape (n,)
        One value a run; NaN for a run without one.
    orientation : int
        1 if higher is better, -1 if lower is.

    Examples
    --------
    >>> test = rank_test(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, np.nan]), -1)
    >>> round(test.p, 2), test.ahead, test.finished
    (0.1, 1, (3, 2))
    """
    groups = [np.asarray(group, dtype=float) for group in (candidate, baseline)]
    na, nb = (len(group) for group in groups)
    together = np.concatenate(groups)
    scores = np.where(np.isnan(together), -np.inf, orientation * together)
    below = (scores[:, None] > scores).sum(axis=1)
    same = (scores[:, None] == scores).sum(axis=1)
    # Twice the mid-rank is a whole number: 2 · (below + (same + 1) / 2).
    ranks = 2 * below + same + 1
    ways = _ways(ranks, na)
    own = int(ranks[:na].sum())
    least, most = ways[: own + 1].sum(), ways[own:].sum()
    possible = np.flatnonzero(ways)
    rarest = min(ways[possible[0]], ways[possible[-1]])
    expected = na * int(ranks.sum()) / (na + nb)
    finished = tuple(int(np.isfinite(group).sum()) for group in groups)
    return RankTest(
        p=float(min(1.0, 2 * min(least, most) / ways.sum())),
        smallest_p=float(min(1.0, 2 * rarest / ways.sum())),
        ahead=int(np.sign(own - expected)),
        finished=(finished[0], finished[1]),
        runs=(na, nb),
    )


def _ways(ranks: NDArray[np.int64], count: int) -> Floats:
    """Return in how many ways `count` of the ranks have each sum."""
    ways = np.zeros((count + 1, int(ranks.sum()) + 1))
    ways[0, 0] = 1
    for rank in ranks.tolist():
        for size in range(count, 0, -1):
            ways[size, rank:] += ways[size - 1, : ways.shape[1] - rank]
    chosen: Floats = ways[count]
    return chosen
