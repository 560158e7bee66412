"""What one run and another are asked: at checkpoints, or by targets. Pure functions on arrays.

Each is asked on one clock and answers with a `Ballot`: better, worse, or a difference that does not
matter, place by place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.said import AtLeast

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

TARGETS_NEEDED = 3
# What is varied to see whether an answer depends on it; the first of each is the rule.
WINDOWS = (1 / 2, 1 / 3, 2 / 3)
FACTORS = (1.0, 0.5, 2.0)
# Positions and margins that differ by rounding are the same.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Ballot:
    """What the checkpoints of one clock say, or the targets.

    Parameters
    ----------
    signs : array of shape (n,)
        1 where the candidate is better, -1 where it is worse, 0 where the difference does not
        matter; NaN where it is not known. In the order of the clock, or from the easiest target to
        the hardest.
    needed : int
        How many must be known for this clock to tell anything.
    last_must_be_known : bool
        The last one is the end of the common window and not merely the hardest target that can be
        decided.
    has_margin : bool
        Whether it was said how small a difference does not matter; without that nothing is level.
    """

    signs: Floats
    needed: int
    last_must_be_known: bool = True
    has_margin: bool = True


@dataclass(frozen=True, slots=True)
class Values:
    """Candidate and baseline at checkpoints of one clock, the last of which is the end.

    Parameters
    ----------
    positions : array of shape (n,)
        The checkpoints, ascending.
    candidate, baseline : array of shape (n,)
        Values; NaN where missing.
    margin : array of shape (n,) or None
        How small a difference must be not to matter; None where nobody said.
    error : array of shape (n,)
        One standard error of the difference, from reading.
    candidate_unfinished, baseline_unfinished : array of shape (n,)
        Where it was tried and never finished: no value, yet worse than any. The larger value stands
        for it: such metrics are times.
    """

    positions: Floats
    candidate: Floats
    baseline: Floats
    margin: Floats | None
    error: Floats
    candidate_unfinished: Truths
    baseline_unfinished: Truths

    def ballot(
        self, orientation: int, window: float = WINDOWS[0], factor: float = FACTORS[0]
    ) -> Ballot:
        """Return what the checkpoints of the last part of the common window say.

        The window is a share of the common one, from its end; a difference must have `factor`
        margins to matter.
        """
        difference = self.candidate - self.baseline
        margin = np.zeros(len(difference)) if self.margin is None else factor * self.margin
        only_baseline = self.candidate_unfinished & np.isfinite(self.baseline)
        only_candidate = self.baseline_unfinished & np.isfinite(self.candidate)
        higher = _signs(difference, margin, self.error)
        higher = np.where(only_baseline, 1.0, np.where(only_candidate, -1.0, higher))
        return self._of_window(orientation * higher, window, has_margin=self.margin is not None)

    def amount_ballot(
        self, least: AtLeast, sign: int, window: float = WINDOWS[0], factor: float = FACTORS[0]
    ) -> Ballot:
        """Return where the difference is as large as said: 1, or -1 where it is not.

        `sign` is the side: 1 if the candidate is said to be higher, -1 if lower. `factor` has no
        bearing.
        """
        met = 2 * least.met(self.candidate, self.baseline, sign) - 1
        return self._of_window(met, window, has_margin=False)

    def _of_window(self, signs: Floats, window: float, *, has_margin: bool) -> Ballot:
        end = self.positions[-1] if len(self.positions) else math.nan
        inside = signs[self.positions >= end * (1 - window) * (1 - ROUNDING)]
        return Ballot(inside, math.ceil(len(inside) / 2), has_margin=has_margin)


@dataclass(frozen=True, slots=True)
class Times:
    """When candidate and baseline reached targets on one clock, the hardest target last.

    Parameters
    ----------
    candidate, baseline : array of shape (n,)
        Positions on the clock where a target was first reached; where it was not, the position up
        to which that is known.
    candidate_reached, baseline_reached : array of shape (n,)
        Whether it was reached.
    margin : array of shape (n,) or None
        How small a difference must be not to matter; None where nobody said.
    """

    candidate: Floats
    baseline: Floats
    candidate_reached: Truths
    baseline_reached: Truths
    margin: Floats | None

    def ballot(
        self, orientation: int = -1, window: float = WINDOWS[0], factor: float = FACTORS[0]
    ) -> Ballot:
        """Return what the targets say; see `Values.ballot`. Sooner is better.

        Targets have no window. What is varied in its place is which targets are asked: a shorter
        window leaves out the hardest, a longer one the easiest.
        """
        difference = self.candidate - self.baseline
        margin = np.zeros(len(difference)) if self.margin is None else factor * self.margin
        later = _signs(difference, margin, np.zeros(len(difference)))
        # Who did not reach a target while it was looked for is later by at least the difference.
        candidate_did_not = np.where(later > 0, 1.0, np.nan)
        baseline_did_not = np.where(later < 0, -1.0, np.nan)
        known = self._by_who_reached(later, candidate_did_not, baseline_did_not)
        return self._of_targets(orientation * known, window, has_margin=self.margin is not None)

    def amount_ballot(
        self, least: AtLeast, sign: int, window: float = WINDOWS[0], factor: float = FACTORS[0]
    ) -> Ballot:
        """Return for which targets the difference is as large as said; see `Values`."""
        met = least.met(self.candidate, self.baseline, sign)
        # A time that was not reached can only be later than what is known of it.
        surely, surely_not = np.where(met == 1, 1.0, np.nan), np.where(met == 0, 0.0, np.nan)
        candidate_did_not, baseline_did_not = surely_not, surely
        if sign > 0:
            candidate_did_not, baseline_did_not = surely, surely_not
        known = self._by_who_reached(met, candidate_did_not, baseline_did_not)
        return self._of_targets(2 * known - 1, window, has_margin=False)

    def _of_targets(self, signs: Floats, window: float, *, has_margin: bool) -> Ballot:
        part = {WINDOWS[0]: slice(None), WINDOWS[1]: slice(None, -1), WINDOWS[2]: slice(1, None)}
        return Ballot(
            signs[part[window]], TARGETS_NEEDED, last_must_be_known=False, has_margin=has_margin
        )

    def _by_who_reached(
        self, both: Floats, candidate_did_not: Floats, baseline_did_not: Floats
    ) -> Floats:
        one = np.where(self.baseline_reached, candidate_did_not, np.nan)
        other = np.where(self.candidate_reached, baseline_did_not, one)
        return np.where(self.candidate_reached & self.baseline_reached, both, other)


Asked = Values | Times


def matters(difference: Floats, margin: Floats | float, error: Floats | float = 0.0) -> Truths:
    """Tell which differences are no smaller than the margin, and larger than reading errors.

    What does not matter is level: the one rule of answers, claims and rankings.

    Examples
    --------
    >>> matters(np.array([0.1, 0.09, -0.2]), 0.1).tolist()
    [True, False, True]
    """
    size = np.abs(difference)
    found: Truths = (size >= np.asarray(margin) * (1 - ROUNDING)) & (size > error)
    return found


def _signs(difference: Floats, margin: Floats, error: Floats) -> Floats:
    sign = np.where(matters(difference, margin, error), np.sign(difference), 0.0)
    return np.where(np.isfinite(difference), sign, np.nan)
