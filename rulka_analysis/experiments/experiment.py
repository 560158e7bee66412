"""An experiment: its definition (``docs/experiments/<name>.toml``) tied to logs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pandas as pd

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.definition import Definition
from rulka_analysis.logs.clocks import MINUTES, Clock
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.settings import Declared, Setting, numbers_of, read_settings
from rulka_analysis.values.errors import ExperimentError, unknown
from rulka_analysis.values.quantities import Quantity


class Experiment:
    """An experiment's definition, and the logs it is evaluated on."""

    def __init__(self, definition: Definition, logs: Logs, catalogue: Catalogue) -> None:
        self.definition = definition
        self.logs = logs
        self.catalogue = catalogue
        self._settings: dict[str, dict[str, Setting]] = {}

    def __repr__(self) -> str:
        return f"<Experiment {self.name} on {self.logs!r}>"

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def title(self) -> str:
        return self.definition.title

    @property
    def runs(self) -> dict[str, Run | None]:
        """The declared runs by name; None for a run the logs do not hold."""
        return {name: self.run(name) for name in self.definition.runs}

    def run(self, name: str) -> Run | None:
        """Return a run of the logs, or None where they do not hold it."""
        return self.logs.get(name)

    def comparison(self, name: str) -> Comparison:
        """Return a comparison the definition declares.

        Raises
        ------
        ExperimentError
            If it declares none of that name.
        """
        declared = self.definition.comparisons
        if name not in declared:
            raise ExperimentError(
                unknown("comparison", name, declared, f"in experiment {self.name!r}")
            )
        chosen = declared[name]
        return self._compared(name, chosen.title, chosen.baseline, chosen.candidates)

    def all_runs(self) -> Comparison:
        """Return all declared runs side by side, the baseline first."""
        baseline = self.definition.baseline
        others = tuple(name for name in self.definition.runs if name != baseline)
        return self._compared("all_runs", "All runs", baseline, others)

    def side_by_side(self, title: str, baseline: str, others: Sequence[str]) -> Comparison:
        """Return any declared runs side by side, whether or not the definition compares them."""
        return self._compared("side_by_side", title, baseline, others)

    def _compared(
        self, name: str, title: str, baseline: str, candidates: Sequence[str]
    ) -> Comparison:
        names = (baseline, *candidates)
        return Comparison(
            name=name,
            title=title,
            runs={run: self.run(run) for run in names},
            baseline=baseline,
            settings={run: numbers_of(self.all_settings(run)) for run in names},
            catalogue=self.catalogue,
            measures=self.definition.metrics,
            variant_titles=self.definition.variant_titles,
            targets=self.definition.targets,
            run_order=tuple(self.definition.runs),
            lines=self.definition.lines,
        )

    def compare(
        self,
        comparison: str,
        metric: str,
        variant: str | None = None,
        clock: str | Clock = MINUTES,
        every: float | None = None,
        **variants: str | None,
    ) -> pd.DataFrame:
        """Compare the runs of a declared comparison; see `Comparison.compare`."""
        asked = self.catalogue.domain.chosen_variant(variant, variants)
        return self.comparison(comparison).compare(metric, asked, clock, every)

    def settings(self, run: str) -> dict[str, Quantity]:
        """Return the declared settings of a run that are numbers; unknown where nothing says so."""
        declared = self.definition.settings
        numbers = numbers_of(self.all_settings(run))
        return {name: number for name, number in numbers.items() if name in declared}

    def all_settings(self, run: str) -> dict[str, Setting]:
        """Return what was set in a run, declared or not; see `read_settings`."""
        if run not in self._settings:
            declared = self.definition.runs.get(run)
            values = declared.settings if declared is not None else {}
            said = {
                name: Declared(values.get(name), own.title, own.unit, own.tag, own.schedule)
                for name, own in self.definition.settings.items()
            }
            self._settings[run] = read_settings(run, self.run(run), self.catalogue, said)
        return self._settings[run]

    def setting_text(self, run: str, setting: str) -> str:
        """Return a setting as it is shown."""
        return self.all_settings(run)[setting].text

    @cached_property
    def absent(self) -> tuple[str, ...]:
        """The declared runs that the logs do not hold."""
        return tuple(name for name, run in self.runs.items() if run is None)
