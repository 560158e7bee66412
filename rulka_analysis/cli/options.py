"""What commands take: arguments and options that several of them share, in the domain's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from rulka_analysis.project import domain

LogDirectory = Annotated[
    str | None,
    typer.Option(
        "--logdir",
        metavar="DIR",
        help="The folder that holds one folder a run, or an archive: its folder or address. "
        "Otherwise: the environment variable "
        "RULKA_LOGDIR, the project's tensorboard folder if it holds runs, a committed archive in "
        "data, the bundled curves.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
# What the logs look like is known only when they are open: too late to offer options.
DOMAIN = domain()


def _variant_option() -> Any:
    """Return the option that chooses variants, named as the domain names them."""
    own = DOMAIN.variant
    if own is None:
        return typer.Option("--variant", hidden=True)
    name = own.name
    return typer.Option(
        f"--{name}", metavar=name.upper(), help=f"Only this {name}; may be repeated."
    )


Variants = Annotated[list[str] | None, _variant_option()]
if TYPE_CHECKING:
    ClockName = str
else:
    # The step clock by its key, too: an experiment may give it another name, and so may a program.
    ClockName = Literal[tuple(n for clock in DOMAIN.conventions.clocks for n in clock.names)]
Runs = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN", help="Names of runs, or patterns such as 'uni_*'."),
]
ChosenByName = Annotated[
    list[str] | None,
    typer.Option("--runs", metavar="RUN ...", help="Names or patterns; all runs without it."),
]
ChosenMetrics = Annotated[
    list[str] | None,
    typer.Option("--metrics", metavar="NAME ...", help="Metrics, tags, or patterns of either."),
]
Asked = Annotated[
    str | None,
    typer.Argument(metavar="EXPERIMENT", help="By name; not needed where there is only one."),
]
