"""Tables of runs side by side say what they show, and agree with each other."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.health import experiment_findings
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.measure import Line
from rulka_analysis.pages import tables
from rulka_analysis.project import load_experiment, open_logs
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.values.tables import Table
from tests.training_logs import Restart, TrainingRun, write_runs

EXPERIMENT = "batch_size_and_running_speed"
FIVE = TrainingRun("uni_5", minutes=20, batch_size=2048, seed=1)
SIX = replace(FIVE, name="uni_6", batch_size=8192, seed=2)
NOT_PUBLISHED = "Not in these logs: Transitions learned per second; Largest gradient norm"


@pytest.fixture
def published(bundled: Logs) -> Experiment:
    return load_experiment(EXPERIMENT, bundled)


def experiment_of(folder: Path, *runs: TrainingRun) -> Experiment:
    write_runs(folder / "logs", *runs)
    return load_experiment(EXPERIMENT, open_logs(folder / "logs"))


def table(found: object) -> Table:
    assert isinstance(found, Table)
    return found


def notes(of: Table) -> list[str]:
    return [str(note) for note in of.notes]


# --- Runs -----------------------------------------------------------------------------------------


def test_findings_are_counted_as_log_health_shows_them(published: Experiment) -> None:
    found = experiment_findings(published)
    runs = tables.runs(published, list(published.runs), found)
    total = {"error": 0, "warning": 0, "note": 0}
    for cells in runs.rows.values():
        for number, severity in re.findall(r"(\d+) (error|warning|note)", str(cells[-1])):
            total[severity] += int(number)
    assert total["error"] == len(published.runs) + 1
    health = tables.findings_counted(found, len(published.runs))
    assert str(health).startswith(
        f"{total['error']} errors, {total['warning']} warnings and {total['note']} notes"
    )


def test_of_findings_nobody_looked_for_nothing_is_said(published: Experiment) -> None:
    assert "findings" not in tables.runs(published, ["uni_5"]).columns
    of_another = [Finding("wrong", "error", "It is.", run="uni_6")]
    runs = tables.runs(published, ["uni_5", "uni_6"], of_another)
    assert [cells[-1] for cells in runs.rows.values()] == ["none", "1 error"]


def test_a_run_that_is_not_there_has_no_findings(tmp_path: Path) -> None:
    runs = tables.runs(experiment_of(tmp_path, FIVE), ["uni_5", "uni_6"], [])
    assert runs.cell("uni_6", "findings") == "–"
    assert str(runs.cell("uni_6", "duration")) == "not in these logs"
    assert runs.cell("uni_5", "findings") == "none"


def test_a_segment_that_goes_on_is_said_to(published: Experiment, tmp_path: Path) -> None:
    runs = tables.runs(published, ["uni_5", "uni_6"])
    assert str(runs.cell("uni_6", "run")) == (
        "uni_6 (with uni_6_2, which goes on: 1 point of it is known, at 263.7 min)"
    )
    assert str(runs.cell("uni_5", "run")) == "uni_5"
    # What a log holds of its segments is within its duration.
    whole = experiment_of(tmp_path, TrainingRun("uni_6", minutes=60, frames_a_minute=200_000))
    assert str(tables.runs(whole, ["uni_6"]).cell("uni_6", "run")) == "uni_6 (with uni_6_2)"


def test_only_published_durations_are_explained(published: Experiment, tmp_path: Path) -> None:
    (said,) = notes(tables.runs(published, ["uni_5"]))
    assert said.startswith("Durations are as published, from a run's start. Its curves are known")
    assert "every 5 min;" in said
    assert notes(tables.runs(experiment_of(tmp_path, FIVE), ["uni_5"])) == []


# --- Windows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comparison", "ends"),
    [
        ("larger_batch", "By frames (interpolated) up to 5,637,254 frames."),
        (
            "over_tuning",
            "By frames (interpolated) only uni_7 and uni_8 can be compared, up to 1,603,846 "
            "frames.",
        ),
        ("collectors", "By frames they cannot be compared: uni_10 has no such clock."),
        ("map_cycle", "By frames they cannot be compared: uni_11 and uni_12 have no such clock."),
    ],
)
def test_who_can_be_compared_by_frames(comparison: str, ends: str, published: Experiment) -> None:
    said = str(tables.window(published.comparison(comparison), "time_A01"))
    assert said.startswith("By minutes the runs are compared up to")
    assert said.endswith(ends)


# --- Summaries ------------------------------------------------------------------------------------


def test_what_no_run_has_is_named_and_not_shown(published: Experiment, tmp_path: Path) -> None:
    summary = tables.summary(published.comparison("larger_batch"))
    assert notes(summary)[-1] == f"{NOT_PUBLISHED} per transition."
    assert not any("throughput" in row for row in summary.rows)
    full = tables.summary(experiment_of(tmp_path, FIVE, SIX).comparison("larger_batch"))
    assert any("throughput" in row for row in full.rows)
    assert not any("Not in these logs" in note for note in notes(full))


def test_what_one_run_has_is_shown(tmp_path: Path) -> None:
    summary = tables.summary(experiment_of(tmp_path, FIVE).comparison("larger_batch"))
    assert str(summary.cell("loss", "uni_6")) == "not in these logs"
    assert str(summary.cell("loss", "uni_5")) != "not in these logs"
    assert not any("Not in these logs" in note for note in notes(summary))


def test_without_any_run_every_row_stays(tmp_path: Path) -> None:
    other = experiment_of(tmp_path, replace(FIVE, name="uni_10"))
    summary = tables.summary(other.comparison("larger_batch"))
    assert len(summary.rows) == len(other.comparison("larger_batch").lines)
    assert notes(summary) == []


def test_a_difference_that_does_not_fit_the_numbers_is_explained(
    published: Experiment,
) -> None:
    share = [Line("learner_share")]
    summary = tables.summary(published.comparison("larger_batch"), share)
    # 52.4 − 53.8 would be −1.4.
    assert [str(cell) for cell in summary.rows["learner_share"][1:]] == [
        "53.8 %", "52.4 %", "−1.5 points",
    ]  # fmt: skip
    assert notes(summary) == ["Differences are taken before rounding."]
    fits = tables.summary(published.comparison("larger_batch"), [Line("time_A01")])
    assert notes(fits) == []
    loss = tables.summary(published.comparison("larger_batch"), [Line("loss"), *share])
    assert notes(loss) == ["Differences and ratios are taken before rounding."]


# --- Targets --------------------------------------------------------------------------------------


def test_times_after_the_common_window_are_explained(published: Experiment) -> None:
    within = table(tables.times_to_targets(published.comparison("larger_batch"), "time_A01"))
    assert notes(within) == []
    beyond = tables.times_to_targets(published.comparison("smaller_batch"), "time_hock")
    assert notes(table(beyond)) == [
        "The common window ends at 85 min. Times to a target are known up to each run's own end."
    ]


def test_a_target_that_nobody_reached_hides_no_late_time(published: Experiment) -> None:
    comparison = published.comparison("smaller_batch")
    outcomes = dict(published.definition.outcomes)
    outcomes["time_hock"] = replace(outcomes["time_hock"], targets=(60.0, 20.0))
    comparison.definition = replace(published.definition, outcomes=outcomes)
    assert len(table(tables.times_to_targets(comparison, "time_hock")).notes) == 1


def test_a_note_stands_exactly_where_a_time_is_late(published: Experiment) -> None:
    for name in published.definition.comparisons:
        comparison = published.comparison(name)
        for map in ("A01", "hock"):
            found = table(tables.times_to_targets(comparison, f"time_{map}"))
            end = comparison.window(comparison.measure(f"time_{map}")).end
            times = [
                cell.number
                for row in found.rows.values()
                for cell in row[1:]
                if isinstance(cell, Quantity) and cell.known and cell.unit == "min"
            ]
            assert bool(found.notes) == (max(times) > end), (name, map)


def test_what_a_run_gave_up_stands_beneath_the_table(tmp_path: Path) -> None:
    run = replace(FIVE, restarts=(Restart(15, back=8), Restart(20)))
    experiment = experiment_of(tmp_path, run)
    found = experiment.run("uni_5")
    assert found is not None
    (said,) = notes(tables.runs(experiment, ["uni_5"]))
    gone, share = sum(found.given_up.values()), 100 * found.share_given_up
    assert gone > 100
    begins = f"uni_5 was resumed: {gone:,} of {found.written:,} events ({share:.1f} %) are given up"
    assert said.startswith(begins)
