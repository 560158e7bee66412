"""What people are told: errors with their remedy, what is going on, and names that were meant."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import category


class TaskError(Exception):
    """What went wrong, why, and what to do; shown without a traceback."""


class UsageError(TaskError):
    """The command cannot be understood."""


class InstallationError(TaskError):
    """Something could not be installed."""


def say(message: str) -> None:
    """Tell what is going on, on standard error: standard output is for results."""
    print(show_hidden(message), file=sys.stderr, flush=True)


def show_hidden(text: str) -> str:
    r"""Escape what could steer a terminal or turn what is read: paths are anybody's text.

    What stands for bytes that no encoding knows stays: it is written as these bytes.

    Examples
    --------
    >>> print(show_hidden("logs\x1b[2J"))
    logs\x1b[2J
    """
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if category(character) in ("Cc", "Cf", "Zl", "Zp") and character not in "\n\t"
        else character
        for character in text
    )


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


def word_failure(error: OSError) -> str:
    """Say of a file that could not be read or written why, and what to do."""
    cause = error.strerror or str(error)
    file = f"{error.filename}: " if error.filename is not None else ""
    full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    return f"{file}{cause}. {'Make room' if full else 'Mend that'} and try again"
