"""``rulka-analysis conclusions``: verdicts in words, and as data for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rulka_analysis.cli import app, concluding
from rulka_analysis.logs.runs import Logs
from rulka_analysis.project import load_experiment
from tests.training_logs import TrainingRun, write_runs

NAME = "batch_size_and_running_speed"


def test_it_prints_what_the_experiment_says(bundled: Logs) -> None:
    result = CliRunner().invoke(app, ["conclusions", "--logdir", str(bundled.path)])
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    found = load_experiment(NAME, bundled).conclusions()
    for conclusion in found:
        (line,) = [line for line in lines if f"  {conclusion.name}  " in line]
        # A word and a symbol, never a colour alone.
        way = f": {conclusion.way}" if conclusion.way else ""
        assert line.startswith(f"{concluding.VERDICTS[conclusion.verdict]}{way}")
        assert str(conclusion.sentence) in line
        assert ("fragile" in line.split("  ")[0]) == conclusion.fragile
    assert {c.way for c in found} >= {"", "no difference", "less than claimed", "mixed"}
    assert "Larger batch" in lines
    contradicted = sum(conclusion.verdict == "contradicted" for conclusion in found)
    assert f"{contradicted} contradicted" in result.stdout


def test_json_is_what_the_experiment_says(bundled: Logs) -> None:
    command = ["conclusions", NAME, "--json", "--logdir", str(bundled.path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)
    found = load_experiment(NAME, bundled).conclusions()
    assert [entry["name"] for entry in data["conclusions"]] == [c.name for c in found]
    assert [entry["verdict"] for entry in data["conclusions"]] == [c.verdict for c in found]
    assert sum(data["counts"].values()) == len(found)
    assert data["bundled"] is True


def test_logs_of_ones_own(tmp_path: Path) -> None:
    slow = {"A01": 25.5, "hock": 66.0}
    write_runs(
        tmp_path,
        TrainingRun("uni_5", minutes=40, batch_size=2048),
        TrainingRun("uni_6", minutes=40, batch_size=8192, best=slow, seed=1),
    )
    result = CliRunner().invoke(app, ["conclusions", "--json", "--logdir", str(tmp_path)])
    assert result.exit_code == 0, result.stderr
    found = {c["name"]: c for c in json.loads(result.stdout)["conclusions"]}
    assert found["larger_batch_worse_hock"]["verdict"] == "supported"
    assert found["smaller_batch_better_hock"]["verdict"] == "no data"
    assert "no run uni_7" in found["smaller_batch_better_hock"]["sentence"]


def test_an_unknown_experiment_names_the_nearest(bundled: Logs) -> None:
    command = ["conclusions", "batch_size", "--logdir", str(bundled.path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "no experiment 'batch_size'" in result.stderr
    assert NAME in result.stderr


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    text = 'title = "T"\nquestion = "Q?"\nbaseline = "one"\n[runs.one]\n'
    path = tmp_path / "plain.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_experiment_without_conclusions_says_what_to_add(
    bundled: Logs, definition: Path
) -> None:
    command = ["conclusions", str(definition), "--logdir", str(bundled.path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "declares no conclusions; add [conclusions." in result.stderr
