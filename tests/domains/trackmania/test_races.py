"""Races and all-time bests: each fault planted in a full log is found, its clean twin is silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tensorboard.compat.proto.event_pb2 import Event

from rulka_analysis.health import contradicted
from tests.planted_faults import CLEAN, Numbered, findings, kinds, minute_of, only_file, tag_of
from tests.training_logs import Restart, TrainingRun, rewrite_event_file, rewrite_events, write_run

HOCK, A01 = "alltime_min_ms_hock", "alltime_min_ms_A01"
ROBUST = "Race/eval_race_time_robust_trained_A01"
FLAG = "Race/explo_race_finished_trained_hock"


def test_an_all_time_best_written_under_the_map_just_raced_is_found(tmp_path: Path) -> None:
    write_run(tmp_path, replace(CLEAN, best_under_map_just_raced=True))
    found = findings(tmp_path)
    assert kinds(found) == {("all_time_best_of_another_map", "error")}
    (finding,) = found
    assert (finding.run, finding.tag) == ("uni_5", HOCK)
    assert "are times of A01 and none of hock" in finding.message
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


BEFORE_FIRST = replace(CLEAN, first_finish=12)
FAULTS: dict[
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
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_value_is_found_and_its_twin_is_silent(tmp_path: Path, fault: str) -> None:
    run, tag, change, expected = FAULTS[fault]
    write_run(tmp_path, run)
    assert findings(tmp_path) == ()
    rewrite_event_file(only_file(tmp_path), Numbered(tag, change))
    found = findings(tmp_path)
    assert kinds(found) == {expected}
    (finding,) = found
    assert (finding.run, finding.tag) == ("uni_5", tag)
    assert finding.why
    assert finding.remedy


def test_values_before_the_first_race_are_found(tmp_path: Path) -> None:
    write_run(tmp_path, replace(CLEAN, logs_hours=False))
    assert findings(tmp_path) == ()

    def later(event: Event) -> Event | None:
        race = tag_of(event).startswith("Race/explo_race_time_trained_hock")
        return None if race and minute_of(event) < 3 else event

    rewrite_events(only_file(tmp_path), later)
    found = findings(tmp_path)
    assert kinds(found) == {("value_before_first_race", "warning")}
    assert all(finding.run == "uni_5" for finding in found)
