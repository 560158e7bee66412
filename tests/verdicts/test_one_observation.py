"""No answer rests on two runs that are one log, or one seed run twice: it is *no data*."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tensorboard.compat.proto.event_pb2 import Event

from rulka_analysis.health import contradicted, one_observation
from rulka_analysis.pages.tables import named_answers
from rulka_analysis.project import load_experiment, open_logs
from rulka_analysis.verdicts.answer import Answered
from rulka_analysis.verdicts.evaluate import Evaluation
from rulka_analysis.verdicts.loaded import LoadedExperiment
from rulka_analysis.verdicts.recommendation import Recommendation, recommend
from rulka_analysis.verdicts.sides import sides_of
from tests.training_logs import TrainingRun, rewrite_event_file, rewrite_events, write_runs

NAME = "batch_size_and_running_speed"
DEFINITION = Path(__file__).parents[2] / "docs" / "experiments" / f"{NAME}.toml"
UNI_5 = TrainingRun("uni_5", minutes=40, batch_size=2048, seed=5)
UNI_7 = replace(UNI_5, name="uni_7", batch_size=512, seed=7, best={"A01": 25.5, "hock": 64.0})


def slower(event: Event) -> Event:
    event.wall_time = UNI_5.started + (event.wall_time - UNI_5.started) * 1.1
    return event


@pytest.fixture(params=["one log", "one seed run twice"])
def experiment(tmp_path: Path, request: pytest.FixtureRequest) -> LoadedExperiment:
    """Return the experiment on logs in which uni_6 is uni_5 once more."""
    write_runs(tmp_path, UNI_5, UNI_7)
    shutil.copytree(tmp_path / "uni_5", tmp_path / "uni_6")
    (file,) = (tmp_path / "uni_6").iterdir()
    rewrite_event_file(file, lambda tag, value: 8192 if tag == "Training/batch_size" else value)
    if request.param != "one log":
        rewrite_events(file, slower)
    return load_experiment(NAME, open_logs(tmp_path))


def with_settings(folder: Path, **runs: str) -> LoadedExperiment:
    """Return the experiment with runs whose settings are declared otherwise."""
    lines = DEFINITION.read_text(encoding="utf-8").splitlines()
    for name, settings in runs.items():
        (at,) = (n for n, line in enumerate(lines) if line.startswith(f"{name} = {{ about"))
        lines[at] = f"{name} = {{ {settings} }}"
    path = folder / "definition.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return load_experiment(NAME, open_logs(folder), path=path)


def by_name(experiment: LoadedExperiment) -> dict[str, Answered]:
    return named_answers(experiment.answers())


def recommended(experiment: LoadedExperiment) -> Recommendation:
    return recommend(experiment, contradicted(experiment.noticed), experiment.evaluation)


def test_an_answer_on_the_pair_is_no_data_and_says_why(experiment: LoadedExperiment) -> None:
    found = by_name(experiment)
    of_the_pair = {name: one for name, one in found.items() if name.startswith("larger_batch.")}
    assert {"larger_batch.time_A01", "larger_batch.time_A01.pace"} <= of_the_pair.keys()
    for answer in of_the_pair.values():
        assert answer.word == "no data"
        assert "uni_6 and uni_5 are one observation, not two (RK50" in str(answer.sentence)
        assert [finding.code[:4] for finding in answer.findings] == ["RK50"]
        assert not answer.rows
        assert not answer.rests_on
    # What rests on other runs is told as ever.
    assert found["smaller_batch.time_A01"].word != "no data"


def test_a_claim_about_the_pair_is_no_data(experiment: LoadedExperiment) -> None:
    held = {claim.name: claim for claim in experiment.claims()}
    for name in ("loss_higher", "loss_much_higher", "share_no_gain", "no_benefit"):
        assert held[name].held.verdict == "no data"
    assert held["loss_lower"].held.verdict != "no data"


def test_a_setting_whose_run_is_another_settings_cannot_win(experiment: LoadedExperiment) -> None:
    label = experiment.group("uni_6").label
    standing = str(recommended(experiment).ranking.cell(label, "standing"))
    assert "cannot win: uni_6 and uni_5 are one observation (RK50" in standing
    unheard = Evaluation(experiment, (), contradicted(experiment.noticed))
    without = recommend(experiment, contradicted(experiment.noticed), unheard)
    assert "one observation" not in str(without.ranking.cell(label, "standing"))


def test_a_copy_with_the_same_settings_is_no_second_run(tmp_path: Path) -> None:
    write_runs(tmp_path, UNI_5, UNI_7)
    shutil.copytree(tmp_path / "uni_5", tmp_path / "uni_6")
    experiment = with_settings(tmp_path, uni_6="batch_size = 2048, running_speed = 160")
    once, other = experiment.group("uni_5"), experiment.group("uni_7")
    assert set(once.runs) == {"uni_5", "uni_6"}
    found = recommended(experiment)
    assert {once.label, other.label} <= set(found.ranking.rows)
    (tried,) = (one for one in (*found.level, *found.runner_up) if one.name == once.label)
    assert tried.runs == ("uni_5",)
    # Two runs would have a mean and a spread; one is observed once.
    answer = by_name(experiment)["smaller_batch.time_A01"]
    assert answer.decided.method == "observed once"
    assert set(answer.rows[0].by_run) == {"uni_5", "uni_7"}


def test_of_replicates_that_are_one_observation_one_counts(tmp_path: Path) -> None:
    seeds = {"uni_7": 7, "uni_11": 1, "uni_12": 1}
    runs = [replace(UNI_7, name=name, seed=seed) for name, seed in seeds.items()]
    write_runs(tmp_path, UNI_5, *runs)
    settings = "batch_size = 512, running_speed = 512"
    experiment = with_settings(tmp_path, uni_11=settings, uni_12=settings)
    same = one_observation(experiment.noticed)
    assert frozenset(("uni_11", "uni_12")) in same
    baseline, group = experiment.group("uni_5"), experiment.group("uni_11")
    every = sides_of(experiment, baseline, group).candidate
    assert every == ("uni_7", "uni_11", "uni_12")
    once = sides_of(experiment, baseline, group, same).candidate
    assert once == ("uni_7", "uni_11")
    answer = by_name(experiment)["smaller_batch.time_A01"]
    assert set(answer.rows[0].by_run) == {"uni_5", "uni_7", "uni_11"}
