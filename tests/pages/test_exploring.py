"""Logs as published curves: groups called by their settings, whatever program wrote the logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.explore.decoding import read_index
from rulka_analysis.pages.explore.view import View
from rulka_analysis.pages.exploring import Curves, KeptCurves, curves, explore_groups
from rulka_analysis.pages.figures import Figure
from rulka_analysis.pages.kept import read_kept
from rulka_analysis.pages.results import encode
from rulka_analysis.project import load_experiment, open_logs
from rulka_analysis.values import questions
from tests.event_files import scalar_event, write_event_file

EXPERIMENT = "batch_size_and_running_speed"


@pytest.fixture(scope="module")
def shown(bundled: Logs) -> Curves:
    return curves(bundled)


def test_groups_are_called_by_what_tells_them_apart(bundled: Logs) -> None:
    groups = explore_groups(load_experiment(EXPERIMENT, bundled), ["uni_7"])
    labels = {group.runs: (group.label, group.role) for group in groups}
    assert labels[("uni_7",)] == ("512 · 512×", "winner")
    assert labels[("uni_5",)] == ("2048 · 160×", "baseline")
    assert labels[("uni_8",)] == ("uni_8 · settings not recorded", "")
    assert labels[("uni_9",)] == ("64 · 1024×", "")
    assert labels[("uni_10",)] == ("512 · 512× · 4 collectors", "")
    assert labels[("uni_12",)][0].startswith("512 · 512× · 64 Hock")
    assert [group.role for group in groups[:2]] == ["winner", "baseline"]


def test_without_a_winner_every_group_has_a_colour_of_its_own(bundled: Logs) -> None:
    groups = explore_groups(load_experiment(EXPERIMENT, bundled))
    assert {group.role for group in groups} == {""}


def test_every_run_is_there_once_and_the_recommended_one_leads(
    shown: Curves, bundled: Logs
) -> None:
    assert sorted(shown.data.runs) == sorted(bundled.runs)
    assert len(shown.data.runs) == sum(len(group.runs) for group in shown.data.groups)
    assert shown.data.groups[0].runs == ("uni_7",)
    assert shown.data.title == "Batch size and running speed"
    assert shown.data.start == "Race/eval_race_time_robust_trained_A01"
    tags = {metric.tag for metric in shown.data.metrics}
    assert tags == {tag for run in bundled for tag in run.tags}


def test_what_is_published_names_files_that_hold_the_curves(shown: Curves) -> None:
    data = encode("curves", shown).data
    assert (data["runs"], data["metrics"]) == (8, len(shown.data.metrics))
    files = dict(data["files"])
    index = read_index(read_kept(files["data/index.js"]))
    assert index["runs"] == list(shown.data.runs)
    for metric in index["metrics"]:
        assert metric["file"].partition("?")[0] in files
    kept = KeptCurves(files)
    view = View(shown.data.start, groups=("uni_7", "uni_5"))
    there = kept.figure(view, view.fragment)
    assert isinstance(there, Figure)
    assert there == shown.figure(view)
    assert encode("curves", shown).data == data


def test_an_all_time_best_in_milliseconds_is_no_unfinished_race(shown: Curves) -> None:
    drawn = shown.figure(View("alltime_min_ms_A01", groups=("uni_7",)))
    assert isinstance(drawn, Figure)
    assert "24.58 s" in drawn.alt


def test_everything_asked_is_noted(bundled: Logs) -> None:
    questions.forget()
    curves(Logs(bundled.path, conventions=bundled.conventions, bundled=True))
    asked = {(a["kind"], a["subject"]) for a in questions.record()}
    assert {("run", name) for name in bundled.runs} <= asked
    assert ("definitions", "docs/experiments") in asked
    assert ("log_directory", "") in asked


def test_logs_of_any_program_are_shown_by_their_names(tmp_path: Path) -> None:
    for run in ("ppo_1", "ppo_2"):
        events = [scalar_event("rollout/ep_rew_mean", n * 100, float(n)) for n in range(1, 9)]
        write_event_file(tmp_path / "sb3" / run / "events.out.tfevents.1.host", events)
    found = curves(open_logs(tmp_path / "sb3"))
    assert [(group.label, group.runs) for group in found.data.groups] == [
        ("ppo_1", ("ppo_1",)),
        ("ppo_2", ("ppo_2",)),
    ]
    assert found.data.title == "sb3"
    assert found.figures == (View("rollout/ep_rew_mean"),)
    assert isinstance(found.figure(), Figure)
    assert "ppo_1" in str(found.groups_table().rows)
    assert "rollout/ep_rew_mean" in found.metrics_table().rows
