"""What notebooks, pages and the command line begin with: logs, a catalogue, an experiment.

Here a domain is chosen, by name, and handed down; nothing beneath knows which there are. The rooms
are imported by what needs them: the command line asks for a domain's words to say what it offers,
and an experiment needs pandas, which takes longer to import than most commands take.
"""

from __future__ import annotations

import json
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from rulka_analysis.domains import DOMAINS
from rulka_analysis.metrics.domain import Domain
from rulka_analysis.values.errors import (
    ExperimentError,
    LogDirectoryError,
    RulkaError,
    listing,
    nearest,
    unknown,
)
from rulka_analysis.values.places import project_folder

if TYPE_CHECKING:
    from rulka_analysis.logs.runs import Logs
    from rulka_analysis.metrics.catalogue import Catalogue
    from rulka_analysis.verdicts.loaded import LoadedExperiment


def domain(name: str = DOMAINS[0]) -> Domain:
    """Return a domain by name.

    Raises
    ------
    RulkaError
        If there is none of that name; names what there is.

    Examples
    --------
    >>> domain("rl").conventions.steps.name
    'steps'
    """
    if name not in DOMAINS:
        raise RulkaError(unknown("domain", name, DOMAINS, "in this package"))
    found: Domain = import_module(f"rulka_analysis.domains.{name}").DOMAIN
    return found


def open_logs(path: str | os.PathLike[str] | None = None, *, overlap: str = "later wins") -> Logs:
    """Open the log directory in effect.

    That is the argument; else the one in the environment variable ``RULKA_LOGDIR``; else
    ``tensorboard/`` of the project if it holds runs; else the bundled published curves, written as
    event logs into the build folder.

    Parameters
    ----------
    path : path-like, optional
        A log directory: one folder a run beneath it.
    overlap : {"later wins", "keep all", "tensorboard"}
        Which events stand where files of a run speak of the same steps, as they do after a
        restart: those of the later file; all of them; those that TensorBoard shows. How many
        events are given up stands in `Run.findings`.

    Raises
    ------
    LogDirectoryError
        If there is no such directory, or no run in it; names the nearest directory.
    RulkaError
        If there is no such policy.
    """
    from rulka_analysis.logs.runs import Logs

    chosen = log_directory(path)
    lengths = None
    if snapshot := os.environ.get("RULKA_SNAPSHOT"):
        data = json.loads(Path(snapshot).read_text(encoding="utf-8"))
        if data["path"] == str(chosen):
            lengths = data["lengths"]
    own = domain()
    return Logs(
        chosen,
        lengths=lengths,
        overlap=overlap,
        conventions=own.conventions,
        bundled=own.is_bundled(chosen),
    )


def log_directory(path: str | os.PathLike[str] | None = None) -> Path:
    """Return the log directory in effect; see `open_logs`."""
    named = os.fspath(path) if path is not None else os.environ.get("RULKA_LOGDIR")
    if named:
        return Path(os.path.abspath(Path(named).expanduser()))  # noqa: PTH100
    own = project_folder() / "tensorboard"
    bundled = domain().bundled_logs
    return own if bundled is None or (own.is_dir() and _holds_runs(own)) else bundled()


def _holds_runs(folder: Path) -> bool:
    from rulka_analysis.logs.runs import Logs

    try:
        Logs(folder)
    except LogDirectoryError:
        return False
    return True


def load_catalogue(path: str | os.PathLike[str] | None = None) -> Catalogue:
    """Read what tags mean: the domain's own catalogue, or another one of the same domain.

    Raises
    ------
    CatalogueError
        If the file is wrong; names line and remedy.
    """
    from rulka_analysis.metrics.catalogue_file import load_catalogue

    return load_catalogue(domain(), path)


def load_experiment(
    name: str, logs: Logs | None = None, *, path: Path | None = None
) -> LoadedExperiment:
    """Load an experiment's definition and tie it to logs.

    Parameters
    ----------
    name : str
        The experiment's name: ``docs/experiments/<name>.toml`` is its definition.
    logs : Logs, optional
        The logs to evaluate it on; those in effect (see `open_logs`) by default.
    path : Path, optional
        A definition elsewhere.

    Raises
    ------
    ExperimentError
        If there is no such definition, or a mistake in it; names file, line and remedy.
    """
    from rulka_analysis.experiments.reader import read_definition
    from rulka_analysis.values import questions
    from rulka_analysis.verdicts.loaded import LoadedExperiment

    folder = project_folder() / "docs" / "experiments"
    file = path or folder / f"{name}.toml"
    if not file.is_file():
        there = sorted(p.stem for p in folder.glob("*.toml"))
        close = nearest(name, there)
        guess = f"; did you mean {close[0]!r}?" if close else "."
        raise ExperimentError(
            f"no experiment {name!r}: there is no file {file}{guess} There are: {listing(there)}"
        )
    catalogue = load_catalogue()
    for read in (file, catalogue.domain.catalogue_file):
        questions.note_file(read)
    definition = read_definition(name, file, catalogue)
    return LoadedExperiment(definition, logs or open_logs(), catalogue)
