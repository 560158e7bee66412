"""The blocks of an experiment's page: their numbers, against pandas, and what they say."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages import blocks
from rulka_analysis.pages.results import Block, as_text, encode
from rulka_analysis.project import load_experiment, open_logs
from rulka_analysis.values.quantities import Sentence
from rulka_analysis.values.tables import Table
from rulka_analysis.verdicts.loaded import LoadedExperiment
from tests.many_settings import BEST, write_experiment
from tests.site_of_project import PROJECT
from tests.training_logs import TrainingRun, write_run

A01, HOCK = "Race/eval_race_time_robust_trained_A01", "Race/explo_race_time_trained_hock"
RANKED = ("uni_5", "uni_6", "uni_7", "uni_9")


@pytest.fixture(scope="module")
def experiment(bundled: Logs) -> LoadedExperiment:
    return load_experiment("batch_size_and_running_speed", bundled)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> LoadedExperiment:
    """Twenty settings of three runs each; the truth is that `BEST` is the best of them."""
    folder = tmp_path_factory.mktemp("many")
    definition = write_experiment(folder)
    return load_experiment("many", open_logs(folder / "logs"), path=definition)


def content(block: Block) -> Any:
    return encode("x", block).data["content"]


def cards(experiment: LoadedExperiment) -> dict[str, str]:
    """Return the text of each card, by what it is for."""
    told = {}
    for name, card in zip(
        ("use", "effect", "sure"), content(blocks.cards(experiment))["cards"], strict=True
    ):
        code = "\n".join(card.get("code", ()))
        parts = [as_text(card[key]) for key in ("label", "value", "range", "text") if key in card]
        told[name] = " ".join([*parts, code])
    return told


# --- The first screen against pandas --------------------------------------------------------------


class Pandas:
    """The published curves as pandas reads them, and nothing of the package."""

    def __init__(self) -> None:
        folder = PROJECT / "data" / "published"
        self.curves = pd.read_csv(folder / "published_curves.csv")
        self.extent = pd.read_csv(folder / "published_extent.csv").set_index(["run", "tag"])

    def of(self, run: str, tag: str) -> pd.Series:
        own = self.curves[(self.curves.folder == run) & (self.curves.tag == tag)]
        return own.sort_values("minute").set_index("minute").value

    def best(self, run: str, tag: str, minute: float) -> float:
        until = self.of(run, tag)
        return float(until[until.index <= minute].min())

    def end(self, *tags: str) -> float:
        """Return the minute at which the data of the first that could win end."""
        return float(min(self.extent.known_until[run, tag] for run in RANKED for tag in tags))

    def reached(self, run: str, tag: str, target: float) -> float:
        own = self.of(run, tag)
        return float(own.index[own <= target].min())

    def ratios(self, tag: str, targets: tuple[float, ...]) -> pd.Series:
        return pd.Series(
            [self.reached("uni_7", tag, t) / self.reached("uni_5", tag, t) for t in targets]
        )

    def first(self, minute: float) -> str:
        """Return who leads at a minute: by A01, and by Hock among those within a tenth."""
        a01 = pd.Series({run: self.best(run, A01, minute) for run in RANKED}).dropna()
        near = a01.index[a01 - a01.min() < 0.1 - 1e-9]
        hock = pd.Series({run: self.best(run, HOCK, minute) for run in near}).dropna()
        return str(hock.idxmin()) if len(hock) else ",".join(near)


HOCK_TARGETS, A01_TARGETS = (70, 68, 66, 64, 62, 60), (25.2, 25.0, 24.9, 24.8, 24.7, 24.6)


def test_the_cards_say_what_pandas_computes(experiment: LoadedExperiment) -> None:
    own, told = Pandas(), cards(experiment)
    hock, a01 = own.ratios(HOCK, HOCK_TARGETS), own.ratios(A01, A01_TARGETS)
    effect = f"{hock.median():.2f}× {hock.min():.2f} to {hock.max():.2f}"
    assert effect in told["effect"]
    assert f"{a01.median():.2f}×, {a01.min():.2f} to {a01.max():.2f}: no sooner" in told["effect"]
    assert "range over 6 target times; not a confidence interval" in told["effect"]
    end = own.end(A01, HOCK)
    behind = [minute for minute in range(5, int(end) + 1, 5) if own.first(minute) != "uni_7"]
    assert f"From {max(behind) + 5} min of training on. Under {max(behind) + 5} min" in told["use"]
    assert "keep the baseline, 2048 · 160×" in told["use"]
    assert told["use"].endswith("batch_size = 512\nrunning_speed = 512")
    assert told["sure"].startswith(
        "How sure One run a setting Batch size and running speed changed"
    )
    shorter = min(
        pd.read_csv(PROJECT / "data/published/published_runs.csv")
        .set_index("run")
        .duration_minutes[["uni_5", "uni_7"]]
    )
    hours = f"{2 * shorter / 60:.0f} h in all"
    assert f"Two runs (2048 · 512× and 512 · 160×, {hours}) would tell" in told["sure"]


def test_the_table_of_settings_says_what_pandas_computes(experiment: LoadedExperiment) -> None:
    own, table = Pandas(), blocks.settings_tried(experiment)
    end = own.end(A01, HOCK)
    assert str(table.caption).startswith(f"All at {end:g} min, where the shortest data end.")
    runs = {str(table.cell(row, "runs")): row for row in table.rows}
    for run in (*RANKED, "uni_8"):
        for tag, name, margin in ((A01, "time_A01", 0.1), (HOCK, "time_hock", 1.0)):
            best, base = own.best(run, tag, end), own.best("uni_5", tag, end)
            assert str(table.cell(runs[run], name)) == f"{best:.2f}"
            if run == "uni_5":
                continue
            sign = "=" if abs(best - base) < margin else "▲" if best < base else "▼"
            shown = f"{best - base:+.2f} {sign}".replace("-", "−")
            assert str(table.cell(runs[run], f"{name}_against")) == shown
    frames = own.curves.dropna(subset="frames").drop_duplicates(["folder", "minute"])
    for run in ("uni_5", "uni_7"):
        at_end = frames[(frames.folder == run) & (frames.minute == end)].frames.iloc[0]
        assert str(table.cell(runs[run], "steps")) == f"{at_end / end:,.0f}"
    assert next(iter(table.rows)) == "512 · 512×"
    assert table.looks["512 · 512×"] == "winner"
    assert table.looks["2048 · 160×"] == "baseline"


def test_the_heading_is_the_answer(experiment: LoadedExperiment) -> None:
    told = content(blocks.heading(experiment))
    assert told["text"] == (
        "Batch size 512 and running speed 512× reached the Hock targets in half the time. "
        "On A01 they were level."
    )
    assert told["kicker"].startswith("Batch size and running speed · 8 runs · one a setting · ")


def test_claims_are_few_and_each_has_its_reason(experiment: LoadedExperiment) -> None:
    table = blocks.claimed(experiment)
    assert isinstance(table, Table)
    told = {row: [str(cell) for cell in cells] for row, cells in table.rows.items()}
    assert len(told) == 5
    assert told["smaller_batch.loss_much_lower"] == [
        "“→ 0.26× (74% lower)”",
        "wrong",
        "Loss per transition ended 14 % lower, not 74 %. Which way it differs is undecided.",
    ]


def test_points_say_what_one_run_can_bear(experiment: LoadedExperiment) -> None:
    points = [as_text(point) for point in content(blocks.sure(experiment))["points"]]
    assert points[0].startswith(
        "One run a setting: seed noise is unknown; differences under 0.10 s"
    )
    assert "Level on A01 is fragile: 17 of 27 checks agree." in points[0]
    assert points[-1].startswith("Ignore alltime_min_ms_hock")


def test_a_comparison_is_one_table(experiment: LoadedExperiment) -> None:
    table = blocks.compared_answers(experiment, "larger_batch")
    first = [str(cell) for cell in table.rows["time_A01.8192 · 160×"]]
    assert first == [
        "Robust greedy race time on A01",
        "▼ worse",
        "24.77 s against 24.56 s at 160 min",
        "27 of 27",
        "1",
    ]
    own = Pandas().ratios
    assert "2.24×, 1.64 to 3.60; 4 of 6 targets" in str(
        table.cell("time_A01.pace.8192 · 160×", "values")
    )
    assert own(HOCK, HOCK_TARGETS).notna().all()
    heading = content(blocks.compared_heading(experiment, "larger_batch"))
    assert heading["text"] == "With batch size 8192: worse on A01 and Hock."
    assert heading["kicker"].endswith("one run each · only the batch size differs")


# --- Twenty settings of three runs ----------------------------------------------------------------


def test_the_first_screen_of_many_settings(many: LoadedExperiment) -> None:
    told, heading = cards(many), content(blocks.heading(many))
    assert heading["kicker"].startswith("Twenty batch sizes · 60 runs · three a setting")
    assert heading["text"].startswith(f"Batch size {BEST} reached the Hock targets in ")
    assert f"batch_size = {BEST}" in told["use"]
    assert "95 % interval of 3 against 3 runs" in told["effect"]
    assert told["sure"].startswith("How sure Three runs a setting Only batch size changed. ")


def test_a_table_of_many_settings_is_short_and_has_the_baseline(many: LoadedExperiment) -> None:
    short, whole = blocks.settings_tried(many), blocks.settings(many)
    assert len(short.rows) == 10
    assert len(whole.rows) == 20
    assert next(iter(short.rows)) == f"batch size {BEST}"
    assert "baseline" in short.looks.values()
    assert str(short.cell(f"batch size {BEST}", "runs")) == "three runs"
    assert str(short.notes[0]) == "10 settings more stand under Runs and logs."


# --- Where nothing can be said --------------------------------------------------------------------


def test_without_logs_every_block_says_why(experiment: LoadedExperiment, tmp_path: Path) -> None:
    write_run(tmp_path / "logs", TrainingRun("of_nobody", minutes=2))
    nothing = load_experiment(experiment.name, open_logs(tmp_path / "logs"))
    heading = content(blocks.heading(nothing))
    assert heading["text"].startswith("No setting can be recommended yet")
    assert "no run in these logs" in heading["kicker"]
    assert "Nothing can be recommended" in cards(nothing)["use"]
    assert str(blocks.settings_tried(nothing).caption).startswith("Nothing can be compared: ")
    for name in blocks.__all__:
        made = getattr(blocks, name)
        if name not in ("abreast", "folded") and not name.startswith("compared"):
            encode(name, made(nothing))
    for comparison in nothing.definition.comparisons:
        assert encode("x", blocks.compared_answers(nothing, comparison)).data["rows"]
        assert content(blocks.compared_figures(nothing, comparison))["results"] == []


def test_an_experiment_that_claims_nothing_says_so(experiment: LoadedExperiment) -> None:
    definition = dataclasses.replace(experiment.definition, claims={})
    silent = LoadedExperiment(definition, experiment.logs, experiment.catalogue)
    assert isinstance(blocks.claimed(silent), Sentence)


def test_names_in_blocks_cannot_reach_out_of_their_text() -> None:
    block = Block(
        "cards", {"cards": [{"label": "\u202eevil", "text": Sentence("{a}", {"a": "\x1b"})}]}
    )
    told: Mapping[str, Any] = encode("x", block).data["content"]["cards"][0]
    assert "\u202e" not in told["label"]
    assert "\x1b" not in as_text(told["text"])


def test_every_heading_begins_with_a_capital(
    experiment: LoadedExperiment, many: LoadedExperiment
) -> None:
    for one in (experiment, many):
        every = [blocks.heading(one)]
        every += [blocks.compared_heading(one, name) for name in one.definition.comparisons]
        assert len(every) > 1
        for heading in every:
            assert not as_text(content(heading)["text"])[0].islower()


def test_what_is_said_of_every_run_is_said_once(
    experiment: LoadedExperiment, many: LoadedExperiment
) -> None:
    told, once = blocks.logs(experiment), blocks.logs(many)
    assert "settings" in told.columns
    assert "settings" not in once.columns
    assert str(once.notes[0]).startswith("Settings of every run, by source: ")
    assert len(once.rows) == 60
