"""An experiment in a small drawing without words, for a card."""

from __future__ import annotations

import numpy as np

from rulka_analysis.pages.blocks.subject import subject_of, view_of_groups
from rulka_analysis.pages.charts import Chart, scale_of
from rulka_analysis.pages.drawing import group_lines
from rulka_analysis.pages.figures import tell_lines
from rulka_analysis.pages.palette import LOOKS
from rulka_analysis.pages.results import Figure
from rulka_analysis.pages.sheets import Picture, Sheet, line_style
from rulka_analysis.values.quantities import Sentence
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.verdicts.loaded import LoadedExperiment

WIDTH, HEIGHT = 320, 120
_DOT, _SMALL_DOT = 4.6, 3.0


def spark(experiment: LoadedExperiment) -> Figure | Sentence:
    """Draw how far every setting got, without words: winner and baseline in colour, others grey.

    Returns
    -------
    Figure or Sentence
        320 by 120 pixels, of the objective on which the winner is better, else of the first. Its
        caption says which. A sentence where nothing can be drawn.

    Examples
    --------
    >>> import rulka_analysis as ra
    >>> shown = spark(ra.load_experiment("batch_size_and_running_speed"))
    >>> shown.picture.width, shown.picture.height
    (320, 120)
    """
    subject = subject_of(experiment)
    clock = subject.clocks[0]
    for outcome in subject.outcomes:
        measure = subject.measure(outcome)
        lines = group_lines(subject.shown, measure, clock, winner=subject.winner)
        if lines:
            break
    else:
        return Sentence("None of the objectives has a value in these logs.")
    chart = Chart(
        measure.title,
        tuple(line.drawn for line in lines),
        clock,
        stepped=measure.is_best,
        upwards=measure.orientation > 0,
    )
    how = "best so far" if measure.is_best else measure.how()
    said = tell_lines(subject.shown, lines, measure, clock)
    rows: dict[str, list[Cell]] = {
        line.group.label: [line.group.label, line.value] for line in lines
    }
    groups = [line.group for line in lines]
    return Figure(
        picture=_drawn(chart),
        caption=Sentence("{title}, {how}.", {"title": measure.title, "how": how}),
        alt=f"Small line chart of {measure.title}, {how}. {' '.join(said)}",
        table=Table({"group": "Setting", "value": measure.title}, rows, "Where data end."),
        view=view_of_groups(subject.shown, measure, clock, groups),
    )


def _drawn(chart: Chart) -> Picture:
    sheet = Sheet(WIDTH, HEIGHT)
    left, top, right, bottom = 6.0, 6.0, WIDTH - 8.0, HEIGHT - 12.0
    scale = scale_of(chart)
    axes = sheet.plot(left, top, right, bottom)
    axes.set_xlim(0, max(line.end[0] for line in chart.lines))
    axes.set_ylim(scale.low, scale.high)
    sheet.line([(left, HEIGHT - 6), (right, HEIGHT - 6)], "frame", below=True)
    step = "steps-post" if chart.stepped else "default"
    order = ("other", "fourth", "third", "baseline", "winner")
    for line in sorted(chart.lines, key=lambda line: order.index(line.role)):
        look = LOOKS[line.role]
        style = line_style(look.colour, look.width, look.dash)
        axes.plot(line.x, line.y, drawstyle=step, **style)
        x, y = sheet.placed(axes, line.end[0], float(np.clip(line.end[1], scale.low, scale.high)))
        sheet.dot(x, y, look.colour, _SMALL_DOT if line.role == "other" else _DOT)
    return sheet.picture()
