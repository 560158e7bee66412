"""What programs find in their environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from build_tasks.order import Order
from build_tasks.programs import choose_variables
from build_tasks.project import Project


def test_programs_get_the_log_directory_and_no_leftovers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGDIR", "JOBS", "LONG", "PYTHONPATH", "PYTHONHOME", "MAKEFLAGS"):
        monkeypatch.setenv(name, "left over")
    for name in ("RULKA_LOGDIR", "RULKA_JOBS", "RULKA_LONG"):
        monkeypatch.setenv(name, "left over")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    project = Project(Path("/project"))
    given = choose_variables(project, Order("html", Path("/my $run"), jobs=3, long=True))
    assert given["RULKA_LOGDIR"] == str(Path("/my $run"))
    assert given["RULKA_JOBS"] == "3"
    assert given["RULKA_LONG"] == "1"
    assert given["PYTHONHASHSEED"] == "7"
    assert "left over" not in given.values()
    assert given["PATH"].split(os.pathsep)[0] == str(project.python.parent)
    monkeypatch.setenv("LANG", "tlh_KX.UTF-8")
    assert "LANG" not in choose_variables(project, Order("html")), "no system knows it"
    plain = choose_variables(project, Order("html"))
    assert plain.keys().isdisjoint({"RULKA_LOGDIR", "RULKA_JOBS", "RULKA_LONG"})
