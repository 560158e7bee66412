"""How a verdict is reached: pure functions on arrays.

A claim says how a candidate stands to a baseline. It is asked at checkpoints of the common window
(`Values`) or of several target times (`Times`), on each deciding clock, which gives a `Ballot` a
clock. `decide` makes a verdict of them, and `agreement` tells how much it depends on the rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.claims import ByAtLeast, Claim, Outcome

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

Verdict = Literal["supported", "contradicted", "cannot tell", "no data"]

# A relation holds on a clock if it is true at the end and at this share of the checkpoints; it
# fails there if it is false at the end and true at no more than the other share.
HOLDS_FROM = 0.8
FAILS_UP_TO = 0.2
# Below this share of variations that agree a verdict is fragile, and below the other none at all.
FRAGILE_BELOW = 0.8
TELLS_FROM = 0.5
TARGETS_NEEDED = 3

# What is varied to see whether a verdict depends on it; the first of each is the rule.
WINDOWS = (1 / 2, 1 / 3, 2 / 3)
FACTORS = (1.0, 0.5, 2.0)

# Positions and margins that differ by rounding are the same.
_ROUNDING = 1e-9


def sign_of(claim: Claim, *, lower_is_better: bool) -> int:
    """Return the relation a claim names: -1 lower or sooner, 1 higher or later, 0 the same.

    Of a negated claim it is the relation that is denied.

    Examples
    --------
    >>> sign_of("worse", lower_is_better=True), sign_of("not higher", lower_is_better=False)
    (1, 1)
    """
    named = claim.removeprefix("not ")
    if named in ("better", "worse"):
        return -1 if (named == "better") == lower_is_better else 1
    return {"lower": -1, "sooner": -1, "higher": 1, "later": 1, "same": 0}[named]


@dataclass(frozen=True, slots=True)
class Ballot:
    """What the checkpoints of one clock say, or the targets.

    Parameters
    ----------
    relation : array of shape (n,)
        -1 where the candidate is lower (sooner), 1 where it is higher (later), 0 where the
        difference does not matter; NaN where it is not known. In the order of the clock, or from
        the easiest target to the hardest.
    enough : array of shape (n,)
        Whether the difference is as large as claimed: 1, 0, or NaN where that is not known.
    needed : int
        How many must be known for this clock to tell anything.
    last_must_be_known : bool
        The last one is the end of the common window and not merely the hardest target that can be
        decided.
    """

    relation: Floats
    enough: Floats
    needed: int
    last_must_be_known: bool


@dataclass(frozen=True, slots=True)
class Values:
    """Candidate and baseline at checkpoints of one clock, the last of which is the end.

    Parameters
    ----------
    positions : array of shape (n,)
        The checkpoints, ascending.
    candidate, baseline : array of shape (n,)
        Values; NaN where missing.
    margin : array of shape (n,)
        How small a difference must be not to matter.
    error : array of shape (n,)
        One standard error of the difference, from reading.
    candidate_unfinished, baseline_unfinished : array of shape (n,)
        Where episodes were run and none was finished: no time, yet slower than any.
    """

    positions: Floats
    candidate: Floats
    baseline: Floats
    margin: Floats
    error: Floats
    candidate_unfinished: Truths
    baseline_unfinished: Truths

    def ballot(
        self,
        sign: int,
        least: ByAtLeast | None = None,
        window: float = WINDOWS[0],
        factor: float = 1.0,
    ) -> Ballot:
        """Return what the checkpoints of the last part of the common window say.

        Parameters
        ----------
        sign : int
            The relation that `least` is about; see `sign_of`.
        least : ByAtLeast or None
            By how much at least.
        window : float
            How much of the common window, from its end.
        factor : float
            How many margins a difference must have to matter.
        """
        end = self.positions[-1] if len(self.positions) else math.nan
        inside = self.positions >= end * (1 - window) * (1 - _ROUNDING)
        relation = self._relation(factor)[inside]
        enough = np.ones(len(relation))
        if least is not None:
            enough = least.met(self.candidate, self.baseline, sign)[inside]
        return Ballot(relation, enough, math.ceil(len(relation) / 2), last_must_be_known=True)

    def _relation(self, factor: float) -> Floats:
        difference = self.candidate - self.baseline
        relation = _relation(difference, factor * self.margin, self.error)
        only_baseline = self.candidate_unfinished & np.isfinite(self.baseline)
        only_candidate = self.baseline_unfinished & np.isfinite(self.candidate)
        return np.where(only_baseline, 1.0, np.where(only_candidate, -1.0, relation))


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
    margin : array of shape (n,)
        How small a difference must be not to matter.
    """

    candidate: Floats
    baseline: Floats
    candidate_reached: Truths
    baseline_reached: Truths
    margin: Floats

    def ballot(
        self,
        sign: int,
        least: ByAtLeast | None = None,
        window: float = WINDOWS[0],
        factor: float = 1.0,
    ) -> Ballot:
        """Return what the targets say; see `Values.ballot`.

        Targets have no window. What is varied in its place is which targets are asked: a shorter
        window leaves out the hardest, a longer one the easiest.
        """
        relation = self._relation(factor)
        enough = np.ones(len(relation)) if least is None else self._enough(sign, least)
        part = {WINDOWS[0]: slice(None), WINDOWS[1]: slice(None, -1), WINDOWS[2]: slice(1, None)}
        chosen = part[window]
        return Ballot(relation[chosen], enough[chosen], TARGETS_NEEDED, last_must_be_known=False)

    def _relation(self, factor: float) -> Floats:
        difference = self.candidate - self.baseline
        relation = _relation(difference, factor * self.margin, np.zeros(len(difference)))
        # Who did not reach a target while it was looked for is later by at least the difference.
        if_candidate_did_not = np.where(relation > 0, 1.0, np.nan)
        if_baseline_did_not = np.where(relation < 0, -1.0, np.nan)
        return self._by_who_reached(relation, if_candidate_did_not, if_baseline_did_not)

    def _enough(self, sign: int, least: ByAtLeast) -> Floats:
        met = least.met(self.candidate, self.baseline, sign)
        # A time that was not reached can only be later than what is known of it.
        surely, surely_not = np.where(met == 1, 1.0, np.nan), np.where(met == 0, 0.0, np.nan)
        candidate_did_not, baseline_did_not = surely_not, surely
        if sign > 0:
            candidate_did_not, baseline_did_not = surely, surely_not
        return self._by_who_reached(met, candidate_did_not, baseline_did_not)

    def _by_who_reached(
        self, both: Floats, candidate_did_not: Floats, baseline_did_not: Floats
    ) -> Floats:
        one = np.where(self.baseline_reached, candidate_did_not, np.nan)
        other = np.where(self.candidate_reached, baseline_did_not, one)
        return np.where(self.candidate_reached & self.baseline_reached, both, other)


def _relation(difference: Floats, margin: Floats, error: Floats) -> Floats:
    size = np.abs(difference)
    matters = (size >= margin * (1 - _ROUNDING)) & (size > error)
    return np.where(np.isfinite(difference), np.where(matters, np.sign(difference), 0.0), np.nan)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something is true on one clock.

    Parameters
    ----------
    true, known, asked : int
        Checkpoints (or targets) where it is true; where it can be told; all.
    at_end : bool or None
        At the end of the common window (or for the hardest target); None where not known.
    tells : bool
        Whether enough is known for this clock to tell anything.
    """

    true: int
    known: int
    asked: int
    at_end: bool | None
    tells: bool

    @property
    def share(self) -> float:
        """The share of known checkpoints at which it is true; NaN where none is known."""
        return self.true / self.known if self.known else math.nan

    @property
    def holds(self) -> bool:
        return self.tells and self.at_end is True and self.share >= HOLDS_FROM - _ROUNDING

    @property
    def fails(self) -> bool:
        return self.tells and self.at_end is False and self.share <= FAILS_UP_TO + _ROUNDING


def tally(true: Floats, ballot: Ballot) -> Tally:
    """Count where something is true: 1, 0, or NaN where not known, in a ballot's order.

    Examples
    --------
    >>> ballot = Ballot(np.array([1.0, 1, np.nan]), np.ones(3), needed=2, last_must_be_known=True)
    >>> tally(ballot.relation, ballot).tells
    False
    """
    known = true[np.isfinite(true)]
    last = true[-1:] if ballot.last_must_be_known else known[-1:]
    at_end = bool(last[0]) if len(last) and np.isfinite(last[0]) else None
    tells = at_end is not None and len(known) >= ballot.needed
    return Tally(int(known.sum()), len(known), len(true), at_end, tells)


def holds_at(claim: Claim, ballot: Ballot, sign: int) -> Floats:
    """Return where a claim is true: 1, 0, or NaN where that is not known."""
    relation = ballot.relation
    known = np.isfinite(relation)
    if claim == "same":
        return np.where(known, relation == 0, np.nan)
    if claim.startswith("not "):
        return np.where(known, relation != sign, np.nan)
    true = np.where(known & (relation == sign), ballot.enough, np.where(known, 0.0, np.nan))
    # Where the difference is too small for the claim, its direction need not be known.
    return np.where(ballot.enough == 0, 0.0, true)


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, which way it went, and the count of each clock.

    Parameters
    ----------
    verdict : {"supported", "contradicted", "cannot tell"}
        See the guide to verdicts.
    outcome : str
        For a contradicted claim which way: the opposite, no difference, less than claimed, mixed.
    tallies : mapping of str to Tally
        Of the claim, by clock.
    """

    verdict: Verdict
    outcome: Outcome
    tallies: Mapping[str, Tally]


def decide(claim: Claim, ballots: Mapping[str, Ballot], sign: int) -> Decision:
    """Return the verdict on a claim from the ballots of all deciding clocks.

    Supported: the claim holds on every clock. Contradicted: it fails on every clock. Anything else
    cannot be told.

    Raises
    ------
    ValueError
        If there is no ballot: without a deciding clock there are no data.
    """
    if not ballots:
        raise ValueError("no deciding clock")

    def tallies(claim: Claim, sign: int, *, least: bool = True) -> dict[str, Tally]:
        found = {}
        for clock, ballot in ballots.items():
            if not least:
                ones = np.ones(len(ballot.relation))
                ballot = Ballot(ballot.relation, ones, ballot.needed, ballot.last_must_be_known)
            found[clock] = tally(holds_at(claim, ballot, sign), ballot)
        return found

    def everywhere(claim: Claim, sign: int) -> bool:
        return all(found.holds for found in tallies(claim, sign, least=False).values())

    counted = tallies(claim, sign)
    if all(found.holds for found in counted.values()):
        return Decision("supported", "supported", counted)
    if not all(found.fails for found in counted.values()):
        return Decision("cannot tell", "cannot_tell", counted)
    outcome: Outcome = "mixed"
    if claim == "same":
        outcome = "opposite" if everywhere("higher", 1) or everywhere("lower", -1) else "mixed"
    elif claim.startswith("not ") or everywhere("higher", -sign):
        outcome = "opposite"
    elif everywhere("same", 0):
        outcome = "no_difference"
    elif everywhere("higher", sign):
        outcome = "less_than_claimed"
    return Decision("contradicted", outcome, counted)


@dataclass(frozen=True, slots=True)
class Variation:
    """One way of asking the same: over how much of the window, with which margin, on which clocks.

    `clock` is None for all deciding clocks together.
    """

    window: float = WINDOWS[0]
    factor: float = FACTORS[0]
    clock: str | None = None

    @property
    def changes(self) -> int:
        """In how many respects it differs from the rule."""
        as_ruled = (self.window == WINDOWS[0], self.factor == FACTORS[0], self.clock is None)
        return as_ruled.count(False)


def variations(clocks: Sequence[str]) -> list[Variation]:
    """Return every variation of the rule, the rule itself first.

    Examples
    --------
    >>> len(variations(["minutes", "steps"])), len(variations(["minutes"]))
    (27, 9)
    """
    chosen: list[str | None] = [None, *clocks] if len(clocks) > 1 else [None]
    return [Variation(w, f, clock) for clock in chosen for w in WINDOWS for f in FACTORS]


def vary(
    claim: Claim, asked: Mapping[str, Values | Times], sign: int, least: ByAtLeast | None = None
) -> dict[Variation, Decision]:
    """Decide on a claim by every variation of the rule.

    Parameters
    ----------
    claim : str
        One of `CLAIMS`.
    asked : mapping of str to (Values or Times)
        By deciding clock.
    sign : int
        See `sign_of`.
    least : ByAtLeast or None
        By how much at least.
    """
    found = {}
    for variation in variations(list(asked)):
        clocks = asked if variation.clock is None else (variation.clock,)
        ballots = {
            clock: asked[clock].ballot(sign, least, variation.window, variation.factor)
            for clock in clocks
        }
        found[variation] = decide(claim, ballots, sign)
    return found


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much a verdict depends on the rule.

    Parameters
    ----------
    agreeing, asked : int
        Variations with the same verdict; all.
    breaking : tuple of Variation
        The smallest changes that give another verdict.
    """

    agreeing: int
    asked: int
    breaking: tuple[Variation, ...]

    @property
    def share(self) -> float:
        return self.agreeing / self.asked

    @property
    def fragile(self) -> bool:
        return self.share < FRAGILE_BELOW - _ROUNDING

    @property
    def tells(self) -> bool:
        return self.share >= TELLS_FROM - _ROUNDING


def agreement(varied: Mapping[Variation, Decision]) -> Agreement:
    """Return how many variations of the rule give the verdict of the rule itself."""
    verdict = varied[Variation()].verdict
    others = [v for v, decision in varied.items() if decision.verdict != verdict]
    fewest = min((v.changes for v in others), default=0)
    breaking = tuple(v for v in others if v.changes == fewest)
    return Agreement(len(varied) - len(others), len(varied), breaking)


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a claim all parts of which must be true.

    Examples
    --------
    >>> all_of(["supported", "no data", "contradicted"]), all_of(["supported", "cannot tell"])
    ('contradicted', 'cannot tell')
    """
    order: tuple[Verdict, ...] = ("contradicted", "no data", "cannot tell")
    return next((verdict for verdict in order if verdict in verdicts), "supported")


def any_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a claim one part of which must be true.

    Examples
    --------
    >>> any_of(["contradicted", "supported"]), any_of(["contradicted", "cannot tell"])
    ('supported', 'cannot tell')
    """
    order: tuple[Verdict, ...] = ("supported", "no data", "cannot tell")
    return next((verdict for verdict in order if verdict in verdicts), "contradicted")
