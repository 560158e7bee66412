"""Whether an experiment is about runs that are there, from its file as it is written.

Asked of every definition in every build: without the checks that reading one takes, so that a
mistake in one is told by whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from posixpath import normpath
from typing import Any

# What names runs within a table of groups or of comparisons.
_NAMING = ("runs", "baseline", "candidates")


def list_named(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the runs that a definition names, and the patterns it has for some.

    Examples
    --------
    >>> list_named({"runs": {"a": {}}, "groups": {"one": {"runs": "b_*"}, "two": ["c", "d"]}})
    ('a', 'b_*', 'c', 'd')
    >>> list_named({"logdir": "older/set", "runs": {"a": {}}})
    ('older/set/a',)
    """
    if "logdir" in said and not lies_beneath(said["logdir"]):
        return ()  # Its reader says what is wrong with it.
    said = beneath(said)
    found = list(said["runs"]) if isinstance(said.get("runs"), dict) else []
    groups = said.get("groups")
    for group in groups.values() if isinstance(groups, dict) else ():
        own = group.get("runs", ()) if isinstance(group, dict) else group
        found += [own] if isinstance(own, str) else [name for name in own if isinstance(name, str)]
    return tuple(dict.fromkeys(found))


def lies_beneath(folder: object) -> bool:
    """Tell whether a ``logdir`` is a folder beneath the log directory, on every system.

    Examples
    --------
    >>> [lies_beneath(one) for one in ("older/runs", "../other", "/abs", "C:\\\\runs", "~/runs", 3)]
    [True, False, False, False, False, False]
    """
    if not isinstance(folder, str) or not folder.strip():
        return False
    parts = folder.replace("\\", "/").split("/")
    return ".." not in parts and parts[0][:1] not in ("", "~") and not parts[0].endswith(":")


def beneath(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a definition says, its runs called as they are in the log directory in use.

    Those of a definition with a ``logdir`` lie beneath that folder, which is left out here.

    Examples
    --------
    >>> beneath({"logdir": "l", "baseline": "a", "groups": {"b": {"runs": "b*"}}, "runs": {"a": 0}})
    {'baseline': 'l/a', 'groups': {'b': {'runs': 'l/b*'}}, 'runs': {'l/a': 0}}
    """
    given = said.get("logdir", ".")
    rest = {key: value for key, value in said.items() if key != "logdir"}
    folder = normpath(given.replace("\\", "/")) if isinstance(given, str) else "."
    if folder == ".":
        return rest
    named, groups = list_named(rest), rest.get("groups")

    def full(name: Any) -> Any:
        if isinstance(name, list | tuple):
            return type(name)(map(full, name))
        if not isinstance(name, str) or (isinstance(groups, dict) and name in groups):
            return name
        own = name in named or is_there(named, [name])
        return f"{folder}/{name}" if own else name

    for key in ("runs", "exclude"):
        if isinstance(rest.get(key), dict):
            rest[key] = {full(name): value for name, value in rest[key].items()}
    for key in ("baseline", "near_replicates"):
        if key in rest:
            rest[key] = full(rest[key])
    for key in ("groups", "comparisons"):
        if isinstance(rest.get(key), dict):
            rest[key] = {
                name: {k: full(v) if k in _NAMING else v for k, v in table.items()}
                if isinstance(table, dict)
                else table
                for name, table in rest[key].items()
            }
    return rest


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
