"""The list of runs: attempts, what is given up, what is no run, and what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from rulka_analysis.cli import app
from rulka_analysis.cli.contents import run_facts
from rulka_analysis.logs.runs import Logs
from tests import event_files as write


def put(folder: Path, part: int, steps: range) -> None:
    began = write.STARTED + 9000 * part
    events = [write.scalar_event("a", step, 1.0 * step, began + step) for step in steps]
    path = folder / f"events.out.tfevents.{began:.0f}.host.{part}.0"
    write.write_event_file(path, [write.version_event(began), *events], version=False)


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    for part, steps in enumerate([range(100), range(70)]):
        put(tmp_path / "anew", part, steps)
    for part, steps in enumerate([range(100), range(80, 150)]):
        put(tmp_path / "resumed", part, steps)
    put(tmp_path / "broken", 0, range(10))
    (tmp_path / "broken" / "provenance.toml").write_text("[[[", encoding="utf-8")
    write.write_event_file(tmp_path / "empty", [])
    return tmp_path


def test_runs_tells_all_there_is(logdir: Path) -> None:
    result = CliRunner().invoke(app, ["runs", "--logdir", str(logdir)])
    assert result.exit_code == 1
    assert "broken/provenance.toml" in result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    rows = {line[0]: line for line in lines if line}
    assert rows["anew"][3] == "70"
    assert rows["anew@1"][3] == "100"
    assert "20 (12 %)" in " ".join(rows["resumed"])
    assert "No scalars in: empty (1 file)" in result.stdout


def test_the_same_as_data(logdir: Path) -> None:
    result = CliRunner().invoke(app, ["runs", "--json", "--logdir", str(logdir)])
    data = json.loads(result.stdout)
    runs = {run["name"]: run for run in data["runs"]}
    assert runs.keys() == {"anew", "resumed"}
    (attempt,) = runs["anew"]["attempts"]
    assert (attempt["name"], attempt["events"]) == ("anew@1", 100)
    assert runs["resumed"]["given_up"] == {"events": 20, "share": 20 / 170, "by_tag": {"a": 20}}
    assert data["without_scalars"] == [{"folder": "empty", "files": 1}]


def test_an_earlier_attempt_is_asked_for_by_its_name(logdir: Path) -> None:
    command = ["tags", "anew@1", "--json", "--logdir", str(logdir)]
    result = CliRunner().invoke(app, command)
    assert [tag["events"] for tag in json.loads(result.stdout)["tags"]] == [100]


def test_to_list_runs_no_table_is_made(logdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pd, "DataFrame", None)
    logs = Logs(logdir)
    assert [run_facts(logs[name], ()).events for name in ("anew", "resumed")] == [70, 150]
