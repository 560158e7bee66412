"""What is said of a measure within sentences, and why one cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rulka_analysis.experiments.groups import Group
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.series import Series
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Sentence
from rulka_analysis.values.sentences import joined
from rulka_analysis.verdicts.words import About


def title_within(measure: Measure) -> str:
    """Return a measure's title as it stands within a sentence.

    Only a plain word loses its capital: ``Q`` and names keep theirs. Of times the best is meant.
    What stands behind a comma is closed by another one.
    """
    first, _, rest = measure.title.partition(" ")
    plain = first[1:].replace("-", "").islower()
    title = f"{first.lower() if plain else first} {rest}".strip()
    title = f"{title}," if "," in title else title
    return f"best {title}" if measure.is_best and "best" not in title else title


def about_value(
    measure: Measure, candidate: Group, baseline: Group, runs: tuple[int, int]
) -> About:
    """Return what a value answer is about, in words.

    What is rated and has variants is named by the variant alone; anything else by its title, which
    holds the variant where there is one.
    """
    rated = measure.metric.better != "neither"
    short = rated and bool(measure.variant_title)
    a_time = measure.unit in ("s", "ms", "min", "h") and measure.metric.better == "lower"
    less, more = ("faster", "slower") if a_time else ("lower", "higher")
    return About(
        title="" if short else title_within(measure),
        candidate=candidate.label,
        baseline=baseline.label,
        variant=measure.variant_title if short else "",
        vocabulary="quality" if rated else "diagnostic",
        less=less,
        more=more,
        runs=runs,
    )


def about_pace(measure: Measure, candidate: Group, baseline: Group, runs: tuple[int, int]) -> About:
    """Return what an answer on how soon targets are reached is about."""
    return About(
        title="",
        candidate=candidate.label,
        baseline=baseline.label,
        variant=measure.variant_title,
        vocabulary="speed",
        less="sooner",
        more="later",
        runs=runs,
    )


def instead_of(asked: Measure, judged: Measure, finding: Finding, note: str) -> Sentence:
    """Say that an answer rests on another metric than the one asked; why, the finding says."""
    told = Sentence(
        "This is judged by the {judged}, because {tag} does not hold what its name says.",
        {
            "judged": title_within(judged).rstrip(","),
            "tag": finding.tag or asked.metric.name,
        },
    )
    return joined([told, Sentence("{note}", {"note": note})]) if note else told


def no_clock(measure: Measure, wanted: Sequence[Clock], series: Mapping[str, Series]) -> Sentence:
    """Say that on no deciding clock there is a common window, and whose clock is missing."""
    lacking = [run for run, s in series.items() if not set(wanted) & set(s.run.clocks)]
    fields = {
        "title": title_within(measure),
        "clocks": " and ".join(map(str, wanted)),
        "none": " or ".join(map(str, wanted)),
        "runs": " and ".join(lacking or series),
    }
    if lacking:
        text = (
            "the {title} is compared by {clocks}, and these logs have no clock of {none} for {runs}"
        )
        return Sentence(text, fields)
    return Sentence("{runs} have no common window by {clocks}", fields)
