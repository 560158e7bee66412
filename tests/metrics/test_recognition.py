"""Which domain tags look like."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from rulka_analysis.domains import DOMAINS, PLAIN
from rulka_analysis.metrics.catalogue_file import load_catalogue
from rulka_analysis.metrics.recognition import best_known
from rulka_analysis.project import domain

STABLE_BASELINES = ("rollout/ep_rew_mean", "train/loss", "time/fps", "my/own")
OLDER = ("loss", "alltime_min_ms_hock", "eval_race_time_trained_hock")


def told(tags: Iterable[str]) -> str:
    catalogues = {name: load_catalogue(domain(name)) for name in DOMAINS}
    return best_known(tags, catalogues, PLAIN)


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        (STABLE_BASELINES, "rl"),
        (("charts/episodic_return",), "rl"),
        (("Training/loss", "Race/eval_race_time_trained_A01"), "trackmania"),
        (OLDER, "trackmania"),
        # What another program calls `loss` tells nothing, and what nobody knows neither.
        (("loss", "accuracy_1"), PLAIN),
        (("a", "b/c"), PLAIN),
        ((), PLAIN),
        # As many of each.
        (("Training/loss", "rollout/ep_rew_mean"), PLAIN),
    ],
)
def test_the_catalogue_that_knows_most_tags_is_that_of_the_domain(
    tags: tuple[str, ...], name: str
) -> None:
    assert told(tags) == name
    assert told(reversed(tags)) == name
