"""The figures of an experiment's page: whatever the program, the groups and what the logs lack."""

from __future__ import annotations

import itertools
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import rulka_analysis as ra
from rulka_analysis.experiments.reader import read_definition
from rulka_analysis.logs.clocks import MINUTES
from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages import blocks
from rulka_analysis.pages.palette import MOST_COLOURED
from rulka_analysis.pages.results import Figure, Figures, encode, panels
from rulka_analysis.pages.sheets import Picture
from rulka_analysis.project import load_catalogue
from rulka_analysis.values.quantities import Sentence
from rulka_analysis.verdicts.loaded import LoadedExperiment
from tests import event_files as write
from tests.drawn_texts import assert_readable

ALL: dict[str, Callable[[LoadedExperiment], Figure | Figures | Sentence]] = {
    "hero": blocks.hero,
    "sooner": blocks.sooner,
    "why": blocks.why,
    "follow_ups": blocks.follow_ups,
    "leads": blocks.leads,
    "spark": blocks.spark,
}
HOSTILE = "<img src=x onerror=alert(1)>"


def rewards(
    folder: Path,
    groups: int,
    seeds: int,
    *,
    apart: float = 20.0,
    missing: tuple[str, ...] = (),
    label: str = "rate {}",
) -> LoadedExperiment:
    """Return an experiment of a program without variants, in which higher is better."""
    runs = []
    for group, seed in itertools.product(range(groups), range(seeds)):
        name = f"g{group}s{seed}"
        runs.append(f"{name} = {{ rate = {group + 1}, seed = {seed} }}")
        if name in missing:
            continue
        noise = np.random.default_rng(100 * group + seed)
        events: list[object] = []
        for step in range(1, 61):
            wall = write.STARTED + 60.0 * step
            reward = -500 + (500 + apart * group) * (1 - 0.93**step) + noise.normal(0, 3)
            for tag, value in (("reward", reward), ("entropy", 1.0 / step)):
                events.append(write.scalar_event(tag, 1000 * step, float(value), wall))
        write.write_event_file(folder / "logs" / name / write.NAME, events)
    (folder / "rates.toml").write_text(
        f"""
title = "Rates"
domain = "rl"
baseline = "g0s0"
objectives = ["reward"]
clocks = ["minutes", "steps"]
[settings]
rate = {{ title = "Rate", label = {json.dumps(label)}, named = true }}
seed = {{ title = "Seed", replicate = true }}
[runs]
{chr(10).join(runs)}
[comparisons.all]
title = "All"
[outcomes.reward]
tag = "reward"
better = "higher"
summary = "trailing mean"
margin = 5.0
reason = "chosen"
targets = [-200, -100, -20]
[outcomes.entropy]
tag = "entropy"
better = "neither"
summary = "last"
""",
        encoding="utf-8",
    )
    catalogue = load_catalogue()
    definition = read_definition("rates", folder / "rates.toml", catalogue)
    return LoadedExperiment(definition, Logs(folder / "logs"), catalogue)


@pytest.fixture(scope="module")
def published(bundled: Logs) -> LoadedExperiment:
    return ra.load_experiment("batch_size_and_running_speed", bundled)


def pictures_of(shown: Figure | Figures) -> list[dict[str, Any]]:
    return [dict(panel) for panel in panels(encode("x", shown).data)]


def held(shown: Figure | Figures) -> None:
    """Hold a figure against what every figure must be."""
    for panel in pictures_of(shown):
        assert panel["alt"]
        assert panel["alt"].isprintable()
        for kind in ("picture", "phone"):
            if panel[kind] is None:
                continue
            svg = panel[kind]["svg"]
            ET.fromstring(svg)
            assert "<img" not in svg
            assert_readable(Picture(**panel[kind]))
            drawn = {"winner", "baseline", "text", "worse"}
            lines = {name for name in drawn if f"stroke: var(--{name})" in svg}
            assert len(lines) <= MOST_COLOURED
    assert shown.table.rows


# --- The bundled experiment -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_every_figure_is_published_and_drawn_alike_each_time(
    name: str, published: LoadedExperiment
) -> None:
    shown = ALL[name](published)
    assert not isinstance(shown, Sentence)
    held(shown)
    assert encode("x", shown) == encode("x", ALL[name](published))


def test_labels_are_what_pandas_finds_at_the_ends(published: LoadedExperiment) -> None:
    shown = blocks.hero(published)
    assert isinstance(shown, Figures)
    rows = {key: [str(cell) for cell in cells] for key, cells in shown.table.rows.items()}
    titles = list(shown.table.columns.values())[1::2]
    tags = {
        title: ("Race/explo_race_time_trained_hock" if "Hock" in title else "")
        or "Race/eval_race_time_robust_trained_A01"
        for title in titles
    }
    assert set(titles) == {"Exploring race time on Hock", "Robust greedy race time on A01"}
    for group in published.groups:
        if group.label not in rows:
            continue
        (name,) = group.runs
        for place, title in enumerate(titles):
            run = published.run(name)
            assert run is not None
            events = run.events(tags[title])
            frame = pd.DataFrame({"minute": events.on(MINUTES), "value": events.values})
            until = run.known_until(tags[title], MINUTES)
            best = frame[(frame.minute <= until) & (frame.value < 300)].value.min()
            assert rows[group.label][1 + 2 * place] == f"{best:.2f} s"


def test_the_winner_and_the_baseline_stand_out(published: LoadedExperiment) -> None:
    shown = blocks.hero(published)
    assert isinstance(shown, Figures)
    assert list(shown.choices) == ["Minutes", "Frames"]
    for panel in shown.choices["Minutes"]:
        for picture in (panel.picture, panel.phone):
            assert "stroke: var(--winner)" in picture.svg
            assert "stroke-dasharray: 13,3" in picture.svg
            assert "stroke: var(--other)" in picture.svg


# --- Others ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("groups", "seeds"), [(1, 1), (2, 1), (3, 3), (20, 3)])
def test_rewards_of_any_number_of_groups(tmp_path: Path, groups: int, seeds: int) -> None:
    experiment = rewards(tmp_path, groups, seeds)
    for name, block in ALL.items():
        shown = block(experiment)
        if isinstance(shown, Sentence):
            assert name in ("follow_ups", "sooner", "leads")
            assert groups == 1 or name == "follow_ups"
        else:
            held(shown)
    hero = blocks.hero(experiment)
    assert isinstance(hero, Figures)
    assert hero.behind == "higher is better"
    assert len(hero.table.rows) == groups
    (panel,) = hero.choices["Minutes"]
    assert ("fill-opacity" in panel.picture.svg) == (seeds > 1)
    assert ("band reaches from the lowest" in str(hero.caption)) == (seeds > 1)
    assert bool(re.search(r"and \d+ more", panel.picture.svg)) == (groups == 20)


def test_without_a_winner_nobody_is_drawn_as_one(tmp_path: Path) -> None:
    experiment = rewards(tmp_path, 3, 3, apart=0.1)
    for block in ALL.values():
        shown = block(experiment)
        if not isinstance(shown, Sentence):
            held(shown)
            for panel in pictures_of(shown):
                assert "stroke: var(--winner)" not in panel["picture"]["svg"]


def test_missing_runs_are_named(tmp_path: Path) -> None:
    experiment = rewards(tmp_path, 3, 2, missing=("g1s0", "g2s0", "g2s1"))
    shown = blocks.hero(experiment)
    assert isinstance(shown, Figures)
    held(shown)
    assert "Not in these logs: g1s0, g2s0 and g2s1." in str(shown.caption)
    for block in ALL.values():
        block(experiment)


def test_without_any_run_a_sentence_says_so(tmp_path: Path) -> None:
    event = write.scalar_event("reward", 1, 1.0, write.STARTED)
    write.write_event_file(tmp_path / "logs" / "of no experiment" / write.NAME, [event])
    experiment = rewards(tmp_path, 2, 1, missing=("g0s0", "g1s0"))
    for block in ALL.values():
        assert isinstance(block(experiment), Sentence)


@pytest.mark.parametrize("name", ["larger_batch", "over_tuning", "map_cycle"])
def test_who_had_not_reached_a_target_is_not_called_sooner(
    published: LoadedExperiment, name: str
) -> None:
    shown = blocks.sooner(published, name)
    assert isinstance(shown, Figures)
    held(shown)
    assert "Open dots: not reached where data end." in str(shown.caption)
    drawn = [panel.picture.svg for panel in shown.choices["minutes"]]
    assert any("≥" in svg for svg in drawn)
    for svg in drawn:
        assert "▲ ≥" not in svg
        assert "▼ ≤" not in svg
    outcomes = [panel.name for panel in shown.choices["minutes"]][:2]
    assert outcomes == ["Robust greedy race time on A01", "Exploring race time on Hock"]


def test_names_are_text_wherever_they_stand(tmp_path: Path) -> None:
    experiment = rewards(tmp_path, 3, 1, label=HOSTILE + " {}")
    for block in ALL.values():
        shown = block(experiment)
        if not isinstance(shown, Sentence):
            held(shown)
