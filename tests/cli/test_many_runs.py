"""Of many runs, one at a time is in memory; copies among them are found all the same."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from rulka_analysis.health import logs_findings
from rulka_analysis.project import load_catalogue, open_logs
from tests import event_files as write

PROJECT = Path(__file__).parents[2]
EVENTS = 4000
# Columns of so many events are 64 bytes each in all; a run that is let go leaves a few kilobytes.
MOST_A_RUN = EVENTS * 64 / 4
MEASURED = """\
import runpy, sys
sys.argv[0] = "rulka-analysis"
try:
    runpy.run_module("rulka_analysis", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
with open("/proc/self/status", encoding="ascii") as status:
    (peak,) = (line.split()[1] for line in status if line.startswith("VmHWM:"))
print(peak, file=sys.stderr)
"""


def write_run(folder: Path, seed: int, events: int = EVENTS) -> None:
    chance = random.Random(seed)
    path = folder / f"run_{seed}x" / f"events.out.tfevents.{write.STARTED + seed:.0f}.host.1.0"
    values = [
        write.scalar_event(tag, step, chance.random(), write.STARTED + seed * 1e5 + step)
        for step in range(events // 4)
        for tag in ("train/loss", "a/b", "a/c", "a/d")
    ]
    write.write_event_file(path, values)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a folder of few runs, and one of several times as many."""
    few, many = tmp_path_factory.mktemp("few"), tmp_path_factory.mktemp("many")
    for seed in range(30):
        write_run(few if seed < 6 else many, seed)
    return few, many


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory a process took is told there")
@pytest.mark.parametrize(
    ("command", "of"),
    [(command, of) for command in ("runs", "check") for of in ("logs", "archive")]
    + [("archive", "logs")],
)
def test_memory_does_not_grow_with_the_number_of_runs(
    command: str, of: str, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    # What threads of others hold at a moment comes on top, and is less at another one.
    grown = (measured(command, of, folders, tmp_path / str(at)) for at in range(3))
    assert any(one < MOST_A_RUN for one in grown)


def measured(command: str, of: str, folders: tuple[Path, Path], tmp_path: Path) -> float:
    """Return how many bytes more a command held for each run more."""
    tmp_path.mkdir()
    peaks = []
    for folder in folders:
        place, words = folder, [command]
        if command == "archive" or of == "archive":
            place = tmp_path / folder.name
            made = ["archive", str(folder), str(place), "--jobs", "1"]
            words = made if command == "archive" else words
        if of == "archive":
            run(made, tmp_path)
        if command != "archive":
            words += ["--logdir", str(place)]
        peaks.append(run(words, tmp_path))
    few, many = peaks
    return (many - few) / 18


def run(words: list[str], build: Path) -> int:
    """Run a command in a process of its own, and return the most bytes that it held."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words],
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT), "RULKA_BUILD": str(build / "build")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stderr.splitlines()[-1]) << 10


def test_a_run_that_was_let_go_is_read_again(tmp_path: Path) -> None:
    write_run(tmp_path, 1, 400)
    write_run(tmp_path, 2, 400)
    logs = open_logs(tmp_path)
    kept = logs["run_2x"]
    assert kept.count == 400
    assert logs_findings(logs, load_catalogue()) == logs_findings(logs, load_catalogue())
    assert logs["run_2x"] is kept
    assert kept.is_read
    assert not logs["run_1x"].is_read
    assert logs["run_1x"].count == 400
    # In use by now, it stays.
    logs_findings(logs, load_catalogue())
    assert logs["run_1x"].is_read


def test_copies_are_found_among_runs_that_were_let_go(tmp_path: Path) -> None:
    for seed in range(8):
        write_run(tmp_path, seed, 400)
    (whole,) = (tmp_path / "run_3x").iterdir()
    data = whole.read_bytes()
    for name, part in (("copied", data), ("cut", data[: len(data) * 2 // 3])):
        (tmp_path / name).mkdir()
        (tmp_path / name / whole.name).write_bytes(part)
    found = logs_findings(open_logs(tmp_path), load_catalogue())
    told = [finding.runs for finding in found if finding.kind == "identical_series"]
    assert sorted(map(len, told)) == [2, 3]
    assert set().union(*told) == {"run_3x", "copied", "cut"}
