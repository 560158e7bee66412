"""What experiments' definitions and the logs say of runs: which experiment, which settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rulka_analysis.experiments.definition import Definition
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.experiments.reader import read_definition
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.project import load_catalogue, load_experiment
from rulka_analysis.values.errors import ExperimentError, unknown
from rulka_analysis.values.places import project_folder
from rulka_analysis.values.quantities import Quantity

if TYPE_CHECKING:
    from rulka_analysis.verdicts.loaded import LoadedExperiment

_DEFINITIONS = Path("docs", "experiments")


def declaring_experiment(
    logs: Logs, names: Sequence[str]
) -> tuple[LoadedExperiment | None, list[str]]:
    """Return the experiment whose definition declares most of some runs.

    Returns
    -------
    Experiment or None
        None where no definition declares any of them.
    list of str
        What is wrong with definitions that could not be read.
    """
    problems = []
    best: tuple[int, str] | None = None
    for file in _definition_files():
        try:
            declared = _definition(file).runs
        except ExperimentError as error:
            problems.append(str(error))
            continue
        count = sum(name in declared for name in names)
        if count and (best is None or count > best[0]):
            best = (count, file.stem)
    return (load_experiment(best[1], logs) if best else None), problems


def named_experiment(logs: Logs, name: str) -> LoadedExperiment:
    """Return an experiment by name, or by the path of its definition."""
    if name.endswith(".toml"):
        return load_experiment(Path(name).stem, logs, path=Path(name).expanduser())
    return load_experiment(name, logs)


def experiment_with(logs: Logs, comparison: str) -> LoadedExperiment:
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


def _definition_files() -> list[Path]:
    return sorted((project_folder() / _DEFINITIONS).glob("*.toml"))


def _definition(file: Path) -> Definition:
    return read_definition(file.stem, file, load_catalogue())


def settings_of(
    name: str, run: Run | None, catalogue: Catalogue, experiment: Experiment | None
) -> dict[str, Quantity]:
    """Return a run's settings that are numbers: as logged, else as declared by an experiment.

    Logged are settings under tags of the catalogue, and hyperparameters under their names. A
    setting that changed within the run has no value.
    """
    found: dict[str, Quantity] = {}
    if experiment is not None and name in experiment.definition.runs:
        found |= experiment.settings(name)
    if run is None:
        return found
    found |= _hyperparameters(run, [*found, *catalogue.settings()])
    for setting, metric in catalogue.settings().items():
        tags = catalogue.tags_for(metric.name, run.tags)
        if not tags or metric.schedule:
            continue
        values = run.scalars(tags[0]).value.to_numpy(dtype=np.float64)
        distinct = np.unique(values[np.isfinite(values)])
        if len(distinct) > 1:
            words = setting.replace("_", " ")
            low, high = distinct.min(), distinct.max()
            reason = f"the {words} of {name} changes within the run, from {low:g} to {high:g}"
            found[setting] = Quantity.unknown(reason, metric.display_unit, label="changes")
        elif len(distinct):
            value = float(distinct[0])
            digits = 0 if value.is_integer() else metric.digits
            evidence = (run.evidence(tags[0], len(values) - 1),)
            unit = metric.display_unit
            found[setting] = Quantity(value, unit, digits, evidence, "as logged")
    return found


def _hyperparameters(run: Run, settings: Sequence[str]) -> dict[str, Quantity]:
    """Return the logged hyperparameters that are numbers, under the names settings go by here."""
    known = {_letters(setting): setting for setting in settings}
    return {
        known.get(_letters(name), name): Quantity(
            float(value),
            "",
            0 if float(value).is_integer() else 6,
            how="as logged (hyperparameter)",
        )
        for name, value in run.hyperparameters.items()
        if not isinstance(value, str | bool) and np.isfinite(value)
    }


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
