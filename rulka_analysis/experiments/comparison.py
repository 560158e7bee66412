"""Runs side by side: one metric, one clock, only where all of them are known.

`Comparison` takes runs and a baseline and answers with tidy tables (`Comparison.compare`) and
single numbers (`Comparison.at_common_end`, `Comparison.last`, …), each with the event behind it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rulka_analysis.experiments.definition import Definition, Outcome
from rulka_analysis.experiments.groups import Group, group_of
from rulka_analysis.experiments.measures import make_measure, metrics_of
from rulka_analysis.logs.clocks import MINUTES, Clock, Window, common_window
from rulka_analysis.logs.positions import checkpoints
from rulka_analysis.logs.runs import Run
from rulka_analysis.metrics import summaries
from rulka_analysis.metrics.catalogue import Catalogue, Metric
from rulka_analysis.metrics.find import find_series
from rulka_analysis.metrics.measure import Line, Measure
from rulka_analysis.metrics.series import Series, position_of, position_text
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import MANY, Quantity, made

if TYPE_CHECKING:
    import pandas as pd

FoundSeries = dict[tuple[str, str | None, str | None], dict[str, Series | Quantity]]
"""By metric, variant and what it is divided by: the series of each run, or why there is none."""


class Comparison:
    """Candidate runs against a baseline.

    Parameters
    ----------
    name, title : str
        Its name in the experiment's definition, and what readers call it.
    runs : mapping of str to (Run or None)
        The compared runs, baseline first; None for a run the logs do not hold.
    baseline : str
        The run the others are compared against: of a group, the first.
    settings : mapping of str to mapping of str to Quantity
        What was varied: the value of each setting for each run, unknown where not recorded.
    catalogue : Catalogue
        What tags mean, and whose they are.
    variant_titles : mapping of str to str
        Variants as they stand in tags, and as readers know them.
    definition : Definition or None
        Where outcomes are declared that it may be asked by name.
    groups : sequence of Group
        The groups of the runs, baseline first; without them each run is one.
    run_order : sequence of str
        All runs of the experiment: a run keeps its colour in every comparison.
    series : dict, optional
        Where series that were found are kept: comparisons of the same settings may share it.
    """

    def __init__(
        self,
        name: str,
        title: str,
        runs: Mapping[str, Run | None],
        baseline: str,
        settings: Mapping[str, Mapping[str, Quantity]],
        catalogue: Catalogue,
        variant_titles: Mapping[str, str],
        definition: Definition | None = None,
        groups: Sequence[Group] = (),
        run_order: Sequence[str] = (),
        series: FoundSeries | None = None,
    ) -> None:
        self.name = name
        self.title = title
        self.runs = dict(runs)
        self.baseline = baseline
        self.settings = settings
        self.catalogue = catalogue
        self.variant_titles = variant_titles
        self.definition = definition
        self.groups = tuple(groups) or tuple(Group(run, (run,)) for run in runs)
        self.run_order = tuple(run_order) or tuple(runs)
        self._metrics: dict[str, list[Metric]] = {}
        self._series = {} if series is None else series

    @property
    def candidates(self) -> tuple[str, ...]:
        """The runs that are held against the baseline; its other runs where there are none."""
        others = tuple(name for name in self.runs if name not in self.baseline_group.runs)
        return others or tuple(name for name in self.runs if name != self.baseline)

    @property
    def baseline_group(self) -> Group:
        found = group_of(self.baseline, self.groups)
        return found if found is not None else Group(self.baseline, (self.baseline,))

    @property
    def candidate_groups(self) -> tuple[Group, ...]:
        return tuple(group for group in self.groups if group != self.baseline_group)

    def label(self, run: str) -> str:
        """Return what the group of a run is called."""
        group = group_of(run, self.groups)
        return run if group is None else group.label

    def shown(self, run: str) -> str:
        """Return what readers meet of a run: what its group is called, and the run behind it."""
        label = self.label(run)
        return label if run in label else f"{label} ({run})"

    @property
    def lines(self) -> tuple[Line, ...]:
        """What a summary shows: every outcome asked, those as logged, and what is only shown."""
        if self.definition is None:
            return ()
        outcomes = [
            Line(name)
            for name, outcome in self.definition.outcomes.items()
            if not outcome.only_claims or outcome.as_logged
        ]
        shown = [
            Line(self._shown(s.metric, s.variant), s.variant, s.at, s.as_logged, s.metric[0])
            for s in self.definition.shown
        ]
        return tuple(dict.fromkeys([*outcomes, *shown]))

    def _shown(self, names: Sequence[str], variant: str | None) -> str:
        return self._first_logged([self.catalogue[name] for name in names], variant).name

    def targets(self, name: str) -> tuple[float, ...]:
        """Return the targets of an outcome, the same for all runs; none of anything else."""
        known = self.definition is not None and name in self.definition.outcomes
        return self.definition.targets(name) if known and self.definition else ()

    @cached_property
    def present(self) -> dict[str, Run]:
        """The compared runs that the logs hold."""
        return {name: run for name, run in self.runs.items() if run is not None}

    @property
    def absent(self) -> tuple[str, ...]:
        """The compared runs that the logs do not hold."""
        return tuple(name for name, run in self.runs.items() if run is None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed while reading the compared runs."""
        return tuple(finding for run in self.present.values() for finding in run.findings)

    def measure(self, name: str, variant: str | None = None, *, as_logged: bool = False) -> Measure:
        """Return what a metric's name stands for.

        Parameters
        ----------
        name : str
            An outcome the experiment declares, or a metric of the catalogue.
        variant : str, optional
            The variant, by tag or title, whatever its case; an outcome has its own.
        as_logged : bool
            Take a metric that scales with a setting as it was logged, not per unit of the setting.

        Raises
        ------
        UnknownMetricError
            If there is no such metric.
        """
        outcome = self.definition.outcomes.get(name) if self.definition is not None else None
        if self.definition is None or outcome is None:
            metric, tag = self.catalogue[name], self.variant_tag(variant)
        else:
            tag, as_logged = outcome.variant, as_logged or outcome.as_logged
            choices = self._metrics_of(outcome)
            metric = self._first_logged(choices, tag)
        return make_measure(name, metric, tag, self.variant_titles, as_logged=as_logged)

    def _metrics_of(self, outcome: Outcome) -> Sequence[Metric]:
        # One object each: what a metric is, is asked by identity.
        assert self.definition is not None
        if outcome.name not in self._metrics:
            made = metrics_of(outcome, self.definition, self.catalogue)
            self._metrics[outcome.name] = made
        return self._metrics[outcome.name]

    def _first_logged(self, choices: Sequence[Metric], variant: str | None) -> Metric:
        """Return the first of some metrics that a compared run has logged, else the first."""
        own = self.catalogue.domain.variant
        placeholders = {own.name: variant} if own and variant else {}
        for metric in choices if len(choices) > 1 else ():
            for run in self.present.values():
                if self.catalogue.tags_for(metric, run.tags, **placeholders):
                    return metric
        return choices[0]

    def variant_tag(self, variant: str | None) -> str | None:
        """Return a variant as it stands in tags, given its tag or title in any case."""
        if variant is None:
            return None
        for tag, title in self.variant_titles.items():
            if variant.casefold() in (tag.casefold(), title.casefold()):
                return tag
        return variant

    def series(self, measure: Measure) -> dict[str, Series | Quantity]:
        """Return each run's series of a measure, or an unknown quantity that says why not."""
        key = (measure.metric.name + measure.metric.pattern, measure.variant, measure.per)
        known = self._series.setdefault(key, {})
        for name in self.runs:
            if name not in known:
                known[name] = self._find_series(name, measure)
        return {name: known[name] for name in self.runs}

    def _find_series(self, name: str, measure: Measure) -> Series | Quantity:
        run = self.runs[name]
        if run is None:
            return Quantity.unknown(f"no run {name} in these logs", measure.unit)
        per = self.settings[name].get(measure.per) if measure.per else None
        return find_series(run, measure, per, self.catalogue)

    def known_series(self, measure: Measure) -> dict[str, Series]:
        return {n: s for n, s in self.series(measure).items() if isinstance(s, Series)}

    def clock(self, name: str | Clock) -> Clock:
        """Return a clock by its name; see `Conventions.clock`."""
        return self.catalogue.domain.conventions.clock(name)

    def window(self, measure: Measure, clock: str | Clock = MINUTES) -> Window:
        """Return the common window of all runs that have a series of `measure` and this clock."""
        chosen = self.clock(clock)
        known = self.on_clock(measure, chosen)
        ends = {n: s.run.known_until(s.tag, chosen) for n, s in known.items()}
        return common_window(chosen, ends, {n: s.tag for n, s in known.items()})

    def deciding_clock(self, measure: Measure) -> Clock:
        """Return the clock a single number of `measure` is taken on.

        Minutes, which every run has; steps for a metric that is compared on steps only (what
        follows schedules that are keyed to steps) where all runs have that clock.
        """
        steps = self.clock("steps")
        known = self.known_series(measure)
        only_steps = measure.metric.deciding_clocks == (steps,)
        on_steps = self.on_clock(measure, steps)
        return steps if only_steps and known and len(on_steps) == len(known) else MINUTES

    def on_clock(self, measure: Measure, clock: Clock) -> dict[str, Series]:
        """Return the series of `measure` of those runs that have this clock."""
        known = self.known_series(measure)
        return {name: series for name, series in known.items() if series.is_on(clock)}

    def has_clock(self, clock: str | Clock) -> bool:
        """Whether every present run has this clock; without it nothing is shown on it."""
        chosen = self.clock(clock)
        return bool(self.present) and all(chosen in run.clocks for run in self.present.values())

    @property
    def steps_interpolated(self) -> bool:
        return any(run.steps_interpolated for run in self.present.values())

    def compare(
        self,
        metric: str,
        variant: str | None = None,
        clock: str | Clock = MINUTES,
        every: float | None = None,
        *,
        as_logged: bool = False,
        **variants: str | None,
    ) -> pd.DataFrame:
        """Compare the runs at checkpoints of the common window.

        Parameters
        ----------
        metric, variant, as_logged
            What to compare; see `measure`.
        clock : str or Clock
            The clock on which runs stand side by side.
        every : float, optional
            Distance between checkpoints, in units of the clock.
        **variants
            The variant by the keyword of the domain, such as ``level="one"``.

        Returns
        -------
        DataFrame
            One row a run and checkpoint: ``run``, ``group``, ``role`` (baseline or candidate),
            ``metric``, the variant (under the domain's name of it), ``clock``, ``checkpoint``,
            ``value`` (NaN where missing), ``unit``, ``difference`` (to the baseline at the same
            checkpoint; to the mean of its runs where it has several),
            ``reading_error``, and the event behind the value: ``tag``, ``file``, ``step``,
            ``wall_time``, ``minutes``, the step clock (under its name), ``logged_value``.
        """
        domain = self.catalogue.domain
        chosen = self.clock(clock)
        asked = domain.choose_variant(variant, variants)
        measure = self.measure(metric, asked, as_logged=as_logged)
        positions = checkpoints(self.window(measure, chosen), every or chosen.every)
        named = {domain.variant.name: measure.variant} if domain.variant else {}
        steps = domain.conventions.steps.name
        rows = []
        for name, series in self.on_clock(measure, chosen).items():
            role = "baseline" if name in self.baseline_group.runs else "candidate"
            decided = series.at(chosen, positions)
            for position, indices in zip(positions, decided, strict=True):
                quantity = series.together(indices, "")
                event = quantity.evidence[-1] if quantity.evidence else None
                rows.append(
                    {
                        "run": name,
                        "group": self.label(name),
                        "role": role,
                        "metric": measure.metric.name,
                        **named,
                        "clock": chosen.name,
                        "checkpoint": float(position),
                        "value": quantity.number,
                        "unit": measure.unit,
                        "reading_error": quantity.reading_error,
                        "tag": series.tag,
                        "file": event.file if event else None,
                        "step": event.step if event else None,
                        "wall_time": event.wall_time if event else math.nan,
                        "minutes": event.minutes if event else math.nan,
                        steps: event.steps if event else math.nan,
                        "logged_value": event.value if event else math.nan,
                    }
                )
        columns = ["run", "group", "role", "metric", *named, "clock", "checkpoint", "value", "unit"]
        columns += ["reading_error", "tag", "file", "step", "wall_time", "minutes", steps]
        # Many ask of a comparison, and few for a table of it: pandas takes a third of a second.
        import pandas as pd

        table = pd.DataFrame(rows, columns=[*columns, "logged_value"])
        return _with_difference(table)

    def at_common_end(self, measure: Measure, clock: str | Clock = MINUTES) -> dict[str, Quantity]:
        """Return each run's value where the common window ends."""
        chosen = self.clock(clock)
        window = self.window(measure, chosen)
        if not window.known:
            reason = f"not every compared run is known on {chosen}"
            return {
                name: Quantity.unknown(reason, measure.unit, label="no common window")
                if isinstance(series, Series)
                else series
                for name, series in self.series(measure).items()
            }
        what = measure.how(f"at {position_text(window.end, chosen)}")
        found: dict[str, Quantity] = {}
        for name, series in self.series(measure).items():
            if not isinstance(series, Series):
                found[name] = series
            elif not series.is_on(chosen):
                reason = f"{name} has no clock of {chosen} in these logs"
                found[name] = Quantity.unknown(reason, measure.unit, label=f"no {chosen}")
            else:
                found[name] = series.at_one(chosen, window.end, what)
        return found

    def last(self, measure: Measure) -> dict[str, Quantity]:
        """Return each run's last logged value, wherever that run ends."""
        return {
            name: series.quantity(
                summaries.last_index(series.values), "last value logged", series.last_made()
            )
            if isinstance(series, Series)
            else series
            for name, series in self.series(measure).items()
        }

    def best(self, measure: Measure) -> dict[str, Quantity]:
        """Return each run's best value over all that is known of it."""
        return {
            name: _best(series) if isinstance(series, Series) else series
            for name, series in self.series(measure).items()
        }

    def first_reached(self, measure: Measure, clock: str | Clock = MINUTES) -> dict[str, Quantity]:
        """Return where on a clock each run first reached its best value."""
        chosen = self.clock(clock)
        return {
            name: position_of(
                series,
                series.best_index,
                chosen,
                "first reached",
                made("position", _best(series), clock=chosen.key),
            )
            if isinstance(series, Series)
            else series
            for name, series in self.series(measure).items()
        }

    def time_to_target(
        self, measure: Measure, target: float, clock: str | Clock = MINUTES
    ) -> dict[str, Quantity]:
        """Return where on a clock each run first reached a target time.

        A run that did not is censored at its own end: unknown, saying until when it is known not
        to have reached the target.

        Parameters
        ----------
        measure : Measure
            A metric summarised by its best, or by a trailing mean.
        target : float
            In the measure's unit.
        """
        chosen = self.clock(clock)
        return {
            name: series.first_reached(chosen, target) if isinstance(series, Series) else series
            for name, series in self.series(measure).items()
        }


def window_end(window: Window) -> Quantity:
    """Return where a common window ends, as a quantity that says why there."""
    many = len(window.ends) > MANY
    told = {window.limited_by: window.end} if many else window.ends
    ends = ", ".join(f"{run} to {position_text(end, window.clock)}" for run, end in told.items())
    more = f", and of {len(window.ends) - 1:,} others as far or further" if many else ""
    how = f"the end of the common window; there are data of {ends}{more}"
    unit = window.clock.unit
    known = [
        Quantity(
            end,
            unit,
            window.clock.digits(end),
            how=f"until there {window.tags[run]} of {run} is known",
            made=made("end", run=run, tag=window.tags[run], clock=window.clock.key),
            about=f"end of the data of {run}",
        )
        for run, end in window.ends.items()
        if run in window.tags
    ]
    by = made("least", *known) if len(known) == len(window.ends) else None
    digits = window.clock.digits(window.end)
    return Quantity(window.end, unit, digits, how=how, made=by, about="end of the common window")


def _with_difference(table: pd.DataFrame) -> pd.DataFrame:
    """Add the difference to the baseline at the same checkpoint: of several runs, to their mean."""
    baseline = table[table.role == "baseline"]
    runs = baseline["run"].nunique()
    known = baseline.dropna(subset="value").groupby("checkpoint")["value"]
    # Of runs that are not all known there the mean would jump.
    against = known.mean()[known.count() == runs]
    difference = table["value"] - against.reindex(table["checkpoint"]).to_numpy()
    table.insert(table.columns.get_loc("unit") + 1, "difference", difference)
    return table


def _best(series: Series) -> Quantity:
    count = int(np.isfinite(series.values).sum())
    what = "new bests" if series.records_only else "values"
    which = "largest" if series.measure.orientation > 0 else "smallest"
    how = f"{which} of {count:,} {what} logged"
    return series.quantity(series.best_index, how, series.best_made())
