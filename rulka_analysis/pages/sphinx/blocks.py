"""How the blocks of a page are shown: its heading, its cards, points, links, figures abreast."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from rulka_analysis.pages.results import as_text
from rulka_analysis.pages.sphinx.anchors import link_to_section
from rulka_analysis.pages.sphinx.card_nodes import card_node, landing_cards
from rulka_analysis.pages.sphinx.markup import add_node, fixed, skip
from rulka_analysis.pages.sphinx.published import Published
from rulka_analysis.pages.sphinx.rendering import (
    disclosure,
    figure_caption,
    inline_nodes,
    quoted_figures,
    quoted_words,
)

Quote = Callable[[str], list[nodes.Node]]


class page_heading(nodes.Invisible, nodes.Element):
    """The computed heading of a page, until it takes the place of the typed one."""


class division(nodes.General, nodes.Element):
    """A part that is set apart by its look alone; docutils' containers have the theme's look."""


class card_code(nodes.General, nodes.Element):
    """What to set, with a button that copies it."""


def block_nodes(
    data: Mapping[str, Any], found: Published, env: BuildEnvironment, quote: Quote
) -> list[nodes.Node]:
    """Return the nodes of a block.

    Parameters
    ----------
    data : mapping
        As `results.encode` made it.
    found : Published
        The result it is.
    env : BuildEnvironment
        Knows which pages there are.
    quote : callable
        Returns what stands for another result of the same notebook folder.
    """
    content = data["content"]
    if data["form"] == "heading":
        text = as_text(content["text"])
        return [page_heading("", kicker=as_text(content["kicker"]), text=text)]
    if data["form"] == "cards":
        cards = [_card(card, at, found) for at, card in enumerate(content["cards"])]
        return [division("", *cards, classes=["rulka-cards"])]
    if data["form"] == "card":
        pages = {*env.found_docs, "index"}
        own = found.id.rpartition("/")[0]
        page = next(p for p in (f"docs/experiments/{own}", f"docs/{own}", "index") if p in pages)
        return [landing_cards("", card_node(content, page))]
    if data["form"] == "points":
        return [
            nodes.bullet_list(
                "",
                *(nodes.list_item("", _paragraph(one, found)) for one in content["points"]),
                classes=["rulka-points"],
            )
        ]
    if data["form"] == "links":
        links = [node for link in content["links"] for node in _link(link, env)]
        return [division("", *links, classes=["rulka-links"])]
    if data["form"] == "folded":
        return [
            disclosure("", *quote(name), summary=words, quoted=True)
            for words, name in content["results"]
        ]
    shown = []
    for number, name in enumerate(content["results"], 1):
        figure = division("", *quote(name))
        for caption in list(figure.findall(figure_caption))[-1:]:
            # As the table of answers calls it.
            caption.insert(0, quoted_words("", "", nodes.strong("", f"{number}."), nodes.Text(" ")))
        if list(figure.findall(quoted_figures)):
            figure["classes"].append("rulka-across")
        shown.append(figure)
    return [division("", *shown, classes=["rulka-abreast"])]


def _paragraph(cell: Any, found: Published, *classes: str) -> nodes.paragraph:
    said = inline_nodes(cell, found.id, found.notebook)
    return nodes.paragraph("", "", *said, classes=list(classes))


def _card(card: Mapping[str, Any], at: int, found: Published) -> division:
    node: division = division(classes=["rulka-card", f"rulka-card-{('use', 'effect', 'sure')[at]}"])
    node += _paragraph(card["label"], found, "rulka-card-label")
    if card.get("code"):
        node += card_code("", text="\n".join(card["code"]))
    else:
        value = _paragraph(card["value"], found, "rulka-card-value")
        if card.get("range"):
            value += nodes.Text(" ")
            between = inline_nodes(card["range"], found.id, found.notebook)
            value += nodes.inline("", "", *between, classes=["rulka-card-range"])
        node += value
    node += _paragraph(card["text"], found, "rulka-card-text")
    return node


def _link(link: Mapping[str, Any], env: BuildEnvironment) -> Iterator[division]:
    """Yield a link to a page, with links to sections of it; nothing where there is no such page."""
    page = link["page"].lstrip("/")
    if page not in env.found_docs:
        return
    node: division = division(classes=["rulka-link"])
    title = link_to_section(env, page, _words(link["title"]))
    node += nodes.paragraph("", "", title, classes=["rulka-link-title"])
    about = nodes.paragraph("", "", classes=["rulka-link-about"])
    if link.get("about"):
        about += quoted_words("", link["about"])
    for number, section in enumerate(link.get("sections", ())):
        about += nodes.Text(" · " if number else "")
        about += link_to_section(env, page, _words(section), section)
    node += about
    yield node


def _words(text: str) -> nodes.inline:
    return nodes.inline("", "", quoted_words("", text))


def put_headings(app: Sphinx, doctree: nodes.document, document: str) -> None:
    """Let the computed heading take the place of the typed one, where the page is shown.

    What the environment keeps (sidebar, breadcrumbs, the browser's tab, anchors) stays as typed.
    """
    for node in list(doctree.findall(page_heading)):
        section = node.parent
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        node.parent.remove(node)
        if section is None:
            continue
        for title in [child for child in section.children if isinstance(child, nodes.title)]:
            title.children = []
            title += quoted_words("", node["text"])
            kicker = nodes.paragraph("", "", quoted_words("", node["kicker"]))
            kicker["classes"].append("rulka-kicker")
            section.insert(section.index(title), kicker)


def visit_code_html(writer: Any, node: card_code) -> None:
    text = html.escape(node["text"], quote=True)
    # Without a script the button would do nothing: the script shows it.
    writer.body.append(
        f'<div class="rulka-setting"><pre tabindex="-1">{text}</pre><button type="button" hidden '
        f'class="rulka-copy" data-copy="{text}">Copy</button></div>'
    )
    raise nodes.SkipNode


def visit_code_text(writer: Any, node: card_code) -> None:
    writer.add_text(node["text"])
    raise nodes.SkipNode


def visit_division_html(writer: Any, node: division) -> None:
    writer.body.append(writer.starttag(node, "div"))


def add_blocks(app: Sphinx) -> None:
    """Register the nodes with Sphinx."""
    hidden: Any = (skip, None)
    app.add_node(page_heading, html=hidden, text=hidden, latex=hidden, man=hidden, texinfo=hidden)
    code, text = (visit_code_html, None), (visit_code_text, None)
    app.add_node(card_code, html=code, text=text, latex=hidden, man=hidden, texinfo=hidden)
    add_node(app, division, visit_division_html, fixed("</div>"))
    app.connect("doctree-resolved", put_headings)
    app.add_css_file("page.css")
    app.add_js_file("page.js", loading_method="defer")
