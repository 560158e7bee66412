"""What tells runs apart: as few settings as do, chance apart from them, names as a last resort."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulka_analysis.experiments.varying import NOT_SET, Varying, find_varying
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue_file import load_catalogue
from rulka_analysis.metrics.settings import known_of, read_settings, round_off
from rulka_analysis.project import domain
from tests.program_logs import PROGRAMS

REAL = Path(__file__).parents[3] / "shared" / "real_logs"
real = pytest.mark.skipif(not REAL.is_dir(), reason="the real logs are not here")
Runs = dict[str, dict[str, float | str]]


def members(found: Varying) -> dict[str, list[str]]:
    return {group.label: list(group.runs) for group in found.groups}


def in_logs(folder: Path) -> Varying:
    catalogue = load_catalogue(domain("rl"))
    known = {}
    for run in Logs(folder):
        values = known_of(read_settings(run.name, run, catalogue))
        known[run.name] = {name: round_off(value) for name, value in values.items()}
    return find_varying(known)


@pytest.mark.parametrize("program", PROGRAMS)
def test_three_settings_of_three_seeds_are_three_groups(tmp_path: Path, program: str) -> None:
    folder, number = tmp_path / "logs", 0
    for rate in (1e-3, 3e-4, 0.1):
        for seed in (1.0, 2.0, 3.0):
            number += 1
            settings = {"learning_rate": rate, "gamma": 0.99, "seed": seed}
            PROGRAMS[program](folder, f"r{number}", settings)
    found = in_logs(folder)
    assert sorted(len(group.runs) for group in found.groups) == [3, 3, 3]
    labels = {"learning rate 0.001", "learning rate 0.0003", "learning rate 0.1"}
    assert {group.label for group in found.groups} == labels
    assert found.replicates == ("seed",)
    assert not found.by_name


def test_what_always_changed_together_is_named_once(tmp_path: Path) -> None:
    runs: Runs = {
        f"r{size}{seed}": {"batch": size, "mini": size / 4, "seed": seed, "horizon": 8.0}
        for size in (64.0, 128.0)
        for seed in (1.0, 2.0)
    }
    found = find_varying(runs)
    assert (found.telling, found.together) == (("batch",), {"batch": ("mini",)})


def test_crossed_settings_are_both_named_and_what_follows_from_them_is_not() -> None:
    runs: Runs = {
        f"{a}{b}": {"product": a * b, "envs": a, "steps": b} for a in (2.0, 3.0) for b in (5.0, 7.0)
    }
    assert find_varying(runs).telling == ("envs", "steps")


def test_a_setting_of_one_algorithm_alone_does_not_part_its_runs() -> None:
    runs: Runs = {}
    for seed in (1.0, 2.0):
        runs[f"dqn{seed}"] = {"exp_name": "dqn", "tau": 0.5, "seed": seed}
        runs[f"ppo{seed}"] = {"exp_name": "ppo", "clip": 0.2, "seed": seed}
    found = find_varying(runs)
    assert found.telling == ("exp_name",)
    assert members(found) == {
        "exp name dqn": ["dqn1.0", "dqn2.0"],
        "exp name ppo": ["ppo1.0", "ppo2.0"],
    }


def test_a_setting_that_only_some_have_parts_them_where_nothing_else_does() -> None:
    runs: Runs = {"a": {"lr": 1.0}, "b": {"lr": 1.0, "n_step": 2.0}}
    found = find_varying(runs)
    assert found.values["a"] == {"n_step": NOT_SET}
    assert members(found) == {"n step not set": ["a"], "n step 2": ["b"]}


def test_names_and_paths_of_runs_tell_nothing() -> None:
    runs: Runs = {
        run: {"log_folder": f"x/{run}", "label": run, "lr": lr, "weights": f"/w/{run}"}
        for run, lr in (("a", 0.1), ("b", 0.1), ("c", 0.2))
    }
    found = find_varying(runs)
    assert members(found) == {"lr 0.1": ["a", "b"], "lr 0.2": ["c"]}


def test_a_run_of_which_nothing_is_recorded_is_a_group_alone() -> None:
    runs: Runs = {"a": {"lr": 0.1}, "b": {}, "c": {"lr": 0.2}}
    found = members(find_varying(runs))
    assert found == {"lr 0.1": ["a"], "b · settings not recorded": ["b"], "lr 0.2": ["c"]}


def test_where_nothing_at_all_is_recorded_no_runs_are_put_together() -> None:
    runs: Runs = {"a": {}, "b": {}}
    assert members(find_varying(runs)) == {"a": ["a"], "b": ["b"]}


def test_replicates_without_a_seed_are_one_group() -> None:
    runs: Runs = {"a": {"lr": 0.1}, "b": {"lr": 0.1}}
    assert members(find_varying(runs)) == {"one setting": ["a", "b"]}


def test_words_in_names_tell_where_no_setting_does() -> None:
    runs: Runs = {f"{name}_s{seed}": {"seed": seed} for name in ("ppo", "sac") for seed in (1, 2)}
    found = find_varying(runs)
    assert members(found) == {"ppo": ["ppo_s1", "ppo_s2"], "sac": ["sac_s1", "sac_s2"]}
    assert found.by_name
    assert found.replicates == ("seed",)


# --- Real folders --------------------------------------------------------------------------------


def of_real(name: str) -> Varying:
    (folder,) = REAL.glob(name)
    return in_logs(folder)


@real
def test_of_a_zoo_the_schedule_makes_the_groups() -> None:
    found = of_real("MoniFarsang*")
    assert [group.label for group in found.groups] == [
        "schedule const",
        "schedule lin",
        "schedule exp",
    ]
    assert found.replicates == ("seed",)


@real
def test_of_rllib_there_are_two_learning_rates() -> None:
    labels = [group.label for group in of_real("muhd-umer*").groups]
    assert labels == ["learning rate 0.0001", "learning rate 0.005"]


@real
def test_cleanrl_runs_of_one_setting_are_one_group() -> None:
    (group,) = of_real("superboySB*").groups
    assert len(group.runs) == 3


@real
def test_two_runs_of_one_setting_and_seed_are_one_group() -> None:
    (group,) = of_real("Bokai-Ji*").groups
    assert len(group.runs) == 2


@real
def test_five_seeds_and_a_contrast_in_names() -> None:
    catalogue = load_catalogue(domain("rl"))
    (folder,) = REAL.glob("yinzhoux*/hw2/data_exp4")
    runs = {run.name: known_of(read_settings(run.name, run, catalogue)) for run in Logs(folder)}
    (group,) = find_varying(runs).groups
    assert len(group.runs) == 5
    (folder,) = REAL.glob("yinzhoux*/hw2/data_exp1")
    found = in_logs(folder)
    assert set(found.telling) == {"lb", "na", "rtg"}
    large = [run for run, values in found.values.items() if values["lb"] == 1.0]
    assert sorted(large) == sorted(run for run in found.values if "_lb_" in run)
    assert len(found.groups) == 8
