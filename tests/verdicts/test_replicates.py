"""Interquartile means and intervals over runs, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from rulka_analysis.verdicts.replicates import LEVEL, coverage, interquartile_mean, interval

runs = some.lists(some.floats(-1e6, 1e6), min_size=1, max_size=12)


@given(runs)
def test_the_interquartile_mean_is_that_of_scipy(values: list[float]) -> None:
    expected = stats.trim_mean(np.array(values), 0.25)
    np.testing.assert_allclose(interquartile_mean(np.array(values)), expected, rtol=1e-12)


def test_it_is_taken_over_runs_at_each_checkpoint() -> None:
    curves = np.array([[1.0, 5.0], [2.0, np.nan], [3.0, 5.0], [100.0, 5.0]])
    np.testing.assert_equal(interquartile_mean(curves), [2.5, np.nan])


@pytest.mark.parametrize("sizes", [(3, 3), (4, 6), (8, 5)])
def test_the_interval_of_a_difference_is_that_of_scipy(sizes: tuple[int, int]) -> None:
    random = np.random.default_rng(7)
    candidate, baseline = (random.normal(25, 0.2, size) for size in sizes)

    def difference(one: np.ndarray, other: np.ndarray, axis: int = -1) -> np.ndarray:
        trimmed = [stats.trim_mean(values, 0.25, axis=axis) for values in (one, other)]
        return np.asarray(trimmed[0] - trimmed[1])

    expected = stats.bootstrap(
        (candidate, baseline),
        difference,
        method="percentile",
        confidence_level=LEVEL,
        n_resamples=20_000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    low, high = interval(candidate, baseline, resamples=20_000)
    width = expected.high - expected.low
    assert low == pytest.approx(expected.low, abs=0.04 * width)
    assert high == pytest.approx(expected.high, abs=0.04 * width)


def test_the_interval_of_one_setting_is_that_of_scipy() -> None:
    values = np.array([24.5, 24.9, 25.3, 24.7, 26.1])

    def mean(drawn: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.asarray(stats.trim_mean(drawn, 0.25, axis=axis))

    expected = stats.bootstrap(
        (values,), mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(1)
    ).confidence_interval
    low, high = interval(values)
    assert low == pytest.approx(expected.low, abs=0.05)
    assert high == pytest.approx(expected.high, abs=0.05)


def test_it_is_the_same_each_time() -> None:
    values = np.array([1.0, 2.0, 4.0])
    assert interval(values) == interval(values)


def test_two_runs_are_no_ground_for_an_interval() -> None:
    with pytest.raises(ValueError, match="three runs"):
        interval(np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="three runs"):
        interval(np.array([1.0, 2.0, 3.0]), np.array([1.0]))


def test_the_coverage_of_three_runs_is_what_can_be_reckoned() -> None:
    """The lowest of 27 resamples is drawn oftener than the interval leaves out, so is its end.

    The interval of three runs goes from the lowest to the highest; it misses the truth when all
    three lie on one side of it.
    """
    assert coverage((3,)) == pytest.approx(1 - 2 * 0.5**3, abs=0.03)
