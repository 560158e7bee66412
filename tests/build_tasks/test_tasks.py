"""tasks.py: one entry file that old Pythons understand, and what it needs to start."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.site_of_project import PROJECT, TASKS, copy_parts

NAMES = [
    "plain",
    "my logs",
    "C:\\logs\\my $run",
    "ends with \\",
    "$HOME $$ ${HOME} $(HOME) $(",
    "$(shell echo pwned > pwned)",
    "'single' \"double\" `back`",
    "a#b %PATH% (c) [d] {e}",
    "a;b&c|d>e<f!g*h?i~j=k,l:=m",
    "-x",
    "größe 日本",
    "two\nlines",
]


@pytest.mark.skipif(os.name == "nt" or not shutil.which("make"), reason="needs make and its names")
@pytest.mark.parametrize("through", ["argument", "environment"])
@pytest.mark.parametrize("name", NAMES)
def test_make_hands_on_the_log_directory_unchanged(tmp_path: Path, name: str, through: str) -> None:
    copy_parts(tmp_path, "Makefile", *TASKS)
    folder = tmp_path / "logs" / name.replace("/", "_")
    folder.mkdir(parents=True)
    environment = {key: value for key, value in os.environ.items() if "MAKE" not in key}
    command = ["make", "--silent", "logdir", f"PYTHON={sys.executable}"]
    if through == "argument":
        command.append(f"LOGDIR={folder}")
    else:
        environment["LOGDIR"] = str(folder)
    answer = subprocess.run(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE)
    assert os.fsdecode(answer.stdout) == f"{folder}\n"
    assert not (tmp_path / "pwned").exists()


def test_an_older_python_gets_a_message_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    source = (PROJECT / "tasks.py").read_text(encoding="utf-8")
    # Python reads the whole file before it runs the first line.
    ast.parse(source, feature_version=(3, 7))
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed"):
        exec(compile(source, "tasks.py", "exec"), {"__name__": "tasks"})


def test_the_targets_need_nothing_that_is_installed(tmp_path: Path) -> None:
    copy_parts(tmp_path, *TASKS)
    # Without site-packages, whatever this Python has there.
    question = (
        "import sys; sys.path.insert(0, sys.argv[1]); import tasks;"
        "print(*(name for name in sys.modules if name.partition('.')[0] not in"
        " (*sys.stdlib_module_names, '__main__', 'tasks', 'build_tasks')))"
    )
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", question, tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == [
        "rulka_analysis",
        "rulka_analysis.pages",
        "rulka_analysis.pages.locales",
        "rulka_analysis.pages.locks",
    ]
