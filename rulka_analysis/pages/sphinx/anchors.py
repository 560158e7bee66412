"""Links to places within pages: to an answer's box wherever it stands, a section, a cell."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from rulka_analysis.pages.results import collect
from rulka_analysis.pages.sphinx.answer_boxes import box_id
from rulka_analysis.pages.sphinx.rendering import TO_CELL, TO_RULE, cell_id
from rulka_analysis.pages.sphinx.state import notes_of_pages, state_of

TO_BOX, TO_SECTION = "rulka-box", "rulka-section"


def link_to_box(env: BuildEnvironment, result_id: str, shown: nodes.Node) -> nodes.Element:
    """Return a link to the box of an answer or a claim, on whichever page it stands."""
    return _pending(env, TO_BOX, result_id, shown)


def link_to_section(
    env: BuildEnvironment, page: str, shown: nodes.Node, section: str = ""
) -> nodes.Element:
    """Return a link to a page, or to a section of it by its title."""
    return _pending(env, TO_SECTION, page, shown, nodes.make_id(section) if section else "")


def _pending(
    env: BuildEnvironment, kind: str, target: str, shown: nodes.Node, anchor: str = ""
) -> addnodes.pending_xref:
    return addnodes.pending_xref(
        "",
        shown,
        refdomain="",
        reftype=kind,
        reftarget=target,
        refexplicit=True,
        refwarn=True,
        refdoc=env.current_document.docname,
        anchor=anchor,
    )


def resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, shown: nodes.Node
) -> nodes.Node | None:
    """Resolve a link; Sphinx's own know no place within a page."""
    kind, target = node["reftype"], node["reftarget"]
    own = node.get("refdoc", env.current_document.docname)
    if kind == TO_BOX:
        page, anchor = _page_with_box(env, target, own), box_id(target)
        # A word without a box is a word all the same.
        if page is None:
            return shown
    elif kind == TO_RULE:
        # A project of one's own may do without the guide.
        page, anchor = env.domains.standard_domain.anonlabels.get(target, (None, ""))
        if page is None:
            return shown
    elif kind in (TO_SECTION, TO_CELL) and target in env.found_docs:
        page, anchor = target, node["anchor"]
    else:
        return None
    if page == own:
        return nodes.reference("", "", shown, internal=True, refid=anchor)
    uri = app.builder.get_relative_uri(own, page) + (f"#{anchor}" if anchor else "")
    return nodes.reference("", "", shown, internal=True, refuri=uri)


def _page_with_box(env: BuildEnvironment, result_id: str, own: str) -> str | None:
    """Return the page on which a box stands: the own one, else the first."""
    notes: Any = notes_of_pages(env)
    pages = sorted(page for page, kept in notes.items() if result_id in kept.boxes)
    return own if own in pages else next(iter(pages), None)


def mark_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Give each cell of a notebook's page an anchor for every result it published."""
    executed = state_of(app).executed.get(app.env.current_document.docname)
    if executed is None:
        return
    cells = executed.notebook["cells"]
    for shown in doctree.findall(nodes.container):
        if shown.get("nb_element") == "cell_code":
            published = collect({"cells": [cells[shown["cell_index"]]]})
            shown["ids"] += dict.fromkeys(cell_id(result.name) for result in published)


def add_anchors(app: Sphinx) -> None:
    """Register with Sphinx."""
    app.connect("doctree-read", mark_cells)
    app.connect("missing-reference", resolve)
