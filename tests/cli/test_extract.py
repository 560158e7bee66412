"""``rulka-analysis extract``: every event, exactly, in every format, whole or not at all."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from rulka_analysis.cli import app, extracting
from rulka_analysis.project import open_logs
from tests import event_files as write

COLUMNS = ["run", "tag", "frames", "minutes", "updates", "wall_time", "value", "step", "file"]


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """Two runs: one repeats a step and logs what is no number."""
    values = [0.1, math.nan, math.inf, 3.0]
    steps = [1, 2, 2, 3]
    first = [
        write.scalar_event("Training/loss", step, value, write.STARTED + 60 * n)
        for n, (step, value) in enumerate(zip(steps, values, strict=True))
    ]
    second = [
        write.scalar_event("Training/loss", 2, 7.0),
        write.scalar_event("other, 神舟", 1, 1.5),
    ]
    write.write_event_file(tmp_path / "logs" / "first", first)
    write.write_event_file(tmp_path / "logs" / "second", second)
    return tmp_path / "logs"


def extract(logdir: Path, *arguments: str | Path) -> Any:
    command = ["extract", *map(str, arguments), "--logdir", str(logdir)]
    return CliRunner().invoke(app, command)


def test_csv_holds_every_event_exactly(logdir: Path) -> None:
    result = extract(logdir, "--runs", "first", "--metrics", "Training/loss")
    assert result.exit_code == 0, result.stderr
    table = pd.read_csv(io.StringIO(result.stdout))
    assert list(table.columns) == COLUMNS
    expected = open_logs(logdir)["first"].scalars("Training/loss")
    for column in ("value", "step", "wall_time", "minutes", "frames"):
        np.testing.assert_array_equal(table[column], expected[column])
    assert table.value[0] == np.float32(0.1)
    assert table.updates.isna().all()
    assert table.file.unique().tolist() == [f"first/{write.NAME}"]
    assert result.stdout.splitlines()[2].split(",")[6] == "NaN"
    assert result.stdout.splitlines()[3].split(",")[6] == "Infinity"


def test_several_values_after_one_flag_and_metric_names(logdir: Path) -> None:
    result = extract(logdir, "--runs", "first", "second", "--metrics", "loss", "other*")
    table = pd.read_csv(io.StringIO(result.stdout))
    assert table.groupby(["run", "tag"]).size().to_dict() == {
        ("first", "Training/loss"): 4,
        ("second", "Training/loss"): 1,
        ("second", "other, 神舟"): 1,
    }


def test_all_formats_say_the_same(logdir: Path, tmp_path: Path) -> None:
    for name in ("t.csv", "t.parquet", "t.json"):
        result = extract(logdir, "--metrics", "*", "--output", tmp_path / name)
        assert result.exit_code == 0, result.stderr
        assert result.stdout == ""
    csv = pd.read_csv(tmp_path / "t.csv")
    columns = pd.read_parquet(tmp_path / "t.parquet")
    rows = pd.DataFrame(json.loads((tmp_path / "t.json").read_text(encoding="ascii")))
    assert len(csv) == 6
    for table in (columns, rows):
        assert list(table.columns) == COLUMNS
        for column in ("run", "tag", "file"):
            assert table[column].astype(str).tolist() == csv[column].tolist()
        for column in ("value", "step", "minutes", "wall_time", "updates"):
            np.testing.assert_array_equal(table[column].astype(float), csv[column].astype(float))


def test_parquet_tells_what_is_no_number_from_what_is_not_there(
    logdir: Path, tmp_path: Path
) -> None:
    extract(logdir, "--runs", "first", "--metrics", "loss", "--output", tmp_path / "t.parquet")
    table = parquet.read_table(tmp_path / "t.parquet")
    assert table["value"].null_count == 0
    assert table["updates"].null_count == 4


def test_wide_has_a_column_a_series_and_drops_no_repeated_step(logdir: Path) -> None:
    result = extract(logdir, "--metrics", "*", "--wide")
    assert result.stdout.splitlines() == [
        'step,first Training/loss,second Training/loss,"second other, 神舟"',
        f"1,{float(np.float32(0.1))!r},,1.5",
        "2,NaN,7.0,",
        "2,Infinity,,",
        "3,3.0,,",
    ]


def test_a_missing_run_fails_after_the_rest_is_written(logdir: Path, tmp_path: Path) -> None:
    output = tmp_path / "t.csv"
    result = extract(logdir, "--runs", "first", "secnd", "--metrics", "loss", "--output", output)
    assert result.exit_code == 1
    assert len(pd.read_csv(output)) == 4
    assert "did you mean 'second'" in result.stderr


def test_a_tag_nobody_has_fails_and_one_that_a_run_lacks_is_noted(logdir: Path) -> None:
    result = extract(logdir, "--metrics", "other, 神舟", "Training/los", "average_q")
    assert result.exit_code == 1
    assert "first has no other" in result.stderr
    assert "did you mean 'Training/loss'" in result.stderr
    assert "'average_q': not in these logs" in result.stderr
    assert len(result.stdout.splitlines()) == 2


def test_list_tags_needs_no_metrics(logdir: Path) -> None:
    result = extract(logdir, "--list-tags", "--runs", "second")
    assert result.exit_code == 0
    assert "Training/loss" in result.stdout
    assert "uncatalogued" in result.stdout


def test_the_old_file_stays_when_writing_fails(
    logdir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "t.csv"
    output.write_text("old")

    def full_disk(extract: object, chosen: object, stream: io.BufferedWriter) -> None:
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(extracting, "_write", full_disk)
    result = extract(logdir, "--metrics", "loss", "--output", output)
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert output.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["t.csv"]


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (".", "is a folder"),
        ("missing/t.csv", "make the folder"),
        ("t.xlsx", "'.xlsx' names no format"),
        ("t", "names no format"),
    ],
)
def test_outputs_that_cannot_be_written_are_refused(
    logdir: Path, tmp_path: Path, output: str, said: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    result = extract(logdir, "--metrics", "loss", "--output", tmp_path / output, *(
        ["--format", "csv"] if output == "." else []
    ))  # fmt: skip
    assert result.exit_code == 1
    assert said in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such device file")
def test_a_device_is_not_replaced(logdir: Path, tmp_path: Path) -> None:
    device = tmp_path / "t.csv"
    os.mkfifo(device)
    result = extract(logdir, "--metrics", "loss", "--output", device)
    assert result.exit_code == 1
    assert "no ordinary file" in result.stderr
    assert device.is_fifo()


def test_csv_to_a_pipe_is_utf8_whatever_the_console(logdir: Path) -> None:
    command = [sys.executable, "-m", "rulka_analysis", "extract", "--metrics", "*"]
    project = str(Path(__file__).parents[2])
    result = subprocess.run(
        [*command, "--logdir", str(logdir)],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": project, "PYTHONIOENCODING": "cp1252"},
        check=True,
    )
    assert "other, 神舟" in result.stdout.decode("utf-8")
    assert b"\r" not in result.stdout
