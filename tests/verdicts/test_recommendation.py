"""The recommendation: ranked by declared objectives where all are known, whatever the logs say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from rulka_analysis.experiments.definition import Margin
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.runs import Logs
from rulka_analysis.project import load_experiment, open_logs
from rulka_analysis.values.findings import Finding
from rulka_analysis.verdicts import recommendation_words
from rulka_analysis.verdicts.evaluate import Evaluation, Found, Question, find
from rulka_analysis.verdicts.ranking import Ranking, rank
from rulka_analysis.verdicts.recommendation import Recommendation, recommend
from tests.training_logs import TrainingRun, Truth, write_run, write_runs

EXPERIMENT = "batch_size_and_running_speed"
ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "experiments" / f"{EXPERIMENT}.toml"
# Where it was removed no test here runs; it is imported all the same.
DEFINITION = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
ROBUST = "Race/eval_race_time_robust_trained_A01"
EXPLORING = "Race/explo_race_time_trained_hock"
MARGINS = {"A01": 0.10, "hock": 1.0}
LABELS = {
    "uni_5": "2048 · 160×",
    "uni_6": "8192 · 160×",
    "uni_7": "512 · 512×",
    "uni_8": "uni_8 · settings not recorded",
    "uni_9": "64 · 1024×",
}
BATCH = {"uni_5": 2048, "uni_6": 8192, "uni_7": 512, "uni_8": 256, "uni_9": 64}

# How runs drive in the end, far enough apart that the margin decides nothing.
GOOD = {"A01": 24.5, "hock": 58.0}
NEXT = {"A01": 24.9, "hock": 60.0}
FAIR = {"A01": 25.5, "hock": 64.0}


def training(name: str, best: Mapping[str, float] = FAIR, **more: object) -> TrainingRun:
    run = TrainingRun(
        name, minutes=30, batch_size=BATCH.get(name, 512), best=best, learning_minutes=3, noise=0.02
    )
    return replace(run, **more)  # type: ignore[arg-type]


def runs(**best: Mapping[str, float]) -> list[TrainingRun]:
    return [training(name, best.get(name, FAIR), seed=i) for i, name in enumerate(BATCH)]


def recommended(
    folder: Path, *written: TrainingRun, definition: str = DEFINITION
) -> tuple[Recommendation, dict[str, Truth]]:
    truths = write_runs(folder / "logs", *written)
    return recommend(experiment_on(folder, definition)), truths


def experiment_on(folder: Path, definition: str = DEFINITION) -> Experiment:
    path = folder / "definition.toml"
    path.write_text(definition, encoding="utf-8")
    return load_experiment(EXPERIMENT, open_logs(folder / "logs"), path=path)


def settings_of(found: Recommendation) -> dict[str, float]:
    assert found.winner is not None
    return {name: value.number for name, value in found.winner.settings.items()}  # type: ignore[union-attr]


# --- The logs decide ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("best", "settings"),
    [("uni_6", (8192, 160)), ("uni_7", (512, 512)), ("uni_9", (64, 1024)), ("uni_5", (2048, 160))],
)
def test_the_setting_that_drives_best_is_recommended(
    best: str, settings: tuple[int, int], tmp_path: Path
) -> None:
    found, _ = recommended(tmp_path, *runs(**{best: GOOD}))
    assert tuple(settings_of(found).values()) == settings
    assert str(found.sentence).startswith(
        f"Recommended: batch size {settings[0]:,} transitions and running speed {settings[1]:,} × "
        f"real time ({best}), first by"
    )
    assert found.configuration == (
        f"# config_files/training_config.py\nbatch_size = {settings[0]}\n"
        f"# config_files/performance_config.py\nrunning_speed = {settings[1]}\n"
    )
    assert str(found.ranking.cell(LABELS[best], "standing")) == "recommended"
    assert found.as_dict()["winner"]["runs"] == [best]


def test_equal_settings_cannot_be_told_apart(tmp_path: Path) -> None:
    same = [replace(run, seed=0) for run in runs()]
    found, _ = recommended(tmp_path, *same)
    assert found.winner is None
    assert found.configuration is None
    assert {tried.runs[0] for tried in found.level} == {"uni_5", "uni_6", "uni_7", "uni_9"}
    said = str(found.sentence)
    assert said.startswith("Nothing is recommended. These settings cannot be told apart by robust")
    for name in BATCH:
        assert (f"({name})" in said) == (name != "uni_8")


@pytest.mark.parametrize(("hock", "winner"), [((58.0, 61.0), "uni_5"), ((61.0, 58.0), "uni_7")])
def test_a_tie_on_the_first_map_is_broken_by_the_second(
    hock: tuple[float, float], winner: str, tmp_path: Path
) -> None:
    # On the first map uni_5 is the best, by less than the margin.
    five = {"A01": 24.50, "hock": hock[0]}
    seven = {"A01": 24.54, "hock": hock[1]}
    found, truths = recommended(tmp_path, *runs(uni_5=five, uni_7=seven))
    assert abs(truths["uni_5"].best(ROBUST) - truths["uni_7"].best(ROBUST)) <= 0.1
    assert found.winner is not None
    assert found.winner.runs == (winner,)
    barred, first, second = str(found.decided_by).split(". ")[:3]
    # Who cannot win is said before those are named that can.
    assert barred == f"{LABELS['uni_8']} cannot win: running speed not recorded"
    assert first.startswith("Of the others, 2048 · 160× is best by robust greedy race time on A01")
    assert "within the margin of 0.10 s: 512 · 512×" in first
    assert second.startswith(f"Of these, {LABELS[winner]} is best by exploring race time on Hock")
    assert len(found.runner_up) == 1
    assert found.runner_up[0].runs[0] == ({"uni_5", "uni_7"} - {winner}).pop()


def test_who_has_no_recorded_settings_cannot_win(tmp_path: Path) -> None:
    found, _ = recommended(tmp_path, *runs(uni_8=GOOD, uni_5={"A01": 25.0, "hock": 60.0}))
    assert found.winner is not None
    assert found.winner.runs == ("uni_5",)
    # The log records its batch size; nothing records its speed.
    said = f"{LABELS['uni_8']} would be first, but cannot win: running speed not recorded."
    assert said in str(found.left_out)
    standing = str(found.ranking.cell(LABELS["uni_8"], "standing"))
    assert standing == "cannot win: running speed not recorded"
    assert str(found.ranking.cell(LABELS["uni_8"], "batch_size")) == "256"


def test_a_run_that_is_missing_is_said_to_be(tmp_path: Path) -> None:
    found, _ = recommended(tmp_path, *[run for run in runs(uni_7=GOOD) if run.name != "uni_9"])
    assert found.winner is not None
    assert found.winner.runs == ("uni_7",)
    assert "64 · 1024× cannot win: not in these logs." in str(found.left_out)


def test_without_any_run_nothing_is_recommended(tmp_path: Path) -> None:
    found, _ = recommended(tmp_path, training("uni_10"))
    assert found.winner is None
    assert found.configuration is None
    assert "Nothing can be recommended" in str(found.sentence)
    assert not found.end.known
    assert not found.horizons.rows
    assert "not in these logs" in str(found.ranking.cell(LABELS["uni_5"], "standing"))


def test_nobody_who_finished_is_no_recommendation(tmp_path: Path) -> None:
    found, _ = recommended(tmp_path, *[replace(run, first_finish=99.0) for run in runs()])
    assert found.winner is None
    assert "Nothing can be recommended" in str(found.sentence)


def test_only_runs_like_the_baseline_take_part(tmp_path: Path) -> None:
    # uni_10 has half the collectors, uni_11 and uni_12 other map cycles.
    others = [training(name, GOOD) for name in ("uni_10", "uni_11", "uni_12")]
    found, _ = recommended(tmp_path, *runs(uni_6={"A01": 24.8, "hock": 60.0}), *others)
    assert found.winner is not None
    assert found.winner.runs == ("uni_6",)
    assert str(found.left_out).endswith(
        "Not ranked: 512 · 512× · 4 collectors differs from 2048 · 160× in collectors; "
        "512 · 512× · 256 Hock, 256 A01 and 512 · 512× · 64 Hock, 64 A01 differ from 2048 · 160× "
        "in map cycle."
    )
    assert set(found.ranking.rows) == set(LABELS.values())


def test_what_was_not_recorded_of_a_run_is_no_difference(tmp_path: Path) -> None:
    # What holds for every run would hold for it, too.
    definition = DEFINITION.replace("collectors = 8\n", "")
    found, _ = recommended(tmp_path, *runs(), training("uni_10", GOOD), definition=definition)
    left_out = str(found.left_out)
    assert "may differ from uni_5 · settings not recorded in collectors, which was not" in left_out


def test_no_value_past_the_common_end_counts(tmp_path: Path) -> None:
    # uni_6 gets better than all others, but only after they have ended.
    late = replace(training("uni_6", {"A01": 20.0, "hock": 40.0}), minutes=90, learning_minutes=30)
    written = [run for run in runs(uni_7=GOOD) if run.name != "uni_6"]
    found, truths = recommended(tmp_path, *written, late)
    assert truths["uni_6"].best(ROBUST) < truths["uni_7"].best(ROBUST)
    assert found.winner is not None
    assert found.winner.runs == ("uni_7",)
    assert found.end.value == pytest.approx(30)
    for tried in ("uni_5", "uni_6", "uni_7", "uni_9"):
        value = found.ranking.cell(LABELS[tried], "Robust greedy race time on A01")
        assert value.value == truths[tried].best(ROBUST, until=30)  # type: ignore[union-attr]
        assert all(event.minutes <= 30.001 for event in value.evidence)  # type: ignore[union-attr]


def test_a_contradicted_series_decides_nothing(tmp_path: Path) -> None:
    write_runs(tmp_path / "logs", *runs(uni_7=GOOD, uni_6=NEXT))
    experiment = experiment_on(tmp_path)
    finding = Finding("wrong", "error", "That tag is another's.", run="uni_7", tag=ROBUST)
    assert settings_of(recommend(experiment))["batch_size"] == 512
    found = recommend(experiment, {("uni_7", ROBUST): finding})
    assert settings_of(found)["batch_size"] == 8192
    assert "512 · 512× cannot win: That tag is another's." in str(found.left_out)


def test_without_objectives_nothing_is_recommended(tmp_path: Path) -> None:
    text = DEFINITION[: DEFINITION.index("# What is asked of every comparison")]
    write_run(tmp_path / "logs", training("uni_5"))
    lines = [line for line in text.splitlines() if not line.startswith("objectives")]
    found = recommend(experiment_on(tmp_path, "\n".join(lines)))
    assert found.winner is None
    assert "Nothing can be recommended" in str(found.sentence)


def test_the_first_that_is_worse_than_another_is_not_recommended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_runs(tmp_path / "logs", *runs(uni_7=GOOD, uni_5=NEXT))
    experiment = experiment_on(tmp_path)
    evaluation = Evaluation(experiment)
    plain = recommend(experiment, {}, evaluation)
    assert plain.winner is not None

    def contradict(evaluation: Evaluation, question: Question) -> Found:
        """Say worse of whoever is first."""
        one = find(evaluation, question)
        decided = replace(one.answer.decided, relation="worse")
        return replace(one, answer=replace(one.answer, decided=decided))

    monkeypatch.setattr(recommendation_words, "find", contradict)
    withheld = recommend(experiment, {}, evaluation)
    assert withheld.winner is None
    assert withheld.configuration is None
    said = str(withheld.sentence)
    assert said.startswith(f"Nothing is recommended: {plain.winner.name} is first, yet worse than ")


def test_it_says_how_the_winner_stands_to_the_runner_up(tmp_path: Path) -> None:
    found, _ = recommended(tmp_path, *runs(uni_7=GOOD, uni_6=NEXT))
    assert str(found.second).endswith(
        "By robust greedy race time on A01, which decided, 512 · 512× is better against 8192 · "
        "160×, observed once."
    )


# --- Against an independent computation -----------------------------------------------------------


def first_by_hand(values: Mapping[str, tuple[float, float]]) -> set[str]:
    """Return who is first: within the margin of the best on A01, then on Hock."""
    level = {name for name, value in values.items() if not all(map(math.isnan, value))}
    for column, margin in enumerate(MARGINS.values()):
        known = {name: values[name][column] for name in level}
        known = {name: value for name, value in known.items() if not math.isnan(value)}
        if known:
            best = min(known.values())
            level = {name for name, value in known.items() if value < best + margin - 1e-9}
    return level


def best_by_hand(truth: Truth, tag: str, until: float) -> float:
    times = truth.of(tag)
    times = times[(times.minute <= until + 1e-9) & (times.value < 300)]
    return round(float(times.value.min()), 2) if len(times) else math.nan


def test_horizons_are_those_of_the_truth(tmp_path: Path) -> None:
    written = [
        replace(training("uni_5", {"A01": 25.2, "hock": 62.0}), learning_minutes=1.5, seed=1),
        replace(training("uni_6", {"A01": 25.0, "hock": 61.0}), learning_minutes=3, seed=2),
        replace(training("uni_7", {"A01": 24.0, "hock": 55.0}), learning_minutes=6, seed=3),
        replace(training("uni_9", {"A01": 26.0, "hock": 70.0}), learning_minutes=3, seed=4),
    ]
    found, truths = recommended(tmp_path, *written)
    expected = {
        minute: first_by_hand(
            {
                name: (best_by_hand(t, ROBUST, minute), best_by_hand(t, EXPLORING, minute))
                for name, t in truths.items()
            }
        )
        for minute in range(5, 31, 5)
    }
    assert len({frozenset(first) for first in expected.values()}) > 1
    seen = {}
    for clock, begin, end, first in found.horizons.rows.values():
        if clock == "minutes":
            for minute in range(int(begin.number), int(end.number) + 1, 5):  # type: ignore[union-attr]
                seen[minute] = {
                    name
                    for name in truths
                    if f"({name})" in str(first) or LABELS[name] in str(first)
                }
    assert seen == expected
    assert {tried.runs[0] for tried in found.level} == expected[30]
    for minute, first in expected.items():
        if first != expected[30]:
            assert str(minute) in str(found.horizon)


def test_the_bundled_curves_recommend_what_they_show(bundled: Logs) -> None:
    """The same from the published table with pandas only."""
    curves = pd.read_csv(ROOT / "data" / "published" / "published_curves.csv")
    extent = pd.read_csv(ROOT / "data" / "published" / "published_extent.csv")
    compared = ["uni_5", "uni_6", "uni_7", "uni_9"]
    known = extent[extent.run.isin(compared) & extent.tag.isin([ROBUST, EXPLORING])]
    end = known.known_until.min()

    def best(run: str, tag: str) -> float:
        rows = curves[(curves.run == run) & (curves.tag == tag) & (curves.minute <= end)]
        return float(rows.value[rows.value < 300].min())

    values = {run: (best(run, ROBUST), best(run, EXPLORING)) for run in compared}
    found = recommend(load_experiment(EXPERIMENT, bundled))
    assert found.end.value == end == 75
    assert {tried.runs[0] for tried in found.level} == first_by_hand(values) == {"uni_7"}
    second = first_by_hand({run: value for run, value in values.items() if run != "uni_7"})
    assert {tried.runs[0] for tried in found.runner_up} == second == {"uni_5"}
    for run in compared:
        cells = found.ranking.rows[LABELS[run]][3:5]
        assert tuple(cell.value for cell in cells) == values[run]  # type: ignore[union-attr]
    assert f"{LABELS['uni_8']} cannot win: batch size and running speed not recorded." in str(
        found.left_out
    )
    assert "On frames without 64 · 1024×" in str(found.horizons.notes[0])
    assert str(found.horizon) == (
        "At 5 min, and at 250,000 frames (interpolated), nobody has a value yet. From 10 to 35 "
        "min, and from 500,000 to 1,250,000 frames (interpolated), 2048 · 160× would be "
        "recommended."
    )


# --- Replicates -----------------------------------------------------------------------------------

REPLICATES = DEFINITION.replace(
    "[runs]\n",
    "[runs]\n"
    + "".join(f"again_{n} = {{ batch_size = 512, running_speed = 512 }}\n" for n in (1, 2, 3)),
)


def test_replicates_are_one_setting(tmp_path: Path) -> None:
    again = [training(f"again_{number}", GOOD, seed=10 + number) for number in (1, 2, 3)]
    found, truths = recommended(
        tmp_path, *runs(uni_7={"A01": 26.0, "hock": 66.0}), *again, definition=REPLICATES
    )
    assert found.winner is not None
    assert set(found.winner.runs) == {"uni_7", "again_1", "again_2", "again_3"}
    times = [truths[run].best(ROBUST) for run in found.winner.runs]
    value = found.ranking.cell(found.winner.name, "Robust greedy race time on A01")
    assert value.value == pytest.approx(np.mean(times))  # type: ignore[union-attr]
    assert {event.run for event in value.evidence} == set(found.winner.runs)  # type: ignore[union-attr]
    assert "512 · 512×: 4" in str(found.strength)


def test_a_replicate_that_has_not_finished_is_not_left_out(tmp_path: Path) -> None:
    again = [training(f"again_{number}", GOOD, seed=10 + number) for number in (1, 2, 3)]
    again[0] = replace(again[0], first_finish=24.0)
    written = [replace(run, minutes=20) for run in runs(uni_7=GOOD, uni_6=NEXT)]
    found, truths = recommended(tmp_path, *written, *again, definition=REPLICATES)
    assert not math.isnan(truths["again_1"].best(ROBUST))
    assert found.winner is not None
    assert found.winner.runs == ("uni_6",)
    value = found.ranking.cell("512 · 512×", "Robust greedy race time on A01")
    assert not value.known  # type: ignore[union-attr]


# --- Ranking --------------------------------------------------------------------------------------

times = some.one_of(
    some.just(math.nan), some.integers(0, 40).map(lambda steps: round(24 + steps / 20, 2))
)
tables = some.lists(some.tuples(times, times), min_size=1, max_size=6).map(
    lambda rows: pd.DataFrame(
        rows, index=[f"s{i}" for i in range(len(rows))], columns=["A01", "hock"], dtype=float
    )
)
margins = {"A01": Margin(size=0.1), "hock": Margin(size=0.5)}


def ranked(values: pd.DataFrame, names: Sequence[str] | None = None) -> Ranking:
    return rank(values, margins, list(values.index) if names is None else names)


@given(tables, some.randoms(use_true_random=False))
def test_ranking_does_not_depend_on_the_order(values: pd.DataFrame, random: object) -> None:
    order = list(values.index)
    random.shuffle(order)  # type: ignore[attr-defined]
    assert ranked(values.loc[order], order) == ranked(values)


@given(tables)
def test_everybody_has_one_place_and_none_is_far_behind_the_first(values: pd.DataFrame) -> None:
    found = ranked(values)
    placed = [name for place in found.places for name in place]
    assert sorted([*placed, *found.without_value]) == sorted(values.index)
    best = values.A01.min()
    for name in found.first:
        value = float(values.A01[name])
        assert math.isnan(best) or value < best + 0.1


@given(tables)
def test_with_no_margin_ranking_is_sorting(values: pd.DataFrame) -> None:
    none = {"A01": Margin(size=0.0), "hock": Margin(size=0.0)}
    filled = values.fillna(math.inf)
    keys = sorted({tuple(row) for row in filled.to_numpy() if not np.isinf(row).all()})
    expected = [
        tuple(sorted(name for name in values.index if tuple(filled.loc[name]) == key))
        for key in keys
    ]
    assert list(rank(values, none, list(values.index)).places) == expected


@given(tables)
def test_turning_every_value_round_turns_the_objective_round(values: pd.DataFrame) -> None:
    turned = rank(-values, margins, list(values.index), higher_is_better=["A01", "hock"])
    assert turned.places == ranked(values).places


def test_ties_are_held_against_the_best_alone() -> None:
    # b is level with a, and c with b, but c is not level with a.
    values = pd.DataFrame({"A01": [24.0, 24.09, 24.18], "hock": [60.0, 59.0, 50.0]}, index=[*"abc"])
    found = ranked(values)
    assert found.places == (("b",), ("a",), ("c",))
    assert found.steps[0].level == ("a", "b")
    assert found.steps[0].behind == ("c",)


def test_a_value_is_ahead_of_none_and_who_may_not_win_is_passed_over() -> None:
    values = pd.DataFrame(
        {"A01": [math.nan, 30.0, 24.0], "hock": [50.0, 99.0, 40.0]}, index=[*"abc"]
    )
    assert ranked(values, ["a", "b"]).places == (("b",), ("a",))


def test_a_difference_of_just_the_margin_matters_as_it_does_in_answers() -> None:
    values = pd.DataFrame({"A01": [24.5, 24.6], "hock": [60.0, 50.0]}, index=[*"ab"])
    assert ranked(values).first == ("a",)


def test_a_difference_below_the_reading_error_is_none() -> None:
    values = pd.DataFrame({"loss": [1.0, 1.3]}, index=[*"ab"])
    small = {"loss": Margin(size=0.1)}
    errors = pd.DataFrame({"loss": [0.3, 0.1]}, index=[*"ab"])
    assert rank(values, small, [*"ab"]).first == ("a",)
    assert rank(values, small, [*"ab"], errors=errors).first == ("a", "b")


def test_the_order_in_which_runs_are_declared_does_not_matter(bundled: Logs) -> None:
    experiment = load_experiment(EXPERIMENT, bundled)
    turned = dict(reversed(experiment.definition.runs.items()))
    definition = replace(experiment.definition, runs=turned)
    other = recommend(Experiment(definition, bundled, experiment.catalogue))
    found = recommend(experiment)
    assert (
        str(other.sentence).partition(", where")[0] == str(found.sentence).partition(", where")[0]
    )
    assert other.decided_by == found.decided_by
    assert other.second == found.second
    assert other.horizon == found.horizon
