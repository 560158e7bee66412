"""What very many small runs cost: reading, archiving, listing and checking them.

    python bench/bench_many_runs.py [--runs 100] [--events 8000] [--jobs 1 2] [--json FILE]

So many runs of so many events each, every run's bytes different, are read for the first time by
this package, by tbparse and by EventAccumulator (both on a part of them, scaled up), archived,
archived again after one run was added, and listed and checked from the logs and from the archive.
Processor time counts, children included, imports and start-up apart where a line says so.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from bench_events import TAGS, machine, peak_memory  # noqa: E402

SLOW_RUNS = 20
"""So many of the runs are read by those that need many times as long."""

Measured = dict[str, Any]


def write_runs(folder: Path, runs: range, events: int) -> None:
    """Write runs of a folder and a file each, as `bench_events.write_file` does."""
    import struct

    from tests import event_files as write

    tags = [f"Group_{tag % 7}/a_metric_{'x' * (tag % 9)}_{tag:02d}" for tag in range(TAGS)]
    shapes = []
    for tag in tags:
        payload = write.scalar_event(tag, 1 << 20, 1.0).SerializeToString()
        shapes.append((payload[:1], payload[9:10], payload[13:-4]))
    for run in runs:
        state = 12345 + 7919 * run
        parts = [write.event_file_bytes([])]
        for event in range(events):
            key, step_key, rest = shapes[event % TAGS]
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            step = (1 << 20) + event // TAGS
            step_bytes = bytes([step & 127 | 128, step >> 7 & 127 | 128, step >> 14 & 127])
            value = struct.pack("<f", state / 0x7FFFFFFF)
            wall_time = struct.pack("<d", write.STARTED + event / 100)
            payload = b"".join([key, wall_time, step_key, step_bytes, rest, value])
            parts.append(write.record(payload))
        path = folder / f"run_{run}x" / f"events.out.tfevents.1700000000.host.{run}.0"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"".join(parts))


def paths(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*tfevents*"))


def with_read_event_file(folder: Path) -> tuple[Callable[[Path], int], float]:
    import tensorboard.compat.proto.event_pb2  # noqa: F401 - imported by the first read else

    from rulka_analysis.logs.events import Lessons, read_event_file

    lessons = Lessons()
    return lambda path: len(read_event_file(path, lessons=lessons).values), 1.0


def with_each_alone(folder: Path) -> tuple[Callable[[Path], int], float]:
    import tensorboard.compat.proto.event_pb2  # noqa: F401

    from rulka_analysis.logs.events import read_event_file

    return lambda path: len(read_event_file(path).values), 1.0


def with_tbparse(folder: Path) -> tuple[Callable[[Path], int], float]:
    from tbparse import SummaryReader

    SummaryReader(str(paths(folder)[0])).scalars  # noqa: B018 - what the first read imports
    return lambda path: len(SummaryReader(str(path)).scalars), SLOW_RUNS


def with_accumulator(folder: Path) -> tuple[Callable[[Path], int], float]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def read(path: Path) -> int:
        accumulator = EventAccumulator(str(path), size_guidance={"scalars": 0}).Reload()
        return sum(len(accumulator.Scalars(tag)) for tag in accumulator.Tags()["scalars"])

    read(paths(folder)[0])
    return read, SLOW_RUNS


READERS: dict[str, Callable[[Path], tuple[Callable[[Path], int], float]]] = {
    "read_event_file, lessons handed on": with_read_event_file,
    "read_event_file, each alone": with_each_alone,
    "EventAccumulator, all rows": with_accumulator,
    "tbparse": with_tbparse,
}


def read_worker(name: str, folder: Path) -> None:
    """Read as a process of its own, and print what that took."""
    import time

    read, most = READERS[name](folder)
    files = paths(folder)
    chosen = files if most == 1.0 else files[: int(most)]
    begin = time.process_time()
    rows = sum(map(read, chosen))
    seconds = (time.process_time() - begin) * len(files) / len(chosen)
    print(json.dumps({"cpu": seconds, "rows": rows, "of": len(chosen), "memory": peak_memory()}))


def command(*arguments: str, build: Path) -> Measured:
    """Run a command, and measure it with all processes that it starts."""
    script = (
        "import json, resource, subprocess, sys, time\n"
        "begin = time.perf_counter()\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL,"
        " stderr=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps({'cpu': used.ru_utime + used.ru_stime,"
        " 'seconds': time.perf_counter() - begin, 'memory': used.ru_maxrss * 1024 / 1e6}))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, sys.executable, *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "RULKA_BUILD": str(build)},
    )
    measured: Measured = json.loads(result.stdout)
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--events", type=int, default=8000)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--json", type=Path, help="write what was measured to a file, too")
    parser.add_argument("--worker", nargs=2, metavar=("READER", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        read_worker(arguments.worker[0], Path(arguments.worker[1]))
        return
    described = machine()
    print(json.dumps(described, ensure_ascii=False), flush=True)
    found: dict[str, Measured] = {}

    def tell(name: str, measured: Measured) -> None:
        found[name] = measured
        shown = "  ".join(f"{key} {value:,.3f}" for key, value in measured.items())
        print(f"{name:<44}{shown}", flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        folder, build = Path(temporary) / "logs", Path(temporary) / "build"
        write_runs(folder, range(arguments.runs), arguments.events)
        for name in READERS:
            measured = subprocess.run(
                [sys.executable, __file__, "--worker", name, str(folder)],
                check=True,
                capture_output=True,
                text=True,
            )
            tell(name, json.loads(measured.stdout.splitlines()[-1]))
        ours = found["read_event_file, lessons handed on"]["cpu"]
        for name in READERS:
            found[name]["ratio"] = found[name]["cpu"] / ours
        print("  ".join(f"{name}: {found[name]['ratio']:.1f}" for name in READERS))
        program = ("-m", "rulka_analysis")
        tell("start-up (--version of Python)", command("-c", "pass", build=build))
        for jobs in arguments.jobs:
            out = Path(temporary) / f"archive {jobs}"
            words = (*program, "archive", str(folder), str(out), "--jobs", str(jobs))
            tell(f"archive, {jobs} processes", command(*words, build=build))
        size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        found[f"archive, {jobs} processes"]["bytes_an_event"] = size / (
            arguments.runs * arguments.events
        )
        print(f"{'':<44}{size / (arguments.runs * arguments.events):.2f} bytes an event")
        tell("archive again, nothing new", command(*words, build=build))
        write_runs(folder, range(arguments.runs, arguments.runs + 1), arguments.events)
        tell("archive again, one run more", command(*words, build=build))
        for place, name in ((folder, "logs"), (out, "archive")):
            for what in ("runs", "check"):
                words = (*program, what, "--logdir", str(place))
                tell(f"{what} of the {name}", command(*words, build=build))
    if arguments.json:
        text = json.dumps({"machine": described, "measured": found}, indent=1, ensure_ascii=False)
        arguments.json.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
