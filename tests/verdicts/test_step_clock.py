"""What the step counts is named once an experiment, and called so wherever it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rulka_analysis.cli import app
from rulka_analysis.logs.clocks import STEPS
from rulka_analysis.pages.exploring import curves
from rulka_analysis.pages.tables import deciding
from rulka_analysis.project import load_experiment, open_logs
from rulka_analysis.values.errors import ExperimentError
from rulka_analysis.verdicts.loaded import LoadedExperiment
from tests import event_files as write

DEFINITION = """
title = "Rate"
domain = "rl"
baseline = "a"
step_clock = "environment steps"
clocks = ["environment steps", "minutes"]
[runs]
a = { rate = 1 }
b = { rate = 2 }
[outcomes.return]
tag = "Eval/score"
better = "higher"
summary = "best"
margin = 5
reason = "Chosen."
targets = [10, 20, 30, 40]
[claims.every_group]
sooner = { text = "sooner", says = "b sooner on return", clocks = ["environment steps"] }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    for name, gain in (("a", 1.0), ("b", 2.0)):
        events = [
            write.scalar_event("Eval/score", 1000 * n, gain * n, write.STARTED + 60 * n)
            for n in range(1, 61)
        ]
        write.write_event_file(tmp_path / "logs" / name / write.NAME, events)
    definition = tmp_path / "rates.toml"
    definition.write_text(DEFINITION, encoding="utf-8")
    return definition


def check(experiment: LoadedExperiment) -> None:
    value, pace = experiment.answers()
    assert str(value.sentence).startswith("Better at 60,000 environment steps in these two runs: ")
    assert "as long as rate 1 by environment steps" in str(pace.sentence)
    assert [row.clock.name for row in value.rows] == ["environment steps", "minutes"]
    assert list(value.as_dict()["clocks"]) == ["environment steps", "minutes"]
    assert value.rows[0].candidate.evidence[-1].steps_unit == "environment steps"
    assert "environment steps" in str(deciding(pace))
    (claim,) = experiment.claims()
    assert claim.held.verdict == "holds"
    table = experiment.all_runs().compare("return", clock="environment steps")
    assert set(table["clock"]) == {"environment steps"}
    assert table["environment steps"].max() == 60_000


def test_explore_calls_it_so(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "docs" / "experiments"
    folder.mkdir(parents=True)
    (folder / "rates.toml").write_text(DEFINITION, encoding="utf-8")
    monkeypatch.setenv("RULKA_PROJECT", str(tmp_path))
    clocks = curves(open_logs(tmp_path / "logs")).data.clocks
    assert [clock.name for clock in clocks] == ["minutes", "environment steps"]


def test_it_is_called_so_in_sentences_tables_and_data(file: Path) -> None:
    experiment = load_experiment("rates", path=file, logdir=file.parent / "logs")
    check(experiment)
    # Its key finds it, too.
    assert experiment.all_runs().clock("steps").name == "environment steps"
    assert "environment steps" in experiment.logs["a"].scalars("Eval/score").columns


def test_logs_that_were_open_before_are_called_so_with_it(file: Path) -> None:
    logs = open_logs(file.parent / "logs")
    assert logs.conventions.steps.name == "steps"
    check(load_experiment("rates", logs, path=file))
    # They themselves stay what they were.
    assert logs.conventions.steps.name == "steps"
    assert "steps" in logs["a"].scalars("Eval/score").columns


def test_the_command_line_calls_it_so(file: Path) -> None:
    given = ["--experiment", str(file), "--logdir", str(file.parent / "logs")]
    shown = CliRunner().invoke(app, ["compare", "a", "b", "--clock", "steps", *given])
    assert shown.exit_code == 0, shown.output
    assert "environment steps" in shown.output
    told = CliRunner().invoke(app, ["answers", str(file), "--json", *given[2:]])
    assert told.exit_code == 0, told.output
    clocks = [list(answer["clocks"]) for answer in json.loads(told.stdout)["answers"]]
    assert clocks == [["environment steps", "minutes"]] * 2


@pytest.mark.parametrize("name", ["minutes", "updates", "step", "value"])
def test_it_is_not_called_what_something_else_is_called(file: Path, name: str) -> None:
    text = DEFINITION.replace('"environment steps"', f'"{name}"', 1)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ExperimentError, match=rf"'{name}' is something else; choose another"):
        load_experiment("rates", path=file, logdir=file.parent / "logs")


def test_a_clock_is_what_it_orders_by_and_not_its_name() -> None:
    renamed = STEPS.called("updates of the world")
    assert renamed == STEPS
    assert hash(renamed) == hash(STEPS)
    assert {STEPS: 1}[renamed] == 1
