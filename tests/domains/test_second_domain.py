"""Another program's logs need one object of about twenty lines, and no change of the package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from rulka_analysis.cli import extracting
from rulka_analysis.cli.output import jsonable
from rulka_analysis.cli.selection import Tagged
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.experiments.reader import read_definition
from rulka_analysis.health import experiment_findings
from rulka_analysis.logs.clocks import MINUTES, Clock, ClockError, Conventions
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue_file import load_catalogue
from rulka_analysis.metrics.domain import Domain, Variant, VariantError, Words
from rulka_analysis.pages import figures, tables
from rulka_analysis.values.findings import Finding
from rulka_analysis.verdicts.loaded import LoadedExperiment
from tests import event_files as write

# --- The domain: a program that plays chess -------------------------------------------------------


def too_few(log: Any) -> Iterator[Finding]:
    """Yield that hardly any game was played."""
    for games in log.of("rating"):
        if len(games.values) < 3:
            yield Finding(
                "few_games", "note", f"{games.tag} of {log.name}: few games.", run=log.name
            )


MOVES = Clock("steps", "moves", "moves", 100.0, "Moves made", "Moves made (thousands)", 1e3)
CATALOGUE = """
group = [{ name = "Play", description = "How well it plays." }]
placeholder.opening = { form = "name", description = "the opening" }
placeholder.side = { form = "choice", choices = ["white", "black"], description = "the side" }

[[metric]]
name = "rating"
pattern = "chess/{side}/rating_{opening}"
title = "Rating in the {opening}"
group = "Play"
unit = "Elo"
digits = 0
better = "higher"
summary = "last"
written = "episode"
description = "The rating."
interpretation = "Higher is better."
watch_for = "Few games."
"""


def chess(catalogue_file: Path) -> Domain:
    return Domain(
        name="chess",
        catalogue_file=catalogue_file,
        conventions=Conventions(MOVES, "clock/hours", "clock/updates"),
        words=Words("game", "games"),
        variant=Variant("opening", "openings"),
        placeholders={"side": "white"},
        rules_of_run=(too_few,),
    )


# --- Its logs, and an experiment on them ----------------------------------------------------------

DEFINITION = """
title = "Learning rate"
question = "Which learning rate plays better?"
baseline = "slow"

[openings]
italian = "Italian Game"
sicilian = "Sicilian Defence"

[settings.rate]
title = "Learning rate"

[runs]
slow = { rate = 1 }
fast = { rate = 2 }

[comparisons.rate]
title = "Learning rate"
question = "Does the faster rate play better?"
candidates = ["fast"]

[outcomes.skill]
metric = "rating"
opening = "italian"
margin = 10
reason = "A game or two."
"""


@pytest.fixture
def experiment(tmp_path: Path) -> LoadedExperiment:
    """Return two runs of which the second gains twice as much, on two openings."""
    for run, gain in (("slow", 10), ("fast", 20)):
        events = []
        for game in range(1, 21):
            now = write.STARTED + 60 * game
            for opening, start in (("italian", 1000), ("sicilian", 1500)):
                tag = f"chess/white/rating_{opening}"
                events.append(write.scalar_event(tag, 50 * game, start + gain * game, now))
            events.append(write.scalar_event("clock/hours", 50 * game, game / 30, now))
            events.append(write.scalar_event("clock/updates", 50 * game, 7 * game, now))
        write.write_event_file(tmp_path / "logs" / run, events)
    (tmp_path / "catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
    (tmp_path / "rate.toml").write_text(DEFINITION, encoding="utf-8")
    catalogue = load_catalogue(chess(tmp_path / "catalogue.toml"))
    logs = Logs(tmp_path / "logs", conventions=catalogue.domain.conventions)
    definition = read_definition("rate", tmp_path / "rate.toml", catalogue)
    return LoadedExperiment(definition, logs, catalogue)


def test_its_clock_has_its_own_name(experiment: Experiment) -> None:
    run = experiment.logs["fast"]
    assert run.clocks == (MINUTES, MOVES, experiment.logs.conventions.clock("updates"))
    events = run.scalars("chess/white/rating_italian")
    assert events.moves.tolist() == [50.0 * game for game in range(1, 21)]
    # By the program's own hours: two minutes a game.
    assert events.minutes.tolist() == pytest.approx([2.0 * game for game in range(1, 21)], abs=1e-4)
    assert events.updates.tolist() == pytest.approx([7.0 * game for game in range(1, 21)])
    evidence = run.evidence("chess/white/rating_italian", 0)
    assert (evidence.steps, evidence.steps_unit) == (50.0, "moves")
    with pytest.raises(ClockError, match="choose one of minutes, moves, updates"):
        run.known_until("clock/hours", "frames")


def test_it_is_compared_by_its_own_variant(experiment: Experiment) -> None:
    comparison = experiment.comparison("rate")
    table = comparison.compare("rating", opening="Sicilian Defence", clock="moves", every=500)
    assert set(table.opening) == {"sicilian"}
    fast = table[table.run == "fast"]
    assert fast.checkpoint.tolist() == fast.moves.tolist() == [500.0, 1000.0]
    assert fast.value.tolist() == [1700.0, 1900.0]
    assert fast.difference.tolist() == [100.0, 200.0]
    assert "map" not in table
    with pytest.raises(VariantError, match="no variant 'map' in the domain 'chess'"):
        comparison.compare("rating", map="italian")


def test_its_rules_are_asked(experiment: Experiment, tmp_path: Path) -> None:
    assert "few_games" not in [finding.kind for finding in experiment_findings(experiment)]
    event = write.scalar_event("chess/white/rating_italian", 1, 1000.0)
    write.write_event_file(tmp_path / "logs" / "slow", [event])
    logs = Logs(tmp_path / "logs", conventions=experiment.logs.conventions)
    found = experiment_findings(Experiment(experiment.definition, logs, experiment.catalogue))
    assert [finding.run for finding in found if finding.kind == "few_games"] == ["slow"]


def test_answers_speak_its_words(experiment: LoadedExperiment) -> None:
    (answer,) = experiment.answers()
    assert str(answer.sentence).startswith("Better on Italian Game at")
    assert "1,400 Elo with learning rate 2, 1,200 Elo with learning rate 1" in str(answer.sentence)
    assert [row.clock for row in answer.rows if row.votes] == [MINUTES, MOVES]


def test_pages_speak_its_words(experiment: LoadedExperiment) -> None:
    comparison = experiment.comparison("rate")
    figure = figures.curves(comparison, "rating", clock="moves", opening="sicilian")
    assert isinstance(figure, figures.Figure)
    assert figure.alt.startswith("Line chart of Rating in the Sicilian Defence by moves, 2 runs.")
    assert ">1,000 moves<" in figure.picture.svg
    assert list(figure.table.columns.values()) == [
        "Moves",
        "learning rate 1 (slow)",
        "learning rate 2 (fast)",
    ]
    said = str(tables.window(comparison, "skill"))
    assert "By moves up to 1,000 moves." in said
    runs = tables.runs(experiment, comparison.runs)
    assert runs.columns["moves"] == "Moves made"
    assert str(runs.cell("fast", "moves")) == "1,000"
    margins = tables.margins(experiment.definition)
    assert str(margins.cell("skill", "margin")) == "10"
    (answer,) = experiment.answers()
    assert list(tables.deciding(answer).rows) == ["minutes", "moves", "updates"]


def test_the_command_line_speaks_its_words(experiment: LoadedExperiment) -> None:
    logs = experiment.logs
    tags = ["chess/white/rating_italian"]
    assert list(extracting.long_table(logs, tags, logs.conventions).columns[:5]) == [
        "run", "tag", "moves", "minutes", "updates"
    ]  # fmt: skip
    tagged = Tagged([*logs], experiment.catalogue)
    assert tagged.variants == ("italian", "sicilian")
    evidence = logs["fast"].evidence(tags[0], 0)
    assert jsonable(asdict(evidence))["moves"] == 50.0
