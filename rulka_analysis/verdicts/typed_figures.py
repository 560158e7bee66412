"""The figures that were typed on the page, held against the logs in use.

Each is computed anew from the very tag it was read from, over the folder it was read from: a run
and its segment were typed apart. What comes out is one of a few: see `Status`.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.clocks import Clock, write_interval
from rulka_analysis.metrics.series import UNITS, Series
from rulka_analysis.pages.tables import Cell, Table
from rulka_analysis.values import questions
from rulka_analysis.values.errors import ExperimentError, RulkaError, listing
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.places import project_folder
from rulka_analysis.values.quantities import Evidence, Quantity, Sentence
from rulka_analysis.values.sentences import in_words, joined, listed
from rulka_analysis.verdicts.folder_curves import STATISTICS, Curve, CurveReader, percent_lower

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
DIFFERENT_DURATIONS = 1.2
"""Two series are said to end at different times when one is longer by this factor."""

_COLUMNS = ("section", "run", "against", "tag", "statistic", "value", "unit", "step")
Contradicted = Mapping[tuple[str, str], Finding]


class TypedFiguresError(RulkaError):
    """The file of typed figures is missing or wrong."""


@dataclass(frozen=True, slots=True)
class TypedFigure:
    """A figure as it was typed.

    Parameters
    ----------
    section : str
        The heading it stood under.
    run, against : str
        The log folder it is about, and the one it is held against; `against` may be empty.
    tag : str
        The tag it was read from; ``*`` stands for any text.
    statistic : str
        A key of `STATISTICS`.
    value : Quantity
        The number, with as many digits as were typed.
    step : float or None
        The step typed beside it, in frames.
    step_precision : float
        Half a unit of the last digit of the step that is not zero.
    """

    section: str
    run: str
    against: str
    tag: str
    statistic: str
    value: Quantity
    step: float | None = None
    step_precision: float = 0.5

    @property
    def name(self) -> str:
        """Key of its row in a table."""
        what = f"{self.run} against {self.against}" if self.against else self.run
        return f"{self.section}: {what}, {self.tag}, {self.statistic}"


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
        Where it was first reached, in frames; None where no step was typed.
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


def read_typed_figures(path: Path | None = None) -> tuple[TypedFigure, ...]:
    """Read the figures that were typed on the page.

    Parameters
    ----------
    path : Path, optional
        A file like ``data/published/hand_typed_figures.csv``, which is the default.

    Raises
    ------
    TypedFiguresError
        If the file is missing or wrong; names file, line and remedy.
    """
    file = path or project_folder() / "data" / "published" / "hand_typed_figures.csv"
    questions.note_file(file)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if tuple(reader.fieldnames or ()) != _COLUMNS:
                raise TypedFiguresError(
                    f"{file}, line 1: the columns must be {', '.join(_COLUMNS)}; correct them"
                )
            return tuple(_typed(row, f"{file}, line {reader.line_num}") for row in reader)
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise TypedFiguresError(
            f"{file}: the typed figures cannot be read ({error}). "
            "Restore the file from the repository"
        ) from None


def _typed(row: dict[str, str], where: str) -> TypedFigure:
    if None in row or None in row.values():
        raise TypedFiguresError(f"{where}: there must be {len(_COLUMNS)} fields; correct the line")
    if row["statistic"] not in STATISTICS:
        raise TypedFiguresError(
            f"{where}: no statistic {row['statistic']!r}. There are: {listing(STATISTICS, 20)}"
        )
    if STATISTICS[row["statistic"]].of_two != bool(row["against"]):
        needed = "names" if STATISTICS[row["statistic"]].of_two else "names no"
        raise TypedFiguresError(
            f"{where}: {row['statistic']!r} {needed} run it is held against; correct 'against'"
        )
    try:
        value = float(row["value"])
        step = float(row["step"]) if row["step"] else None
    except ValueError:
        raise TypedFiguresError(f"{where}: value and step must be numbers; correct them") from None
    # What a metric's values are counted in is no unit readers need beside the number.
    unit = "" if row["unit"] in ("loss", "return") else row["unit"]
    digits = len(row["value"].partition(".")[2])
    zeros = len(row["step"]) - len(row["step"].rstrip("0"))
    return TypedFigure(
        row["section"],
        row["run"],
        row["against"],
        row["tag"],
        row["statistic"],
        Quantity(value, unit, digits, how="as typed on the page"),
        step,
        0.5 * 10**zeros,
    )


# --- Typed against regenerated --------------------------------------------------------------------


def regenerate(
    typed: Sequence[TypedFigure], experiment: Experiment, contradicted: Contradicted | None = None
) -> tuple[Regenerated, ...]:
    """Hold typed figures against the logs of an experiment.

    A figure that names no other run is held against the first run of its section: that is how the
    page prints them.

    Parameters
    ----------
    typed : sequence of TypedFigure
        What was typed.
    experiment : Experiment
        The logs in use, and what the experiment declares.
    contradicted : mapping of (run, tag) to Finding, optional
        Series that something else in the log contradicts.
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
        misleading.append(_contradicted(curve, reader))
    if compared and isinstance(other, Curve):
        for setting in curve.series.measure.metric.scales_with:
            misleading += _scaled(setting, curve, other, reader)
        # Numbers that are not what their tag says have no margin.
        margin = None if finding else _margin(typed, curve, reader)
        ends = _ends_apart(typed, curve, other, reader, margin)
        if ends is not None:
            (misleading if ends.misleads else notes).append(ends.said)
        if typed.statistic == "fewer steps to best":
            misleading += _different_times(curve, other)
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
    frames = curve.series.clock("frames")[curve.inside]
    end = Quantity(curve.end("frames"), "frames", 0, how="its last event in these logs")
    off = Quantity(
        first.number - typed.step, "frames", 0, first.evidence, "first reached minus typed step"
    )
    step = Quantity(typed.step, "frames", 0, how="as typed on the page")
    reach = 2 * write_interval(frames)
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
            known = Quantity(end, UNITS["minutes"], 0, how="the end of the published curve")
            yield Sentence(told, {"run": series.run.name, "end": known})


def _is_late(event: Evidence, end: float) -> bool:
    return event.published and event.minutes is not None and event.minutes > end * (1 + 1e-9)


def _finding(curve: Curve, other: Curve | Quantity | None, found: Contradicted) -> Finding | None:
    curves = [c for c in (curve, other) if isinstance(c, Curve)]
    keys = [(c.series.run.name, c.series.tag) for c in curves]
    return next((found[key] for key in keys if key in found), None)


def _contradicted(curve: Curve, reader: CurveReader) -> Sentence:
    values: dict[str, Quantity | str] = {"tag": curve.series.tag, "run": curve.series.run.name}
    told = "Other tags contradict {tag} of {run}."
    races = reader.races(curve.series.measure)
    series = reader.series(curve.series.run, races) if races else None
    if races is not None and isinstance(series, Series) and series.best_index is not None:
        values["title"] = races.title
        values["best"] = series.quantity(series.best_index, "smallest value logged")
        told += " {title}, by the races themselves: {best}."
    return Sentence(told, values)


@dataclass(frozen=True, slots=True)
class _EndsApart:
    """What is said of two series that end at different times, and whether that misleads."""

    said: Sentence
    misleads: bool


def _ends_apart(
    typed: TypedFigure, curve: Curve, other: Curve, reader: CurveReader, margin: Quantity | None
) -> _EndsApart | None:
    """Hold a number against another run's where both are known; None where they end together.

    It does not mislead where the numbers there are within the margin of those at the end.
    """
    statistic = STATISTICS[typed.statistic]
    clock = _clock(curve, other)
    ends = (curve.end(clock), other.end(clock))
    if max(ends) <= DIFFERENT_DURATIONS * min(ends):
        return None
    how = "the last event of this tag in the folder"
    values: dict[str, Quantity | str] = {
        "run": curve.name,
        "other": other.name,
        "end": Quantity(ends[0], UNITS[clock], 0, how=how),
        "other_end": Quantity(ends[1], UNITS[clock], 0, how=how),
    }
    told = "The last value of {run} is at {end}, that of {other} at {other_end}."
    common = min(curve.known_until(clock), other.known_until(clock))
    # What scales with a setting is held against another run per unit of it.
    per_unit = _per_unit(curve, other, reader)
    own, base = [c.until(clock, common) for c in per_unit or (curve, other)]
    then = statistic.of(own, base)
    if not then.known or typed.statistic == "fewer steps to best":
        return _EndsApart(Sentence(told, values), True)
    values["common"] = Quantity(common, UNITS[clock], 0, how="where both are still known")
    values["title"] = in_words(own.series.measure.title)
    told += " At {common}, where both are known, "
    told += "by {title} it is {then}" if per_unit else "it is {then}"
    exact = per_unit is not None and not statistic.of_two
    digits = own.series.measure.digits if exact else typed.value.digits
    values["then"] = then.shown_as(digits=digits)
    moved = [abs(then.number - statistic.of(curve, other).number)]
    if not statistic.of_two:
        base_then = statistic.of(base, own)
        values["base"] = base_then.shown_as(digits=digits)
        told += " against {base}"
        moved.append(abs(base_then.number - statistic.of(other, curve).number))
    if margin is None or max(moved) > margin.number:
        return _EndsApart(Sentence(told + ".", values), True)
    values["margin"] = margin
    off = "It is not off that" if statistic.of_two else "Neither is off the one"
    told += f". {off} of the last values by more than the margin of {{margin}}."
    return _EndsApart(Sentence(told, values), False)


def _margin(typed: TypedFigure, curve: Curve, reader: CurveReader) -> Quantity | None:
    """Return below what a difference of a typed number does not matter; None if undeclared."""
    measure = curve.series.measure
    # A ratio is not in the unit of the margin.
    if typed.statistic not in ("best", "last", "difference") or measure.metric.scales_with:
        return None
    try:
        margin = reader.experiment.definition.margin(measure.metric.name, measure.map)
    except ExperimentError:
        return None
    unit = "points" if measure.unit == "%" else measure.unit
    size = margin.of(curve.last().number)
    return Quantity(size, unit, measure.digits, how=margin.reason)


def _clock(curve: Curve, other: Curve) -> Clock:
    only_frames = curve.series.measure.metric.deciding_clocks == ("frames",)
    both = all("frames" in c.series.run.clocks for c in (curve, other))
    return "frames" if only_frames and both else "minutes"


def _scaled(setting: str, curve: Curve, other: Curve, reader: CurveReader) -> Iterator[Sentence]:
    """Say so where a raw metric grows with a setting that differs, and give it per unit."""
    runs = (curve.series.run, other.series.run)
    settings = [reader.setting(run, setting) for run in runs]
    values: dict[str, Quantity | str] = {
        "tag": curve.series.tag,
        "setting": setting.replace("_", " "),
    }
    unknown = [run.name for run, q in zip(runs, settings, strict=True) if not q.known]
    if unknown:
        told = "{tag} grows with the {setting}, and that of {runs} was not recorded."
        yield Sentence(told, {**values, "runs": str(listed(unknown))})
        return
    if settings[0].number == settings[1].number:
        return
    values |= {"own": settings[0], "base": settings[1]}
    told = "{tag} grows with the {setting}, which differs ({own} against {base})."
    per_unit = _per_unit(curve, other, reader)
    if per_unit:
        last = [c.last() for c in per_unit]
        ratio = last[0].over(last[1], how=f"{curve.name} over {other.name}")
        if ratio.known:
            title = per_unit[0].series.measure.title
            values |= {"per_unit": title, "a": last[0], "b": last[1], "ratio": ratio}
            told += " {per_unit}, last values: {a} against {b}, {ratio}."
    yield Sentence(told, values)


def _per_unit(curve: Curve, other: Curve, reader: CurveReader) -> tuple[Curve, Curve] | None:
    """Return two curves per unit of the setting they scale with; None where they have no such."""
    measure = reader.per_unit(curve.series.measure)
    if not measure.per:
        return None
    found = [(c, reader.series(c.series.run, measure)) for c in (curve, other)]
    curves = [replace(c, series=series) for c, series in found if isinstance(series, Series)]
    return (curves[0], curves[1]) if len(curves) == 2 else None


def _different_times(curve: Curve, other: Curve) -> Iterator[Sentence]:
    """Say so where two runs' steps lead to different bests, and compare them at the same one."""
    best = [curve.best(), other.best()]
    if abs(best[0].number - best[1].number) <= best[0].minus(best[1]).reading_error:
        return
    worse = max(best, key=lambda quantity: quantity.number)
    steps = [c.first_at_or_below(worse.number) for c in (curve, other)]
    told = "The steps lead to different bests, {a} and {b}."
    values: dict[str, Quantity | str] = {"a": best[0], "b": best[1], "same": worse}
    values["run"] = curve.name
    fewer = percent_lower(steps[0], steps[1], "frames to the same value")
    if fewer.known and _within_a_reading(steps, (curve, other)):
        told += " To the same one, {same}, {run} took as many, to within the distance of readings."
    elif fewer.known:
        values["by"] = fewer.size().shown_as(digits=0)
        values["word"] = "fewer" if fewer.number > 0 else "more"
        told += " To the same one, {same}, {run} took {by} {word}."
    yield Sentence(told, values)


def _within_a_reading(steps: Sequence[Quantity], curves: Sequence[Curve]) -> bool:
    """Whether two positions differ by no more than the distance at which a best is written."""
    frames = [c.series.clock("frames")[c.inside] for c in curves]
    return abs(steps[0].number - steps[1].number) <= max(write_interval(f) for f in frames)


# --- For readers ----------------------------------------------------------------------------------


def typed_figures(
    experiment: Experiment,
    contradicted: Contradicted | None = None,
    typed: Sequence[TypedFigure] | None = None,
) -> Table:
    """Return the typed figures beside what the logs in use say, as a table.

    Parameters
    ----------
    experiment, contradicted, typed
        As in `regenerate`; the project's own typed figures by default.
    """
    found = regenerate(
        read_typed_figures() if typed is None else typed, experiment, contradicted or {}
    )
    columns = {
        "figure": "Figure",
        "status": "What became of it",
        "typed": "As typed",
        "found": "In these logs",
        "why": "What to know",
    }
    rows: dict[str, list[Cell]] = {}
    for one in found:
        typed_at = one.typed.step
        step = None if typed_at is None else Quantity(typed_at, "frames", 0, how="as typed")
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
