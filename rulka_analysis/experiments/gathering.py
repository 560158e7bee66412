"""What a draft of an experiment is made of, found in logs: groups, outcomes, a baseline."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments import asking, draft, leaving_out
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

Floats = NDArray[np.float64]


def gather(
    name: str, logs: Logs, catalogue: Catalogue, chosen: Collection[str] | None = None
) -> draft.Drafted:
    """Return what a draft of an experiment on some logs is made of.

    Parameters
    ----------
    name : str
        What the experiment is called.
    logs : Logs
        They hold its runs.
    catalogue : Catalogue
        What their tags mean.
    chosen : collection of str, optional
        The runs it is about; all by default.
    """
    every = {name: logs[name] for name in (logs.runs if chosen is None else chosen)}
    said = {name: _settings_of(run, catalogue) for name, run in every.items()}
    left_out = leaving_out.other_sides(every)
    left_out |= leaving_out.single_values({n: _length(r) for n, r in every.items()})
    there = _without(every, left_out)
    left_out |= leaving_out.other_tasks({name: known_of(said[name]) for name in there})
    asked = asking.choose_outcomes(_tags(_without(every, left_out)), catalogue)
    if asked:
        tag = asked[0].tag
        ends = {name: _reached(run, tag) for name, run in _without(every, left_out).items()}
        left_out |= leaving_out.broke_off(ends)
    runs = _without(every, left_out)
    settings = {name: said[name] for name in runs}
    schedules = {n for own in settings.values() for n, s in own.items() if _moves(s)}
    known = {
        run: {n: round_off(value) for n, value in known_of(found).items() if n not in schedules}
        for run, found in settings.items()
    }
    varying = find_varying(known, _titles(settings))
    first_run = min(runs, key=lambda name: _begun(runs[name]))
    baseline, _ = draft.guess_baseline(varying.groups, first_run)
    outcomes = asking.choose_outcomes(_tags(runs), catalogue)
    beside = asking.choose_beside(_tags(runs), catalogue, outcomes)
    outcomes += tuple(one for one in beside if _changes(one.tag, runs))[: asking.MOST_BESIDE]
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
            _measured(outcome, runs, [g.runs for g in varying.groups], baseline.runs, catalogue)
            for outcome in outcomes
        ),
        sources=_sources(settings),
        variant=own.name if own else "",
        variants=own.plural if own else "",
        first_run=first_run,
        left_out={name: left_out[name] for name in every if name in left_out},
    )


def _without(runs: Mapping[str, Run], left_out: Collection[str]) -> dict[str, Run]:
    """Return the runs that are not left out; all of them where none would be left."""
    return {name: run for name, run in runs.items() if name not in left_out} or dict(runs)


def _tags(runs: Mapping[str, Run]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(run.tags) for name, run in runs.items()}


def _changes(tag: str, runs: Mapping[str, Run]) -> bool:
    """Tell whether a tag has more than one value in some of the runs."""
    return any(tag in run.tags and np.ptp(run.events(tag).values) > 0 for run in runs.values())


def _length(run: Run) -> int:
    return max((len(run.events(tag).values) for tag in run.tags), default=0)


def _reached(run: Run, tag: str) -> float:
    return float(run.events(tag).steps.max(initial=0)) if tag in run.tags else np.nan


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
    catalogue: Catalogue,
) -> asking.DraftOutcome:
    """Return an outcome with the numbers that help its author."""
    curves = {
        name: _curve(outcome, run.events(outcome.tag).values, catalogue)
        for name, run in runs.items()
        if outcome.tag in run.tags
    }
    own = next((curves[name] for name in baseline if name in curves), np.array([]))
    ends = [[asking.trailing_end(curves[n]) for n in group if n in curves] for group in groups]
    return replace(
        outcome,
        targets=asking.choose_targets(own, outcome.better) if outcome.reaches else (),
        digits=asking.digits_for(end for group in ends for end in group),
        spread=asking.spread_of(ends),
    )


def _curve(outcome: asking.DraftOutcome, values: Floats, catalogue: Catalogue) -> Floats:
    """Return how an outcome went: as logged, or its best so far where that is what counts."""
    metric = catalogue[outcome.metric] if outcome.metric else None
    if metric is None or metric.summary != "best":
        return values * outcome.factor
    reached = values[np.isfinite(values)]
    if metric.cutoff_seconds is not None:
        reached = reached[reached < metric.cutoff_seconds]
    so_far = np.minimum if metric.better == "lower" else np.maximum
    return so_far.accumulate(reached) * outcome.factor
