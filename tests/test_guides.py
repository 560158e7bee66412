"""The guides, followed literally: what they say to write is written, their commands are run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles

from build_tasks.targets import TARGETS
from rulka_analysis.project import load_catalogue
from tests.site_of_project import FURTHER, PROJECT, Site
from tests.training_logs import TrainingRun, write_runs

GUIDES = PROJECT / "docs" / "guides"
RUNS = ("uni_5", "uni_6", "uni_7", "uni_13")


class CodeBlock(Directive):
    """Sphinx's code-block, for reading a guide without Sphinx."""

    has_content = True
    required_arguments = 1
    option_spec = {"caption": directives.unchanged, "language": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        text = "\n".join(self.content)
        block = nodes.literal_block(text, text, language=self.arguments[0])
        block["caption"] = self.options.get("caption", "")
        return [block]


def code_blocks(guide: str) -> list[nodes.literal_block]:
    directives.register_directive("code-block", CodeBlock)
    directives.register_directive("literalinclude", CodeBlock)
    for role in ("doc", "class"):
        roles.register_generic_role(role, nodes.literal)
    source = (GUIDES / f"{guide}.rst").read_text(encoding="utf-8")
    return list(publish_doctree(source).findall(nodes.literal_block))


def write_as_told(guide: str, project: Path) -> None:
    """Append each captioned block to the file its caption names."""
    for block in code_blocks(guide):
        if block["caption"]:
            file = project / block["caption"]
            before = file.read_text(encoding="utf-8") if file.exists() else ""
            file.write_text(f"{before}\n{block.astext()}\n", encoding="utf-8")


def commands(guide: str) -> list[str]:
    return [
        line.removeprefix("$ ")
        for block in code_blocks(guide)
        if block["language"] == "console"
        for line in block.astext().splitlines()
    ]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    runs = [TrainingRun(name, minutes=30, seed=seed) for seed, name in enumerate(RUNS)]
    write_runs(folder, *runs)
    return folder


@pytest.mark.parametrize("guide", ["own_logs", "add_run", "add_metric"])
def test_commands_name_real_targets(guide: str) -> None:
    typed = commands(guide)
    assert typed
    for command in typed:
        words = shlex.split(command)
        if words[0] == "make":
            assert words[1] in TARGETS
            assert all(word.startswith("LOGDIR=") for word in words[2:])
        else:
            assert words[0] == ".venv/bin/rulka-analysis"


def test_terminal_commands_of_own_logs_run(logs: Path, tmp_path: Path) -> None:
    typed = [command for command in commands("own_logs") if "rulka-analysis" in command]
    assert len(typed) == 6
    for command in typed:
        words = command.replace("~/rulka/tensorboard", shlex.quote(str(logs)))
        arguments = shlex.split(words)[1:]
        done = subprocess.run(
            [sys.executable, "-m", "rulka_analysis", *arguments],
            cwd=tmp_path,
            env=None,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert "Training/loss" in (tmp_path / "loss.csv").read_text(encoding="utf-8")


@pytest.mark.long
def test_adding_a_run_and_a_metric_as_told(logs: Path, tmp_path: Path) -> None:
    site = Site.copied(tmp_path / "project")
    write_as_told("add_run", site.folder)
    write_as_told("add_metric", site.folder)
    site.build_well(logs)

    page = site.page(f"{FURTHER}/twice_the_batch.html")
    assert "Twice the batch" in site.page()
    assert re.search(r'id="batch-size-and-running-speed-twice-the-batch-time-a01"', page)
    assert "1024 · 512× against 512 · 512×" in page
    assert "Crashes on A01" in page
    written = site.folder / "rulka_analysis" / "domains" / "trackmania" / "catalogue.toml"
    catalogue = load_catalogue(written)
    assert catalogue.match("Race/crashes_A01").metric.name == "crashes"
    assert "metric-crashes" in site.page("docs/tensorboard_metrics.html")
