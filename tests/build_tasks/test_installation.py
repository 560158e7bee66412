"""What has to be done to the virtual environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from build_tasks.installation import Interpreter, Wanted, decide_change, remove_environment
from build_tasks.project import Project
from build_tasks.systems import locate_python
from build_tasks.telling import InstallationError

FOUND = Interpreter("3.11", Path("site-packages"))
WANTED = Wanted("/project", "lock", "declared", frozenset({"html"}))
STAMP = {
    "finished": True,
    "project": "/project",
    "python": "3.11",
    "lock": "lock",
    "declared": "declared",
    "extras": ["html", "test"],
    "packages": ["sphinx-9.0.4.dist-info"],
}
PRESENT = {"sphinx-9.0.4.dist-info", "somebody_s_own-1.0.dist-info"}


def test_nothing_is_done_when_nothing_changed() -> None:
    assert decide_change(STAMP, FOUND, WANTED, PRESENT) is None


@pytest.mark.parametrize(
    ("stamp", "found", "present", "rebuild", "reason"),
    [
        (STAMP, None, set(), True, "does not start"),
        (None, FOUND, PRESENT, False, "nothing was installed by this command"),
        (None, Interpreter("3.9", Path()), PRESENT, True, "its Python is 3.9"),
        ({}, FOUND, PRESENT, True, "interrupted"),
        ({"finished": False}, FOUND, PRESENT, True, "interrupted"),
        (STAMP | {"project": "/elsewhere"}, FOUND, PRESENT, True, "moved or copied"),
        (STAMP | {"python": "3.10"}, FOUND, PRESENT, True, "was 3.10 and is now 3.11"),
        (STAMP | {"lock": "older"}, FOUND, PRESENT, False, "requirements.lock changed"),
        (STAMP | {"declared": "older"}, FOUND, PRESENT, False, "pyproject.toml changed"),
        (STAMP | {"extras": ["lab"]}, FOUND, PRESENT, False, "more is needed: html"),
        (STAMP, FOUND, {"sphinx-9.1.dist-info"}, False, "sphinx-9.0.4 was removed or replaced"),
    ],
)
def test_every_change_is_seen_and_said(
    stamp: dict[str, object] | None,
    found: Interpreter | None,
    present: set[str],
    rebuild: bool,
    reason: str,
) -> None:
    change = decide_change(stamp, found, WANTED, present)
    assert change is not None
    assert change.rebuild is rebuild
    assert reason in change.reason


def test_where_the_python_of_an_environment_is() -> None:
    folder = Path(".venv")
    assert locate_python(folder, windows=True) == folder / "Scripts" / "python.exe"
    assert locate_python(folder, windows=False) == folder / "bin" / "python"


def test_a_folder_that_is_no_environment_is_not_deleted(
    tmp_path: Path,
) -> None:
    precious = tmp_path / ".venv" / "precious"
    precious.parent.mkdir()
    precious.touch()
    with pytest.raises(InstallationError, match="move it out of the way"):
        remove_environment(Project(tmp_path))
    assert precious.exists()
