"""How one run stands to another: the decision tables exhaustively, mirrors, variations."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from rulka_analysis.verdicts.asked import FACTORS, WINDOWS, Ballot
from rulka_analysis.verdicts.relations import (
    IMPLIED,
    MIRRORED,
    RELATIONS,
    Noise,
    OneClock,
    Relation,
    Tally,
    Variation,
    agreement,
    ask,
    implies,
    intersection,
    named,
    on_clock,
    settled,
    strongest,
    variations,
    why_undecided,
)
from tests.by_hand import times, values

NAN = math.nan
# What a clock can say: everything but that there are no data.
SAID: tuple[Relation, ...] = tuple(r for r in RELATIONS if r != "no data")


def ballots(checkpoints: int) -> Iterator[tuple[float, ...]]:
    """Return every ballot of so many checkpoints; what stands before the end in any order."""
    for before in combinations_with_replacement((1.0, 0.0, -1.0, NAN), checkpoints - 1):
        for last in (1.0, 0.0, -1.0, NAN):
            yield (*before, last)


def by_the_book(signs: Sequence[float], needed: int, *, margin: bool = True) -> Relation:
    """Reach the answer of a clock in whole numbers, apart from the code that is tested."""
    known = [sign for sign in signs if not math.isnan(sign)]
    if math.isnan(signs[-1]) or len(known) < needed:
        return "undecided"

    def holds(*allowed: int) -> bool:
        return signs[-1] in allowed and 5 * sum(s in allowed for s in known) >= 4 * len(known)

    if holds(1):
        return "better"
    if holds(-1):
        return "worse"
    if not margin:
        return "undecided"
    if holds(0, 1) and holds(0, -1):
        return "level"
    return "no worse" if holds(0, 1) else "no better" if holds(0, -1) else "undecided"


@pytest.mark.parametrize("checkpoints", range(1, 8))
def test_every_ballot_has_one_answer_its_mirror_the_mirrored_one(checkpoints: int) -> None:
    needed = math.ceil(checkpoints / 2)
    seen = set()
    for signs in ballots(checkpoints):
        for margin in (True, False):
            found = on_clock(Ballot(np.array(signs), needed, has_margin=margin)).relation
            assert found == by_the_book(signs, needed, margin=margin), signs
            turned = on_clock(Ballot(-np.array(signs), needed, has_margin=margin)).relation
            assert turned == MIRRORED[found]
            seen.add(found)
    assert seen <= set(SAID)
    assert seen == set(SAID) or checkpoints < 5


@pytest.mark.parametrize("checkpoints", range(1, 6))
def test_the_order_of_checkpoints_before_the_end_does_not_matter(checkpoints: int) -> None:
    for signs in product((1.0, 0.0, -1.0, NAN), repeat=checkpoints):
        ordered = (*sorted(signs[:-1], key=str), signs[-1])
        found = [on_clock(Ballot(np.array(s), 1)).relation for s in (signs, ordered)]
        assert found[0] == found[1]


def test_what_holds_on_a_clock_never_contradicts_itself() -> None:
    for signs in ballots(7):
        said = on_clock(Ballot(np.array(signs), 4))
        holding = {relation for relation, tally in said.tallies.items() if tally.holds}
        # Whatever else is true follows from the one relation that is named.
        assert holding == IMPLIED[said.relation] - {"level"}


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ([1.0] * 10, "better"),
        ([0, 0, *[1.0] * 8], "better"),
        ([0, 0, 0, *[1.0] * 7], "no worse"),
        ([*[1.0] * 9, 0], "no worse"),
        ([1, 1, *[0.0] * 8], "level"),
        ([1, 1, 1, *[0.0] * 7], "no worse"),
        ([1, -1, -1, *[0.0] * 7], "level"),
        ([*[0.0] * 9, 1.0], "no worse"),
        ([1, 1, -1, -1, -1, *[0.0] * 5], "no better"),
        ([1, 1, 1, -1, -1, -1, *[0.0] * 4], "undecided"),
        ([*[1.0] * 9, -1], "undecided"),
    ],
)
def test_a_relation_needs_the_end_and_four_fifths(signs: list[float], expected: Relation) -> None:
    assert on_clock(Ballot(np.array(signs), 5)).relation == expected


def test_the_end_must_be_known_of_checkpoints_but_not_of_targets() -> None:
    signs = np.array([1.0, 1, 1, NAN])
    assert on_clock(Ballot(signs, 2)).relation == "undecided"
    assert on_clock(Ballot(signs, 3, last_must_be_known=False)).relation == "better"
    assert not on_clock(Ballot(signs, 4, last_must_be_known=False)).tells


# Of the table of what two clocks imply together, the half on and above the diagonal.
TOGETHER: dict[tuple[Relation, Relation], Relation] = {
    ("better", "better"): "better",
    ("better", "worse"): "undecided",
    ("better", "level"): "no worse",
    ("better", "no worse"): "no worse",
    ("better", "no better"): "undecided",
    ("worse", "worse"): "worse",
    ("worse", "level"): "no better",
    ("worse", "no worse"): "undecided",
    ("worse", "no better"): "no better",
    ("level", "level"): "level",
    ("level", "no worse"): "no worse",
    ("level", "no better"): "no better",
    ("no worse", "no worse"): "no worse",
    ("no worse", "no better"): "undecided",
    ("no better", "no better"): "no better",
}
TOGETHER |= {(b, a): found for (a, b), found in TOGETHER.items()}
TOGETHER |= {(a, "undecided"): "undecided" for a in SAID}
TOGETHER |= {("undecided", a): "undecided" for a in SAID}


def test_two_clocks_say_together_what_the_table_says() -> None:
    assert set(TOGETHER) == set(product(SAID, repeat=2))
    for pair, expected in TOGETHER.items():
        assert intersection(pair) == expected, pair


def test_three_clocks_are_closed_mirrored_and_in_any_order() -> None:
    for three in product(RELATIONS, repeat=3):
        found = intersection(three)
        there = [said for said in three if said != "no data"]
        assert found in RELATIONS
        assert (found == "no data") == (not there)
        assert found == intersection(reversed(three))
        assert intersection(MIRRORED[said] for said in three) == MIRRORED[found]
        if there:
            by_pairs: Relation = there[0]
            for said in there[1:]:
                by_pairs = TOGETHER[by_pairs, said]
            assert found == by_pairs
        # Together they say nothing that not each of them implies.
        assert all(IMPLIED[found] <= IMPLIED[said] for said in there)


def test_a_clock_that_is_missing_drops_out_and_none_left_is_no_data() -> None:
    assert intersection(["better", "no data"]) == "better"
    assert ask({}, -1).relation == "no data"


def test_a_relation_says_all_that_is_true_and_implies_it() -> None:
    for relation in RELATIONS:
        assert strongest(IMPLIED[relation]) == (relation if relation != "no data" else "undecided")
        for other in IMPLIED[relation]:
            assert IMPLIED[other] <= IMPLIED[relation]
            assert implies(MIRRORED[relation], MIRRORED[other])


def test_names_follow_what_was_asked() -> None:
    assert [named(r, "diagnostic") for r in RELATIONS[:5]] == [
        "higher",
        "lower",
        "level",
        "no lower",
        "no higher",
    ]
    assert [named(r, "speed") for r in RELATIONS[:5]] == [
        "sooner",
        "later",
        "level",
        "no later",
        "no sooner",
    ]
    for vocabulary in ("quality", "diagnostic", "speed"):
        assert len({named(r, vocabulary) for r in RELATIONS}) == len(RELATIONS)


def test_window_margin_and_clock_are_varied() -> None:
    assert len(variations(["minutes"])) == 9
    assert len(variations(["minutes", "steps"])) == 27
    assert len(variations(["minutes", "steps", "updates"])) == 36
    first = variations(["minutes", "steps"])[0]
    assert first == Variation(WINDOWS[0], FACTORS[0], None)
    assert first.changes == 0


def varied(counts: dict[Relation, int], ruled: Relation) -> dict[Variation, Relation]:
    """Let so many of nine variations give each relation, the rule itself `ruled`."""
    left = Counter(counts)
    left[ruled] -= 1
    others = [relation for relation, count in left.items() for _ in range(count)]
    return dict(zip(variations(["minutes"]), [ruled, *others], strict=True))


@pytest.mark.parametrize(
    ("counts", "ruled", "expected", "agreeing", "fragile"),
    [
        ({"better": 9}, "better", "better", 9, False),
        ({"better": 8, "undecided": 1}, "better", "better", 8, False),
        ({"better": 7, "undecided": 2}, "better", "better", 7, True),
        ({"better": 5, "level": 4}, "better", "better", 5, True),
        ({"better": 4, "level": 4, "worse": 1}, "better", "no worse", 8, False),
        ({"better": 4, "worse": 5}, "better", "undecided", 4, False),
        ({"level": 5, "better": 4}, "level", "level", 5, True),
        ({"level": 4, "better": 5}, "level", "no worse", 9, False),
        ({"level": 4, "worse": 5}, "level", "no better", 9, False),
        # Both weak ones are left of level: that is no answer.
        (
            {"level": 4, "no worse": 1, "no better": 1, "undecided": 3},
            "level",
            "undecided",
            4,
            False,
        ),
        ({"level": 3, "undecided": 6}, "level", "undecided", 3, False),
        ({"no worse": 5, "undecided": 4}, "no worse", "no worse", 5, True),
        ({"no worse": 1, "better": 4, "undecided": 4}, "no worse", "no worse", 5, True),
        ({"no worse": 4, "undecided": 5}, "no worse", "undecided", 4, False),
        # The rule itself says nothing: its variations cannot say more.
        ({"undecided": 4, "better": 5}, "undecided", "undecided", 4, False),
    ],
)
def test_the_answer_is_the_strongest_part_that_half_the_variations_share(
    counts: dict[Relation, int], ruled: Relation, expected: Relation, agreeing: int, fragile: bool
) -> None:
    found, agreeing_found = settled(varied(counts, ruled))
    assert (found, agreeing_found.agreeing) == (expected, agreeing)
    assert (bool(IMPLIED[found]) and agreeing_found.fragile) == fragile


def test_what_variations_leave_is_implied_by_the_rule_and_mirrored() -> None:
    for others in combinations_with_replacement(SAID, 8):
        for ruled in ("better", "level", "no worse", "undecided"):
            answers = dict(zip(variations(["minutes"]), [ruled, *others], strict=True))
            found, agreed = settled(answers)
            assert found in (ruled, "undecided") or implies(ruled, found)
            mirrored, also = settled({v: MIRRORED[said] for v, said in answers.items()})
            assert mirrored == MIRRORED[found]
            assert also.agreeing == agreed.agreeing


def test_the_smallest_changes_that_break_an_answer_are_named() -> None:
    answers = dict.fromkeys(variations(["minutes", "steps"]), "better")
    double = Variation(factor=2.0)
    answers |= {double: "level", Variation(window=2 / 3, factor=2.0): "level"}
    assert agreement("better", answers).breaking == (double,)
    assert agreement("no worse", answers).breaking == ()


def said(relation: Relation, *, tells: bool = True) -> OneClock:
    return OneClock(relation, {"better": Tally(0, 5, 5, False, tells)})


def test_every_reason_has_its_case() -> None:
    up, down, flat = [1.0] * 4, [-1.0] * 4, [0.0] * 4
    mixed = [1.0, -1.0, 1.0, -1.0]

    def why(*clocks: Sequence[float], **more: Any) -> str | None:
        asked = {str(n): values(found) for n, found in enumerate(clocks)}
        return ask(asked, 1, **more).reason

    assert why(up) is None
    assert why(up, down) == "clocks disagree"
    assert why(mixed) == why(up, mixed) == "crosses over"
    assert why([1.0, 1.0, 1.0, NAN]) == "too few known"
    assert why(up, noise={"0": Noise(1.0, 2.0)}) == "within noise"
    assert why(up, noise={"0": Noise(NAN, NAN)}) == "too few known"
    # Level over the second half, and a back and forth over any other part.
    hangs = values([*[0.0] * 6, 1, -1, *[0.0] * 4, 1, -1, 1, -1, *[0.0] * 3])
    found = ask({"minutes": hangs}, 1)
    assert (found.relation, found.ruled, found.reason) == (
        "undecided",
        "level",
        "hangs on the rule",
    )
    assert why(flat) is None
    assert why_undecided({"a": said("better"), "b": said("worse", tells=False)}, {}) == (
        "too few known"
    )


def test_within_noise_nothing_is_said_and_beyond_it_nothing_is_level() -> None:
    for relation in SAID:
        assert Noise(0.5, 1.0).leaves(relation) == "undecided"
        assert Noise(NAN, NAN).leaves(relation) == "undecided"
        # Runs that all log one number have no spread, and no difference.
        assert Noise(0.0, 0.0).leaves(relation) == "undecided"
        beyond = Noise(1.0, 1.0).leaves(relation), Noise(-1.0, 1.0).leaves(relation)
        assert beyond == (("no worse", "no better") if relation == "level" else (relation,) * 2)


some_values = some.lists(
    some.sampled_from([-2.0, -1.0, -0.5, -0.3, 0.0, 0.3, 0.5, 1.0, NAN]),
    min_size=4,
    max_size=14,
)


@given(some.lists(some_values, min_size=1, max_size=3), some.sampled_from([0.5, None]))
def test_swapping_candidate_and_baseline_mirrors_the_answer(
    clocks: list[list[float]], margin: float | None
) -> None:
    asked = {str(n): values(found, margin=margin) for n, found in enumerate(clocks)}
    swapped = {
        clock: values([0.0] * len(one.candidate), list(one.candidate), margin=margin)
        for clock, one in asked.items()
    }
    found, turned = ask(asked, -1), ask(swapped, -1)
    assert turned.relation == MIRRORED[found.relation]
    assert (turned.reason, turned.fragile) == (found.reason, found.fragile)
    assert turned.agreement.agreeing == found.agreement.agreeing


@given(some_values, some.sampled_from([1e-3, 1e3]))
def test_units_do_not_matter(candidate: list[float], unit: float) -> None:
    found = ask({"a": values(candidate)}, 1)
    scaled = ask({"a": values([unit * v for v in candidate], margin=0.5 * unit)}, 1)
    assert (scaled.relation, scaled.agreement) == (found.relation, found.agreement)


some_times = some.lists(some.sampled_from([5.0, 20.0, 40.0, 90.0, NAN]), min_size=3, max_size=6)


@given(some_times, some_times)
def test_swapping_mirrors_times_too(candidate: list[float], baseline: list[float]) -> None:
    count = min(len(candidate), len(baseline))
    mine, other = sorted(candidate[:count], key=str), sorted(baseline[:count], key=str)
    found = ask({"a": times(mine, other)}, -1)
    turned = ask({"a": times(other, mine)}, -1)
    assert turned.relation == MIRRORED[found.relation]
    assert turned.reason == found.reason
