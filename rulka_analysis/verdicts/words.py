"""What is said of an answer: sentences for every answer, their numbers still asked for evidence.

A sentence begins with the answer, names the place, then gives the numbers. It names a run's number
as that run's, and a mean with the number of runs behind it. Nothing here is written for one metric:
what it is called and what more of it is called come in `About`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import Formatter

from rulka_analysis.values.quantities import Quantity, Sentence, made
from rulka_analysis.values.sentences import joined, listed
from rulka_analysis.verdicts.deciding import Decided
from rulka_analysis.verdicts.intervals import LEVEL, Bound, Interval
from rulka_analysis.verdicts.ranks import RankTest
from rulka_analysis.verdicts.relations import Noise, Relation, Vocabulary, named


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
        "answer": capital(named(decided.relation, about.vocabulary)),
        "where": about.where,
        "end": numbers.end,
        "runs": runs,
        "values": values,
        "clocks": _clocks_after(about, decided),
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
        "answer": capital(named(decided.relation, about.vocabulary)),
        "where": about.where,
        "numbers": _took(about, found),
        "clocks": _clocks_after(about, decided),
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
        "of": _mean_of(about.runs[0], numbers.candidate),
        "base": other,
        "baseline": about.baseline,
        "base_of": _mean_of(about.runs[1], numbers.baseline),
    }
    text = "{title}{value} with {candidate}{of}, {base} with {baseline}{base_of}"
    found = numbers.difference
    # A difference that is rounded away has no direction.
    if found.known and any(digit in "123456789" for digit in found.text):
        fields |= {"by": found.size(), "word": about.less if found.number < 0 else about.more}
        # Behind a bracket another one would be hard to read.
        text += ", {by} {word}" if fields["base_of"] else " ({by} {word})"
    return Sentence(text, fields)


def _mean_of(runs: int, value: Quantity) -> str:
    return f" (mean of {runs} runs)" if runs > 1 and value.known else ""


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


def by_clocks(about: About, decided: Decided) -> str:
    """Return what each clock says where not all say what the answer is."""
    if all(said == decided.relation for said in decided.clocks.values()):
        return ""
    return f" ({clocks(about, decided)})"


def _clocks_after(about: About, decided: Decided) -> str:
    same = all(said == decided.relation for said in decided.clocks.values())
    return "" if same else f"; {clocks(about, decided)}"


def label_of_relation(relation: Relation, vocabulary: Vocabulary) -> str:
    """Return the sign that stands before an answer where colour is not seen.

    Examples
    --------
    >>> label_of_relation("no worse", "quality"), label_of_relation("worse", "speed")
    ('▲= no worse', '▼ later')
    """
    signs = {
        "better": "▲",
        "worse": "▼",
        "level": "=",
        "no worse": "▲=",
        "no better": "▼=",
        "undecided": "?",
        "no data": "∅",
    }
    return f"{signs[relation]} {named(relation, vocabulary)}"


# --- Why it is undecided --------------------------------------------------------------------------


def reason(about: About, decided: Decided, like: Quantity) -> Sentence:
    """Say why an answer is undecided, without a full stop.

    Examples
    --------
    >>> decided = Decided("undecided", "hangs on the rule", "observed once", {}, 4, 9)
    >>> print(reason(About("", "a", "b"), decided, Quantity(0.1, "s")))
    4 of 9 robustness checks agree
    """
    if decided.reason == "hangs on the rule":
        return checks(decided)
    if decided.reason == "clocks disagree":
        return Sentence("{clocks}", {"clocks": clocks(about, decided)})
    if decided.reason == "crosses over":
        return _crossing(about, decided)
    if decided.reason == "within noise" and decided.noise:
        noise = next(found for found in decided.noise.values() if found.is_noise)
        if like.unit == "times":
            fields = {"by": like, "limit": limit_of(noise, like)}
            text = "a ratio of {by} is within noise, which reaches {limit} either way"
            return Sentence(text, fields)
        fields = {"by": like.size(), "limit": limit_of(noise, like)}
        return Sentence("a difference of {by} is within noise, which reaches {limit}", fields)
    if decided.reason == "interval includes 0" and decided.intervals:
        clock, found = next(
            (clock, found)
            for clock, found in decided.intervals.items()
            if decided.clocks[clock] == "undecided"
        )
        low, high = bounds(found, like)
        between: dict[str, Quantity | str] = {"low": low, "high": high, "clock": clock}
        if like.unit == "times":
            between["low"] = replace(low, unit="")
            return Sentence("by {clock} the ratio lies between {low} and {high}", between)
        return Sentence("by {clock} the difference lies between {low} and {high}", between)
    if decided.ranks:
        return _ranks(next(iter(decided.ranks.values())))
    if decided.noise and not any(math.isfinite(one.limit) for one in decided.noise.values()):
        return Sentence("too few runs to know how much they spread")
    return _too_few(about, decided)


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


def _too_few(about: About, decided: Decided) -> Sentence:
    told = []
    for clock, said in (decided.observation.clocks if decided.observation else {}).items():
        if not said.tells:
            tally = next(iter(said.tallies.values()))
            fields: dict[str, Quantity | str] = {
                "known": Quantity(tally.known, "", 0, how=f"places known, by {clock}"),
                "asked": Quantity(tally.asked, "", 0, how=f"places asked, by {clock}"),
                "places": _places(about),
                "clock": clock,
            }
            text = "{known} of {asked} {places} can be compared by {clock}"
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


def checks(decided: Decided, agree: str = "agree") -> Sentence:
    fields: dict[str, Quantity | str] = {
        "agreeing": Quantity(decided.agreeing, "", 0, how="variations of the rule that agree"),
        "asked": Quantity(decided.asked, "", 0, how="variations of the rule"),
        "agree": agree,
    }
    return Sentence("{agreeing} of {asked} robustness checks {agree}", fields)


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
    low, high = (like_it(end, like, how) for end in ends)
    return low, high


def limit_of(noise: Noise, like: Quantity) -> Quantity:
    """Return a limit of noise in the unit of the difference, or of logarithms in percent.

    Examples
    --------
    >>> limit_of(Noise(0.1, math.log(1.2), logs=True), Quantity(0.1, "%", 1)).text
    '20.0 %'
    >>> limit_of(Noise(0.1, math.log(1.2), logs=True), Quantity(0.9, "times")).text
    '1.20 times'
    """
    limit = noise.limit
    if noise.logs and like.unit == "times":
        limit = math.exp(limit)
    elif noise.logs:
        like = replace(like, unit="%", digits=1)
        limit = 100 * math.expm1(limit)
    return like_it(limit, like, "limit under equal normal spread of runs")


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


def _shown(value: Quantity) -> Quantity | str:
    """Return a value, or in words why there is none: that is no reason for silence on the rest."""
    return value if value.known else value.text


def like_it(value: float, like: Quantity, how: str) -> Quantity:
    """Return a limit in the unit of what it is a limit of; one that is not zero shows as none.

    Examples
    --------
    >>> like_it(0.00031, Quantity(0.9, "times"), "end of an interval").text
    '0.0003 times'
    """
    small = value != 0 and abs(value) < 0.5 * 10.0**-like.digits
    digits = math.ceil(-math.log10(abs(value))) if small else like.digits
    # A limit rests on the number that it is the limit of, if that was computed at all.
    by = made("interval", like, rule=how) if like.made is not None else None
    return Quantity(value, like.unit, digits, like.evidence, how, made=by)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
