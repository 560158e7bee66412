"""An experiment: its definition (``docs/experiments/<name>.toml``) tied to logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import pandas as pd

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.definition import Definition, Setting
from rulka_analysis.logs.clocks import MINUTES, Clock
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.summaries import last_index
from rulka_analysis.values.errors import ExperimentError, listing, nearest
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity


class Experiment:
    """An experiment's definition, and the logs it is evaluated on."""

    def __init__(self, definition: Definition, logs: Logs, catalogue: Catalogue) -> None:
        self.definition = definition
        self.logs = logs
        self.catalogue = catalogue

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
            close = nearest(name, declared)
            guess = f"; did you mean {close[0]!r}?" if close else "."
            raise ExperimentError(
                f"experiment {self.name!r} declares no comparison {name!r}{guess} "
                f"There are: {listing(declared)}"
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
            settings={run: self.settings(run) for run in names},
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
        """Return the settings of a run that are numbers: as logged, else as declared.

        Unknown where neither the log nor the definition records it.
        """
        return {
            name: self._setting(run, setting)
            for name, setting in self.definition.settings.items()
            if not isinstance(self.definition.runs[run].settings.get(name), str)
        }

    def setting_text(self, run: str, setting: str) -> str:
        """Return a setting as words where it is no number."""
        value = self.definition.runs[run].settings.get(setting)
        return "not recorded" if value is None else str(value)

    def _setting(self, run: str, setting: Setting) -> Quantity:
        found = self.run(run)
        if found is not None and setting.tag and setting.tag in found.tags:
            events = found.scalars(setting.tag)
            last = last_index(events.value.to_numpy(dtype=float))
            if last is not None:
                event = found.evidence(setting.tag, last)
                return Quantity(event.value, setting.unit, 0, (event,), "as logged")
        declared = self.definition.runs[run].settings.get(setting.name)
        if declared is None or isinstance(declared, str):
            reason = f"the {setting.title.lower()} of {run} was not recorded"
            return Quantity.unknown(reason, setting.unit, label="not recorded")
        whole = float(declared).is_integer()
        return Quantity(
            float(declared), setting.unit, 0 if whole else 2, how="as declared by the experiment"
        )

    def findings(self, runs: Iterable[str]) -> tuple[Finding, ...]:
        """Return what was noticed about runs: reading them, and holding them to the definition."""
        found: list[Finding] = []
        for name in runs:
            run = self.run(name)
            if run is not None:
                found += [*run.findings, *self._setting_findings(run)]
        return tuple(found)

    def _setting_findings(self, run: Run) -> Iterator[Finding]:
        declared = self.definition.runs[run.name].settings
        for setting in self.definition.settings.values():
            if not setting.tag or setting.tag not in run.tags or setting.name not in declared:
                continue
            logged = sorted(set(run.scalars(setting.tag).value.dropna()))
            if logged and [float(value) for value in logged] != [declared[setting.name]]:
                values = ", ".join(f"{value:g}" for value in logged)
                yield Finding(
                    "setting_differs",
                    "warning",
                    f"{run.name} logs a {setting.title.lower()} of {values}; the definition says "
                    f"{declared[setting.name]}.",
                    why="What is compared is not what was declared; the logged value is used.",
                    remedy=f"Correct docs/experiments/{self.name}.toml, or the log directory.",
                    run=run.name,
                    tag=setting.tag,
                )

    @cached_property
    def absent(self) -> tuple[str, ...]:
        """The declared runs that the logs do not hold."""
        return tuple(name for name, run in self.runs.items() if run is None)
