"""`rulka-analysis new`: what it writes, and that it never overwrites."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rulka_analysis.cli import app
from rulka_analysis.cli.drafted_pages import enter_in_index
from rulka_analysis.cli.drafting import check_name, write_new
from rulka_analysis.values.errors import RulkaError
from tests.program_logs import PROGRAMS
from tests.training_logs import STARTED, TrainingRun, write_runs

INDEX = """Experiments
===========

.. toctree::
   :hidden:

   First <docs/experiments/first>
   Metrics reference <docs/tensorboard_metrics>
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for number in range(4):
        settings = {"lr": 0.1 if number < 2 else 0.2, "seed": float(number)}
        PROGRAMS["rllib"](tmp_path / "logs", f"r{number}", settings, 10.0 + number)
    project = tmp_path / "project"
    (project / "docs" / "experiments").mkdir(parents=True)
    (project / "index.rst").write_text(INDEX, encoding="utf-8")
    monkeypatch.setenv("RULKA_PROJECT", str(project))
    monkeypatch.setenv("RULKA_BUILD", str(tmp_path / "build"))
    monkeypatch.setenv("RULKA_LOGDIR", str(tmp_path / "logs"))
    return project


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["new", *arguments])
    return result.exit_code, result.output


def test_definition_page_notebook_and_entry_are_written(project: Path) -> None:
    code, told = run("tried")
    assert code == 0, told
    assert "4 runs in 2 groups" in told
    written = {path.relative_to(project).as_posix() for path in project.rglob("*.*")}
    assert written == {
        "index.rst",
        "docs/experiments/tried.toml",
        "docs/experiments/tried.rst",
        "docs/experiments/tried/answers.rst",
        "docs/experiments/tried/every_group.rst",
        "docs/experiments/tried/notebooks.rst",
        "docs/experiments/tried/runs.rst",
        "notebooks/tried/answers.py",
    }
    definition = tomllib.loads((project / "docs/experiments/tried.toml").read_text("utf-8"))
    assert list(definition["groups"]) == ["learning rate 0.1", "learning rate 0.2"]
    notebook = (project / "notebooks/tried/answers.py").read_text("utf-8")
    ast.parse(notebook)
    assert 'ra.load_experiment("tried")' in notebook
    index = (project / "index.rst").read_text("utf-8")
    assert index.index("first>") < index.index("   Learning rate <docs/experiments/tried>")


def test_the_pages_quote_what_the_notebook_publishes(project: Path) -> None:
    run("tried")
    page = (project / "docs/experiments/tried.rst").read_text("utf-8")
    assert page.startswith("Learning rate\n=============\n\n.. result:: heading\n")
    pages = [page, *(p.read_text("utf-8") for p in (project / "docs/experiments/tried").iterdir())]
    quoted = {name for text in pages for name in re.findall(r":result:`([^`]+)`", text)}
    quoted |= {name for text in pages for name in re.findall(r"\.\. result:: (\S+)", text)}
    notebook = (project / "notebooks/tried/answers.py").read_text("utf-8")
    published = re.findall(r'ra\.publish\("([^"]+)"', notebook)
    own = set(published)
    assert len(published) == len(own)
    of_comparison = {name for name in quoted if name.startswith("every_group.")}
    assert quoted - of_comparison <= own
    assert {"every_group.mean_return", "every_group.mean_return_steps"} <= of_comparison


def test_a_dry_run_shows_and_writes_nothing(project: Path) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    code, told = run("tried", "--dry-run")
    assert code == 0
    assert "docs/experiments/tried.toml:" in told
    assert 'title = "Learning rate"' in "".join(told.splitlines()[5:9])
    assert "\\n" not in told
    assert told.rstrip().endswith("Nothing was written.")
    assert before == {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}


def test_what_is_there_stays_and_nothing_else_is_written(project: Path) -> None:
    page = project / "docs" / "experiments" / "tried.rst"
    page.write_text("mine", encoding="utf-8")
    code, told = run("tried")
    assert code == 1
    assert "is there already and stays as it is" in told
    assert page.read_text("utf-8") == "mine"
    assert not (project / "docs/experiments/tried.toml").exists()
    assert (project / "index.rst").read_text("utf-8") == INDEX


def test_an_index_without_a_list_and_one_with_the_entry_stay() -> None:
    assert enter_in_index("Mine\n====\n", "tried", "Tried") == "Mine\n====\n"
    listing = "Mine\n====\n\n.. toctree::\n   :glob:\n\n   docs/experiments/*\n"
    assert enter_in_index(listing, "tried", "Tried") == listing
    every = INDEX.replace("   First <docs/experiments/first>", "   docs/experiments/*")
    assert enter_in_index(every, "tried", "Tried") == every
    entered = enter_in_index(INDEX, "tried", "A *bold* `name`")
    assert "   A \\*bold\\* \\`name\\` <docs/experiments/tried>\n" in entered
    assert enter_in_index(entered, "tried", "Tried") == entered


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    kept, new = tmp_path / "a" / "kept", tmp_path / "new"
    write_new({kept: "mine"})
    with pytest.raises(RulkaError, match="is there already and stays as it is"):
        write_new({new: "x", kept: "other"})
    assert (kept.read_text(), new.exists()) == ("mine", False)


@pytest.mark.parametrize("name", ["../x", "", "A", "a-b", "a b", "1a", "a/b"])
def test_a_name_is_one_of_a_file_and_an_address(name: str) -> None:
    with pytest.raises(RulkaError, match="cannot name an experiment"):
        check_name(name)
    assert check_name("a_1") == "a_1"


# --- Known truth: eight single runs of the racing program ----------------------------------------

# Best times on A01 by batch size; the first run begun is what others are held against.
TRUE_BESTS = {
    512: 24.5,
    64: 26.5,
    128: 26.0,
    256: 25.5,
    1024: 23.5,
    2048: 23.0,
    4096: 27.0,
    8192: 28.0,
}


def test_eight_single_runs_are_answered_as_is_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [
        TrainingRun(
            f"uni_{number}",
            minutes=40,
            batch_size=size,
            seed=number,
            best={"A01": best, "hock": 2.4 * best},
            learning_minutes=8,
            started=STARTED + 86_400.0 * number,
        )
        for number, (size, best) in enumerate(TRUE_BESTS.items())
    ]
    write_runs(tmp_path / "logs", *runs)
    (tmp_path / "project" / "docs" / "experiments").mkdir(parents=True)
    monkeypatch.setenv("RULKA_PROJECT", str(tmp_path / "project"))
    monkeypatch.setenv("RULKA_BUILD", str(tmp_path / "build"))
    monkeypatch.setenv("RULKA_LOGDIR", str(tmp_path / "logs"))
    code, told = run("eight")
    assert code == 0, told
    assert "8 runs in 8 groups" in told
    file = tmp_path / "project" / "docs" / "experiments" / "eight.toml"
    definition = file.read_text("utf-8")
    assert 1 <= definition.count("# check: ") <= 15
    assert 'baseline = "uni_0"' in definition
    margin = 'margin = 0.1\nreason = "Nobody would notice less."'
    lines = [margin if line.startswith("# margin") else line for line in definition.splitlines()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["answers", "eight", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["answers"]
    of_a01 = {
        one["candidate"]["settings"]["batch_size"]: one["answer"]
        for one in found
        if "A01" in one["outcome"] and not one["name"].endswith(".pace")
    }
    truth = {
        size: "better" if best < TRUE_BESTS[512] else "worse"
        for size, best in TRUE_BESTS.items()
        if size != 512
    }
    assert of_a01 == truth
