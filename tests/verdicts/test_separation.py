"""What an experiment cannot separate, and the runs that would settle it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulka_analysis.experiments.experiment import Experiment
from rulka_analysis.logs.runs import Logs
from rulka_analysis.project import load_experiment, open_logs
from rulka_analysis.verdicts.separation import inseparable, separation
from tests.training_logs import TrainingRun, write_runs

EXPERIMENT = "batch_size_and_running_speed"
ROOT = Path(__file__).parents[2]
SETTINGS = """\
[maps]
A01 = "A01"

[settings.batch_size]
title = "Batch size"
unit = "transitions"
tag = "Training/batch_size"

[settings.running_speed]
title = "Running speed"

[settings.map_cycle]
title = "Map cycle"
"""


def experiment_of(
    folder: Path, *runs: tuple[str, str, float], compared: tuple[str, ...] = ("one", "two")
) -> Experiment:
    """Write runs of given settings and minutes; the first is the baseline."""
    declared = "\n".join(f"{name} = {{ {given} }}" for name, given, _ in runs)
    others = ", ".join(f'"{name}"' for name in compared[1:])
    path = folder / "definition.toml"
    path.write_text(
        f'title = "T"\nquestion = "Q?"\nbaseline = "{compared[0]}"\n\n{SETTINGS}\n[runs]\n'
        f"{declared}\n"
        f'[comparisons.c]\ntitle = "C"\nquestion = "Q?"\ncandidates = [{others}]\n',
        encoding="utf-8",
    )
    (folder / "logs").mkdir()
    # Nothing but the logged batch size is of interest: it is the declared one.
    write_runs(
        folder / "logs",
        *(
            TrainingRun(name, minutes=minutes, batch_size=_batch(given))
            for name, given, minutes in runs
            if minutes
        ),
    )
    return load_experiment("e", open_logs(folder / "logs"), path=path)


def _batch(given: str) -> int:
    return int(given.partition("batch_size = ")[2].partition(",")[0])


CYCLE = 'map_cycle = "short"'
ONE = ("one", f"batch_size = 2048, running_speed = 160, {CYCLE}", 30.0)
TWO = ("two", f"batch_size = 512, running_speed = 512, {CYCLE}", 18.0)


def test_the_missing_corners_are_named_with_their_cost(tmp_path: Path) -> None:
    experiment = experiment_of(tmp_path, ONE, TWO)
    (pair,) = inseparable(experiment)
    assert (pair.baseline, pair.candidate) == ("one", "two")
    assert list(pair.settings) == ["batch_size", "running_speed"]
    corners = [
        (run.settings["batch_size"].number, run.settings["running_speed"].number)  # type: ignore[union-attr]
        for run in pair.missing
    ]
    assert corners == [(2048, 512), (512, 160)]
    # As long as the shorter of the two.
    shorter = experiment.logs["two"].duration
    assert [run.hours.value for run in pair.missing] == [shorter / 60] * 2
    found = separation(experiment)
    text = str(found.sentence)
    assert (
        "one and two differ in batch size (2,048 transitions and 512 transitions) and running "
        "speed (160 and 512): what each did alone cannot be told." in text
    )
    once, all_of_them = shorter / 60 * 2, shorter / 60 * (2 * 3 + 2 * 2)
    assert (
        f"Runs that would settle it: 2, about {once:.1f} h; an estimate, each as long as the"
        in text
    )
    assert f"about {all_of_them:.1f} h." in text
    assert str(found.runs.cell("two against one 1", "running_speed")) == "512"
    assert str(found.runs.cell("two against one 1", "once")) == f"{shorter / 60:.2f}"
    assert len(found.runs.rows) == 2


def test_one_setting_that_differs_can_be_told(tmp_path: Path) -> None:
    two = ("two", f"batch_size = 512, running_speed = 160, {CYCLE}", 18.0)
    experiment = experiment_of(tmp_path, ONE, two)
    assert inseparable(experiment) == ()
    found = separation(experiment)
    assert str(found.sentence) == "No two compared runs differ in more than one setting."
    assert not found.runs.rows


def test_a_corner_that_was_run_is_not_asked_for(tmp_path: Path) -> None:
    corner = ("three", f"batch_size = 512, running_speed = 160, {CYCLE}", 12.0)
    other = ("four", 'batch_size = 2048, running_speed = 512, map_cycle = "long"', 12.0)
    (pair,) = inseparable(experiment_of(tmp_path, ONE, TWO, corner, other))
    assert pair.existing == ("three",)
    # The fourth run has another map cycle: it is not the other corner.
    (missing,) = pair.missing
    assert str(missing.settings["running_speed"]) == "512"
    assert missing.settings["map_cycle"] == "short"


def test_a_corner_that_is_declared_but_not_in_the_logs_is_still_missing(tmp_path: Path) -> None:
    corner = ("three", f"batch_size = 512, running_speed = 160, {CYCLE}", 0.0)
    (pair,) = inseparable(experiment_of(tmp_path, ONE, TWO, corner))
    assert pair.existing == ()
    assert len(pair.missing) == 2


def test_replicates_that_are_there_are_not_asked_for_again(tmp_path: Path) -> None:
    again = ("again", TWO[1], 18.0)
    experiment = experiment_of(tmp_path, ONE, TWO, again)
    hours = experiment.logs["two"].duration / 60
    assert f"about {hours * (2 * 3 + 2 + 1):.1f} h." in str(separation(experiment).sentence)


def test_a_text_that_differs_counts_as_a_setting(tmp_path: Path) -> None:
    two = ("two", 'batch_size = 512, running_speed = 160, map_cycle = "long"', 18.0)
    (pair,) = inseparable(experiment_of(tmp_path, ONE, two))
    assert [run.settings["map_cycle"] for run in pair.missing] == ["long", "short"]


def test_what_was_not_recorded_may_differ(tmp_path: Path) -> None:
    # The log records the batch size, as another one; the speed is recorded nowhere.
    two = ("two", f"batch_size = 512, {CYCLE}", 18.0)
    experiment = experiment_of(tmp_path, ONE, two)
    (pair,) = inseparable(experiment)
    assert pair.unrecorded == {"two": ("running_speed",)}
    assert pair.missing == ()
    text = str(separation(experiment).sentence)
    assert "Not recorded of two, which is compared with one: running speed." in text
    assert "would settle it:" not in text


def test_what_a_missing_run_would_cost_is_not_known(tmp_path: Path) -> None:
    two = ("two", TWO[1], 0.0)
    experiment = experiment_of(tmp_path, ONE, two)
    found = separation(experiment)
    assert "what they would cost is not known" in str(found.sentence)
    assert str(found.runs.cell("two against one 1", "once")) == "not in these logs"


def test_the_bundled_experiment(bundled: Logs) -> None:
    found = separation(load_experiment(EXPERIMENT, bundled))
    assert [(pair.baseline, pair.candidate) for pair in found.pairs] == [
        ("uni_5", "uni_7"),
        ("uni_7", "uni_8"),
        ("uni_7", "uni_9"),
    ]
    rows = [[str(cell) for cell in row[1:3]] for row in found.runs.rows.values()]
    assert rows == [["2,048", "512"], ["512", "160"], ["512", "1,024"], ["64", "512"]]
    # uni_7 is the shortest of each pair: 91 minutes.
    hours = [run.hours.value for pair in found.pairs for run in pair.missing]
    assert hours == pytest.approx([91 / 60] * 4)
