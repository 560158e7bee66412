"""Numbers that know where they come from: how they are shown, and how the unknown spreads."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulka_analysis.metrics.series import direction
from rulka_analysis.values.quantities import Evidence, Quantity, Sentence, format_number

EVENT = Evidence("uni_5", "Training/loss", "uni_5/events", 7, 1.0, 300.96, minutes=5.0)
OTHER = replace(EVENT, run="uni_6", value=2962.12)
UNKNOWN = Quantity.unknown("no run uni_6 in these logs", "s")


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (2962.12, 2, "2,962.12"),
        (-0.5848, 3, "−0.585"),
        (-0.004, 2, "0.00"),
        (-0.005001, 2, "−0.01"),
        (0.0, 0, "0"),
        (-0.0, 1, "0.0"),
        (5_871_020, 0, "5,871,020"),
        (-1234.5, 1, "−1,234.5"),
        (1e15, 0, "1,000,000,000,000,000"),
    ],
)
def test_numbers_are_shown_as_readers_write_them(value: float, digits: int, text: str) -> None:
    assert format_number(value, digits) == text


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(0, 6))
def test_what_is_shown_is_the_number_rounded(value: float, digits: int) -> None:
    text = format_number(value, digits)
    read = float(text.replace(",", "").replace("−", "-"))
    assert abs(read - value) <= 0.5 * 10**-digits * (1 + 1e-6) + abs(value) * 1e-15
    assert "-" not in text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_shown(value: float) -> None:
    with pytest.raises(ValueError, match="only a finite number can be shown"):
        format_number(value, 2)
    assert not Quantity(value).known
    with pytest.raises(ValueError, match="only a finite number"):
        str(Quantity(value, "s"))
    with pytest.raises(ValueError, match="only a finite number"):
        str(Sentence("It is {x}.", {"x": Quantity(value)}))


def test_a_unit_stands_behind_the_number() -> None:
    assert str(Quantity(24.56, "s")) == "24.56 s"
    assert str(Quantity(24.56)) == "24.56"
    assert Quantity(24.56, "s").shown_as(digits=1, unit="").text == "24.6"


def test_an_unknown_quantity_says_so_in_place_of_the_number() -> None:
    assert (UNKNOWN.text, UNKNOWN.known) == ("not in these logs", False)
    assert math.isnan(UNKNOWN.number)
    assert Quantity.unknown("why", label="not recorded").text == "not recorded"


@pytest.mark.parametrize("combine", ["minus", "over"])
@pytest.mark.parametrize("order", [1, -1])
def test_what_rests_on_the_unknown_is_unknown_for_the_same_reason(combine: str, order: int) -> None:
    first, second = [Quantity(24.56, "s"), UNKNOWN][::order]
    result = getattr(first, combine)(second)
    assert not result.known
    assert (result.missing, result.text) == (UNKNOWN.missing, UNKNOWN.text)
    assert not UNKNOWN.size().known


def test_a_difference_and_a_ratio_rest_on_the_evidence_of_both() -> None:
    base = Quantity(300.96, "a batch", 2, (EVENT,), "last value")
    value = Quantity(2962.12, "a batch", 2, (OTHER,), "last value")
    difference, ratio = value.minus(base, how="uni_6 minus uni_5"), value.over(base)
    assert (difference.text, ratio.text) == ("2,661.16 a batch", "9.84 times")
    assert difference.evidence == ratio.evidence == (OTHER, EVENT)
    assert difference.how == "uni_6 minus uni_5 (last value)"


def test_reading_errors_add_up_as_independent_ones_do() -> None:
    a = Quantity(10.0, reading_error=0.3)
    b = Quantity(5.0, reading_error=0.4)
    assert a.minus(b).reading_error == pytest.approx(0.5)
    expected = 2 * math.hypot(0.03, 0.08)
    assert a.over(b).reading_error == pytest.approx(expected)
    assert Quantity(-10.0, reading_error=0.3).over(b).reading_error == pytest.approx(expected)
    assert a.minus(b).size().reading_error == pytest.approx(0.5)
    assert Quantity(0.0, reading_error=0.3).over(b).reading_error == pytest.approx(0.06)


def test_a_ratio_to_zero_is_not_defined() -> None:
    ratio = Quantity(1.0).over(Quantity(0.0))
    assert (ratio.known, ratio.text, ratio.missing) == (
        False,
        "not defined",
        "a ratio to zero is not defined",
    )


@pytest.mark.parametrize(
    ("value", "error", "word"),
    [
        (0.21, 0.0, "higher"),
        (-0.21, 0.0, "lower"),
        (0.0, 0.0, "the same"),
        (0.02, 0.02, "the same"),
        (-0.021, 0.02, "lower"),
    ],
)
def test_no_direction_is_claimed_below_the_reading_error(
    value: float, error: float, word: str
) -> None:
    assert direction(Quantity(value, reading_error=error)) == word


def test_the_direction_of_the_unknown_is_not_known() -> None:
    assert direction(UNKNOWN) == "not known"
    assert direction(Quantity(math.nan)) == "not known"


def test_a_sentence_with_an_unknown_number_claims_nothing() -> None:
    sentence = Sentence("uni_6 is {by} {word}.", {"by": UNKNOWN, "word": "slower"})
    assert str(sentence) == "Not known: no run uni_6 in these logs."
    twice = Sentence("{a} and {b}.", {"a": UNKNOWN, "b": UNKNOWN})
    assert str(twice) == str(sentence)


def test_text_in_a_sentence_is_taken_as_it_is() -> None:
    sentence = Sentence("{run}: {x} {{kept}}", {"run": "{x} <b>", "x": Quantity(1.0)})
    assert str(sentence) == "{x} <b>: 1.00 {kept}"
    assert Quantity(1.0) in sentence.parts()


def test_a_quantity_is_plain_data() -> None:
    data = json.loads(json.dumps(Quantity(24.56, "s", evidence=(EVENT,)).as_dict()))
    assert data["text"] == "24.56 s"
    assert data["evidence"][0] == {
        "run": "uni_5",
        "tag": "Training/loss",
        "file": "uni_5/events",
        "step": 7,
        "wall_time": 1.0,
        "value": 300.96,
        "minutes": 5.0,
        "steps": None,
        "reading_error": 0.0,
        "published": False,
        "steps_interpolated": False,
        "steps_unit": "steps",
        "sha256": "",
    }
