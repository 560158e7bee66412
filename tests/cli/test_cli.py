"""The command line as people use it: runs and tags, errors, terminals, pipes and consoles."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from rulka_analysis.cli import app, output
from rulka_analysis.cli.command import one_value_a_flag
from rulka_analysis.logs.runs import Logs
from tests import event_files as write
from tests.training_logs import TrainingRun, write_runs

PROJECT = Path(__file__).parents[2]
BOX = set("─│╭╮╰╯━┃┏┓└┘├┤")


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    write_runs(
        folder,
        TrainingRun("uni_5", minutes=30, batch_size=2048),
        TrainingRun("uni_6", minutes=20, batch_size=8192, seed=1),
    )
    return folder


@pytest.fixture
def awkward(tmp_path: Path) -> Path:
    """Logs of another program whose names are as bad as names can be."""
    tags = ["loss\x1b[31m", "神舟/…", "../../up", "[red]x", "nan", "a,b\n"]
    values = [float("nan"), -1.5, 2.0, 3.0, float("nan"), float("inf")]
    for folder in ("run [a]", "神舟革命"):
        events = [
            write.scalar_event(tag, step, value, write.STARTED + 60 * step)
            for step in range(1, 4)
            for tag, value in zip(tags, values, strict=True)
        ]
        write.write_event_file(tmp_path / folder, events)
    return tmp_path


def environment(**changes: str) -> dict[str, str]:
    left_out = ("PYTHONIOENCODING", "PYTHONUNBUFFERED", "COLUMNS")
    kept = {k: v for k, v in os.environ.items() if k not in left_out}
    return {**kept, "PYTHONPATH": str(PROJECT), **changes}


def run_piped(*arguments: str | Path, **changes: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "rulka_analysis", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, env=environment(**changes), check=False)


def run_on_terminal(width: int, *arguments: str | Path) -> str:
    """Run on a pseudo-terminal of so many columns, and return what it shows."""
    pty = pytest.importorskip("pty")
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    command = [sys.executable, "-m", "rulka_analysis", *map(str, arguments)]
    with subprocess.Popen(
        command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment(TERM="xterm")
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while block := os.read(ours, 1 << 16):
                shown += block
        except OSError:  # Linux says so when the other end is closed
            pass
    os.close(ours)
    assert process.returncode == 0
    return shown.decode()


def test_runs_say_what_each_run_is(logdir: Path) -> None:
    result = CliRunner().invoke(app, ["runs", "--logdir", str(logdir), "--json"])
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert data["log_directory"] == str(logdir)
    first = data["runs"][0]
    run = Logs(logdir)["uni_5"]
    assert first["name"] == "uni_5"
    assert first["folders"] == ["uni_5"]
    assert first["events"] == sum(len(run.scalars(tag)) for tag in run.tags)
    assert first["tags"] == len(run.tags)
    assert first["duration_minutes"] == pytest.approx(run.duration)
    assert first["last_step"] == 900_000
    assert first["clocks"] == ["minutes", "frames", "updates"]
    assert first["findings"] == []


def test_runs_name_the_log_directory_in_effect(logdir: Path) -> None:
    runner = CliRunner()
    by_option = runner.invoke(app, ["runs", "--logdir", str(logdir)])
    assert f"{logdir} (from --logdir)" in by_option.stdout
    by_variable = runner.invoke(app, ["runs"], env={"RULKA_LOGDIR": str(logdir)})
    assert f"{logdir} (from RULKA_LOGDIR)" in by_variable.stdout


def test_bundled_curves_are_named_as_such_and_have_no_made_up_last_step(bundled: Logs) -> None:
    result = CliRunner().invoke(app, ["runs", "--json"], env={"RULKA_LOGDIR": ""})
    runs = {run["name"]: run for run in json.loads(result.stdout)["runs"]}
    assert json.loads(result.stdout)["bundled"] is True
    assert runs["uni_9"]["last_step"] is None
    assert runs["uni_6"]["folders"] == ["uni_6", "uni_6_2"]


def test_a_pattern_and_a_segment_name_runs(bundled: Logs) -> None:
    arguments = ["--logdir", str(bundled.path), "--json"]
    pattern = CliRunner().invoke(app, ["runs", "uni_1*", *arguments])
    names = [run["name"] for run in json.loads(pattern.stdout)["runs"]]
    assert names == ["uni_10", "uni_11", "uni_12"]
    segment = CliRunner().invoke(app, ["runs", "uni_6_2", "uni_6", *arguments])
    assert [run["name"] for run in json.loads(segment.stdout)["runs"]] == ["uni_6"]
    assert "uni_6_2 is a segment of uni_6" in segment.stderr


def test_a_misspelt_run_gets_the_nearest_names_after_the_rest(logdir: Path) -> None:
    result = CliRunner().invoke(app, ["runs", "uni_5", "uni6", "--logdir", str(logdir)])
    assert result.exit_code == 1
    assert "\nuni_5 " in result.stdout
    assert "no run 'uni6'" in result.stderr
    assert "did you mean 'uni_6'" in result.stderr


def test_a_pattern_that_fits_nothing_fails(logdir: Path) -> None:
    result = CliRunner().invoke(app, ["runs", "dqn_*", "--logdir", str(logdir)])
    assert result.exit_code == 1
    assert "no run 'dqn_*'" in result.stderr


def test_tags_say_what_each_tag_is(logdir: Path) -> None:
    arguments = ["tags", "uni_5", "--logdir", str(logdir), "--json"]
    result = CliRunner().invoke(app, [*arguments, "--metric", "loss"])
    (tag,) = json.loads(result.stdout)["tags"]
    values = Logs(logdir)["uni_5"].scalars("Training/loss").value
    assert tag["tag"] == "Training/loss"
    assert tag["metric"] == "loss"
    assert tag["events"] == len(values)
    assert (tag["min"], tag["max"], tag["last"]) == (values.min(), values.max(), values.iloc[-1])
    by_pattern = CliRunner().invoke(app, [*arguments, "--tag", "Race/split_*"])
    found = [tag["tag"] for tag in json.loads(by_pattern.stdout)["tags"]]
    assert found
    assert all(name.startswith("Race/split_") for name in found)


def test_a_metric_nobody_knows_fails_with_the_nearest(logdir: Path) -> None:
    result = CliRunner().invoke(app, ["tags", "--metric", "los", "--logdir", str(logdir)])
    assert result.exit_code == 1
    assert "did you mean 'loss'" in result.stderr


def test_values_that_are_not_finite_are_counted_and_not_hidden(awkward: Path) -> None:
    result = CliRunner().invoke(app, ["tags", "--tag", "nan", "--logdir", str(awkward), "--json"])
    tags = json.loads(result.stdout)["tags"]
    assert [tag["not_finite"] for tag in tags] == [3, 3]
    assert [tag["min"] for tag in tags] == [None, None]
    assert [tag["metric"] for tag in tags] == [None, None]


def test_a_missing_log_directory_is_one_line_without_traceback(tmp_path: Path) -> None:
    result = run_piped("runs", "--logdir", tmp_path / "tensorbord")
    assert result.returncode == 1
    assert result.stdout == b""
    assert result.stderr.startswith(b"error: no log directory")
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["runs", "--no-such-option"],
        ["compare"],
        ["compare", "uni_5", "--clock", "hours"],
        ["compare", "uni_5", "--every", "0"],
        ["extract", "--runs", "uni_5"],
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


def test_piped_output_is_plain_and_whole(logdir: Path) -> None:
    for arguments in (["runs"], ["tags"], ["compare", "uni_*"], ["compare", "--help"]):
        command = arguments if "--help" in arguments else [*arguments, "--logdir", str(logdir)]
        result = run_piped(*command, COLUMNS="40")
        assert result.returncode == 0, result.stderr
        text = result.stdout.decode()
        assert "\x1b" not in text
        assert not BOX & set(text)
        assert "…" not in text
        if "uni_*" in arguments:  # a sentence wider than any terminal stays one line
            assert "; Number times single memory is used before discard 32.\n" in text
    assert (
        "Gradients/by_layer/iqn_fc.weight/L2_median"
        in run_piped("tags", "--logdir", logdir, COLUMNS="40").stdout.decode()
    )


@pytest.mark.parametrize("width", [40, 80])
def test_tables_fit_the_terminal_and_break_no_number(logdir: Path, width: int) -> None:
    number = re.compile(r"\b\d{1,3}(?:,\d{3})+\b")
    for arguments in (["runs"], ["tags", "uni_5"], ["compare", "uni_*", "--map", "A01"]):
        command = [*arguments, "--logdir", str(logdir)]
        drawn = run_on_terminal(width, *command)
        assert "\x1b[1m" in drawn
        shown = re.sub(r"\x1b\[[0-9;]*m", "", drawn)
        assert max(cell_len(line) for line in shown.splitlines()) <= width
        assert "…" not in shown
        wanted = set(number.findall(run_piped(*command).stdout.decode()))
        assert wanted
        assert wanted <= set(number.findall(shown))


def test_untrusted_names_do_not_reach_the_terminal(awkward: Path) -> None:
    for shown in (
        run_on_terminal(100, "compare", "*", "--logdir", awkward),
        run_piped("tags", "--logdir", awkward).stdout.decode(),
        run_piped("compare", "*", "--logdir", awkward).stdout.decode(),
    ):
        assert "\x1b[31m" not in shown
        assert r"loss\x1b[31m" in shown
        assert "[red]x" in shown


def test_a_console_of_code_page_1252_gets_look_alikes(bundled: Logs, awkward: Path) -> None:
    result = run_piped(
        "compare", "uni_5", "uni_6", "--metric", "average_q", "--logdir", bundled.path,
        PYTHONIOENCODING="cp1252",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    text = result.stdout.decode("cp1252")
    assert "-5.580 to -0.536" in text
    for command in (["runs"], ["tags"], ["compare", "*"], ["compare", "*", "--json"]):
        result = run_piped(*command, "--logdir", awkward, PYTHONIOENCODING="cp1252")
        assert result.returncode == 0, result.stderr
        assert r"\u795e\u821f\u9769\u547d" in result.stdout.decode("cp1252")


@pytest.mark.parametrize("is_much", [False, True])
def test_a_closed_pipe_is_quiet(logdir: Path, is_much: bool) -> None:
    # Little output is written when the process ends, much before.
    little, much = ["runs"], ["extract", "--metrics", "*"]
    command = [sys.executable, "-m", "rulka_analysis", *(much if is_much else little)]
    with subprocess.Popen(
        [*command, "--logdir", str(logdir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_an_interrupt_ends_with_status_130(tmp_path: Path) -> None:
    fifo = tmp_path / "run" / "provenance.toml"
    write.write_event_file(fifo.parent, [write.scalar_event("loss", 1, 1.0)])
    os.mkfifo(fifo)  # reading it waits for a writer that never comes
    command = [sys.executable, "-m", "rulka_analysis", "runs", "--logdir", str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()  # it says that it reads: everything is imported
        assert b"..." in line
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(timeout=30) == 130
    assert b"Traceback" not in rest


def test_help_imports_nothing_that_takes_time() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "rulka_analysis"]
    for arguments in (["--help"], ["compare", "--help"]):
        result = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, env=environment(), check=True
        )
        imported = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
        top = {name.partition(".")[0] for name in imported}
        assert "typer" in top
        assert not top & {"numpy", "pandas", "matplotlib", "tensorboard", "google", "scipy"}


def test_reading_that_takes_long_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "PROGRESS_AFTER", 0.0)
    with output.Waiting("reading the logs") as reading:
        names = iter(reading.each(["uni_5", "uni_6"]))
        next(names)
        assert reading.shown.wait(timeout=30)
        next(names)
    assert "reading the logs: uni_6 (2 of 2)" in capsys.readouterr().err


@pytest.mark.parametrize("count", [1, 9, 10, 11, 1000])
def test_reading_very_many_takes_few_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    monkeypatch.setattr(output, "PROGRESS_AFTER", 0.0)
    with output.Waiting("reading the logs") as reading:
        assert reading.shown.wait(timeout=30)
        for _ in reading.each([f"run_{number}" for number in range(count)]):
            pass
    lines = capsys.readouterr().err.splitlines()
    assert min(count, 9) <= len(lines) <= output.MOST_LINES
    assert f"({count} of {count})" in lines[-1]


def test_reading_that_is_quick_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with output.Waiting("reading the logs") as reading:
        assert list(reading.each(["uni_5"])) == ["uni_5"]
    assert capsys.readouterr().err == ""


def test_several_values_after_one_flag() -> None:
    assert one_value_a_flag(["--metrics", "a", "b", "--output", "f", "--runs", "c"]) == [
        "--metrics", "a", "--metrics", "b", "--output", "f", "--runs", "c"
    ]  # fmt: skip


def test_scripts_without_the_dependencies_say_what_to_do(tmp_path: Path) -> None:
    for script in ("analyze_experiment.py", "extract_tensorboard_data.py"):
        # -S leaves out site-packages: a Python in which nothing is installed.
        result = subprocess.run(
            [sys.executable, "-S", "-E", str(PROJECT / "scripts" / script), "uni_5"],
            capture_output=True, text=True, cwd=tmp_path, check=False,
        )  # fmt: skip
        assert result.returncode == 1
        assert result.stdout == ""
        assert len(result.stderr.splitlines()) == 1
        assert "make" in result.stderr
        assert script in result.stderr


def test_scripts_work_from_any_folder(logdir: Path, tmp_path: Path) -> None:
    def script(name: str, *arguments: str) -> str:
        command = [sys.executable, str(PROJECT / "scripts" / name), *arguments]
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        result = subprocess.run(
            [*command, "--logdir", str(logdir)],
            capture_output=True, cwd=tmp_path, env=kept, text=True, check=True,
        )  # fmt: skip
        return result.stdout

    compared = script("analyze_experiment.py", "uni_5", "uni_6")
    assert "Loss per transition" in compared
    extracted = script(
        "extract_tensorboard_data.py", "--runs", "uni_5", "uni_6", "--metrics", "Training/loss"
    )
    assert extracted.startswith("run,tag,frames,minutes,updates,wall_time,value,step,file\n")
    assert "\nuni_6,Training/loss," in extracted
