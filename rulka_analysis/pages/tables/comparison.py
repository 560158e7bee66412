"""Runs side by side: how they stand, how they differ, when they reached a target."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rulka_analysis.experiments.comparison import Comparison, window_end
from rulka_analysis.health import marks
from rulka_analysis.logs.clocks import MINUTES, Clock
from rulka_analysis.logs.positions import checkpoints
from rulka_analysis.metrics.measure import Line, Measure
from rulka_analysis.metrics.series import Series, direction
from rulka_analysis.pages.tables.columns import columns_of
from rulka_analysis.pages.tables.marked import Marked
from rulka_analysis.values.quantities import NOT_IN_THESE_LOGS, Quantity, Sentence, format_number
from rulka_analysis.values.sentences import joined, listed
from rulka_analysis.values.tables import Cell, Table

FEW_CHECKPOINTS = 5
"""Of the table behind a figure of many runs: each of its numbers rests on all of them."""


def summary(
    comparison: Comparison, lines: Sequence[Line] = (), clock: str | Clock | None = None
) -> Table:
    """Return a comparison's numbers: a row a metric, a column a run, and how they differ.

    Of many runs, each group has a column.

    Candidates are held against the baseline by their difference; a metric that scales with a
    setting by its ratio. A metric that no run of these logs has is named in a note.

    Parameters
    ----------
    comparison : Comparison
        The runs.
    lines : sequence of Line
        What to show; the experiment's own lines by default.
    clock : str or Clock, optional
        The clock whose common window ends the comparison; by default the one each metric is
        compared on (`Comparison.deciding_clock`).
    """
    shown = columns_of(comparison)
    baseline = shown.baseline
    asked = None if clock is None else comparison.clock(clock)
    columns = {"metric": "Metric", **shown.titles}
    for name in shown.candidates:
        columns[_against(name, baseline)] = _against(shown.titles[name], shown.titles[baseline])
    rows: dict[str, list[Cell]] = {}
    absent: dict[str, None] = {}
    rounded: set[str] = set()
    said = Marked(comparison)
    for line in lines or comparison.lines:
        measure = comparison.measure(line.metric, line.variant, as_logged=line.as_logged)
        on = asked or comparison.deciding_clock(measure)
        values = shown.values(_values(comparison, measure, line.at, on))
        if comparison.present and all(value.text == NOT_IN_THESE_LOGS for value in values.values()):
            absent[measure.title] = None
            continue
        marked = [said.mark(value) for value in values.values()]
        said.left_out(measure)
        cells: list[Cell] = [_named(comparison, measure, line.at, on), *marked]
        for name in shown.candidates:
            against = _held_against(values[name], values[baseline], name, baseline, measure)
            if not shown.are_groups and (same := said.one_log(name)) is not None:
                cells.append(same)
                continue
            if _differs_when_rounded(values[name], values[baseline], against):
                rounded.add("ratios" if measure.metric.scales_with else "differences")
            cells.append(said.mark(against))
        rows[line.name] = cells
    notes = []
    if rounded:
        what = str(listed(sorted(rounded))).capitalize()
        notes.append(Sentence("{what} are taken before rounding.", {"what": what}))
    if absent:
        notes.append(Sentence("Not in these logs: {what}.", {"what": "; ".join(absent)}))
    notes += said.notes
    return Table(columns, rows, f"{comparison.title}: how the runs stand.", notes)


def by_run(comparison: Comparison, lines: Sequence[Line], told: str) -> Table:
    """Return numbers of many runs: a row a run, a column a metric; `told` completes the caption."""
    columns = {"run": "Run"}
    cells: dict[str, list[Cell]] = {run: [comparison.shown(run)] for run in comparison.runs}
    said = Marked(comparison)
    for line in lines:
        measure = comparison.measure(line.metric, line.variant, as_logged=line.as_logged)
        named = _named(comparison, measure, line.at, MINUTES)
        unit = f" ({measure.unit})" if measure.unit else ""
        columns[line.name] = f"{named}{unit}"
        for run, value in _values(comparison, measure, line.at, MINUTES).items():
            cells[run].append(said.mark(value.shown_as(unit="")))
        said.left_out(measure)
    return Table(columns, cells, f"{comparison.title}, {told}.", said.notes)


def _against(run: str, baseline: str) -> str:
    return f"{run} against {baseline}"


def _named(
    comparison: Comparison, measure: Measure, at: str, clock: Clock, *, ends: str = ""
) -> Sentence:
    """Name a line of a summary: the metric, and which of its numbers."""
    fields: dict[str, Quantity | str] = {"title": measure.title}
    if at != "common end":
        which = {"last": "last value logged", "best": "best known"}[at]
        return Sentence("{title}, " + which + ends, fields)
    window = comparison.window(measure, clock)
    if not window.known:
        return Sentence("{title}" + ends, fields)
    fields["end"] = window_end(window)
    which = {
        "median_of_last_three": "median of the last three readings at {end}",
        "trailing_mean": "mean over the last tenth of the way to {end}",
        "best": "best up to {end}",
    }.get(measure.metric.summary, "at {end}")
    return Sentence("{title}, " + which + ends, fields)


def _values(comparison: Comparison, measure: Measure, at: str, clock: Clock) -> dict[str, Quantity]:
    if at == "common end":
        return comparison.at_common_end(measure, clock)
    return comparison.last(measure) if at == "last" else comparison.best(measure)


def _held_against(
    value: Quantity, base: Quantity, run: str, baseline: str, measure: Measure
) -> Quantity:
    if measure.metric.scales_with:
        return value.over(base, how=f"{run} over {baseline}")
    unit = "points" if measure.unit == "%" else measure.unit
    return value.minus(base, how=f"{run} minus {baseline}", unit=unit)


def _differs_when_rounded(value: Quantity, base: Quantity, against: Quantity) -> bool:
    """Tell whether a difference or ratio is another one than that of the numbers as shown."""
    if not against.known:
        return False
    shown, other = (round(q.number, q.digits) for q in (value, base))
    if against.unit != "times":
        made = shown - other
    elif other:
        made = shown / other
    else:
        return True
    return format_number(made, against.digits) != format_number(against.number, against.digits)


def relation(comparison: Comparison, line: Line, candidate: str) -> Sentence:
    """Return a sentence on how a candidate compares with the baseline on one metric.

    It claims no more than its numbers: which one is lower or higher, by how much, where. Below the
    reading error no difference is claimed.
    """
    measure = comparison.measure(line.metric, line.variant, as_logged=line.as_logged)
    clock = comparison.deciding_clock(measure)
    values = _values(comparison, measure, line.at, clock)
    base, value = values[comparison.baseline], values[candidate]
    same = marks.one_log(comparison, candidate)
    if same is not None:
        reason = f"{candidate} and {comparison.baseline} are one observation, not two"
        fields = {"title": measure.title, "reason": reason, "code": same.code}
        return Sentence("{title}: no data, {reason} ({code}).", fields)
    difference = value.minus(base, how=f"{candidate} minus {comparison.baseline}")
    told = _told(comparison, candidate, values, difference, line, measure, clock)
    against = dict.fromkeys([*marks.behind(comparison, value), *marks.behind(comparison, base)])
    if not against:
        return told
    speaks = {"against": " ".join(marks.explain(against))}
    return joined([told, Sentence("Nothing is to be concluded from it. {against}", speaks)])


def _told(
    comparison: Comparison,
    candidate: str,
    values: Mapping[str, Quantity],
    difference: Quantity,
    line: Line,
    measure: Measure,
    clock: Clock,
) -> Sentence:
    base, value = values[comparison.baseline], values[candidate]
    named = _named(comparison, measure, line.at, clock, ends=": ")
    fields: dict[str, Quantity | str] = {
        **named.values,
        "candidate": candidate,
        "baseline": comparison.baseline,
        "value": value,
        "base": base,
    }
    if not difference.known:
        # Which number is unknown, and why; the sentence claims nothing.
        reason = value.missing if not value.known else base.missing
        return Sentence("{title}: not known, {reason}.", {**fields, "reason": reason})
    word = direction(difference)
    if word == "the same":
        told = "within the reading error of" if difference.reading_error else "the same as"
        text = "{candidate} {value}, {told} {baseline} ({base})."
        return Sentence(named.template + text, {**fields, "told": told})
    if value.number > 0 and base.number > 0 and measure.metric.scales_with:
        fields["by"] = value.over(base, how=f"{candidate} over {comparison.baseline}")
        text = "{candidate} {value}, {by} that of {baseline} ({base})."
        return Sentence(named.template + text, fields)
    magnitude = difference.size()
    if measure.unit == "%":
        magnitude = magnitude.shown_as(unit="points")
    if measure.unit == "s" and measure.metric.better == "lower":
        word_shown = "slower" if word == "higher" else "faster"
    else:
        word_shown = word
    text = "{candidate} {value}, {by} {direction} than {baseline} ({base})."
    return Sentence(named.template + text, {**fields, "by": magnitude, "direction": word_shown})


def window(
    comparison: Comparison, metric: str, variant: str | None = None, **variants: str | None
) -> Sentence:
    """Return a sentence on the common window: how far all compared runs are known."""
    domain = comparison.catalogue.domain
    measure = comparison.measure(metric, domain.choose_variant(variant, variants))
    absent = [f"{run} is not in these logs" for run in comparison.absent]
    found = comparison.window(measure, MINUTES)
    if not found.known or len(found.ends) < 2:
        reason = "; ".join(absent) or f"{measure.title} is not known of both"
        return Sentence("There is no common window: {reason}.", {"reason": reason})
    fields: dict[str, Quantity | str] = {
        "end": window_end(found),
        "run": found.limited_by,
        "title": measure.title,
    }
    text = "By minutes the runs are compared up to {end}, where the data of {run} end ({title})."
    steps = domain.conventions.steps
    by_steps = comparison.window(measure, steps)
    lacking = [run for run in found.ends if run not in by_steps.ends]
    interpolated = " (interpolated)" if comparison.steps_interpolated else ""
    if not by_steps.known or len(by_steps.ends) < 2:
        if not lacking:
            return Sentence(text, fields)
        fields["lacking"] = str(listed(lacking))
        have = "has" if len(lacking) == 1 else "have"
        text += f" By {steps} they cannot be compared: {{lacking}} {have} no such clock."
        return Sentence(text, fields)
    fields["steps"] = window_end(by_steps)
    if lacking:
        fields["there"] = str(listed([*by_steps.ends]))
        text += f" By {steps}{interpolated} only {{there}} can be compared, up to {{steps}}."
    else:
        text += f" By {steps}{interpolated} up to {{steps}}."
    return Sentence(text, fields)


def times_to_targets(
    comparison: Comparison,
    metric: str,
    variant: str | None = None,
    clock: str | Clock = MINUTES,
    **variants: str | None,
) -> Table | Sentence:
    """Return when each run first reached each declared target, and how the candidates compare.

    A run that did not reach a target is censored at its own end: the cell says until when it is
    known not to have reached it, and no difference is made of it. A note says so where a time lies
    after the common window.
    """
    on = comparison.clock(clock)
    chosen = comparison.catalogue.domain.choose_variant(variant, variants)
    measure = comparison.measure(metric, chosen)
    targets = comparison.targets(metric)
    if not targets:
        return Sentence(f"No targets are declared for {measure.variant_title or measure.title}.")
    shown = columns_of(comparison)
    columns = {"target": "Target", **shown.titles}
    for name in shown.candidates:
        several = f" of {shown.titles[name]}" if len(shown.candidates) > 1 else ""
        columns[f"{name} ratio"] = f"Ratio{several}"
    rows: dict[str, list[Cell]] = {}
    window = comparison.window(measure, on)
    beyond = False
    for target in targets:
        times = shown.values(comparison.time_to_target(measure, target, on))
        beyond |= any(
            time.known and time.number > window.end * (1 + 1e-9) for time in times.values()
        )
        base = times[shown.baseline]
        cells: list[Cell] = [
            Quantity(target, measure.unit, 1, how="target declared by the experiment"),
            *times.values(),
        ]
        for name in shown.candidates:
            both = times[name].known and base.known
            ratio = times[name].over(base, how=f"{name} over {shown.baseline}", digits=1)
            cells.append(ratio if both else "–")
        rows[f"{target:g}"] = cells
    by = clock_in_words(comparison, on)
    notes = []
    if window.known and beyond:
        told = (
            "The common window ends at {end}. Times to a target are known up to each run's own end."
        )
        notes.append(Sentence(told, {"end": window_end(window)}))
    return Table(columns, rows, f"{measure.title}: {by} until a target was first reached.", notes)


def clock_in_words(comparison: Comparison, clock: Clock) -> str:
    """Name a clock, and say so where its positions are interpolated."""
    interpolated = clock.key == "steps" and comparison.steps_interpolated
    return f"{clock} (interpolated)" if interpolated else clock.name


def curve(
    comparison: Comparison, measure: Measure, clock: Clock, every: float | None = None
) -> Table:
    """Return the numbers a figure draws: a row a checkpoint, a column a run.

    Of many runs, each group has a column, and there are few rows.
    """
    shown = columns_of(comparison)
    window = comparison.window(measure, clock)
    most = FEW_CHECKPOINTS if shown.are_groups else math.inf
    positions = checkpoints(window, every or 2 * clock.every, most)
    by_run: dict[str, list[Quantity]] = {}
    for name, series in comparison.series(measure).items():
        if isinstance(series, Series):
            decided = series.at(clock, positions)
            by_run[name] = [
                series.together(indices, measure.how(), clock, float(position))
                for position, indices in zip(positions, decided, strict=True)
            ]
        else:
            by_run[name] = [series] * len(positions)
    rows: dict[str, list[Cell]] = {
        f"{position:g}": [
            Quantity(
                float(position),
                clock.unit,
                clock.digits(float(position)),
                how="a checkpoint of the common window",
            ),
            *shown.values({name: values[row] for name, values in by_run.items()}).values(),
        ]
        for row, position in enumerate(positions)
    }
    columns = {"checkpoint": clock.name.capitalize(), **shown.titles}
    return Table(columns, rows, f"{measure.title}, by {clock}.")
