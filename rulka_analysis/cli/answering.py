"""What ``rulka-analysis answers`` prints: how settings stand, and what became of claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rulka_analysis.cli import declared
from rulka_analysis.cli.output import Waiting, print_table, say
from rulka_analysis.pages.tables.verdict import claim_in_words, named_answers
from rulka_analysis.project import experiments_named, list_experiments
from rulka_analysis.values.errors import ExperimentError, listing

if TYPE_CHECKING:
    from rulka_analysis.logs.runs import Logs
    from rulka_analysis.verdicts.answer import Answered, Claimed
    from rulka_analysis.verdicts.loaded import LoadedExperiment
    from rulka_analysis.verdicts.relations import Relation

# A sign beside the word, so that nothing hangs on colour; these are in every encoding.
SIGNS: dict[Relation, str] = {
    "better": "+",
    "worse": "-",
    "level": "=",
    "no worse": "+=",
    "no better": "-=",
    "undecided": "?",
    "no data": "/",
}


def choose_experiment(logs: Logs, name: str | None) -> LoadedExperiment:
    """Return the experiment of a name, or the only one that the logs have runs of.

    Raises
    ------
    ExperimentError
        If no name is given and there is not exactly one.
    """
    if name is None:
        every = tuple(experiments_named())
        there = list_experiments(logs) or every
        if len(there) != 1:
            listed = f"there are: {listing(every)}" if every else "rulka-analysis new writes one"
            raise ExperimentError(f"name an experiment; {listed}")
        name = there[0]
    return declared.load_named(logs, name)


def answer(
    experiment: LoadedExperiment,
) -> tuple[tuple[Answered, ...], tuple[Claimed, ...]]:
    """Answer an experiment's comparisons and hold its claims, showing progress."""
    with Waiting("reading the logs") as reading:
        for name in reading.each(experiment.definition.runs):
            run = experiment.run(name)
            if run is not None:
                _ = run.tags  # read here, where progress is shown
    with Waiting("answering"):
        return experiment.answers(), experiment.claims()


def as_data(
    experiment: LoadedExperiment, answers: Sequence[Answered], claims: Sequence[Claimed]
) -> dict[str, Any]:
    """Return answers and claims as plain data for JSON."""
    planned = experiment.evaluation.planned
    return {
        "experiment": experiment.name,
        "groups": [
            {"label": group.label, "runs": list(group.runs), "settings": dict(group.settings)}
            for group in experiment.groups
        ],
        "excluded": dict(experiment.definition.exclude),
        "planned": {"comparisons": planned.comparisons, "outcomes": planned.outcomes},
        "how_sure": str(experiment.how_sure()),
        "counts": _counts(answers, claims),
        "answers": [
            {"name": name, **one.as_dict()} for name, one in named_answers(answers).items()
        ],
        "claims": [claim.as_dict() for claim in claims],
    }


def _counts(answers: Sequence[Answered], claims: Sequence[Claimed]) -> dict[str, dict[str, int]]:
    words = [one.word for one in answers]
    verdicts = [claim.held.verdict for claim in claims]
    return {
        "answers": {word: words.count(word) for word in dict.fromkeys(words)},
        "claims": {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)},
    }


def print_answers(
    experiment: LoadedExperiment, answers: Sequence[Answered], claims: Sequence[Claimed]
) -> None:
    """Print answers and claims, comparison by comparison."""
    if not answers:
        say(_why_none(experiment))
    counts = _counts(answers, claims)
    for what, of in counts.items():
        if of:
            say(f"{what.capitalize()}: {', '.join(f'{n} {word}' for word, n in of.items())}.")
    named = named_answers(answers)
    for name, comparison in experiment.definition.comparisons.items():
        here = {key: one for key, one in named.items() if one.comparison == name}
        say()
        say(comparison.title, heading=True)
        rows = [
            [_answer(one), key.removeprefix(f"{name}."), one.candidate.label, str(one.sentence)]
            for key, one in here.items()
        ]
        print_table(["Answer", "Outcome", "Setting", "What the logs say"], rows)
        said = [claim for claim in claims if claim.comparison == name]
        if said:
            say()
            rows = [[claim_in_words(one), one.name, str(one.sentence)] for one in said]
            print_table(["Claim", "Name", "Why"], rows)


def _why_none(experiment: LoadedExperiment) -> str:
    """Say why nothing is answered: the definition asks nothing, or one group alone has runs."""
    if not experiment.definition.asked:
        return "Nothing is asked: add an outcome, [outcomes.NAME], with its tag."
    empty = [
        f"{', '.join(group.runs)} ({name})"
        for name, group in experiment.definition.groups.items()
        if not any(map(group.holds, experiment.logs.runs))
    ]
    told = f" No run is called {listing(empty)}." if empty else ""
    return f"Nothing is compared: there is one group, {experiment.groups[0].label}.{told}"


def _answer(one: Answered) -> str:
    fragile = ", fragile" if one.decided.fragile else ""
    return f"{SIGNS[one.decided.relation]} {one.word}{fragile}"
