"""Settings that were tried: which runs tried them, and how far those got."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.definition import DeclaredRecommendation, Margin
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.clocks import Clock, Window, common_window
from rulka_analysis.metrics.series import Measure, Series, position_text
from rulka_analysis.metrics.settings import round_off
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined, listed
from rulka_analysis.verdicts.answer import Contradicted
from rulka_analysis.verdicts.ranking import Ranking, rank
from rulka_analysis.verdicts.replicates import interquartile_mean

Floats = NDArray[np.float64]
# Numbers and reading errors: a row for each setting, a column for each objective.
Numbers = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Tried:
    """A setting that was tried, with the runs that tried it.

    Parameters
    ----------
    runs : tuple of str
        Replicates: runs that agree in all declared settings.
    settings : mapping of str to (Quantity or str)
        The recommended settings.
    barred : str
        Why it cannot win; empty where it can.
    """

    runs: tuple[str, ...]
    settings: Mapping[str, Quantity | str]
    barred: str = ""

    @property
    def name(self) -> str:
        """What it is called in tables: its runs."""
        return ", ".join(self.runs)

    def described(self, titles: Mapping[str, str]) -> Sentence:
        """Return its settings and runs in words."""
        known = [
            Sentence("{title} {value}", {"title": titles[name], "value": value})
            for name, value in self.settings.items()
            if isinstance(value, str) or value.known
        ]
        if len(known) < len(self.settings):
            return Sentence("{runs}", {"runs": self.name})
        return joined([listed(known), Sentence("({runs})", {"runs": self.name})])


@dataclass(frozen=True, slots=True)
class Apart:
    """In which settings that are not recommended a run differs from the baseline, or may.

    Parameters
    ----------
    differs, unrecorded : tuple of str
        Settings whose values differ, and those of which one of the two was not recorded.
    """

    differs: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()


def setting_values(experiment: Experiment, run: str) -> dict[str, Quantity | str | None]:
    """Return all settings of a run: as logged, else as declared; None where not recorded."""
    found = experiment.all_settings(run)
    return {
        name: None if found[name].known is None else found[name].value
        for name in experiment.definition.settings
    }


def comparable(value: Quantity | str | None) -> float | str | None:
    """Return a setting's value such that equal settings are equal; None where not recorded."""
    known = value.number if isinstance(value, Quantity) else value
    return None if known is None else round_off(known)


def each_once(runs: Iterable[str], same: Collection[frozenset[str]]) -> tuple[str, ...]:
    """Leave out runs that are one observation with a run before them.

    Examples
    --------
    >>> each_once(["a", "b", "c"], [frozenset("ac")])
    ('a', 'b')
    """
    found: list[str] = []
    for run in runs:
        if not any(frozenset((run, other)) in same for other in found):
            found.append(run)
    return tuple(found)


def replicates_of(experiment: Experiment, run: str) -> tuple[str, ...]:
    """Return the runs that agree with one in all declared settings, that run first.

    Only runs that the logs hold; a setting that was not recorded agrees with nothing.
    """
    own = _compared(experiment, run)
    if None in own:
        return (run,)
    there = [name for name, found in experiment.runs.items() if found is not None and name != run]
    return (run, *(name for name in there if _compared(experiment, name) == own))


def _compared(experiment: Experiment, run: str) -> list[float | str | None]:
    return [comparable(value) for value in setting_values(experiment, run).values()]


class SettingsTried:
    """The settings that were tried, and their values of each objective.

    Parameters
    ----------
    experiment : Experiment
        Its declared runs, grouped by their settings.
    declared : DeclaredRecommendation
        Objectives, and the settings that are to be recommended.
    contradicted : mapping of (run, tag) to Finding
        Series on which nothing rests.
    same : mapping of pairs of runs to Finding
        Runs that are one observation; see `health.one_observation`.

    Attributes
    ----------
    all : tuple of Tried
        Settings that differ from the baseline in the recommended ones only.
    apart : dict of str to Apart
        Runs that differ from the baseline in other settings, too, or may, and in which.
    measures : dict of str to Measure
        What each objective is measured by, by its title, in the order in which they decide.
    """

    def __init__(
        self,
        experiment: Experiment,
        declared: DeclaredRecommendation,
        contradicted: Contradicted,
        same: Mapping[frozenset[str], Finding],
    ) -> None:
        self.experiment = experiment
        self.declared = declared
        self.contradicted = contradicted
        self.same = same
        self.every: Comparison = experiment.all_runs()
        self.titles = {
            name: setting.title.lower() for name, setting in experiment.definition.settings.items()
        }
        self.measures: dict[str, Measure] = {}
        self.margins: dict[str, Margin] = {}
        for objective in declared.objectives:
            variant = self.every.variant_tag(objective.variant)
            measure = self.every.measure(objective.metric, variant)
            self.measures[measure.title] = measure
            self.margins[measure.title] = experiment.definition.margin(objective.metric, variant)
        self.all, self.apart = self._grouped()

    @property
    def eligible(self) -> list[Tried]:
        """Those that can win."""
        return [tried for tried in self.all if not tried.barred]

    def _grouped(self) -> tuple[tuple[Tried, ...], dict[str, Apart]]:
        """Return the settings that take part, and the runs that differ in other settings, too."""
        recommended = self.declared.settings
        values = {run: setting_values(self.experiment, run) for run in self.experiment.runs}
        base = values[self.experiment.definition.baseline]
        others = [name for name in base if name not in recommended]
        groups: dict[tuple[Any, ...], list[str]] = {}
        apart: dict[str, Apart] = {}
        for run, own in values.items():
            unequal = [
                name
                for name in others
                if own[name] is None or comparable(own[name]) != comparable(base[name])
            ]
            if unequal and run != self.experiment.definition.baseline:
                unrecorded = tuple(n for n in unequal if own[n] is None or base[n] is None)
                differs = tuple(name for name in unequal if name not in unrecorded)
                apart[run] = Apart(differs, unrecorded)
                continue
            chosen = tuple(comparable(own[name]) for name in recommended)
            # What was not recorded agrees with nothing.
            key = (run,) if None in chosen else chosen
            groups.setdefault(key, []).append(run)
        found = []
        for runs in groups.values():
            present = [run for run in runs if run in self.every.present] or runs
            # A seed that was run twice, or a copy, is one observation of its setting.
            present = list(each_once(present, self.same))
            settings = {name: values[present[0]][name] for name in recommended}
            found.append(self._one_tried(tuple(present), settings))
        return tuple(self._held_apart(tried, found) for tried in found), apart

    def _held_apart(self, tried: Tried, every: Sequence[Tried]) -> Tried:
        """Bar a setting of which a run is one observation with a run of another setting."""
        if tried.barred or self.experiment.definition.baseline in tried.runs:
            return tried
        for other in every:
            for pair in product(tried.runs, other.runs) if other is not tried else ():
                if (finding := self.same.get(frozenset(pair))) is not None:
                    told = f"{pair[0]} and {pair[1]} are one observation ({finding.code})"
                    return replace(tried, barred=told)
        return tried

    def _one_tried(
        self, runs: tuple[str, ...], settings: Mapping[str, Quantity | str | None]
    ) -> Tried:
        shown = {
            name: Quantity.unknown("not recorded", label="not recorded") if value is None else value
            for name, value in settings.items()
        }
        lacking = [self.titles[name] for name, value in settings.items() if value is None]
        barred = ""
        if not any(run in self.every.present for run in runs):
            barred = "not in these logs"
        elif lacking:
            barred = f"{listed(lacking)} not recorded"
        else:
            for measure in self.measures.values():
                unknown = [q for q in self.series(runs, measure) if isinstance(q, Quantity)]
                if unknown:
                    barred = unknown[0].missing
                    break
        return Tried(runs, shown, barred)

    def series(self, runs: Sequence[str], measure: Measure) -> list[Series | Quantity]:
        return [self._one_series(run, measure) for run in runs]

    def _one_series(self, run: str, measure: Measure) -> Series | Quantity:
        series = self.every.series(measure)[run]
        if isinstance(series, Series):
            finding = self.contradicted.get((run, series.tag))
            if finding is not None:
                reason = finding.message.rstrip(".")
                return Quantity.unknown(reason, measure.unit, label="contradicted")
        return series

    def window(self, clock: Clock) -> Window:
        """Return where those that can win are all known, on all objectives."""
        ends: dict[str, float] = {}
        for tried in self.on(clock):
            if tried.barred:
                continue
            for measure in self.measures.values():
                for series in self.series(tried.runs, measure):
                    if isinstance(series, Series):
                        run = series.run
                        end = run.known_until(series.tag, clock)
                        ends[run.name] = min(end, ends.get(run.name, math.inf))
        return common_window(clock, ends)

    def on(self, clock: Clock) -> list[Tried]:
        """Return what was tried by runs that are there and have this clock."""
        present = self.every.present
        return [
            tried
            for tried in self.all
            if all(run in present and clock in present[run].clocks for run in tried.runs)
        ]

    def value(self, tried: Tried, measure: Measure, clock: Clock, position: float) -> Quantity:
        """Return the value of a setting at a position: of one run, or of its replicates."""
        where = f"at {position_text(position, clock)}"
        how = f"best so far, {where}" if measure.is_best else where
        values = []
        for series in self.series(tried.runs, measure):
            if isinstance(series, Quantity):
                return series
            if position > series.run.known_until(series.tag, clock) * (1 + 1e-9):
                reason = f"{series.run.name} is not known {where}"
                return Quantity.unknown(reason, measure.unit, label="not known")
            values.append(series.at_one(clock, position, how))
        unknown = [value for value in values if not value.known]
        if unknown or len(values) == 1:
            # Leaving out those that did not finish would flatter the others.
            return unknown[0] if unknown else values[0]
        return Quantity(
            float(interquartile_mean(np.array([value.number for value in values]))),
            measure.unit,
            measure.digits,
            tuple(event for value in values for event in value.evidence),
            f"interquartile mean over {len(values)} runs, {how}",
            max(value.reading_error for value in values),
        )

    def values(self, clock: Clock, position: float) -> dict[str, dict[str, Quantity]]:
        return {
            tried.name: {
                title: self.value(tried, measure, clock, position)
                for title, measure in self.measures.items()
            }
            for tried in self.on(clock)
        }

    def table(self, values: Mapping[str, Mapping[str, Quantity]]) -> Numbers:
        """Return numbers and reading errors of `values`."""
        columns = list(self.measures)

        def frame(of: Callable[[Quantity], float]) -> pd.DataFrame:
            rows = {name: [of(row[title]) for title in columns] for name, row in values.items()}
            return pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=float)

        return frame(lambda q: q.number), frame(lambda q: q.reading_error)

    def over_time(self, clock: Clock, positions: Floats) -> list[Numbers]:
        """Return numbers and reading errors at each of some positions on a clock."""
        names = [tried.name for tried in self.on(clock)]
        shape = (len(positions), len(names), len(self.measures))
        numbers, errors = np.full(shape, np.nan), np.zeros(shape)
        for column, measure in enumerate(self.measures.values()):
            for row, tried in enumerate(self.on(clock)):
                numbers[:, row, column], errors[:, row, column] = self._along(
                    tried, measure, clock, positions
                )
        columns = list(self.measures)
        return [
            (pd.DataFrame(n, names, columns), pd.DataFrame(e, names, columns))
            for n, e in zip(numbers, errors, strict=True)
        ]

    def _along(
        self, tried: Tried, measure: Measure, clock: Clock, positions: Floats
    ) -> tuple[Floats, Floats]:
        numbers = np.full((len(tried.runs), len(positions)), np.nan)
        errors = np.zeros(numbers.shape)
        for row, series in enumerate(self.series(tried.runs, measure)):
            if isinstance(series, Series):
                known = series.run.known_until(series.tag, clock) * (1 + 1e-9)
                read = series.events.reading_errors * series.factor
                for at, indices in enumerate(series.at(clock, positions)):
                    if indices and positions[at] <= known:
                        numbers[row, at] = np.median(series.values[list(indices)])
                        errors[row, at] = read[list(indices)].max()
        return interquartile_mean(numbers), errors.max(axis=0)

    def ranked(self, values: Numbers, times: float = 1.0, also: Sequence[str] = ()) -> Ranking:
        """Rank those that can win (and others `also`), with margins `times` as large."""
        margins = {
            title: replace(
                margin,
                size=None if margin.size is None else margin.size * times,
                percent=None if margin.percent is None else margin.percent * times,
            )
            for title, margin in self.margins.items()
        }
        numbers, errors = values
        higher = [n for n, m in self.measures.items() if m.metric.better == "higher"]
        eligible = [*(tried.name for tried in self.eligible), *also]
        return rank(numbers, margins, eligible, higher_is_better=higher, errors=errors)
