"""An experiment: its definition (``docs/experiments/<name>.toml``) tied to logs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from rulka_analysis.experiments.comparison import Comparison, FoundSeries
from rulka_analysis.experiments.definition import Definition
from rulka_analysis.experiments.groups import (
    BETWEEN,
    LEFT_OUT,
    Group,
    Value,
    Varied,
    group_of,
    make_groups,
)
from rulka_analysis.logs.clocks import MINUTES, Clock
from rulka_analysis.logs.runs import Logs, Run
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.settings import (
    Declared,
    Setting,
    numbers_of,
    read_settings,
    round_off,
)
from rulka_analysis.values.errors import ExperimentError, unknown
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.values.sentences import in_words

if TYPE_CHECKING:
    import pandas as pd

# Stands beside the settings where an author grouped runs by hand.
_BY_HAND = "group"


class Experiment:
    """An experiment's definition, and the logs it is evaluated on."""

    def __init__(self, definition: Definition, logs: Logs, catalogue: Catalogue) -> None:
        self.definition = definition.with_runs(logs.runs) if definition.groups else definition
        self.logs = logs
        self.catalogue = catalogue
        self._settings: dict[str, dict[str, Setting]] = {}
        # A run's series is the same in every comparison, and so is what was asked of it.
        self._series: FoundSeries = {}

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

    # --- Groups -----------------------------------------------------------------------------------

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups of runs: those that agree in every setting but the replicate ones.

        What the definition says of a run is taken as it stands there; the log is asked for what it
        leaves open. So what groups are called does not hang on every log.
        """
        definition = self.definition
        runs = [run for run in definition.runs if run not in definition.exclude]
        settings = {
            name: Varied(in_words(one.title), one.label, one.named, one.replicate)
            for name, one in definition.settings.items()
        }
        by_hand = {run: definition.group_by_hand(run) for run in runs}
        if all(one.replicate for one in settings.values()) and not any(by_hand.values()):
            return tuple(Group(run, (run,)) for run in runs)
        values = {run: self._varied(run) for run in runs}
        if any(by_hand.values()):
            settings[_BY_HAND] = Varied(_BY_HAND, "{}", named=True)
            values = {run: {**own, _BY_HAND: by_hand[run] or run} for run, own in values.items()}
        found = make_groups(values, settings)
        return tuple(self._called_by_hand(group, found) for group in found)

    def _varied(self, run: str) -> dict[str, Value]:
        declared = self.definition.runs[run].settings
        values: dict[str, Value] = {}
        for name in self.definition.settings:
            value: Value | None = declared.get(name)
            if value is None:
                value = self.all_settings(run)[name].known
            if value is not None:
                # A log keeps fewer digits than were set.
                values[name] = value if isinstance(value, bool) else round_off(value)
        return values

    def _called_by_hand(self, group: Group, others: Sequence[Group]) -> Group:
        """Return a group under the name its author gave it, where that is its name alone."""
        name = group.settings.get(_BY_HAND)
        if name is None:
            return group
        settings = {key: value for key, value in group.settings.items() if key != _BY_HAND}
        same = [other for other in others if other.settings.get(_BY_HAND) == name]
        return Group(str(name) if len(same) == 1 else group.label, group.runs, settings)

    def group(self, name: str) -> Group:
        """Return a group by its label, or by one of its runs.

        Raises
        ------
        ExperimentError
            If there is none.
        """
        found = group_of(name, self.groups)
        if found is None:
            if name in self.definition.exclude:
                raise ExperimentError(
                    f"{name} is left out of experiment {self.name!r} "
                    f"({self.definition.exclude[name]}); compare another run"
                )
            if not self.groups:
                raise ExperimentError(
                    f"none of the runs of experiment {self.name!r} is in {self.logs.path}; name "
                    "the log directory that holds them (LOGDIR or --logdir)"
                )
            known = [group.label for group in self.groups]
            raise ExperimentError(unknown("group", name, known, f"in experiment {self.name!r}"))
        return found

    def named(self, name: str) -> Group:
        """Return what a definition speaks of: a group, or one that is left out, called so."""
        return self._left_out.get(name) or self.group(name)

    def why_left_out(self, group: Group) -> str:
        """Return why a group is left out; empty where it is not."""
        if group not in self._left_out.values():
            return ""
        reasons = [f"{run} is left out: {self.definition.exclude[run]}" for run in group.runs]
        return "; ".join(dict.fromkeys(reasons))

    @cached_property
    def _left_out(self) -> dict[str, Group]:
        """Runs that are excluded, and groups by hand all of whose runs are, by all their names."""
        left = [run for run in self.definition.runs if run in self.definition.exclude]
        by_hand: dict[str, list[str]] = {}
        for run in left:
            by_hand.setdefault(self.definition.group_by_hand(run), []).append(run)
        still = {group.label for group in self.groups}
        named: dict[str, tuple[str, ...]] = {run: (run,) for run in left}
        named |= {name: tuple(runs) for name, runs in by_hand.items() if name not in {"", *still}}
        found = {name: Group(f"{name}{BETWEEN}{LEFT_OUT}", runs) for name, runs in named.items()}
        return {**found, **{group.label: group for group in found.values()}}

    # --- Comparisons ------------------------------------------------------------------------------

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
        baseline, candidates = self.compared(name)
        return self._compared(name, declared[name].title, baseline, candidates)

    def compared(self, comparison: str) -> tuple[Group, list[Group]]:
        """Return the baseline and the candidates of a comparison, without those left out."""
        declared = self.definition.comparisons[comparison]
        baseline = self.group(declared.baseline)
        named = [self.named(name) for name in declared.candidates]
        there = [group for group in named if not self.why_left_out(group)]
        every = there if named else self.groups
        labels = dict.fromkeys(group.label for group in every if group != baseline)
        return baseline, [self.group(label) for label in labels]

    def all_runs(self) -> Comparison:
        """Return all groups side by side, the baseline first."""
        baseline = self.group(self.definition.baseline)
        others = [group for group in self.groups if group != baseline]
        return self._compared("all_runs", "All runs", baseline, others)

    def side_by_side(self, title: str, baseline: Group, others: Sequence[Group]) -> Comparison:
        """Return any groups side by side, whether or not the definition compares them."""
        return self._compared("side_by_side", title, baseline, others)

    def _compared(
        self, name: str, title: str, baseline: Group, candidates: Sequence[Group]
    ) -> Comparison:
        groups = (baseline, *candidates)
        runs = {run: self.run(run) for group in groups for run in group.runs}
        present = [run for run in baseline.runs if runs[run] is not None]
        return Comparison(
            name=name,
            title=title,
            runs=runs,
            baseline=[*present, *baseline.runs][0],
            settings={run: numbers_of(self.all_settings(run)) for run in runs},
            catalogue=self.catalogue,
            variant_titles=self.definition.variant_titles,
            definition=self.definition,
            groups=groups,
            run_order=tuple(self.definition.runs),
            series=self._series,
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
        asked = self.catalogue.domain.choose_variant(variant, variants)
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
