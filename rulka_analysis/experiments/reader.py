"""An experiment's ``.toml``, read into a `Definition`.

What a table may hold say the classes in `definition`; here is what concerns several tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import Formatter
from typing import Any

from rulka_analysis.experiments.definition import (
    DeclaredClaim,
    DeclaredComparison,
    DeclaredRun,
    Definition,
    Outcome,
)
from rulka_analysis.experiments.groups import Varied, make_groups
from rulka_analysis.experiments.measures import deciding_clocks, metrics_of
from rulka_analysis.experiments.presence import beneath, lies_beneath
from rulka_analysis.experiments.said import Said, is_about_time, read_said
from rulka_analysis.logs.clocks import MINUTES, UPDATES
from rulka_analysis.metrics.catalogue import Catalogue, Metric
from rulka_analysis.metrics.domain import Variant
from rulka_analysis.values.errors import ExperimentError
from rulka_analysis.values.rules import all_rules
from rulka_analysis.values.sentences import in_words
from rulka_analysis.values.toml import TomlFile, Where

# What may stand in braces in a sentence of a definition.
FIELDS = ("answer", "baseline", "base", "by", "candidate", "end", "value")
# The name of the comparison of all groups, where none is declared.
EVERY_GROUP = "every_group"
# What else has a name where a step clock has one: clocks, and columns of tables beside it.
_TAKEN = (*MINUTES.names, *UPDATES.names, "file", "run", "step", "tag", "value", "wall_time")
_RESULT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")

# Tables of old definitions, and what is written instead.
_OLD = {
    "conclusions": "every comparison is asked every outcome by itself; write what somebody said: "
    '[claims.<comparison>] <name> = { text = "their words", says = "<group> better on <outcome>" }',
    "metrics": 'write [outcomes.<name>] with metric = "<of the catalogue>", or with tag, better '
    "and summary",
    "targets": "write targets = [ … ] in [outcomes.<name>]",
    "margins": 'write margin = 0.1 (or "10 %") and reason in [outcomes.<name>]; that of times to '
    "targets in [pace]",
    "lines": "every outcome is shown by itself; write [[shown]] for what else summaries show",
    "recommendation": 'write objectives = ["<outcome>", …] and objectives_reason at the top, and '
    'file = "<where it is set>" in each of [settings] that is recommended',
}


def read_definition(
    name: str, file: Path, catalogue: Catalogue, text: str | None = None
) -> Definition:
    """Read and check an experiment's definition.

    `text` is what it says, where no file says it yet.

    Raises
    ------
    ExperimentError
        If there is a mistake in it; names file, line and remedy.
    """
    toml = TomlFile(file, ExperimentError, text)
    _refuse_old(toml)
    if "logdir" in toml.data and not lies_beneath(place := toml.data["logdir"]):
        # Elsewhere it would build on one machine alone, and the runs would stand in no archive.
        toml.fail(
            ("logdir",),
            f"{place!r} is not beneath the log directory. Build with a folder above both as the "
            "log directory, and name it from there, such as 'older/runs'",
        )
    toml.data = beneath(toml.data)
    if (steps := toml.data.get("step_clock")) in _TAKEN:
        toml.fail(("step_clock",), f"{steps!r} is something else; choose another name")
    domain = catalogue.domain
    # Where nothing varies by the domain, nobody needs its word for it.
    word = domain.variant or Variant("variant", "variants")
    _settle_settings(toml)
    of_catalogue = [metric.name for metric in catalogue]
    known = {
        "run": toml.names_of("runs"),
        "setting": toml.names_of("settings"),
        "comparison": toml.names_of("comparisons") or [EVERY_GROUP],
        "outcome": toml.names_of("outcomes"),
        "variant": toml.names_of(word.plural),
        "group": _group_names(toml.data),
        "metric of the catalogue": of_catalogue,
        "clock": {called: clock for clock in domain.conventions.clocks for called in clock.names},
        "rule of health": _rules(of_catalogue),
    }
    words = {
        "variant": word.name,
        "variants": word.plural,
        "variant_titles": word.plural,
        "domain_name": "domain",
    }
    read = replace(toml.read_as(Definition, known, words), name=name, domain=domain)
    file_of = _Tables(toml, _completed(read), catalogue, word)
    file_of.check_groups()
    file_of.check_outcomes()
    file_of.check_objectives()
    file_of.check_claims()
    file_of.check_sentences()
    return file_of.definition


def _refuse_old(toml: TomlFile) -> None:
    for key, instead in _OLD.items():
        if key in toml.data:
            toml.fail((key,), f"is no longer written: {instead}")
    for name, run in _tables(toml.data.get("runs")):
        for old, instead in (
            ("description", 'write about = "…"'),
            ("settings", f'write {name} = {{ about = "…", <setting> = <value> }}'),
        ):
            if old in run:
                toml.fail(("runs", name, old), f"is no longer written: {instead}")
    comparisons = toml.names_of("comparisons") or [EVERY_GROUP]
    for name in toml.names_of("sentences"):
        if name not in comparisons:
            toml.fail(
                ("sentences", name),
                'sentences come with the package; sentences.<comparison>.<outcome> = "…" may '
                "override one",
            )


def _tables(data: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, table in data.items() if isinstance(data, dict) else ():
        if isinstance(table, dict):
            yield name, table


def _settle_settings(toml: TomlFile) -> None:
    """Declare what runs and groups set where no table of settings does; refuse others."""
    used: dict[str, Where] = {}
    every = toml.data.get("every_run")
    for key in every if isinstance(every, dict) else ():
        used.setdefault(key, ("every_run", key))
    for table, own in (("runs", ("about",)), ("groups", ("runs", "about"))):
        for name, entry in _tables(toml.data.get(table)):
            for key in entry:
                if key not in own:
                    used.setdefault(key, (table, name, key))
    replicates = toml.data.get("replicates", ())
    extra = [name for name in replicates if isinstance(name, str)]
    declared = toml.data.get("settings")
    if isinstance(declared, dict) and declared:
        for key, where in used.items():
            toml.member(key, [*declared, *extra], "setting", where)
    else:
        declared = {name: {} for name in used}
    toml.data["settings"] = {**{name: {} for name in extra if name not in declared}, **declared}


def _group_names(data: Mapping[str, Any]) -> list[str]:
    """Return what groups may be called in a definition: by hand, by runs, by label."""
    runs = [name for name, _ in _tables(data.get("runs"))]
    listed: list[str] = []
    for _, group in _tables(data.get("groups")):
        own = group.get("runs", ())
        listed += [n for n in ((own,) if isinstance(own, str) else own) if isinstance(n, str)]
    return [*data.get("groups", ()), *runs, *listed, *_labels(data)]


def _labels(data: Mapping[str, Any]) -> list[str]:
    """Return the labels of groups as far as the definition alone makes them."""
    every = data.get("every_run")
    runs = {
        name: {**(every if isinstance(every, dict) else {}), **_without(run, "about")}
        for name, run in _tables(data.get("runs"))
    }
    replicates = data.get("replicates", ())
    settings = {}
    for name, setting in _tables(data.get("settings")):
        found = {key: setting[key] for key in ("label", "named", "replicate") if key in setting}
        title = setting.get("title", name.replace("_", " "))
        found["replicate"] = found.get("replicate", False) or name in replicates
        settings[name] = Varied(in_words(str(title)), **found)
    try:
        return [group.label for group in make_groups(runs, settings)]
    except TypeError:
        # A value that is no value: its own table says so.
        return []


def _without(table: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in keys}


def _completed(read: Definition) -> Definition:
    """Return a definition with what follows from the rest of it."""
    settings = {
        name: replace(
            one,
            title=one.title or name[:1].upper() + name[1:].replace("_", " "),
            replicate=one.replicate or name in read.replicates,
        )
        for name, one in read.settings.items()
    }
    runs = {
        name: DeclaredRun(run.about, {**read.every_run, **run.settings}, name=name)
        for name, run in read.runs.items()
    }
    compared = read.comparisons or {EVERY_GROUP: DeclaredComparison(name=EVERY_GROUP)}
    comparisons = {
        name: replace(
            one,
            baseline=one.baseline or read.baseline,
            title=one.title or read.title,
            question=one.question or read.question,
        )
        for name, one in compared.items()
    }
    rated = [name for name, one in read.outcomes.items() if not one.only_claims]
    clocks = read.clocks or (MINUTES, read.domain.conventions.steps)
    return replace(
        read,
        settings=settings,
        runs=runs,
        comparisons=comparisons,
        objectives=read.objectives or tuple(rated),
        clocks=clocks,
    )


@dataclass(frozen=True, slots=True)
class _Tables:
    """The tables of a definition, each right by itself, and what they must agree with."""

    toml: TomlFile
    definition: Definition
    catalogue: Catalogue
    word: Variant

    def metrics(self, outcome: Outcome) -> list[Metric]:
        return metrics_of(outcome, self.definition, self.catalogue)

    def check_groups(self) -> None:
        if not self.definition.runs and not self.definition.groups:
            self.toml.fail((), "declares no run; add [runs] or [groups]")
        exclude = self.definition.exclude
        if self.definition.baseline in exclude:
            problem = f"{self.definition.baseline!r} is left out by exclude; name another baseline"
            self.toml.fail(("baseline",), problem)
        for name, comparison in self.definition.comparisons.items():
            if comparison.baseline in exclude:
                problem = f"{comparison.baseline!r} is left out by exclude; name another baseline"
                self.toml.fail(("comparisons", name, "baseline"), problem)
            if comparison.candidates and set(comparison.candidates) <= set(exclude):
                problem = "all are left out by exclude; leave out the comparison, too"
                self.toml.fail(("comparisons", name, "candidates"), problem)
            if comparison.baseline in comparison.candidates:
                self.toml.fail(
                    ("comparisons", name, "candidates"),
                    f"the baseline {comparison.baseline!r} cannot be a candidate, too",
                )

    def check_outcomes(self) -> None:
        for name, outcome in self.definition.outcomes.items():
            where: Where = ("outcomes", name)
            if not _RESULT_NAME.match(name):
                self.toml.fail(where, "a name is made of letters, digits, '_' and '-'")
            self.check_metric(outcome, where)
            if outcome.margin.declared and not outcome.reason:
                self.toml.fail((*where, "margin"), "lacks its reason; add reason = …")
            if outcome.reason and not outcome.margin.declared:
                self.toml.fail((*where, "reason"), "there is no margin it could be the reason of")
            if outcome.instead_note and not outcome.instead:
                self.toml.fail((*where, "instead_note"), "there is no 'instead' it could go with")
            seen = {name}
            following = outcome.instead
            while following is not None:
                if following in seen:
                    self.toml.fail((*where, "instead"), "leads back to itself")
                seen.add(following)
                following = self.definition.outcomes[following].instead
        pace = self.definition.pace
        if pace.margin.size is not None:
            self.toml.fail(("pace", "margin"), 'is a share of a time: write margin = "10 %"')
        if pace.margin.declared and not pace.reason:
            self.toml.fail(("pace", "margin"), "lacks its reason; add reason = …")

    def check_metric(self, outcome: Outcome, where: Where) -> None:
        entry = self.toml.data["outcomes"][outcome.name]
        if bool(outcome.metric) == bool(outcome.tag):
            self.toml.fail(where, "needs a metric of the catalogue or a tag, and one of them only")
        of_tags = ("better", "digits", "scales_with", "summary", "title", "unit")
        for key in of_tags if outcome.metric else ():
            if key in entry:
                self.toml.fail((*where, key), "the catalogue says this of a metric; leave it out")
        if outcome.tag and "better" not in entry:
            self.toml.fail(where, "lacks 'better': higher, lower or neither; add it")
        for metric in self.metrics(outcome):
            varies = metric.varies_by is not None
            if varies and outcome.variant is None:
                problem = f"{metric.name!r} is measured on a {self.word.name}; add {self.word.name}"
                self.toml.fail((*where, "metric"), f"{problem} = …")
            if outcome.variant is not None and not varies:
                problem = f"{metric.name!r} is not measured on a {self.word.name}; leave it out"
                self.toml.fail((*where, self.word.name), problem)
            if not metric.decides:
                problem = f"the catalogue says that no answer may rest on {metric.name!r}"
                self.toml.fail((*where, "metric"), problem)
            reaches = metric.summary in ("best", "trailing_mean") and metric.better != "neither"
            if outcome.targets and not reaches:
                problem = (
                    "only the summaries best and trailing mean reach targets; leave targets out"
                )
                self.toml.fail((*where, "targets"), problem)

    def check_objectives(self) -> None:
        for number, name in enumerate(self.toml.data.get("objectives", ())):
            where = ("objectives", number)
            if any(m.better == "neither" for m in self.metrics(self.definition.outcomes[name])):
                problem = f"{name!r} is neither better nor worse; name an outcome that is"
                self.toml.fail(where, problem)
            if self.definition.outcomes[name].only_claims:
                self.toml.fail(where, f"{name!r} is only asked by claims; leave out only_claims")

    def check_claims(self) -> None:
        for comparison, claims in self.definition.claims.items():
            for name, claim in claims.items():
                where = ("claims", comparison, name)
                if not _RESULT_NAME.match(name):
                    self.toml.fail(where, "a name is made of letters, digits, '_' and '-'")
                kinds = (claim.says, claim.all_of, claim.any_of, claim.golden_middle)
                if sum(map(bool, kinds)) != 1:
                    needed = "needs one of 'says', 'all_of', 'any_of' and 'golden_middle'"
                    self.toml.fail(where, needed)
                if claim.says:
                    self.check_said(claim.says, comparison, claim, (*where, "says"))
                key = "all_of" if claim.all_of else "any_of"
                for number, part in enumerate(claim.all_of or claim.any_of):
                    if part not in claims:
                        self.check_said(part, comparison, claim, (*where, key, number))
                if claim.golden_middle is not None:
                    middle = claim.golden_middle
                    inside = (*where, "golden_middle")
                    if middle.of in middle.neighbours:
                        problem = f"{middle.of!r} cannot be a neighbour of itself"
                        self.toml.fail((*inside, "neighbours"), problem)
                    for outcome in middle.on:
                        self.check_rated(outcome, "better", (*inside, "on"))
                if name in _parts_of(name, claims):
                    self.toml.fail((*where, key), "a claim cannot be a part of itself")

    def check_said(self, text: str, comparison: str, claim: DeclaredClaim, where: Where) -> None:
        said = self.said(text, where)
        baseline = said.baseline or self.definition.comparisons[comparison].baseline
        if baseline == said.candidate:
            self.toml.fail(where, f"{baseline!r} is the baseline; name another group")
        if is_about_time(said.said):
            if not self.definition.targets(said.outcome):
                problem = f"{said.outcome!r} has no targets; add targets = [ … ] to it"
                self.toml.fail(where, problem)
        else:
            self.check_rated(said.outcome, said.said, where)
        for number, clock in enumerate(claim.clocks):
            for metric in self.metrics(self.definition.outcomes[said.outcome]):
                deciding = deciding_clocks(metric, self.definition)
                if clock not in deciding:
                    clocks = " and ".join(clock.name for clock in deciding)
                    problem = f"{metric.name!r} is compared by {clocks} only"
                    self.toml.fail((*where[:3], "clocks", number), problem)

    def said(self, text: str, where: Where) -> Said:
        try:
            return read_said(text, _group_names(self.toml.data), self.definition.outcomes)
        except ExperimentError as error:
            self.toml.fail(where, str(error))

    def check_rated(self, outcome: str, said: str, where: Where) -> None:
        rating = said.removeprefix("no ") in ("better", "worse")
        for metric in self.metrics(self.definition.outcomes[outcome]):
            if rating and metric.better == "neither":
                problem = f"{outcome!r} is neither better nor worse; say higher or lower"
                self.toml.fail(where, problem)

    def check_sentences(self) -> None:
        for comparison, by_outcome in self.definition.sentences.items():
            for outcome, text in by_outcome.items():
                where = ("sentences", comparison, outcome)
                try:
                    names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
                except ValueError as error:
                    self.toml.fail(where, f"{error}; write a brace as two of it")
                for name in names:
                    self.toml.member(name, FIELDS, "field of a sentence", where)


def _rules(metrics: Iterable[str]) -> list[str]:
    """Return what rules of health go by: codes, kinds, and those of metrics of the catalogue."""
    words = [word for rule in all_rules() for word in (rule.code, rule.kind)]
    return [*words, *(f"watch_{metric}" for metric in metrics)]


def _parts_of(name: str, claims: Mapping[str, DeclaredClaim]) -> set[str]:
    """Return the names of all parts of a claim that are claims, parts of parts included."""

    def named(of: str) -> Sequence[str]:
        return [part for part in (*claims[of].all_of, *claims[of].any_of) if part in claims]

    found: set[str] = set()
    waiting = list(named(name))
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            waiting += named(part)
    return found
