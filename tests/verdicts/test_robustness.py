"""Whether an answer of several runs hangs on one of them, the end or the margin."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from rulka_analysis.verdicts.asked import FACTORS
from rulka_analysis.verdicts.intervals import log_margin
from rulka_analysis.verdicts.robustness import ENDS, RunVariation, Sample, agreement_of_runs

Floats = NDArray[np.float64]
NAN = math.nan
A = np.array([24.61, 24.58, 24.72, 24.66])
B = np.array([24.81, 24.93, 24.79, 25.10])


def samples(**more: Floats) -> dict[str, dict[float, Sample]]:
    plain = {share: Sample(A, B, 0.1) for share in ENDS}
    return dict.fromkeys(more, plain) or {"minutes": plain}


def test_end_margin_clocks_and_each_run_are_varied() -> None:
    one = agreement_of_runs("better", samples(), -1)
    assert (one.agreeing, one.asked) == (9 + 8, 9 + 8)
    two = agreement_of_runs("better", samples(minutes=A, steps=A), -1)
    assert two.asked == 27 + 8
    for relation in ("undecided", "no data"):
        assert agreement_of_runs(relation, samples(), -1).asked == 0


def test_one_run_that_makes_the_difference_is_named() -> None:
    mine = np.array([24.6, 24.6, 20.0])
    found = agreement_of_runs(
        "better", {"minutes": {e: Sample(mine, np.full(3, 24.6), 0.1) for e in ENDS}}, -1
    )
    assert found.breaking == (RunVariation(without=2),)
    assert (found.agreeing, found.asked) == (14, 15)


def test_an_early_end_that_is_not_known_agrees_with_nothing() -> None:
    known = {ENDS[0]: Sample(A, B, 0.1)}
    found = agreement_of_runs("better", {"minutes": known}, -1)
    assert (found.agreeing, found.asked) == (len(FACTORS) + 8, 9 + 8)
    assert found.fragile
    # Nor does another clock speak for the one that is not known there.
    both = {"minutes": known, "steps": {share: Sample(A, B, 0.1) for share in ENDS}}
    assert agreement_of_runs("better", both, -1).agreeing == 3 + 3 + 9 + 8


def test_the_end_is_varied_by_a_sixth_and_a_third() -> None:
    assert pytest.approx((1, 5 / 6, 2 / 3)) == ENDS
    level = Sample(B, B, 0.1)
    for early in ENDS[1:]:
        at = {share: level if share == early else Sample(A, B, 0.1) for share in ENDS}
        found = agreement_of_runs("better", {"minutes": at}, -1)
        assert found.breaking == (RunVariation(end=early),)
        assert found.asked - found.agreeing == 3


def test_the_estimate_alone_shows_a_relation() -> None:
    assert Sample(A, B, 0.1).by_estimate(-1) == "better"
    assert Sample(A, B, 0.1).by_estimate(1) == "worse"
    assert Sample(A, B, 1.0).by_estimate(-1) == "level"
    assert Sample(A, A, None).by_estimate(-1) == "undecided"
    assert Sample(A, B, log_margin(5), logs=True).by_estimate(-1) == "level"
    assert Sample(np.array([1.0, NAN]), np.array([NAN, NAN]), 0.1).by_estimate(-1) == "better"
