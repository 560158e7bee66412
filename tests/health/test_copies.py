"""One log under several names, and one seed that was run twice: one observation, not two."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event

from rulka_analysis.health import logs_findings, one_observation
from rulka_analysis.health.copies import copies, fingerprint
from rulka_analysis.health.readings import Readings
from rulka_analysis.project import load_catalogue, open_logs
from rulka_analysis.values.findings import Finding
from tests import event_files as write
from tests.rule_examples import find_in
from tests.training_logs import TrainingRun, rewrite_events, write_run

RUN = TrainingRun("uni_1", minutes=60)
NOISE = "1 0.9 0.95 0.8 0.85 0.7 0.75 0.6 0.66 0.5 0.55 0.4"


def all_of(folder: Path) -> tuple[Finding, ...]:
    return logs_findings(open_logs(folder), load_catalogue())


def copied(folder: Path, name: str, *, of: str = "uni_1") -> Path:
    """Copy a run under another name, and return its file."""
    shutil.copytree(folder / of, folder / name)
    (file,) = (folder / name).iterdir()
    return file


def later(event: Event) -> Event:
    event.wall_time += 86_400
    return event


def further(event: Event) -> Event:
    event.step += 1_000_000
    return event


def without_end(event: Event) -> Event | None:
    return event if event.wall_time < RUN.started + 2400 else None


def without_beginning(event: Event) -> Event | None:
    return event if event.wall_time > RUN.started + 1200 or not event.summary.value else None


COPIES = {
    "whole": None,
    "shifted in time": later,
    "shifted in steps": further,
    "a beginning of it": without_end,
    "an end of it": without_beginning,
}


@pytest.mark.parametrize("how", COPIES)
def test_a_log_under_two_names_is_found(tmp_path: Path, how: str) -> None:
    write_run(tmp_path, RUN)
    write_run(tmp_path, replace(RUN, name="uni_2", seed=1))
    file = copied(tmp_path, "other/copy")
    change = COPIES[how]
    if change is not None:
        rewrite_events(file, change)
    found = all_of(tmp_path)
    (copy,) = [finding for finding in found if finding.code == "RK501"]
    assert copy.severity == "error"
    assert set(copy.runs) == {"uni_1", "other/copy"}
    assert ("shorter" in copy.message) is (how in ("a beginning of it", "an end of it"))
    assert one_observation(found).keys() == {frozenset(copy.runs)}


def test_a_log_under_nine_names_is_told_once(tmp_path: Path) -> None:
    write_run(tmp_path, RUN)
    for number in range(2, 10):
        copied(tmp_path, f"other_{number}")
    (finding,) = all_of(tmp_path)
    assert finding.code == "RK501"
    assert len(finding.runs) == 9
    assert len(one_observation([finding])) == 36


def test_the_same_numbers_at_other_times_are_a_seed_run_twice(tmp_path: Path) -> None:
    write_run(tmp_path, RUN)

    def slower(event: Event) -> Event:
        event.wall_time = RUN.started + (event.wall_time - RUN.started) * 1.2 + 1e6
        return event

    rewrite_events(copied(tmp_path, "again"), slower)
    found = [finding for finding in all_of(tmp_path) if finding.code.startswith("RK5")]
    assert [(f.code, f.severity) for f in found] == [("RK502", "warning")]
    assert one_observation(found).keys() == {frozenset(("uni_1", "again"))}


def test_a_copy_without_times_is_one_log_by_its_steps(tmp_path: Path) -> None:
    text = f"a odd/reward: {NOISE}\ncopy a b\nwall b zero"
    assert {finding.code for finding in find_in(tmp_path, text)} == {"RK501", "RK116"}


ANY = "a odd/score: 1 2 3 4 5 6 7 8\na odd/flag: 1*8"


@pytest.mark.parametrize("how", ["copy a b", "copy a b\ncut b 200", "copy a b\ncut a 200"])
@pytest.mark.parametrize("values", [ANY, "a odd/score: 1 2 3", "a odd/flag: 1*9"])
def test_the_same_moments_are_one_log_whatever_the_values(
    tmp_path: Path, how: str, values: str
) -> None:
    found = find_in(tmp_path, f"{values.replace(' 3', ' 3*6')}\n{how}")
    assert [(f.code, set(f.runs)) for f in found if f.code[:3] == "RK5"] == [("RK501", {"a", "b"})]


def test_the_middle_of_a_log_is_that_log(tmp_path: Path) -> None:
    write_run(tmp_path, RUN)
    file = copied(tmp_path, "middle")
    rewrite_events(file, without_end)
    rewrite_events(file, without_beginning)
    (finding,) = [finding for finding in all_of(tmp_path) if finding.code[:3] == "RK5"]
    assert (finding.code, set(finding.runs)) == ("RK501", {"uni_1", "middle"})


WAVE = " ".join(f"{1 + math.cos(i / 5):.4f}" for i in range(60))
# The second run begins a minute later: what is the same at the same moments is a copy.
DIFFERENT = {
    "other numbers": f"a odd/reward: {NOISE}\nb odd/reward: {NOISE.replace('0.85', '0.86')}",
    "a schedule that only falls": f"a odd/rate: {(s := '9 8 7 6 5 4 3 2 1')}\nb odd/rate: +1m {s}",
    "a flag": f"a odd/flag: {(s := '0 1 0 1 0 1 0 1 0 1')}\nb odd/flag: +1m {s}",
    "a bound": f"a odd/return: {(s := '9 10 10 10 10 10 10 10')}\nb odd/return: +1m {s}",
    "a setting": f"a RL/gamma: {(s := '1 2 3 2 1 5 4 3')}\nb RL/gamma: +1m {s}",
    "a beginning only": f"a odd/reward: {NOISE} 3 4\nb odd/reward: {NOISE} 5 4",
    "a schedule that comes and goes": f"a odd/rate: {WAVE}\nb odd/rate: +1m {WAVE}",
    "one tag of two": "\n".join(
        f"{run} odd/cycle: {NOISE}\n{run} odd/x: {x} {NOISE}" for run, x in (("a", 7), ("b", 8))
    ),
    "one tag of many": "\n".join(
        f"{run} odd/cycle: {NOISE}\n{run} odd/x: {more}{NOISE}\n{run} odd/y: {NOISE}{more}"
        for run, more in (("a", " 7 "), ("b", " 8 "))
    ),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_different_runs_may_share_is_no_copy(tmp_path: Path, case: str) -> None:
    codes = {finding.code for finding in find_in(tmp_path, DIFFERENT[case])}
    assert not codes & {"RK501", "RK502"}


def test_tags_of_other_programs_count_as_well(tmp_path: Path) -> None:
    text = f"a odd/reward: {NOISE}\nb odd/reward: {NOISE}\nc odd/reward: 0.3 {NOISE}"
    found = find_in(tmp_path, text)
    assert {frozenset(f.runs) for f in found if f.code == "RK501"} == {
        frozenset("ab"), frozenset("abc"),
    }  # fmt: skip


def test_only_pairs_with_the_runs_asked_for_are_told_of(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_run(tmp_path, replace(RUN, name=name, seed=0 if name != "c" else 1))
    logs = open_logs(tmp_path)
    assert len(logs_findings(logs, load_catalogue(), ["a"])) == 1
    assert logs_findings(logs, load_catalogue(), ["c"]) == ()


def test_runs_by_a_clock_that_counts_from_zero_are_not_opened_one_by_one(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    for number in range(30):
        values = random.normal(size=40).tolist()
        events = [
            write.scalar_event("loss", at, value, write.STARTED + at)
            for at, value in enumerate(values)
        ]
        write.write_event_file(tmp_path / f"run_{number}x" / write.NAME, events)
    copied(tmp_path, "run_30x", of="run_7x")
    logs = open_logs(tmp_path)
    readings = {run.name: Readings(run, load_catalogue()) for run in logs}
    asked: list[str] = []

    def opened(name: str) -> Readings:
        asked.append(name)
        return readings[name]

    (found,) = copies([fingerprint(log) for log in readings.values()], opened)
    assert set(found.runs) == {"run_7x", "run_30x"}
    assert set(asked) == {"run_7x", "run_30x"}
