"""Differences with a sign of their own, and the answer's sign beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.verdicts.asked import matters

SIGNS = {"better": "▲", "worse": "▼", "level": "="}
"""What stands for an answer in a table; pages say it as a word to those who do not see it."""


def signed_difference(
    difference: Quantity,
    *,
    better: Literal["lower", "higher", "neither"] = "neither",
    margin: float | None = None,
) -> Sentence | Quantity:
    """Return a difference as it stands in a table: ``−5.85 ▲``, its unit in the column's heading.

    Parameters
    ----------
    difference : Quantity
        Candidate minus baseline, at the one cut-off of the table.
    better : {"lower", "higher", "neither"}
        Which direction is better. Of a metric that only describes, no sign is shown.
    margin : float, optional
        What must be exceeded to matter, in the unit of the difference. Without one nothing is
        called level.

    Returns
    -------
    Sentence or Quantity
        The quantity itself where it is unknown.

    Examples
    --------
    >>> str(signed_difference(Quantity(-5.85, "s"), better="lower", margin=1.0))
    '−5.85 ▲'
    >>> str(signed_difference(Quantity(0.01, "s"), better="lower", margin=0.1))
    '+0.01 ='
    >>> str(signed_difference(Quantity(14.2, "%", 1), better="neither", margin=0.1))
    '+14.2'
    """
    if not difference.known:
        return difference
    shown = replace(difference, unit="", signed=True)
    answer = told_by(difference, better, margin)
    if not answer:
        return Sentence("{difference}", {"difference": shown})
    return Sentence(f"{{difference}} {SIGNS[answer]}", {"difference": shown})


def told_by(difference: Quantity, better: str, margin: float | None) -> str:
    """Return what a difference says: *better*, *worse*, *level*, or nothing.

    Examples
    --------
    >>> told_by(Quantity(2.0), "higher", 1.0), told_by(Quantity(2.0), "lower", None)
    ('better', 'worse')
    """
    if better == "neither" or not difference.known:
        return ""
    value = difference.number
    if not value or not matters(np.array([value]), margin or 0.0, difference.reading_error)[0]:
        return "level" if margin is not None else ""
    return "better" if (value < 0) == (better == "lower") else "worse"
