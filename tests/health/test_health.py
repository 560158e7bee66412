"""Health: each fault planted in a full log is found, its clean twin is silent."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto.event_pb2 import Event

from rulka_analysis.health import contradicted, run_findings
from rulka_analysis.project import load_catalogue, open_logs
from rulka_analysis.values.findings import Finding
from tests.training_logs import (
    Restart,
    TrainingRun,
    rewrite_event_file,
    rewrite_events,
    write_run,
)

HOCK, A01 = "alltime_min_ms_hock", "alltime_min_ms_A01"
CLEAN = TrainingRun("uni_5", minutes=90)


def findings(folder: Path, name: str = "uni_5") -> tuple[Finding, ...]:
    return run_findings(open_logs(folder)[name], load_catalogue())


def kinds(found: Iterable[Finding]) -> set[tuple[str, str]]:
    return {(finding.kind, finding.severity) for finding in found}


def only_file(folder: Path) -> Path:
    (file,) = (folder / "uni_5").iterdir()
    return file


def minute_of(event: Event) -> float:
    return (float(event.wall_time) - CLEAN.started) / 60


def tag_of(event: Event) -> str:
    return str(event.summary.value[0].tag) if event.summary.value else ""


@pytest.mark.parametrize(
    "run",
    [
        CLEAN,
        replace(CLEAN, seed=1, minutes=60),
        replace(CLEAN, seed=2, minutes=20, batch_size=64),
        replace(CLEAN, seed=3, minutes=240, batch_size=8192, frames_a_minute=60_000),
        replace(CLEAN, seed=4, first_finish=20, unfinished=0.4, logs_hours=False),
        replace(CLEAN, seed=5, race_every=2.0, minutes=150),
        replace(
            CLEAN,
            seed=6,
            noise=0.01,
            best={"A01": 58.0, "hock": 58.0},
            slowest={"A01": 58.0, "hock": 58.0},
        ),
    ],
    ids=["plain", "default", "short", "segments", "slow", "few races", "maps alike"],
)
def test_a_clean_log_has_no_finding(tmp_path: Path, run: TrainingRun) -> None:
    write_run(tmp_path, run)
    assert findings(tmp_path) == ()


@pytest.mark.parametrize("back", [0.0, 3.0, 11.0])
def test_a_resumed_run_has_only_what_reading_noticed(tmp_path: Path, back: float) -> None:
    run = replace(CLEAN, restarts=(Restart(33, back=back), Restart(60, back=back, pause=600)))
    write_run(tmp_path, run)
    found = findings(tmp_path)
    assert kinds(found) == ({("restart", "note")} if back else set())
    assert found == open_logs(tmp_path)["uni_5"].findings


def test_an_all_time_best_written_under_the_map_just_raced_is_found(tmp_path: Path) -> None:
    write_run(tmp_path, replace(CLEAN, best_under_map_just_raced=True))
    found = findings(tmp_path)
    assert kinds(found) == {("all_time_best_of_another_map", "error")}
    (finding,) = found
    assert (finding.run, finding.tag) == ("uni_5", HOCK)
    assert "race times of A01, none of hock" in finding.message
    assert contradicted(found) == {("uni_5", HOCK): finding}


def test_bests_of_two_maps_swapped_are_both_found(tmp_path: Path) -> None:
    write_run(tmp_path, CLEAN)

    def swapped(event: Event) -> Event:
        other = {HOCK: A01, A01: HOCK}
        for value in event.summary.value:
            value.tag = other.get(value.tag, value.tag)
        return event

    rewrite_events(only_file(tmp_path), swapped)
    found = findings(tmp_path)
    assert kinds(found) == {("all_time_best_of_another_map", "error")}
    assert {finding.tag for finding in found} == {HOCK, A01}


def test_what_only_rises_and_then_stands_still_is_not_frozen(tmp_path: Path) -> None:
    write_run(tmp_path, replace(CLEAN, frames_a_minute=60_000, segment_frames=()))
    rewrite_event_file(only_file(tmp_path), lambda t, v: v / 7 if t == "Buffer/size" else v)
    assert findings(tmp_path) == ()


def test_one_value_of_another_map_does_not_make_it_that_maps(tmp_path: Path) -> None:
    truth = write_run(tmp_path, CLEAN)
    hock = round(truth.best("Race/explo_race_time_trained_hock") * 1000)
    change = Numbered(A01, lambda v, i, _: hock if i == 9 else v)
    rewrite_event_file(only_file(tmp_path), change)
    assert kinds(findings(tmp_path)) == {("all_time_best_without_race", "error")}


def test_a_race_after_the_last_save_may_have_been_given_up(tmp_path: Path) -> None:
    write_run(tmp_path, replace(CLEAN, restarts=(Restart(33),)))
    first, _ = sorted((tmp_path / "uni_5").iterdir())

    def faster(at: float) -> Callable[[Event], Event]:
        def changed(event: Event) -> Event:
            for value in event.summary.value:
                if value.tag.startswith("Race/explo_race_time") and minute_of(event) == at:
                    value.simple_value = 20.0
            return event

        return changed

    # The program wrote its aggregates at minute 30; it resumed from what it had saved then.
    rewrite_events(first, faster(32))
    assert findings(tmp_path) == ()
    rewrite_events(first, faster(27.5))
    assert kinds(findings(tmp_path)) == {("all_time_best_late", "error")}


class Numbered:
    """Changes the values of one tag; `change` gets the value, its number, and all before it."""

    def __init__(self, tag: str, change: Callable[[float, int, list[float]], float]) -> None:
        self.tag = tag
        self.change = change
        self.before: list[float] = []

    def __call__(self, tag: str, value: float) -> float:
        if tag != self.tag:
            return value
        changed = self.change(value, len(self.before), self.before)
        self.before.append(value)
        return changed


LOSS, HOURS, UPDATES = "Training/loss", "cumul_training_hours", "cumul_number_batches_done"
ROBUST = "Race/eval_race_time_robust_trained_A01"
FLAG = "Race/explo_race_finished_trained_hock"
SPEED = "Performance/transitions_learned_per_second"
GRADIENT = "Gradients/norm_before_clip_max"
BEFORE_FIRST = replace(CLEAN, first_finish=12)

VALUE_FAULTS: dict[
    str, tuple[TrainingRun, str, Callable[[float, int, list[float]], float], tuple[str, str]]
] = {
    "below every race": (
        CLEAN, A01, lambda v, i, _: v - 505, ("all_time_best_below_races", "error")
    ),
    "a best before any race": (
        BEFORE_FIRST, A01, lambda v, i, _: 60_000 if i == 0 else v,
        ("all_time_best_before_first_race", "error"),
    ),
    "a drop no race made": (
        CLEAN, A01, lambda v, i, _: v - 5 if i == 5 else v, ("all_time_best_without_race", "error")
    ),
    "a best that rises": (
        CLEAN, A01, lambda v, i, b: b[0] if i == 9 else v, ("all_time_best_rises", "error")
    ),
    "a best that stays behind": (
        CLEAN, A01, lambda v, i, b: b[6] if i > 6 else v, ("all_time_best_late", "error")
    ),
    "a best that catches up": (
        CLEAN, A01, lambda v, i, b: b[2] if 2 < i < 7 else v, ("all_time_best_late", "warning")
    ),
    "a flag against its time": (
        CLEAN, FLAG, lambda v, i, _: 1 - v if i == 30 else v, ("flag_contradicts_time", "error")
    ),
    "a robust time of no race": (
        CLEAN, ROBUST, lambda v, i, _: v - 0.01 if i == 3 else v, ("time_without_race", "error")
    ),
    "no number": (
        CLEAN, SPEED, lambda v, i, _: math.nan if i == 4 else v, ("not_finite", "warning")
    ),
    "no number where the catalogue has a rule": (
        CLEAN, LOSS, lambda v, i, _: math.inf if i == 4 else v, ("watch_loss", "error")
    ),
    "an exploding gradient": (
        CLEAN, GRADIENT, lambda v, i, _: 26.0 if i == 4 else v,
        ("watch_gradient_norm_before_clip_max", "warning"),
    ),
    "a frozen tail": (
        replace(CLEAN, minutes=150), LOSS, lambda v, i, b: b[23] if i > 23 else v,
        ("frozen_tail", "error"),
    ),
    "a far last reading": (
        CLEAN, LOSS, lambda v, i, _: 9 * v if i == 17 else v, ("far_last_reading", "warning")
    ),
    "a counter that goes back": (
        CLEAN, UPDATES, lambda v, i, _: v / 2 if i == 9 else v, ("clock_backwards", "error")
    ),
    "a setting that changes": (
        CLEAN, "Training/n_steps", lambda v, i, _: 5 if i > 8 else v,
        ("setting_changes", "warning"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", VALUE_FAULTS)
def test_a_wrong_value_is_found_and_its_twin_is_silent(tmp_path: Path, fault: str) -> None:
    run, tag, change, expected = VALUE_FAULTS[fault]
    write_run(tmp_path, run)
    assert findings(tmp_path) == ()
    rewrite_event_file(only_file(tmp_path), Numbered(tag, change))
    found = findings(tmp_path)
    assert kinds(found) == {expected}
    (finding,) = found
    assert (finding.run, finding.tag) == ("uni_5", tag)
    assert finding.why
    assert finding.remedy


EVENT_FAULTS: dict[str, tuple[Callable[[Event], bool], Callable[[Event], None] | None, str]] = {
    "a pause": (
        lambda e: minute_of(e) > 40, lambda e: setattr(e, "wall_time", e.wall_time + 1800), "gap"
    ),
    "lost events": (lambda e: 40 < minute_of(e) < 70, None, "gap"),
    "a tag that stops": (
        lambda e: tag_of(e) == LOSS and minute_of(e) > 40, None, "tag_stops"
    ),
    "values before the first race": (
        lambda e: tag_of(e).startswith("Race/explo_race_time_trained_hock") and minute_of(e) < 3,
        None, "value_before_first_race",
    ),
    "steps that go back": (
        lambda e: minute_of(e) == 45.5, lambda e: setattr(e, "step", 10), "clock_backwards"
    ),
    "wall times that go back": (
        lambda e: minute_of(e) == 45.5,
        lambda e: setattr(e, "wall_time", e.wall_time - 45), "clock_backwards",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", EVENT_FAULTS)
def test_wrong_events_are_found(tmp_path: Path, fault: str) -> None:
    which, change, expected = EVENT_FAULTS[fault]
    write_run(tmp_path, replace(CLEAN, logs_hours=False))
    assert findings(tmp_path) == ()

    def changed(event: Event) -> Event | None:
        if not tag_of(event) or not which(event):
            return event
        if change is None:
            return None
        change(event)
        return event

    rewrite_events(only_file(tmp_path), changed)
    found = findings(tmp_path)
    assert kinds(found) == {(expected, "warning")}
    assert all(finding.run == "uni_5" for finding in found)


@pytest.mark.parametrize("hours", [True, False])
def test_a_missing_beginning_is_found_and_blamed_for_nothing_else(
    tmp_path: Path, hours: bool
) -> None:
    write_run(tmp_path, replace(CLEAN, minutes=240, frames_a_minute=60_000, logs_hours=hours))
    for file in (tmp_path / "uni_5").iterdir():
        file.unlink()
    found = findings(tmp_path, "uni_5_2")
    assert kinds(found) == {("beginning_missing", "warning")}
    assert re.search(r"begins after (100|101) minutes", found[0].message)


@pytest.mark.parametrize(("batch_size", "fires"), [(512, True), (2048, False), (8192, False)])
def test_the_gradient_rule_scales_with_the_batch(
    tmp_path: Path, batch_size: int, fires: bool
) -> None:
    write_run(tmp_path, replace(CLEAN, batch_size=batch_size))
    # 26 is over 25, a quarter of the threshold, which a batch of 512 has of one of 2048.
    change = Numbered(GRADIENT, lambda v, i, _: 26 * batch_size / 512 if fires else 26)
    rewrite_event_file(only_file(tmp_path), change)
    assert bool(findings(tmp_path)) is fires


def test_a_rule_that_cannot_be_checked_says_so(tmp_path: Path) -> None:
    write_run(tmp_path, CLEAN)
    rewrite_events(only_file(tmp_path), lambda e: None if tag_of(e) == "Training/batch_size" else e)
    run = open_logs(tmp_path)["uni_5"]
    found = run_findings(run, load_catalogue())
    assert kinds(found) == {("rule_not_checked", "note")}
    assert "batch size is not known, or changes" in found[0].message
    assert run_findings(run, load_catalogue(), {"batch_size": 512}) == ()
    low = run_findings(run, load_catalogue(), {"batch_size": 64})
    assert kinds(low) == {("watch_gradient_norm_before_clip_max", "warning")}


def test_damage_that_reading_noticed_is_told_once(tmp_path: Path) -> None:
    write_run(tmp_path, CLEAN)
    path = only_file(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    found = findings(tmp_path)
    assert [finding.kind for finding in found].count("damage") == 1
    assert set(open_logs(tmp_path)["uni_5"].findings) <= set(found)


def test_untrusted_names_are_escaped(tmp_path: Path) -> None:
    write_run(tmp_path, CLEAN)

    def renamed(event: Event) -> Event:
        for value in event.summary.value:
            value.tag = value.tag.replace("hock", "ho\x1b[2Jck")
        return event

    rewrite_events(only_file(tmp_path), renamed)
    rewrite_event_file(only_file(tmp_path), lambda t, v: v - 505 if "alltime" in t else v)
    found = findings(tmp_path)
    assert any("\x1b" in (finding.tag or "") for finding in found)
    assert all(str(f).isprintable() and f"{f.why}{f.remedy}".isprintable() for f in found)


def test_many_frozen_tags_are_named_one_by_one_where_a_verdict_may_rest_on_them(
    tmp_path: Path,
) -> None:
    write_run(tmp_path, replace(CLEAN, minutes=150))
    last: dict[str, tuple[int, float]] = {}

    def frozen(tag: str, value: float) -> float:
        count, kept = last.get(tag, (0, value))
        last[tag] = (count + 1, value if count < 22 else kept)
        aggregate = "loss" in tag or tag.startswith(("Gradients/", "Network/optimizer"))
        return last[tag][1] if aggregate else value

    rewrite_event_file(only_file(tmp_path), frozen)
    found = [f for f in findings(tmp_path) if f.kind == "frozen_tail"]
    errors = {f.tag for f in found if f.severity == "error"}
    assert {LOSS, "Training/loss_test"} <= errors
    assert not any("layer" in (tag or "") for tag in errors)
    (others,) = [f for f in found if f.severity == "warning"]
    assert others.tag is None
    assert "Gradients/by_layer" in others.message


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 10_000),
    offset=st.floats(-1e8, 1e8),
    minutes=st.integers(20, 80),
    wrong=st.booleans(),
)
def test_when_a_run_was_trained_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, seed: int, offset: float, minutes: int, wrong: bool
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    run = TrainingRun("uni_5", minutes=minutes, seed=seed, best_under_map_just_raced=wrong)
    write_run(folder, run)
    write_run(folder / "later", replace(run, started=run.started + round(offset)))
    now, later = findings(folder, "uni_5"), findings(folder / "later")
    assert kinds(now) == ({("all_time_best_of_another_map", "error")} if wrong else set())
    assert [f.message for f in now] == [f.message for f in later]
