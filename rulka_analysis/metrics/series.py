"""One metric of one run, ready to stand beside others: what is meant, its events, its values.

`find.find_series` finds a `Measure` in a run, and a `Series` answers with numbers that rest on
events: the value at a position of a clock, where that value came from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.clocks import MINUTES, Clock
from rulka_analysis.logs.positions import last_event_at, write_interval
from rulka_analysis.logs.runs import Run
from rulka_analysis.logs.timeline import Events
from rulka_analysis.metrics import summaries
from rulka_analysis.metrics.catalogue import Metric
from rulka_analysis.metrics.domain import Words
from rulka_analysis.metrics.made import made_of, operation_of
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.windows import Windows
from rulka_analysis.values.operations import Parameter
from rulka_analysis.values.quantities import Evidence, Made, Quantity, made

Direction = Literal["lower", "higher", "the same", "not known"]


@dataclass(frozen=True)
class Series:
    """One measure of one run: its events, and their values as shown.

    `values` are in the measure's unit (display factor applied, divided by the setting it scales
    with); episodes that were not finished are NaN. Of flags of finished episodes, `values` are the
    rate up to each of them and `finished` their number. `words` are the domain's, and
    `episode_tags` those that are written after episodes of the same variant.
    """

    run: Run
    measure: Measure
    tag: str
    events: Events
    values: NDArray[np.float64]
    factor: float
    words: Words
    divided_by: str = ""
    finished: NDArray[np.int64] | None = None
    episode_tags: tuple[str, ...] = ()
    per: Quantity | None = None

    @property
    def records_only(self) -> bool:
        return self.run.records_only(self.tag)

    def clock(self, clock: Clock) -> NDArray[np.float64]:
        return self.events.on(clock)

    def evidence(self, index: int) -> Evidence:
        return self.run.evidence(self.tag, index)

    def quantity(self, index: int | None, how: str, by: Made | None = None) -> Quantity:
        """Return the value at one event as a quantity resting on that event.

        `by` is the operation that chose the event, if one did.
        """
        if index is None or index < 0:
            reason = f"{self.run.name} has no value there"
            return Quantity.unknown(reason, self.measure.unit, label="no value")
        if by is None and self.finished is not None:
            minute = float(self.events.minutes[index])
            known = math.isfinite(minute)
            clock, until = ("minutes", minute) if known else (None, None)
            by = self.made("mean", clock=clock, until=until)
        if by is None:
            by = self.made("event")
        return self._quantity(float(self.values[index]), (index,), how, by)

    def made(self, operation: str, **parameters: Parameter) -> Made:
        """Return how a number was made of this series."""
        return made_of(
            self.run.name, self.tag, self.measure.metric, operation, self.per, **parameters
        )

    def last_made(self) -> Made:
        """Return how the last value is found; of a finish rate, that is a mean of flags."""
        return self.made("mean" if self.finished is not None else "last")

    def best_made(self) -> Made:
        """Return how the best of all values is found."""
        return self.made("greatest" if self.measure.orientation > 0 else "least")

    def made_reached(self, clock: Clock, target: float) -> Made:
        """Return how it is found where on a clock a target was reached."""
        mean = self.measure.metric.summary == "trailing_mean"
        return self.made(
            "reached",
            clock=clock.key,
            until=self.run.known_until(self.tag, clock),
            target=target,
            upwards=self.measure.orientation > 0,
            share=summaries.TRAILING_SHARE if mean else None,
        )

    def made_at(self, clock: Clock, position: float | None) -> Made:
        """Return how the series becomes one number at a position on a clock; None for its end."""
        operation, more = operation_of(self.measure.metric)
        return self.made(operation, clock=clock.key, until=position, **more)

    def together(
        self,
        indices: Sequence[int],
        how: str,
        clock: Clock | None = None,
        position: float | None = None,
    ) -> Quantity:
        """Return one number of some events, as the metric is summarised, resting on them.

        `clock` and `position` say where it was asked for.
        """
        if not indices:
            return self.quantity(None, how)
        value = self.combined(indices)
        by = self.made("event") if clock is None else self.made_at(clock, position)
        if self.measure.metric.summary == "trailing_mean" and len(indices) > 2:
            # A tenth of a long log is thousands of events: its ends stand for it.
            how = f"{how} ({len(indices):,} readings; first and last of them stand here)"
            indices = (indices[0], indices[-1])
        return self._quantity(value, tuple(indices), how, by)

    def combined(self, indices: Sequence[int]) -> float:
        """Return the mean of some values for a trailing mean, else their median."""
        order = np.array(indices, np.int64)
        # As for many positions, to the last bit.
        together = Windows(order, np.zeros(1, np.int64), np.full(1, len(order)))
        return float(together.of(self.values, mean=self._is_mean)[0])

    @property
    def _is_mean(self) -> bool:
        return self.measure.metric.summary == "trailing_mean"

    def _quantity(self, value: float, indices: tuple[int, ...], how: str, by: Made) -> Quantity:
        # The largest error among the events bounds that of their median.
        error = float(self.events.reading_errors[list(indices)].max()) * self.factor
        return Quantity(
            value=value,
            unit=self.measure.unit,
            digits=self.measure.digits,
            evidence=tuple(self.evidence(i) for i in indices),
            how=f"{how}{self.divided_by}{self._counted(indices)}",
            reading_error=error,
            made=by,
            about=f"{self.measure.title}, {self.run.name}",
        )

    def _counted(self, indices: tuple[int, ...]) -> str:
        if self.finished is None:
            return ""
        counted = int(np.isfinite(self.values[: indices[-1] + 1]).sum())
        finished = self.finished[indices[-1]]
        return f": {finished:,} of {counted:,} {self.words.episodes} finished"

    @cached_property
    def best_index(self) -> int | None:
        return summaries.best_index(self._descending)

    @property
    def _descending(self) -> NDArray[np.float64]:
        """The values with the sign by which lower is better."""
        return -self.values if self.measure.orientation > 0 else self.values

    def is_on(self, clock: Clock) -> bool:
        """Whether its events have places on a clock that other tags of the run share."""
        return clock in self.run.clocks and not self.run.counts_apart(self.tag, clock)

    def at(self, clock: Clock, positions: NDArray[np.float64]) -> list[tuple[int, ...]]:
        """Return, for each position on a clock, the events that decide the value there.

        Empty where there is none: nothing logged yet, or nothing for two write intervals.
        """
        return self._windows(clock, positions).events()

    def _windows(self, clock: Clock, positions: NDArray[np.float64]) -> Windows:
        on_clock = self.clock(clock)
        if self.measure.is_best:
            order = np.argsort(on_clock, kind="stable")
            records = summaries.best_so_far(self._descending[order])
            at = last_event_at(on_clock[order], positions)
            holds = self._holds(clock, positions)
            best = np.where((at >= 0) & holds, records[np.maximum(at, 0)], -1)
            return Windows.of_single(np.where(best >= 0, order[np.maximum(best, 0)], -1))
        # What comes later must not change what is said of a moment.
        oldest = 2 * write_interval(on_clock[on_clock <= positions.max(initial=-np.inf)])
        finite = np.where(np.isfinite(self.values), on_clock, np.nan)
        at = last_event_at(finite, positions, oldest=oldest if math.isfinite(oldest) else 0.0)
        summary = self.measure.metric.summary
        if summary not in ("trailing_mean", "median_of_last_three"):
            return Windows.of_single(at)
        order = np.argsort(finite, kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        last = rank[np.maximum(at, 0)] if len(order) else at
        begins, ends = np.maximum(last - 2, 0), last + 1
        if summary == "trailing_mean":
            ordered = finite[order][: np.count_nonzero(np.isfinite(finite))]
            since = positions * (1 - summaries.TRAILING_SHARE) * (1 + 1e-9)
            inside = np.searchsorted(ordered, since, side="right")
            until = np.searchsorted(ordered, positions * (1 + 1e-9), side="right")
            # Where nothing was written since, the last event stands for it.
            begins, ends = (
                np.where(inside < until, one, other)
                for one, other in ((inside, last), (until, ends))
            )
        return Windows(order, begins, np.where(at >= 0, ends, begins))

    def standing(
        self, clock: Clock, positions: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return how the run stands at positions on a clock.

        Returns
        -------
        array of shape (n,), array of shape (n,), array of shape (n,)
            Values, NaN where missing; their reading errors; where episodes were played and none of
            them had been finished.
        """
        windows = self._windows(clock, positions)
        values = windows.of(self.values, mean=self._is_mean)
        error = windows.greatest(self.events.reading_errors * self.factor)
        unfinished = np.zeros(len(positions), dtype=bool)
        if self.measure.metric.cutoff_seconds is not None:
            on_clock = self.clock(clock)
            finished = on_clock[np.isfinite(self.values) & np.isfinite(on_clock)]
            begun = positions >= np.nanmin(on_clock, initial=np.inf)
            none_yet = positions < finished.min(initial=np.inf)
            unfinished = begun & none_yet & self._holds(clock, positions)
        return values, error, unfinished

    def reading(self, clock: Clock) -> float:
        """Return the distance between two readings on a clock: the curve's, else between writes."""
        provenance = self.run.provenance
        resolution = provenance.resolution_minutes if provenance else None
        if not resolution:
            return write_interval(self.clock(clock))
        if clock.key == "minutes":
            return float(resolution)
        end = self.run.known_until(self.tag, MINUTES)
        before, at_end = self.run.at(clock, np.array([end - resolution, end]))
        return float(at_end - before)

    def _holds(self, clock: Clock, positions: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell where a best so far holds: while the run still writes episodes of that variant.

        Those of one variant pause while another has its turn: a pause is no end of them if there
        was one as long before.
        """
        if self.run.tag_provenance(self.tag) is not None:
            until = self.run.known_until(self.tag, clock)
            known: NDArray[np.bool_] = positions <= until * (1 + 1e-9)
            return known
        written = self._written[clock]
        written = written[written <= positions.max(initial=-np.inf)]
        if not len(written):
            return np.zeros(len(positions), dtype=bool)
        longest = np.maximum.accumulate(np.diff(written, prepend=written[0]))
        usual = write_interval(written)
        allowed = np.maximum(longest, 2 * usual if math.isfinite(usual) else 0.0)
        last = np.searchsorted(written, positions * (1 + 1e-9), side="right") - 1
        age = positions - written[np.maximum(last, 0)]
        held: NDArray[np.bool_] = age <= allowed[np.maximum(last, 0)] * (1 + 1e-9)
        return (last >= 0) & held

    @cached_property
    def _written(self) -> dict[Clock, NDArray[np.float64]]:
        """Where on each clock something of the variant's episodes was written, in order."""
        episodes = [self.run.events(tag) for tag in self.episode_tags]
        found = {}
        for clock in self.run.conventions.clocks:
            every = np.concatenate([events.on(clock) for events in [*episodes, self.events]])
            found[clock] = np.unique(every[np.isfinite(every)])
        return found

    def reached(self, clock: Clock, target: float) -> int | None:
        """Return the event by which a target was first reached on a clock, where that is known."""
        end = self.run.known_until(self.tag, clock)
        on_clock = self.clock(clock)
        values = self._descending
        order = np.argsort(on_clock, kind="stable")
        # A lone reading after the curve is known does not say when the target was reached.
        order = order[(on_clock[order] <= end * (1 + 1e-9)) & np.isfinite(values[order])]
        found = values[order]
        if self.measure.metric.summary == "trailing_mean":
            found = summaries.trailing_means(found, on_clock[order])
        slot = summaries.first_at_or_below(found, -self.measure.orientation * target)
        return None if slot is None else int(order[slot])

    def at_one(self, clock: Clock, position: float, how: str) -> Quantity:
        """Return the value at one position on a clock."""
        return self._once(("at", clock.key, position, how), self._at_one, clock, position, how)

    def first_reached(self, clock: Clock, target: float) -> Quantity:
        """Return where on a clock a target was first reached.

        A run that did not is censored at its own end: unknown, saying until when it is known not
        to have reached the target.
        """
        return self._once(("reached", clock.key, target), self._first_reached, clock, target)

    def _once(self, asked: tuple[Any, ...], find: Callable[..., Quantity], *of: Any) -> Quantity:
        # Tables, figures and answers ask for the same numbers.
        if asked not in self._asked:
            self._asked[asked] = find(*of)
        return self._asked[asked]

    @cached_property
    def _asked(self) -> dict[tuple[Any, ...], Quantity]:
        return {}

    def _first_reached(self, clock: Clock, target: float) -> Quantity:
        end = self.run.known_until(self.tag, clock)
        slot = self.reached(clock, target)
        side = "above" if self.measure.orientation > 0 else "below"
        how = f"first at or {side} {target:g} {self.measure.unit}".rstrip()
        if slot is not None:
            return position_of(self, slot, clock, how, self.made_reached(clock, target))
        known = math.isfinite(end)
        reason = (
            f"not by {position_text(end, clock)}"
            if known
            else f"{self.run.name} has no clock of {clock}"
        )
        return Quantity.unknown(reason, clock.unit, label=reason)

    def _at_one(self, clock: Clock, position: float, how: str) -> Quantity:
        (indices,) = self.at(clock, np.array([position]))
        if not indices and self.measure.metric.cutoff_seconds is not None:
            by_then = self.clock(clock) <= position
            if not np.isfinite(self.values[by_then]).any():
                where = position_text(position, clock)
                reason = f"{self.run.name} finished no such {self.words.episode} by {where}"
                return Quantity.unknown(reason, self.measure.unit, label="none finished")
        return self.together(indices, how, clock, position)


def show_values(
    values: NDArray[np.float64], metric: Metric, factor: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return logged values as they are shown, and which of them are unfinished episodes.

    Parameters
    ----------
    values : array of shape (n,)
        As logged, in the metric's unit.
    metric : Metric
        Says what is logged for an unfinished episode, and whether values are whole milliseconds.
    factor : float
        Shown value = logged value × this.

    Returns
    -------
    array of shape (n,), array of shape (n,)
        Values in the unit shown, NaN for an unfinished episode; whether it was not finished.
    """
    late = np.zeros(len(values), dtype=bool)
    if metric.cutoff_seconds is not None:
        # The cutoff is in seconds; what is derived from episodes may be logged in milliseconds.
        in_seconds = 0.001 if metric.unit == "ms" else 1.0
        late = summaries.unfinished(values * in_seconds, metric.cutoff_seconds)
    shown = np.where(late, np.nan, values) * factor
    return summaries.whole_milliseconds(shown) if metric.whole_milliseconds else shown, late


def position_of(
    series: Series, index: int | None, clock: Clock, how: str, by: Made | None = None
) -> Quantity:
    """Return where on a clock an event stands, resting on that event.

    `by` is the operation that chose the event, if one did.
    """
    if index is None:
        return Quantity.unknown(f"{series.run.name} has no such event", clock.unit, label="never")
    position = float(series.clock(clock)[index])
    end = series.run.known_until(series.tag, clock)
    if position > end * (1 + 1e-9):
        where = position_text(end, clock)
        reason = f"the curve of {series.run.name} is not known from {where} on"
        return Quantity.unknown(reason, clock.unit, label=f"after {where}")
    if not math.isfinite(position):
        reason = f"{series.run.name} has no clock of {clock}"
        return Quantity.unknown(reason, clock.unit, label=f"no {clock}")
    provenance = series.run.provenance
    resolution = provenance.resolution_minutes if provenance else None
    if resolution:
        how = f"{how}; curves are known every {resolution:g} minutes, so up to that much earlier"
    if clock.key == "steps" and series.run.steps_interpolated:
        how = f"{how}; {clock} are interpolated"
    if by is None:
        by = made("position", series.quantity(index, "that event"), clock=clock.key)
    evidence = (series.evidence(index),)
    about = f"{series.measure.title}, {series.run.name}"
    digits = clock.digits(position)
    return Quantity(position, clock.unit, digits, evidence, how, made=by, about=about)


def position_text(position: float, clock: Clock) -> str:
    """Word a position on a clock.

    Examples
    --------
    >>> from rulka_analysis.logs.clocks import STEPS
    >>> position_text(160.0, MINUTES), position_text(5637254.0, STEPS)
    ('160 min', '5,637,254 steps')
    """
    digits = 0
    if clock.key == "minutes":
        whole = math.isclose(position, round(position), abs_tol=0.05)
        digits = 0 if whole and position >= 1 else max(1, clock.digits(position))
    return f"{position:,.{digits}f} {clock.unit}"


def direction(difference: Quantity) -> Direction:
    """Return the direction word of a difference; none is claimed below the reading error.

    Examples
    --------
    >>> direction(Quantity(0.21, "s")), direction(Quantity(-0.01, reading_error=0.02))
    ('higher', 'the same')
    """
    if not difference.known:
        return "not known"
    assert difference.value is not None
    if abs(difference.value) <= difference.reading_error or difference.value == 0:
        return "the same"
    return "higher" if difference.value > 0 else "lower"
