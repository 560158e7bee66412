"""What a definition says of two groups: read from one line, or refused with a remedy."""

from __future__ import annotations

from itertools import product

import pytest

from rulka_analysis.experiments.said import SAID, AtLeast, Said, is_about_time, read_said
from rulka_analysis.values.errors import ExperimentError

GROUPS = ["uni_5", "512 · 512×", "512 · 512× · 4 collectors", "no better on paper"]
OUTCOMES = ["loss", "best.first"]


def test_every_way_of_saying_it_is_read() -> None:
    for candidate, said, outcome in product(GROUPS, SAID, OUTCOMES):
        if candidate == "no better on paper":
            continue
        assert read_said(f"{candidate} {said} on {outcome}", GROUPS, OUTCOMES) == Said(
            candidate, said, outcome
        )
        if candidate != "uni_5":
            found = read_said(f"{candidate} {said} than uni_5 on {outcome}", GROUPS, OUTCOMES)
            assert found == Said(candidate, said, outcome, "uni_5")


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("74 %", AtLeast("percent", 74)),
        ("74%", AtLeast("percent", 74)),
        ("9.84 times", AtLeast("times", 9.84)),
        ("9.84×", AtLeast("times", 9.84)),
        ("24.6 points", AtLeast("size", 24.6)),
        ("24.6", AtLeast("size", 24.6)),
    ],
)
def test_an_amount_is_a_share_a_ratio_or_a_size(by: str, expected: AtLeast) -> None:
    assert read_said(f"uni_5 higher on loss by {by}", GROUPS, OUTCOMES).least == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("uni_5 is nice", "write <group>"),
        ("uni_5 better", "write <group>"),
        ("uni_6 better on loss", "did you mean 'uni_5'"),
        ("uni_5 better on lost", "did you mean 'loss'"),
        ("uni_5 better than uni_9 on loss", "no group 'uni_9'"),
        ("uni_5 better than uni_5 on loss", "against itself"),
        ("uni_5 no better on loss by 5 %", "has no amount"),
        ("uni_5 same on loss by 5 %", "has no amount"),
        ("uni_5 better on loss by 5..0 %", "is no number"),
    ],
)
def test_what_cannot_be_read_says_what_to_write(text: str, message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        read_said(text, GROUPS, OUTCOMES)


def test_what_is_said_of_time_is_about_time() -> None:
    assert {said for said in SAID if is_about_time(said)} == {
        "sooner",
        "later",
        "no sooner",
        "no later",
    }
