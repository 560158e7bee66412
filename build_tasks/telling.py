"""What people are told: errors with their remedy, what is going on, and names that were meant."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from difflib import get_close_matches


class TaskError(Exception):
    """What went wrong, why, and what to do; shown without a traceback."""


class UsageError(TaskError):
    """The command cannot be understood."""


class InstallationError(TaskError):
    """Something could not be installed."""


def say(message: str) -> None:
    """Tell what is going on, on standard error: standard output is for results."""
    print(message, file=sys.stderr, flush=True)


def list_alternatives(name: str, known: Iterable[str]) -> str:
    """Say which names there are, the nearest first."""
    known = list(known)
    close = find_nearest(name, known)
    guess = f"; did you mean {close!r}?" if close else "."
    return f"{guess} There are: {', '.join(known)}"


def find_nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the name that looks most like another one, upper and lower case being the same."""
    by_folded = {each.casefold(): each for each in known}
    close = get_close_matches(name.casefold(), by_folded, n=1)
    return by_folded[close[0]] if close else None
