"""The folder that LOGDIR names."""

from __future__ import annotations

from pathlib import Path

import pytest

from build_tasks.log_directory import find_log_directory
from build_tasks.telling import TaskError
from tests.site_of_project import PROJECT


def test_a_relative_log_directory_is_relative_to_where_it_was_typed(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    assert find_log_directory("logs", tmp_path) == tmp_path / "logs"
    assert find_log_directory("../logs", tmp_path / "logs") == tmp_path / "logs"


def test_quotes_and_tilde_no_shell_has_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert find_log_directory("'logs'", tmp_path) == tmp_path / "logs"
    assert find_log_directory("~/logs", PROJECT) == tmp_path / "logs"


def test_a_missing_log_directory_is_named_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "tensorboard" / "uni_5").mkdir(parents=True)
    with pytest.raises(TaskError) as caught:
        find_log_directory("tensorbord/uni_5", tmp_path)
    assert f"there is no folder {tmp_path / 'tensorbord' / 'uni_5'}" in str(caught.value)
    assert f"did you mean {tmp_path / 'tensorboard'}?" in str(caught.value)


def test_a_missing_log_directory_unlike_any_other_is_answered_with_what_there_is(
    tmp_path: Path,
) -> None:
    for number in range(9):
        (tmp_path / f"run {number}").mkdir()
    with pytest.raises(TaskError, match=r"are: run 0, .*, run 7 and 1 more"):
        find_log_directory("xyz", tmp_path)


def test_a_file_is_no_log_directory(tmp_path: Path) -> None:
    (tmp_path / "events").touch()
    with pytest.raises(TaskError, match="is no folder"):
        find_log_directory("events", tmp_path)


def test_backslashes_a_shell_took_are_recognised(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="single quotes"):
        find_log_directory("C:logsmy run", tmp_path)
