"""``rulka-analysis archive``: what it writes, says and asks for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rulka_analysis.cli import app, output
from rulka_analysis.logs.archive.index import read_index
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.settings import Setting, known_of, read_settings
from rulka_analysis.project import domain, load_catalogue
from tests import event_files as write
from tests import training_logs
from tests.program_logs import PROGRAMS
from tests.training_logs import TrainingRun

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    runs = [TrainingRun(f"uni_{seed}x", minutes=10, seed=seed) for seed in (5, 6)]
    training_logs.write_runs(tmp_path / "logs", *runs, TrainingRun("other", minutes=10))
    return tmp_path / "logs"


def archive(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, ["archive", *map(str, arguments)])


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_an_archive_stands_for_the_log_directory(logdir: Path, tmp_path: Path) -> None:
    out = tmp_path / "archive"
    result = archive(logdir, out)
    assert result.exit_code == 0, result.stderr
    assert "of 3 runs; 3 event files read, 0 parts kept" in result.stdout
    for command in (["runs"], ["tags"], ["check"], ["compare", "uni_5x", "uni_6x"]):
        expected = run(*command, "--logdir", str(logdir))
        found = run(*command, "--logdir", str(out))
        assert found.replace(str(out), str(logdir)) == expected
    extracted = ["extract", "--metrics", "*", "--logdir"]
    assert run(*extracted, str(out)) == run(*extracted, str(logdir))
    assert "0 event files read, 3 parts kept" in archive(logdir, out).stdout
    settings = {record.run: record.settings for record in read_index(out).records}
    assert settings["other"]["batch_size"] == (512, "Training/batch_size")
    assert "learning_rate" not in settings["other"], "a schedule is meant to change"


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_was_set_is_known_whatever_program_wrote_it_where(
    program: str, tmp_path: Path
) -> None:
    logdir, out = tmp_path / "logs", tmp_path / "archives" / "logs"
    for name, rate in (("a", 0.001), ("b", 0.00025)):
        PROGRAMS[program](logdir, name, {"learning_rate": rate, "gamma": 0.99, "seed": 1.0})
    catalogue = load_catalogue(of=domain("rl"))

    def known(logs: Logs) -> dict[str, dict[str, Setting]]:
        return {run.name: read_settings(run.name, run, catalogue) for run in logs}

    assert archive(logdir, out).exit_code == 0
    expected = known(Logs(logdir))
    assert any(known_of(settings).get("learning_rate") == 0.001 for settings in expected.values())
    assert known(Logs(out)) == expected
    assert "0 event files read, 2 parts kept" in archive(logdir, out).stdout
    if any(record.recorded for record in read_index(out).records):
        # No event file changes with what is said beside it.
        for beside in [path for path in logdir.parent.rglob("*.*") if _says(path)]:
            text = beside.read_text(encoding="utf-8").replace("0.001", "0.002")
            beside.write_text(text, encoding="utf-8")
        assert archive(logdir, out).exit_code == 0
        assert known(Logs(out)) == known(Logs(logdir)) != expected


def test_settings_in_texts_are_the_same_from_an_archive(tmp_path: Path) -> None:
    """At the beginning of a file they count, whoever reads; far behind it they do not."""
    logs = tmp_path / "logs"
    table = "|param|value|\n|-|-|\n|learning_rate|{}|"
    tag = "hyperparameters/text_summary"
    many = [write.scalar_event("a", step, 0.5) for step in range(3000)]
    for run, before in (("first", 0), ("late", 3000), ("between", 300)):
        text = write.text_event(tag, 0, table.format(0.25 if run == "first" else 0.5))
        events = [*many[:before], text, *many[before:]]
        if run == "between":
            events.append(write.text_event(tag, 0, table.format(0.75)))
        write.write_event_file(logs / run, events)
    out = tmp_path / "archive"
    assert CliRunner().invoke(app, ["archive", str(logs), str(out)]).exit_code == 0

    def said(folder: Path) -> dict[str, object]:
        catalogue = load_catalogue()
        return {
            run.name: known_of(read_settings(run.name, run, catalogue)).get("learning_rate")
            for run in Logs(folder)
        }

    assert said(logs) == said(out) == {"first": 0.25, "late": None, "between": 0.5}
    assert [len(Logs(place)["between"].texts) for place in (logs, out)] == [2, 2]


def _says(path: Path) -> bool:
    """Tell whether a file beside a run holds the rate of the first run."""
    if "archives" in path.parts or "tfevents" in path.name or not path.is_file():
        return False
    return b"0.001" in path.read_bytes()


def test_some_runs_and_metrics(logdir: Path, tmp_path: Path) -> None:
    out = tmp_path / "archive"
    asked = ("--runs", "uni_*", "--metrics", "loss", "Race/*")
    result = archive(logdir, out, *asked)
    assert result.exit_code == 0, result.stderr
    index = read_index(out)
    assert (index.runs, index.metrics) == (("uni_*",), ("loss", "Race/*"))
    found = Logs(out)
    assert found.runs == ("uni_5x", "uni_6x")
    tags = set(found["uni_5x"].tags)
    clocks = {"cumul_training_hours", "cumul_number_batches_done"}
    assert "Training/loss" in tags
    assert {tag for tag in tags if not tag.startswith("Race/")} == {"Training/loss", *clocks}


def test_what_is_not_there_is_named_and_the_rest_is_written(logdir: Path, tmp_path: Path) -> None:
    result = archive(logdir, tmp_path / "a", "--runs", "uni_5x", "uni_7x")
    assert result.exit_code == 1
    assert "no run 'uni_7x'" in result.stderr
    assert Logs(tmp_path / "a").runs == ("uni_5x",)
    result = archive(logdir, tmp_path / "b", "--runs", "uni_7x")
    assert result.exit_code == 1
    assert not (tmp_path / "b").exists()
    result = archive(logdir, tmp_path / "c", "--metrics", "los", "loss")
    assert result.exit_code == 1
    assert "no run has a tag or metric 'los'" in result.stderr
    assert "'loss'" not in result.stderr
    assert "Training/loss" in Logs(tmp_path / "c")["other"].tags


def test_a_place_that_holds_something_else(logdir: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "x").touch()
    result = archive(logdir, tmp_path / "notes")
    assert result.exit_code == 1
    assert "holds something else" in result.stderr


def test_very_many_runs_take_few_lines_in_a_pipe(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    for seed in range(60):
        events = [write.scalar_event("loss", step, seed) for step in range(3)]
        write.write_event_file(logs / f"run_{seed}x", events)
    script = (
        "from rulka_analysis.cli import main, output; output.PROGRESS_AFTER = 0.0;"
        f"main(['archive', {str(logs)!r}, {str(tmp_path / 'out')!r}])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=PROJECT, check=True
    )
    told = [line for line in result.stderr.splitlines() if line.startswith("archiving")]
    assert 1 <= len(told) <= output.MOST_LINES
    assert len(result.stderr.splitlines()) <= 2 * output.MOST_LINES
