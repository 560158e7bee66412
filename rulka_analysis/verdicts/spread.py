"""How much runs of one setting differ, and what follows from that. Pure functions on arrays.

A limit of noise where there are too few runs for an interval, how many runs would tell, and what a
margin is worth with one run. SciPy is imported where it is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.verdicts.asked import ROUNDING
from rulka_analysis.verdicts.intervals import LEVEL, RUNS_NEEDED, level_of_each
from rulka_analysis.verdicts.relations import HOLDS_FROM

Floats = NDArray[np.float64]

POWER = 0.8
# Degrees of freedom from which on a spread makes a limit of noise: 3 v 1 and 2 v 2.
DF_NEEDED = 2
# More runs than this nobody makes; the search for how many are needed ends here.
MOST_RUNS = 1000
# A margin this many standard deviations wide is passed by chance in one pair of twenty:
# 1.96 · √2 = 2.77.
MARGIN_PER_SPREAD = 2.8


def pooled(*groups: Floats) -> tuple[float, int]:
    """Return the standard deviation of runs of one group, from all groups, and what it rests on.

    Returns
    -------
    float, int
        The pooled standard deviation, NaN where no group has two runs; its degrees of freedom, the
        sum of (runs - 1).

    Examples
    --------
    >>> pooled(np.array([1.0, 2.0, 3.0]), np.array([5.0]))
    (1.0, 2)
    """
    df = sum(len(group) - 1 for group in groups if len(group))
    if df < 1:
        return math.nan, 0
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in map(np.sort, groups))
    return math.sqrt(squares / df), df


# --- How many runs would tell ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunsNeeded:
    """How many runs of each group would tell; None where more than anybody makes.

    Parameters
    ----------
    expected : int or None
        If runs spread as those there are.
    cautious : int or None
        If they spread as much as these still allow: the upper 80 % bound of the spread.
    for_level : bool
        What they would tell is that the two are level, not that one is better.
    """

    expected: int | None
    cautious: int | None
    for_level: bool


def runs_needed(
    difference: float, spread: float, df: float, *, margin: float | None = None, family: int = 1
) -> RunsNeeded:
    """Return how many runs of each group would decide in four of five cases.

    The power of the two-sample t test is a tail of the noncentral t distribution (Cohen,
    "Statistical power analysis for the behavioral sciences", 1988). A difference that matters is
    looked for as it is; one that does not would have to be shown to be level, by both one-sided
    tests against the margin (Schuirmann 1987), supposing that there is none at all. The upper bound
    of the spread is that of a chi-square interval.

    Adding runs until it is decided finds differences that are not there in one case of ten or more:
    whoever prints these numbers says so.

    Parameters
    ----------
    difference : float
        As found.
    spread : float
        Standard deviation of runs of one group, and the degrees of freedom it rests on; see
        `pooled`.
    df : float
    margin : float or None
        How small a difference does not matter, on the same scale.
    family : int
        How many candidates share the error.

    Examples
    --------
    >>> runs_needed(1.0, 1.0, 4)
    RunsNeeded(expected=17, cautious=40, for_level=False)
    """
    from scipy import stats

    size = abs(difference)
    for_level = margin is not None and size < margin * (1 - ROUNDING)
    bound = spread * math.sqrt(df / float(stats.chi2.ppf(1 - POWER, df)))

    def needed(s: float) -> int | None:
        def enough(runs: int) -> bool:
            free = 2 * runs - 2
            critical = float(stats.t.ppf((1 + level_of_each(family)) / 2, free))
            aim = float(margin or 0.0) if for_level else size
            if s <= 0:
                return aim > 0
            far = aim / s * math.sqrt(runs / 2)
            # SciPy has no noncentral t that far out; its tail there is all of it.
            tail = float(stats.nct.sf(critical, free, far)) if far < critical + 20 else 1.0
            return (2 * tail - 1 if for_level else tail) >= POWER

        return _smallest(enough)

    return RunsNeeded(needed(spread), needed(bound), for_level)


def _smallest(enough: Callable[[int], bool]) -> int | None:
    if enough(RUNS_NEEDED):
        return RUNS_NEEDED
    low, high = RUNS_NEEDED, 2 * RUNS_NEEDED
    while not enough(high):
        if high >= MOST_RUNS:
            return None
        low, high = high, min(2 * high, MOST_RUNS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


# --- Few runs, and one ----------------------------------------------------------------------------


def noise_limit(candidate: Floats, baseline: Floats) -> float:
    """Return below which size the difference of the means of few runs is noise.

    Student's t with a pooled standard deviation: t(.975, ν) · s · √(1/na + 1/nb), ν the sum of
    (runs - 1) ("Student", "The probable error of a mean", Biometrika 6, 1908). It supposes that
    both groups spread alike and normally, which two or three runs cannot show: it is called a limit
    under equal normal spread and not a 95 % interval. NaN for fewer than four runs: two runs of one
    setting may log almost the same by chance.

    Examples
    --------
    >>> round(noise_limit(np.array([1.0, 2.0, 3.0]), np.array([5.0])), 3)
    4.968
    """
    spread, df = pooled(candidate, baseline)
    if df < DF_NEEDED:
        return math.nan
    return _limit(spread, df, 1 / len(candidate) + 1 / len(baseline))


def _limit(spread: float, df: int, shares: float) -> float:
    from scipy import special

    if not df:
        return math.nan
    return float(special.stdtrit(df, (1 + LEVEL) / 2)) * spread * math.sqrt(shares)


@dataclass(frozen=True, slots=True)
class StandsOut:
    """Whether a difference is larger than near-replicates differ among themselves.

    Parameters
    ----------
    at_end : bool or None
        At the end of the common window; None where not all are known there.
    true, known : int
        At how many checkpoints, of those at which all are known.
    limit : float
        The limit at the last checkpoint at which all are known; NaN where there is none.
    """

    at_end: bool | None
    true: int
    known: int
    limit: float

    @property
    def steadily(self) -> bool:
        """At the end and at four fifths of the checkpoints."""
        enough = self.known > 0 and self.true / self.known >= HOLDS_FROM - ROUNDING
        return self.at_end is True and enough


def stands_out(
    candidate: Floats, baseline: Floats, near: Floats, *, runs: tuple[int, int] = (1, 1)
) -> StandsOut:
    """Hold a difference against the spread of near-replicates.

    The limit is that of `noise_limit`, with their standard deviation at the last checkpoint at
    which all are known: of one run against one t(.975, n - 1) · s · √2. It has no vote: it supposes
    that the settings of both spread as the near-replicates do, and these differ among themselves in
    other settings, so that their spread is rather too large.

    Parameters
    ----------
    candidate, baseline : array of shape (n,)
        Values at the checkpoints that count; NaN where missing.
    near : array of shape (runs, n)
        Of the near-replicates.
    runs : (int, int)
        How many runs candidate and baseline are the mean of.

    Examples
    --------
    >>> near = np.array([[1.0, 1.0], [1.2, 1.2], [1.4, 1.4]])
    >>> found = stands_out(np.array([9.0, 9.0]), np.array([1.2, 1.2]), near)
    >>> found.true, found.known, found.steadily
    (2, 2, True)
    """
    known = np.isfinite(candidate) & np.isfinite(baseline) & np.isfinite(near).all(axis=0)
    last = np.flatnonzero(known)
    free = len(near) - 1
    limit = math.nan
    if len(last) and free > 0:
        spread = float(np.std(near[:, last[-1]], ddof=1))
        limit = _limit(spread, free, 1 / runs[0] + 1 / runs[1])
    beyond = known & (np.abs(candidate - baseline) >= limit)
    return StandsOut(
        at_end=bool(beyond[-1]) if len(known) and known[-1] else None,
        true=int(beyond.sum()),
        known=int(known.sum()),
        limit=limit,
    )


def false_rate(margin: float, spread: float) -> float:
    """Return how often two runs of one setting differ by a margin or more.

    The difference of two normal values of standard deviation s has √2 · s, so that the rate is
    2 Φ(-m / (s √2)). It is the rate at which *better or worse* is false with one run a group, if
    what tells two runs apart lasts to the end. For 5 % a margin of 2.8 s is needed.

    Examples
    --------
    >>> round(false_rate(2.8, 1.0), 3), round(false_rate(1.0, 1.0), 2)
    (0.048, 0.48)
    """
    if spread <= 0:
        return 0.0 if margin > 0 else 1.0
    return math.erfc(margin / (2 * spread))
