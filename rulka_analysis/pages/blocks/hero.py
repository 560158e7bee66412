"""How far each setting got, and when: the first figure of an experiment's page."""

from __future__ import annotations

from rulka_analysis.experiments.groups import Group
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.series import position_text
from rulka_analysis.pages.blocks.subject import Subject, missing, subject_of, view_of_groups
from rulka_analysis.pages.charts import Chart, draw, scaled_by
from rulka_analysis.pages.drawing import GroupLine, group_lines
from rulka_analysis.pages.figures import explain_lines, tell_lines
from rulka_analysis.pages.results import Figures, Panel
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined, listed
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.verdicts.loaded import LoadedExperiment


def hero(experiment: LoadedExperiment) -> Figures | Sentence:
    """Draw how far every setting got, on each objective and each clock of the experiment.

    The winner and the baseline stand out, others are grey. Labels say what a group had reached
    where its data end, and when that is.

    Returns
    -------
    Figures or Sentence
        A figure an objective, and a switch between clocks. A sentence where nothing can be drawn.

    Examples
    --------
    >>> import rulka_analysis as ra
    >>> shown = hero(ra.load_experiment("batch_size_and_running_speed"))
    >>> print(shown.caption)
    Names are batch size · running speed. Grey: the other settings. A dot marks where data end, \
the number is the value there.
    """
    subject = subject_of(experiment)
    choices: dict[str, list[Panel]] = {}
    drawn: dict[str, dict[str, GroupLine]] = {}
    for clock in subject.clocks:
        panels = []
        for outcome in subject.outcomes:
            measure = subject.measure(outcome)
            lines = group_lines(subject.shown, measure, clock, winner=subject.winner)
            if lines:
                panels.append(_panel(subject, measure, clock, lines))
                drawn.setdefault(measure.title, {line.group.label: line for line in lines})
        if panels:
            choices[clock.name.capitalize()] = panels
    if not choices:
        return Sentence("None of the objectives has a value in these logs.")
    better = {subject.measure(outcome).metric.better for outcome in subject.outcomes}
    best = all(subject.measure(outcome).is_best for outcome in subject.outcomes)
    return Figures(
        title="Best so far" if best else "Over time",
        behind=f"{better.pop()} is better" if len(better) == 1 else "",
        choices=choices,
        caption=_caption(subject, drawn),
        table=_table(subject, drawn),
    )


def _panel(subject: Subject, measure: Measure, clock: Clock, lines: list[GroupLine]) -> Panel:
    chart = Chart(
        title=measure.title,
        behind="interpolated" if clock.key == "steps" and subject.shown.steps_interpolated else "",
        lines=tuple(line.drawn for line in lines),
        clock=lines[0].axis,
        stepped=measure.is_best,
        upwards=measure.orientation > 0,
        value_head=measure.unit or "value",
        until_head=scaled_by(lines[0].axis) or clock.unit,
    )
    picture, phone = draw(chart, alone=len(subject.outcomes) == 1)
    known = [line.group for line in lines]
    return Panel(
        name=measure.title,
        picture=picture,
        phone=phone,
        alt=_alternative_text(subject, measure, clock, lines),
        view=view_of_groups(subject.shown, measure, clock, known),
        sentence=_left_out(subject, known, clock),
    )


def _left_out(subject: Subject, known: list[Group], clock: Clock) -> Sentence:
    groups = subject.shown.groups
    there = [group for group in groups if any(subject.experiment.run(run) for run in group.runs)]
    labels = [group.label for group in there if group not in known]
    if not labels:
        return Sentence("")
    return Sentence(
        "Not by {clock}: {groups}.", {"clock": clock.name, "groups": str(listed(labels))}
    )


def _alternative_text(
    subject: Subject, measure: Measure, clock: Clock, lines: list[GroupLine]
) -> str:
    told = tell_lines(subject.shown, lines, measure, clock)
    said = f"Line chart of {measure.title} by {clock.name}, {len(lines)} settings."
    ranked = sorted(
        (line for line in lines if line.value.known),
        key=lambda line: -measure.orientation * line.value.number,
    )
    best = ""
    if len(ranked) > 1:
        best = f"{ranked[0].group.label} ends best, at {ranked[0].value.text}."
    return " ".join(part for part in (said, best, *told) if part)


def _caption(subject: Subject, drawn: dict[str, dict[str, GroupLine]]) -> Sentence:
    every = [line for lines in drawn.values() for line in lines.values()]
    grey = any(line.drawn.role == "other" for line in every)
    parts = [
        subject.names,
        Sentence("Grey: the other settings.") if grey else Sentence(""),
        Sentence("A dot marks where data end, the number is the value there."),
        *(Sentence(said) for said in explain_lines(every)),
        missing(subject),
    ]
    return joined([part for part in parts if str(part)])


def _table(subject: Subject, drawn: dict[str, dict[str, GroupLine]]) -> Table:
    clock = subject.clocks[0]
    columns = {"group": "Setting"}
    for number, title in enumerate(drawn):
        columns |= {f"value{number}": title, f"until{number}": "data end at"}
    rows: dict[str, list[Cell]] = {}
    for group in subject.shown.groups:
        cells: list[Cell] = [group.label]
        for lines in drawn.values():
            line = lines.get(group.label)
            absent = Quantity.unknown("no value in these logs", label="–")
            cells.append(line.value if line else absent)
            cells.append(position_text(line.until, clock) if line else "–")
        rows[group.label] = cells
    return Table(columns, rows, "The best of each setting, each to where its own data end.")
