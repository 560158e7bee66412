"""A new experiment, from logs: the files that are written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from rulka_analysis.cli import drafted_pages
from rulka_analysis.experiments import asking, draft
from rulka_analysis.experiments.gathering import gather
from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.project import load_catalogue
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.files import write_whole

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_name(name: str) -> str:
    """Return a name for an experiment.

    Raises
    ------
    RulkaError
        If files and addresses cannot be called so.
    """
    if not _NAME.fullmatch(name):
        raise RulkaError(
            f"{name!r} cannot name an experiment; write small letters, digits and underscores, "
            "a letter first"
        )
    return name


def write_new(files: Mapping[Path, str]) -> None:
    """Write files that must not be there yet: all of them, or none.

    Raises
    ------
    RulkaError
        If one is there; nothing is written then.
    """
    there = [path for path in files if path.exists()]
    if there:
        raise RulkaError(
            f"{there[0]} is there already and stays as it is; choose another name, or remove it"
        )
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)


def new_files(found: draft.Drafted, project: Path, catalogue: Catalogue) -> dict[Path, str]:
    """Return the files of a new experiment, the definition first."""
    text = draft.write_draft(found)
    said = tomllib.loads(text)
    shown = [
        drafted_pages.Shown(
            outcome.name,
            outcome.title or outcome.name,
            _further_clocks(outcome, catalogue),
            bool(outcome.targets),
        )
        for outcome in found.outcomes
    ]
    experiments = project / "docs" / "experiments"
    pages = drafted_pages.write_pages(found.name, said["title"], shown)
    files = {experiments / f"{found.name}.toml": text}
    files |= {experiments / page: source for page, source in pages.items()}
    if shown:
        notebook = drafted_pages.write_notebook(found.name, shown[0].name)
        files[project / "notebooks" / found.name / "answers.py"] = notebook
    return files


def _further_clocks(outcome: asking.DraftOutcome, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the clocks by which an outcome is drawn besides the first that decides."""
    usual = (MINUTES, catalogue.domain.conventions.steps)
    deciding = catalogue[outcome.metric].deciding_clocks if outcome.metric else usual
    return tuple(clock.name for clock in usual if clock in deciding)[1:]


def write_experiment(name: str, logs: Logs, project: Path, *, dry_run: bool) -> list[str]:
    """Write a new experiment, and return what to tell: the files, or all that they would hold.

    Raises
    ------
    RulkaError
        If one of the files is there, or the name is none.
    """
    catalogue = load_catalogue(logs=logs)
    found = gather(check_name(name), logs, catalogue)
    files = new_files(found, project, catalogue)
    told = [f"{logs.path}: {draft.count_runs(found.varying.groups)}"]
    shown = {path: path.relative_to(project).as_posix() for path in files}
    index = project / "index.rst"
    landing = index.read_text(encoding="utf-8") if index.is_file() else ""
    title = tomllib.loads(next(iter(files.values())))["title"]
    entered = drafted_pages.enter_in_index(landing, name, title)
    if dry_run:
        for path, text in files.items():
            told += ["", f"{shown[path]}:", "", *text.splitlines()]
        return [*told, "Nothing was written."]
    write_new(files)
    if entered != landing:
        write_whole(index, entered)
        told.append("index.rst: entered")
    checks = next(iter(files.values())).count("  # check: ")
    told += [f"wrote {name}" for name in shown.values()]
    told.append(f"Read the {checks} lines marked `check` in the definition, then: make html")
    return told
