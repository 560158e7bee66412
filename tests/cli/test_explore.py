"""``rulka-analysis explore``: one command, a folder that shows every run by double click."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rulka_analysis.project import open_logs
from tests.site_of_project import PROJECT
from tests.training_logs import TrainingRun, write_run

RUNS = ("first", "second")


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    logs = tmp_path_factory.mktemp("explore") / "my logs"
    for seed, name in enumerate(RUNS):
        write_run(logs, TrainingRun(name, minutes=8, seed=seed))
    return logs


def explore(*arguments: str | Path, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rulka_analysis", "explore", *map(str, arguments)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RULKA_")}
    return subprocess.run(
        command,
        capture_output=True,
        env=kept | {"PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1"} | changes,
        text=True,
        encoding="utf-8",
        check=False,
    )


def index_of(folder: Path) -> dict[str, list[object]]:
    text = (folder / "explore" / "data" / "index.js").read_text(encoding="ascii")
    found = re.fullmatch(r"rulkaExplore\.index\((.*)\);\n", text, re.DOTALL)
    assert found
    index: dict[str, list[object]] = json.loads(found[1])
    return index


def test_all_runs_and_tags_of_a_directory_are_in_the_folder(logdir: Path, tmp_path: Path) -> None:
    done = explore("--logdir", logdir, "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    logs = open_logs(logdir)
    tags = {tag for name in RUNS for tag in logs[name].tags}
    page = tmp_path / "out" / "index.html"
    assert (
        done.stderr.splitlines()[-1] == f"note: wrote {len(tags):,} metrics of 2 runs; open {page}"
    )
    assert "<title>Explore: my logs</title>" in page.read_text(encoding="utf-8")
    index = index_of(tmp_path / "out")
    assert index["runs"] == list(RUNS)
    assert {metric["tag"] for metric in index["metrics"]} == tags  # type: ignore[index]
    for metric in index["metrics"]:
        file = str(metric["file"]).partition("?")[0]  # type: ignore[index]
        assert (tmp_path / "out" / "explore" / file).is_file()


def test_where_no_script_runs_there_are_figures(logdir: Path, tmp_path: Path) -> None:
    assert explore("--logdir", logdir, "-o", tmp_path / "out").returncode == 0
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    pictures = re.findall(
        r'<source [^>]*srcset="([^"]+)">\s*<img src="([^"]+)" alt="([^"]+)"', page
    )
    assert 1 <= len(pictures) <= 4
    for phone, picture, alt in pictures:
        assert alt.startswith("Line chart of ")
        for file in (phone, picture):
            assert (tmp_path / "out" / file).read_text("utf-8").startswith("<svg ")
    # Those of a page that was written before go.
    (tmp_path / "out" / "explore" / "still" / "77.svg").write_text("old", encoding="utf-8")
    assert explore("--logdir", logdir, "-o", tmp_path / "out").returncode == 0
    assert not (tmp_path / "out" / "explore" / "still" / "77.svg").exists()


def test_only_the_named_runs_and_the_rest_is_said(logdir: Path, tmp_path: Path) -> None:
    done = explore("second", "thrid", "--logdir", logdir, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "thrid" in done.stderr
    assert index_of(tmp_path / "out")["runs"] == ["second"]


def test_nothing_is_written_where_no_run_is_named_right(logdir: Path, tmp_path: Path) -> None:
    done = explore("nobody", "--logdir", logdir, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert not (tmp_path / "out").exists()


def test_a_page_of_somebody_else_is_left_alone(logdir: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine", encoding="utf-8")
    done = explore("--logdir", logdir, "-o", tmp_path)
    assert done.returncode == 1
    assert re.fullmatch(r"error: .* holds an index\.html that is no Explore page.*\n", done.stderr)
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "mine"


def test_it_tells_how_far_it_is(
    logdir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from rulka_analysis.cli import exploring, output
    from rulka_analysis.project import load_catalogue

    # As if reading and writing took long.
    monkeypatch.setattr(output, "PROGRESS_AFTER", 0.0)
    entered = output.Waiting.__enter__

    def wait_until_shown(waiting: output.Waiting) -> output.Waiting:
        entered(waiting)
        assert waiting.shown.wait(10)
        return waiting

    monkeypatch.setattr(output.Waiting, "__enter__", wait_until_shown)
    logs = open_logs(logdir)
    exploring.explore(logs, RUNS, load_catalogue(), tmp_path / "out")
    told = capsys.readouterr().err.splitlines()
    assert "reading the logs: first (1 of 2)" in "\n".join(told)
    tags = {tag for name in RUNS for tag in logs[name].tags}
    for number in (1, len(tags)):
        assert any(f"({number} of {len(tags)})" in line for line in told), number
