"""The bundled curves as event logs: nothing made up, the same bytes everywhere, whole or absent."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rulka_analysis.domains.trackmania.published import (
    CURVES,
    is_bundled,
    published_logs,
    write_published_logs,
)
from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.logs.runs import Logs
from rulka_analysis.values.errors import LogDirectoryError

PROJECT = Path(__file__).parents[3]
SOURCE = PROJECT / "data" / "published"
FOLDERS = [*(f"uni_{n}" for n in (5, 6)), "uni_6_2", *(f"uni_{n}" for n in range(7, 13))]
RACES = [
    "Race/eval_race_time_robust_trained_A01",
    "Race/explo_race_time_trained_A01",
    "Race/explo_race_time_trained_hock",
]


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def curve(run: str, tag: str) -> pd.DataFrame:
    rows = pd.read_csv(SOURCE / "published_curves.csv")
    return rows[(rows.run == run) & (rows.tag == tag)].sort_values("minute", kind="stable")


def write_in_another_process(
    build: Path, *, seed: int, before: str = ""
) -> subprocess.Popen[bytes]:
    program = f"""{before}
from rulka_analysis.domains.trackmania.published import published_logs
published_logs()
"""
    environment = os.environ | {
        "RULKA_BUILD": str(build),
        "PYTHONHASHSEED": str(seed),
        "PYTHONPATH": str(PROJECT),
        "TZ": f"Somewhere{seed:+d}",
    }
    return subprocess.Popen([sys.executable, "-c", program], env=environment)


# --- Where and how they are written ---------------------------------------------------------------


def test_every_folder_has_one_event_file_and_a_sidecar(bundled: Logs) -> None:
    written = {path.name for path in bundled.path.iterdir()}
    assert written == set(FOLDERS)
    for folder in FOLDERS:
        names = [path.name for path in (bundled.path / folder).iterdir()]
        assert len(names) == 2
        assert "provenance.toml" in names
    assert is_bundled(bundled.path)


def test_they_are_written_once(bundled: Logs) -> None:
    before = (bundled.path / "uni_5").stat().st_mtime_ns
    assert published_logs() == bundled.path
    assert (bundled.path / "uni_5").stat().st_mtime_ns == before


def test_several_processes_at_once_get_one_whole_folder_of_the_same_bytes(
    bundled: Logs, tmp_path: Path
) -> None:
    build = tmp_path / "another place"
    writers = [write_in_another_process(build, seed=seed) for seed in (1, 2, 3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    (folder,) = (build / "published").iterdir()
    assert folder.name == bundled.path.name
    assert contents(folder) == contents(bundled.path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_writer_leaves_no_half_folder(
    bundled: Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_at_the_fourth = """
import os, signal
from rulka_analysis.domains.trackmania import published
write, count = published._write_event_file, iter(range(9))
def write_or_die(*arguments):
    if next(count) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    write(*arguments)
published._write_event_file = write_or_die
"""
    writer = write_in_another_process(tmp_path, seed=1, before=killed_at_the_fourth)
    assert writer.wait(60) == -signal.SIGKILL
    assert not (tmp_path / "published" / bundled.path.name).exists()
    monkeypatch.setenv("RULKA_BUILD", str(tmp_path))
    assert contents(published_logs()) == contents(bundled.path)


def test_other_curves_are_written_elsewhere(
    bundled: Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    shutil.copytree(SOURCE, project / "data" / "published")
    file = project / "data" / "published" / "published_curves.csv"
    text = file.read_text(encoding="utf-8")
    changed = text.replace(",0.519836,", ",0.61,", 1)
    assert changed != text
    file.write_text(changed, encoding="utf-8")
    monkeypatch.setenv("RULKA_PROJECT", str(project))
    logs = Logs(published_logs())
    assert logs.path.name != bundled.path.name
    share = "Performance/learner_percentage_training"
    assert logs["uni_5"].scalars(share).value.iloc[0] == np.float32(0.61)


def test_missing_curves_are_named_with_the_remedy(tmp_path: Path) -> None:
    for name in CURVES[:-1]:
        shutil.copy(SOURCE / name, tmp_path)
    (tmp_path / "logs").mkdir()
    with pytest.raises(
        LogDirectoryError, match=rf"{CURVES[-1]} is missing. Restore data/published"
    ):
        write_published_logs(tmp_path, tmp_path / "logs")


# --- What they hold -------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [f"uni_{number}" for number in range(5, 13)])
@pytest.mark.parametrize("tag", RACES)
def test_race_times_hold_records_only_each_where_the_curve_changes(
    bundled: Logs, run: str, tag: str
) -> None:
    events = bundled[run].scalars(tag)
    published = curve(run, tag)
    changes = published[published.value.diff().ne(0)]
    assert events.value.tolist() == [float(np.float32(value)) for value in changes.value]
    np.testing.assert_allclose(events.minutes, changes.minute)
    assert (np.diff(events.value) < 0).all()
    assert bundled[run].records_only(tag)
    # Exact to the 10 ms in which the game counts.
    assert (events.reading_error == 0).all()


def test_until_a_race_is_finished_the_cutoff_stands(bundled: Logs) -> None:
    starts = {run.name: run.scalars(RACES[2]).value.iloc[0] for run in bundled}
    assert starts["uni_5"] == 300.0
    assert set(starts) == set(bundled.runs)


@pytest.mark.parametrize("tag", ["Training/loss", "RL/avg_Q_trained_A01", "alltime_min_ms_A01"])
def test_other_curves_are_written_point_by_point(bundled: Logs, tag: str) -> None:
    for run in bundled:
        events = run.scalars(tag)
        published = curve(run.name, tag)
        assert events.value.tolist() == [float(np.float32(value)) for value in published.value]
        np.testing.assert_allclose(events.minutes, published.minute)
        if tag.startswith("alltime"):
            assert (events.reading_error == 0).all()
        else:
            np.testing.assert_allclose(events.reading_error, published.uncertainty)


def test_flags_are_not_made_up_the_rates_stand_under_a_tag_of_their_own(bundled: Logs) -> None:
    for run in bundled:
        assert not [tag for tag in run.tags if "_race_finished_" in tag]
    rates = bundled["uni_5"].scalars("Race/explo_finish_rate_trained_hock")
    published = curve("uni_5", "Race/explo_race_finished_trained_hock")
    assert rates.value.tolist() == [float(np.float32(value)) for value in published.value]
    assert bundled["uni_5"].known_until("Race/explo_finish_rate_trained_hock") == 160.0


def test_a_segment_belongs_to_its_run(bundled: Logs) -> None:
    assert "uni_6_2" not in bundled.runs
    run = bundled["uni_6"]
    assert run.folders == ("uni_6", "uni_6_2")
    last = run.scalars("alltime_min_ms_hock").iloc[-1]
    assert last.step == 9_291_263
    assert last.file.startswith("uni_6_2/")
    assert run.duration == 170.0
    assert run.findings == ()


def test_minutes_and_frames_are_those_published(bundled: Logs) -> None:
    events = bundled["uni_7"].scalars("Training/loss")
    published = curve("uni_7", "Training/loss")
    assert events.frames.tolist() == published.frames.tolist()
    assert bundled["uni_7"].steps_interpolated
    assert bundled["uni_7"].evidence("Training/loss", 0).published


@pytest.mark.parametrize("run", ["uni_9", "uni_10", "uni_11", "uni_12"])
def test_a_run_without_a_frame_clock_shows_nothing_on_frames(bundled: Logs, run: str) -> None:
    found = bundled[run]
    assert found.clocks == (MINUTES,)
    assert not found.steps_interpolated
    assert found.scalars("Training/loss").frames.isna().all()
    assert found.evidence("Training/loss", 0).steps is None
    assert math.isnan(found.known_until("Training/loss", "frames"))


def test_what_is_known_ends_where_the_curve_does_not_at_a_typed_value(bundled: Logs) -> None:
    run = bundled["uni_9"]
    assert run.scalars("Training/loss").minutes.iloc[-1] == 199.0
    assert run.known_until("Training/loss") == 80.0
    assert run.known_until("RL/avg_Q_trained_A01") == 75.0
    assert run.duration == 199.0


def test_nothing_is_wrong_with_them(bundled: Logs) -> None:
    assert bundled.runs == tuple(f"uni_{n}" for n in range(5, 13))
    assert [finding for run in bundled for finding in run.findings] == []
    assert bundled.findings == ()


# --- The sidecar ----------------------------------------------------------------------------------


def test_every_curve_ends_where_the_extent_says(bundled: Logs) -> None:
    extent = pd.read_csv(SOURCE / "published_extent.csv")
    for row in extent.itertuples():
        tag = row.tag.replace("_race_finished_", "_finish_rate_")
        assert bundled[row.run].known_until(tag) == row.known_until, (row.run, tag)
        assert bundled[row.run].records_only(tag) == row.records_only, (row.run, tag)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("source = ", "Invalid value"),
        ('source = "x"\nstep_clok = false', "step_clok"),
        ('step_clock = false', "source"),
        ('source = "x"\n[tags."a"]\nknown_untill = 5', "known_untill"),
        ('source = "x"\n[tags]\na = 5', "Known keys"),
        ('source = "x"\nduration_minutes = "long"', "duration_minutes"),
        ('source = "x"\nstep_clock = "no"', "step_clock"),
        ('source = "x"\n[tags."a"]\nknown_until = "late"', "known_until"),
        ('source = "x"\n[tags."a"]\nreading_error = ["much"]', "reading_error"),
    ],
)  # fmt: skip
def test_a_sidecar_that_cannot_be_understood_is_an_error(
    bundled: Logs, tmp_path: Path, text: str, problem: str
) -> None:
    shutil.copytree(bundled.path / "uni_5", tmp_path / "uni_5")
    (tmp_path / "uni_5" / "provenance.toml").write_text(text, encoding="utf-8")
    with pytest.raises(LogDirectoryError, match=problem) as caught:
        Logs(tmp_path)["uni_5"].scalars("Training/loss")
    assert str(tmp_path / "uni_5" / "provenance.toml") in str(caught.value)
