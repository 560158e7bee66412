"""Cards of the landing page: of each all is one link, named by the answer."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from rulka_analysis.pages.results import as_text
from rulka_analysis.pages.sphinx.markup import add_node, fixed, skip
from rulka_analysis.pages.sphinx.rendering import panel_node, quoted_words


class landing_cards(nodes.General, nodes.Element):
    """Cards abreast."""


class landing_card(nodes.General, nodes.Element):
    """A card of which all is one link."""


class card_words(nodes.General, nodes.TextElement):
    """The words of a card, for the search index: the card writes them in their places."""


class card_legend(nodes.General, nodes.TextElement):
    """What is drawn on a card, and whose lines are in colour."""


def card_node(
    content: Mapping[str, Any], page: str, spark: Mapping[str, Any] | None = None, of: str = ""
) -> landing_card:
    """Return a card.

    Parameters
    ----------
    content : mapping
        The content of a block `blocks.card`.
    page : str
        Where it leads: the name of a document.
    spark : mapping, optional
        The small figure on it, as `results.encode` made it.
    of : str
        The id of that figure.
    """
    node = landing_card("", card_words("", "", quoted_words("", " ".join(_texts(content)))))
    if spark is not None:
        words = quoted_words("", as_text(spark["caption"]))
        legend = card_legend("", "", words, legend=content.get("legend", ()))
        node.extend([panel_node(spark, of), legend])
    node["page"], node["content"] = page, dict(content)
    return node


def _texts(content: Mapping[str, Any]) -> Iterator[str]:
    for key in ("title", "question", "answer"):
        yield as_text(content[key])
    yield from map(as_text, content["use"])


def visit_card_html(writer: Any, node: landing_card) -> None:
    content = node["content"]
    text = {key: html.escape(as_text(content[key])) for key in ("title", "question", "answer")}
    builder = writer.builder
    href = html.escape(builder.get_relative_uri(builder.current_docname, node["page"]), quote=True)
    writer.body.append(
        '<article class="rulka-landing-card">'
        f'<p class="rulka-landing-title">{text["title"]}</p><p>{text["question"]}</p>'
        f'<h2><a href="{href}">{text["answer"]}</a></h2>'
    )


def depart_card_html(writer: Any, node: landing_card) -> None:
    content = node["content"]
    chips = "".join(f"<li>{html.escape(chip)}</li>" for chip in content["chips"])
    use = "<br>".join(html.escape(as_text(line)) for line in content["use"])
    if use:
        writer.body.append(
            f'<div class="rulka-landing-use"><p>Use</p><code>{use}</code></div>'
            f'<ul class="rulka-chips">{chips}</ul>'
        )
    writer.body.append("</article>")


def depart_legend_html(writer: Any, node: card_legend) -> None:
    for role, words in node["legend"]:
        writer.body.append(f' <b class="rulka-key-{role}">{html.escape(words)}</b>')
    writer.body.append("</p>")


def add_cards(app: Sphinx) -> None:
    """Register the nodes with Sphinx."""
    add_node(app, landing_cards, fixed('<div class="rulka-landing">'), fixed("</div>"))
    add_node(app, landing_card, visit_card_html, depart_card_html)
    add_node(app, card_words, skip)
    legend = fixed('<p class="rulka-landing-legend">')
    add_node(app, card_legend, legend, depart_legend_html)
