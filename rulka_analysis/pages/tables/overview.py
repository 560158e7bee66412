"""What is known of runs: settings, duration, how far they went."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.metrics.settings import DECLARED
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence, placed
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.values.text import printable

if TYPE_CHECKING:
    from rulka_analysis.experiments.experiment import Experiment
    from rulka_analysis.logs.runs import Run


def runs(
    experiment: Experiment, names: Sequence[str], found: Sequence[Finding] | None = None
) -> Table:
    """Return what is known of runs: settings, duration and clocks.

    Parameters
    ----------
    experiment : Experiment
        Says what was set.
    names : sequence of str
        The runs, in this order.
    found : sequence of Finding, optional
        What `health.experiment_findings` returns: they are counted, run by run. Without them
        nothing is said of findings.
    """
    settings = experiment.definition.settings
    columns = {"run": "Run", "description": "What it is"}
    # Units stand once, in the heading.
    columns |= {
        name: f"{setting.title} ({setting.unit})" if setting.unit else setting.title
        for name, setting in settings.items()
    }
    steps = experiment.catalogue.domain.conventions.steps
    columns |= {"duration": "Duration", steps.name: steps.title}
    if found is not None:
        columns["findings"] = "Log findings"
    rows: dict[str, list[Cell]] = {}
    for name in names:
        declared = experiment.definition.runs[name]
        numbers = experiment.settings(name)
        cells: list[Cell] = [name, declared.about]
        for setting in settings:
            number = numbers.get(setting)
            text = experiment.setting_text(name, setting)
            cells.append(number.shown_as(unit="") if number is not None else text)
        run = experiment.run(name)
        if run is None:
            reason = f"no run {name} in these logs"
            cells += [Quantity.unknown(reason, "min"), Quantity.unknown(reason)]
        else:
            how = "from its start to its last event, without pauses"
            if _published_duration(run):
                how = "as published; of a segment that goes on, the length was not published"
            cells.append(_duration(run, how))
            cells.append(_last_step(run))
            if len(run.folders) > 1:
                cells[0] = _with_segments(run)
        if found is not None:
            own = [finding for finding in found if finding.run == name]
            cells.append("–" if run is None else _count_findings(own))
        rows[name] = cells
    present = [run for run in map(experiment.run, names) if run is not None]
    notes = [*_on_durations(present), *_on_what_stands(present), *_left_out(experiment)]
    return Table(columns, rows, "The runs, their settings and how long they lasted.", notes)


def runs_by_group(experiment: Experiment, found: Sequence[Finding]) -> Table:
    """Return the runs of an experiment group by group: what was set, and who says so.

    Parameters
    ----------
    experiment : Experiment
        An experiment of which some runs are in the logs.
    found : sequence of Finding
        What was noticed about them; counted run by run.
    """
    settings = experiment.definition.settings
    steps = experiment.catalogue.domain.conventions.steps
    # What stands in the label of a group needs no column of its own.
    besides = [name for name, one in settings.items() if not one.named]
    columns = {"run": "Run", "group": "Group"}
    columns |= {name: settings[name].title for name in besides}
    columns |= {"duration": "Duration", steps.name: f"Last {steps.name}", "findings": "Findings"}
    columns["source"] = "Settings from"
    rows: dict[str, list[Cell]] = {}
    grouped = {name: group.label for group in experiment.groups for name in group.runs}
    for name, shown in (grouped | _shown_reasons(experiment)).items():
        run = experiment.run(name)
        if run is None:
            continue
        own = experiment.all_settings(name)
        # Where none is declared, all that is recorded tells where it stands.
        keys = [key for key in settings if key in own] or [*own]
        sources = [source for key in keys for source in own[key].sources]
        where = [source.where for source in sources if source.where != DECLARED]
        rows[name] = [
            name,
            shown,
            *(experiment.setting_text(name, key) for key in besides),
            _duration(run, "from its start to its last event, without pauses"),
            _last_step(run),
            _count_findings([finding for finding in found if finding.run == name]),
            ", ".join(dict.fromkeys(where)) or "not recorded",
        ]
    return Table(columns, rows, "The runs, group by group.")


def _shown_reasons(experiment: Experiment) -> dict[str, str]:
    left_out = experiment.definition.exclude
    return {run: f"left out: {reason}" for run, reason in left_out.items()}


def groups_in_short(experiment: Experiment, most: int) -> Table:
    """Return the groups of an experiment, a row each: how many runs, and how long.

    Parameters
    ----------
    experiment : Experiment
        An experiment of which some runs are in the logs.
    most : int
        No more rows than these.
    """
    steps = experiment.catalogue.domain.conventions.steps
    columns = {"group": "Group", "runs": "Runs", "duration": "Duration"}
    columns[steps.name] = f"Last {steps.name}"
    rows: dict[str, list[Cell]] = {}
    for group in experiment.groups[:most]:
        runs = [run for name in group.runs if (run := experiment.run(name)) is not None]
        durations = [_duration(run, "from its start to its last event") for run in runs]
        ends = [_last_step(run) for run in runs]
        rows[group.label] = [group.label, str(len(runs)), _span(durations), _span(ends)]
    left = len(experiment.groups) - most
    notes = [Sentence(f"{left:,} more groups stand below.")] if left > 0 else []
    return Table(columns, rows, "The groups; every run stands below.", notes)


def _span(found: Sequence[Quantity]) -> Cell:
    known = sorted((one for one in found if one.known), key=lambda one: one.number)
    if not known:
        return found[0] if found else "–"
    if known[0].text == known[-1].text:
        return known[0]
    low, high = known[0].shown_as(unit=""), known[-1]
    return Sentence("{low} to {high}", {"low": low, "high": high})


def _duration(run: Run, how: str) -> Quantity:
    if math.isnan(run.duration):
        reason = f"nothing in the log of {run.name} tells how long it took"
        return Quantity.unknown(reason, "min", label="not known")
    by = None
    if not _published_duration(run):
        tag, index = run.last_event()
        by = placed(run.evidence(tag, index), MINUTES.key)
    digits = MINUTES.digits(run.duration)
    return Quantity(run.duration, "min", digits, how=how, made=by)


def _published_duration(run: Run) -> bool:
    return run.provenance is not None and run.provenance.duration_minutes is not None


def _with_segments(run: Run) -> Sentence:
    """Name a run with its segments, and what is known of them beyond its stated duration."""
    names = ", ".join(run.folders[1:])
    fields: dict[str, Quantity | str] = {"run": run.name, "segments": names}
    beyond: dict[float, tuple[str, int]] = {}
    for tag in run.tags:
        minutes = run.events(tag).minutes
        for index in (minutes > run.duration * (1 + 1e-9)).nonzero()[0]:
            beyond.setdefault(float(minutes[index]), (tag, int(index)))
    if not beyond:
        return Sentence("{run} (with {segments})", fields)
    last = max(beyond)
    event = run.evidence(*beyond[last])
    fields |= {
        "folder": event.file.rpartition("/")[0],
        "count": Quantity(float(len(beyond)), "", 0, how="counted: after the stated duration"),
        "last": Quantity(
            last, "min", 1, (event,), "minutes of training", made=placed(event, MINUTES.key)
        ),
    }
    goes_on = "which goes on" if len(run.folders) == 2 else "of which {folder} goes on"
    known = "{count} point of it is known, at {last}"
    if len(beyond) > 1:
        known = "{count} points of it are known, the last at {last}"
    return Sentence(f"{{run}} (with {{segments}}, {goes_on}: {known})", fields)


def _on_durations(present: Sequence[Run]) -> Iterator[Sentence]:
    """Say why published durations, the ends of their curves and typed durations differ."""
    apart = [
        run.provenance.resolution_minutes
        for run in present
        if run.provenance is not None and _published_duration(run)
    ]
    known = [minutes for minutes in apart if minutes]
    if not known:
        return
    resolution = Quantity(max(known), "min", 0, how="stated beside the logs")
    yield Sentence(
        "Durations are as published, from a run's start. Its curves are known every {resolution}; "
        "each ends with its last point, so a common window may be shorter than any run. The "
        "author counted from the first aggregate write, about one write interval after the start: "
        "by that much the durations once typed on the page are shorter.",
        {"resolution": resolution},
    )


def _on_what_stands(present: Sequence[Run]) -> Iterator[Sentence]:
    """Say of each run what was given up because it was resumed, and how often it began anew."""
    for run in present:
        gone = run.given_up
        if gone:
            most = max(gone, key=lambda tag: gone[tag])
            told = "events that a resumed session repeated"
            yield Sentence(
                "{run} was resumed: {count} of {all} events ({share}) are given up, most of {tag}.",
                {
                    "run": printable(run.name),
                    "count": Quantity(float(sum(gone.values())), "", 0, how=f"counted: {told}"),
                    "all": Quantity(float(run.written), "", 0, how="counted: events written"),
                    "share": Quantity(100 * run.share_given_up, "%", 1, how=f"part of all: {told}"),
                    "tag": printable(most),
                },
            )
        if run.earlier:
            yield Sentence(
                "{run} began anew: shown is attempt {number}; earlier ones hold {count} events.",
                {
                    "run": printable(run.name),
                    "number": Quantity(float(len(run.earlier) + 1), "", 0, how="counted: attempts"),
                    "count": Quantity(
                        float(sum(earlier.count for earlier in run.earlier)),
                        "",
                        0,
                        how="counted: events of earlier attempts",
                    ),
                },
            )


def _left_out(experiment: Experiment) -> Iterator[Sentence]:
    for run, why in experiment.definition.exclude.items():
        yield Sentence("{run} is left out: {why}.", {"run": run, "why": why.rstrip(".")})


def _last_step(run: Run) -> Quantity:
    """Return the highest step of a run, within its duration."""
    steps = run.conventions.steps
    if steps not in run.clocks:
        return Quantity.unknown(f"the log has no clock of {steps}", label="not known")
    highest: tuple[int, str, int] | None = None
    for tag in run.tags:
        events = run.events(tag)
        # Without minutes, nothing lies beyond the duration.
        beyond = events.minutes > run.duration * (1 + 1e-9)
        if not beyond.all():
            index = int(np.where(beyond, np.iinfo(np.int64).min, events.steps).argmax())
            highest = max(highest or (-1, "", 0), (int(events.steps[index]), tag, index))
    if highest is None:
        return Quantity.unknown("the log has no event within its duration", label="not known")
    step, tag, index = highest
    how = "highest step logged within the duration"
    if run.steps_interpolated:
        how += f"; {steps} are interpolated"
    event = run.evidence(tag, index)
    return Quantity(float(step), "", 0, (event,), how, made=placed(event, steps.key))


def _count_findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return "none"
    counts = {s: sum(f.severity == s for f in findings) for s in ("error", "warning", "note")}
    return ", ".join(f"{n} {s}{'s' if n > 1 else ''}" for s, n in counts.items() if n)
