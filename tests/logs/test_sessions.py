"""Which events stand where files speak of the same steps: our rule, and TensorBoard's."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event

from rulka_analysis.logs.events import EventFile, read_event_file
from rulka_analysis.logs.runs import Logs
from rulka_analysis.logs.sessions import MOST_LISTED, as_tensorboard, standing_events
from rulka_analysis.values.errors import RulkaError
from tests import event_files as write

START = write.STARTED
Row = tuple[int, float]


class Declared(NamedTuple):
    """A restart, as a program declares it."""

    step: int


Written = tuple[str, int] | Declared


def write_file(folder: Path, created: float, *events: Written, name: str = "") -> Path:
    """Write a file: tags and steps, a second apart; each event's value is its wall time's."""
    payloads: list[Event] = [write.version_event(created)]
    for second, event in enumerate(events, 1):
        now = created + second
        if isinstance(event, Declared):
            payloads.append(write.session_start_event(event.step, now))
        else:
            payloads.append(write.scalar_event(event[0], event[1], now - START, now))
    path = folder / (name or f"events.out.tfevents.{created:.0f}.host.1.0")
    return write.write_event_file(path, payloads, version=False)


def rows(logs: Logs, tag: str = "a") -> list[Row]:
    events = logs["run"].scalars(tag)
    return list(zip(events.step.tolist(), events.value.tolist(), strict=True))


def messages(logs: Logs) -> list[str]:
    return [finding.message for finding in logs["run"].findings]


# --- Later wins -----------------------------------------------------------------------------------


def test_a_declared_restart_gives_up_every_earlier_event_from_its_step_on(tmp_path: Path) -> None:
    before = [("a", 1), ("a", 2), ("a", 3), ("only_before", 3)]
    write_file(tmp_path / "run", START, *before)
    # Without the declaration nothing would be overlaid: step 4 is beyond all.
    write_file(tmp_path / "run", START + 100, Declared(2), ("a", 4))
    logs = Logs(tmp_path)
    assert rows(logs) == [(1, 1.0), (4, 102.0)]
    assert logs["run"].tags == ("a",)
    (message,) = messages(logs)
    assert "declares a restart at step 2: 3 events of run/" in message


def test_a_restart_declared_within_a_file_gives_up_what_stands_before_it(tmp_path: Path) -> None:
    events = [("a", 1), ("a", 5), Declared(3), ("a", 4), Declared(4), ("a", 4)]
    write_file(tmp_path / "run", START, *events)
    logs = Logs(tmp_path)
    assert rows(logs) == [(1, 1.0), (4, 6.0)]
    (message,) = messages(logs)
    assert "2 events before it in run/" in message


def test_a_file_that_only_declares_a_restart_counts(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1), ("a", 2))
    write_file(tmp_path / "run", START + 100, Declared(2))
    logs = Logs(tmp_path)
    assert rows(logs) == [(1, 1.0)]
    assert len(logs["run"].files) == 1


def test_a_declared_restart_leaves_alone_what_is_written_at_the_same_time(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1), ("a", 2), ("a", 3))
    write_file(tmp_path / "run", START + 2, Declared(1), ("a", 1), name="tfevents.other")
    logs = Logs(tmp_path)
    assert len(rows(logs)) == 4
    assert [finding.kind for finding in logs["run"].findings] == ["written_at_the_same_time"]


def test_files_connected_only_through_a_third_do_not_overlay_each_other(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1), ("a", 2))
    write_file(tmp_path / "run", START + 100, ("b", 1), ("b", 2))
    write_file(tmp_path / "run", START + 200, ("a", 3), ("b", 3))
    logs = Logs(tmp_path)
    assert messages(logs) == []
    assert len(rows(logs)) == 3


class OneFile(NamedTuple):
    gap: int
    events: list[Written]


def pairwise(files: list[EventFile]) -> list[np.ndarray]:
    """Decide what stands in the plainest way: each file held against each earlier one."""
    kept = [np.ones(len(file.values), dtype=bool) for file in files]
    for later, file in enumerate(files):
        started = min([file.created or 0.0, *file.wall_times])
        finished = [at for at in range(later) if started >= max(files[at].wall_times, default=0)]
        for before, step in file.session_starts:
            kept[later][:before] &= file.steps[:before] < step
            for at in finished:
                kept[at] &= files[at].steps < step
        for at in finished:
            shared = set(files[at].tags) & set(file.tags)
            chosen = [file.tags[code] in shared for code in file.tag_codes]
            if shared:
                kept[at] &= files[at].steps < file.steps[chosen].min()
    return kept


events = st.one_of(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 9)), st.builds(Declared, st.integers(0, 9))
)
several_files = st.lists(
    st.builds(OneFile, st.integers(1, 12), st.lists(events, max_size=6)), min_size=1, max_size=7
)


def written(folder: Path, files: list[OneFile]) -> list[EventFile]:
    now = START
    paths = []
    for number, file in enumerate(files):
        now += file.gap
        paths.append(write_file(folder, now, *file.events, name=f"tfevents.{number}"))
    return [read_event_file(path) for path in paths]


@settings(deadline=None)
@given(several_files)
def test_looking_at_few_pairs_of_files_gives_what_looking_at_all_gives(
    files: list[OneFile],
) -> None:
    with TemporaryDirectory() as folder:
        read = written(Path(folder), files)
        names = [file.path.name for file in read]
        kept, findings = standing_events("run", read, names, "later wins")
        for mask, expected in zip(kept, pairwise(read), strict=True):
            assert mask.tolist() == expected.tolist()
        counted = [f.message.split(": ")[1].split()[0] for f in findings if f.kind == "restart"]
        assert sum(map(int, counted)) == sum(int(np.count_nonzero(~mask)) for mask in kept)


def test_very_many_restarts_are_summed_up(tmp_path: Path) -> None:
    for number in range(MOST_LISTED + 20):
        events = [("a", 1), ("a", 2)]
        write_file(tmp_path / "run", START + 10 * number, *events, name=f"tfevents.{number}")
    logs = Logs(tmp_path)
    assert len(rows(logs)) == 2
    assert len(messages(logs)) == MOST_LISTED + 1
    assert messages(logs)[-1] == "19 further restarts: 38 events are given up."


def test_very_many_files_written_at_the_same_time_are_summed_up(tmp_path: Path) -> None:
    for number in range(MOST_LISTED + 20):
        write_file(tmp_path / "run", START, ("a", 1), ("a", 2), name=f"tfevents.{number}")
    logs = Logs(tmp_path)
    assert len(rows(logs)) == 2 * (MOST_LISTED + 20)
    assert messages(logs)[-1] == "19 further files were written at the same time as others."


# --- The other policies ---------------------------------------------------------------------------


def test_all_events_are_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1), ("a", 2))
    write_file(tmp_path / "run", START + 100, Declared(1), ("a", 1), ("a", 2))
    logs = Logs(tmp_path, overlap="keep all")
    assert [step for step, _ in rows(logs)] == [1, 2, 1, 2]
    assert messages(logs) == []
    assert logs.digest("run") == Logs(tmp_path).digest("run")


def test_tensorboard_gives_up_only_what_is_declared(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1), ("a", 2), ("b", 3))
    write_file(tmp_path / "run", START + 100, ("a", 2), ("a", 3))
    write_file(tmp_path / "run", START + 200, Declared(3), ("a", 3))
    logs = Logs(tmp_path, overlap="tensorboard")
    assert [step for step, _ in rows(logs)] == [1, 2, 2, 3]
    assert logs["run"].tags == ("a",)
    assert [message.split()[0] for message in messages(logs)] == ["1", "1"]
    assert "tfevents.1700000100" in messages(logs)[1]


def test_an_unknown_policy_is_named_with_those_there_are(tmp_path: Path) -> None:
    write_file(tmp_path / "run", START, ("a", 1))
    with pytest.raises(RulkaError, match=r"no policy 'first wins'.*'later wins', 'keep all', 'ten"):
        Logs(tmp_path, overlap="first wins")


def by_accumulator(folder: Path) -> dict[str, list[Row]]:
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    return {
        tag: [(event.step, event.value) for event in accumulator.Scalars(tag)]
        for tag in accumulator.Tags()["scalars"]
    }


def as_rows(files: list[EventFile]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for file, kept in zip(files, as_tensorboard(files), strict=True):
        for code, step, value, stands in zip(
            file.tag_codes, file.steps.tolist(), file.values.tolist(), kept, strict=True
        ):
            of_tag = found.setdefault(file.tags[code], [])
            if stands:
                of_tag.append((step, value))
    return found


@settings(deadline=None, max_examples=200)
@given(several_files, st.permutations(range(7)))
def test_random_restarts_are_resolved_as_tensorboard_does(
    files: list[OneFile], names: list[int]
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name) / "run"
        now = START
        # Names need not follow each other as the files were written: TensorBoard goes by names.
        for number, file in zip(names, files, strict=False):
            now += file.gap
            write_file(folder, now, *file.events, name=f"events.out.tfevents.{number}")
        read = [read_event_file(path) for path in sorted(folder.iterdir())]
        expected = by_accumulator(folder)
        assert as_rows(read) == expected
        if not any(expected.values()):
            return
        # The same through a run, whose events stand in the order they were written.
        run = Logs(folder.parent, overlap="tensorboard")["run"]
        assert set(run.tags) == {tag for tag, found in expected.items() if found}
        for tag in run.tags:
            found = run.scalars(tag)
            assert sorted(zip(found.step, found.value, strict=True)) == sorted(expected[tag])


scalars = st.tuples(st.sampled_from("abc"), st.integers(-3, 9))


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from([None, "1", "2", "nonsense"]), st.lists(scalars, max_size=8)),
        min_size=1,
        max_size=4,
    )
)
def test_files_of_an_older_format_are_resolved_as_tensorboard_does(
    files: list[tuple[str | None, list[tuple[str, int]]]],
) -> None:
    with TemporaryDirectory() as name:
        for number, (version, events) in enumerate(files):
            payloads = [] if version is None else [Event(file_version=f"brain.Event:{version}")]
            payloads += [write.scalar_event(tag, step, number) for tag, step in events]
            path = Path(name) / f"events.out.tfevents.{number}"
            write.write_event_file(path, payloads, version=False)
        read = [read_event_file(path) for path in sorted(Path(name).iterdir())]
        assert as_rows(read) == by_accumulator(Path(name))
