"""Comparisons: against an independent computation, down to the event behind each number."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.experiments.reader import read_definition
from rulka_analysis.logs.events import read_scalars
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.domain import VariantError
from rulka_analysis.metrics.measure import Line
from rulka_analysis.pages import tables
from rulka_analysis.project import load_catalogue, open_logs
from rulka_analysis.values.errors import UnknownMetricError
from rulka_analysis.values.quantities import Quantity
from tests import event_files as write
from tests.training_logs import TrainingRun, rewrite_event_file, write_runs

PROJECT = Path(__file__).parents[2]
SOURCE = PROJECT / "data" / "published"
EXPERIMENT = "batch_size_and_running_speed"
BATCH = {"uni_5": 2048, "uni_6": 8192, "uni_7": 512, "uni_9": 64, "uni_10": 512, "uni_11": 512}
BATCH |= {"uni_12": 512}
COMPARED = {
    "larger_batch": ["uni_5", "uni_6"],
    "smaller_batch": ["uni_5", "uni_7"],
    "over_tuning": ["uni_7", "uni_8", "uni_9"],
    "collectors": ["uni_7", "uni_10"],
    "map_cycle": ["uni_7", "uni_11", "uni_12"],
}
ROBUST = "Race/eval_race_time_robust_trained_A01"
EXPLORING = "Race/explo_race_time_trained_A01"
EXPLORING_HOCK = "Race/explo_race_time_trained_hock"
SHARE = "Performance/learner_percentage_training"
RACES = [
    ("robust_race_time", "A01", ROBUST),
    ("exploring_race_time", "A01", EXPLORING),
    ("exploring_race_time", "Hock", EXPLORING_HOCK),
]


def experiment_on(logs: Logs) -> Experiment:
    file = PROJECT / "docs" / "experiments" / f"{EXPERIMENT}.toml"
    catalogue = load_catalogue()
    return Experiment(read_definition(EXPERIMENT, file, catalogue), logs, catalogue)


@pytest.fixture(scope="session")
def experiment(bundled: Logs) -> Experiment:
    return experiment_on(bundled)


@pytest.fixture(scope="session")
def larger_batch(experiment: Experiment) -> Comparison:
    return experiment.comparison("larger_batch")


# --- The same, computed from the published table with pandas only ---------------------------------


class Published:
    """What the published table says, computed without the package."""

    curves = pd.read_csv(SOURCE / "published_curves.csv")
    extent = pd.read_csv(SOURCE / "published_extent.csv")

    def known_until(self, run: str, tag: str) -> float:
        rows = self.extent[(self.extent.run == run) & (self.extent.tag == tag)]
        return float(rows.known_until.item())

    def end(self, runs: Iterable[str], tag: str) -> float:
        return min(self.known_until(run, tag) for run in runs)

    def until(self, run: str, tag: str, minute: float) -> pd.DataFrame:
        rows = self.curves[(self.curves.run == run) & (self.curves.tag == tag)]
        return rows[rows.minute <= minute].sort_values("minute", kind="stable")

    def best(self, run: str, tag: str, minute: float) -> float:
        values = self.until(run, tag, minute).value
        return float(values[values < 300].min())

    def last(self, run: str, tag: str, minute: float = math.inf) -> float:
        return float(self.until(run, tag, minute).value.iloc[-1])

    def first_at_or_below(self, run: str, tag: str, target: float) -> float | None:
        rows = self.until(run, tag, self.known_until(run, tag))
        reached = rows[rows.value <= target]
        return None if reached.empty else float(reached.minute.iloc[0])

    def frames_at(self, run: str, minute: float) -> float:
        rows = self.curves[self.curves.run == run].dropna(subset=["frames"])
        rows = rows.sort_values("minute", kind="stable")
        if rows.empty:
            return math.nan
        return float(np.interp(minute, rows.minute, rows.frames))


published = Published()


@pytest.fixture(params=COMPARED)
def compared(request: pytest.FixtureRequest, experiment: Experiment) -> Comparison:
    """Return each declared comparison in turn."""
    comparison = experiment.comparison(request.param)
    assert list(comparison.runs) == COMPARED[request.param]
    return comparison


@pytest.mark.parametrize(("metric", "map", "tag"), RACES)
def test_best_times_and_window_ends(compared: Comparison, metric: str, map: str, tag: str) -> None:
    measure = compared.measure(metric, map)
    window = compared.window(measure)
    assert window.end == published.end(compared.runs, tag)
    for run, quantity in compared.at_common_end(measure).items():
        assert quantity.value == published.best(run, tag, window.end)
    on_frames = compared.window(measure, "frames")
    ends = {run: published.frames_at(run, published.known_until(run, tag)) for run in compared.runs}
    assert on_frames.ends == pytest.approx({run: end for run, end in ends.items() if end > 0})
    assert on_frames.end == pytest.approx(min(on_frames.ends.values()))


@pytest.mark.parametrize(("metric", "map", "tag"), RACES)
def test_best_so_far_at_every_checkpoint(
    compared: Comparison, metric: str, map: str, tag: str
) -> None:
    table = compared.compare(metric, map)
    assert len(table) == len(compared.runs) * published.end(compared.runs, tag) // 5
    for row in table.itertuples():
        expected = published.best(row.run, tag, row.checkpoint)
        assert row.value == expected or (math.isnan(row.value) and math.isnan(expected))
    by_run = table.pivot(index="checkpoint", columns="run", values="value")
    for run in compared.candidates:
        found = table[table.run == run].set_index("checkpoint").difference
        expected = by_run[run] - by_run[compared.baseline]
        pd.testing.assert_series_equal(found, expected, check_names=False)


def test_loss_per_transition(compared: Comparison) -> None:
    measure = compared.measure("loss")
    window = compared.window(measure)
    known = [run for run in compared.runs if run in BATCH]
    assert window.end == published.end(known, "Training/loss")
    for run, quantity in compared.at_common_end(measure).items():
        if run not in BATCH:
            assert quantity.missing == f"the batch size of {run} is not recorded"
            continue
        expected = published.last(run, "Training/loss", window.end) / BATCH[run]
        assert quantity.number == pytest.approx(expected, rel=1e-6)
        assert quantity.unit == ""
        expected = published.last(run, "Training/loss") / BATCH[run]
        assert compared.last(measure)[run].number == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("map", ["A01", "hock"])
def test_times_to_targets(compared: Comparison, map: str) -> None:
    tag = ROBUST if map == "A01" else EXPLORING_HOCK
    measure = compared.measure(f"time_{map}")
    assert len(compared.targets(f"time_{map}")) == 6
    for target in compared.targets(f"time_{map}"):
        for run, quantity in compared.time_to_target(measure, target).items():
            expected = published.first_at_or_below(run, tag, target)
            if expected is None:
                assert quantity.text == f"not by {published.known_until(run, tag):.0f} min"
            else:
                assert quantity.value == pytest.approx(expected)
                assert "known every 5 minutes" in quantity.how


def test_q_is_the_median_of_three(larger_batch: Comparison) -> None:
    measure = larger_batch.measure("average_q", "A01")
    end = larger_batch.window(measure).end
    for run, quantity in larger_batch.at_common_end(measure).items():
        readings = published.until(run, "RL/avg_Q_trained_A01", end).value.tail(3)
        assert quantity.number == pytest.approx(float(readings.median()), rel=1e-6)
        assert len(quantity.evidence) == 3
        assert quantity.reading_error > 0


# --- The numbers the page is known by -------------------------------------------------------------


def shown(quantities: dict[str, Quantity]) -> list[str]:
    return [quantity.text for quantity in quantities.values()]


def test_the_figures_of_the_page(larger_batch: Comparison) -> None:
    at_end = larger_batch.at_common_end
    assert shown(at_end(larger_batch.measure("time_A01"))) == ["24.56 s", "24.77 s"]
    assert shown(at_end(larger_batch.measure("time_hock"))) == ["58.70 s", "66.94 s"]
    as_logged = larger_batch.last(larger_batch.measure("loss", as_logged=True))
    assert shown(as_logged) == ["300.96", "2,962.12"]
    assert as_logged["uni_6"].over(as_logged["uni_5"]).text == "9.84 times"
    per_transition = larger_batch.last(larger_batch.measure("loss"))
    assert shown(per_transition) == ["0.147", "0.362"]
    assert per_transition["uni_6"].over(per_transition["uni_5"]).text == "2.46 times"
    shares = at_end(larger_batch.measure("learner_share")).values()
    assert [round(share.number) for share in shares] == [54, 52]


def test_half_the_loss_gives_half_the_ratio(bundled: Logs, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    shutil.copytree(bundled.path, logs)
    for path in [*logs.glob("uni_6/*tfevents*"), *logs.glob("uni_6_2/*tfevents*")]:
        rewrite_event_file(path, lambda tag, value: value / 2 if tag == "Training/loss" else value)
    comparison = experiment_on(open_logs(logs)).comparison("larger_batch")
    for as_logged, expected in ((True, "4.92 times"), (False, "1.23 times")):
        last = comparison.last(comparison.measure("loss", as_logged=as_logged))
        assert last["uni_6"].over(last["uni_5"]).text == expected
    assert shown(comparison.at_common_end(comparison.measure("time_A01"))) == [
        "24.56 s",
        "24.77 s",
    ]


def test_a_rewritten_file_with_nothing_changed_is_the_same(bundled: Logs, tmp_path: Path) -> None:
    (path,) = (bundled.path / "uni_6").glob("*tfevents*")
    copy = shutil.copy(path, tmp_path)
    rewrite_event_file(Path(copy), lambda tag, value: value)
    assert Path(copy).read_bytes() == path.read_bytes()


# --- Evidence -------------------------------------------------------------------------------------


def quantities_of(comparison: Comparison) -> Iterator[Quantity]:
    measures = [comparison.measure(metric, map) for metric, map, _ in RACES]
    measures += [comparison.measure("average_q", "A01"), comparison.measure("all_time_best", "A01")]
    measures += [comparison.measure(name) for name in ("loss", "learner_share")]
    for measure in measures:
        yield from comparison.at_common_end(measure).values()
        yield from comparison.last(measure).values()
        yield from comparison.best(measure).values()
        yield from comparison.first_reached(measure).values()
    for map in ("A01", "hock"):
        measure = comparison.measure(f"time_{map}")
        for target in comparison.targets(f"time_{map}"):
            yield from comparison.time_to_target(measure, target).values()


def test_the_evidence_of_each_number_is_that_event(larger_batch: Comparison, bundled: Logs) -> None:
    checked = 0
    rows = {}
    for file in {e.file for q in quantities_of(larger_batch) for e in q.evidence}:
        read = read_scalars(bundled.path / file)
        columns = (read.tag.astype(str), read.step, read.value, read.wall_time)
        rows[file] = set(zip(*columns, strict=True))
    for quantity in quantities_of(larger_batch):
        assert bool(quantity.evidence) == quantity.known
        assert quantity.how or not quantity.known
        for event in quantity.evidence:
            assert event.file.split("/")[0] in bundled[event.run].folders
            assert (event.tag, event.step, event.value, event.wall_time) in rows[event.file]
            checked += 1
    assert checked > 60


def test_the_value_of_a_number_follows_from_its_evidence(larger_batch: Comparison) -> None:
    best = larger_batch.at_common_end(larger_batch.measure("time_A01"))["uni_6"]
    (event,) = best.evidence
    assert round(event.value, 2) == best.value == 24.77
    assert event.minutes == pytest.approx(
        published.first_at_or_below("uni_6", ROBUST, 24.77), abs=0.01
    )
    share = larger_batch.at_common_end(larger_batch.measure("learner_share"))["uni_6"]
    assert share.value == pytest.approx(share.evidence[0].value * 100)
    assert share.reading_error == pytest.approx(share.evidence[0].reading_error * 100)
    loss = larger_batch.last(larger_batch.measure("loss"))["uni_6"]
    assert loss.value == pytest.approx(loss.evidence[0].value / 8192)
    assert "8,192" in loss.how


def test_a_row_of_a_comparison_names_its_event(larger_batch: Comparison, bundled: Logs) -> None:
    for metric, map, _ in RACES:
        table = larger_batch.compare(metric, map).dropna(subset="value")
        for row in table.itertuples():
            events = bundled[row.run].scalars(row.tag)
            events = events[(events.step == row.step) & (events.file == row.file)]
            assert row.logged_value in events.value.tolist()
            assert row.minutes <= row.checkpoint * (1 + 1e-9)


def test_the_domain_s_words_are_keywords_and_columns(experiment: Experiment) -> None:
    compared = experiment.comparison("larger_batch")
    table = compared.compare("exploring_race_time", "Hock", "frames")
    pd.testing.assert_frame_equal(
        table, compared.compare("exploring_race_time", map="hock", clock="steps")
    )
    by_name = experiment.compare("larger_batch", "exploring_race_time", clock="frames", map="Hock")
    pd.testing.assert_frame_equal(table, by_name)
    assert set(table["map"]) == {"hock"}
    assert set(table["clock"]) == {"frames"}
    assert list(table.columns) == [
        *(
            "run",
            "group",
            "role",
            "metric",
            "map",
            "clock",
            "checkpoint",
            "value",
            "unit",
            "difference",
        ),
        *("reading_error", "tag", "file", "step", "wall_time", "minutes", "frames"),
        "logged_value",
    ]
    with pytest.raises(VariantError, match="no variant 'level' in the domain 'trackmania'"):
        compared.compare("exploring_race_time", level="hock")


# --- What cannot be known -------------------------------------------------------------------------


@pytest.fixture
def only_uni_5(bundled: Logs, tmp_path: Path) -> Comparison:
    shutil.copytree(bundled.path / "uni_5", tmp_path / "uni_5")
    return experiment_on(open_logs(tmp_path)).comparison("larger_batch")


def test_a_missing_run_is_named_wherever_it_is_asked_for(only_uni_5: Comparison) -> None:
    assert only_uni_5.absent == ("uni_6",)
    for name, map in [("time_A01", None), ("loss", None), ("average_q", "A01")]:
        measure = only_uni_5.measure(name, map)
        for ask in (only_uni_5.at_common_end, only_uni_5.last, only_uni_5.best):
            found = ask(measure)
            assert found["uni_5"].known
            assert (found["uni_6"].text, found["uni_6"].missing) == (
                "not in these logs",
                "no run uni_6 in these logs",
            )
            assert found["uni_6"].minus(found["uni_5"]).missing == "no run uni_6 in these logs"
    assert set(only_uni_5.compare("time_A01").run) == {"uni_5"}
    line = Line("time_A01")
    assert "uni_6" in str(tables.relation(only_uni_5, line, "uni_6"))
    cells = tables.summary(only_uni_5, [line])
    assert str(cells.cell(line.name, "uni_6")) == "not in these logs"
    assert "uni_6 is not in these logs" in str(tables.window(only_uni_5, "time_A01"))


def compare_runs(logs: Logs, *names: str, batch: dict[str, Quantity] | None = None) -> Comparison:
    runs = {name: logs[name] for name in names}
    settings = {n: {"batch_size": batch[n]} if batch else {} for n in names}
    maps = {"A01": "A01", "hock": "Hock"}
    return Comparison("c", "C", runs, names[0], settings, load_catalogue(), maps)


def test_a_run_without_a_frame_clock_is_not_compared_on_frames(bundled: Logs) -> None:
    comparison = compare_runs(bundled, "uni_7", "uni_9")
    measure = comparison.measure("exploring_race_time", "A01")
    assert comparison.has_clock("minutes")
    assert not comparison.has_clock("frames")
    assert set(comparison.compare("exploring_race_time", "A01", "frames").run) == {"uni_7"}
    assert set(comparison.window(measure, "frames").ends) == {"uni_7"}
    assert comparison.at_common_end(measure, "frames")["uni_9"].text == "no frames"
    reached = comparison.time_to_target(measure, 26.0, "frames")["uni_9"]
    assert reached.missing == "uni_9 has no clock of frames"


def test_a_typed_value_at_the_end_stretches_no_window(bundled: Logs) -> None:
    comparison = compare_runs(bundled, "uni_5", "uni_9")
    window = comparison.window(comparison.measure("all_time_best", "A01"))
    assert (window.end, window.limited_by) == (80.0, "uni_9")


def test_a_typed_value_at_the_end_is_not_taken_for_the_first(bundled: Logs) -> None:
    # uni_9 is known to minute 80; 25.10 s is typed for its end at 199. When it was first reached,
    # nobody knows.
    comparison = compare_runs(bundled, "uni_7", "uni_9")
    measure = comparison.measure("all_time_best", "A01")
    reached = comparison.time_to_target(measure, 25.2)["uni_9"]
    assert not reached.known
    assert "80 min" in reached.text
    assert not comparison.first_reached(measure)["uni_9"].known
    assert comparison.best(measure)["uni_9"].text == "25.10 s"


def test_without_the_batch_size_there_is_no_loss_per_transition(bundled: Logs) -> None:
    batch = {
        "uni_7": Quantity(512, "", 0),
        "uni_8": Quantity.unknown("not recorded", label="not recorded"),
    }
    comparison = compare_runs(bundled, "uni_7", "uni_8", batch=batch)
    found = comparison.last(comparison.measure("loss"))
    assert found["uni_7"].known
    assert found["uni_8"].missing == "the batch size of uni_8 is not recorded"
    assert comparison.last(comparison.measure("loss", as_logged=True))["uni_8"].known


def test_an_unknown_metric_names_the_nearest(larger_batch: Comparison) -> None:
    with pytest.raises(UnknownMetricError, match="robust_race_time"):
        larger_batch.measure("robust_racetime", "A01")


def test_a_map_nobody_raced_is_not_in_these_logs(larger_batch: Comparison) -> None:
    found = larger_batch.at_common_end(larger_batch.measure("exploring_race_time", "B02"))
    expected = "uni_5 has no Race/explo_race_time_trained_B02 in these logs"
    assert found["uni_5"].missing == expected
    assert not larger_batch.window(larger_batch.measure("exploring_race_time", "B02")).known


# --- Full resolution ------------------------------------------------------------------------------


def test_generated_logs_give_their_truth(tmp_path: Path) -> None:
    slow = {"A01": 26.0, "hock": 66.0}
    truths = write_runs(
        tmp_path,
        TrainingRun("uni_5", minutes=50, batch_size=2048, seed=1),
        TrainingRun("uni_6", minutes=60, batch_size=8192, loss=0.3, best=slow, seed=2),
    )
    comparison = experiment_on(open_logs(tmp_path)).comparison("larger_batch")
    for metric, map, tag in RACES:
        measure = comparison.measure(metric, map)
        end = comparison.window(measure).end
        assert end == pytest.approx(50.0, abs=1e-4)
        for run, quantity in comparison.at_common_end(measure).items():
            assert quantity.value == truths[run].best(tag, until=50.0)
        for run, quantity in comparison.best(measure).items():
            races = truths[run].of(tag)
            assert quantity.value == truths[run].best(tag)
            assert quantity.evidence[0].step == races.step[races.value.idxmin()]
    for run, quantity in comparison.last(comparison.measure("loss")).items():
        logged = truths[run].of("Training/loss").value.iloc[-1]
        assert quantity.value == pytest.approx(logged / BATCH[run])
        assert "as logged" in quantity.how
    assert comparison.has_clock("updates")
    assert not comparison.steps_interpolated
    measure = comparison.measure("exploring_race_time", "A01")
    reached = comparison.time_to_target(measure, 27.0)["uni_5"]
    races = truths["uni_5"].of(EXPLORING)
    assert reached.number == pytest.approx(races[races.value <= 27].minute.iloc[0], abs=1e-4)
    assert comparison.time_to_target(measure, 25.0)["uni_6"].text == "not by 60 min"


def test_a_run_named_like_a_tag_of_html_is_only_text(tmp_path: Path) -> None:
    write.write_event_file(
        tmp_path / "b" / write.NAME, [write.scalar_event("Training/loss", 1, 1.0)]
    )
    comparison = compare_runs(open_logs(tmp_path), "b")
    comparison.runs["<script>"] = None
    found = comparison.last(comparison.measure("loss", as_logged=True))
    assert found["<script>"].missing == "no run <script> in these logs"
