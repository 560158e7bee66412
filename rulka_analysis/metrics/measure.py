"""What is compared: a metric of the catalogue, of a variant, as logged or per unit of a setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rulka_analysis.metrics.catalogue import Metric
from rulka_analysis.metrics.patterns import fill_in


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison's summary: which metric, and which of its numbers.

    Parameters
    ----------
    metric : str
        A metric the experiment declares, or one of the catalogue.
    variant : str or None
        The variant, where the metric has some.
    at : {"common end", "last", "best"}
        The value where the common window ends, the last one logged, or the smallest of all.
    as_logged : bool
        As logged, not per unit of the setting it scales with.
    called : str
        What stands in its name in place of the metric: of several that may stand for one another,
        the name hangs on no log.
    """

    metric: str
    variant: str | None = None
    at: Literal["common end", "last", "best"] = "common end"
    as_logged: bool = False
    called: str = ""

    @property
    def name(self) -> str:
        """Key of the row, and last part of the names of results: ``loss_logged_last``."""
        logged = "logged" if self.as_logged else ""
        which = "" if self.at == "common end" else self.at
        return "_".join(
            part for part in (self.called or self.metric, self.variant, logged, which) if part
        )


@dataclass(frozen=True, slots=True)
class Measure:
    """What is compared: a metric of the catalogue, of a variant, as logged or per unit.

    Parameters
    ----------
    name : str
        The name it was asked for by.
    metric : Metric
        The catalogue's entry.
    variant : str or None
        The variant as it stands in tags; None for a metric without variants.
    variant_title : str
        The variant as readers know it.
    per : str or None
        The setting the value is divided by, because it grows with it; None for the value as logged.
    """

    name: str
    metric: Metric
    variant: str | None = None
    variant_title: str = ""
    per: str | None = None

    @property
    def unit(self) -> str:
        return self.metric.per_unit or "" if self.per else self.metric.display_unit

    @property
    def digits(self) -> int:
        per_unit = self.metric.per_unit_digits
        return per_unit if self.per and per_unit is not None else self.metric.digits

    @property
    def title(self) -> str:
        """What it is called on pages, such as ``Loss per transition``."""
        name = (self.metric.per_unit_name if self.per else None) or self.metric.title
        if self.metric.varies_by:
            name = fill_in(name, {self.metric.varies_by: self.variant_title})
        name = name[:1].upper() + name[1:]
        named = not self.variant_title or self.variant_title in name
        return name if named else f"{name}, {self.variant_title}"

    @property
    def is_best(self) -> bool:
        """Whether the series is summarised by its best value so far."""
        return self.metric.summary == "best"

    @property
    def orientation(self) -> int:
        """1 where higher is better, or stands in its place; -1 where lower is."""
        return -1 if self.metric.better == "lower" else 1

    def how(self, where: str = "") -> str:
        """Say how a series becomes one number."""
        said = {
            "best": "best so far",
            "trailing_mean": "mean over the last tenth of the way",
            "median_of_last_three": "median of the last three readings",
        }.get(self.metric.summary, "last value logged")
        return f"{said}, {where}" if where else said

    @property
    def placeholders(self) -> dict[str, str]:
        """What stands in the pattern's braces."""
        return {
            placeholder.name: text
            for placeholder in self.metric.placeholders
            if (text := self.variant if placeholder.varies else placeholder.usual)
        }
