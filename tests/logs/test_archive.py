"""An archive gives back what was read of the logs, value for value, or says what is wrong."""

from __future__ import annotations

import hashlib
import math
import random
import shutil
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.proto.tensor_pb2 import TensorProto

from rulka_analysis.logs.archive import ArchiveError, is_archive, making, parts, writing
from rulka_analysis.logs.archive.index import Index, Record, Session, read_index
from rulka_analysis.logs.archive.making import SettingSources, TagChoice
from rulka_analysis.logs.archive.parts import Part, only, part_bytes, part_of_bytes
from rulka_analysis.logs.archive.writing import Written, write_archive
from rulka_analysis.logs.events import EventFile, find_event_files, read_event_file
from rulka_analysis.logs.events.specification import read_bytes
from rulka_analysis.logs.provenance import SIDECAR
from rulka_analysis.logs.runs import Logs
from rulka_analysis.values.findings import Finding
from tests import event_files as write
from tests import training_logs
from tests.logs.events.test_block_reader import streams, untimed
from tests.logs.tag_choices import DiesOnce, is_loss, is_set
from tests.training_logs import Restart, TrainingRun

PROJECT = Path(__file__).parents[2]
REAL_LOGS = Path(__file__).parents[3] / "shared" / "real_logs"
REAL_FOLDERS = (
    sorted(p.name for p in REAL_LOGS.iterdir() if p.is_dir()) if REAL_LOGS.is_dir() else []
)
COLUMNS = ("tag_codes", "steps", "wall_times", "values")


def assert_same_file(found: EventFile, expected: EventFile) -> None:
    for name in COLUMNS:
        one, other = getattr(found, name), getattr(expected, name)
        assert one.dtype == other.dtype, name
        # To the bit: a NaN equals itself, and -0.0 is not 0.0.
        assert one.tobytes() == other.tobytes(), name
    for name in ("length", "digest", "created", "version", "tags", "session_starts"):
        assert repr(getattr(found, name)) == repr(getattr(expected, name)), name
    assert repr(found.hyperparameters) == repr(expected.hyperparameters)


def assert_same_logs(found: Logs, expected: Logs) -> None:
    assert found.runs == expected.runs
    assert found.findings == expected.findings
    assert found.lengths() == expected.lengths()
    for one, other in zip(found, expected, strict=True):
        assert one.folders == other.folders
        assert one.places == other.places
        for file, original in zip(one.files, other.files, strict=True):
            assert_same_file(file, original)
        assert one.file_states == other.file_states
        assert one.digest == other.digest
        assert one.findings == other.findings
        assert repr(one.hyperparameters) == repr(other.hyperparameters)
        assert repr(one.texts) == repr(other.texts)
        assert one.provenance == other.provenance
        assert one.tags == other.tags
        assert one.clocks == other.clocks
        for tag in other.tags:
            pd.testing.assert_frame_equal(one.scalars(tag), other.scalars(tag), check_exact=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def archived(logs: Path, archive: Path, **options: object) -> Written:
    return write_archive(Logs(logs), archive, **options)  # type: ignore[arg-type]


def events_of(seed: int, count: int = 40) -> list[object]:
    return [
        write.scalar_event(tag, 10 * step, step / (seed + 3), write.STARTED + seed * 1000 + step)
        for step in range(count)
        for tag in ("loss", "reward")
    ]


@pytest.fixture
def few_runs(tmp_path: Path) -> Path:
    logs = tmp_path / "logs"
    for seed in range(4):
        write.write_event_file(logs / f"run_{seed}x", events_of(seed))
    return logs


# --- One part -------------------------------------------------------------------------------------


def round_trip(*files: EventFile) -> Part:
    part = Part("run", ("a",), {f"a/{n}": file for n, file in enumerate(files)}, {})
    data = part_bytes(part)
    assert data == part_bytes(part)
    found = part_of_bytes(data, Path("elsewhere"))
    for file, original in zip(found.files.values(), files, strict=True):
        assert_same_file(file, original)
        assert repr(file.texts) == repr(original.texts)
    return found


@untimed
@given(st.lists(st.tuples(streams(), st.booleans()), max_size=3))
def test_any_files_come_back(drawn):
    round_trip(
        *(
            read_bytes(write.event_file_bytes(stream, version=version), Path("x"), text=True)
            for stream, version in drawn
        )
    )


@pytest.mark.parametrize("rows", [1, 7, 80, 1000])
def test_a_part_of_several_row_groups(monkeypatch, rows):
    monkeypatch.setattr(parts, "_ROWS_AT_ONCE", rows)
    files = [read_bytes(write.event_file_bytes(events_of(n)), Path("x")) for n in range(2)]
    round_trip(*files)
    round_trip()


def floats(*bits: int) -> list[bytes]:
    payload = write.scalar_event("loss", 1, 0.5).SerializeToString()
    return [payload[:-4] + np.uint32(one).tobytes() for one in bits]


def test_values_are_the_float32_that_were_logged_payloads_of_nan_included():
    bits = [0x7FC12345, 0xFFC00001, 0x7F800000, 0xFF800000, 0x80000000, 1, 0x3DCCCCCD]
    file = read_bytes(write.event_file_bytes(floats(*bits)), Path("x"))
    data = part_bytes(Part("run", ("a",), {"a/x": file}, {}))
    column = pq.read_table(pytest.importorskip("pyarrow").BufferReader(data)).column("value")
    assert column.to_numpy().dtype == np.float32
    assert column.to_numpy().view(np.uint32).tolist() == bits
    round_trip(file)


def test_values_that_float32_does_not_hold_are_kept_as_float64():
    doubles = [1 / 3, 1e300, -0.0, math.nan, 5e-324]
    events = [
        write.tensor_event("a", step, TensorProto(dtype=2, double_val=[value]))
        for step, value in enumerate(doubles)
    ]
    file = read_bytes(write.event_file_bytes([*events, *floats(0x7FC12345)]), Path("x"))
    round_trip(file)


@pytest.mark.parametrize(
    "wall_times",
    [
        pytest.param([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], id="rising"),
        pytest.param([1.0, 1.0, 1.0, 1.0, 1.0, 1.0], id="all at once"),
        pytest.param([1.0, 2.0, 2.0, 2.0, 3.0, 3.0], id="some at once"),
        pytest.param([3.0, 2.0, 2.5, 1.0, 1.0, 9.0], id="set back"),
        pytest.param([1.0, math.nan, 2.0, math.nan, 0.0, -0.0], id="no numbers"),
        pytest.param([-0.0, 0.0, -0.0, math.inf, math.inf, math.inf], id="zeros and infinities"),
    ],
)
@pytest.mark.parametrize("tags", ["cbabca", "aaaaaa", "fedcba", "ababab"])
def test_the_order_in_a_file_comes_back(wall_times, tags):
    events = [
        write.scalar_event(tag, 7, position, wall_time)
        for position, (tag, wall_time) in enumerate(zip(tags, wall_times, strict=True))
    ]
    other = [write.scalar_event("z", step, 0.5, 2.0 + step) for step in range(3)]
    round_trip(
        *(read_bytes(write.event_file_bytes(one), Path("x")) for one in (events, other, events))
    )


def test_tags_that_are_left_out_leave_restarts_where_they_were():
    events = events_of(0, 6)
    events.insert(7, write.session_start_event(20))
    file = only(read_bytes(write.event_file_bytes(events), Path("x")), {"reward"})
    expected = [event for event in events if "loss" not in str(event)]
    alone = read_bytes(write.event_file_bytes(expected), Path("x"))
    assert file.tags == ("reward",)
    assert file.session_starts == alone.session_starts
    for name in COLUMNS:
        assert getattr(file, name).tobytes() == getattr(alone, name).tobytes()
    round_trip(file)


def test_a_part_is_sorted_by_tag_and_says_of_each_event_whether_it_stands(tmp_path):
    logs = tmp_path / "logs"
    truth = training_logs.write_run(
        logs, TrainingRun("uni", minutes=30, restarts=(Restart(at=15, back=5),))
    )
    archived(logs, tmp_path / "archive")
    (record,) = read_index(tmp_path / "archive").records
    table = pd.read_parquet(tmp_path / "archive" / record.part)
    assert table["tag"].is_monotonic_increasing
    assert len(table) == record.events
    assert table["given_up"].sum() == record.given_up == truth.overlaid
    standing = table[~table["given_up"]]
    expected = truth.events
    for tag in set(expected["tag"]):
        # Later sessions stand in later files, so this is the order written.
        assert (
            standing[standing["tag"] == tag]["value"].tolist()
            == expected[expected["tag"] == tag]["value"].tolist()
        )


# --- A log directory ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return logs with everything in them that logs may hold."""
    logs = tmp_path_factory.mktemp("mixed") / "logs"
    training_logs.write_runs(
        logs,
        TrainingRun("uni_5", minutes=20, restarts=(Restart(at=12, back=4),)),
        TrainingRun("uni_10", minutes=250, race_every=5, seed=1),
        TrainingRun("uni_11", minutes=20, logs_hours=False, seed=2),
    )
    training_logs.write_layout(logs / "lay_mono")
    training_logs.write_header_only(logs / "uni_5", training_logs.STARTED + 90_000)
    write.write_event_file(
        logs / "uni_5" / "1700000000.5" / write.NAME,
        [write.hyperparameters_event({"lr": 0.1, "name": "x"})],
    )
    write.write_event_file(
        logs / "texts", [write.text_event("args", 1, "größe", "b\x00c"), *events_of(1)]
    )
    damaged = write.write_event_file(logs / "damaged", events_of(2))
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 4
    damaged.write_bytes(bytes(data[:-3]))
    (logs / "broken").mkdir()
    (logs / "broken" / write.NAME).write_bytes(b"no event file at all")
    write.write_event_file(logs / 'na"me \\ größe' / "seed=1 (2)", events_of(3))
    write.write_event_file(logs / "published", events_of(4))
    sidecar = 'source = "größe"\r\nstep_clock = false\n[tags.loss]\nreading_error = [0.5]\n'
    (logs / "published" / SIDECAR).write_bytes(sidecar.encode())
    return logs


def test_runs_of_an_archive_are_those_of_the_logs(mixed, tmp_path):
    archived(mixed, tmp_path / "archive")
    assert_same_logs(Logs(tmp_path / "archive"), Logs(mixed))


def test_the_index_says_what_the_archive_is_of(mixed, tmp_path):
    archived(mixed, tmp_path / "archive")
    index = tomllib.loads((tmp_path / "archive" / "archive.toml").read_text(encoding="utf-8"))
    of_run = {part["run"]: part for part in index["parts"]}
    files = {file["name"]: file for part in index["parts"] for file in part["files"]}
    assert set(files) == set(Logs(mixed).lengths())
    for name, file in files.items():
        data = (mixed / name).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    for part in index["parts"]:
        data = (tmp_path / "archive" / part["part"]).read_bytes()
        assert part["sha256"] == hashlib.sha256(data).hexdigest()
    assert {one["kind"] for one in of_run["damaged"]["findings"]} == {"damage", "truncated_tail"}
    assert {one["kind"] for one in of_run[""]["findings"]} == {"not_an_event_file"}
    assert len(of_run["uni_5"]["sessions"]) == 2
    assert of_run["uni_5"]["given_up"] > 0
    settings = {one["name"]: one["value"] for one in of_run["uni_5"]["settings"]}
    assert settings == {"lr": 0.1, "name": "x"}
    assert of_run["published"]["sidecars"][0]["name"] == f"published/{SIDECAR}"
    assert "selection" not in index


def test_settings_stand_in_the_index_with_their_source(tmp_path):
    logs = tmp_path / "logs"
    settings = ("set/batch", "set/lr", "set/late")
    at = range(3)
    events = [write.scalar_event(tag, step, 0.5) for step in at for tag in settings[:2]]
    events += [write.scalar_event("set/late", 2, 7.0), write.scalar_event("loss", 1, 9.0)]
    events += [write.scalar_event("set/changed", step, step) for step in at]
    hyperparameters = {"batch": 3, "gamma": 0.9, "changed": 1}
    name = "events.out.tfevents.1700000000.host.1.0"
    events.append(write.hyperparameters_event(hyperparameters))
    write.write_event_file(logs / "run" / name, events)
    for jobs, tags in ((1, None), (2, None), (1, TagChoice(("loss",), is_loss))):
        archive = tmp_path / f"archive {jobs} {tags is None}"
        archived(logs, archive, settings=SettingSources(is_set, ""), jobs=jobs, tags=tags)
        (record,) = read_index(archive).records
        # What changes has no value, whatever else says one; a hyperparameter is asked last.
        assert record.settings == {
            "batch": (0.5, "set/batch"),
            "lr": (0.5, "set/lr"),
            "late": (7.0, "set/late"),
            "gamma": (0.9, f"run/{name}"),
        }
    assert archived(logs, archive, settings=SettingSources(is_set, ""), tags=tags).kept == 1
    # Where tags mean something else by now, all is written anew.
    assert archived(logs, archive, settings=SettingSources(is_set, "x"), tags=tags).kept == 0


def test_a_setting_is_that_of_the_last_attempt(tmp_path):
    for began, batch in ((0, 1.0), (1000, 2.0)):
        events = [write.version_event(write.STARTED + began)]
        events += [
            write.scalar_event(tag, step, value, wall_time=write.STARTED + began + step)
            for step in range(50)
            for tag, value in (("set/batch", batch), ("loss", batch / (1 + step)))
        ]
        name = f"events.out.tfevents.{int(write.STARTED) + began}.host.1.0"
        write.write_event_file(tmp_path / "logs" / "run" / name, events, version=False)
    written = archived(tmp_path / "logs", tmp_path / "archive", settings=SettingSources(is_set, ""))
    (record,) = written.index.records
    assert record.sessions[-1].attempt == 2
    assert record.settings == {"batch": (2.0, "set/batch")}


def test_the_index_comes_back(tmp_path):
    odd = 'a"b\\c\n\x7f\x00größe 神舟'
    finding = Finding("damage", "error", odd, why="w", run=odd, byte=0, tags=("a", "b"))
    record = Record(
        run=odd,
        part="runs/x.parquet",
        sha256="0",
        events=3,
        given_up=1,
        folders=(odd, "."),
        files={odd: (2**40, "1")},
        scalars={odd: 3},
        sidecars={odd: (1, "2")},
        sessions=(Session(1, 1.7e9, (odd,)), Session(2, None, ())),
        settings={odd: (True, odd), "b": (1e-300, ""), "c": (-math.inf, ""), "d": (3, "")},
        findings=(finding,),
    )
    index = Index((record, record), "r", {odd: "1"}, (odd,), (), (finding,))
    (tmp_path / "archive.toml").write_bytes(index.text().encode())
    assert read_index(tmp_path) == index


@pytest.mark.skipif(not REAL_FOLDERS, reason="no real logs here")
@pytest.mark.parametrize("folder", REAL_FOLDERS)
def test_real_logs_come_back(folder, tmp_path):
    logs = Logs(REAL_LOGS / folder)
    archived(logs.path, tmp_path / "archive")
    found = Logs(tmp_path / "archive")
    assert_same_logs(found, logs)
    for path in find_event_files(logs.path):
        state = read_event_file(path)
        name = path.relative_to(logs.path).as_posix()
        folder_of = name.rpartition("/")[0] or "."
        (file,) = (one for one in found.source.read(folder_of) if one.path.name == path.name)
        assert_same_file(file, state)


def test_a_name_that_is_no_unicode_comes_back(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    odd = Path(f"{logs}/r\udcff")
    try:
        write.write_event_file(odd, events_of(1))
    except OSError:
        pytest.skip("this file system has no such names")
    archived(logs, tmp_path / "archive")
    assert_same_logs(Logs(tmp_path / "archive"), Logs(logs))


# --- Sizes ----------------------------------------------------------------------------------------


def bytes_an_event(events: list[object]) -> float:
    file = read_bytes(write.event_file_bytes(events), Path("x"))
    return len(part_bytes(Part("run", ("a",), {"a/x": file}, {}))) / len(events)


def test_an_event_takes_few_bytes():
    chance = np.random.default_rng(1)
    values = chance.random(20_000)
    regular = [
        write.scalar_event(f"Group/a_metric_{n % 100}", n // 100, value, write.STARTED + n / 100)
        for n, value in enumerate(values.tolist())
    ]
    assert bytes_an_event(regular) <= 7
    walls = write.STARTED + chance.exponential(0.01, len(values)).cumsum()
    steps = chance.integers(0, 50, len(values)).cumsum()
    noise = [
        write.scalar_event(f"Group/a_metric_{tag}", step, value, wall)
        for tag, step, value, wall in zip(
            chance.integers(0, 100, len(values)).tolist(),
            steps.tolist(),
            chance.normal(size=len(values)).tolist(),
            walls.tolist(),
            strict=True,
        )
    ]
    assert bytes_an_event(noise) <= 10


# --- Again and again ------------------------------------------------------------------------------


def test_the_same_logs_give_the_same_bytes_however_they_are_read(few_runs, tmp_path):
    archived(few_runs, tmp_path / "one", jobs=1)
    archived(few_runs, tmp_path / "two", jobs=2)
    with ThreadPoolExecutor(1) as executor:
        archived(few_runs, tmp_path / "given", executor=executor)
    shutil.copytree(few_runs, tmp_path / "moved" / "logs")
    archived(tmp_path / "moved" / "logs", tmp_path / "three")
    expected = contents(tmp_path / "one")
    assert len(expected) == 5
    for name in ("two", "given", "three"):
        assert contents(tmp_path / name) == expected


def test_only_what_is_new_or_has_grown_is_read(few_runs, tmp_path, monkeypatch):
    archive = tmp_path / "archive"
    decoded: list[str] = []
    read = making.read_event_file
    monkeypatch.setattr(
        making,
        "read_event_file",
        lambda path, **options: decoded.append(path.parent.name) or read(path, **options),
    )

    def again() -> Written:
        decoded.clear()
        written = archived(few_runs, archive)
        assert len(written.read) == len(decoded)
        # As if written at once.
        archived(few_runs, tmp_path / f"anew {len(list(tmp_path.iterdir()))}")
        del decoded[len(written.read) :]
        (anew,) = tmp_path.glob("anew *")
        assert contents(archive) == contents(anew)
        shutil.rmtree(anew)
        return written

    assert again().kept == 0
    assert len(decoded) == 4
    assert again().kept == 4
    assert decoded == []
    write.write_event_file(few_runs / "run_9x", events_of(9))
    assert again().kept == 4
    assert decoded == ["run_9x"]
    grown = few_runs / "run_2x" / write.NAME
    grown.write_bytes(grown.read_bytes() + write.event_file_bytes(events_of(5), version=False))
    assert again().kept == 4
    assert decoded == ["run_2x"]
    # A second session: of the run's files, the first is taken from its part.
    second = few_runs / "run_2x" / "events.out.tfevents.1700009000.host.2.0"
    second.write_bytes(write.event_file_bytes(events_of(6)))
    assert again().kept == 4
    assert len(decoded) == 1
    # A file whose size is the same is not the same file.
    changed = few_runs / "run_3x" / write.NAME
    other = [*events_of(3)[:-1], write.scalar_event("reward", 390, 0.25, write.STARTED + 3039)]
    assert len(write.event_file_bytes(other)) == changed.stat().st_size
    changed.write_bytes(write.event_file_bytes(other))
    assert again().kept == 4
    assert decoded == ["run_3x"]
    (few_runs / "run_1x" / SIDECAR).write_text('source = "x"\n', encoding="utf-8")
    assert again().kept == 4
    assert decoded == []
    shutil.rmtree(few_runs / "run_0x")
    assert again().kept == 4
    assert decoded == []


def test_a_part_that_was_damaged_is_made_anew(few_runs, tmp_path):
    archive = tmp_path / "archive"
    archived(few_runs, archive)
    expected = contents(archive)
    first, second, *_ = sorted((archive / "runs").iterdir())
    first.write_bytes(first.read_bytes()[:-1])
    second.unlink()
    assert archived(few_runs, archive).kept == 2
    assert contents(archive) == expected


def test_another_reader_reads_everything_anew(few_runs, tmp_path, monkeypatch):
    archived(few_runs, tmp_path / "archive")
    monkeypatch.setattr(writing, "reader_digest", lambda more: "another")
    assert len(archived(few_runs, tmp_path / "archive").read) == 4


WRITE = """
import sys
from pathlib import Path
sys.path.insert(0, {project!r})
from rulka_analysis.logs.archive.writing import write_archive
from rulka_analysis.logs.runs import Logs
if __name__ == "__main__":
    print("begin", flush=True)
    write_archive(Logs(Path({logs!r})), {archive!r}, jobs={jobs})
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_writing_that_is_killed_at_any_moment_goes_on(tmp_path, jobs):
    logs, archive = tmp_path / "logs", tmp_path / "archive"
    for seed in range(60):
        write.write_event_file(logs / f"run_{seed}x", events_of(seed, 300))
    archived(logs, tmp_path / "at once")
    expected = contents(tmp_path / "at once")
    # An archive of some runs, as they were, is there already: it must stay whole.
    for seed in range(0, 60, 6):
        write.write_event_file(tmp_path / "fewer" / f"run_{seed}x", events_of(seed, 200))
    archived(tmp_path / "fewer", archive)
    script = WRITE.format(project=str(PROJECT), logs=str(logs), archive=str(archive), jobs=jobs)
    file = tmp_path / "write.py"
    file.write_text(script, encoding="utf-8")
    chance = random.Random(jobs)
    killed = 0
    # The journal begins with a line of its own and one for each part that is known.
    for lines in (0, *sorted(chance.sample(range(12, 130), 7))):
        with subprocess.Popen([sys.executable, str(file)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            while process.poll() is None and lines_of(archive / writing.JOURNAL) < lines:
                time.sleep(0.001)
            time.sleep(chance.uniform(0.0, 0.01))
            process.kill()
        killed += process.returncode != 0
        found = Logs(archive)
        for run in found:
            assert len(run.files[0].values) == (600 if len(found) == 60 else 400)
    assert killed > 3
    written = archived(logs, archive)
    assert contents(archive) == expected
    assert written.kept > 10


def lines_of(file: Path) -> int:
    try:
        return file.read_bytes().count(b"\n")
    except OSError:
        return 0


def test_what_was_finished_before_a_crash_is_not_done_again(few_runs, tmp_path):
    archive = tmp_path / "archive"

    for at in (3, 1):

        def stop(done: int, total: int, run: str, at: int = at) -> None:
            if done == at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            archived(few_runs, archive, progress=stop)
        assert not is_archive(archive)
    # The last line of the journal may be cut off.
    journal = archive / writing.JOURNAL
    journal.write_bytes(journal.read_bytes()[:-20])
    written = archived(few_runs, archive)
    assert written.kept == 3
    archived(few_runs, tmp_path / "at once")
    assert contents(archive) == contents(tmp_path / "at once")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_process_that_dies_changes_nothing(few_runs, tmp_path):
    choice = TagChoice(("*",), DiesOnce(tmp_path / "died"))
    archived(few_runs, tmp_path / "archive", jobs=2, tags=choice)
    assert (tmp_path / "died").exists()
    archived(few_runs, tmp_path / "calm", jobs=1, tags=choice)
    assert contents(tmp_path / "archive") == contents(tmp_path / "calm")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are not listed here")
def test_processes_end_with_the_one_that_started_them(tmp_path):
    logs = tmp_path / "logs"
    for seed in range(300):
        write.write_event_file(logs / f"run_{seed}x", events_of(seed, 100))
    file = tmp_path / "write.py"
    archive = tmp_path / "archive"
    file.write_text(
        WRITE.format(project=str(PROJECT), logs=str(logs), archive=str(archive), jobs=2)
    )
    with subprocess.Popen([sys.executable, str(file)], stdout=subprocess.PIPE) as process:
        children: list[int] = []
        until = time.monotonic() + 30
        while len(list(archive.glob("runs/*.parquet"))) < 20 and time.monotonic() < until:
            children = children_of(process.pid)
        process.kill()
    assert len(children) >= 2
    until = time.monotonic() + 10
    while any(map(is_alive, children)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(is_alive, children))


def children_of(parent: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(status.parent.name))
    return found


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return False
    return state[0] != "Z"


def test_progress_is_told_after_each_part(few_runs, tmp_path):
    told: list[tuple[int, int, str]] = []
    archived(few_runs, tmp_path / "a", progress=lambda *where: told.append(where))
    assert told == [(n + 1, 4, f"run_{n}x") for n in range(4)]


# --- A part of it ---------------------------------------------------------------------------------


def test_some_runs_and_some_tags_and_it_says_so(mixed, tmp_path):
    archive = tmp_path / "archive"
    archived(
        mixed,
        archive,
        runs=["uni_5", "texts"],
        asked=["uni_5", "te*"],
        tags=TagChoice(("loss",), is_loss),
    )
    index = read_index(archive)
    assert (index.runs, index.metrics) == (("uni_5", "te*"), ("loss",))
    found, all_of_it = Logs(archive), Logs(mixed)
    assert found.runs == ("texts", "uni_5")
    for run in found:
        assert run.tags == tuple(filter(is_loss, all_of_it[run.name].tags))
        for tag in run.tags:
            table, expected = run.scalars(tag), all_of_it[run.name].scalars(tag)
            assert table["value"].tolist() == expected["value"].tolist()
            assert table["step"].tolist() == expected["step"].tolist()
    # All of it cannot come from a part of it.
    assert archived(mixed, archive).kept == 0
    assert_same_logs(Logs(archive), all_of_it)


def test_of_tags_that_are_chosen_a_grown_run_is_as_if_archived_at_once(tmp_path):
    """Which events stand may depend on tags that the archive does not hold."""
    logs, archive = tmp_path / "logs", tmp_path / "archive"
    write.write_event_file(logs / "run", events_of(0))
    choice = TagChoice(("loss",), is_loss)
    archived(logs, archive, tags=choice)
    later = [
        write.scalar_event("reward", 10 * step, 0.5, write.STARTED + 10_000 + step)
        for step in range(20, 60)
    ]
    (logs / "run" / "events.out.tfevents.1700010000.host.2.0").write_bytes(
        write.event_file_bytes([write.version_event(write.STARTED + 10_000), *later], version=False)
    )
    archived(logs, archive, tags=choice)
    archived(logs, tmp_path / "at once", tags=choice)
    assert contents(archive) == contents(tmp_path / "at once")


# --- What is wrong --------------------------------------------------------------------------------


def test_a_changed_byte_stops_with_part_and_run(few_runs, tmp_path):
    archive = tmp_path / "archive"
    archived(few_runs, archive)
    record = read_index(archive).records[1]
    part = archive / record.part
    data = part.read_bytes()
    for at in (0, 4, len(data) // 2, len(data) - 1):
        changed = bytearray(data)
        changed[at] ^= 1
        part.write_bytes(changed)
        logs = Logs(archive)
        assert logs["run_0x"].tags
        with pytest.raises(ArchiveError) as caught:
            _ = logs["run_1x"].tags
        assert record.part in str(caught.value)
        assert "'run_1x'" in str(caught.value)
        assert record.sha256 in str(caught.value)
    part.unlink()
    with pytest.raises(ArchiveError, match="run_1x"):
        _ = Logs(archive)["run_1x"].tags


def test_parts_that_were_exchanged_are_found_even_if_the_index_was_changed(few_runs, tmp_path):
    archive = tmp_path / "archive"
    archived(few_runs, archive)
    index = archive / "archive.toml"
    one, other = read_index(archive).records[:2]
    text = index.read_text(encoding="utf-8")
    for before, after in ((one.part, other.part), (one.sha256, other.sha256)):
        text = text.replace(before, "swap").replace(after, before).replace("swap", after)
    index.write_text(text, encoding="utf-8")
    with pytest.raises(ArchiveError, match="made of other event files"):
        _ = Logs(archive)["run_0x"].tags


def test_a_digest_of_an_event_file_that_was_changed_in_the_index(few_runs, tmp_path):
    archive = tmp_path / "archive"
    archived(few_runs, archive)
    index = archive / "archive.toml"
    (_, digest) = read_index(archive).records[0].files[f"run_0x/{write.NAME}"]
    index.write_text(index.read_text(encoding="utf-8").replace(digest, "0" * 64), encoding="utf-8")
    with pytest.raises(ArchiveError, match="run_0x"):
        _ = Logs(archive)["run_0x"].tags


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "no index"),
        ("format = 2\n", "of format 2"),
        ("format = ", "cannot be read"),
        ("format = 1\nreader = 3\nfindings = 4\nversions = 5\n", "no index"),
        ("\xff", "cannot be read"),
    ],
)
def test_an_index_that_is_none(tmp_path, text, cause):
    (tmp_path / "archive.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ArchiveError, match=cause):
        Logs(tmp_path)


def test_an_archive_that_changed_while_a_build_goes_on(few_runs, tmp_path):
    archive = tmp_path / "archive"
    archived(few_runs, archive)
    lengths = Logs(archive).lengths()
    assert Logs(archive, lengths=lengths).runs == Logs(few_runs).runs
    write.write_event_file(few_runs / "run_7x", events_of(7))
    archived(few_runs, archive)
    with pytest.raises(ArchiveError, match="Build again"):
        Logs(archive, lengths=lengths)


def test_an_archive_is_not_written_over_something_else(few_runs, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "important.txt").touch()
    with pytest.raises(ArchiveError, match="something else"):
        archived(few_runs, tmp_path / "notes")
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveError, match="is a file"):
        archived(few_runs, tmp_path / "file")
    for place in (few_runs, few_runs / "archive", few_runs.parent):
        with pytest.raises(ArchiveError, match="lie within each other"):
            archived(few_runs, place)


def test_a_disk_that_is_full_is_said_in_words_and_leaves_the_last_archive(
    few_runs, tmp_path, monkeypatch
):
    archive = tmp_path / "archive"
    archived(few_runs, archive)
    expected = contents(archive)
    write.write_event_file(few_runs / "run_7x", events_of(7))

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(making, "write_whole", full)
        with pytest.raises(ArchiveError, match="No space left"):
            archived(few_runs, archive)
    assert {name: data for name, data in contents(archive).items() if name in expected} == expected
    assert len(Logs(archive)) == 4
    archived(few_runs, archive)
    assert len(Logs(archive)) == 5


def test_no_archive_is_made_of_an_archive(few_runs, tmp_path):
    archived(few_runs, tmp_path / "archive")
    with pytest.raises(ArchiveError, match="is an archive"):
        archived(tmp_path / "archive", tmp_path / "again")


def test_parts_say_their_format(few_runs, tmp_path, monkeypatch):
    archived(few_runs, tmp_path / "archive")
    written = parts.FORMAT
    monkeypatch.setattr(parts, "FORMAT", written + 1)
    with pytest.raises(ArchiveError, match=f"of format {written}"):
        _ = Logs(tmp_path / "archive")["run_0x"].tags
