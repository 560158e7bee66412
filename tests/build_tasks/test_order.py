"""From a command line to an order."""

from __future__ import annotations

from pathlib import Path

import pytest

from build_tasks.order import SETTINGS, Order, read_order
from build_tasks.systems import rejoin_arguments
from build_tasks.targets import TARGETS
from build_tasks.telling import UsageError


def understand(*arguments: str, typed_in: Path, **environment: str) -> Order:
    return read_order(arguments, environment, typed_in, TARGETS)


def test_settings_come_from_the_command_line_before_the_environment(tmp_path: Path) -> None:
    for name in ("typed", "exported", "older"):
        (tmp_path / name).mkdir()
    older = {"RULKA_LOGDIR": "older"}

    def chosen(*arguments: str, **environment: str) -> Path | None:
        return understand("html", *arguments, typed_in=tmp_path, **environment).log_directory

    assert chosen("LOGDIR=typed", LOGDIR="exported", **older) == tmp_path / "typed"
    assert chosen(LOGDIR="exported", **older) == tmp_path / "exported"
    assert chosen(**older) == tmp_path / "older"
    assert chosen("LOGDIR=", **older) is None
    assert chosen() is None


def test_numbers_and_switches_are_read(tmp_path: Path) -> None:
    assert understand("html", "JOBS=3", typed_in=tmp_path).jobs == 3
    assert understand("fuzz", typed_in=tmp_path, SECONDS="7").seconds == 7
    assert understand("fuzz", "SECONDS=", typed_in=tmp_path) == Order("fuzz")
    assert understand("test", "LONG=1", typed_in=tmp_path).long
    assert not understand("test", "LONG=0", typed_in=tmp_path, LONG="1").long


def test_what_stands_behind_the_dashes_is_passed_on(tmp_path: Path) -> None:
    order = understand("test", "--", "-k", "LOGDIR=x", typed_in=tmp_path)
    assert order == Order("test", passed=("-k", "LOGDIR=x"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["htlm"], "unknown target 'htlm'; did you mean 'html'?"),
        (["html", "logdir=x"], "unknown setting 'logdir'; did you mean 'LOGDIR'?"),
        (["html", "JOBS=0"], "JOBS is '0'; it must be a whole number from 1 on"),
        (["test", "LONG=yes"], "LONG is 'yes'; it must be 1 or 0"),
        (["html", "LOGDIR=my", "logs"], "one target at a time, not 'html' and 'logs'"),
        (["clean", "--", "-v"], "clean takes no arguments after --"),
    ],
)
def test_a_wrong_command_is_explained(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "my").mkdir()
    with pytest.raises(UsageError) as caught:
        understand(*arguments, typed_in=tmp_path)
    assert message in str(caught.value)


def test_a_setting_without_use_is_not_dropped_in_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    understand("test", "LOGDIR=nowhere", typed_in=tmp_path)
    assert "test does not use LOGDIR" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        (["html", "LOGDIR", r"C:\logs"], ["html", r"LOGDIR=C:\logs"]),
        (["LOGDIR", r"C:\a b\c", "html"], [r"LOGDIR=C:\a b\c", "html"]),
        (["html", "LOGDIR", r"C:\a=b"], ["html", r"LOGDIR=C:\a=b"]),
        (["html", r'LOGDIR=C:\a b" JOBS=2'], ["html", r"LOGDIR=C:\a b", "JOBS=2"]),
        (["html", r'LOGDIR=C:\a b"'], ["html", r"LOGDIR=C:\a b"]),
        (["html", r"LOGDIR=C:\a b\c"], ["html", r"LOGDIR=C:\a b\c"]),
    ],
)
def test_what_windows_does_to_arguments_is_undone(arguments: list[str], whole: list[str]) -> None:
    assert rejoin_arguments(arguments, SETTINGS, windows=True) == whole


def test_elsewhere_a_quote_belongs_to_the_name() -> None:
    typed = ['LOGDIR=a" b']
    assert rejoin_arguments(typed, SETTINGS, windows=False) == typed
