"""Settings that differ from the winner in something else: how far they are from it."""

from __future__ import annotations

from rulka_analysis.experiments.groups import Group
from rulka_analysis.pages.blocks.rows import Dot, DotPlot, Row, Said, draw
from rulka_analysis.pages.blocks.subject import (
    Subject,
    colour_of,
    subject_of,
    told,
    view_of_groups,
)
from rulka_analysis.pages.palette import LOOKS
from rulka_analysis.pages.results import Figures, Panel
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.verdicts.answer import Answered, OnClock
from rulka_analysis.verdicts.loaded import LoadedExperiment


def follow_ups(experiment: LoadedExperiment) -> Figures | Sentence:
    """Draw how far settings with one more change are from the winner, beside what is ignored.

    These are the groups that differ from the baseline in settings that are not recommended. Without
    a winner they are held against the baseline.

    Returns
    -------
    Figures or Sentence
        A figure an objective: a dot a group, the margin as a band, the answer in a word. A sentence
        where there are no such groups.

    Examples
    --------
    >>> import rulka_analysis as ra
    >>> shown = follow_ups(ra.load_experiment("batch_size_and_running_speed"))
    >>> shown.choices["difference"][0].alt.count("better, fragile")
    1
    """
    subject = subject_of(experiment)
    base = subject.winner or subject.baseline
    groups = [experiment.group(label) for label in subject.tried.apart]
    groups = [group for group in groups if group not in (base, subject.baseline)]
    if not groups:
        return Sentence("No setting differs from these in something else.")
    panels: list[Panel] = []
    rows: dict[str, list[Cell]] = {}
    for outcome in subject.outcomes:
        answers = {
            group.label: answer
            for group in groups
            if (answer := subject.answer(group, base, outcome)) is not None
            and _row(answer) is not None
        }
        if answers:
            panels.append(_panel(subject, base, outcome, answers))
            rows |= _rows(subject.measure(outcome).title, base, answers)
    if not panels:
        return Sentence("The follow-ups have no values in these logs.")
    columns = {
        "outcome": "Outcome", "group": "Setting", "difference": f"against {base.label}",
        "answer": "Answer", "end": "at",
    }  # fmt: skip
    fields = {"base": base.label}
    return Figures(
        title="",
        choices={"difference": panels},
        caption=Sentence("Each against {base}, where the data of both end.", fields),
        table=Table(columns, rows, "Differences where the data of both end."),
    )


def _row(answer: Answered) -> OnClock | None:
    return next((row for row in answer.rows if row.votes and row.difference.known), None)


def _signed(value: Quantity) -> str:
    return f"+{value.text}" if value.number > 0 else value.text


def _rows(title: str, base: Group, answers: dict[str, Answered]) -> dict[str, list[Cell]]:
    found: dict[str, list[Cell]] = {}
    for label, answer in answers.items():
        row = _row(answer)
        assert row is not None
        name = answer.candidate.beside(base)
        cells: list[Cell] = [title, name, row.difference, told(answer), row.end]
        found[f"{answer.outcome}.{label}"] = cells
    return found


def _panel(subject: Subject, base: Group, outcome: str, answers: dict[str, Answered]) -> Panel:
    measure = subject.measure(outcome)
    rows, said = [], []
    margins, groups = [], [base]
    for answer in answers.values():
        row = _row(answer)
        assert row is not None
        name = answer.candidate.beside(base)
        shown = _signed(row.difference)
        words = (Said(shown, "text", bold=True), Said(told(answer), colour_of(answer)))
        rows.append(Row(name, (Dot(row.difference.number, "text"),), words))
        fragile = ", fragile" if answer.decided.fragile else ""
        said.append(f"{name}: {shown}, {answer.word}{fragile}.")
        margins.append(row.margin)
        groups.append(answer.candidate)
    known = [margin for margin in margins if margin.known]
    band = max((margin.number for margin in known), default=0.0)
    better = {"lower": "left is better", "higher": "right is better"}.get(measure.metric.better, "")
    plot = DotPlot(
        title=measure.title,
        behind=" · ".join(part for part in (measure.unit, better) if part),
        rows=tuple(rows),
        unit=measure.unit,
        band=band,
        band_said=f"±{max(known, key=lambda m: m.number).text} ignored" if known else "",
        zero=LOOKS[subject.role(base)].colour,
    )
    picture, phone = draw(plot)
    clock = subject.clocks[0]
    return Panel(
        name=measure.title,
        picture=picture,
        phone=phone,
        alt=f"Dots of the difference to {base.label}, {measure.title}. {' '.join(said)}",
        view=view_of_groups(subject.experiment.all_runs(), measure, clock, groups),
    )
