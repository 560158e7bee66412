"""What two groups are asked by, made by hand, and the promises of simulations."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

import numpy as np

from rulka_analysis.verdicts.asked import Times, Values

LONG = bool(os.environ.get("RULKA_LONG"))
DRAWS = 10_000 if LONG else 1_000
# Four runs of each of two groups.
A = np.array([24.61, 24.58, 24.72, 24.66])
B = np.array([24.81, 24.93, 24.79, 25.10])


def values(
    candidate: Sequence[float],
    baseline: Sequence[float] | float = 0.0,
    *,
    margin: float | None = 0.5,
    error: float = 0.0,
    unfinished: Sequence[bool] = (),
    baseline_unfinished: Sequence[bool] = (),
) -> Values:
    """Make checkpoints 1, 2, …, the last of which is the end of the common window."""
    count = len(candidate)
    base = np.full(count, baseline) if isinstance(baseline, float) else np.array(baseline)
    return Values(
        positions=np.arange(1.0, count + 1),
        candidate=np.array(candidate, dtype=float),
        baseline=base.astype(float),
        margin=None if margin is None else np.full(count, margin),
        error=np.full(count, error),
        candidate_unfinished=np.array(unfinished or [False] * count),
        baseline_unfinished=np.array(baseline_unfinished or [False] * count),
    )


def times(
    candidate: Sequence[float],
    baseline: Sequence[float],
    *,
    margin: float | None = 1.0,
    until: float = 100.0,
) -> Times:
    """Make times to targets, NaN where one was not reached by the end of the data."""
    mine, other = np.array(candidate, dtype=float), np.array(baseline, dtype=float)
    return Times(
        np.where(np.isfinite(mine), mine, until),
        np.where(np.isfinite(other), other, until),
        np.isfinite(mine),
        np.isfinite(other),
        None if margin is None else np.full(len(mine), margin),
    )


def within(rate: float, promised: float, draws: int, *, at_least: bool) -> bool:
    """Tell whether a simulated rate keeps a promise within three standard errors."""
    slack = 3 * math.sqrt(promised * (1 - promised) / draws)
    return rate >= promised - slack if at_least else rate <= promised + slack
