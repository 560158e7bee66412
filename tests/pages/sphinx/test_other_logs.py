"""A site of logs that no experiment is about, and of an experiment that was made of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from tests import event_files as write
from tests.program_logs import write_file
from tests.site_of_project import Site

# The true end of each setting; C differs from B by less than anybody would care for.
LEVELS = {"a": 120.0, "b": 100.0, "c": 100.4}
BUNDLED = "batch_size_and_running_speed"


def write_logs(logs: Path) -> None:
    """Write three settings with three seeds each, as RLlib lays them out."""
    for at, (name, level) in enumerate(LEVELS.items()):
        for seed in (1, 2, 3):
            chance = np.random.default_rng(100 * at + seed)
            events = []
            for number in range(1, 121):
                value = level * (1 - 0.95**number) + chance.normal(0, 0.5)
                events.append(
                    write.scalar_event(
                        "ray/tune/episode_reward_mean",
                        1000 * number,
                        value,
                        write.STARTED + 30.0 * number,
                    )
                )
            folder = logs / f"PPO_{name}_{seed}"
            write.write_event_file(folder, events)
            write_file(
                folder / "params.json",
                f'{{"lr": {10.0 ** -(at + 2)}, "seed": {seed}, "gamma": 0.99}}',
            )


def text_of(page: Path) -> str:
    return unescape(re.sub(r"<[^>]+>", "", page.read_text("utf-8")))


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    logs = tmp_path_factory.mktemp("others") / "logs"
    write_logs(logs)
    return logs


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, logs: Path) -> Site:
    site = Site.copied(tmp_path_factory.mktemp("site") / "project")
    site.build_well(logs)
    return site


def test_runs_of_no_experiment_have_a_page(site: Site) -> None:
    page = text_of(site.html / "docs" / "these_logs.html")
    assert "9 runs of logs, of no experiment, in 3 groups." in page
    assert "learning rate 0.01" in page
    assert "params.json" in page
    assert "rulka-analysis new NAME --logdir logs" in page


def test_an_experiment_that_is_not_there_is_a_line(site: Site) -> None:
    experiments = site.html / "docs" / "experiments"
    page = text_of(experiments / f"{BUNDLED}.html")
    assert "None of this experiment's runs is in the logs in use, logs." in page
    assert not (experiments / BUNDLED).exists()
    assert not list((site.html / "notebooks").glob(f"{BUNDLED}/*"))
    reference = site.html / "docs" / "tensorboard_metrics.html"
    pages = [page for page in (site.html / "docs").rglob("*.html") if page != reference]
    assert sum(text_of(page).count("ot in these logs") for page in pages) < 10


def run(site: Site, logs: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "rulka_analysis", *arguments]
    told = subprocess.run(
        command,
        cwd=site.folder,
        env=site.environment(logs),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_a_new_experiment_answers_what_is_true(site: Site, logs: Path) -> None:
    run(site, logs, "new", "rates")
    file = site.folder / "docs" / "experiments" / "rates.toml"
    definition = file.read_text("utf-8")
    assert 1 <= definition.count("# check: ") <= 15
    assert tomllib.loads(definition)["replicates"] == ["seed"]
    # What the author decides: which difference matters, and which group others are held against.
    margin = 'margin = 3.0\nreason = "Smaller differences are of no use to us."'
    lines = [margin if line.startswith("# margin") else line for line in definition.splitlines()]
    chosen = re.sub(r'baseline = "[^"]*"', 'baseline = "learning rate 0.001"', "\n".join(lines))
    file.write_text(chosen + "\n", encoding="utf-8")
    found = json.loads(run(site, logs, "answers", "rates", "--json"))["answers"]
    of_return = {
        one["candidate"]["label"]: one["answer"]
        for one in found
        if not one["name"].endswith(".pace")
    }
    assert of_return == {"learning rate 0.01": "better", "learning rate 0.0001": "level"}

    site.build_well(logs)
    page = text_of(site.html / "docs" / "experiments" / "rates.html")
    assert "learning rate 0.01" in page
    these = text_of(site.html / "docs" / "these_logs.html")
    assert "9 runs of logs, all of declared experiments: Learning rate." in these
    # An experiment may be taken away by deleting its files, and all of them may be.
    for name in ("rates", BUNDLED):
        shutil.rmtree(site.folder / "notebooks" / name)
        shutil.rmtree(site.folder / "docs" / "experiments" / name)
        for ending in (".toml", ".rst"):
            (site.folder / "docs" / "experiments" / f"{name}{ending}").unlink()
    site.build_well(logs)
    files = json.loads((site.folder / "_build/doctrees/html/site_files.json").read_text("utf-8"))
    assert not [file for file in files["files"] if "rates" in file or BUNDLED in file]
