"""What else differed: the declared diagnostics, small and side by side."""

from __future__ import annotations

from dataclasses import replace

from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.pages.blocks.subject import (
    Subject,
    missing,
    sign_of,
    subject_of,
    view_of_groups,
)
from rulka_analysis.pages.charts import Chart, Drawn, picture
from rulka_analysis.pages.drawing import GroupLine, group_lines
from rulka_analysis.pages.figures import explain_lines, tell_lines
from rulka_analysis.pages.results import Figures, Panel
from rulka_analysis.pages.sheets import PHONE
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.verdicts.answer import Answered
from rulka_analysis.verdicts.loaded import LoadedExperiment

WIDTH, HEIGHT, HEIGHT_ON_A_PHONE = 296, 190, 220
MOST = 3


def why(experiment: LoadedExperiment) -> Figures | Sentence:
    """Draw the declared outcomes that are no objectives, up to three of them, each with an answer.

    Returns
    -------
    Figures or Sentence
        A small figure a diagnostic; below each how the winner (without one, the group that comes
        closest) stands to the baseline. A sentence where nothing of them is in the logs.

    Examples
    --------
    >>> import rulka_analysis as ra
    >>> shown = why(ra.load_experiment("batch_size_and_running_speed"))
    >>> print(shown.choices["minutes"][0].sentence)
    ? Undecided: 0.163 against 0.190 at 85 min.
    """
    subject = subject_of(experiment)
    definition = experiment.definition
    asked = [name for name in definition.asked if name not in subject.outcomes]
    panels: list[Panel] = []
    rows: dict[str, list[Cell]] = {}
    every: list[GroupLine] = []
    for outcome in asked:
        measure = subject.measure(outcome)
        clock = subject.shown.deciding_clock(measure)
        lines = group_lines(subject.shown, measure, clock, winner=subject.winner)
        if lines and len(panels) < MOST:
            answer = subject.answer(subject.candidate, subject.baseline, outcome)
            panels.append(_panel(subject, measure, clock, lines, answer))
            rows |= _rows(outcome, measure, lines)
            every += lines
    if not panels:
        return Sentence("No other outcome is declared, or none has values in these logs.")
    parts = [
        Sentence("Grey: the other settings.")
        if any(line.drawn.role == "other" for line in every)
        else Sentence(""),
        *(Sentence(said) for said in explain_lines(every) if "Hollow" not in said),
        missing(subject),
    ]
    return Figures(
        title="",
        choices={subject.clocks[0].name: panels},
        caption=joined([part for part in parts if str(part)]),
        table=Table(
            {"outcome": "Outcome", "group": "Setting", "value": "where data end"},
            rows,
            "The values where data end.",
        ),
    )


def _rows(outcome: str, measure: Measure, lines: list[GroupLine]) -> dict[str, list[Cell]]:
    return {
        f"{outcome}.{number}": [measure.title, line.group.label, line.value]
        for number, line in enumerate(lines)
    }


def _panel(
    subject: Subject,
    measure: Measure,
    clock: Clock,
    lines: list[GroupLine],
    answer: Answered | None,
) -> Panel:
    chart = Chart(
        title=measure.title,
        lines=tuple(map(_plain, lines)),
        clock=lines[0].axis,
        behind=measure.unit,
        stepped=measure.is_best,
        upwards=measure.orientation > 0,
        named=("winner", "baseline", "third"),
    )
    told = tell_lines(subject.shown, lines, measure, clock)
    groups = [line.group for line in lines]
    return Panel(
        name=measure.title,
        picture=picture(chart, WIDTH, HEIGHT),
        phone=picture(chart, PHONE, HEIGHT_ON_A_PHONE),
        alt=f"Small line chart of {measure.title} by {clock.name}. {' '.join(told)}",
        view=view_of_groups(subject.shown, measure, clock, groups),
        sentence=sentence_of(answer) if answer is not None else Sentence(""),
    )


def _plain(line: GroupLine) -> Drawn:
    """Return a line without what is too small to be seen here."""
    grey = line.drawn.role == "other"
    return replace(line.drawn, lone=None, members=() if grey else line.drawn.members)


def sentence_of(answer: Answered) -> Sentence:
    """Say an answer in a line: its sign and word, both values, and where."""
    row = next((row for row in answer.rows if row.votes), None)
    word = answer.word[:1].upper() + answer.word[1:]
    fragile = ", fragile" if answer.decided.fragile else ""
    fields: dict[str, Quantity | str] = {"sign": sign_of(answer), "word": f"{word}{fragile}"}
    if row is None or not (row.candidate.known and row.baseline.known):
        return Sentence("{sign} {word}.", fields)
    fields |= {"own": row.candidate, "base": row.baseline, "end": str(row.end)}
    return Sentence("{sign} {word}: {own} against {base} at {end}.", fields)
