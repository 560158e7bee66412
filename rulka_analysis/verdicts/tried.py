"""Settings that were tried: which runs tried them, and how far those got."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.definition import Margin
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.experiments.groups import Group
from rulka_analysis.logs.clocks import Clock, Window, common_window
from rulka_analysis.metrics.series import Measure, Series, position_text
from rulka_analysis.metrics.settings import round_off
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence, made
from rulka_analysis.values.sentences import in_words, joined, listed
from rulka_analysis.verdicts.answer import Contradicted
from rulka_analysis.verdicts.ranking import Ranking, rank

Floats = NDArray[np.float64]
# Numbers and reading errors: a row for each setting, a column for each objective.
Numbers = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Tried:
    """A setting that was tried, with the runs that tried it.

    Parameters
    ----------
    name : str
        What its group is called.
    runs : tuple of str
        The runs of the group that the logs hold; all where they hold none.
    settings : mapping of str to (Quantity or str)
        The recommended settings.
    barred : str
        Why it cannot win; empty where it can.
    """

    name: str
    runs: tuple[str, ...]
    settings: Mapping[str, Quantity | str]
    barred: str = ""

    def described(self, titles: Mapping[str, str]) -> Sentence:
        """Return its settings and runs in words."""
        known = [
            Sentence("{title} {value}", {"title": titles[name], "value": value})
            for name, value in self.settings.items()
            if isinstance(value, str) or value.known
        ]
        if len(known) < len(self.settings):
            return Sentence("{name}", {"name": self.name})
        return joined([listed(known), Sentence("({runs})", {"runs": ", ".join(self.runs)})])


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


class SettingsTried:
    """The settings that were tried, and their values of each objective.

    Parameters
    ----------
    experiment : Experiment
        Its groups, and the outcomes that decide.
    contradicted : mapping of (run, tag) to Finding
        Series on which nothing rests.
    same : mapping of pairs of runs to Finding
        Runs that are one observation; see `health.one_observation`.

    Attributes
    ----------
    all : tuple of Tried
        Settings that differ from the baseline in the recommended ones only.
    apart : dict of str to Apart
        Groups that differ from the baseline in other settings, too, or may, and in which.
    recommended : tuple of str
        The settings that are to be recommended: those of which is declared where they are set;
        else those that are named in labels; else all.
    measures : dict of str to Measure
        What each objective is measured by, by its title, in the order in which they decide.
    """

    def __init__(
        self,
        experiment: Experiment,
        contradicted: Contradicted,
        same: Mapping[frozenset[str], Finding],
    ) -> None:
        self.experiment = experiment
        self.contradicted = contradicted
        self.same = same
        self.every: Comparison = experiment.all_runs()
        settings = {n: s for n, s in experiment.definition.settings.items() if not s.replicate}
        self.titles = {name: in_words(setting.title) for name, setting in settings.items()}
        with_file = tuple(name for name, setting in settings.items() if setting.file)
        named = tuple(name for name, setting in settings.items() if setting.named)
        self.recommended = with_file or named or tuple(settings)
        self.measures: dict[str, Measure] = {}
        self.margins: dict[str, Margin] = {}
        self.outcomes: dict[str, str] = {}
        for name in experiment.definition.objectives:
            measure = self.every.measure(name)
            self.measures[measure.title] = measure
            self.margins[measure.title] = experiment.definition.margin(name)
            self.outcomes[measure.title] = name
        self.all, self.apart = self._grouped()

    @property
    def eligible(self) -> list[Tried]:
        """Those that can win."""
        return [tried for tried in self.all if not tried.barred]

    def _grouped(self) -> tuple[tuple[Tried, ...], dict[str, Apart]]:
        """Return the settings that take part, and the groups that differ in others, too."""
        values = {
            group.label: setting_values(self.experiment, self._present(group)[0])
            for group in self.experiment.groups
        }
        own_baseline = self.every.baseline_group
        base = values[own_baseline.label]
        others = [name for name in self.titles if name not in self.recommended]
        found, apart = [], {}
        for group in self.experiment.groups:
            own = values[group.label]
            unequal = [
                name
                for name in others
                if own[name] is None or comparable(own[name]) != comparable(base[name])
            ]
            if unequal and group != own_baseline:
                unrecorded = tuple(n for n in unequal if own[n] is None or base[n] is None)
                differs = tuple(name for name in unequal if name not in unrecorded)
                apart[group.label] = Apart(differs, unrecorded)
                continue
            settings = {name: own[name] for name in self.recommended}
            found.append(self._one_tried(group, settings))
        return tuple(self._held_apart(tried, found) for tried in found), apart

    def _held_apart(self, tried: Tried, every: Sequence[Tried]) -> Tried:
        """Bar a setting of which a run is one observation with a run of another setting."""
        if tried.barred or tried.name == self.every.baseline_group.label:
            return tried
        for other in every:
            for pair in product(tried.runs, other.runs) if other is not tried else ():
                if (finding := self.same.get(frozenset(pair))) is not None:
                    told = f"{pair[0]} and {pair[1]} are one observation ({finding.code})"
                    return replace(tried, barred=told)
        return tried

    def _present(self, group: Group) -> tuple[str, ...]:
        there = self.every.present
        # A seed that was run twice, or a copy, is one observation of its setting.
        return each_once((run for run in group.runs if run in there), self.same) or group.runs

    def _one_tried(self, group: Group, settings: Mapping[str, Quantity | str | None]) -> Tried:
        runs = self._present(group)
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
        return Tried(group.label, runs, shown, barred)

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
        tags: dict[str, str] = {}
        for tried in self.on(clock):
            if tried.barred:
                continue
            for measure in self.measures.values():
                for series in self.series(tried.runs, measure):
                    if isinstance(series, Series):
                        run = series.run
                        end = run.known_until(series.tag, clock)
                        if not end >= ends.get(run.name, math.inf):
                            ends[run.name], tags[run.name] = end, series.tag
        return common_window(clock, ends, tags)

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
        how = measure.how(where)
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
            float(np.mean([value.number for value in values])),
            measure.unit,
            measure.digits,
            tuple(event for value in values for event in value.evidence),
            f"mean of {len(values)} runs, {how}",
            max(value.reading_error for value in values),
            made=made("mean", *values),
            about=f"mean of {len(values)} runs",
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
                known = positions <= series.run.known_until(series.tag, clock) * (1 + 1e-9)
                values, read, _ = series.standing(clock, positions)
                numbers[row, known], errors[row, known] = values[known], read[known]
        return numbers.mean(axis=0), errors.max(axis=0)

    def ranked(self, values: Numbers, times: float = 1.0, also: Sequence[str] = ()) -> Ranking:
        """Rank those that can win (and others `also`), with margins `times` as large."""
        margins = {title: margin.times(times) for title, margin in self.margins.items()}
        numbers, errors = values
        higher = [n for n, m in self.measures.items() if m.metric.better == "higher"]
        eligible = [*(tried.name for tried in self.eligible), *also]
        return rank(numbers, margins, eligible, higher_is_better=higher, errors=errors)

    def not_ranked(self) -> Iterator[Sentence]:
        """Say which runs take no part because they differ in other settings, too, and in which."""
        runs: dict[Apart, list[str]] = {}
        for run, apart in self.apart.items():
            runs.setdefault(apart, []).append(run)
        if not runs:
            return
        baseline = self.every.baseline_group.label
        told = []
        for apart, names in runs.items():
            fields = {"runs": str(listed(names)), "baseline": baseline}
            parts = []
            if apart.differs:
                fields["settings"] = str(listed([self.titles[name] for name in apart.differs]))
                verb = "differs" if len(names) == 1 else "differ"
                parts.append(f"{verb} from {{baseline}} in {{settings}}")
            if apart.unrecorded:
                fields["lacking"] = str(listed([self.titles[name] for name in apart.unrecorded]))
                parts.append("may differ from {baseline} in {lacking}, which was not recorded")
            told.append(Sentence("{runs} " + " and ".join(parts), fields))
        yield joined([Sentence("Not ranked: "), joined(told, "; "), Sentence(".")], "")

    def configuration(self, winner: Tried | None) -> str | None:
        """Return what to write into the files where the settings are set, as Python."""
        if winner is None:
            return None
        lines: list[str] = []
        written = ""
        for name, value in winner.settings.items():
            file = self.experiment.definition.settings[name].file
            if file and file != written:
                lines.append(f"# {file}")
            written = file
            lines.append(f"{name} = {_as_python(value)}")
        return "\n".join(lines) + "\n"


def _as_python(value: Quantity | str) -> str:
    if isinstance(value, str):
        return repr(value)
    number = value.number
    return str(int(number)) if number.is_integer() else repr(number)
