"""Sentences of every answer: well formed whatever is asked, and in the words that were agreed."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from rulka_analysis.experiments.said import SAID, AtLeast
from rulka_analysis.values.quantities import Evidence, Quantity, Sentence
from rulka_analysis.verdicts import claim_words, how_sure, words
from rulka_analysis.verdicts.asked import Ballot, Values
from rulka_analysis.verdicts.claims import VERDICTS, Held
from rulka_analysis.verdicts.deciding import Decided
from rulka_analysis.verdicts.intervals import Interval, Planned
from rulka_analysis.verdicts.ranks import RankTest
from rulka_analysis.verdicts.relations import (
    RELATIONS,
    Noise,
    Reason,
    Relation,
    Vocabulary,
    ask,
    named,
    on_clock,
)
from rulka_analysis.verdicts.robustness import RunVariation
from rulka_analysis.verdicts.spread import RunsNeeded, StandsOut
from rulka_analysis.verdicts.words import About, Numbers, Pace

VOCABULARIES: tuple[Vocabulary, ...] = ("quality", "diagnostic", "speed")
END = Quantity(85, "min", 0)
EVENT = Evidence("uni_7", "tag", "file", 1, 0.0, 24.58)
MINE, OTHER = Quantity(24.58, "s", evidence=(EVENT,)), Quantity(24.79, "s", evidence=(EVENT,))
TIMES = Numbers(MINE, OTHER, MINE.minus(OTHER), END)
RATIO = Quantity(0.52, "times", evidence=(EVENT,))
PACE = Pace(RATIO, "minutes", 5, 6, Quantity(0.4, ""), Quantity(0.9, ""))


def about(**more: object) -> About:
    plain = About("best time", "512 · 512×", "2048 · 160×", less="faster", more="slower")
    return replace(plain, **more)  # type: ignore[arg-type]


def well_formed(sentence: Sentence) -> str:
    text = str(sentence)
    assert text[:1].upper() == text[:1]
    assert text.endswith(".")
    assert not set("{}") & set(text)
    assert not any(wrong in text for wrong in ("  ", " .", "..", " ,", "()", "None", "nan", ": ."))
    return text


def decided(relation: Relation, reason: Reason | None, clocks: int) -> Decided:
    """Make an answer with everything its reason may speak of."""
    said = {"minutes": relation, "steps": relation} if clocks == 2 else {"minutes": relation}
    mixed = on_clock(Ballot(np.array([1.0, -1.0, 1.0, -1.0, -1.0]), 2))
    few = on_clock(Ballot(np.array([1.0, math.nan, math.nan]), 2))
    observed = few if reason == "too few known" else mixed
    answer = replace(ask({}, 1), clocks=dict.fromkeys(said, observed))
    interval = Interval(-0.2, -0.5, 0.1, 0.1, 4, (3, 3), family=2)
    return Decided(
        relation,
        reason,
        "interval" if reason == "interval includes 0" else "observed once",
        said,
        4,
        9,
        observation=answer,
        intervals={"minutes": interval} if reason == "interval includes 0" else {},
        noise={"minutes": Noise(0.2, 0.5)} if reason == "within noise" else {},
    )


CASES: list[tuple[Relation, Reason | None]] = [
    *((relation, None) for relation in RELATIONS if relation != "undecided"),
    *(
        ("undecided", reason)
        for reason in (
            "clocks disagree",
            "crosses over",
            "within noise",
            "interval includes 0",
            "too few known",
            "hangs on the rule",
        )
    ),
]


@pytest.mark.parametrize(("relation", "reason"), CASES)
def test_every_answer_has_its_sentence(relation: Relation, reason: Reason | None) -> None:
    for vocabulary, variant, title, runs, clocks in product(
        VOCABULARIES, ("", "Ant"), ("", "return"), ((1, 1), (3, 1), (3, 5)), (1, 2)
    ):
        told = about(vocabulary=vocabulary, variant=variant, title=title, runs=runs)
        found = decided(relation, reason, clocks)
        value = words.answer(told, TIMES, found, "nothing logged")
        speed = words.pace(told, PACE, found, "nothing logged")
        for sentence in (value, speed):
            text = well_formed(sentence)
            assert (f" on {variant}" in text) == bool(variant)
            begin = named(relation, vocabulary) if relation != "no data" else "no data"
            assert text.lower().startswith(begin)
        if relation != "no data":
            # Numbers come as quantities, so that a page can ask where they come from.
            evident = [p for p in value.parts() if isinstance(p, Quantity) and p.evidence]
            assert {p.text for p in evident} >= {"24.58 s", "24.79 s"}
            assert any(p is RATIO for p in speed.parts())


def test_the_words_that_were_agreed() -> None:
    level = Decided("level", None, "observed once", {"minutes": "level"})
    same = Numbers(MINE, MINE, MINE.minus(MINE), END)
    told = about(title="", variant="Ant")
    assert str(words.answer(told, same, level)) == (
        "Level on Ant at 85 min in these two runs: 24.58 s each."
    )
    better = Decided("better", None, "observed once", {"minutes": "better"})
    assert str(words.answer(about(), TIMES, better)) == (
        "Better at 85 min in these two runs: best time 24.58 s with 512 · 512×, 24.79 s with "
        "2048 · 160× (0.21 s faster)."
    )
    weak = replace(better, relation="no better", clocks={"minutes": "worse", "steps": "no better"})
    assert str(words.answer(told, same, weak)).endswith(
        "24.58 s each; worse by minutes, no better by steps."
    )
    hangs = decided("undecided", "hangs on the rule", 1)
    assert str(words.answer(told, TIMES, hangs)).startswith(
        "Undecided on Ant: 4 of 9 robustness checks agree. At 85 min: 24.58 s with"
    )


def test_rewards_are_higher_and_means_say_of_how_many_runs() -> None:
    mine, other = Quantity(412.0, "", 0), Quantity(390.0, "", 0)
    numbers = Numbers(mine, other, mine.minus(other), Quantity(1e6, "steps", 0))
    told = About("return", "lr 3e-4", "lr 1e-3", runs=(3, 5))
    found = Decided("better", None, "interval", {"steps": "better"})
    assert str(words.answer(told, numbers, found)) == (
        "Better at 1,000,000 steps: return 412 with lr 3e-4 (mean of 3 runs), 390 with lr 1e-3 "
        "(mean of 5 runs), 22 higher."
    )


def test_who_has_no_value_is_said_in_words_and_silences_nothing() -> None:
    never = Quantity.unknown("b never finished", "s", label="none finished")
    numbers = Numbers(MINE, never, MINE.minus(never), END)
    text = str(words.answer(about(), numbers, Decided("better", None, "observed once", {})))
    assert "24.58 s with 512 · 512×, none finished with 2048 · 160×." in text


def test_a_difference_that_is_rounded_away_has_no_direction() -> None:
    close = Quantity(24.584, "s")
    numbers = Numbers(MINE, close, MINE.minus(close), END)
    told = about(runs=(3, 3))
    text = str(words.answer(told, numbers, Decided("level", None, "interval", {})))
    assert "faster" not in text
    assert "slower" not in text


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("clocks disagree", "undecided by minutes"),
        ("crosses over", "better at 2 and worse at 3 of 5 checkpoints by minutes"),
        ("within noise", "a difference of 0.21 s is within noise, which reaches 0.50 s"),
        ("interval includes 0", "by minutes the difference lies between −0.50 s and 0.10 s"),
        ("too few known", "1 of 3 checkpoints can be compared by minutes"),
        ("hangs on the rule", "4 of 9 robustness checks agree"),
    ],
)
def test_every_reason_is_said(reason: Reason, expected: str) -> None:
    found = words.reason(about(), decided("undecided", reason, 1), TIMES.difference)
    assert str(found) == expected


def test_targets_cross_over_as_targets() -> None:
    told = about(vocabulary="speed")
    found = words.reason(told, decided("undecided", "crosses over", 1), RATIO)
    assert str(found) == "sooner at 2 and later at 3 of 5 targets by minutes"


def test_an_unknown_end_is_said() -> None:
    values = Values(
        np.arange(1.0, 5),
        np.array([1.0, 1, 1, math.nan]),
        np.zeros(4),
        np.ones(4),
        np.zeros(4),
        np.zeros(4, dtype=bool),
        np.zeros(4, dtype=bool),
    )
    observed = ask({"minutes": values}, 1)
    found = Decided("undecided", observed.reason, "observed once", {}, observation=observed)
    assert str(words.reason(about(), found, MINE)).endswith("and not the end")


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        ("", "took 0.52 times as long"),
        ("at least", "took at least 0.52 times as long"),
        ("at most", "took at most 0.52 times as long"),
        ("unclear", "took about 0.52 times as long"),
    ],
)
def test_a_ratio_that_was_cut_says_so(bound: str, expected: str) -> None:
    cut = replace(PACE, bound=bound)  # type: ignore[arg-type]
    text = str(words.pace(about(), cut, Decided("better", None, "interval", {})))
    assert expected in text
    assert "5 of 6 targets, 0.40 to 0.90" in text


def test_without_a_ratio_the_rest_is_still_said() -> None:
    none = replace(PACE, ratio=Quantity.unknown("no target was reached by both", "times"))
    later = Decided("worse", None, "observed once", {})
    text = well_formed(words.pace(about(vocabulary="speed"), none, later))
    assert text == "Later: no target was reached by both."


# --- How sure -------------------------------------------------------------------------------------


def test_every_method_says_what_it_can_bear() -> None:
    margin = Quantity(0.1, "s")
    once = Decided("level", None, "observed once", {})
    assert str(how_sure.of_runs(about(), once, TIMES.difference, margin)) == (
        "One run a setting: seed noise is unknown; differences under 0.10 s are ignored."
    )
    few = Decided("better", None, "noise limit", {}, noise={"minutes": Noise(0.2, 0.1)})
    assert "a limit under equal normal spread" in well_formed(
        how_sure.of_runs(about(runs=(3, 1)), few, TIMES.difference, None)
    )
    # What is compared by logarithms has a limit in percent, and a ratio one on either side.
    logs = replace(few, noise={"minutes": Noise(0.2, math.log(1.25), logs=True)})
    assert "differences under 25.0 % are within noise" in well_formed(
        how_sure.of_runs(about(runs=(3, 1)), logs, Quantity(-30.0, "%", 0), None)
    )
    assert "a ratio under 1.25 times either way is within noise" in well_formed(
        how_sure.of_runs(about(runs=(3, 1)), logs, RATIO, None)
    )
    noisy = replace(logs, relation="undecided", reason="within noise")
    noisy = replace(noisy, noise={"minutes": Noise(0.1, math.log(1.25), logs=True)})
    assert str(words.reason(about(), noisy, RATIO)) == (
        "a ratio of 0.52 times is within noise, which reaches 1.25 times either way"
    )
    blind = replace(few, noise={"minutes": Noise(math.nan, math.nan)})
    well_formed(how_sure.of_runs(about(runs=(2, 2)), blind, TIMES.difference, None))
    times = Interval(math.log(0.5), math.log(0.4), math.log(0.6), 0.1, 4, (3, 5), logs=True)
    sooner = Decided("better", None, "interval", {}, intervals={"minutes": times})
    assert str(how_sure.of_runs(about(runs=(3, 5)), sooner, RATIO, None)) == (
        "95 % interval of the ratio: 0.40 to 0.60 times (3 against 5 runs)."
    )
    open_ = replace(sooner, relation="undecided", reason="interval includes 0")
    open_ = replace(open_, clocks={"minutes": "undecided"})
    assert str(words.reason(about(), open_, RATIO)) == (
        "by minutes the ratio lies between 0.40 and 0.60 times"
    )
    interval = Interval(-0.21, -0.3, -0.1, 0.02, 4, (3, 5), family=4)
    many = Decided("better", None, "interval", {}, intervals={"minutes": interval})
    assert str(how_sure.of_runs(about(runs=(3, 5)), many, TIMES.difference, margin)) == (
        "95 % interval of the difference: −0.30 s to −0.10 s (3 against 5 runs, for 4 candidates "
        "together); differences under 0.10 s are ignored."
    )
    ranks = RankTest(0.03, 0.02, 1, (4, 2), (4, 4))
    ranked = Decided("better", None, "interval", {}, ranks={"minutes": ranks})
    assert str(how_sure.of_runs(about(runs=(4, 4)), ranked, TIMES.difference, margin)) == (
        "4 of 4 finished against 2 of 4: compared by ranks, those without a value last."
    )
    nothing = Decided("undecided", "too few known", "interval", {})
    well_formed(how_sure.of_runs(about(runs=(3, 3)), nothing, TIMES.difference, margin))
    undecided = replace(ranked, relation="undecided", reason="within noise")
    assert "p = 0.03 by ranks" in str(words.reason(about(), undecided, MINE))


def test_robustness_is_counted_and_fragile_said() -> None:
    assert str(how_sure.checks_agree(decided("level", None, 1))) == (
        "Fragile: 4 of 9 robustness checks agree."
    )
    sound = Decided("level", None, "interval", {}, 9, 9)
    assert str(how_sure.checks_agree(sound)) == "9 of 9 robustness checks agree."
    assert str(how_sure.checks_agree(Decided("no data", None, "interval", {}))) == ""
    # What breaks an answer of several runs: an earlier end, the margin, one run.
    breaking = (RunVariation(end=5 / 6), RunVariation(factor=2.0), RunVariation(without=3))
    weak = Decided("worse", None, "interval", {}, 24, 33, breaking=breaking)
    assert str(how_sure.checks_agree(weak, runs=["a_0", "a_1", "a_2", "b_0"])) == (
        "Fragile: 24 of 33 robustness checks agree; the answer changes at 83 % of the common "
        "window, or with twice the margin, or without b_0."
    )
    # Undecided has nothing to agree with but other undecided.
    assert str(how_sure.checks_agree(decided("undecided", "crosses over", 1))) == (
        "4 of 9 robustness checks are undecided, too."
    )
    for reason in ("within noise", "too few known"):
        assert str(how_sure.checks_agree(decided("undecided", reason, 1))) == ""


def test_how_many_runs_would_tell() -> None:
    assert str(how_sure.how_many_runs(RunsNeeded(5, 5, for_level=True))) == (
        "5 runs of each would show that they are level in four of five cases. Adding runs until it "
        "is decided finds differences that are not there."
    )
    assert "many more" in well_formed(
        how_sure.how_many_runs(RunsNeeded(500, None, for_level=False), 2.0)
    )
    assert "(2,000 h)" in str(how_sure.how_many_runs(RunsNeeded(500, None, for_level=False), 2.0))
    well_formed(how_sure.how_many_runs(RunsNeeded(None, None, for_level=False)))


def test_standing_out_and_warnings() -> None:
    told = about(variant="Ant")
    for found in (
        StandsOut(True, 4, 6, 4.5),
        StandsOut(True, 6, 6, 4.5),
        StandsOut(False, 0, 6, 4.5),
        StandsOut(None, 0, 0, math.nan),
    ):
        well_formed(how_sure.standing_out(told, found, MINE))
    assert str(how_sure.bad_runs([])) == ""
    well_formed(how_sure.bad_runs(["a", "b"]))
    for count in (Planned(8, 2), Planned(1, 1)):
        well_formed(how_sure.planning(count))
        well_formed(how_sure.planning(count, bounded=False))
    well_formed(how_sure.observed_once([]))
    well_formed(
        how_sure.chance_alone(Quantity(64, "%", 0), Quantity(0.1, "s"), Quantity(0.15, "s"))
    )


# --- Claims ---------------------------------------------------------------------------------------


def test_every_claim_has_its_sentence() -> None:
    for said, relation, variant in product(SAID, RELATIONS, ("", "Ant")):
        found = Decided(relation, None, "interval", {"minutes": relation})
        for vocabulary, title in product(VOCABULARIES, ("", "loss", "loss, summed,")):
            told = about(vocabulary=vocabulary, variant=variant, title=title)
            text = well_formed(claim_words.claim(said, told, found))
            assert text.startswith("Said the same" if said == "same" else f"Said {said}")
            # Of what, and where.
            assert (f" in {title.rstrip(',')}" in text) == bool(title)
            assert (" on Ant" in text) == bool(variant)
            assert (";" in text or "so it is" in text) == (relation != "no data")
    same = Decided("level", None, "interval", {"minutes": "level"})
    assert str(claim_words.claim("same", about(), same)) == (
        "Said the same in best time, and so it is."
    )


LOSS = About("loss per transition", "512 · 512×", "2048 · 160×")


def loss(candidate: float, baseline: float) -> Numbers:
    mine, other = Quantity(candidate, "", 3), Quantity(baseline, "", 3)
    return Numbers(mine, other, mine.minus(other), END)


@pytest.mark.parametrize(
    ("least", "sign", "numbers", "expected"),
    [
        (("percent", 74), -1, (0.43, 0.5), "ended 14 % lower, not 74 %."),
        (("percent", 74), -1, (0.57, 0.5), "ended 14 % higher, not 74 % lower."),
        (("percent", 10), -1, (0.57, 0.5), "ended 14 % higher, not 10 % lower."),
        (("percent", 14), -1, (0.57, 0.5), "ended 14 % higher, not 14 % lower."),
        (("percent", 10), -1, (0.43, 0.5), "ended 14 % lower; 10 % or more was said."),
        (("percent", 14), -1, (0.43, 0.5), "ended 14 % lower, as was said."),
        (("times", 9.84), 1, (1.0, 0.4), "ended 2.50 times as high with 512 · 512× as with 2048 · "
         "160×, not 9.84 times."),
        (("times", 2), -1, (0.4, 1.0), "ended 2.50 times as high with 2048 · 160× as with 512 · "
         "512×; 2 times or more was said."),
        (("size", 0.2), 1, (0.6, 0.5), "ended 0.100 higher, not 0.2."),
        (("size", 0.2), 1, (0.4, 0.5), "ended 0.100 lower, not 0.2 higher."),
    ],
)  # fmt: skip
def test_an_amount_is_said_beside_the_one_found(
    least: tuple[str, float], sign: int, numbers: tuple[float, float], expected: str
) -> None:
    at_least = AtLeast(*least)  # type: ignore[arg-type]
    found = claim_words.claimed_amount(LOSS, at_least, sign, loss(*numbers))
    assert well_formed(found) == f"Loss per transition {expected}"


def test_an_amount_of_times_is_about_targets_and_an_open_one_says_so() -> None:
    speed = about(title="", variant="Ant", vocabulary="speed", less="sooner", more="later")
    numbers = Numbers(Quantity(0.5, "times"), Quantity(1.0, "times"), Quantity(0.5, "times"), END)
    for least, expected in (
        (AtLeast("percent", 40), "Targets on Ant were reached 50 % sooner; 40 % or more was said."),
        (AtLeast("times", 3), "Targets on Ant took 2.00 times as long with 2048 · 160× as with "
         "512 · 512×, not 3 times."),
    ):  # fmt: skip
        assert well_formed(claim_words.claimed_amount(speed, least, -1, numbers)) == expected
    found = claim_words.claimed_amount(
        LOSS, AtLeast("percent", 10), -1, loss(0.43, 0.5), "undecided"
    )
    assert well_formed(found) == (
        "Loss per transition ended 14 % lower; whether it is 10 % or more is undecided."
    )


def test_an_amount_that_cannot_be_known_says_why() -> None:
    unknown = Quantity.unknown("no tag", "s")
    numbers = Numbers(MINE, unknown, MINE.minus(unknown), END)
    well_formed(claim_words.claimed_amount(LOSS, AtLeast("percent", 10), 1, numbers))
    well_formed(claim_words.claimed_amount(LOSS, AtLeast("times", 2), 1, loss(-1.0, 2.0)))
    well_formed(claim_words.claimed_amount(LOSS, AtLeast("percent", 2), 1, loss(1.0, 0.0)))


def test_causes_and_parts() -> None:
    assert str(claim_words.cause("a", ["b", "a"])) == "Said because of a; the two differ in b, too."
    assert (
        str(claim_words.cause("a", ["b", "c"])) == "Said because of a; the two differ in b and c."
    )
    assert str(claim_words.cause("a", [])) == "Said because of a; the two agree in it."
    every = [Held(verdict) for verdict in VERDICTS]
    assert str(claim_words.parts(every)) == (
        "Of 5 parts, 1 holds, 1 is too strong, 1 is wrong, 1 is undecided and 1 has no data."
    )
    for count, verdicts in product((1, 2, 3), product(VERDICTS, repeat=2)):
        well_formed(claim_words.parts([Held(verdict) for verdict in verdicts] * count))
        well_formed(claim_words.parts([Held(verdicts[0])] * count, "comparisons"))
    assert str(claim_words.parts([Held("no data")])) == ("The only one of its parts has no data.")


def test_every_answer_has_a_sign_of_its_own() -> None:
    for vocabulary in VOCABULARIES:
        signs = {words.label_of_relation(r, vocabulary).split()[0] for r in RELATIONS}
        assert len(signs) == len(RELATIONS)
