"""What an experiment declares: runs, settings, comparisons, conclusions.

`reader` makes it of the experiment's ``.toml``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from rulka_analysis.experiments.claims import ByAtLeast, Claim, is_about_time
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.domain import Domain
from rulka_analysis.metrics.series import Line
from rulka_analysis.values.errors import ExperimentError

# The margin of conclusions on how soon a target is reached.
TIME_TO_TARGET = "time_to_target"

SettingValue = int | float | str | bool


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that was varied between runs, or could have been."""

    name: str
    title: str
    unit: str = ""
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class DeclaredRun:
    """A run as the definition describes it; a setting that is absent was not recorded."""

    name: str
    description: str = ""
    settings: Mapping[str, SettingValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeclaredComparison:
    """Which runs are held against which baseline, and to answer what."""

    name: str
    title: str
    question: str
    baseline: str
    candidates: tuple[str, ...]


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
class GoldenMiddle:
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

    neighbours: tuple[str, ...]
    variants: tuple[str, ...]
    strict: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredConclusion:
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

    name: str
    section: str
    sentences: Mapping[str, str]
    typed: str = ""
    claim: Claim | None = None
    candidate: str = ""
    baseline: str = ""
    metric: str = ""
    variant: str | None = None
    by_at_least: ByAtLeast | None = None
    clocks: tuple[Clock, ...] = ()
    targets: tuple[float, ...] = ()
    fallback: str | None = None
    fallback_note: str = ""
    as_logged: bool = False
    all_of: tuple[str, ...] = ()
    golden_middle: GoldenMiddle | None = None
    part_sentences: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def about_time(self) -> bool:
        """Whether it claims that targets are reached sooner or later."""
        return self.claim is not None and is_about_time(self.claim)


@dataclass(frozen=True, slots=True)
class Objective:
    """What a recommendation is ranked by."""

    metric: str
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
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

    objectives: tuple[Objective, ...]
    settings: tuple[str, ...]
    configuration: Mapping[str, str]
    reason: str


@dataclass(frozen=True)
class Definition:
    """The content of an experiment's ``.toml``, checked.

    Its `variant_titles` are also an attribute under the domain's word for variants.
    """

    name: str
    title: str
    question: str
    baseline: str
    domain: Domain
    variant_titles: Mapping[str, str]
    settings: Mapping[str, Setting]
    runs: Mapping[str, DeclaredRun]
    metrics: Mapping[str, Mapping[str, tuple[str, ...]]]
    targets: Mapping[str, tuple[float, ...]]
    comparisons: Mapping[str, DeclaredComparison]
    lines: tuple[Line, ...]
    margins: Mapping[str, Mapping[str, Margin]] = field(default_factory=dict)
    conclusions: Mapping[str, DeclaredConclusion] = field(default_factory=dict)
    recommendation: Recommendation | None = None

    def __post_init__(self) -> None:
        if self.domain.variant is not None:
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
