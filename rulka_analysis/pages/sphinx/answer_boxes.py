"""An answer or a claim on a page: a box with its word, its sentence and what it rests on.

An answer is told by sign and word, and the colour of its edge only repeats it. A claim is told by
its word alone: that somebody was wrong is nothing bad about a setting.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from docutils import nodes
from sphinx import addnodes

from rulka_analysis.pages.sphinx.markup import add_node, fixed
from rulka_analysis.pages.sphinx.rendering import (
    disclosure,
    inline_nodes,
    link_to_cell,
    quoted_words,
    table_node,
)

LOG_HEALTH = "/docs/guides/log_health"
# Kinds of results that stand in a box.
BOXED = ("answer", "claim")


class answer_box(nodes.General, nodes.Element):
    """An answer or a claim: children are what is shown of it."""


class answer_badge(nodes.Inline, nodes.TextElement):
    """An answer, as sign and word, or how a claim stands, as a word."""


def box_id(result_id: str) -> str:
    """Return the anchor of a box, the same on every build."""
    anchor: str = nodes.make_id(result_id.rpartition("/")[2])
    return anchor


def badge(data: Mapping[str, Any]) -> answer_badge:
    node = answer_badge("", data["shown"])
    node["look"] = data["look"]
    return node


def box(data: Mapping[str, Any], result_id: str, notebook: str) -> answer_box:
    """Return the box of an answer or a claim."""
    node = answer_box(look=data["look"])
    node["ids"] = [box_id(result_id)]
    node["title"] = data["title"]
    said = nodes.paragraph("", "", badge(data), nodes.Text(" "), classes=["rulka-said"])
    said += inline_nodes(data["sentence"], result_id, notebook)
    if data["kind"] == "claim" and data["text"]:
        node.append(nodes.paragraph("", "", quotation(data["text"]), classes=["rulka-typed"]))
    node.append(said)
    shown = _details(data, result_id, notebook)
    if shown.children:
        node.append(shown)
    return node


def quotation(text: str) -> nodes.Node:
    """Return the author's words as a quotation; a number in it is declared as theirs."""
    return quoted_words("", f"“{text}”")


def _details(data: Mapping[str, Any], result_id: str, notebook: str) -> disclosure:
    shown = disclosure()
    shown["summary"] = "What this rests on, and how sure it is"
    if data["kind"] == "claim":
        shown["summary"] = "Its parts"
        if data["parts"]:
            shown += _parts(data["parts"], result_id, notebook)
        return shown
    if data["instead_of"]:
        why = quoted_words("", data["instead_of"])
        lead = nodes.Text("The metric that was asked for is not used: ")
        shown += nodes.paragraph("", "", lead, why)
    if data["deciding"]["rows"]:
        shown += table_node(data["deciding"], result_id, notebook)
    for key in ("strength", "robustness", "warning", "needed"):
        said = inline_nodes(data[key], result_id, notebook)
        if said:
            shown += nodes.paragraph("", "", *said)
    if data["findings"]:
        shown += _findings(data["findings"])
    if shown.children:
        shown += nodes.paragraph("", "", link_to_cell(notebook, result_id), classes=["rulka-note"])
    return shown


def _parts(parts: list[Mapping[str, Any]], result_id: str, notebook: str) -> nodes.bullet_list:
    """Return how each part stands, linked to its box where it has one."""
    found = nodes.bullet_list()
    for part in parts:
        shown: nodes.Node = badge(part)
        if part["declared"]:
            anchor = box_id(f"claim.{part['name']}")
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


def visit_box_html(writer: Any, node: answer_box) -> None:
    name = html.escape(node["title"], quote=True)
    anchor = node["ids"][0]
    writer.body.append(
        f'<section class="rulka-answer rulka-{node["look"]}" id="{anchor}" aria-label="{name}">'
        f'<a class="rulka-permalink" href="#{anchor}" title="Link to this"'
        f' aria-label="Link to: {name}">#</a>'
    )


def visit_badge_html(writer: Any, node: answer_badge) -> None:
    writer.body.append(f'<strong class="rulka-word rulka-{node["look"]}">')


def add_answer_nodes(app: Any) -> None:
    """Register the nodes with Sphinx."""
    add_node(app, answer_box, visit_box_html, fixed("</section>"))
    add_node(app, answer_badge, visit_badge_html, fixed("</strong>"))
