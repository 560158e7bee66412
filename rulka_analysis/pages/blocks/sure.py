"""How sure it all is: what one run can bear, how the answers hang on the rule, what to ignore."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rulka_analysis.health import contradicted
from rulka_analysis.pages.blocks.facts import Facts, counted, together
from rulka_analysis.pages.results import Block
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.sentences import joined, listed
from rulka_analysis.verdicts.how_sure import observed_once, planning
from rulka_analysis.verdicts.noise import chance_of_objectives, how_sure_at_all

if TYPE_CHECKING:
    from rulka_analysis.verdicts.loaded import LoadedExperiment


def sure(experiment: LoadedExperiment) -> Block:
    """Return how sure the answers are, in a few points.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    """
    facts = Facts(experiment)
    points = [_runs(facts), *_noise(facts), *_ignore(facts)]
    return Block("points", {"points": [point for point in points if point.template]})


def sure_in_full(experiment: LoadedExperiment) -> Block:
    """Return all that is known of how sure answers can be: what was planned, runs, their noise.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    """
    return Block("points", {"points": list(how_sure_at_all(experiment.evaluation))})


def _runs(facts: Facts) -> Sentence:
    """Say what the number of runs can bear, and which answers are fragile."""
    evaluation = facts.experiment.evaluation
    if facts.alone:
        return Sentence(
            "{runs} of one setting.", {"runs": counted(facts.counts[1], "run").capitalize()}
        )
    if facts.counts == (1, 1):
        margins = [
            (Quantity(size, one.unit, one.digits, how="as declared"), one.variant_title)
            for name, one in facts.objectives.items()
            if (size := facts.definition.margin(name).size) is not None
        ]
        told = observed_once(margins)
    else:
        told = planning(evaluation.planned)
    return joined([told, *_fragile(facts)])


def _fragile(facts: Facts) -> Iterator[Sentence]:
    if facts.pair is None:
        return
    for name, measure in facts.objectives.items():
        answer = facts.pair.value(name).answer
        if answer.decided.fragile:
            where = f" on {measure.variant_title}" if measure.variant_title else ""
            text = "{word}{where} is fragile: {agreeing} of {asked} checks agree."
            decided = answer.decided
            counts = {"agreeing": str(decided.agreeing), "asked": str(decided.asked)}
            yield Sentence(text, {"word": answer.word.capitalize(), "where": where, **counts})


def _noise(facts: Facts) -> Iterator[Sentence]:
    """Say how often chance alone would give a difference that counts, by near-replicates."""
    chances = chance_of_objectives(facts.experiment.evaluation)
    if not chances:
        return
    near = facts.definition.near_replicates
    each = [
        Sentence("{rate} of pairs{where}", {"rate": rate, "where": f" on {where}" if where else ""})
        for where, rate in chances.items()
    ]
    head = Sentence(
        "If runs of one setting differ as {runs} do, chance gives a difference that counts in",
        {"runs": together(near)},
    )
    yield joined([head, joined([listed(each), Sentence(".")], "")])


def _ignore(facts: Facts) -> Iterator[Sentence]:
    """Name the tags that do not hold what they are called after, and what of one run shows it."""
    found = contradicted(facts.experiment.noticed)
    runs: dict[str, list[str]] = {}
    for run, tag in found:
        runs.setdefault(tag, []).append(run)
    for tag, names in sorted(runs.items(), key=lambda one: (-len(one[1]), one[0]))[:1]:
        # What the finding says first is what readers must know; the rest stands under log health.
        why = found[names[0], tag].message.partition(";")[0].rstrip(".")
        others = len(runs) - 1
        more = f" Also: {counted(others, 'more tag')}." if others else ""
        yield Sentence("Ignore {tag}: {why}." + more, {"tag": tag, "why": why})
