"""Coverage-guided fuzzing of the reader of event files, with atheris, for a limited time.

    python fuzz/fuzz_events.py [--seconds 60] [--corpus FOLDER]

For whatever bytes, the fast reader must give what the specification gives: with any size of
block, and when the file grows. A checksum is something that no fuzzer guesses, so most inputs are
taken for payloads, which are framed with right checksums; only then is something damaged.

What is found is written to the corpus folder as `crash-…`; give that file as the argument
`--replay` to see it fail again, and make a test of it.

`make fuzz` installs atheris, which is built for Linux only and not for every Python, and runs this.
"""

from __future__ import annotations

import argparse
import io
import sys
from dataclasses import fields
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit(
        "error: atheris is not installed. It is built for Linux and Python 3.11 to 3.13 only; "
        "there, `make fuzz` installs it and runs this file"
    )

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

# Instrumented on import, so that the fuzzer sees which ways were taken.
with atheris.instrument_imports(include=["rulka_analysis.logs.events"]):
    from rulka_analysis.logs.events import EventFile, block_reader, specification

import numpy as np  # noqa: E402
from tensorboard.compat.proto.tensor_pb2 import TensorProto  # noqa: E402

from tests import event_files as write  # noqa: E402

PATH = Path("events.out.tfevents.1")
BLOCKS = (200, 777, 1 << 14)


def file_from(data: bytes) -> bytes:
    """Make of a fuzzer's input what is to be read."""
    provider = atheris.FuzzedDataProvider(data)
    if provider.ConsumeIntInRange(0, 7) == 0:
        return bytes(provider.ConsumeBytes(len(data)))
    payloads: list[bytes] = []
    damages = [
        provider.ConsumeIntInRange(0, 1 << 12) for _ in range(provider.ConsumeIntInRange(0, 3))
    ]
    while provider.remaining_bytes():
        payload = provider.ConsumeBytes(provider.ConsumeIntInRange(0, 120))
        payloads += [payload] * provider.ConsumeIntInRange(1, 6)
    framed = bytearray(write.event_file_bytes(payloads))
    for damage in damages:
        framed[damage % len(framed)] ^= 1 << damage % 8
    return bytes(framed)


def assert_equal(found: EventFile, expected: EventFile) -> None:
    for field in fields(EventFile):
        one, other = getattr(found, field.name), getattr(expected, field.name)
        same = (
            one.tobytes() == other.tobytes()
            if isinstance(other, np.ndarray)
            else repr(one) == repr(other)
        )
        assert same, f"{field.name}: {one!r} instead of {other!r}"


def check(data: bytes) -> None:
    whole = file_from(data)
    expected = specification.read_bytes(whole, PATH, text=True)
    for block in BLOCKS:
        file = io.BytesIO(whole)
        found, _ = block_reader.read_file(file, len(whole), PATH, text=True, block=block)
        assert_equal(found, expected)
    cut = len(whole) // 2
    half = block_reader.read_file(io.BytesIO(whole), cut, PATH, text=True)
    found, _ = block_reader.read_file(io.BytesIO(whole), len(whole), PATH, text=True, after=half)
    assert_equal(found, expected)


def write_seeds(folder: Path) -> None:
    """Write what the fuzzer starts from: the shapes of event that programs write."""
    folder.mkdir(parents=True, exist_ok=True)
    tensor = TensorProto(dtype=1, float_val=[0.5])
    events = {
        "version": write.version_event(),
        "scalar": write.scalar_event("loss/train", 300, 0.5),
        "first_step": write.scalar_event("loss/train", 0, 0.5),
        "several": write.scalars_event([("a", 1.0), ("b", 2.0)], 7),
        "tensor": write.tensor_event("x", 3, tensor),
        "undeclared": write.tensor_event("x", 3, tensor, plugin=None),
        "text": write.text_event("note", 4, "hello"),
        "histogram": write.histogram_event("weights", 5),
        "start": write.session_start_event(9),
        "hyperparameters": write.hyperparameters_event({"batch_size": 512.0, "double": True}),
    }
    whole = write.event_file_bytes(list(events.values()))
    (folder / "seed-whole").write_bytes(whole + b"\0")
    for name, event in events.items():
        (folder / f"seed-{name}").write_bytes(event.SerializeToString() + b"\7")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=60, help="how long to go on (default 60)")
    parser.add_argument(
        "--corpus", type=Path, default=ROOT / "_build" / "fuzz", help="where inputs are kept"
    )
    parser.add_argument("--replay", type=Path, help="an input that was found")
    arguments = parser.parse_args()
    # So that short inputs take every way through the reader.
    block_reader.SHORTEST_RUN = 3
    block_reader._FIRST_BATCH = 2
    if arguments.replay:
        check(arguments.replay.read_bytes())
        return
    write_seeds(arguments.corpus)
    atheris.Setup(
        [
            sys.argv[0],
            str(arguments.corpus),
            f"-max_total_time={arguments.seconds}",
            f"-artifact_prefix={arguments.corpus}/",
            "-max_len=4096",
            # What is compared under atheris is never freed, so the process grows without end;
            # a single large allocation is still found.
            "-rss_limit_mb=0",
            "-malloc_limit_mb=512",
            "-print_final_stats=1",
        ],
        check,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
