"""What is said of a claim: beside the answer, how large it was said to be, how its parts stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rulka_analysis.experiments.said import AtLeast
from rulka_analysis.values.quantities import Quantity, Sentence, made
from rulka_analysis.values.sentences import listed
from rulka_analysis.verdicts.claims import VERDICTS, Held, Verdict
from rulka_analysis.verdicts.deciding import Decided
from rulka_analysis.verdicts.relations import Relation, named
from rulka_analysis.verdicts.words import About, Numbers, by_clocks, capital, filled

# Of one part, and of several.
_PARTS: Mapping[Verdict, tuple[str, str]] = {
    "holds": ("holds", "hold"),
    "too strong": ("is too strong", "are too strong"),
    "wrong": ("is wrong", "are wrong"),
    "undecided": ("is undecided", "are undecided"),
    "no data": ("has no data", "have no data"),
}


def claim(said: str, about: About, decided: Decided) -> Sentence:
    """Say how a claim stands beside the answer.

    Examples
    --------
    >>> about, decided = About("", "a", "b", variant="Ant"), Decided("level", None, "interval", {})
    >>> print(claim("better", about, decided))
    Said better on Ant; it is level.
    """
    found = named(decided.relation, about.vocabulary)
    title = about.title.rstrip(",")
    fields = {
        "said": "the same" if said == "same" else said,
        "in": f" in {title}" if title else "",
        "where": about.where,
        "found": found,
        "clocks": by_clocks(about, decided),
    }
    if decided.relation == "no data":
        # The answer beside it says so, and why.
        return Sentence("Said {said}{in}{where}.", fields)
    if found in (said, {"same": "level"}.get(said)):
        return Sentence("Said {said}{in}{where}, and so it is{clocks}.", fields)
    return Sentence("Said {said}{in}{where}; it is {found}{clocks}.", fields)


def claimed_amount(
    about: About, least: AtLeast, sign: int, numbers: Numbers, met: Relation | None = None
) -> Sentence:
    """Say how large a difference was said to be, and how large it is.

    The sign is 1 if the candidate was said to be higher, -1 if lower. `met` is better where the
    difference is as large as said, worse where it is not, undecided where that is open.

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
        "title": capital(about.title or "it"),
        "where": about.where,
        "found": found.size(),
        "said": said,
    }
    if not found.known:
        return Sentence("Not known: {why}.", {"why": found.missing})
    # What ends is a run; targets are reached.
    speed = about.vocabulary == "speed"
    if least.kind == "times":
        high = {True: about.candidate, False: about.baseline}
        fields |= {"high": high[sign > 0], "low": high[sign < 0]}
        text = "{title}{where} ended {found} as high with {high} as with {low}"
        if speed:
            text = "Targets{where} took {found} as long with {high} as with {low}"
    else:
        word, claimed = (about.more if s > 0 else about.less for s in (side, sign))
        fields |= {"word": word, "claimed": "" if word == claimed else f" {claimed}"}
        text = "{title}{where} ended {found} {word}"
        if speed:
            text = "Targets{where} were reached {found} {word}"
    if met == "undecided":
        return Sentence(f"{text}; whether it is {{said}} or more is undecided.", fields)
    reached = side == sign and found.size().number >= least.amount
    if side == sign and found.size().text == said.text:
        return Sentence(f"{text}, as was said.", fields)
    if reached:
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
    by = made("ratio", difference, baseline, of_size=True, times=100.0)
    return Quantity(share, "%", digits, difference.evidence, how, made=by), side


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
    Of 3 parts, 2 hold and 1 has no data.
    >>> print(parts([Held("holds")] * 2), parts([Held("wrong")] * 3))
    Both parts hold. All 3 parts are wrong.
    """
    fields: dict[str, Quantity | str | Sentence] = {
        "number": Quantity(len(found), "", 0, how=f"{of} of the claim"),
        "of": of,
    }
    there = [verdict for verdict in VERDICTS if any(part.verdict == verdict for part in found)]
    if len(there) == 1 and len(found) > 1:
        fields["stand"] = _PARTS[there[0]][1]
        every = "Both" if len(found) == 2 else "All {number}"
        return filled(f"{every} {{of}} {{stand}}.", fields)
    if len(found) == 1:
        return filled("The only one of its {of} {stand}.", {**fields, "stand": _PARTS[there[0]][0]})
    told = []
    for verdict in there:
        number = sum(part.verdict == verdict for part in found)
        counted = Quantity(number, "", 0, how=f"{of}: {verdict}")
        word = _PARTS[verdict][number > 1]
        told.append(Sentence("{number} {word}", {"number": counted, "word": word}))
    return filled("Of {number} {of}, {told}.", {**fields, "told": listed(told)})


def of_part(candidate: str, said: Sentence) -> Sentence:
    """Say of whom a part of a claim is, where its parts are not all about one.

    Examples
    --------
    >>> print(of_part("uni_8", Sentence("Said worse on {place}; it is level.", {"place": "Ant"})))
    uni_8: said worse on Ant; it is level.
    """
    text = said.template
    begun = replace(said, template=text[:1].lower() + text[1:])
    return filled("{candidate}: {said}", {"candidate": candidate, "said": begun})
