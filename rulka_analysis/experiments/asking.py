"""What to ask of runs, by their tags: likely outcomes, targets on the way, how far runs spread.

Pure functions on tags and values; what they return are guesses, each with what it was guessed from.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.metrics.catalogue import Better, Catalogue, Metric
from rulka_analysis.values.text import natural_order

Floats = NDArray[np.float64]

MOST_OUTCOMES = 3
# What is drawn beside them, and rates nothing.
MOST_BESIDE = 3
_BESIDE = ("loss", "length", "len", "entropy", "kl", "epsilon", "norm", "std", "fps")
# With as many decimals a value is shown unless a definition says otherwise.
USUAL_DIGITS, MOST_DIGITS = 2, 9
# A metric that fewer of the runs have compares too little.
ENOUGH_RUNS = 2 / 3
GAINS = (0.5, 0.75, 0.9)
# What a part of a tag says of the direction, the likeliest measure of success first.
_HIGHER = ("return", "reward", "rew", "score", "success", "win", "acc", "accuracy", "f1", "auc")
_LOWER = ("loss", "error", "err", "mse", "mae", "rmse", "perplexity", "regret")
_NO_OUTCOME = {"std", "min", "max", "len", "length", "time", "fps", "lr", "entropy", "kl", "steps"}
_NO_OUTCOME |= {"initial", "lowest", "highest", "variance"}
_OF_EVALUATION = {"eval", "evaluation", "test", "val", "valid", "validation"}


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
    title, unit, better, digits
        As a definition has them.
    source : str
        Why it, and whence its direction; empty for what rates nothing.
    targets : tuple of float
        What the baseline reached on its way.
    reaches : bool
        Whether targets may be declared for it: its summary tells when one was reached.
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
    digits: int = USUAL_DIGITS
    targets: tuple[float, ...] = ()
    reaches: bool = True
    spread: float = math.nan


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
    common = _common(tags)
    order = {metric.name: at for at, metric in enumerate(catalogue)}
    found: list[tuple[tuple[object, ...], DraftOutcome]] = []
    for tag in common:
        match = catalogue.match(tag)
        if match is not None:
            metric = match.metric
            if _is_outcome(metric) and match.is_usual:
                evaluated = not _OF_EVALUATION & words_of(f"{metric.name} {tag}")
                # What tells at the end of training is success; what tells early is a sign of it.
                rank: tuple[object, ...] = (
                    0,
                    (not metric.important, "late" not in metric.stages),
                    metric.summary != "best",
                    evaluated,
                    order[metric.name],
                    match.variant or "",
                )
                found.append((rank, _of_catalogue(tag, metric, match.variant or "")))
        elif (guess := guess_better(tag)) is not None:
            better, word, at = guess
            own = words_of(tag)
            mean = {"mean", "average", "avg"} & own
            rank = (1, at, not _OF_EVALUATION & own, not mean, tag)
            source = f"not in the catalogue; '{word}' in its name, so {better} is better"
            found.append(
                (rank, DraftOutcome(key_of(tag), tag, better, source, title=title_of(tag)))
            )
    found.sort(key=lambda one: one[0])
    # What is as telling as the best; a part of a reward beside the whole of it would only distract.
    best = [outcome for rank, outcome in found if rank[:2] == found[0][0][:2]]
    if not best and common:
        tag = common[0]
        source = "the first tag that runs have; nothing says which direction is better"
        best = [DraftOutcome(key_of(tag), tag, "neither", source, title=tag)]
    return tuple(_one_a_variant(_one_a_name(best))[:MOST_OUTCOMES])


def _common(tags: Mapping[str, Collection[str]]) -> list[str]:
    """Return the tags that most runs have; where none is that common, those that most have."""
    count = Counter(tag for own in tags.values() for tag in set(own))
    enough = min(ENOUGH_RUNS * len(tags), max(count.values(), default=0))
    return sorted((tag for tag, runs in count.items() if runs >= enough), key=natural_order)


def choose_beside(
    tags: Mapping[str, Collection[str]], catalogue: Catalogue, chosen: Collection[DraftOutcome]
) -> tuple[DraftOutcome, ...]:
    """Return what may show why, beside the outcomes: losses and the like, which rate nothing.

    Parameters
    ----------
    tags : mapping of str to collection of str
        The tags of each run.
    catalogue : Catalogue
        What it knows is called as it calls it.
    chosen : collection of DraftOutcome
        What is asked.
    """
    found: list[tuple[tuple[object, ...], DraftOutcome]] = []
    for tag in _common(tags):
        match, own = catalogue.match(tag), words_of(tag)
        if any(tag == outcome.tag for outcome in chosen) or {"learning", "rate"} <= own:
            continue
        if match is not None:
            metric = match.metric
            if metric.summary in ("setting", "clock") or metric.schedule or match.variant:
                continue
            if metric.decides and match.is_usual and (metric.important or own & {*_BESIDE}):
                outcome = DraftOutcome(metric.name, tag, "neither", "", metric=metric.name)
                outcome = replace(outcome, title=metric.title, reaches=False)
                found.append(((not metric.important, 0, tag), outcome))
        elif (word := next((w for w in _BESIDE if w in own), None)) and not own & {"max", "min"}:
            outcome = DraftOutcome(key_of(tag), tag, "neither", "", title=title_of(tag))
            found.append(((True, _BESIDE.index(word), tag), outcome))
    names = {outcome.name for outcome in chosen}
    found.sort(key=lambda one: one[0])
    return tuple(_one_a_name(outcome for _, outcome in found if outcome.name not in names))


def title_of(tag: str) -> str:
    """Return what a tag is called that nobody has given a title.

    Examples
    --------
    >>> title_of("Eval_AverageReturn"), title_of("loss/value_function"), title_of("CPU usage")
    ('Eval average return', 'Loss value function', 'CPU usage')
    """
    words = _split(tag).replace("/", " ").replace("_", " ").split()
    small = [word if word[:2].isupper() else word.lower() for word in words]
    return " ".join([f"{small[0][:1].upper()}{small[0][1:]}", *small[1:]]) if small else tag


def digits_for(ends: Iterable[float], digits: int = USUAL_DIGITS) -> int:
    """Return with how many decimals values tell runs apart.

    Examples
    --------
    >>> digits_for([196.9, 65.2]), digits_for([0.0274, 0.0013]), digits_for([0.9941, 0.9962])
    (2, 4, 4)
    """
    known = [abs(end) for end in ends if math.isfinite(end)]
    spread = max(known, default=0.0) - min(known, default=0.0)
    apart = 1 - math.floor(math.log10(spread)) if spread else 0
    largest = max(known, default=0.0)
    own = 2 - math.floor(math.log10(largest)) if largest else 0
    return min(max(digits, apart, own), MOST_DIGITS)


def _is_outcome(metric: Metric) -> bool:
    return (
        metric.decides
        and metric.better != "neither"
        and not metric.scales_with
        and metric.summary in ("best", "last", "median_of_last_three")
        and (
            # A best that matters is an outcome, whatever else is called a time.
            (metric.important and metric.summary == "best")
            or not words_of(metric.name) & {*_NO_OUTCOME, "second", "throughput"}
        )
    )


def _of_catalogue(tag: str, metric: Metric, variant: str) -> DraftOutcome:
    source = f"important in the catalogue, where {metric.better} is better"
    if not metric.important:
        source = f"in the catalogue, where {metric.better} is better"
    name = f"{metric.name}_{key_of(variant)}" if variant else metric.name
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
        reaches=whole or not variant,
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
    words = words_of(tag)
    if words & _NO_OUTCOME:
        return None
    for at, word in enumerate((*_HIGHER, *_LOWER)):
        if word in words or f"{word}s" in words:
            return ("higher" if word in _HIGHER else "lower"), word, at
    return None


def words_of(text: str) -> set[str]:
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


def _one_a_variant(outcomes: Iterable[DraftOutcome]) -> list[DraftOutcome]:
    """Return the outcomes, of each variant the first: every variant matters more than two views."""
    found: dict[str, DraftOutcome] = {}
    for outcome in outcomes:
        found.setdefault(outcome.variant or outcome.name, outcome)
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


def key_of(name: str) -> str:
    """Return a name that a definition can be written with."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_") or "value"
