"""One record's payload → scalars, texts and hyperparameters, by TensorBoard's protobuf classes.

What counts as a scalar:

- ``simple_value`` (TensorFlow 1, PyTorch), a float32;
- a tensor of one number, of any shape that holds one element, whose tag belongs to the plugin
  ``scalars`` (TensorFlow 2, PyTorch's new style). A tag belongs to the plugin that its *first*
  metadata in the file names: writers need not repeat metadata, and TensorBoard's
  ``EventAccumulator`` ignores later ones.

Everything else (histograms, images, graphs, layouts) is passed over.
"""

from __future__ import annotations

import math
from array import array
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rulka_analysis.logs.events import file_findings
from rulka_analysis.logs.events.columns import Columns
from rulka_analysis.logs.events.contents import TextEvent
from rulka_analysis.logs.events.framing import FOOTER, HEADER
from rulka_analysis.values.findings import Finding

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto

# Numbers of `tensorboard.compat.proto.types_pb2.DataType`: how each kind of number is stored in
# `tensor_content` (little endian) and in which repeated field otherwise.
_STORED_AS: dict[int, tuple[str, str]] = {
    1: ("<f4", "float_val"),
    2: ("<f8", "double_val"),
    3: ("<i4", "int_val"),
    4: ("u1", "int_val"),
    5: ("<i2", "int_val"),
    6: ("i1", "int_val"),
    9: ("<i8", "int64_val"),
    10: ("u1", "bool_val"),
    14: ("<u2", "half_val"),  # bfloat16, as bits
    17: ("<u2", "int_val"),
    19: ("<u2", "half_val"),  # float16, as bits
    22: ("<u4", "uint32_val"),
    23: ("<u8", "uint64_val"),
}
_STRING = 7
_BFLOAT16 = 14
_FLOAT16 = 19


class Scalar(NamedTuple):
    """One scalar event."""

    tag: str
    step: int
    wall_time: float
    value: float


class Decoder:
    """What has been decoded of one file so far, in file order.

    Attributes
    ----------
    tags : dict of str to int
        Every tag that holds scalars, with its position in order of first appearance.
    last_tag : str
        Of the last scalar event.
    session_starts, texts, hyperparameters
        As in `EventFile`.
    created : float or None
        Wall time of the record at byte 0.
    version : float or None
        Of the format, as declared last.
    holds_events : bool
        Whether any record said anything at all that an event can say.
    """

    def __init__(self, *, text: bool) -> None:
        # Imported here: TensorBoard's classes cost 60 ms that `--help` need not wait for.
        from google.protobuf.message import DecodeError
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog

        self._parse = Event.FromString
        self._start_status = SessionLog.START
        self._decode_error = DecodeError
        self._text = text
        self._plugins: dict[str, str] = {}
        self._tag_codes = array("i")
        self._steps = array("q")
        self._wall_times = array("d")
        self._values = array("d")
        self._taken = 0
        self._rounded: dict[str, None] = {}
        self._not_scalars: dict[str, None] = {}
        self._without_plugin: dict[str, None] = {}
        self._hyperparameters_found = False
        self._ends = 0
        self.tags: dict[str, int] = {}
        self.last_tag = ""
        self.session_starts: list[tuple[int, int]] = []
        self.texts: list[TextEvent] = []
        self.hyperparameters: dict[str, bool | float | str] = {}
        self.created: float | None = None
        self.version: float | None = None
        self.holds_events = False

    def decode(self, payload: bytes, byte: int) -> bool:
        """Add what one record holds; return False if it cannot be parsed as an event.

        The payload is the record without length and checksums; it begins at `byte` of the file.
        """
        try:
            event = self._parse(payload)
        except self._decode_error:
            return False
        if byte == 0:
            self.created = event.wall_time
        if not self.holds_events:
            self.holds_events = bool(event.ListFields())
        kind = event.WhichOneof("what")
        if kind == "summary":
            self._ends = byte + HEADER + len(payload) + FOOTER
            for value in event.summary.value:
                self._add_value(event, value)
        elif kind == "session_log" and event.session_log.status == self._start_status:
            self.session_starts.append((self._taken + len(self._values), event.step))
        elif kind == "file_version":
            self.version = _version(event.file_version)
        return True

    @property
    def waiting(self) -> int:
        """How many scalar events were decoded and not yet taken."""
        return len(self._values)

    def take(self, elsewhere: int = 0) -> Columns:
        """Return the scalar events decoded since the last call, and forget them.

        Events that another decoder dealt with `elsewhere`, before those to come, count where a
        session starts.
        """
        columns = Columns(
            np.array(self._tag_codes, np.int32),
            np.array(self._steps, np.int64),
            np.array(self._wall_times, np.float64),
            np.array(self._values, np.float64),
        )
        self._taken += len(columns.values) + elsewhere
        for column in (self._tag_codes, self._steps, self._wall_times, self._values):
            del column[:]
        return columns

    def copy(self) -> Decoder:
        """Return a decoder that goes on from here and leaves this one as it is."""
        twin = copy(self)
        for name, attribute in vars(self).items():
            if isinstance(attribute, dict | list | array):
                setattr(twin, name, copy(attribute))
        return twin

    def rehearse(self, payload: bytes) -> Scalar | None:
        """Return what a payload would add if it holds one scalar and nothing else, or None."""
        try:
            event = self._parse(payload)
        except self._decode_error:
            return None
        if len(event.summary.value) != 1:
            return None
        value = event.summary.value[0]
        kind = value.WhichOneof("value")
        number: float | int | None = None
        if kind == "simple_value":
            number = value.simple_value
        elif kind == "tensor":
            plugin = self._plugins.get(value.tag, value.metadata.plugin_data.plugin_name)
            number = single_number(value.tensor) if plugin == "scalars" else None
        if number is None:
            return None
        return Scalar(value.tag, event.step, event.wall_time, float(number))

    def says_everything(self, payload: bytes) -> bool:
        """Tell whether a payload of one scalar says it whatever stands before it in the file."""
        value = self._parse(payload).summary.value[0]
        return value.WhichOneof("value") == "simple_value" and not value.HasField("metadata")

    def findings(self, file: str) -> list[Finding]:
        """Return the remarks on single tags, in order of first appearance."""
        return [
            *(file_findings.rounded_value(file, tag) for tag in self._rounded),
            *(file_findings.not_a_scalar(file, tag) for tag in self._not_scalars),
            *(file_findings.tensor_without_plugin(file, tag) for tag in self._without_plugin),
        ]

    def _add_value(self, event: Event, value: Summary.Value) -> None:
        tag = value.tag
        if value.HasField("metadata"):
            plugin_data = value.metadata.plugin_data
            self._plugins.setdefault(tag, plugin_data.plugin_name)
            if plugin_data.plugin_name == "hparams":
                self._add_hyperparameters(plugin_data.content)
        kind = value.WhichOneof("value")
        if kind == "simple_value":
            self._add_scalar(event, tag, value.simple_value)
        elif kind == "tensor":
            self._add_tensor(event, tag, value.tensor)

    def _add_scalar(self, event: Event, tag: str, value: float) -> None:
        self.last_tag = tag
        self._tag_codes.append(self.tags.setdefault(tag, len(self.tags)))
        self._steps.append(event.step)
        self._wall_times.append(event.wall_time)
        self._values.append(value)

    def _add_tensor(self, event: Event, tag: str, tensor: TensorProto) -> None:
        plugin = self._plugins.get(tag, "")
        if plugin == "scalars":
            number = single_number(tensor)
            if number is None:
                self._not_scalars.setdefault(tag)
                return
            if isinstance(number, int) and int(float(number)) != number:
                self._rounded.setdefault(tag)
            self._add_scalar(event, tag, float(number))
        elif plugin == "text" or (not plugin and tensor.dtype == _STRING):
            if self._text and tensor.dtype == _STRING:
                text = "\n".join(part.decode("utf-8", "replace") for part in tensor.string_val)
                self.texts.append(TextEvent(tag, event.step, event.wall_time, text, self._ends))
        elif not plugin and single_number(tensor) is not None:
            self._without_plugin.setdefault(tag)

    def _add_hyperparameters(self, content: bytes) -> None:
        if self._hyperparameters_found:
            return
        from google.protobuf.json_format import MessageToJson
        from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

        try:
            data = HParamsPluginData.FromString(content)
        except self._decode_error:
            return
        if not data.HasField("session_start_info"):
            return
        self._hyperparameters_found = True
        for name, value in sorted(data.session_start_info.hparams.items()):
            kind = value.WhichOneof("kind")
            if kind in ("bool_value", "number_value", "string_value"):
                self.hyperparameters[name] = getattr(value, kind)
            else:
                self.hyperparameters[name] = MessageToJson(value, indent=None)


def _version(text: str) -> float:
    """Return the number in a declaration such as ``brain.Event:2``, or -1 where there is none."""
    try:
        return float(text.rpartition("brain.Event:")[2])
    except ValueError:
        return -1.0


def single_number(tensor: TensorProto) -> float | int | None:
    """Return the only element of a tensor of numbers, exactly, or None if it is not one number."""
    stored_as = _STORED_AS.get(tensor.dtype)
    if stored_as is None or math.prod(axis.size for axis in tensor.tensor_shape.dim) != 1:
        return None
    in_content, field = stored_as
    element: Any
    if tensor.tensor_content:
        content_type = np.dtype(in_content)
        if len(tensor.tensor_content) != content_type.itemsize:
            return None
        element = np.frombuffer(tensor.tensor_content, content_type)[0].item()
    else:
        elements = getattr(tensor, field)
        if len(elements) != 1:
            return None
        element = elements[0]
    if tensor.dtype == _FLOAT16:
        return float(np.uint16(element & 0xFFFF).view(np.float16))
    if tensor.dtype == _BFLOAT16:
        return float((np.uint32(element & 0xFFFF) << np.uint32(16)).view(np.float32))
    if isinstance(element, bool):
        return int(element)
    number: float | int = element
    return number
