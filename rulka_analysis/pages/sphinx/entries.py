"""Entries of a reference: sections that are folded to one line, and a field that finds them.

Without a script all of it is there: entries open by a press, the browser finds in them.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rulka_analysis.pages import trends
from rulka_analysis.pages.sphinx.markup import add_node, fixed, pass_over
from rulka_analysis.pages.sphinx.rendering import quoted_words


class folded_section(nodes.section):
    """A section of which its title and its `entry_line` are shown, and the rest on demand."""


class entry_line(nodes.General, nodes.TextElement):
    """What stands behind the title of a folded section, in the same line."""


class entry_part(nodes.Inline, nodes.TextElement):
    """One column of an `entry_line`."""


class trend_line(nodes.Inline, nodes.Element):
    """How values went; see `pages.trends`."""


class rest(nodes.General, nodes.Element):
    """Entries that are folded together, their names in one line."""


class finder(nodes.General, nodes.Element):
    """A field that shows only the entries in which what is typed stands."""


class FinderDirective(SphinxDirective):
    """``.. finder:: class of entries`` with the words of its label as content."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        return [finder("", label=" ".join(self.content), entries=self.arguments[0])]


def trend_node(data: Mapping[str, Any]) -> trend_line:
    """Return the node of a published trend."""
    return trend_line("", lines=data["lines"], said=data["said"])


def line_of(parts: Mapping[str, Sequence[nodes.Node]]) -> entry_line:
    """Return what stands behind a title; each part under the name of its column."""
    line = entry_line()
    for name, shown in parts.items():
        line += entry_part("", "", quoted_words("", "", *shown), classes=[f"rulka-entry-{name}"])
    return line


def visit_folded_html(writer: Any, node: folded_section) -> None:
    writer.visit_section(node)
    writer.body.append('<details class="rulka-entry"><summary>')


def depart_folded_html(writer: Any, node: folded_section) -> None:
    writer.body.append("</div></details>")
    writer.depart_section(node)


def visit_part_html(writer: Any, node: entry_part) -> None:
    writer.body.append(f'<span class="{node["classes"][0]}">')


def visit_trend_html(writer: Any, node: trend_line) -> None:
    writer.body.append(trends.as_svg(node["lines"], node["said"]))
    raise nodes.SkipNode


def visit_rest_html(writer: Any, node: rest) -> None:
    lead, names = html.escape(node["lead"]), html.escape(node["names"])
    summary = f"<summary><b>{lead}</b> {names}</summary>"
    writer.body.append(f'<details class="rulka-rest">{summary}')


def visit_finder_html(writer: Any, node: finder) -> None:
    label = html.escape(node["label"])
    entries = html.escape(node["entries"], quote=True)
    writer.body.append(
        f'<div class="rulka-finder" data-entries="{entries}" hidden><label>{label} '
        '<input type="search" autocomplete="off" spellcheck="false"></label> '
        '<output aria-live="polite"></output></div>'
    )
    raise nodes.SkipNode


def add_entries(app: Sphinx) -> None:
    """Register the nodes, the directive and the script of this module with Sphinx."""
    add_node(app, folded_section, visit_folded_html, depart_folded_html)
    add_node(app, entry_line, pass_over, fixed('</summary>\n<div class="rulka-entry-more">'))
    add_node(app, entry_part, visit_part_html, fixed("</span> "))
    add_node(app, trend_line, visit_trend_html)
    add_node(app, rest, visit_rest_html, fixed("</details>"))
    add_node(app, finder, visit_finder_html)
    app.add_directive("finder", FinderDirective)
    app.add_js_file("entries.js", loading_method="defer")
