"""An experiment's ``.toml``, read into a `Definition`.

What a table may hold say the classes in `definition`; here is what concerns several tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from string import Formatter
from typing import cast

from rulka_analysis.experiments.claims import (
    ALL_OUTCOMES,
    Claim,
    Outcome,
    is_about_time,
    outcomes_of,
)
from rulka_analysis.experiments.definition import (
    TIME_TO_TARGET,
    DeclaredConclusion,
    Definition,
)
from rulka_analysis.metrics.catalogue import Catalogue, Metric
from rulka_analysis.metrics.domain import Variant
from rulka_analysis.values.errors import ExperimentError
from rulka_analysis.values.rules import all_rules
from rulka_analysis.values.toml import TomlFile, Where

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
    toml = TomlFile(file, ExperimentError)
    domain = catalogue.domain
    # Where nothing varies by the domain, nobody needs its word for it.
    word = domain.variant or Variant("variant", "variants")
    of_catalogue = [metric.name for metric in catalogue]
    metrics = [*toml.names_of("metrics"), *of_catalogue]
    known = {
        "run": toml.names_of("runs"),
        "setting": toml.names_of("settings"),
        "comparison": toml.names_of("comparisons"),
        "conclusion": toml.names_of("conclusions"),
        "variant": toml.names_of(word.plural),
        "metric": metrics,
        "metric of the catalogue": of_catalogue,
        "margin": [*metrics, TIME_TO_TARGET],
        "clock": {clock.name: clock for clock in domain.conventions.clocks},
        "rule of health": _rules(of_catalogue),
    }
    words = {
        "variant": word.name,
        "variants": word.plural,
        "variant_titles": word.plural,
        "domain_name": "domain",
        "typed": "as_typed",
        "margin": "metric",
    }
    read = replace(toml.read_as(Definition, known, words), name=name, domain=domain)
    comparisons = {
        name: replace(one, baseline=one.baseline or read.baseline)
        for name, one in read.comparisons.items()
    }
    definition = replace(read, comparisons=comparisons)
    tables = _Tables(toml, definition, catalogue, word)
    tables.check_comparisons()
    tables.check_margins()
    conclusions = {
        name: tables.complete(one, ("conclusions", name))
        for name, one in definition.conclusions.items()
    }
    tables.check_parts()
    tables.check_recommendation()
    return replace(definition, conclusions=conclusions)


@dataclass(frozen=True, slots=True)
class _Tables:
    """The tables of a definition, each right by itself, and what they must agree with."""

    toml: TomlFile
    definition: Definition
    catalogue: Catalogue
    word: Variant

    def check_comparisons(self) -> None:
        for name, comparison in self.definition.comparisons.items():
            if comparison.baseline in comparison.candidates:
                self.toml.fail(
                    ("comparisons", name, "candidates"),
                    f"the baseline {comparison.baseline!r} cannot be a candidate, too",
                )

    def check_margins(self) -> None:
        for name, margins in self.definition.margins.items():
            for variant, margin in margins.items():
                if variant:
                    where = ("margins", name, "size", variant)
                    titles = self.definition.variant_titles
                    self.toml.member(variant, titles, self.word.name, where)
                if margin.one_reading and name != TIME_TO_TARGET:
                    self.toml.fail(
                        ("margins", name, "at_least"),
                        f"only {TIME_TO_TARGET} is measured in readings",
                    )

    def check_parts(self) -> None:
        declared = self.definition.conclusions
        for name in declared:
            if name in _parts_of(name, declared):
                self.toml.fail(
                    ("conclusions", name, "all_of"), "a conclusion cannot be a part of itself"
                )

    def check_recommendation(self) -> None:
        declared = self.definition.recommendation
        if declared is None:
            return
        for number, objective in enumerate(declared.objectives):
            where = ("recommendation", "objectives", number)
            self.check_variant(objective.variant, objective.metric, where)
            self.check_decides(objective.metric, objective.variant, "better", where)
            self.check_margin(objective.metric, objective.variant, (*where, "metric"))
        for setting in declared.configuration:
            inside = ("recommendation", "configuration", setting)
            self.toml.member(setting, declared.settings, "recommended setting", inside)

    def complete(self, declared: DeclaredConclusion, where: Where) -> DeclaredConclusion:
        """Return a conclusion with what follows from the rest of the definition, checked."""
        if not _RESULT_NAME.match(declared.name):
            self.toml.fail(where, "a name is made of letters, digits, '_' and '-'")
        entry = self.toml.data["conclusions"][declared.name]
        kinds = [key for key in ("claim", "all_of", "golden_middle") if key in entry]
        if len(kinds) != 1:
            self.toml.fail(where, "needs one of 'claim', 'all_of' and 'golden_middle'")
        if declared.claim is not None:
            return self.complete_claim(declared, declared.claim, where)
        keys = ["section", "as_typed", *kinds, "sentences"]
        needed = ["candidate", "metric"] if declared.golden_middle else []
        for key in entry:
            self.toml.member(key, [*keys, *needed], "key", (*where, key))
        self.check_given(needed, entry, where)
        sentences = self.sentences_of(declared, where, kinds[0], _COMPOUND_OUTCOMES, _PARTS_FIELDS)
        if declared.golden_middle is None:
            return replace(declared, sentences=sentences)
        self.check_golden_middle(declared, where)
        parts: tuple[Claim, ...] = ("better", "not worse")
        of_parts: dict[str, dict[str, str]] = {
            claim: self.sentences_of(replace(declared, sentences={}), where, claim)
            for claim in parts
        }
        return replace(declared, sentences=sentences, part_sentences=of_parts)

    def complete_claim(
        self, declared: DeclaredConclusion, claim: Claim, where: Where
    ) -> DeclaredConclusion:
        entry = self.toml.data["conclusions"][declared.name]
        self.check_given(["candidate", "metric"], entry, where)
        definition, toml = self.definition, self.toml
        baseline = declared.baseline or definition.comparisons[declared.section].baseline
        if baseline == declared.candidate:
            problem = f"{baseline!r} is the baseline; name another run"
            toml.fail((*where, "candidate"), problem)
        if declared.fallback is None and declared.fallback_note:
            toml.fail((*where, "fallback_note"), "there is no 'fallback' that it could go with")
        for choice in filter(None, (declared.metric, declared.fallback)):
            self.check_variant(declared.variant, choice, where)
            self.check_decides(choice, declared.variant, claim, where)
            wanted = TIME_TO_TARGET if is_about_time(claim) else choice
            self.check_margin(wanted, declared.variant, (*where, "metric"))
        least = declared.by_at_least is not None
        if least and (claim == "same" or claim.startswith("not ")):
            toml.fail((*where, "by_at_least"), f"a claim of {claim!r} has no size; drop it")
        for number, clock in enumerate(declared.clocks):
            for metric in self.choices(declared.metric, declared.variant):
                if clock not in metric.deciding_clocks:
                    clocks = " and ".join(clock.name for clock in metric.deciding_clocks)
                    problem = f"{metric.name!r} is compared by {clocks} only"
                    toml.fail((*where, "clocks", number), problem)
        targets = declared.targets
        if is_about_time(claim) and not targets:
            if declared.variant not in definition.targets:
                problem = f"[targets] has none for {declared.variant!r}; add them there"
                toml.fail(where, problem)
            targets = definition.targets[cast(str, declared.variant)]
        elif targets and not is_about_time(claim):
            problem = "only 'sooner' and 'later' are about targets; drop them"
            toml.fail((*where, "targets"), problem)
        sentences = self.sentences_of(declared, where, claim)
        return replace(declared, sentences=sentences, baseline=baseline, targets=targets)

    def check_given(self, keys: Iterable[str], entry: Mapping[str, object], where: Where) -> None:
        for key in keys:
            if key not in entry:
                self.toml.fail(where, f"lacks {key!r}; add it")

    def check_golden_middle(self, declared: DeclaredConclusion, where: Where) -> None:
        middle = declared.golden_middle
        assert middle is not None
        if declared.candidate in middle.neighbours:
            problem = f"{declared.candidate!r} cannot be a neighbour of itself"
            self.toml.fail((*where, "golden_middle", "neighbours"), problem)
        for variant in middle.variants:
            self.check_decides(declared.metric, variant, "better", where)
            self.check_margin(declared.metric, variant, (*where, "metric"))

    def check_variant(self, variant: str | None, metric: str, where: Where) -> None:
        """Refuse a metric without variant that has some, and one that has none of this name."""
        word = self.word.name
        declared = self.definition.metrics.get(metric)
        varies = declared is not None or self.catalogue[metric].varies_by is not None
        if varies and variant is None:
            problem = f"{metric!r} is measured on a {word}; add {word} = …"
            self.toml.fail((*where, "metric"), problem)
        if declared is not None and variant not in declared:
            problem = f"[metrics.{metric}] has nothing for {variant!r}; add it there"
            self.toml.fail((*where, word), problem)

    def choices(self, metric: str, variant: str | None) -> list[Metric]:
        """Return the catalogue's metrics that a name may stand for on a variant."""
        declared = self.definition.metrics.get(metric)
        names = declared.get(variant or "", ()) if declared is not None else (metric,)
        return [self.catalogue[name] for name in names]

    def check_margin(self, metric: str, variant: str | None, where: Where) -> None:
        if self.definition.declared_margin(metric, variant) is None:
            self.toml.fail(where, self.definition.lacks_margin(metric, variant))

    def check_decides(self, metric: str, variant: str | None, claim: Claim, where: Where) -> None:
        for choice in self.choices(metric, variant):
            if not choice.decides:
                problem = f"the catalogue says that no verdict may rest on {choice.name!r}"
                self.toml.fail((*where, "metric"), problem)
            rated = claim in ("better", "worse", "not better", "not worse")
            problem = ""
            if rated and choice.better == "neither":
                problem = f"{choice.name!r} is neither better nor worse; claim 'higher' or 'lower'"
            elif is_about_time(claim) and (choice.summary, choice.better) != ("best", "lower"):
                problem = f"{choice.name!r} has no best that reaches targets"
            if problem:
                self.toml.fail((*where, "claim"), problem)

    def sentences_of(
        self,
        declared: DeclaredConclusion,
        where: Where,
        claim: str,
        wanted: tuple[Outcome, ...] = (),
        allowed: tuple[str, ...] = (),
    ) -> dict[str, str]:
        """Return the sentences of a conclusion: its own, or a set named by it or by its claim."""
        sets = self.definition.sentences
        own, inside = declared.sentences, (*where, "sentences")
        if not own or "" in own:
            name = own.get("", claim.replace(" ", "_"))
            self.toml.member(name, sets, "set of sentences", inside if own else where)
            own, inside = sets[name], ("sentences", name)
        known: tuple[Outcome, ...] = wanted or ALL_OUTCOMES
        least = declared.by_at_least is not None
        wanted = wanted or outcomes_of(cast(Claim, claim), least=least)
        self.check_sentences(own, inside, known, allowed or (*_FIELDS, self.word.name))
        for outcome in wanted:
            if outcome not in own:
                self.toml.fail(inside, f"lacks a sentence for {outcome!r}; add it")
        return {outcome: own[outcome] for outcome in wanted}

    def check_sentences(
        self,
        own: Mapping[str, str],
        inside: Where,
        outcomes: Iterable[str],
        allowed: Iterable[str],
    ) -> None:
        for outcome, text in own.items():
            where = (*inside, outcome)
            self.toml.member(outcome, outcomes, "outcome", where)
            try:
                names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
            except ValueError as error:
                self.toml.fail(where, f"{error}; write a brace as two of it")
            for name in names:
                self.toml.member(name, allowed, "field of a sentence", where)


def _rules(metrics: Iterable[str]) -> list[str]:
    """Return what rules of health go by: codes, kinds, and those of metrics of the catalogue."""
    words = [word for rule in all_rules() for word in (rule.code, rule.kind)]
    return [*words, *(f"watch_{metric}" for metric in metrics)]


def _parts_of(name: str, declared: Mapping[str, DeclaredConclusion]) -> set[str]:
    """Return the names of all parts of a compound, parts of parts included."""
    found: set[str] = set()
    waiting = list(declared[name].all_of)
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            waiting += declared[part].all_of
    return found
