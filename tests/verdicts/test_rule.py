"""The rule by which verdicts are reached, on arrays: its edges, its outcomes, its symmetries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from rulka_analysis.experiments.claims import (
    ALL_OUTCOMES,
    CLAIMS,
    ByAtLeast,
    Claim,
    is_about_time,
    outcomes_of,
)
from rulka_analysis.verdicts.rule import (
    Agreement,
    Ballot,
    Decision,
    Tally,
    Times,
    Values,
    Variation,
    agreement,
    all_of,
    any_of,
    decide,
    holds_at,
    sign_of,
    tally,
    variations,
    vary,
)

MIRRORED: dict[Claim, Claim] = {
    "better": "worse",
    "not better": "not worse",
    "higher": "lower",
    "not higher": "not lower",
    "sooner": "later",
    "same": "same",
}
MIRRORED |= {other: claim for claim, other in MIRRORED.items()}
NAN = math.nan


def values(
    candidate: Sequence[float],
    baseline: Sequence[float] | float = 0.0,
    *,
    margin: float = 0.5,
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
        margin=np.full(count, margin),
        error=np.full(count, error),
        candidate_unfinished=np.array(unfinished or [False] * count),
        baseline_unfinished=np.array(baseline_unfinished or [False] * count),
    )


def decided(
    claim: Claim, *clocks: Values | Times, least: ByAtLeast | None = None, **variation: float
) -> Decision:
    sign = sign_of(claim, lower_is_better=True)
    ballots = {str(n): asked.ballot(sign, least, **variation) for n, asked in enumerate(clocks)}
    return decide(claim, ballots, sign)


def told(claim: Claim, *clocks: Values | Times, least: ByAtLeast | None = None) -> tuple[str, str]:
    found = decided(claim, *clocks, least=least)
    return found.verdict, found.outcome


# --- The rule at its edges ------------------------------------------------------------------------

FIRST_HALF = [0.0] * 9
"""Nine checkpoints that have no say: the second half of the window begins at the tenth of 20."""


def second_half(*candidate: float) -> Values:
    """Eleven checkpoints that count, the first half of the window in front of them."""
    assert len(candidate) == 11
    return values([*FIRST_HALF, *candidate])


def test_the_second_half_of_the_window_counts_and_nothing_else() -> None:
    high = second_half(*[1.0] * 11)
    assert len(high.ballot(1).relation) == 11
    assert told("higher", high) == ("supported", "supported")
    assert decided("higher", high, window=2 / 3).tallies["0"].asked == 14
    assert decided("higher", high, window=1 / 3).tallies["0"].asked == 7


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        ([1.0] * 10, "supported"),
        ([0, 0, *[1.0] * 8], "supported"),
        ([0, 0, 0, *[1.0] * 7], "cannot tell"),
        ([*[1.0] * 9, 0], "cannot tell"),
        ([1, 1, *[0.0] * 8], "contradicted"),
        ([1, 1, 1, *[0.0] * 7], "cannot tell"),
        ([*[0.0] * 9, 1.0], "cannot tell"),
    ],
)
def test_a_claim_needs_the_end_and_four_fifths_of_the_checkpoints(
    candidate: list[float], expected: str
) -> None:
    # All ten are asked: a window as long as the data.
    found = decided("higher", values(candidate), window=1.0)
    assert found.verdict == expected


def test_a_difference_of_just_the_margin_matters_and_one_below_does_not() -> None:
    assert told("higher", values([0.5] * 6)) == ("supported", "supported")
    assert told("higher", values([0.499] * 6)) == ("contradicted", "no_difference")
    # Race times are whole milliseconds; 24.66 - 24.56 is a little less than 0.1 in binary.
    close = values([24.66] * 6, 24.56, margin=0.10000000000000142)
    assert told("worse", close) == ("supported", "supported")


def test_a_difference_within_the_reading_error_is_none() -> None:
    assert told("higher", values([0.6] * 6, error=0.6)) == ("contradicted", "no_difference")
    assert told("higher", values([0.6] * 6, error=0.59)) == ("supported", "supported")
    # Half the margin does not make the reading any better.
    assert decided("higher", values([0.6] * 6, error=0.6), factor=0.5).verdict == "contradicted"


def test_what_is_missing_speaks_neither_for_nor_against() -> None:
    some_missing = values([NAN, NAN, NAN, 1.0, 1.0, 1.0])
    assert decided("higher", some_missing, window=1.0).verdict == "supported"
    # Less than half known, or the end unknown, is too little.
    assert decided("higher", values([NAN] * 4 + [1.0] * 3), window=1.0).verdict == "cannot tell"
    assert told("higher", values([1.0] * 9 + [NAN])) == ("cannot tell", "cannot_tell")
    assert told("not higher", values([NAN] * 10)) == ("cannot tell", "cannot_tell")


def test_finished_against_not_finished_is_better_and_neither_is_no_information() -> None:
    never = values([NAN] * 6, 60.0, unfinished=[True] * 6)
    assert told("worse", never) == ("supported", "supported")
    assert told("better", never) == ("contradicted", "opposite")
    other = values([60.0] * 6, [NAN] * 6, baseline_unfinished=[True] * 6)
    assert told("better", other) == ("supported", "supported")
    neither = values([NAN] * 6, [NAN] * 6, unfinished=[True] * 6, baseline_unfinished=[True] * 6)
    assert told("worse", neither)[0] == "cannot tell"
    # By how much nobody can say.
    least = ByAtLeast("percent", 10)
    assert told("worse", never, least=least)[0] == "cannot tell"


def test_every_clock_has_a_vote() -> None:
    high, same, low = values([1.0] * 6), values([0.0] * 6), values([-1.0] * 6)
    assert told("higher", high, high)[0] == "supported"
    assert told("higher", high, same) == ("cannot tell", "cannot_tell")
    assert told("higher", low, same) == ("contradicted", "mixed")
    with pytest.raises(ValueError, match="no deciding clock"):
        decided("higher")


def test_every_outcome_of_every_claim_is_reached() -> None:
    half = ByAtLeast("size", 2.0)
    changing = values([1.0, -1.0, 0.0, -1.0, 0.0, 0.0, 0.0, -1.0, 0.0, -1.0])
    clocks = {
        "up": [values([1.0] * 10)],
        "far up": [values([3.0] * 10)],
        "down": [values([-1.0] * 10)],
        "far down": [values([-3.0] * 10)],
        "equal": [values([0.0] * 10)],
        "changing": [changing],
        "changing the other way": [replace(changing, candidate=-changing.candidate)],
        "undecided": [values([3.0, -3.0] * 5), values([-3.0, 3.0] * 5)],
    }
    for claim in CLAIMS:
        for least in (None, half):
            if least and (claim == "same" or claim.startswith("not ")):
                continue
            found = {told(claim, *asked, least=least)[1] for asked in clocks.values()}
            possible = set(outcomes_of(claim, least=least is not None)) - {"no_data"}
            assert found == possible, (claim, least)
            assert possible <= set(ALL_OUTCOMES)


@pytest.mark.parametrize(
    ("least", "candidate", "baseline", "claim", "outcome"),
    [
        (ByAtLeast("times", 9.84), 98.4, 10.0, "higher", "supported"),
        (ByAtLeast("times", 9.84), 98.3, 10.0, "higher", "less_than_claimed"),
        (ByAtLeast("times", 2), 5.0, 10.0, "lower", "supported"),
        (ByAtLeast("times", 2), 5.1, 10.0, "lower", "less_than_claimed"),
        (ByAtLeast("percent", 74), 2.6, 10.0, "lower", "supported"),
        (ByAtLeast("percent", 74), 2.7, 10.0, "lower", "less_than_claimed"),
        (ByAtLeast("percent", 74), 12.0, 10.0, "lower", "opposite"),
        (ByAtLeast("percent", 10), -1.0, -2.0, "higher", "supported"),
        (ByAtLeast("size", 24.6), 78.4, 53.8, "higher", "supported"),
        (ByAtLeast("size", 24.7), 78.4, 53.8, "higher", "less_than_claimed"),
        # A ratio of what is below zero says nothing.
        (ByAtLeast("times", 2), -1.0, -4.0, "higher", "cannot_tell"),
    ],
)
def test_by_at_least(
    least: ByAtLeast, candidate: float, baseline: float, claim: Claim, outcome: str
) -> None:
    assert told(claim, values([candidate] * 6, baseline), least=least)[1] == outcome


def test_what_is_claimed_of_no_difference() -> None:
    assert told("same", values([0.1] * 6)) == ("supported", "supported")
    assert told("same", values([1.0] * 6)) == ("contradicted", "opposite")
    assert told("same", values([1.0] * 6), values([-1.0] * 6)) == ("contradicted", "mixed")


# --- Symmetries -----------------------------------------------------------------------------------

numbers = some.one_of(some.just(NAN), some.integers(-8, 8).map(lambda n: n / 4))


@some.composite
def standings(draw: Any) -> Values:
    count = draw(some.integers(1, 14))
    columns = [draw(some.lists(numbers, min_size=count, max_size=count)) for _ in range(2)]
    found = values(columns[0], columns[1], margin=draw(some.sampled_from([0.25, 0.5, 1.0])))
    late = [np.isnan(c) & np.array(draw(_flags(count))) for c in (found.candidate, found.baseline)]
    error = draw(some.sampled_from([0.0, 0.3]))
    return replace(
        found,
        candidate_unfinished=late[0],
        baseline_unfinished=late[1],
        error=np.full(count, error),
    )


def _flags(count: int) -> some.SearchStrategy[list[bool]]:
    return some.lists(some.booleans(), min_size=count, max_size=count)


clocks = some.lists(standings(), min_size=1, max_size=2)
about_values = some.sampled_from([claim for claim in CLAIMS if not is_about_time(claim)])


def swapped(found: Values) -> Values:
    return replace(
        found,
        candidate=found.baseline,
        baseline=found.candidate,
        candidate_unfinished=found.baseline_unfinished,
        baseline_unfinished=found.candidate_unfinished,
    )


@given(clocks, about_values)
def test_swapping_candidate_and_baseline_mirrors_the_claim(
    asked: list[Values], claim: Claim
) -> None:
    other = told(MIRRORED[claim], *[swapped(found) for found in asked])
    assert told(claim, *asked) == other


@given(clocks, about_values, some.sampled_from([0.001, 1000.0]))
def test_units_do_not_matter(asked: list[Values], claim: Claim, factor: float) -> None:
    scaled = [
        replace(
            found,
            candidate=found.candidate * factor,
            baseline=found.baseline * factor,
            margin=found.margin * factor,
            error=found.error * factor,
        )
        for found in asked
    ]
    assert told(claim, *asked) == told(claim, *scaled)


@given(clocks, about_values)
def test_the_order_of_clocks_does_not_matter(asked: list[Values], claim: Claim) -> None:
    assert told(claim, *asked) == told(claim, *reversed(asked))


@given(standings(), about_values, some.floats(-5, 5))
def test_nothing_before_the_second_half_of_the_window_counts(
    found: Values, claim: Claim, other: float
) -> None:
    early = found.positions < found.positions[-1] / 2
    changed = replace(found, candidate=np.where(early, other, found.candidate))
    changed = replace(changed, candidate_unfinished=changed.candidate_unfinished & ~early)
    assert told(claim, found) == told(claim, changed)


@given(clocks)
def test_what_excludes_each_other_is_never_supported_together(asked: list[Values]) -> None:
    supported = {claim for claim in CLAIMS if told(claim, *asked)[0] == "supported"}
    for claim in supported:
        if claim.startswith("not "):
            assert claim.removeprefix("not ") not in supported
    assert len(supported & {"higher", "lower", "same"}) <= 1
    if "better" in supported:
        assert {"not worse", "lower", "not higher"} <= supported


@given(clocks, about_values)
def test_a_negated_claim_is_contradicted_only_by_what_it_denies(
    asked: list[Values], claim: Claim
) -> None:
    verdict, outcome = told(claim, *asked)
    if claim.startswith("not ") and verdict == "contradicted":
        assert outcome == "opposite"
        denied: Any = claim.removeprefix("not ")
        assert told(denied, *asked)[0] == "supported"


# --- Targets --------------------------------------------------------------------------------------


def times(
    candidate: Sequence[float], baseline: Sequence[float], ends: tuple[float, float], margin: float
) -> Times:
    """Make times of targets from what is true, where each run is seen up to its own end."""
    true = [np.array(candidate, dtype=float), np.array(baseline, dtype=float)]
    reached = [t <= end for t, end in zip(true, ends, strict=True)]
    seen = [np.where(r, t, e) for r, t, e in zip(reached, true, ends, strict=True)]
    return Times(seen[0], seen[1], reached[0], reached[1], np.full(len(candidate), margin))


def test_all_targets_decide_and_the_hardest_must_agree() -> None:
    never = (1000.0, 1000.0)
    soon = times([10, 20, 30, 40, 50], [20, 40, 60, 80, 100], never, 5.0)
    assert told("sooner", soon) == ("supported", "supported")
    assert told("later", soon) == ("contradicted", "opposite")
    hardest_later = times([10, 20, 30, 40, 150], [20, 40, 60, 80, 100], never, 5.0)
    assert told("sooner", hardest_later)[0] == "cannot tell"
    even = times([20, 40, 62], [20, 40, 60], never, 5.0)
    assert told("sooner", even) == ("contradicted", "no_difference")
    mixed = times([30, 20, 60, 80], [20, 30, 60, 80], never, 5.0)
    assert told("later", mixed)[0] == "cannot tell"


def test_who_did_not_reach_a_target_is_later_if_it_was_looked_for_long_enough() -> None:
    # The baseline ends at 85 without the target that the candidate reached at 60.
    seen = times([10, 20, 60], [40, 50, 500], (1000.0, 85.0), 5.0)
    assert seen.ballot(-1).relation.tolist() == [-1, -1, -1]
    # It ends just after the candidate reached it: by how much it is later is not known.
    seen = times([10, 20, 83], [40, 50, 500], (1000.0, 85.0), 5.0)
    assert np.isnan(seen.ballot(-1).relation[-1])
    # It ends before; nothing is known.
    seen = times([10, 20, 100], [40, 50, 500], (1000.0, 85.0), 5.0)
    assert np.isnan(seen.ballot(-1).relation[-1])
    # Then two are left, and that is too few.
    assert told("sooner", seen) == ("cannot tell", "cannot_tell")


def test_at_least_three_targets_must_be_decided() -> None:
    three = times([10, 20, 30, 500], [20, 40, 60, 500], (100.0, 100.0), 5.0)
    assert told("sooner", three) == ("supported", "supported")
    two = times([10, 20, 500, 500], [20, 40, 500, 500], (100.0, 100.0), 5.0)
    assert told("sooner", two) == ("cannot tell", "cannot_tell")


@pytest.mark.parametrize(
    ("candidate", "baseline", "ends", "enough"),
    [
        (60.0, 100.0, (999.0, 999.0), 1),
        (61.0, 100.0, (999.0, 999.0), 0),
        (51.0, 500.0, (999.0, 85.0), 1),  # at least 85: 51 is 40 % less
        (52.0, 500.0, (999.0, 85.0), NAN),  # it may be 85 and a bit
        (500.0, 100.0, (61.0, 999.0), 0),  # later than 61
        (500.0, 100.0, (59.0, 999.0), NAN),
        (500.0, 500.0, (59.0, 59.0), NAN),
    ],
)
def test_by_at_least_forty_percent_sooner(
    candidate: float, baseline: float, ends: tuple[float, float], enough: float
) -> None:
    found = times([candidate], [baseline], ends, 1.0).ballot(-1, ByAtLeast("percent", 40)).enough
    np.testing.assert_equal(found, [enough])


moments = some.lists(some.integers(1, 40).map(float), min_size=5, max_size=5)


@given(
    moments,
    moments,
    some.tuples(some.integers(1, 40).map(float), some.integers(1, 40).map(float)),
    some.sampled_from(["sooner", "later"]),
    some.sampled_from([None, ByAtLeast("percent", 40), ByAtLeast("times", 1.5)]),
)
def test_what_was_not_seen_never_contradicts_what_is_true(
    candidate: list[float],
    baseline: list[float],
    ends: tuple[float, float],
    claim: Claim,
    least: ByAtLeast | None,
) -> None:
    """A target that is decided from two runs that ended is decided as by two that did not."""
    sign = sign_of(claim, lower_is_better=True)
    full = times(candidate, baseline, (math.inf, math.inf), 2.0).ballot(sign, least)
    seen = times(candidate, baseline, ends, 2.0).ballot(sign, least)
    true, known = holds_at(claim, full, sign), holds_at(claim, seen, sign)
    told_of = np.isfinite(known)
    np.testing.assert_array_equal(known[told_of], true[told_of])
    related = np.isfinite(seen.relation)
    np.testing.assert_array_equal(seen.relation[related], full.relation[related])


@given(moments, moments, some.tuples(some.integers(1, 40), some.integers(1, 40)))
def test_swapping_candidate_and_baseline_mirrors_soon_and_late(
    candidate: list[float], baseline: list[float], ends: tuple[int, int]
) -> None:
    one = times(candidate, baseline, (float(ends[0]), float(ends[1])), 2.0)
    other = times(baseline, candidate, (float(ends[1]), float(ends[0])), 2.0)
    assert told("sooner", one) == told("later", other)


# --- Sensitivity ----------------------------------------------------------------------------------


def test_a_verdict_that_stands_however_the_rule_is_varied() -> None:
    varied = vary("higher", {"minutes": values([9.0] * 12), "frames": values([9.0] * 12)}, 1)
    assert len(varied) == 27
    found = agreement(varied)
    assert (found.share, found.fragile, found.breaking) == (1.0, False, ())


def test_what_breaks_a_verdict_is_the_smallest_change() -> None:
    varied = vary("higher", {"minutes": values([0.6] * 12), "frames": values([9.0] * 12)}, 1)
    found = agreement(varied)
    # Twice the margin, unless by frames alone: 3 windows x (all clocks, minutes alone).
    assert (found.agreeing, found.asked) == (21, 27)
    assert found.fragile
    assert found.breaking == (Variation(factor=2.0),)


def test_less_than_half_agreeing_tells_nothing() -> None:
    assert not Agreement(13, 27, ()).tells
    assert Agreement(14, 27, ()).tells
    assert Agreement(21, 27, ()).fragile
    assert not Agreement(22, 27, ()).fragile


def test_the_rule_comes_first_among_its_variations() -> None:
    found = variations(["minutes", "frames"])
    assert found[0] == Variation()
    assert found[0].changes == 0
    assert len(set(found)) == 27
    assert {v.clock for v in found} == {None, "minutes", "frames"}


def test_of_targets_the_easiest_and_the_hardest_are_left_out_in_turn() -> None:
    seen = times([10, 20, 30, 40], [20, 40, 60, 20], (999.0, 999.0), 5.0)
    found = vary("sooner", {"minutes": seen}, -1)
    assert found[Variation()].verdict == "cannot tell"
    assert found[Variation(window=1 / 3)].verdict == "supported"
    assert found[Variation(window=2 / 3)].verdict == "cannot tell"


# --- Compounds ------------------------------------------------------------------------------------


def test_compounds() -> None:
    assert all_of(["supported", "supported"]) == "supported"
    assert all_of(["cannot tell", "no data"]) == "no data"
    assert all_of(["cannot tell", "contradicted", "no data"]) == "contradicted"
    assert any_of(["contradicted", "supported", "no data"]) == "supported"
    assert any_of(["contradicted", "contradicted"]) == "contradicted"
    assert any_of(["contradicted", "no data"]) == "no data"


def test_a_tally_without_anything_known() -> None:
    ballot = Ballot(np.full(3, NAN), np.ones(3), 2, last_must_be_known=True)
    found = tally(ballot.relation, ballot)
    assert found == Tally(0, 0, 3, None, False)
    assert math.isnan(found.share)
    assert not found.holds
    assert not found.fails
