"""A catalogue's file: what it says, and every mistake with file, line and remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rulka_analysis.logs.clocks import MINUTES, STEPS, UPDATES
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.catalogue_file import CatalogueError, load_catalogue
from rulka_analysis.metrics.domain import Domain, Variant

SMALL = '''\
[[group]]
name = "Play"
description = "Playing."

[placeholder.level]
form = "name"
description = "a level"

[placeholder.mode]
form = "choice"
choices = ["calm", "wild"]
description = "how it plays"

[[metric]]
name = "level_time"
pattern = "Play/time_{mode}_{level}"
title = "Level time"
group = "Play"
unit = "s"
digits = 2
better = "lower"
summary = "best"
written = "episode"
description = """
[[metric]]
name = "looks like a table"
"""
interpretation = "Lower is better."
watch_for = "Nothing."

[[metric]]
name = "finished"
pattern = "Play/finished_{level}"
aliases = ["finished_{level}"]
title = "Finished on {level}"
group = "Play"
unit = ""
digits = 0
better = "higher"
summary = "finish_rate"
written = "episode"
description = "One or zero."
interpretation = "Higher is better."
watch_for = "Nothing."
'''
SECOND = SMALL.rindex("[[metric]]")
DOMAIN = Domain(
    "play",
    Path("nowhere.toml"),
    variant=Variant("level", "levels"),
    placeholders={"mode": "calm"},
)


def read(file: Path) -> Catalogue:
    return load_catalogue(DOMAIN, file)


def test_the_small_catalogue_is_right(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(SMALL, encoding="utf-8")
    assert [metric.name for metric in read(file)] == ["level_time", "finished"]


@pytest.mark.parametrize(
    ("old", "new", "at", "problem"),
    [
        ('name = "finished"', 'name = "level_time"', "name", "another metric has this name"),
        ('better = "higher"\n', "", "[[metric]]", "lacks 'better'; add it"),
        ('better = "higher"', 'beter = "higher"', "beter", "did you mean 'better'"),
        ('better = "higher"', 'better = "up"', "better", "one of: lower, higher, neither"),
        ("digits = 0", "digits = true", "digits", "a whole number"),
        ("digits = 0", "digits = -1", "digits", "a whole number, 0 or more"),
        ('unit = ""', "unit = 3", "unit", "a text in quotes"),
        ('title = "Finished on {level}"', 'title = "{layer}"', "title", "no placeholder"),
        ('group = "Play"', 'group = "Pley"', "group", "no group 'Pley'; did you mean 'Play'?"),
        ('"Play/finished_{level}"', '"Play/finished_{stage}"', "pattern", "no placeholder 'stage'"),
        ('"Play/finished_{level}"', '"Play/finished_{level"', "pattern", "stray brace"),
        ('"Play/finished_{level}"', '"{level}_{level}"', "pattern", "more than one way"),
        ('["finished_{level}"]', '["finished"]', "aliases", "lacks a placeholder"),
        ('["finished_{level}"]', '["Play/finished_{level}"]', "aliases", "both match the tag"),
        ('["finished_{level}"]', '["Play/{level}"]', "aliases", "both match the tag 'Play/time_"),
        ('"Play/finished_{level}"', '"Play/time_calm_{level}"', "pattern", "both match the tag"),
        ('better = "higher"\nsummary = "finish_rate"', 'better = "neither"\nsummary = "best"',
         "summary", "needs a better direction"),
        ('summary = "finish_rate"', 'summary = "clock"', "summary", "decides nothing"),
        ('unit = ""', 'unit = ""\nscales_with = ["b"]', "scales_with", "so it cannot decide"),
        ('unit = ""', 'unit = ""\ncomparable_at_equal = ["x"]', "comparable", "no metric 'x'"),
        ('unit = ""', 'unit = ""\ndeciding_clocks = ["h"]', "deciding", "minutes, steps, updates"),
        ('unit = ""', 'unit = ""\ncutoff_seconds = nan', "cutoff", "a finite number"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_file_line_and_remedy(
    tmp_path: Path, old: str, new: str, at: str, problem: str
) -> None:
    second = SMALL[SECOND:]
    assert old in second
    text = SMALL[:SECOND] + second.replace(old, new, 1)
    file = tmp_path / "broken.toml"
    file.write_text(text, encoding="utf-8")
    line = text[: text.index(at, SECOND)].count("\n") + 1
    with pytest.raises(CatalogueError, match=re.escape(problem)) as caught:
        read(file)
    assert str(caught.value).startswith(f"{file}, line {line}: ")
    assert "; " in str(caught.value) or "There are: " in str(caught.value)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ('when = "above"', "give a threshold"),
        ('when = "not_finite"\nthreshold = 1', "none with not_finite"),
        ('when = "above"\nthreshold = 1\nscales = true', "do not fit"),
        ('when = "above"\nthreshold = 1\nscales = true\nreference = { batch = 1 }', "do not fit"),
        ('when = "beyond"\nthreshold = 1', "one of: above, below, not_finite"),
    ],
)
def test_a_mistake_in_a_watch_rule(tmp_path: Path, rule: str, problem: str) -> None:
    file = tmp_path / "broken.toml"
    head = '[[metric.watch_rules]]\nstatistic = "any"\nseverity = "note"\nmessage = "Odd."\n'
    text = SMALL + head + rule + "\n"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=problem) as caught:
        read(file)
    line = (
        text[: text.index("when = " if "beyond" in rule else "[[metric.watch_rules")].count("\n")
        + 1
    )
    assert f"line {line}: metric finished.watch_rules number 1" in str(caught.value)


def test_not_toml_and_not_there(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text("[[metric]\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"not valid TOML: .*line 1"):
        read(file)
    with pytest.raises(CatalogueError, match=r"missing\.toml.*cannot be read"):
        read(tmp_path / "missing.toml")


def test_an_excluded_beginning_resolves_an_ambiguity(tmp_path: Path) -> None:
    text = SMALL.replace('"Play/finished_{level}"', '"Play/{level!time_}"')
    file = tmp_path / "excluded.toml"
    file.write_text(text, encoding="utf-8")
    catalogue = read(file)
    assert catalogue.match("Play/time_calm_one").metric.name == "level_time"
    assert catalogue.match("Play/tim").metric.name == "finished"
    assert catalogue.match("Play/timed_one").metric.name == "finished"
    assert catalogue.match("Play/time_one") is None


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(SMALL, encoding="utf-8")
    assert read(file)["finished"].digits == 0
    file.write_text(SMALL.replace("digits = 0", "digits = 1"), encoding="utf-8")
    assert read(file)["finished"].digits == 1


def test_the_domain_says_where_its_catalogue_is_and_what_is_usual(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    text = SMALL[:SECOND] + SMALL[SECOND:].replace('unit = ""', 'unit = ""\ndeciding_clocks = []')
    file.write_text(text.replace("clocks = []", 'clocks = ["updates"]'), encoding="utf-8")
    domain = Domain("play", file, variant=DOMAIN.variant, placeholders=DOMAIN.placeholders)
    catalogue = load_catalogue(domain)
    assert catalogue is load_catalogue(domain)
    assert catalogue.domain is domain
    assert load_catalogue(Domain("other", file)).domain.name == "other"
    of_time = {p.name: (p.usual, p.varies) for p in catalogue["level_time"].placeholders}
    assert of_time == {"mode": ("calm", False), "level": (None, True)}
    assert catalogue["level_time"].deciding_clocks == (MINUTES, STEPS)
    assert catalogue["finished"].deciding_clocks == (UPDATES,)
