"""The metrics reference: an entry for every metric, and what the logs in use show of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rulka_analysis.pages.reference import MOST_LINES, ROWS_A_TAG, Reference
from rulka_analysis.pages.results import Figure, encode
from rulka_analysis.pages.trends import HEIGHT, POINTS, WIDTH, Trend, medians_by_part
from rulka_analysis.pages.trends import MOST_LINES as MOST_TRENDS
from rulka_analysis.project import load_catalogue, open_logs
from rulka_analysis.values.quantities import Quantity, Sentence
from rulka_analysis.values.tables import Table
from tests import event_files as write
from tests.training_logs import CUTOFF, TrainingRun, Truth, write_runs

CATALOGUE = load_catalogue()
EVIL = "<script>alert('read me')</script>--<b>"
RACES = "Race/explo_race_time_trained_hock"


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Truth]]:
    """Two runs in the training program's own schema, one without its last tags."""
    folder = tmp_path_factory.mktemp("logs")
    runs = [TrainingRun("small", batch_size=512), TrainingRun("large", batch_size=2048, seed=1)]
    return folder, write_runs(folder, *runs)


@pytest.fixture(scope="module")
def reference(training: tuple[Path, dict[str, Truth]]) -> Reference:
    return Reference(open_logs(training[0]))


def logs_of(folder: Path, **runs: dict[str, list[float]]) -> Reference:
    """Write runs of a few values a tag, a step a value."""
    for name, tags in runs.items():
        events = [
            write.scalar_event(tag, step, value, write.STARTED + 60 * step)
            for tag, values in tags.items()
            for step, value in enumerate(values, start=1)
        ]
        write.write_event_file(folder / name, events)
    return Reference(open_logs(folder), CATALOGUE)


def part(reference: Reference, name: str) -> Table:
    metric = CATALOGUE[name.partition(".")[0]]
    found = reference.parts(metric)[name]
    assert isinstance(found, Table)
    return found


def bounds(cell: object) -> list[float]:
    assert isinstance(cell, Sentence)
    return [piece.number for piece in cell.parts() if isinstance(piece, Quantity)]


def test_range_and_last_are_those_of_the_log(
    training: tuple[Path, dict[str, Truth]], reference: Reference
) -> None:
    table = part(reference, "loss.values")
    for run, truth in training[1].items():
        logged = truth.of("Training/loss")
        assert bounds(table.cell(run, "range")) == [logged.value.min(), logged.value.max()]
        last = table.cell(run, "last")
        assert isinstance(last, Quantity)
        assert last.number == logged.value.iloc[-1]
        assert last.evidence[0].step == logged.step.iloc[-1]


def test_unfinished_races_are_counted_and_are_no_times(
    training: tuple[Path, dict[str, Truth]], reference: Reference
) -> None:
    table = part(reference, "exploring_race_time.trained_hock")
    unfinished = 0
    for run, truth in training[1].items():
        logged = truth.of(RACES).value
        unfinished += int((logged >= CUTOFF).sum())
        finished = logged[logged < CUTOFF].round(2)
        assert bounds(table.cell(run, "range")) == [finished.min(), finished.max()]
        assert table.cell(run, "last").number == finished.iloc[-1]
    assert unfinished
    assert any(str(note).startswith(f"{unfinished} of ") for note in table.notes)


def test_a_finish_rate_counts_races(
    training: tuple[Path, dict[str, Truth]], reference: Reference
) -> None:
    table = part(reference, "exploring_race_finished.trained_A01")
    for run, truth in training[1].items():
        flags = truth.of("Race/explo_race_finished_trained_A01").value
        rate = table.cell(run, "summary")
        assert isinstance(rate, Quantity)
        assert rate.number == pytest.approx(100 * flags.mean())
        assert f"{int(flags.sum())} of {len(flags)} races" in rate.how


def test_a_noisy_metric_shows_the_median_of_its_last_three(
    training: tuple[Path, dict[str, Truth]], reference: Reference
) -> None:
    table = part(reference, "average_q.trained_A01")
    for run, truth in training[1].items():
        median = table.cell(run, "summary")
        assert isinstance(median, Quantity)
        assert median.number == truth.of("RL/avg_Q_trained_A01").value.tail(3).median()
        assert len(median.evidence) == 3


def test_races_that_never_finished_leave_no_number(tmp_path: Path) -> None:
    found = logs_of(tmp_path, a={RACES: [300.0, 300.0]}, b={RACES: [70.0, math.nan]})
    table = part(found, "exploring_race_time.trained_hock")
    assert str(table.cell("a", "last")) == "none finished"
    assert str(table.cell("b", "range")) == "70.00"
    assert any("not numbers" in str(note) for note in table.notes)


def test_runs_that_lack_a_metric_are_named(tmp_path: Path) -> None:
    found = logs_of(tmp_path, a={"Training/loss": [1.0]}, b={"RL/gamma": [0.9]})
    presence = found.presence()
    assert "In 1 of 2 runs, under 1 tag. Not in b." in str(presence.cell("loss", "presence"))
    assert str(presence.cell("average_q", "presence")) == "Not in these logs."
    assert presence.cell("average_q", "parts") == "–"
    assert [str(note) for note in part(found, "loss.values").notes] == ["Not in b."]


def test_an_older_name_stands_apart_from_todays(tmp_path: Path) -> None:
    found = logs_of(tmp_path, a={"loss": [1.0]}, b={"Training/loss": [2.0]})
    assert list(found.tags(CATALOGUE["loss"])) == ["Training/loss", "loss"]
    assert str(part(found, "loss.values").cell("b", "last")) == "2.00"
    assert str(part(found, "loss.values-2").cell("a", "last")) == "1.00"
    assert "Older names: loss." in str(found.presence().cell("loss", "presence"))


def test_many_tags_become_one_row_and_a_list(tmp_path: Path) -> None:
    tags = {f"Network/weights/layer_{i}/L2": [float(i), i + 0.5] for i in range(ROWS_A_TAG + 1)}
    found = logs_of(tmp_path, a=tags, b=tags)
    table = part(found, "layer_weight_size.values")
    assert bounds(table.cell("all", "range")) == [0.0, ROWS_A_TAG + 0.5]
    assert bounds(table.cell("all", "last")) == [0.5, ROWS_A_TAG + 0.5]
    listed = part(found, "layer_weight_size.tags")
    assert [cells[0] for cells in listed.rows.values()] == list(tags)


def test_important_metrics_have_a_trend_on_each_map(reference: Reference) -> None:
    figures = [
        name
        for metric in reference.present
        for name, value in reference.parts(metric).items()
        if isinstance(value, Figure)
    ]
    drawn = {name.partition(".")[0] for name in figures}
    assert drawn <= {metric.name for metric in CATALOGUE if metric.important}
    assert {"exploring_race_time.trend.A01", "exploring_race_finished.trend.hock"} <= set(figures)
    # What grows with the batch is drawn per transition where the log says how large it was.
    trend = reference.parts(CATALOGUE["loss"])["loss.trend"]
    assert isinstance(trend, Figure)
    assert str(trend.caption).startswith("Divided by batch size")
    assert len(trend.table.rows) <= 4


def test_loss_is_drawn_as_logged_where_a_batch_size_is_not_known(tmp_path: Path) -> None:
    values = [3.0, 2.0, 1.0]
    found = logs_of(tmp_path, a={"Training/loss": values}, b={"Training/loss": values})
    trend = found.parts(CATALOGUE["loss"])["loss.trend"]
    assert isinstance(trend, Figure)
    assert str(trend.caption).startswith("As logged")


def test_loss_is_drawn_as_logged_where_the_batch_size_changes(tmp_path: Path) -> None:
    """The last one would stand for all: the command line says that it is not known, too."""
    loss = {"Training/loss": [4.0, 3.0, 2.0]}
    changing = loss | {"Training/batch_size": [512, 512, 64]}
    constant = loss | {"Training/batch_size": [512, 512, 512]}
    captions = {}
    for name, run in (("changing", changing), ("constant", constant)):
        trend = logs_of(tmp_path / name, one=run).parts(CATALOGUE["loss"])["loss.trend"]
        captions[name] = str(trend.caption)
    assert captions["changing"].startswith("As logged")
    assert captions["constant"].startswith("Divided by batch size")


def test_too_many_runs_for_a_figure_are_said_to_be(tmp_path: Path) -> None:
    runs = {f"run{i}": {"Training/loss": [2.0, 1.0]} for i in range(MOST_LINES + 1)}
    trend = logs_of(tmp_path, **runs).parts(CATALOGUE["loss"])["loss.trend"]
    assert str(trend).startswith(f"{MOST_LINES + 1} runs are too many")


def test_maps_of_any_name_can_be_published(tmp_path: Path) -> None:
    names = ("карта", "a01", "A01", "A01 (v2)", "A01-v2", "{x}")
    tags = {
        f"Race/explo_race_time_trained_{name}": [70.0, 60.0 + i] for i, name in enumerate(names)
    }
    found = logs_of(tmp_path, a=tags)
    parts = found.parts(CATALOGUE["exploring_race_time"])
    # And the line that stands for all of them.
    assert len(parts) == 2 * len(names) + 1
    lasts = {}
    for name, value in parts.items():
        encode(name, value)
        if isinstance(value, Figure):
            lasts[value.alt.partition(" by ")[0]] = value.table.rows
    assert len(lasts) == len(names)
    assert str(part(found, "exploring_race_time.trained_a01").cell("a", "last")) == "61.00"


def test_uncatalogued_tags_are_shown_as_logged(tmp_path: Path) -> None:
    found = logs_of(tmp_path, a={EVIL: [0.25, 0.5], "ok\x1b[2J": [7.0]}, b={"loss": [1.0]})
    table = found.uncatalogued()
    assert isinstance(table, Table)
    rows = {str(cells[0]): [str(cell) for cell in cells[1:]] for cells in table.rows.values()}
    assert rows == {EVIL: ["a", "0.2500 to 0.5000", "0.5000"], r"ok\x1b[2J": ["a", "7", "7"]}


def line_of(found: Reference, metric: str) -> Trend:
    line = found.parts(CATALOGUE[metric])[f"{metric}.line"]
    assert isinstance(line, Trend)
    return line


def test_a_line_says_how_a_metric_went_and_where_it_ended(tmp_path: Path) -> None:
    falling, rising = [9.0, 5.0, math.nan, 1.0], [1.0, 2.0, 3.0, 4.0]
    line = line_of(
        logs_of(tmp_path, a={"Training/loss": falling}, b={"Training/loss": rising}), "loss"
    )
    assert line.said == "Ends lower than it began in 1 of 2 runs, higher in 1."
    assert str(line.last) == "1.00 to 4.00"
    # From the top left corner: what falls ends below where it began.
    (first, second) = line.lines
    assert first[0] == (2, 2)
    assert first[0][1] < first[-1][1]
    assert second[0][1] > second[-1][1]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for one in line.lines for x, y in one)


def test_a_line_names_the_variant_it_is_of_and_its_unit(tmp_path: Path) -> None:
    tags = {f"Race/eval_race_time_robust_trained_{name}": [30.0, 25.0] for name in ("A01", "hock")}
    assert str(line_of(logs_of(tmp_path, a=tags), "robust_race_time").last) == "A01: 25.00 s"


def test_a_line_of_many_runs_is_their_middle_half(tmp_path: Path) -> None:
    runs = {
        f"r{number}": {"Training/loss": [1.0 + number, 2.0 + number]}
        for number in range(MOST_TRENDS + 1)
    }
    line = line_of(logs_of(tmp_path, **runs), "loss")
    assert len(line.lines) == 3
    assert all(len(one) <= POINTS for one in line.lines)


@pytest.mark.parametrize("count", [1, 2, 7, 500, 2000])
def test_a_line_is_drawn_through_the_medians_of_its_parts(count: int) -> None:
    random = np.random.default_rng(count)
    x, y = random.uniform(3, 9, count), random.normal(size=count)
    x[0], x[-1] = 3, 9
    places = np.minimum((POINTS * (x - 3) / 6).astype(int), POINTS - 1)
    medians = [
        np.median(y[places == at]) if (places == at).any() else np.nan for at in range(POINTS)
    ]
    np.testing.assert_array_equal(medians_by_part(x, y, 3, 9), medians)


def test_a_metric_without_a_number_has_a_line_without_one(tmp_path: Path) -> None:
    line = line_of(logs_of(tmp_path, a={"Training/loss": [math.nan]}), "loss")
    assert line.lines == ()
    assert encode("line", line).data["said"] == "No value to draw."
