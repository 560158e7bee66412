"""A draft of a definition: what it asks, what it guesses and says so, and that it is TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rulka_analysis.experiments import asking, draft
from rulka_analysis.experiments.gathering import gather
from rulka_analysis.experiments.groups import Group
from rulka_analysis.experiments.varying import find_varying
from rulka_analysis.metrics.catalogue import Better
from rulka_analysis.metrics.catalogue_file import load_catalogue
from rulka_analysis.metrics.domain import Variant
from rulka_analysis.pages.prose import find_typed_in_definition, list_declared_names
from rulka_analysis.project import domain, domain_for, load_experiment, open_logs
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.toml import TomlFile
from tests import event_files as write
from tests.program_logs import PROGRAMS, write_curve
from tests.training_logs import TrainingRun, write_runs

REAL = Path(__file__).parents[3] / "shared" / "real_logs"


def drafted(folder: Path) -> tuple[str, dict[str, object]]:
    logs = open_logs(folder)
    text = draft.write_draft(gather("tried", logs, load_catalogue(domain_for(logs))))
    return text, tomllib.loads(text)


def numbers_typed(text: str) -> list[str]:
    """Return the numbers for which a build would refuse a definition."""
    said = TomlFile(Path("tried.toml"), RulkaError, text)
    names = list_declared_names(said.data, Variant("map", "maps"))
    return [found.word for _, found in find_typed_in_definition(said, names)]


def outcomes_of(tags: Mapping[str, list[str]], name: str = "rl") -> list[asking.DraftOutcome]:
    return list(asking.choose_outcomes(tags, load_catalogue(domain(name))))


def test_three_settings_of_three_seeds(tmp_path: Path) -> None:
    number = 0
    for rate, level in ((1e-3, 100.0), (1e-2, 130.0), (3e-4, 100.0)):
        for seed in (1.0, 2.0, 3.0):
            number += 1
            settings = {"learning_rate": rate, "gamma": 0.9, "seed": seed}
            PROGRAMS["rllib"](tmp_path, f"r{number}", settings, level + seed)
    text, data = drafted(tmp_path)
    assert data["title"] == "Learning rate"
    assert data["question"] == "How does learning rate change the mean return?"
    assert data["domain"] == "rl"
    assert data["replicates"] == ["seed"]
    assert data["baseline"] == "learning rate 0.001"
    groups = data["groups"]
    assert isinstance(groups, dict)
    assert {label: (len(one["runs"]), one["learning_rate"]) for label, one in groups.items()} == {
        "learning rate 0.001": (3, 0.001),
        "learning rate 0.01": (3, 0.01),
        "learning rate 0.0003": (3, 0.0003),
    }
    outcomes = data["outcomes"]
    assert isinstance(outcomes, dict)
    assert outcomes["mean_return"]["tag"] == "ray/tune/episode_reward_mean"
    assert (outcomes["mean_return"]["better"], len(outcomes["mean_return"]["targets"])) == (
        "higher",
        3,
    )
    assert "Two runs of one setting differ by up to 2.8 in 19 of 20 cases" in text
    assert 0 < text.count("# check") <= draft.MOST_CHECKS
    assert all("# check: " in line for line in text.splitlines() if "# check" in line)
    assert 'learning_rate = { title = "Learning rate", named = true }  # check: PPO_Env_r1' in text


def test_what_a_draft_asks_is_answered_rightly(tmp_path: Path) -> None:
    number = 0
    for rate, level in ((1e-3, 100.0), (1e-2, 130.0), (3e-4, 100.3)):
        for seed in (1.0, 2.0, 3.0):
            number += 1
            settings = {"learning_rate": rate, "gamma": 0.9, "seed": seed}
            PROGRAMS["rllib"](tmp_path / "logs", f"r{number}", settings, level + seed / 2)
    logs = open_logs(tmp_path / "logs")
    text = draft.write_draft(gather("tried", logs, load_catalogue(domain_for(logs))))
    # The one thing that only an author knows.
    margin = next(line for line in text.splitlines() if line.startswith("# margin"))
    text = text.replace(margin, 'margin = 5\nreason = "Less is of no use."')
    definition = tmp_path / "tried.toml"
    definition.write_text(text, encoding="utf-8")
    experiment = load_experiment("tried", logs, path=definition)
    told = {
        answer.candidate.label: str(answer.decided.relation)
        for answer in experiment.answers()
        if answer.kind == "value"
    }
    assert told == {"learning rate 0.01": "better", "learning rate 0.0003": "level"}


def test_eight_single_runs_of_the_racing_program(tmp_path: Path) -> None:
    runs = [
        TrainingRun(f"run_{n}", minutes=20, batch_size=size, started=1.7e9 + 1e4 * n)
        for n, size in enumerate((2048, 8192, 512, 256, 64, 128, 1024, 4096))
    ]
    write_runs(tmp_path, *runs)
    text, data = drafted(tmp_path)
    assert data["domain"] == "trackmania"
    assert data["baseline"] == "run_0"
    found = data["runs"]
    assert isinstance(found, dict)
    assert {name: one["batch_size"] for name, one in found.items()} == {
        run.name: run.batch_size for run in runs
    }
    assert data["maps"] == {"A01": "A01", "hock": "hock"}
    assert "replicates" not in data
    assert text.count("# check") <= draft.MOST_CHECKS


def test_what_is_no_equal_is_left_out_and_said(tmp_path: Path) -> None:
    for trial, rate in (("one", 0.5), ("two", 0.25)):
        write.write_event_file(tmp_path / trial, [write.hyperparameters_event({"lr": rate})])
        for side in ("train", "validation"):
            write_curve(tmp_path / trial / side, "epoch_accuracy", rate)
    events = [write.scalar_event("epoch_accuracy", step, 0.1 * step) for step in (1, 2)]
    write.write_event_file(tmp_path / "three", events)
    write_curve(tmp_path / "CartPole-v1_a", "epoch_accuracy")
    write_curve(tmp_path / "CartPole-v1_b", "epoch_accuracy")
    write_curve(tmp_path / "Hopper-v4_c", "epoch_accuracy")
    text, data = drafted(tmp_path)
    assert data["exclude"] == {
        "Hopper-v4_c": "another task than most",
        "one/train": "the same training as one/validation",
        "three": "broke off long before the others",
        "two/train": "the same training as two/validation",
    }
    assert "[exclude]  # check: left out, each for its reason" in text
    definition = tmp_path / "tried.toml"
    definition.write_text(text, encoding="utf-8")
    experiment = load_experiment("tried", open_logs(tmp_path), path=definition)
    compared = {run for group in experiment.groups for run in group.runs}
    assert compared.isdisjoint(data["exclude"])
    assert all(experiment.definition.declares(run) for run in experiment.logs.runs)


def test_words_of_names_call_the_groups(tmp_path: Path) -> None:
    for name in ("pg", "pg_big", "pg_na", "pg_big_na"):
        write_curve(tmp_path / "sweep" / name, "train/episodic_score")
    _, data = drafted(tmp_path)
    assert list(data["groups"]) == ["without big, na", "big", "big · na", "na"]
    assert data["baseline"] == "without big, na"
    assert data["title"] == "Big and na"


def test_runs_of_which_nothing_tells_go_by_the_end_of_their_paths(tmp_path: Path) -> None:
    for name in ("Sep01_12-57-22", "Sep01_22-45-57"):
        write_curve(tmp_path / "logs" / name / "tb", "Train/mean_reward", 0.01)
    text, data = drafted(tmp_path)
    assert list(data["groups"]) == ["Sep01_12-57-22", "Sep01_22-45-57"]
    # A value of a hundredth needs more decimals than two.
    assert data["outcomes"]["Train_mean_reward"]["digits"] == 5
    assert 'title = "Tried"  # check: nothing says what differs' in text


def test_a_number_in_a_name_is_no_number_typed(tmp_path: Path) -> None:
    for number, size in enumerate((16.0, 32.0, 32.0)):
        settings = {"conv1_size": size, "l2": size / 4, "seed": float(number)}
        PROGRAMS["sacred"](tmp_path, f"r{number}", settings, 10.0 + number)
        write_curve(tmp_path / f"r{number}" / "tb", "eval/top1_accuracy", size)
    logs = open_logs(tmp_path)
    text = draft.write_draft(gather("exp_2", logs, load_catalogue(domain_for(logs))))
    assert "top1 accuracy" in text
    assert "conv1 size" in text
    assert numbers_typed(text) == []
    assert numbers_typed(text.replace("How does", "At 24.5 s, how does")) == ["24.5"]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real logs are not here")
@pytest.mark.parametrize("folder", sorted(REAL.glob("*+*")), ids=lambda folder: folder.name)
def test_every_real_folder_has_a_draft(folder: Path) -> None:
    text, data = drafted(folder)
    assert text.count("# check") <= draft.MOST_CHECKS
    assert data["outcomes"]
    assert numbers_typed(text) == []
    runs, left_out = set(data.get("runs", ())), set(data.get("exclude", ()))
    assert runs == left_out if "groups" in data else left_out < runs


# --- What is asked --------------------------------------------------------------------------------


def test_what_the_catalogue_calls_important_comes_first() -> None:
    tags = {"a": ["rollout/ep_rew_mean", "eval/mean_reward", "train/loss", "my/score"]}
    found = outcomes_of(tags)
    assert [one.name for one in found] == ["evaluation_return", "mean_return"]


def test_of_unknown_tags_the_words_are_read() -> None:
    tags = {"a": ["Loss/policy", "Rewards/min_x", "Rewards/mean_episodes", "Len/mean"]}
    (found,) = outcomes_of(tags)
    assert (found.tag, found.better) == ("Rewards/mean_episodes", "higher")
    assert found.source == "not in the catalogue; 'reward' in its name, so higher is better"


def test_where_nothing_tells_the_first_tag_is_shown_and_neither_is_better() -> None:
    (found,) = outcomes_of({"a": ["x/2", "x/10"], "b": ["x/2"]})
    assert (found.tag, found.better) == ("x/2", "neither")
    assert outcomes_of({"a": []}) == []


def test_what_few_runs_have_is_not_asked() -> None:
    tags = {"a": ["eval/mean_reward", "my/score"], "b": ["my/score"], "c": ["my/score"]}
    assert [one.tag for one in outcomes_of(tags)] == ["my/score"]


@pytest.mark.parametrize(
    ("values", "better"),
    [
        (np.linspace(0, 1, 5), "higher"),
        (np.zeros(50), "higher"),
        (np.full(50, np.nan), "higher"),
        (np.linspace(0, 1, 50), "lower"),
        (np.linspace(0, 1, 50), "neither"),
    ],
)
def test_there_are_no_targets_without_a_gain(values: asking.Floats, better: Better) -> None:
    assert asking.choose_targets(values, better) == ()


def test_targets_are_reached_by_the_curve_they_come_from() -> None:
    curve = 100.0 * 0.98 ** np.arange(300.0)
    targets = asking.choose_targets(curve, "lower")
    assert len(targets) == 3
    assert all(target > asking.trailing_end(curve) for target in targets)
    assert sorted(targets, reverse=True) == list(targets)


# --- The text -------------------------------------------------------------------------------------

HOSTILE = 'a"b\n# check\\\x7f\x00 ]= \udcff'


def test_hostile_names_stay_within_their_quotes() -> None:
    runs = {f"{HOSTILE}{n}": {HOSTILE: float(n), "seed": 1.0} for n in range(3)}
    outcome = asking.DraftOutcome("o", HOSTILE, "higher", HOSTILE, title=HOSTILE)
    found = draft.Drafted(
        "n", HOSTILE, "rl", HOSTILE, find_varying(runs), (outcome,), {HOSTILE: HOSTILE}
    )
    data = tomllib.loads(draft.write_draft(found))
    shown = HOSTILE.encode("utf-8", "backslashreplace").decode("utf-8")
    assert data["outcomes"]["o"]["tag"] == shown
    assert list(data["runs"]) == [f"{shown}{n}" for n in range(3)]


def test_many_settings_leave_few_lines_to_check() -> None:
    runs = {
        f"r{n}": {f"setting_{bit}": float(n >> bit & 1) for bit in range(8)} | {"seed": float(n)}
        for n in range(256)
    }
    outcomes = tuple(
        asking.DraftOutcome(f"o{n}", "t", "higher", "s", targets=(1.0,), spread=1.0)
        for n in range(3)
    )
    found = draft.Drafted(
        "n", "p", "rl", "s", find_varying(runs), outcomes, dict.fromkeys("a", "b")
    )
    found = replace(found, sources={f"setting_{bit}": "its file" for bit in range(8)})
    text = draft.write_draft(found)
    assert text.count("# check") <= draft.MOST_CHECKS
    assert len(tomllib.loads(text)["settings"]) == 8


def test_settings_that_changed_together_are_named() -> None:
    runs = {f"r{n}": {"lr": float(n), "warmup": 2.0 * n} for n in range(2)}
    found = draft.Drafted("n", "p", "rl", "s", find_varying(runs), (), {"lr": "x.yaml says"})
    assert "# check: x.yaml says; warmup changed with it" in draft.write_draft(found)


def test_a_baseline_is_one_by_its_name_else_what_was_first() -> None:
    groups = [Group("lr 1", ("a",)), Group("lr 2", ("b", "c"))]
    assert draft.guess_baseline(groups, "c")[0].label == "lr 2"
    assert draft.guess_baseline([*groups, Group("x", ("my_baseline",))], "c")[0].label == "x"


def test_one_run_with_one_value(tmp_path: Path) -> None:
    write.write_event_file(tmp_path / "only", [write.scalar_event("own", 1, 2.0)])
    _, data = drafted(tmp_path)
    assert data["runs"] == {"only": {}}
    assert data["title"] == "Tried"
