"""How sure an answer is, in words: how many runs, what they allow to say, how many would tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import listed
from rulka_analysis.verdicts.asked import FACTORS, WINDOWS
from rulka_analysis.verdicts.deciding import Decided
from rulka_analysis.verdicts.intervals import (
    INTERQUARTILE_FROM,
    LEVEL,
    Planned,
    interquartile_mean,
)
from rulka_analysis.verdicts.relations import Variation
from rulka_analysis.verdicts.robustness import ENDS, RunVariation
from rulka_analysis.verdicts.spread import MARGIN_PER_SPREAD, RunsNeeded, StandsOut
from rulka_analysis.verdicts.words import (
    About,
    bounds,
    checks,
    filled,
    finished,
    like_it,
    limit_of,
)

Floats = NDArray[np.float64]

# In a sentence no more variations than these are named.
_NAMED = 3
_WINDOW_WORDS = {
    WINDOWS[1]: "over the last third of the common window",
    WINDOWS[2]: "over the last two thirds of the common window",
}
_TARGET_WORDS = {WINDOWS[1]: "without the hardest target", WINDOWS[2]: "without the easiest target"}
_FACTOR_WORDS = {FACTORS[1]: "with half the margin", FACTORS[2]: "with twice the margin"}


def checks_agree(
    decided: Decided, *, of_targets: bool = False, runs: Sequence[str] = ()
) -> Sentence:
    """Say how many variations of the rule agree; empty where that tells nothing.

    Examples
    --------
    >>> print(checks_agree(Decided("level", None, "observed once", {}, 6, 9)))
    Fragile: 6 of 9 robustness checks agree.
    """
    if not decided.asked or decided.reason in ("within noise", "too few known"):
        return Sentence("")
    if decided.relation == "undecided" and decided.reason != "hangs on the rule":
        return filled("{checks}.", {"checks": checks(decided, "are undecided, too")})
    breaking = decided.observation.agreement.breaking if decided.observation else ()
    named = [variation_words(v, of_targets=of_targets) for v in breaking]
    named += [run_variation_words(v, runs) for v in decided.breaking]
    named = named[:_NAMED]
    told = f"; the answer changes {', or '.join(named)}" if decided.fragile and named else ""
    return filled(
        "{fragile}{checks}{breaks}.",
        {
            "fragile": "Fragile: " if decided.fragile else "",
            "checks": checks(decided),
            "breaks": told,
        },
    )


def variation_words(variation: Variation, *, of_targets: bool = False) -> str:
    """Word a variation of the rule.

    Examples
    --------
    >>> variation_words(Variation(factor=2.0, clock="steps"))
    'with twice the margin and by steps alone'
    """
    windows = _TARGET_WORDS if of_targets else _WINDOW_WORDS
    words = [windows.get(variation.window, ""), _FACTOR_WORDS.get(variation.factor, "")]
    words.append(f"by {variation.clock} alone" if variation.clock else "")
    return " and ".join(word for word in words if word)


def run_variation_words(variation: RunVariation, runs: Sequence[str]) -> str:
    """Word a variation of what several runs are asked.

    Examples
    --------
    >>> run_variation_words(RunVariation(without=1), ["a_0", "a_1"])
    'without a_1'
    >>> run_variation_words(RunVariation(end=2 / 3, factor=2.0), [])
    'at 67 % of the common window and with twice the margin'
    """
    early = variation.end < ENDS[0]
    words = [f"at {variation.end:.0%} of the common window".replace("%", " %") if early else ""]
    words.append(_FACTOR_WORDS.get(variation.factor, ""))
    words.append(f"by {variation.clock} alone" if variation.clock else "")
    if variation.without is not None:
        known = variation.without < len(runs)
        words.append(f"without {runs[variation.without]}" if known else "without one of the runs")
    return " and ".join(word for word in words if word)


def one_piece(clocks: Sequence[str], interpolated: Sequence[str]) -> Sentence:
    """Say so where clocks are made of each other; empty where one decides, or all are logged.

    Examples
    --------
    >>> print(one_piece(["minutes", "steps"], ["steps"]))
    Steps are interpolated, so the clocks are almost one piece of evidence.
    """
    if len(clocks) < 2 or not interpolated:
        return Sentence("")
    what = interpolated[0].capitalize()
    return Sentence(f"{what} are interpolated, so the clocks are almost one piece of evidence.")


def left_out(clock: str, runs: Sequence[str]) -> Sentence:
    """Say that a clock that would decide is missing, and of which runs.

    Examples
    --------
    >>> print(left_out("steps", ["uni_9"]))
    Not compared by steps: uni_9 has no such clock.
    """
    have = "has" if len(runs) == 1 else "have"
    fields: dict[str, Quantity | str | Sentence] = {
        "clock": clock,
        "runs": listed(list(runs)),
        "have": have,
    }
    return filled("Not compared by {clock}: {runs} {have} no such clock.", fields)


def interquartile_means(
    about: About, candidate: Floats, baseline: Floats, like: Quantity
) -> Sentence:
    """Say the means of the middle halves of many runs; empty for fewer.

    Examples
    --------
    >>> runs = np.array([24.5, 24.6, 24.6, 24.7, 24.7, 24.7, 24.8, 24.8, 24.9, 29.0])
    >>> print(interquartile_means(About("", "a", "b"), runs, runs + 1, Quantity(1.0, "s")))
    Interquartile means: 24.72 s with a, 25.72 s with b; they decide nothing.
    """
    if min(len(candidate), len(baseline)) < INTERQUARTILE_FROM:
        return Sentence("")
    means = [float(interquartile_mean(group)) for group in (candidate, baseline)]
    if not all(map(math.isfinite, means)):
        return Sentence("")
    how = "mean of the middle half of the runs"
    mine, other = (replace(like_it(mean, like, how), evidence=()) for mean in means)
    fields: dict[str, Quantity | str] = {
        "mine": mine,
        "a": about.candidate,
        "other": other,
        "b": about.baseline,
    }
    return Sentence(
        "Interquartile means: {mine} with {a}, {other} with {b}; they decide nothing.", fields
    )


def of_runs(about: About, decided: Decided, like: Quantity, margin: Quantity | None) -> Sentence:
    """Say what the number of runs allows to say.

    Examples
    --------
    >>> decided = Decided("better", None, "observed once", {})
    >>> print(of_runs(About("", "a", "b"), decided, Quantity(1, "s"), Quantity(0.1, "s")))
    One run a setting: seed noise is unknown; differences under 0.10 s are ignored.
    """
    ignored = Sentence("")
    if margin is not None:
        ignored = Sentence("; differences under {margin} are ignored", {"margin": margin})
    if decided.method == "observed once":
        return filled("One run a setting: seed noise is unknown{ignored}.", {"ignored": ignored})
    fields: dict[str, Quantity | str | Sentence] = {
        "runs": Quantity(about.runs[0], "", 0, how=f"runs of {about.candidate}"),
        "others": Quantity(about.runs[1], "", 0, how=f"runs of {about.baseline}"),
        "ignored": ignored,
    }
    if decided.method == "noise limit":
        limits = [limit_of(n, like) for n in decided.noise.values() if math.isfinite(n.limit)]
        if not limits:
            return filled("{runs} against {others}: too few runs to know their spread.", fields)
        fields["limit"] = limits[0]
        what = "differences under {limit} are"
        if like.unit == "times":
            what = "a ratio under {limit} either way is"
        text = (
            f"{{runs}} against {{others}} runs: {what} within noise, a limit under equal normal "
            "spread{ignored}."
        )
        return filled(text, fields)
    if decided.ranks:
        fields["finished"] = finished(next(iter(decided.ranks.values())))
        return filled("{finished}: compared by ranks, those without a value last.", fields)
    if not decided.intervals:
        return filled("{runs} against {others} runs, too few of them with a value.", fields)
    found = next(iter(decided.intervals.values()))
    low, high = bounds(found, like)
    fields["level"] = Quantity(100 * LEVEL, "%", 0, how="level of the interval")
    ratio = like.unit == "times"
    fields["what"] = "ratio" if ratio else "difference"
    fields |= {"low": replace(low, unit="") if ratio else low, "high": high}
    fields["together"] = f", for {found.family} candidates together" if found.family > 1 else ""
    text = (
        "{level} interval of the {what}: {low} to {high} ({runs} against {others} "
        "runs{together}){ignored}."
    )
    return filled(text, fields)


def observed_once(margins: Sequence[tuple[Quantity, str]]) -> Sentence:
    """Say once for a page what one run a setting can bear.

    Examples
    --------
    >>> print(observed_once([(Quantity(0.1, "s"), "Ant"), (Quantity(1.0, "s", 1), "Hill")]))
    One run a setting: seed noise is unknown; differences under 0.10 s (Ant) and 1.0 s (Hill) are \
ignored.
    """
    each = [
        Sentence("{margin} ({where})" if where else "{margin}", {"margin": margin, "where": where})
        for margin, where in margins
    ]
    if not each:
        return Sentence("One run a setting: seed noise is unknown.")
    text = "One run a setting: seed noise is unknown; differences under {each} are ignored."
    return filled(text, {"each": listed(each)})


def chance_alone(rate: Quantity, margin: Quantity, spread: Quantity) -> Sentence:
    """Say how often two runs of one setting would differ by the margin, and by what seldom.

    Examples
    --------
    >>> print(chance_alone(Quantity(64, "%", 0), Quantity(0.1, "s"), Quantity(0.15, "s")))
    If runs of one setting differ with a standard deviation of 0.15 s, two of them differ by \
0.10 s or more in 64 % of cases, and by 0.42 s or more in 5 %.
    """
    text = (
        "If runs of one setting differ with a standard deviation of {spread}, two of them differ "
        "by {margin} or more in {rate} of cases, and by {seldom} or more in {few}."
    )
    how = f"{MARGIN_PER_SPREAD} standard deviations"
    fields = {
        "rate": rate,
        "margin": margin,
        "spread": spread,
        "seldom": like_it(MARGIN_PER_SPREAD * spread.number, spread, how),
        "few": Quantity(100 * (1 - LEVEL), "%", 0, how=how),
    }
    return Sentence(text, fields)


# Beside every number of runs, and once beside several.
WARNED = "Adding runs until it is decided finds differences that are not there."


def how_many_runs(
    needed: RunsNeeded, hours_a_run: float | None = None, *, warned: str = WARNED
) -> Sentence:
    """Say how many runs would tell, and how long they take.

    Examples
    --------
    >>> print(how_many_runs(RunsNeeded(5, 12, for_level=False), hours_a_run=1.5))
    5 runs of each would tell in four of five cases (15 h); 12 (36 h) if runs spread as much as \
these still allow. Adding runs until it is decided finds differences that are not there.
    """
    if needed.expected is None:
        return Sentence("More runs than anybody makes would be needed to tell.")
    tell = "would show that they are level" if needed.for_level else "would tell"
    fields: dict[str, Quantity | str] = {
        "expected": Quantity(needed.expected, "", 0, how="power of the two-sample t test, 80 %"),
        "tell": tell,
    }
    text = "{expected} runs of each {tell} in four of five cases"

    def took(name: str, runs: int) -> str:
        if hours_a_run is None:
            return ""
        how = f"2 · {runs} runs of {hours_a_run:g} h"
        fields[name] = Quantity(2 * runs * hours_a_run, "h", 0, how=how)
        return f" ({{{name}}})"

    text += took("hours", needed.expected)
    if needed.cautious is None:
        text += "; many more if runs spread as much as these still allow"
    elif needed.cautious > needed.expected:
        fields["cautious"] = Quantity(
            needed.cautious, "", 0, how="with the upper 80 % bound of the spread"
        )
        text += "; {cautious}" + took("more_hours", needed.cautious)
        text += " if runs spread as much as these still allow"
    return Sentence(f"{text}. {warned}".rstrip(), fields)


def bad_runs(labels: Sequence[str]) -> Sentence:
    """Warn that runs of one group lie far out; empty where none does.

    Examples
    --------
    >>> print(bad_runs(["512 · 512×"]))
    Some runs of 512 · 512× lie far from the others: such an interval covers the true difference \
in 81 to 89 % of cases, not 95 %.
    """
    if not labels:
        return Sentence("")
    fields: dict[str, Quantity | str | Sentence] = {
        "groups": listed(list(labels)),
        "low": Quantity(81, "", 0, how="simulated, one bad run in five in one group only"),
        "high": Quantity(89, "%", 0, how="simulated, one bad run in five in one group only"),
        "level": Quantity(100 * LEVEL, "%", 0, how="level of the interval"),
    }
    text = (
        "Some runs of {groups} lie far from the others: such an interval covers the true "
        "difference in {low} to {high} of cases, not {level}."
    )
    return filled(text, fields)


def standing_out(about: About, found: StandsOut, like: Quantity) -> Sentence:
    """Say whether a difference is larger than near-replicates differ among themselves.

    Examples
    --------
    >>> about = About("", "uni_5", "uni_7", variant="Hill")
    >>> print(standing_out(about, StandsOut(True, 4, 6, 4.5), Quantity(6.28, "s")))
    uni_5 stands out from uni_7 on Hill at the end, not steadily (4 of 6 checkpoints; noise limit \
4.50 s, from near-replicates).
    """
    fields: dict[str, Quantity | str] = {
        "candidate": about.candidate,
        "baseline": about.baseline,
        "where": about.where,
        "true": Quantity(found.true, "", 0, how="checkpoints beyond the limit"),
        "known": Quantity(found.known, "", 0, how="checkpoints at which all are known"),
    }
    if math.isnan(found.limit):
        text = "Whether {candidate} stands out from {baseline}{where} is not known."
        return Sentence(text, fields)
    fields["limit"] = like_it(found.limit, like, "noise limit from near-replicates, 1 v 1")
    if found.steadily:
        text = "{candidate} stands out from {baseline}{where} at the end and steadily"
    elif found.at_end:
        text = "{candidate} stands out from {baseline}{where} at the end, not steadily"
    else:
        text = "{candidate} does not stand out from {baseline}{where}"
    places = "checkpoint" if found.known == 1 else "checkpoints"
    counted = f"{{true}} of {{known}} {places}; noise limit {{limit}}, from near-replicates"
    return Sentence(f"{text} ({counted}).", fields)


def would_tell(about: About, said: Sentence) -> Sentence:
    """Say of whom it is said how many runs would tell, by the spread of near-replicates.

    Examples
    --------
    >>> said = how_many_runs(RunsNeeded(5, 5, for_level=False), hours_a_run=1.5)
    >>> print(would_tell(About("", "uni_5", "uni_7", variant="Hill"), said))
    uni_5 against uni_7 on Hill, if runs spread as near-replicates do: 5 runs of each would tell \
in four of five cases (15 h). Adding runs until it is decided finds differences that are not there.
    """
    fields = {"candidate": about.candidate, "baseline": about.baseline, "where": about.where}
    text = "{candidate} against {baseline}{where}, if runs spread as near-replicates do: {said}"
    return filled(text, {**fields, "said": said})


def planning(found: Planned, *, bounded: bool = True) -> Sentence:
    """Say how many comparisons were planned, and what error they share.

    `bounded`: one of them has an interval, at least; one run of each bounds no error.

    Examples
    --------
    >>> print(planning(Planned(8, 2)))
    8 planned comparisons on 2 outcomes; up to 5 % on each. Everything else is exploratory and not \
adjusted.
    >>> print(planning(Planned(8, 2), bounded=False))
    8 planned comparisons on 2 outcomes; with so few runs nothing bounds their error. Everything \
else is exploratory.
    """
    fields = {
        "comparisons": Quantity(found.comparisons, "", 0, how="candidates times objectives"),
        "outcomes": Quantity(found.outcomes, "", 0, how="declared objectives"),
        "error": Quantity(100 * (1 - LEVEL), "%", 0, how="error shared by an outcome's candidates"),
    }
    compared = "comparison" if found.comparisons == 1 else "comparisons"
    on = "outcome" if found.outcomes == 1 else "outcomes"
    error = "up to {error}" if found.outcomes == 1 else "up to {error} on each"
    rest = "Everything else is exploratory and not adjusted."
    if not bounded:
        error = "with so few runs nothing bounds their error"
        rest = "Everything else is exploratory."
    return Sentence(
        f"{{comparisons}} planned {compared} on {{outcomes}} {on}; {error}. {rest}", fields
    )
