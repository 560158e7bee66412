"""``rulka-analysis check``: what it prints, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rulka_analysis.cli import app
from tests.training_logs import TrainingRun, write_runs

BAD = TrainingRun("bad", minutes=60, best_under_map_just_raced=True)
GOOD = TrainingRun("good", minutes=60, seed=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    write_runs(folder, BAD, GOOD)
    return folder


def check(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


def test_a_clean_run_ends_with_success(folder: Path) -> None:
    result = check("good", "--logdir", str(folder))
    assert result.exit_code == 0, result.output
    assert "Checked good." in result.stdout
    assert "Nothing was found." in result.stdout


def test_an_error_is_printed_with_its_remedy_and_fails(folder: Path) -> None:
    result = check("--logdir", str(folder))
    assert result.exit_code == 1
    assert "Checked bad, good." in result.stdout
    assert "Errors: the log or a tag is wrong, and no verdict may rest on it (1)" in result.stdout
    assert "alltime_min_ms_hock of bad is not the best of hock" in result.stdout
    assert "Use the race times of hock" in result.stdout
    assert "1 error." in result.stdout


def test_json_holds_every_finding(folder: Path) -> None:
    result = check("--logdir", str(folder), "--json")
    assert result.exit_code == 1
    data = json.loads(result.stdout)
    assert data["runs"] == ["bad", "good"]
    assert data["counts"] == {"error": 1, "warning": 0, "note": 0}
    (finding,) = data["findings"]
    assert (finding["run"], finding["tag"]) == ("bad", "alltime_min_ms_hock")
    assert {"kind", "severity", "message", "why", "remedy"} <= set(finding)


def test_a_run_that_is_not_there_fails_and_the_others_are_checked(folder: Path) -> None:
    result = check("good", "god", "--logdir", str(folder))
    assert result.exit_code == 1
    assert "Nothing was found." in result.stdout
    assert "no run 'god'" in result.stderr


def test_an_experiment_is_checked_with_its_comparisons(build_folder_of_the_tests: Path) -> None:
    name = "batch_size_and_running_speed"
    result = check("--experiment", name)
    assert result.exit_code == 1
    assert f"the comparisons of {name}" in result.stdout
    assert "2 settings differ between uni_5 and uni_7" in result.stdout
    assert result.stdout.index("Errors") < result.stdout.index("Warnings")
    few = check("uni_12", "--experiment", name, "--json")
    data = json.loads(few.stdout)
    assert data["runs"] == ["uni_12"]
    assert {finding["run"] for finding in data["findings"]} == {"uni_12"}


def test_a_warning_alone_ends_with_success(folder: Path, tmp_path: Path) -> None:
    definition = tmp_path / "small.toml"
    definition.write_text(
        """
title = "A title"
question = "A question?"
baseline = "good"
[settings.speed]
title = "Speed"
[maps]
A01 = "A01"
[runs.good]
[outcomes.time]
metric = "robust_race_time"
map = "A01"
""",
        encoding="utf-8",
    )
    result = check("--experiment", str(definition), "--logdir", str(folder))
    assert result.exit_code == 0, result.output
    assert "The speed of good is neither in its log nor in the definition." in result.stdout
    assert "1 warning." in result.stdout
