"""What checkpoints and targets say: windows, margins, reading, and what never finished."""

from __future__ import annotations

import math

import pytest

from rulka_analysis.experiments.said import AtLeast
from rulka_analysis.verdicts.asked import WINDOWS
from rulka_analysis.verdicts.relations import Relation, ask, ask_amount, on_clock
from tests.by_hand import times, values

NAN = math.nan


def test_the_second_half_of_the_window_counts_and_nothing_else() -> None:
    asked = values([*[-1.0] * 9, *[1.0] * 11])
    assert ask({"minutes": asked}, 1).clocks["minutes"].relation == "better"
    assert [len(asked.ballot(1, window).signs) for window in WINDOWS] == [11, 7, 14]


def test_half_of_the_checkpoints_must_be_known() -> None:
    half = values([NAN, NAN, NAN, NAN, NAN, NAN, 1.0, 1.0])
    assert on_clock(half.ballot(1)).relation == "undecided"
    assert on_clock(values([*half.candidate[:5], 1.0, 1.0, 1.0]).ballot(1)).relation == "better"


def test_a_difference_of_just_the_margin_matters_and_one_within_reading_does_not() -> None:
    assert values([0.5]).ballot(1).signs.tolist() == [1.0]
    assert values([0.49]).ballot(1).signs.tolist() == [0.0]
    assert values([24.57], [24.47], margin=0.1).ballot(1).signs.tolist() == [1.0]
    assert values([0.5], error=0.5).ballot(1).signs.tolist() == [0.0]
    assert values([0.5], error=0.4).ballot(1).signs.tolist() == [1.0]
    assert values([0.5]).ballot(1, factor=2.0).signs.tolist() == [0.0]
    assert values([NAN, 1.0]).ballot(1, window=2 / 3).signs.tolist()[-1] == 1.0


def test_who_never_finished_is_worse_than_any_value() -> None:
    asked = values([NAN, NAN], [9.0, 9.0], unfinished=[True, True])
    assert ask({"minutes": asked}, -1).relation == "worse"
    turned = values([9.0, 9.0], [NAN, NAN], baseline_unfinished=[True, True])
    assert ask({"minutes": turned}, -1).relation == "better"
    neither = values([NAN] * 2, [NAN] * 2, unfinished=[True] * 2, baseline_unfinished=[True] * 2)
    assert ask({"minutes": neither}, -1).reason == "too few known"


def test_without_a_margin_nothing_is_level() -> None:
    assert ask({"minutes": values([0.0] * 4, margin=None)}, 1).relation == "undecided"
    assert ask({"minutes": values([0.1] * 4, margin=None)}, 1).relation == "better"
    mixed = values([0.1, 0.1, 0.0, 0.1, 0.1, 0.0], margin=None)
    assert ask({"minutes": mixed}, 1).relation == "undecided"


def test_three_targets_must_be_known() -> None:
    assert ask({"minutes": times([1, 2, 3, 4], [10, 20, 30, 40])}, -1).relation == "better"
    # Of three, leaving out one leaves too few, and so do six of nine variations.
    three = ask({"minutes": times([1, 2, 3], [10, 20, 30])}, -1)
    assert (three.ruled, three.reason) == ("better", "hangs on the rule")
    few = ask({"minutes": times([1, 2], [10, 20])}, -1)
    assert (few.relation, few.reason) == ("undecided", "too few known")


def test_who_did_not_reach_a_target_is_later_than_the_data_end() -> None:
    asked = times([1, 2, NAN, NAN], [10, 20, 30, NAN])
    assert asked.ballot().signs.tolist()[:3] == [1.0, 1.0, -1.0]
    assert math.isnan(asked.ballot().signs[3])
    # Reached later than the other's data end: nobody knows who is first.
    unknown = times([NAN], [150], until=100.0)
    assert math.isnan(unknown.ballot().signs[0])


def test_a_shorter_window_leaves_out_the_hardest_target_and_a_longer_one_the_easiest() -> None:
    asked = times([1, 20, 30], [10, 20, 20])
    assert [asked.ballot(-1, w).signs.tolist() for w in WINDOWS] == [[1, 0, -1], [1, 0], [0, -1]]


@pytest.mark.parametrize(
    ("least", "sign", "candidate", "expected"),
    [
        (AtLeast("size", 2), 1, 12.0, "better"),
        (AtLeast("size", 2), 1, 11.0, "worse"),
        (AtLeast("percent", 20), -1, 8.0, "better"),
        (AtLeast("percent", 20), -1, 9.0, "worse"),
        (AtLeast("times", 2), 1, 20.0, "better"),
        (AtLeast("times", 2), -1, 5.0, "better"),
        (AtLeast("times", 2), -1, 6.0, "worse"),
        (AtLeast("times", 2), 1, -1.0, "undecided"),
    ],
)
def test_an_amount_is_met_or_refuted(
    least: AtLeast, sign: int, candidate: float, expected: Relation
) -> None:
    asked = {"minutes": values([candidate] * 4, 10.0)}
    assert ask_amount(asked, least, sign).relation == expected


def test_an_amount_needs_the_end_and_four_fifths_on_every_clock() -> None:
    least = AtLeast("size", 2)
    met, refuted = values([12.0] * 4, 10.0), values([11.0] * 4, 10.0)
    mixed = values([11.0, 12.0, 11.0, 12.0], 10.0)
    assert ask_amount({"minutes": met, "steps": met}, least, 1).relation == "better"
    assert ask_amount({"minutes": refuted, "steps": refuted}, least, 1).relation == "worse"
    assert ask_amount({"minutes": met, "steps": refuted}, least, 1).relation == "undecided"
    assert ask_amount({"minutes": met, "steps": mixed}, least, 1).relation == "undecided"


def test_an_amount_of_time_is_known_where_the_end_of_the_data_settles_it() -> None:
    least = AtLeast("percent", 50)
    assert (
        ask_amount({"minutes": times([NAN] * 4, [90, 95, 98, 99])}, least, -1).relation == "worse"
    )
    sooner = times([10, 20, 30, 40], [NAN] * 4)
    assert ask_amount({"minutes": sooner}, least, -1).relation == "better"
    assert ask_amount({"minutes": times([60] * 4, [NAN] * 4)}, least, -1).relation == "undecided"
