"""Writes event files for tests, byte for byte as asked."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import google_crc32c
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

STARTED = 1_700_000_000.0
"""Wall time of the first record where a test does not say otherwise."""

NAME = "events.out.tfevents.1700000000.host.1.0"


def masked_checksum(data: bytes) -> int:
    checksum = google_crc32c.value(data)
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(payload: bytes) -> bytes:
    """Frame a payload with its length and both checksums."""
    length = struct.pack("<Q", len(payload))
    return b"".join(
        [
            length,
            struct.pack("<I", masked_checksum(length)),
            payload,
            struct.pack("<I", masked_checksum(payload)),
        ]
    )


def version_event(wall_time: float = STARTED) -> Event:
    return Event(wall_time=wall_time, file_version="brain.Event:2")


def scalar_event(tag: str, step: int, value: float, wall_time: float = STARTED) -> Event:
    return scalars_event([(tag, value)], step, wall_time)


def scalars_event(
    tags_and_values: Iterable[tuple[str, float]], step: int, wall_time: float = STARTED
) -> Event:
    values = [Summary.Value(tag=tag, simple_value=value) for tag, value in tags_and_values]
    return Event(wall_time=wall_time, step=step, summary=Summary(value=values))


def metadata(plugin: str, content: bytes = b"") -> SummaryMetadata:
    return SummaryMetadata(
        plugin_data=SummaryMetadata.PluginData(plugin_name=plugin, content=content)
    )


def tensor_event(
    tag: str,
    step: int,
    tensor: TensorProto,
    *,
    plugin: str | None = "scalars",
    wall_time: float = STARTED,
) -> Event:
    value = Summary.Value(tag=tag, tensor=tensor)
    if plugin is not None:
        value.metadata.CopyFrom(metadata(plugin))
    return Event(wall_time=wall_time, step=step, summary=Summary(value=[value]))


def text_event(tag: str, step: int, *texts: str, wall_time: float = STARTED) -> Event:
    tensor = TensorProto(dtype=7, string_val=[text.encode() for text in texts])
    if len(texts) != 1:
        tensor.tensor_shape.dim.add(size=len(texts))
    return tensor_event(tag, step, tensor, plugin="text", wall_time=wall_time)


def histogram_event(tag: str, step: int, wall_time: float = STARTED) -> Event:
    event = Event(wall_time=wall_time, step=step)
    value = event.summary.value.add(tag=tag)
    value.histo.min, value.histo.max, value.histo.num = -1.0, 2.0, 3.0
    value.histo.bucket_limit.extend([0.0, 2.0])
    value.histo.bucket.extend([1.0, 2.0])
    return event


def session_start_event(step: int, wall_time: float = STARTED) -> Event:
    return Event(wall_time=wall_time, step=step, session_log=SessionLog(status=SessionLog.START))


def hyperparameters_event(
    hyperparameters: dict[str, bool | float | str], wall_time: float = STARTED
) -> Event:
    """Write hyperparameters as PyTorch's ``add_hparams`` and TensorFlow 2's plugin do."""
    data = HParamsPluginData()
    kinds = {bool: "bool_value", float: "number_value", int: "number_value", str: "string_value"}
    for name, value in hyperparameters.items():
        setattr(data.session_start_info.hparams[name], kinds[type(value)], value)
    value = Summary.Value(
        tag="_hparams_/session_start_info", metadata=metadata("hparams", data.SerializeToString())
    )
    return Event(wall_time=wall_time, summary=Summary(value=[value]))


def event_file_bytes(events: Sequence[Any], *, version: bool = True) -> bytes:
    """Return the bytes of a file that holds these events (or payloads, as bytes)."""
    first = [version_event()] if version else []
    return b"".join(
        record(event if isinstance(event, bytes) else event.SerializeToString())
        for event in [*first, *events]
    )


def write_event_file(path: Path, events: Sequence[Any], *, version: bool = True) -> Path:
    """Write an event file; a folder gets one of the usual name."""
    if not path.suffix and "tfevents" not in path.name:
        path.mkdir(parents=True, exist_ok=True)
        path = path / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(event_file_bytes(events, version=version))
    return path
