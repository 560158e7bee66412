"""A draft of a definition, from what was found in logs: its text, and what its author must check.

Pure functions. Every line that is a guess is marked ``# check`` and says what it was guessed from;
there are at most `MOST_CHECKS` of them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.experiments.groups import Group, Value, value_text
from rulka_analysis.experiments.varying import Varying
from rulka_analysis.metrics.catalogue import Better, Catalogue, Metric
from rulka_analysis.values.text import amount, name_in_words, natural_order

Floats = NDArray[np.float64]

MOST_CHECKS = 15
MOST_OUTCOMES = 3
MOST_SETTINGS = 4
# A metric that fewer of the runs have compares too little.
ENOUGH_RUNS = 2 / 3
# Two runs of one setting differ by less than this many standard deviations in 19 of 20 cases.
PER_SPREAD = 2.8
GAINS = (0.5, 0.75, 0.9)
# What a part of a tag says of the direction, the likeliest measure of success first.
_HIGHER = ("return", "reward", "rew", "score", "success", "win", "acc", "accuracy", "f1", "auc")
_LOWER = ("loss", "error", "err", "mse", "mae", "rmse", "perplexity", "regret")
_NO_OUTCOME = {"std", "min", "max", "len", "length", "time", "fps", "lr", "entropy", "kl", "steps"}
_NO_OUTCOME |= {"initial", "lowest", "highest", "variance"}
_OF_EVALUATION = {"eval", "evaluation", "test", "val", "valid", "validation"}
_BASELINES = ("baseline", "base", "default", "control", "reference")


@dataclass(frozen=True, slots=True)
class DraftOutcome:
    """What is to be asked of every comparison.

    Parameters
    ----------
    name : str
        What it goes by in the definition.
    tag : str
        Under which it is logged.
    metric : str
        A metric of the catalogue that says all of it; else empty, and the tag is declared.
    variant : str
        The variant, where the metric has some.
    title, unit, better
        As a definition has them.
    source : str
        Why it, and whence its direction.
    targets : tuple of float
        What the baseline reached on its way.
    spread : float
        Standard deviation of the ends of runs of one setting; NaN where there are no such runs.
    """

    name: str
    tag: str
    better: Better
    source: str
    metric: str = ""
    variant: str = ""
    title: str = ""
    unit: str = ""
    factor: float = 1.0
    targets: tuple[float, ...] = ()
    spread: float = math.nan


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


# --- What is asked --------------------------------------------------------------------------------


def choose_outcomes(
    tags: Mapping[str, Collection[str]], catalogue: Catalogue
) -> tuple[DraftOutcome, ...]:
    """Return what is most likely the success of runs, by their tags.

    Parameters
    ----------
    tags : mapping of str to collection of str
        The tags of each run.
    catalogue : Catalogue
        What it calls important and better comes first; of others the words of a tag are read.
    """
    count: dict[str, int] = {}
    for own in tags.values():
        for tag in set(own):
            count[tag] = count.get(tag, 0) + 1
    common = sorted(
        (tag for tag, runs in count.items() if runs >= ENOUGH_RUNS * len(tags)), key=natural_order
    )
    order = {metric.name: at for at, metric in enumerate(catalogue)}
    found: list[tuple[tuple[object, ...], DraftOutcome]] = []
    for tag in common:
        match = catalogue.match(tag)
        if match is not None:
            metric = match.metric
            if _is_outcome(metric) and match.is_usual:
                evaluated = not _OF_EVALUATION & _words(f"{metric.name} {tag}")
                rank: tuple[object, ...] = (
                    0,
                    not metric.important,
                    evaluated,
                    order[metric.name],
                    match.variant or "",
                )
                found.append((rank, _of_catalogue(tag, metric, match.variant or "")))
        elif (guess := guess_better(tag)) is not None:
            better, word, at = guess
            own = _words(tag)
            mean = {"mean", "average", "avg"} & own
            rank = (1, at, not _OF_EVALUATION & own, not mean, tag)
            source = f"not in the catalogue; '{word}' in its name, so {better} is better"
            title = " ".join(_split(tag).replace("/", " ").replace("_", " ").split()).capitalize()
            found.append((rank, DraftOutcome(_key(tag), tag, better, source, title=title)))
    found.sort(key=lambda one: one[0])
    # What is as telling as the best; a part of a reward beside the whole of it would only distract.
    best = [outcome for rank, outcome in found if rank[:2] == found[0][0][:2]]
    if not best and common:
        tag = common[0]
        source = "the first tag that runs have; nothing says which direction is better"
        best = [DraftOutcome(_key(tag), tag, "neither", source, title=tag)]
    return tuple(_one_a_name(best)[:MOST_OUTCOMES])


def _is_outcome(metric: Metric) -> bool:
    return (
        metric.decides
        and metric.better != "neither"
        and not metric.scales_with
        and metric.summary in ("best", "last", "median_of_last_three")
        and not _words(metric.name) & {*_NO_OUTCOME, "second", "throughput"}
    )


def _of_catalogue(tag: str, metric: Metric, variant: str) -> DraftOutcome:
    source = f"important in the catalogue, where {metric.better} is better"
    if not metric.important:
        source = f"in the catalogue, where {metric.better} is better"
    name = f"{metric.name}_{_key(variant)}" if variant else metric.name
    # A noisy reading needs a mean, which the catalogue does not take; a best so far needs none.
    whole = metric.summary == "best"
    return DraftOutcome(
        name,
        tag,
        metric.better,
        source,
        metric=metric.name if whole or variant else "",
        variant=variant,
        title=metric.heading(**({metric.varies_by: variant} if metric.varies_by else {})),
        unit=metric.display_unit if whole or variant else metric.unit,
        factor=metric.display_factor if whole or variant else 1.0,
    )


def guess_better(tag: str) -> tuple[Better, str, int] | None:
    """Return which direction is better by the words of a tag, the word, and how telling it is.

    Examples
    --------
    >>> guess_better("Eval_AverageReturn"), guess_better("val/PackedNLLLoss")
    (('higher', 'return', 0), ('lower', 'loss', 10))
    >>> guess_better("Perf/total_fps") is None
    True
    """
    words = _words(tag)
    if words & _NO_OUTCOME:
        return None
    for at, word in enumerate((*_HIGHER, *_LOWER)):
        if word in words or f"{word}s" in words:
            return ("higher" if word in _HIGHER else "lower"), word, at
    return None


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", _split(text).lower()))


def _split(text: str) -> str:
    """Part words that are written together: ``AverageReturn``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)


def _one_a_name(outcomes: Iterable[DraftOutcome]) -> list[DraftOutcome]:
    """Return the outcomes, the first of each name."""
    found: dict[str, DraftOutcome] = {}
    for outcome in outcomes:
        found.setdefault(outcome.name, outcome)
    return list(found.values())


# --- Numbers that help ----------------------------------------------------------------------------


def trailing_end(values: Floats) -> float:
    """Return the mean of the last tenth of a series; NaN for none."""
    finite = values[np.isfinite(values)]
    return float(finite[-max(1, len(finite) // 10) :].mean()) if len(finite) else math.nan


def choose_targets(values: Floats, better: Better) -> tuple[float, ...]:
    """Return values that a curve reached on its way, at shares of what it gained.

    Rounded to what is left to read, and only what it did reach: a target nobody reaches compares
    nothing.

    Examples
    --------
    >>> choose_targets(np.linspace(0, 100, 201), "higher")
    (49.0, 72.0, 86.0)
    >>> choose_targets(np.linspace(100, 0, 201), "higher")
    ()
    """
    finite = values[np.isfinite(values)]
    if len(finite) < 10 or better == "neither":
        return ()
    start, end = float(finite[: max(1, len(finite) // 20)].mean()), trailing_end(finite)
    gain = end - start
    if gain == 0 or (gain > 0) != (better == "higher"):
        return ()
    digits = 1 - math.floor(math.log10(abs(gain)))
    found = dict.fromkeys(round(start + share * gain, digits) for share in GAINS)
    return tuple(value for value in found if (value <= end) == (better == "higher"))


def spread_of(ends: Sequence[Sequence[float]]) -> float:
    """Return the standard deviation of runs of one setting, from the ends of all groups.

    Examples
    --------
    >>> spread_of([[1.0, 2.0, 3.0], [5.0]])
    1.0
    >>> spread_of([[1.0]])
    nan
    """
    known = [np.array([end for end in group if math.isfinite(end)]) for group in ends]
    several = [group for group in known if len(group) > 1]
    freedom = sum(len(group) - 1 for group in several)
    if not freedom:
        return math.nan
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in several)
    return math.sqrt(squares / freedom)


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
                if word in _words(name):
                    return group, f"a guess: {word!r} in the name of {name}"
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
    by_hand = any(len(group.runs) > 1 for group in groups)
    named = baseline.label if by_hand else baseline.runs[0]
    first = found.outcomes[0].title if found.outcomes else ""
    telling = [varying.settings[name].title for name in varying.telling]
    what = " and ".join(telling[:2]) or name_in_words(found.name)
    lines = [
        f"# Written from the logs in {_comment(found.place)}. Lines marked `check` are guesses,",
        "# each with what it was guessed from: correct them, and take the mark away.",
        _marked(f"title = {_text(what[:1].upper() + what[1:])}", "from what differs between runs"),
        f"question = {_text(_question(telling, first))}",
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
    for number, outcome in enumerate(found.outcomes):
        lines += _outcome(outcome, found, first=number == 0)
    return "\n".join(lines) + "\n"


def _question(telling: Sequence[str], outcome: str) -> str:
    aim = outcome[:1].lower() + outcome[1:] if outcome[1:2].islower() else outcome
    if not telling:
        return f"How do these runs differ in the {aim}?" if aim else "How do these runs differ?"
    does = "does" if len(telling) == 1 else "do"
    return f"How {does} {' and '.join(telling[:2])} change the {aim or 'outcome'}?"


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
        if math.isfinite(outcome.spread):
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
    short = {name: _key(name.rpartition(".")[2] or name) for name in settings}
    taken = list(short.values())
    return {name: key if taken.count(key) == 1 else _key(name) for name, key in short.items()}


def _key(name: str) -> str:
    """Return a name that a definition can be written with."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_") or "value"


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
    return f"{line}  # check: {_comment(source)}"


def count_runs(groups: Sequence[Group]) -> str:
    """Say how many runs there are in how many groups.

    Examples
    --------
    >>> count_runs([Group("a", ("x", "y")), Group("b", ("z",))])
    '3 runs in 2 groups'
    """
    runs = sum(len(group.runs) for group in groups)
    return f"{amount(runs, 'run')} in {amount(len(groups), 'group')}"
