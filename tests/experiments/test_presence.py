"""Experiments beside one another: which are there, and log directories beneath the one in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulka_analysis.project import (
    experiments_named,
    list_experiments,
    load_experiment,
    load_experiments,
    open_logs,
)
from rulka_analysis.values.errors import ExperimentError
from tests.program_logs import write_curve

HERE = """\
title = "Here"
baseline = "one"
[runs]
one = {}
two = {}
[outcomes.score]
tag = "score"
better = "higher"
"""
OLDER = """\
title = "Older"
logdir = "older/set"
baseline = "a"
[groups]
a = { runs = "a_*" }
b = { runs = ["b_1"] }
[outcomes.score]
tag = "score"
better = "higher"
"""
ELSEWHERE = HERE.replace("one", "three").replace("two", "four").replace("Here", "Elsewhere")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("one", "two", "older/set/a_1", "older/set/a_2", "older/set/b_1"):
        write_curve(tmp_path / "logs" / name, "score", 2.0 if "a_" in name else 1.0)
    folder = tmp_path / "docs" / "experiments"
    folder.mkdir(parents=True)
    for name, text in (("here", HERE), ("older", OLDER), ("elsewhere", ELSEWHERE)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("RULKA_PROJECT", str(tmp_path))
    monkeypatch.setenv("RULKA_BUILD", str(tmp_path / "build"))
    monkeypatch.setenv("RULKA_LOGDIR", str(tmp_path / "logs"))
    return folder


def test_those_that_have_a_run_are_there(project: Path) -> None:
    assert list_experiments(open_logs()) == ("here", "older")
    assert [experiment.title for experiment in load_experiments()] == ["Here", "Older"]
    (project / "here.toml").unlink()
    assert list_experiments(open_logs()) == ("older",)


def test_a_definition_may_be_about_a_folder_beneath(project: Path) -> None:
    experiment = load_experiment("older")
    assert [(group.label, group.runs) for group in experiment.groups] == [
        ("a", ("older/set/a_1", "older/set/a_2")),
        ("b", ("older/set/b_1",)),
    ]
    (answer,) = experiment.answers()
    assert answer.as_dict()["candidate"]["label"] == "b"


@pytest.mark.parametrize("place", ["/abs", "../beside", "a/../../b", "C:\\\\runs", "~/runs", ""])
def test_it_lies_beneath_the_log_directory(project: Path, place: str) -> None:
    (project / "older.toml").write_text(OLDER.replace("older/set", place), encoding="utf-8")
    told = "line 2: logdir: .* Build with a folder above both as the log directory"
    with pytest.raises(ExperimentError, match=told):
        load_experiment("older")
    # Nobody knows whether its runs are there: its page is built, and says the same.
    assert experiments_named()["older"] == ()


@pytest.mark.parametrize("place", ["./older/set", "older//set/", "older\\\\set"])
def test_a_folder_is_named_in_more_ways_than_one(project: Path, place: str) -> None:
    (project / "older.toml").write_text(OLDER.replace("older/set", place), encoding="utf-8")
    assert load_experiment("older").groups[0].runs == ("older/set/a_1", "older/set/a_2")


def test_one_that_is_not_there_is_told_so(project: Path) -> None:
    path = project / "elsewhere.toml"
    by_pattern = ELSEWHERE.replace("[runs]", "[groups]").replace("= {}", '= { runs = "gone_*" }')
    path.write_text(by_pattern, encoding="utf-8")
    with pytest.raises(ExperimentError, match="none of the runs of experiment 'elsewhere' is in"):
        load_experiment("elsewhere").group("three")
