"""What somebody said of two groups, as a definition writes it: one line, read without a rule.

``512 · 512× lower than 2048 · 160× on loss by 74 %`` names a candidate, what is said of it, a
baseline, an outcome and by how much at least. Whether it holds is asked elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.values.errors import ExperimentError, unknown

Floats = NDArray[np.float64]
Amounts = Literal["percent", "times", "size"]

# How a relation may be said; longer ones first, so that "no better" is not read as "better".
SAID: tuple[str, ...] = (
    *("no better", "no worse", "no higher", "no lower", "no sooner", "no later"),
    *("better", "worse", "higher", "lower", "sooner", "later", "level", "same"),
)
# An amount that differs by rounding is met.
_ROUNDING = 1e-9
_GRAMMAR = "<group> <what is said> [than <group>] on <outcome> [by <amount> [%|times|<unit>]]"
_FORM = re.compile(
    rf"(?P<candidate>.+?) (?P<said>{'|'.join(SAID)})(?: than (?P<baseline>.+?))?"
    r" on (?P<outcome>\S+)(?: by (?P<amount>[0-9.]+) ?(?P<unit>\S+)?)?"
)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """How large a difference is said to be at least.

    Parameters
    ----------
    kind : {"percent", "times", "size"}
        A share of the baseline's value; candidate over baseline (or baseline over candidate, of
        what is said to be lower or sooner); the unit the metric is shown in.
    amount : float
        How much.
    """

    kind: Amounts
    amount: float

    def met(self, candidate: Floats, baseline: Floats, sign: int) -> Floats:
        """Return where the candidate is that far on one side: 1, 0, or NaN (not known)."""
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


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said of two groups.

    Parameters
    ----------
    candidate, baseline : str
        A group's label, or a run of it; an empty baseline is that of the comparison.
    said : str
        One of `SAID`.
    outcome : str
        The name of an outcome.
    least : AtLeast or None
        By how much at least.
    """

    candidate: str
    said: str
    outcome: str
    baseline: str = ""
    least: AtLeast | None = None


def is_about_time(said: str) -> bool:
    """Tell whether what is said is about how soon targets are reached.

    Examples
    --------
    >>> is_about_time("no later"), is_about_time("better")
    (True, False)
    """
    return said.removeprefix("no ") in ("sooner", "later")


def read_said(text: str, groups: Collection[str], outcomes: Collection[str]) -> Said:
    """Read one thing said.

    Raises
    ------
    ExperimentError
        If it cannot be read, or names what is not there.

    Examples
    --------
    >>> read_said("uni_7 lower on loss by 74 %", ["uni_7"], ["loss"]).least
    AtLeast(kind='percent', amount=74.0)
    >>> groups = ["512 · 512×", "uni_5"]
    >>> found = read_said("512 · 512× no worse than uni_5 on best", groups, ["best"])
    >>> found.said, found.candidate, found.baseline
    ('no worse', '512 · 512×', 'uni_5')
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        example = f"{next(iter(groups), 'b')} better on {next(iter(outcomes), 'loss')} by 5 %"
        raise ExperimentError(f"cannot read {text!r}; write {_GRAMMAR}, such as {example!r}")
    named = [(found["candidate"], "group", groups), (found["outcome"], "outcome", outcomes)]
    if found["baseline"]:
        named.append((found["baseline"], "group", groups))
    for name, what, known in named:
        if name not in known:
            raise ExperimentError(unknown(what, name, known, f"in {text!r}"))
    if found["baseline"] == found["candidate"]:
        raise ExperimentError(f"{text!r} holds a group against itself; name two groups")
    least = None
    if found["amount"] is not None:
        weak = found["said"].startswith("no ") or found["said"] in ("level", "same")
        if weak:
            raise ExperimentError(f"{text!r}: {found['said']} has no amount; leave out 'by …'")
        try:
            amount = float(found["amount"])
        except ValueError:
            raise ExperimentError(f"{text!r}: {found['amount']!r} is no number") from None
        kinds = {"%": "percent", "percent": "percent", "times": "times", "×": "times"}
        least = AtLeast(cast(Amounts, kinds.get(found["unit"] or "", "size")), amount)
    return Said(found["candidate"], found["said"], found["outcome"], found["baseline"] or "", least)
