"""What notebooks, pages and the command line begin with: logs, a catalogue, an experiment.

Here a domain is chosen, by name, and handed down; nothing beneath knows which there are. The rooms
are imported by what needs them: the command line asks for a domain's words to say what it offers,
and an experiment needs pandas, which takes longer to import than most commands take.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from rulka_analysis.domains import DOMAINS
from rulka_analysis.metrics.domain import Domain
from rulka_analysis.values.errors import (
    ExperimentError,
    LogDirectoryError,
    RulkaError,
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


def open_logs(
    path: str | os.PathLike[str] | None = None,
    *,
    overlap: str = "later wins",
    continues: Mapping[str, str] | None = None,
) -> Logs:
    """Open the log directory in effect.

    That is the argument; else the one in the environment variable ``RULKA_LOGDIR``; else
    ``tensorboard/`` of the project if it holds runs; else the bundled published curves, written as
    event logs into the build folder.

    Parameters
    ----------
    path : path-like, optional
        A log directory: one folder a run beneath it.
    overlap : {"later wins", "keep all"}
        Which events stand where files of a run speak of the same steps, as they do after a
        restart: tag by tag those of the later session; or all of them. How many events are given
        up stands in `Run.findings`.
    continues : mapping of str to str, optional
        Folders that go on from another one, which is the run: ``{"dqn_2": "dqn"}``.

    Raises
    ------
    LogDirectoryError
        If there is no such directory, or no run in it; names the nearest directory.
    RulkaError
        If there is no such policy.
    """
    named = os.fspath(path) if path is not None else os.environ.get("RULKA_LOGDIR")
    if named:
        return _logs_in(_written_out(named), overlap, continues)
    own = project_folder() / "tensorboard"
    bundled = domain().bundled_logs
    if bundled is None:
        return _logs_in(own, overlap, continues)
    if own.is_dir():
        # Tried once: whether there are runs is known only when all files have been looked at.
        with suppress(LogDirectoryError):
            return _logs_in(own, overlap, continues)
    return _logs_in(bundled(), overlap, continues)


def _written_out(named: str) -> Path:
    """Return the path that a name means: ``~`` is somebody's home."""
    try:
        return Path(os.path.abspath(Path(named).expanduser()))  # noqa: PTH100
    except RuntimeError as error:
        raise LogDirectoryError(
            f"no log directory {named}: there is no user {named.split('/')[0][1:]!r} on this "
            f"machine. Write the path out, or ./{named} for a folder of that name"
        ) from error


def _logs_in(folder: Path, overlap: str, continues: Mapping[str, str] | None) -> Logs:
    from rulka_analysis.logs.runs import Logs

    lengths = None
    if snapshot := os.environ.get("RULKA_SNAPSHOT"):
        data = json.loads(Path(snapshot).read_text(encoding="utf-8-sig"))
        if data["path"] == str(folder):
            lengths = data["lengths"]
    own = domain()
    return Logs(
        folder,
        lengths=lengths,
        overlap=overlap,
        continues=continues,
        conventions=own.conventions,
        bundled=own.is_bundled(folder),
    )


def load_catalogue(path: str | os.PathLike[str] | None = None) -> Catalogue:
    """Read what tags mean: the domain's own catalogue, or another one of the same domain.

    Raises
    ------
    CatalogueError
        If the file is wrong; names line and remedy.
    """
    from rulka_analysis.metrics.catalogue_file import load_catalogue
    from rulka_analysis.values import questions

    found = load_catalogue(domain(), path)
    questions.note_file(found.domain.catalogue_file if path is None else Path(path))
    return found


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
        raise ExperimentError(unknown("experiment", name, there, f"(there is no file {file})"))
    catalogue = load_catalogue()
    questions.note_file(file)
    definition = read_definition(name, file, catalogue)
    return LoadedExperiment(definition, logs or open_logs(), catalogue)
