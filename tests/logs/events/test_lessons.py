"""What one file taught serves in the next, and changes nothing of what is read there."""

from __future__ import annotations

import io
import math
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.tensor_pb2 import TensorProto

from rulka_analysis.logs.events import (
    block_reader,
    find_event_files,
    read_event_file,
    specification,
    templates,
)
from rulka_analysis.logs.events.decoding import Decoder
from rulka_analysis.logs.events.templates import Lessons
from tests import event_files as write
from tests.logs.events.test_block_reader import (
    LEARNT,
    PATH,
    REAL_LOGS,
    SMALL_BLOCK,
    assert_equal,
    small_batches,
    streams,
    untimed,
)

__all__ = ["small_batches"]  # a fixture that pytest uses by its name


def assert_read_as_alone(files: list[bytes], lessons: Lessons | None = None) -> None:
    lessons = Lessons() if lessons is None else lessons
    for data in files:
        found, _ = block_reader.read_file(
            io.BytesIO(data), len(data), PATH, text=True, block=SMALL_BLOCK, lessons=lessons
        )
        assert_equal(found, specification.read_bytes(data, PATH, text=True))


def damaged(data: bytes, at: float) -> bytes:
    changed = bytearray(data)
    changed[int(at * (len(data) - 1))] ^= 4
    return bytes(changed)


@untimed
@given(st.lists(st.tuples(streams(), st.booleans(), st.floats(0, 1)), max_size=5), st.booleans())
def test_any_files_one_after_the_other(drawn, harmed):
    files = [
        damaged(data, at) if harmed else data
        for stream, version, at in drawn
        if (data := write.event_file_bytes(stream, version=version))
    ]
    assert_read_as_alone(files)
    # Read again, with all that was taught, and the other way round.
    assert_read_as_alone([*files, *files])
    assert_read_as_alone([*files, *reversed(files)])


NUMBER = TensorProto(dtype=1, float_val=[0.5])
TENSORS = [write.tensor_event("tensor", step, NUMBER) for step in range(8)]
BARE = [write.tensor_event("tensor", step, NUMBER, plugin=None) for step in range(8)]
AS_TEXT = [write.tensor_event("tensor", step, NUMBER, plugin="text") for step in range(2)]


def simple_with_metadata(plugin: str, content: bytes = b"") -> list[Event]:
    events = [write.scalar_event("simple", step, step / 3) for step in range(6)]
    for event in events:
        event.summary.value[0].metadata.CopyFrom(write.metadata(plugin, content))
    return events


HYPERPARAMETERS = write.hyperparameters_event({"batch_size": 512.0}).summary.value[0].metadata
SIMPLE_WITH_HYPERPARAMETERS = simple_with_metadata("hparams", HYPERPARAMETERS.plugin_data.content)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param([[*TENSORS, *BARE], BARE, TENSORS], id="the next file never declares it"),
        pytest.param([[*TENSORS, *BARE], [*BARE, *TENSORS, *BARE]], id="it declares it late"),
        pytest.param([TENSORS, [*AS_TEXT, *TENSORS]], id="it declares something else"),
        pytest.param(
            [SIMPLE_WITH_HYPERPARAMETERS, SIMPLE_WITH_HYPERPARAMETERS], id="settings in a scalar"
        ),
        pytest.param(
            [
                [*simple_with_metadata("x"), *SIMPLE_WITH_HYPERPARAMETERS],
                [*simple_with_metadata("x"), *SIMPLE_WITH_HYPERPARAMETERS],
            ],
            id="settings in a scalar, later",
        ),
        pytest.param(
            [simple_with_metadata("scalars"), [*simple_with_metadata("other"), *TENSORS]],
            id="metadata that differ",
        ),
        pytest.param(
            [
                [*LEARNT, *simple_with_metadata("scalars")],
                [write.tensor_event("simple", 1, NUMBER, plugin=None), *LEARNT],
            ],
            id="a declaration in another file",
        ),
        pytest.param([LEARNT, [], LEARNT, [b"\xff"], LEARNT], id="files without scalars between"),
        pytest.param([LEARNT, [Event(), *LEARNT]], id="a first record that says nothing"),
        pytest.param(
            [LEARNT, [*LEARNT[:5], write.session_start_event(3), *LEARNT[5:]]], id="a restart"
        ),
    ],
)
@pytest.mark.parametrize("version", [True, False])
def test_what_means_something_else_in_the_next_file(files, version):
    assert_read_as_alone([write.event_file_bytes(events, version=version) for events in files])


def test_the_first_record_says_when_the_file_was_created_even_if_it_is_a_scalar():
    lessons = Lessons()
    files = [
        write.event_file_bytes(
            [write.scalar_event("loss", step, 0.5, created + step) for step in range(9)],
            version=False,
        )
        for created in (1.6e9, 1.7e9)
    ]
    assert_read_as_alone(files, lessons)


def test_tags_are_in_the_order_of_the_file_at_hand():
    def of(names: str) -> bytes:
        return write.event_file_bytes(
            [write.scalar_event(tag, step, 0.5) for step in range(5) for tag in names]
        )

    assert_read_as_alone([of("abc"), of("cb"), of("dca"), of("abcd")])


def test_of_the_next_file_protobuf_decodes_next_to_nothing(monkeypatch):
    files = [
        write.event_file_bytes(
            [
                event
                for step in range(300)
                for event in (
                    write.scalar_event("loss", step, math.nan),
                    write.scalar_event("a/longer/tag", 1000 * step, step + seed),
                    write.tensor_event("tensorflow", step, NUMBER),
                    write.tensor_event("double", step, TensorProto(dtype=2, double_val=[step / 3])),
                )
            ]
        )
        for seed in range(4)
    ]
    decoded, rehearsed = [], []
    decode, rehearse = Decoder.decode, Decoder.rehearse
    monkeypatch.setattr(Decoder, "decode", lambda *given: decoded.append(1) or decode(*given))
    monkeypatch.setattr(Decoder, "rehearse", lambda *given: rehearsed.append(1) or rehearse(*given))
    lessons = Lessons()
    for number, data in enumerate(files):
        found, _ = block_reader.read_file(
            io.BytesIO(data), len(data), PATH, block=1 << 16, lessons=lessons
        )
        assert len(found.values) == 1200
        if number:
            # The declaration of the format, and each kind of tensor in the first batches.
            assert len(decoded) <= 8
            assert len(rehearsed) <= 8
        decoded.clear()
        rehearsed.clear()


def test_what_is_handed_on_has_a_limit(monkeypatch):
    monkeypatch.setattr(templates, "MOST_HANDED_ON", 20)
    files = [
        write.event_file_bytes(
            [write.scalar_event(f"{seed}/{tag}", s, 0.5) for s in range(4) for tag in range(7)]
        )
        for seed in range(12)
    ]
    lessons = Lessons()
    for data in files:
        assert_read_as_alone([data], lessons)
        assert lessons.templates.handed_on() <= 20
        assert len(lessons.tags) <= 20


def test_reading_cannot_go_on_from_what_lessons_helped_to_read():
    data = write.event_file_bytes(LEARNT)
    _, where = block_reader.read_file(io.BytesIO(data), len(data), PATH, lessons=Lessons())
    assert where is None


@pytest.mark.skipif(not REAL_LOGS.is_dir(), reason="the real logs are not here")
@pytest.mark.parametrize("seed", range(3))
def test_real_logs_in_any_order(monkeypatch, seed):
    monkeypatch.setattr(block_reader, "SHORTEST_RUN", 128)
    monkeypatch.setattr(block_reader, "_FIRST_BATCH", 256)
    paths: list[Path] = find_event_files(REAL_LOGS)
    random.Random(seed).shuffle(paths)
    lessons = Lessons()
    for path in paths:
        assert_equal(
            read_event_file(path, text=True, lessons=lessons), read_event_file(path, text=True)
        )


def test_values_are_kept_to_the_bit():
    payloads = [
        payload[:-4] + np.uint32(bits).tobytes()
        for payload in LEARNT
        for bits in (0x7FC12345, 0xFFC00001, 0x80000000, 1)
    ]
    assert_read_as_alone([write.event_file_bytes([*LEARNT, *payloads])] * 2)
