"""What ``rulka-analysis conclusions`` prints: verdicts, and what the logs say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rulka_analysis.cli import declared
from rulka_analysis.cli.output import Reading, print_table, say
from rulka_analysis.values.errors import ExperimentError, listing
from rulka_analysis.values.places import project_folder

if TYPE_CHECKING:
    from rulka_analysis.logs.runs import Logs
    from rulka_analysis.verdicts.answer import Conclusion
    from rulka_analysis.verdicts.loaded import LoadedExperiment
    from rulka_analysis.verdicts.rule import Verdict

# Word and symbol, so that nothing hangs on colour; the symbols are in every encoding.
VERDICTS: dict[Verdict, str] = {
    "supported": "+ supported",
    "contradicted": "x contradicted",
    "cannot tell": "? cannot tell",
    "no data": "- no data",
}


def chosen_experiment(logs: Logs, name: str | None) -> LoadedExperiment:
    """Return the experiment of a name, or the only one there is.

    Raises
    ------
    ExperimentError
        If no name is given and there is not exactly one.
    """
    if name is None:
        there = sorted(file.stem for file in (project_folder() / "docs/experiments").glob("*.toml"))
        if len(there) != 1:
            raise ExperimentError(f"name an experiment; there are: {listing(there)}")
        name = there[0]
    return declared.named_experiment(logs, name)


def conclude(experiment: LoadedExperiment) -> tuple[Conclusion, ...]:
    """Evaluate an experiment's conclusions, showing progress.

    Raises
    ------
    ExperimentError
        If it declares none.
    """
    if not experiment.definition.conclusions:
        raise ExperimentError(
            f"experiment {experiment.name!r} declares no conclusions; add [conclusions.…] to its "
            "definition"
        )
    with Reading("reading the logs") as reading:
        for name in reading.each(experiment.definition.runs):
            run = experiment.run(name)
            if run is not None:
                _ = run.tags  # read here, where progress is shown
    with Reading("evaluating conclusions"):
        return experiment.conclusions()


def as_data(experiment: LoadedExperiment, found: Sequence[Conclusion]) -> dict[str, Any]:
    """Return conclusions as plain data for JSON."""
    return {
        "experiment": experiment.name,
        "counts": counts(found),
        "conclusions": [conclusion.as_dict() for conclusion in found],
    }


def counts(found: Sequence[Conclusion]) -> dict[str, int]:
    """Return how many conclusions have each verdict."""
    return {verdict: sum(c.verdict == verdict for c in found) for verdict in VERDICTS}


def print_conclusions(experiment: LoadedExperiment, found: Sequence[Conclusion]) -> None:
    """Print conclusions, comparison by comparison."""
    total = ", ".join(f"{number} {verdict}" for verdict, number in counts(found).items())
    say(f"{experiment.title}: {total}.")
    for name, comparison in experiment.definition.comparisons.items():
        here = [conclusion for conclusion in found if conclusion.section == name]
        if not here:
            continue
        say()
        say(comparison.title, heading=True)
        rows = [[_verdict(c), c.name, str(c.sentence)] for c in here]
        print_table(["Verdict", "Conclusion", "What the logs say"], rows)


def _verdict(conclusion: Conclusion) -> str:
    word = VERDICTS[conclusion.verdict]
    way = f": {conclusion.way}" if conclusion.way else ""
    return f"{word}{way}{', fragile' if conclusion.fragile else ''}"
