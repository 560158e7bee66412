"""The landing page: a card an experiment.

``.. experiments::`` gathers what notebooks published as ``card``, one for each experiment whose
page is there: by last event, then by title.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rulka_analysis.pages.results import as_text
from rulka_analysis.pages.sphinx.card_nodes import (
    add_cards,
    card_node,
    landing_card,
    landing_cards,
)
from rulka_analysis.pages.sphinx.published import Published
from rulka_analysis.pages.sphinx.quoting import EXPERIMENTS, look_up
from rulka_analysis.pages.sphinx.rendering import link_to_cell
from rulka_analysis.pages.sphinx.state import state_of

CARD, SPARK = "card", "spark"
Shown = tuple[Published, Mapping[str, Any]]
# The page of runs that belong to no experiment, where there is one.
OTHERS = "docs/these_logs"


class ExperimentsDirective(SphinxDirective):
    """``.. experiments::`` shows a card for each experiment that published one."""

    def run(self) -> list[nodes.Node]:
        published = self._published()
        cards = [self._card(found, content) for found, content in published]
        others = f"{OTHERS.rpartition('/')[2]}/{CARD}"
        if OTHERS in self.env.found_docs and others in state_of(self.env).registry.results:
            own, data = look_up(self.env, others)
            # Where all runs belong to experiments it is a sentence.
            if data["kind"] == "block":
                published.append((own, data["content"]))
                cards.append(self._card(own, data["content"], OTHERS))
        return [landing_cards("", *cards), *self._cells(published)]

    def _cells(self, published: list[Shown]) -> list[nodes.Node]:
        """Return where the figures come from; a card is one link already."""
        every, links = state_of(self.env).registry.results, list[nodes.Node]()
        for card, content in published:
            drawn = every.get(f"{card.id.rpartition('/')[0]}/{SPARK}", card)
            cell = link_to_cell(drawn.notebook, drawn.id, as_text(content["title"]))
            links += [nodes.Text(", " if links else "Notebook: "), cell]
        return [nodes.paragraph("", "", *links, classes=["rulka-note"])] if links else []

    def _card(
        self, published: Published, content: Mapping[str, Any], page: str = ""
    ) -> landing_card:
        folder = published.id.rpartition("/")[0]
        page, spark = page or f"{EXPERIMENTS}{folder}", f"{folder}/{SPARK}"
        if spark in state_of(self.env).registry.results:
            found, data = look_up(self.env, spark)
            if data["kind"] == "figure":
                return card_node(content, page, data, found.id)
        return card_node(content, page)

    def _published(self) -> list[Shown]:
        """Return the cards with what stands on them, the latest first."""
        shown = []
        for result_id in state_of(self.env).registry.results:
            experiment, _, name = result_id.rpartition("/")
            if name == CARD and f"{EXPERIMENTS}{experiment}" in self.env.found_docs:
                found, data = look_up(self.env, result_id)
                shown.append((found, data["content"]))
        return sorted(shown, key=lambda one: (-float(one[1]["last_event"]), one[1]["title"]))


def add_landing(app: Sphinx) -> None:
    """Register the directive and the nodes of the landing page with Sphinx."""
    add_cards(app)
    app.add_directive("experiments", ExperimentsDirective)
