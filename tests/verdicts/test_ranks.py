"""Groups some runs of which have no value: against SciPy, run by run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from rulka_analysis.verdicts.ranks import rank_test

NAN = math.nan


@pytest.mark.parametrize(("mine", "other"), [(3, 3), (3, 5), (5, 4), (2, 6)])
def test_ranks_are_scipys_exact_permutation_test(mine: int, other: int) -> None:
    random = np.random.default_rng(4)
    for _ in range(6):
        together = random.integers(0, 5, size=mine + other).astype(float)
        together[random.random(mine + other) < 0.3] = NAN
        ranks = stats.rankdata(np.where(np.isnan(together), np.inf, together))
        expected = stats.permutation_test(
            (ranks[:mine], ranks[mine:]),
            lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
            n_resamples=np.inf,
            vectorized=True,
        )
        found = rank_test(together[:mine], together[mine:], -1)
        assert found.p == pytest.approx(expected.pvalue)
        assert found.ahead == -np.sign(np.round(expected.statistic, 9))
        # As far apart as these ranks can be divided, either way.
        extremes = [
            stats.permutation_test(
                (ordered[:mine], ordered[mine:]),
                lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
                n_resamples=np.inf,
                vectorized=True,
            )
            for ordered in (np.sort(ranks), -np.sort(-ranks))
        ]
        assert found.smallest_p == pytest.approx(min(test.pvalue for test in extremes))


def test_three_runs_against_three_can_never_decide_by_ranks() -> None:
    found = rank_test(np.array([1.0, 2.0, 3.0]), np.full(3, NAN), -1)
    # Three that tie leave as many ways as if they did not.
    assert found.p == pytest.approx(0.1)
    assert found.relation() == ("undecided", "too few known")
    assert (found.finished, found.runs) == ((3, 0), (3, 3))
    four = rank_test(np.arange(4.0), np.array([9.0, NAN, NAN, NAN]), -1)
    assert four.relation() == ("better", None)
    assert four.relation(family=4) == ("undecided", "too few known")
    mixed = rank_test(np.array([1.0, 2, 3, 9]), np.array([4.0, 5, NAN, NAN]), -1)
    assert mixed.relation() == ("undecided", "within noise")


def test_many_runs_can_be_ranked() -> None:
    found = rank_test(np.arange(30.0), np.r_[np.arange(30.0) + 100, NAN], 1)
    assert found.p < 1e-9
    assert found.relation() == ("better", None) or found.ahead == -1
    assert found.ahead == -1
