"""What was concluded, and what it rests on, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.tables import Cell, Table

if TYPE_CHECKING:
    from rulka_analysis.experiments.definition import Definition
    from rulka_analysis.verdicts.answer import Conclusion

# A verdict is told by word and sign, never by colour alone.
_SIGNS = {"supported": "✓", "contradicted": "✗", "cannot tell": "?", "no data": "∅"}


def verdict_in_words(conclusion: Conclusion) -> str:
    """Return a verdict as it is shown, such as ``✗ Contradicted: no difference, fragile``."""
    verdict = conclusion.verdict
    way = f": {conclusion.way}" if conclusion.way else ""
    fragile = ", fragile" if conclusion.fragile else ""
    return f"{_SIGNS[verdict]} {verdict[:1].upper()}{verdict[1:]}{way}{fragile}"


def conclusions(found: Sequence[Conclusion]) -> Table:
    """Return conclusions as a table: verdict, what the logs say, and what was typed."""
    columns = {"verdict": "Verdict", "sentence": "What the logs say", "typed": "As typed"}
    rows: dict[str, list[Cell]] = {
        one.name: [
            verdict_in_words(one),
            one.sentence,
            one.typed or "–",
        ]
        for one in found
    }
    return Table(columns, rows, "Conclusions, with the verdicts of the logs in use.")


def deciding(conclusion: Conclusion) -> Table:
    """Return the numbers a conclusion rests on: a row a clock.

    Of a claim on targets they are the times to the hardest that can be decided. A claim that says
    by how much has two columns more: what was claimed and what was found.
    """
    of_targets = any(row.target is not None for row in conclusion.deciding)
    with_size = any(row.claimed is not None for row in conclusion.deciding)
    columns = {
        "clock": "Clock",
        "holds": "The claim",
        "share": "True for targets" if of_targets else "True at checkpoints",
        "end": "Hardest target" if of_targets else "At",
        "candidate": "Reached by candidate at" if of_targets else "Candidate",
        "baseline": "Reached by baseline at" if of_targets else "Baseline",
        "difference": "Difference",
        "margin": "Margin",
    }
    if with_size:
        columns |= {"claimed": "Claimed at least", "found": "Found in the direction claimed"}
    rows: dict[str, list[Cell]] = {}
    for row in conclusion.deciding:
        clock = f"{row.clock} (interpolated)" if row.interpolated else f"{row.clock}"
        holds = {True: "holds", False: "does not hold", None: "cannot be told"}[row.holds]
        rows[f"{row.clock}"] = [
            clock.capitalize(),
            holds if row.votes else f"{holds}; does not vote",
            row.share,
            row.end if row.target is None else row.target,
            row.candidate,
            row.baseline,
            row.difference if row.difference.known or not of_targets else "–",
            row.margin,
            *(row.claimed or "–", row.found or "–")[: 2 * with_size],
        ]
    return Table(columns, rows)


def margins(definition: Definition) -> Table:
    """Return from which difference on a difference matters, and why, as declared."""
    variant = definition.domain.variant
    columns = {"metric": "Metric", "margin": "Margin", "reason": "Why"}
    if variant is not None:
        columns = {
            "metric": "Metric",
            variant.name: variant.name.capitalize(),
            "margin": "Margin",
            "reason": "Why",
        }
    rows: dict[str, list[Cell]] = {}
    for metric, by_variant in definition.margins.items():
        for tagged, margin in by_variant.items():
            size = margin.size if margin.size is not None else margin.percent
            unit = "%" if margin.size is None else ""
            whole = size is not None and float(size).is_integer()
            shown = Quantity(size, unit, 0 if whole else 2, how="declared by the experiment")
            text = "{size}, or one reading if that is more" if margin.one_reading else "{size}"
            title = definition.variant_titles.get(tagged, tagged) if tagged else "–"
            rows[f"{metric}.{tagged}" if tagged else metric] = [
                metric.replace("_", " "),
                *([title] if variant else []),
                Sentence(text, {"size": shown}),
                margin.reason,
            ]
    return Table(columns, rows, "From which difference on a difference matters, as declared.")
