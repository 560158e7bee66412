"""Builds the site in tests: the real project, copied, through the real command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rulka_analysis.pages.locks import hold_lock

PROJECT = Path(__file__).resolve().parent.parent
PAGE = "docs/experiments/batch_size_and_running_speed.html"
FURTHER = PAGE.removesuffix(".html")
PARTS = (
    "conf.py",
    "index.rst",
    "CONTRIBUTING.rst",
    "docs",
    "notebooks",
    "rulka_analysis",
    "data",
    # Shown in the guide on hosting.
    ".readthedocs.yaml",
    ".github/workflows/pages.yml",
)
# What a command needs to start.
TASKS = (
    "tasks.py",
    "build_tasks",
    "rulka_analysis/__init__.py",
    "rulka_analysis/pages/__init__.py",
    "rulka_analysis/pages/locales.py",
    "rulka_analysis/pages/locks.py",
)


def copy_parts(folder: Path, *parts: str) -> None:
    """Copy files and folders of the project, by name, into a folder."""
    for part in parts:
        source, target = PROJECT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            # With what is compiled: each copy would do so again, in each of its processes.
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder of this name, made by whichever process of the tests comes first."""
    # Of several processes each has a folder of its own in one that they share.
    own = factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, made = shared / name, shared / f"{name} is made"
    with hold_lock(shared / f"{name}.lock", waiting=print):
        if not made.exists():
            # What a process that failed left there is made again, to fail in this one, too.
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            made.touch()
    return folder


@dataclass
class Site:
    """A copy of the project in which a test may change what it likes."""

    folder: Path

    @classmethod
    def copied(cls, folder: Path) -> Site:
        folder.mkdir(parents=True)
        copy_parts(folder, *PARTS)
        return cls(folder)

    @property
    def html(self) -> Path:
        return self.folder / "_build" / "html"

    def command(self) -> list[str]:
        doctrees = self.folder / "_build" / "doctrees" / "html"
        options = ["-W", "--keep-going", "-b", "html", "-d", str(doctrees)]
        return [sys.executable, "-m", "sphinx", *options, str(self.folder), str(self.html)]

    def environment(self, logs: Path | None) -> dict[str, str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("RULKA_")
            and name not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
        }
        if logs is not None:
            environment["RULKA_LOGDIR"] = str(logs)
        # Sphinx colours its lines on CI, and a coloured line does not begin with its words.
        return {name: value for name, value in environment.items() if name != "FORCE_COLOR"} | {
            "NO_COLOR": "1"
        }

    def build(self, logs: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(),
            cwd=self.folder,
            env=self.environment(logs),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def build_well(self, logs: Path | None = None) -> str:
        """Build and return what was printed; a failed build fails the test."""
        done = self.build(logs)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def build_killed_at(self, moment: str, logs: Path | None = None) -> None:
        """Begin a build and kill it as soon as it prints a line that begins so."""
        process = subprocess.Popen(
            self.command(),
            cwd=self.folder,
            env=self.environment(logs) | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        assert process.stdout is not None
        with process.stdout:
            seen = any(line.startswith(moment) for line in process.stdout)
            process.kill()
        status = process.wait()
        assert seen, f"the build never printed {moment!r}"
        assert status == -signal.SIGKILL, "the build had ended"

    def page(self, name: str = PAGE) -> str:
        return (self.html / name).read_text(encoding="utf-8")

    def experiment(self) -> dict[str, str]:
        """Return the experiment's page and its further pages, by path."""
        further = sorted((self.html / FURTHER).glob("*.html"))
        further = [path for path in further if not path.name.endswith(".evidence.html")]
        names = [PAGE, *(path.relative_to(self.html).as_posix() for path in further)]
        return {name: self.page(name) for name in names}

    def pages(self) -> dict[str, bytes]:
        """Return every content page and figure, by path."""
        return {
            path.relative_to(self.html).as_posix(): path.read_bytes()
            for path in sorted(self.html.rglob("*"))
            if path.suffix in (".html", ".svg")
        }

    def executions(self, printed: str) -> list[str]:
        return [line for line in printed.splitlines() if line.startswith("executed ")]
