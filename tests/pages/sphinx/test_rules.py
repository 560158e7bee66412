"""The guide on log health is written from the table of rules: each has its place in it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from docutils import nodes
from docutils.utils import new_document
from sphinx.addnodes import pending_xref

from rulka_analysis.pages.results import encode
from rulka_analysis.pages.sphinx.anchors import resolve
from rulka_analysis.pages.sphinx.rendering import inline_nodes
from rulka_analysis.pages.sphinx.rules import RulesDirective
from rulka_analysis.pages.tables.health import findings_by_rule
from rulka_analysis.project import domain
from rulka_analysis.values.findings import Finding
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


def test_of_other_programs_logs_the_rules_stand_that_hold_for_every_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RULKA_DOMAIN", "rl")
    groups, _ = written()
    told = " ".join(group.astext() for group in groups)
    assert "RK201" in told
    assert not [rule.code for rule in all_rules() if rule.code[:2] != "RK" and rule.code in told]


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


@pytest.mark.parametrize("told_on", ["docs/guides/log_health", "docs/other", None])
def test_a_code_in_a_table_leads_to_its_rule(told_on: str | None) -> None:
    found = findings_by_rule([Finding("gap", "warning", "A gap.", run="a")])
    ((_, (code, *_)),) = encode("by_rule", found).data["rows"]
    ((link,),) = (node.children for node in inline_nodes(code, "log_health/by_rule", ""))
    assert isinstance(link, pending_xref)
    labels = {"rk201": (told_on, "rk201")} if told_on else {}
    own = "docs/other"
    env: Any = SimpleNamespace(
        domains=SimpleNamespace(standard_domain=SimpleNamespace(anonlabels=labels)),
        current_document=SimpleNamespace(docname=own),
    )
    app: Any = SimpleNamespace(
        builder=SimpleNamespace(get_relative_uri=lambda own, page: f"{own}>{page}")
    )
    shown = resolve(app, env, link, link[0])
    assert shown is not None
    assert shown.astext() == "RK201 gap"
    where = getattr(shown, "attributes", {})
    assert where.get("refid") == ("rk201" if told_on == own else None)
    assert where.get("refuri") == (f"{own}>{told_on}#rk201" if told_on not in (own, None) else None)


def test_the_guide_asks_for_them() -> None:
    guide = (PROJECT / "docs" / "guides" / "log_health.rst").read_text(encoding="utf-8")
    assert "\n.. health-rules::\n" in guide
