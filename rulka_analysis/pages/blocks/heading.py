"""The heading of an experiment's page: the answer in two sentences, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.pages.blocks.facts import (
    Facts,
    Pair,
    begun_with,
    counted,
    pace_numbers,
    subject,
    together,
)
from rulka_analysis.pages.results import Block
from rulka_analysis.values.sentences import in_words
from rulka_analysis.verdicts.evaluate import Found
from rulka_analysis.verdicts.tried import find_values

if TYPE_CHECKING:
    from rulka_analysis.metrics.measure import Measure
    from rulka_analysis.verdicts.loaded import LoadedExperiment

# A ratio of times that is called half.
_HALF = (0.45, 0.55)


def heading(experiment: LoadedExperiment) -> Block:
    """Return the answer as a heading, and a line above it that says what it rests on.

    It claims no more than the answers do: of what was observed it says what was seen.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    """
    facts = Facts(experiment)
    return Block("heading", {"kicker": _kicker(facts), "text": answer_in_short(facts)})


def _kicker(facts: Facts) -> str:
    experiment = facts.experiment
    compared = [run for group in experiment.groups for run in group.runs]
    there = [run for run in map(experiment.run, compared) if run is not None]
    parts = [experiment.title, counted(len(there), "run") if there else "no run in these logs"]
    if there:
        parts.append(runs_a_setting(facts.counts))
    stated = [run.provenance.source for run in there if run.provenance is not None]
    if stated:
        parts.append(stated[0] if len(stated) == len(there) else f"partly {stated[0]}")
    return " · ".join(parts)


def runs_a_setting(counts: tuple[int, int]) -> str:
    """Return how many runs there are of a setting, in words.

    Examples
    --------
    >>> runs_a_setting((1, 1)), runs_a_setting((3, 3)), runs_a_setting((1, 4))
    ('one a setting', 'three a setting', 'one to four a setting')
    """
    low, high = (counted(count, "", " ").strip() for count in counts)
    return f"{low} a setting" if low == high else f"{low} to {high} a setting"


def answer_in_short(facts: Facts) -> str:
    """Return the answer of an experiment in one or two sentences.

    Parameters
    ----------
    facts : Facts
        What blocks ask of the experiment.
    """
    found = facts.recommendation
    if facts.alone:
        return _of_one_setting(facts)
    if facts.pair is not None:
        return _of_pair(facts, facts.pair)
    if found.winner is not None:
        name, plural = subject(facts, found.winner.name)
        others = len(facts.tried.eligible) - 1
        if not others:
            return f"Only {name} could be ranked: there is nothing to compare with."
        stays = "stay" if plural else "stays"
        by = together([in_words(m.title) for m in facts.objectives.values()])
        return f"The baseline, {name}, {stays} first of {counted(others + 1, 'setting')} by {by}."
    if len(found.level) > 1:
        names = [tried.name for tried in found.level]
        shown = together(names[:3]) if len(names) <= 3 else counted(len(names), "setting")
        return f"No setting stands out: {shown} cannot be told apart."
    if found.level:
        return "No setting can be recommended: the first in the ranking is worse than another."
    if not facts.tried.rated:
        return "No setting can be recommended: no outcome says which way is better."
    return "No setting can be recommended yet: no common data of what decides."


def _of_one_setting(facts: Facts) -> str:
    """Say how far the one setting got, as far as that is known."""
    nothing = "One setting: there is nothing to hold it against yet."
    values = find_values(facts.tried, MINUTES, facts.end.number) if facts.end.known else {}
    for row in values.values():
        told = [f"{in_words(title)} {value}" for title, value in row.items() if value.known]
        if told:
            return f"One setting, to compare with none: {together(told)} at {facts.end}."
    return nothing


def _of_pair(facts: Facts, pair: Pair) -> str:
    """Say what the winner gained, then where it did not."""
    name, plural = subject(facts, pair.candidate.label)
    good, rest = said_of(pair, facts.objectives, plural=plural)
    first = f"{begun_with(facts, pair.candidate.label, name)} "
    if good:
        return f"{first}{together(good)}.{' ' + rest if rest else ''}"
    outcome, measure = next(iter(facts.objectives.items()))
    found = pair.value(outcome)
    if found.answer.decided.relation == "undecided" and found.numbers is not None:
        numbers, lead = found.numbers, "lead" if plural else "leads"
        if not numbers.baseline.known:
            return f"{first}could be ranked, the baseline could not: it has no value there."
        where = measure.variant_title or in_words(measure.title)
        return (
            f"{first}{lead} on {where}, {numbers.candidate} against {numbers.baseline}: undecided."
        )
    come = "come" if plural else "comes"
    told = f"{first}{come} first by a small margin."
    return f"{told} {rest}" if rest else told


def of_one(facts: Facts, pair: Pair) -> str:
    """Return how one candidate of a comparison stands, called by what differs.

    Parameters
    ----------
    facts : Facts
        What blocks ask of the experiment.
    pair : Pair
        The candidate beside the comparison's baseline.
    """
    changed = [
        name
        for name, value in pair.candidate.settings.items()
        if pair.baseline.settings.get(name) != value
    ]
    name, plural = subject(facts, pair.candidate.label, changed)
    good, rest = said_of(pair, facts.objectives, plural=plural)
    if good:
        return f"{begun_with(facts, pair.candidate.label, name)} {together(good)}. {rest}".strip()
    words: dict[str, list[str]] = {}
    for outcome, measure in facts.objectives.items():
        where = measure.variant_title or in_words(measure.title)
        words.setdefault(pair.value(outcome).answer.word, []).append(where)
    told = [f"{word} on {together(places)}" for word, places in words.items()]
    return f"With {name}: {', '.join(told)}."


def said_of(
    pair: Pair, objectives: dict[str, Measure], *, plural: bool = False
) -> tuple[list[str], str]:
    """Return what a candidate did better, and a sentence on everything else.

    Parameters
    ----------
    pair : Pair
        Candidate and baseline.
    objectives : dict of str to Measure
        On which outcomes.
    plural : bool
        Whether the candidate is called by a plural.
    """
    good, rest = list[str](), dict[str, list[str]]()
    for outcome, measure in objectives.items():
        where = measure.variant_title or in_words(measure.title)
        value, pace = pair.value(outcome), pair.pace(outcome)
        if pace is not None and pace.answer.decided.relation == "better":
            good.append(_sooner(where, pace))
        elif value.answer.decided.relation == "better":
            good.append(_better(where, measure, value))
        else:
            rest.setdefault(value.answer.word, []).append(where)
    be = "they were" if plural else "it was"
    told = [f"on {together(places)} {_word(word, be)}" for word, places in rest.items()]
    if not told:
        return good, ""
    sentence = f"{', '.join(told)}."
    return good, sentence[:1].upper() + sentence[1:]


def _word(word: str, be: str) -> str:
    if word == "no data":
        return "there are no data"
    return f"{be} {word}"


def _sooner(where: str, pace: Found) -> str:
    numbers = pace_numbers(pace)
    if numbers is None or not numbers.ratio.known:
        return f"reached the {where} targets sooner"
    ratio = numbers.ratio.number
    bound = {"": "", "at least": "at least ", "at most": "at most "}.get(numbers.bound, "about ")
    if _HALF[0] <= ratio <= _HALF[1] and not numbers.bound:
        return f"reached the {where} targets in half the time"
    return f"reached the {where} targets in {bound}{ratio:.0%} of the time".replace("%", " %")


def _better(where: str, measure: Measure, value: Found) -> str:
    numbers = value.numbers
    if numbers is None or not numbers.difference.known:
        return f"did better on {where}"
    size = numbers.difference.size()
    word = value.about.less if numbers.difference.number < 0 else value.about.more
    place = f"on {where}" if measure.variant_title else f"in {where}"
    return f"did better {place}, {size} {word}"


def of_candidates(pairs: Sequence[Pair], objectives: dict[str, Measure]) -> Iterator[str]:
    """Yield, for each outcome, how several candidates stand.

    Parameters
    ----------
    pairs : sequence of Pair
        Each candidate beside the baseline of a comparison.
    objectives : dict of str to Measure
        On which outcomes.
    """
    for outcome, measure in objectives.items():
        words: dict[str, list[str]] = {}
        for pair in pairs:
            word = pair.value(outcome).answer.word
            words.setdefault(word, []).append(pair.candidate.beside(pair.baseline))
        where = measure.variant_title or measure.title
        if len(words) == 1:
            everyone = "both" if len(pairs) == 2 else "all"
            yield f"{where}: {everyone} {next(iter(words))}"
        elif len(pairs) <= 3:
            told = [f"{word} with {together(names)}" for word, names in words.items()]
            yield f"{where}: {'; '.join(told)}"
        else:
            yield f"{where}: " + ", ".join(f"{len(names)} {word}" for word, names in words.items())
