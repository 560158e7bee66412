"""The card of an experiment on the landing page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rulka_analysis.pages.blocks.cards import configuration
from rulka_analysis.pages.blocks.facts import Facts, counted
from rulka_analysis.pages.blocks.heading import answer_in_short, runs_a_setting
from rulka_analysis.pages.results import Block

if TYPE_CHECKING:
    from rulka_analysis.verdicts.loaded import LoadedExperiment


def card(experiment: LoadedExperiment) -> Block:
    """Return what was asked, the answer, what to use, and what that rests on.

    Cards stand by last event, then by title.

    Parameters
    ----------
    experiment : LoadedExperiment
        The experiment, tied to logs.
    """
    facts = Facts(experiment)
    compared = [run for group in experiment.groups for run in group.runs]
    there = [run for run in map(experiment.run, compared) if run is not None]
    chips = [counted(len(there), "run")]
    if there:
        chips.append(runs_a_setting(facts.counts))
    read_off = sum(run.provenance is not None for run in there)
    if read_off:
        chips.append("digitised" if read_off == len(there) else "partly digitised")
    ends = [run.evidence(*run.last_event()).wall_time for run in there]
    legend = [["baseline", "baseline"]]
    if facts.winner is not None and facts.winner.name != facts.baseline.label:
        legend.insert(0, ["winner", facts.winner.name])
    return Block(
        "card",
        {
            "title": experiment.title,
            "question": experiment.definition.question,
            "answer": answer_in_short(facts),
            "use": configuration(facts) or ["nothing yet"],
            "chips": chips,
            "legend": legend,
            # As text: a moment is no number that a page shows.
            "last_event": str(max(ends, default=0.0)),
        },
    )
