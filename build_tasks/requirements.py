"""What is to be installed: ``requirements.lock``, and which part of it a target needs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from build_tasks.project import LOCK_NAME, Project
from build_tasks.telling import TaskError

# What the lock promises: it is refused when a package is not there, built, for one of these.
LOCKED_PYTHONS = ("3.11", "3.12", "3.13", "3.14")
LOCKED_PLATFORMS = ("x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin")

# The lock does not say through which extra of a package another one is wanted. These are wanted
# through an extra of jsonschema that only JupyterLab's jupyter-events asks for. Where they are
# installed, whoever imports jsonschema imports them: pages need none of it.
THROUGH_EXTRA = {
    ("jsonschema", name): "jupyter-events"
    for name in (
        "fqdn",
        "idna",
        "isoduration",
        "jsonpointer",
        "rfc3339-validator",
        "rfc3986-validator",
        "uri-template",
        "webcolors",
    )
}


class Pin(NamedTuple):
    """One entry of the lock: its lines, and the packages it is there for."""

    name: str
    lines: tuple[str, ...]
    wanted_by: frozenset[str]


def normalise(name: str) -> str:
    """Return the one spelling of a package's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_name(requirement: str) -> str:
    """Return the package a requirement names.

    Raises
    ------
    TaskError
        If it starts with no name.
    """
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    if match is None:
        raise TaskError(f"{requirement!r} names no package")
    return normalise(match[0])


def read_pins(text: str) -> list[Pin]:
    """Read a lock written by ``uv pip compile``, its ``# via`` annotations included.

    An annotation stands under its entry, either as ``# via one`` or as ``# via`` with a line
    ``#   name`` for each; one that starts with ``-`` names a file and no package.
    """
    pins: list[Pin] = []
    lines: list[str] = []
    wanted_by: set[str] = set()
    for line in [*text.splitlines(), "end"]:
        comment = re.match(r"\s+#(?: via)?\s*(.*)", line)
        if comment:
            if comment[1] and not comment[1].startswith("-"):
                wanted_by.add(read_name(comment[1]))
        elif line.startswith((" ", "\t")):
            lines.append(line)
        elif line and not line.startswith("#"):
            if lines:
                pins.append(Pin(read_name(lines[0]), tuple(lines), frozenset(wanted_by)))
            lines, wanted_by = [line], set()
    return pins


def select_pins(pins: Sequence[Pin], roots: Iterable[str]) -> list[Pin]:
    """Return the pins of `roots` and of all that they need, in the order of the lock.

    Raises
    ------
    TaskError
        If one of the roots is not in the lock.
    """
    needs: dict[str, set[str]] = {pin.name: set() for pin in pins}
    for pin in pins:
        parents = {THROUGH_EXTRA.get((parent, pin.name), parent) for parent in pin.wanted_by}
        for parent in parents & needs.keys():
            needs[parent].add(pin.name)
    wanted: set[str] = set()
    left = {read_name(root) for root in roots}
    missing = sorted(left - needs.keys())
    if missing:
        raise TaskError(
            f"{LOCK_NAME} does not hold {', '.join(missing)}, which pyproject.toml asks for. "
            "Run: python tasks.py lock"
        )
    while left:
        name = left.pop()
        wanted.add(name)
        left |= needs[name] - wanted
    return [pin for pin in pins if pin.name in wanted]


def read_declaration(project: Project) -> dict[str, Any]:
    """Return the content of pyproject.toml."""
    return tomllib.loads((project.root / "pyproject.toml").read_text(encoding="utf-8"))


def list_requirements(declared: Mapping[str, Any], extras: Iterable[str]) -> list[str]:
    """Return the requirements of the package, of some of its extras, and of its installation."""
    package = declared["project"]
    optional = package["optional-dependencies"]
    return [
        *declared["build-system"]["requires"],
        *package["dependencies"],
        *(requirement for extra in sorted(extras) for requirement in optional[extra]),
    ]
