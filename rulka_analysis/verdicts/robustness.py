"""Does an answer of several runs hang on one run, on the end or on the margin? Pure functions.

With one run a group the rule itself is varied (`relations`); with several, what it is asked of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.verdicts.asked import FACTORS, ROUNDING
from rulka_analysis.verdicts.ranks import rank_test
from rulka_analysis.verdicts.relations import (
    IMPLIED,
    Agreement,
    Relation,
    implies,
    intersection,
)

Floats = NDArray[np.float64]

# What is varied with replicates; the first of each is the rule.
ENDS = (1.0, 5 / 6, 2 / 3)


@dataclass(frozen=True, slots=True)
class Sample:
    """One value a run at one end of one clock.

    Parameters
    ----------
    candidate, baseline : array of shape (runs,)
        NaN for a run without a value.
    margin : float or None
        How small a difference does not matter, on the scale compared.
    logs : bool
        Compare logarithms.
    """

    candidate: Floats
    baseline: Floats
    margin: float | None
    logs: bool = False

    def by_estimate(self, orientation: int, factor: float = 1.0) -> Relation:
        """Return how the two stand by the difference alone, however sure it is."""
        a, b = self.candidate, self.baseline
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            # Without a value of every run there is no mean; their ranks have one.
            ahead = rank_test(a, b, orientation).ahead
            return "better" if ahead > 0 else "worse" if ahead < 0 else "undecided"
        a, b = self.on_scale()
        difference = orientation * float(a.mean() - b.mean())
        margin = factor * (self.margin or 0.0)
        if difference and abs(difference) >= margin * (1 - ROUNDING):
            return "better" if difference > 0 else "worse"
        return "undecided" if self.margin is None else "level"

    def on_scale(self) -> tuple[Floats, Floats]:
        """Return the values on the scale on which they are compared."""
        if self.logs:
            return np.log(self.candidate), np.log(self.baseline)
        return self.candidate, self.baseline

    def without(self, run: int) -> Sample:
        """Return it without one run, counted through the candidate's and then the baseline's."""
        count = len(self.candidate)
        a, b = self.candidate, self.baseline
        a, b = (np.delete(a, run), b) if run < count else (a, np.delete(b, run - count))
        return Sample(a, b, self.margin, self.logs)


@dataclass(frozen=True, slots=True)
class RunVariation:
    """One way of asking several runs the same; `clock` is None for all deciding clocks together.

    `without` is the run left out, counted through the candidate's and then the baseline's.
    """

    end: float = ENDS[0]
    factor: float = FACTORS[0]
    clock: str | None = None
    without: int | None = None

    @property
    def changes(self) -> int:
        """In how many respects it differs from the rule."""
        ruled = (self.end == ENDS[0], self.factor == FACTORS[0], self.clock is None)
        return (*ruled, self.without is None).count(False)


def agreement_of_runs(
    relation: Relation, samples: Mapping[str, Mapping[float, Sample]], orientation: int
) -> Agreement[RunVariation]:
    """Return how much an answer of several runs depends on the end, the margin, clocks and runs.

    Every variation is judged by its estimate, not by an interval of its own. The answer may be
    called fragile by it; it never changes.

    Parameters
    ----------
    relation : str
        The answer. Of one that says nothing, nothing is asked.
    samples : mapping of str to mapping of float to Sample
        By deciding clock, then by share of the common window (`ENDS`).
    orientation : int
        1 if higher is better, -1 if lower is.
    """
    if not IMPLIED[relation] or not samples:
        return Agreement(0, 0)

    def says(v: RunVariation) -> Relation:
        found: list[Relation] = []
        for clock in samples if v.clock is None else (v.clock,):
            # Where it is not known at an earlier end, that end tells nothing.
            if v.end not in samples[clock]:
                return "undecided"
            sample = samples[clock][v.end]
            sample = sample if v.without is None else sample.without(v.without)
            found.append(sample.by_estimate(orientation, v.factor))
        return intersection(found)

    clocks: list[str | None] = [None, *samples] if len(samples) > 1 else [None]
    varied = [RunVariation(e, f, clock) for clock in clocks for e in ENDS for f in FACTORS]
    first = next(iter(samples.values()))[ENDS[0]]
    count = len(first.candidate) + len(first.baseline)
    varied += [RunVariation(without=run) for run in range(count)]
    others = [v for v in varied if not implies(says(v), relation)]
    fewest = min((v.changes for v in others), default=0)
    breaking = tuple(v for v in others if v.changes == fewest)
    return Agreement(len(varied) - len(others), len(varied), breaking)
