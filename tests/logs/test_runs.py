"""A folder of event logs as runs: order, restarts, segments, what is left out, what is said."""

from __future__ import annotations

import hashlib
import math
import os
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rulka_analysis.domains.trackmania import DOMAIN
from rulka_analysis.logs.clocks import Conventions
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.values import questions
from rulka_analysis.values.errors import LogDirectoryError, UnknownRunError, UnknownTagError
from tests import event_files as write
from tests.training_logs import (
    Restart,
    TrainingRun,
    write_header_only,
    write_layout,
    write_run,
)

REAL_LOGS = Path(__file__).parents[3] / "shared" / "real_logs"
START = write.STARTED


def write_file(folder: Path, created: float, *events: tuple[str, int, float, float]) -> Path:
    """Write an event file made at `created`: tag, step, value, seconds after that moment."""
    payloads = [write.version_event(created)]
    payloads += [write.scalar_event(tag, n, value, created + at) for tag, n, value, at in events]
    path = folder / f"events.out.tfevents.{created:.0f}.host.1.0"
    return write.write_event_file(path, payloads, version=False)


def series(run: Run, tag: str) -> list[tuple[int, float]]:
    events = run.scalars(tag)
    return list(zip(events.step.tolist(), events.value.tolist(), strict=True))


def splitting_at(*steps: int) -> Conventions:
    """Return conventions of a program that goes on in another folder at these steps."""
    return replace(DOMAIN.conventions, segment_steps=steps)


def logs_of_segments(folder: Path) -> Logs:
    return Logs(folder, conventions=splitting_at(300_000))


def kinds(run: Run) -> list[str]:
    return [finding.kind for finding in run.findings]


# --- Order and restarts ---------------------------------------------------------------------------


def test_files_follow_each_other_by_the_time_they_were_made_not_by_name(tmp_path: Path) -> None:
    late = write_file(tmp_path / "run", START + 900, ("a", 20, 2.0, 1))
    early = write_file(tmp_path / "run", START, ("a", 10, 1.0, 1))
    late.rename(late.with_name("a.tfevents"))
    early.rename(early.with_name("z.tfevents"))
    assert series(Logs(tmp_path)["run"], "a") == [(10, 1.0), (20, 2.0)]


def test_after_a_restart_the_later_file_wins_and_what_it_overlaid_is_counted(
    tmp_path: Path,
) -> None:
    steps = [(step, step / 10) for step in range(10, 60, 10)]
    write_file(
        tmp_path / "run",
        START,
        *[("a", step, at, at) for step, at in steps],
        *[("only_before", step, at, at) for step, at in steps],
    )
    write_file(tmp_path / "run", START + 900, ("a", 40, 7.0, 1), ("a", 50, 8.0, 2))
    run = Logs(tmp_path)["run"]
    assert series(run, "a") == [(10, 1.0), (20, 2.0), (30, 3.0), (40, 7.0), (50, 8.0)]
    # What was not written again is not given up.
    assert len(series(run, "only_before")) == 5
    (finding,) = run.findings
    assert (finding.kind, finding.severity, finding.run) == ("restart", "warning", "run")
    assert "starts again at step 40: 2 of 12 events (17 %) are given up. a loses most: 29 %" in (
        finding.message
    )
    assert finding.tag == "a"
    assert (run.given_up, run.written, run.share_given_up) == ({"a": 2}, 12, 2 / 12)


def test_a_later_file_that_shares_no_tag_overlays_nothing(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 10, 1.0, 1), ("a", 20, 2.0, 2))
    write_file(tmp_path / "run", START + 900, ("b", 5, 9.0, 1))
    run = Logs(tmp_path)["run"]
    assert series(run, "a") == [(10, 1.0), (20, 2.0)]
    assert run.findings == ()


def test_a_later_file_that_goes_on_is_no_restart(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 10, 1.0, 1))
    write_file(tmp_path / "run", START + 900, ("a", 20, 2.0, 1))
    assert Logs(tmp_path)["run"].findings == ()


def test_files_written_at_the_same_time_are_both_kept_and_named(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 10, 1.0, 10), ("a", 20, 2.0, 100))
    write_file(tmp_path / "run", START + 50, ("a", 10, 3.0, 1), ("a", 20, 4.0, 100))
    run = Logs(tmp_path)["run"]
    # In the order of their times.
    assert series(run, "a") == [(10, 1.0), (10, 3.0), (20, 2.0), (20, 4.0)]
    assert kinds(run) == ["written_at_the_same_time"]


def test_three_sessions_each_going_back_leave_the_truth(tmp_path: Path) -> None:
    restarts = (Restart(22, back=2.2, pause=30), Restart(40, back=10, pause=5), Restart(50))
    truth = write_run(tmp_path, TrainingRun("uni_5", restarts=restarts))
    run = Logs(tmp_path, conventions=DOMAIN.conventions)["uni_5"]
    assert set(run.tags) == set(truth.events.tag)
    for tag in run.tags:
        events, expected = run.scalars(tag), truth.of(tag)
        assert events.value.tolist() == expected.value.tolist()
        assert events.step.tolist() == expected.step.tolist()
        assert events.wall_time.tolist() == expected.wall_time.tolist()
        # Hours are logged as float32.
        np.testing.assert_allclose(events.minutes, expected.minute, atol=1e-4)
    assert sum(run.given_up.values()) == truth.overlaid > 100
    assert run.written == len(truth.events) + truth.overlaid
    assert run.duration == pytest.approx(60, abs=1e-4)


# --- Segments -------------------------------------------------------------------------------------


def test_segments_are_one_run_and_hold_all_of_it(tmp_path: Path) -> None:
    run = TrainingRun("uni_6", minutes=30, segment_frames=(300_000, 600_000), logs_hours=False)
    truth = write_run(tmp_path, run)
    logs = Logs(tmp_path, conventions=splitting_at(300_000, 600_000))
    assert logs.runs == ("uni_6",)
    assert logs["uni_6"].folders == truth.folders == ("uni_6", "uni_6_2", "uni_6_3")
    events, expected = logs["uni_6"].scalars("Training/loss"), truth.of("Training/loss")
    assert events.value.tolist() == expected.value.tolist()
    np.testing.assert_allclose(events.minutes, expected.minute, rtol=1e-12)
    assert {name.split("/")[0] for name in events.file} == {"uni_6", "uni_6_2", "uni_6_3"}


def test_a_restart_that_goes_back_before_a_segment_keeps_one_run(tmp_path: Path) -> None:
    restart = Restart(12, back=3, pause=40)
    run = TrainingRun("uni_6", minutes=20, segment_frames=(300_000,), restarts=(restart,))
    truth = write_run(tmp_path, run)
    logs = Logs(tmp_path, conventions=splitting_at(300_000))
    assert logs.runs == ("uni_6",)
    events = logs["uni_6"].scalars("Race/race_time_ratio_hock")
    expected = truth.of("Race/race_time_ratio_hock")
    assert events.value.tolist() == expected.value.tolist()
    np.testing.assert_allclose(events.minutes, expected.minute, atol=1e-4)


@pytest.mark.parametrize("first_step", [0, 1, 80])
def test_runs_that_do_not_go_on_where_another_ends_stay_apart(
    tmp_path: Path, first_step: int
) -> None:
    write_file(tmp_path / "dqn", START, ("a", 0, 1.0, 1), ("a", 100, 2.0, 2))
    write_file(tmp_path / "dqn_2", START + 900, ("a", first_step, 1.0, 1), ("a", 100, 2.0, 2))
    assert Logs(tmp_path).runs == ("dqn", "dqn_2")


def test_a_number_alone_makes_no_segment(tmp_path: Path) -> None:
    write_file(tmp_path / "uni_2", START, ("a", 100, 1.0, 1))
    write_file(tmp_path / "uni_3", START + 900, ("a", 101, 1.0, 1))
    write_file(tmp_path / "uni_3_1", START + 1800, ("a", 102, 1.0, 1))
    assert Logs(tmp_path).runs == ("uni_2", "uni_3", "uni_3_1")


def test_runs_are_listed_as_people_count(tmp_path: Path) -> None:
    for number in (10, 9, 100):
        write_file(tmp_path / f"uni_{number}", START, ("a", 1, 1.0, 1))
    assert Logs(tmp_path).runs == ("uni_9", "uni_10", "uni_100")


# --- What else lies in a log directory ------------------------------------------------------------


def test_a_layout_and_a_run_that_died_at_once_are_no_runs(tmp_path: Path) -> None:
    write_run(tmp_path, TrainingRun("uni_5", minutes=5))
    write_layout(tmp_path / "lay_mono")
    assert write_header_only(tmp_path / "uni_4").stat().st_size < 100
    logs = Logs(tmp_path)
    assert logs.runs == ("uni_5",)
    assert logs.findings == ()
    assert logs.without_scalars == {"lay_mono": 1, "uni_4": 1}


def test_a_header_only_file_in_a_runs_folder_changes_nothing(tmp_path: Path) -> None:
    truth = write_run(tmp_path, TrainingRun("uni_5", minutes=10))
    write_header_only(tmp_path / "uni_5", START + 200)
    run = Logs(tmp_path)["uni_5"]
    assert run.scalars("Training/loss").value.tolist() == truth.of("Training/loss").value.tolist()
    assert len(run.files) == 1


def test_hyperparameters_in_a_folder_beneath_belong_to_the_run(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1, 1.0, 1))
    hyperparameters = {"lr": 0.5, "optimizer": "adam", "double": True}
    events = [write.hyperparameters_event(hyperparameters)]
    write.write_event_file(tmp_path / "run" / "hparams" / write.NAME, events)
    logs = Logs(tmp_path)
    assert logs.runs == ("run",)
    assert logs["run"].hyperparameters == hyperparameters


def test_hyperparameters_above_the_sides_of_a_training_belong_to_each(tmp_path: Path) -> None:
    for trial, rate in (("one", 0.5), ("two", 0.25)):
        write.write_event_file(tmp_path / trial, [write.hyperparameters_event({"lr": rate})])
        for side in ("train", "validation"):
            write.write_event_file(
                tmp_path / trial / side, [write.scalar_event("epoch_loss", 1, 2.0)]
            )
    logs = Logs(tmp_path)
    assert {run.name: run.hyperparameters for run in logs} == {
        "one/train": {"lr": 0.5},
        "one/validation": {"lr": 0.5},
        "two/train": {"lr": 0.25},
        "two/validation": {"lr": 0.25},
    }
    assert logs.without_scalars == {}


def test_what_pytorch_logs_with_hyperparameters_belongs_to_the_run(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 7, 1.0, 60))
    events = [write.hyperparameters_event({"lr": 0.5}), write.scalar_event("final", 0, 3.0)]
    write.write_event_file(tmp_path / "run" / "1700000000.5" / write.NAME, events)
    without = write.scalar_event("a", 1, 1.0)
    write.write_event_file(tmp_path / "run" / "1700000001.5" / write.NAME, [without])
    logs = Logs(tmp_path)
    assert logs.runs == ("run", "run/1700000001.5")
    assert logs["run"].hyperparameters == {"lr": 0.5}
    assert series(logs["run"], "a") == [(7, 1.0)]
    assert logs["run"].tags == ("a",)
    assert logs["run"].beside == ("run/1700000000.5",)
    # The values are those of the folder itself.
    assert series(logs["run/1700000000.5"], "final") == [(0, 3.0)]
    assert "run/1700000000.5" in logs
    assert logs["run"].findings == ()


def test_values_that_are_not_numbers_are_kept(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1, math.nan, 1), ("a", 2, math.inf, 2))
    values = Logs(tmp_path)["run"].scalars("a").value.tolist()
    assert math.isnan(values[0])
    assert values[1] == math.inf


def test_texts_are_there_on_demand(tmp_path: Path) -> None:
    events = [write.scalar_event("a", 1, 1.0), write.text_event("times_summary", 1, "24.56")]
    write.write_event_file(tmp_path / "run", events)
    assert [text.text for text in Logs(tmp_path)["run"].texts] == ["24.56"]


def test_damage_reaches_the_findings_under_the_runs_name(tmp_path: Path) -> None:
    path = write_file(tmp_path / "run", START, *[("a", n, 1.0, n) for n in range(50)])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    (finding,) = Logs(tmp_path)["run"].findings
    assert (finding.kind, finding.severity, finding.run) == ("damage", "error", "run")
    # Named from the log directory: a page built elsewhere says the same.
    assert finding.file == f"run/{path.name}"
    assert str(tmp_path) not in finding.message
    assert f"run/{path.name} is damaged at byte" in finding.message


def test_damage_beside_a_run_reaches_its_findings(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1, 1.0, 1))
    broken = write.write_event_file(tmp_path / "run" / "170", [write.hyperparameters_event({})])
    broken.write_bytes(broken.read_bytes()[:-3])
    assert kinds(Logs(tmp_path)["run"]) == ["truncated_tail"]


def test_a_folder_in_which_nothing_can_be_read_is_not_passed_over_in_silence(
    tmp_path: Path,
) -> None:
    write_file(tmp_path / "uni_5", START, ("a", 1, 1.0, 1))
    lost = tmp_path / "uni_6" / write.NAME
    lost.parent.mkdir()
    lost.write_bytes(b"no event file at all, whatever its name")
    logs = Logs(tmp_path)
    assert logs.runs == ("uni_5",)
    (finding,) = logs.findings
    assert (finding.kind, finding.file) == ("not_an_event_file", f"uni_6/{write.NAME}")


# --- Errors ---------------------------------------------------------------------------------------


def test_a_missing_directory_is_named_with_the_nearest_and_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "tensorboard").mkdir()
    with pytest.raises(LogDirectoryError) as caught:
        Logs(tmp_path / "tensorbaord" / "deeper")
    message = str(caught.value)
    assert str(tmp_path / "tensorbaord" / "deeper") in message
    assert f"did you mean {tmp_path / 'tensorboard'}?" in message
    assert "LOGDIR" in message


def test_a_file_in_place_of_a_directory(tmp_path: Path) -> None:
    path = write_file(tmp_path, START, ("a", 1, 1.0, 1))
    with pytest.raises(
        LogDirectoryError, match=r"is a file, not a log directory\. Name the folder"
    ):
        Logs(path)


def test_a_directory_without_runs(tmp_path: Path) -> None:
    write_layout(tmp_path / "lay_mono")
    with pytest.raises(LogDirectoryError, match=r"no run in .*Set LOGDIR"):
        Logs(tmp_path)


def test_an_unknown_run(tmp_path: Path) -> None:
    write_file(tmp_path / "uni_5", START, ("a", 1, 1.0, 1))
    with pytest.raises(UnknownRunError, match=r"no run 'uni5' in .*did you mean 'uni_5'") as caught:
        Logs(tmp_path)["uni5"]
    assert "There are: uni_5" in str(caught.value)


def test_an_unknown_tag(tmp_path: Path) -> None:
    write_file(tmp_path / "uni_5", START, ("Training/loss", 1, 1.0, 1))
    with pytest.raises(UnknownTagError, match=r"no tag 'Training/los' in run uni_5") as caught:
        Logs(tmp_path)["uni_5"].scalars("Training/los")
    assert "did you mean 'Training/loss'?" in str(caught.value)


# --- What was there when reading began ------------------------------------------------------------


def test_bytes_appended_later_are_not_read(tmp_path: Path) -> None:
    path = write_file(tmp_path / "run", START, ("a", 1, 1.0, 1))
    lengths = Logs(tmp_path).lengths()
    assert lengths == {f"run/{path.name}": path.stat().st_size}
    with path.open("ab") as stream:
        event = write.scalar_event("a", 2, 2.0, START + 2)
        stream.write(write.record(event.SerializeToString()))
    assert series(Logs(tmp_path, lengths=lengths)["run"], "a") == [(1, 1.0)]
    assert series(Logs(tmp_path)["run"], "a") == [(1, 1.0), (2, 2.0)]


def test_bytes_appended_after_opening_are_not_read_either(tmp_path: Path) -> None:
    path = write_file(tmp_path / "run", START, ("a", 1, 1.0, 1))
    logs = Logs(tmp_path)
    before = logs.lengths()
    path.write_bytes(path.read_bytes() + b"more")
    assert logs.lengths() == before
    assert logs["run"].findings == ()


def test_files_and_runs_that_appear_later_are_not_seen(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1, 1.0, 1))
    header = write_header_only(tmp_path / "other")
    lengths = Logs(tmp_path).lengths()
    write_file(tmp_path / "run", START + 900, ("a", 2, 2.0, 1))
    write_file(tmp_path / "new", START, ("a", 1, 1.0, 1))
    event = write.scalar_event("a", 1, 1.0)
    header.write_bytes(header.read_bytes() + write.record(event.SerializeToString()))
    logs = Logs(tmp_path, lengths=lengths)
    assert logs.runs == ("run",)
    assert series(logs["run"], "a") == [(1, 1.0)]


# --- Names and links ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["神舟革命", "run with spaces", "ümläut $HOME", "<script>"])
def test_names_are_kept_as_they_are(tmp_path: Path, name: str) -> None:
    if sys.platform == "win32" and "<" in name:
        pytest.skip("Windows has no such names")
    write_file(tmp_path / name, START, ("a", 1, 1.0, 1))
    logs = Logs(tmp_path)
    assert logs.runs == (name,)
    assert logs[name].evidence("a", 0).file.startswith(f"{name}/")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no Unicode")
def test_a_name_that_is_no_unicode_is_read_and_can_be_written_down(tmp_path: Path) -> None:
    write_file(tmp_path / os.fsdecode(b"run_\xff"), START, ("a", 1, 1.0, 1))
    logs = Logs(tmp_path)
    (name,) = logs.runs
    name.encode()
    assert len(logs[name].digest) == 64
    logs[name].evidence("a", 0).file.encode()


def test_a_run_deeper_down_is_named_by_its_way(tmp_path: Path) -> None:
    write_file(tmp_path / "a" / "b", START, ("a", 1, 1.0, 1))
    assert Logs(tmp_path).runs == ("a/b",)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_in_a_circle_end_and_a_folder_keeps_its_own_name(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    write_file(logs / "uni_5", START, ("a", 1, 1.0, 1))
    (logs / "uni_5" / "up").symlink_to(logs)
    (logs / "latest").symlink_to(logs / "uni_5")
    write_file(tmp_path / "elsewhere", START, ("a", 1, 1.0, 1))
    (logs / "uni_6").symlink_to(tmp_path / "elsewhere")
    assert Logs(logs).runs == ("uni_5", "uni_6")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_to_nothing_is_a_finding(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1, 1.0, 1))
    (tmp_path / "run" / "events.out.tfevents.1.gone").symlink_to(tmp_path / "gone")
    run = Logs(tmp_path)["run"]
    assert kinds(run) == ["unreadable"]
    assert len(run.digest) == 64


# --- Digests and questions ------------------------------------------------------------------------


def test_a_digest_changes_exactly_when_content_does(tmp_path: Path) -> None:
    path = write_file(tmp_path / "run", START, ("a", 1, 1.0, 1))
    write_file(tmp_path / "other", START, ("a", 1, 1.0, 1))

    def digest(name: str = "run") -> str:
        return Logs(tmp_path)[name].digest

    before, other = digest(), digest("other")
    os.utime(path, (1, 1))
    assert digest() == before

    content = path.read_bytes()
    write_file(tmp_path / "run", START, ("a", 1, 1.5, 1))
    assert path.stat().st_size == len(content)
    assert digest() != before
    path.write_bytes(content)
    assert digest() == before

    second = write_header_only(tmp_path / "run", START + 500)
    with_header = digest()
    assert with_header != before
    second.unlink()

    sidecar = tmp_path / "run" / "provenance.toml"
    sidecar.write_text('source = "a figure"\n', encoding="utf-8")
    assert digest() != before
    sidecar.unlink()
    beneath = [write.hyperparameters_event({"lr": 1.0})]
    write.write_event_file(tmp_path / "run" / "170", beneath)
    assert digest() != before
    assert digest("other") == other


def test_the_digest_does_not_depend_on_what_was_read_before(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1, 1.0, 1))
    fresh = Logs(tmp_path)["run"].digest
    run = Logs(tmp_path)["run"]
    run.scalars("a")
    assert run.digest == fresh


def test_the_states_of_a_runs_files_are_its_digest_file_by_file(tmp_path: Path) -> None:
    run = TrainingRun("uni_6", minutes=20, segment_frames=(300_000,))
    write_run(tmp_path, run)
    for folder in ("uni_6", "uni_6_2"):
        sidecar = tmp_path / folder / "provenance.toml"
        sidecar.write_text(f'source = "{folder}"\n', encoding="utf-8")
    write_header_only(tmp_path / "uni_6", START + 5)
    write.write_event_file(
        tmp_path / "uni_6" / "hparams", [write.hyperparameters_event({"a": 1.0})]
    )
    write_file(tmp_path / "other", START, ("a", 1, 1.0, 1))

    logs = logs_of_segments(tmp_path)
    before = logs.digest("uni_6")
    states = logs.file_states("uni_6")
    files = [path for path in tmp_path.rglob("*") if path.is_file() and "other" not in path.parts]
    assert states.keys() == {path.relative_to(tmp_path).as_posix() for path in files}
    for path in files:
        data = path.read_bytes()
        state = (len(data), hashlib.sha256(data).hexdigest())
        assert states[path.relative_to(tmp_path).as_posix()] == state
    assert logs.file_states("uni_7") == {}

    logs["uni_6"].scalars("Training/loss")
    assert logs_of_segments(tmp_path).file_states("uni_6") == states
    assert logs_of_segments(tmp_path).digest("uni_6") == before
    for path in files:
        data = path.read_bytes()
        path.write_bytes(data + b"\n")
        changed = logs_of_segments(tmp_path)
        assert changed.digest("uni_6") != before
        grown = path.relative_to(tmp_path).as_posix()
        assert {
            name for name, state in changed.file_states("uni_6").items() if state != states[name]
        } == {grown}
        assert changed.file_states("uni_6")[grown][0] == len(data) + 1
        path.write_bytes(data)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_the_digest_of_what_cannot_be_read_does_not_depend_on_trying(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1, 1.0, 1))
    (tmp_path / "run" / "events.out.tfevents.1.gone").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "run" / "events.out.tfevents.1.pipe")
    fresh = Logs(tmp_path).digest("run")
    logs = Logs(tmp_path)
    assert kinds(logs["run"]) == ["unreadable", "unreadable"]
    assert logs.digest("run") == fresh


# --- Very many files ------------------------------------------------------------------------------


def test_very_many_small_files_are_one_run(tmp_path: Path) -> None:
    count = 300
    for number in range(count):
        write_file(tmp_path / "run", START + 10 * number, ("a", number, 1.0, 1))
    run = Logs(tmp_path)["run"]
    assert len(run.scalars("a")) == len(run.files) == count
    assert run.findings == ()


def test_a_run_among_very_many_other_things(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1, 1.0, 1))
    for number in range(500):
        (tmp_path / "run" / f"image_{number}.png").touch()
        (tmp_path / "run" / f"tfevents.{number}").touch()
        (tmp_path / "run" / f"folder_{number}").mkdir()
    run = Logs(tmp_path)["run"]
    assert series(run, "a") == [(1, 1.0)]
    assert len(run.files) == 1
    assert run.findings == ()


def test_absent_is_an_answer_too(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1, 1.0, 1))
    logs = Logs(tmp_path)
    assert "uni_6" not in logs
    assert len(logs["run"].tags) == 1
    answers = {(q["kind"], q["subject"]): q["answer"] for q in questions.record()}
    assert answers["run", "uni_6"] == "absent"
    assert answers["run", "run"] == logs["run"].digest
    assert ("runs", "") not in answers


# --- Real logs of other programs ------------------------------------------------------------------

REAL_FOLDERS = (
    {
        "janosh+tensorboard-reducer": 12,
        "Alwaysproblem+tensorboard-review": 6,
        "tensorflow+tensorboard": 4,
        "BY571+DQN-Atari-Agents": 2,
        "yinzhoux+cs285": 13,
    }
    if REAL_LOGS.is_dir()
    else {}
)


@cache
def real_logs(folder: str) -> Logs:
    # One of them goes back within its file.
    return Logs(REAL_LOGS / folder, overlap="keep all")


@pytest.mark.skipif(not REAL_LOGS.is_dir(), reason="no real logs here")
@pytest.mark.parametrize("folder", REAL_FOLDERS)
def test_real_logs_equal_what_tensorboard_reads(folder: str) -> None:
    logs = real_logs(folder)
    assert len(logs) == REAL_FOLDERS[folder]
    compared = 0
    for run in logs:
        assert (REAL_LOGS / folder / run.name).is_dir()
        assert run.digest == logs.digest(run.name)
        if len(run.files) > 1:
            continue
        compared += 1
        everything = {"scalars": 0, "tensors": 0}
        accumulator = EventAccumulator(
            str(run.files[0].path), size_guidance=everything, purge_orphaned_data=False
        ).Reload()
        plain = accumulator.Tags()["scalars"]
        assert set(plain) <= set(run.tags)
        for tag in run.tags:
            if tag in plain:
                expected = [(e.step, e.value, e.wall_time) for e in accumulator.Scalars(tag)]
            else:
                events = accumulator.Tensors(tag)
                expected = [
                    (e.step, float(np.frombuffer(e.tensor_proto.tensor_content, "<f4")[0]), e[0])
                    for e in events
                ]
            found = run.scalars(tag)
            steps = zip(found.step, found.value, found.wall_time, strict=True)
            assert [tuple(row) for row in steps] == expected
    assert compared
