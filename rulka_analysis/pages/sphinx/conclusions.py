"""A conclusion on a page: a box with verdict, sentence and what it rests on.

A verdict is told by sign and word; colour only repeats it.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from docutils import nodes
from sphinx import addnodes

from rulka_analysis.pages.sphinx.rendering import (
    disclosure,
    inline_nodes,
    pass_over,
    quoted_words,
    table_node,
)
from rulka_analysis.values.text import name_in_words

LOG_HEALTH = "/docs/guides/log_health"


class conclusion_box(nodes.General, nodes.Element):
    """A conclusion: children are what is shown of it."""


class verdict_badge(nodes.Inline, nodes.TextElement):
    """A verdict, as sign and word."""


def conclusion_id(name: str) -> str:
    """Return the anchor of a conclusion's box, the same on every build."""
    anchor: str = nodes.make_id(f"conclusion-{name}")
    return anchor


def badge(data: Mapping[str, Any]) -> verdict_badge:
    node = verdict_badge("", data["shown"])
    node["verdict"] = data["verdict"]
    return node


def box(data: Mapping[str, Any], result_id: str, notebook: str) -> conclusion_box:
    """Return the box of a conclusion.

    Parameters
    ----------
    data : mapping
        The conclusion as `results.encode` made it.
    result_id, notebook : str
        Under which id it is quoted, and the document of the notebook that published it.
    """
    node = conclusion_box(verdict=data["verdict"])
    node["ids"] = [conclusion_id(data["name"])]
    node["title"] = name_in_words(data["name"])
    said = nodes.paragraph("", "", badge(data), nodes.Text(" "), classes=["rulka-said"])
    said += inline_nodes(data["sentence"], result_id, notebook)
    node.append(said)
    if data["typed"]:
        words = [nodes.inline("", "As typed: "), quotation(data["typed"])]
        node.append(nodes.paragraph("", "", *words, classes=["rulka-typed"]))
    node.append(_details(data, result_id, notebook))
    return node


def quotation(text: str) -> nodes.Node:
    """Return the author's words as a quotation; a number in it is declared as theirs."""
    return quoted_words("", f"“{text}”")


def _details(data: Mapping[str, Any], result_id: str, notebook: str) -> disclosure:
    shown = disclosure()
    shown["summary"] = "What this rests on, and how sure it is"
    if data["instead_of"]:
        why = quoted_words("", data["instead_of"])
        lead = nodes.Text("The metric that was typed is not used: ")
        shown += nodes.paragraph("", "", lead, why)
    if data["deciding"]["rows"]:
        shown += table_node(data["deciding"], result_id, notebook)
    if data["parts"]:
        shown += _parts(data["parts"], result_id, notebook)
    for key in ("strength", "sensitivity"):
        said = inline_nodes(data[key], result_id, notebook)
        if said:
            shown += nodes.paragraph("", "", *said)
    if data["findings"]:
        shown += _findings(data["findings"])
    return shown


def _parts(parts: list[Mapping[str, Any]], result_id: str, notebook: str) -> nodes.bullet_list:
    """Return each part with its verdict, linked to its box where it has one."""
    found = nodes.bullet_list()
    for part in parts:
        shown: nodes.Node = badge(part)
        if part["by_itself"]:
            anchor = conclusion_id(part["name"])
            shown = nodes.reference("", "", shown, internal=True, refid=anchor)
        said = inline_nodes(part["sentence"], result_id, notebook)
        found += nodes.list_item("", nodes.paragraph("", "", shown, nodes.Text(" "), *said))
    return found


def _findings(findings: list[list[str]]) -> nodes.Element:
    found = nodes.bullet_list()
    for severity, message in findings:
        words = quoted_words("", f"{severity.capitalize()}: {message}")
        found += nodes.list_item("", nodes.paragraph("", "", words))
    link = addnodes.pending_xref(
        "",
        nodes.inline("", "log health"),
        refdomain="std",
        reftype="doc",
        reftarget=LOG_HEALTH,
        refexplicit=True,
        refwarn=True,
    )
    heading = nodes.paragraph("", "", nodes.Text("What was noticed about these logs ("), link)
    heading += nodes.Text("):")
    return nodes.container("", heading, found, classes=["rulka-findings"])


def visit_box_html(writer: Any, node: conclusion_box) -> None:
    verdict = node["verdict"].replace(" ", "-")
    name = html.escape(node["title"], quote=True)
    anchor = node["ids"][0]
    writer.body.append(
        f'<section class="rulka-conclusion rulka-{verdict}" id="{anchor}" aria-label="{name}">'
        f'<a class="rulka-permalink" href="#{anchor}" title="Link to this conclusion"'
        f' aria-label="Link to this conclusion: {name}">#</a>'
    )


def depart_box_html(writer: Any, node: conclusion_box) -> None:
    writer.body.append("</section>")


def visit_badge_html(writer: Any, node: verdict_badge) -> None:
    verdict = node["verdict"].replace(" ", "-")
    writer.body.append(f'<strong class="rulka-verdict rulka-{verdict}">')


def depart_badge_html(writer: Any, node: verdict_badge) -> None:
    writer.body.append("</strong>")


def add_conclusion_nodes(app: Any) -> None:
    """Register the nodes with Sphinx."""
    plain = (pass_over, pass_over)
    for node, in_html in (
        (conclusion_box, (visit_box_html, depart_box_html)),
        (verdict_badge, (visit_badge_html, depart_badge_html)),
    ):
        app.add_node(node, html=in_html, text=plain, latex=plain, man=plain, texinfo=plain)
