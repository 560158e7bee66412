"""What a build was made from, and which runs are still written."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rulka_analysis.domains.trackmania.published import START
from rulka_analysis.logs.growth import still_running
from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages import inputs
from rulka_analysis.pages.answers import World
from rulka_analysis.pages.package_code import PackageCode
from rulka_analysis.project import open_logs
from rulka_analysis.values import questions
from rulka_analysis.values.places import project_folder
from tests.training_logs import TrainingRun, write_run, write_runs

SHORT = TrainingRun("uni_5", minutes=12)


def ended(run: TrainingRun, seconds_ago: float, now: float, folder: Path) -> TrainingRun:
    """Return a run whose last event is so many seconds old."""
    truth = write_run(folder / "measure", run)
    last = float(truth.events.wall_time.max())
    return replace(run, started=run.started + now - seconds_ago - last)


# --- Still running --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes_ago", "running"), [(5, True), (9.9, True), (10.1, False), (600, False), (-1, False)]
)
def test_a_run_whose_last_event_is_young_is_still_running(
    minutes_ago: float, running: bool, tmp_path: Path
) -> None:
    now = time.time()
    write_run(tmp_path / "logs", ended(SHORT, minutes_ago * 60, now, tmp_path))
    # The file was written just now in any case: the time in the log decides.
    assert still_running(Logs(tmp_path / "logs"), now) == (("uni_5",) if running else ())


def test_only_what_still_writes_is_named(tmp_path: Path) -> None:
    now = time.time()
    young = ended(replace(SHORT, name="uni_6"), 120, now, tmp_path)
    write_runs(tmp_path / "logs", SHORT, young)
    assert still_running(Logs(tmp_path / "logs"), now) == ("uni_6",)


def test_a_file_that_nobody_wrote_to_for_long_does_not_run(tmp_path: Path) -> None:
    # The clock of the machine that wrote it was ahead.
    now = time.time()
    write_run(tmp_path / "logs", ended(SHORT, 60, now, tmp_path))
    for file in (tmp_path / "logs" / "uni_5").iterdir():
        os.utime(file, (now - 3600, now - 3600))
    assert still_running(Logs(tmp_path / "logs"), now) == ()


@pytest.mark.parametrize("minute", [61, 82, 166, 200])
def test_published_curves_never_run(bundled: Logs, minute: int) -> None:
    # Their wall times are made up; here the clock stands just after the end of one of them.
    assert still_running(bundled, START + 60 * minute) == ()


# --- What was read --------------------------------------------------------------------------------


def digest(folder: Path, run: str = "uni_5") -> str:
    return str(inputs.logs_table(open_logs(folder)).cell(run, "digest"))


def test_a_digest_changes_with_a_byte_of_that_run_only(tmp_path: Path) -> None:
    write_runs(tmp_path, SHORT, replace(SHORT, name="uni_6", seed=1))
    before = digest(tmp_path), digest(tmp_path, "uni_6")
    assert before == (digest(tmp_path), digest(tmp_path, "uni_6"))
    assert before[0] != before[1]
    (file,) = (tmp_path / "uni_5").iterdir()
    data = bytearray(file.read_bytes())
    # One bit, in the middle of the file; its length stays.
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert digest(tmp_path) != before[0]
    assert digest(tmp_path, "uni_6") == before[1]


def test_a_file_more_changes_a_digest_and_is_counted(tmp_path: Path) -> None:
    write_run(tmp_path, SHORT)
    before = digest(tmp_path)
    (file,) = (tmp_path / "uni_5").iterdir()
    size = file.stat().st_size
    file.with_name(f"{file.name}.more").write_bytes(file.read_bytes())
    table = inputs.logs_table(open_logs(tmp_path))
    assert str(table.cell("uni_5", "digest")) != before
    assert str(table.cell("uni_5", "files")) == "2"
    assert str(table.cell("uni_5", "bytes")) == f"{2 * size:,}"


def test_the_last_event_of_a_log(tmp_path: Path) -> None:
    truth = write_run(tmp_path, replace(SHORT, started=1_700_000_000))
    table = inputs.logs_table(open_logs(tmp_path))
    last = truth.events.loc[truth.events.wall_time.idxmax()]
    assert str(table.cell("uni_5", "step")) == f"{last.step:,.0f}"
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(last.wall_time))
    assert str(table.cell("uni_5", "written")) == when
    assert "first 16 digits are shown" in str(table.notes[0])
    assert len(str(table.cell("uni_5", "digest"))) == 16
    said = str(inputs.log_directory(open_logs(tmp_path)))
    assert said.endswith(": 1 run, at full resolution.")


def test_of_published_curves_no_time_is_told_and_no_step_without_frames(bundled: Logs) -> None:
    table = inputs.logs_table(bundled)
    assert "written" not in table.columns
    assert str(table.cell("uni_5", "step")) == "5,871,020"
    for run in bundled:
        cell = table.cell(run.name, "step")
        assert (run.conventions.steps in run.clocks) == cell.known, run.name  # type: ignore[union-attr]
    assert str(table.cell("uni_9", "step")) == "not known"
    assert str(inputs.log_directory(bundled)) == (
        "The bundled curves of published runs: 8 runs, one point every 5 min."
    )


def test_one_run_whose_time_is_known_brings_the_column_back(tmp_path: Path, bundled: Logs) -> None:
    write_run(tmp_path, replace(SHORT, name="uni_50"))
    for path in (bundled.path / "uni_5").iterdir():
        (tmp_path / "uni_5").mkdir(exist_ok=True)
        (tmp_path / "uni_5" / path.name).write_bytes(path.read_bytes())
    table = inputs.logs_table(open_logs(tmp_path))
    assert str(table.cell("uni_5", "written")) == "not known"
    assert str(table.cell("uni_50", "written")).startswith("2023-11-14")


# --- What was declared, and with what -------------------------------------------------------------


def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for needed in ("docs/experiments", "data/published"):
        (folder / needed).mkdir(parents=True)
    definition = folder / "docs" / "experiments" / "mine.toml"
    definition.write_text('title = "Mine"\n', encoding="utf-8")
    monkeypatch.setenv("RULKA_PROJECT", str(folder))
    return definition


def test_a_definition_has_a_digest_that_changes_with_a_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition = project(tmp_path, monkeypatch)
    name = "docs/experiments/mine.toml"
    before = inputs.definitions_table()
    definition.write_text('title = "Mime"\n', encoding="utf-8")
    after = inputs.definitions_table()
    assert before.cell(name, "digest") != after.cell(name, "digest")
    assert before.rows["package"] == after.rows["package"]
    assert "first 16 digits are shown" in str(after.notes[0])


def test_what_the_tables_rest_on_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, monkeypatch)
    inputs.definitions_table()
    inputs.versions_table()
    asked = {(entry["kind"], entry["subject"]) for entry in questions.record()}
    assert {("definitions", "docs/experiments"), ("package", "sphinx")} <= asked
    assert ("module", "rulka_analysis.verdicts.relations") in asked


def test_versions_are_those_in_use() -> None:
    table = inputs.versions_table()
    assert table.cell("python", "version") == questions.python_version()
    assert table.cell("numpy", "version") == __import__("numpy").__version__


def test_the_same_runs_in_another_log_directory_are_another_answer(tmp_path: Path) -> None:
    write_run(tmp_path / "one", SHORT)
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    questions.forget()
    inputs.log_directory(Logs(tmp_path / "one"))
    asked = [a for a in questions.record() if a["kind"] == "log_directory"]
    code = PackageCode(tmp_path / "code.json")
    assert World(Logs(tmp_path / "one"), project_folder(), {}, code).difference(asked) == ""
    other = World(Logs(tmp_path / "other"), project_folder(), {}, code)
    assert other.difference(asked) == "the log directory changed"


def test_the_packages_in_use_are_those_that_python_names() -> None:
    """They are found in a tenth of the time that `importlib.metadata` takes for all there are."""
    providers = importlib.metadata.packages_distributions()
    loaded = {name.partition(".")[0] for name in sys.modules}
    named = {package for name in loaded for package in providers.get(name, ())}
    found = {asked["subject"] for asked in questions.record() if asked["kind"] == "package"}
    assert len(found) > 20
    assert found == named - {"rulka-analysis", "rulka_analysis"}
