"""Making ``requirements.lock`` from ``pyproject.toml``."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path

from build_tasks.order import Order
from build_tasks.pip import (
    PIP,
    check_that_environments_can_be_made,
    choose_pip_variables,
    find_base_python,
    run_quietly,
)
from build_tasks.programs import run
from build_tasks.project import LOCK_NAME, Project
from build_tasks.requirements import (
    LOCKED_PLATFORMS,
    LOCKED_PYTHONS,
    list_requirements,
    read_declaration,
    read_pins,
    select_pins,
)
from build_tasks.systems import locate_python
from build_tasks.telling import TaskError, say

# Fixed because another version may write another form.
UV = "uv==0.13.9"


def make_lock(project: Project, order: Order) -> int:
    """Make the lock from pyproject.toml, and see that it serves every Python and system.

    Versions already locked stay where they can; ``-- --upgrade`` takes the newest.
    """
    check_that_environments_can_be_made()
    with tempfile.TemporaryDirectory(prefix="rulka-lock-") as folder:
        uv = install_uv(project, Path(folder))
        compile_lock(project, uv, order.passed)
        unserved = find_unserved(project, uv, Path(folder))
    if unserved:
        raise TaskError(f"{LOCK_NAME} lacks built packages for {'; '.join(unserved)} (see above)")
    say(f"{LOCK_NAME} serves Python {', '.join(LOCKED_PYTHONS)} on Linux, Windows and macOS.")
    return 0


def install_uv(project: Project, folder: Path) -> str:
    """Install uv into a folder and return where it is."""
    python = locate_python(folder)
    say(f"Installing {UV} into a temporary environment ...")
    command = [find_base_python(), "-m", "venv", str(folder)]
    run_quietly(command, "making the temporary environment", folder=project.root)
    run_quietly([str(python), *PIP, "install", UV], "installing uv", folder=project.root)
    return str(python.with_name("uv" + python.suffix))


def compile_lock(project: Project, uv: str, passed: Sequence[str]) -> None:
    """Write the lock, and see that it holds all that pyproject.toml asks for."""
    options = ["--universal", "--generate-hashes", "--all-extras"]
    # The oldest Python decides and one version serves all: pages must not differ with the
    # Python that built them.
    options += ["--python-version", LOCKED_PYTHONS[0], "--fork-strategy", "fewest"]
    options += ["--custom-compile-command", "python tasks.py lock", "--quiet", *passed]
    command = [uv, "pip", "compile", *options, "--output-file", LOCK_NAME, "pyproject.toml"]
    if run(command, folder=project.root, variables=choose_pip_variables()) != 0:
        raise TaskError(f"{LOCK_NAME} was not made, see above")
    declared = read_declaration(project)
    extras = declared["project"]["optional-dependencies"]
    pins = read_pins(project.requirements.read_text(encoding="utf-8"))
    select_pins(pins, list_requirements(declared, extras))


def find_unserved(project: Project, uv: str, folder: Path) -> list[str]:
    """Return the Pythons and systems for which a locked package is not there, built."""
    options = ["--quiet", "--dry-run", "--no-deps", "--require-hashes"]
    options += ["--only-binary", ":all:", "--target", "nowhere"]
    options += ["--requirements", str(project.requirements)]
    # Away from pyproject.toml: without resolving, its constraints have no meaning.
    options += ["--directory", str(folder)]
    unserved = []
    for version, platform in itertools.product(LOCKED_PYTHONS, LOCKED_PLATFORMS):
        of_one = ["--python-version", version, "--python-platform", platform]
        command = [uv, "pip", "install", *options, *of_one]
        if run(command, folder=project.root, variables=choose_pip_variables()) != 0:
            unserved.append(f"Python {version} on {platform}")
    return unserved
