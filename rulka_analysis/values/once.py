"""What is found out once of an object, and kept with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

_One = TypeVar("_One")
_Found = TypeVar("_Found")


def once_each(find: Callable[[_One], _Found]) -> Callable[[_One], _Found]:
    """Keep what a function returns of an object for as long as there is that object.

    As `functools.cached_property` does within a class, for functions that the class knows not of.

    Examples
    --------
    >>> class Run:
    ...     values = [3.0, 1.0]
    >>> @once_each
    ... def least(run):
    ...     print("looked at")
    ...     return min(run.values)
    >>> run = Run()
    >>> least(run), least(run)
    looked at
    (1.0, 1.0)
    """

    @wraps(find)
    def kept(one: _One) -> _Found:
        found: dict[Any, Any] = vars(one).setdefault("_found_once", {})
        if find not in found:
            found[find] = find(one)
        answer: _Found = found[find]
        return answer

    return kept
