"""How fast event files are read, how much memory that needs, and what gets lost.

    python bench/bench_events.py [--events 100000 1000000 5000000] [--repeat 3] [--json FILE]

Every reader reads the same files, each time in a process of its own, one after the other: a file
of so many scalar events of 66 bytes over 100 tags, as PyTorch writes them. Of several runs the
fastest counts. `read` is without imports; `process` is from start to end, imports included. The
ratios are those of processor time (`cpu`), which other programs on the machine disturb least. What
a reader lost is counted against what was written, not against another reader.

The page about the reader shows `notebooks/reader/measured.json`, written with `--json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

TAGS = 100
ADDED = 0.01
"""The part of a file that it grows by, for the reader that goes on where it stopped."""

Measured = dict[str, Any]


def write_file(path: Path, events: int) -> dict[str, float]:
    """Write an event file of so many scalars, 66 bytes each on average; return the minima."""
    from tests import event_files as write

    tags = [f"Group_{tag % 7}/a_metric_{'x' * (tag % 9)}_{tag:02d}" for tag in range(TAGS)]
    parts = []
    for tag in tags:
        payload = write.scalar_event(tag, 1 << 20, 1.0).SerializeToString()
        parts.append((payload[:1], payload[9:10], payload[13:-4]))
    minima: dict[str, float] = {}
    state = 12345
    with path.open("wb") as file:
        file.write(write.event_file_bytes([]))
        for event in range(events):
            key, step_key, rest = parts[event % TAGS]
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            step = (1 << 20) + event // TAGS
            step_bytes = bytes([step & 127 | 128, step >> 7 & 127 | 128, step >> 14 & 127])
            value = struct.pack("<f", state / 0x7FFFFFFF)
            wall_time = struct.pack("<d", write.STARTED + event / 100)
            payload = b"".join([key, wall_time, step_key, step_bytes, rest, value])
            file.write(write.record(payload))
            tag, (written,) = tags[event % TAGS], struct.unpack("<f", value)
            minima[tag] = min(minima.get(tag, written), written)
    return minima


def rows_and_minima(tags: Any, values: Any) -> tuple[int, dict[str, float]]:
    import pandas as pd

    return len(values), pd.Series(values).groupby(pd.Series(tags)).min().to_dict()


def with_read_event_file(path: Path) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    import numpy as np
    import tensorboard.compat.proto.event_pb2  # noqa: F401 - imported by the first read else

    from rulka_analysis.logs.events import read_event_file

    def summary(file: Any) -> Any:
        return rows_and_minima(np.array(file.tags)[file.tag_codes], file.values)

    return lambda: read_event_file(path), summary


def with_read_scalars(path: Path) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    import pandas  # noqa: F401
    import tensorboard.compat.proto.event_pb2  # noqa: F401

    from rulka_analysis.logs.events import read_scalars

    return lambda: read_scalars(path), lambda frame: rows_and_minima(
        frame["tag"].astype(str).to_numpy(), frame["value"].to_numpy()
    )


def with_grown_file(path: Path) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    from rulka_analysis.logs.events import read_on

    before = read_on(path, length=int(path.stat().st_size * (1 - ADDED)))
    return lambda: read_on(path, after=before)[0], lambda file: (len(file.values), None)


def with_cache(path: Path) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    import numpy as np
    import tensorboard.compat.proto.event_pb2  # noqa: F401

    from rulka_analysis.logs.events import EventCache

    # Filled by the first of several processes; the fastest counts.
    cache = EventCache(path.with_name("cache"), least_length=0)
    return lambda: cache.read(path), lambda file: rows_and_minima(
        np.array(file.tags)[file.tag_codes], file.values
    )


def with_specification(path: Path) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    from rulka_analysis.logs.events.specification import read_bytes

    return lambda: read_bytes(path.read_bytes(), path), lambda file: (len(file.values), None)


def with_accumulator(
    path: Path, guidance: dict[str, int] | None
) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def summary(accumulator: Any) -> Any:
        by_tag = {
            tag: [event.value for event in accumulator.Scalars(tag)]
            for tag in accumulator.Tags()["scalars"]
        }
        minima = {tag: min(values) for tag, values in by_tag.items()}
        return sum(map(len, by_tag.values())), minima

    return lambda: EventAccumulator(str(path), size_guidance=guidance).Reload(), summary


def with_tbparse(path: Path) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    from tbparse import SummaryReader

    def summary(frame: Any) -> Any:
        return rows_and_minima(frame["tag"].to_numpy(), frame["value"].to_numpy())

    return lambda: SummaryReader(str(path)).scalars, summary


def with_copy(path: Path) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    block = bytearray(1 << 20)

    def copy() -> None:
        with path.open("rb", buffering=0) as file:
            while file.readinto(block):
                pass

    return copy, lambda _: (None, None)


READERS: dict[str, Callable[[Path], tuple[Callable[[], Any], Callable[[Any], Any]]]] = {
    "read_event_file": with_read_event_file,
    "read_scalars (DataFrame)": with_read_scalars,
    "read_event_file, grown by 1 %": with_grown_file,
    "read_event_file, cached": with_cache,
    "specification": with_specification,
    "EventAccumulator, all rows": lambda path: with_accumulator(path, {"scalars": 0}),
    "EventAccumulator, default": lambda path: with_accumulator(path, None),
    "tbparse": with_tbparse,
    "copy from the page cache": with_copy,
}


SLOW = ("specification", "EventAccumulator, all rows", "EventAccumulator, default", "tbparse")


def peak_memory() -> float | None:
    """Return the most memory this process has had, in MB, where the system tells."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def work(name: str, path: Path) -> None:
    """Read once, as a process of its own, and print what was measured."""
    read, summary = READERS[name](path)
    begin, cpu_begin = time.perf_counter(), time.process_time()
    found = read()
    measured = {
        "read": time.perf_counter() - begin,
        "read_cpu": time.process_time() - cpu_begin,
        "process_cpu": time.process_time(),
        "memory": peak_memory(),
    }
    # What a process costs ends here: the rest is about what was lost.
    print(json.dumps(measured), flush=True)
    rows, minima = summary(found)
    print(json.dumps({"rows": rows, "minima": minima}))


def measure(name: str, path: Path, repeat: int) -> Measured:
    """Let a reader read a file several times, and keep the fastest."""
    best: Measured = {}
    for _ in range(repeat):
        command = [sys.executable, __file__, "--worker", name, str(path)]
        begin = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            seconds = time.perf_counter() - begin
            rest = process.stdout.readline()
        if not rest:
            raise SystemExit(f"{name} failed on {path}")
        measured = {**json.loads(line), **json.loads(rest), "process": seconds}
        if not best:
            best = measured
        for key in ("read", "read_cpu", "process", "process_cpu", "memory"):
            if measured[key] is not None:
                best[key] = min(best[key], measured[key])
    return best


def results(
    events: int, minima: dict[str, float], measured: dict[str, Measured]
) -> dict[str, Measured]:
    """Work out what a reader needs an event, held against this one, and what it lost."""
    ours = measured["read_event_file"]
    found: dict[str, Measured] = {}
    for name, one in measured.items():
        rows, own_minima = one.pop("rows"), one.pop("minima")
        count = round(events * ADDED) if "grown" in name else events
        found[name] = {
            **one,
            "events": count,
            "microseconds_an_event": one["read_cpu"] / count * 1e6,
            "ratio": one["read_cpu"] / ours["read_cpu"],
            "process_ratio": one["process_cpu"] / ours["process_cpu"],
            "rows_lost": None if rows is None else events - rows,
            "minima_lost": None
            if own_minima is None
            else sum(own_minima.get(tag) != value for tag, value in minima.items()),
        }
    return found


def table(events: int, found: dict[str, Measured]) -> str:
    """Lay out what was measured on one file."""
    header = (
        f"{'reader':<30}{'read':>11}{'cpu':>11}{'cpu an event':>14}{'ratio':>8}"
        f"{'process':>10}{'cpu':>10}{'ratio':>8}{'memory':>10}{'rows lost':>12}{'minima lost':>13}"
    )
    lines = [f"{events:,} events over {TAGS} tags", header, "-" * len(header)]
    for name, one in found.items():
        memory = "-" if one["memory"] is None else f"{one['memory']:,.0f} MB"
        lost, minima_lost = (
            "-" if one[key] is None else f"{one[key]:,}" for key in ("rows_lost", "minima_lost")
        )
        lines.append(
            f"{name:<30}{one['read']:>9.4f} s{one['read_cpu']:>9.4f} s"
            f"{one['microseconds_an_event']:>11.3f} µs{one['ratio']:>8.2f}"
            f"{one['process']:>8.2f} s{one['process_cpu']:>8.2f} s{one['process_ratio']:>8.2f}"
            f"{memory:>10}{lost:>12}{minima_lost:>13}"
        )
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """Describe what this runs on."""
    names = ("numpy", "protobuf", "google-crc32c", "tensorboard", "tbparse")
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "processors": os.cpu_count(),
        "versions": {"Python": platform.python_version(), **{n: version(n) for n in names}},
    }


def load() -> float | None:
    """Return how many programs wanted a processor in the last minute, where the system tells."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def processor() -> str:
    """Return the processor's name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def repeats(name: str, events: int, asked: int) -> int:
    """Return how often to measure a reader: what takes minutes is measured once."""
    if name in SLOW:
        return 1 if events > 10**6 else min(asked, 2)
    return max(asked, 2)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, nargs="+", default=[10**5, 10**6, 5 * 10**6])
    parser.add_argument("--repeat", type=int, default=3, help="runs of each (default 3)")
    parser.add_argument("--json", type=Path, help="write what was measured to a file, too")
    parser.add_argument("--worker", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments.worker[0], Path(arguments.worker[1]))
        return
    described = machine()
    print(json.dumps(described, ensure_ascii=False), flush=True)
    everything = {}
    loads = [load()]
    with tempfile.TemporaryDirectory() as folder:
        for events in arguments.events:
            path = Path(folder) / f"events.out.tfevents.{events}"
            minima = write_file(path, events)
            measured = {
                name: measure(name, path, repeats(name, events, arguments.repeat))
                for name in READERS
            }
            everything[events] = results(events, minima, measured)
            print(f"\n{table(events, everything[events])}", flush=True)
            path.unlink()
            loads.append(load())
            if arguments.json:
                described["busiest"] = max((one for one in loads if one is not None), default=None)
                found = {"machine": described, "tags": TAGS, "events": everything}
                text = json.dumps(found, indent=1, ensure_ascii=False)
                arguments.json.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
