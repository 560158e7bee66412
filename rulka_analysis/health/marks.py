"""What must be said beside numbers wherever they are printed.

Which series health contradicts, which runs are one observation, how many values are left out
because they are no numbers. It is found when first asked for, and kept with the run: a table asks
again for every cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.health import contradicted, readings_findings
from rulka_analysis.health.copies import copies, fingerprint
from rulka_analysis.health.readings import Readings, readings_of
from rulka_analysis.logs.runs import Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.once import once_each
from rulka_analysis.values.quantities import Quantity


class Marks:
    """What is to be said beside the numbers of one run, given its tags."""

    def __init__(self, readings: Readings) -> None:
        self.readings = readings
        self.findings = readings_findings(readings)
        self._contradicted = {tag: f for (_, tag), f in contradicted(self.findings).items()}
        self._same: dict[str, Finding | None] = {}

    def contradicts(self, tag: str) -> Finding | None:
        """Return the error that says that a tag does not hold what it should."""
        return self._contradicted.get(tag)

    def same_as(self, other: Marks) -> Finding | None:
        """Return the finding that this run and another are one observation."""
        name = other.readings.name
        if name not in self._same:
            logs = {log.name: log for log in (other.readings, self.readings)}
            found = copies(
                [fingerprint(other.readings), fingerprint(self.readings)], logs.__getitem__
            )
            self._same[name] = next(iter(found), None)
        return self._same[name]

    def left_out(self, tag: str) -> int:
        """Return how many values of a tag are no numbers, and so are in no summary."""
        reading = self.readings[tag]
        return int(np.count_nonzero(~reading.finite))


def marks_of(comparison: Comparison, name: str) -> Marks | None:
    """Return what is to be said beside the numbers of a compared run; None where it is absent."""
    run = comparison.runs.get(name)
    if run is None:
        return None
    return of_run(run, comparison.catalogue, comparison.variant_titles)


def of_run(run: Run, catalogue: Catalogue, titles: Mapping[str, str] | None = None) -> Marks:
    """Return what is to be said beside the numbers of a run."""
    return _marks(readings_of(run, catalogue, titles))


@once_each
def _marks(log: Readings) -> Marks:
    return Marks(log)


def behind(comparison: Comparison, value: Quantity) -> Iterator[Finding]:
    """Yield what health says against a number: each finding once.

    The series its events are from may be contradicted; events of two runs may be one observation.
    """
    yield from dict.fromkeys(_behind(comparison, value))


def _behind(comparison: Comparison, value: Quantity) -> Iterator[Finding]:
    for run, tag in dict.fromkeys((event.run, event.tag) for event in value.evidence):
        marks = marks_of(comparison, run)
        if marks is not None and (finding := marks.contradicts(tag)) is not None:
            yield finding


def one_log(comparison: Comparison, name: str) -> Finding | None:
    """Return the finding that a candidate and the baseline are one observation."""
    own, base = marks_of(comparison, name), marks_of(comparison, comparison.baseline)
    return own.same_as(base) if own and base and own is not base else None


def explain(found: Iterable[Finding]) -> list[str]:
    """Say what the marks beside numbers stand for, one line a finding.

    Examples
    --------
    >>> explain([Finding("gap", "warning", "A gap.")])
    ['RK201: A gap.']
    """
    return [f"{finding.code}: {finding.message}" for finding in dict.fromkeys(found)]
