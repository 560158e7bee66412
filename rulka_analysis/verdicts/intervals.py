"""Three runs and more of each group: the interval of their difference. Pure functions on arrays.

Everything is over runs, never over checkpoints or episodes of one run: those depend on each other.
SciPy is imported where it is needed: it takes longer than everything else here together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.said import AtLeast
from rulka_analysis.verdicts.asked import ROUNDING
from rulka_analysis.verdicts.relations import Relation

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

LEVEL = 0.95
# From so many runs of each group on there is an interval to print.
RUNS_NEEDED = 3
# From so many runs on the interquartile mean is shown; before, it is close to the mean.
INTERQUARTILE_FROM = 10
# A group whose largest distance to its median is this many times that of the others has bad runs.
FAR_FROM = 3.0


def interquartile_mean(values: Floats) -> Floats:
    """Return the mean of the middle half along the first axis, as ``scipy.stats.trim_mean`` does.

    A quarter of the values, rounded down, is left out at each end: of fewer than four values it is
    the mean. NaN where any value is NaN. It is shown and never votes.

    Examples
    --------
    >>> float(interquartile_mean(np.array([1.0, 2.0, 3.0, 100.0])))
    2.5
    """
    cut = len(values) // 4
    middle = np.sort(values, axis=0)[cut : len(values) - cut]
    mean: Floats = np.asarray(middle.mean(axis=0))
    # Sorting puts NaN last, where it would be cut away.
    return np.where(np.isnan(values).any(axis=0), np.nan, mean)


def level_of_each(family: int) -> float:
    """Return at which level each of several intervals is made so that all hold together at 95 %.

    Šidák, "Rectangular confidence regions for the means of multivariate normal distributions",
    Journal of the American Statistical Association 62 (1967): 0.95 to the power of 1/k. Candidates
    share a baseline, so that their intervals depend on each other; the region then holds more often
    rather than less.

    Examples
    --------
    >>> round(level_of_each(1), 4), round(level_of_each(4), 4)
    (0.95, 0.9873)
    """
    return float(LEVEL ** (1 / max(family, 1)))


def family(runs: Mapping[str, int]) -> int:
    """Return how many candidates share the error of one outcome: those with enough runs.

    Examples
    --------
    >>> family({"a": 3, "b": 5, "c": 1}), family({})
    (2, 1)
    """
    return max(sum(count >= RUNS_NEEDED for count in runs.values()), 1)


@dataclass(frozen=True, slots=True)
class Planned:
    """Comparisons that were declared before anybody looked.

    Parameters
    ----------
    comparisons, outcomes : int
        Candidates times declared objectives, and the objectives. The error is shared by the
        candidates of an outcome, and each outcome has its own.
    """

    comparisons: int
    outcomes: int


def planned(candidates: int, objectives: Sequence[object]) -> Planned:
    """Count the planned comparisons; everything else is exploratory and not adjusted.

    Examples
    --------
    >>> planned(4, ["first", "second"])
    Planned(comparisons=8, outcomes=2)
    """
    return Planned(candidates * len(objectives), len(objectives))


# --- The interval of a difference -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interval:
    """The difference of two groups and how sure it is.

    Parameters
    ----------
    difference, low, high : float
        Candidate minus baseline, of means; with `logs`, of means of logarithms.
    error : float
        Standard error of the difference.
    df : float
        Degrees of freedom.
    runs : (int, int)
        Of candidate and baseline.
    family : int
        How many candidates share the error.
    logs : bool
        Whether the numbers are differences of logarithms: `ratio` then says how many times.
    """

    difference: float
    low: float
    high: float
    error: float
    df: float
    runs: tuple[int, int]
    family: int = 1
    logs: bool = False

    def turned(self, orientation: int) -> Interval:
        """Return it with the better side above zero: 1 as it is, -1 with the sides exchanged."""
        if orientation > 0:
            return self
        ends = (-self.difference, -self.high, -self.low)
        return Interval(*ends, self.error, self.df, self.runs, self.family, self.logs)

    @property
    def ratio(self) -> tuple[float, float, float]:
        """Candidate over baseline, and the ends of its interval; of logarithms only."""
        return math.exp(self.difference), math.exp(self.low), math.exp(self.high)


def welch(
    candidate: Floats,
    baseline: Floats,
    *,
    quantum: float = 0.0,
    family: int = 1,
    logs: bool = False,
) -> Interval:
    """Return the interval of the difference of two groups' means.

    Welch's interval (Welch, "The generalization of 'Student's' problem when several different
    population variances are involved", Biometrika 34, 1947) with its approximate degrees of freedom
    (Satterthwaite, Biometrics Bulletin 2, 1946), and three changes:

    - A variance is no smaller than that of rounding to `quantum`, which is quantum²/12: three runs
      that happen to log the same number do not make the difference certain.
    - The degrees of freedom are no more than 2 · (smaller group - 1): where a large group spreads
      most, Welch's come close to those of the large group alone and make the interval too narrow.
    - Šidák's level for several candidates; see `level_of_each`.

    Without these three (balanced groups, ``quantum=0``, ``family=1``) it is
    ``scipy.stats.ttest_ind(candidate, baseline, equal_var=False).confidence_interval()``.

    Parameters
    ----------
    candidate, baseline : array of shape (n,)
        One value a run, at least two of each.
    quantum : float
        The smallest step of the metric, or the distance between two readings.
    family : int
        How many candidates share the error; see `family`.
    logs : bool
        Compare logarithms, for margins in percent.

    Raises
    ------
    ValueError
        If a group has fewer than two values, one is missing, or there is no logarithm.

    Examples
    --------
    >>> found = welch(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]))
    >>> found.difference, round(found.low, 3), round(found.high, 3)
    (-3.0, -5.267, -0.733)
    """
    # `scipy.stats` calls the same functions, and takes three times as long to import.
    from scipy import special

    groups = [np.asarray(candidate, dtype=float), np.asarray(baseline, dtype=float)]
    if any(len(group) < 2 or not np.isfinite(group).all() for group in groups):
        raise ValueError("an interval needs two or more values of each group, and none missing")
    quanta = [quantum, quantum]
    if logs:
        if not can_take_logs(*groups):
            raise ValueError("only numbers above zero have a logarithm")
        # A step of the metric is that share of the typical value.
        quanta = [quantum / float(np.exp(np.log(group).mean())) for group in groups]
        groups = [np.log(group) for group in groups]
    # The order of runs must not matter, not even in the last digit.
    groups = [np.sort(group) for group in groups]
    na, nb = (len(group) for group in groups)
    va, vb = (
        max(float(np.var(group, ddof=1)), step**2 / 12) / len(group)
        for group, step in zip(groups, quanta, strict=True)
    )
    most = 2.0 * (min(na, nb) - 1)
    parts = va**2 / (na - 1) + vb**2 / (nb - 1)
    df = min((va + vb) ** 2 / parts, most) if parts > 0 else most
    error = math.sqrt(va + vb)
    half = float(special.stdtrit(df, (1 + level_of_each(family)) / 2)) * error
    difference = float(groups[0].mean() - groups[1].mean())
    ends = (difference - half, difference + half)
    return Interval(difference, *ends, error, df, (na, nb), family, logs)


def can_take_logs(*groups: Floats) -> bool:
    """Tell whether a margin in percent can be applied to logarithms: all values are above zero."""
    return all(bool((group > 0).all()) for group in groups)


def log_margin(percent: float) -> float:
    """Return a margin in percent as a difference of logarithms, the same in both directions.

    Examples
    --------
    >>> round(log_margin(10), 4)
    0.0953
    """
    return math.log1p(percent / 100)


def by_interval(interval: Interval, margin: float | None, orientation: int) -> Relation:
    """Return which relation an interval shows.

    Better: all of it is above zero, and the difference matters. No worse: all of it is above the
    margin's far side. Level: all of it is within the margin, that is no worse and no better, as in
    a test of equivalence (Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987).

    Parameters
    ----------
    interval : Interval
        Of candidate minus baseline.
    margin : float or None
        On the scale of the interval; without one there is only better and worse.
    orientation : int
        1 if higher is better, -1 if lower is.

    Examples
    --------
    >>> interval = Interval(-0.02, -0.05, 0.01, 0.01, 4, (3, 3))
    >>> by_interval(interval, 0.1, -1), by_interval(interval, 0.04, -1)
    ('level', 'no worse')
    """
    turned = interval.turned(orientation)
    matters = abs(turned.difference) >= (margin or 0.0) * (1 - ROUNDING)
    if turned.low > 0 and matters:
        return "better"
    if turned.high < 0 and matters:
        return "worse"
    if margin is None:
        return "undecided"
    if turned.low > -margin:
        return "level" if turned.high < margin else "no worse"
    return "no better" if turned.high < margin else "undecided"


def amount(interval: Interval, least: AtLeast, sign: int) -> Relation:
    """Return whether a difference is as large as said: better is met, worse is refuted.

    Met where the whole interval is that far or farther on the side said, refuted where all of it is
    nearer. A share of the baseline, or how many times, needs an interval of logarithms.

    The sign is 1 if the candidate is said to be higher or later, -1 if lower or sooner.

    Examples
    --------
    >>> interval = Interval(math.log(0.5), math.log(0.4), math.log(0.6), 0.1, 4, (3, 3), logs=True)
    >>> amount(interval, AtLeast("percent", 30), -1), amount(interval, AtLeast("percent", 74), -1)
    ('better', 'worse')
    """
    if interval.logs == (least.kind == "size"):
        raise ValueError("a size needs an interval of values, a share or a ratio one of logarithms")
    bound = least.amount
    if least.kind == "times":
        bound = math.log(least.amount)
    elif least.kind == "percent":
        share = least.amount / 100
        if sign < 0 and share >= 1:
            return "worse"
        bound = math.log1p(share) if sign > 0 else -math.log1p(-share)
    turned = interval.turned(sign)
    bound *= 1 - ROUNDING
    return "better" if turned.low >= bound else "worse" if turned.high < bound else "undecided"


def has_bad_runs(groups: Mapping[str, Floats]) -> tuple[str, ...]:
    """Return the groups some runs of which lie far out, where those of the others do not.

    A group's largest distance to its median exceeds three times that of the other groups. With bad
    runs in one group only, simulated intervals that promise 95 % cover 81 to 89 %.

    Examples
    --------
    >>> has_bad_runs({"a": np.array([1.0, 1.1, 9.0]), "b": np.array([1.0, 1.1, 1.2])})
    ('a',)
    """
    far = {
        name: float(np.max(np.abs(values - np.median(values))))
        for name, values in groups.items()
        if len(values) >= RUNS_NEEDED and np.isfinite(values).all()
    }
    if len(far) < 2:
        return ()
    return tuple(
        name
        for name, distance in far.items()
        if distance > FAR_FROM * max(other for one, other in far.items() if one != name)
    )


# --- Times to targets -----------------------------------------------------------------------------

Bound = Literal["", "at least", "at most", "unclear"]


@dataclass(frozen=True, slots=True)
class LogTimes:
    """How soon the runs of two groups reached targets: one number a run.

    Parameters
    ----------
    candidate, baseline : array of shape (runs,)
        Mean over the targets of the logarithm of the time, no longer than the common end.
    bound : {"", "at least", "at most", "unclear"}
        What exp(candidate - baseline) is of the true ratio, where times were cut at the end: too
        small if the candidate's were, too large if the baseline's were.
    targets, asked : int
        Targets that any run reached, which are those that count; all.
    """

    candidate: Floats
    baseline: Floats
    bound: Bound
    targets: int
    asked: int

    def interval(self, *, reading: float = 0.0, family: int = 1) -> Interval:
        """Return the interval of the difference; exp of it is candidate's time over baseline's."""
        typical = math.exp(float(np.mean(np.concatenate([self.candidate, self.baseline]))))
        found = welch(self.candidate, self.baseline, quantum=reading / typical, family=family)
        ends = (found.difference, found.low, found.high)
        return Interval(*ends, found.error, found.df, found.runs, family, logs=True)


def log_times(candidate: Floats, baseline: Floats, end: float, *, reading: float = 0.0) -> LogTimes:
    """Return one number a run: how soon it reached the targets, on the whole.

    A target that a run did not reach by the common end counts as reached there, as does one it
    reached later: without a common end the group that was trained longer would look slower. Targets
    that nobody reached by then tell nothing and are dropped.

    Why not a log-rank test: with three runs a group its asymptotic p errs in 7 to 9 % of cases
    where it promises 5 %, and its exact p is never below 0.10.

    Parameters
    ----------
    candidate, baseline : array of shape (runs, targets)
        When a run first reached a target, on one clock; NaN where it did not.
    end : float
        Where the common window ends.
    reading : float
        The distance between two readings; no time is known to be shorter.

    Examples
    --------
    >>> times = log_times(np.array([[10.0, 40.0]]), np.array([[20.0, np.nan]]), end=80.0)
    >>> round(float(np.exp(times.candidate - times.baseline)[0]), 2), times.bound
    (0.5, 'at most')
    """
    both = np.concatenate([candidate, baseline]).astype(float)
    late: Truths = ~(both <= end * (1 + ROUNDING))
    kept: Truths = np.asarray(~late.all(axis=0))
    known = np.maximum(np.where(late, end, np.minimum(both, end)), reading)[:, kept]
    means = np.log(known).mean(axis=1) if kept.any() else np.full(len(both), np.nan)
    runs = len(candidate)
    cut = (bool(late[:runs, kept].any()), bool(late[runs:, kept].any()))
    bounds: dict[tuple[bool, bool], Bound] = {
        (False, False): "",
        (True, False): "at least",
        (False, True): "at most",
        (True, True): "unclear",
    }
    return LogTimes(means[:runs], means[runs:], bounds[cut], int(kept.sum()), len(kept))
