"""Errors a user can act on: each names the thing, the cause and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class RulkaError(Exception):
    """Base of every error this package raises on purpose."""


class LogDirectoryError(RulkaError):
    """A log directory is missing, unreadable or holds no run."""


class UnknownRunError(RulkaError, LookupError):
    """A run was asked for that the log directory does not hold."""


class UnknownTagError(RulkaError, LookupError):
    """A tag was asked for that a run did not log."""


class UnknownMetricError(RulkaError, LookupError):
    """A metric was asked for that neither the experiment nor the catalogue declares."""


class ExperimentError(RulkaError):
    """An experiment's definition is wrong; the message names file, line and remedy."""


class NotebookError(RulkaError):
    """A notebook could not be executed; the message names notebook, cell, cause and remedy."""


class ResultError(RulkaError):
    """A result cannot be published or quoted."""


def nearest(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Return the known names that look most like `name`, best first.

    Examples
    --------
    >>> nearest("uni5", ["uni_5", "uni_6", "lay_mono"])
    ['uni_5', 'uni_6']
    """
    by_folded: dict[str, str] = {}
    for candidate in known:
        by_folded.setdefault(candidate.casefold(), candidate)
    matches = get_close_matches(name.casefold(), by_folded, n=limit, cutoff=0.6)
    return [by_folded[match] for match in matches]


def listing(names: Iterable[str], limit: int = 12) -> str:
    """Join names for an error message, saying how many were left out.

    Examples
    --------
    >>> listing(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    >>> listing([])
    'none'
    """
    names = list(names)
    if not names:
        return "none"
    shown = ", ".join(names[:limit])
    left = len(names) - limit
    return f"{shown} and {left} more" if left > 0 else shown


def suggest(name: object, known: Iterable[str], limit: int = 3) -> str:
    """Ask whether one of the known names was meant; empty where none looks like it.

    Examples
    --------
    >>> suggest("uni5", ["uni_5", "uni_6", "lay_mono"])
    "did you mean 'uni_5' or 'uni_6'?"
    """
    close = nearest(str(name), known, limit)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else ""


def unknown(
    kind: str, name: object, known: Iterable[str], where: str = "", *, most: int = 12
) -> str:
    """Word the message for a name that does not exist: what there is, and the nearest.

    Examples
    --------
    >>> unknown("run", "uni5", ["uni_5", "uni_6"], "in tensorboard")
    "no run 'uni5' in tensorboard; did you mean 'uni_5' or 'uni_6'? There are: uni_5, uni_6"
    >>> unknown("run", "one", [])
    "no run 'one'. There are: none"
    """
    known = list(known)
    guess = suggest(name, known)
    place = f" {where}" if where else ""
    ends = f"; {guess}" if guess else "."
    return f"no {kind} {name!r}{place}{ends} There are: {listing(known, most)}"
