"""The directive ``.. verdicts::``: conclusions as a table, each linked to its box."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rulka_analysis.pages.sphinx.conclusions import badge, conclusion_id, quotation
from rulka_analysis.pages.sphinx.quoting import MissingResultError, look_up, note_missing
from rulka_analysis.pages.sphinx.rendering import disclosure, inline_nodes

PREFIX = "conclusion."
REFERENCE = "conclusion"
COLUMNS = ("Verdict", "What the logs say", "As typed")


class VerdictsDirective(SphinxDirective):
    """A table of conclusions, each linked to its box on the page of the experiment.

    ``.. verdicts:: experiment`` takes all of them; ``:only: name name …`` some, in this order;
    with ``:typed:`` the author's words stand beside.
    """

    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "only": directives.unchanged_required,
        "typed": directives.flag,
        "folded": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        source, line = self.get_source_info()
        experiment = f"{self.arguments[0]}/" if self.arguments else ""
        try:
            listed, data = look_up(self.env, f"{experiment}conclusions")
            names = self.options.get("only", "").split() or [name for name, _ in data["rows"]]
            rows = list(self._rows(experiment or f"{listed.id.rpartition('/')[0]}/", names))
        except MissingResultError as error:
            note_missing(self.env, f"{source}:{line}", str(error))
            return []
        count = 3 if "typed" in self.options else 2
        table = nodes.table(classes=["rulka-table", "rulka-verdicts", "colwidths-auto"])
        group = nodes.tgroup(cols=count)
        table += group
        for _ in range(count):
            group += nodes.colspec(colwidth=1)
        head = nodes.thead("", _row([[nodes.Text(title)] for title in COLUMNS[:count]]))
        group += [head, nodes.tbody("", *(_row(cells[:count]) for cells in rows))]
        if "folded" not in self.options:
            return [table]
        folded = disclosure("", table)
        self.set_source_info(folded)
        folded["summary"] = self.options["folded"]
        return [folded]

    def _rows(self, experiment: str, names: list[str]) -> Iterator[list[list[nodes.Node]]]:
        document = f"/docs/experiments/{experiment.rstrip('/')}"
        for name in names:
            found, data = look_up(self.env, f"{experiment}{PREFIX}{name}")
            said = inline_nodes(data["sentence"], found.id, found.notebook)
            typed = [quotation(data["typed"])] if data["typed"] else [nodes.Text("–")]
            yield [[_link(self, document, name, badge(data))], said, typed]


def _link(
    directive: SphinxDirective, document: str, name: str, shown: nodes.Element
) -> nodes.Element:
    """Return a link to a conclusion's box: within the page, or on another one."""
    anchor = conclusion_id(name)
    if f"/{directive.env.current_document.docname}" == document:
        return nodes.reference("", "", shown, internal=True, refid=anchor)
    node = addnodes.pending_xref(
        "",
        shown,
        refdomain="",
        reftype=REFERENCE,
        reftarget=document.lstrip("/"),
        refexplicit=True,
        refwarn=True,
        refdoc=directive.env.current_document.docname,
    )
    node["anchor"] = anchor
    return node


def _row(cells: list[list[nodes.Node]]) -> nodes.row:
    entries = [nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells]
    return nodes.row("", *entries)


def resolve(app: Sphinx, env: Any, node: addnodes.pending_xref, shown: nodes.Node) -> Any:
    """Resolve a link to a conclusion on another page; Sphinx's own know no place within it."""
    if node["reftype"] != REFERENCE or node["reftarget"] not in env.found_docs:
        return None
    uri = app.builder.get_relative_uri(node["refdoc"], node["reftarget"])
    return nodes.reference("", "", shown, internal=True, refuri=f"{uri}#{node['anchor']}")


def add_verdicts(app: Sphinx) -> None:
    """Register the directive with Sphinx."""
    app.add_directive("verdicts", VerdictsDirective)
    app.connect("missing-reference", resolve)
