"""Which events of a run stand: random histories against a known truth, and kinds one by one."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto.event_pb2 import Event

from rulka_analysis.logs.clocks import Conventions
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.values.errors import RulkaError
from tests import event_files as write
from tests.logs.histories import History, Row

START, MINUTE = write.STARTED, 60.0
EXAMPLES = 2000 if os.environ.get("RULKA_LONG") else 60


def rows_of(run: Run) -> list[Row]:
    found = []
    for tag in run.tags:
        events = run.events(tag)
        found += [
            (tag, step, value)
            for step, value in zip(events.steps.tolist(), events.values.tolist(), strict=True)
        ]
    return sorted(found)


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.integers(0, 2**32))
def test_every_event_that_was_not_repeated_is_there_once_and_no_other(seed: int) -> None:
    with TemporaryDirectory() as folder:
        history = History(seed, Path(folder) / "run")
        truth = history.write()
        run = Logs(Path(folder))["run"]
        attempts = [*run.earlier, run]
        assert len(attempts) == len(truth.attempts), history.told
        for number, attempt in enumerate(attempts):
            standing = truth.standing(number)
            assert rows_of(attempt) == standing, history.told
            gone = truth.given_up[number]
            assert sum(attempt.given_up.values()) == gone, history.told
            assert attempt.written == len(standing) + gone
            assert attempt.share_given_up == gone / (len(standing) + gone)
            (said,) = [f for f in attempt.findings if f.kind == "restart"] or [None]
            assert (said is not None) == (gone > 0)
            if said is not None and attempt.share_given_up > 0.1:
                assert said.severity == "warning"
                assert said.tag in attempt.given_up
        copies = [f for f in run.findings if f.kind == "copy"]
        assert len(copies) == (truth.copies > 0)
        everything = Logs(Path(folder), overlap="keep all")["run"]
        assert everything.count == sum(attempt.written for attempt in attempts)
        assert not everything.earlier


# --- Kinds, one by one ----------------------------------------------------------------------------


def series(
    tag: str, steps: Iterable[int], began: float = START, every: float = MINUTE
) -> list[Event]:
    return [
        write.scalar_event(tag, step, float(step), began + every * number)
        for number, step in enumerate(steps)
    ]


def in_turn(*tags: list[Event]) -> list[Event]:
    """Return what one program writes: events by their time, tags of one moment as given."""
    return sorted((event for tag in tags for event in tag), key=lambda event: event.wall_time)


def put(
    folder: Path, events: list[Event], began: float = START, process: int = 1, name: str = ""
) -> Path:
    path = folder / (name or f"events.out.tfevents.{began:.0f}.host.{process}.0")
    return write.write_event_file(path, [write.version_event(began), *events], version=False)


def run_in(folder: Path) -> Run:
    return Logs(folder)["run"]


def counts(run: Run) -> dict[str, int]:
    return {tag: len(run.events(tag)) for tag in run.tags}


def kinds(run: Run) -> list[str]:
    return [finding.kind for finding in run.findings]


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


def test_a_tag_that_a_resumed_session_does_not_write_gives_up_nothing(run_folder: Path) -> None:
    put(run_folder, in_turn(series("loss", range(0, 1000, 10)), series("rare", range(0, 1000, 10))))
    put(run_folder, series("loss", range(900, 1500, 10), START + 9000), START + 9000, 2)
    run = run_in(run_folder.parent)
    assert counts(run) == {"loss": 150, "rare": 100}
    assert run.given_up == {"loss": 10}
    # Those of the tag that was not repeated lie in a past that was given up.
    assert int(run.events("rare").gone_over.sum()) == 10
    assert not run.events("loss").gone_over.any()


@pytest.mark.parametrize("first", [0, 3, 60, 120])
def test_a_tag_that_counts_since_its_program_began_gives_up_nothing(
    run_folder: Path, first: int
) -> None:
    for part in range(3):
        began = START + part * 9000
        steps = range(part * 1000, part * 1000 + 1000, 10)
        seconds = range(first if part else 0, 6000, 60)
        put(
            run_folder, in_turn(series("a", steps, began), series("s", seconds, began)), began, part
        )
    run = run_in(run_folder.parent)
    assert run.given_up == {}
    assert counts(run)["a"] == 300
    assert not run.earlier


def test_such_a_tag_stands_through_a_resume_too(run_folder: Path) -> None:
    for part, steps in enumerate([range(0, 1000, 10), range(900, 1900, 10), range(200, 900, 10)]):
        began = START + part * 9000
        tags = [series(tag, steps, began) for tag in ("a", "b")]
        put(run_folder, in_turn(*tags, series("s", range(0, 3000, 60), began)), began, part)
    run = run_in(run_folder.parent)
    assert counts(run) == {"a": 90, "b": 90, "s": 150}
    assert run.given_up == {"a": 180, "b": 180}
    (finding,) = run.findings
    assert (finding.severity, finding.tag) == ("warning", "a")
    assert "resumed 2 times, at steps 900, 200: 360 of 690 events (52 %)" in finding.message


def test_an_evaluation_with_steps_of_its_own_gives_up_nothing(run_folder: Path) -> None:
    tags = [series(tag, range(10, 2000, 10)) for tag in ("loss", "eval/reward")]
    put(run_folder, in_turn(*tags))
    put(run_folder, series("eval/reward", range(20), START + 20_000), START + 20_000, 2)
    run = run_in(run_folder.parent)
    assert counts(run) == {"loss": 199, "eval/reward": 219}
    assert kinds(run) == ["another_program"]
    assert not run.earlier


@pytest.mark.parametrize("steps", [range(100, 1001, 100), range(300, 1001, 100), [400, 500, 700]])
def test_an_evaluation_of_saved_states_gives_up_nothing(
    run_folder: Path, steps: Iterable[int]
) -> None:
    """It goes back, and leaves out most of what was written from there on."""
    trained = (series(tag, range(0, 1010, 10)) for tag in ("reward", "loss", "q"))
    put(run_folder, in_turn(*trained))
    put(run_folder, series("reward", steps, START + 9000 * MINUTE), START + 9000 * MINUTE, 2)
    run = run_in(run_folder.parent)
    assert counts(run) == {"reward": 101 + len(list(steps)), "loss": 101, "q": 101}
    assert kinds(run) == ["another_program"]


def test_few_events_far_apart_do_not_begin_anew(run_folder: Path) -> None:
    put(run_folder, series("a", range(0, 1000, 10)))
    put(run_folder, series("a", [500, 1500], START + 9000 * MINUTE), START + 9000 * MINUTE, 2)
    run = run_in(run_folder.parent)
    assert run.given_up == {"a": 50}
    assert run.events("a").steps.tolist() == [*range(0, 500, 10), 500, 1500]


def test_one_curve_on_several_units_keeps_all_of_it(run_folder: Path) -> None:
    for part in range(2):
        began = START + part * 9000
        after = part * 100
        put(
            run_folder,
            in_turn(
                series("rewards/step", range(after * 64, (after + 100) * 64, 64), began),
                series("rewards/iter", range(after, after + 100), began),
                series("rewards/time", range(0, 6000, 60), began),
            ),
            began,
            part,
        )
    run = run_in(run_folder.parent)
    assert counts(run) == {"rewards/step": 200, "rewards/iter": 200, "rewards/time": 200}


def test_attempts_open_by_number_and_are_no_part_of_what_is_given_up(run_folder: Path) -> None:
    for part, count in enumerate([100, 40, 70]):
        began = START + part * 9000
        put(run_folder, in_turn(*(series(t, range(count), began) for t in "ab")), began, part)
    logs = Logs(run_folder.parent)
    assert logs.runs == ("run",)
    assert counts(logs["run"]) == {"a": 70, "b": 70}
    assert [attempt.name for attempt in logs["run"].earlier] == ["run@1", "run@2"]
    assert counts(logs["run@1"]) == {"a": 100, "b": 100}
    assert len(logs["run@2"].scalars("a")) == 40
    assert logs["run@2"].evidence("b", 3).run == "run@2"
    assert logs["run@2"].duration == 39
    assert logs["run"].given_up == {}
    assert "run@1" in logs
    assert "run@3" not in logs
    assert logs.digest("run@1") == logs.digest("run")
    (finding,) = logs["run"].findings
    assert finding.kind == "attempts"
    assert "140 of 420 events; the other 280 open as run@1 … run@2" in finding.message


def test_many_unrelated_files_are_no_one_run_and_none_is_dropped(run_folder: Path) -> None:
    for part in range(25):
        began = START + part * 9000
        put(run_folder, series("a", range(5 + part), began), began, part)
    run = run_in(run_folder.parent)
    assert [finding.kind for finding in run.findings] == ["no_one_run"]
    assert sum(attempt.count for attempt in [*run.earlier, run]) == sum(range(5, 30))


def test_unrelated_programs_in_one_folder_are_no_one_run_and_nothing_is_given_up(
    run_folder: Path,
) -> None:
    """They share some tags, and count in epochs, batches and steps from 0, 1 or 100."""
    tags = ("loss", "accuracy", "reward", "rate", "fps")
    written = []
    for part in range(15):
        began = START + part * 1000 * MINUTE
        every, start = ((1, 0), (10, 10), (100, 100), (1, 1))[part % 4]
        steps = range(start, start + every * (20 + part), every)
        own = [tags[(part + n) % 5] for n in range(1 + part % 3)]
        put(run_folder, in_turn(*(series(tag, steps, began) for tag in own)), began, part)
        written.append(len(steps) * len(own))
    run = run_in(run_folder.parent)
    assert kinds(run) == ["no_one_run"]
    assert len(run.earlier) >= 8
    assert sum(attempt.count for attempt in [*run.earlier, run]) == sum(written)


@pytest.mark.parametrize("hidden", [" (1)", ".sync-conflict-20240101-101010-ABC", "~", "_copy"])
@pytest.mark.parametrize("cut", [1.0, 0.5, 0.77])
def test_a_copy_counts_once_whatever_its_name(run_folder: Path, hidden: str, cut: float) -> None:
    path = put(run_folder, series("a", range(100)))
    data = path.read_bytes()
    part = data[: int(len(data) * cut)]
    # A transfer may lay out the whole file before it is there.
    path.with_name(path.name + hidden).write_bytes(part.ljust(len(data), b"\0"))
    run = run_in(run_folder.parent)
    assert counts(run) == {"a": 100}
    # Nothing is lost with what the copy lacks, so nothing else is told of it.
    (finding,) = run.findings
    assert (finding.kind, finding.file) == ("copy", f"run/{path.name}{hidden}")
    assert len(run.files) == 1


def test_a_damaged_copy_counts_once_and_an_equal_beginning_alone_is_no_copy(
    run_folder: Path,
) -> None:
    path = put(run_folder, series("a", range(100)))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.with_name("damaged.tfevents").write_bytes(data)
    put(run_folder, series("b", range(50)), name="events.out.tfevents.other")
    run = run_in(run_folder.parent)
    assert counts(run) == {"a": 100, "b": 50}
    assert kinds(run) == ["copy"]


def test_writers_in_turns_are_merged_by_time_and_nothing_is_a_pause(run_folder: Path) -> None:
    halves: list[list[Event]] = [[], [], []]
    for block in range(9):
        steps = range(300 * block, 300 * block + 300, 10)
        halves[block % 3] += series("a", steps, START + block * 30 * MINUTE)
    for number, half in enumerate(halves):
        put(run_folder, half, START + number, number)
    events = run_in(run_folder.parent).events("a")
    assert events.steps.tolist() == list(range(0, 2700, 10))
    assert events.minutes.tolist() == list(range(270))
    assert not events.sessions.any()


@pytest.mark.parametrize("back", [50, 99, 150, 500_000])
@pytest.mark.parametrize("repeats", [0, 5])
def test_a_session_on_a_slow_clock_goes_on_where_its_steps_do(
    run_folder: Path, back: int, repeats: int
) -> None:
    put(run_folder, series("a", range(0, 1000, 10)))
    behind = START + (100 - back) * MINUTE
    steps = range(1000 - 10 * repeats, 2000, 10)
    put(run_folder, series("a", steps, behind), behind, 2)
    # It goes on once more, on the same clock.
    later = behind + 300 * MINUTE
    put(run_folder, series("a", range(2000, 2500, 10), later), later, 3)
    run = run_in(run_folder.parent)
    assert run.events("a").steps.tolist() == list(range(0, 2500, 10))
    assert sum(run.given_up.values()) == repeats
    assert "clock_set" in kinds(run)
    assert run.duration == pytest.approx(250, abs=4)


def test_a_program_that_goes_on_after_another_died_and_overlaps_it_is_kept(
    run_folder: Path,
) -> None:
    """It went on from a step that the other had reached by then: both were there at once."""
    put(run_folder, series("a", range(0, 1000, 10)))
    again = START + 60 * MINUTE
    put(run_folder, series("a", range(500, 2000, 10), again), again, 2)
    run = run_in(run_folder.parent)
    assert counts(run) == {"a": 250}
    assert kinds(run) == ["written_at_the_same_time"]


def test_a_restart_within_a_file_is_one(run_folder: Path) -> None:
    again = START + 200 * MINUTE
    first = in_turn(*(series(tag, range(0, 1000, 10)) for tag in "ab"))
    second = in_turn(*(series(tag, range(800, 1500, 10), again) for tag in "ab"))
    put(run_folder, [*first[:-1], *second])  # Cut in mid-write.
    run = run_in(run_folder.parent)
    assert counts(run) == {"a": 150, "b": 150}
    assert run.given_up == {"a": 20, "b": 19}
    assert run.events("b").steps.tolist() == list(range(0, 1500, 10))


def test_what_began_anew_within_a_file_is_another_attempt(run_folder: Path) -> None:
    again = START + 200 * MINUTE
    put(run_folder, [*series("a", range(10)), *series("a", range(12), again)])
    run = run_in(run_folder.parent)
    assert counts(run) == {"a": 12}
    assert [attempt.count for attempt in run.earlier] == [10]


@pytest.mark.parametrize(
    "steps",
    [
        [0, 1, 3, 2, 4, 5, 7, 6, 8, 9, 11, 10, 12],
        [0, 500, 10, 20, 30, 40, 50, 60],
        [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2],
        [0, 0, 1, 1, 2, 2, 3, 3],
    ],
    ids=["threads", "one too early", "by episode", "twice a step"],
)
def test_a_tag_that_is_out_of_order_by_itself_gives_up_nothing(
    run_folder: Path, steps: list[int]
) -> None:
    put(run_folder, in_turn(series("a", range(len(steps))), series("b", steps)))
    run = run_in(run_folder.parent)
    assert counts(run) == {"a": len(steps), "b": len(steps)}
    assert run.given_up == {}


def test_one_event_out_of_order_is_no_restart_even_of_the_only_tag(run_folder: Path) -> None:
    put(run_folder, series("a", [0, 500, *range(10, 490, 10), *range(510, 1000, 10)]))
    run = run_in(run_folder.parent)
    assert counts(run) == {"a": 99}
    assert run.findings == ()
    # And a session that goes on from there goes back as ever.
    again = START + 9000
    put(run_folder, series("a", range(800, 1200, 10), again), again, 2)
    assert run_in(run_folder.parent).given_up == {"a": 20}


def test_a_tag_that_goes_back_by_itself_stands_when_its_run_is_resumed(run_folder: Path) -> None:
    by_episode = [step % 90 for step in range(0, 1000, 10)]
    put(run_folder, in_turn(series("a", range(0, 1000, 10)), series("b", by_episode)))
    again = START + 9000
    both = (series("a", range(500, 1500, 10), again), series("b", by_episode, again))
    put(run_folder, in_turn(*both), again, 2)
    run = run_in(run_folder.parent)
    assert run.given_up == {"a": 50}
    assert counts(run) == {"a": 150, "b": 200}


def test_a_declared_restart_is_honoured(run_folder: Path) -> None:
    put(run_folder, in_turn(series("a", range(5)), series("only_before", range(5))))
    again = START + 9000
    declared = write.session_start_event(3, again)
    put(run_folder, [declared, *series("a", [4, 5], again)], again, 2)
    run = run_in(run_folder.parent)
    assert [step for _, step, _ in rows_of(run)] == [0, 1, 2, 4, 5, 0, 1, 2]
    (finding,) = run.findings
    assert "declares a restart at step 3: 4 of 12 events (33 %)" in finding.message


def test_a_restart_declared_within_a_file_gives_up_what_stands_before_it(
    run_folder: Path,
) -> None:
    events = [
        *series("a", [1, 5]),
        write.session_start_event(3, START + 200),
        *series("a", [4], START + 200),
        write.session_start_event(4, START + 400),
        *series("a", [4], START + 400),
    ]
    put(run_folder, events)
    run = run_in(run_folder.parent)
    assert rows_of(run) == [("a", 1, 1.0), ("a", 4, 4.0)]
    assert run.given_up == {"a": 2}


def test_a_file_that_only_declares_a_restart_counts(run_folder: Path) -> None:
    put(run_folder, series("a", [1, 2]))
    put(run_folder, [write.session_start_event(2, START + 900)], START + 900, 2)
    run = run_in(run_folder.parent)
    assert rows_of(run) == [("a", 1, 1.0)]
    assert len(run.files) == 1


def test_a_restart_declared_at_the_beginning_begins_anew(run_folder: Path) -> None:
    put(run_folder, series("a", [1, 2]))
    again = START + 9000
    put(run_folder, [write.session_start_event(0, again), *series("a", [5], again)], again, 2)
    run = run_in(run_folder.parent)
    assert rows_of(run) == [("a", 5, 5.0)]
    assert [attempt.count for attempt in run.earlier] == [2]


def test_all_events_are_kept_where_that_is_asked_for(run_folder: Path) -> None:
    put(run_folder, series("a", [1, 2]))
    put(run_folder, [write.session_start_event(1), *series("a", [1, 2], START + 900)], START + 900)
    logs = Logs(run_folder.parent, overlap="keep all")
    assert logs["run"].events("a").steps.tolist() == [1, 2, 1, 2]
    assert logs["run"].findings == ()
    assert logs.digest("run") == Logs(run_folder.parent).digest("run")


@pytest.mark.parametrize("name", ["first wins", "tensorboard"])
def test_an_unknown_policy_is_named_with_those_there_are(run_folder: Path, name: str) -> None:
    put(run_folder, series("a", [1]))
    with pytest.raises(RulkaError, match=rf"no policy '{name}'.*'later wins', 'keep all'"):
        Logs(run_folder.parent, overlap=name)


# --- Segments -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dead", [1, 5])
def test_another_programs_numbered_runs_stay_runs(tmp_path: Path, dead: int) -> None:
    put(tmp_path / "dqn", series("return", range(10_000, 10_000 * (dead + 1), 10_000)))
    for number in (2, 3):
        began = START + number * 9000
        put(
            tmp_path / f"dqn_{number}",
            series("return", range(10_000, 310_000, 10_000), began),
            began,
        )
    assert Logs(tmp_path).runs == ("dqn", "dqn_2", "dqn_3")
    splits = Conventions(segment_steps=(6_000_000,))
    assert Logs(tmp_path, conventions=splits).runs == ("dqn", "dqn_2", "dqn_3")


def test_a_program_is_folded_only_where_it_splits_or_that_is_declared(tmp_path: Path) -> None:
    for name, steps in {
        "a": range(0, 100, 10),
        "a_2": range(100, 200, 10),
        "a_3": range(200, 300, 10),
        "b": range(0, 90, 10),
        "b_2": range(90, 180, 10),
        "c": range(0, 190, 10),
        "c_2": range(100, 300, 10),
    }.items():
        began = START + 90 * steps.start
        put(tmp_path / name, series("x", steps, began), began)
    splits = Conventions(segment_steps=(100, 200))
    logs = Logs(tmp_path, conventions=splits)
    assert logs.runs == ("a", "b", "b_2", "c", "c_2")
    assert logs["a"].folders == ("a", "a_2", "a_3")
    declared = Logs(tmp_path, continues={"b_2": "b", "a_3": "a_2", "a_2": "a", "c_2": "nothing"})
    assert declared.runs == ("a", "b", "c", "c_2")
    assert len(declared["a"].events("x")) == 30


def test_settings_in_a_folder_of_any_name_keep_their_values(tmp_path: Path) -> None:
    put(tmp_path / "run", series("loss", range(0, 2000, 10)))
    late = START + 300 * MINUTE
    hparams = [write.hyperparameters_event({"lr": 0.5}, late), *series("loss", [0], late)]
    put(tmp_path / "run" / "my hparams", hparams, late)
    put(tmp_path / "run", hparams, late, 7)
    logs = Logs(tmp_path)
    assert logs.runs == ("run",)
    assert counts(logs["run"]) == {"loss": 200}
    assert logs["run"].hyperparameters == {"lr": 0.5}
    assert logs["run"].duration == 199
    assert counts(logs["run/my hparams"]) == {"loss": 1}


# --- Clocks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("time", [math.nan, math.inf, -math.inf, 0.0, -5.0])
@pytest.mark.parametrize("which", [0, 50, 99])
def test_a_time_that_is_none_is_read_from_the_step(
    run_folder: Path, time: float, which: int
) -> None:
    events = series("a", range(0, 1000, 10))
    events[which].wall_time = time
    put(run_folder, events)
    run = run_in(run_folder.parent)
    assert len(run.findings) == 1
    minutes = run.events("a").minutes
    np.testing.assert_allclose(minutes, np.arange(100), atol=1e-6)


def test_without_any_time_there_are_no_minutes(run_folder: Path) -> None:
    events = series("a", range(0, 1000, 10))
    for event in events:
        event.wall_time = math.nan
    put(run_folder, events)
    run = run_in(run_folder.parent)
    assert [clock.key for clock in run.clocks] == ["steps"]
    assert math.isnan(run.duration)
    assert run.evidence("a", 5).minutes is None
    assert run.last_event() == ("a", 99)


def test_a_session_without_times_is_as_long_as_the_pace_of_others_says(run_folder: Path) -> None:
    put(run_folder, series("a", range(0, 1000, 10)))
    lost = series("a", range(1000, 2000, 10))
    for event in lost:
        event.wall_time = math.nan
    put(run_folder, lost, START + 9000, 2)
    again = START + 90_000
    put(run_folder, series("a", range(2000, 3000, 10), again), again, 3)
    run = run_in(run_folder.parent)
    assert run.events("a").steps.tolist() == list(range(0, 3000, 10))
    assert run.duration == pytest.approx(298, abs=2)


@pytest.mark.parametrize("factor", [1e3, 1e6, 1e9])
def test_another_unit_is_read_as_what_it_must_be(run_folder: Path, factor: float) -> None:
    events = series("a", range(0, 1000, 10))
    for event in events:
        event.wall_time *= factor
    put(run_folder, events)
    run = run_in(run_folder.parent)
    assert kinds(run) == ["wall_time_unit"]
    assert run.duration == pytest.approx(99)
    assert run.events("a").wall_times[0] == START * factor  # as logged


@pytest.mark.parametrize("by", [-3600.0, -40 * 86_400.0, 3e8, -1.6e9])
def test_a_clock_that_is_set_within_a_file_is_no_time_that_passed(
    run_folder: Path, by: float
) -> None:
    events = series("a", range(0, 2000, 10))
    for event in events[100:]:
        event.wall_time += by
    put(run_folder, events)
    minutes = run_in(run_folder.parent).events("a").minutes
    np.testing.assert_allclose(minutes, np.arange(200), atol=1e-6)


def test_a_file_that_holds_one_tag_after_the_other_has_the_minutes_of_each(
    run_folder: Path,
) -> None:
    put(run_folder, [event for tag in "abc" for event in series(tag, range(50))])
    run = run_in(run_folder.parent)
    for tag in "abc":
        assert run.events(tag).minutes.tolist() == list(range(50))
    assert run.findings == ()


def test_a_session_dated_years_off_is_put_where_its_steps_go_on(run_folder: Path) -> None:
    put(run_folder, series("a", range(0, 1000, 10)))
    put(run_folder, series("a", range(1000, 2000, 10), 100.0), 40.0, 2)
    run = run_in(run_folder.parent)
    assert run.events("a").steps.tolist() == list(range(0, 2000, 10))
    assert "wall_time_years_off" in kinds(run)
    assert run.duration == pytest.approx(199, abs=1.1)


def test_a_resumed_run_has_the_minutes_of_what_stands(run_folder: Path) -> None:
    put(run_folder, in_turn(series("a", range(0, 1000, 10)), series("best", [950], START + 5700)))
    again = START + 9000
    put(run_folder, series("a", range(500, 1500, 10), again), again - MINUTE, 2)
    run = run_in(run_folder.parent)
    np.testing.assert_allclose(run.events("a").minutes, np.arange(150))


@pytest.mark.parametrize("time", [0.0, math.nan])
def test_an_attempt_without_times_is_put_where_the_name_of_its_file_says(
    run_folder: Path, time: float
) -> None:
    timeless = [write.scalar_event("a", step, 1.0, time) for step in range(30)]
    name = f"events.out.tfevents.{START - 9000:.0f}.host.1.0"
    write.write_event_file(run_folder / name, [write.version_event(time), *timeless], version=False)
    put(run_folder, series("a", range(20)))
    run = run_in(run_folder.parent)
    assert (run.count, [one.count for one in run.earlier]) == (20, [30])
