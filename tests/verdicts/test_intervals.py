"""Intervals of several runs: each against SciPy, mirrored, in any order and unit, and simulated.

The simulations are small; ``RULKA_LONG=1`` makes them large. A rate passes within three standard
errors.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray
from scipy import stats

from rulka_analysis.experiments.said import AtLeast
from rulka_analysis.verdicts.intervals import (
    Interval,
    Planned,
    amount,
    by_interval,
    can_take_logs,
    family,
    has_bad_runs,
    interquartile_mean,
    level_of_each,
    log_margin,
    log_times,
    planned,
    welch,
)
from rulka_analysis.verdicts.ranks import rank_test
from rulka_analysis.verdicts.relations import MIRRORED, Relation
from rulka_analysis.verdicts.robustness import Sample
from rulka_analysis.verdicts.spread import noise_limit
from tests.by_hand import DRAWS, A, B, within

Floats = NDArray[np.float64]
NAN = math.nan


def test_it_is_imported_without_scipy() -> None:
    code = (
        "import sys; import rulka_analysis.verdicts.words; "
        "print([name for name in sys.modules if name.partition('.')[0] == 'scipy'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_balanced_and_unfloored_it_is_welchs_interval() -> None:
    random = np.random.default_rng(1)
    for runs in (2, 3, 5, 10):
        a, b = random.normal(size=runs), random.normal(1, 3, size=runs)
        test = stats.ttest_ind(a, b, equal_var=False)
        expected = test.confidence_interval()
        found = welch(a, b)
        assert found.difference == pytest.approx(a.mean() - b.mean())
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
        # Balanced, Welch's degrees of freedom are between n - 1 and 2 (n - 1): never cut.
        assert found.df == pytest.approx(test.df)
        assert found.runs == (runs, runs)


def test_unbalanced_its_degrees_of_freedom_are_cut() -> None:
    random = np.random.default_rng(2)
    cut = kept = 0
    for _ in range(50):
        a, b = random.normal(0, 1, size=10), random.normal(size=3)
        test = stats.ttest_ind(a, b, equal_var=False)
        found = welch(a, b)
        assert found.df == pytest.approx(min(test.df, 4.0))
        half = stats.t.ppf(0.975, found.df) * found.error
        assert (found.low, found.high) == pytest.approx(
            (found.difference - half, found.difference + half)
        )
        cut, kept = cut + (test.df > 4), kept + (test.df <= 4)
    assert cut
    assert kept


def test_candidates_that_share_a_baseline_share_the_error() -> None:
    for count in (1, 2, 4, 10):
        expected = stats.ttest_ind(A, B, equal_var=False).confidence_interval(0.95 ** (1 / count))
        found = welch(A, B, family=count)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
        assert level_of_each(count) ** count == pytest.approx(0.95)
    assert family({"a": 3, "b": 2, "c": 10}) == 2
    assert family({"a": 1}) == 1


def test_logarithms_give_a_ratio() -> None:
    expected = stats.ttest_ind(np.log(A), np.log(B), equal_var=False).confidence_interval()
    found = welch(A, B, logs=True)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    geometric = stats.gmean(A) / stats.gmean(B)
    assert found.ratio == pytest.approx((geometric, np.exp(expected.low), np.exp(expected.high)))
    assert math.exp(log_margin(10)) == pytest.approx(1.1)
    assert not can_take_logs(np.array([1.0, 0.0]), B)
    with pytest.raises(ValueError, match="logarithm"):
        welch(np.array([1.0, 0.0]), B, logs=True)


def test_runs_that_log_the_same_are_only_as_sure_as_a_reading() -> None:
    same = np.full(3, 24.5)
    found = welch(same, same + 0.01, quantum=0.01)
    assert found.error == pytest.approx(math.sqrt(2 * 0.01**2 / 12 / 3))
    assert found.df == pytest.approx(4)
    assert by_interval(found, 0.1, -1) == "level"
    certain = welch(same, same)
    assert (certain.low, certain.high, certain.df) == (0.0, 0.0, 4.0)
    in_logs = welch(same, same, quantum=0.01, logs=True)
    assert in_logs.error == pytest.approx(math.sqrt(2 * (0.01 / 24.5) ** 2 / 12 / 3))


def test_an_interval_needs_two_values_of_each_and_none_missing() -> None:
    for bad in (np.array([1.0]), np.array([1.0, NAN])):
        with pytest.raises(ValueError, match="two or more"):
            welch(bad, B)


def test_the_interquartile_mean_is_scipys_trimmed_mean() -> None:
    values = np.random.default_rng(3).normal(size=(11, 4))
    for count in range(1, 12):
        expected = stats.trim_mean(values[:count], 0.25)
        assert interquartile_mean(values[:count]) == pytest.approx(expected)
    assert np.isnan(interquartile_mean(np.array([1.0, 2.0, 3.0, 4.0, NAN])))


@pytest.mark.parametrize(
    ("low", "high", "margin", "expected"),
    [
        (0.1, 0.5, 0.2, "better"),
        (0.01, 0.1, 0.2, "level"),
        (0.01, 0.3, 0.2, "no worse"),
        (-0.1, 0.6, 0.2, "no worse"),
        (-0.1, 0.1, 0.2, "level"),
        (-0.3, 0.1, 0.2, "no better"),
        (-0.3, 0.3, 0.2, "undecided"),
        (-0.5, -0.1, 0.2, "worse"),
        (-0.2, 0.1, 0.2, "no better"),
        (0.1, 0.5, None, "better"),
        (-0.1, 0.5, None, "undecided"),
        (0.0, 0.5, None, "undecided"),
    ],
)
def test_an_interval_shows_one_relation(
    low: float, high: float, margin: float | None, expected: Relation
) -> None:
    interval = Interval((low + high) / 2, low, high, 0.1, 4, (3, 3))
    assert by_interval(interval, margin, 1) == expected
    assert by_interval(interval, margin, -1) == MIRRORED[expected]
    assert by_interval(interval.turned(-1), margin, -1) == expected


@pytest.mark.parametrize(
    ("least", "sign", "expected"),
    [
        (AtLeast("percent", 30), -1, "better"),
        (AtLeast("percent", 50), -1, "undecided"),
        (AtLeast("percent", 74), -1, "worse"),
        (AtLeast("percent", 100), -1, "worse"),
        (AtLeast("times", 1.5), -1, "better"),
        (AtLeast("times", 9.84), -1, "worse"),
        (AtLeast("times", 1.5), 1, "worse"),
        (AtLeast("percent", 10), 1, "worse"),
    ],
)
def test_an_interval_meets_an_amount_or_refutes_it(
    least: AtLeast, sign: int, expected: Relation
) -> None:
    halved = Interval(math.log(0.5), math.log(0.4), math.log(0.6), 0.1, 4, (3, 3), logs=True)
    assert amount(halved, least, sign) == expected


def test_an_amount_asks_for_its_own_kind_of_interval() -> None:
    plain = Interval(2.0, 1.0, 3.0, 0.1, 4, (3, 3))
    assert amount(plain, AtLeast("size", 1.0), 1) == "better"
    assert amount(plain, AtLeast("size", 2.0), 1) == "undecided"
    assert amount(plain, AtLeast("size", 4.0), 1) == "worse"
    with pytest.raises(ValueError, match="logarithms"):
        amount(plain, AtLeast("percent", 10), 1)


def test_bad_runs_in_one_group_are_named() -> None:
    bad = np.array([1.0, 1.1, 9.0])
    assert has_bad_runs({"a": A, "b": B}) == ()
    assert has_bad_runs({"bad": bad, "b": B}) == ("bad",)
    assert has_bad_runs({"bad": bad, "also": bad + 1}) == ()
    assert has_bad_runs({"bad": bad}) == ()
    assert has_bad_runs({"bad": bad, "few": B[:2]}) == ()


def test_times_become_one_number_a_run() -> None:
    mine = np.array([[10.0, 20.0, NAN], [20.0, 20.0, NAN]])
    other = np.array([[40.0, 80.0, NAN], [40.0, NAN, NAN]])
    found = log_times(mine, other, end=80.0)
    # The last target was reached by nobody, the second by one run at the end itself.
    assert (found.targets, found.asked, found.bound) == (2, 3, "at most")
    assert found.candidate == pytest.approx(np.log([200, 400]) / 2)
    assert found.baseline == pytest.approx(np.log([3200, 3200]) / 2)


def test_a_target_reached_after_the_common_end_counts_as_reached_there() -> None:
    found = log_times(np.array([[10.0, 300.0]]), np.array([[20.0, 50.0]]), end=100.0)
    assert found.candidate == pytest.approx([math.log(1000) / 2])
    assert found.bound == "at least"
    both = log_times(np.array([[10.0, NAN]]), np.array([[NAN, 50.0]]), end=100.0)
    assert both.bound == "unclear"
    none = log_times(np.array([[NAN, 300.0]]), np.array([[NAN, NAN]]), end=100.0)
    assert (none.targets, none.bound) == (0, "")


def test_the_interval_of_times_is_that_of_their_logarithms() -> None:
    random = np.random.default_rng(5)
    mine, other = random.uniform(10, 40, (3, 4)), random.uniform(20, 80, (4, 4))
    found = log_times(mine, other, end=100.0).interval(family=2)
    expected = welch(np.log(mine).mean(axis=1), np.log(other).mean(axis=1), family=2)
    assert (found.low, found.high) == (expected.low, expected.high)
    assert found.logs
    assert not log_times(mine, other, end=100.0, reading=1000.0).interval().difference


def test_planned_comparisons_are_counted() -> None:
    assert planned(4, ["a", "b"]) == Planned(8, 2)
    assert planned(0, []) == Planned(0, 0)


some_runs = some.lists(some.integers(1, 400).map(lambda v: v / 8), min_size=3, max_size=6)


@settings(max_examples=40, deadline=None)
@given(some_runs, some_runs, some.booleans(), some.integers(0, 5), some.sampled_from([1, -1]))
def test_swapped_shuffled_and_in_other_units(
    mine: list[float], other: list[float], logs: bool, seed: int, orientation: int
) -> None:
    a, b = np.array(mine), np.array(other)
    margin = 0.2
    found = welch(a, b, quantum=0.1, logs=logs, family=2)
    swapped = welch(b, a, quantum=0.1, logs=logs, family=2)
    assert swapped.turned(-1) == pytest.approx(found) or (swapped.low, swapped.high) == (
        pytest.approx((-found.high, -found.low))
    )
    here = by_interval(found, margin, orientation)
    assert by_interval(swapped, margin, orientation) == MIRRORED[here]
    random = np.random.default_rng(seed)
    assert welch(
        random.permutation(a), random.permutation(b), quantum=0.1, logs=logs, family=2
    ) == (found)
    scaled = welch(1024 * a, 1024 * b, quantum=102.4, logs=logs, family=2)
    scale = 1 if logs else 1024
    assert (scaled.low, scaled.high) == pytest.approx((scale * found.low, scale * found.high))
    ranked, turned = rank_test(a, b, orientation), rank_test(b, a, orientation)
    assert (turned.p, turned.ahead) == (pytest.approx(ranked.p), -ranked.ahead)
    assert rank_test(random.permutation(a), b, orientation) == ranked
    assert noise_limit(a, b) == noise_limit(random.permutation(b), a) or noise_limit(
        a, b
    ) == pytest.approx(noise_limit(b, a))
    sample, back = Sample(a, b, margin, logs), Sample(b, a, margin, logs)
    relation = sample.by_estimate(orientation)
    assert back.by_estimate(orientation) == MIRRORED[relation]


@given(some.lists(some.sampled_from([5.0, 20.0, 90.0, NAN]), min_size=6, max_size=6))
def test_swapping_turns_the_bound_of_times(reached: list[float]) -> None:
    rows = np.array(reached).reshape(2, 3)
    found, back = (
        log_times(a, b, end=60.0) for a, b in ((rows[:1], rows[1:]), (rows[1:], rows[:1]))
    )
    assert back.candidate == pytest.approx(found.baseline, nan_ok=True)
    turned = {"at least": "at most", "at most": "at least"}
    assert back.bound == turned.get(found.bound, found.bound)


def normal(random: np.random.Generator, runs: int) -> Floats:
    return random.normal(size=runs)


def log_normal(random: np.random.Generator, runs: int) -> Floats:
    return random.lognormal(size=runs)


def one_bad_in_five(random: np.random.Generator, runs: int) -> Floats:
    return random.normal(size=runs) + 10 * (random.random(runs) < 0.2)


@pytest.mark.parametrize("runs", [3, 5, 10, 20])
@pytest.mark.parametrize("shape", [normal, log_normal, one_bad_in_five])
def test_the_interval_holds_the_truth(
    shape: Callable[[np.random.Generator, int], Floats], runs: int
) -> None:
    random = np.random.default_rng(6)
    found = (welch(shape(random, runs), shape(random, runs)) for _ in range(DRAWS))
    rate = sum(interval.low <= 0 <= interval.high for interval in found) / DRAWS
    assert within(rate, 0.93, DRAWS, at_least=True), rate


@pytest.mark.parametrize("wide", [1.0, 3.0])
@pytest.mark.parametrize("runs", [3, 5, 10])
def test_four_candidates_together_err_in_one_family_of_twenty(runs: int, wide: float) -> None:
    random = np.random.default_rng(7)
    draws = DRAWS // 2
    errors = 0
    for _ in range(draws):
        baseline = random.normal(0, wide, size=runs)
        intervals = [welch(random.normal(size=runs), baseline, family=4) for _ in range(4)]
        errors += any(not interval.low <= 0 <= interval.high for interval in intervals)
    assert within(errors / draws, 0.05, draws, at_least=False), errors / draws


@pytest.mark.parametrize("spread", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("runs", [3, 5, 10])
def test_level_is_seldom_false_where_the_truth_lies_on_the_margin(runs: int, spread: float) -> None:
    random = np.random.default_rng(8)
    found = (
        by_interval(
            welch(random.normal(1.0, spread, runs), random.normal(0.0, spread, runs)), 1.0, 1
        )
        for _ in range(DRAWS)
    )
    rate = sum(relation == "level" for relation in found) / DRAWS
    assert within(rate, 0.05, DRAWS, at_least=False), rate


def test_a_bad_run_in_one_group_only_is_what_the_warning_says() -> None:
    random = np.random.default_rng(11)
    draws = DRAWS
    covered = warned = 0
    for _ in range(draws):
        a, b = one_bad_in_five(random, 5), normal(random, 5)
        interval = welch(a - 2.0, b)
        covered += interval.low <= 0 <= interval.high
        warned += has_bad_runs({"a": a, "b": b}) == ("a",)
    assert covered / draws < 0.93
    # Where a run went bad at all (two draws of three) the warning nearly always says so.
    assert warned / draws > 0.5
