"""What a definition may claim of two runs, and how such a claim can come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Claim = Literal[
    "better",
    "worse",
    "not better",
    "not worse",
    "higher",
    "lower",
    "not higher",
    "not lower",
    "same",
    "sooner",
    "later",
]
CLAIMS: tuple[Claim, ...] = get_args(Claim)
Outcome = Literal[
    "supported",
    "opposite",
    "no_difference",
    "less_than_claimed",
    "mixed",
    "contradicted",
    "cannot_tell",
    "no_data",
]
ALL_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

# Values that differ by rounding are the same.
_ROUNDING = 1e-9


def is_about_time(claim: Claim) -> bool:
    """Tell whether a claim is about how soon targets are reached.

    Examples
    --------
    >>> is_about_time("sooner"), is_about_time("better")
    (True, False)
    """
    return claim in ("sooner", "later")


def outcomes_of(claim: Claim, *, least: bool = False) -> tuple[Outcome, ...]:
    """Return the outcomes a claim can have, each of which needs a sentence.

    Parameters
    ----------
    claim : str
        One of `CLAIMS`.
    least : bool
        Whether it says by how much at least.

    Examples
    --------
    >>> outcomes_of("not worse")
    ('supported', 'opposite', 'cannot_tell', 'no_data')
    """
    if claim.startswith("not "):
        return ("supported", "opposite", "cannot_tell", "no_data")
    if claim == "same":
        return ("supported", "opposite", "mixed", "cannot_tell", "no_data")
    less: tuple[Outcome, ...] = ("less_than_claimed",) if least else ()
    known: tuple[Outcome, ...] = ("supported", "opposite", "no_difference", *less, "mixed")
    return (*known, "cannot_tell", "no_data")


@dataclass(frozen=True, slots=True)
class ByAtLeast:
    """How large a claim says a difference is at least.

    Parameters
    ----------
    kind : {"percent", "times", "size"}
        A share of the baseline's value; candidate over baseline (or baseline over candidate, for
        what is claimed to be lower or sooner); the unit the metric is shown in.
    amount : float
        How much.
    """

    kind: Literal["percent", "times", "size"]
    amount: float

    def met(self, candidate: Floats, baseline: Floats, sign: int) -> Floats:
        """Return where the candidate is that far on the claimed side: 1, 0, or NaN (not known)."""
        amount = self.amount * (1 - _ROUNDING)
        known = np.isfinite(candidate) & np.isfinite(baseline)
        ahead = sign * (candidate - baseline)
        if self.kind == "times":
            known = known & (candidate > 0) & (baseline > 0)
            high, low = (candidate, baseline) if sign > 0 else (baseline, candidate)
            met = high >= amount * low
        elif self.kind == "percent":
            met = ahead >= amount / 100 * np.abs(baseline)
        else:
            met = ahead >= amount
        return np.where(known, met, np.nan)
