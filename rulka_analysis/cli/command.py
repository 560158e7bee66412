"""What the commands of the command line share: how they are typed, and how they fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand

from rulka_analysis.cli.output import complain, flush_output
from rulka_analysis.values.errors import RulkaError

# Options that take several values after one flag, as people are used to from the older scripts.
_SEVERAL = frozenset({"--runs", "--metrics"})
_SEVERAL_AT = frozenset({"extract", "archive"})


class Command(TyperCommand):
    """A command whose errors are one line on standard error and an exit status."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, one_value_a_flag(args) if self.name in _SEVERAL_AT else args)

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
        except RulkaError as error:
            complain(str(error))
            raise typer.Exit(1) from error
        flush_output()
        return result


def end_with(problems: Sequence[str]) -> None:
    """Name what could not be found, after everything else was printed."""
    for problem in dict.fromkeys(problems):
        complain(problem)
    if problems:
        flush_output()
        raise typer.Exit(1)


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
