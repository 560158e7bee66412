"""Writes the log that a rule's example tells of, as the guide on log health explains it.

A line is a run, a tag, a colon and values; or a word that does something to a run. Of the values,
one is written each minute, ten steps further each; the other marks move the clock.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.health import directory_findings, logs_findings
from rulka_analysis.project import load_catalogue, load_experiment, open_logs
from rulka_analysis.values.findings import Finding
from tests import event_files as write
from tests.training_logs import rewrite_events

_CLOCKS: dict[str, Callable[[float, int], float]] = {
    "nan": lambda time, number: math.nan if number == 2 else time,
    "zero": lambda time, number: 0.0,
    "milliseconds": lambda time, number: 1000 * time,
    "1970": lambda time, number: time - write.STARTED + 1,
    "forward": lambda time, number: time + (1e8 if number > 2 else 0),
}
"""What became of a file's wall times, by the number of the record."""

_GROUP = re.compile(r"\(([^()]*)\)\*(\d+)")


def find_in(folder: Path, example: str) -> tuple[Finding, ...]:
    """Write an example beneath a folder, and return what is found in it."""
    files: dict[tuple[str, int], list[tuple[float, str, int, float]]] = {}
    declared: dict[str, str] = {}
    afterwards: list[list[str]] = []
    for line in example.splitlines():
        head, colon, values = line.partition(": ")
        words = head.split()
        if colon:
            for file, minute, step, value in _events(values):
                files.setdefault((words[0], file), []).append((minute, words[1], step, value))
        elif words[0] == "declare":
            declared[words[1]] = ", ".join(words[2:]).replace("=", " = ")
        else:
            afterwards.append(words)
    logs = folder / "logs"
    for (run, file), events in files.items():
        moments = [
            write.scalar_event(tag, step, value, write.STARTED + 60 * minute)
            for minute, tag, step, value in events
        ]
        created = write.STARTED + 60 * min(minute for minute, *_ in events)
        path = logs / run / f"events.out.tfevents.{created:.0f}.host.{file}.0"
        write.write_event_file(path, [write.version_event(created), *moments], version=False)
    for words in afterwards:
        _do(logs, words)
    if declared:
        experiment = _defined(folder, logs, declared)
        return directory_findings(experiment.logs, experiment.catalogue, [experiment])
    return logs_findings(open_logs(logs), load_catalogue())


def _events(text: str) -> Iterator[tuple[int, float, int, float]]:
    """Yield number of the file, minute, step and value of each event."""
    while match := _GROUP.search(text):
        text = text[: match.start()] + " ".join([match[1]] * int(match[2])) + text[match.end() :]
    file, minute, step = 0, 0.0, 0
    for mark in text.split():
        if mark == "|":
            file += 1
        elif moved := re.fullmatch(r"([+-]\d+)([ms])", mark):
            minute += float(moved[1]) if moved[2] == "m" else 0
            step += int(moved[1]) if moved[2] == "s" else 0
        elif mark == "-":
            minute, step = minute + 1, step + 10
        else:
            value, _, times = mark.partition("*")
            for _ in range(int(times or 1)):
                yield file, minute, step, float(value)
                minute, step = minute + 1, step + 10


def _do(logs: Path, words: list[str]) -> None:
    what, run, *more = words
    files = sorted((logs / run).iterdir()) if (logs / run).is_dir() else []
    data = files[0].read_bytes() if files else b""
    if what == "cut":
        files[0].write_bytes(data[: -int(more[0])])
    elif what == "zero":
        files[0].write_bytes(data + bytes(int(more[0])))
    elif what == "flip":
        at = int(more[0])
        files[0].write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    elif what == "text":
        (logs / run / "events.out.tfevents.1.host.9.9").write_text("no events", encoding="utf-8")
    elif what == "loop":
        path = logs / run / "events.out.tfevents.1.host.9.9"
        path.symlink_to(path.name)
    elif what == "copy":
        (logs / more[0]).mkdir()
        (logs / more[0] / files[0].name).write_bytes(data)
    elif what == "twin":
        files[0].with_name(f"{files[0].name} (1)").write_bytes(data)
    elif what == "wall":
        change = _CLOCKS[more[0]]
        numbers = iter(range(1000))

        def changed(event: Event) -> Event:
            event.wall_time = change(event.wall_time, next(numbers))
            return event

        rewrite_events(files[0], changed)
    elif what == "published":
        (logs / run / "provenance.toml").write_text(
            f'source = "a page"\n[tags."Training/loss"]\nknown_until = {more[0]}\n',
            encoding="utf-8",
        )
    else:
        assert what in ("tensor", "bare"), what
        numbers = [int(number) for number in more[1:]]
        tensor = TensorProto(dtype=9, int64_val=numbers)
        if len(numbers) > 1:
            tensor.tensor_shape.CopyFrom(
                TensorShapeProto(dim=[TensorShapeProto.Dim(size=len(numbers))])
            )
        plugin = "scalars" if what == "tensor" else None
        event = write.tensor_event(more[0], 0, tensor, plugin=plugin)
        write.write_event_file(logs / run / "events.out.tfevents.2.host.8.8", [event])


def _defined(folder: Path, logs: Path, declared: dict[str, str]) -> Experiment:
    first, *others = declared
    runs = "\n".join(f"{name} = {{ {settings} }}" for name, settings in declared.items())
    text = f"""
title = "A title"
question = "A question?"
baseline = "{first}"
[maps]
A01 = "A01"
[settings.batch_size]
tag = "Training/batch_size"
[settings.speed]
[settings.running_speed]
[runs]
{runs}
[outcomes.time]
metric = "robust_race_time"
map = "A01"
"""
    if others:
        text += f"[comparisons.all]\ncandidates = {others!r}\n"
    path = folder / "defined.toml"
    path.write_text(text, encoding="utf-8")
    return load_experiment("defined", open_logs(logs), path=path)
