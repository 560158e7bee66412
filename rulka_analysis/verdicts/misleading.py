"""What makes a typed figure mislead, though its number is right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rulka_analysis.logs.clocks import MINUTES, Clock
from rulka_analysis.logs.positions import write_interval
from rulka_analysis.metrics.series import Series
from rulka_analysis.values.quantities import Quantity, Sentence, made
from rulka_analysis.values.sentences import in_words, listed
from rulka_analysis.values.text import name_in_words
from rulka_analysis.verdicts.folder_curves import STATISTICS, Curve, CurveReader, percent_lower
from rulka_analysis.verdicts.typed_file import TypedFigure

DIFFERENT_DURATIONS = 1.2
"""Two series are said to end at different times when one is longer by this factor."""


def contradicted_by_others(curve: Curve, reader: CurveReader) -> Sentence:
    """Say that other tags contradict a curve, and what the declared metric says instead."""
    values: dict[str, Quantity | str] = {"tag": curve.series.tag, "run": curve.series.run.name}
    told = "Other tags contradict {tag} of {run}."
    declared = reader.declared_best(curve.series.measure)
    series = reader.series(curve.series.run, declared) if declared else None
    if declared is not None and isinstance(series, Series) and series.best_index is not None:
        values["title"] = declared.title
        values["best"] = series.quantity(series.best_index, "smallest value logged")
        told += f" {{title}}, by the {series.words.episodes} themselves: {{best}}."
    return Sentence(told, values)


@dataclass(frozen=True, slots=True)
class EndsApart:
    """What is said of two series that end at different times, and whether that misleads."""

    said: Sentence
    misleads: bool


def ends_apart(
    typed: TypedFigure, curve: Curve, other: Curve, reader: CurveReader, margin: Quantity | None
) -> EndsApart | None:
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
        "end": Quantity(
            ends[0], clock.unit, clock.digits(ends[0]), how=how, made=curve.made_end(clock)
        ),
        "other_end": Quantity(
            ends[1], clock.unit, clock.digits(ends[1]), how=how, made=other.made_end(clock)
        ),
    }
    told = "The last value of {run} is at {end}, that of {other} at {other_end}."
    common = min(curve.known_until(clock), other.known_until(clock))
    # What scales with a setting is held against another run per unit of it.
    per_unit = _per_unit(curve, other, reader)
    own, base = [c.until(clock, common) for c in per_unit or (curve, other)]
    then = statistic.of(own, base)
    if not then.known or typed.statistic == "fewer steps to best":
        return EndsApart(Sentence(told, values), True)
    how = "where both are still known"
    both = [
        Quantity(end, clock.unit, clock.digits(end), how=f"the end of {one.name}", made=by)
        for one in (curve, other)
        for end, by in (
            (one.end(clock), one.made_end(clock)),
            (one.series.run.known_until(one.series.tag, clock), one.made_known(clock)),
        )
    ]
    values["common"] = Quantity(
        common, clock.unit, clock.digits(common), how=how, made=made("least", *both)
    )
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
        return EndsApart(Sentence(told + ".", values), True)
    values["margin"] = margin
    off = "It is not off that" if statistic.of_two else "Neither is off the one"
    told += f". {off} of the last values by more than the margin of {{margin}}."
    return EndsApart(Sentence(told, values), False)


def margin_of(typed: TypedFigure, curve: Curve, reader: CurveReader) -> Quantity | None:
    """Return below what a difference of a typed number does not matter; None if undeclared."""
    measure = curve.series.measure
    # A ratio is not in the unit of the margin.
    if typed.statistic not in ("best", "last", "difference") or measure.metric.scales_with:
        return None
    definition = reader.experiment.definition
    same = (
        definition.margin(name)
        for name in definition.outcomes
        if reader.every.measure(name).metric is measure.metric
        and definition.outcomes[name].variant == measure.variant
    )
    margin = next((found for found in same if found.declared), None)
    if margin is None:
        return None
    unit = "points" if measure.unit == "%" else measure.unit
    size = margin.of(curve.last().number)
    return Quantity(size, unit, measure.digits, how=margin.reason)


def _clock(curve: Curve, other: Curve) -> Clock:
    only_steps = curve.series.measure.metric.deciding_clocks == (curve.steps,)
    both = all(curve.steps in c.series.run.clocks for c in (curve, other))
    return curve.steps if only_steps and both else MINUTES


def scaled(setting: str, curve: Curve, other: Curve, reader: CurveReader) -> Iterator[Sentence]:
    """Say so where a raw metric grows with a setting that differs, and give it per unit."""
    runs = (curve.series.run, other.series.run)
    settings = [reader.setting(run, setting) for run in runs]
    values: dict[str, Quantity | str] = {
        "tag": curve.series.tag,
        "setting": name_in_words(setting),
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


def different_bests(curve: Curve, other: Curve) -> Iterator[Sentence]:
    """Say so where two runs' steps lead to different bests, and compare them at the same one."""
    best = [curve.best(), other.best()]
    if abs(best[0].number - best[1].number) <= best[0].minus(best[1]).reading_error:
        return
    worse = max(best, key=lambda quantity: quantity.number)
    steps = [c.first_at_or_below(worse.number) for c in (curve, other)]
    told = "The steps lead to different bests, {a} and {b}."
    values: dict[str, Quantity | str] = {"a": best[0], "b": best[1], "same": worse}
    values["run"] = curve.name
    fewer = percent_lower(steps[0], steps[1], f"{curve.steps} to the same value")
    if fewer.known and _within_a_reading(steps, (curve, other)):
        told += " To the same one, {same}, {run} took as many, to within the distance of readings."
    elif fewer.known:
        values["by"] = fewer.size().shown_as(digits=0)
        values["word"] = "fewer" if fewer.number > 0 else "more"
        told += " To the same one, {same}, {run} took {by} {word}."
    yield Sentence(told, values)


def _within_a_reading(steps: Sequence[Quantity], curves: Sequence[Curve]) -> bool:
    """Whether two positions differ by no more than the distance at which a best is written."""
    between = [write_interval(c.series.clock(c.steps)[c.inside]) for c in curves]
    return abs(steps[0].number - steps[1].number) <= max(between)
