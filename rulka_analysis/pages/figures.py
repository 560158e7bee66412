"""Figures for readers: one metric a figure, runs as lines, for both themes, with computed words.

A figure carries its caption, an alternative text that states what it shows, and the numbers it
draws; all three are computed from the data.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from rulka_analysis.experiments.comparison import Comparison, window_end
from rulka_analysis.experiments.groups import group_of
from rulka_analysis.logs.clocks import MINUTES, Clock, Window
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.series import Series, position_text
from rulka_analysis.pages.charts import Chart, picture, scaled_by
from rulka_analysis.pages.drawing import GroupLine, group_lines, not_drawn
from rulka_analysis.pages.explore.view import View
from rulka_analysis.pages.palette import COLOURS, colour
from rulka_analysis.pages.results import Figure, Figures, Panel
from rulka_analysis.pages.sheets import PHONE, WIDE, Picture, Sheet
from rulka_analysis.pages.tables.columns import columns_of
from rulka_analysis.pages.tables.comparison import clock_in_words, curve
from rulka_analysis.pages.tables.marked import Marked
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.text import amount, name_in_words

# As many groups are put into words where others may be counted.
MOST_TOLD = 8
# Notebooks that draw something of their own take its look from here.
__all__ = [
    "COLOURS", "PHONE", "WIDE", "Figure", "Figures", "Panel", "Picture", "Sheet", "colour", "curves"
]  # fmt: skip


def curves(
    comparison: Comparison,
    metric: str,
    variant: str | None = None,
    clock: str | Clock = MINUTES,
    *,
    as_logged: bool = False,
    height: int | None = None,
    every: float | None = None,
    whole: bool = False,
    winner: str = "",
    **variants: str | None,
) -> Figure | Sentence:
    """Draw one metric of all compared groups on one clock.

    Of a group of several runs their mean is drawn, a band from the lowest to the highest, and each
    run as a thin line. Where nothing can be drawn (not in these logs, or a run has no such clock) a
    sentence says so instead.

    Parameters
    ----------
    comparison : Comparison
        The runs.
    metric, variant, as_logged
        What to draw; see `Comparison.measure`.
    clock : str or Clock
        The horizontal axis.
    height : int, optional
        Of the figure, in CSS pixels.
    every : float, optional
        Distance between the checkpoints of the table behind the figure, in units of the clock.
    whole : bool
        Draw each group to its own end, and not to where all of them are known.
    winner : str
        The group that is recommended, by its label or one of its runs.
    **variants : str
        The variant under the name that the domain has for it.
    """
    chosen = comparison.clock(clock)
    asked = comparison.catalogue.domain.choose_variant(variant, variants)
    measure = comparison.measure(metric, asked, as_logged=as_logged)
    if not comparison.known_series(measure):
        return Sentence("{title}: not in these logs.", {"title": measure.title})
    known = comparison.on_clock(measure, chosen)
    lacking = [name for name in comparison.known_series(measure) if name not in known]
    if lacking and len(known) < 2:
        reason = " cannot be compared by {clock}: {runs} without that clock in these logs."
        fields = {"title": measure.title, "clock": chosen.name, "runs": ", ".join(lacking)}
        return Sentence("{title}" + reason, fields)
    window = comparison.window(measure, chosen)
    end = window.end if window.known and not whole else math.inf
    best = group_of(winner, comparison.groups) if winner else None
    lines = group_lines(comparison, measure, chosen, winner=best, end=end)
    sheet = _chart(comparison, measure, chosen, lines, whole=whole)
    return Figure(
        picture=picture(sheet, WIDE, height),
        caption=_caption(comparison, measure, chosen, window, lines, whole=whole),
        alt=_alternative_text(comparison, measure, chosen, window, lines),
        table=curve(comparison, measure, chosen, every),
        view=_view(measure, chosen, known),
        phone=picture(sheet, PHONE, height),
    )


def _chart(
    comparison: Comparison,
    measure: Measure,
    clock: Clock,
    lines: Sequence[GroupLine],
    *,
    whole: bool,
) -> Chart:
    axis = lines[0].axis if lines else clock
    interpolated = clock.key == "steps" and comparison.steps_interpolated
    better = measure.metric.better
    behind = [
        f"{clock.name} interpolated" if interpolated else "",
        f"{better} is better" if better != "neither" else "",
    ]
    return Chart(
        title=measure.title,
        lines=tuple(line.drawn for line in lines),
        clock=axis,
        behind=" · ".join(part for part in behind if part),
        stepped=measure.is_best,
        upwards=measure.orientation > 0,
        value_head=measure.unit or "value",
        until_head=scaled_by(axis) or axis.unit if whole else "",
    )


def _view(measure: Measure, clock: Clock, known: Mapping[str, Series]) -> tuple[str, str] | None:
    """Return the view of the Explore page that shows the same runs of the tag that is drawn.

    There a tag is shown as it was logged; runs that log the metric under another tag are missing.
    """
    if not known:
        return None
    tag = next(iter(known.values())).tag
    computed = measure.per or any(series.finished is not None for series in known.values())
    view = View(tag, clock.key, measure.is_best, groups=tuple(known))
    return view.fragment, "as logged" if computed else ""


def _caption(
    comparison: Comparison,
    measure: Measure,
    clock: Clock,
    window: Window,
    lines: Sequence[GroupLine],
    *,
    whole: bool,
) -> Sentence:
    fields: dict[str, Quantity | str] = {
        "how": _shown_how(measure).capitalize(),
        "clock": clock_in_words(comparison, clock),
    }
    template = "{how}, by {clock}, each to its own end." if whole else "{how}, by {clock}."
    if window.known and not whole:
        fields |= {"end": window_end(window), "limit": window.limited_by}
        template = "{how}, by {clock}, to {end}, where the data of {limit} end."
    template += "".join(f" {said}" for said in explain_lines(lines))
    for number, (name, why) in enumerate(not_drawn(comparison, measure, clock, lines)):
        fields[f"absent{number}"] = f"{comparison.shown(name)}: {why}"
        template += f" {{absent{number}}}."
    said = Marked(comparison)
    said.series(measure)
    for number, note in enumerate(said.notes):
        fields[f"against{number}"] = str(note)
        template += f" {{against{number}}}"
    return Sentence(template, fields)


def explain_lines(lines: Sequence[GroupLine]) -> Iterator[str]:
    """Yield what lines are that do not explain themselves."""
    bands = [line for line in lines if line.drawn.low is not None]
    if bands:
        thin = "; thin: each run" if any(line.drawn.members for line in bands) else ""
        yield (
            "Bold: the mean of a group's runs, as far as all of them go; the band reaches from the "
            f"lowest to the highest of them{thin}."
        )
    if any(line.drawn.members and line.drawn.low is None for line in lines):
        yield "Thin: single readings."
    if any(line.drawn.lone for line in lines):
        yield "Hollow marks are single values; between them and the curve nothing is known."


def _shown_how(measure: Measure) -> str:
    if measure.is_best:
        return "best so far"
    if measure.metric.summary == "median_of_last_three":
        return "median of the last three readings"
    if measure.metric.summary == "trailing_mean":
        return "mean over the last tenth of the way"
    return f"divided by {name_in_words(measure.per)}" if measure.per else "as logged"


def _alternative_text(
    comparison: Comparison,
    measure: Measure,
    clock: Clock,
    window: Window,
    lines: Sequence[GroupLine],
) -> str:
    """State what is to be seen: how each group goes, and how runs stand where all are known."""
    by = clock_in_words(comparison, clock)
    runs = sum(len(line.runs) for line in lines)
    said = [f"Line chart of {measure.title} by {by}, {amount(runs, 'run')}."]
    said += [told for line in lines if (told := tell_line(comparison, line, measure, clock))]
    shown = columns_of(comparison)
    values = shown.values(comparison.at_common_end(measure, clock))
    base = values[shown.baseline]
    if base.known and window.known:
        beside = shown.titles[shown.baseline]
        for name, value in values.items():
            if name == shown.baseline or not value.known:
                continue
            difference = value.minus(base)
            if abs(difference.number) <= difference.reading_error:
                told = f"level with {beside}"
            else:
                word = "higher" if difference.number > 0 else "lower"
                size = difference.size().shown_as(
                    unit="points" if measure.unit == "%" else measure.unit
                )
                told = f"{size.text} {word} than {beside}"
            said.append(f"At {position_text(window.end, clock)} {shown.titles[name]} is {told}.")
    said += [
        f"{comparison.shown(name)}: {why}."
        for name, why in not_drawn(comparison, measure, clock, lines)
    ]
    return " ".join(said)


def tell_lines(
    comparison: Comparison, lines: Sequence[GroupLine], measure: Measure, clock: Clock
) -> list[str]:
    """State how groups go, those in colour first; of many the rest is counted."""
    order = sorted(lines, key=lambda line: line.drawn.role == "other")
    told = [tell_line(comparison, line, measure, clock) for line in order[:MOST_TOLD]]
    if len(order) > MOST_TOLD:
        told.append(f"{len(order) - MOST_TOLD} more settings are drawn.")
    return told


def tell_line(comparison: Comparison, line: GroupLine, measure: Measure, clock: Clock) -> str:
    """State how a group goes: from where to where, and until when."""
    name = comparison.shown(line.runs[0]) if len(line.runs) == 1 else line.group.label
    if len(line.runs) > 1:
        name = f"The mean of {len(line.runs)} runs of {name}"
    last = line.drawn.end[1]
    begin = float(line.drawn.x[line.drawn.y == line.first][0]) * line.axis.scale
    start, until = position_text(begin, clock), position_text(line.until, clock)
    if line.first == last:
        return f"{name} is {_shown(last, measure)} from {start} to {until}."
    word = "falls" if last < line.first else "rises"
    said = f"{name} {word} from {_shown(line.first, measure)} at {start} to {_shown(last, measure)}"
    return f"{said}; its data end at {until}." if line.ends else f"{said} at {until}."


def _shown(value: float, measure: Measure) -> str:
    return Quantity(value, measure.unit, measure.digits).text
