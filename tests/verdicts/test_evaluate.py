"""Answers and claims on generated logs whose truth is known.

The project's own definition is asked: its answers must flip when the logs do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from rulka_analysis.pages.tables import answer_in_words, deciding, named_answers
from rulka_analysis.project import load_experiment, open_logs
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.verdicts.answer import Answered, Claimed
from rulka_analysis.verdicts.claiming import claims
from rulka_analysis.verdicts.evaluate import Evaluation, answer_comparisons
from rulka_analysis.verdicts.loaded import LoadedExperiment
from rulka_analysis.verdicts.recommendation import recommend
from tests import event_files as write
from tests.training_logs import TrainingRun, rewrite_event_file, write_runs

PROJECT = Path(__file__).parents[2]
NAME = "batch_size_and_running_speed"
DEFINITION = PROJECT / "docs" / "experiments" / f"{NAME}.toml"
ROBUST = "Race/eval_race_time_robust_trained_A01"

GOOD = TrainingRun("", best={"A01": 24.5, "hock": 57.0}, learning_minutes=12.0, loss=0.15)
BAD = TrainingRun("", best={"A01": 25.1, "hock": 66.0}, learning_minutes=20.0, loss=0.4)
BEST = replace(GOOD, best={"A01": 24.5, "hock": 53.0})

UNI_5 = replace(GOOD, name="uni_5", batch_size=2048, seed=5, learner_share=0.55)
UNI_6 = replace(BAD, name="uni_6", batch_size=8192, seed=6, learner_share=0.55)
UNI_7 = replace(BEST, name="uni_7", batch_size=512, seed=7, learner_share=0.8)
UNI_9 = replace(BAD, name="uni_9", batch_size=64, seed=9, learner_share=0.9)
RUNS = (UNI_5, UNI_6, UNI_7, UNI_9)

LARGER = [f"larger_batch.{name}" for name in ("time_A01", "time_hock")]
LATER = [f"{name}.pace" for name in LARGER]


def evaluation_of(folder: Path, *runs: TrainingRun, definition: Path = DEFINITION) -> Evaluation:
    write_runs(folder, *runs)
    return evaluation_on(folder, definition)


def evaluation_on(folder: Path, definition: Path = DEFINITION) -> Evaluation:
    return experiment_on(folder, definition).evaluated((), {})


def experiment_on(folder: Path, definition: Path = DEFINITION) -> LoadedExperiment:
    return load_experiment(NAME, open_logs(folder), path=definition)


def answers_of(
    folder: Path, *runs: TrainingRun, definition: Path = DEFINITION
) -> dict[str, Answered]:
    return named_answers(answer_comparisons(evaluation_of(folder, *runs, definition=definition)))


def claims_of(evaluation: Evaluation) -> dict[str, Claimed]:
    return {f"{claim.comparison}.{claim.name}": claim for claim in claims(evaluation)}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluation_of(tmp_path_factory.mktemp("logs"), *RUNS)


@pytest.fixture(scope="module")
def truth(asked: Evaluation) -> dict[str, Answered]:
    return named_answers(answer_comparisons(asked))


@pytest.fixture(scope="module")
def claimed(asked: Evaluation) -> dict[str, Claimed]:
    return claims_of(asked)


def words(found: Mapping[str, Answered], names: list[str]) -> list[str]:
    return [found[name].word for name in names]


# --- The logs decide ------------------------------------------------------------------------------


def test_what_is_true_of_the_logs_is_answered(truth: dict[str, Answered]) -> None:
    assert words(truth, LARGER) == ["worse", "worse"]
    assert words(truth, LATER) == ["later", "later"]
    assert truth["larger_batch.loss"].word == "higher"
    assert truth["larger_batch.learner_share"].word == "level"
    assert truth["over_tuning.time_A01.uni_9"].word == "worse"
    assert not truth["larger_batch.time_A01"].decided.fragile
    # Without anybody having claimed it.
    assert truth["smaller_batch.loss"].word == "level"


def test_what_was_claimed_is_held_against_it(claimed: dict[str, Claimed]) -> None:
    assert claimed["larger_batch.hurts"].held.verdict == "holds"
    # 0.4 against 0.15 per transition, though 10.7 times as much in the sum over the batch.
    raw = claimed["larger_batch.loss_much_higher"]
    assert raw.held.verdict == "too strong"
    assert "as high with 8192 · 160× as with 2048 · 160×, not 9.84 times" in str(raw.sentence)
    assert claimed["over_tuning.uni_9_raw_loss"].held.verdict == "holds"
    assert claimed["over_tuning.uni_9_share"].held.verdict == "holds"


def test_uni_6_made_best_turns_page_answers_and_recommendation(
    tmp_path: Path, truth: dict[str, Answered]
) -> None:
    best = replace(UNI_6, best={"A01": 23.9, "hock": 50.0}, learning_minutes=3.0, loss=0.05)
    evaluation = evaluation_of(tmp_path, UNI_5, best, UNI_7, UNI_9)
    found = named_answers(answer_comparisons(evaluation))
    assert words(found, LARGER) == ["better", "better"]
    assert words(found, LATER) == ["sooner", "sooner"]
    assert answer_in_words(found[LARGER[0]]) == "▲ better"
    assert found["larger_batch.loss"].word == "lower"
    held = claims_of(evaluation)
    for name in ("hurts", "worse_times", "later", "loss_higher", "no_benefit"):
        assert held[f"larger_batch.{name}"].held.verdict == "wrong"
    recommended = recommend(evaluation.experiment, {}, evaluation)
    assert recommended.winner is not None
    assert recommended.winner.name == "8192 · 160×"
    assert "batch_size = 8192" in (recommended.configuration or "")
    # What has nothing to do with uni_6 says what it said before.
    for name, answer in truth.items():
        if not name.startswith("larger_batch"):
            assert str(found[name].sentence) == str(answer.sentence)


def test_equal_runs_are_level(tmp_path: Path) -> None:
    twin = replace(UNI_5, name="uni_6", batch_size=8192)
    found = answers_of(tmp_path, UNI_5, twin)
    assert words(found, [*LARGER, *LATER, "larger_batch.loss"]) == ["level"] * 5
    said = str(found["larger_batch.time_A01"].sentence)
    assert said.startswith("Level on A01 at 60 min in these two runs: ")
    assert said.endswith(" s each.")


def test_two_runs_that_are_one_log_are_no_observation(tmp_path: Path) -> None:
    write_runs(tmp_path, UNI_5, replace(UNI_5, name="uni_6", batch_size=8192))
    found = named_answers(experiment_on(tmp_path).answers("larger_batch"))
    assert {answer.word for answer in found.values()} == {"no data"}
    assert "hold the same values of" in str(found[LARGER[0]].sentence)


def test_chance_alone_is_neither_better_nor_worse(tmp_path: Path) -> None:
    found = answers_of(tmp_path, UNI_5, replace(UNI_5, name="uni_6", batch_size=8192, seed=66))
    for name in [*LARGER, *LATER, "larger_batch.loss"]:
        assert found[name].word not in ("better", "worse", "sooner", "later", "higher", "lower")


def test_a_run_that_is_gone_is_named(tmp_path: Path, truth: dict[str, Answered]) -> None:
    evaluation = evaluation_of(tmp_path, UNI_5, UNI_6, UNI_7)
    found = named_answers(answer_comparisons(evaluation))
    gone = [answer for name, answer in found.items() if ".uni_9" in name]
    assert len(gone) == 8
    for answer in gone:
        assert (answer.word, answer.rests_on) == ("no data", frozenset())
        assert "there is no run uni_9" in str(answer.sentence)
    assert claims_of(evaluation)["over_tuning.golden_middle"].held.verdict == "no data"
    assert found[LARGER[0]].sentence == truth[LARGER[0]].sentence


# --- What must not matter -------------------------------------------------------------------------


def said(found: Mapping[str, Answered]) -> dict[str, tuple[str, str, str]]:
    return {n: (a.word, str(a.sentence), str(a.robustness)) for n, a in found.items()}


def test_how_files_are_split_does_not_matter(tmp_path: Path, truth: dict[str, Answered]) -> None:
    split = [replace(run, segment_frames=(400_000, 900_000, 1_500_000)) for run in RUNS]
    write_runs(tmp_path, *split)
    assert (tmp_path / "uni_6_3").is_dir()
    # The program itself splits later: here it is declared.
    names = sorted(folder.name for folder in tmp_path.iterdir())
    continues = {name: name[:5] for name in names if name[5:6] == "_"}
    logs = open_logs(tmp_path, continues=continues)
    assert logs.runs == tuple(run.name for run in RUNS)
    experiment = load_experiment(NAME, logs, path=DEFINITION)
    assert said(named_answers(answer_comparisons(experiment.evaluated((), {})))) == said(truth)


def test_when_a_run_was_started_does_not_matter(tmp_path: Path, truth: dict[str, Answered]) -> None:
    moved = [replace(run, started=run.started + 86_400 * (n + 1)) for n, run in enumerate(RUNS)]
    assert said(answers_of(tmp_path, *moved)) == said(truth)


def test_the_order_of_runs_does_not_matter(tmp_path: Path, truth: dict[str, Answered]) -> None:
    lines = DEFINITION.read_text(encoding="utf-8").splitlines()
    begin = lines.index("[runs]") + 1
    end = next(n for n, line in enumerate(lines) if n > begin and not line)
    lines[begin:end] = reversed(lines[begin:end])
    turned = tmp_path / "turned.toml"
    turned.write_text("\n".join(lines), encoding="utf-8")
    found = answers_of(tmp_path / "logs", *reversed(RUNS), definition=turned)
    assert said(found) == said(truth)


def test_no_value_past_the_common_window_is_used(tmp_path: Path) -> None:
    short = replace(UNI_6, minutes=40)
    found = answers_of(tmp_path / "one", UNI_5, short)
    # The same run goes on for longer; up to the end of the shorter one every event is the same.
    longer = answers_of(tmp_path / "other", replace(UNI_5, minutes=90), short)
    names = [n for n in found if n.startswith("larger_batch") and not n.endswith(".pace")]
    assert len(names) == 6
    for name in names:
        assert said(found)[name] == said(longer)[name]
    ends = {row.clock.name: row.end.number for row in found[LARGER[0]].rows}
    assert ends["minutes"] == pytest.approx(40)
    assert ends["frames"] == pytest.approx(40 * short.frames_a_minute)


def test_exchanging_candidate_and_baseline_mirrors_the_answer(
    tmp_path: Path, truth: dict[str, Answered]
) -> None:
    text = DEFINITION.read_text(encoding="utf-8")
    swapped = text.replace('candidates = ["uni_6"]', 'candidates = ["uni_5"]\nbaseline = "uni_6"')
    begin = swapped.index("# What the page as written by hand claimed")
    file = tmp_path / "swapped.toml"
    file.write_text(swapped[:begin], encoding="utf-8")
    found = answers_of(tmp_path / "logs", *RUNS, definition=file)
    mirrored = {"worse": "better", "later": "sooner", "higher": "lower", "level": "level"}
    for name in [*LARGER, *LATER, "larger_batch.loss", "larger_batch.learner_share"]:
        assert found[name].word == mirrored[truth[name].word]


# --- What is shown --------------------------------------------------------------------------------


def test_the_numbers_of_a_sentence_rest_on_events(truth: dict[str, Answered]) -> None:
    answer = truth[LARGER[0]]
    numbers = [part for part in answer.sentence.parts() if isinstance(part, Quantity)]
    by_run = {n.evidence[0].run for n in numbers if len(n.evidence) == 1}
    assert by_run == {"uni_6", "uni_5"}
    assert answer.rests_on == {("uni_5", ROBUST), ("uni_6", ROBUST)}
    assert str(answer.sentence).startswith("Worse on A01 at 60 min in these two runs: ")
    assert " s with 8192 · 160×, " in str(answer.sentence)
    assert str(answer.sentence).endswith(" s slower).")


def test_deciding_clocks_and_those_beside_them(truth: dict[str, Answered]) -> None:
    rows = {row.clock.name: row for row in truth[LARGER[0]].rows}
    # Updates a frame depend on the batch size: shown, without a vote.
    votes = {"minutes": True, "frames": True, "updates": False}
    assert {clock: row.votes for clock, row in rows.items()} == votes
    row = rows["minutes"]
    assert row.difference.number == pytest.approx(row.candidate.number - row.baseline.number)
    assert (row.said, row.margin.text, row.share.number) == ("worse", "0.10 s", 100)
    assert [r.clock.name for r in truth["larger_batch.q"].rows] == ["frames"]
    assert [r.clock.name for r in truth["larger_batch.learner_share"].rows] == ["minutes"]
    later = truth[LATER[0]].rows[0]
    assert later.target is not None
    assert (later.target.unit, later.margin.unit) == ("s", "min")
    table = deciding(truth[LARGER[0]])
    assert table.cell("minutes", "candidate") is row.candidate
    assert table.columns["candidate"] == "8192 · 160×"


def test_planned_comparisons_are_those_on_objectives(
    asked: Evaluation, truth: dict[str, Answered]
) -> None:
    planned = {answer.name for answer in truth.values() if answer.planned}
    assert planned == {"time_A01", "time_hock"}
    assert (asked.planned.comparisons, asked.planned.outcomes) == (14, 2)


def test_one_run_of_each_says_what_it_can_bear(truth: dict[str, Answered]) -> None:
    assert str(truth[LARGER[0]].strength) == (
        "One run a setting: seed noise is unknown; differences under 0.10 s are ignored."
    )


def test_answers_and_claims_are_plain_data(
    truth: dict[str, Answered], claimed: dict[str, Claimed]
) -> None:
    for one in [*truth.values(), *claimed.values()]:
        data = json.loads(json.dumps(one.as_dict(), allow_nan=False))
        assert data["sentence"] == str(one.sentence)
        text = str(one.sentence)
        assert "{" not in text
        assert not text.startswith("Not known"), text
        assert text.endswith("."), text


def test_a_definition_may_word_an_answer_itself(tmp_path: Path) -> None:
    own = '\n[sentences.larger_batch]\ntime_A01 = "{candidate} drives {answer}: {value}, {base}."\n'
    file = tmp_path / "own.toml"
    file.write_text(DEFINITION.read_text(encoding="utf-8") + own, encoding="utf-8")
    found = answers_of(tmp_path / "logs", *RUNS, definition=file)
    assert str(found[LARGER[0]].sentence).startswith("8192 · 160× drives worse: 25.")


# --- Three runs a group, two, and a broken one ----------------------------------------------------


def several(name: str, run: TrainingRun, count: int = 3) -> list[TrainingRun]:
    return [replace(run, name=f"{name}_{n}", seed=10 * n + len(name)) for n in range(count)]


SEEDS = """
title = "Batch size"
baseline = "small"
objectives = ["time"]
[maps]
A01 = "A01"
[groups]
small = { runs = "small_*", batch_size = 512 }
large = { runs = "large_*", batch_size = 1024 }
[outcomes.time]
metric = "robust_race_time"
map = "A01"
margin = 0.10
reason = "Chosen."
targets = [26, 25.5, 25, 24.8]
[pace]
margin = "10 %"
reason = "Chosen."
"""
SHORT = replace(GOOD, minutes=30, learning_minutes=4.0, first_finish=1.0)


def seeds(
    folder: Path, small: list[TrainingRun], large: list[TrainingRun], definition: str = SEEDS
) -> tuple[Answered, Answered]:
    file = folder / "seeds.toml"
    file.write_text(definition, encoding="utf-8")
    found = answers_of(folder / "logs", *small, *large, definition=file)
    assert list(found) == ["every_group.time", "every_group.time.pace"]
    return found["every_group.time"], found["every_group.time.pace"]


def test_three_seeds_of_each_are_decided_by_one_interval(tmp_path: Path) -> None:
    slow = replace(SHORT, best={"A01": 25.5, "hock": 66.0}, batch_size=1024)
    answer, pace = seeds(tmp_path, several("small", SHORT), several("large", slow))
    assert (answer.candidate.label, answer.candidate.runs) == (
        "large", ("large_0", "large_1", "large_2"),
    )  # fmt: skip
    assert (answer.word, answer.decided.method) == ("worse", "interval")
    values = {run: value.number for run, value in answer.rows[0].by_run.items()}
    large = [value for run, value in values.items() if run.startswith("large")]
    small = [value for run, value in values.items() if run.startswith("small")]
    welch = stats.ttest_ind(large, small, equal_var=False).confidence_interval()
    found = answer.decided.intervals["minutes"]
    # Wider, where Welch's degrees of freedom are capped or a variance is floored.
    assert found.low <= welch.low + 1e-9
    assert found.high >= welch.high - 1e-9
    assert found.difference == pytest.approx(np.mean(large) - np.mean(small))
    assert f"{np.mean(large):.2f} s with large (mean of 3 runs)" in str(answer.sentence)
    assert "95 % interval of the difference: " in str(answer.strength)
    assert set(deciding(answer).columns) >= set(values)
    assert (pace.word, pace.decided.method) == ("later", "interval")


def test_of_many_seeds_the_least_and_the_greatest_stand_for_all(tmp_path: Path) -> None:
    slow = replace(SHORT, best={"A01": 25.5, "hock": 66.0}, batch_size=1024)
    answer, pace = seeds(tmp_path, several("small", SHORT, 7), several("large", slow, 7))
    seen = set()
    for one in (answer, pace):
        table = deciding(one)
        assert set(one.rows[0].by_run).isdisjoint(table.columns)
        columns = list(table.columns)
        for row, on_clock in zip(table.rows.values(), one.rows, strict=True):
            for group, mean in (
                (one.candidate, on_clock.candidate),
                (one.baseline, on_clock.baseline),
            ):
                values = [on_clock.by_run[run] for run in group.runs]
                least, greatest = (
                    row[columns.index(f"{which} {group.label}")] for which in ("least", "greatest")
                )
                if all(value.known for value in values):
                    numbers = [value.number for value in values]
                    assert (least.number, greatest.number) == (min(numbers), max(numbers))
                    assert list(least.made.inputs) == list(greatest.made.inputs) == values
                    seen.add(one.kind)
                else:
                    assert least.text == greatest.text == mean.text
    assert seen == {"value", "pace"}


def test_equal_seeds_are_level_where_the_interval_lies_within_the_margin(tmp_path: Path) -> None:
    calm = replace(SHORT, noise=0.005, minutes=40)
    answer, _ = seeds(tmp_path, several("small", calm), several("large", calm))
    found = answer.decided.intervals["minutes"]
    assert -0.1 < found.low < found.high < 0.1
    assert answer.word == "level"


def test_equal_seeds_that_spread_are_undecided_and_it_is_said_how_many_would_tell(
    tmp_path: Path,
) -> None:
    def spread(name: str) -> list[TrainingRun]:
        bests = (24.3, 24.6, 24.9)
        return [
            replace(run, best={"A01": best, "hock": 57.0})
            for run, best in zip(several(name, SHORT), bests, strict=True)
        ]

    answer, _ = seeds(tmp_path, spread("small"), spread("large"))
    assert (answer.word, answer.decided.reason) == ("undecided", "interval includes 0")
    assert "runs of each would show that they are level" in str(answer.needed) or (
        "runs of each would tell" in str(answer.needed)
    )
    assert "Adding runs until it is decided" in str(answer.needed)


def test_two_runs_of_each_have_a_noise_limit_and_are_never_level(tmp_path: Path) -> None:
    calm = replace(SHORT, noise=0.005)
    answer, _ = seeds(tmp_path, several("small", calm, 2), several("large", calm, 2))
    assert answer.decided.method == "noise limit"
    assert answer.word == "undecided"
    assert answer.decided.reason == "within noise"
    assert "a limit under equal normal spread" in str(answer.strength)


def test_a_run_that_never_finished_is_ranked_last_and_not_dropped(tmp_path: Path) -> None:
    slow = replace(SHORT, best={"A01": 25.5, "hock": 66.0})
    large = several("large", slow)
    large[2] = replace(large[2], first_finish=1000.0)
    # Every exploring episode is logged, with the cutoff where it was not finished.
    exploring = SEEDS.replace("robust_race_time", "exploring_race_time")
    answer, _ = seeds(tmp_path, several("small", SHORT), large, exploring)
    assert not answer.decided.intervals
    # Three against three can never decide by ranks.
    assert (answer.word, answer.decided.reason) == ("undecided", "too few known")
    said = str(answer.sentence)
    assert "2 of 3 finished against 3 of 3; p = 0.10 by ranks" in said
    assert "2 of 3 runs have a value with large, " in said
    assert answer.rows[0].by_run["large_2"].text == "none finished"


def test_a_run_far_from_the_others_is_said_to_spoil_the_interval(tmp_path: Path) -> None:
    large = several("large", SHORT)
    large[2] = replace(large[2], best={"A01": 29.0, "hock": 80.0})
    answer, _ = seeds(tmp_path, several("small", SHORT), large)
    assert "Some runs of large lie far from the others" in str(answer.warning)
    assert answer.decided.relation not in ("better", "worse", "level")


def test_a_run_without_the_tag_is_named_and_decides_nothing(tmp_path: Path) -> None:
    write.write_event_file(
        tmp_path / "logs" / "large_9", [write.scalar_event("Training/loss", 1, 1.0)]
    )
    answer, _ = seeds(tmp_path, several("small", SHORT), several("large", SHORT))
    assert "large_9" in answer.candidate.runs
    assert str(answer.warning).startswith("Without a value: large_9.")
    assert (answer.word, answer.decided.reason) == ("undecided", "too few known")


# --- Other metrics and settings -------------------------------------------------------------------

RETURNS = """
title = "Learning rate"
baseline = "lr 0.00025"
domain = "rl"
[settings]
lr = { title = "lr" }
[runs]
a = { lr = 0.00025 }
b = { lr = 0.00025001 }
[outcomes.return]
tag = "Eval/score"
better = "higher"
summary = "trailing mean"
margin = 5
reason = "Chosen."
targets = [20, 40, 60, 80]
"""


def returns(folder: Path, **gain: float) -> LoadedExperiment:
    for name, most in gain.items():
        random = np.random.default_rng(len(name) + ord(name[0]))
        events = [
            write.scalar_event(
                "Eval/score",
                100 * n,
                most * (1 - np.exp(-n / 60)) + random.normal(),
                write.STARTED + 10 * n,
            )
            for n in range(1, 301)
        ]
        write.write_event_file(folder / "logs" / name, events)
    file = folder / "returns.toml"
    file.write_text(RETURNS, encoding="utf-8")
    return load_experiment("returns", path=file, logdir=folder / "logs")


def test_higher_is_better_for_values_targets_and_the_recommendation(tmp_path: Path) -> None:
    experiment = returns(tmp_path, a=90.0, b=120.0)
    value, pace = experiment.answers()
    assert (value.word, pace.word) == ("better", "sooner")
    assert "higher)" in str(value.sentence)
    assert pace.rows[0].target is not None
    assert pace.rows[0].target.number == 80
    best = experiment.all_runs().best(experiment.all_runs().measure("return"))
    values = experiment.logs["b"].scalars("Eval/score").value
    assert best["b"].number == pytest.approx(values.max())
    found = recommend(experiment)
    assert found.winner is not None
    assert found.winner.name == "lr 0.00025001"
    assert found.configuration == "lr = 0.00025001\n"


def test_where_no_way_is_better_nobody_is_ahead(tmp_path: Path) -> None:
    returns(tmp_path, a=90.0, b=120.0)
    file = tmp_path / "returns.toml"
    text = RETURNS.replace('"higher"', '"neither"').partition("targets")[0]
    file.write_text(text, encoding="utf-8")
    experiment = load_experiment("returns", path=file, logdir=tmp_path / "logs")
    (answer,) = experiment.answers()
    assert answer.word == "higher"
    found = recommend(experiment)
    assert (found.winner, found.level, found.runner_up) == (None, (), ())
    assert "no outcome says which way is better" in str(found.sentence)
    assert "worse" not in str(found.second) + str(found.sentence)


def test_learning_rates_that_differ_in_the_fifth_digit_are_two_groups(tmp_path: Path) -> None:
    experiment = returns(tmp_path, a=90.0, b=90.0)
    assert [group.label for group in experiment.groups] == ["lr 0.00025", "lr 0.00025001"]
    value, _ = experiment.answers()
    assert value.word in ("level", "no worse", "no better")
    assert "lr 0.00025001" in str(value.sentence) or str(value.sentence).endswith("each.")
    text = experiment.settings("b")["lr"].text
    assert text == "0.00025001"


# --- Metrics that health contradicts --------------------------------------------------------------

WRONG = Finding("wrong", "error", "That tag is another's.", run="uni_6", tag="alltime_min_ms_A01")


def test_a_contradicted_metric_gives_way_to_the_one_declared_instead(tmp_path: Path) -> None:
    write_runs(tmp_path, *RUNS)
    text = DEFINITION.read_text(encoding="utf-8").replace(
        "uni_6 worse on all_time_hock", "uni_6 worse on all_time_A01"
    )
    file = tmp_path / "d.toml"
    file.write_text(text, encoding="utf-8")
    experiment = experiment_on(tmp_path, file)
    plain = claims_of(experiment.evaluated((), {}))["larger_batch.worse_times"]
    assert plain.answers[0].instead_of is None
    found = experiment.evaluated((WRONG,))
    claim = claims_of(found)["larger_batch.worse_times"]
    answer = claim.answers[0]
    assert answer.instead_of == WRONG
    assert WRONG in answer.findings
    assert {tag for _, tag in answer.rests_on} == {ROBUST}
    assert "This is judged by the best robust greedy race time on A01, because" in str(
        claim.sentence
    )
    assert claim.held.verdict == "holds"


def test_without_anything_left_to_rest_on_there_are_no_data(tmp_path: Path) -> None:
    write_runs(tmp_path, *RUNS)
    wrong = replace(WRONG, tag=ROBUST)
    found = named_answers(answer_comparisons(experiment_on(tmp_path).evaluated((wrong,))))
    assert found[LARGER[0]].word == found[LATER[0]].word == "no data"
    assert str(found[LARGER[0]].sentence) == "No data on A01: That tag is another's."
    assert found["larger_batch.time_hock"].word == "worse"


def test_findings_that_touch_an_answer_go_with_it(tmp_path: Path) -> None:
    write_runs(tmp_path, *RUNS)
    about = [
        Finding("gap", "warning", "A gap.", run="uni_6", tag=ROBUST),
        Finding("gap", "warning", "The whole run.", run="uni_5"),
        Finding("gap", "warning", "Another tag.", run="uni_6", tag="Training/loss"),
        Finding("gap", "warning", "Another run.", run="uni_7"),
        Finding("pair", "warning", "Both runs.", run="uni_6", runs=("uni_5", "uni_6")),
        Finding("pair", "warning", "One of both.", run="uni_6", runs=("uni_6", "uni_7")),
    ]
    found = named_answers(answer_comparisons(experiment_on(tmp_path).evaluated(about, {})))
    assert found[LARGER[0]].findings == (*about[:2], about[4])


# --- Special values -------------------------------------------------------------------------------


def test_a_run_that_never_finishes_is_worse(tmp_path: Path) -> None:
    found = answers_of(tmp_path, UNI_5, replace(UNI_6, first_finish=1000.0))
    answer = found["larger_batch.time_hock"]
    assert answer.word == "worse"
    assert "none finished with 8192 · 160×" in str(answer.sentence)
    later = found["larger_batch.time_hock.pace"]
    assert later.word == "later"
    assert "8192 · 160× had reached none of the 6 targets by 60 min, 2048 · 160× " in str(
        later.sentence
    )


def test_runs_that_have_hardly_begun_tell_nothing(tmp_path: Path) -> None:
    """One event at the very start: there is no common window on any clock."""
    for run, value in (("uni_5", 25.0), ("uni_6", 30.0)):
        events = [
            write.scalar_event(tag, 0, value, wall_time=1e9) for tag in (ROBUST, "Training/loss")
        ]
        write.write_event_file(tmp_path / run, events)
    found = named_answers(answer_comparisons(evaluation_on(tmp_path), ["larger_batch"]))
    for name in (LARGER[0], LATER[0], "larger_batch.loss"):
        assert found[name].word == "no data"
        assert "no common window by minutes and frames" in str(found[name].sentence)


def test_q_is_compared_at_equal_schedules_only(tmp_path: Path) -> None:
    write_runs(tmp_path, *RUNS)
    known = named_answers(answer_comparisons(evaluation_on(tmp_path)))["larger_batch.q"]
    assert known.word != "undecided"
    for file in (tmp_path / "uni_6").glob("events*"):
        rewrite_event_file(file, lambda tag, v: 0.99 if tag == "RL/gamma" else v)
    found = named_answers(answer_comparisons(evaluation_on(tmp_path)))["larger_batch.q"]
    assert (found.word, found.decided.reason) == ("undecided", "too few known")


def test_a_claim_that_names_a_cause_needs_a_pair_that_differs_in_it_alone(tmp_path: Path) -> None:
    text = DEFINITION.read_text(encoding="utf-8")
    for said_of, name in (
        ('uni_6 higher on loss"', "batch_size"),
        ('uni_7 higher on q"', "batch_size"),
    ):
        assert text.count(said_of) == 1
        text = text.replace(said_of, f'{said_of}, because = "{name}"')
    file = tmp_path / "because.toml"
    file.write_text(text, encoding="utf-8")
    held = claims_of(evaluation_of(tmp_path / "logs", *RUNS, definition=file))
    assert held["larger_batch.loss_higher"].held.verdict == "holds"
    cause = held["smaller_batch.q_higher"]
    assert cause.held.verdict == "no data"
    assert "Said because of batch size; the two differ in running speed, too." in str(
        cause.sentence
    )


def test_an_interval_of_what_has_no_logarithm_is_in_its_own_unit(tmp_path: Path) -> None:
    """A margin in percent of values below zero: the interval's ends are no percentages."""
    for group, middle in (("a", -2.0), ("b", -2.3)):
        for number in range(3):
            events = [
                write.scalar_event("Q", 100 * n, middle + number / 50, write.STARTED + 10 * n)
                for n in range(1, 61)
            ]
            write.write_event_file(tmp_path / "logs" / f"{group}{number}", events)
    file = tmp_path / "below_zero.toml"
    file.write_text(
        'title = "T"\nbaseline = "a"\ndomain = "rl"\n[groups]\na = { runs = "a*", lr = 1 }\n'
        'b = { runs = "b*", lr = 2 }\n[outcomes.q]\ntag = "Q"\nbetter = "higher"\n'
        'unit = "V"\nmargin = "10 %"\nreason = "Chosen."\n',
        encoding="utf-8",
    )
    (answer,) = load_experiment("below_zero", path=file, logdir=tmp_path / "logs").answers()
    found = answer.decided.intervals["minutes"]
    assert not found.logs
    assert f"95 % interval of the difference: −{-found.low:.2f} V to −{-found.high:.2f} V" in (
        str(answer.strength)
    )
    assert "0.30 V lower" in str(answer.sentence)
    assert "differences under 10 % are ignored" in str(answer.strength)
