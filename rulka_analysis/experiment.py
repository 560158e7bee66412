"""An experiment: its definition (``docs/experiments/<name>.toml``) tied to logs.

This is what notebooks and the command line call.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from rulka_analysis import questions
from rulka_analysis.catalogue import CATALOGUE_FILE, Catalogue, load_catalogue
from rulka_analysis.comparison import Comparison
from rulka_analysis.errors import ExperimentError, listing, nearest
from rulka_analysis.findings import Finding
from rulka_analysis.places import project_folder
from rulka_analysis.quantities import Quantity
from rulka_analysis.runs import Logs, Run, open_logs
from rulka_analysis.series import Line
from rulka_analysis.summaries import last_index

SettingValue = int | float | str | bool


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that was varied between runs, or could have been."""

    name: str
    title: str
    unit: str = ""
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class DeclaredRun:
    """A run as the definition describes it; a setting that is absent was not recorded."""

    name: str
    description: str = ""
    settings: Mapping[str, SettingValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeclaredComparison:
    """Which runs are held against which baseline, and to answer what."""

    name: str
    title: str
    question: str
    baseline: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """The content of an experiment's ``.toml``, checked."""

    name: str
    title: str
    question: str
    baseline: str
    maps: Mapping[str, str]
    settings: Mapping[str, Setting]
    runs: Mapping[str, DeclaredRun]
    metrics: Mapping[str, Mapping[str, tuple[str, ...]]]
    targets: Mapping[str, tuple[float, ...]]
    comparisons: Mapping[str, DeclaredComparison]
    lines: tuple[Line, ...]


class Experiment:
    """An experiment's definition, and the logs it is evaluated on.

    Made by `load_experiment`.
    """

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
            maps=self.definition.maps,
            targets=self.definition.targets,
            run_order=tuple(self.definition.runs),
            lines=self.definition.lines,
        )

    def compare(
        self,
        comparison: str,
        metric: str,
        map: str | None = None,
        clock: str = "minutes",
        every: float | None = None,
    ) -> pd.DataFrame:
        """Compare the runs of a declared comparison; see `Comparison.compare`."""
        return self.comparison(comparison).compare(metric, map, clock, every)

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


def load_experiment(name: str, logs: Logs | None = None, *, path: Path | None = None) -> Experiment:
    """Load an experiment's definition and tie it to logs.

    Parameters
    ----------
    name : str
        The experiment's name: ``docs/experiments/<name>.toml`` is its definition.
    logs : Logs, optional
        The logs to evaluate it on; those in effect (see `open_logs`) by default.
    path : Path, optional
        A definition elsewhere.

    Raises
    ------
    ExperimentError
        If there is no such definition, or a mistake in it; names file, line and remedy.
    """
    folder = project_folder() / "docs" / "experiments"
    file = path or folder / f"{name}.toml"
    if not file.is_file():
        there = sorted(p.stem for p in folder.glob("*.toml"))
        close = nearest(name, there)
        guess = f"; did you mean {close[0]!r}?" if close else "."
        raise ExperimentError(
            f"no experiment {name!r}: there is no file {file}{guess} There are: {listing(there)}"
        )
    for read in (file, CATALOGUE_FILE):
        questions.note_file(read)
    definition = read_definition(name, file)
    return Experiment(definition, logs or open_logs(), load_catalogue())


def read_definition(name: str, file: Path) -> Definition:
    """Read and check an experiment's definition; see `load_experiment`."""
    try:
        # Windows' editors begin a file with a byte order mark.
        text = file.read_text(encoding="utf-8-sig")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ExperimentError(f"{file}: {error}. Save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ExperimentError(f"{file}: {error}. Mend the TOML there") from error
    return _Reader(name, file, text, data).definition()


# Where something stands: keys of tables, and positions in lists of tables.
_Where = tuple[str | int, ...]


class _Reader:
    """Turns a definition's raw data into a `Definition`, naming file and line of a mistake."""

    def __init__(self, name: str, file: Path, text: str, data: dict[str, Any]) -> None:
        self.name = name
        self.file = file
        self.lines = text.splitlines()
        self.data = data

    def definition(self) -> Definition:
        known = {"title", "question", "baseline", "maps", "settings", "runs", "metrics"}
        self.only(self.data, known | {"targets", "comparisons", "lines"}, ())
        settings = {n: self.setting(n, entry) for n, entry in self.table("settings").items()}
        runs = {n: self.run(n, entry, settings) for n, entry in self.table("runs").items()}
        maps = {map: self.text(self.table("maps"), map, ("maps",)) for map in self.table("maps")}
        baseline = self.text(self.data, "baseline", ())
        self.member(baseline, runs, "run", ("baseline",))
        return Definition(
            name=self.name,
            title=self.text(self.data, "title", ()),
            question=self.text(self.data, "question", ()),
            baseline=baseline,
            maps=maps,
            settings=settings,
            runs=runs,
            metrics={n: self.metric(n, e, maps) for n, e in self.table("metrics").items()},
            targets={m: self.targets(m, v, maps) for m, v in self.table("targets").items()},
            comparisons={
                name: self.comparison(name, entry, runs, baseline)
                for name, entry in self.table("comparisons").items()
            },
            lines=self.summary_lines(maps),
        )

    def setting(self, name: str, entry: Any) -> Setting:
        where = ("settings", name)
        self.fields(entry, where, "title", "unit?", "tag?")
        unit = self.optional_text(entry, "unit", where)
        tag = self.optional_text(entry, "tag", where)
        return Setting(name, self.text(entry, "title", where), unit, tag or None)

    def run(self, name: str, entry: Any, settings: Mapping[str, Setting]) -> DeclaredRun:
        where = ("runs", name)
        found = self.fields(entry, where, "description?", "settings?")
        declared = found.get("settings", {})
        if not isinstance(declared, dict):
            self.fail((*where, "settings"), "must be a table such as { batch_size = 512 }")
        for setting, value in declared.items():
            self.member(setting, settings, "setting", (*where, "settings"))
            if not isinstance(value, SettingValue):
                self.fail((*where, "settings"), f"{setting} must be a number or a text")
        return DeclaredRun(name, self.optional_text(entry, "description", where), declared)

    def metric(self, name: str, entry: Any, maps: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        where = ("metrics", name)
        found = self.fields(entry, where, "reason", "maps")
        self.text(entry, "reason", where)
        names = [metric.name for metric in load_catalogue()]
        if not isinstance(found["maps"], dict):
            self.fail((*where, "maps"), "must be a table such as { A01 = 'robust_race_time' }")
        chosen: dict[str, tuple[str, ...]] = {}
        for map, metrics in found["maps"].items():
            self.member(map, maps, "map", (*where, "maps"))
            chosen[map] = tuple(metrics) if isinstance(metrics, list) else (metrics,)
            for metric in chosen[map]:
                self.member(metric, names, "metric of the catalogue", (*where, "maps"))
        return chosen

    def targets(self, map: str, value: Any, maps: Mapping[str, str]) -> tuple[float, ...]:
        where = ("targets", map)
        self.member(map, maps, "map", where)
        numbers = value if isinstance(value, list) else []
        if not numbers or not all(type(v) in (int, float) and v > 0 for v in numbers):
            self.fail(where, "must be a list of numbers above zero, such as [25.2, 25.0]")
        return tuple(float(v) for v in numbers)

    def comparison(
        self, name: str, entry: Any, runs: Mapping[str, DeclaredRun], baseline: str
    ) -> DeclaredComparison:
        where = ("comparisons", name)
        found = self.fields(entry, where, "title", "question", "candidates", "baseline?")
        candidates = found["candidates"]
        if not isinstance(candidates, list) or not candidates:
            self.fail((*where, "candidates"), 'must be a list of runs such as ["uni_6"]')
        chosen = self.optional_text(entry, "baseline", where) or baseline
        self.member(chosen, runs, "run", (*where, "baseline"))
        for run in candidates:
            self.member(run, runs, "run", (*where, "candidates"))
        if chosen in candidates:
            self.fail((*where, "candidates"), f"the baseline {chosen!r} cannot be a candidate, too")
        title, question = (self.text(entry, key, where) for key in ("title", "question"))
        return DeclaredComparison(name, title, question, chosen, tuple(candidates))

    def summary_lines(self, maps: Mapping[str, str]) -> tuple[Line, ...]:
        entries = self.data.get("lines", [])
        if not isinstance(entries, list):
            self.fail(("lines",), "must be a list of tables: [[lines]]")
        return tuple(self.summary_line(n, entry, maps) for n, entry in enumerate(entries))

    def summary_line(self, number: int, entry: Any, maps: Mapping[str, str]) -> Line:
        where = ("lines", number)
        found = self.fields(entry, where, "metric", "map?", "at?", "as_logged?")
        metrics = [*self.table("metrics"), *(metric.name for metric in load_catalogue())]
        self.member(found["metric"], metrics, "metric", (*where, "metric"))
        if "map" in found:
            self.member(found["map"], maps, "map", (*where, "map"))
        at = found.get("at", "common end")
        self.member(at, ("common end", "last", "best"), "place", (*where, "at"))
        as_logged = found.get("as_logged", False)
        if not isinstance(as_logged, bool):
            self.fail((*where, "as_logged"), "must be true or false")
        return Line(found["metric"], found.get("map"), at, as_logged)

    def table(self, name: str) -> dict[str, Any]:
        found = self.data.get(name, {})
        if not isinstance(found, dict):
            self.fail((name,), f"must be a table: [{name}.…]")
        return dict(found)

    def fields(self, entry: Any, where: _Where, *names: str) -> dict[str, Any]:
        """Return an entry's fields; a name that ends in ``?`` may be absent."""
        if not isinstance(entry, dict):
            self.fail(where, "must be a table")
        self.only(entry, {name.rstrip("?") for name in names}, where)
        for name in names:
            if not name.endswith("?") and name not in entry:
                self.fail(where, f"lacks {name!r}; add it")
        return dict(entry)

    def only(self, entry: dict[str, Any], allowed: set[str], where: _Where) -> None:
        for key in entry:
            self.member(key, allowed, "key", (*where, key))

    def member(self, name: Any, known: Iterable[str], kind: str, where: _Where) -> None:
        known = list(known)
        if name not in known:
            close = nearest(str(name), known)
            guess = f"; did you mean {close[0]!r}?" if close else "."
            self.fail(where, f"no {kind} {name!r}{guess} There are: {listing(known)}")

    def text(self, entry: dict[str, Any], key: str, where: _Where) -> str:
        if key not in entry:
            self.fail(where, f"lacks {key!r}, a text; add it")
        value = entry[key]
        if not isinstance(value, str) or not value:
            self.fail((*where, key), "must be a text")
        return str(value)

    def optional_text(self, entry: dict[str, Any], key: str, where: _Where) -> str:
        return self.text(entry, key, where) if key in entry else ""

    def fail(self, where: _Where, problem: str) -> NoReturn:
        place = ".".join(str(part) for part in where) or "the definition"
        raise ExperimentError(f"{self.file}, line {self.line(where)}: {place}: {problem}")

    def line(self, where: _Where) -> int:
        """Find the line a key stands on: its table's header, then the key in that table."""
        begin, rest = self.table_begin(where)
        if not rest:
            return max(begin, 0) + 1
        following = range(begin + 1 if begin >= 0 else 0, len(self.lines))
        end = next((i for i in following if self.lines[i].lstrip().startswith("[")), None)
        at = max(begin, 0)
        for key in rest:
            pattern = re.compile(r"(?:.*[{,])?\s*" + _key(str(key)) + r"\s*=")
            within = range(at, len(self.lines) if end is None else end)
            found = next((i for i in within if pattern.match(self.lines[i])), None)
            if found is None:
                break
            at = found
        return at + 1

    def table_begin(self, where: _Where) -> tuple[int, _Where]:
        """Return the line of the innermost table's header, and the keys that are left.

        Before the first header (-1) where no table of `where` has one.
        """
        if len(where) > 1 and isinstance(where[1], int):
            header = re.compile(r"\s*\[\[\s*" + _key(str(where[0])) + r"\s*\]\]")
            starts = [i for i, line in enumerate(self.lines) if header.match(line)]
            return (starts[where[1]], where[2:]) if where[1] < len(starts) else (-1, where[:1])
        for depth in range(len(where), 0, -1):
            path = r"\s*\.\s*".join(_key(str(part)) for part in where[:depth])
            # A header of a table in it stands for a table without one of its own.
            header = re.compile(r"\s*\[+\s*" + path + r"\s*[\].]")
            found = next((i for i, line in enumerate(self.lines) if header.match(line)), None)
            if found is not None:
                return found, where[depth:]
        return -1, where


def _key(name: str) -> str:
    return rf"[\"']?{re.escape(name)}[\"']?"
