"""The check for old numbers on pages can fail: it does with myst-nb's own execution."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.bench_builds import OURS, Mode, Project, change_one_log


@pytest.mark.long
@pytest.mark.parametrize(
    ("mode", "executed", "shown"),
    [
        (OURS, 2, "right"),
        (Mode("myst-nb, force", "force"), 0, "STALE"),
    ],
    ids=lambda value: value.name if isinstance(value, Mode) else None,
)
def test_pages_after_a_log_has_changed(
    mode: Mode, executed: int, shown: str, tmp_path: Path
) -> None:
    project = Project.written(tmp_path / "project", mode, runs=1)
    assert project.build().executed == 2
    number = project.number("run_0")
    assert project.shows("run_0", number, "notebook")
    assert project.shows("run_0", number, "quoting")

    build, pages = change_one_log(project)
    assert project.number("run_0") != number
    assert pages == {"notebook_page": shown, "quoting_page": shown}
    assert build.executed == executed
