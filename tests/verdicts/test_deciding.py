"""Which rule decides by how many runs there are, and what comes out of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray

from rulka_analysis.values.quantities import Quantity
from rulka_analysis.verdicts import words
from rulka_analysis.verdicts.asked import Times, Values
from rulka_analysis.verdicts.deciding import (
    Curves,
    Decided,
    Reached,
    decide,
    decide_times,
    method_of,
)
from rulka_analysis.verdicts.intervals import welch
from rulka_analysis.verdicts.relations import MIRRORED, Relation, ask
from rulka_analysis.verdicts.spread import noise_limit
from rulka_analysis.verdicts.words import About

Floats = NDArray[np.float64]
NAN = math.nan


def curves(
    candidate: Sequence[float],
    baseline: Sequence[float],
    *,
    margin: float | None = 0.1,
    checkpoints: int = 12,
    percent: float | None = None,
    quantum: float = 0.0,
    lower: bool = True,
) -> Curves:
    """Make runs that stand still: the same value at every checkpoint, NaN for never finished."""
    mine, other = (
        np.repeat(np.array(runs, dtype=float)[:, None], checkpoints, axis=1)
        for runs in (candidate, baseline)
    )
    return Curves(
        positions=np.arange(1.0, checkpoints + 1),
        candidate=mine,
        baseline=other,
        margin=None if margin is None else np.full(checkpoints, margin),
        error=np.zeros(checkpoints),
        candidate_unfinished=np.isnan(mine) & lower,
        baseline_unfinished=np.isnan(other) & lower,
        percent=percent,
        quantum=quantum,
    )


def reached(
    candidate: Sequence[Sequence[float]],
    baseline: Sequence[Sequence[float]],
    *,
    end: float = 100.0,
    percent: float | None = 10.0,
) -> Reached:
    mine, other = np.array(candidate, dtype=float), np.array(baseline, dtype=float)
    typical = np.nanmean(np.where(np.isfinite(other), other, end), axis=0)
    return Reached(
        candidate=mine,
        baseline=other,
        candidate_until=np.full(len(mine), end),
        baseline_until=np.full(len(other), end),
        end=end,
        margin=None if percent is None else typical * percent / 100,
        percent=percent,
        reading=1.0,
    )


def one(found: Curves) -> Decided:
    return decide({"minutes": found}, -1)


@pytest.mark.parametrize("mine", range(1, 5))
@pytest.mark.parametrize("other", range(1, 5))
def test_the_number_of_runs_chooses_the_rule(mine: int, other: int) -> None:
    expected = "observed once" if mine == other == 1 else "noise limit"
    expected = "interval" if min(mine, other) >= 3 else expected
    assert method_of((mine, other)) == expected
    assert one(curves([1.0] * mine, [2.0] * other)).method == expected


def test_one_run_of_each_is_what_checkpoints_say() -> None:
    asked = curves([24.5], [24.7])
    found = one(asked)
    assert found.observation == ask({"minutes": asked.means()}, -1)
    assert (found.relation, found.agreeing, found.asked) == ("better", 9, 9)
    assert not found.intervals


def test_no_clock_is_no_data() -> None:
    assert decide({}, 1).relation == decide_times({}).relation == "no data"


# --- Two runs, three against one ------------------------------------------------------------------


def test_within_the_noise_limit_nothing_is_said_and_beyond_it_nothing_is_level() -> None:
    spread = np.array([24.4, 24.6])
    limit = noise_limit(spread, spread)
    near = one(curves(spread, spread + 0.9 * limit))
    assert (near.relation, near.reason) == ("undecided", "within noise")
    assert one(curves(spread, spread + 1.1 * limit)).relation == "better"
    wide = one(curves(spread, spread + 1.1 * limit, margin=10.0))
    assert wide.relation == "no worse"
    assert wide.noise["minutes"].limit == pytest.approx(limit)
    assert one(curves(spread, spread - 1.1 * limit, margin=10.0)).relation == "no better"
    assert one(curves(spread, spread, margin=10.0)).relation == "undecided"


@pytest.mark.parametrize(("mine", "other"), [([1.0, 1.0], [2.0]), ([2.0], [1.0, 1.1])])
def test_two_runs_against_one_are_too_few(mine: list[float], other: list[float]) -> None:
    found = one(curves(mine, other))
    assert (found.relation, found.reason) == ("undecided", "too few known")
    about = About("", "a", "b", runs=(len(mine), len(other)))
    said = words.reason(about, found, Quantity(1.0, "s"))
    assert str(said) == "too few runs to know how much they spread"


def test_three_against_one_know_their_noise_from_the_three() -> None:
    three = [24.4, 24.5, 24.6]
    assert one(curves(three, [24.7])).reason == "within noise"
    assert one(curves(three, [26.0])).relation == "better"
    assert one(curves([26.0], three)).relation == "worse"


def test_few_runs_some_of_which_never_finished_are_too_few() -> None:
    assert one(curves([24.4, 24.5], [NAN, 24.6])).reason == "too few known"
    assert one(curves([24.4, 24.5], [NAN, NAN])).reason == "too few known"


# --- Three runs and more --------------------------------------------------------------------------


def test_from_three_runs_on_the_interval_at_the_end_decides() -> None:
    a, b = [24.40, 24.50, 24.45], [24.80, 24.90, 24.85]
    found = one(curves(a, b))
    assert (found.relation, found.method) == ("better", "interval")
    assert found.intervals["minutes"] == welch(np.array(a), np.array(b))
    assert (found.agreeing, found.asked) == (9 + 6, 9 + 6)
    assert one(curves(a, b, margin=1.0)).relation == "level"
    apart = [24.0, 24.5, 25.0]
    assert one(curves(apart, apart)).reason == "interval includes 0"
    # Checkpoints before the end have no vote.
    early = curves(a, b)
    worse = replace(early, candidate=early.candidate + np.r_[[9.0] * 11, 0])
    assert one(worse).relation == "better"
    assert one(worse).fragile


def test_a_margin_in_percent_compares_logarithms() -> None:
    a, b = [100.0, 101.0, 99.0], [104.0, 105.0, 103.0]
    found = one(curves(a, b, margin=10.0, percent=10.0))
    assert found.intervals["minutes"].logs
    assert found.relation == "level"
    below = one(curves([-1.0, -2.0, -1.5], [1.0, 2.0, 1.5], percent=10.0))
    assert not below.intervals["minutes"].logs


def test_a_reading_is_a_floor_of_what_is_known() -> None:
    same = [24.5] * 3
    assert one(curves(same, [24.6] * 3, margin=None)).relation == "better"
    assert one(curves(same, [24.6] * 3, margin=None, quantum=1.0)).relation == "undecided"


def test_a_run_without_a_value_is_ranked_last() -> None:
    found = one(curves([24.4, 24.5, 24.6, 24.7], [24.8, 24.9, NAN, NAN]))
    assert (found.relation, found.intervals) == ("better", {})
    assert found.ranks["minutes"].finished == (4, 2)
    three = one(curves([24.4, 24.5, 24.6], [NAN] * 3))
    assert (three.relation, three.reason) == ("undecided", "too few known")
    # A value that is only missing is no run that never finished.
    missing = one(curves([24.4, 24.5, NAN], [24.8, 24.9, 25.0], lower=False))
    assert (missing.reason, missing.ranks) == ("too few known", {})


def test_clocks_are_intersected() -> None:
    better = curves([24.40, 24.50, 24.45], [24.80, 24.90, 24.85])
    level, worse = (
        curves([24.5, 24.51, 24.52], [24.5, 24.51, 24.52]),
        replace(better, candidate=better.baseline, baseline=better.candidate),
    )
    assert decide({"a": better, "b": level}, -1).relation == "no worse"
    against = decide({"a": better, "b": worse}, -1)
    assert (against.relation, against.reason) == ("undecided", "clocks disagree")
    assert dict(against.clocks) == {"a": "better", "b": "worse"}


def test_candidates_that_share_a_baseline_make_it_harder() -> None:
    asked = curves([24.40, 24.50, 24.60], [24.62, 24.72, 24.82], margin=None)
    alone = decide({"a": asked}, -1)
    shared = decide({"a": asked}, -1, family=10)
    assert alone.intervals["a"].high > alone.intervals["a"].low
    assert shared.intervals["a"].low < alone.intervals["a"].low


# --- Times to targets -----------------------------------------------------------------------------


def test_one_run_of_each_is_asked_target_by_target() -> None:
    asked = reached([[10, 20, 30, 40]], [[20, 40, 60, NAN]])
    found = decide_times({"minutes": asked})
    assert (found.relation, found.method) == ("better", "observed once")
    times = asked.means()
    assert isinstance(times, Times)
    assert times.baseline.tolist() == [20, 40, 60, 100]
    assert times.baseline_reached.tolist() == [True, True, True, False]


def test_three_runs_of_each_are_compared_by_the_mean_of_logarithms() -> None:
    mine = [[10, 20, 30], [11, 21, 31], [12, 22, 32]]
    other = [[20, 40, 60], [22, 42, 62], [24, 44, 64]]
    found = decide_times({"minutes": reached(mine, other)})
    assert (found.relation, found.method) == ("better", "interval")
    assert found.intervals["minutes"].ratio[0] < 1
    none = decide_times({"minutes": reached([[NAN] * 3] * 3, [[NAN] * 3] * 3)})
    assert (none.relation, none.reason) == ("undecided", "too few known")
    equal = decide_times({"minutes": reached([[10, 20]] * 3, [[10, 20]] * 3)})
    assert equal.relation == "level"


def test_the_margin_of_times_is_no_finer_than_a_reading() -> None:
    asked = reached([[10, 20]] * 3, [[10.5, 21]] * 3, percent=1.0)
    assert decide_times({"minutes": asked}).relation != "level"
    assert decide_times({"minutes": replace(asked, reading=4.0)}).relation == "level"


def test_two_runs_of_each_have_a_noise_limit_of_their_times() -> None:
    near = decide_times(
        {"minutes": reached([[10, 20, 30, 40], [20, 40, 60, 80]], [[11, 22, 33, 44]] * 2)}
    )
    assert (near.relation, near.reason) == ("undecided", "within noise")
    far = decide_times(
        {"minutes": reached([[10, 20, 30, 40], [11, 22, 33, 44]], [[50, 60, 80, 90]] * 2)}
    )
    assert far.relation == "better"


# --- Mirrors, order, units ------------------------------------------------------------------------

some_group = some.lists(
    some.sampled_from([24.4, 24.5, 24.55, 24.6, 25.0, NAN]), min_size=1, max_size=4
)


@settings(max_examples=60, deadline=None)
@given(some_group, some_group, some.sampled_from([0.1, 0.3, None]), some.sampled_from([1, -1]))
def test_swapped_shuffled_and_scaled(
    mine: list[float], other: list[float], margin: float | None, orientation: int
) -> None:
    def found(a: list[float], b: list[float], *, unit: float = 1.0) -> tuple[Relation, str | None]:
        asked = curves(
            [unit * v for v in a],
            [unit * v for v in b],
            margin=None if margin is None else unit * margin,
            lower=orientation < 0,
        )
        got = decide({"a": asked, "b": asked}, orientation)
        return got.relation, got.reason

    relation, reason = found(mine, other)
    assert found(other, mine) == (MIRRORED[relation], reason)
    assert found(mine[::-1], other[::-1]) == (relation, reason)
    assert found(mine, other, unit=1024.0) == (relation, reason)


def test_means_keep_what_never_finished_apart_from_what_is_missing() -> None:
    asked = curves([24.0, NAN], [NAN, NAN]).means()
    assert isinstance(asked, Values)
    assert not asked.candidate_unfinished.any()
    assert asked.baseline_unfinished.all()
