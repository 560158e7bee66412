"""What the targets run, and what `clean` deletes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from build_tasks import targets
from build_tasks.order import Order
from build_tasks.project import Project
from build_tasks.telling import TaskError


@pytest.mark.parametrize("failing", [None, "ruff", "lint-imports", "mypy", "pytest"])
def test_every_check_runs_also_after_one_that_failed(
    monkeypatch: pytest.MonkeyPatch, failing: str | None
) -> None:
    ran = []

    def run(command: list[str | Path], **_: object) -> int:
        program, *arguments = command
        called = [Path(program).stem, *arguments] if arguments[0] != "-m" else arguments[1:]
        ran.append(called)
        return int(called[0] == failing)

    monkeypatch.setattr(targets, "run", run)
    monkeypatch.setattr(targets, "prepare", lambda project, order: None)
    status = targets.run_checks(Project(Path("/project")), Order("test", passed=("-k", "name")))
    assert status == (failing is not None)
    assert ran == [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["lint-imports", "--no-logo", "--no-cache"],
        ["mypy"],
        ["pytest", *targets.SPREAD, "-k", "name"],
    ]


def test_clean_deletes_what_was_built_and_nothing_else(
    tmp_path: Path,
) -> None:
    log = tmp_path / "tensorboard" / "events"
    log.parent.mkdir()
    log.touch()
    build = tmp_path / "_build"
    (build / "html").mkdir(parents=True)
    if os.name != "nt":
        (build / "link").symlink_to(log.parent)
        (build / "html" / "link").symlink_to(log.parent)
    (build / "file").touch()
    project = Project(tmp_path)
    assert targets.clean(project, Order("clean")) == 0
    assert targets.clean(project, Order("clean")) == 0
    # Windows deletes no open file, and the lock is one.
    left = list(build.iterdir()) if build.exists() else []
    assert left == ([project.build_lock] if os.name == "nt" else [])
    assert log.exists()


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_clean_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "_build").symlink_to(tmp_path / "logs")
    with pytest.raises(TaskError, match="is a link"):
        targets.clean(Project(tmp_path), Order("clean"))
    assert (tmp_path / "logs").exists()


def test_tensorboard_shows_the_bundled_logs_to_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    ran: list[list[str]] = []
    monkeypatch.setattr(targets, "prepare", lambda project, order: None)
    monkeypatch.setattr(targets, "run", lambda command, **_: ran.append(command) or 0)
    answer = SimpleNamespace(returncode=0, stdout='wrote them\n"/bundled logs"\n')
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    targets.show_tensorboard(project, Order("tensorboard"))
    targets.show_tensorboard(project, Order("tensorboard", tmp_path, passed=("--port", "7")))
    program = [str(project.python), "-m", "tensorboard.main", "--logdir"]
    assert ran[0] == [*program, str(Path("/bundled logs")), "--host", "localhost"]
    assert ran[1] == [*program, str(tmp_path), "--host", "localhost", "--port", "7"]
