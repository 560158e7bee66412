"""Limits of noise and how many runs would tell: against SciPy, and simulated.

The simulation is small; ``RULKA_LONG=1`` makes it large. A rate passes within three standard
errors.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from rulka_analysis.verdicts.intervals import RUNS_NEEDED, by_interval, welch
from rulka_analysis.verdicts.relations import Relation
from rulka_analysis.verdicts.spread import (
    MARGIN_PER_SPREAD,
    RunsNeeded,
    false_rate,
    noise_limit,
    pooled,
    runs_needed,
    stands_out,
)
from tests.by_hand import DRAWS, A, B, within

Floats = NDArray[np.float64]
NAN = math.nan


def test_a_noise_limit_is_students() -> None:
    for a, b in ((A[:3], B[:1]), (A[:2], B[:2]), (A, B)):
        found = noise_limit(a, b)
        if len(b) > 1:
            interval = stats.ttest_ind(a, b, equal_var=True).confidence_interval()
            assert found == pytest.approx((interval.high - interval.low) / 2)
        else:
            s = np.std(a, ddof=1)
            assert found == pytest.approx(stats.t.ppf(0.975, 2) * s * math.sqrt(1 / 3 + 1))
    # Three runs have too little to tell their spread by: two of them may log almost the same.
    for few in ((A[:1], B[:1]), (A[:2], B[:1]), (A[:1], B[:2])):
        assert math.isnan(noise_limit(*few))
    spread, df = pooled(A, B)
    assert df == 6
    assert spread**2 == pytest.approx((np.var(A, ddof=1) + np.var(B, ddof=1)) / 2)


def test_the_false_rate_of_one_run_is_a_tail_of_the_normal_distribution() -> None:
    for margin, spread in ((0.1, 0.15), (1.0, 2.4), (0.0, 1.0)):
        expected = 2 * stats.norm.cdf(-margin / (spread * math.sqrt(2)))
        assert false_rate(margin, spread) == pytest.approx(expected)
    assert false_rate(0.1, 0.0) == 0.0
    assert stats.norm.ppf(0.975) * math.sqrt(2) == pytest.approx(MARGIN_PER_SPREAD, abs=0.03)
    assert false_rate(MARGIN_PER_SPREAD, 1.0) < 0.05


def test_runs_needed_is_the_smallest_that_reaches_the_power() -> None:
    def power(aim: float, s: float, runs: int, count: int, *, level: bool) -> float:
        critical = stats.t.ppf((1 + 0.95 ** (1 / count)) / 2, 2 * runs - 2)
        tail = stats.nct.sf(critical, 2 * runs - 2, aim / s * math.sqrt(runs / 2))
        return float(2 * tail - 1 if level else tail)

    for difference, s, df, margin, count in (
        (1.0, 1.0, 4, None, 1),
        (1.0, 0.7, 6, 0.5, 4),
        (0.1, 0.5, 8, 1.0, 2),
        (2.0, 2.0, 18, None, 1),
    ):
        found = runs_needed(difference, s, df, margin=margin, family=count)
        level = margin is not None and difference < margin
        aim = margin if level and margin is not None else difference
        bound = s * math.sqrt(df / stats.chi2.ppf(0.2, df))
        for runs, spread in ((found.expected, s), (found.cautious, bound)):
            assert runs is not None
            assert power(aim, spread, runs, count, level=level) >= 0.8
            if runs > RUNS_NEEDED:
                assert power(aim, spread, runs - 1, count, level=level) < 0.8
        assert found.for_level == level
    assert runs_needed(0.001, 1.0, 4) == RunsNeeded(None, None, for_level=False)
    assert runs_needed(1000.0, 1.0, 4).expected == RUNS_NEEDED
    assert runs_needed(1.0, 0.0, 4).expected == RUNS_NEEDED


def test_a_difference_stands_out_from_near_replicates() -> None:
    near = np.array([[1.0, 1.0, 1.0], [1.2, 1.2, 1.2], [1.4, 1.4, NAN]])
    limit = stats.t.ppf(0.975, 2) * 0.2 * math.sqrt(2)
    base = np.full(3, 1.0)
    found = stands_out(base + limit * np.array([1.01, 0.99, 5]), base, near)
    assert (found.at_end, found.true, found.known) == (None, 1, 2)
    assert found.limit == pytest.approx(limit)
    assert not found.steadily
    steady = stands_out(base - 2 * limit, base, near[:, [0, 0, 0]])
    assert (steady.at_end, steady.true, steady.known, steady.steadily) == (True, 3, 3, True)
    # One limit, where all are known last, for all checkpoints.
    closer = near * np.array([9.0, 9.0, 1.0]) - np.array([0, 0, 0.2])
    closer[2, 2] = 1.2
    last = stats.t.ppf(0.975, 2) * np.std([0.8, 1.0, 1.2], ddof=1) * math.sqrt(2)
    at_last = stands_out(base + 1.01 * last, base, closer)
    assert at_last.limit == pytest.approx(last)
    assert (at_last.true, at_last.known, at_last.steadily) == (3, 3, True)
    # Means of several are surer than one run.
    means = stands_out(base + 0.8 * limit, base, near[:, [0, 0, 0]], runs=(3, 4))
    assert means.limit == pytest.approx(limit * math.sqrt((1 / 3 + 1 / 4) / 2))
    assert means.steadily
    unknown = stands_out(base, base, near[:1])
    assert not unknown.true


@pytest.mark.parametrize(
    ("difference", "margin"), [(2.2, None), (1.5, None), (1.5, 0.5), (0.0, 2.0), (0.0, 1.2)]
)
def test_so_many_runs_decide_in_four_of_five_cases(difference: float, margin: float | None) -> None:
    needed = runs_needed(difference, 1.0, 20, margin=margin)
    assert needed.expected is not None
    assert needed.expected >= 5
    aim: Relation = "level" if needed.for_level else "better"

    def power(runs: int, seed: int) -> float:
        random = np.random.default_rng(seed)
        found = (
            by_interval(
                welch(random.normal(difference, 1, runs), random.normal(0, 1, runs)), margin, 1
            )
            for _ in range(DRAWS)
        )
        return sum(relation == aim for relation in found) / DRAWS

    reached, before = power(needed.expected, 9), power(needed.expected - 2, 10)
    assert within(reached, 0.8, DRAWS, at_least=True), reached
    assert within(before, 0.8, DRAWS, at_least=False), before
