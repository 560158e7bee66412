"""What the bundled curves answer, and what became of the claims of the page as once typed."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.tables import named_answers
from rulka_analysis.project import load_experiment, open_logs
from rulka_analysis.verdicts.answer import Answered, Claimed
from rulka_analysis.verdicts.loaded import LoadedExperiment

NAME = "batch_size_and_running_speed"
DEFINITION = Path(__file__).parents[2] / "docs" / "experiments" / f"{NAME}.toml"
CURVES = Path(__file__).parents[2] / "data" / "published" / "published_curves.csv"

# Name, answer, whether it is fragile.
ANSWERS = [
    ("larger_batch.time_A01", "worse", False),
    ("larger_batch.time_A01.pace", "later", False),
    ("larger_batch.time_hock", "worse", False),
    ("larger_batch.time_hock.pace", "later", False),
    ("larger_batch.loss", "higher", False),
    ("larger_batch.q", "lower", True),
    ("larger_batch.learner_share", "level", True),
    ("larger_batch.throughput", "no data", False),
    ("smaller_batch.time_A01", "level", True),
    ("smaller_batch.time_A01.pace", "no sooner", True),
    ("smaller_batch.time_hock", "better", False),
    ("smaller_batch.time_hock.pace", "sooner", False),
    ("smaller_batch.loss", "undecided", False),
    ("smaller_batch.q", "higher", True),
    ("smaller_batch.learner_share", "higher", False),
    ("smaller_batch.throughput", "no data", False),
    ("over_tuning.time_A01.uni_8", "no better", True),
    ("over_tuning.time_A01.uni_8.pace", "undecided", False),
    ("over_tuning.time_A01.uni_9", "worse", False),
    ("over_tuning.time_A01.uni_9.pace", "later", False),
    ("over_tuning.time_hock.uni_8", "worse", False),
    ("over_tuning.time_hock.uni_8.pace", "undecided", False),
    ("over_tuning.time_hock.uni_9", "worse", False),
    ("over_tuning.time_hock.uni_9.pace", "later", False),
    ("over_tuning.loss.uni_8", "no data", False),
    ("over_tuning.loss.uni_9", "higher", False),
    ("over_tuning.q.uni_8", "lower", True),
    ("over_tuning.q.uni_9", "no data", False),
    ("over_tuning.learner_share.uni_8", "level", False),
    ("over_tuning.learner_share.uni_9", "level", True),
    ("over_tuning.throughput.uni_8", "no data", False),
    ("over_tuning.throughput.uni_9", "no data", False),
    ("collectors.time_A01", "no better", False),
    ("collectors.time_A01.pace", "undecided", False),
    ("collectors.time_hock", "undecided", False),
    ("collectors.time_hock.pace", "undecided", False),
    ("collectors.loss", "level", True),
    ("collectors.q", "no data", False),
    ("collectors.learner_share", "lower", False),
    ("collectors.throughput", "no data", False),
    ("map_cycle.time_A01.uni_11", "no better", True),
    ("map_cycle.time_A01.uni_11.pace", "undecided", False),
    ("map_cycle.time_A01.uni_12", "undecided", False),
    ("map_cycle.time_A01.uni_12.pace", "sooner", True),
    ("map_cycle.time_hock.uni_11", "better", True),
    ("map_cycle.time_hock.uni_11.pace", "no later", False),
    ("map_cycle.time_hock.uni_12", "no worse", False),
    ("map_cycle.time_hock.uni_12.pace", "undecided", False),
    ("map_cycle.loss.uni_11", "undecided", False),
    ("map_cycle.loss.uni_12", "level", True),
    ("map_cycle.q.uni_11", "no data", False),
    ("map_cycle.q.uni_12", "no data", False),
    ("map_cycle.learner_share.uni_11", "no higher", False),
    ("map_cycle.learner_share.uni_12", "lower", True),
    ("map_cycle.throughput.uni_11", "no data", False),
    ("map_cycle.throughput.uni_12", "no data", False),
]
# Name, how it stands, whether that is fragile.
CLAIMS = [
    ("larger_batch.hurts", "holds", True),
    ("larger_batch.worse_times", "holds", False),
    ("larger_batch.later", "holds", False),
    ("larger_batch.loss_higher", "holds", False),
    ("larger_batch.loss_much_higher", "too strong", False),
    ("larger_batch.q_lower", "holds", True),
    ("larger_batch.share_no_gain", "holds", True),
    ("larger_batch.no_benefit", "holds", False),
    ("smaller_batch.helps", "wrong", True),
    ("smaller_batch.sooner_hock", "holds", False),
    ("smaller_batch.sooner_A01", "too strong", False),
    ("smaller_batch.loss_much_lower", "wrong", False),
    ("smaller_batch.loss_lower", "undecided", False),
    ("smaller_batch.q_higher", "holds", True),
    ("smaller_batch.share_higher", "holds", False),
    ("smaller_batch.share_much_higher", "holds", False),
    ("over_tuning.hurts", "no data", False),
    ("over_tuning.worse", "too strong", True),
    ("over_tuning.q_lower", "no data", False),
    ("over_tuning.uni_8_worse_A01", "undecided", False),
    ("over_tuning.uni_9_worse_A01", "holds", False),
    ("over_tuning.uni_8_worse_hock", "holds", False),
    ("over_tuning.uni_9_worse_hock", "holds", False),
    ("over_tuning.uni_9_later", "holds", False),
    ("over_tuning.uni_8_q_lower", "holds", True),
    ("over_tuning.uni_9_q_lower", "no data", False),
    ("over_tuning.no_better", "holds", True),
    ("over_tuning.uni_8_share", "wrong", False),
    ("over_tuning.uni_9_share", "wrong", True),
    ("over_tuning.share_no_better", "wrong", False),
    ("over_tuning.raw_loss_misleads", "too strong", True),
    ("over_tuning.raw_loss_does_not_tell", "holds", True),
    ("over_tuning.uni_8_raw_loss", "holds", False),
    ("over_tuning.uni_9_raw_loss", "holds", False),
    ("over_tuning.golden_middle", "holds", True),
    ("over_tuning.golden_middle_strict", "wrong", True),
]


@pytest.fixture(scope="module")
def experiment(bundled: Logs) -> LoadedExperiment:
    return load_experiment(NAME, bundled)


@pytest.fixture(scope="module")
def answers(experiment: LoadedExperiment) -> dict[str, Answered]:
    return named_answers(experiment.answers())


@pytest.fixture(scope="module")
def claims(experiment: LoadedExperiment) -> dict[str, Claimed]:
    return {f"{claim.comparison}.{claim.name}": claim for claim in experiment.claims()}


def test_what_the_published_curves_answer(answers: dict[str, Answered]) -> None:
    found = [(name, one.word, one.decided.fragile) for name, one in answers.items()]
    assert found == ANSWERS


def test_what_became_of_the_claims(claims: dict[str, Claimed]) -> None:
    found = [(name, one.held.verdict, one.held.fragile) for name, one in claims.items()]
    assert found == CLAIMS


def test_how_large_differences_were_said_to_be(claims: dict[str, Claimed]) -> None:
    said = str(claims["smaller_batch.loss_much_lower"].sentence)
    assert "Loss per transition ended 14 % lower, not 74 %." in said
    said = str(claims["larger_batch.loss_much_higher"].sentence)
    assert "2.56 times as high with 8192 · 160× as with 2048 · 160×, not 9.84 times." in said


def test_what_each_clock_says_stands_beside_a_weak_answer(answers: dict[str, Answered]) -> None:
    answer = answers["over_tuning.time_A01.uni_8"]
    assert str(answer.sentence).endswith("; worse by minutes, no better by frames.")
    shares = {row.clock.name: row.share.how for row in answer.rows if row.votes}
    assert shares["minutes"].startswith("true at 8 of the 8 checkpoints")


def test_a_compound_says_how_its_parts_stand(claims: dict[str, Claimed]) -> None:
    compound = claims["over_tuning.hurts"]
    assert len(compound.parts) == 6
    assert str(compound.sentence).startswith(
        "Of 6 parts, 4 hold, 1 is too strong and 1 has no data."
    )
    assert "no clock of frames for uni_9" in str(compound.parts[-1].sentence)


def best_until(run: str, tag: str, minute: float) -> float:
    curves = pd.read_csv(CURVES)
    rows = curves[(curves.run == run) & (curves.tag == tag) & (curves.minute <= minute)]
    return float(rows.value[rows.value < 300].min())


def test_published_numbers_are_those_of_the_curves(answers: dict[str, Answered]) -> None:
    tag = "Race/explo_race_time_trained_hock"
    for name, run, end in (("larger_batch", "uni_6", 160), ("smaller_batch", "uni_7", 85)):
        row = answers[f"{name}.time_hock"].rows[0]
        assert row.end.number == end
        assert row.candidate.number == pytest.approx(best_until(run, tag, end))
        assert row.baseline.number == pytest.approx(best_until("uni_5", tag, end))


def test_a_fragile_answer_says_what_breaks_it(answers: dict[str, Answered]) -> None:
    assert str(answers["smaller_batch.time_A01"].robustness) == (
        "Fragile: 17 of 27 robustness checks agree; the answer changes with half the margin, or "
        "over the last two thirds of the common window."
    )
    assert str(answers["larger_batch.time_A01"].robustness) == "27 of 27 robustness checks agree."


def test_interpolated_frames_are_no_second_piece_of_evidence(answers: dict[str, Answered]) -> None:
    rows = {row.clock.name: row.interpolated for row in answers["larger_batch.time_A01"].rows}
    assert rows == {"minutes": False, "frames": True}
    assert "almost one piece of evidence" in str(answers["larger_batch.time_A01"].strength)
    # One clock alone is one piece of evidence anyway.
    assert "piece of evidence" not in str(answers["over_tuning.time_A01.uni_9"].strength)


def test_no_answer_rests_on_the_best_of_another_map(
    answers: dict[str, Answered], claims: dict[str, Claimed]
) -> None:
    every = [*answers.values(), *(one for claim in claims.values() for one in claim.answers)]
    rested = {tag for answer in every for _, tag in answer.rests_on}
    assert "alltime_min_ms_hock" not in rested
    assert "alltime_min_ms_A01" in rested
    judged = {n for n, c in claims.items() if any(a.instead_of for a in c.answers)}
    assert judged >= {"larger_batch.worse_times", "over_tuning.uni_8_worse_hock"}


def test_a_lone_typed_value_stretches_no_window(claims: dict[str, Claimed]) -> None:
    (answer,) = claims["over_tuning.uni_9_raw_loss"].answers
    assert [row.end.number for row in answer.rows] == [80]


def test_a_target_reached_when_the_other_run_ends_is_not_decided(
    answers: dict[str, Answered],
) -> None:
    # uni_7 reached 24.6 s at 75 minutes, where what is known of uni_9 ends.
    row = answers["over_tuning.time_A01.uni_9.pace"].rows[0]
    assert row.target is not None
    assert (row.target.number, row.baseline.number) == (24.7, 65)
    assert "5 of the 5 targets where that is known, of 6" in row.share.how
    assert str(answers["over_tuning.time_A01.uni_9.pace"].sentence) == (
        "Later on A01: 64 · 1024× had reached none of the 6 targets by 75 min, 512 · 512× 5 of "
        "them before that."
    )


def test_without_a_run_its_claims_have_no_data(bundled: Logs, tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    shutil.copytree(bundled.path, folder)
    shutil.rmtree(folder / "uni_9")
    found = {c.name: c for c in load_experiment(NAME, open_logs(folder)).claims()}
    for name in ("uni_9_later", "uni_9_worse_hock", "worse", "golden_middle"):
        assert found[name].held.verdict == "no data"
    assert "there is no run uni_9" in str(found["uni_9_later"].sentence)
    # Without the run there is nothing to judge, by whatever metric.
    assert found["uni_9_worse_hock"].answers[0].instead_of is None


def test_how_sure_answers_can_be_is_said_once(experiment: LoadedExperiment) -> None:
    said = str(experiment.how_sure())
    assert said.startswith(
        "14 planned comparisons on 2 outcomes; with so few runs nothing bounds their error."
    )
    assert "differences under 0.10 s (A01) and 1.00 s (Hock) are ignored" in said
    assert (
        "two of them differ by 0.10 s or more in 64 % of cases, and by 0.42 s or more in 5 %"
        in (said)
    )
    # One run against one; the limit is 4.50 standard deviations of four runs, at 55 min.
    assert f"{stats.t.ppf(0.975, 3) * math.sqrt(2):.2f}" == "4.50"
    spread = np.std([61.94, 62.73, 60.69, 61.68], ddof=1)
    limit = stats.t.ppf(0.975, 3) * math.sqrt(2) * spread
    assert (
        "2048 · 160× stands out from 512 · 512× on Hock at the end, not steadily (4 of 6 "
        f"checkpoints; noise limit {limit:.2f} s, from near-replicates)."
    ) in said
    assert "2048 · 160× does not stand out from 512 · 512× on A01 (0 of 4 checkpoints;" in said
    # With the hours they take: 13 h are six runs of the mean length of these two.
    hours = sum(experiment.logs[run].duration for run in ("uni_5", "uni_7")) / 2 / 60
    assert (
        "2048 · 160× against 512 · 512× on Hock, if runs spread as near-replicates do: 3 runs of "
        f"each would tell in four of five cases ({6 * hours:.0f} h); 4 ({8 * hours:.0f} h) if "
    ) in said
    assert said.count("Adding runs until it is decided") == 1


def test_a_clock_that_would_decide_and_is_missing_is_named(answers: dict[str, Answered]) -> None:
    found = answers["collectors.time_A01"]
    assert "Not compared by frames: uni_10 has no such clock." in str(found.strength)
    assert found.as_dict()["missing_clocks"] == {"frames": ["uni_10"]}
    assert answers["larger_batch.time_A01"].missing_clocks == {}


def test_amounts_are_said_to_programs(answers: dict[str, Answered]) -> None:
    value = answers["smaller_batch.time_hock"].as_dict()["amount"]
    assert value["value"]["value"] == pytest.approx(58.76 - 65.04)
    assert (value["low"], value["high"]) == (None, None)
    pace = answers["smaller_batch.time_hock.pace"].as_dict()["amount"]
    assert pace["low"]["value"] < pace["value"]["value"] < pace["high"]["value"] < 1
    # In percent where the margin is.
    loss = answers["larger_batch.loss"].as_dict()["amount"]["value"]
    assert (loss["unit"], round(loss["value"])) == ("%", 156)
    assert "differences under 10 % are ignored" in str(answers["larger_batch.loss"].strength)


def test_a_run_left_out_is_compared_with_nothing_and_said_to_be_left_out(
    bundled: Logs, tmp_path: Path
) -> None:
    definition = tmp_path / "left_out.toml"
    text = DEFINITION.read_text(encoding="utf-8")
    definition.write_text(f'exclude = {{ uni_9 = "The disk was full" }}\n{text}', encoding="utf-8")
    found = load_experiment("left_out", bundled, path=definition)
    assert {one.candidate.label for one in found.answers("over_tuning")} == {
        "uni_8 · settings not recorded"
    }
    assert "uni_9" not in found.comparison("over_tuning").runs
    claims = {claim.name: claim for claim in found.claims()}
    for name in ("uni_9_later", "uni_9_share", "worse", "golden_middle"):
        assert claims[name].held.verdict == "no data", name
    assert str(claims["uni_9_later"].sentence) == (
        "Said later on A01. No data on A01: uni_9 is left out: The disk was full."
    )
