"""An experiment's ``.toml``, read into a `Definition`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from string import Formatter
from typing import Any, Literal, cast

from rulka_analysis.experiments.claims import (
    ALL_OUTCOMES,
    CLAIMS,
    ByAtLeast,
    Claim,
    Outcome,
    is_about_time,
    outcomes_of,
)
from rulka_analysis.experiments.definition import (
    TIME_TO_TARGET,
    DeclaredComparison,
    DeclaredConclusion,
    DeclaredRun,
    Definition,
    GoldenMiddle,
    Margin,
    Objective,
    Recommendation,
    Setting,
    SettingValue,
)
from rulka_analysis.experiments.definition_file import DefinitionFile, Where
from rulka_analysis.logs.clocks import Clock
from rulka_analysis.metrics.catalogue import Catalogue, Metric
from rulka_analysis.metrics.domain import Variant
from rulka_analysis.metrics.series import Line

# What may stand in braces in a conclusion's sentences, besides the domain's word for a variant.
_FIELDS = (
    *("baseline", "base", "by", "candidate", "claimed", "direction", "end", "found", "numbers"),
    *("percent", "ratio", "reason", "title", "value"),
)
_PARTS_FIELDS = ("candidate", "reason")
_COMPOUND_OUTCOMES: tuple[Outcome, ...] = ("supported", "contradicted", "cannot_tell", "no_data")
_RESULT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")


def read_definition(name: str, file: Path, catalogue: Catalogue) -> Definition:
    """Read and check an experiment's definition.

    Parameters
    ----------
    name : str
        What the experiment is called.
    file : Path
        Its definition.
    catalogue : Catalogue
        The metrics it may name, and whose they are: variants and clocks go by the domain's words.

    Raises
    ------
    ExperimentError
        If there is a mistake in it; names file, line and remedy.
    """
    return _Reader(name, file, catalogue).definition()


class _Reader(DefinitionFile):
    """Turns a definition's raw data into a `Definition`, naming file and line of a mistake."""

    def __init__(self, name: str, file: Path, catalogue: Catalogue) -> None:
        super().__init__(file)
        self.name = name
        self.catalogue = catalogue
        self.domain = catalogue.domain
        # Where nothing varies by the domain, nobody needs its word for it.
        self.variant = self.domain.variant or Variant("variant", "variants")

    def definition(self) -> Definition:
        known = ["title", "question", "baseline", self.variant.plural, "settings", "runs"]
        known += ["metrics", "targets", "comparisons", "lines", "margins", "sentences"]
        self.only(self.data, [*known, "conclusions", "recommendation"], ())
        settings = {n: self.setting(n, entry) for n, entry in self.table("settings").items()}
        runs = {n: self.run(n, entry, settings) for n, entry in self.table("runs").items()}
        titles = self.table(self.variant.plural)
        for variant in titles:
            self.text(titles, variant, (self.variant.plural,))
        baseline = self.text(self.data, "baseline", ())
        self.member(baseline, runs, "run", ("baseline",))
        metrics = {n: self.metric(n, e, titles) for n, e in self.table("metrics").items()}
        comparisons = {
            name: self.comparison(name, entry, runs, baseline)
            for name, entry in self.table("comparisons").items()
        }
        basic = Definition(
            name=self.name,
            title=self.text(self.data, "title", ()),
            question=self.text(self.data, "question", ()),
            baseline=baseline,
            domain=self.domain,
            variant_titles=titles,
            settings=settings,
            runs=runs,
            metrics=metrics,
            targets={v: self.targets(v, e, titles) for v, e in self.table("targets").items()},
            comparisons=comparisons,
            lines=self.summary_lines(titles),
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

    def metric(
        self, name: str, entry: Any, titles: Mapping[str, str]
    ) -> dict[str, tuple[str, ...]]:
        where = ("metrics", name)
        key = self.variant.plural
        found = self.fields(entry, where, "reason", key)
        self.text(entry, "reason", where)
        names = [metric.name for metric in self.catalogue]
        if not isinstance(found[key], dict):
            example = f"{{ {next(iter(titles), '…')} = {next(iter(names), '…')!r} }}"
            self.fail((*where, key), f"must be a table such as {example}")
        chosen: dict[str, tuple[str, ...]] = {}
        for variant, metrics in found[key].items():
            self.member(variant, titles, self.variant.name, (*where, key))
            chosen[variant] = tuple(metrics) if isinstance(metrics, list) else (metrics,)
            for metric in chosen[variant]:
                self.member(metric, names, "metric of the catalogue", (*where, key))
        return chosen

    def targets(self, variant: str, value: Any, titles: Mapping[str, str]) -> tuple[float, ...]:
        where = ("targets", variant)
        self.member(variant, titles, self.variant.name, where)
        return self.numbers(value, where, ", such as [25.2, 25.0]")

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
        by_variant: dict[str, float | None] = {"": None}
        if isinstance(sizes, dict):
            inside = (*where, "size")
            for variant in sizes:
                self.member(variant, basic.variant_titles, self.variant.name, inside)
            by_variant = {variant: self.amount(sizes, variant, inside) for variant in sizes}
        elif sizes is not None:
            by_variant = {"": self.amount(found, "size", where)}
        return {
            variant: Margin(size, percent, least is not None, reason)
            for variant, size in by_variant.items()
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

    def keys_of_a_conclusion(self) -> tuple[str, ...]:
        return (
            *("section", "as_typed?", "claim?", "candidate?", "baseline?", "metric?"),
            *(f"{self.variant.name}?", "by_at_least?", "clocks?", "targets?", "fallback?"),
            *("fallback_note?", "as_logged?", "all_of?", "golden_middle?", "sentences?"),
        )

    def conclusion(
        self, name: str, entry: Any, basic: Definition, sets: Mapping[str, Any]
    ) -> DeclaredConclusion:
        where: Where = ("conclusions", name)
        if not _RESULT_NAME.match(name):
            self.fail(where, "a name is made of letters, digits, '_' and '-'")
        found = self.fields(entry, where, *self.keys_of_a_conclusion())
        section = self.text(found, "section", where)
        self.member(section, basic.comparisons, "comparison", (*where, "section"))
        typed = self.optional_text(found, "as_typed", where)
        kinds = [key for key in ("claim", "all_of", "golden_middle") if key in found]
        if len(kinds) != 1:
            self.fail(where, "needs one of 'claim', 'all_of' and 'golden_middle'")
        if kinds == ["all_of"]:
            self.only(found, ["section", "as_typed", "all_of", "sentences"], where)
            parts = self.texts(found, "all_of", where)
            sentences = self.sentences(found, where, sets, "all_of", compound=True)
            return DeclaredConclusion(name, section, sentences, typed, all_of=parts)
        candidate = self.text(found, "candidate", where)
        self.member(candidate, basic.runs, "run", (*where, "candidate"))
        metric = self.text(found, "metric", where)
        self.member(metric, self.metric_names(basic), "metric", (*where, "metric"))
        if kinds == ["golden_middle"]:
            allowed = ["section", "as_typed", "candidate", "metric", "golden_middle", "sentences"]
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
        variant = self.variant_of(found, metric, where, basic)
        fallback = self.optional_text(found, "fallback", where) or None
        if fallback is not None:
            self.member(fallback, self.metric_names(basic), "metric", (*where, "fallback"))
            self.variant_of(found, fallback, where, basic)
        elif "fallback_note" in found:
            self.fail((*where, "fallback_note"), "there is no 'fallback' that it could go with")
        as_logged = self.truth(found, "as_logged", where)
        by_at_least = self.by_at_least(found, where, claim)
        for choice in [m for m in (metric, fallback) if m is not None]:
            self.can_decide(choice, variant, claim, where, basic)
            wanted = TIME_TO_TARGET if is_about_time(claim) else choice
            self.has_margin(wanted, variant, (*where, "metric"), basic)
        targets: tuple[float, ...] = ()
        if is_about_time(claim):
            targets = self.chosen_targets(found, where, basic, variant)
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
            variant=variant,
            by_at_least=by_at_least,
            clocks=self.clocks(found, where, metric, variant, basic),
            targets=targets,
            fallback=fallback,
            fallback_note=self.optional_text(found, "fallback_note", where),
            as_logged=as_logged,
        )

    def golden_middle(
        self, found: dict[str, Any], where: Where, basic: Definition, run: str, metric: str
    ) -> GoldenMiddle:
        inside = (*where, "golden_middle")
        key = self.variant.plural
        entry = self.fields(found["golden_middle"], inside, "neighbours", key, "strict?")
        neighbours = self.texts(entry, "neighbours", inside)
        for neighbour in neighbours:
            self.member(neighbour, basic.runs, "run", (*inside, "neighbours"))
        if run in neighbours:
            self.fail((*inside, "neighbours"), f"{run!r} cannot be a neighbour of itself")
        variants = self.texts(entry, key, inside)
        for variant in variants:
            self.member(variant, basic.variant_titles, self.variant.name, (*inside, key))
            self.can_decide(metric, variant, "better", where, basic)
            self.has_margin(metric, variant, (*where, "metric"), basic)
        return GoldenMiddle(neighbours, variants, self.truth(entry, "strict", inside))

    def variant_of(
        self, found: dict[str, Any], metric: str, where: Where, basic: Definition
    ) -> str | None:
        """Return the variant of a conclusion or objective; needed where the metric has some."""
        word = self.variant.name
        variant = found.get(word)
        if variant is not None:
            self.member(variant, basic.variant_titles, word, (*where, word))
        declared = basic.metrics.get(metric)
        varies = declared is not None or self.catalogue[metric].varies_by is not None
        if varies and variant is None:
            self.fail((*where, "metric"), f"{metric!r} is measured on a {word}; add {word} = …")
        if declared is not None and variant not in declared:
            problem = f"[metrics.{metric}] has nothing for {variant!r}; add it there"
            self.fail((*where, word), problem)
        return variant

    def choices(self, metric: str, variant: str | None, basic: Definition) -> list[Metric]:
        """Return the catalogue's metrics that a name may stand for on a variant."""
        declared = basic.metrics.get(metric)
        names = declared.get(variant or "", ()) if declared is not None else (metric,)
        return [self.catalogue[name] for name in names]

    def has_margin(self, metric: str, variant: str | None, where: Where, basic: Definition) -> None:
        if basic.declared_margin(metric, variant) is None:
            self.fail(where, basic.lacks_margin(metric, variant))

    def can_decide(
        self, metric: str, variant: str | None, claim: Claim, where: Where, basic: Definition
    ) -> None:
        place = (*where, "metric")
        for choice in self.choices(metric, variant, basic):
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

    def by_at_least(self, found: dict[str, Any], where: Where, claim: Claim) -> ByAtLeast | None:
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
        self,
        found: dict[str, Any],
        where: Where,
        metric: str,
        variant: str | None,
        basic: Definition,
    ) -> tuple[Clock, ...]:
        if "clocks" not in found:
            return ()
        inside = (*where, "clocks")
        known = {clock.name: clock for clock in self.domain.conventions.clocks}
        chosen = self.texts(found, "clocks", where)
        for name in chosen:
            self.member(name, known, "clock", inside)
            for choice in self.choices(metric, variant, basic):
                if known[name] not in choice.deciding_clocks:
                    clocks = " and ".join(clock.name for clock in choice.deciding_clocks)
                    self.fail(inside, f"{choice.name!r} is compared by {clocks} only")
        return tuple(known[name] for name in chosen)

    def chosen_targets(
        self, found: dict[str, Any], where: Where, basic: Definition, variant: str | None
    ) -> tuple[float, ...]:
        if "targets" in found:
            return self.numbers(found["targets"], (*where, "targets"))
        if variant is None or variant not in basic.targets:
            self.fail(where, f"[targets] has none for {variant!r}; add them there")
        return basic.targets[variant]

    def sentences(
        self,
        found: dict[str, Any],
        where: Where,
        sets: Mapping[str, Any],
        claim: str,
        *,
        least: bool = False,
        compound: bool = False,
    ) -> dict[str, str]:
        """Return the sentences of a conclusion: its own, or a set named by it or by its claim."""
        own = found.get("sentences", claim.replace(" ", "_"))
        inside: Where = (*where, "sentences") if "sentences" in found else where
        if not isinstance(own, dict):
            self.member(own, sets, "set of sentences", inside)
            inside, own = ("sentences", own), sets[own]
        wanted = _COMPOUND_OUTCOMES if compound else outcomes_of(cast(Claim, claim), least=least)
        allowed = _PARTS_FIELDS if compound else (*_FIELDS, self.variant.name)
        for outcome in wanted:
            if outcome not in own:
                self.fail(inside, f"lacks a sentence for {outcome!r}; add it")
        for outcome in own:
            known = _COMPOUND_OUTCOMES if compound else ALL_OUTCOMES
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
            example = f"[{{ metric = …, {self.variant.name} = … }}]"
            self.fail((*where, "objectives"), f"must be a list such as {example}")
        objectives = []
        for entry in entries:
            inside = (*where, "objectives")
            objective = self.fields(entry, inside, "metric", f"{self.variant.name}?")
            metric = self.text(objective, "metric", inside)
            self.member(metric, self.metric_names(basic), "metric", inside)
            variant = self.variant_of(objective, metric, inside, basic)
            self.can_decide(metric, variant, "better", inside, basic)
            self.has_margin(metric, variant, inside, basic)
            objectives.append(Objective(metric, variant))
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
        return [*basic.metrics, *(metric.name for metric in self.catalogue)]

    def summary_lines(self, titles: Mapping[str, str]) -> tuple[Line, ...]:
        entries = self.data.get("lines", [])
        if not isinstance(entries, list):
            self.fail(("lines",), "must be a list of tables: [[lines]]")
        return tuple(self.summary_line(n, entry, titles) for n, entry in enumerate(entries))

    def summary_line(self, number: int, entry: Any, titles: Mapping[str, str]) -> Line:
        where = ("lines", number)
        word = self.variant.name
        found = self.fields(entry, where, "metric", f"{word}?", "at?", "as_logged?")
        metrics = [*self.table("metrics"), *(metric.name for metric in self.catalogue)]
        self.member(found["metric"], metrics, "metric", (*where, "metric"))
        if word in found:
            self.member(found[word], titles, word, (*where, word))
        at = found.get("at", "common end")
        self.member(at, ("common end", "last", "best"), "place", (*where, "at"))
        return Line(found["metric"], found.get(word), at, self.truth(found, "as_logged", where))


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
