"""No answer rests on two runs that are one log, or one seed run twice: it is *no data*."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tensorboard.compat.proto.event_pb2 import Event

from rulka_analysis.health import contradicted, experiment_findings, one_observation
from rulka_analysis.project import load_experiment, open_logs
from rulka_analysis.verdicts.answer import Conclusion
from rulka_analysis.verdicts.loaded import LoadedExperiment
from rulka_analysis.verdicts.recommendation import recommend
from rulka_analysis.verdicts.sides import sides_of
from tests.training_logs import TrainingRun, rewrite_event_file, rewrite_events, write_runs

NAME = "batch_size_and_running_speed"
UNI_5 = TrainingRun("uni_5", minutes=40, batch_size=2048, seed=5)
UNI_7 = replace(UNI_5, name="uni_7", batch_size=512, seed=7, best={"A01": 25.5, "hock": 64.0})
CLAIM = "larger_batch_worse_A01"


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


def by_name(experiment: LoadedExperiment) -> dict[str, Conclusion]:
    return {conclusion.name: conclusion for conclusion in experiment.conclusions()}


def test_a_conclusion_on_the_pair_is_no_data_and_says_why(experiment: LoadedExperiment) -> None:
    found = by_name(experiment)
    conclusion = found[CLAIM]
    assert (conclusion.verdict, conclusion.outcome) == ("no data", "no_data")
    assert "uni_6 and uni_5 are one observation, not two (RK50" in str(conclusion.sentence)
    assert [finding.code[:4] for finding in conclusion.findings] == ["RK50"]
    assert not conclusion.deciding
    # What rests on other runs is told as ever.
    assert found["smaller_batch_better_A01"].verdict not in ("no data",)


def test_a_setting_whose_run_is_another_settings_cannot_win(experiment: LoadedExperiment) -> None:
    noticed = experiment_findings(experiment)
    found = recommend(experiment, contradicted(noticed), one_observation(noticed))
    standing = str(found.ranking.cell("uni_6", "standing"))
    assert "cannot win: uni_6 and uni_5 are one observation (RK50" in standing
    without = recommend(experiment, contradicted(noticed))
    assert "one observation" not in str(without.ranking.cell("uni_6", "standing"))


def test_a_copy_with_the_same_settings_is_no_second_run(tmp_path: Path) -> None:
    write_runs(tmp_path, UNI_5, UNI_7)
    shutil.copytree(tmp_path / "uni_5", tmp_path / "uni_6")
    experiment = load_experiment(NAME, open_logs(tmp_path))
    noticed = experiment_findings(experiment)
    found = recommend(experiment, contradicted(noticed), one_observation(noticed))
    assert {"uni_5", "uni_7"} <= set(found.ranking.rows)
    assert not any("uni_6" in name for name in found.ranking.rows)


def test_of_replicates_that_are_one_observation_one_counts(tmp_path: Path) -> None:
    runs = [replace(UNI_5, name=name, batch_size=512) for name in ("uni_7", "uni_11", "uni_12")]
    write_runs(tmp_path, UNI_5, runs[0], replace(runs[1], seed=1), replace(runs[2], seed=1))
    definition = (Path("docs") / "experiments" / f"{NAME}.toml").read_text(encoding="utf-8")
    path = tmp_path / "definition.toml"
    for cycle in ("256 Hock, 256 A01", "64 Hock, 64 A01"):
        definition = definition.replace(cycle, "4 Hock, 4 A01, 1 evaluation on A01")
    path.write_text(definition, encoding="utf-8")
    experiment = load_experiment(NAME, open_logs(tmp_path), path=path)
    same = one_observation(experiment_findings(experiment))
    assert frozenset(("uni_11", "uni_12")) in same
    every = sides_of(experiment, "uni_5", "uni_11").candidate
    assert {"uni_11", "uni_12"} <= set(every)
    once = sides_of(experiment, "uni_5", "uni_11", same).candidate
    assert [run for run in every if run != "uni_12"] == list(once)
