"""The blocks of an experiment's pages: each a pure function of the experiment, a module a block.

A notebook publishes one with one call, ``ra.publish("cards", ra.blocks.cards(experiment))``, and
any page quotes it with ``.. result::``.
"""

from rulka_analysis.pages.blocks.card import card
from rulka_analysis.pages.blocks.cards import cards
from rulka_analysis.pages.blocks.claimed import claimed
from rulka_analysis.pages.blocks.compared import (
    compared_answers,
    compared_figures,
    compared_heading,
)
from rulka_analysis.pages.blocks.follow_ups import follow_ups
from rulka_analysis.pages.blocks.heading import heading
from rulka_analysis.pages.blocks.hero import hero
from rulka_analysis.pages.blocks.leads import leads
from rulka_analysis.pages.blocks.logs import abreast, folded, logs
from rulka_analysis.pages.blocks.more import more
from rulka_analysis.pages.blocks.settings import settings, settings_tried
from rulka_analysis.pages.blocks.sooner import sooner
from rulka_analysis.pages.blocks.spark import spark
from rulka_analysis.pages.blocks.sure import sure, sure_in_full
from rulka_analysis.pages.blocks.why import why

__all__ = [
    "abreast",
    "card",
    "cards",
    "claimed",
    "compared_answers",
    "compared_figures",
    "compared_heading",
    "folded",
    "follow_ups",
    "heading",
    "hero",
    "leads",
    "logs",
    "more",
    "settings",
    "settings_tried",
    "sooner",
    "spark",
    "sure",
    "sure_in_full",
    "why",
]
