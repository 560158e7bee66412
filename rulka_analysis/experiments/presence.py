"""Whether an experiment is about runs that are there, from its file as it is written.

Asked of every definition in every build: without the checks that reading one takes, so that a
mistake in one is told by whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any


def list_named(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the runs that a definition names, and the patterns it has for some.

    Examples
    --------
    >>> list_named({"runs": {"a": {}}, "groups": {"one": {"runs": "b_*"}, "two": ["c", "d"]}})
    ('a', 'b_*', 'c', 'd')
    """
    found = list(said["runs"]) if isinstance(said.get("runs"), dict) else []
    groups = said.get("groups")
    for group in groups.values() if isinstance(groups, dict) else ():
        own = group.get("runs", ()) if isinstance(group, dict) else group
        found += [own] if isinstance(own, str) else [name for name in own if isinstance(name, str)]
    return tuple(dict.fromkeys(found))


def is_there(named: Iterable[str], runs: Iterable[str]) -> bool:
    """Tell whether one of some runs is named, or fits a pattern.

    Examples
    --------
    >>> is_there(["a", "b_*"], ["b_1"]), is_there(["a"], ["b_1"])
    (True, False)
    """
    named, runs = tuple(named), tuple(runs)
    return not set(named).isdisjoint(runs) or any(
        fnmatchcase(run, pattern) for pattern in named for run in runs
    )
