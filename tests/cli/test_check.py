"""``rulka-analysis check``: what it prints, and its exit status."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rulka_analysis.cli import app
from tests.rule_examples import find_in
from tests.training_logs import TrainingRun, write_runs

BAD = TrainingRun("bad", minutes=60, best_under_map_just_raced=True)
GOOD = TrainingRun("good", minutes=60, seed=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    write_runs(folder, BAD, GOOD)
    return folder


def check(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


def test_a_clean_run_ends_with_success(folder: Path) -> None:
    result = check("good", "--logdir", str(folder))
    assert result.exit_code == 0, result.output
    assert "Checked good." in result.stdout
    assert "Nothing was found." in result.stdout


def test_an_error_is_printed_with_its_remedy_and_fails(folder: Path) -> None:
    result = check("--logdir", str(folder))
    assert result.exit_code == 1
    assert "Checked bad, good." in result.stdout
    assert "Errors: the log or a tag is wrong; no answer rests on it (1)" in result.stdout
    assert "alltime_min_ms_hock of bad is not the best of hock" in result.stdout
    assert "Use the race times of hock" in result.stdout
    assert "1 error." in result.stdout


def test_json_holds_every_finding(folder: Path) -> None:
    result = check("--logdir", str(folder), "--json")
    assert result.exit_code == 1
    data = json.loads(result.stdout)
    assert data["runs"] == ["bad", "good"]
    assert data["counts"] == {"error": 1, "warning": 0, "note": 0}
    (finding,) = data["findings"]
    assert (finding["run"], finding["tag"]) == ("bad", "alltime_min_ms_hock")
    assert {"kind", "severity", "message", "why", "remedy"} <= set(finding)


def test_a_run_that_is_not_there_fails_and_the_others_are_checked(folder: Path) -> None:
    result = check("good", "god", "--logdir", str(folder))
    assert result.exit_code == 1
    assert "Nothing was found." in result.stdout
    assert "no run 'god'" in result.stderr


def test_an_experiment_is_checked_with_its_comparisons(build_folder_of_the_tests: Path) -> None:
    name = "batch_size_and_running_speed"
    result = check("--experiment", name)
    assert result.exit_code == 1
    assert f"the comparisons of {name}" in result.stdout
    assert "2 settings differ between uni_5 and uni_7" in result.stdout
    assert result.stdout.index("Errors") < result.stdout.index("Warnings")
    few = check("uni_12", "--experiment", name, "--json")
    data = json.loads(few.stdout)
    assert data["runs"] == ["uni_12"]
    assert {finding["run"] for finding in data["findings"]} == {"uni_12"}


def test_a_warning_alone_ends_with_success(folder: Path, tmp_path: Path) -> None:
    definition = tmp_path / "small.toml"
    definition.write_text(
        """
title = "A title"
question = "A question?"
baseline = "good"
[settings.speed]
title = "Speed"
[maps]
A01 = "A01"
[runs.good]
[outcomes.time]
metric = "robust_race_time"
map = "A01"
""",
        encoding="utf-8",
    )
    result = check("good", "--experiment", str(definition), "--logdir", str(folder))
    assert result.exit_code == 0, result.output
    assert "The speed of good is neither in its log nor in the definition." in result.stdout
    assert "1 warning." in result.stdout
    # A run beside it that the definition does not declare is looked at as well.
    beside = check("--experiment", str(definition), "--logdir", str(folder))
    assert beside.exit_code == 1
    assert "TM101 alltime_min_ms_hock of bad" in beside.stdout
    # The definition mutes a rule, with a reason that is told.
    muting = '[health.mute]\nRK402 = "We know."\n'
    definition.write_text(definition.read_text(encoding="utf-8") + muting, encoding="utf-8")
    muted = check("good", "--experiment", str(definition), "--logdir", str(folder))
    assert "The speed of good" not in muted.stdout
    assert "Muted: RK402 setting unrecorded (1 finding): We know." in muted.stdout
    assert "Nothing was found besides what is muted." in muted.stdout


def test_a_definition_mutes_only_rules_that_there_are(folder: Path, tmp_path: Path) -> None:
    definition = tmp_path / "small.toml"
    definition.write_text(
        'title = "A"\nquestion = "A?"\nbaseline = "good"\n[runs.good]\n'
        '[health.mute]\nRK999 = "We know."\n',
        encoding="utf-8",
    )
    result = check("--experiment", str(definition), "--logdir", str(folder))
    assert result.exit_code == 1
    assert "no rule of health 'RK999'" in result.stderr
    assert "small.toml" in result.stderr


# --- Severities, mutes, many runs ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "on", "status"),
    [
        *(("error", on, status) for on, status in (("error", 1), ("note", 1), ("never", 0))),
        *(("warning", on, status) for on, status in (("error", 0), ("warning", 1), ("never", 0))),
        *(("note", on, status) for on, status in (("error", 0), ("warning", 0), ("note", 1))),
        *(("nothing", on, 0) for on in ("error", "warning", "note", "never")),
    ],
)
def test_the_exit_status_is_by_severity(tmp_path: Path, what: str, on: str, status: int) -> None:
    values = {
        "error": "1 0.9 nan nan",
        "warning": "(1 0.9)*20 +60m (1 0.9)*20",
        "note": "1 nan 0.9",
        "nothing": "1 0.9",
    }[what]
    find_in(tmp_path, f"run Training/loss: {values}")
    result = check("--logdir", str(tmp_path / "logs"), "--fail-on", on)
    assert result.exit_code == status, result.output
    json_status = check("--logdir", str(tmp_path / "logs"), "--fail-on", on, "--json").exit_code
    assert json_status == status


def test_a_run_that_is_not_there_is_all_that_is_said(folder: Path) -> None:
    for more in ([], ["--json"]):
        result = check("nosuch", "--logdir", str(folder), *more)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.startswith("error: no run 'nosuch'")


def test_a_mute_needs_a_rule_and_a_reason(folder: Path) -> None:
    muted = check("--logdir", str(folder), "--mute", "TM101=An old version wrote it.", "--json")
    assert muted.exit_code == 0
    data = json.loads(muted.stdout)
    assert data["findings"] == []
    assert data["counts"]["error"] == 0
    (finding,) = data["muted"]
    assert (finding["code"], finding["reason"]) == ("TM101", "An old version wrote it.")
    for wrong, told in (("TM101", "has no reason"), ("TM999=x", "no rule 'TM999'")):
        result = check("--logdir", str(folder), "--mute", wrong)
        assert result.exit_code == 1
        assert told in result.stderr


def test_json_sums_by_rule_and_has_codes(folder: Path) -> None:
    data = json.loads(check("--logdir", str(folder), "--json").stdout)
    assert data["rules"] == [
        {
            "code": "TM101",
            "kind": "all_time_best_of_another_map",
            "severity": "error",
            "findings": 1,
            "runs": ["bad"],
        }
    ]
    assert data["findings"][0]["code"] == "TM101"
    assert data["muted"] == []


def test_many_runs_are_summed_by_rule_the_worst_first(tmp_path: Path) -> None:
    noted = [f"noted_{n} Training/loss: 1 {n} nan 0.9 0.8" for n in range(20)]
    broken = [f"broken_{n} Training/loss: 1 {n} nan nan" for n in range(3)]
    stuck = [f"stuck_{n} cumul_number_batches_done: 1 {n + 5} 2" for n in range(5)]
    find_in(tmp_path, "\n".join([*noted, *broken, *stuck]))
    summed = check("--logdir", str(tmp_path / "logs"))
    assert "Checked 28 runs." in summed.stdout
    order = [summed.stdout.index(code) for code in ("RK205", "RK302", "RK301")]
    assert order == sorted(order)
    told = "RK301 not finite: 20 findings in 20 runs (noted_0, noted_1, noted_2 and 17 more)."
    assert told in summed.stdout
    assert "noted_7" not in summed.stdout
    data = json.loads(check("--logdir", str(tmp_path / "logs"), "--json").stdout)
    assert [one["code"] for one in data["rules"]] == ["RK205", "RK302", "RK301"]
    each = check("--logdir", str(tmp_path / "logs"), "--each")
    assert "in noted_7 is not a number" in each.stdout


# --- Wherever a series is printed ----------------------------------------------------------------


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_no_command_says_none_beside_an_error(folder: Path) -> None:
    runs = run("runs", "--logdir", str(folder))
    assert re.search(r"^bad .* 1 error$", runs, re.M)
    assert re.search(r"^good .* none$", runs, re.M)
    (bad, good) = json.loads(run("runs", "--logdir", str(folder), "--json"))["runs"]
    assert [finding["code"] for finding in bad["findings"]] == ["TM101"]
    assert good["findings"] == []
    compared = run("compare", "good", "bad", "--logdir", str(folder))
    assert re.search(r"^bad  .* 1 error", compared, re.M)
    assert "error TM101: alltime_min_ms_hock of bad is not the best of hock" in compared


def test_a_series_that_health_contradicts_is_marked_with_the_rule(folder: Path) -> None:
    compared = run("compare", "good", "bad", "--metric", "all_time_best", "--logdir", str(folder))
    block = compared[compared.index("All-time best on hock") :].split("\n\n")[0]
    assert re.search(r"^bad \[TM101\] ", block, re.M)
    assert re.search(r"^good  ", block, re.M)
    assert "TM101: alltime_min_ms_hock of bad is not the best of hock" in block
    arguments = ["compare", "good", "bad", "--metric", "all_time_best", "--json"]
    (comparison,) = json.loads(run(*arguments, "--logdir", str(folder)))["comparisons"]
    by = {
        (metric["map"], name): values["contradicted_by"]
        for metric in comparison["metrics"]
        for name, values in metric["runs"].items()
    }
    assert by["hock", "bad"] == "TM101"
    assert by["hock", "good"] is None
    assert "TM101" in {finding.get("code") for finding in comparison["findings"]}
    tags = run("tags", "bad", "--tag", "alltime*", "--logdir", str(folder))
    assert "alltime_min_ms_hock [TM101]" in tags


def test_copies_are_no_comparison(tmp_path: Path) -> None:
    values = "1 0.9 0.95 0.8 0.85 0.7 0.75 0.6"
    find_in(tmp_path, f"a Training/loss: {values}\ncopy a b")
    compared = run("compare", "a", "b", "--logdir", str(tmp_path / "logs"))
    assert "no data (RK501)" in compared
    assert "same as far as read" not in compared
    assert "error RK501" in compared


def test_values_left_out_are_counted_where_a_summary_is_shown(tmp_path: Path) -> None:
    find_in(tmp_path, "a Training/loss: 1 nan 0.9 0.8 inf 0.7")
    compared = run("compare", "a", "--logdir", str(tmp_path / "logs"))
    assert "a: 2 of 6 values are no numbers and are left out." in compared
