"""``rulka-analysis answers``: answers and claims in words, and as data for programs."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from rulka_analysis.cli import answering, app
from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.tables import claim_in_words, named_answers
from rulka_analysis.project import load_experiment
from tests.training_logs import TrainingRun, write_runs

NAME = "batch_size_and_running_speed"


def test_it_prints_what_the_experiment_answers(bundled: Logs) -> None:
    result = CliRunner().invoke(app, ["answers", "--logdir", str(bundled.path)])
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    experiment = load_experiment(NAME, bundled)
    for answer in experiment.answers():
        # A word and a sign, never a colour alone.
        word = f"{answering.SIGNS[answer.decided.relation]} {answer.word}"
        word += ", fragile" if answer.decided.fragile else ""
        here = [line for line in lines if str(answer.sentence) in line]
        assert any(line.split("  ")[0] == word for line in here), answer
    for claim in experiment.claims():
        assert any(
            line.startswith(claim_in_words(claim)) and str(claim.sentence) in line for line in lines
        )
    assert "Larger batch" in lines
    wrong = sum(claim.held.verdict == "wrong" for claim in experiment.claims())
    assert f"{wrong} wrong" in result.stdout


def test_json_is_what_the_experiment_answers(bundled: Logs) -> None:
    printed = [
        CliRunner().invoke(app, [name, NAME, "--json", "--logdir", str(bundled.path)])
        for name in ("answers", "conclusions")
    ]
    assert [result.exit_code for result in printed] == [0, 0]
    assert printed[0].stdout == printed[1].stdout, "its old name still works"
    data = json.loads(printed[0].stdout)
    experiment = load_experiment(NAME, bundled)
    named = named_answers(experiment.answers())
    assert [entry["name"] for entry in data["answers"]] == list(named)
    assert [entry["answer"] for entry in data["answers"]] == [a.word for a in named.values()]
    assert [c["verdict"] for c in data["claims"]] == [c.held.verdict for c in experiment.claims()]
    assert sum(data["counts"]["answers"].values()) == len(named)
    assert data["planned"] == {"comparisons": 14, "outcomes": 2}
    assert data["groups"][0]["label"] == "2048 · 160×"
    assert data["bundled"] is True


def test_logs_of_ones_own(tmp_path: Path) -> None:
    slow = {"A01": 25.5, "hock": 66.0}
    write_runs(
        tmp_path,
        TrainingRun("uni_5", minutes=40, batch_size=2048),
        TrainingRun("uni_6", minutes=40, batch_size=8192, best=slow, seed=1),
    )
    result = CliRunner().invoke(app, ["answers", "--json", "--logdir", str(tmp_path)])
    assert result.exit_code == 0, result.stderr
    found = {one["name"]: one for one in json.loads(result.stdout)["answers"]}
    assert found["larger_batch.time_hock"]["answer"] == "worse"
    assert found["smaller_batch.time_hock"]["answer"] == "no data"
    assert "no run uni_7" in found["smaller_batch.time_hock"]["sentence"]


def test_an_unknown_experiment_names_the_nearest(bundled: Logs) -> None:
    command = ["answers", "batch_size", "--logdir", str(bundled.path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "no experiment 'batch_size'" in result.stderr
    assert NAME in result.stderr
