"""The figures of an experiment's page, each published by a notebook with one call.

``ra.publish("hero", ra.blocks.hero(experiment))``. What a figure shows is data first (`Chart` and
the like), assembled from a loaded experiment; drawing is a function of it.
"""

from __future__ import annotations

from rulka_analysis.pages.blocks.follow_ups import follow_ups
from rulka_analysis.pages.blocks.hero import hero
from rulka_analysis.pages.blocks.leads import leads
from rulka_analysis.pages.blocks.sooner import sooner
from rulka_analysis.pages.blocks.spark import spark
from rulka_analysis.pages.blocks.why import why

__all__ = ["follow_ups", "hero", "leads", "sooner", "spark", "why"]
