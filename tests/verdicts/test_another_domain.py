"""A domain of a few lines, with words and clocks of its own: nothing else is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rulka_analysis.experiments.reader import read_definition
from rulka_analysis.health import comparison_findings, experiment_findings, run_findings
from rulka_analysis.health.readings import Pair, Readings
from rulka_analysis.logs.clocks import Clock, Conventions
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue_file import load_catalogue
from rulka_analysis.metrics.domain import Domain, Variant, VariantError, Words
from rulka_analysis.values.findings import Finding
from rulka_analysis.verdicts.loaded import LoadedExperiment
from rulka_analysis.verdicts.recommendation import recommend
from rulka_analysis.verdicts.separation import separation
from tests import event_files as write

CATALOGUE = """
[[group]]
name = "Play"
description = "How it plays."
[placeholder.level]
form = "name"
description = "a level"
[[metric]]
name = "time"
pattern = "Play/time_{level}"
title = "Time in {level}"
group = "Play"
unit = "s"
digits = 1
better = "lower"
summary = "best"
written = "episode"
deciding_clocks = ["minutes", "turns"]
description = "It."
interpretation = "Lower is better."
watch_for = "Nothing."
[[metric]]
name = "rate"
pattern = "Train/rate"
title = "Rate"
group = "Play"
unit = ""
digits = 3
better = "neither"
summary = "last"
written = "aggregate"
decides = false
schedule = true
setting = "rate"
description = "It."
interpretation = "A schedule."
watch_for = "Nothing."
"""
LEVELS = """
[levels]
cave = "the Cave"
"""
DEFINITION = f"""
title = "Small or large?"
question = "Which?"
baseline = "small"
{LEVELS}
[settings.size]
title = "Size"
[runs]
small = {{ size = 1 }}
large = {{ size = 2 }}
[comparisons.sizes]
title = "Sizes"
question = "Which?"
candidates = ["large"]
[outcomes.best_time]
metric = "time"
level = "cave"
margin = 0.5
reason = "Because."
"""


def _of_run(log: Readings) -> Iterator[Finding]:
    for reading in log.of("time"):
        title = log.variant_title(reading.variant)
        yield Finding("seen", "note", f"{log.shown} plays {title}.", run=log.name, tag=reading.tag)


def _of_pair(pair: Pair) -> Iterator[Finding]:
    base, own = pair.values("size")
    yield Finding("sizes", "note", f"{pair.shown}: {base} and {own}.", run=pair.candidate.name)


@pytest.fixture
def play(tmp_path: Path) -> LoadedExperiment:
    (tmp_path / "catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
    (tmp_path / "sizes.toml").write_text(DEFINITION, encoding="utf-8")
    turns = Clock("steps", "turns", "turns", 100.0, "Turns", "Turns", 1.0)
    domain = Domain(
        name="play",
        catalogue_file=tmp_path / "catalogue.toml",
        conventions=Conventions(turns),
        words=Words("game", "games"),
        variant=Variant("level", "levels"),
        rules_of_run=(_of_run,),
        rules_of_pair=(_of_pair,),
    )
    for run, best, turns_a_minute in (("small", 30.0, 10), ("large", 20.0, 20)):
        events = [
            write.scalars_event(
                [("Play/time_cave", best + 60 / minute), ("Train/rate", 0.1 / minute)],
                turns_a_minute * minute,
                write.STARTED + 60 * minute,
            )
            for minute in range(1, 61)
        ]
        write.write_event_file(tmp_path / "logs" / run / write.NAME, events)
    catalogue = load_catalogue(domain)
    definition = read_definition("sizes", tmp_path / "sizes.toml", catalogue)
    return LoadedExperiment(
        definition, Logs(tmp_path / "logs", conventions=domain.conventions), catalogue
    )


def test_its_words_and_clocks_reach_every_sentence(play: LoadedExperiment) -> None:
    (answer,) = play.answers()
    assert answer.word == "better"
    # What is compared is the best on the clock that comes first, where both are known.
    assert str(answer.sentence) == (
        "Better on the Cave at 60 min in these two runs: 21.0 s with size 2, 31.0 s with size 1 "
        "(10.0 s faster)."
    )
    assert [(row.clock.name, row.end.text) for row in answer.rows] == [
        ("minutes", "60 min"),
        ("turns", "600 turns"),
    ]
    assert str(answer.robustness) == "27 of 27 robustness checks agree."
    found = recommend(play)
    assert str(found.sentence).startswith("Recommended: size 2 (large), first by time in the Cave")
    assert {clock for clock, *_ in found.horizons.rows.values()} == {"minutes", "turns"}
    assert separation(play).pairs == ()


def test_its_rules_are_asked_beside_those_that_know_no_domain(play: LoadedExperiment) -> None:
    found = experiment_findings(play)
    assert {f.kind for f in found} == {"seen", "sizes", "schedule_differs"}
    told = {f.kind: f"{f.message} {f.why} {f.remedy}" for f in found if f.run == "large"}
    assert told["seen"].startswith("large plays the Cave.")
    assert told["sizes"].startswith("large and small: 1.0 and 2.0.")
    assert "at equal turns. Schedules are keyed to turns" in told["schedule_differs"]
    side_by_side = comparison_findings(play.comparison("sizes"))
    assert {f.kind for f in side_by_side} == {"sizes", "schedule_differs"}


def test_titles_are_given_by_its_word_for_several(play: LoadedExperiment) -> None:
    run = play.logs["small"]
    (finding,) = run_findings(run, play.catalogue, levels={"cave": "Cave"})
    assert finding.message == "small plays Cave."
    with pytest.raises(VariantError, match="no variants 'maps' in the domain 'play'"):
        run_findings(run, play.catalogue, maps={})


def test_a_domain_without_variants(tmp_path: Path) -> None:
    text = CATALOGUE.replace("_{level}", "").replace(" in {level}", "")
    (tmp_path / "catalogue.toml").write_text(text.replace("turns", "steps"), encoding="utf-8")
    definition = DEFINITION
    for part in (LEVELS, 'level = "cave"'):
        definition = definition.replace(part, "")
    (tmp_path / "sizes.toml").write_text(definition, encoding="utf-8")
    for run, best in (("small", 30.0), ("large", 20.0)):
        events = [
            write.scalar_event("Play/time", 10 * m, best + 60 / m, write.STARTED + 60 * m)
            for m in range(1, 61)
        ]
        write.write_event_file(tmp_path / "logs" / run / write.NAME, events)
    catalogue = load_catalogue(Domain("plain", tmp_path / "catalogue.toml"))
    declared = read_definition("sizes", tmp_path / "sizes.toml", catalogue)
    play = LoadedExperiment(declared, Logs(tmp_path / "logs"), catalogue)
    assert experiment_findings(play) == ()
    (answer,) = play.answers()
    assert str(answer.sentence) == (
        "Better at 60 min in these two runs: best time 21.0 s with size 2, 31.0 s with size 1 "
        "(10.0 s faster)."
    )
