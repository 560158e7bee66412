"""What an experiment's ``.toml`` declares, checked: runs, settings, comparisons, conclusions.

A mistake is an `ExperimentError` that names file, line and remedy.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Formatter
from typing import Any, Literal, NoReturn, cast

from rulka_analysis.logs.clocks import CLOCKS, Clock
from rulka_analysis.metrics.catalogue import Metric, load_catalogue
from rulka_analysis.metrics.series import Line
from rulka_analysis.values.errors import ExperimentError, listing, nearest
from rulka_analysis.verdicts.rule import (
    ALL_OUTCOMES,
    CLAIMS,
    ByAtLeast,
    Claim,
    Outcome,
    is_about_time,
    outcomes_of,
)

# The margin of conclusions on how soon a target is reached.
TIME_TO_TARGET = "time_to_target"
# What may stand in braces in the sentences of a conclusion.
FIELDS = frozenset(
    {"baseline", "base", "by", "candidate", "claimed", "direction", "end", "found", "map"}
    | {"numbers"}
    | {"percent", "ratio", "reason", "title", "value"}
)
PARTS_FIELDS = frozenset({"candidate", "reason"})
COMPOUND_OUTCOMES: tuple[Outcome, ...] = ("supported", "contradicted", "cannot_tell", "no_data")

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
class Margin:
    """How small a difference of a metric must be not to matter, and why.

    Parameters
    ----------
    size : float or None
        In the unit the metric is shown in.
    percent : float or None
        Of the baseline's value.
    one_reading : bool
        At least the distance between two readings.
    reason : str
        Why this much.
    """

    size: float | None = None
    percent: float | None = None
    one_reading: bool = False
    reason: str = ""

    def of(self, base: float, reading: float = 0.0) -> float:
        """Return the margin beside a baseline's value: the largest of what is declared.

        Parameters
        ----------
        base : float
            The baseline's value; NaN leaves the share of it out.
        reading : float
            The distance between two readings.

        Examples
        --------
        >>> Margin(percent=10, one_reading=True).of(80.0, reading=5.0)
        8.0
        >>> Margin(percent=10, one_reading=True).of(20.0, reading=5.0)
        5.0
        """
        parts = [self.size or 0.0]
        if self.percent is not None and math.isfinite(base):
            parts.append(abs(base) * self.percent / 100)
        if self.one_reading and math.isfinite(reading):
            parts.append(reading)
        return max(parts)


@dataclass(frozen=True, slots=True)
class GoldenMiddle:
    """The claim that a run is no worse than any neighbour and better than each somewhere.

    Parameters
    ----------
    neighbours : tuple of str
        The runs next to it along the path that was tried.
    maps : tuple of str
        The maps on which they are held against each other.
    strict : bool
        Better than every neighbour on every map.
    """

    neighbours: tuple[str, ...]
    maps: tuple[str, ...]
    strict: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredConclusion:
    """A sentence with a rule: what is claimed, of which runs, and what is said of each outcome.

    Parameters
    ----------
    name, section : str
        Its name, and the comparison it belongs to.
    typed : str
        The author's own words, where it is one of theirs.
    claim : str or None
        What is claimed of the candidate; None for a compound.
    candidate, baseline, metric : str
        Which runs, on what. Empty for ``all_of``.
    map : str or None
        As it stands in tags.
    by_at_least : ByAtLeast or None
        How large the difference is claimed to be.
    clocks : tuple of Clock
        The deciding clocks; empty for those of the metric.
    targets : tuple of float
        For sooner and later.
    fallback : str or None
        The metric that decides where health contradicts `metric`.
    fallback_note : str
        What a reader must know where it does.
    as_logged : bool
        The claim is about the number as logged, not per unit of the setting it scales with.
    all_of : tuple of str
        A compound's parts: names of other conclusions.
    golden_middle : GoldenMiddle or None
        A compound of its own kind.
    sentences : mapping of str to str
        By outcome.
    part_sentences : mapping of str to mapping
        For a golden middle: the sentences of its parts, by claim.
    """

    name: str
    section: str
    sentences: Mapping[str, str]
    typed: str = ""
    claim: Claim | None = None
    candidate: str = ""
    baseline: str = ""
    metric: str = ""
    map: str | None = None
    by_at_least: ByAtLeast | None = None
    clocks: tuple[Clock, ...] = ()
    targets: tuple[float, ...] = ()
    fallback: str | None = None
    fallback_note: str = ""
    as_logged: bool = False
    all_of: tuple[str, ...] = ()
    golden_middle: GoldenMiddle | None = None
    part_sentences: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def about_time(self) -> bool:
        """Whether it claims that targets are reached sooner or later."""
        return self.claim is not None and is_about_time(self.claim)


@dataclass(frozen=True, slots=True)
class Objective:
    """What a recommendation is ranked by."""

    metric: str
    map: str | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """How the recommended settings are chosen.

    Parameters
    ----------
    objectives : tuple of Objective
        In the order in which they decide.
    settings : tuple of str
        What is recommended.
    configuration : mapping of str to str
        The file each setting is set in.
    reason : str
        Why these objectives in this order.
    """

    objectives: tuple[Objective, ...]
    settings: tuple[str, ...]
    configuration: Mapping[str, str]
    reason: str


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
    margins: Mapping[str, Mapping[str, Margin]] = field(default_factory=dict)
    conclusions: Mapping[str, DeclaredConclusion] = field(default_factory=dict)
    recommendation: Recommendation | None = None

    def margin(self, metric: str, map: str | None = None) -> Margin:
        """Return the margin of a metric on a map.

        Raises
        ------
        ExperimentError
            If none is declared.
        """
        found = _margin(self.margins, metric, map)
        if found is None:
            raise ExperimentError(_no_margin(self.name, metric, map))
        return found


def _margin(
    margins: Mapping[str, Mapping[str, Margin]], metric: str, map: str | None
) -> Margin | None:
    by_map = margins.get(metric, {})
    return by_map.get(map or "", by_map.get(""))


def _no_margin(experiment: str, metric: str, map: str | None) -> str:
    on = f" on {map}" if map else ""
    return (
        f"experiment {experiment!r} declares no margin for {metric}{on}; "
        f"add [margins.{metric}] with a size or percent, and a reason"
    )


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


_KEYS_OF_A_CONCLUSION = (
    *("section", "as_typed?", "claim?", "candidate?", "baseline?", "metric?", "map?"),
    *("by_at_least?", "clocks?", "targets?", "fallback?", "fallback_note?", "as_logged?"),
    *("all_of?", "golden_middle?", "sentences?"),
)
_RESULT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")

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
        known |= {"targets", "comparisons", "lines"}
        self.only(self.data, known | {"margins", "sentences", "conclusions", "recommendation"}, ())
        settings = {n: self.setting(n, entry) for n, entry in self.table("settings").items()}
        runs = {n: self.run(n, entry, settings) for n, entry in self.table("runs").items()}
        maps = {map: self.text(self.table("maps"), map, ("maps",)) for map in self.table("maps")}
        baseline = self.text(self.data, "baseline", ())
        self.member(baseline, runs, "run", ("baseline",))
        metrics = {n: self.metric(n, e, maps) for n, e in self.table("metrics").items()}
        comparisons = {
            name: self.comparison(name, entry, runs, baseline)
            for name, entry in self.table("comparisons").items()
        }
        basic = Definition(
            name=self.name,
            title=self.text(self.data, "title", ()),
            question=self.text(self.data, "question", ()),
            baseline=baseline,
            maps=maps,
            settings=settings,
            runs=runs,
            metrics=metrics,
            targets={m: self.targets(m, v, maps) for m, v in self.table("targets").items()},
            comparisons=comparisons,
            lines=self.summary_lines(maps),
        )
        margins = {n: self.margins(n, e, basic) for n, e in self.table("margins").items()}
        known_so_far = replace(basic, margins=margins)
        return replace(
            known_so_far,
            conclusions=self.conclusions(known_so_far),
            recommendation=self.recommendation(known_so_far),
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
        return self.target_times(value, where)

    def target_times(self, value: Any, where: _Where) -> tuple[float, ...]:
        numbers = value if isinstance(value, list) else []
        if not numbers or not all(_is_positive(v) for v in numbers):
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

    def margins(self, name: str, entry: Any, basic: Definition) -> dict[str, Margin]:
        where = ("margins", name)
        self.member(name, [*self.metric_names(basic), TIME_TO_TARGET], "metric", where)
        found = self.fields(entry, where, "size?", "percent?", "at_least?", "reason")
        reason = self.text(entry, "reason", where)
        if "size" not in found and "percent" not in found:
            self.fail(where, "lacks a size or a percent; add one")
        percent = self.amount(found, "percent", where) if "percent" in found else None
        least = found.get("at_least")
        if least is not None:
            self.member(least, ["one reading"], "least margin", (*where, "at_least"))
            if name != TIME_TO_TARGET:
                self.fail((*where, "at_least"), f"only {TIME_TO_TARGET} is measured in readings")
        sizes = found.get("size")
        by_map: dict[str, float | None] = {"": None}
        if isinstance(sizes, dict):
            for map in sizes:
                self.member(map, basic.maps, "map", (*where, "size"))
            by_map = {map: self.amount(sizes, map, (*where, "size")) for map in sizes}
        elif sizes is not None:
            by_map = {"": self.amount(found, "size", where)}
        return {
            map: Margin(size, percent, least is not None, reason) for map, size in by_map.items()
        }

    def conclusions(self, basic: Definition) -> dict[str, DeclaredConclusion]:
        sets = self.table("sentences")
        for name, entry in sets.items():
            if not isinstance(entry, dict):
                self.fail(("sentences", name), "must be a table of sentences by outcome")
            for outcome in entry:
                self.text(entry, outcome, ("sentences", name))
        found = {
            name: self.conclusion(name, entry, basic, sets)
            for name, entry in self.table("conclusions").items()
        }
        for name, conclusion in found.items():
            for part in conclusion.all_of:
                self.member(part, found, "conclusion", ("conclusions", name, "all_of"))
            if name in _parts_of(name, found):
                self.fail(
                    ("conclusions", name, "all_of"), "a conclusion cannot be a part of itself"
                )
        return found

    def conclusion(
        self, name: str, entry: Any, basic: Definition, sets: Mapping[str, Any]
    ) -> DeclaredConclusion:
        where: _Where = ("conclusions", name)
        if not _RESULT_NAME.match(name):
            self.fail(where, "a name is made of letters, digits, '_' and '-'")
        found = self.fields(entry, where, *_KEYS_OF_A_CONCLUSION)
        section = self.text(found, "section", where)
        self.member(section, basic.comparisons, "comparison", (*where, "section"))
        typed = self.optional_text(found, "as_typed", where)
        kinds = [key for key in ("claim", "all_of", "golden_middle") if key in found]
        if len(kinds) != 1:
            self.fail(where, "needs one of 'claim', 'all_of' and 'golden_middle'")
        if kinds == ["all_of"]:
            self.only(found, {"section", "as_typed", "all_of", "sentences"}, where)
            parts = self.texts(found, "all_of", where)
            sentences = self.sentences(found, where, sets, "all_of", compound=True)
            return DeclaredConclusion(name, section, sentences, typed, all_of=parts)
        candidate = self.text(found, "candidate", where)
        self.member(candidate, basic.runs, "run", (*where, "candidate"))
        metric = self.text(found, "metric", where)
        self.member(metric, self.metric_names(basic), "metric", (*where, "metric"))
        if kinds == ["golden_middle"]:
            allowed = {"section", "as_typed", "candidate", "metric", "golden_middle", "sentences"}
            self.only(found, allowed, where)
            middle = self.golden_middle(found, where, basic, candidate, metric)
            of_parts: tuple[Claim, ...] = ("better", "not worse")
            return DeclaredConclusion(
                name,
                section,
                self.sentences(found, where, sets, "golden_middle", compound=True),
                typed,
                candidate=candidate,
                metric=metric,
                golden_middle=middle,
                part_sentences={c: self.sentences({}, where, sets, c) for c in of_parts},
            )
        self.member(found["claim"], CLAIMS, "claim", (*where, "claim"))
        claim = cast(Claim, found["claim"])
        baseline = self.optional_text(found, "baseline", where)
        if baseline:
            self.member(baseline, basic.runs, "run", (*where, "baseline"))
        baseline = baseline or basic.comparisons[section].baseline
        if baseline == candidate:
            self.fail((*where, "candidate"), f"{candidate!r} is the baseline; name another run")
        map = self.map_of(found, metric, where, basic)
        fallback = self.optional_text(found, "fallback", where) or None
        if fallback is not None:
            self.member(fallback, self.metric_names(basic), "metric", (*where, "fallback"))
            self.map_of(found, fallback, where, basic)
        elif "fallback_note" in found:
            self.fail((*where, "fallback_note"), "there is no 'fallback' that it could go with")
        as_logged = found.get("as_logged", False)
        if not isinstance(as_logged, bool):
            self.fail((*where, "as_logged"), "must be true or false")
        by_at_least = self.by_at_least(found, where, claim)
        for choice in [m for m in (metric, fallback) if m is not None]:
            self.can_decide(choice, map, claim, where, basic)
            wanted = TIME_TO_TARGET if is_about_time(claim) else choice
            if _margin(basic.margins, wanted, map) is None:
                self.fail((*where, "metric"), _no_margin(self.name, wanted, map))
        targets: tuple[float, ...] = ()
        if is_about_time(claim):
            targets = self.chosen_targets(found, where, basic, map)
        elif "targets" in found:
            self.fail((*where, "targets"), "only 'sooner' and 'later' are about targets; drop them")
        return DeclaredConclusion(
            name=name,
            section=section,
            sentences=self.sentences(found, where, sets, claim, least=by_at_least is not None),
            typed=typed,
            claim=claim,
            candidate=candidate,
            baseline=baseline,
            metric=metric,
            map=map,
            by_at_least=by_at_least,
            clocks=self.clocks(found, where, metric, map, basic),
            targets=targets,
            fallback=fallback,
            fallback_note=self.optional_text(found, "fallback_note", where),
            as_logged=as_logged,
        )

    def golden_middle(
        self, found: dict[str, Any], where: _Where, basic: Definition, run: str, metric: str
    ) -> GoldenMiddle:
        inside = (*where, "golden_middle")
        entry = self.fields(found["golden_middle"], inside, "neighbours", "maps", "strict?")
        neighbours = self.texts(entry, "neighbours", inside)
        for neighbour in neighbours:
            self.member(neighbour, basic.runs, "run", (*inside, "neighbours"))
        if run in neighbours:
            self.fail((*inside, "neighbours"), f"{run!r} cannot be a neighbour of itself")
        maps = self.texts(entry, "maps", inside)
        for map in maps:
            self.member(map, basic.maps, "map", (*inside, "maps"))
            self.can_decide(metric, map, "better", where, basic)
            if _margin(basic.margins, metric, map) is None:
                self.fail((*where, "metric"), _no_margin(self.name, metric, map))
        strict = entry.get("strict", False)
        if not isinstance(strict, bool):
            self.fail((*inside, "strict"), "must be true or false")
        return GoldenMiddle(neighbours, maps, strict)

    def map_of(
        self, found: dict[str, Any], metric: str, where: _Where, basic: Definition
    ) -> str | None:
        """Return the map of a conclusion or objective; one is needed where the metric has maps."""
        map = found.get("map")
        if map is not None:
            self.member(map, basic.maps, "map", (*where, "map"))
        declared = basic.metrics.get(metric)
        has_maps = declared is not None or "{map}" in load_catalogue()[metric].pattern
        if has_maps and map is None:
            self.fail((*where, "metric"), f"{metric!r} is measured on a map; add map = …")
        if declared is not None and map not in declared:
            self.fail((*where, "map"), f"[metrics.{metric}] has nothing for {map!r}; add it there")
        return map

    def choices(self, metric: str, map: str | None, basic: Definition) -> list[Metric]:
        """Return the catalogue's metrics that a name may stand for on a map."""
        declared = basic.metrics.get(metric)
        names = declared.get(map or "", ()) if declared is not None else (metric,)
        return [load_catalogue()[name] for name in names]

    def can_decide(
        self, metric: str, map: str | None, claim: Claim, where: _Where, basic: Definition
    ) -> None:
        place = (*where, "metric")
        for choice in self.choices(metric, map, basic):
            if not choice.decides:
                self.fail(place, f"the catalogue says that no verdict may rest on {choice.name!r}")
            rated = claim in ("better", "worse", "not better", "not worse")
            if rated and choice.better == "neither":
                self.fail(
                    (*where, "claim"),
                    f"{choice.name!r} is neither better nor worse; claim 'higher' or 'lower'",
                )
            if is_about_time(claim) and (choice.summary != "best" or choice.better != "lower"):
                self.fail((*where, "claim"), f"{choice.name!r} has no best that reaches targets")

    def by_at_least(self, found: dict[str, Any], where: _Where, claim: Claim) -> ByAtLeast | None:
        if "by_at_least" not in found:
            return None
        inside = (*where, "by_at_least")
        entry = self.fields(found["by_at_least"], inside, "percent?", "times?", "size?")
        if len(entry) != 1:
            self.fail(inside, "must be one of { percent = 74 }, { times = 2 } and { size = 0.5 }")
        if claim == "same" or claim.startswith("not "):
            self.fail(inside, f"a claim of {claim!r} has no size; drop it")
        (kind,) = entry
        return ByAtLeast(
            cast(Literal["percent", "times", "size"], kind), self.amount(entry, kind, inside)
        )

    def clocks(
        self, found: dict[str, Any], where: _Where, metric: str, map: str | None, basic: Definition
    ) -> tuple[Clock, ...]:
        if "clocks" not in found:
            return ()
        inside = (*where, "clocks")
        chosen = self.texts(found, "clocks", where)
        for clock in chosen:
            self.member(clock, CLOCKS, "clock", inside)
            for choice in self.choices(metric, map, basic):
                if clock not in choice.deciding_clocks:
                    clocks = " and ".join(choice.deciding_clocks)
                    self.fail(inside, f"{choice.name!r} is compared by {clocks} only")
        return tuple(cast(Clock, clock) for clock in chosen)

    def chosen_targets(
        self, found: dict[str, Any], where: _Where, basic: Definition, map: str | None
    ) -> tuple[float, ...]:
        if "targets" not in found:
            if map is None or map not in basic.targets:
                self.fail(where, f"[targets] has none for {map!r}; add them there")
            return basic.targets[map]
        numbers = found["targets"]
        if (
            not isinstance(numbers, list)
            or not numbers
            or not all(_is_positive(n) for n in numbers)
        ):
            self.fail((*where, "targets"), "must be a list of numbers above zero")
        return tuple(float(number) for number in numbers)

    def sentences(
        self,
        found: dict[str, Any],
        where: _Where,
        sets: Mapping[str, Any],
        claim: str,
        *,
        least: bool = False,
        compound: bool = False,
    ) -> dict[str, str]:
        """Return the sentences of a conclusion: its own, or a set named by it or by its claim."""
        own = found.get("sentences", claim.replace(" ", "_"))
        inside: _Where = (*where, "sentences") if "sentences" in found else where
        if not isinstance(own, dict):
            self.member(own, sets, "set of sentences", inside)
            inside, own = ("sentences", own), sets[own]
        wanted = COMPOUND_OUTCOMES if compound else outcomes_of(cast(Claim, claim), least=least)
        allowed = PARTS_FIELDS if compound else FIELDS
        for outcome in wanted:
            if outcome not in own:
                self.fail(inside, f"lacks a sentence for {outcome!r}; add it")
        for outcome in own:
            known = COMPOUND_OUTCOMES if compound else ALL_OUTCOMES
            self.member(outcome, known, "outcome", (*inside, outcome))
            text = self.text(own, outcome, inside)
            try:
                names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
            except ValueError as error:
                self.fail((*inside, outcome), f"{error}; write a brace as two of it")
            for name in names:
                self.member(name, allowed, "field of a sentence", (*inside, outcome))
        return {outcome: own[outcome] for outcome in wanted}

    def recommendation(self, basic: Definition) -> Recommendation | None:
        if "recommendation" not in self.data:
            return None
        where = ("recommendation",)
        keys = ("objectives", "settings", "configuration?", "reason")
        found = self.fields(self.data["recommendation"], where, *keys)
        entries = found["objectives"]
        if not isinstance(entries, list) or not entries:
            self.fail((*where, "objectives"), "must be a list such as [{ metric = …, map = … }]")
        objectives = []
        for entry in entries:
            inside = (*where, "objectives")
            objective = self.fields(entry, inside, "metric", "map?")
            metric = self.text(objective, "metric", inside)
            self.member(metric, self.metric_names(basic), "metric", inside)
            map = self.map_of(objective, metric, inside, basic)
            self.can_decide(metric, map, "better", inside, basic)
            if _margin(basic.margins, metric, map) is None:
                self.fail(inside, _no_margin(self.name, metric, map))
            objectives.append(Objective(metric, map))
        settings = self.texts(found, "settings", where)
        for setting in settings:
            self.member(setting, basic.settings, "setting", (*where, "settings"))
        files = found.get("configuration", {})
        if not isinstance(files, dict):
            self.fail((*where, "configuration"), "must be a table such as { batch_size = 'file' }")
        for setting in files:
            self.member(setting, settings, "recommended setting", (*where, "configuration"))
            self.text(files, setting, (*where, "configuration"))
        reason = self.text(found, "reason", where)
        return Recommendation(tuple(objectives), settings, files, reason)

    def metric_names(self, basic: Definition) -> list[str]:
        return [*basic.metrics, *(metric.name for metric in load_catalogue())]

    def amount(self, entry: dict[str, Any], key: str, where: _Where) -> float:
        value = entry[key]
        if type(value) not in (int, float) or not (math.isfinite(value) and value > 0):
            self.fail((*where, key), "must be a number above zero")
        return float(value)

    def texts(self, entry: dict[str, Any], key: str, where: _Where) -> tuple[str, ...]:
        value = entry[key]
        good = isinstance(value, list) and value and all(v and isinstance(v, str) for v in value)
        if not good:
            self.fail((*where, key), "must be a list of texts")
        return tuple(value)

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


def _is_positive(number: Any) -> bool:
    return type(number) in (int, float) and number > 0


def _parts_of(name: str, declared: Mapping[str, DeclaredConclusion]) -> set[str]:
    """Return the names of all parts of a compound, parts of parts included."""
    found: set[str] = set()
    waiting = list(declared[name].all_of)
    while waiting:
        part = waiting.pop()
        if part not in found and part in declared:
            found.add(part)
            waiting += declared[part].all_of
    return found


def _key(name: str) -> str:
    return rf"[\"']?{re.escape(name)}[\"']?"
