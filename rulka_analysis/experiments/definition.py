"""What an experiment declares: runs, settings, comparisons, conclusions.

Each class is a table of the experiment's ``.toml``, which `reader` reads: its fields are the keys.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, cast

from annotated_types import MinLen

from rulka_analysis.experiments.claims import ByAtLeast, Claim, is_about_time
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.domain import Domain
from rulka_analysis.metrics.series import Line
from rulka_analysis.values.errors import ExperimentError
from rulka_analysis.values.toml import (
    ANY,
    NAMED,
    NOT_IN_FILE,
    Before,
    MadeOf,
    NamedTomlTable,
    Positive,
    Reference,
    Text,
    TomlTable,
)

# The margin of conclusions on how soon a target is reached.
TIME_TO_TARGET = "time_to_target"

SettingValue = int | float | str | bool

# Names that the definition, its domain or the catalogue must know.
RunName = Annotated[str, Reference("run")]
SettingName = Annotated[str, Reference("setting")]
MetricName = Annotated[str, Reference("metric")]
VariantName = Annotated[str, Reference("variant")]


def _checked_value(value: Any) -> SettingValue:
    if not isinstance(value, SettingValue):
        raise ValueError("must be a number or a text")
    return value


def _made_size(declared: Mapping[Literal["percent", "times", "size"], float]) -> ByAtLeast:
    if len(declared) != 1:
        raise ValueError("must be one of { percent = 74 }, { times = 2 } and { size = 0.5 }")
    ((kind, amount),) = declared.items()
    return ByAtLeast(kind, amount)


@dataclass(frozen=True, slots=True)
class DeclaredSetting(NamedTomlTable):
    """Something that was varied between runs, or could have been.

    Parameters
    ----------
    title, unit : str
        What it is called, and what it is counted in.
    tag : str or None
        Where a log records it, if not where the catalogue says.
    schedule : bool
        It is meant to change within a run.
    """

    title: Text
    unit: Text = ""
    tag: Text | None = None
    schedule: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredRun(NamedTomlTable):
    """A run as the definition describes it; a setting that is absent was not recorded."""

    description: Text = ""
    settings: Mapping[SettingName, Annotated[SettingValue, MadeOf(Any, _checked_value)]] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True)
class DeclaredComparison(NamedTomlTable):
    """Which runs are held against which baseline, and to answer what."""

    title: Text
    question: Text
    candidates: Annotated[tuple[RunName, ...], MinLen(1)]
    baseline: RunName = ""


@dataclass(frozen=True, slots=True)
class MetricTable(TomlTable):
    """Which of the catalogue's metrics stand for a metric of the experiment, and why."""

    reason: Text
    variants: Mapping[
        VariantName,
        Annotated[
            tuple[Annotated[str, Reference("metric of the catalogue")], ...],
            Before(lambda names: (names,) if isinstance(names, str) else names),
        ],
    ]


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


@dataclass(frozen=True, slots=True)
class MarginTable(TomlTable):
    """A metric's margins: one, or one a variant; see `Margin`."""

    reason: Text
    size: Annotated[
        Mapping[str, Positive], Before(lambda size: size if isinstance(size, dict) else {"": size})
    ] = field(default_factory=dict)
    percent: Positive | None = None
    at_least: Literal["one reading"] | None = None

    def by_variant(self) -> dict[str, Margin]:
        """Return the margin of each variant; under ``""`` the one of all."""
        if not self.size and self.percent is None:
            raise ValueError("lacks a size or a percent; add one")
        sizes: Mapping[str, float | None] = self.size or {"": None}
        one_reading = self.at_least is not None
        return {
            variant: Margin(size, self.percent, one_reading, self.reason)
            for variant, size in sizes.items()
        }


@dataclass(frozen=True, slots=True)
class GoldenMiddle(TomlTable):
    """The claim that a run is no worse than any neighbour and better than each somewhere.

    Parameters
    ----------
    neighbours : tuple of str
        The runs next to it along the path that was tried.
    variants : tuple of str
        The variants on which they are held against each other.
    strict : bool
        Better than every neighbour on every variant.
    """

    neighbours: Annotated[tuple[RunName, ...], MinLen(1)]
    variants: Annotated[tuple[VariantName, ...], MinLen(1)]
    strict: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredConclusion(NamedTomlTable):
    """A sentence with a rule: what is claimed, of which runs, and what is said of each outcome.

    Parameters
    ----------
    name, section : str
        Its name, and the comparison it belongs to.
    typed : str
        The author's own words, where it is one of theirs.
    claim : str or None
        What is claimed of the candidate; None for a compound.
    candidate, baseline, metric : str
        Which runs, on what. Empty for ``all_of``.
    variant : str or None
        As it stands in tags.
    by_at_least : ByAtLeast or None
        How large the difference is claimed to be.
    clocks : tuple of Clock
        The deciding clocks; empty for those of the metric.
    targets : tuple of float
        For sooner and later.
    fallback : str or None
        The metric that decides where health contradicts `metric`.
    fallback_note : str
        What a reader must know where it does.
    as_logged : bool
        The claim is about the number as logged, not per unit of the setting it scales with.
    all_of : tuple of str
        A compound's parts: names of other conclusions.
    golden_middle : GoldenMiddle or None
        A compound of its own kind.
    sentences : mapping of str to str
        By outcome.
    part_sentences : mapping of str to mapping
        For a golden middle: the sentences of its parts, by claim.
    """

    section: Annotated[str, Reference("comparison")]
    # In the file also the name of a set of them.
    sentences: Annotated[
        Mapping[str, Text], Before(lambda own: own if isinstance(own, dict) else {"": own})
    ] = field(default_factory=dict)
    typed: Text = ""
    claim: Claim | None = None
    candidate: RunName = ""
    baseline: RunName = ""
    metric: MetricName = ""
    variant: VariantName | None = None
    by_at_least: (
        Annotated[
            ByAtLeast, MadeOf(Mapping[Literal["percent", "times", "size"], Positive], _made_size)
        ]
        | None
    ) = None
    clocks: Annotated[tuple[Annotated[Clock, Reference("clock")], ...], MinLen(1)] = ()
    targets: Annotated[tuple[Positive, ...], MinLen(1)] = ()
    fallback: MetricName | None = None
    fallback_note: Text = ""
    as_logged: bool = False
    all_of: Annotated[tuple[Annotated[str, Reference("conclusion")], ...], MinLen(1)] = ()
    golden_middle: GoldenMiddle | None = None
    part_sentences: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict, kw_only=True, metadata=NOT_IN_FILE
    )

    @property
    def about_time(self) -> bool:
        """Whether it claims that targets are reached sooner or later."""
        return self.claim is not None and is_about_time(self.claim)


@dataclass(frozen=True, slots=True)
class Objective(TomlTable):
    """What a recommendation is ranked by."""

    metric: MetricName
    variant: VariantName | None = None


@dataclass(frozen=True, slots=True)
class DeclaredRecommendation(TomlTable):
    """How the recommended settings are chosen.

    Parameters
    ----------
    objectives : tuple of Objective
        In the order in which they decide.
    settings : tuple of str
        What is recommended.
    configuration : mapping of str to str
        The file each setting is set in.
    reason : str
        Why these objectives in this order.
    """

    objectives: Annotated[tuple[Objective, ...], MinLen(1)]
    settings: Annotated[tuple[SettingName, ...], MinLen(1)]
    reason: Text
    configuration: Mapping[str, Text] = field(default_factory=dict)


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
    """

    title: Text
    question: Text
    baseline: RunName
    domain_name: Text = ""
    variant_titles: Mapping[str, Text] = field(default_factory=dict)
    settings: Annotated[Mapping[str, DeclaredSetting], NAMED] = field(default_factory=dict)
    runs: Annotated[Mapping[str, DeclaredRun], NAMED] = field(default_factory=dict)
    metrics: Mapping[
        str,
        Annotated[Mapping[str, tuple[str, ...]], MadeOf(MetricTable, lambda table: table.variants)],
    ] = field(default_factory=dict)
    targets: Mapping[VariantName, Annotated[tuple[Positive, ...], MinLen(1)]] = field(
        default_factory=dict
    )
    comparisons: Annotated[Mapping[str, DeclaredComparison], NAMED] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    margins: Mapping[
        Annotated[str, Reference("margin")],
        Annotated[Mapping[str, Margin], MadeOf(MarginTable, MarginTable.by_variant)],
    ] = field(default_factory=dict)
    sentences: Mapping[str, Mapping[str, Text]] = field(default_factory=dict)
    conclusions: Annotated[Mapping[str, DeclaredConclusion], NAMED] = field(default_factory=dict)
    recommendation: DeclaredRecommendation | None = None
    health: HealthTable = field(default_factory=HealthTable)
    name: str = field(default="", kw_only=True, metadata=NOT_IN_FILE)
    # None only until the reader has said whose it is.
    domain: Annotated[Domain, ANY] = field(
        default=cast(Domain, None), kw_only=True, metadata=NOT_IN_FILE
    )

    def __post_init__(self) -> None:
        if self.domain is not None and self.domain.variant is not None:
            vars(self)[self.domain.variant.plural] = self.variant_titles

    def declared_margin(self, metric: str, variant: str | None = None) -> Margin | None:
        """Return the margin of a metric on a variant, where one is declared."""
        by_variant = self.margins.get(metric, {})
        return by_variant.get(variant or "", by_variant.get(""))

    def margin(self, metric: str, variant: str | None = None) -> Margin:
        """Return the margin of a metric on a variant.

        Raises
        ------
        ExperimentError
            If none is declared.
        """
        found = self.declared_margin(metric, variant)
        if found is None:
            raise ExperimentError(self.lacks_margin(metric, variant))
        return found

    def lacks_margin(self, metric: str, variant: str | None) -> str:
        """Word that a margin is not declared, and what to do about it."""
        on = f" on {variant}" if variant else ""
        return (
            f"experiment {self.name!r} declares no margin for {metric}{on}; "
            f"add [margins.{metric}] with a size or percent, and a reason"
        )
