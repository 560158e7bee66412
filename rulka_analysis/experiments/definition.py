"""What an experiment declares: runs, settings, comparisons, outcomes, claims.

Each class is a table of the experiment's ``.toml``, which `reader` reads: its fields are the keys.
Answers are not declared: every comparison is asked every outcome by itself.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, cast

from annotated_types import Ge, MinLen

from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.domain import Domain
from rulka_analysis.values.toml import (
    ANY,
    NAMED,
    NOT_IN_FILE,
    Before,
    MadeOf,
    NamedTomlTable,
    Reference,
    Text,
    TomlTable,
)

SettingValue = int | float | str | bool

# Names that the definition, its domain or the catalogue must know.
RunName = Annotated[str, Reference("run")]
SettingName = Annotated[str, Reference("setting")]
VariantName = Annotated[str, Reference("variant")]
OutcomeName = Annotated[str, Reference("outcome")]
GroupName = Annotated[str, Reference("group")]
ComparisonName = Annotated[str, Reference("comparison")]
ClockName = Annotated[Clock, Reference("clock")]


def _listed(one: Any) -> Any:
    return (one,) if isinstance(one, str) else one


def _checked_value(value: Any) -> SettingValue:
    if not isinstance(value, SettingValue):
        raise ValueError("must be a number or a text")
    return value


MetricNames = Annotated[
    tuple[Annotated[str, Reference("metric of the catalogue")], ...], Before(_listed)
]
Values = Mapping[str, Annotated[SettingValue, MadeOf(Any, _checked_value)]]


@dataclass(frozen=True, slots=True)
class DeclaredSetting(NamedTomlTable):
    """Something that was varied between runs, or could have been.

    Parameters
    ----------
    title, unit : str
        What it is called, and what it is counted in.
    label : str
        What stands for it in the name of a group, ``{}`` for its value.
    named : bool
        It stands in the name of every group.
    replicate : bool
        It does not tell groups apart, as a seed does not.
    tag : str or None
        Where a log records it, if not where the catalogue says.
    schedule : bool
        It is meant to change within a run.
    file : str
        Where it is set, if it is recommended.
    """

    title: Text = ""
    unit: Text = ""
    label: Text = ""
    named: bool = False
    replicate: bool = False
    tag: Text | None = None
    schedule: bool = False
    file: Text = ""


def _about_and_settings(table: Any) -> Any:
    """Return a run's table, whose keys are settings and one is `about`."""
    if not isinstance(table, dict):
        return table
    settings = {name: value for name, value in table.items() if name != "about"}
    return (
        {"about": table["about"], "settings": settings}
        if "about" in table
        else {"settings": settings}
    )


@dataclass(frozen=True, slots=True)
class DeclaredRun(NamedTomlTable):
    """A run as the definition describes it; a setting that is absent was not recorded."""

    about: Text = ""
    settings: Values = field(default_factory=dict)


def _runs_and_settings(table: Any) -> Any:
    """Return a group's table, whose keys are settings and two are `runs` and `about`."""
    if not isinstance(table, dict):
        return table
    own = {name: table[name] for name in ("runs", "about") if name in table}
    return {**own, "settings": {n: value for n, value in table.items() if n not in own}}


@dataclass(frozen=True, slots=True)
class DeclaredGroup(NamedTomlTable):
    """A group written by hand: its runs by name or pattern, and what was set in all of them."""

    runs: Annotated[tuple[Text, ...], Before(_listed), MinLen(1)]
    about: Text = ""
    settings: Values = field(default_factory=dict)

    def holds(self, run: str) -> bool:
        """Tell whether a run is of the group, by its name."""
        return any(fnmatchcase(run, pattern) for pattern in self.runs)


@dataclass(frozen=True, slots=True)
class DeclaredComparison(NamedTomlTable):
    """Which groups are held against which baseline, and to answer what.

    A group goes by its label or by the name of one of its runs.
    """

    candidates: Annotated[tuple[GroupName, ...], MinLen(1)] = ()
    baseline: GroupName = ""
    title: Text = ""
    question: Text = ""


@dataclass(frozen=True, slots=True)
class Margin:
    """How small a difference of a metric must be not to matter, and why.

    Parameters
    ----------
    size : float or None
        In the unit the metric is shown in.
    percent : float or None
        Of the baseline's value.
    one_reading : bool
        At least the distance between two readings.
    reason : str
        Why this much.
    """

    size: float | None = None
    percent: float | None = None
    one_reading: bool = False
    reason: str = ""

    def of(self, base: float, reading: float = 0.0) -> float:
        """Return the margin beside a baseline's value: the largest of what is declared.

        Parameters
        ----------
        base : float
            The baseline's value; NaN leaves the share of it out.
        reading : float
            The distance between two readings.

        Examples
        --------
        >>> Margin(percent=10, one_reading=True).of(80.0, reading=5.0)
        8.0
        >>> Margin(percent=10, one_reading=True).of(20.0, reading=5.0)
        5.0
        """
        parts = [self.size or 0.0]
        if self.percent is not None and math.isfinite(base):
            parts.append(abs(base) * self.percent / 100)
        if self.one_reading and math.isfinite(reading):
            parts.append(reading)
        return max(parts)

    @property
    def declared(self) -> bool:
        """Whether it says anything: without a margin nothing is level."""
        return self.size is not None or self.percent is not None

    @property
    def in_percent(self) -> float | None:
        """The percentage, where it is declared in nothing else: then logarithms are compared."""
        return self.percent if self.size is None else None

    def times(self, factor: float) -> Margin:
        """Return it so many times as large."""
        size = None if self.size is None else self.size * factor
        percent = None if self.percent is None else self.percent * factor
        return replace(self, size=size, percent=percent)


def _made_margin(declared: Any) -> Margin:
    """Return the margin of ``0.1``, ``"10 %"`` or both."""
    margin = Margin()
    for part in declared if isinstance(declared, tuple) else (declared,):
        number: Any = part
        if isinstance(part, str):
            text, percent, rest = part.partition("%")
            try:
                number = float(text) if percent and not rest else None
            except ValueError:
                number = None
        if isinstance(number, bool) or not isinstance(number, int | float) or not number > 0:
            raise ValueError('must be a number above zero, a share such as "10 %", or both')
        if isinstance(part, str):
            margin = replace(margin, percent=float(number))
        else:
            margin = replace(margin, size=float(number))
    return margin


DeclaredMargin = Annotated[Margin, MadeOf(Any, _made_margin)]


@dataclass(frozen=True, slots=True)
class Outcome(NamedTomlTable):
    """What is asked of every comparison.

    Parameters
    ----------
    metric : tuple of str
        A metric of the catalogue; of several, the first that is logged.
    variant : str or None
        The variant, where the metric has some.
    as_logged : bool
        As logged, not per unit of the setting it scales with.
    tag : str
        In place of `metric`: a tag, of which the following says what a catalogue would.
    title, better, summary, unit, digits, scales_with
        What it is called; ``higher``, ``lower`` or ``neither``; how a series becomes one number;
        what it is counted in, and with how many decimals; the setting it grows with.
    margin : Margin
        How small a difference does not matter; without one nothing is level.
    reason : str
        Why this much.
    targets : tuple of float
        By which runs are compared on how soon they get there.
    instead : str or None
        The outcome that answers where health contradicts this one's series.
    instead_note : str
        What a reader must know where it does.
    only_claims : bool
        Only claims ask for it.
    """

    metric: MetricNames = ()
    variant: VariantName | None = None
    as_logged: bool = False
    tag: Text = ""
    title: Text = ""
    better: Literal["higher", "lower", "neither"] = "neither"
    summary: Literal["best", "last", "trailing mean", "median of three"] = "last"
    unit: Text = ""
    digits: Annotated[int, Ge(0)] = 2
    scales_with: SettingName | None = None
    margin: DeclaredMargin = Margin()
    reason: Text = ""
    targets: Annotated[tuple[float, ...], MinLen(1)] = ()
    instead: OutcomeName | None = None
    instead_note: Text = ""
    only_claims: bool = False


@dataclass(frozen=True, slots=True)
class Shown(TomlTable):
    """A line of summaries that is never an answer of its own."""

    metric: MetricNames
    variant: VariantName | None = None
    at: Literal["common end", "last", "best"] = "common end"
    as_logged: bool = False
    reason: Text = ""


@dataclass(frozen=True, slots=True)
class Pace(TomlTable):
    """How small a difference of how soon targets are reached does not matter, and why.

    `planned`: comparisons of pace were declared before anybody looked, as those of objectives are.
    """

    margin: DeclaredMargin = Margin()
    at_least: Literal["one reading"] | None = None
    reason: Text = ""
    planned: bool = False

    @property
    def allowed(self) -> Margin:
        return replace(self.margin, one_reading=self.at_least is not None, reason=self.reason)


@dataclass(frozen=True, slots=True)
class GoldenMiddle(TomlTable):
    """The claim that a group is no worse than any neighbour and better than each somewhere.

    Parameters
    ----------
    of : str
        The group.
    neighbours : tuple of str
        Those next to it along the path that was tried.
    on : tuple of str
        The outcomes on which they are held against each other.
    strict : bool
        Better than every neighbour on every outcome.
    """

    of: GroupName
    neighbours: Annotated[tuple[GroupName, ...], MinLen(1)]
    on: Annotated[tuple[OutcomeName, ...], MinLen(1)]
    strict: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredClaim(NamedTomlTable):
    """What somebody said, held against answers.

    Parameters
    ----------
    text : str
        Their own words.
    says : str
        What they come to; see `said.read_said`.
    clocks : tuple of Clock
        The clocks it is about; those of the outcome by default.
    all_of, any_of : tuple of str
        In place of `says`: parts, which are names of claims or say it here.
    golden_middle : GoldenMiddle or None
        In place of `says`.
    because : str
        The setting it is put down to.
    headline : bool
        Among the few that stand on the experiment's own page.
    """

    text: Text = ""
    says: Text = ""
    clocks: Annotated[tuple[ClockName, ...], MinLen(1)] = ()
    all_of: Annotated[tuple[Text, ...], MinLen(1)] = ()
    any_of: Annotated[tuple[Text, ...], MinLen(1)] = ()
    golden_middle: GoldenMiddle | None = None
    because: SettingName = ""
    headline: bool = False


@dataclass(frozen=True, slots=True)
class HealthTable(TomlTable):
    """What findings about logs the author has seen, and why they need not be told again.

    Parameters
    ----------
    mute : mapping of str to str
        The reason by the code, or the kind, of a rule.
    """

    mute: Mapping[Annotated[str, Reference("rule of health")], Text] = field(default_factory=dict)


@dataclass(frozen=True)
class Definition(TomlTable):
    """The content of an experiment's ``.toml``, checked.

    Its `variant_titles` are also an attribute under the domain's word for variants.

    Parameters
    ----------
    objectives : tuple of str
        The outcomes that decide what is recommended, in order. Comparisons on them are planned.
    step_clock : str
        What the step of an event counts, where the domain's word for it is not this program's.
    clocks : tuple of Clock
        Those that decide, unless a metric of the catalogue has others.
    near_replicates : tuple of str
        Runs that differ in little: their spread gives a limit of noise, which has no vote.
    replicates : tuple of str
        Settings that do not tell groups apart.
    exclude : mapping of str to str
        Runs that are left out, and why.
    every_run : mapping
        Settings of every run that does not say otherwise.
    """

    title: Text
    baseline: GroupName
    question: Text = ""
    domain_name: Text = ""
    objectives: Annotated[tuple[OutcomeName, ...], MinLen(1)] = ()
    objectives_reason: Text = ""
    step_clock: Text = ""
    clocks: Annotated[tuple[ClockName, ...], MinLen(1)] = ()
    near_replicates: tuple[RunName, ...] = ()
    replicates: tuple[SettingName, ...] = ()
    exclude: Mapping[RunName, Text] = field(default_factory=dict)
    variant_titles: Mapping[str, Text] = field(default_factory=dict)
    settings: Annotated[Mapping[str, DeclaredSetting], NAMED] = field(default_factory=dict)
    every_run: Values = field(default_factory=dict)
    runs: Annotated[Mapping[str, Annotated[DeclaredRun, Before(_about_and_settings)]], NAMED] = (
        field(default_factory=dict)
    )
    groups: Annotated[Mapping[str, Annotated[DeclaredGroup, Before(_runs_and_settings)]], NAMED] = (
        field(default_factory=dict)
    )
    comparisons: Annotated[Mapping[str, DeclaredComparison], NAMED] = field(default_factory=dict)
    outcomes: Annotated[Mapping[str, Outcome], NAMED] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    shown: tuple[Shown, ...] = ()
    claims: Mapping[ComparisonName, Annotated[Mapping[str, DeclaredClaim], NAMED]] = field(
        default_factory=dict
    )
    sentences: Mapping[ComparisonName, Mapping[OutcomeName, Text]] = field(default_factory=dict)
    health: HealthTable = field(default_factory=HealthTable)
    name: str = field(default="", kw_only=True, metadata=NOT_IN_FILE)
    # None only until the reader has said whose it is.
    domain: Annotated[Domain, ANY] = field(
        default=cast(Domain, None), kw_only=True, metadata=NOT_IN_FILE
    )

    def __post_init__(self) -> None:
        if self.domain is not None and self.domain.variant is not None:
            vars(self)[self.domain.variant.plural] = self.variant_titles

    @property
    def asked(self) -> dict[str, Outcome]:
        """The outcomes that every comparison is asked."""
        return {name: one for name, one in self.outcomes.items() if not one.only_claims}

    def margin(self, outcome: str) -> Margin:
        """Return an outcome's margin, else that of the one which answers in its place."""
        own = self.outcomes[outcome]
        if not own.margin.declared and own.instead is not None:
            return self.margin(own.instead)
        return replace(own.margin, reason=own.reason)

    def targets(self, outcome: str) -> tuple[float, ...]:
        """Return an outcome's targets, else those of the one which answers in its place."""
        own = self.outcomes[outcome]
        if not own.targets and own.instead is not None:
            return self.targets(own.instead)
        return own.targets

    def declares(self, run: str) -> bool:
        """Tell whether a run belongs to the experiment."""
        return run in self.runs or any(group.holds(run) for group in self.groups.values())

    def with_runs(self, there: Collection[str]) -> Definition:
        """Return it with the runs that groups written by hand have in some logs."""
        if not self.groups:
            return self
        runs = dict(self.runs)
        for group in self.groups.values():
            named = [name for name in group.runs if not set("*?[") & set(name)]
            for run in dict.fromkeys([*named, *filter(group.holds, there)]):
                own = self.runs.get(run, DeclaredRun(name=run))
                settings = {**self.every_run, **group.settings, **own.settings}
                runs[run] = DeclaredRun(own.about or group.about, settings, name=run)
        return replace(self, runs=runs)

    def group_by_hand(self, run: str) -> str:
        """Return the name of the group in which an author put a run; empty for none."""
        return next((name for name, group in self.groups.items() if group.holds(run)), "")
