"""Logs as what the Explore page shows, and the command that writes them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rulka_analysis.cli.exploring import explore
from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.explore.data import ExploreGroup, metric_scripts
from rulka_analysis.pages.explore.reading import from_logs
from rulka_analysis.project import domain, load_catalogue, open_logs
from tests.event_files import scalar_event, write_event_file
from tests.training_logs import TrainingRun, write_run


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Logs:
    folder = tmp_path_factory.mktemp("logs") / "of mine"
    folder.mkdir()
    for seed in (1, 2):
        write_run(folder, TrainingRun(f"seed_{seed}", minutes=12, seed=seed))
    return open_logs(folder)


def test_every_tag_of_every_run_is_there_event_by_event(logs: Logs) -> None:
    data = from_logs(logs, load_catalogue())
    assert data.title == "of mine"
    assert data.runs == ("seed_1", "seed_2")
    assert {metric.tag for metric in data.metrics} == {tag for run in logs for tag in run.tags}
    assert [clock.name for clock in data.clocks] == [clock.name for clock in logs["seed_1"].clocks]
    for metric in data.metrics:
        for series in metric.series():
            events = logs[series.run].scalars(metric.tag)
            assert np.array_equal(series.values, events.value, equal_nan=True)
            assert np.array_equal(series.steps, events.step)
            files = [series.files[i] for i in series.file_of]
            assert files == events.file.astype(str).tolist()
            assert np.array_equal(series.positions["minutes"], events.minutes)
            assert math.isfinite(series.ends["steps"])
        assert metric_scripts(data, metric)[0]


def test_metrics_stand_in_the_order_of_the_catalogue_with_what_it_says(logs: Logs) -> None:
    data = from_logs(logs, load_catalogue(), variants={"hock": "Hock"})
    catalogue = load_catalogue()
    known = [catalogue.match(metric.tag) for metric in data.metrics]
    headings = [group.name for group in catalogue.groups]
    places = [headings.index(match.metric.group) for match in known if match is not None]
    assert places == sorted(places)
    times = next(m for m in data.metrics if m.tag == "Race/explo_race_time_trained_hock")
    assert times.title.endswith("on Hock")
    assert (times.better, times.unit, times.cutoff, times.best) == ("lower", "s", 300.0, True)
    assert data.episodes == domain("trackmania").words.episodes
    start = next(metric for metric in data.metrics if metric.tag == data.start)
    assert start.better != "neither"


def test_groups_are_taken_as_declared_without_runs_that_are_not_there(logs: Logs) -> None:
    groups = [
        ExploreGroup("both", ("seed_1", "seed_2", "seed_3"), "baseline"),
        ExploreGroup("none", ("seed_9",)),
    ]
    data = from_logs(logs, load_catalogue(), groups, title="Mine")
    assert data.groups == (replace(groups[0], runs=("seed_1", "seed_2")),)


def test_a_tag_that_nobody_knows_is_called_as_it_is(tmp_path: Path) -> None:
    events = [scalar_event("rollout/anything", step, step / 8) for step in (10, 20)]
    write_event_file(tmp_path / "a" / "events.out.tfevents.1.host", events)
    data = from_logs(open_logs(tmp_path), load_catalogue())
    assert [(m.tag, m.title, m.group, m.better) for m in data.metrics] == [
        ("rollout/anything", "rollout/anything", "rollout", "neither")
    ]


def test_the_command_writes_a_folder_and_says_where(
    logs: Logs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = explore(logs, ["seed_2"], load_catalogue(), tmp_path / "to hand on")
    assert page == tmp_path / "to hand on" / "index.html"
    assert "seed_2" in (page.parent / "explore" / "data" / "index.js").read_text("ascii")
    assert f"open {page}" in capsys.readouterr().err
