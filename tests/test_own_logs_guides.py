"""The guides for people with logs of their own, followed literally in a project of their own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests import event_files as write
from tests.program_logs import write_yaml
from tests.site_of_project import PROJECT
from tests.test_guides import code_blocks, commands, write_as_told

GUIDES = ("other_programs", "first_page", "own_metric", "seeds")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with runs of two learning rates, three seeds each."""
    home = tmp_path_factory.mktemp("home")
    for name, rate, level in (("slow", 1e-4, 80.0), ("fast", 3e-4, 120.0)):
        for seed in (1, 2, 3):
            chance = np.random.default_rng(int(1e4 * rate) + seed)
            events = []
            for number in range(1, 61):
                now = write.STARTED + 60.0 * number
                reached = level * (1 - 0.9**number) + chance.normal(0, 1)
                events.append(
                    write.scalar_event("rollout/ep_rew_mean", 1000 * number, reached, now)
                )
                events.append(write.scalar_event("custom/wasted", 1000 * number, level / 4, now))
            folder = home / "runs" / f"{name}_{seed}"
            write.write_event_file(folder, events)
            write_yaml(folder / "hparams.yaml", {"learning_rate": rate, "seed": seed})
    return home


def follow(command: str, home: Path) -> str:
    """Run a command of a guide as somebody in their project would, and return what it prints."""
    words = shlex.split(command.replace("~", str(home)))
    project = home / "pages"
    environment = {n: v for n, v in os.environ.items() if not n.startswith("RULKA_")}
    environment |= {"PYTHONPATH": str(PROJECT), "RULKA_BUILD": str(home / "build")}
    if words[0] == "make":
        arguments = [str(project / "tasks.py"), *words[1:]]
        environment.pop("RULKA_BUILD")
    else:
        assert words[0] == ".venv/bin/rulka-analysis"
        arguments = ["-m", "rulka_analysis", *words[1:]]
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project if project.is_dir() else home,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_from_a_log_directory_to_an_answer(home: Path) -> None:
    typed = {guide: commands(guide) for guide in GUIDES}
    (begun,) = (line for line in typed["other_programs"] if " init " in line)
    follow(begun, home)
    project = home / "pages"
    for guide in GUIDES:
        if guide != "first_page":
            write_as_told(guide, project)
        for command in typed[guide]:
            if command == begun or command.startswith("make"):
                continue
            if "by_hand" in command:
                write_as_told(guide, project)
            told = follow(command, home)
            if "new rates" in command and "--dry-run" in command:
                assert "Nothing was written." in told
    # The guides' own words, held against what became of them.
    definition = (project / "docs" / "experiments" / "rates.toml").read_text("utf-8")
    assert "# check" in definition
    assert 'replicates = ["seed"]' in definition
    assert 'replicates = ["seed"]' in "".join(b.astext() for b in code_blocks("seeds"))
    by_hand = ".venv/bin/rulka-analysis answers by_hand --json --logdir ~/runs"
    (first, *_) = json.loads(follow(by_hand, home))["answers"]
    assert (first["candidate"]["label"], first["answer"]) == ("fast", "better")
    rates = ".venv/bin/rulka-analysis answers rates --json --logdir ~/runs"
    asked = {one["outcome"] for one in json.loads(follow(rates, home))["answers"]}
    assert asked == {"mean_return", "wasted"}


def test_what_they_wrote_builds(home: Path) -> None:
    built = {line for guide in GUIDES for line in commands(guide) if line.startswith("make")}
    assert built == {"make html LOGDIR=~/runs"}
    (project := home / "pages").joinpath("docs/experiments/by_hand.toml").unlink()
    follow(built.pop(), home)
    site = project / "_build" / "html" / "docs"
    assert "learning rate" in (site / "experiments" / "rates.html").read_text("utf-8")
