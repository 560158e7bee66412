"""A small site of generated logs: three runs, four notebooks, four pages, built in seconds."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.event_files import record, scalar_event
from tests.site_of_project import Site, copy_parts
from tests.training_logs import TrainingRun, write_runs

RUNS = tuple(
    TrainingRun(name, minutes=8, seed=seed, loss=loss)
    for seed, (name, loss) in enumerate([("first", 0.15), ("second", 0.25), ("third", 0.35)])
)

FILES = {
    "index.rst": """\
        Small
        =====

        The loss of the first run ends at :result:`small/first`.

        .. toctree::

           docs/experiments/small
           docs/other
           docs/plain
           docs/guides/own_logs
           notebooks/small/first
           notebooks/small/second
           notebooks/small/drawn
           notebooks/small/listed
        """,
    "docs/experiments/small.rst": """\
        The experiment
        ==============

        Title: :result:`title`. The first: :result:`first`. The second: :result:`second`.

        .. result:: drawn

        The runs: :result:`names`
        """,
    "docs/other.rst": "Other\n=====\n\nThe second: :result:`small/second`.\n",
    "docs/plain.rst": "Plain\n=====\n\nQuotes nothing.\n\n.. index:: single: plainness\n",
    "docs/guides/own_logs.rst": "Own logs\n========\n\nBring them.\n\n.. index:: logs; own\n",
    "docs/experiments/small.toml": """\
        title = "A small experiment"
        question = "Which loss is lower?"
        baseline = "first"

        [maps]
        A01 = "A01"

        [runs.first]
        [runs.second]

        [comparisons.both]
        title = "Both"
        question = "Which?"
        candidates = ["second"]
        """,
    "notebooks/small/first.py": """\
        # %% [markdown]
        # # Ask for the first run

        # %%
        import rulka_analysis as ra

        logs = ra.open_logs()
        loss = logs["first"].scalars("Training/loss").value
        ra.publish("first", float(loss.iloc[-1]), digits=4)
        """,
    "notebooks/small/second.py": """\
        # %% [markdown]
        # # Ask for the second run, and for one that is not there

        # %%
        import helpful
        import rulka_analysis as ra

        logs = ra.open_logs()
        said = [
            float(logs[name].scalars("Training/loss").value.iloc[-1]) if name in logs else None
            for name in ("second", "fourth")
        ]
        ra.publish("second", f"{helpful.WORD}: {said}")
        """,
    "notebooks/small/drawn.py": """\
        # %% [markdown]
        # # Draw what the definition declares

        # %%
        import rulka_analysis as ra

        experiment = ra.load_experiment("small")
        ra.publish("title", experiment.title)
        ra.publish("drawn", ra.figures.curves(experiment.comparison("both"), "loss"))
        """,
    "notebooks/small/listed.py": """\
        # %% [markdown]
        # # List the runs

        # %%
        import rulka_analysis as ra

        ra.publish("names", ", ".join(ra.open_logs().runs))
        """,
}
NOTEBOOKS = {"first", "second", "drawn", "listed"}


def unindented(text: str) -> str:
    """Return a file's text as it stands among the code here, without its indentation."""
    return "\n".join(line.removeprefix("        ") for line in text.split("\n"))


@dataclass
class SmallSite(Site):
    """A small project with logs and packages of its own, in which a test may change anything."""

    variables: dict[str, str] = field(default_factory=dict)
    """More environment variables for each build."""

    @classmethod
    def made(cls, folder: Path) -> SmallSite:
        folder.mkdir(parents=True)
        copy_parts(folder, "rulka_analysis", "data", "conf.py")
        for name, text in FILES.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(unindented(text), encoding="utf-8")
        site = cls(folder)
        write_runs(site.logs, *RUNS)
        site.install_library("1.0", "before")
        return site

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def packages(self) -> Path:
        return self.folder / "packages"

    def install_library(self, version: str, word: str) -> None:
        """Install a version of the package that one notebook imports."""
        shutil.rmtree(self.packages, ignore_errors=True)
        described = self.packages / f"helpful-{version}.dist-info"
        described.mkdir(parents=True)
        metadata = f"Metadata-Version: 2.1\nName: helpful\nVersion: {version}\n"
        (described / "METADATA").write_text(metadata, encoding="utf-8")
        (described / "top_level.txt").write_text("helpful\n", encoding="utf-8")
        (described / "RECORD").write_text("helpful.py,,\n", encoding="utf-8")
        (self.packages / "helpful.py").write_text(f"WORD = {word!r}\n", encoding="utf-8")

    def environment(self, logs: Path | None) -> dict[str, str]:
        found = super().environment(logs or self.logs)
        return found | {"PYTHONPATH": str(self.packages)} | self.variables

    def file_of(self, run: str) -> Path:
        (file,) = (self.logs / run).glob("events*")
        return file

    def append(self, run: str, value: float, step: int = 10_000_000) -> int:
        """Append an event to a run's log; return the bytes it took."""
        file = self.file_of(run)
        # As long after the last event as the program would write it.
        event = scalar_event("Training/loss", step, value, 1_700_000_000 + 600)
        appended = record(event.SerializeToString())
        with file.open("ab") as stream:
            stream.write(appended)
        return len(appended)

    def replace(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} does not hold {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    @property
    def last_build(self) -> dict[str, Any]:
        text = (self.folder / "_build" / "last_build.json").read_text(encoding="utf-8")
        told: dict[str, Any] = json.loads(text)
        return told

    def reasons(self) -> dict[str, str]:
        """Return why each notebook of the last build ran that did."""
        ran = [found for found in self.last_build["notebooks"] if found["state"] != "reused"]
        return {found["name"].rpartition("/")[2]: found["reason"] for found in ran}

    def files(self) -> dict[str, bytes]:
        """Return every file of the site, by path."""
        listed = self.folder / "_build" / "doctrees" / "html" / "site_files.json"
        names = json.loads(listed.read_text(encoding="utf-8"))["files"]
        return {name: (self.html / name).read_bytes() for name in names}

    def copied_to(self, folder: Path) -> SmallSite:
        """Copy this site with its build: of its notebooks only those run that are changed."""
        shutil.copytree(self.folder, folder)
        return SmallSite(folder, dict(self.variables))

    def built_at(self, folder: Path) -> SmallSite:
        """Copy this site with its build, and build it there."""
        other = self.copied_to(folder)
        other.build_well()
        return other

    def from_nothing(self, folder: Path, *kept: str) -> SmallSite:
        """Copy what this site is made from, and these of its build folder, and build it there."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("_build"))
        for name in kept:
            shutil.copytree(self.folder / "_build" / name, folder / "_build" / name)
        other = SmallSite(folder, self.variables)
        other.build_well()
        return other

    def touch(self) -> None:
        for path in self.folder.rglob("*"):
            if "_build" not in path.parts and path.is_file():
                os.utime(path)
