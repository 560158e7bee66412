"""What one log folder holds of a tag, and the statistics that were typed of it.

A run and its segments are one run everywhere else; the page was typed from the folders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.logs.runs import Run
from rulka_analysis.metrics import summaries
from rulka_analysis.metrics.catalogue import Match
from rulka_analysis.metrics.find import find_series
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.series import Series
from rulka_analysis.metrics.settings import numbers_of
from rulka_analysis.values.errors import UnknownTagError
from rulka_analysis.values.operations import Parameter
from rulka_analysis.values.quantities import Made, Quantity, made, placed


@dataclass(frozen=True)
class Curve:
    """What one log folder holds of a series, up to some moment."""

    name: str
    series: Series
    inside: NDArray[np.bool_]
    cut: tuple[Clock, float] | None = None

    @property
    def steps(self) -> Clock:
        """The clock of steps of its run."""
        return self.series.run.conventions.steps

    def until(self, clock: Clock, position: float) -> Curve:
        early = self.series.clock(clock) <= position * (1 + 1e-9)
        return replace(self, inside=self.inside & early, cut=(clock, position))

    def end(self, clock: Clock) -> float:
        """Where the last event stands."""
        return float(np.nanmax(self.series.clock(clock), initial=-np.inf, where=self.inside))

    def made_end(self, clock: Clock) -> Made | None:
        """Return how the end is found, as the place of the last event."""
        on_clock = np.where(self.inside, self.series.clock(clock), -np.inf)
        return placed(self.series.evidence(int(np.nanargmax(on_clock))), clock.key)

    def made_known(self, clock: Clock) -> Made:
        """Return how it is found until where its tag is known."""
        return made("end", run=self.series.run.name, tag=self.series.tag, clock=clock.key)

    def known_until(self, clock: Clock) -> float:
        return min(self.end(clock), self.series.run.known_until(self.series.tag, clock))

    def best(self) -> Quantity:
        how = "smallest value logged"
        return self._at(summaries.best_index(self._values()), how, self._made("least"))

    def last(self) -> Quantity:
        how = "last value logged"
        return self._at(summaries.last_index(self._values()), how, self._made("last"))

    def first_at_or_below(self, target: float) -> Quantity:
        """Return where a value was first reached, in steps."""
        by = self._made("reached", clock="steps", target=target)
        return self._step(summaries.first_at_or_below(self._values(), target), by)

    def first_best(self) -> Quantity:
        """Return where the best was first reached, in steps."""
        return self._step(summaries.best_index(self._values()), self._position(self.best()))

    def last_step(self) -> Quantity:
        """Return where the last value stands, in steps."""
        by = self._position(self.last())
        return self._step(summaries.last_index(self._values()), by, "the last event with a value")

    def _values(self) -> NDArray[np.float64]:
        return np.where(self.inside, self.series.values, np.nan)

    def _made(self, operation: str, **parameters: Parameter) -> Made:
        """Return how a number is made of what is inside."""
        folder = self.name if len(self.series.run.folders) > 1 else None
        if self.cut is not None:
            clock, position = self.cut
            parameters.setdefault("clock", clock.key)
            parameters["until"] = position
        return self.series.made(operation, folder=folder, **parameters)

    def _position(self, of: Quantity) -> Made | None:
        return made("position", of, clock="steps") if of.known else None

    def _at(self, index: int | None, how: str, by: Made) -> Quantity:
        return self.series.quantity(index, f"{how} in folder {self.name}", by)

    def _step(
        self, index: int | None, by: Made | None, how: str = "where it was first reached"
    ) -> Quantity:
        run = self.series.run
        steps = self.steps
        if steps not in run.clocks:
            return Quantity.unknown(f"{run.name} has no clock of {steps} in these logs", steps.unit)
        if index is None:
            return Quantity.unknown(f"{run.name} has no such value in these logs", steps.unit)
        if run.steps_interpolated:
            how += f"; {steps} are interpolated"
        at = float(self.series.clock(steps)[index])
        about = f"{self.series.measure.title}, {self.name}"
        evidence = (self.series.evidence(index),)
        return Quantity(at, steps.unit, 0, evidence, how, made=by, about=about)


@dataclass(frozen=True)
class Statistic:
    """How a typed figure was made: of one run's curve, or of two."""

    of: Callable[[Curve, Curve], Quantity]
    of_two: bool = True


def percent_lower(value: Quantity, base: Quantity, how: str) -> Quantity:
    share = value.over(base, how=how)
    if share.value is None:
        return replace(share, unit="%")
    error = 100 * share.reading_error
    by = made("ratio", value, base, less_than_whole=True, times=100.0)
    return replace(share, value=100 * (1 - share.value), unit="%", reading_error=error, made=by)


def _difference(run: Curve, against: Curve) -> Quantity:
    unit = run.series.measure.unit
    unit = "percentage points" if unit == "%" else unit
    return run.last().minus(against.last(), how=f"{run.name} minus {against.name}", unit=unit)


STATISTICS: Mapping[str, Statistic] = {
    "best": Statistic(lambda run, _: run.best(), of_two=False),
    "last": Statistic(lambda run, _: run.last(), of_two=False),
    "ratio of last": Statistic(
        lambda run, against: run.last().over(against.last(), how=f"{run.name} over {against.name}")
    ),
    "lower by": Statistic(
        lambda run, against: percent_lower(
            run.last(), against.last(), f"how much lower {run.name} is than {against.name}"
        )
    ),
    "difference": Statistic(_difference),
    "fewer steps to best": Statistic(
        lambda run, against: percent_lower(
            run.first_best(),
            against.first_best(),
            f"how many {run.steps} fewer {run.name} took to its own best than {against.name} "
            "to its own",
        )
    ),
}
"""Statistics that were typed, by the word the file has for them."""


class CurveReader:
    """Finds curves in the logs of an experiment."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.every = experiment.all_runs()
        self._series: dict[tuple[str, str, str | None, str | None], Series | Quantity] = {}

    def run_with(self, folder: str) -> Run | None:
        """Return the run a log folder belongs to."""
        named = self.experiment.run(folder)
        if named is not None:
            return named
        return next((run for run in self.experiment.logs if folder in run.folders), None)

    def curve(self, folder: str, tag: str) -> Curve | Quantity:
        run = self.run_with(folder)
        if run is None:
            return Quantity.unknown(f"no run {folder} in these logs")
        match = self._match(run, tag)
        if match is None:
            return Quantity.unknown(f"{run.name} has no {tag} in these logs")
        measure = self.measure(match, as_logged=True)
        series = self.series(run, measure)
        if isinstance(series, Quantity):
            return series
        # Of a run without segments every file stands in its folder or, named otherwise, beneath it.
        inside = np.ones(len(series.values), dtype=bool)
        if len(run.folders) > 1:
            there = [name.startswith(f"{folder}/") for name in run.file_names]
            inside = np.array(there, dtype=bool)[series.events.files]
        if not inside.any():
            return Quantity.unknown(f"{folder} has no {series.tag} in these logs", measure.unit)
        return Curve(folder, series, inside)

    def series(self, run: Run, measure: Measure) -> Series | Quantity:
        key = (run.name, measure.metric.name, measure.variant, measure.per)
        if key not in self._series:
            per = self.setting(run, measure.per) if measure.per else None
            found = find_series(run, measure, per, self.experiment.catalogue)
            self._series[key] = found
        return self._series[key]

    def measure(self, match: Match, *, as_logged: bool) -> Measure:
        return self.every.measure(match.metric.name, match.variant, as_logged=as_logged)

    def per_unit(self, measure: Measure) -> Measure:
        return self.every.measure(measure.metric.name, measure.variant)

    def setting(self, run: Run, name: str) -> Quantity:
        if run.name not in self.experiment.definition.runs:
            return Quantity.unknown(f"{run.name} is no run of the experiment", label="not recorded")
        settings = numbers_of(self.experiment.all_settings(run.name))
        unknown = Quantity.unknown(f"{name} of {run.name} is no number", label="not recorded")
        return settings.get(name, unknown)

    def declared_best(self, measure: Measure) -> Measure | None:
        """Return what the experiment itself declares to stand for bests of the same variant."""
        for name, outcome in self.experiment.definition.asked.items():
            if measure.variant == outcome.variant:
                declared = self.every.measure(name)
                if declared.is_best and declared.metric is not measure.metric:
                    return declared
        return None

    def _match(self, run: Run, tag: str) -> Match | None:
        """Return what a typed tag stands for.

        Of several tags that fit a ``*``, the one of the variant that the experiment names first.
        """
        catalogue = self.experiment.catalogue
        if "*" not in tag:
            match = catalogue.match(tag)
            if match is None:
                raise UnknownTagError(
                    f"no metric of the catalogue has the tag {tag!r}; "
                    "correct the tag or add the metric"
                )
            return match
        fitting = [catalogue.match(name) for name in run.tags if fnmatchcase(name, tag)]
        found = [match for match in fitting if match and match.is_usual]
        first = {match.variant: match for match in reversed(found)}
        named = (first[v] for v in self.experiment.definition.variant_titles if v in first)
        return next(named, next(iter(found), None))
