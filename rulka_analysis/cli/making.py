"""Commands that write the sources of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rulka_analysis.cli.options import LogDirectory
from rulka_analysis.cli.output import Waiting, say


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What its files are called.")],
    logdir: LogDirectory = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show, and write nothing.")] = False,
) -> None:
    """Write an experiment about logs: definition, page, notebook. Nothing is overwritten."""
    from rulka_analysis.cli.drafting import write_experiment
    from rulka_analysis.project import open_logs
    from rulka_analysis.values.places import project_folder

    with Waiting("reading the logs"):
        told = write_experiment(name, open_logs(logdir), project_folder(), dry_run=dry_run)
    for line in told:
        say(line)


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or empty folder.")],
) -> None:
    """Make a project of one's own, which uses the package without a copy of it."""
    from rulka_analysis.cli.own_project import write_project

    for line in write_project(folder):
        say(line)
