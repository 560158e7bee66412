"""A new experiment, from logs: what is found in them, and the files that are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from rulka_analysis.experiments import draft
from rulka_analysis.experiments.varying import find_varying
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
    outcomes = draft.choose_outcomes({n: run.tags for n, run in runs.items()}, catalogue)
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
    outcome: draft.DraftOutcome,
    runs: Mapping[str, Run],
    groups: list[tuple[str, ...]],
    baseline: tuple[str, ...],
) -> draft.DraftOutcome:
    """Return an outcome with the numbers that help its author."""
    curves = {
        name: run.events(outcome.tag).values * outcome.factor
        for name, run in runs.items()
        if outcome.tag in run.tags
    }
    own = next((curves[name] for name in baseline if name in curves), np.array([]))
    ends = [[draft.trailing_end(curves[n]) for n in group if n in curves] for group in groups]
    return replace(
        outcome,
        targets=draft.choose_targets(own, outcome.better),
        spread=draft.spread_of(ends),
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
