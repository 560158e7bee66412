"""The evidence of pages: gathered while a page is read, written beside it, led to by one link.

A number on a page knows the number of its entry; the script makes buttons of numbers, and loads the
file when the first of them is pressed. Without a script numbers are text, and the link leads to the
same as a table.
"""

from __future__ import annotations

import html
import json
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

from rulka_analysis.logs.clocks import Conventions
from rulka_analysis.pages.evidence import PageEvidence, as_script, as_table, with_addresses
from rulka_analysis.pages.sphinx.markup import add_node
from rulka_analysis.pages.sphinx.rendering import EXPLORE, quoted_number
from rulka_analysis.pages.sphinx.state import notes_of_current, notes_of_pages, state_of
from rulka_analysis.values.digests import digest_text
from rulka_analysis.values.files import write_whole

GUIDE = "docs/guides/evidence"
"""The guide that says how to check a number."""
SCRIPT, TABLE = ".evidence.js", ".evidence.html"
"""What stands in place of a page's `.html`."""


class evidence_link(nodes.General, nodes.Element):
    """The link to the evidence of a page's numbers; also tells the script where it is."""


def gather_evidence(app: Sphinx, doctree: nodes.document) -> None:
    """Give each number of a page its entry, and end the page with the link to them.

    After titles were collected: in navigation a number is text.
    """
    numbers = list(doctree.findall(quoted_number))
    if not numbers:
        return
    evidence = PageEvidence(clocks_of(state_of(app).conventions))
    for node in numbers:
        node["entry"] = evidence.add(node["data"], node["notebook"])
        # The file has it, and a page may have thousands.
        del node["data"]
    text = json.dumps(evidence.plain())
    notes_of_current(app.env).evidence = text
    page = next(iter(doctree.findall(nodes.section)), doctree)
    page.append(evidence_link(version=digest_text(text)[:10]))


def clocks_of(conventions: Conventions) -> dict[str, str]:
    """Return the tags by which a program tells minutes and updates, as far as it has such."""
    told = {"minutes": conventions.hours_tag, "updates": conventions.updates_tag}
    return {clock: tag for clock, tag in told.items() if tag}


def write_evidence(app: Sphinx) -> None:
    """Write the evidence of all pages, as data and as tables."""
    builder = app.builder
    for page, notes in notes_of_pages(app.env).items():
        if not notes.evidence:
            continue
        target = Path(builder.get_output_path(page))  # type: ignore[attr-defined]
        there = {
            name: builder.get_relative_uri(page, document)
            for name, document in (("explore", EXPLORE), ("guide", GUIDE))
            if document in app.env.found_docs
        }
        plain = with_addresses(json.loads(notes.evidence), partial(builder.get_relative_uri, page))
        script, table = (target.with_suffix(ending) for ending in (SCRIPT, TABLE))
        here = builder.get_target_uri(page)
        style = relative_uri(here, "_static/evidence.css")
        title = app.env.titles[page].astext()
        for path, text in (
            (script, as_script({"page": page, **there, **plain})),
            (table, as_table(plain, title, target.name, script.name, style)),
        ):
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, text)


def list_evidence(app: Sphinx) -> set[str]:
    """Return the evidence files of all pages, by their path in the site."""
    builder = app.builder
    pages = [page for page, notes in notes_of_pages(app.env).items() if notes.evidence]
    targets = [Path(builder.get_output_path(page)) for page in pages]  # type: ignore[attr-defined]
    return {
        target.with_suffix(ending).relative_to(app.outdir).as_posix()
        for target in targets
        for ending in (SCRIPT, TABLE)
    }


def visit_link_html(writer: Any, node: evidence_link) -> None:
    # Beside the page; the version makes a browser load again what has changed.
    stem = PurePosixPath(writer.builder.get_target_uri(writer.builder.current_docname)).stem
    table, script = (html.escape(stem + ending, quote=True) for ending in (TABLE, SCRIPT))
    writer.body.append(
        f'<p class="rulka-evidence-link"><a href="{table}" '
        f'data-script="{script}?v={node["version"]}">Evidence of each number on this page</a></p>'
    )
    raise nodes.SkipNode


def add_evidence(app: Sphinx) -> None:
    """Register node and events with Sphinx."""
    add_node(app, evidence_link, visit_link_html)
    app.connect("doctree-read", gather_evidence, priority=900)
