"""What notebooks, pages and the command line begin with: logs, a catalogue, an experiment.

Here a domain is chosen, by name, and handed down; nothing beneath knows which there are. The rooms
are imported by what needs them: the command line asks for a domain's words to say what it offers,
and an experiment needs pandas, which takes longer to import than most commands take.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from rulka_analysis.domains import DOMAINS, PLAIN
from rulka_analysis.experiments.presence import is_there, list_named
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


DRAFT = "these_logs"
"""What an experiment is called that nobody declared."""

DIGESTS = "archives.toml"
"""In ``data/``: the digests of archives that may be read at an address."""


def domain(name: str = "") -> Domain:
    """Return a domain by name; without one, the one declared, else that of the project's own logs.

    The environment variable ``RULKA_DOMAIN`` declares it.

    Raises
    ------
    RulkaError
        If there is none of that name; names what there is.

    Examples
    --------
    >>> domain("rl").conventions.steps.name
    'steps'
    """
    name = name or os.environ.get("RULKA_DOMAIN") or DOMAINS[0]
    if name not in DOMAINS:
        raise RulkaError(unknown("domain", name, DOMAINS, "in this package"))
    found: Domain = import_module(f"rulka_analysis.domains.{name}").DOMAIN
    return found


# So many files are looked into, and so much of each: tags are written again and again.
_LOOKED_AT, _HEAD = 6, 1 << 18


def domain_for(logs: Logs | str | os.PathLike[str]) -> Domain:
    """Return the domain of logs: the one they were opened as, else what their tags look like.

    What the environment variable ``RULKA_DOMAIN`` names is taken; else the domain whose catalogue
    knows most tags in some of the files. Where that is none, or two know as many, it is the
    plainest: tags that no catalogue knows can be used all the same.

    Parameters
    ----------
    logs : Logs or path-like
        What `open_logs` returned, or a log directory.

    Raises
    ------
    RulkaError
        If the environment names a domain that does not exist.
    """
    if not isinstance(logs, str | os.PathLike):
        steps = logs.conventions.steps.name
        opened_as = [domain(name) for name in DOMAINS]
        found = [one for one in opened_as if one.conventions is logs.conventions]
        # Under another name of the step, they are others that are equal.
        found = found or [one for one in opened_as if one.conventions == logs.conventions]
        own = found[0] if len(found) == 1 else domain_for(logs.path)
        return own.with_steps_called(steps)
    if os.environ.get("RULKA_DOMAIN"):
        return domain()
    folder = Path(logs)
    for name in DOMAINS:
        if domain(name).is_bundled(folder):
            return domain(name)
    from rulka_analysis.metrics.catalogue_file import load_catalogue
    from rulka_analysis.metrics.recognition import best_known

    catalogues = {name: load_catalogue(domain(name)) for name in DOMAINS}
    return domain(best_known(_some_tags(folder), catalogues, PLAIN))


def domain_in_effect() -> Domain:
    """Return the domain of the log directory in effect; see `open_logs` and `domain_for`."""
    if os.environ.get("RULKA_DOMAIN"):
        return domain()
    if named := os.environ.get("RULKA_LOGDIR"):
        return domain(_looked_like(_written_out(named), own=False))
    own = project_folder() / "tensorboard"
    committed = _committed_archive(project_folder() / "data")
    archived = committed is not None and not _some_tags(own)
    return domain(_looked_like(committed if archived and committed else own, own=not archived))


@lru_cache(maxsize=64)
def _looked_like(folder: Path, *, own: bool) -> str:
    """Return what logs look like; those of the project are its own kind where there are none."""
    return domain_for(folder).name if not own or _some_tags(folder) else DOMAINS[0]


def _some_tags(folder: Path) -> set[str]:
    """Return tags from the beginnings of a few event files, spread over the directory."""
    from rulka_analysis.logs.archive import is_archive, source_at
    from rulka_analysis.logs.events import has_scalars, read_event_file
    from rulka_analysis.logs.events.listing import search

    if is_archive(folder):
        source = source_at(folder)
        places = [place for place in source.folders if source.holds_scalars(place)]
        apart = max(1, len(places) // _LOOKED_AT)
        read = (file for place in places[::apart][:_LOOKED_AT] for file in source.read(place))
        return {tag for file in read for tag in file.tags}
    try:
        files = [file for file in search(folder)[0] if has_scalars(file)]
    except (LogDirectoryError, OSError):  # Opening the directory says what is wrong.
        return set()
    apart = max(1, len(files) // _LOOKED_AT)
    some = files[::apart][:_LOOKED_AT]
    return {tag for file in some for tag in read_event_file(file, length=_HEAD).tags}


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
        Whose logs they are; by default what their tags look like (see `domain_for`).

    Raises
    ------
    LogDirectoryError
        If there is no such directory, or no run in it; names the nearest directory.
    RulkaError
        If there is no such policy.
    """
    named = os.fspath(path) if path is not None else os.environ.get("RULKA_LOGDIR")
    if named:
        return _logs_in(_written_out(named), overlap, continues, of)
    folder = project_folder() / "tensorboard"
    committed = _committed_archive(project_folder() / "data")
    bundled = (of.bundled_logs if of else None) or domain(DOMAINS[0]).bundled_logs
    if not (project_folder() / "data" / "published").is_dir():
        bundled = None  # A project of one's own comes without.
    if bundled is None and committed is None:
        return _logs_in(folder, overlap, continues, of)
    if folder.is_dir():
        # Tried once: whether there are runs is known only when all files have been looked at.
        with suppress(LogDirectoryError):
            return _logs_in(folder, overlap, continues, of)
    if bundled is None or committed is not None:
        return _logs_in(committed or folder, overlap, continues, of)
    return _logs_in(bundled(), overlap, continues, of)


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


def _logs_in(
    folder: Path, overlap: str, continues: Mapping[str, str] | None, of: Domain | None
) -> Logs:
    from rulka_analysis.logs.runs import Logs

    lengths = None
    if snapshot := os.environ.get("RULKA_SNAPSHOT"):
        data = json.loads(Path(snapshot).read_text(encoding="utf-8-sig"))
        if data["path"] == str(folder):
            lengths = data["lengths"]
    own = of or domain_for(folder)
    return Logs(
        folder,
        lengths=lengths,
        overlap=overlap,
        continues=continues,
        conventions=own.conventions,
        bundled=own.is_bundled(folder),
    )


def load_catalogue(
    path: str | os.PathLike[str] | None = None,
    *,
    logs: Logs | None = None,
    of: Domain | None = None,
) -> Catalogue:
    """Read what tags mean: the domain's own catalogue, or another one of the same domain.

    Parameters
    ----------
    path : path-like, optional
        A catalogue elsewhere.
    logs : Logs, optional
        The logs whose tags it is about; by default those in effect.
    of : Domain, optional
        Whose it is, where that is known.

    Raises
    ------
    CatalogueError
        If the file is wrong; names line and remedy.
    """
    from rulka_analysis.metrics.catalogue_file import load_catalogue
    from rulka_analysis.values import questions

    own = of or (domain_in_effect() if logs is None else domain_for(logs))
    found = load_catalogue(own, path)
    questions.note_file(found.domain.catalogue_file if path is None else Path(path))
    return found


def domain_declared(definition: Path) -> Domain | None:
    """Return the domain that a definition names, or one of whose words it uses; else None."""
    said = _read(definition)
    named = said.get("domain")
    if isinstance(named, str):
        return domain(named)
    return next((one for one in map(domain, DOMAINS) if _variants_of(one) in said), None)


def _variants_of(own: Domain) -> str | None:
    return own.variant.plural if own.variant else None


def _read(definition: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(definition.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        # Its reader says what is wrong with the file.
        return {}


def domain_of(definition: Path, logs: Logs | None = None) -> Domain:
    """Return the domain that a definition names, else that of the logs.

    What the step counts goes by the name that the definition has for it (``step_clock``).
    """
    own = domain_declared(definition)
    if own is None:
        own = domain_in_effect() if logs is None else domain_for(logs)
    steps = _read(definition).get("step_clock")
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
    questions.note_file(file)
    declared = domain_declared(file)
    if logs is None:
        logs = open_logs(logdir, of=declared)
    elif declared is not None and domain_for(logs).name != declared.name:
        # Opened as what its tags look like; the author knows.
        logs = open_logs(logs.path, overlap=logs.overlap, of=declared)
    catalogue = load_catalogue(of=domain_of(file, logs))
    definition = read_definition(name, file, catalogue)
    # Logs that were opened before anybody knew the experiment's name of it.
    chosen = logs.with_steps_called(catalogue.domain.conventions.steps.name)
    return LoadedExperiment(definition, chosen, catalogue)


def load_experiments(logs: Logs | None = None) -> tuple[LoadedExperiment, ...]:
    """Load every experiment of the project that some run of the logs is of.

    Parameters
    ----------
    logs : Logs, optional
        Those in effect (see `open_logs`) by default.

    Raises
    ------
    ExperimentError
        If there is a mistake in a definition; names file, line and remedy.
    """
    logs = open_logs() if logs is None else logs
    return tuple(load_experiment(name, logs) for name in list_experiments(logs))


def list_experiments(logs: Logs) -> tuple[str, ...]:
    """Return the names of the project's experiments that some run of the logs is of."""
    from rulka_analysis.values import questions

    project = project_folder()
    folder = project / "docs" / "experiments"
    subject = folder.relative_to(project).as_posix()
    questions.note("definitions", subject, questions.definitions_digest(folder))
    return tuple(name for name, named in experiments_named().items() if is_there(named, logs.runs))


def experiments_named() -> dict[str, tuple[str, ...]]:
    """Return the project's experiments, and the runs each names (patterns included)."""
    from rulka_analysis.values import questions

    files = sorted((project_folder() / "docs" / "experiments").glob("*.toml"))
    for file in files:
        questions.note_file(file)
    return {file.stem: list_named(_read(file)) for file in files}


def draft_experiment(
    logs: Logs | None = None, runs: Collection[str] | None = None
) -> LoadedExperiment:
    """Return an experiment about runs of some logs, of which nobody declared anything.

    What it asks is what ``rulka-analysis new`` would write: groups by what differs between runs,
    likely outcomes, a baseline that is a guess.

    Parameters
    ----------
    logs : Logs, optional
        Those in effect (see `open_logs`) by default.
    runs : collection of str, optional
        The runs it is about; all by default.
    """
    from rulka_analysis.experiments.draft import write_draft
    from rulka_analysis.experiments.gathering import gather
    from rulka_analysis.experiments.reader import read_definition
    from rulka_analysis.verdicts.loaded import LoadedExperiment

    logs = open_logs() if logs is None else logs
    catalogue = load_catalogue(logs=logs)
    text = write_draft(gather(DRAFT, logs, catalogue, runs))
    # Kept by nobody: a file of that name is what it would be written to.
    file = project_folder() / "docs" / "experiments" / f"{DRAFT}.toml"
    return LoadedExperiment(read_definition(DRAFT, file, catalogue, text), logs, catalogue)
