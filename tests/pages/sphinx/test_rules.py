"""The guide on log health is written from the table of rules: each has its place in it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from docutils import nodes
from docutils.utils import new_document

from rulka_analysis.pages.sphinx.rules import RulesDirective
from rulka_analysis.project import domain
from rulka_analysis.values.rules import all_rules
from tests.site_of_project import PROJECT


def written() -> tuple[list[nodes.Node], list[str]]:
    """Return what the directive writes, and the files it says that the page depends on."""
    noted: list[str] = []
    document = new_document("guide")
    env = SimpleNamespace(note_dependency=noted.append)
    document.settings.env = env
    directive = RulesDirective.__new__(RulesDirective)
    directive.state = cast(Any, SimpleNamespace(document=document))
    directive.state.document.settings.env = env
    return directive.run(), noted


def test_every_rule_stands_in_the_guide_under_its_code() -> None:
    assert domain()
    groups, noted = written()
    sections = {
        section["ids"][0]: section
        for group in groups
        for section in group.findall(nodes.section)
        if section not in groups
    }
    assert list(sections) == [rule.code.lower() for rule in all_rules()]
    for rule in all_rules():
        text = sections[rule.anchor].astext()
        for told in (rule.code, rule.title, rule.meaning, rule.detection, rule.why, rule.remedy):
            assert told in text
        assert rule.example in text
        assert all(severity in text.lower() for severity in rule.severities)
    assert any(file.endswith("trackmania/rules.py") for file in noted)
    assert sum("values/rules/" in file for file in noted) > 3


def test_the_guide_asks_for_them() -> None:
    guide = (PROJECT / "docs" / "guides" / "log_health.rst").read_text(encoding="utf-8")
    assert "\n.. health-rules::\n" in guide
