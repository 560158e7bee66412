"""Answers and claims, and what they rest on, as tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, get_args

from rulka_analysis.values.quantities import MANY, Extreme, Quantity, Sentence, extreme
from rulka_analysis.values.tables import Cell, Table
from rulka_analysis.values.text import name_in_words

if TYPE_CHECKING:
    from rulka_analysis.experiments.definition import Definition, Margin
    from rulka_analysis.experiments.groups import Group
    from rulka_analysis.verdicts.answer import Answered, Claimed


def group_key(group: Group) -> str:
    """Return what a group goes by in the names of results: its run, or its label in letters.

    Examples
    --------
    >>> from rulka_analysis.experiments.groups import Group
    >>> group_key(Group("64 · 1024×", ("uni_9",))), group_key(Group("lr 0.1", ("a", "b")))
    ('uni_9', 'lr_0.1')
    """
    name = group.runs[0] if len(group.runs) == 1 else group.label
    return re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII).strip("_")


def named_answers(found: Iterable[Answered]) -> dict[str, Answered]:
    """Return answers by the names under which pages quote them.

    That is ``comparison.outcome``, the candidate behind it where the comparison has several, and
    ``pace`` last: ``sizes.best_time.large.pace``.
    """
    every = tuple(found)
    candidates = Counter(
        comparison for comparison, _ in {(one.comparison, one.candidate.label) for one in every}
    )
    names = {}
    for one in every:
        several = candidates[one.comparison] > 1
        parts = [one.comparison, one.outcome, group_key(one.candidate) if several else ""]
        parts.append("pace" if one.kind == "pace" else "")
        names[".".join(filter(None, parts))] = one
    return names


def answer_in_words(answer: Answered) -> str:
    """Return an answer as it is shown, such as ``▼ worse, fragile``."""
    # Imported here: a notebook that asks nothing does not depend on it.
    from rulka_analysis.verdicts.words import label_of_relation

    shown = label_of_relation(answer.decided.relation, answer.vocabulary)
    return f"{shown}, fragile" if answer.decided.fragile else shown


def claim_in_words(claim: Claimed) -> str:
    """Return how a claim stands, such as ``too strong, fragile``: a word, and no sign."""
    return f"{claim.held.verdict}, fragile" if claim.held.fragile else claim.held.verdict


def answers(found: Iterable[Answered]) -> Table:
    """Return answers as a table: one row a candidate and outcome, value and speed side by side."""
    columns = {"outcome": "Outcome", "candidate": "Setting", "baseline": "Against"}
    columns |= {"answer": "Answer", "pace": "How soon", "sentence": "What the logs say"}
    rows: dict[str, list[Cell]] = {}
    named = named_answers(found)
    for name, one in named.items():
        if one.kind == "pace":
            continue
        pace = named.get(f"{name}.pace")
        rows[name] = [
            one.title,
            one.candidate.label,
            one.baseline.label,
            answer_in_words(one),
            answer_in_words(pace) if pace else "–",
            one.sentence,
        ]
    return Table(columns, rows, "Answers: how settings stand to the one they are held against.")


def claims(found: Sequence[Claimed]) -> Table:
    """Return claims as a table: what was said, how it stands, and what the logs say."""
    columns = {"claim": "Claim", "held": "Now", "sentence": "Why"}
    rows: dict[str, list[Cell]] = {
        f"{one.comparison}.{one.name}": [
            one.text or one.name.replace("_", " "),
            claim_in_words(one),
            one.sentence,
        ]
        for one in found
    }
    return Table(columns, rows, "What was claimed, held against the answers of the logs in use.")


def deciding(answer: Answered) -> Table:
    """Return the numbers an answer rests on: a row a clock.

    Of an answer on targets they are the times to the hardest that can be decided. Where a group has
    several runs, each stands in a column of its own; of many, the least and the greatest of a group
    do, and all are in the evidence of its mean.
    """
    of_targets = answer.kind == "pace"
    columns = {
        "clock": "Clock",
        "says": "Says",
        "share": "True for targets" if of_targets else "True at checkpoints",
        "end": "Hardest target" if of_targets else "At",
        "candidate": answer.candidate.label,
        "baseline": answer.baseline.label,
        "difference": "Difference",
        "margin": "Margin",
    }
    runs = list(answer.rows[0].by_run) if answer.rows else []
    several = runs if 2 < len(runs) <= MANY else []
    columns |= {run: run for run in several}
    ends: list[tuple[Group, Extreme]] = []
    if len(runs) > MANY:
        groups = (answer.candidate, answer.baseline)
        ends = [(group, which) for group in groups for which in get_args(Extreme)]
    columns |= {f"{which} {group.label}": f"{group.label}, {which}" for group, which in ends}
    rows: dict[str, list[Cell]] = {}
    for row in answer.rows:
        clock = f"{row.clock} (interpolated)" if row.interpolated else f"{row.clock}"
        rows[f"{row.clock}"] = [
            clock.capitalize(),
            row.said if row.votes else f"{row.said}; does not vote",
            row.share,
            row.end if row.target is None else row.target,
            row.candidate,
            row.baseline,
            row.difference if row.difference.known or not of_targets else "–",
            row.margin,
            *(row.by_run[run] for run in several),
            *(extreme(row.of(group), which) for group, which in ends),
        ]
    return Table(columns, rows)


def margins(definition: Definition) -> Table:
    """Return from which difference on a difference matters, and why, as declared."""
    columns = {"outcome": "Outcome", "margin": "Margin", "reason": "Why"}
    rows: dict[str, list[Cell]] = {}
    for name in definition.asked:
        margin = definition.margin(name)
        shown = _margin(margin) if margin.declared else "none: nothing is level"
        rows[name] = [name_in_words(name), shown, margin.reason or "–"]
    if any(definition.targets(name) for name in definition.asked):
        pace = definition.pace.allowed
        rows["pace"] = ["how soon targets are reached", _margin(pace), pace.reason or "–"]
    return Table(columns, rows, "From which difference on a difference matters, as declared.")


def _margin(margin: Margin) -> Sentence:
    sizes: dict[str, Quantity | str] = {}
    for name, size, unit in (("size", margin.size, ""), ("percent", margin.percent, "%")):
        if size is not None:
            digits = 0 if float(size).is_integer() else 2
            sizes[name] = Quantity(size, unit, digits, how="declared by the experiment")
    text = " or ".join(f"{{{name}}}" for name in sizes) or "none"
    if len(sizes) > 1:
        text += ", whichever is more"
    return Sentence(
        f"{text}, or one reading if that is more" if margin.one_reading else text, sizes
    )
