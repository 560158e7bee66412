"""What experiments' definitions and the logs say of runs: which experiment, which settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rulka_analysis.experiments.definition import Definition
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.experiments.groups import Group
from rulka_analysis.experiments.reader import read_definition
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.settings import numbers_of, read_settings
from rulka_analysis.project import domain_of, load_catalogue, load_experiment
from rulka_analysis.values.errors import ExperimentError, unknown
from rulka_analysis.values.places import project_folder
from rulka_analysis.values.quantities import Quantity

if TYPE_CHECKING:
    from rulka_analysis.verdicts.loaded import LoadedExperiment

_DEFINITIONS = Path("docs", "experiments")


def find_declaring(logs: Logs, names: Sequence[str]) -> tuple[LoadedExperiment | None, list[str]]:
    """Return the experiment whose definition declares most of some runs.

    None where no definition declares any of them; with it, what is wrong with those that cannot be
    read.
    """
    problems = []
    best: tuple[int, str] | None = None
    for file in _definition_files():
        try:
            declared = _definition(file)
        except ExperimentError as error:
            problems.append(str(error))
            continue
        count = sum(declared.declares(name) for name in names)
        if count and (best is None or count > best[0]):
            best = (count, file.stem)
    return (load_experiment(best[1], logs) if best else None), problems


def load_named(logs: Logs, name: str) -> LoadedExperiment:
    """Return an experiment by name, or by the path of its definition."""
    if name.endswith(".toml"):
        return load_experiment(Path(name).stem, logs, path=Path(name).expanduser())
    return load_experiment(name, logs)


def find_experiment_with(logs: Logs, comparison: str) -> LoadedExperiment:
    """Return the experiment that declares a comparison.

    Raises
    ------
    ExperimentError
        If none does, or several do.
    """
    found: list[str] = []
    known: list[str] = []
    for file in _definition_files():
        declared = _definition(file).comparisons
        known += declared
        if comparison in declared:
            found.append(file.stem)
    if not found:
        raise ExperimentError(
            unknown(
                "comparison", comparison, known, f"in the definitions of {_DEFINITIONS.as_posix()}"
            )
        )
    if len(found) > 1:
        raise ExperimentError(
            f"comparison {comparison!r} is declared by {' and '.join(found)}; "
            "choose with --experiment"
        )
    return load_experiment(found[0], logs)


def groups_in(logs: Logs) -> Iterator[Group]:
    """Yield the groups of declared experiments; definitions with a mistake have none here."""
    for file in _definition_files():
        with suppress(ExperimentError):
            yield from load_experiment(file.stem, logs).groups


def _definition_files() -> list[Path]:
    return sorted((project_folder() / _DEFINITIONS).glob("*.toml"))


def _definition(file: Path) -> Definition:
    return read_definition(file.stem, file, load_catalogue(of=domain_of(file)))


def settings_of(
    name: str, run: Run | None, catalogue: Catalogue, experiment: Experiment | None
) -> dict[str, Quantity]:
    """Return a run's settings that are numbers: by its log, else as declared by an experiment."""
    if experiment is not None and name in experiment.definition.runs:
        return numbers_of(experiment.all_settings(name))
    return numbers_of(read_settings(name, run, catalogue))
