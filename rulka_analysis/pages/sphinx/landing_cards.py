"""Cards of the landing page: of each all is one link, named by the answer."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from rulka_analysis.pages.results import as_text
from rulka_analysis.pages.sphinx.rendering import pass_over, quoted_words


class landing_cards(nodes.General, nodes.Element):
    """Cards abreast."""


class landing_card(nodes.General, nodes.TextElement):
    """A card of which all is one link; its children are its words, for the search index."""


def card_node(content: Mapping[str, Any], page: str) -> landing_card:
    """Return a card.

    Parameters
    ----------
    content : mapping
        The content of a block `blocks.card`.
    page : str
        Where it leads: the name of a document.
    """
    node = landing_card("", "", quoted_words("", " ".join(_texts(content))))
    node["page"], node["content"] = page, dict(content)
    return node


def _texts(content: Mapping[str, Any]) -> Iterator[str]:
    for key in ("title", "question", "answer"):
        yield as_text(content[key])
    yield from map(as_text, content["use"])


def visit_cards_html(writer: Any, node: landing_cards) -> None:
    writer.body.append('<div class="rulka-landing">')


def depart_cards_html(writer: Any, node: landing_cards) -> None:
    writer.body.append("</div>")


def visit_card_html(writer: Any, node: landing_card) -> None:
    content = node["content"]
    text = {key: html.escape(as_text(content[key])) for key in ("title", "question", "answer")}
    builder = writer.builder
    href = html.escape(builder.get_relative_uri(builder.current_docname, node["page"]), quote=True)
    chips = "".join(f"<li>{html.escape(chip)}</li>" for chip in content["chips"])
    use = "<br>".join(html.escape(as_text(line)) for line in content["use"])
    writer.body.append(
        '<article class="rulka-landing-card">'
        f'<p class="rulka-landing-title">{text["title"]}</p><p>{text["question"]}</p>'
        f'<h2><a href="{href}">{text["answer"]}</a></h2>'
        f"{node.get('picture', '')}"
        + (f'<div class="rulka-landing-use"><p>Use</p><code>{use}</code></div>' if use else "")
        + f'<ul class="rulka-chips">{chips}</ul></article>'
    )
    raise nodes.SkipNode


def add_cards(app: Sphinx) -> None:
    """Register the nodes with Sphinx."""
    plain = (pass_over, pass_over)
    for node, in_html in (
        (landing_cards, (visit_cards_html, depart_cards_html)),
        (landing_card, (visit_card_html, pass_over)),
    ):
        app.add_node(node, html=in_html, text=plain, latex=plain, man=plain, texinfo=plain)
