"""Several runs of a group: what their spread allows to say. Pure functions on arrays.

Everything is over runs, never over checkpoints or episodes of one run: those depend on each other.
SciPy is imported where it is needed: it takes longer than everything else here together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.said import AtLeast
from rulka_analysis.verdicts.relations import (
    HOLDS_FROM,
    IMPLIED,
    ROUNDING,
    Agreement,
    Reason,
    Relation,
    implies,
    intersection,
)

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

LEVEL = 0.95
POWER = 0.8
# From so many runs of each group on there is an interval to print.
RUNS_NEEDED = 3
# From so many runs on the interquartile mean is shown; before, it is close to the mean.
INTERQUARTILE_FROM = 10
# More runs than this nobody makes; the search for how many are needed ends here.
MOST_RUNS = 1000
# A margin this many standard deviations wide is passed by chance in one pair of twenty:
# 1.96 · √2 = 2.77.
MARGIN_PER_SPREAD = 2.8
# A group whose largest distance to its median is this many times that of the others has bad runs.
FAR_FROM = 3.0

# What is varied with replicates; the first of each is the rule.
ENDS = (1.0, 5 / 6, 2 / 3)
FACTORS = (1.0, 0.5, 2.0)


def interquartile_mean(values: Floats) -> Floats:
    """Return the mean of the middle half along the first axis, as ``scipy.stats.trim_mean`` does.

    A quarter of the values, rounded down, is left out at each end: of fewer than four values it is
    the mean. NaN where any value is NaN. It is shown and never votes.

    Parameters
    ----------
    values : array of shape (n, ...)

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
    from scipy import stats

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
    half = float(stats.t.ppf((1 + level_of_each(family)) / 2, df)) * error
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

    Parameters
    ----------
    interval : Interval
        Of candidate minus baseline.
    least : AtLeast
        How large it is said to be.
    sign : int
        1 if the candidate is said to be higher or later, -1 if lower or sooner.

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


# --- Runs without a value -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RankTest:
    """How two groups stand where some runs have no value.

    Parameters
    ----------
    p : float
        Two-sided, exact.
    smallest_p : float
        The smallest p any outcome of so many runs could have.
    ahead : int
        1 if the candidate's mean rank is the better one, -1 if the baseline's, 0 if neither.
    finished, runs : (int, int)
        Runs with a value, and all runs, of candidate and baseline.
    """

    p: float
    smallest_p: float
    ahead: int
    finished: tuple[int, int]
    runs: tuple[int, int]

    def relation(self, family: int = 1) -> tuple[Relation, Reason | None]:
        """Return how the groups stand, or why that is undecided."""
        error = 1 - level_of_each(family)
        if self.p < error and self.ahead:
            return ("better" if self.ahead > 0 else "worse"), None
        return "undecided", "within noise" if self.smallest_p < error else "too few known"


def rank_test(candidate: Floats, baseline: Floats, orientation: int) -> RankTest:
    """Test two groups some runs of which have no value: these rank below every run that has one.

    The exact permutation test of the difference of mean ranks (Wilcoxon, Biometrics Bulletin 1,
    1945, with mid-ranks for ties): the p of ``scipy.stats.permutation_test`` with
    ``n_resamples=np.inf``. All ways of dividing the ranks are counted by their sums, one rank after
    the other, so that any number of runs can be tested.

    Parameters
    ----------
    candidate, baseline : array of shape (n,)
        One value a run; NaN for a run without one.
    orientation : int
        1 if higher is better, -1 if lower is.

    Examples
    --------
    >>> test = rank_test(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, np.nan]), -1)
    >>> round(test.p, 2), test.ahead, test.finished
    (0.1, 1, (3, 2))
    """
    groups = [np.asarray(group, dtype=float) for group in (candidate, baseline)]
    na, nb = (len(group) for group in groups)
    together = np.concatenate(groups)
    scores = np.where(np.isnan(together), -np.inf, orientation * together)
    below = (scores[:, None] > scores).sum(axis=1)
    same = (scores[:, None] == scores).sum(axis=1)
    # Twice the mid-rank is a whole number: 2 · (below + (same + 1) / 2).
    ranks = 2 * below + same + 1
    ways = _ways(ranks, na)
    own = int(ranks[:na].sum())
    least, most = ways[: own + 1].sum(), ways[own:].sum()
    possible = np.flatnonzero(ways)
    rarest = min(ways[possible[0]], ways[possible[-1]])
    expected = na * int(ranks.sum()) / (na + nb)
    finished = tuple(int(np.isfinite(group).sum()) for group in groups)
    return RankTest(
        p=float(min(1.0, 2 * min(least, most) / ways.sum())),
        smallest_p=float(min(1.0, 2 * rarest / ways.sum())),
        ahead=int(np.sign(own - expected)),
        finished=(finished[0], finished[1]),
        runs=(na, nb),
    )


def _ways(ranks: NDArray[np.int64], count: int) -> Floats:
    """Return in how many ways `count` of the ranks have each sum."""
    ways = np.zeros((count + 1, int(ranks.sum()) + 1))
    ways[0, 0] = 1
    for rank in ranks.tolist():
        for size in range(count, 0, -1):
            ways[size, rank:] += ways[size - 1, : ways.shape[1] - rank]
    chosen: Floats = ways[count]
    return chosen


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


# --- How many runs would tell ---------------------------------------------------------------------


def pooled(*groups: Floats) -> tuple[float, int]:
    """Return the standard deviation of runs of one group, from all groups, and what it rests on.

    Returns
    -------
    float, int
        The pooled standard deviation, NaN where no group has two runs; its degrees of freedom, the
        sum of (runs - 1).

    Examples
    --------
    >>> pooled(np.array([1.0, 2.0, 3.0]), np.array([5.0]))
    (1.0, 2)
    """
    df = sum(len(group) - 1 for group in groups if len(group))
    if df < 1:
        return math.nan, 0
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in map(np.sort, groups))
    return math.sqrt(squares / df), df


@dataclass(frozen=True, slots=True)
class RunsNeeded:
    """How many runs of each group would tell; None where more than anybody makes.

    Parameters
    ----------
    expected : int or None
        If runs spread as those there are.
    cautious : int or None
        If they spread as much as these still allow: the upper 80 % bound of the spread.
    for_level : bool
        What they would tell is that the two are level, not that one is better.
    """

    expected: int | None
    cautious: int | None
    for_level: bool


def runs_needed(
    difference: float, spread: float, df: float, *, margin: float | None = None, family: int = 1
) -> RunsNeeded:
    """Return how many runs of each group would decide in four of five cases.

    The power of the two-sample t test is a tail of the noncentral t distribution (Cohen,
    "Statistical power analysis for the behavioral sciences", 1988). A difference that matters is
    looked for as it is; one that does not would have to be shown to be level, by both one-sided
    tests against the margin (Schuirmann 1987), supposing that there is none at all. The upper bound
    of the spread is that of a chi-square interval.

    Adding runs until it is decided finds differences that are not there in one case of ten or more:
    whoever prints these numbers says so.

    Parameters
    ----------
    difference : float
        As found.
    spread : float
        Standard deviation of runs of one group, and the degrees of freedom it rests on; see
        `pooled`.
    df : float
    margin : float or None
        How small a difference does not matter, on the same scale.
    family : int
        How many candidates share the error.

    Examples
    --------
    >>> runs_needed(1.0, 1.0, 4)
    RunsNeeded(expected=17, cautious=40, for_level=False)
    """
    from scipy import stats

    size = abs(difference)
    for_level = margin is not None and size < margin * (1 - ROUNDING)
    bound = spread * math.sqrt(df / float(stats.chi2.ppf(1 - POWER, df)))

    def needed(s: float) -> int | None:
        def enough(runs: int) -> bool:
            free = 2 * runs - 2
            critical = float(stats.t.ppf((1 + level_of_each(family)) / 2, free))
            aim = float(margin or 0.0) if for_level else size
            if s <= 0:
                return aim > 0
            far = aim / s * math.sqrt(runs / 2)
            # SciPy has no noncentral t that far out; its tail there is all of it.
            tail = float(stats.nct.sf(critical, free, far)) if far < critical + 20 else 1.0
            return (2 * tail - 1 if for_level else tail) >= POWER

        return _smallest(enough)

    return RunsNeeded(needed(spread), needed(bound), for_level)


def _smallest(enough: Callable[[int], bool]) -> int | None:
    if enough(RUNS_NEEDED):
        return RUNS_NEEDED
    low, high = RUNS_NEEDED, 2 * RUNS_NEEDED
    while not enough(high):
        if high >= MOST_RUNS:
            return None
        low, high = high, min(2 * high, MOST_RUNS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


# --- Few runs, and one ----------------------------------------------------------------------------


def noise_limit(candidate: Floats, baseline: Floats) -> float:
    """Return below which size the difference of the means of few runs is noise.

    Student's t with a pooled standard deviation: t(.975, ν) · s · √(1/na + 1/nb), ν the sum of
    (runs - 1) ("Student", "The probable error of a mean", Biometrika 6, 1908). It supposes that
    both groups spread alike and normally, which two or three runs cannot show: it is called a limit
    under equal normal spread and not a 95 % interval. NaN where no group has two runs.

    Examples
    --------
    >>> round(noise_limit(np.array([1.0, 2.0, 3.0]), np.array([5.0])), 3)
    4.968
    """
    spread, df = pooled(candidate, baseline)
    return _limit(spread, df, 1 / len(candidate) + 1 / len(baseline))


def _limit(spread: float, df: int, shares: float) -> float:
    from scipy import stats

    if not df:
        return math.nan
    return float(stats.t.ppf((1 + LEVEL) / 2, df)) * spread * math.sqrt(shares)


@dataclass(frozen=True, slots=True)
class StandsOut:
    """Whether a difference is larger than near-replicates differ among themselves.

    Parameters
    ----------
    at_end : bool or None
        At the end of the common window; None where not all are known there.
    true, known : int
        At how many checkpoints, of those at which all are known.
    limit : float
        The limit at the last checkpoint at which all are known; NaN where there is none.
    """

    at_end: bool | None
    true: int
    known: int
    limit: float

    @property
    def steadily(self) -> bool:
        """At the end and at four fifths of the checkpoints."""
        enough = self.known > 0 and self.true / self.known >= HOLDS_FROM - ROUNDING
        return self.at_end is True and enough


def stands_out(
    candidate: Floats, baseline: Floats, near: Floats, *, runs: tuple[int, int] = (1, 1)
) -> StandsOut:
    """Hold a difference against the spread of near-replicates.

    The limit is that of `noise_limit`, with their standard deviation: of one run against one
    t(.975, n - 1) · s · √2. It has no vote: it supposes that the settings of both spread as the
    near-replicates do, and these differ among themselves in other settings, so that their spread is
    rather too large.

    Parameters
    ----------
    candidate, baseline : array of shape (n,)
        Values at the checkpoints that count; NaN where missing.
    near : array of shape (runs, n)
        Of the near-replicates.
    runs : (int, int)
        How many runs candidate and baseline are the mean of: (1, 4) for one run held against the
        mean of four near-replicates themselves.

    Examples
    --------
    >>> near = np.array([[1.0, 1.0], [1.2, 1.2], [1.4, 1.4]])
    >>> found = stands_out(np.array([9.0, 9.0]), np.array([1.2, 1.2]), near)
    >>> found.true, found.known, found.steadily
    (2, 2, True)
    """
    known = np.isfinite(candidate) & np.isfinite(baseline) & np.isfinite(near).all(axis=0)
    free = len(near) - 1
    spread = np.std(near, axis=0, ddof=1) if free > 0 else np.full(near.shape[1], np.nan)
    limits = np.array([_limit(float(s), free, 1 / runs[0] + 1 / runs[1]) for s in spread])
    beyond = known & (np.abs(candidate - baseline) >= limits)
    last = np.flatnonzero(known)
    return StandsOut(
        at_end=bool(beyond[-1]) if len(known) and known[-1] else None,
        true=int(beyond.sum()),
        known=int(known.sum()),
        limit=float(limits[last[-1]]) if len(last) else math.nan,
    )


def false_rate(margin: float, spread: float) -> float:
    """Return how often two runs of one setting differ by a margin or more.

    The difference of two normal values of standard deviation s has √2 · s, so that the rate is
    2 Φ(-m / (s √2)). It is the rate at which *better or worse* is false with one run a group, if
    what tells two runs apart lasts to the end. For 5 % a margin of 2.8 s is needed.

    Examples
    --------
    >>> round(false_rate(2.8, 1.0), 3), round(false_rate(1.0, 1.0), 2)
    (0.048, 0.48)
    """
    if spread <= 0:
        return 0.0 if margin > 0 else 1.0
    return math.erfc(margin / (2 * spread))


# --- Does it hang on one run, the end or the margin? ----------------------------------------------


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
        if self.logs:
            a, b = np.log(a), np.log(b)
        difference = orientation * float(a.mean() - b.mean())
        margin = factor * (self.margin or 0.0)
        if difference and abs(difference) >= margin * (1 - ROUNDING):
            return "better" if difference > 0 else "worse"
        return "undecided" if self.margin is None else "level"

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


# --- What was planned -----------------------------------------------------------------------------


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
