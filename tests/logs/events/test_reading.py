"""The reader of event files: complete, exact, and loud about what is wrong."""

from __future__ import annotations

import hashlib
import math
import os
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.util.tensor_util import make_ndarray

from rulka_analysis.logs.events import (
    EventFile,
    EventFileWarning,
    TextEvent,
    find_event_files,
    has_scalars,
    read_event_file,
    read_scalars,
)
from rulka_analysis.values.errors import LogDirectoryError
from tests import event_files as write

REAL_LOGS = Path(__file__).parents[4] / "shared" / "real_logs"


def read(tmp_path: Path, data: bytes, **options: bool) -> EventFile:
    path = tmp_path / write.NAME
    path.write_bytes(data)
    return read_event_file(path, **options)


def rows(file: EventFile) -> list[tuple[str, int, float, float]]:
    tags = [file.tags[code] for code in file.tag_codes]
    return list(
        zip(tags, file.steps.tolist(), file.wall_times.tolist(), file.values.tolist(), strict=True)
    )


def kinds(file: EventFile) -> list[str]:
    return [finding.kind for finding in file.findings]


def scalars_by_accumulator(path: Path) -> dict[str, list[tuple[int, float, float]]]:
    """Read with TensorBoard's accumulator, sampling and purging switched off."""
    accumulator = EventAccumulator(
        str(path), size_guidance={"scalars": 0, "tensors": 0}, purge_orphaned_data=False
    ).Reload()
    found = {
        tag: [(event.step, event.wall_time, event.value) for event in accumulator.Scalars(tag)]
        for tag in accumulator.Tags()["scalars"]
    }
    for tag in accumulator.Tags()["tensors"]:
        if accumulator.SummaryMetadata(tag).plugin_data.plugin_name == "scalars":
            found.setdefault(tag, []).extend(
                (event.step, event.wall_time, make_ndarray(event.tensor_proto).item())
                for event in accumulator.Tensors(tag)
            )
    return found


def assert_same_scalars(file: EventFile, expected: dict[str, list[tuple[int, float, float]]]):
    assert set(file.tags) == expected.keys()
    for code, tag in enumerate(file.tags):
        chosen = file.tag_codes == code
        steps, wall_times, values = zip(*expected[tag], strict=True)
        np.testing.assert_array_equal(file.steps[chosen], steps)
        np.testing.assert_array_equal(file.wall_times[chosen], wall_times)
        np.testing.assert_array_equal(file.values[chosen], values)


def test_every_scalar_in_file_order(tmp_path):
    file = read(
        tmp_path,
        write.event_file_bytes(
            [
                write.scalar_event("loss", 10, 0.1, 5.0),
                write.histogram_event("weights", 10),
                write.scalars_event([("a", 1.0), ("loss", 2.0), ("a", 3.0)], 7, 4.0),
                write.scalar_event("loss", -3, math.inf, 6.0),
            ]
        ),
    )
    assert rows(file) == [
        ("loss", 10, 5.0, float(np.float32(0.1))),
        ("a", 7, 4.0, 1.0),
        ("loss", 7, 4.0, 2.0),
        ("a", 7, 4.0, 3.0),
        ("loss", -3, 6.0, math.inf),
    ]
    assert file.tags == ("loss", "a")
    assert file.created == write.STARTED
    assert file.findings == ()


def test_not_a_number_keeps_its_place(tmp_path):
    events = [write.scalar_event("loss", step, value) for step, value in enumerate([1, math.nan])]
    file = read(tmp_path, write.event_file_bytes(events))
    np.testing.assert_array_equal(file.values, [1.0, math.nan])


def test_tags_of_any_script_and_length(tmp_path):
    tags = ["", "größe/урок/学習", "x" * 70_000, "nul\0inside"]
    events = [write.scalar_event(tag, 1, 2.0) for tag in tags]
    assert read(tmp_path, write.event_file_bytes(events)).tags == tuple(tags)


@pytest.mark.parametrize(
    ("tensor", "number"),
    [
        (TensorProto(dtype=1, float_val=[0.1]), float(np.float32(0.1))),
        (TensorProto(dtype=1, tensor_content=struct.pack("<f", 0.1)), float(np.float32(0.1))),
        (TensorProto(dtype=2, double_val=[0.1]), 0.1),
        (TensorProto(dtype=2, tensor_content=struct.pack("<d", 0.1)), 0.1),
        (TensorProto(dtype=3, int_val=[-7]), -7),
        (TensorProto(dtype=4, int_val=[255]), 255),
        (TensorProto(dtype=9, int64_val=[2**53]), 2**53),
        (TensorProto(dtype=9, tensor_content=struct.pack("<q", -(2**40))), -(2**40)),
        (TensorProto(dtype=10, bool_val=[True]), 1),
        (TensorProto(dtype=14, half_val=[0x3FC0]), 1.5),
        (TensorProto(dtype=19, half_val=[0x3E00]), 1.5),
        (TensorProto(dtype=19, tensor_content=b"\x00\x3e"), 1.5),
        (TensorProto(dtype=23, uint64_val=[2**63]), 2**63),
    ],
)
def test_tensors_of_one_number(tmp_path, tensor, number):
    file = read(tmp_path, write.event_file_bytes([write.tensor_event("x", 3, tensor)]))
    assert rows(file) == [("x", 3, write.STARTED, number)]
    assert file.findings == ()
    tensor.tensor_shape.dim.add(size=1)
    file = read(tmp_path, write.event_file_bytes([write.tensor_event("x", 3, tensor)]))
    assert rows(file) == [("x", 3, write.STARTED, number)]


def test_the_first_metadata_of_a_tag_decides(tmp_path):
    number = TensorProto(dtype=1, float_val=[1.0])
    file = read(
        tmp_path,
        write.event_file_bytes(
            [
                write.tensor_event("scalar", 1, number),
                write.tensor_event("scalar", 2, number, plugin=None),
                write.tensor_event("scalar", 3, number, plugin="other"),
                write.tensor_event("other", 1, number, plugin="other"),
                write.tensor_event("other", 2, number, plugin="scalars"),
            ]
        ),
    )
    assert [(tag, step) for tag, step, *_ in rows(file)] == [
        ("scalar", 1),
        ("scalar", 2),
        ("scalar", 3),
    ]


def test_what_is_passed_over_for_a_reason_is_said_once_a_tag(tmp_path):
    number = TensorProto(dtype=1, float_val=[1.0])
    two = TensorProto(dtype=1, float_val=[1.0, 2.0])
    two.tensor_shape.dim.add(size=2)
    large = TensorProto(dtype=9, int64_val=[2**53 + 1])
    file = read(
        tmp_path,
        write.event_file_bytes(
            [
                write.tensor_event("undeclared", 1, number, plugin=None),
                write.tensor_event("undeclared", 2, number, plugin=None),
                write.tensor_event("two", 1, two),
                write.tensor_event("large", 1, large),
                write.tensor_event("large", 2, large),
            ]
        ),
    )
    assert [(finding.kind, finding.tag) for finding in file.findings] == [
        ("rounded_value", "large"),
        ("not_a_scalar", "two"),
        ("tensor_without_plugin", "undeclared"),
    ]
    assert rows(file)[0] == ("large", 1, write.STARTED, 2.0**53)


def test_texts_only_where_asked_for(tmp_path):
    layout = TensorProto(dtype=7, string_val=[b"\x08\x01"])
    events = [
        write.text_event("times_summary", 4, "A01: 24.5"),
        write.text_event("table", 5, "a", "b"),
        write.tensor_event("custom_scalars__config__", 0, layout, plugin="custom_scalars"),
    ]
    data = write.event_file_bytes(events)
    assert read(tmp_path, data).texts == ()
    file = read(tmp_path, data, text=True)
    ends = [len(write.event_file_bytes(events[:count])) for count in (1, 2)]
    assert file.texts == (
        TextEvent("times_summary", 4, write.STARTED, "A01: 24.5", ends[0]),
        TextEvent("table", 5, write.STARTED, "a\nb", ends[1]),
    )
    cut = tmp_path / "cut"
    cut.write_bytes(data)
    assert [len(read_event_file(cut, text=True, length=end).texts) for end in ends] == [1, 2]
    assert len(read_event_file(cut, text=True, length=ends[1] - 1).texts) == 1
    assert rows(file) == []


def test_hyperparameters_and_session_starts(tmp_path):
    hyperparameters = {"batch_size": 2048.0, "double": True, "optimizer": "radam"}
    file = read(
        tmp_path,
        write.event_file_bytes(
            [
                write.hyperparameters_event(hyperparameters),
                write.session_start_event(1),
                write.scalar_event("loss", 1, 0.5),
                write.session_start_event(1001),
            ]
        ),
    )
    assert file.hyperparameters == hyperparameters
    assert file.session_starts == ((0, 1), (1, 1001))


def test_unknown_fields_are_skipped(tmp_path):
    unknown = b"\xfa\x3f\x03abc"  # field 1023, three bytes
    payload = write.scalar_event("loss", 1, 0.5).SerializeToString()
    file = read(tmp_path, write.event_file_bytes([payload + unknown, unknown + payload]))
    assert [step for _, step, *_ in rows(file)] == [1, 1]
    assert file.findings == ()


def test_digest_and_length_are_those_of_the_bytes_read(tmp_path):
    data = write.event_file_bytes([write.scalar_event("loss", step, 0.5) for step in range(3)])
    path = tmp_path / write.NAME
    path.write_bytes(data)
    first_two = len(data) - len(data) // 5
    file = read_event_file(path, length=first_two)
    assert file.length == first_two
    assert file.digest == hashlib.sha256(data[:first_two]).hexdigest()
    assert read_event_file(path, length=10**9).length == len(data)
    with pytest.raises(ValueError, match="-1"):
        read_event_file(path, length=-1)


def test_random_streams_equal_the_accumulator(tmp_path):
    random = np.random.default_rng(5)
    events: list[Event] = []
    for step in range(400):
        tag = f"tag_{random.integers(7)}"
        value = float(random.normal())
        wall_time = 1.7e9 + step / 3
        choice = random.integers(4)
        if choice == 0:
            tensor = TensorProto(dtype=1, float_val=[value])
            events.append(write.tensor_event(tag + "_t", step, tensor, wall_time=wall_time))
        elif choice == 1:
            events.append(write.histogram_event("weights", step))
        else:
            events.append(write.scalar_event(tag, step, value, wall_time))
    path = write.write_event_file(tmp_path / "run", events)
    assert_same_scalars(read_event_file(path), scalars_by_accumulator(path))


LOSES_SILENTLY: set[str] = set()
"""Real files of which the accumulator loses something without a word: so far there is none."""


@pytest.mark.skipif(not REAL_LOGS.is_dir(), reason="the real logs are not here")
@pytest.mark.parametrize(
    "folder", sorted(path.name for path in REAL_LOGS.glob("*") if path.is_dir())
)
def test_real_logs_equal_the_accumulator(folder):
    files = find_event_files(REAL_LOGS / folder)
    assert files
    for path in files:
        file = read_event_file(path)
        assert file.findings == ()
        assert has_scalars(path) == bool(len(file.values))
        if path.name not in LOSES_SILENTLY:
            assert_same_scalars(file, scalars_by_accumulator(path))


# A folder


def test_files_of_a_folder_follow_each_other_by_folder_creation_and_name(tmp_path):
    def put(where: str, created: float, value: float) -> None:
        events = [write.version_event(created), write.scalar_event("loss", 1, value)]
        write.write_event_file(tmp_path / where, events, version=False)

    put("b/events.out.tfevents.1", 30.0, 1)
    put("a/events.out.tfevents.9", 10.0, 2)
    put("a/events.out.tfevents.1", 20.0, 3)
    put("a/deep/events.out.tfevents.1", 5.0, 4)
    put("a/events.out.tfevents.0", 20.0, 5)
    (tmp_path / "a" / "notes.txt").write_text("not an event file")
    frame = read_scalars(tmp_path)
    assert frame["value"].tolist() == [2, 5, 3, 4, 1]
    assert list(frame.columns) == ["tag", "step", "wall_time", "value", "file"]
    assert frame["tag"].cat.categories.tolist() == ["loss"]
    assert frame["file"].iloc[0] == str(tmp_path / "a" / "events.out.tfevents.9")
    assert frame.attrs["findings"] == ()


def test_findings_of_a_folder_are_warned_about(tmp_path):
    data = write.event_file_bytes([write.scalar_event("loss", 1, 0.5)])
    (tmp_path / write.NAME).write_bytes(data[:-1])
    with pytest.warns(EventFileWarning, match=r"truncated_tail: .*tfevents.* at byte 40"):
        frame = read_scalars(tmp_path)
    assert [finding.kind for finding in frame.attrs["findings"]] == ["truncated_tail"]
    assert len(frame) == 0


def test_texts_of_a_folder(tmp_path):
    path = write.write_event_file(tmp_path / "run", [write.text_event("note", 1, "hello")])
    frame = read_scalars(tmp_path, text=True)
    assert [event.text for event in frame.attrs["texts"][str(path)]] == ["hello"]


def test_a_missing_path_names_what_is_near(tmp_path):
    (tmp_path / "uni_5").mkdir()
    for function in (read_scalars, find_event_files):
        with pytest.raises(LogDirectoryError, match="uni_5") as error:
            function(tmp_path / "uni5" / "deeper")
        assert str(tmp_path) in str(error.value)


def test_links_in_circles_end_and_nothing_is_counted_twice(tmp_path):
    path = write.write_event_file(tmp_path / "logs" / "run", [write.scalar_event("x", 1, 1.0)])
    outside = write.write_event_file(tmp_path / "outside", [write.scalar_event("x", 2, 1.0)])
    try:
        (tmp_path / "logs" / "a_circle").symlink_to(tmp_path / "logs", target_is_directory=True)
        (tmp_path / "logs" / "linked").symlink_to(outside.parent, target_is_directory=True)
        (tmp_path / "logs" / "linked_again").symlink_to(outside.parent, target_is_directory=True)
        (tmp_path / "logs" / "latest.tfevents").symlink_to(path)
    except OSError:
        pytest.skip("this system does not let us make links")
    assert find_event_files(tmp_path / "logs") == [
        tmp_path / "logs" / "linked" / outside.name,
        path,
    ]


def test_names_that_are_not_text_are_read_and_printed_safely(tmp_path):
    folder = tmp_path / "run\x1b[2J"
    name = os.fsdecode(b"events.out.tfevents.\xff")
    try:
        write.write_event_file(folder / name, [write.scalar_event("x", 1, 1.0)])
    except OSError:
        pytest.skip("this system does not allow such names")
    (folder / "broken.tfevents").write_bytes(b"not one, and long enough")
    with pytest.warns(EventFileWarning, match=r"run\\x1b\[2J"):
        frame = read_scalars(tmp_path)
    assert frame["file"].tolist() == [str(folder / name)]


def test_reading_does_not_warn_without_a_reason(tmp_path):
    write.write_event_file(tmp_path / "run", [write.scalar_event("x", 1, 1.0)])
    (tmp_path / "run" / "empty.tfevents").touch()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_scalars(tmp_path)) == 1
