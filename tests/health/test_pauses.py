"""What nine in ten pauses do not exceed is what NumPy says, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from rulka_analysis.health.pauses import longest_hole, nine_in_ten


@pytest.mark.parametrize("seed", range(20))
def test_nine_in_ten_of_many_stretches(seed: int) -> None:
    chance = np.random.default_rng(seed)
    counts = chance.integers(1, 60, 40)
    stretches = [np.sort(chance.exponential(10.0 ** chance.integers(-6, 9), n)) for n in counts]
    ends = np.cumsum(counts)
    found = nine_in_ten(np.concatenate(stretches), ends - counts, ends)
    assert found.tolist() == [float(np.quantile(stretch, 0.9)) for stretch in stretches]


@pytest.mark.parametrize(("left_out", "found"), [(4, False), (5, True), (60, True)])
def test_a_hole_is_five_writes_left_out(left_out: int, found: bool) -> None:
    steps = np.arange(0, 2000, 10)
    steps[100:] += 10 * left_out
    hole = longest_hole(steps, np.zeros(len(steps), np.int64))
    assert (hole is not None) == found
    assert hole is None or (hole.at, hole.steps, hole.usual) == (99, 10 * (left_out + 1), 10)
