"""Health: each fault planted in a full log is found, its clean twin is silent."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto.event_pb2 import Event

from rulka_analysis.health import logs_findings, run_findings
from rulka_analysis.project import load_catalogue, open_logs
from rulka_analysis.values.findings import Finding
from tests.planted_faults import CLEAN, Numbered, findings, kinds, minute_of, only_file, tag_of
from tests.training_logs import (
    Restart,
    TrainingRun,
    rewrite_event_file,
    rewrite_events,
    write_run,
)


def of_all(folder: Path) -> tuple[Finding, ...]:
    return logs_findings(open_logs(folder), load_catalogue())


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
    # Twice eleven of some eighty minutes are more than a tenth.
    severity = "warning" if back > 10 else "note"
    assert kinds(found) == ({("restart", severity)} if back else set())
    assert found == open_logs(tmp_path)["uni_5"].findings


def test_what_only_rises_and_then_stands_still_is_not_frozen(tmp_path: Path) -> None:
    write_run(tmp_path, replace(CLEAN, frames_a_minute=60_000, segment_frames=()))
    rewrite_event_file(only_file(tmp_path), lambda t, v: v / 7 if t == "Buffer/size" else v)
    assert findings(tmp_path) == ()


LOSS, HOURS, UPDATES = "Training/loss", "cumul_training_hours", "cumul_number_batches_done"
SPEED = "Performance/transitions_learned_per_second"
GRADIENT = "Gradients/norm_before_clip_max"

VALUE_FAULTS: dict[
    str, tuple[TrainingRun, str, Callable[[float, int, list[float]], float], tuple[str, str]]
] = {
    "no number": (
        CLEAN, SPEED, lambda v, i, _: math.nan if i == 4 else v, ("not_finite", "note")
    ),
    "no number where the catalogue has a rule": (
        CLEAN, LOSS, lambda v, i, _: math.inf if i == 4 else v, ("not_finite", "note")
    ),
    "no number at the start": (
        CLEAN, LOSS, lambda v, i, _: math.nan if i < 5 else v, ("not_finite", "note")
    ),
    "many that are no numbers": (
        CLEAN, SPEED, lambda v, i, _: math.nan if i % 4 == 1 else v, ("diverged", "warning")
    ),
    "many where the catalogue has a rule": (
        CLEAN, LOSS, lambda v, i, _: math.inf if i % 4 == 1 else v, ("diverged", "error")
    ),
    "no number at the end": (
        CLEAN, LOSS, lambda v, i, _: math.nan if i > 16 else v, ("diverged", "error")
    ),
    "an infinite gradient": (
        CLEAN, GRADIENT, lambda v, i, _: math.inf if i == 4 else v, ("not_finite", "note")
    ),
    "an exploding gradient": (
        CLEAN, GRADIENT, lambda v, i, _: 126.0 if i == 4 else v,
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
        CLEAN, UPDATES, lambda v, i, _: v / 2 if i == 9 else v, ("counter_backwards", "error")
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
def test_the_gradient_rule_scales_with_the_batch_where_runs_show_it(
    tmp_path: Path, batch_size: int, fires: bool
) -> None:
    write_run(tmp_path, replace(CLEAN, batch_size=batch_size))
    # 26 is over 25, a quarter of the threshold, which a batch of 512 has of one of 2048.
    change = Numbered(GRADIENT, lambda v, i, _: 26 if i == 4 else v)
    rewrite_event_file(only_file(tmp_path), change)
    alone = kinds(of_all(tmp_path))
    assert alone == ({("rule_not_checked", "note")} if fires else set())
    write_run(tmp_path, replace(CLEAN, name="other", seed=1, batch_size=2 * batch_size))
    beside = kinds(of_all(tmp_path))
    assert beside == ({("watch_gradient_norm_before_clip_max", "warning")} if fires else set())


def test_a_threshold_does_not_scale_where_runs_show_that_the_metric_does_not(
    tmp_path: Path,
) -> None:
    for name, batch_size in (("uni_5", 64), ("other", 2048)):
        run = replace(CLEAN, name=name, batch_size=batch_size, seed=batch_size)
        write_run(tmp_path, run)
        (file,) = (tmp_path / name).iterdir()
        rewrite_event_file(
            file, lambda t, v, size=batch_size: v * 512 / size if "norm_before" in t else v
        )
    # About 10 in both: over the 3 that a batch of 64 would have of the threshold.
    assert of_all(tmp_path) == ()


def test_a_rule_that_cannot_be_checked_says_so(tmp_path: Path) -> None:
    write_run(tmp_path, CLEAN)
    counters = ("Training/batch_size", "cumul_number_single_memories_used")
    rewrite_events(only_file(tmp_path), lambda e: None if tag_of(e) in counters else e)
    run = open_logs(tmp_path)["uni_5"]
    found = run_findings(run, load_catalogue())
    assert kinds(found) == {("rule_not_checked", "note")}
    assert "batch size, which is not known or changes" in found[0].message
    assert run_findings(run, load_catalogue(), {"batch_size": 512}) == ()
    # 10 is over the threshold only if that is scaled down, and nothing shows that it may be.
    low = run_findings(run, load_catalogue(), {"batch_size": 64})
    assert kinds(low) == {("rule_not_checked", "note")}
    assert "no runs show whether it grows with the batch size" in low[0].message


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
