"""Clocks, the common window and checkpoints, by values computed by hand; and by properties."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.logs.clocks import MINUTES, STEPS, UPDATES, ClockError, common_window
from rulka_analysis.logs.positions import (
    checkpoints,
    interpolated,
    last_event_at,
    session_minutes,
    write_interval,
)
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.project import domain, load_catalogue, open_logs
from tests import event_files as write
from tests.training_logs import Restart, TrainingRun, write_run

START = write.STARTED
HOURS = "cumul_training_hours"
BATCHES = "cumul_number_batches_done"
RACE = "Race/explo_race_time_trained_A01"

Event = tuple[str, int, float, float]
"""Tag, step, value, minutes since the run's start."""


def write_file(
    folder: Path,
    events: Sequence[Event],
    *,
    created: float = 0.0,
    pause: float = 0.0,
    count: int = 0,
) -> None:
    """Write a file made at minute `created`, `pause` minutes later by the wall clock."""
    payloads = [write.version_event(START + (created + pause) * 60)]
    payloads += [
        write.scalar_event(tag, step, value, START + (minute + pause) * 60)
        for tag, step, value, minute in events
    ]
    path = folder / f"events.out.tfevents.{1_700_000_000 + count}.host.{count}.0"
    write.write_event_file(path, payloads, version=False)


def minutes(run: Run, tag: str) -> list[float]:
    return [round(minute, 4) for minute in run.scalars(tag).minutes]


def compare(logs: Logs, metric: str, map: str | None = None, **options: object) -> pd.DataFrame:
    names = logs.runs
    comparison = Comparison(
        "c", "C", {n: logs[n] for n in names}, names[0], {n: {} for n in names}, load_catalogue(),
        {"A01": "A01"},
    )  # fmt: skip
    return comparison.compare(metric, map, as_logged=True, **options)  # type: ignore[arg-type]


def values(table: pd.DataFrame, run: str) -> dict[float, float | None]:
    rows = table[table.run == run]
    return {
        at: None if math.isnan(value) else value
        for at, value in zip(rows.checkpoint, rows.value, strict=True)
    }


# --- Minutes --------------------------------------------------------------------------------------


def test_a_pause_between_two_files_is_not_training(tmp_path: Path) -> None:
    write_file(tmp_path / "run", [("a", 1, 1.0, 4.0), ("a", 2, 1.0, 10.0)])
    write_file(tmp_path / "run", [("a", 3, 1.0, 13.0)], created=10.0, pause=600.0, count=1)
    run = open_logs(tmp_path)["run"]
    assert minutes(run, "a") == [4.0, 10.0, 13.0]
    assert run.duration == 13.0


def test_files_of_one_process_are_one_session(tmp_path: Path) -> None:
    run = TrainingRun("uni_6", minutes=20, segment_frames=(300_000,), logs_hours=False)
    truth = write_run(tmp_path, run)
    assert len(truth.folders) == 2
    logs = open_logs(tmp_path, continues={"uni_6_2": "uni_6"})
    found = logs["uni_6"].scalars("Training/loss").minutes
    np.testing.assert_allclose(found, [5, 10, 15, 20])


def test_logged_hours_decide_and_wall_time_fills_in(tmp_path: Path) -> None:
    # The program was loading for three minutes before it began to train.
    write_file(
        tmp_path / "run",
        [
            (HOURS, 10, 0.125, 10.5),
            ("a", 11, 1.0, 12.5),
            (HOURS, 20, 0.25, 18.0),
            ("a", 21, 1.0, 19.0),
        ],
    )
    run = open_logs(tmp_path)["run"]
    assert minutes(run, HOURS) == [7.5, 15.0]
    assert minutes(run, "a") == [9.5, 16.0]


def test_hours_that_are_no_numbers_are_passed_over(tmp_path: Path) -> None:
    write_file(
        tmp_path / "run",
        [(HOURS, 10, 0.125, 10.5), (HOURS, 15, math.nan, 12.0), (HOURS, 20, 0.25, 18.0)],
    )
    assert minutes(open_logs(tmp_path)["run"], HOURS) == [7.5, 9.0, 15.0]


@pytest.mark.parametrize("logs_hours", [True, False])
def test_a_restart_goes_back_on_the_clock_of_minutes_too(tmp_path: Path, logs_hours: bool) -> None:
    restart = Restart(22, back=7, pause=45)
    run = TrainingRun("run", minutes=40, restarts=(restart,), logs_hours=logs_hours)
    truth = write_run(tmp_path, run).of("Training/loss")
    found = open_logs(tmp_path)["run"].scalars("Training/loss").minutes
    np.testing.assert_allclose(found, truth.minute, atol=1e-4)
    np.testing.assert_allclose(found, [5, 10, 15, 20, 25, 30, 35, 40], atol=1e-4)


def test_a_session_whose_hours_are_missing_follows_the_one_before() -> None:
    found = session_minutes(
        np.array([60.0, 660.0, 7260.0]),
        np.array([0, 0, 1]),
        np.array([0.0, 7200.0]),
        logged_at=np.array([1]),
        logged_hours=np.array([0.5]),
    )
    assert found.tolist() == [20.0, 30.0, 31.0]


# --- Updates and frames ---------------------------------------------------------------------------


def test_updates_are_interpolated_inside_and_missing_outside(tmp_path: Path) -> None:
    write_file(
        tmp_path / "run",
        [
            ("a", 1, 1.0, 1.0),
            (BATCHES, 2, 100.0, 5.0),
            ("a", 3, 1.0, 6.0),
            (BATCHES, 4, 600.0, 10.0),
            ("a", 5, 1.0, 11.0),
        ],
    )
    run = open_logs(tmp_path)["run"]
    assert [str(clock) for clock in run.clocks] == ["minutes", "frames", "updates"]
    found = run.scalars("a").updates.tolist()
    assert math.isnan(found[0])
    assert found[1] == pytest.approx(200.0)
    assert math.isnan(found[2])
    assert run.known_until("a", "updates") == pytest.approx(600.0)
    assert run.known_until("a", UPDATES) == run.known_until("a", "updates")


def test_a_run_without_updates_has_no_such_clock(tmp_path: Path) -> None:
    write_file(tmp_path / "run", [("a", 1, 1.0, 1.0)])
    run = open_logs(tmp_path, of=domain())["run"]
    assert [str(clock) for clock in run.clocks] == ["minutes", "frames"]
    assert math.isnan(run.known_until("a", "updates"))
    assert compare(open_logs(tmp_path, of=domain()), "loss", clock="updates").empty


def test_a_clock_that_does_not_exist(tmp_path: Path) -> None:
    write_file(tmp_path / "run", [("a", 1, 1.0, 1.0)])
    with pytest.raises(
        ClockError, match="no clock 'hours'; choose one of minutes, frames, updates"
    ):
        open_logs(tmp_path, of=domain())["run"].known_until("a", "hours")


def test_interpolation_leaves_out_points_that_are_no_numbers() -> None:
    found = interpolated(
        np.array([5.0]), np.array([0.0, 4.0, 10.0]), np.array([0.0, np.nan, 100.0])
    )
    assert found.tolist() == [50.0]
    assert np.isnan(interpolated(np.array([5.0]), np.empty(0), np.empty(0))).all()


# --- The common window and its checkpoints --------------------------------------------------------


def test_the_common_window_ends_with_the_first_run() -> None:
    window = common_window(MINUTES, {"a": 91.0, "b": 60.0, "c": 165.0})
    assert (window.end, window.limited_by) == (60.0, "b")
    assert window.ends == {"a": 91.0, "b": 60.0, "c": 165.0}


def test_a_run_without_the_clock_leaves_no_common_window() -> None:
    window = common_window(STEPS, {"a": 91.0, "b": math.nan})
    assert not window.known
    assert window.limited_by == "b"
    assert checkpoints(window, 5.0).size == 0
    assert not common_window(STEPS, {}).known


@pytest.mark.parametrize(
    ("end", "every", "expected"),
    [
        (12.0, 5.0, [5.0, 10.0, 12.0]),
        (10.0, 5.0, [5.0, 10.0]),
        (4.0, 5.0, [4.0]),
        (0.3, 0.1, [0.1, 0.2, 0.3]),
        (0.0, 5.0, []),
    ],
)
def test_checkpoints(end: float, every: float, expected: list[float]) -> None:
    found = checkpoints(common_window(MINUTES, {"a": end}), every).tolist()
    assert found == pytest.approx(expected)
    assert found[-1:] == expected[-1:]


@pytest.mark.parametrize("every", [0.0, -5.0, math.nan])
def test_checkpoints_that_never_come(every: float) -> None:
    with pytest.raises(ClockError, match="must be above zero"):
        checkpoints(common_window(MINUTES, {"a": 10.0}), every)


def test_the_write_interval_is_the_distance_that_one_in_twenty_exceeds() -> None:
    assert write_interval(np.array([20.0, 5.0, 10.0, np.nan, 10.0, 60.0])) == 40.0
    # One pause among forty distances is no usual distance, two are.
    bursts = np.cumsum([0.0] + [5.0] * 38 + [100.0] * 2)
    assert write_interval(bursts) == 100.0
    assert write_interval(np.cumsum([0.0] + [5.0] * 39 + [100.0])) == 5.0
    assert math.isnan(write_interval(np.array([5.0])))


def test_the_last_event_at_or_before_a_checkpoint() -> None:
    positions = np.array([10.0, 5.0, np.nan, 10.0])
    found = last_event_at(positions, np.array([4.9, 5.0, 9.0, 10.0, 20.0, 20.1]), oldest=10.0)
    # Of two events at one place the one written later; not older than told.
    assert found.tolist() == [-1, 1, 1, 3, 3, -1]
    assert last_event_at(np.empty(0), np.array([1.0])).tolist() == [-1]


# --- Values at checkpoints ------------------------------------------------------------------------


def test_a_value_holds_for_two_write_intervals(tmp_path: Path) -> None:
    loss = [("Training/loss", n, float(n), 5.0 * n) for n in (1, 2, 3)]
    write_file(tmp_path / "run", [*loss, ("a", 99, 0.0, 40.0)])
    found = values(compare(open_logs(tmp_path), "loss"), "run")
    assert found == {
        5.0: 1.0, 10.0: 2.0, 15.0: 3.0, 20.0: 3.0, 25.0: 3.0, 30.0: None, 35.0: None, 40.0: None
    }  # fmt: skip


def test_a_best_so_far_holds_while_the_run_races_on_that_map(tmp_path: Path) -> None:
    robust = [("Race/eval_race_time_robust_trained_A01", 1, 25.0, 2.0)]
    races = [(RACE, 10 + n, 300.0, 3.0 * n) for n in range(1, 8)]  # until minute 21
    other = [("Race/explo_race_time_trained_hock", 50, 60.0, 50.0)]
    write_file(tmp_path / "run", [*robust, *races, *other])
    found = values(compare(open_logs(tmp_path), "robust_race_time", "A01"), "run")
    # Two intervals of three minutes after the last race on A01, nothing is known any more.
    assert found == {
        5.0: 25.0, 10.0: 25.0, 15.0: 25.0, 20.0: 25.0, 25.0: 25.0,
        30.0: None, 35.0: None, 40.0: None, 45.0: None, 50.0: None,
    }  # fmt: skip


def test_an_unfinished_race_is_no_time(tmp_path: Path) -> None:
    write_file(
        tmp_path / "run", [(RACE, 1, 300.0, 5.0), (RACE, 2, 26.0, 10.0), (RACE, 3, 300.0, 15.0)]
    )
    found = values(compare(open_logs(tmp_path), "exploring_race_time", "A01"), "run")
    assert found == {5.0: None, 10.0: 26.0, 15.0: 26.0}


def test_race_times_are_whole_milliseconds(tmp_path: Path) -> None:
    write_file(tmp_path / "run", [(RACE, 1, 24.57, 5.0)])
    assert values(compare(open_logs(tmp_path), "exploring_race_time", "A01"), "run") == {5.0: 24.57}


def test_a_noisy_reading_is_the_median_of_three(tmp_path: Path) -> None:
    q = [
        ("RL/avg_Q_trained_A01", n, v, 5.0 * n)
        for n, v in [(1, -4.0), (2, -1.0), (3, -3.0), (4, -9.0)]
    ]
    write_file(tmp_path / "run", q)
    found = values(compare(open_logs(tmp_path), "average_q", "A01"), "run")
    assert found == {5.0: -4.0, 10.0: -2.5, 15.0: -3.0, 20.0: -3.0}


def test_nothing_is_carried_past_the_end_of_a_run(tmp_path: Path) -> None:
    write_file(tmp_path / "long", [("Training/loss", n, float(n), 5.0 * n) for n in range(1, 9)])
    write_file(tmp_path / "short", [("Training/loss", n, float(n), 5.0 * n) for n in range(1, 5)])
    table = compare(open_logs(tmp_path), "loss")
    assert table.checkpoint.max() == 20.0
    assert (
        values(table, "long")
        == values(table, "short")
        == {5.0: 1.0, 10.0: 2.0, 15.0: 3.0, 20.0: 4.0}
    )


# --- Properties -----------------------------------------------------------------------------------

# A failure is shrunk a little, not for minutes.
BOUNDED = settings(deadline=None, phases=[p for p in Phase if p is not Phase.explain])
WINDOW = 40.0
TAGS = ("Training/loss", RACE, "RL/avg_Q_trained_A01", "alltime_min_ms_A01")
METRICS = (
    ("loss", None),
    ("exploring_race_time", "A01"),
    ("average_q", "A01"),
    ("all_time_best", "A01"),
)


def streams(first: float, last: float) -> st.SearchStrategy[list[Event]]:
    """Events in the order of their minutes, in sixteenths so that they stay exact."""
    event = st.tuples(
        st.sampled_from(TAGS),
        st.floats(20, 300, width=32),
        st.integers(int(first * 16) + 1, int(last * 16)),
    )
    return st.lists(event, min_size=1, max_size=25).map(
        lambda drawn: [
            (tag, at * 100, value, at / 16)
            for tag, value, at in sorted(drawn, key=lambda event: event[2])
        ]
    )


END: list[Event] = [("Training/loss", int(WINDOW * 1600), 1.0, WINDOW)]


def tables(folder: Path) -> list[pd.DataFrame]:
    logs = open_logs(folder)
    return [
        compare(logs, metric, map, clock=clock).sort_values(["run", "checkpoint"])
        for metric, map in METRICS
        for clock in ("minutes", "frames")
        if all(load_catalogue().tags_for(metric, run.tags) for run in logs)
    ]


def assert_same(found: list[pd.DataFrame], expected: list[pd.DataFrame]) -> None:
    for a, b in zip(found, expected, strict=True):
        left, right = (
            t.drop(columns=["file", "role", "difference"]).reset_index(drop=True) for t in (a, b)
        )
        pd.testing.assert_frame_equal(left, right)


@settings(BOUNDED, max_examples=25)
@given(streams(0, WINDOW), streams(0, WINDOW), streams(WINDOW, 2 * WINDOW))
def test_what_comes_after_the_window_changes_nothing_in_it(
    short: list[Event], long: list[Event], after: list[Event]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_file(folder / "a_short", [*short, *END])
        write_file(folder / "b_long", [*long, *END])
        before = tables(folder)
        # A tag that appears only after the window gives both runs a series of it.
        assume({tag for tag, *_ in after} <= {tag for tag, *_ in [*long, *END]})
        write_file(folder / "b_long", [*long, *END, *after])
        assert_same(tables(folder), before)


@settings(BOUNDED, max_examples=10)
@given(streams(0, WINDOW), streams(0, WINDOW))
def test_the_order_of_runs_does_not_matter(one: list[Event], other: list[Event]) -> None:
    other_name = {"a": "b", "b": "a"}
    with tempfile.TemporaryDirectory() as name:
        write_file(Path(name) / "x" / "a", [*one, *END])
        write_file(Path(name) / "x" / "b", [*other, *END])
        write_file(Path(name) / "y" / "b", [*one, *END])
        write_file(Path(name) / "y" / "a", [*other, *END])
        # A run of which no setting is known is a group of its own, called as the run is.
        swapped = [
            t.replace({"run": other_name, "group": other_name}).sort_values(["run", "checkpoint"])
            for t in tables(Path(name) / "y")
        ]
        assert_same(swapped, tables(Path(name) / "x"))


@settings(BOUNDED, max_examples=10)
@given(streams(0, WINDOW), st.integers(0, 25))
def test_splitting_a_file_in_two_does_not_matter(events: list[Event], at: int) -> None:
    whole = [*events, *END]
    # Between two moments: a later file that repeats a step would be a restart.
    cut = next((i for i in range(min(at, len(whole)), 0, -1) if i == len(whole) or
                whole[i - 1][3] < whole[i][3]), 0)  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        write_file(Path(name) / "x" / "run", whole)
        if whole[:cut]:
            write_file(Path(name) / "y" / "run", whole[:cut])
        if whole[cut:]:
            created = whole[cut - 1][3] if cut else 0.0
            write_file(Path(name) / "y" / "run", whole[cut:], created=created, count=1)
        assert_same(tables(Path(name) / "y"), tables(Path(name) / "x"))


def test_a_tag_that_counts_episodes_has_no_place_among_steps(tmp_path: Path) -> None:
    events = []
    for step in range(1, 1001):
        now = write.STARTED + step
        events.append(write.scalar_event("loss", step, 1.0, now))
        if step % 10 == 0:
            events.append(write.scalar_event("reward", step // 10, 2.0, now))
        if step <= 100:
            events.append(write.scalar_event("early", step, 3.0, now))
    write.write_event_file(tmp_path / "run", events)
    run = Logs(tmp_path)["run"]
    steps = run.conventions.steps
    assert run.known_until("loss", "steps") == 1000
    assert math.isnan(run.known_until("reward", "steps"))
    assert run.known_until("reward") == run.known_until("loss")
    # What stops early counts the same.
    assert run.known_until("early", "steps") == 1000
    told = {tag: run.counts_apart(tag, steps) for tag in run.tags}
    assert told == {"loss": False, "reward": True, "early": False}
