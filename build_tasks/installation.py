"""The virtual environment: what has to be done to it, and doing it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from build_tasks.pip import (
    PIP,
    check_that_environments_can_be_made,
    find_base_python,
    run_quietly,
)
from build_tasks.programs import hold
from build_tasks.project import LOCK_NAME, Project
from build_tasks.requirements import (
    Pin,
    list_requirements,
    normalise,
    read_declaration,
    read_pins,
    select_pins,
)
from build_tasks.telling import InstallationError, TaskError, say


class Interpreter(NamedTuple):
    """What the Python of the virtual environment says of itself."""

    version: str
    """Major and minor."""
    packages: Path


class Wanted(NamedTuple):
    """What must be installed."""

    project: str
    """The project's folder; the commands in a virtual environment hold this path."""
    lock: str
    """Digest of the lock."""
    declared: str
    """Digest of what pyproject.toml says about the package itself."""
    extras: frozenset[str]


class Change(NamedTuple):
    """What has to be done to the virtual environment, and why."""

    rebuild: bool
    reason: str


def decide_change(
    stamp: Mapping[str, Any] | None, found: Interpreter | None, wanted: Wanted, present: set[str]
) -> Change | None:
    """Compare what is installed with what is wanted; None if nothing is to be done.

    `stamp` is what the last installation left, None if there was none; `present` are the names of
    the folders in which installed packages are registered.
    """
    if stamp is not None and not stamp.get("finished"):
        return Change(True, "an installation was interrupted")
    if found is None:
        return Change(True, "its Python does not start")
    if found.version in ("3.8", "3.9", "3.10"):
        return Change(True, f"its Python is {found.version}")
    if stamp is None:
        return Change(False, "nothing was installed by this command yet")
    if stamp["project"] != wanted.project:
        return Change(True, "the project's folder was moved or copied")
    if stamp["python"] != found.version:
        return Change(True, f"its Python was {stamp['python']} and is now {found.version}")
    if stamp["lock"] != wanted.lock:
        return Change(False, f"{LOCK_NAME} changed")
    if stamp["declared"] != wanted.declared:
        return Change(False, "pyproject.toml changed")
    added = sorted(wanted.extras - set(stamp["extras"]))
    if added:
        return Change(False, f"more is needed: {', '.join(added)}")
    gone = sorted(set(stamp["packages"]) - present)
    if gone:
        return Change(False, f"{gone[0].removesuffix('.dist-info')} was removed or replaced")
    return None


def ensure_installed(project: Project, target: str, extras: frozenset[str]) -> None:
    """See to it that the virtual environment holds all that a target needs."""
    if look_for_change(project, extras) is None:
        running, installed = f"{sys.version_info[0]}.{sys.version_info[1]}", read_stamp(project)
        if installed and installed["python"] != running:
            say(f"note: .venv has Python {installed['python']}; to take {running}, delete .venv")
        return
    with hold(project.installation_lock):
        # Asked again: the command that held the lock may have installed just this.
        change = look_for_change(project, extras)
        if change is not None:
            install(project, target, extras, change)


def look_for_change(project: Project, extras: frozenset[str]) -> Change | None:
    """Look at the virtual environment as it is now."""
    if not project.environment.exists():
        return Change(True, "there is none yet")
    found = ask_interpreter(project)
    wanted = state_wanted(project, read_declaration(project), extras)
    present = list_registered(found) if found else set()
    return decide_change(read_stamp(project), found, wanted, present)


def state_wanted(project: Project, declared: Mapping[str, Any], extras: frozenset[str]) -> Wanted:
    """Say what the files of the project ask for."""
    if not project.requirements.exists():
        raise TaskError(
            f"{project.requirements} is missing. Take it from version control, "
            "or: python tasks.py lock"
        )
    about_the_package = [
        declared["build-system"],
        declared["project"],
        declared.get("tool", {}).get("setuptools"),
    ]
    return Wanted(
        project=str(project.root),
        lock=hashlib.sha256(project.requirements.read_bytes()).hexdigest(),
        declared=hashlib.sha256(json.dumps(about_the_package).encode()).hexdigest(),
        extras=extras,
    )


def ask_interpreter(project: Project) -> Interpreter | None:
    """Ask the Python of the virtual environment for its version; None if it does not start."""
    question = (
        "import json, sys, sysconfig;"
        "print(json.dumps(['%d.%d' % sys.version_info[:2], sysconfig.get_path('purelib')]))"
    )
    try:
        answer = subprocess.run(
            [project.python, "-I", "-c", question], capture_output=True, text=True, check=True
        )
        version, packages = json.loads(answer.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None
    return Interpreter(version, Path(packages))


def list_registered(found: Interpreter) -> set[str]:
    """Return the names of the folders in which installed packages are registered."""
    return {folder.name for folder in found.packages.glob("*.dist-info")}


def read_stamp(project: Project) -> dict[str, Any] | None:
    """Return what the last installation left; one that cannot be read counts as interrupted."""
    try:
        stamp = json.loads(project.stamp.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    known = {"project", "python", "lock", "declared", "extras", "pinned", "packages"}
    return stamp if isinstance(stamp, dict) and known.issubset(stamp) else {}


def write_stamp(project: Project, content: Mapping[str, Any]) -> None:
    """Write the stamp in one step: a killed command leaves the old one or the new one."""
    beside = project.stamp.with_suffix(".part")
    beside.write_text(json.dumps(content, indent=1), encoding="utf-8")
    beside.replace(project.stamp)


def install(project: Project, target: str, extras: frozenset[str], change: Change) -> None:
    """Bring the virtual environment to what the project and the target ask for."""
    declared = read_declaration(project)
    before = None if change.rebuild else read_stamp(project)
    if before is not None:
        extras |= set(before["extras"]) & set(declared["project"]["optional-dependencies"])
    locked = read_pins(project.requirements.read_text(encoding="utf-8"))
    pins = select_pins(locked, list_requirements(declared, extras))
    say(
        f"Installing what {target} needs into {project.environment.name} ({change.reason}): "
        f"{len(pins)} packages; this takes a minute, once ..."
    )
    started = time.monotonic()
    check_that_environments_can_be_made()
    if change.rebuild:
        make_environment(project)
    write_stamp(project, {"finished": False})
    try:
        install_packages(project, pins, before)
    except InstallationError:
        # pip takes back what it did when it fails: what was installed before still is, and can
        # still be used, say without a network.
        if before is not None:
            write_stamp(project, before)
        elif not change.rebuild:
            project.stamp.unlink()
        raise
    found = ask_interpreter(project)
    if found is None:
        raise InstallationError("the Python in .venv does not start. Delete .venv and try again")
    wanted = state_wanted(project, declared, extras)
    pinned = {pin.name for pin in pins}
    write_stamp(
        project,
        {
            "finished": True,
            "project": wanted.project,
            "python": found.version,
            "lock": wanted.lock,
            "declared": wanted.declared,
            "extras": sorted(extras),
            "pinned": sorted(pinned),
            # Only those: what somebody installed beside them may come and go.
            "packages": sorted(
                name
                for name in list_registered(found)
                if normalise(name.rsplit("-", 2)[0]) in pinned
            ),
        },
    )
    say(f"Installed in {time.monotonic() - started:.0f} s.")


def make_environment(project: Project) -> None:
    """Make an empty virtual environment, in the place of one that is of no use."""
    remove_environment(project)
    project.environment.mkdir()
    write_stamp(project, {"finished": False})
    command = [find_base_python(), "-m", "venv", str(project.environment)]
    run_quietly(command, "making the virtual environment", folder=project.root)


def remove_environment(project: Project) -> None:
    """Delete `.venv`, but nothing that is no virtual environment."""
    environment = project.environment
    if environment.is_symlink() or (
        environment.exists()
        and not (environment / "pyvenv.cfg").exists()
        and not project.stamp.exists()
        and any(environment.iterdir())
    ):
        raise InstallationError(
            f"{environment} is no virtual environment made here; move it out of the way"
        )
    for left_over in project.root.glob(".venv.old-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    if not environment.exists():
        return
    # Renamed first: that fails as a whole where a program still uses it (Windows), and never
    # leaves half an environment under the name that is used.
    aside = project.root / f".venv.old-{os.getpid()}"
    try:
        environment.rename(aside)
        shutil.rmtree(aside)
    except OSError as error:
        raise InstallationError(
            f"the old virtual environment cannot be deleted: {error}\n"
            "Close the programs that use it (Jupyter, an editor, an activated terminal) and try "
            "again"
        ) from None


def install_packages(
    project: Project, pins: Sequence[Pin], before: Mapping[str, Any] | None
) -> None:
    """Install exactly the pins and the package itself."""
    python = project.python
    if not python.with_name("pip" + python.suffix).exists():
        command = [str(python), "-I", "-m", "ensurepip"]
        run_quietly(command, "installing pip", folder=project.root)
    requirements = project.environment / "requirements.txt"
    requirements.write_text(
        "\n".join(line for pin in pins for line in pin.lines) + "\n", encoding="utf-8"
    )
    pip = [str(python), *PIP]
    # Nothing to resolve: the lock is complete. Nothing compiled: Python does that by itself for the
    # small part that is imported, which saves a quarter of the time.
    options = ["--no-deps", "--no-compile", "--require-hashes"]
    run_quietly(
        [*pip, "install", *options, "--requirement", str(requirements)],
        "installing the packages",
        folder=project.root,
    )
    superfluous = sorted(set(before["pinned"] if before else ()) - {pin.name for pin in pins})
    if superfluous:
        command = [*pip, "uninstall", "--yes", *superfluous]
        run_quietly(command, "removing what is not needed now", folder=project.root)
    # In place, so that a new module or a changed one is seen without installing again; without
    # isolation, because that would download a setuptools that is in no lock.
    run_quietly(
        [*pip, "install", "--no-deps", "--no-build-isolation", "--editable", str(project.root)],
        "installing rulka-analysis",
        folder=project.root,
    )
