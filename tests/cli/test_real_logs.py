"""Every command on logs of other programs, where they are at hand."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from rulka_analysis.cli import app
from rulka_analysis.logs.events import read_scalars
from rulka_analysis.logs.runs import Logs

REAL_LOGS = Path(__file__).parents[3] / "shared" / "real_logs"
FOLDERS = sorted(p.name for p in REAL_LOGS.iterdir() if p.is_dir()) if REAL_LOGS.is_dir() else []

pytestmark = pytest.mark.skipif(not FOLDERS, reason="the logs of other programs are not here")


def run(*arguments: str, folder: str) -> str:
    command = [*arguments, "--logdir", str(REAL_LOGS / folder)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, (result.stderr, result.exception)
    return result.stdout


@pytest.mark.parametrize("folder", FOLDERS)
def test_runs_and_tags_add_up(folder: str) -> None:
    runs = json.loads(run("runs", "--json", folder=folder))["runs"]
    tags = json.loads(run("tags", "--json", folder=folder))["tags"]
    assert runs
    for entry in runs:
        own = [tag for tag in tags if tag["run"] == entry["name"]]
        assert len(own) == entry["tags"]
        assert sum(tag["events"] for tag in own) == entry["events"]
    for command in (["runs"], ["tags"]):
        text = run(*command, folder=folder)
        assert all(entry["name"] in text for entry in runs)


@pytest.mark.parametrize("folder", FOLDERS)
def test_extract_gives_every_event_that_stands(folder: str) -> None:
    table = pd.read_csv(io.StringIO(run("extract", "--metrics", "*", folder=folder)))
    logs = Logs(REAL_LOGS / folder)
    # What is in none of the runs is an earlier attempt, beside a run, or repeated; never lost.
    others = sum(earlier.count for run in logs for earlier in run.earlier)
    others += sum(logs[name].count for run in logs for name in run.beside)
    others += sum(sum(run.given_up.values()) for run in logs)
    assert len(table) + others == len(read_scalars(REAL_LOGS / folder))
    wide = pd.read_csv(io.StringIO(run("extract", "--metrics", "*", "--wide", folder=folder)))
    assert int(wide.drop(columns="step").notna().sum().sum()) == int(table.value.notna().sum())


@pytest.mark.parametrize("folder", FOLDERS)
def test_compare_shows_every_run_and_draws(folder: str, tmp_path: Path) -> None:
    text = run("compare", "*", "--every", "1", "--plot", str(tmp_path), folder=folder)
    data = json.loads(run("compare", "*", "--json", folder=folder))
    (comparison,) = data["comparisons"]
    assert all(name in text for name in comparison["runs"])
    known = [
        value["last"]["value"] is not None
        for metric in comparison["metrics"]
        for value in metric["runs"].values()
    ]
    assert any(known)
    assert list(tmp_path.glob("*.svg"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_explore_shows_every_tag_of_every_run(folder: str, tmp_path: Path) -> None:
    assert run("explore", "--output", str(tmp_path), folder=folder) == ""
    tags = json.loads(run("tags", "--json", folder=folder))["tags"]
    text = (tmp_path / "explore" / "data" / "index.js").read_text(encoding="ascii")
    index = json.loads(text.removeprefix("rulkaExplore.index(").removesuffix(");\n"))
    assert index["runs"] == list(dict.fromkeys(tag["run"] for tag in tags))
    assert {metric["tag"] for metric in index["metrics"]} == {tag["tag"] for tag in tags}
