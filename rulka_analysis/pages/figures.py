"""Figures for readers: one metric a figure, runs as lines, for both themes, with computed words.

A figure carries its caption, an alternative text that states what it shows, and the numbers it
draws; all three are computed from the data.
"""

from __future__ import annotations

from collections.abc import Mapping

from rulka_analysis.experiments.comparison import Comparison, window_end
from rulka_analysis.logs.clocks import MINUTES, Clock, Window
from rulka_analysis.metrics.series import Measure, Series, position_text
from rulka_analysis.pages.drawing import (
    COLOURS,
    GROUND,
    HEIGHT,
    WIDTH,
    Plan,
    as_svg,
    in_the_dark,
    style,
)
from rulka_analysis.pages.explore.view import View
from rulka_analysis.pages.results import Figure
from rulka_analysis.pages.tables.comparison import clock_in_words, curve
from rulka_analysis.pages.tables.marked import Marked
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.text import name_in_words

# Notebooks that draw something of their own take its look from here.
__all__ = ["COLOURS", "GROUND", "WIDTH", "Figure", "curves", "style"]


def curves(
    comparison: Comparison,
    metric: str,
    variant: str | None = None,
    clock: str | Clock = MINUTES,
    *,
    as_logged: bool = False,
    height: float = HEIGHT,
    every: float | None = None,
    **variants: str | None,
) -> Figure | Sentence:
    """Draw one metric of all compared runs on one clock.

    Where nothing of it can be drawn (not in these logs, or a run has no such clock) a sentence
    says so instead.

    Parameters
    ----------
    comparison : Comparison
        The runs.
    metric, variant, as_logged
        What to draw; see `Comparison.measure`.
    clock : str or Clock
        The horizontal axis.
    height : float
        Of the figure, in inches.
    every : float, optional
        Distance between the checkpoints of the table behind the figure, in units of the clock.
    **variants : str
        The variant under the name that the domain has for it.
    """
    chosen = comparison.clock(clock)
    asked = comparison.catalogue.domain.chosen_variant(variant, variants)
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
    plan = Plan.of(comparison, measure, chosen, window, known, height)
    light = as_svg(plan.draw, height)
    return Figure(
        light=light,
        dark=in_the_dark(light),
        width=round(WIDTH * 96),
        height=round(height * 96),
        caption=_caption(comparison, measure, chosen, window, plan),
        alt=_alternative_text(comparison, measure, chosen, window, plan),
        table=curve(comparison, measure, chosen, every),
        view=_view(measure, chosen, known),
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
    comparison: Comparison, measure: Measure, clock: Clock, window: Window, plan: Plan
) -> Sentence:
    values = comparison.at_common_end(measure, clock)
    fields: dict[str, Quantity | str] = {
        "title": measure.title,
        "how": _shown_how(measure),
        "clock": clock_in_words(comparison, clock),
    }
    template = "{title}, {how}, by {clock}."
    if window.known:
        fields["end"] = window_end(window)
        fields["limit"] = window.limited_by
        stated = []
        for number, line in enumerate(plan.lines):
            if values[line.name].known:
                fields[f"run{number}"] = comparison.shown(line.name)
                fields[f"value{number}"] = values[line.name]
                stated.append(f"{{run{number}}} {{value{number}}}")
        if stated:
            template += " At {end}, where the data of {limit} end: " + ", ".join(stated) + "."
    for number, (name, why) in enumerate(_not_drawn(comparison, measure, clock, plan)):
        fields[f"absent{number}"] = f"{comparison.shown(name)}: {why}"
        template += f" {{absent{number}}}."
    if any(len(line.lone_x) for line in plan.lines):
        template += " Hollow marks are single values; between them and the curve nothing is known."
    said = Marked(comparison)
    said.series(measure)
    for number, note in enumerate(said.notes):
        fields[f"against{number}"] = str(note)
        template += f" {{against{number}}}"
    return Sentence(template, fields)


def _not_drawn(
    comparison: Comparison, measure: Measure, clock: Clock, plan: Plan
) -> list[tuple[str, str]]:
    """Return the runs of which nothing is drawn, and why."""
    found = []
    lines = {line.name: line for line in plan.lines}
    for name, series in comparison.series(measure).items():
        if not isinstance(series, Series):
            found.append((name, series.missing))
        elif name not in lines:
            found.append((name, f"no clock of {clock} in these logs"))
        elif not len(lines[name].y):
            found.append((name, "no value to draw"))
    return found


def _shown_how(measure: Measure) -> str:
    if measure.is_best:
        return "best so far"
    if measure.metric.summary == "median_of_last_three":
        return "single readings (numbers: median of the last three)"
    if measure.metric.summary == "trailing_mean":
        return "single readings (numbers: mean over the last tenth of the way)"
    return f"divided by {name_in_words(measure.per)}" if measure.per else "as logged"


def _alternative_text(
    comparison: Comparison, measure: Measure, clock: Clock, window: Window, plan: Plan
) -> str:
    """State what is to be seen: how each run goes, and how they stand where all are known."""
    by = clock_in_words(comparison, clock)
    said = [f"Line chart of {measure.title} by {by}, {len(plan.lines)} runs."]
    for line in plan.lines:
        if not len(line.y):
            continue
        first, last = float(line.y[0]), float(line.y[-1])
        start = position_text(line.x[0] * clock.scale, clock)
        until = position_text(line.known_until * clock.scale, clock)
        if first == last:
            said.append(
                f"{comparison.shown(line.name)} is {_shown(last, measure)} from {start} to {until}."
            )
            continue
        word = "falls" if last < first else "rises"
        said.append(
            f"{comparison.shown(line.name)} {word} from {_shown(first, measure)} at {start} to "
            f"{_shown(last, measure)}; its data end at {until}."
        )
    values = {n: q for n, q in comparison.at_common_end(measure, clock).items() if q.known}
    base = values.get(comparison.baseline)
    if base is not None and window.known:
        for name, value in values.items():
            if name == comparison.baseline:
                continue
            difference = value.minus(base)
            if abs(difference.number) <= difference.reading_error:
                told = f"level with {comparison.shown(comparison.baseline)}"
            else:
                word = "higher" if difference.number > 0 else "lower"
                size = difference.size().shown_as(
                    unit="points" if measure.unit == "%" else measure.unit
                )
                told = f"{size.text} {word} than {comparison.shown(comparison.baseline)}"
            said.append(
                f"At {position_text(window.end, clock)} {comparison.shown(name)} is {told}."
            )
    said += [
        f"{comparison.shown(name)}: {why}."
        for name, why in _not_drawn(comparison, measure, clock, plan)
    ]
    return " ".join(said)


def _shown(value: float, measure: Measure) -> str:
    return Quantity(value, measure.unit, measure.digits).text
