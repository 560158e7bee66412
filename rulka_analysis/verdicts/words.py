"""What is said of an answer: sentences for every answer, their numbers still asked for evidence.

A sentence begins with the answer, names the place, then gives the numbers. It names a run's number
as that run's, and a mean with the number of runs behind it. Nothing here is written for one metric:
what it is called and what more of it is called come in `About`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from string import Formatter

from rulka_analysis.experiments.said import AtLeast
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined, listed
from rulka_analysis.verdicts.claims import VERDICTS, Held, Verdict
from rulka_analysis.verdicts.deciding import Decided
from rulka_analysis.verdicts.intervals import (
    LEVEL,
    Bound,
    Interval,
    Planned,
    RankTest,
    RunsNeeded,
    StandsOut,
)
from rulka_analysis.verdicts.relations import Relation, Vocabulary, named

_PARTS: Mapping[Verdict, str] = {
    "holds": "hold",
    "too strong": "too strong",
    "wrong": "wrong",
    "undecided": "undecided",
    "no data": "without data",
}


@dataclass(frozen=True, slots=True)
class About:
    """What an answer is about, in words.

    Parameters
    ----------
    title : str
        The metric as it stands within a sentence: ``loss per transition``. Empty where the place of
        the sentence says it already.
    candidate, baseline : str
        Labels of the groups; of a run that is named, its name.
    variant : str
        The variant's title; empty for a metric without variants.
    vocabulary : {"quality", "diagnostic", "speed"}
        Better and worse, higher and lower, or sooner and later.
    less, more : str
        What a smaller and a larger value is called: ``faster`` and ``slower`` of a time.
    runs : (int, int)
        Of candidate and baseline.
    """

    title: str
    candidate: str
    baseline: str
    variant: str = ""
    vocabulary: Vocabulary = "quality"
    less: str = "lower"
    more: str = "higher"
    runs: tuple[int, int] = (1, 1)

    @property
    def where(self) -> str:
        return f" on {self.variant}" if self.variant else ""

    @property
    def once(self) -> bool:
        """Whether there is one run of each."""
        return max(self.runs) == 1


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a value answer, at the end of the common window of the first deciding clock.

    Parameters
    ----------
    candidate, baseline : Quantity
        Of the run, or the mean of the group's runs.
    difference : Quantity
        Candidate minus baseline, in the unit of a difference; in percent where the margin is.
    end : Quantity
        Where the common window ends.
    """

    candidate: Quantity
    baseline: Quantity
    difference: Quantity
    end: Quantity


@dataclass(frozen=True, slots=True)
class Pace:
    """The numbers of a speed answer, on the first deciding clock.

    Parameters
    ----------
    ratio : Quantity
        Candidate's time over baseline's: the median over targets of one run each, or of groups from
        the mean of logarithms.
    clock : str
        The clock's name.
    targets, asked : int
        Targets the ratio rests on; all that were declared.
    low, high : Quantity or None
        The smallest and the largest ratio of a target, or the ends of the interval.
    bound : {"", "at least", "at most", "unclear"}
        What the ratio is of the true one, where targets were not reached.
    """

    ratio: Quantity
    clock: str
    targets: int
    asked: int
    low: Quantity | None = None
    high: Quantity | None = None
    bound: Bound = ""


# --- Answers --------------------------------------------------------------------------------------


def answer(about: About, numbers: Numbers | None, decided: Decided, missing: str = "") -> Sentence:
    """Say how two groups stand on a metric.

    Parameters
    ----------
    about : About
        What the answer is about.
    numbers : Numbers or None
        None where there are none.
    decided : Decided
        The answer.
    missing : str
        Why there are no data.

    Examples
    --------
    >>> about = About("", "512 · 512×", "2048 · 160×", variant="Ant")
    >>> time = Quantity(24.58, "s")
    >>> numbers = Numbers(time, time, time.minus(time), Quantity(85, "min", 0))
    >>> print(answer(about, numbers, Decided("level", None, "observed once", {})))
    Level on Ant at 85 min in these two runs: 24.58 s each.
    """
    if decided.relation == "no data" or numbers is None:
        return no_data(about, missing)
    values = _values(about, numbers)
    if decided.relation == "undecided":
        because = reason(about, decided, numbers.difference)
        return filled(
            "Undecided{where}: {because}. At {end}: {values}.",
            {"where": about.where, "because": because, "end": numbers.end, "values": values},
        )
    runs = " in these two runs" if about.once else ""
    fields: dict[str, Quantity | str | Sentence] = {
        "answer": _capital(named(decided.relation, about.vocabulary)),
        "where": about.where,
        "end": numbers.end,
        "runs": runs,
        "values": values,
        "clocks": _differing(about, decided),
    }
    return filled("{answer}{where} at {end}{runs}: {values}{clocks}.", fields)


def pace(about: About, found: Pace | None, decided: Decided, missing: str = "") -> Sentence:
    """Say how soon two groups reached targets; see `answer`.

    Examples
    --------
    >>> about = About("", "512 · 512×", "2048 · 160×", variant="Hill", vocabulary="speed")
    >>> ratio = Quantity(0.52, "times")
    >>> found = Pace(ratio, "minutes", 6, 6, Quantity(0.4, ""), Quantity(0.9, ""))
    >>> print(pace(about, found, Decided("better", None, "observed once", {})))
    Sooner on Hill: 512 · 512× took 0.52 times as long as 2048 · 160× by minutes (6 targets, 0.40 \
to 0.90).
    """
    if decided.relation == "no data" or found is None:
        return no_data(about, missing)
    fields: dict[str, Quantity | str | Sentence] = {
        "answer": _capital(named(decided.relation, about.vocabulary)),
        "where": about.where,
        "numbers": _took(about, found),
        "clocks": _differing(about, decided),
    }
    if decided.relation == "undecided":
        fields["because"] = reason(about, decided, found.ratio)
        return filled("Undecided{where}: {because}. {numbers}.", fields)
    return filled("{answer}{where}: {numbers}{clocks}.", fields)


def no_data(about: About, missing: str) -> Sentence:
    """Say that there is nothing to decide, and why.

    Examples
    --------
    >>> print(no_data(About("loss", "a", "b"), "b has no such tag"))
    No data: b has no such tag.
    """
    why = missing.rstrip(".") or "nothing both have can be compared"
    return Sentence("No data{where}: {why}.", {"where": about.where, "why": why})


def _values(about: About, numbers: Numbers) -> Sentence:
    title = f"{about.title} " if about.title else ""
    mine, other = _shown(numbers.candidate), _shown(numbers.baseline)
    if about.once and str(mine) == str(other):
        return Sentence("{title}{value} each", {"title": title, "value": mine})
    fields: dict[str, Quantity | str] = {
        "title": title,
        "value": mine,
        "candidate": about.candidate,
        "of": _mean_of(about.runs[0]),
        "base": other,
        "baseline": about.baseline,
        "base_of": _mean_of(about.runs[1]),
    }
    text = "{title}{value} with {candidate}{of}, {base} with {baseline}{base_of}"
    found = numbers.difference
    # A difference that is rounded away has no direction.
    if found.known and any(digit in "123456789" for digit in found.text):
        fields |= {"by": found.size(), "word": about.less if found.number < 0 else about.more}
        text += " ({by} {word})"
    return Sentence(text, fields)


def _mean_of(runs: int) -> str:
    return f" (mean of {runs} runs)" if runs > 1 else ""


def _took(about: About, found: Pace) -> Sentence:
    if not found.ratio.known:
        return Sentence("{why}", {"why": found.ratio.missing or "no target was reached by both"})
    bound = {"": "", "at least": "at least ", "at most": "at most "}.get(found.bound, "about ")
    fields: dict[str, Quantity | str] = {
        "candidate": about.candidate,
        "baseline": about.baseline,
        "bound": bound,
        "ratio": found.ratio,
        "clock": found.clock,
        "targets": Quantity(found.targets, "", 0, how="targets the ratio rests on"),
        "asked": Quantity(found.asked, "", 0, how="targets declared"),
    }
    over = "{targets} targets" if found.targets == found.asked else "{targets} of {asked} targets"
    if found.low is not None and found.high is not None:
        fields |= {"low": found.low, "high": found.high}
        over += ", {low} to {high}"
    took = "{candidate} took {bound}{ratio} as long as {baseline} by {clock}"
    return Sentence(f"{took} ({over})", fields)


def clocks(about: About, decided: Decided) -> str:
    """Say what each clock says.

    Examples
    --------
    >>> about = About("", "a", "b")
    >>> decided = Decided("no worse", None, "interval", {"minutes": "better", "steps": "level"})
    >>> clocks(about, decided)
    'better by minutes, level by steps'
    """
    said = decided.clocks.items()
    return ", ".join(f"{named(one, about.vocabulary)} by {clock}" for clock, one in said)


def _differing(about: About, decided: Decided) -> str:
    """Return what each clock says where not all say what the answer is."""
    if all(said == decided.relation for said in decided.clocks.values()):
        return ""
    return f" ({clocks(about, decided)})"


# --- Why it is undecided --------------------------------------------------------------------------


def reason(about: About, decided: Decided, like: Quantity) -> Sentence:
    """Say why an answer is undecided, without a full stop.

    Parameters
    ----------
    about : About
        What the answer is about.
    decided : Decided
        The answer.
    like : Quantity
        The difference; what is said of its size has its unit and evidence.

    Examples
    --------
    >>> decided = Decided("undecided", "hangs on the rule", "observed once", {}, 4, 9)
    >>> print(reason(About("", "a", "b"), decided, Quantity(0.1, "s")))
    4 of 9 robustness checks agree
    """
    if decided.reason == "hangs on the rule":
        return _checks(decided)
    if decided.reason == "clocks disagree":
        return Sentence("{clocks}", {"clocks": clocks(about, decided)})
    if decided.reason == "crosses over":
        return _crossing(about, decided)
    if decided.reason == "within noise" and decided.noise:
        noise = next(found for found in decided.noise.values() if found.is_noise)
        how = "limit under equal normal spread of runs"
        fields = {"by": like.size(), "limit": _like(noise.limit, like, how)}
        return Sentence("a difference of {by} is within noise, which reaches {limit}", fields)
    if decided.reason == "interval includes 0" and decided.intervals:
        clock, found = next(
            (clock, found)
            for clock, found in decided.intervals.items()
            if decided.clocks[clock] == "undecided"
        )
        low, high = bounds(found, like)
        between: dict[str, Quantity | str] = {"low": low, "high": high, "clock": clock}
        return Sentence("by {clock} the difference lies between {low} and {high}", between)
    if decided.ranks:
        return _ranks(next(iter(decided.ranks.values())))
    return _too_few(decided)


def _crossing(about: About, decided: Decided) -> Sentence:
    told = []
    for clock, said in (decided.observation.clocks if decided.observation else {}).items():
        if said.relation != "undecided":
            continue
        parts: list[str | Quantity | Sentence] = []
        for relation in ("better", "worse"):
            tally = said.tallies[relation]
            if tally.true:
                word = named(relation, about.vocabulary)
                count = Quantity(tally.true, "", 0, how=f"where it is {word}, by {clock}")
                parts.append(Sentence("{word} at {count}", {"word": word, "count": count}))
        known = Quantity(next(iter(said.tallies.values())).known, "", 0, how="places known")
        told.append(
            filled(
                "{parts} of {known} {places} by {clock}",
                {
                    "parts": listed(parts),
                    "known": known,
                    "places": _places(about),
                    "clock": clock,
                },
            )
        )
    return joined(told, "; ") if told else Sentence("the two cross over")


def _too_few(decided: Decided) -> Sentence:
    told = []
    for clock, said in (decided.observation.clocks if decided.observation else {}).items():
        if not said.tells:
            tally = next(iter(said.tallies.values()))
            fields: dict[str, Quantity | str] = {
                "known": Quantity(tally.known, "", 0, how=f"places known, by {clock}"),
                "asked": Quantity(tally.asked, "", 0, how=f"places asked, by {clock}"),
                "clock": clock,
            }
            text = "{known} of {asked} can be compared by {clock}"
            if tally.at_end is None and 2 * tally.known >= tally.asked:
                text += ", and not the end"
            told.append(Sentence(text, fields))
    return joined(told, "; ") if told else Sentence("too few values are known")


def _ranks(test: RankTest) -> Sentence:
    return filled(
        "{finished}; p = {p} by ranks",
        {
            "finished": finished(test),
            "p": Quantity(test.p, "", 2, how="exact permutation test of ranks, two-sided"),
        },
    )


def _places(about: About) -> str:
    return "targets" if about.vocabulary == "speed" else "checkpoints"


# --- How sure -------------------------------------------------------------------------------------


def robustness(decided: Decided) -> Sentence:
    """Say how many variations of the rule agree; empty where none was asked.

    Examples
    --------
    >>> print(robustness(Decided("level", None, "observed once", {}, 6, 9)))
    Fragile: 6 of 9 robustness checks agree.
    """
    if not decided.asked:
        return Sentence("")
    return filled(
        "{fragile}{checks}.",
        {"fragile": "Fragile: " if decided.fragile else "", "checks": _checks(decided)},
    )


def _checks(decided: Decided) -> Sentence:
    fields = {
        "agreeing": Quantity(decided.agreeing, "", 0, how="variations of the rule that agree"),
        "asked": Quantity(decided.asked, "", 0, how="variations of the rule"),
    }
    return Sentence("{agreeing} of {asked} robustness checks agree", fields)


def strength(about: About, decided: Decided, like: Quantity, margin: Quantity | None) -> Sentence:
    """Say what the number of runs allows to say.

    Parameters
    ----------
    about : About
        What the answer is about.
    decided : Decided
        The answer.
    like : Quantity
        The difference.
    margin : Quantity or None
        How small a difference is ignored.

    Examples
    --------
    >>> decided = Decided("better", None, "observed once", {})
    >>> print(strength(About("", "a", "b"), decided, Quantity(1, "s"), Quantity(0.1, "s")))
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
        limits = [n.limit for n in decided.noise.values() if math.isfinite(n.limit)]
        if not limits:
            return filled("{runs} against {others} runs: too few to know their spread.", fields)
        fields["limit"] = _like(limits[0], like, "limit under equal normal spread of runs")
        text = (
            "{runs} against {others} runs: a difference under {limit} is within noise, a limit "
            "under equal normal spread{ignored}."
        )
        return filled(text, fields)
    if decided.ranks:
        fields["finished"] = finished(next(iter(decided.ranks.values())))
        return filled("{finished}: compared by ranks, those without a value last.", fields)
    if not decided.intervals:
        return filled("{runs} against {others} runs, too few of them with a value.", fields)
    found = next(iter(decided.intervals.values()))
    fields["low"], fields["high"] = bounds(found, like)
    fields["level"] = Quantity(100 * LEVEL, "%", 0, how="level of the interval")
    fields["together"] = f", for {found.family} candidates together" if found.family > 1 else ""
    text = (
        "{level} interval of the difference: {low} to {high} ({runs} against {others} "
        "runs{together}){ignored}."
    )
    return filled(text, fields)


def bounds(interval: Interval, like: Quantity) -> tuple[Quantity, Quantity]:
    """Return the ends of an interval: in the unit of the difference, or of logarithms in percent.

    Examples
    --------
    >>> interval = Interval(0.0, math.log(0.9), math.log(1.2), 0.1, 4, (3, 3), logs=True)
    >>> [end.text for end in bounds(interval, Quantity(0.1, "%", 1))]
    ['−10.0 %', '20.0 %']
    """
    how = f"end of Welch's interval at {LEVEL:.0%}, {interval.runs[0]} v {interval.runs[1]} runs"
    ends = [interval.low, interval.high]
    if interval.logs and like.unit == "times":
        ends = [math.exp(end) for end in ends]
    elif interval.logs:
        like = replace(like, unit="%", digits=1)
        ends = [100 * math.expm1(end) for end in ends]
    low, high = (_like(end, like, how) for end in ends)
    return low, high


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


def false_rate(rate: Quantity, margin: Quantity, spread: Quantity) -> Sentence:
    """Say how often two runs of one setting would differ by the margin.

    Parameters
    ----------
    rate : Quantity
        In percent; see `intervals.false_rate`.
    margin, spread : Quantity
        The margin, and the standard deviation of runs of one setting.

    Examples
    --------
    >>> print(false_rate(Quantity(64, "%", 0), Quantity(0.1, "s"), Quantity(0.15, "s")))
    If runs of one setting differ with a standard deviation of 0.15 s, two of them differ by \
0.10 s or more in 64 % of cases.
    """
    text = (
        "If runs of one setting differ with a standard deviation of {spread}, two of them differ "
        "by {margin} or more in {rate} of cases."
    )
    return Sentence(text, {"rate": rate, "margin": margin, "spread": spread})


def runs_needed(needed: RunsNeeded, hours_a_run: float | None = None) -> Sentence:
    """Say how many runs would tell, and how long they take.

    Examples
    --------
    >>> print(runs_needed(RunsNeeded(5, 12, for_level=False), hours_a_run=1.5))
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
    warned = "Adding runs until it is decided finds differences that are not there."
    return Sentence(f"{text}. {warned}", fields)


def bad_runs(labels: Sequence[str]) -> Sentence:
    """Warn that runs of one group lie far out; empty where none does.

    Examples
    --------
    >>> print(bad_runs(["512 · 512×"]))
    Some runs of 512 · 512× lie far from the others: such an interval holds the true difference in \
81 to 89 % of cases, not 95 %.
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
        "Some runs of {groups} lie far from the others: such an interval holds the true difference "
        "in {low} to {high} of cases, not {level}."
    )
    return filled(text, fields)


def finished(test: RankTest) -> Sentence:
    """Say how many runs have a value.

    Examples
    --------
    >>> print(finished(RankTest(0.4, 0.1, 1, (3, 2), (3, 3))))
    3 of 3 finished against 2 of 3
    """
    names = ("have", "of", "others", "base_of")
    numbers = (test.finished[0], test.runs[0], test.finished[1], test.runs[1])
    fields = {
        name: Quantity(number, "", 0, how="runs")
        for name, number in zip(names, numbers, strict=True)
    }
    return Sentence("{have} of {of} finished against {others} of {base_of}", fields)


def standing_out(about: About, found: StandsOut, like: Quantity) -> Sentence:
    """Say whether a difference is larger than near-replicates differ among themselves.

    Examples
    --------
    >>> about = About("", "uni_5", "uni_7", variant="Hill")
    >>> print(standing_out(about, StandsOut(True, 4, 6, 4.5), Quantity(6.28, "s")))
    uni_5 stands out on Hill at the end, not steadily (4 of 6): near-replicates differ by up to \
4.50 s.
    """
    fields: dict[str, Quantity | str] = {
        "candidate": about.candidate,
        "where": about.where,
        "true": Quantity(found.true, "", 0, how="checkpoints beyond the limit"),
        "known": Quantity(found.known, "", 0, how="checkpoints at which all are known"),
    }
    if math.isnan(found.limit):
        return Sentence("How {candidate} stands out{where} is not known.", fields)
    fields["limit"] = _like(found.limit, like, "noise limit from near-replicates, 1 v 1")
    if found.steadily:
        text = "{candidate} stands out{where}, at the end and at {true} of {known} checkpoints"
    elif found.at_end:
        text = "{candidate} stands out{where} at the end, not steadily ({true} of {known})"
    else:
        text = "{candidate} does not stand out{where} ({true} of {known} checkpoints)"
    return Sentence(text + ": near-replicates differ by up to {limit}.", fields)


def planned(found: Planned) -> Sentence:
    """Say how many comparisons were planned, and what error they share.

    Examples
    --------
    >>> print(planned(Planned(8, 2)))
    8 planned comparisons on 2 outcomes; up to 5 % on each. Everything else is exploratory and not \
adjusted.
    """
    fields = {
        "comparisons": Quantity(found.comparisons, "", 0, how="candidates times objectives"),
        "outcomes": Quantity(found.outcomes, "", 0, how="declared objectives"),
        "error": Quantity(100 * (1 - LEVEL), "%", 0, how="error shared by an outcome's candidates"),
    }
    compared = "comparison" if found.comparisons == 1 else "comparisons"
    on = "outcome; up to {error}" if found.outcomes == 1 else "outcomes; up to {error} on each"
    text = f"{{comparisons}} planned {compared} on {{outcomes}} {on}."
    return Sentence(f"{text} Everything else is exploratory and not adjusted.", fields)


# --- Claims ---------------------------------------------------------------------------------------


def claim(said: str, about: About, held: Held, decided: Decided) -> Sentence:
    """Say how a claim stands beside the answer.

    Examples
    --------
    >>> about = About("best time", "a", "b", variant="Ant")
    >>> print(claim("better", about, Held("wrong"), Decided("level", None, "interval", {})))
    Said better on Ant; it is level.
    """
    where = about.where
    if held.verdict == "no data":
        return Sentence("Said {said}{where}; there are no data.", {"said": said, "where": where})
    found = named(decided.relation, about.vocabulary)
    fields = {"said": said, "where": where, "found": found, "clocks": _differing(about, decided)}
    if found in (said, {"same": "level"}.get(said)):
        return Sentence("Said {said}{where}, and so it is{clocks}.", fields)
    return Sentence("Said {said}{where}; it is {found}{clocks}.", fields)


def claimed_amount(about: About, least: AtLeast, sign: int, numbers: Numbers) -> Sentence:
    """Say how large a difference was said to be, and how large it is.

    Parameters
    ----------
    about : About
        What the answer is about.
    least : AtLeast
        How large it was said to be.
    sign : int
        1 if the candidate was said to be higher, -1 if lower.
    numbers : Numbers
        The numbers found.

    Examples
    --------
    >>> about = About("loss per transition", "512 · 512×", "2048 · 160×")
    >>> numbers = Numbers(Quantity(0.43, ""), Quantity(0.5, ""), Quantity(-0.07, ""), Quantity(1))
    >>> print(claimed_amount(about, AtLeast("percent", 74), -1, numbers))
    Loss per transition ended 14 % lower, not 74 %.
    >>> print(claimed_amount(about, AtLeast("percent", 10), -1, numbers))
    Loss per transition ended 14 % lower; 10 % or more was said.
    """
    found, side = found_amount(least, sign, numbers)
    said = _said(least, found)
    fields: dict[str, Quantity | str] = {
        "title": _capital(about.title or "it"),
        "where": about.where,
        "found": found.size(),
        "said": said,
    }
    if not found.known:
        return Sentence("Not known: {why}.", {"why": found.missing})
    if least.kind == "times":
        high = {True: about.candidate, False: about.baseline}
        fields |= {"high": high[sign > 0], "low": high[sign < 0]}
        text = "{title}{where} ended {found} as high with {high} as with {low}"
    else:
        word, claimed = (about.more if s > 0 else about.less for s in (side, sign))
        fields |= {"word": word, "claimed": "" if word == claimed else f" {claimed}"}
        text = "{title}{where} ended {found} {word}"
    met = side == sign and found.size().number >= least.amount
    if side == sign and found.size().text == said.text:
        return Sentence(f"{text}, as was said.", fields)
    if met:
        return Sentence(f"{text}; {{said}} or more was said.", fields)
    end = "" if least.kind == "times" else "{claimed}"
    return Sentence(f"{text}, not {{said}}{end}.", fields)


def found_amount(least: AtLeast, sign: int, numbers: Numbers) -> tuple[Quantity, int]:
    """Return how large a difference is, in the unit it was said in, and on which side.

    Examples
    --------
    >>> numbers = Numbers(Quantity(5.0, ""), Quantity(2.0, ""), Quantity(3.0, ""), Quantity(1))
    >>> found, side = found_amount(AtLeast("times", 9.84), 1, numbers)
    >>> found.text, side
    ('2.50 times', 1)
    """
    candidate, baseline = numbers.candidate, numbers.baseline
    difference = candidate.minus(baseline, how="candidate minus baseline")
    if not difference.known:
        return Quantity.unknown(difference.missing or "one of the two has no value"), 0
    side = (difference.number > 0) - (difference.number < 0)
    if least.kind == "size":
        return numbers.difference, side
    if least.kind == "times":
        if min(candidate.number, baseline.number) <= 0:
            return Quantity.unknown("a ratio needs two values above zero", "times"), side
        high, low = (candidate, baseline) if sign > 0 else (baseline, candidate)
        return high.over(low, how="in the direction said"), side
    if not baseline.number:
        return Quantity.unknown("a share of zero is not defined", "%"), side
    share = 100 * difference.number / abs(baseline.number)
    how = "difference in percent of the baseline"
    digits = max(_digits(least.amount), 0 if abs(share) >= 10 else 1)
    return Quantity(share, "%", digits, difference.evidence, how), side


def _said(least: AtLeast, found: Quantity) -> Quantity:
    unit = {"percent": "%", "times": "times"}.get(least.kind, found.unit)
    return Quantity(least.amount, unit, _digits(least.amount), how="as was said")


def _digits(amount: float) -> int:
    return len(f"{amount:g}".partition(".")[2])


def cause(setting: str, differing: Sequence[str]) -> Sentence:
    """Say why a claim that names a cause has no data.

    Examples
    --------
    >>> print(cause("batch size", ["batch size", "running speed"]))
    Said because of batch size; the two differ in running speed, too.
    """
    others = [name for name in differing if name != setting]
    if not others:
        return Sentence("Said because of {setting}; the two agree in it.", {"setting": setting})
    text = "Said because of {setting}; the two differ in {others}"
    text += ", too." if setting in differing else "."
    return filled(text, {"setting": setting, "others": listed(others)})


def parts(found: Sequence[Held], of: str = "parts") -> Sentence:
    """Count how the parts of a claim stand.

    Examples
    --------
    >>> print(parts([Held("holds"), Held("holds"), Held("no data")]))
    Of 3 parts: 2 hold, 1 without data.
    """
    fields = {"number": Quantity(len(found), "", 0, how=f"{of} of the claim")}
    told = []
    for verdict in VERDICTS:
        number = sum(part.verdict == verdict for part in found)
        if number:
            name = verdict.replace(" ", "_")
            fields[name] = Quantity(number, "", 0, how=f"{of}: {verdict}")
            holds = "holds" if verdict == "holds" and number == 1 else _PARTS[verdict]
            told.append(f"{{{name}}} {holds}")
    return Sentence(f"Of {{number}} {of}: {', '.join(told)}.", fields)


# --- Putting sentences together -------------------------------------------------------------------


def filled(template: str, values: Mapping[str, Quantity | str | Sentence]) -> Sentence:
    """Fill a template's fields, sentences included.

    Examples
    --------
    >>> inner = Sentence("{value} against {base}", {"value": Quantity(24.7, "s"), "base": "24.6 s"})
    >>> print(filled("Level: {numbers}.", {"numbers": inner}))
    Level: 24.70 s against 24.6 s.
    """
    found = []
    for text, name, _, _ in Formatter().parse(template):
        found.append(Sentence("{text}", {"text": text}))
        if name:
            value = values[name]
            found.append(
                value if isinstance(value, Sentence) else Sentence("{value}", {"value": value})
            )
    return joined(found, "")


def label_of_relation(relation: Relation, vocabulary: Vocabulary) -> str:
    """Return the sign that stands before an answer where colour is not seen.

    Examples
    --------
    >>> label_of_relation("no worse", "quality"), label_of_relation("worse", "speed")
    ('▲＝ no worse', '▼ later')
    """
    signs = {
        "better": "▲",
        "worse": "▼",
        "level": "＝",
        "no worse": "▲＝",
        "no better": "▼＝",
        "undecided": "?",
        "no data": "∅",
    }
    return f"{signs[relation]} {named(relation, vocabulary)}"


def _shown(value: Quantity) -> Quantity | str:
    """Return a value, or in words why there is none: that is no reason for silence on the rest."""
    return value if value.known else value.text


def _like(value: float, like: Quantity, how: str) -> Quantity:
    return Quantity(value, like.unit, like.digits, like.evidence, how)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
