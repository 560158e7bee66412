"""Trackmania: an agent that learns to drive maps, on a clock of frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rulka_analysis.domains.trackmania.rules import RULES
from rulka_analysis.logs.clocks import Clock, Conventions
from rulka_analysis.metrics.domain import Domain, Variant, Words
from rulka_analysis.values import rules

if TYPE_CHECKING:
    from rulka_analysis.health.readings import Pair, Readings
    from rulka_analysis.values.findings import Finding


# What is done is imported by who asks for it: to say what things are called takes none of it.


def _rules_of_run(log: Readings) -> Iterator[Finding]:
    from rulka_analysis.domains.trackmania.races import findings_of_run

    return findings_of_run(log)


def _rules_of_pair(pair: Pair) -> Iterator[Finding]:
    from rulka_analysis.domains.trackmania.races import findings_of_pair

    return findings_of_pair(pair)


def _bundled_logs() -> Path:
    from rulka_analysis.domains.trackmania.published import published_logs

    return published_logs()


def _is_bundled(path: Path) -> bool:
    from rulka_analysis.domains.trackmania.published import is_bundled

    return is_bundled(path)


rules.register(RULES)

FRAMES = Clock(
    "steps", "frames", "frames", 250_000.0, "Frames played", "Frames played (millions)", 1e6
)
SEGMENT_FRAMES = (6_000_000, 15_000_000, 30_000_000, 45_000_000, 80_000_000, 150_000_000)
"""Where the training program moves on to another folder: from uni_6 to uni_6_2, and so on."""

DOMAIN = Domain(
    name="trackmania",
    catalogue_file=Path(__file__).parent / "catalogue.toml",
    guide_file=Path(__file__).parent / "metrics.rst",
    conventions=Conventions(
        FRAMES, "cumul_training_hours", "cumul_number_batches_done", SEGMENT_FRAMES
    ),
    words=Words("race", "races"),
    variant=Variant("map", "maps"),
    placeholders={"status": "trained"},
    rules_of_run=(_rules_of_run,),
    rules_of_pair=(_rules_of_pair,),
    bundled_logs=_bundled_logs,
    is_bundled=_is_bundled,
)
