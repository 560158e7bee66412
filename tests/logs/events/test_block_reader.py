"""The fast reader against the specification: the same result for whatever bytes."""

from __future__ import annotations

import io
import math
import tracemalloc
import warnings
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.tensor_pb2 import TensorProto

from rulka_analysis.logs.events import (
    EventFile,
    block_reader,
    find_event_files,
    read_event_file,
    specification,
)
from rulka_analysis.logs.events.decoding import Decoder
from tests import event_files as write

REAL_LOGS = Path(__file__).parents[4] / "shared" / "real_logs"
PATH = Path("events.out.tfevents.1")
SMALL_BLOCK = 1 << 10

untimed = settings(deadline=None)
"""A busy machine is no failure."""


def read_fast(data: bytes, *, text: bool = True, block: int = SMALL_BLOCK) -> EventFile:
    return read_fast_on(data, text=text, block=block)[0]


def read_fast_on(
    data: bytes,
    *,
    text: bool = True,
    block: int = SMALL_BLOCK,
    after: block_reader.Read | None = None,
) -> block_reader.Read:
    return block_reader.read_file(
        io.BytesIO(data), len(data), PATH, text=text, block=block, after=after
    )


def assert_equal(found: EventFile, expected: EventFile) -> None:
    for field in fields(EventFile):
        one, other = getattr(found, field.name), getattr(expected, field.name)
        if isinstance(other, np.ndarray):
            assert one.dtype == other.dtype, field.name
            # To the bit: a NaN equals itself, and -0.0 is not 0.0.
            assert one.tobytes() == other.tobytes(), field.name
        else:
            assert repr(one) == repr(other), field.name


def assert_reads_as_specified(data: bytes, *, block: int = SMALL_BLOCK) -> None:
    expected = specification.read_bytes(data, PATH, text=True)
    assert_equal(read_fast(data, block=block), expected)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files of a few records take every way through the fast reader."""
    monkeypatch.setattr(block_reader, "SHORTEST_RUN", 3)
    monkeypatch.setattr(block_reader, "_FIRST_BATCH", 2)


floats = st.floats(width=32) | st.sampled_from([0.0, -0.0, math.nan, 0.375, 1.5])
doubles = st.floats()
steps = st.integers(0, 300) | st.integers(-(2**63), 2**63 - 1) | st.just(1)
wall_times = st.floats(1.6e9, 1.8e9) | st.floats()
tags = st.sampled_from(["a", "b", "loss/train", "x" * 40, "x" * 300, "größe", ""]) | st.text(
    max_size=12
)


@st.composite
def tensors(draw: st.DrawFn) -> TensorProto:
    kind = draw(st.sampled_from(["float", "double", "content", "int", "text", "several"]))
    if kind == "float":
        return TensorProto(dtype=1, float_val=[draw(floats)])
    if kind == "double":
        return TensorProto(dtype=2, double_val=[draw(doubles)])
    if kind == "content":
        return TensorProto(dtype=1, tensor_content=np.float32(draw(floats)).tobytes())
    if kind == "int":
        return TensorProto(dtype=9, int64_val=[draw(st.integers(-(2**63), 2**63 - 1))])
    if kind == "text":
        return TensorProto(dtype=7, string_val=[draw(st.binary(max_size=20))])
    several = TensorProto(dtype=1, float_val=draw(st.lists(floats, max_size=3)))
    several.tensor_shape.dim.add(size=len(several.float_val))
    return several


@st.composite
def events(draw: st.DrawFn) -> Event | bytes:
    kind = draw(st.sampled_from(["scalar"] * 6 + ["tensor"] * 3 + ["other"]))
    tag, step, wall_time = draw(tags), draw(steps), draw(wall_times)
    if kind == "scalar":
        return write.scalar_event(tag, step, draw(floats), wall_time)
    if kind == "tensor":
        plugin = draw(st.sampled_from(["scalars", "text", "other", None]))
        return write.tensor_event(tag, step, draw(tensors()), plugin=plugin, wall_time=wall_time)
    return draw(
        st.sampled_from(
            [
                write.histogram_event(tag, step),
                write.session_start_event(step),
                write.scalars_event([(tag, 1.0), ("b", 2.0)], step),
                write.hyperparameters_event({"batch_size": 512.0}),
                write.version_event(),
                Event(),
                Event(file_version="x" * 70_000),
                b"\xff\xff",
                write.scalar_event(tag, step, 1.0).SerializeToString() + b"\x10\x07",
                write.scalar_event(tag, step, 1.0).SerializeToString() + b"\xfa\x3f\x01z",
            ]
        )
    )


@st.composite
def streams(draw: st.DrawFn) -> list[Event | bytes]:
    """Events as runs write them: a few kinds, again and again, in varying order."""
    kinds = draw(st.lists(events(), min_size=1, max_size=6))
    order = draw(st.lists(st.integers(0, len(kinds) - 1), max_size=40))
    stream = []
    for position, kind in enumerate(order):
        event = kinds[kind]
        if isinstance(event, Event) and draw(st.booleans()):
            changed = Event()
            changed.CopyFrom(event)
            changed.step = position
            changed.wall_time += position
            for value in changed.summary.value:
                if value.HasField("simple_value"):
                    value.simple_value = position / 3
            event = changed
        stream.append(event)
    return stream


@untimed
@given(streams(), st.booleans())
def test_any_stream(stream, version):
    assert_reads_as_specified(write.event_file_bytes(stream, version=version))


@untimed
@given(streams(), st.data())
def test_every_kind_of_damage(stream, data):
    damaged = bytearray(write.event_file_bytes(stream))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged)))
        match data.draw(st.sampled_from(["flip", "cut", "insert", "remove", "zeros"])):
            case "flip" if at < len(damaged):
                damaged[at] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del damaged[at:]
            case "insert":
                damaged[at:at] = data.draw(st.binary(max_size=30))
            case "remove":
                del damaged[at : at + data.draw(st.integers(1, 50))]
            case _:
                damaged[at:at] = bytes(data.draw(st.integers(1, 50)))
    assert_reads_as_specified(bytes(damaged))


@untimed
@given(streams(), streams(), st.randoms(use_true_random=False))
def test_shuffled_and_spliced_records(one, other, random):
    records = [write.event_file_bytes([event], version=False) for event in [*one, *other]]
    random.shuffle(records)
    data = b"".join(records)
    cut, other_cut = sorted(random.randrange(len(data) + 1) for _ in range(2))
    assert_reads_as_specified(data)
    assert_reads_as_specified(data[:other_cut] + data[cut:])


@untimed
@given(st.binary(max_size=2000))
def test_random_bytes(data):
    assert_reads_as_specified(data)


@settings(max_examples=20, deadline=None)
@given(streams())
def test_a_file_within_a_file(stream):
    """A damaged record that contains whole records: those are text, not events."""
    inner = write.event_file_bytes(stream, version=False)
    outer = [write.text_event("note", 1, "x"), Event(file_version="v", step=3)]
    data = bytearray(write.event_file_bytes([*outer, inner, write.scalar_event("after", 1, 2.0)]))
    assert_reads_as_specified(bytes(data))
    data[len(write.event_file_bytes(outer)) + 12 + len(inner) // 2] ^= 4
    assert_reads_as_specified(bytes(data))


def scalar_payload(step: int, *, first: bytes = b"\x09", before_rest: bytes = b"") -> bytes:
    """Return the payload of one scalar event, with other bytes in two places."""
    payload = write.scalar_event("loss/train", step, step / 3).SerializeToString()
    return first + payload[1:11] + before_rest + payload[11:]


LEARNT = [scalar_payload(step) for step in range(1, 20)]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(scalar_payload(30, first=b"\x11"), id="its wall time is another field"),
        pytest.param(scalar_payload(30, before_rest=b"\0\0"), id="zeros where a field should be"),
        pytest.param(scalar_payload(30, before_rest=b"\x10\x05"), id="a second step"),
        pytest.param(scalar_payload(30) + b"\x10\x05", id="a second step behind"),
        pytest.param(scalar_payload(30)[:-1], id="a byte short"),
        pytest.param(scalar_payload(30)[:12], id="only a head"),
        pytest.param(scalar_payload(30)[:11], id="only wall time and step"),
        pytest.param(scalar_payload(30)[:9], id="only a wall time"),
        pytest.param(scalar_payload(30)[:9] + scalar_payload(30)[11:], id="no step"),
    ],
)
def test_what_is_almost_like_a_template(payload):
    assert_reads_as_specified(write.event_file_bytes([*LEARNT, payload, *LEARNT]))


@pytest.mark.parametrize("first_behind", [b"\x10", b"\x2a"])
def test_a_wall_time_alone_whose_checksum_looks_like_what_could_follow(first_behind):
    wall_times = (float(seconds) for seconds in range(100_000))
    event = next(
        event
        for event in map(write.version_event, wall_times)
        if event.ClearField("file_version") is None
        and write.record(event.SerializeToString())[21:22] == first_behind
    )
    assert len(event.SerializeToString()) == 9
    assert_reads_as_specified(write.event_file_bytes([*LEARNT, event, *LEARNT]))


def test_what_a_tensor_means_may_change_while_its_bytes_do_not():
    """A tag that is declared only later, beside a scalar in the same event."""
    number = TensorProto(dtype=1, float_val=[0.5])
    both = write.scalar_event("loss", 1, 0.25)
    both.summary.value.add(tag="late").tensor.CopyFrom(number)
    declared = write.tensor_event("late", 2, number)
    alone = write.tensor_event("late", 3, number, plugin=None)
    data = write.event_file_bytes([both, alone] * 10 + [declared] + [both, alone] * 10)
    assert_reads_as_specified(data)
    assert len(read_fast(data).values) == 10 + 1 + 30


def test_protobuf_decodes_only_a_few_of_the_events(monkeypatch):
    decoded = []
    original = Decoder.decode
    monkeypatch.setattr(
        Decoder, "decode", lambda *arguments: decoded.append(1) or original(*arguments)
    )
    tensor = TensorProto(dtype=1, tensor_content=np.float32(0.5).tobytes())
    stream = [
        event
        for step in range(300)
        for event in (
            write.scalar_event("loss", step, math.nan),
            write.scalar_event("a/longer/tag", 1000 * step, step),
            write.tensor_event("tensorflow", step, tensor),
            write.tensor_event("double", step, TensorProto(dtype=2, double_val=[step / 3])),
        )
    ]
    found = read_fast(write.event_file_bytes(stream), block=1 << 16)
    assert len(found.values) == 1200
    assert len(decoded) < 60


def test_signalling_nans_are_read_without_a_warning():
    payloads = [
        payload[:-4] + bits.to_bytes(4, "little")
        for payload in LEARNT
        for bits in (0x7F800001, 0xFFC00001, 0x7FC12345)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_reads_as_specified(write.event_file_bytes([*LEARNT, *payloads]))


def test_memory_is_for_scalars_not_for_the_file():
    large = write.text_event("note", 1, "x" * 70_000)
    stream = [large, *(write.scalar_event("loss", step, 0.5) for step in range(50))]
    data = write.event_file_bytes(stream * 100)
    file = io.BytesIO(data)
    read_fast(MIXED_BYTES)  # the tables that are made once
    tracemalloc.start()
    try:
        found, _ = block_reader.read_file(file, len(data), PATH)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.values) == 5000
    assert peak < 4 * block_reader.BLOCK < len(data) / 3


def test_a_first_scalar_is_looked_for_no_further_than_it_is(tmp_path):
    path = tmp_path / write.NAME
    path.write_bytes(write.event_file_bytes([write.histogram_event("w", 1), *LEARNT * 1000]))
    with path.open("rb", buffering=0) as file:
        assert block_reader.holds_scalar(file, path.stat().st_size, path)
        assert file.tell() <= block_reader.BLOCK < path.stat().st_size


MIXED = [
    event
    for step in range(4)
    for event in (
        write.scalar_event("loss", step, step / 7, 1.7e9 + step),
        write.scalar_event("a/longer/tag", 200 * step, -step, 1.7e9 + step),
        write.tensor_event("tensor", step, TensorProto(dtype=1, float_val=[step])),
        *([write.histogram_event("weights", step)] if step == 1 else []),
        *([write.session_start_event(step)] if step == 2 else []),
    )
]
MIXED_BYTES = write.event_file_bytes(MIXED)


def test_block_boundaries_at_every_offset():
    expected = specification.read_bytes(MIXED_BYTES, PATH, text=True)
    for block in range(100, 700):
        assert_equal(read_fast(MIXED_BYTES, block=block), expected)


def test_every_prefix():
    for length in range(len(MIXED_BYTES)):
        assert_reads_as_specified(MIXED_BYTES[:length])


def test_every_flipped_bit():
    data = bytearray(write.event_file_bytes(MIXED[:6]))
    for byte in range(len(data)):
        for bit in range(8):
            data[byte] ^= 1 << bit
            assert_reads_as_specified(bytes(data))
            data[byte] ^= 1 << bit


@pytest.mark.skipif(not REAL_LOGS.is_dir(), reason="the real logs are not here")
def test_real_logs(monkeypatch):
    monkeypatch.setattr(block_reader, "SHORTEST_RUN", 128)
    for path in find_event_files(REAL_LOGS):
        expected = specification.read_bytes(path.read_bytes(), path, text=True)
        assert_equal(read_event_file(path, text=True), expected)
