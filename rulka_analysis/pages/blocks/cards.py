"""The three cards of the first screen: what to use, what it gains, how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rulka_analysis.experiments.groups import value_text
from rulka_analysis.pages.blocks.facts import (
    Facts,
    Pair,
    counted,
    pace_numbers,
    together,
)
from rulka_analysis.pages.blocks.heading import runs_a_setting
from rulka_analysis.pages.results import Block
from rulka_analysis.values.quantities import Quantity, Sentence, made
from rulka_analysis.values.sentences import in_words, joined
from rulka_analysis.verdicts.separation import Inseparable, inseparable
from rulka_analysis.verdicts.words import Pace, bounds, filled

if TYPE_CHECKING:
    from rulka_analysis.verdicts.evaluate import Found
    from rulka_analysis.verdicts.loaded import LoadedExperiment

Card = dict[str, Any]
_ALONE = "Add runs of another setting, and the page says what it gains."


def cards(experiment: LoadedExperiment) -> Block:
    """Return the cards *Use*, *Effect* and *How sure*.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    """
    facts = Facts(experiment)
    return Block("cards", {"cards": [_use(facts), _effect(facts), _sure(facts)]})


def configuration(facts: Facts) -> list[str]:
    """Return what to set, a line a setting; nothing where nothing is recommended."""
    text = facts.recommendation.configuration or ""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _use(facts: Facts) -> Card:
    found = facts.recommendation
    if facts.winner is None or facts.alone:
        told = found.sentence
        if facts.alone:
            told = Sentence("There is one setting.")
        elif len(found.level) > 1:
            level = [one.name for one in found.level]
            more = f" and {len(level) - 3:,} more" if len(level) > 3 else ""
            names = together(level) if not more else ", ".join(level[:3]) + more
            first = "At {end} {names} share the first place."
            told = Sentence(first, {"end": found.end, "names": names})
        return {"label": "Use", "value": "No recommendation", "text": told}
    text = Sentence("At every checkpoint since it has a value.")
    if facts.leads_from is not None:
        start, before = facts.leads_from
        short = "{start} of training on. Before that, {before} is ahead."
        if before == (facts.baseline.label,):
            short = "{start} of training on. Under {start_again}, keep the baseline, {before}."
        elif len(before) > 1:
            short = "{start} of training on. Before that, {before} cannot be told apart."
        fields: dict[str, Quantity | str] = {"start": start, "before": together(before)}
        text = Sentence(f"From {short}", {**fields, "start_again": str(start)})
    elif facts.winner.name == facts.baseline.label:
        text = Sentence("The baseline: no other setting is ahead of it.")
    return {"label": "Use", "code": configuration(facts) or [facts.winner.name], "text": text}


def _effect(facts: Facts) -> Card:
    pair = facts.pair
    if facts.alone:
        return {"label": "Effect", "value": "Nothing to compare", "text": Sentence(_ALONE)}
    if pair is None:
        told = facts.recommendation.second
        value = "None to speak of" if facts.winner is None else "The baseline leads"
        return {"label": "Effect", "value": value, "text": told}
    paces = {name: pair.pace(name) for name in facts.objectives}
    numbers = {name: n for name, found in paces.items() if (n := pace_numbers(found)) is not None}
    known = [name for name, one in numbers.items() if one.ratio.known]
    sooner = [n for n in known if (f := paces[n]) and f.answer.decided.relation == "better"]
    if not sooner:
        return _difference(facts, pair)
    main = sooner[0]
    where = facts.objectives[main].variant_title or in_words(facts.objectives[main].title)
    others = [_other(facts, n, numbers[n], f) for n in known if n != main and (f := paces[n])]
    return {
        "label": f"Time to reach the {where} targets",
        "value": _ratio(numbers[main]),
        "range": _range(numbers[main]),
        "text": joined([_what_range(numbers[main], paces[main]), *others]),
    }


def _ratio(pace: Pace) -> Sentence:
    bound = {"at least": "≥ ", "at most": "≤ ", "": ""}.get(pace.bound, "about ")
    return Sentence(bound + "{ratio}×", {"ratio": pace.ratio.shown_as(unit="")})


def _range(pace: Pace) -> Sentence:
    if pace.low is None or pace.high is None:
        return Sentence("")
    return Sentence("{low} to {high}", {"low": pace.low, "high": pace.high})


def _what_range(pace: Pace, found: Found | None) -> Sentence:
    """Say what the range is."""
    fields = {"targets": str(pace.targets)}
    if found is not None and found.answer.decided.method == "interval":
        runs = found.about.runs
        told = "Mean over {targets} targets; 95 % interval of {a} against {b} runs."
        return Sentence(told, {**fields, "a": str(runs[0]), "b": str(runs[1])})
    if pace.low is None:
        return Sentence("Median over {targets} target times.", fields)
    return Sentence(
        "Median and range over {targets} target times; not a confidence interval.", fields
    )


def _other(facts: Facts, outcome: str, pace: Pace, found: Found) -> Sentence:
    where = facts.objectives[outcome].variant_title or in_words(facts.objectives[outcome].title)
    between = ", {range}" if pace.low is not None else ""
    text = "On {where} {ratio}" + between + ": {word}."
    fields: dict[str, Any] = {"where": where, "word": found.answer.word}
    parts = {"ratio": _ratio(pace), "range": _range(pace)}
    return filled(text, {**fields, **parts})


def _difference(facts: Facts, pair: Pair) -> Card:
    """Return the effect where no targets show it: the difference on what decides."""
    found = {name: pair.value(name) for name in facts.objectives}
    better = [name for name, one in found.items() if one.answer.decided.relation == "better"]
    main = (better or [*found])[0]
    numbers = found[main].numbers
    if numbers is None:
        return {"label": "Effect", "value": "Not known", "text": found[main].answer.sentence}
    title = facts.objectives[main].title
    sign = "+" if numbers.difference.known and numbers.difference.number > 0 else ""
    others = [
        Sentence("{where}: {word}.", {"where": _where(facts, name), "word": one.answer.word})
        for name, one in found.items()
        if name != main
    ]
    return {
        "label": f"{title}, against the baseline",
        "value": Sentence(sign + "{by}", {"by": numbers.difference}),
        "range": _interval(found[main]),
        "text": joined([_what_interval(found[main]), *others]),
    }


def _where(facts: Facts, outcome: str) -> str:
    measure = facts.objectives[outcome]
    return measure.variant_title or measure.title


def _interval(found: Found) -> Sentence:
    intervals = found.answer.decided.intervals
    if not intervals or found.numbers is None:
        return Sentence("")
    low, high = bounds(next(iter(intervals.values())), found.numbers.difference)
    return Sentence("{low} to {high}", {"low": low.shown_as(unit=""), "high": high})


def _what_interval(found: Found) -> Sentence:
    """Say what the range is, and where the difference was taken."""
    assert found.numbers is not None
    end: dict[str, Quantity | str] = {"end": found.numbers.end}
    runs = found.about.runs
    if not found.answer.decided.intervals:
        return Sentence("At {end}, in these runs; without a range.", end)
    told = "At {end}; 95 % interval of {a} against {b} runs."
    return Sentence(told, {**end, "a": str(runs[0]), "b": str(runs[1])})


def _sure(facts: Facts) -> Card:
    counts = facts.counts
    told = runs_a_setting(counts)
    run = "run" if counts == (1, 1) else "runs"
    value = told.replace(" a setting", f" {run} a setting")
    value = value[:1].upper() + value[1:]
    text = Sentence("") if facts.alone else joined([*_together(facts)])
    return {"label": "How sure", "value": value, "text": text}


def _together(facts: Facts) -> list[Sentence]:
    """Say what changed together, and which runs would tell."""
    pair = facts.pair
    if pair is None:
        return [facts.recommendation.sensitivity]
    for one in inseparable(facts.experiment):
        if {one.candidate, one.baseline} <= {*pair.candidate.runs, *pair.baseline.runs}:
            return _apart(facts, one)
    found = [pair.value(name).answer for name in facts.objectives]
    needed = [one.needed for one in found if one.needed.template]
    if not needed and facts.counts != (1, 1):
        needed = [found[-1].strength]
    changed = [
        in_words(setting.title)
        for name, setting in facts.definition.settings.items()
        if pair.candidate.settings.get(name) != pair.baseline.settings.get(name)
        and not setting.replicate
    ]
    alone = [Sentence(f"Only {together(changed)} changed.")] if len(changed) == 1 else []
    return [*alone, *(needed[:1] or [facts.recommendation.sensitivity])]


def _apart(facts: Facts, pair: Inseparable) -> list[Sentence]:
    settings = facts.definition.settings
    names = together([in_words(settings[name].title) for name in pair.settings])
    said = [Sentence("{names} changed together.", {"names": names[:1].upper() + names[1:]})]
    if pair.unrecorded:
        said = [Sentence("Some settings were not recorded.")]
    if not pair.missing:
        return said
    labels = [
        " · ".join(
            (settings[name].label or "{}").replace("{}", _shown(value))
            for name, value in run.settings.items()
            if name in pair.settings
        )
        for run in pair.missing
    ]
    hours = [run.hours for run in pair.missing]
    total = sum(one.number for one in hours)
    how = "as long as the shorter run of the two, each"
    count = counted(len(labels), "run")
    text = "{count} ({which}, {hours} in all) would tell which helped."
    fields: dict[str, Quantity | str] = {
        "count": count[:1].upper() + count[1:],
        "which": together(labels),
        "hours": Quantity(total, "h", 0, how=how, made=made("sum", *hours)),
    }
    return [*said, Sentence(text, fields)]


def _shown(value: Quantity | str) -> str:
    return value if isinstance(value, str) else value_text(value.number)
