"""Logs on which something once went wrong: what is true of each, and that TensorBoard agrees.

The cases are written by a script beside the project, where that is at hand.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.util import tensor_util

from rulka_analysis.domains.trackmania import DOMAIN
from rulka_analysis.logs.runs import Logs

SCRIPT = Path(__file__).parents[3] / "shared" / "cases" / "make_cases.py"
pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="the cases are not here")


class Truth(NamedTuple):
    """Of a run: events by tag, minutes, and the kinds of its findings; what TensorBoard reads.

    `twice` is how many events TensorBoard reads more: those of copies, and those repeated.
    """

    events: dict[str, int]
    minutes: float
    kinds: list[str] = []  # noqa: RUF012 - never changed
    twice: int = 0


LOSS = "Training/loss"
TRUTHS = {
    "hyperparameters_in_a_subfolder/run": Truth({LOSS: 200, "eval/reward": 200}, 199),
    "one_tag_counts_otherwise/run": Truth({"Train/reward": 200, "Train/reward/seconds": 200}, 198),
    "a_copy_in_the_folder/run": Truth({LOSS: 100}, 99, ["copy"], 100),
    "two_writers_in_turns/run": Truth({LOSS: 180}, 179, ["written_at_the_same_time"]),
    "resumed_on_a_slow_clock/run": Truth({LOSS: 200}, 199, ["clock_set"]),
    "wall_time_nan/run": Truth({LOSS: 100}, 99, ["wall_time_missing"]),
    "wall_time_nan/healthy": Truth({LOSS: 100}, 99),
    "wall_time_infinite/run": Truth({LOSS: 100}, 99, ["wall_time_missing"]),
    "wall_time_infinite/healthy": Truth({LOSS: 100}, 99),
    "wall_time_milliseconds/run": Truth({LOSS: 100}, 99, ["wall_time_unit"]),
    "wall_time_milliseconds/healthy": Truth({LOSS: 100}, 99),
    "a_first_attempt_that_died/dqn": Truth({"episode/return": 1}, 0),
    "a_first_attempt_that_died/dqn_2": Truth({"episode/return": 30}, 29),
    "a_first_attempt_that_died/dqn_3": Truth({"episode/return": 30}, 29),
    "one_log_under_three_names/batch_100": Truth({LOSS: 200}, 199),
    "one_nan_at_the_start/run": Truth({LOSS: 200}, 199),
    "a_hole_in_the_middle/run": Truth({LOSS: 1860}, 199.9),
    "the_clock_is_set_back/run": Truth({LOSS: 200, "alltime_min_ms_A01": 40}, 199),
    "resumed_in_mid_write/run": Truth({LOSS: 200, "alltime_min_ms_A01": 200}, 198, ["restart"], 21),
    "a_byte_order_mark/run": Truth({LOSS: 100}, 99),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = importlib.util.spec_from_file_location("make_cases", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("cases")
    module.main(folder)
    return folder


def read_by_tensorboard(folder: Path) -> Counter[tuple[str, int, float]]:
    """Count the scalar events of a folder's files as TensorBoard's loader reads them."""
    found: Counter[tuple[str, int, float]] = Counter()
    for path in folder.iterdir():
        if "tfevents" in path.name:
            for event in EventFileLoader(str(path)).Load():
                for value in event.summary.value:
                    if value.metadata.plugin_data.plugin_name == "scalars":
                        number = tensor_util.make_ndarray(value.tensor).item()
                        found[value.tag, event.step, repr(number)] += 1
    return found


@pytest.mark.parametrize("name", TRUTHS)
def test_a_case_is_read_as_it_is(cases: Path, name: str) -> None:
    case, _, run_name = name.partition("/")
    truth = TRUTHS[name]
    run = Logs(cases / case, conventions=DOMAIN.conventions)[run_name]
    assert {tag: len(run.events(tag)) for tag in run.tags} == truth.events
    assert run.duration == pytest.approx(truth.minutes, abs=1e-6)
    assert [finding.kind for finding in run.findings] == truth.kinds
    assert not run.earlier

    ours: Counter[tuple[str, int, float]] = Counter()
    for tag in run.tags:
        events = run.events(tag)
        steps, values = events.steps.tolist(), events.values.tolist()
        ours.update((tag, step, repr(value)) for step, value in zip(steps, values, strict=True))
    theirs = read_by_tensorboard(cases / name)
    assert not ours - theirs
    assert (theirs - ours).total() == truth.twice
    # What is read twice stands once: nothing is given up but for itself.
    assert all(found in ours for found in theirs)


def test_every_case_lists_all_of_its_runs(cases: Path) -> None:
    for case in cases.iterdir():
        runs = Logs(case, conventions=DOMAIN.conventions).runs
        assert set(runs) == {folder.name for folder in case.iterdir()}


def test_settings_in_a_sub_folder_are_the_runs_and_its_values_its_own(cases: Path) -> None:
    logs = Logs(cases / "hyperparameters_in_a_subfolder")
    assert logs["run"].hyperparameters == {"lr": 0.0003, "batch_size": 512.0}
    (beside,) = logs["run"].beside
    assert logs[beside].events(LOSS).values.tolist() == [pytest.approx(0.005)]
