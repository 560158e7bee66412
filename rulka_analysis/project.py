"""What notebooks, pages and the command line begin with: logs, a catalogue, an experiment.

Here a domain is chosen, by name, and handed down; nothing beneath knows which there are. The rooms
are imported by what needs them: the command line asks for a domain's words to say what it offers,
and an experiment needs pandas, which takes longer to import than most commands take.
"""

from __future__ import annotations

import json
import os
import tomllib
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
from rulka_analysis.values.places import build_folder, project_folder

if TYPE_CHECKING:
    from rulka_analysis.logs.runs import Logs
    from rulka_analysis.metrics.catalogue import Catalogue
    from rulka_analysis.verdicts.loaded import LoadedExperiment


DIGESTS = "archives.toml"
"""In ``data/``: the digests of archives that may be read at an address."""


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
    of: Domain | None = None,
) -> Logs:
    """Open the log directory in effect.

    That is the argument; else the one in the environment variable ``RULKA_LOGDIR``; else
    ``tensorboard/`` of the project if it holds runs; else an archive in ``data/``, if there is one;
    else the bundled published curves, written as event logs into the build folder.

    Parameters
    ----------
    path : path-like, optional
        A log directory: one folder a run beneath it. Or an archive: its folder or its address,
        which is brought into the build folder.
    overlap : {"later wins", "keep all"}
        Which events stand where files of a run speak of the same steps, as they do after a
        restart: tag by tag those of the later session; or all of them. How many events are given
        up stands in `Run.findings`.
    continues : mapping of str to str, optional
        Folders that go on from another one, which is the run: ``{"dqn_2": "dqn"}``.
    of : Domain, optional
        Whose logs they are; the first one's by default.

    Raises
    ------
    LogDirectoryError
        If there is no such directory, or no run in it; names the nearest directory.
    RulkaError
        If there is no such policy.
    """
    own = of or domain()
    named = os.fspath(path) if path is not None else os.environ.get("RULKA_LOGDIR")
    if named:
        return _logs_in(_written_out(named), overlap, continues, own)
    folder = project_folder() / "tensorboard"
    committed = _committed_archive(project_folder() / "data")
    bundled = own.bundled_logs or domain().bundled_logs
    if bundled is None and committed is None:
        return _logs_in(folder, overlap, continues, own)
    if folder.is_dir():
        # Tried once: whether there are runs is known only when all files have been looked at.
        with suppress(LogDirectoryError):
            return _logs_in(folder, overlap, continues, own)
    if bundled is None or committed is not None:
        return _logs_in(committed or folder, overlap, continues, own)
    return _logs_in(bundled(), overlap, continues, own)


def _committed_archive(data: Path) -> Path | None:
    """Return the archive in a folder.

    Raises
    ------
    LogDirectoryError
        If there are several.
    """
    from rulka_analysis.logs.archive.index import INDEX

    found = sorted(file.parent for file in data.glob(f"*/{INDEX}"))
    if len(found) > 1:
        names = ", ".join(folder.name for folder in found)
        raise LogDirectoryError(
            f"{data} holds several archives: {names}. Say which of them is meant: set LOGDIR (or "
            "--logdir) to its folder"
        )
    return found[0] if found else None


def _written_out(named: str) -> Path:
    """Return the path that a name means: ``~`` is somebody's home, an address is brought here."""
    from rulka_analysis.logs.archive.remote import fetch_archive, is_address

    if is_address(named):
        digests = project_folder() / "data" / DIGESTS
        return fetch_archive(named, digests, build_folder() / "archives")
    try:
        return Path(os.path.abspath(Path(named).expanduser()))  # noqa: PTH100
    except RuntimeError as error:
        raise LogDirectoryError(
            f"no log directory {named}: there is no user {named.split('/')[0][1:]!r} on this "
            f"machine. Write the path out, or ./{named} for a folder of that name"
        ) from error


def _logs_in(folder: Path, overlap: str, continues: Mapping[str, str] | None, own: Domain) -> Logs:
    from rulka_analysis.logs.runs import Logs

    lengths = None
    if snapshot := os.environ.get("RULKA_SNAPSHOT"):
        data = json.loads(Path(snapshot).read_text(encoding="utf-8-sig"))
        if data["path"] == str(folder):
            lengths = data["lengths"]
    return Logs(
        folder,
        lengths=lengths,
        overlap=overlap,
        continues=continues,
        conventions=own.conventions,
        bundled=own.is_bundled(folder),
    )


def load_catalogue(
    path: str | os.PathLike[str] | None = None, *, of: Domain | None = None
) -> Catalogue:
    """Read what tags mean: the domain's own catalogue, or another one of the same domain.

    Raises
    ------
    CatalogueError
        If the file is wrong; names line and remedy.
    """
    from rulka_analysis.metrics.catalogue_file import load_catalogue
    from rulka_analysis.values import questions

    found = load_catalogue(of or domain(), path)
    questions.note_file(found.domain.catalogue_file if path is None else Path(path))
    return found


def domain_of(definition: Path) -> Domain:
    """Return the domain that a definition names, the first one where it names none.

    What the step counts goes by the name that the definition has for it (``step_clock``).
    """
    try:
        declared = tomllib.loads(definition.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        # Its reader says what is wrong with the file.
        return domain()
    named, steps = declared.get("domain"), declared.get("step_clock")
    own = domain(named) if isinstance(named, str) else domain()
    return own.with_steps_called(steps) if isinstance(steps, str) and steps.strip() else own


def load_experiment(
    name: str,
    logs: Logs | None = None,
    *,
    path: Path | None = None,
    logdir: str | os.PathLike[str] | None = None,
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
    logdir : path-like, optional
        In place of `logs`: a log directory, read as the definition's domain writes logs.

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
    catalogue = load_catalogue(of=domain_of(file))
    questions.note_file(file)
    definition = read_definition(name, file, catalogue)
    chosen = logs or open_logs(logdir, of=catalogue.domain)
    # Logs that were opened before anybody knew the experiment's name of it.
    chosen = chosen.with_steps_called(catalogue.domain.conventions.steps.name)
    return LoadedExperiment(definition, chosen, catalogue)
