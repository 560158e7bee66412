"""From a command line to an order: a target, its settings, and what it passes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from build_tasks.log_directory import find_log_directory
from build_tasks.project import Project
from build_tasks.systems import rejoin_arguments
from build_tasks.telling import UsageError, list_alternatives, say

SETTINGS = {
    "LOGDIR": "the log directory, or an archive of one; without it tensorboard/, an archive in "
    "data/, or the bundled logs",
    "NAME": "what the new experiment's files are called",
    "JOBS": "how many notebooks run at the same time",
    "SECONDS": "for how long to look for bytes that are read wrongly; 60 without it",
    "LONG": "1 runs the long checks, too",
}


@dataclass(frozen=True)
class Order:
    """A command that was understood."""

    target: str
    log_directory: Path | str | None = None
    """An absolute path, or the address of an archive; None for the default."""
    jobs: int | None = None
    seconds: int = 60
    long: bool = False
    passed: tuple[str, ...] = ()
    """What stood behind ``--``: for the program that the target runs."""
    called: str = ""
    """NAME."""


@dataclass(frozen=True)
class Target:
    """One thing that can be asked for."""

    summary: str
    do: Callable[[Project, Order], int]
    extras: tuple[str, ...] | None = None
    """What of pyproject.toml's optional dependencies it needs; None: not even the package."""
    settings: frozenset[str] = frozenset()
    passes_to: str = ""
    """The program that gets the arguments behind ``--``."""


def read_order(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    typed_in: Path,
    targets: Mapping[str, Target],
) -> Order:
    """Read a command.

    Parameters
    ----------
    arguments
        What was typed.
    environment
        The environment variables.
    typed_in
        The folder it was typed in.
    targets
        What can be asked for, by name.

    Raises
    ------
    UsageError
        If it cannot be understood.
    TaskError
        If it names a log directory that cannot be read.
    """
    arguments = list(arguments)
    end = arguments.index("--") if "--" in arguments else len(arguments)
    own, passed = rejoin_arguments(arguments[:end], SETTINGS), tuple(arguments[end + 1 :])

    given = {name: environment[name] for name in SETTINGS if name in environment}
    named = []
    for argument in own:
        name, equals, value = argument.partition("=")
        if not equals:
            named.append("help" if argument in ("-h", "--help") else argument)
        elif name in SETTINGS:
            given[name] = value
        else:
            raise UsageError(f"unknown setting {name!r}{list_alternatives(name, SETTINGS)}")
    if len(named) > 1:
        raise UsageError(
            f"one target at a time, not {' and '.join(map(repr, named))}. "
            'A value with a space in it is quoted: LOGDIR="my logs"'
        )
    name = named[0] if named else "help"
    if name not in targets:
        raise UsageError(f"unknown target {name!r}{list_alternatives(name, targets)}")
    target = targets[name]
    if passed and not target.passes_to:
        raise UsageError(f"{name} takes no arguments after --")

    if "NAME" not in target.settings and not any(word.startswith("NAME=") for word in own):
        # A variable that some systems set for their own purposes.
        given.pop("NAME", None)
    for setting in sorted(set(given) - target.settings):
        say(f"note: {name} does not use {setting}")
    if "LOGDIR" in target.settings:
        # Given but empty asks for the default, whatever RULKA_LOGDIR says.
        given.setdefault("LOGDIR", environment.get("RULKA_LOGDIR", ""))
    used = {setting: given[setting] for setting in target.settings if given.get(setting)}
    return Order(
        name,
        find_log_directory(used["LOGDIR"], typed_in) if "LOGDIR" in used else None,
        read_whole_number("JOBS", used["JOBS"]) if "JOBS" in used else None,
        read_whole_number("SECONDS", used["SECONDS"]) if "SECONDS" in used else Order.seconds,
        read_switch("LONG", used["LONG"]) if "LONG" in used else Order.long,
        passed,
        used.get("NAME", ""),
    )


def read_whole_number(name: str, value: str) -> int:
    """Return the value of a setting that is a whole number from 1 on."""
    if not re.fullmatch(r"[1-9][0-9]*", value):
        raise UsageError(f"{name} is {value!r}; it must be a whole number from 1 on")
    return int(value)


def read_switch(name: str, value: str) -> bool:
    """Return the value of a setting that is on or off."""
    if value not in ("0", "1"):
        raise UsageError(f"{name} is {value!r}; it must be 1 or 0")
    return value == "1"
