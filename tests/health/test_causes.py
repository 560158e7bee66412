"""A cause is told once, a habit is none, and what a clean log may hold is no finding."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tensorboard.compat.proto.event_pb2 import Event

from rulka_analysis.health import logs_findings
from rulka_analysis.project import load_catalogue, open_logs
from rulka_analysis.values.findings import Finding
from tests import event_files
from tests.planted_faults import CLEAN, findings, kinds, minute_of, only_file
from tests.rule_examples import find_in
from tests.training_logs import Restart, TrainingRun, rewrite_events, write_run

LOSS = "run Training/loss:"
NOISE = " ".join(f"{0.5 + 0.3 * math.sin(i * i):.3f}" for i in range(200))


def told(found: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in found]


def all_of(folder: Path) -> tuple[Finding, ...]:
    return logs_findings(open_logs(folder), load_catalogue())


# --- Clean logs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [15, 60, 150])
@pytest.mark.parametrize("restarts", [0, 2])
def test_ten_clean_seeds_side_by_side_are_silent(
    tmp_path: Path, minutes: int, restarts: int
) -> None:
    stops = tuple(
        Restart(minutes * share, back=minutes * share / 5, pause=200)
        for share in (0.4, 0.7)[:restarts]
    )
    for seed in range(10):
        run = TrainingRun(f"uni_{seed}", minutes=minutes, seed=seed, restarts=stops)
        write_run(tmp_path, run)
    # Together they go over more than a tenth of a run again.
    assert kinds(all_of(tmp_path)) == ({("restart", "warning")} if restarts else set())


# --- Holes ---------------------------------------------------------------------------------------

HOLES = {
    "13.9 minutes at a write every 0.1": (0.1, range(900, 1040), True),
    "an hour at a write every five minutes": (5.0, range(30, 42), True),
    "nine writes of one a minute": (1.0, range(30, 39), True),
    "three writes of one a minute": (1.0, range(30, 33), False),
    "none": (0.1, range(0), False),
}


def write_series(folder: Path, every: float, count: int, without: range) -> None:
    write_run(folder, replace(CLEAN, minutes=1))
    (file,) = (folder / "uni_5").iterdir()
    template = Event(step=0)
    template.summary.value.add(tag="odd/tag", simple_value=1.0)
    events = []
    for i in range(count):
        if i not in without:
            event = Event()
            event.CopyFrom(template)
            event.step, event.wall_time = 100 * i, CLEAN.started + 60 * every * i
            event.summary.value[0].simple_value = 1 / (1 + i)
            events.append(event)
    event_files.write_event_file(file, events)


@pytest.mark.parametrize("hole", HOLES)
def test_a_hole_is_one_by_the_interval_of_the_log_itself(tmp_path: Path, hole: str) -> None:
    every, without, is_one = HOLES[hole]
    write_series(tmp_path, every, 2000 if every < 1 else 100, without)
    assert told(findings(tmp_path)) == (["RK201"] if is_one else [])


def test_a_program_that_stood_still_leaves_a_hole_in_time_only(tmp_path: Path) -> None:
    write_series(tmp_path, 0.1, 2000, range(0))

    def waited(event: Event) -> Event:
        event.wall_time += 480 if event.step > 90_000 else 0
        return event

    rewrite_events(only_file(tmp_path), waited)
    (finding,) = findings(tmp_path)
    assert "wrote nothing for 8.1 minutes after minute 90" in finding.message
    assert "usually it writes every 0.1 minutes" in finding.message


def test_five_writes_two_hours_apart_have_no_usual_interval(tmp_path: Path) -> None:
    write_series(tmp_path, 120.0, 5, range(0))
    assert findings(tmp_path) == ()
    assert find_in(tmp_path / "b", f"{LOSS} 1 0.9 0.8 +600m 0.7 0.8") == ()


def test_a_hole_in_steps_is_one_though_time_goes_on(tmp_path: Path) -> None:
    (finding,) = find_in(tmp_path, f"{LOSS} (1 0.9)*20 +1000s (1 0.9)*20")
    assert finding.code == "RK201"
    assert "has no event of Training/loss for 1,010 steps after step 390" in finding.message


def test_a_tag_with_a_hole_of_its_own_is_named(tmp_path: Path) -> None:
    hole = f"(1 0.9)*20 {'- ' * 9}(1 0.9)*20"
    other = " ".join(NOISE.split()[:89])
    (finding,) = find_in(tmp_path, f"run odd/other: {other}\n{LOSS} {hole}")
    assert (finding.code, finding.tag) == ("RK201", "Training/loss")


def test_pauses_that_come_again_and_again_without_a_step_are_a_habit(tmp_path: Path) -> None:
    evaluated = " +12m -10s ".join(["1 0.9 0.8 0.7 " * 10] * 5)
    assert find_in(tmp_path / "a", f"{LOSS} {evaluated}") == ()
    lost = " +12m +120s ".join(["1 0.9 0.8 0.7 " * 10] * 5)
    (finding,) = find_in(tmp_path / "b", f"{LOSS} {lost}")
    assert "wrote nothing for 13 minutes" in finding.message
    assert "the longest of 4 such gaps" in finding.message


def test_a_tag_that_waits_while_another_is_written_has_not_stopped(tmp_path: Path) -> None:
    epoch = "(1 0.9)*20 +19m"
    validated = " ".join(["+58m 0.5"] * 5)
    text = f"{LOSS} {' '.join([epoch] * 5)}\nrun Training/loss_test: {validated}"
    assert told(find_in(tmp_path / "a", text)) == []
    stopped = f"{LOSS} {' '.join([epoch] * 3)}\nrun Training/loss_test: {validated}"
    assert "RK203" in told(find_in(tmp_path / "b", stopped))


def test_writers_in_turns_leave_no_hole(tmp_path: Path) -> None:
    halves: list[list[str]] = [[], []]
    for block in range(6):
        moved = f"+{30 * block}m +{300 * block}s"
        halves[block % 2].append(f"{moved} (1 0.9)*15 -{30 * block + 30}m -{300 * block + 300}s")
    text = f"{LOSS} {' '.join(halves[0])} | {' '.join(halves[1])}"
    assert "RK201" not in told(find_in(tmp_path, text))


# --- One cause -----------------------------------------------------------------------------------

CUT_AT = 45.5


@pytest.mark.parametrize("hours", [True, False])
@pytest.mark.parametrize("by", [3_600.0, 86_400.0, 1e8])
def test_a_clock_that_is_set_back_is_one_finding(tmp_path: Path, hours: bool, by: float) -> None:
    def set_back(event: Event) -> Event:
        if minute_of(event) > CUT_AT:
            event.wall_time -= by
        return event

    write_run(tmp_path, replace(CLEAN, logs_hours=hours))
    rewrite_events(only_file(tmp_path), set_back)
    assert kinds(findings(tmp_path)) == {("clock_backwards", "warning")}


@pytest.mark.parametrize("time", [0.0, math.nan])
@pytest.mark.parametrize("every", [1, 50])
def test_times_that_are_missing_are_one_finding(tmp_path: Path, time: float, every: int) -> None:
    number = itertools.count()

    def without(event: Event) -> Event:
        if next(number) % every == every // 2:
            event.wall_time = time
        return event

    write_run(tmp_path, replace(CLEAN, name="uni_6", seed=1))
    write_run(tmp_path, CLEAN)
    rewrite_events(only_file(tmp_path), without)
    assert kinds(all_of(tmp_path)) == {("wall_time_missing", "warning")}


def test_what_is_found_where_no_time_is_known_has_no_minute(tmp_path: Path) -> None:
    text = "run Performance/learner_percentage_training: 0.7 1.7 0.7\nwall run zero"
    assert told(find_in(tmp_path, text)) == ["RK116", "RK306"]


def test_two_programs_that_write_at_once_are_one_finding(tmp_path: Path) -> None:
    write_run(tmp_path, CLEAN)
    write_run(tmp_path / "other", replace(CLEAN, seed=1, started=CLEAN.started + 37))
    (file,) = (tmp_path / "other" / CLEAN.name).iterdir()
    file.rename(only_file(tmp_path).with_name(f"{file.name}.1"))
    assert kinds(findings(tmp_path)) == {("written_at_the_same_time", "warning")}


def test_a_best_is_not_late_by_a_clock_that_is_set_back(tmp_path: Path) -> None:
    seconds = (30, 29, 28, 27, 26, 25, "-20m", 24, 23, 22)
    races = " ".join(map(str, seconds))
    bests = " ".join(f"{s}000" if isinstance(s, int) else s for s in seconds)
    text = f"run Race/explo_race_time_trained_A01: {races}\nrun alltime_min_ms_A01: {bests}"
    assert told(find_in(tmp_path, text)) == ["RK204"]


def test_a_clock_that_reading_told_of_is_blamed_for_no_hole(tmp_path: Path) -> None:
    text = f"{LOSS} (1 0.9)*50 | -250m (0.8 0.7)*50"
    assert told(find_in(tmp_path, text)) == ["RK119"]
    # The same, of one process: its files are one session.
    (second,) = (tmp_path / "logs" / "run").glob("*.host.1.0")
    second.rename(second.with_name(second.name.replace("host.1.0", "host.0.1")))
    assert told(all_of(tmp_path / "logs")) == ["RK119"]


def test_an_event_without_a_time_is_not_out_of_order(tmp_path: Path) -> None:
    # It stands where the writer put it: after the first, though its step is far on.
    text = f"{LOSS} 1 +500s 0.9 -510s 0.8 0.7 0.6\nwall run nan"
    assert told(find_in(tmp_path, text)) == ["RK116"]


def test_lost_races_are_the_fault_of_no_best(tmp_path: Path) -> None:
    # The machine stopped within a write, and went on from where it had saved its state.
    # What was driven in between is lost, and the best is of that time.
    lucky = replace(CLEAN, restarts=(Restart(40, back=5),), learning_minutes=2.0, noise=2.0)
    write_run(tmp_path, lucky)
    first, _ = sorted((tmp_path / "uni_5").iterdir())
    first.write_bytes(first.read_bytes()[: first.stat().st_size // 2])
    assert kinds(findings(tmp_path)) == {("truncated_tail", "note")}


def test_a_best_that_was_kept_over_a_restart_is_right(tmp_path: Path) -> None:
    # The fastest race stands among what the restart gave up; the program had saved its best.
    greedy = "run Race/eval_race_time_trained_A01: 50 49 48 47 46 45 | -30s +60m 48 47 46 46"
    exploring = greedy.replace("eval", "explo")
    best = "run alltime_min_ms_A01: 50000 49000 48000 47000 46000 45000 | -30s +60m 45000*4"
    assert told(find_in(tmp_path, f"{greedy}\n{exploring}\n{best}")) == ["RK110"]


def test_a_best_without_any_race_in_the_log_is_held_against_nothing(tmp_path: Path) -> None:
    assert find_in(tmp_path, "run alltime_min_ms_A01: 30000 29000 28000 27000") == ()


STUCK: dict[str, tuple[str, list[str]]] = {
    "at its start value": ("300000*8", ["TM106"]),
    "at an old best": ("30000 29000*7", ["TM106"]),
    "until it catches up": ("30000 29000*5 24000 23000", ["TM106"]),
    "nowhere": ("30000 29000 28000 27000 26000 25000 24000 23000", []),
    "at no number": ("nan*8", ["RK302"]),
}


@pytest.mark.parametrize("stuck", STUCK)
def test_a_best_that_stays_behind_its_races_is_found(tmp_path: Path, stuck: str) -> None:
    values, expected = STUCK[stuck]
    races = "run Race/explo_race_time_trained_A01: 30 29 28 27 26 25 24 23"
    assert told(find_in(tmp_path, f"{races}\nrun alltime_min_ms_A01: {values}")) == expected


# --- Last readings -------------------------------------------------------------------------------

LAST: dict[str, tuple[str, bool]] = {
    "far from all": ("9", True),
    "far, and seen before": ("4.5", False),
    "within the second half": ("2.75", False),
    "far, though the first half was there": ("4.55", True),
}


@pytest.mark.parametrize("last", LAST)
def test_a_last_reading_is_far_only_where_the_series_has_not_been(
    tmp_path: Path, last: str
) -> None:
    value, far = LAST[last]
    falling = " ".join(f"{5 - i / 10:.1f}" for i in range(30))
    before = f"{falling} {'2.01 2.03 2.02 2.04 2 2.05 1.99 ' * 2}"
    assert told(find_in(tmp_path, f"{LOSS} {before} {value}")) == (["RK304"] if far else [])


def test_zero_to_the_end_of_a_tag_nobody_knows_is_no_frozen_tail(tmp_path: Path) -> None:
    moving = "1 -0.9 0.95 -0.8 0.3 " * 4
    assert find_in(tmp_path / "a", f"run odd/tag: {moving} 0*20") == ()
    assert told(find_in(tmp_path / "b", f"run odd/tag: {moving} 0.2*20")) == ["RK303"]


# --- Settings that follow from others -------------------------------------------------------------


def counters(*batches: int) -> str:
    used, done = [0], [0]
    for batch in batches:
        done.append(done[-1] + 100)
        used.append(used[-1] + 100 * batch)
    return (
        f"run cumul_number_batches_done: {' '.join(map(str, done))}\n"
        f"run cumul_number_single_memories_used: {' '.join(map(str, used))}"
    )


DERIVED: dict[str, tuple[str, bool]] = {
    "the same throughout": (counters(*[512] * 8), True),
    "it changed": (counters(*[512] * 4, *[64] * 4), False),
    "too few counts": (counters(512, 512), False),
    "recorded": (f"{counters(*[512] * 8)}\nrun Training/batch_size: 512*9", False),
    "no whole number": (counters(512, 513) + " 1e6", False),
}


@pytest.mark.parametrize("case", DERIVED)
def test_a_batch_size_that_follows_from_counters_is_offered(tmp_path: Path, case: str) -> None:
    text, offered = DERIVED[case]
    found = [f for f in find_in(tmp_path, text) if f.code == "TM302"]
    assert bool(found) is offered
    for finding in found:
        assert "512" in finding.message
        assert "409,600 memories (cumul_number_single_memories_used)" in finding.message
        assert "batch_size = 512" in finding.remedy


SILENT: list[Callable[[Path], object]] = [
    lambda folder: find_in(folder, f"{LOSS} {NOISE}"),
    lambda folder: find_in(folder, "run odd/tag: 1"),
]


@pytest.mark.parametrize("write", SILENT)
def test_logs_of_other_programs_are_silent(tmp_path: Path, write: Callable[[Path], object]) -> None:
    assert write(tmp_path) == ()
