"""Groups as figures draw them: mean and band of runs, held against the numbers of answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.experiments.group_curves import group_curves
from rulka_analysis.experiments.reader import read_definition
from rulka_analysis.logs.runs import Logs
from rulka_analysis.project import load_catalogue, open_logs
from tests.training_logs import TrainingRun, write_runs

PROJECT = Path(__file__).parents[2]
PUBLISHED = PROJECT / "docs" / "experiments" / "batch_size_and_running_speed.toml"
SEEDS = """
title = "Seeds"
baseline = "large_0"
replicates = ["seed"]
[maps]
A01 = "A01"
[runs]
large_0 = { batch_size = 2048, seed = 0 }
large_1 = { batch_size = 2048, seed = 1 }
large_2 = { batch_size = 2048, seed = 2 }
small_0 = { batch_size = 512, seed = 0 }
small_1 = { batch_size = 512, seed = 1 }
small_2 = { batch_size = 512, seed = 2 }
[outcomes.time]
metric = "robust_race_time"
map = "A01"
"""


def experiment_on(logs: Logs, definition: Path) -> Experiment:
    catalogue = load_catalogue()
    return Experiment(read_definition("seeds", definition, catalogue), logs, catalogue)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    folder = tmp_path_factory.mktemp("seeds")
    run = TrainingRun("", best={"A01": 24.5, "hock": 57.0}, minutes=30.0)
    large = [replace(run, name=f"large_{n}", batch_size=2048, seed=n) for n in range(3)]
    # One of them ends early, and one was never written.
    small = [
        replace(run, name=f"small_{n}", batch_size=512, seed=9 + n, minutes=30.0 - 10 * n)
        for n in range(2)
    ]
    write_runs(folder / "logs", *large, *small)
    file = folder / "seeds.toml"
    file.write_text(SEEDS, encoding="utf-8")
    return experiment_on(open_logs(folder / "logs"), file)


@pytest.mark.parametrize("clock", ["minutes", "frames"])
def test_a_group_is_the_mean_of_its_runs_within_their_band(seeds: Experiment, clock: str) -> None:
    comparison = seeds.all_runs()
    measure, chosen = comparison.measure("time"), comparison.clock(clock)
    large, small = group_curves(comparison, measure, chosen)
    assert large.runs == ("large_0", "large_1", "large_2")
    assert large.is_band
    assert small.runs == ("small_0", "small_1")
    assert small.lacking == ("small_2",)
    for curve in (large, small):
        known = ~np.isnan(curve.mean)
        assert known.sum() > 100
        assert (curve.low[known] <= curve.mean[known]).all()
        assert (curve.mean[known] <= curve.high[known]).all()
        assert (curve.low < curve.high).any()
        # A mean of those that have a value would jump where another begins.
        assert np.isnan(curve.mean)[np.isnan(curve.values).any(axis=0)].all()
    window = comparison.window(measure, chosen)
    assert small.positions[-1] == window.end < large.positions[-1]
    at_end = comparison.at_common_end(measure, chosen)
    for curve in (large, small):
        slot = int(np.flatnonzero(curve.positions == window.end)[0])
        assert curve.mean[slot] == pytest.approx(
            np.mean([at_end[run].number for run in curve.runs]), rel=1e-12
        )
        np.testing.assert_allclose(
            curve.values[:, slot], [at_end[run].number for run in curve.runs], rtol=1e-12
        )


def test_a_group_of_one_run_is_that_run(bundled: Logs) -> None:
    comparison = experiment_on(bundled, PUBLISHED).all_runs()
    minutes = comparison.clock("minutes")
    found = group_curves(comparison, comparison.measure("time_A01"), minutes, points=50)
    assert [curve.group for curve in found] == list(comparison.groups)
    for curve in found:
        assert not curve.is_band
        for line in (curve.mean, curve.low, curve.high):
            np.testing.assert_array_equal(line, curve.values[0])


def test_groups_without_such_a_series_or_clock_are_left_out(bundled: Logs) -> None:
    comparison = experiment_on(bundled, PUBLISHED).all_runs()
    updates, minutes = comparison.clock("updates"), comparison.clock("minutes")
    assert group_curves(comparison, comparison.measure("time_A01"), updates) == ()
    assert group_curves(comparison, comparison.measure("throughput"), minutes) == ()
