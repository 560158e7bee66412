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

from rulka_analysis.pages.sphinx.card_nodes import (
    add_cards,
    card_node,
    landing_card,
    landing_cards,
)
from rulka_analysis.pages.sphinx.quoting import EXPERIMENTS, look_up
from rulka_analysis.pages.sphinx.state import state_of

CARD, SPARK = "card", "spark"
# The page of runs that belong to no experiment, where there is one.
OTHERS = "docs/these_logs"


class ExperimentsDirective(SphinxDirective):
    """``.. experiments::`` shows a card for each experiment that published one."""

    def run(self) -> list[nodes.Node]:
        cards = [self._card(*found) for found in self._published()]
        others = f"{OTHERS.rpartition('/')[2]}/{CARD}"
        if OTHERS in self.env.found_docs and others in state_of(self.env).registry.results:
            _, data = look_up(self.env, others)
            # Where all runs belong to experiments it is a sentence.
            cards += [card_node(data["content"], OTHERS)] if data["kind"] == "block" else []
        return [landing_cards("", *cards)]

    def _card(self, experiment: str, content: Mapping[str, Any]) -> landing_card:
        page, spark = f"{EXPERIMENTS}{experiment}", f"{experiment}/{SPARK}"
        if spark in state_of(self.env).registry.results:
            found, data = look_up(self.env, spark)
            if data["kind"] == "figure":
                return card_node(content, page, data, found.id)
        return card_node(content, page)

    def _published(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return experiment and content of each card, the latest first."""
        found = []
        for result_id in state_of(self.env).registry.results:
            experiment, _, name = result_id.rpartition("/")
            if name == CARD and f"{EXPERIMENTS}{experiment}" in self.env.found_docs:
                _, data = look_up(self.env, result_id)
                found.append((experiment, data["content"]))
        return sorted(found, key=lambda one: (-float(one[1]["last_event"]), one[1]["title"]))


def add_landing(app: Sphinx) -> None:
    """Register the directive and the nodes of the landing page with Sphinx."""
    add_cards(app)
    app.add_directive("experiments", ExperimentsDirective)
