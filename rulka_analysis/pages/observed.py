"""What one tag of one run holds, as shown: how far its values range, the last of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.runs import Run
from rulka_analysis.logs.timeline import Events
from rulka_analysis.metrics import summaries
from rulka_analysis.metrics.catalogue import Metric
from rulka_analysis.metrics.domain import Words
from rulka_analysis.metrics.made import made_of
from rulka_analysis.metrics.series import show_values
from rulka_analysis.values.operations import Parameter
from rulka_analysis.values.quantities import Made, Quantity, Sentence
from rulka_analysis.values.tables import Cell


@dataclass(frozen=True)
class Observed:
    """The events of one tag in one run, as shown.

    Parameters
    ----------
    run : Run
        The run.
    tag : str
        The tag.
    events : Events
        As `Run.events` returns them.
    values : array of shape (n,)
        In the unit shown; NaN for episodes that were not finished and for what is not finite.
    unfinished : int
        Episodes that logged the cutoff.
    digits : int or None
        Decimals shown; None for as many as show four figures of the number.
    factor : float
        Shown value = logged value × this.
    words : Words
        What the domain calls things.
    metric : Metric or None
        Says how values are shown; None as logged.
    """

    run: Run
    tag: str
    events: Events
    values: NDArray[np.float64]
    unfinished: int
    digits: int | None
    factor: float
    words: Words
    metric: Metric | None = None

    @property
    def finite(self) -> NDArray[np.int64]:
        return np.flatnonzero(np.isfinite(self.values))

    @property
    def left_out(self) -> int:
        """Values that are NaN or infinite."""
        return len(self.values) - len(self.finite) - self.unfinished

    @property
    def lowest(self) -> int:
        return int(np.nanargmin(self.values))

    @property
    def highest(self) -> int:
        return int(np.nanargmax(self.values))

    @property
    def last(self) -> int:
        return int(self.finite[-1])

    def quantity(self, value: float, at: Sequence[int], how: str, by: Made) -> Quantity:
        """Return a number that rests on the events at some positions, and how it was made."""
        error = float(self.events.reading_errors[list(at)].max()) * abs(self.factor)
        evidence = tuple(self.run.evidence(self.tag, i) for i in at)
        digits = _decimals(value) if self.digits is None else self.digits
        about = f"{self.tag}, {self.run.name}"
        return Quantity(value, "", digits, evidence, how, error, made=by, about=about)

    def made(self, operation: str, **parameters: Parameter) -> Made:
        """Return how a number was made of the values as shown."""
        return made_of(self.run.name, self.tag, self.metric, operation, None, **parameters)

    def at(self, index: int, how: str, operation: str) -> Quantity:
        return self.quantity(float(self.values[index]), (index,), how, self.made(operation))

    def unknown(self) -> Quantity:
        """Return the reason why there is no value at all."""
        if self.unfinished:
            what = f"{self.unfinished:,} {self.words.episodes} of {self.run.name}"
            return Quantity.unknown(f"none of {what} was finished", label="none finished")
        return Quantity.unknown(
            f"none of {len(self.values):,} values of {self.run.name} is a number",
            label="no number",
        )


def observed(run: Run, tag: str, words: Words, metric: Metric | None = None) -> Observed:
    """Read one tag of one run; without a metric, as logged."""
    events = run.events(tag)
    values = events.values
    if metric is None:
        values = np.where(np.isfinite(values), values, np.nan)
        return Observed(run, tag, events, values, 0, None, 1.0, words)
    values, late = show_values(values, metric, metric.display_factor)
    values = np.where(np.isfinite(values), values, np.nan)
    count, factor = int(late.sum()), metric.display_factor
    return Observed(run, tag, events, values, count, metric.digits, factor, words, metric)


def _decimals(value: float) -> int:
    """Return how many decimals show four figures of a number; none for a whole one.

    Examples
    --------
    >>> _decimals(0.01234), _decimals(-96.6), _decimals(1e6), _decimals(0.0)
    (5, 2, 0, 0)
    """
    if value == int(value):
        return 0
    return min(12, max(0, 3 - math.floor(math.log10(abs(value)))))


def columns_of(metric: Metric) -> dict[str, str]:
    """Return the columns of `range_and_last`, by key."""
    # Units stand once, in the heading.
    unit = f" ({metric.display_unit})" if metric.display_unit else ""
    return {"range": f"Range{unit}", "last": f"Last{unit}"}


def range_and_last(one: Observed) -> tuple[Cell, Cell]:
    """Return how far the values of one run range, and the last of them."""
    if not len(one.finite):
        return one.unknown(), one.unknown()
    count = len(one.finite)
    what = "new bests" if one.run.records_only(one.tag) else "values"
    last = one.at(one.last, "last value logged", "last")
    if count == 1:
        return _range(one.at(one.last, "the only value logged", "last")), last
    low, high = one.lowest, one.highest
    if one.values[low] == one.values[high]:
        how = f"the same in all {count:,} {what} logged"
        return _range(one.at(one.last, how, "last")), last
    return _range(
        one.at(low, f"lowest of {count:,} {what} logged", "least"),
        one.at(high, f"highest of {count:,} {what} logged", "greatest"),
    ), last


def over_runs(found: Sequence[Observed]) -> tuple[Cell, Cell]:
    """Return the range and the last values of several runs or tags."""
    known = [one for one in found if len(one.finite)]
    if not known:
        return found[0].unknown(), found[0].unknown()
    if len(known) == 1:
        return range_and_last(known[0])
    count = sum(len(one.finite) for one in known)
    low = min(known, key=lambda one: float(one.values[one.lowest]))
    high = max(known, key=lambda one: float(one.values[one.highest]))
    first = min(known, key=lambda one: float(one.values[one.last]))
    final = max(known, key=lambda one: float(one.values[one.last]))
    where = f"{len(known):,} curves"
    return (
        _range(
            low.at(low.lowest, f"lowest of {count:,} values in {where}", "least"),
            high.at(high.highest, f"highest of {count:,} values in {where}", "greatest"),
        ),
        _range(
            first.at(first.last, f"lowest of the last values of {where}", "last"),
            final.at(final.last, f"highest of the last values of {where}", "last"),
        ),
    )


def _range(low: Quantity, high: Quantity | None = None) -> Sentence:
    if high is None or low.number == high.number:
        return Sentence("{low}", {"low": low})
    return Sentence("{low} to {high}", {"low": low, "high": high})


def _median_of_last_three(one: Observed) -> Quantity:
    at = summaries.last_three(one.values)
    if not at:
        return one.unknown()
    value = summaries.median_of_last_three(one.values)
    by = one.made("median", values=3.0)
    return one.quantity(value, at, "median of the last three values logged", by)


def _finish_rate(one: Observed) -> Quantity:
    if not len(one.finite):
        return one.unknown()
    finished, rates = summaries.finish_rate_so_far(one.values / one.factor)
    count, every = finished[one.last], len(one.finite)
    how = f"{count:,} of {every:,} {one.words.episodes} finished; the first and the last of them"
    ends = sorted({int(one.finite[0]), one.last})
    return one.quantity(float(rates[one.last]) * one.factor, ends, how, one.made("mean"))


STATISTICS = {
    "median_of_last_three": ("Median of last three", _median_of_last_three),
    "finish_rate": ("Finish rate", _finish_rate),
}


def left_out(found: Sequence[Observed], metric: Metric) -> Iterator[Sentence]:
    """Say what is in neither range nor last value."""
    unfinished = sum(one.unfinished for one in found)
    if unfinished:
        episode = add_article(found[0].words.episode)
        yield Sentence(
            f"{{unfinished}} of {{values}} logged values are the cutoff of {episode} that was not "
            "finished: they are in neither range nor last value.",
            {
                "unfinished": counted(unfinished, f"at or above {metric.cutoff_seconds:g} s"),
                "values": counted(sum(len(one.values) for one in found), "values logged"),
            },
        )
    broken = sum(one.left_out for one in found)
    if broken:
        yield Sentence(
            "{broken} logged values are not numbers (NaN or infinite) and are left out.",
            {"broken": counted(broken, "NaN or infinite, in all runs shown")},
        )


def counted(number: int, how: str) -> Quantity:
    """Return a count of what `how` names."""
    return Quantity(float(number), "", 0, how=f"counted: {how}")


def add_article(noun: str) -> str:
    """Return a noun with its indefinite article.

    Examples
    --------
    >>> add_article("episode"), add_article("game")
    ('an episode', 'a game')
    """
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"
