"""Which runs a draft leaves out, and why: guesses, which its author reads.

Pure functions on names and numbers. What is held against others must be the same thing as they are:
not the training side of what validated it, not a run that broke off at its start. Reasons stand in
a definition, where nothing measured is typed: they hold no number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

# Folders in which one training logs what it measures on which data; who tells of success first.
_SIDES = ("validation", "valid", "val", "evaluation", "eval", "test", "train", "training")
# What environments are called by Gym and its like.
_TASK = re.compile(r"(?<![A-Za-z0-9])[A-Z][A-Za-z0-9]+-v\d+")
_TASK_SETTINGS = ("env_id", "env", "env_name", "environment", "gym_id")
# Of the way of the longest run: what ended before would cut all others off where it did.
_BROKE_OFF = 0.2


def other_sides(names: Iterable[str]) -> dict[str, str]:
    """Return the runs that are another side of a training that one of the others tells of.

    Examples
    --------
    >>> other_sides(["a/train", "a/validation", "b/train"])
    {'a/train': 'the same training as a/validation'}
    >>> other_sides(["a", "a/eval"])
    {'a': 'the same training as a/eval'}
    """
    names = list(names)
    sides: dict[str, dict[str, str]] = {}
    for name in names:
        above, _, last = name.rpartition("/")
        if last.lower() in _SIDES:
            sides.setdefault(above, {})[last.lower()] = name
            if above in names:
                sides[above].setdefault("training", above)
    found: dict[str, str] = {}
    for there in sides.values():
        first, *others = sorted(there, key=_SIDES.index)
        found |= {there[other]: f"the same training as {there[first]}" for other in others}
    return found


def other_tasks(runs: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Return the runs on another task than most: what they earn is something else.

    Parameters
    ----------
    runs : mapping of str to mapping
        The settings of each run; a task may stand among them or in the name.

    Examples
    --------
    >>> other_tasks({"CartPole-v1_1": {}, "CartPole-v1_2": {}, "x": {"env_id": "Hopper-v4"}})
    {'x': 'another task than most'}
    """
    tasks = {}
    for name, known in runs.items():
        named = next((str(known[key]) for key in _TASK_SETTINGS if key in known), "")
        found = _TASK.findall(name)
        if named or found:
            tasks[name] = named or found[-1]
    most = Counter(tasks.values()).most_common(1)
    return {n: "another task than most" for n, task in tasks.items() if task != most[0][0]}


def single_values(lengths: Mapping[str, int]) -> dict[str, str]:
    """Return the runs without a curve, where others have one, by how many values a tag has at most.

    Examples
    --------
    >>> single_values({"a": 1, "b": 40}), single_values({"a": 1})
    ({'a': 'no curve: one value of each tag'}, {})
    """
    if max(lengths.values(), default=0) < 2:
        return {}
    return {n: "no curve: one value of each tag" for n, most in lengths.items() if most < 2}


def broke_off(ends: Mapping[str, float]) -> dict[str, str]:
    """Return the runs that ended long before the longest did, and those that lack what is asked.

    Parameters
    ----------
    ends : mapping of str to float
        Up to which step each run logged what is asked; NaN where it did not.

    Examples
    --------
    >>> broke_off({"a": 100.0, "b": 95.0, "c": 6.0, "d": float("nan")})
    {'c': 'broke off long before the others', 'd': 'it does not log what is compared'}
    """
    known = {name: end for name, end in ends.items() if end == end}
    most = max(known.values(), default=0.0)
    found = {
        name: "broke off long before the others"
        for name, end in known.items()
        if end < _BROKE_OFF * most
    }
    lacking = {name: "it does not log what is compared" for name in ends if name not in known}
    return found | (lacking if known else {})
