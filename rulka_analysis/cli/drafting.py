"""A new experiment, from logs: what is found in them, and the files that are written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from rulka_analysis.cli import drafted_pages
from rulka_analysis.experiments import asking, draft
from rulka_analysis.experiments.varying import find_varying
from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.logs.run import Run
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.settings import (
    Declared,
    Setting,
    known_of,
    read_settings,
    round_off,
)
from rulka_analysis.project import load_catalogue
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.files import write_whole

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def gather(name: str, logs: Logs) -> draft.Drafted:
    """Return what a draft of an experiment on some logs is made of."""
    catalogue = load_catalogue(logs=logs)
    runs = {run.name: run for run in logs}
    settings = {name: _settings_of(run, catalogue) for name, run in runs.items()}
    schedules = {n for own in settings.values() for n, s in own.items() if _moves(s)}
    known = {
        run: {n: round_off(value) for n, value in known_of(found).items() if n not in schedules}
        for run, found in settings.items()
    }
    varying = find_varying(known, _titles(settings))
    first_run = min(runs, key=lambda name: _begun(runs[name]))
    baseline, _ = draft.guess_baseline(varying.groups, first_run)
    outcomes = asking.choose_outcomes({n: run.tags for n, run in runs.items()}, catalogue)
    own = catalogue.domain.variant
    tags = {tag for run in runs.values() for tag in run.tags}
    recognised = sum(catalogue.match(tag) is not None for tag in tags)
    return draft.Drafted(
        name=name,
        place=logs.name,
        domain=catalogue.domain.name,
        domain_source=f"its catalogue knows {recognised} of {len(tags)} tags",
        varying=varying,
        outcomes=tuple(
            _measured(outcome, runs, [g.runs for g in varying.groups], baseline.runs)
            for outcome in outcomes
        ),
        sources=_sources(settings),
        variant=own.name if own else "",
        variants=own.plural if own else "",
        first_run=first_run,
    )


def _settings_of(run: Run, catalogue: Catalogue) -> dict[str, Setting]:
    # Asked for by name, a schedule that stays where it is counts as a setting, too.
    logged = {
        name: Declared(schedule=metric.schedule) for name, metric in catalogue.settings().items()
    }
    return read_settings(run.name, run, catalogue, logged)


def _moves(setting: Setting) -> bool:
    """Tell whether a setting changes within a run and nothing says what it was set to."""
    return setting.known is None and any(len(source.values) > 1 for source in setting.sources)


def _titles(settings: Mapping[str, Mapping[str, Setting]]) -> dict[str, str]:
    found = {n: s.title for own in settings.values() for n, s in own.items()}
    return {name: title.rpartition(".")[2].lower() for name, title in found.items()}


def _sources(settings: Mapping[str, Mapping[str, Setting]]) -> dict[str, str]:
    """Return where each setting stands, as in the first run that has it."""
    found: dict[str, str] = {}
    for own in settings.values():
        for name, setting in own.items():
            if setting.sources:
                more = len(setting.sources) - 1
                disagree = "; its sources disagree" if setting.disagreeing else ""
                told = f"{setting.sources[0].how.removeprefix('as ')}{disagree}"
                found.setdefault(
                    name, f"{told}, and {more} more" if more and not disagree else told
                )
                if disagree:
                    found[name] = told
    return found


def _begun(run: Run) -> float:
    created = [file.created for file in run.files if file.created is not None]
    return min(created, default=np.inf)


def _measured(
    outcome: asking.DraftOutcome,
    runs: Mapping[str, Run],
    groups: list[tuple[str, ...]],
    baseline: tuple[str, ...],
) -> asking.DraftOutcome:
    """Return an outcome with the numbers that help its author."""
    curves = {
        name: run.events(outcome.tag).values * outcome.factor
        for name, run in runs.items()
        if outcome.tag in run.tags
    }
    own = next((curves[name] for name in baseline if name in curves), np.array([]))
    ends = [[asking.trailing_end(curves[n]) for n in group if n in curves] for group in groups]
    return replace(
        outcome,
        targets=asking.choose_targets(own, outcome.better),
        spread=asking.spread_of(ends),
    )


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
    files = {
        experiments / f"{found.name}.toml": text,
        experiments / f"{found.name}.rst": drafted_pages.write_page(
            said["title"], said["question"], shown
        ),
    }
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
    found = gather(check_name(name), logs)
    files = new_files(found, project, catalogue)
    told = [f"{logs.path}: {draft.count_runs(found.varying.groups)}"]
    shown = {path: path.relative_to(project).as_posix() for path in files}
    index = project / "index.rst"
    landing = index.read_text(encoding="utf-8") if index.is_file() else ""
    title = tomllib.loads(next(iter(files.values())))["title"]
    entered = drafted_pages.enter_in_index(landing, name, title)
    if dry_run:
        for path, text in files.items():
            told += ["", f"{shown[path]}:", "", text]
        return [*told, "Nothing was written."]
    write_new(files)
    if entered != landing:
        write_whole(index, entered)
        told.append("index.rst: entered")
    checks = next(iter(files.values())).count("  # check: ")
    told += [f"wrote {name}" for name in shown.values()]
    told.append(f"Read the {checks} lines marked `check` in the definition, then: make html")
    return told
