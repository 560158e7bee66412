"""Several runs of one setting: their interquartile mean and how sure it is. Pure functions.

Intervals are over runs, never over episodes or checkpoints of one run: those depend on each other.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# From so many runs on there is an interval to print.
RUNS_NEEDED = 3
LEVEL = 0.95
SEED = 20_241


def interquartile_mean(values: Floats) -> Floats:
    """Return the mean of the middle half along the first axis, as ``scipy.stats.trim_mean`` does.

    A quarter of the values, rounded down, is left out at each end: of fewer than four values it is
    the mean. NaN where any value is NaN.

    Parameters
    ----------
    values : array of shape (n, ...)

    Examples
    --------
    >>> float(interquartile_mean(np.array([1.0, 2.0, 3.0, 100.0])))
    2.5
    """
    cut = len(values) // 4
    middle = np.sort(values, axis=0)[cut : len(values) - cut]
    mean: Floats = np.asarray(middle.mean(axis=0))
    # Sorting puts NaN last, where it would be cut away.
    return np.where(np.isnan(values).any(axis=0), np.nan, mean)


def interval(
    candidate: Floats, baseline: Floats | None = None, *, resamples: int = 10_000
) -> tuple[float, float]:
    """Return a bootstrap interval of an interquartile mean, or of the difference of two.

    Percentiles of resamples over runs, drawn within each setting (stratified), with a fixed seed.

    Parameters
    ----------
    candidate, baseline : array of shape (n,)
        One value a run; without `baseline` the interval is that of the candidate alone.
    resamples : int
        How often to draw.

    Raises
    ------
    ValueError
        If there are fewer than three runs of a setting: that is no ground for an interval.

    Examples
    --------
    >>> low, high = interval(np.array([24.6, 24.7, 24.9]))
    >>> 24.6 <= low < high <= 24.9
    True
    """
    groups = [candidate] if baseline is None else [candidate, baseline]
    if any(len(group) < RUNS_NEEDED for group in groups):
        raise ValueError("an interval needs three runs of each setting")
    random = np.random.default_rng(SEED)
    means = [_resampled(group[None, :], random, resamples)[0] for group in groups]
    drawn = means[0] if baseline is None else means[0] - means[1]
    low, high = _percentiles(drawn)
    return float(low), float(high)


@lru_cache
def coverage(runs: tuple[int, ...], *, simulations: int = 1000, resamples: int = 1000) -> float:
    """Return how often such an interval holds the true value, simulated.

    Parameters
    ----------
    runs : tuple of int
        Runs of each setting: one number for the interval of a mean, two for that of a difference.

    Returns
    -------
    float
        The share of simulated experiments, their runs normally distributed with the same spread,
        in which the interval held the truth. Fewer runs, fewer hits than the level promises.

    Examples
    --------
    >>> coverage((3,)) < coverage((10,)) < 0.95
    True
    """
    random = np.random.default_rng(SEED)
    drawn = [
        _resampled(random.standard_normal((simulations, count)), random, resamples)
        for count in runs
    ]
    statistic = drawn[0] if len(drawn) == 1 else drawn[0] - drawn[1]
    low, high = _percentiles(statistic)
    return float(np.mean((low <= 0) & (high >= 0)))


def _resampled(values: Floats, random: np.random.Generator, resamples: int) -> Floats:
    """Return interquartile means of resamples: shape (n, runs) becomes (n, resamples)."""
    count, runs = values.shape
    chosen = random.integers(runs, size=(count, resamples, runs))
    drawn = np.take_along_axis(values[:, None, :], chosen, axis=2)
    return interquartile_mean(np.moveaxis(drawn, 2, 0))


def _percentiles(drawn: Floats) -> Floats:
    tail = (1 - LEVEL) / 2
    found: Floats = np.quantile(drawn, [tail, 1 - tail], axis=-1)
    return found
