"""A draft of a definition, from what was found in logs: its text, and what its author must check.

Pure functions. Every line that is a guess is marked ``# check`` and says what it was guessed from;
there are at most `MOST_CHECKS` of them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from rulka_analysis.experiments.asking import (
    GAINS,
    USUAL_DIGITS,
    DraftOutcome,
    key_of,
    words_of,
)
from rulka_analysis.experiments.groups import Group, Value, value_text
from rulka_analysis.experiments.varying import Varying
from rulka_analysis.values.text import amount, name_in_words

MOST_CHECKS = 15
MOST_SETTINGS = 4
# In a title.
MOST_NAMED = 3
# Two runs of one setting differ by less than this many standard deviations in 19 of 20 cases.
PER_SPREAD = 2.8
_BASELINES = ("baseline", "base", "default", "control", "reference")


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a draft is made of.

    Parameters
    ----------
    name : str
        The experiment.
    place : str
        The log directory, as its author calls it.
    domain, domain_source : str
        Whose tags they are, and how that is told.
    variant, variants : str
        The domain's word for what outcomes are told apart by, and for several; empty for none.
    varying : Varying
        What tells runs apart, and the groups.
    sources : mapping of str to str
        Where each setting stands.
    outcomes : tuple of DraftOutcome
        The first is what is recommended by.
    first_run : str
        The run that was begun first.
    left_out : mapping of str to str
        Runs that are not compared, and why.
    """

    name: str
    place: str
    domain: str
    domain_source: str
    varying: Varying
    outcomes: tuple[DraftOutcome, ...]
    sources: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""
    variants: str = ""
    first_run: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)


# --- The baseline ---------------------------------------------------------------------------------


def guess_baseline(groups: Sequence[Group], first_run: str) -> tuple[Group, str]:
    """Return the group that others are likely held against, and why it was taken.

    Examples
    --------
    >>> groups = [Group("lr 0.1", ("a",)), Group("lr 0.2", ("default_b",))]
    >>> guess_baseline(groups, "a")[1]
    "a guess: 'default' in the name of default_b"
    """
    for word in _BASELINES:
        for group in groups:
            for name in (group.label, *group.runs):
                if word in words_of(name):
                    return group, f"a guess: {word!r} in the name of {name}"
    if len(groups) == 1:
        return groups[0], "the only one"
    for group in groups:
        if group.settings and all(value == 0 for value in group.settings.values()):
            return group, "a guess: nothing is added to it"
    for group in groups:
        if first_run in group.runs:
            return group, f"a guess: {first_run} was trained first"
    return groups[0], "a guess: the first"


# --- The text -------------------------------------------------------------------------------------


def write_draft(found: Drafted) -> str:
    """Return the text of a definition.

    At most `MOST_CHECKS` of its lines are marked ``# check``, each with what it was guessed from.
    """
    groups, varying = found.varying.groups, found.varying
    baseline, why = guess_baseline(groups, found.first_run)
    keys = _keys(varying.settings)
    # Of runs by themselves, those alone are written out whose names are too long to be labels.
    nothing_tells = not any(group.settings for group in groups)
    by_hand = varying.by_name or any(
        len(group.runs) > 1 or (nothing_tells and group.label != group.runs[0]) for group in groups
    )
    named = baseline.label if by_hand else baseline.runs[0]
    first = found.outcomes[0].title if found.outcomes else ""
    telling = [varying.settings[name].title for name in varying.telling]
    # A number in a name is none that was measured, which a title could not tell.
    name = " ".join(w for w in name_in_words(found.name).split() if w.isalpha()) or "runs"
    what = _joined(telling[:MOST_NAMED]) or name
    whence = "from what differs between runs" if telling else "nothing says what differs"
    lines = [
        f"# Written from the logs in {_comment(found.place)}. Lines marked `check` are guesses,",
        "# each with what it was guessed from: correct them, and take the mark away.",
        _marked(f"title = {_text(what[:1].upper() + what[1:])}", whence),
        f"question = {_text(_question(telling, first, len(groups)))}",
        _marked(f"domain = {_text(found.domain)}", found.domain_source),
        _marked(f"baseline = {_text(named)}", why),
    ]
    if found.outcomes and found.outcomes[0].better != "neither":
        lines.append(f"objectives = [{_text(found.outcomes[0].name)}]")
    if varying.replicates:
        chance = ", ".join(_text(keys[name]) for name in varying.replicates)
        where = found.sources.get(varying.replicates[0], "")
        lines.append(_marked(f"replicates = [{chance}]", f"chance; {where}" if where else "chance"))
    lines += [*_variants(found), *_settings(found, keys)]
    lines += _groups(groups, varying, keys) if by_hand else _runs(groups, varying, keys)
    if found.left_out:
        lines += ["", "[runs]"] if by_hand else []
        lines += [f"{_name(run)} = {{}}" for run in found.left_out]
        lines += ["", _marked("[exclude]", "left out, each for its reason")]
        lines += [f"{_name(run)} = {_text(reason)}" for run, reason in found.left_out.items()]
    for number, outcome in enumerate(found.outcomes):
        lines += _outcome(outcome, found, first=number == 0)
    return "\n".join(lines) + "\n"


def _question(telling: Sequence[str], outcome: str, groups: int) -> str:
    aim = outcome[:1].lower() + outcome[1:] if outcome[1:2].islower() else outcome
    if groups == 1:
        return f"How far does this setting get in the {aim}?" if aim else "What do these runs say?"
    if not telling:
        return f"How do these runs differ in the {aim}?" if aim else "How do these runs differ?"
    does = "does" if len(telling) == 1 else "do"
    return f"How {does} {_joined(telling[:MOST_NAMED])} change the {aim or 'outcome'}?"


def _joined(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _variants(found: Drafted) -> list[str]:
    """Return the table of what outcomes are told apart by."""
    there = list(dict.fromkeys(o.variant for o in found.outcomes if o.variant))
    if not there:
        return []
    return ["", f"[{found.variants}]", *(f"{_name(one)} = {_text(one)}" for one in there)]


def _settings(found: Drafted, keys: Mapping[str, str]) -> list[str]:
    varying = found.varying
    if not varying.telling:
        return []
    lines = ["", "[settings]"]
    for number, name in enumerate(varying.telling):
        setting = varying.settings[name]
        title = setting.title[:1].upper() + setting.title[1:]
        parts = [f"title = {_text(title)}"]
        parts += [f"label = {_text(setting.label)}"] if setting.label else []
        line = f"{_name(keys[name])} = {{ {', '.join(parts)}, named = true }}"
        source = found.sources.get(name, "")
        told = "a guess from the names of runs" if varying.by_name else source
        if together := varying.together.get(name):
            listed = ", ".join(map(_comment, together[:3]))
            more = f" and {len(together) - 3} more" if len(together) > 3 else ""
            told = f"{told}; {listed}{more} changed with it" if told else f"{listed} changed, too"
        lines.append(_marked(line, told) if told and number < MOST_SETTINGS else line)
    return lines


def _groups(groups: Sequence[Group], varying: Varying, keys: Mapping[str, str]) -> list[str]:
    everything = [run for group in groups for run in group.runs]
    lines = ["", "[groups]"]
    for group in groups:
        others = [run for run in everything if run not in group.runs]
        pattern = common_pattern(group.runs, others)
        runs = _text(pattern) if pattern else f"[{', '.join(map(_text, group.runs))}]"
        values = _values(varying, keys, group.runs[0])
        lines.append(
            f"{_name(group.label)} = {{ runs = {runs}{''.join(f', {v}' for v in values)} }}"
        )
    return lines


def _runs(groups: Sequence[Group], varying: Varying, keys: Mapping[str, str]) -> list[str]:
    lines = ["", "[runs]"]
    for group in groups:
        values = ", ".join(_values(varying, keys, group.runs[0]))
        lines.append(f"{_name(group.runs[0])} = {{{f' {values} ' if values else ''}}}")
    return lines


def _values(varying: Varying, keys: Mapping[str, str], run: str) -> list[str]:
    known = varying.values.get(run, {})
    return [f"{_name(keys[n])} = {_value(known[n])}" for n in varying.telling if n in known]


def _outcome(outcome: DraftOutcome, found: Drafted, *, first: bool) -> list[str]:
    lines = ["", f"[outcomes.{_name(outcome.name)}]"]
    if outcome.metric:
        lines.append(_marked(f"metric = {_text(outcome.metric)}", outcome.source))
        if outcome.variant:
            lines.append(f"{found.variant} = {_text(outcome.variant)}")
    else:
        lines += [
            f"tag = {_text(outcome.tag)}",
            f"title = {_text(outcome.title)}",
            *([f"unit = {_text(outcome.unit)}"] if outcome.unit else []),
            *([f"digits = {outcome.digits}"] if outcome.digits != USUAL_DIGITS else []),
            _marked(f"better = {_text(outcome.better)}", outcome.source),
            'summary = "trailing mean"',
        ]
    if outcome.targets:
        listed = ", ".join(value_text(value) for value in outcome.targets)
        line = f"targets = [{listed}]"
        gains = ", ".join(f"{share:.0%}" for share in GAINS[: len(outcome.targets)])
        lines.append(_marked(line, f"{gains} of what the baseline gained") if first else line)
    if first:
        help_ = "how small a difference does not matter, and why; without it nothing is level"
        lines.append(_marked("# margin = …; reason = …", help_))
        if math.isfinite(outcome.spread) and outcome.spread > 0:
            limit = value_text(float(f"{PER_SPREAD * outcome.spread:.2g}"))
            lines.append(
                f"# Two runs of one setting differ by up to {limit} in 19 of 20 cases, as these do."
            )
    return lines


def common_pattern(runs: Sequence[str], others: Iterable[str]) -> str:
    """Return a pattern that fits all of some runs and none of the others; empty for none.

    Examples
    --------
    >>> common_pattern(["lr1_s1", "lr1_s2"], ["lr2_s1"]), common_pattern(["a", "b"], ["c"])
    ('lr1_s*', '')
    """
    if len(runs) == 1 or any(set(run) & set("*?[") for run in runs):
        return ""
    start = runs[0]
    while not all(run.startswith(start) for run in runs):
        start = start[:-1]
    end = runs[0][len(start) :]
    while not all(run[len(start) :].endswith(end) for run in runs):
        end = end[1:]
    pattern = f"{start}*{end}"
    fits = bool(start or end) and not any(fnmatchcase(other, pattern) for other in others)
    return pattern if fits else ""


def _keys(settings: Iterable[str]) -> dict[str, str]:
    """Return a short name of each setting, none of them twice."""
    settings = list(settings)
    short = {name: key_of(name.rpartition(".")[2] or name) for name in settings}
    taken = list(short.values())
    return {name: key if taken.count(key) == 1 else key_of(name) for name, key in short.items()}


def _name(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _text(key)


def _value(value: Value) -> str:
    return _text(value) if isinstance(value, str) else value_text(value).replace("yes", "true")


def _text(text: str) -> str:
    """Return a text as TOML has it, which is as JSON does but for one character."""
    shown = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return json.dumps(shown, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    """Return a text such that it stays within a comment's line."""
    shown = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else " " for c in shown)


def _marked(line: str, source: str) -> str:
    return f"{line}  # check: {_comment(source)}" if source else line


def count_runs(groups: Sequence[Group]) -> str:
    """Say how many runs there are in how many groups.

    Examples
    --------
    >>> count_runs([Group("a", ("x", "y")), Group("b", ("z",))])
    '3 runs in 2 groups'
    """
    runs = sum(len(group.runs) for group in groups)
    return f"{amount(runs, 'run')} in {amount(len(groups), 'group')}"
