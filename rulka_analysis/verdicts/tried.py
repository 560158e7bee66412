"""Settings that were tried: which runs tried them, and how far those got."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.definition import Margin
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.clocks import Clock, Window, common_window
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.series import Series, position_text
from rulka_analysis.metrics.settings import round_off
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence, average
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
        """Return its settings and runs in words; its name where nothing tells what was set."""
        known = [
            Sentence("{title} {value}", {"title": titles[name], "value": value})
            for name, value in self.settings.items()
            if isinstance(value, str) or value.known
        ]
        if not known or len(known) < len(self.settings):
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


@dataclass(frozen=True)
class SettingsTried:
    """The settings that were tried; see `find_tried`.

    Parameters
    ----------
    experiment : Experiment
        Its groups, and the outcomes that decide.
    every : Comparison
        All its runs.
    contradicted : mapping of (run, tag) to Finding
        Series on which nothing rests.
    titles : mapping of str to str
        What settings are called within a sentence.
    recommended : tuple of str
        The settings that are to be recommended: those of which is declared where they are set;
        else those that are named in labels; else all.
    measures, margins, outcomes : mapping of str to (Measure, Margin, str)
        Of each objective, by its title, in the order in which they decide.
    all : tuple of Tried
        Settings that differ from the baseline in the recommended ones only.
    apart : mapping of str to Apart
        Groups that differ from the baseline in other settings, too, or may, and in which.
    """

    experiment: Experiment
    every: Comparison
    contradicted: Contradicted
    titles: Mapping[str, str]
    recommended: tuple[str, ...]
    measures: Mapping[str, Measure]
    margins: Mapping[str, Margin]
    outcomes: Mapping[str, str]
    all: tuple[Tried, ...] = ()
    apart: Mapping[str, Apart] = field(default_factory=dict)

    @property
    def eligible(self) -> list[Tried]:
        """Those that can win."""
        return [tried for tried in self.all if not tried.barred]

    @property
    def rated(self) -> list[str]:
        """The objectives of which one way is better."""
        return [title for title, m in self.measures.items() if m.metric.better != "neither"]


# --- Which settings take part ---------------------------------------------------------------------


def find_tried(
    experiment: Experiment, contradicted: Contradicted, same: Mapping[frozenset[str], Finding]
) -> SettingsTried:
    """Return the settings that were tried.

    Runs that are one observation (see `health.one_observation`) count once, as one setting's.
    """
    every = experiment.all_runs()
    definition = experiment.definition
    settings = {n: s for n, s in definition.settings.items() if not s.replicate}
    with_file = tuple(name for name, setting in settings.items() if setting.file)
    named = tuple(name for name, setting in settings.items() if setting.named)
    measures = {name: every.measure(name) for name in definition.objectives}
    contest = SettingsTried(
        experiment,
        every,
        contradicted,
        titles={name: in_words(setting.title) for name, setting in settings.items()},
        recommended=with_file or named or tuple(settings),
        measures={measure.title: measure for measure in measures.values()},
        margins={measure.title: definition.margin(name) for name, measure in measures.items()},
        outcomes={measure.title: name for name, measure in measures.items()},
    )
    # A seed that was run twice, or a copy, is one observation of its setting.
    runs = {
        group.label: each_once((run for run in group.runs if run in every.present), same)
        or group.runs
        for group in experiment.groups
    }
    values = {label: setting_values(experiment, there[0]) for label, there in runs.items()}
    own_baseline = every.baseline_group.label
    base = values[own_baseline]
    others = [name for name in contest.titles if name not in contest.recommended]
    found, apart = [], {}
    for label, own in values.items():
        unequal = [
            name
            for name in others
            if own[name] is None or comparable(own[name]) != comparable(base[name])
        ]
        if unequal and label != own_baseline:
            unrecorded = tuple(n for n in unequal if own[n] is None or base[n] is None)
            apart[label] = Apart(tuple(n for n in unequal if n not in unrecorded), unrecorded)
        else:
            settings_tried = {name: own[name] for name in contest.recommended}
            found.append(_take_part(contest, label, runs[label], settings_tried))
    held = tuple(
        tried if tried.name == own_baseline else _bar_copy(tried, found, same) for tried in found
    )
    return replace(contest, all=held, apart=apart)


def _bar_copy(
    tried: Tried, every: Sequence[Tried], same: Mapping[frozenset[str], Finding]
) -> Tried:
    """Bar a setting of which a run is one observation with a run of another setting."""
    for other in every if not tried.barred else ():
        for pair in product(tried.runs, other.runs) if other is not tried else ():
            if (finding := same.get(frozenset(pair))) is not None:
                told = f"{pair[0]} and {pair[1]} are one observation ({finding.code})"
                return replace(tried, barred=told)
    return tried


def _take_part(
    contest: SettingsTried,
    label: str,
    runs: tuple[str, ...],
    settings: Mapping[str, Quantity | str | None],
) -> Tried:
    shown = {
        name: Quantity.unknown("not recorded", label="not recorded") if value is None else value
        for name, value in settings.items()
    }
    lacking = [contest.titles[name] for name, value in settings.items() if value is None]
    barred = ""
    if not any(run in contest.every.present for run in runs):
        barred = "not in these logs"
    elif lacking:
        barred = f"{listed(lacking)} not recorded"
    else:
        every = (s for m in contest.measures.values() for s in _list_series(contest, runs, m))
        barred = next((series.missing for series in every if isinstance(series, Quantity)), "")
    return Tried(label, runs, shown, barred)


# --- How they stand -------------------------------------------------------------------------------


def _list_series(
    contest: SettingsTried, runs: Sequence[str], measure: Measure
) -> list[Series | Quantity]:
    every = contest.every.series(measure)
    found: list[Series | Quantity] = []
    for run in runs:
        series = every[run]
        if isinstance(series, Series) and (run, series.tag) in contest.contradicted:
            reason = contest.contradicted[run, series.tag].message.rstrip(".")
            series = Quantity.unknown(reason, measure.unit, label="contradicted")
        found.append(series)
    return found


def find_window(contest: SettingsTried, clock: Clock) -> Window:
    """Return where those that can win are all known, on all objectives."""
    ends: dict[str, float] = {}
    tags: dict[str, str] = {}
    eligible = [tried for tried in list_on_clock(contest, clock) if not tried.barred]
    for tried, measure in product(eligible, contest.measures.values()):
        for series in _list_series(contest, tried.runs, measure):
            if isinstance(series, Series):
                run = series.run
                end = run.known_until(series.tag, clock)
                if not end >= ends.get(run.name, math.inf):
                    ends[run.name], tags[run.name] = end, series.tag
    return common_window(clock, ends, tags)


def list_on_clock(contest: SettingsTried, clock: Clock) -> list[Tried]:
    """Return what was tried by runs that are there and have this clock."""
    present = contest.every.present
    return [
        tried
        for tried in contest.all
        if all(run in present and clock in present[run].clocks for run in tried.runs)
    ]


def find_value(
    contest: SettingsTried, tried: Tried, measure: Measure, clock: Clock, position: float
) -> Quantity:
    """Return the value of a setting at a position: of one run, or of its replicates."""
    where = f"at {position_text(position, clock)}"
    values = {}
    for series in _list_series(contest, tried.runs, measure):
        if isinstance(series, Quantity):
            return series
        if position > series.run.known_until(series.tag, clock) * (1 + 1e-9):
            reason = f"{series.run.name} is not known {where}"
            return Quantity.unknown(reason, measure.unit, label="not known")
        values[series.run.name] = series.at_one(clock, position, measure.how(where))
    return average(values)


def find_values(
    contest: SettingsTried, clock: Clock, position: float
) -> dict[str, dict[str, Quantity]]:
    """Return the values of all settings that have this clock, by objective."""
    return {
        tried.name: {
            title: find_value(contest, tried, measure, clock, position)
            for title, measure in contest.measures.items()
        }
        for tried in list_on_clock(contest, clock)
    }


def tabulate(contest: SettingsTried, values: Mapping[str, Mapping[str, Quantity]]) -> Numbers:
    """Return numbers and reading errors of values."""
    columns = list(contest.measures)

    def frame(of: Callable[[Quantity], float]) -> pd.DataFrame:
        rows = {name: [of(row[title]) for title in columns] for name, row in values.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=float)

    return frame(lambda q: q.number), frame(lambda q: q.reading_error)


def tabulate_along(contest: SettingsTried, clock: Clock, positions: Floats) -> list[Numbers]:
    """Return numbers and reading errors at each of some positions on a clock."""
    there = list_on_clock(contest, clock)
    names, columns = [tried.name for tried in there], list(contest.measures)
    shape = (len(positions), len(names), len(columns))
    numbers, errors = np.full(shape, np.nan), np.zeros(shape)
    for column, measure in enumerate(contest.measures.values()):
        for row, tried in enumerate(there):
            series = _list_series(contest, tried.runs, measure)
            numbers[:, row, column], errors[:, row, column] = _follow(series, clock, positions)
    return [
        (pd.DataFrame(n, names, columns), pd.DataFrame(e, names, columns))
        for n, e in zip(numbers, errors, strict=True)
    ]


def _follow(
    every: Sequence[Series | Quantity], clock: Clock, positions: Floats
) -> tuple[Floats, Floats]:
    numbers = np.full((len(every), len(positions)), np.nan)
    errors = np.zeros(numbers.shape)
    for row, series in enumerate(every):
        if isinstance(series, Series):
            known = positions <= series.run.known_until(series.tag, clock) * (1 + 1e-9)
            values, read, _ = series.standing(clock, positions)
            numbers[row, known], errors[row, known] = values[known], read[known]
    return numbers.mean(axis=0), errors.max(axis=0)


def rank_tried(
    contest: SettingsTried, values: Numbers, times: float = 1.0, also: Sequence[str] = ()
) -> Ranking:
    """Rank those that can win (and others `also`), with margins `times` as large."""
    margins = {title: margin.times(times) for title, margin in contest.margins.items()}
    # Where nobody says which way is better, nobody is ahead.
    numbers, errors = (table[contest.rated] for table in values)
    higher = [n for n, m in contest.measures.items() if m.metric.better == "higher"]
    eligible = [*(tried.name for tried in contest.eligible), *also]
    return rank(numbers, margins, eligible, higher_is_better=higher, errors=errors)


def write_configuration(contest: SettingsTried, winner: Tried | None) -> str | None:
    """Return what to write into the files where the settings are set, as Python."""
    if winner is None:
        return None
    lines: list[str] = []
    written = ""
    for name, value in winner.settings.items():
        file = contest.experiment.definition.settings[name].file
        if file and file != written:
            lines.append(f"# {file}")
        written = file
        lines.append(f"{name} = {_as_python(value)}")
    return "\n".join(lines) + "\n"


def _as_python(value: Quantity | str) -> str:
    if isinstance(value, str):
        return repr(value)
    # A log keeps single precision: 0.005 comes back as 0.004999999888.
    number = float(round_off(value.number))
    return str(int(number)) if number.is_integer() else repr(number)
