"""Flags as people type them."""

from __future__ import annotations

from collections.abc import Sequence

# Options that take several values after one flag, as people are used to from the older scripts.
_SEVERAL = frozenset({"--runs", "--metrics"})


def one_value_a_flag(arguments: Sequence[str]) -> list[str]:
    """Repeat a flag before each of several values that follow it.

    Examples
    --------
    >>> one_value_a_flag(["--runs", "uni_5", "uni_6", "--wide"])
    ['--runs', 'uni_5', '--runs', 'uni_6', '--wide']
    """
    found: list[str] = []
    flag = None
    for argument in arguments:
        if argument.startswith("-"):
            flag = argument if argument in _SEVERAL else None
            first = True
        elif flag is not None:
            if not first:
                found.append(flag)
            first = False
        found.append(argument)
    return found
