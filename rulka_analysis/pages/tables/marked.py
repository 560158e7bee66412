"""Marks beside numbers that health says something against, and the notes that explain them."""

from __future__ import annotations

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.health import marks
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.tables import Cell


class Marked:
    """The marks of one table, and what stands beneath it because of them.

    Parameters
    ----------
    comparison : Comparison
        Whose numbers it shows.
    """

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self._against: dict[Finding, None] = {}
        self._left_out: dict[tuple[str, str], Sentence] = {}

    def mark(self, value: Quantity) -> Cell:
        """Return a number, with the code of each rule that speaks against its series."""
        against = list(marks.behind(self.comparison, value))
        if not against:
            return value
        self._against |= dict.fromkeys(against)
        codes = ", ".join(dict.fromkeys(finding.code for finding in against))
        return Sentence("{value} ({codes})", {"value": value, "codes": codes})

    def series(self, measure: Measure) -> None:
        """Note what speaks against the series of a measure, and what is left out of them."""
        for run, series in self.comparison.known_series(measure).items():
            own = marks.marks_of(self.comparison, run)
            if own is not None and (finding := own.contradicts(series.tag)) is not None:
                self._against[finding] = None
        self.left_out(measure)

    def one_log(self, candidate: str) -> Cell | None:
        """Return what stands where a run would be held against itself under another name."""
        finding = marks.one_log(self.comparison, candidate)
        if finding is None:
            return None
        self._against[finding] = None
        reason = f"{candidate} and {self.comparison.baseline} are one observation, not two"
        return Quantity.unknown(reason, label=f"no data ({finding.code})")

    def left_out(self, measure: Measure) -> None:
        """Note how many values of a measure are no numbers, and so in no summary."""
        for run, series in self.comparison.known_series(measure).items():
            own = marks.marks_of(self.comparison, run)
            count = own.left_out(series.tag) if own is not None else 0
            if count:
                how = "counted: values that are NaN or infinite"
                self._left_out[run, series.tag] = Sentence(
                    "{tag} of {run}: {count} values are no numbers and are left out.",
                    {"tag": series.tag, "run": run, "count": Quantity(count, "", 0, how=how)},
                )

    @property
    def notes(self) -> list[Sentence]:
        """What stands beneath the table."""
        told = marks.explain(self._against)
        return [*(Sentence("{told}", {"told": text}) for text in told), *self._left_out.values()]
