"""The landing page: a card an experiment, and where else to go.

``.. experiments::`` gathers what notebooks published as ``card``, one for each experiment whose
page is there: by last event, then by title.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rulka_analysis.pages.results import as_text
from rulka_analysis.pages.sphinx.quoting import MissingResultError, look_up
from rulka_analysis.pages.sphinx.rendering import pass_over, quoted_words
from rulka_analysis.pages.sphinx.state import state_of

CARD = "card"
SPARK = "spark"
# The page of runs that belong to no experiment, where there is one.
OTHERS = "docs/these_logs"
EXPERIMENTS = "docs/experiments/"


class landing_cards(nodes.General, nodes.Element):
    """Cards abreast."""


class landing_card(nodes.General, nodes.TextElement):
    """A card of which all is one link; its children are its words, for the search index."""


class ExperimentsDirective(SphinxDirective):
    """``.. experiments::`` shows a card for each experiment that published one."""

    def run(self) -> list[nodes.Node]:
        cards = [self._card(*found) for found in self._published()]
        if OTHERS in self.env.found_docs:
            cards.append(self._others())
        return [landing_cards("", *cards)]

    def _others(self) -> landing_card:
        """Return the card of runs that belong to no experiment."""
        try:
            _, data = look_up(self.env, f"{OTHERS.rpartition('/')[2]}/{CARD}")
        except MissingResultError:
            text = "What was found in the runs that belong to no experiment."
            data = {"content": {"title": "These logs", "question": "", "answer": text}}
        node = landing_card("", "", quoted_words("", as_text(data["content"]["answer"])))
        node["page"], node["content"] = OTHERS, {"use": [], "chips": [], **data["content"]}
        return node

    def _published(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return experiment and content of each card, the latest first."""
        found = []
        for result_id in state_of(self.env).registry.results:
            experiment, _, name = result_id.rpartition("/")
            if name == CARD and f"{EXPERIMENTS}{experiment}" in self.env.found_docs:
                _, data = look_up(self.env, result_id)
                found.append((experiment, data["content"]))
        return sorted(found, key=lambda one: (-float(one[1]["last_event"]), one[1]["title"]))

    def _card(self, experiment: str, content: Mapping[str, Any]) -> landing_card:
        words = quoted_words("", " ".join(_texts(content)))
        node = landing_card("", "", words)
        node["page"] = f"{EXPERIMENTS}{experiment}"
        node["content"] = dict(content)
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


def add_landing(app: Sphinx) -> None:
    """Register the directive and its nodes with Sphinx."""
    plain = (pass_over, pass_over)
    for node, in_html in (
        (landing_cards, (visit_cards_html, depart_cards_html)),
        (landing_card, (visit_card_html, pass_over)),
    ):
        app.add_node(node, html=in_html, text=plain, latex=plain, man=plain, texinfo=plain)
    app.add_directive("experiments", ExperimentsDirective)
