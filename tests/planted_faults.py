"""What tests of findings share: a clean log, ways to change it, and what is found in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event

from rulka_analysis.health import run_findings
from rulka_analysis.project import load_catalogue, open_logs
from rulka_analysis.values.findings import Finding
from tests.training_logs import TrainingRun

CLEAN = TrainingRun("uni_5", minutes=90)


def findings(folder: Path, name: str = "uni_5") -> tuple[Finding, ...]:
    return run_findings(open_logs(folder)[name], load_catalogue())


def kinds(found: Iterable[Finding]) -> set[tuple[str, str]]:
    return {(finding.kind, finding.severity) for finding in found}


def only_file(folder: Path) -> Path:
    (file,) = (folder / "uni_5").iterdir()
    return file


def minute_of(event: Event) -> float:
    return (float(event.wall_time) - CLEAN.started) / 60


def tag_of(event: Event) -> str:
    return str(event.summary.value[0].tag) if event.summary.value else ""


class Numbered:
    """Changes the values of one tag; `change` gets the value, its number, and all before it."""

    def __init__(self, tag: str, change: Callable[[float, int, list[float]], float]) -> None:
        self.tag = tag
        self.change = change
        self.before: list[float] = []

    def __call__(self, tag: str, value: float) -> float:
        if tag != self.tag:
            return value
        changed = self.change(value, len(self.before), self.before)
        self.before.append(value)
        return changed
