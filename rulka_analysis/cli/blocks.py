"""One measure of all compared runs in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.health import marks
from rulka_analysis.logs.clocks import Clock, Window
from rulka_analysis.metrics import summaries
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.series import Series, position_of
from rulka_analysis.metrics.single_tags import Subject
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.values.text import name_in_words


@dataclass(frozen=True)
class RunValues:
    """What one run has of one measure.

    Parameters
    ----------
    best : Quantity
        The best of the whole run; unknown for a metric that does not rate.
    reached : mapping of clock to Quantity
        Where the best was first reached.
    smallest, largest, last : Quantity
        Over the whole run.
    at_end : mapping of clock to Quantity
        Where the common window ends.
    difference, ratio : mapping of clock to Quantity
        There, to the baseline; empty for the baseline itself.
    contradicted : Finding or None
        Why nothing is to be concluded from its series.
    """

    best: Quantity
    reached: Mapping[Clock, Quantity]
    smallest: Quantity
    largest: Quantity
    last: Quantity
    at_end: Mapping[Clock, Quantity]
    difference: Mapping[Clock, Quantity]
    ratio: Mapping[Clock, Quantity]
    contradicted: Finding | None = None


@dataclass(frozen=True)
class Block:
    """One measure of all compared runs.

    Parameters
    ----------
    measure : Measure
    as_logged : bool
        The value was not divided by the setting it grows with.
    windows : mapping of clock to Window
        The common windows that are known.
    runs : mapping of str to RunValues
    remarks : tuple of str
        What a reader must know of these numbers.
    """

    measure: Measure
    as_logged: bool
    windows: Mapping[Clock, Window]
    runs: Mapping[str, RunValues]
    remarks: tuple[str, ...]

    @property
    def is_uncatalogued(self) -> bool:
        """Whether the catalogue knows nothing of it."""
        return not self.measure.metric.group

    @property
    def known(self) -> bool:
        """Whether any run has a value."""
        return any(values.last.known or values.smallest.known for values in self.runs.values())

    @property
    def title(self) -> str:
        """What it is called, with the unit and which direction is better."""
        title = self.measure.title + (", as logged" if self.as_logged else "")
        if self.is_uncatalogued:  # a tag is spelt as it is
            title = self.measure.metric.name
        # "per transition" says it already.
        unit = f" ({self.measure.unit})" if self.measure.unit and not self.measure.per else ""
        better = self.measure.metric.better
        return f"{title}{unit}" + (f", {better} is better" if better != "neither" else "")


def make_block(
    comparison: Comparison,
    subject: Subject,
    as_logged: bool,
    *,
    clocks: Sequence[Clock],
    wanted: Sequence[Clock],
) -> Block:
    """Return the numbers of one measure.

    By `clocks` the runs are compared; where a run reached its best is no comparison, so it is told
    on every one of `wanted` that a run has.
    """
    measure = comparison.measure(subject.metric, subject.variant, as_logged=as_logged)
    series = comparison.series(measure)
    windows = {
        clock: window for clock in clocks if (window := comparison.window(measure, clock)).known
    }
    at_end = {clock: comparison.at_common_end(measure, clock) for clock in windows}
    has = {clock for run in comparison.present.values() for clock in run.clocks}
    reached_on = [clock for clock in wanted if clock in has]
    runs = {}
    remarks = list(_remarks(comparison, measure, as_logged))
    for name, found in series.items():
        ends = {clock: values[name] for clock, values in at_end.items()}
        difference, ratio = {}, {}
        same = marks.one_log(comparison, name) if name != comparison.baseline else None
        if name != comparison.baseline:
            for clock, value in ends.items():
                base = at_end[clock][comparison.baseline]
                difference[clock], ratio[clock] = _against(value, base, name, comparison)
                if same is not None:
                    difference[clock] = ratio[clock] = Quantity.unknown(
                        f"{name} and {comparison.baseline} are one observation, not two",
                        label=f"no data ({same.code})",
                    )
        if isinstance(found, Quantity):
            runs[name] = RunValues(found, {}, found, found, found, ends, difference, ratio)
        else:
            values = _run_values(found, measure, reached_on, ends, difference, ratio)
            against, said = _health(comparison, found)
            runs[name] = replace(values, contradicted=against)
            remarks += said
    return Block(measure, as_logged, windows, runs, tuple(remarks))


def _health(comparison: Comparison, series: Series) -> tuple[Finding | None, list[str]]:
    """Return the error that contradicts a series, and remarks on it and on values left out."""
    own = marks.marks_of(comparison, series.run.name)
    assert own is not None
    said = []
    if count := own.left_out(series.tag):
        every = len(own.readings[series.tag].values)
        said.append(
            f"{series.run.name}: {count:,} of {every:,} values are no numbers and are left out."
        )
    against = own.contradicts(series.tag)
    if against is not None:
        said += marks.explain([against])
    return against, said


def _run_values(
    series: Series,
    measure: Measure,
    clocks: Sequence[Clock],
    at_end: Mapping[Clock, Quantity],
    difference: Mapping[Clock, Quantity],
    ratio: Mapping[Clock, Quantity],
) -> RunValues:
    last = series.quantity(
        summaries.last_index(series.values), "last value logged", series.last_made()
    )
    if measure.metric.summary == "finish_rate":
        reason = f"a share of {series.words.episodes} so far has no best"
        none = Quantity.unknown(reason, label="–")
        return RunValues(none, {}, none, none, last, at_end, difference, ratio)
    low, high = _extremes(series)
    smallest = series.quantity(low, "smallest value logged")
    largest = series.quantity(high, "largest value logged")
    better = measure.metric.better
    index = {"lower": low, "higher": high}.get(better)
    best = {"lower": smallest, "higher": largest}.get(
        better, Quantity.unknown("neither direction is better", measure.unit, label="–")
    )
    reached = {
        clock: position_of(series, index, clock, "first reached")
        for clock in clocks
        if index is not None
    }
    return RunValues(best, reached, smallest, largest, last, at_end, difference, ratio)


def _extremes(series: Series) -> tuple[int | None, int | None]:
    values = series.values
    if not np.isfinite(values).any():
        return None, None
    finite = np.isfinite(values)
    low = int(np.argmin(np.where(finite, values, np.inf)))
    high = int(np.argmax(np.where(finite, values, -np.inf)))
    return low, high


def _against(
    value: Quantity, base: Quantity, name: str, comparison: Comparison
) -> tuple[Quantity, Quantity]:
    unit = "points" if value.unit == "%" else value.unit
    difference = value.minus(base, how=f"{name} minus {comparison.baseline}", unit=unit)
    if value.known and base.known and not (value.number > 0 and base.number > 0):
        reason = "a ratio says nothing where a value is not above zero"
        return difference, Quantity.unknown(reason, "times", label="–")
    return difference, value.over(base, how=f"{name} over {comparison.baseline}")


def _remarks(comparison: Comparison, measure: Measure, as_logged: bool) -> Iterator[str]:
    metric = measure.metric
    for setting in metric.scales_with if as_logged or metric.per_unit is None else ():
        values = {
            found.number if found is not None and found.known else None
            for name in comparison.present
            for found in [comparison.settings[name].get(setting)]
        }
        words = name_in_words(setting)
        if None in values:
            yield f"Grows with the {words}, which is not known of every run: not comparable."
        elif len(values) > 1:
            yield f"Grows with the {words}, which differs between the runs: not comparable."
