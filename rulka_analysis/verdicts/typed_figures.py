"""The figures that were typed on the page, held against the logs in use.

Each is computed anew from the very tag it was read from, over the folder it was read from: a run
and its segment were typed apart. What comes out is one of a few: see `Status`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.logs.positions import write_interval
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Evidence, Quantity, Sentence, made
from rulka_analysis.values.sentences import joined
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.verdicts.answer import Contradicted
from rulka_analysis.verdicts.folder_curves import STATISTICS, Curve, CurveReader
from rulka_analysis.verdicts.misleading import (
    contradicted_by_others,
    different_bests,
    ends_apart,
    margin_of,
    scaled,
)
from rulka_analysis.verdicts.typed_file import TypedFigure, read_typed_figures

Status = Literal[
    "reproduced",
    "off by",
    "last logged and not first reached",
    "not in these logs",
    "reproduced but misleading",
    "the typed value itself",
    "the typed value itself, and misleading",
]
"""What became of a typed figure.

*reproduced*: equal when rounded to the typed digits, or within the reading error. *off by*: not
equal, or its step is another one. *last logged and not first reached*: the number is right, its
step is within two write intervals of the last event, and the number was reached before. *not in
these logs*: no such run or tag. *reproduced but misleading*: the number is right, but it rests on a
series that something else in the log contradicts, or is held against another run's number where
the two cannot be compared. *the typed value itself*: it rests on a single reading after the end of
a published curve, which was taken from the page, so that it agrees proves nothing; *and
misleading*, as above.
"""

STATUSES: tuple[Status, ...] = get_args(Status)
_ITSELF: Mapping[Status, Status] = {
    "reproduced": "the typed value itself",
    "reproduced but misleading": "the typed value itself, and misleading",
}
"""Statuses of a figure, and those of one that rests on nothing but what was typed."""


@dataclass(frozen=True, slots=True)
class Regenerated:
    """A typed figure beside what the logs in use say.

    Parameters
    ----------
    typed : TypedFigure
        As typed.
    found : Quantity
        The same statistic of the logs; unknown where they do not hold it.
    found_step : Quantity or None
        Where it was first reached, in steps; None where no step was typed.
    status : Status
        What became of it.
    difference : Quantity or None
        Logs minus typed, where the status is *off by*.
    why : Sentence
        What there is to know about it; empty when there is nothing.
    finding : Finding or None
        What contradicts the series it rests on.
    """

    typed: TypedFigure
    found: Quantity
    found_step: Quantity | None
    status: Status
    difference: Quantity | None
    why: Sentence
    finding: Finding | None = None


# --- Typed against regenerated --------------------------------------------------------------------


def regenerate(
    typed: Sequence[TypedFigure], experiment: Experiment, contradicted: Contradicted | None = None
) -> tuple[Regenerated, ...]:
    """Hold typed figures against the logs of an experiment.

    A figure that names no other run is held against the first run of its section: that is how the
    page prints them.
    """
    reader = CurveReader(experiment)
    first: dict[str, str] = {}
    for figure in typed:
        first.setdefault(figure.section, figure.against or figure.run)
    return tuple(
        _regenerated(
            figure,
            figure.against or first[figure.section],
            reader,
            contradicted or {},
            typed,
        )
        for figure in typed
    )


def _regenerated(
    typed: TypedFigure,
    partner: str,
    reader: CurveReader,
    contradicted: Contradicted,
    others: Sequence[TypedFigure],
) -> Regenerated:
    curve = reader.curve(typed.run, typed.tag)
    other = reader.curve(partner, typed.tag)
    lacking = [c for c in (curve, other if typed.against else curve) if isinstance(c, Quantity)]
    if lacking or not isinstance(curve, Curve):
        reason = lacking[0].missing
        return _not_there(typed, reason)
    statistic = STATISTICS[typed.statistic]
    compared = isinstance(other, Curve) and partner != typed.run
    found = statistic.of(curve, other if isinstance(other, Curve) else curve)
    if not found.known:
        return _not_there(typed, found.missing)
    found = found.shown_as(digits=typed.value.digits, unit=typed.value.unit)
    first = None
    if typed.step is not None:
        first = curve.last_step() if typed.statistic == "last" else curve.first_best()
    notes = list(_read_as(typed, curve))
    misleading: list[Sentence] = []
    finding = _finding(curve, other if typed.against else None, contradicted)
    if finding:
        misleading.append(contradicted_by_others(curve, reader))
    if compared and isinstance(other, Curve):
        for setting in curve.series.measure.metric.scales_with:
            misleading += scaled(setting, curve, other, reader)
        # Numbers that are not what their tag says have no margin.
        margin = None if finding else margin_of(typed, curve, reader)
        ends = ends_apart(typed, curve, other, reader, margin)
        if ends is not None:
            (misleading if ends.misleads else notes).append(ends.said)
        if typed.statistic == "fewer steps to best":
            misleading += different_bests(curve, other)
    used = [curve, other] if typed.against and isinstance(other, Curve) else [curve]
    alone = list(_beyond_the_curve(found, used))
    notes += alone
    unit = "points" if typed.value.unit == "%" else typed.value.unit
    difference = found.minus(typed.value, how="logs minus typed", unit=unit)
    status: Status
    if not _same(found, typed.value):
        status = "off by"
        difference = difference.shown_as(digits=_enough_digits(difference, typed.value.digits))
        notes = [*_rounded_before(typed, others, used), *notes, *misleading]
        misleading = []
    elif first is not None and first.known and not _at_step(first, typed):
        status, difference, said = _wrong_step(typed, curve, first)
        notes = [said, *notes]
    else:
        status = "reproduced but misleading" if misleading else "reproduced"
        status = _ITSELF[status] if alone else status
    if first is not None and not first.known:
        notes.append(Sentence("Its step cannot be checked: {why}.", {"why": first.missing}))
    why = joined([*misleading, *notes])
    off = difference if status == "off by" else None
    return Regenerated(typed, found, first, status, off, why, finding)


def _not_there(typed: TypedFigure, reason: str) -> Regenerated:
    unknown = Quantity.unknown(reason, typed.value.unit)
    why = Sentence("Not known: {reason}.", {"reason": reason})
    return Regenerated(typed, unknown, None, "not in these logs", None, why)


def _same(found: Quantity, typed: Quantity) -> bool:
    """Whether a number rounds to what was typed, or differs by no more than its reading error."""
    half = 0.5 * 10.0**-typed.digits
    return abs(found.number - typed.number) <= max(half, found.reading_error) * (1 + 1e-9)


def _at_step(first: Quantity, typed: TypedFigure) -> bool:
    assert typed.step is not None
    return abs(first.number - typed.step) <= typed.step_precision


def _wrong_step(
    typed: TypedFigure, curve: Curve, first: Quantity
) -> tuple[Status, Quantity, Sentence]:
    assert typed.step is not None
    steps = curve.steps
    how = "its last event in these logs"
    end = Quantity(curve.end(steps), steps.unit, 0, how=how, made=curve.made_end(steps))
    step = Quantity(typed.step, steps.unit, 0, how="as typed on the page")
    off = first.minus(step, how="first reached minus typed step")
    reach = 2 * write_interval(curve.series.clock(steps)[curve.inside])
    late = first.number < typed.step and abs(end.number - typed.step) <= reach
    if late:
        told = "The step is near the last event, at {end}: the number was first reached at {first}."
        return (
            "last logged and not first reached",
            off,
            Sentence(told, {"end": end, "first": first}),
        )
    told = "The number is right; it was first reached at {first} and not at {step}."
    return "off by", off, Sentence(told, {"first": first, "step": step})


def _enough_digits(difference: Quantity, digits: int) -> int:
    # A difference must not be shown as zero.
    size = abs(difference.number)
    return digits if size >= 10.0**-digits else max(digits + 1, math.ceil(-math.log10(size)))


def _rounded_before(
    typed: TypedFigure, others: Sequence[TypedFigure], curves: Sequence[Curve]
) -> Iterator[Sentence]:
    """Say so where a figure is what the typed values give, which were rounded before.

    Of logs that do not hold these values rounding explains nothing.
    """
    typed_last = {(o.run, o.tag): o.value for o in others if o.statistic == "last"}
    of_two = [typed_last.get((run, typed.tag)) for run in (typed.run, typed.against)]
    for curve, one in zip(curves, of_two, strict=False):
        if one is None or not _same(curve.last(), one):
            return
    value, base = (math.nan if one is None else one.number for one in of_two)
    made = {
        "difference": value - base,
        "ratio of last": value / base if base else math.nan,
        "lower by": 100 * (1 - value / base) if base else math.nan,
    }.get(typed.statistic, math.nan)
    if abs(made - typed.value.number) <= 0.5 * 10.0**-typed.value.digits:
        yield Sentence("It is what the typed values give, which were rounded before.")


def _read_as(typed: TypedFigure, curve: Curve) -> Iterator[Sentence]:
    if "*" in typed.tag:
        yield Sentence("Read as {tag}.", {"tag": curve.series.tag})
    of_three = curve.series.measure.metric.summary == "median_of_last_three"
    if of_three and typed.statistic == "last":
        yield Sentence("A single reading; comparisons take the median of the last three.")


def _beyond_the_curve(found: Quantity, curves: Sequence[Curve]) -> Iterator[Sentence]:
    """Say so where a number rests on a single reading after the end of its published curve."""
    for series in {c.series.run.name: c.series for c in curves}.values():
        end = series.run.known_until(series.tag)
        late = [e for e in found.evidence if e.run == series.run.name and _is_late(e, end)]
        if late:
            told = "The reading of {run} stands alone: its curve is known until {end}."
            by = made("end", run=series.run.name, tag=series.tag, clock=MINUTES.key)
            how = "the end of the published curve"
            known = Quantity(end, MINUTES.unit, 0, how=how, made=by)
            yield Sentence(told, {"run": series.run.name, "end": known})


def _is_late(event: Evidence, end: float) -> bool:
    return event.published and event.minutes is not None and event.minutes > end * (1 + 1e-9)


def _finding(curve: Curve, other: Curve | Quantity | None, found: Contradicted) -> Finding | None:
    curves = [c for c in (curve, other) if isinstance(c, Curve)]
    keys = [(c.series.run.name, c.series.tag) for c in curves]
    return next((found[key] for key in keys if key in found), None)


# --- For readers ----------------------------------------------------------------------------------


def typed_figures(experiment: Experiment, contradicted: Contradicted | None = None) -> Table:
    """Return the typed figures beside what the logs in use say, as a table."""
    found = regenerate(read_typed_figures(), experiment, contradicted or {})
    columns = {
        "figure": "Figure",
        "status": "What became of it",
        "typed": "As typed",
        "found": "In these logs",
        "why": "What to know",
    }
    unit = experiment.catalogue.domain.conventions.steps.unit
    rows: dict[str, list[Cell]] = {}
    for one in found:
        typed_at = one.typed.step
        step = None if typed_at is None else Quantity(typed_at, unit, 0, how="as typed")
        rows[one.typed.name] = [
            one.typed.name,
            _status(one),
            _with_step(one.typed.value, step),
            _with_step(one.found, one.found_step),
            one.why if one.why.template else "–",
        ]
    notes = [
        Sentence("{said}", {"said": said})
        for said in dict.fromkeys(one.finding.message for one in found if one.finding)
    ]
    return Table(columns, rows, counts(found), notes)


def counts(found: Sequence[Regenerated]) -> Sentence:
    """Return a sentence on how many typed figures became what.

    What only repeats what was typed is told of first, and not counted among what was reproduced.
    """
    itself = [one for one in found if one.status in _ITSELF.values()]
    others = [one for one in found if one not in itself]
    values: dict[str, Quantity | str] = {
        "all": _count(found),
        "itself": _count(itself),
        "misleading": _count([one for one in itself if one.status.endswith("misleading")]),
        "others": _count(others),
    }
    parts = []
    for number, status in enumerate(s for s in STATUSES if s not in _ITSELF.values()):
        values[f"n{number}"] = _count([one for one in others if one.status == status])
        values[f"s{number}"] = "off" if status == "off by" else status
        parts.append(f"{{s{number}}}: {{n{number}}}")
    told = f"Of {{all}} typed figures: {'; '.join(parts)}."
    if itself:
        told = (
            "Of {all} typed figures {itself} are the typed value itself: nothing but what was "
            "typed is known of them, so that they agree proves nothing; {misleading} of these "
            f"mislead all the same. Of the other {{others}}: {'; '.join(parts)}."
        )
    return Sentence(told, values)


def _count(found: Sequence[Regenerated]) -> Quantity:
    return Quantity(float(len(found)), "", 0, how="counted")


def _with_step(value: Quantity, step: Quantity | None) -> Cell:
    if step is None or not step.known or not value.known:
        return value
    return Sentence("{value} at {step}", {"value": value, "step": step})


def _status(one: Regenerated) -> Cell:
    if one.difference is None:
        return one.status
    return Sentence("off by {difference}", {"difference": one.difference})
