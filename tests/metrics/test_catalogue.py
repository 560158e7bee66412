"""A catalogue asked: metrics by name and tag, tags of a metric, settings, groups."""

from __future__ import annotations

import pytest

from rulka_analysis.metrics.catalogue import Catalogue, Group, Metric, PlaceholderError
from rulka_analysis.metrics.domain import Domain, Variant
from rulka_analysis.metrics.measure import Measure
from rulka_analysis.metrics.patterns import Pattern, Patterns, Placeholder
from rulka_analysis.values.errors import UnknownMetricError

LEVEL = Placeholder("level", "a level", "name", varies=True)
MODE = Placeholder("mode", "how it plays", "choice", ("calm", "wild"), usual="calm")
KNOWN = {"level": LEVEL, "mode": MODE}


def metric(name: str, pattern: str, title: str, group: str = "Play", **more: object) -> Metric:
    return Metric(
        name=name,
        pattern=pattern,
        title=title,
        group=group,
        unit="",
        digits=0,
        better="higher",
        summary="last",
        written="episode",
        description="It.",
        interpretation="Reads.",
        watch_for="Nothing.",
        placeholders=Pattern(pattern, name, False, KNOWN).placeholders,
        display_unit="",
        **more,
    )


METRICS = [
    metric("score", "Play/score_{mode}_{level}", "Score on {level}", aliases=("score_{level}",)),
    metric("loss", "Train/loss", "Loss", "Train", per_unit_name="loss per step"),
    metric("batch_size", "Train/batch", "Batch size", "Train", setting="batch_size"),
]


@pytest.fixture
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    patterns = [Pattern(m.pattern, m.name, False, KNOWN) for m in METRICS]
    patterns.append(Pattern("score_{level}", "score", True, KNOWN))
    file = tmp_path_factory.getbasetemp() / "nowhere.toml"
    domain = Domain("play", file, variant=Variant("level", "levels"))
    groups = [Group("Play", "How well it plays."), Group("Train", "How it learns.")]
    return Catalogue(METRICS, groups, Patterns(patterns), domain)


def test_a_tag_is_recognised_with_its_variant(catalogue: Catalogue) -> None:
    match = catalogue.match("Play/score_calm_the_cave")
    assert match is not None
    assert (match.metric.name, match.variant, match.alias) == ("score", "the_cave", False)
    assert match.is_usual
    assert not catalogue.match("Play/score_wild_the_cave").is_usual
    older = catalogue.match("score_one")
    # An older name that says nothing of the mode says nothing unusual.
    assert (older.variant, older.alias, older.is_usual) == ("one", True, True)
    assert catalogue.match("rollout/ep_rew_mean") is None


def test_tags_of_a_metric_today_s_name_first(catalogue: Catalogue) -> None:
    tags = ["score_two", "Play/score_wild_one", "score_one", "Train/loss", "Play/score_calm_one"]
    found = catalogue.tags_for("score", tags, level="one")
    assert found == ["Play/score_wild_one", "Play/score_calm_one", "score_one"]
    assert catalogue.tags_for("score", tags, level="one", mode="calm") == ["Play/score_calm_one"]
    assert catalogue.tags_for("loss", tags) == ["Train/loss"]


def test_names_that_are_not_known(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownMetricError, match="'Train/loss' is a tag; its metric is 'loss'"):
        catalogue["Train/loss"]
    with pytest.raises(UnknownMetricError, match="did you mean 'score'"):
        catalogue["scor"]
    with pytest.raises(PlaceholderError, match=r"needs level to name a tag: Play/score_\{mode\}"):
        catalogue["score"].tag(mode="calm")
    assert catalogue["score"].tag(mode="calm", level="one") == "Play/score_calm_one"


def test_headings_settings_and_groups(catalogue: Catalogue) -> None:
    assert catalogue["score"].heading(mode="calm", level="one") == "Score on one"
    assert catalogue["score"].heading() == "Score on {level}"
    assert catalogue.settings()["batch_size"].tag() == "Train/batch"
    by_group = {name: [m.name for m in found] for name, found in catalogue.by_group().items()}
    assert by_group == {"Play": ["score"], "Train": ["loss", "batch_size"]}
    assert "score" in catalogue
    assert len(catalogue) == 3


def test_a_measure_fills_in_what_is_compared_and_what_is_usual(catalogue: Catalogue) -> None:
    score = Measure("score", catalogue["score"], "one", "Level one")
    assert score.placeholders == {"mode": "calm", "level": "one"}
    assert score.title == "Score on Level one"
    loss = Measure("loss", catalogue["loss"], per="batch_size")
    assert (loss.title, loss.placeholders) == ("Loss per step", {})
