"""Which comes first when several objectives decide in order: pure functions on tables of values."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from rulka_analysis.verdicts.asked import matters


class HasMargin(Protocol):
    """What says how small a difference does not matter, as an experiment's margins do."""

    def of(self, base: float, reading: float = 0.0) -> float: ...


@dataclass(frozen=True, slots=True)
class Step:
    """What one objective decided about those that were still level.

    Parameters
    ----------
    objective : str
        The objective.
    best : float
        The best value among those that were level; NaN where none has one.
    margin : float
        From how far behind it on one is no longer level.
    level : tuple of str
        Who is level after it.
    behind : tuple of str
        Who fell behind by it.
    """

    objective: str
    best: float
    margin: float
    level: tuple[str, ...]
    behind: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Who comes first, second, …

    Parameters
    ----------
    places : tuple of tuple of str
        Best first; those that share a place cannot be told apart.
    steps : tuple of Step
        How the first place was decided, objective by objective.
    without_value : tuple of str
        Those that may win but have no value on any objective.
    """

    places: tuple[tuple[str, ...], ...]
    steps: tuple[Step, ...]
    without_value: tuple[str, ...] = ()

    @property
    def first(self) -> tuple[str, ...]:
        return self.places[0] if self.places else ()

    @property
    def second(self) -> tuple[str, ...]:
        return self.places[1] if len(self.places) > 1 else ()


def rank(
    values: pd.DataFrame,
    margins: Mapping[str, HasMargin],
    eligible: Collection[str],
    *,
    higher_is_better: Collection[str] = (),
    errors: pd.DataFrame | None = None,
) -> Ranking:
    """Rank by objectives in order; ties within the margin are broken by the next.

    Being level is not transitive (a may be level with b and b with c, but not a with c), so every
    value is held against the best alone: on each objective all stay level whose difference to the
    best value among those still level does not matter, by the rule that answers go by, and the next
    objective decides between them. Who is left after the last objective cannot be told apart and
    shares the first place. The second place is decided in the same way among the others, and so on.

    A missing value is behind every value (nobody finished is behind somebody who did); where nobody
    has a value the objective decides nothing.

    Parameters
    ----------
    values : DataFrame
        A row for each to be ranked, a column for each objective, in the order in which they decide.
    margins : mapping
        The margin of each objective.
    eligible : collection of str
        Rows that may have a place.
    higher_is_better : collection of str
        Objectives of which the largest value is best; of the others it is the smallest.
    errors : DataFrame, optional
        Reading errors, of the shape of `values`. A difference below the combined error of two
        readings is none, whatever the margin.

    Examples
    --------
    >>> from rulka_analysis.experiments.definition import Margin
    >>> values = pd.DataFrame(
    ...     {"time": [24.60, 24.65, 25.00], "loss": [66.0, 58.0, 57.0]}, index=["a", "b", "c"]
    ... )
    >>> margins = {"time": Margin(size=0.1), "loss": Margin(size=1.0)}
    >>> rank(values, margins, ["a", "b", "c"]).places
    (('b',), ('a',), ('c',))
    """
    # The order of rows must not matter, nor that of `eligible`.
    rows = values.loc[sorted(set(values.index) & set(eligible))].astype(float)
    known = rows.notna().any(axis=1)
    left = [str(name) for name in rows.index[known]]
    # Hundreds of rankings are asked for, of a few rows each: a data frame would take longer.
    columns = [
        _Column(
            str(objective),
            {str(name): float(value) for name, value in rows[objective].items()},
            {} if errors is None else {str(n): float(e) for n, e in errors[objective].items()},
            margins[objective],
            upwards=objective in higher_is_better,
        )
        for objective in rows.columns
    ]
    places: list[tuple[str, ...]] = []
    steps: tuple[Step, ...] = ()
    while left:
        decided = tuple(_decide(left, columns))
        steps = steps or decided
        first = decided[-1].level
        places.append(first)
        left = [name for name in left if name not in first]
    return Ranking(tuple(places), steps, tuple(str(name) for name in rows.index[~known]))


@dataclass(frozen=True, slots=True)
class _Column:
    """An objective: the value of each row, its reading error, and what does not matter."""

    objective: str
    values: Mapping[str, float]
    errors: Mapping[str, float]
    margin: HasMargin
    upwards: bool

    def best(self, names: Iterable[str]) -> str | None:
        """Return who has the best value; the first of several, None where nobody has one."""
        there = [name for name in names if not math.isnan(self.values[name])]
        pick = max if self.upwards else min
        return pick(there, key=self.values.__getitem__) if there else None

    def is_level(self, name: str, best: str, margin: float) -> bool:
        distance = self.values[name] - self.values[best]
        if math.isnan(distance):
            return False
        errors = [self.errors[row] for row in (name, best)] if self.errors and name != best else []
        return not distance or not bool(
            matters(np.array([distance]), margin, math.hypot(*errors)).any()
        )


def _decide(left: Sequence[str], columns: Iterable[_Column]) -> Iterator[Step]:
    level = list(left)
    for column in columns:
        best = column.best(level)
        if best is None:
            yield Step(column.objective, math.nan, math.nan, tuple(level), ())
        else:
            value = column.values[best]
            margin = column.margin.of(value)
            behind = [name for name in level if not column.is_level(name, best, margin)]
            level = [name for name in level if name not in behind]
            yield Step(column.objective, value, margin, tuple(level), tuple(behind))
        if len(level) == 1:
            break


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a clock on which the same are first.

    Parameters
    ----------
    begin, end : float
        Its first and last checkpoint.
    first : tuple of str
        Who is first; several that cannot be told apart, or nobody.
    """

    begin: float
    end: float
    first: tuple[str, ...]


def stretches(positions: Sequence[float], rankings: Sequence[Ranking]) -> tuple[Stretch, ...]:
    """Return where on a clock who is first, neighbouring checkpoints with the same answer as one.

    Examples
    --------
    >>> a, b = Ranking((("a",), ("b",)), ()), Ranking((("b",), ("a",)), ())
    >>> [(s.begin, s.end, s.first) for s in stretches([5, 10, 15], [a, a, b])]
    [(5.0, 10.0, ('a',)), (15.0, 15.0, ('b',))]
    """
    found: list[Stretch] = []
    for position, ranking in zip(positions, rankings, strict=True):
        if found and found[-1].first == ranking.first:
            found[-1] = Stretch(found[-1].begin, float(position), ranking.first)
        else:
            found.append(Stretch(float(position), float(position), ranking.first))
    return tuple(found)
