"""Claims held against answers: every kind against every answer, amounts, causes, compounds."""

from __future__ import annotations

from itertools import product

import pytest

from rulka_analysis.experiments.said import SAID, is_about_time
from rulka_analysis.verdicts.claims import (
    TABLE,
    VERDICTS,
    Held,
    Stands,
    Verdict,
    all_of,
    any_of,
    because_of,
    golden_middle,
    hold,
    hold_amount,
    relation_of,
)
from rulka_analysis.verdicts.relations import IMPLIED, MIRRORED, RELATIONS, Relation, named

CLAIMED: tuple[Relation, ...] = tuple(TABLE)
ANSWERED: tuple[Relation, ...] = ("better", "no worse", "level", "no better", "worse")

# Claim by claim, against better, no worse, level, no better, worse.
EXPECTED: dict[Relation, str] = {
    "better": "holds, too strong, wrong, wrong, wrong",
    "no worse": "holds, holds, holds, undecided, wrong",
    "level": "wrong, too strong, holds, too strong, wrong",
    "no better": "wrong, undecided, holds, holds, holds",
    "worse": "wrong, wrong, wrong, too strong, holds",
}


def test_every_claim_against_every_answer() -> None:
    assert set(CLAIMED) == set(ANSWERED)
    for claim, row in EXPECTED.items():
        found = [hold(claim, answer).verdict for answer in ANSWERED]
        assert found == row.split(", ")


def test_undecided_and_no_data_pass_through() -> None:
    for claim in CLAIMED:
        assert hold(claim, "undecided", fragile=True) == Held("undecided")
        assert hold(claim, "no data", fragile=True) == Held("no data")


def test_the_table_is_closed_mirrored_and_follows_from_what_answers_imply() -> None:
    for claim, answer in product(CLAIMED, ANSWERED):
        found = hold(claim, answer).verdict
        assert found in VERDICTS
        assert hold(MIRRORED[claim], MIRRORED[answer]).verdict == found
        # A claim holds exactly where the answer implies it.
        assert (found == "holds") == (claim in IMPLIED[answer])
        if found == "wrong":
            # What is wrong shares with the answer no more than a half of level.
            assert claim not in IMPLIED[answer]
            assert answer not in IMPLIED[claim] or answer == "level" or claim == "level"
    assert {r for r in RELATIONS if r not in ANSWERED} == {"undecided", "no data"}


def test_fragile_carries_over_where_something_is_said() -> None:
    for claim, answer in product(CLAIMED, ANSWERED):
        found = hold(claim, answer, fragile=True)
        assert found.fragile == (found.verdict != "undecided")
        assert not hold(claim, answer).fragile


@pytest.mark.parametrize("said", SAID)
def test_every_way_of_saying_it_names_one_relation(said: str) -> None:
    up, down = relation_of(said), relation_of(said, lower_is_better=True)
    assert up in CLAIMED
    turns = said.removeprefix("no ") in ("higher", "lower")
    assert down == (MIRRORED[up] if turns else up)
    if said not in ("same", "level"):
        vocabulary = "speed" if is_about_time(said) else "diagnostic" if turns else "quality"
        assert named(up, vocabulary) == said  # type: ignore[arg-type]


def test_what_is_said_of_time_is_about_time() -> None:
    assert {said for said in SAID if is_about_time(said)} == {
        "sooner",
        "later",
        "no sooner",
        "no later",
    }


# --- By how much at least -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "met", "refuted", "open_"),
    [
        ("holds", "holds", "too strong", "undecided"),
        ("too strong", "too strong", "too strong", "too strong"),
        ("wrong", "wrong", "wrong", "wrong"),
        ("undecided", "undecided", "wrong", "undecided"),
        ("no data", "no data", "no data", "no data"),
    ],
)
def test_an_amount_can_only_weaken(
    direction: Verdict, met: Verdict, refuted: Verdict, open_: Verdict
) -> None:
    amounts: tuple[Relation, ...] = ("better", "worse", "undecided")
    found = [hold_amount(Held(direction), amount).verdict for amount in amounts]
    assert found == [met, refuted, open_]


def test_a_fragile_amount_is_fragile() -> None:
    assert hold_amount(Held("holds"), "better", fragile=True).fragile
    assert hold_amount(Held("holds", fragile=True), "worse").fragile
    assert hold_amount(Held("undecided"), "worse", fragile=True) == Held("wrong", fragile=True)
    assert hold_amount(Held("wrong", fragile=True), "better") == Held("wrong", fragile=True)
    assert hold_amount(Held("holds", fragile=True), "undecided") == Held("undecided")


# --- Causes and compounds -------------------------------------------------------------------------


def test_a_cause_needs_a_pair_that_differs_in_it_alone() -> None:
    for verdict in VERDICTS:
        held = Held(verdict, fragile=verdict == "wrong")
        assert because_of(held, "a", ["a"]) == held
        assert because_of(held, "a", ["a", "b"]) == Held("no data")
        assert because_of(held, "a", ["b"]) == because_of(held, "a", []) == Held("no data")


ALL = ("wrong", "no data", "undecided", "too strong", "holds")
ANY = ("holds", "too strong", "no data", "undecided", "wrong")


def test_compounds_take_the_first_of_their_order() -> None:
    for parts in product(VERDICTS, repeat=3):
        held = [Held(verdict) for verdict in parts]
        assert all_of(held).verdict == min(parts, key=ALL.index)
        assert any_of(held).verdict == min(parts, key=ANY.index)


def test_one_sound_part_refutes_and_every_part_must_be_sound_to_hold() -> None:
    sound, weak = Held("holds"), Held("holds", fragile=True)
    assert all_of([sound, weak]).fragile
    assert not any_of([sound, weak]).fragile
    sound, weak = Held("wrong"), Held("wrong", fragile=True)
    assert not all_of([sound, weak, Held("holds", fragile=True)]).fragile
    assert all_of([weak, Held("holds")]).fragile
    assert any_of([sound, weak]).fragile


def middle(*neighbours: tuple[Relation, Relation], strict: bool = False) -> Verdict:
    answers = {str(n): [Stands(r) for r in each] for n, each in enumerate(neighbours)}
    return golden_middle(answers, strict=strict)[0].verdict


def test_a_golden_middle_is_no_worse_anywhere_and_better_than_each_somewhere() -> None:
    assert middle(("better", "no worse"), ("level", "better")) == "holds"
    assert middle(("better", "no worse"), ("level", "better"), strict=True) == "wrong"
    assert middle(("better", "better"), strict=True) == "holds"
    assert middle(("better", "no worse"), strict=True) == "too strong"
    assert middle(("level", "level")) == "wrong"
    assert middle(("better", "worse")) == "wrong"
    assert middle(("better", "undecided")) == "undecided"
    assert middle(("better", "no data")) == "no data"
    assert middle(("no worse", "level")) == "too strong"
    assert middle(("better", "better"), ("worse", "better")) == "wrong"


def test_a_golden_middle_tells_how_each_neighbour_stands() -> None:
    answers = {"a": [Stands("better", fragile=True)], "b": [Stands("level")]}
    found, each = golden_middle(answers)
    assert each == {"a": Held("holds", fragile=True), "b": Held("wrong")}
    assert found == Held("wrong")
