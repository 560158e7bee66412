"""Which comparisons a command line asks for: of runs it names, or those an experiment declares."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from rulka_analysis.cli import declared
from rulka_analysis.cli.comparing import Report, make_report
from rulka_analysis.cli.output import Waiting, note
from rulka_analysis.cli.selection import ChosenRuns, runs_of_group
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.project import load_catalogue


def make_reports(
    logs: Logs,
    chosen: ChosenRuns | None,
    experiment: str | None,
    comparison: str | None,
    baseline: str | None,
    metrics: Sequence[str] | None,
    variants: Sequence[str] | None,
    clock: str,
) -> list[Report]:
    """Return the comparisons that a command line asks for.

    Without runs that are chosen, those of declared comparisons.
    """
    if baseline and baseline not in logs:
        baseline = next(iter(runs_of_group(logs, baseline)), baseline)
    asked: Experiment | None = None
    if experiment:
        asked = declared.load_named(logs, experiment)
    elif comparison:
        asked = declared.find_experiment_with(logs, comparison)
    groups: list[tuple[str, str, str, tuple[str, ...]]] = []
    if chosen is not None:
        if comparison:
            raise typer.BadParameter(
                "a comparison names its runs itself; leave out the runs, or --comparison",
                param_hint="--comparison",
            )
        if not chosen.names:
            return []
        if asked is None:
            asked, problems = declared.find_declaring(logs, chosen.asked)
            for problem in problems:
                note(problem)
        groups.append(("", "", baseline or chosen.asked[0], chosen.asked))
    elif asked is not None:
        chosen_ones = [comparison] if comparison else list(asked.definition.comparisons)
        for name in chosen_ones:
            one = asked.comparison(name)
            groups.append((name, one.title, baseline or one.baseline, tuple(one.runs)))
    if asked is not None:
        # The experiment may have a name of its own for what the step counts.
        logs = asked.logs
    reports = []
    for name, title, base, members in groups:
        runs = _baseline_first(logs, base, members)
        there = {member: run for member, run in runs.items() if run is not None}
        with Waiting("reading the logs") as reading:
            for member in reading.each(there):
                _ = there[member].tags  # read here, where progress is shown
        reports.append(
            make_report(
                runs,
                base,
                asked,
                name=name,
                title=title,
                metrics=metrics or (),
                variants=variants or (),
                clock=clock,
                catalogue=load_catalogue(logs=logs),
            )
        )
    return reports


def _baseline_first(logs: Logs, baseline: str, members: Sequence[str]) -> dict[str, Run | None]:
    if baseline not in members and baseline not in logs:
        logs[baseline]  # raises the error that names the nearest runs
    names = dict.fromkeys([baseline, *members])
    return {name: logs[name] if name in logs else None for name in names}  # noqa: SIM401
