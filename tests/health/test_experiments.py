"""Health of runs side by side: what misleads a comparison is found, clean replicates are silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.health import (
    comparison_findings,
    contradicted,
    experiment_findings,
    run_findings,
)
from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages import tables
from rulka_analysis.project import load_catalogue, load_experiment, open_logs
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.tables import Table
from tests.training_logs import TrainingRun, rewrite_event_file, write_runs

SAME = "batch_size = 512, running_speed = 160, map_cycle = 'short'"
BASE = TrainingRun("base", minutes=90)
OTHER = replace(BASE, name="other", seed=1)
THIRD = replace(BASE, name="third", seed=2)


def experiment(
    folder: Path, *runs: TrainingRun, settings: Mapping[str, str] | None = None
) -> Experiment:
    """Write runs and a definition that compares all others with the first."""
    write_runs(folder / "logs", *runs)
    return defined(folder, [run.name for run in runs], settings or {})


def defined(folder: Path, names: Iterable[str], settings: Mapping[str, str]) -> Experiment:
    first, *others = names
    declared = "\n".join(f"{name} = {{ {settings.get(name, SAME)} }}" for name in (first, *others))
    text = f"""
title = "A title"
question = "A question?"
baseline = "{first}"
[maps]
A01 = "A01"
hock = "Hock"
[settings.batch_size]
title = "Batch size"
tag = "Training/batch_size"
[settings.running_speed]
title = "Running speed"
[settings.map_cycle]
title = "Map cycle"
[runs]
{declared}
[comparisons.all]
title = "All"
question = "Which?"
candidates = {others!r}
[comparisons.again]
title = "The same once more"
question = "Which?"
candidates = {others!r}
"""
    path = folder / "defined.toml"
    path.write_text(text, encoding="utf-8")
    return load_experiment("defined", open_logs(folder / "logs"), path=path)


def kinds(found: Iterable[Finding]) -> set[tuple[str, str, str | None]]:
    return {(finding.kind, finding.severity, finding.run) for finding in found}


def test_clean_replicates_have_no_finding(tmp_path: Path) -> None:
    clean = experiment(tmp_path, BASE, OTHER, THIRD)
    assert experiment_findings(clean) == ()
    assert comparison_findings(clean.comparison("all")) == ()


def test_a_little_longer_and_faster_is_still_clean(tmp_path: Path) -> None:
    longer = replace(OTHER, minutes=105, frames_a_minute=30_300)
    assert experiment_findings(experiment(tmp_path, BASE, longer)) == ()


BATCH_1024 = SAME.replace("512", "1024")
SPEED_512 = SAME.replace("160", "512")

FAULTS: dict[str, tuple[TrainingRun, str, set[tuple[str, str]]]] = {
    "durations": (replace(OTHER, minutes=150), SAME, {("durations_differ", "warning")}),
    "schedules": (
        replace(OTHER, schedule_lags=600_000), SAME, {("schedule_differs", "warning")}
    ),
    "schedules at equal minutes": (
        replace(OTHER, frames_a_minute=45_000), SAME, {("schedule_differs_by_minutes", "note")}
    ),
    "numbers of races": (replace(OTHER, race_every=0.8), SAME, {("races_unequal", "warning")}),
    "a copy": (replace(OTHER, seed=BASE.seed), SAME, {("identical_series", "error")}),
    "a copy that ends early": (
        replace(OTHER, seed=BASE.seed, minutes=80), SAME, {("identical_series", "error")}
    ),
    "a metric that scales": (
        replace(OTHER, batch_size=1024), BATCH_1024, {("scales_with_setting", "note")}
    ),
    "two settings at once": (
        replace(OTHER, rollout_speed=90.0), SPEED_512.replace("short", "long"),
        {("settings_changed_together", "warning")},
    ),
    "a setting without effect": (OTHER, SPEED_512, {("setting_without_effect", "warning")}),
    "a setting that is nowhere": (
        OTHER, "running_speed = 160", {("setting_unrecorded", "warning")}
    ),
    "a setting that differs from its definition": (
        OTHER, BATCH_1024, {("setting_differs", "warning")}
    ),
    "few races": (
        replace(OTHER, first_finish=86, slowest=BASE.best), SAME, {("few_records", "note")}
    ),
    "still improving": (
        replace(OTHER, learning_minutes=200), SAME, {("still_improving", "note")}
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_misleads_a_comparison_is_found_once(tmp_path: Path, fault: str) -> None:
    other, settings, expected = FAULTS[fault]
    found = experiment_findings(experiment(tmp_path, BASE, other, settings={"other": settings}))
    assert kinds(found) == {(kind, severity, "other") for kind, severity in expected}
    assert len({finding.message for finding in found}) == len(found)
    assert all(finding.why and finding.remedy for finding in found)


def test_a_changed_speed_that_shows_is_no_finding(tmp_path: Path) -> None:
    faster = replace(OTHER, rollout_speed=90.0)
    one = experiment(tmp_path, BASE, faster, settings={"other": SPEED_512})
    assert experiment_findings(one) == ()


def test_a_batch_size_that_took_no_effect_is_found(tmp_path: Path) -> None:
    write_runs(tmp_path / "logs", BASE, replace(OTHER, batch_size=1024))
    (file,) = (tmp_path / "logs" / "other").iterdir()
    rewrite_event_file(file, lambda t, v: 2 * v if t == "cumul_number_batches_done" else v)
    found = experiment_findings(defined(tmp_path, ["base", "other"], {"other": BATCH_1024}))
    assert ("setting_without_effect", "warning", "other") in kinds(found)


def test_a_setting_of_the_log_that_nobody_declared_counts_as_changed(tmp_path: Path) -> None:
    write_runs(tmp_path / "logs", BASE, replace(OTHER, batch_size=1024))
    (file,) = (tmp_path / "logs" / "other").iterdir()
    rewrite_event_file(file, lambda t, v: 5 if t == "Training/n_steps" else v)
    found = experiment_findings(defined(tmp_path, ["base", "other"], {"other": BATCH_1024}))
    (together,) = [f for f in found if f.kind == "settings_changed_together"]
    assert "batch size (512 and 1024)" in together.message
    assert "n steps (3 and 5)" in together.message


def test_a_run_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_runs(tmp_path / "logs", BASE, OTHER)
    found = experiment_findings(defined(tmp_path, ["base", "other", "third"], {}))
    assert kinds(found) == {("run_missing", "note", None)}
    assert "third" in found[0].message


def test_the_order_of_runs_does_not_matter(tmp_path: Path) -> None:
    write_runs(
        tmp_path / "logs",
        replace(BASE, best_under_map_just_raced=True),
        replace(OTHER, seed=BASE.seed),
        replace(THIRD, batch_size=1024, minutes=60),
    )
    names = ["base", "other", "third"]
    catalogue = load_catalogue()
    seen = set()
    for order in permutations(names):
        one = defined(tmp_path, order, {"third": BATCH_1024})
        found = experiment_findings(one)
        maps = one.definition.maps
        alone = {f for name in names for f in run_findings(one.logs[name], catalogue, maps=maps)}
        assert alone <= set(found)
        seen.add(frozenset(contradicted(found)))
        copies = [f for f in found if f.kind == "identical_series"]
        assert len(copies) == 1
        order_of = {"error": 0, "warning": 1, "note": 2}
        assert [order_of[f.severity] for f in found] == sorted(order_of[f.severity] for f in found)
    assert seen == {frozenset({("base", "alltime_min_ms_hock")})}


def test_findings_are_shown_with_their_kind_and_counted(tmp_path: Path) -> None:
    one = experiment(tmp_path, replace(BASE, best_under_map_just_raced=True), OTHER)
    found = experiment_findings(one)
    table = tables.findings(found, kinds=True)
    assert isinstance(table, Table)
    assert str(table.cell("1", "kind")) == "error: TM101 all time best of another map"
    assert "is not the best of Hock" in str(table.cell("1", "what"))
    assert str(tables.findings_counted(found, 2)) == "1 error, 0 warnings and 0 notes in 2 runs."
    assert str(tables.findings((), none="Nothing {here}.")) == "Nothing {here}."


def test_findings_that_differ_in_run_and_numbers_only_share_a_row() -> None:
    def about(run: str, value: str, more: str = "") -> Finding:
        message = f"max tag of {run} is wrong: it falls to {value} s, {more}while races do not."
        return Finding("wrong", "error", message, "Why.", "Remedy.", run=run)

    odd = Finding("wrong", "error", "Between uni_1 and uni_11.", "Why.", "Remedy.", run="uni_11")
    found = [about("uni_1", "24.5"), about("x", "25.1"), about("uni_2", "1,300", "more "), odd]
    table = tables.findings([*found, about("uni_3", "24.5")], kinds=True)
    assert isinstance(table, Table)
    assert [row[1:] for row in table.rows.values()] == [
        [
            "uni_1, x, uni_3",
            "max tag of uni_1 is wrong: it falls to 24.5 s, while races do not. x: it falls to "
            "25.1 s. uni_3: the same. Why. Remedy.",
        ],
        [
            "uni_2",
            "max tag of uni_2 is wrong: it falls to 1,300 s, more while races do not. Why. Remedy.",
        ],
        ["uni_11", "Between uni_1 and uni_11. Why. Remedy."],
    ]
    # Where the run stands among what differs, the sentence is told again.
    lasted = [
        Finding("d", "note", f"{run} lasted {n} minutes, uni_7 91.", run=run)
        for run, n in (("uni_9", 199), ("uni_11", 60))
    ]
    together = tables.findings(lasted)
    assert isinstance(together, Table)
    told = "uni_9 lasted 199 minutes, uni_7 91. uni_11 lasted 60 minutes, uni_7 91."
    assert [row[1:3] for row in together.rows.values()] == [["uni_9, uni_11", told]]
    # Every finding counts, whatever row it stands in.
    assert str(tables.findings_counted(found, 3)) == "4 errors, 0 warnings and 0 notes in 3 runs."


def test_the_bundled_curves_tell_what_is_wrong_with_them(bundled: Logs) -> None:
    found = experiment_findings(load_experiment("batch_size_and_running_speed", bundled))
    of = {name: {k for k, _, run in kinds(found) if run == name} for name in bundled.runs}
    hock = {f.run for f in found if f.kind == "all_time_best_of_another_map"}
    assert hock == set(bundled.runs)
    assert {f.tag for f in found if f.kind == "all_time_best_of_another_map"} == {
        "alltime_min_ms_hock"
    }
    assert set(contradicted(found)) == {
        *((name, "alltime_min_ms_hock") for name in bundled.runs),
        ("uni_11", "alltime_min_ms_A01"),
    }
    late = {(f.run, f.severity) for f in found if f.kind == "all_time_best_late"}
    assert late == {
        ("uni_11", "error"), ("uni_5", "warning"), ("uni_6", "warning"), ("uni_7", "warning"),
        ("uni_9", "warning"),
    }  # fmt: skip
    # Its races are known to minute 75; a best that is higher than one of them is late after that.
    (after,) = [f for f in found if f.run == "uni_9" and f.kind == "all_time_best_late"]
    assert "27.09 s at minute 80, though a race on A01 took 25.25 s by minute 65" in after.message
    assert all("of Hock" in f.message for f in found if f.kind == "all_time_best_of_another_map")
    assert {"setting_unrecorded", "scale_unknown"} <= of["uni_8"]
    assert {"lone_last_reading", "settings_changed_together", "durations_differ"} <= of["uni_9"]
    assert {"settings_changed_together", "durations_differ", "scales_with_setting"} <= of["uni_7"]
    few = {f.run for f in found if f.kind == "few_records" and "robust" in (f.tag or "")}
    assert few == {"uni_11", "uni_12"}
    # Curves read off figures hold no races one by one, no gaps and no flags.
    assert {f.kind for f in found} == {
        "all_time_best_of_another_map", "all_time_best_late", "durations_differ",
        "settings_changed_together", "scale_unknown", "setting_unrecorded", "lone_last_reading",
        "scales_with_setting", "still_improving", "few_records",
    }  # fmt: skip
    (worst,) = [f for f in found if f.run == "uni_11" and f.kind == "all_time_best_late"]
    assert "26.04 s" in worst.message
    assert "25.08 s" in worst.message
