"""The rules of health, each under its code: ``.. health-rules::`` writes them from their table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rulka_analysis.pages.sphinx.entries import folded_section, line_of
from rulka_analysis.project import domain, domain_in_effect
from rulka_analysis.values import rules
from rulka_analysis.values.rules import Rule
from rulka_analysis.values.sentences import listed

# The letters of codes that hold for every program; a domain has others.
EVERY_PROGRAM = "RK"


def add_rules(app: Sphinx) -> None:
    """Register the directive of this module with Sphinx."""
    app.add_directive("health-rules", RulesDirective)


class RulesDirective(SphinxDirective):
    """A section for each group of rules, and in it one for each rule, found by its code."""

    def run(self) -> list[nodes.Node]:
        own = domain().catalogue_file.parent
        for file in (*Path(rules.__file__).parent.glob("*.py"), *own.glob("rules.py")):
            self.env.note_dependency(str(file))
        groups: dict[str, list[Rule]] = {}
        in_effect = domain_in_effect()
        own_rules = bool(in_effect.rules_of_run or in_effect.rules_of_pair)
        for rule in rules.all_rules():
            if not (own_rules or rule.code.startswith(EVERY_PROGRAM)):
                continue  # Of another program than the logs are of.
            groups.setdefault(rule.group, []).append(rule)
        return [self._group(title, members) for title, members in groups.items()]

    def _group(self, title: str, members: list[Rule]) -> nodes.section:
        name = nodes.fully_normalize_name(f"rules {title}")
        section = nodes.section(ids=[nodes.make_id(name)], names=[name], classes=["rulka-group"])
        section += nodes.title("", title)
        for rule in members:
            section += (one := _section(rule))
            self.state.document.note_explicit_target(one, one)
        self.state.document.note_implicit_target(section, section)
        return section


def _section(rule: Rule) -> nodes.section:
    section = folded_section(ids=[rule.anchor], names=[rule.anchor], classes=["rulka-metric"])
    # A code is a name, not a number that was measured.
    code = nodes.literal(rule.code, rule.code)
    section += nodes.title("", "", code, nodes.Text(f": {rule.title}"))
    severity = str(listed(rule.severities, " or ")).capitalize()
    section += line_of({"tag": [nodes.Text(rule.meaning)], "last": [nodes.Text(severity)]})
    section += list(_told(rule))
    return section


def _told(rule: Rule) -> Iterator[nodes.Node]:
    if rule.when:
        yield nodes.paragraph("", rule.when)
    told = nodes.definition_list()
    for term, text in (
        ("How it is detected", rule.detection),
        ("Why it matters", rule.why),
        ("What to do", rule.remedy),
    ):
        told += nodes.definition_list_item(
            "", nodes.term("", term), nodes.definition("", nodes.paragraph("", text))
        )
    yield told
    yield nodes.literal_block(rule.example, rule.example, language="none")
