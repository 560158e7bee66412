"""``rulka-analysis compare``: the numbers, where they come from, and the figures it draws."""

from __future__ import annotations

import json
import xml.dom.minidom
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from rulka_analysis.cli import app
from rulka_analysis.cli.files import safe_file_name
from rulka_analysis.logs.runs import Logs
from tests import event_files as write
from tests.training_logs import TrainingRun, Truth, write_runs

CURVES = Path(__file__).parents[2] / "data" / "published" / "published_curves.csv"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Truth]]:
    folder = tmp_path_factory.mktemp("logs")
    truths = write_runs(
        folder,
        TrainingRun("small", minutes=30, batch_size=512, loss=0.1),
        TrainingRun("large", minutes=20, batch_size=8192, loss=0.3, seed=1),
    )
    return folder, truths


def compare(*arguments: str, logdir: Path, status: int = 0) -> dict[str, Any]:
    command = ["compare", *arguments, "--logdir", str(logdir), "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == status, result.stderr
    (comparison,) = json.loads(result.stdout)["comparisons"]
    return dict(comparison)


def metric(comparison: dict[str, Any], name: str, map: str | None = None) -> dict[str, Any]:
    (found,) = [
        entry
        for entry in comparison["metrics"]
        if entry["metric"] == name and entry["map"] == map and "as logged" not in entry["title"]
    ]
    return dict(found)


def test_published_numbers_are_those_of_the_curves(bundled: Logs) -> None:
    comparison = compare("uni_5", "uni_6", logdir=bundled.path)
    curves = pd.read_csv(CURVES)

    def curve(run: str, tag: str) -> pd.DataFrame:
        return curves[(curves.run == run) & (curves.tag == tag)].sort_values("minute")

    best = metric(comparison, "robust_race_time", "A01")
    for run in ("uni_5", "uni_6"):
        values = curve(run, "Race/eval_race_time_robust_trained_A01").value
        assert best["runs"][run]["best"]["value"] == pytest.approx(values.min(), abs=0.005)
    loss = metric(comparison, "loss")
    ends = {}
    for run, batch_size in {"uni_5": 2048, "uni_6": 8192}.items():
        last = curve(run, "Training/loss").value.iloc[-1]
        ends[run] = loss["runs"][run]["last"]["value"]
        assert ends[run] == pytest.approx(last / batch_size, rel=1e-4)
    assert ends["uni_6"] / ends["uni_5"] == pytest.approx(2.46, abs=0.005)
    assert comparison["experiment"] == "batch_size_and_running_speed"
    assert best["windows"]["minutes"]["end"] == 160
    assert best["windows"]["minutes"]["ended_by"] == "uni_5"
    assert set(best["windows"]) == {"minutes", "frames"}


def test_targets_of_the_experiment_are_told_for_both_clocks(bundled: Logs) -> None:
    comparison = compare("uni_5", "uni_6", logdir=bundled.path)
    clocks = {(entry["map"], entry["clock"]) for entry in comparison["targets"]}
    assert clocks == {(map, clock) for map in ("A01", "hock") for clock in ("minutes", "frames")}
    (a01,) = [t for t in comparison["targets"] if (t["map"], t["clock"]) == ("A01", "minutes")]
    by_target = dict(zip(a01["targets"], a01["runs"]["uni_6"], strict=True))
    assert by_target[24.8]["value"] == 95
    assert by_target[24.7]["value"] is None
    assert "not by 160 min" in by_target[24.7]["text"]


def test_a_run_without_frames_keeps_others_off_that_clock_and_it_is_said(bundled: Logs) -> None:
    comparison = compare("uni_5", "uni_9", logdir=bundled.path)
    assert comparison["clocks"] == ["minutes"]
    assert any("Not compared by frames: uni_9" in remark for remark in comparison["remarks"])
    reached = metric(comparison, "robust_race_time", "A01")["runs"]
    assert reached["uni_5"]["first_reached"]["frames"]["value"] == 3658108
    assert reached["uni_9"]["first_reached"]["frames"]["value"] is None


def test_settings_come_from_the_logs_where_they_are(
    written: tuple[Path, dict[str, Truth]],
) -> None:
    folder, truths = written
    comparison = compare("small", "large", logdir=folder)
    assert comparison["experiment"] is None
    assert comparison["runs"]["large"]["settings"]["batch_size"]["value"] == 8192
    loss = metric(comparison, "loss")
    for run, batch_size in {"small": 512, "large": 8192}.items():
        last = truths[run].of("Training/loss").value.iloc[-1]
        assert loss["runs"][run]["last"]["value"] == pytest.approx(last / batch_size)
    assert loss["divided_by"] == "batch_size"
    (logged,) = [m for m in comparison["metrics"] if m["title"].startswith("Training loss, summed")]
    assert "differs between the runs" in logged["remarks"][0]


def test_a_finish_rate_counts_the_races_up_to_the_common_end(
    written: tuple[Path, dict[str, Truth]],
) -> None:
    folder, truths = written
    rates = metric(compare("small", "large", logdir=folder), "exploring_race_finished", "hock")
    end = rates["windows"]["minutes"]["end"]
    flags = truths["small"].of("Race/explo_race_finished_trained_hock")
    inside = flags[flags.minute <= end + 1e-6]
    assert len(inside) < len(flags)
    rate = rates["runs"]["small"]["at_common_end"]["minutes"]
    assert rate["value"] == pytest.approx(100 * inside.value.mean())
    assert f"of {len(inside)} races" in rate["how"]


def test_important_metrics_that_are_absent_are_named(bundled: Logs) -> None:
    comparison = compare("uni_5", "uni_6", logdir=bundled.path)
    assert "Transitions learned per second" in comparison["not_in_these_logs"]
    assert "Largest gradient norm before clipping" in comparison["not_in_these_logs"]
    named = compare("uni_5", "uni_6", "--metric", "throughput", logdir=bundled.path)
    assert named["not_in_these_logs"] == ["Transitions learned per second"]
    assert named["metrics"] == []


def test_checkpoints_stand_as_far_apart_as_asked(bundled: Logs) -> None:
    command = ["uni_5", "uni_6", "--metric", "time_A01", "--map", "a01", "--every", "40"]
    (entry,) = compare(*command, logdir=bundled.path)["metrics"]
    assert entry["metric"] == "robust_race_time"
    points = [(p["run"], p["checkpoint"], p["value"]) for p in entry["checkpoints"]]
    assert [p[1] for p in points if p[0] == "uni_6"] == [40, 80, 120, 160]
    assert points[0] == ("uni_5", 40, pytest.approx(24.92))
    printed = CliRunner().invoke(app, ["compare", *command, "--logdir", str(bundled.path)])
    lines = [line.split() for line in printed.stdout.splitlines()]
    assert ["40", "24.92", "25.76"] in lines
    assert "2048 · 160× (uni_5)" in printed.stdout


def test_another_baseline_turns_the_difference_round(bundled: Logs) -> None:
    one = compare("uni_5", "uni_6", "--metric", "learner_share", logdir=bundled.path)
    other = compare(
        "uni_5", "uni_6", "--baseline", "uni_6", "--metric", "learner_share", logdir=bundled.path
    )
    there = one["metrics"][0]["runs"]["uni_6"]["difference"]["minutes"]["value"]
    back = other["metrics"][0]["runs"]["uni_5"]["difference"]["minutes"]["value"]
    assert there == pytest.approx(-back)
    assert there != 0


def test_runs_are_found_by_what_their_group_is_called(bundled: Logs) -> None:
    by_run = compare("uni_5", "uni_7", "--metric", "time_A01", logdir=bundled.path)
    by_label = compare("2048 · 160×", "512 · 512×", "--metric", "time_A01", logdir=bundled.path)
    assert by_label == by_run
    baseline = ["--baseline", "2048 · 160×", "--metric", "time_A01"]
    assert compare("uni_7", *baseline, logdir=bundled.path) == by_run
    found = CliRunner().invoke(app, ["runs", "512 · 511×", "--logdir", str(bundled.path)])
    assert found.exit_code == 1
    assert "no run '512 · 511×'" in found.stderr


def test_a_declared_comparison_is_found_by_its_name(bundled: Logs) -> None:
    comparison = compare("--comparison", "larger_batch", logdir=bundled.path)
    assert comparison["name"] == "larger_batch"
    assert list(comparison["runs"]) == ["uni_5", "uni_6"]
    result = CliRunner().invoke(app, ["compare", "--comparison", "larger_bach"])
    assert result.exit_code == 1
    assert "did you mean 'larger_batch'" in result.stderr


def test_a_missing_run_is_shown_as_such_and_then_an_error(bundled: Logs) -> None:
    command = ["compare", "uni_5", "uni_66", "--metric", "loss", "--logdir", str(bundled.path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "300.96" in result.stdout
    assert "not in these logs" in result.stdout
    assert "did you mean 'uni_6'" in result.stderr


def test_unknown_metrics_and_maps_are_errors_after_the_rest(bundled: Logs) -> None:
    command = ["compare", "uni_5", "--metric", "loss", "--metric", "Training/los"]
    result = CliRunner().invoke(app, [*command, "--map", "hok", "--logdir", str(bundled.path)])
    assert result.exit_code == 1
    assert "300.96" in result.stdout
    assert "'Training/loss'" in result.stderr
    assert "did you mean 'hock'" in result.stderr


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Two runs of a program whose tags nobody catalogued, one with hyperparameters."""
    for run, factor in {"first": 1.0, "second": 2.0}.items():
        events = [
            write.scalar_event(tag, step, factor * step, write.STARTED + 60 * step)
            for step in range(1, 11)
            for tag in ("rewards/mean", "Loss", "loss", "../escape", "\x1b[31m<b>&--")
        ]
        write.write_event_file(
            tmp_path / run, [write.hyperparameters_event({"batch size": 32 * factor}), *events]
        )
    return tmp_path


def test_uncatalogued_tags_are_compared_by_their_last_value(foreign: Path) -> None:
    comparison = compare("first", "second", "--metric", "rewards/mean", logdir=foreign)
    (entry,) = comparison["metrics"]
    assert entry["better"] == "neither"
    assert entry["title"] == "rewards/mean"
    assert entry["runs"]["second"]["at_common_end"]["minutes"]["value"] == 20
    assert entry["runs"]["second"]["difference"]["steps"]["value"] == 10


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of these tags, `loss` is an older name in one domain, which no tag here looks like."""
    monkeypatch.setenv("RULKA_DOMAIN", "trackmania")


@pytest.mark.usefixtures("declared")
def test_without_catalogued_metrics_the_tags_themselves_are_compared(foreign: Path) -> None:
    comparison = compare("*", logdir=foreign)
    assert {"rewards/mean", "Loss", "../escape"} <= {m["metric"] for m in comparison["metrics"]}
    assert any("The tag loss is taken for an older name" in r for r in comparison["remarks"])


@pytest.mark.usefixtures("declared")
def test_hyperparameters_serve_as_settings(foreign: Path) -> None:
    comparison = compare("*", logdir=foreign)
    assert comparison["runs"]["second"]["settings"]["batch_size"]["value"] == 64
    assert metric(comparison, "loss")["runs"]["second"]["last"]["value"] == pytest.approx(20 / 64)


def test_a_metric_with_parts_is_compared_part_by_part(
    written: tuple[Path, dict[str, Truth]],
) -> None:
    folder, _ = written
    comparison = compare("small", "large", "--metric", "layer_gradient_norm", logdir=folder)
    titles = [m["title"] for m in comparison["metrics"]]
    assert len(titles) == len(set(titles)) == 4
    assert all(m["runs"]["large"]["last"]["value"] is not None for m in comparison["metrics"])


@pytest.mark.usefixtures("declared")
def test_figures_are_files_with_safe_names(foreign: Path, tmp_path: Path) -> None:
    folder = tmp_path / "figures" / "new"
    command = ["compare", "*", "--metric", "*", "--plot", str(folder), "--logdir", str(foreign)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.stderr
    names = sorted(path.name for path in folder.iterdir())
    # Loss and loss are one name on Windows.
    assert len({name.casefold() for name in names}) == len(names) == 6
    assert not list(tmp_path.glob("figures/*.svg"))
    for name in names:
        assert name.endswith(".svg")
        drawing = xml.dom.minidom.parse(str(folder / name)).documentElement
        assert drawing is not None
        assert drawing.tagName == "svg"


def test_a_file_in_place_of_the_folder_for_figures_is_an_error(foreign: Path) -> None:
    taken = foreign / "taken"
    taken.write_text("kept")
    result = CliRunner().invoke(app, ["compare", "*", "--plot", str(taken)])
    assert result.exit_code == 1
    assert str(taken) in result.stderr
    assert taken.read_text() == "kept"


@pytest.mark.parametrize("text", ["../../etc/passwd", "a/b", "con", "", "x" * 300, "神舟", "a:b"])
def test_file_names_hold_nothing_that_leaves_the_folder(text: str) -> None:
    name = safe_file_name(text, ending=".svg")
    assert Path(name).name == name
    assert 4 < len(name) < 130
    assert name.isascii()
    assert name.casefold() != "con.svg"
    assert not set(name) & set('<>:"/\\|?*')
