"""How long builds take, and which of them leave an old number on a page.

    python bench/bench_builds.py [--runs 3] [--repeat 5] [--json FILE]

The same notebooks, logs, theme and Sphinx extensions in every mode; only who executes differs: this
project's extension, myst-nb (`force`, `cache`), or nobody (`off`). Two notebooks a run read its log
and publish a number, for their own page and for one that quotes all of them. With `-E` Sphinx reads
every page again. Each build is a process of its own; the modes take turns, and of several builds in
which nothing changed the fastest counts. Ratios are to this project's extension, of wall time and
(`cpu`) of processor time with that of all kernels; `run` is how many notebooks were executed. The
last two columns say whether pages show the new number once a log has changed.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

TAG = "Race/explo_race_time_trained_A01"
GAIN = 1.0
"""Seconds by which the races of a run are made faster, to see which page says so."""

NOTEBOOK = """\
# %% [markdown]
# # Notebook `{name}`

# %%
import os
from pathlib import Path

with Path(os.environ["BENCH_EXECUTED"]).open("a") as file:
    file.write("x")

# %%
import rulka_analysis as ra
from myst_nb import glue

best = float(ra.open_logs()["{run}"].scalars("{tag}").value.min())
ra.publish("{name}", best, unit="s")
glue("{name}", best, display=False)
"""
PAGE = """\
Page
====

{quotes}

.. toctree::

{notebooks}
   docs/guides/own_logs
"""
NOT_OURS = """
extensions.remove("rulka_analysis.pages.sphinx")
nb_custom_formats = {{".py": ["jupytext.reads", {{"fmt": "py:percent"}}]}}
nb_execution_mode = {mode!r}
nb_execution_timeout = 600
nb_execution_raise_on_error = True
"""


@dataclass(frozen=True)
class Mode:
    """Who executes the notebooks: `execution` is None for this project's extension."""

    name: str
    execution: str | None
    options: tuple[str, ...] = ()


OURS = Mode("this project", None)
OFF = Mode("myst-nb, off", "off")
MODES = (
    OURS,
    OFF,
    Mode("myst-nb, force", "force"),
    Mode("myst-nb, cache", "cache"),
    Mode("myst-nb, force, -E", "force", ("-E",)),
    Mode("myst-nb, cache, -E", "cache", ("-E",)),
)


@dataclass(frozen=True)
class Build:
    """What a build took: seconds, processor seconds where the system tells, notebooks executed."""

    wall: float
    cpu: float | None
    executed: int

    def faster(self, other: Build) -> Build:
        cpu = self.cpu if other.cpu is None or self.cpu is None else min(self.cpu, other.cpu)
        return Build(min(self.wall, other.wall), cpu, max(self.executed, other.executed))


@dataclass(frozen=True)
class Project:
    """A project of generated logs that is built in one of the modes."""

    folder: Path
    mode: Mode
    runs: int = 3

    @classmethod
    def written(cls, folder: Path, mode: Mode, runs: int = 3) -> Project:
        """Write a project: two notebooks a run, each with a page, and a page that quotes all."""
        project = cls(folder, mode, runs)
        for part in ("rulka_analysis", "data"):
            shutil.copytree(
                ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__")
            )
        conf = (ROOT / "conf.py").read_text(encoding="utf-8")
        if mode.execution is not None:
            conf += NOT_OURS.format(mode=mode.execution)
        project._write("conf.py", conf)
        # The banner of pages that show results links to this one.
        project._write("docs/guides/own_logs.rst", "Own logs\n========\n\nBring them.\n")
        for name, run in project.notebooks.items():
            text = NOTEBOOK.format(name=name, run=run, tag=TAG)
            project._write(f"notebooks/bench/{name}.py", text)
        quote = (
            ":result:`bench/{}`"
            if mode.execution is None
            else ":glue:text:`notebooks/bench/{0}.py::{0}:.2f` s"
        )
        quotes = "\n\n".join(f"``{name}``: {quote.format(name)}" for name in project.notebooks)
        entries = "\n".join(f"   notebooks/bench/{name}" for name in project.notebooks)
        project._write("index.rst", PAGE.format(quotes=quotes, notebooks=entries))
        project.write_logs()
        return project

    @property
    def notebooks(self) -> dict[str, str]:
        """The run that each notebook reads."""
        return {
            f"{part}_{number}": f"run_{number}"
            for number in range(self.runs)
            for part in ("one", "other")
        }

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def write_logs(self) -> None:
        from tests.training_logs import TrainingRun, write_runs

        runs = [TrainingRun(f"run_{seed}", seed=seed) for seed in range(self.runs)]
        write_runs(self.folder / "logs", *runs)

    def make_faster(self, run: str) -> None:
        """Change a run's log: every one of the races in question takes a second less."""
        from tests.training_logs import rewrite_event_file

        for file in (self.folder / "logs" / run).glob("events*"):
            rewrite_event_file(file, lambda tag, value: value - GAIN if tag == TAG else value)

    def number(self, run: str) -> str:
        """Return what pages have to show of a run, read from its log by TensorBoard itself."""
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        log = EventAccumulator(str(self.folder / "logs" / run), size_guidance={"scalars": 0})
        return f"{min(event.value for event in log.Reload().Scalars(TAG)):.2f}"

    def build(self) -> Build:
        """Build the site; a build that fails ends the measurement with what it printed."""
        counted = self.folder / "executed"
        counted.write_text("", encoding="utf-8")
        made = self.folder / "_build"
        command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", *self.mode.options]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("RULKA_")} | {
            "RULKA_LOGDIR": str(self.folder / "logs"),
            "PYTHONPATH": str(self.folder),
            "BENCH_EXECUTED": str(counted),
        }
        begin, cpu_begin = time.perf_counter(), _cpu_of_children()
        done = subprocess.run(
            [*command, "-d", str(made / "doctrees"), str(self.folder), str(made / "html")],
            env=environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        wall = time.perf_counter() - begin
        cpu_end = _cpu_of_children()
        if done.returncode != 0:
            raise SystemExit(f"{self.mode.name}: a build failed\n{done.stdout}{done.stderr}")
        cpu = None if cpu_begin is None or cpu_end is None else cpu_end - cpu_begin
        return Build(wall, cpu, len(counted.read_text(encoding="utf-8")))

    def shows(self, run: str, number: str, page: str) -> bool:
        """Say whether a page shows a number of a run: a notebook's own, or the one that quotes."""
        name = next(name for name, of in self.notebooks.items() if of == run)
        file = "index" if page == "quoting" else f"notebooks/bench/{name}"
        text = (self.folder / "_build" / "html" / f"{file}.html").read_text(encoding="utf-8")
        plain = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())
        before = f"{name} ?: ?" if page == "quoting" else ""
        return re.search(rf"{before}\b{re.escape(number)} s", plain) is not None


def _cpu_of_children() -> float | None:
    try:
        import resource
    except ImportError:
        return None
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True)
class Measured:
    """A mode's builds, and what its pages showed after one log had changed."""

    fresh: Build
    nothing_changed: Build
    one_log_changed: Build
    notebook_page: str = "-"
    quoting_page: str = "-"


def measure(folder: Path, runs: int, repeat: int) -> dict[str, Measured]:
    """Build in every mode, and look at the pages."""
    projects = [
        Project.written(folder / str(number), mode, runs) for number, mode in enumerate(MODES)
    ]
    fresh = {project.mode: project.build() for project in projects}
    # What a first build leaves to the second (Python's own caches) is no part of the others.
    again = {project.mode: project.build() for project in projects}
    for _ in range(repeat - 1):
        for project in projects:
            again[project.mode] = again[project.mode].faster(project.build())
    measured = {}
    for project in projects:
        changed, shown = change_one_log(project)
        found = Measured(fresh[project.mode], again[project.mode], changed)
        # Where nobody executes, no page has a number.
        measured[project.mode.name] = found if project.mode == OFF else replace(found, **shown)
    return measured


def change_one_log(project: Project) -> tuple[Build, dict[str, str]]:
    """Change a run's log and build again: what that took, and which number each page shows."""
    run = "run_0"
    before = project.number(run)
    project.make_faster(run)
    after = project.number(run)
    build = project.build()
    pages = ("notebook", "quoting")
    return build, {f"{page}_page": _verdict(project, run, before, after, page) for page in pages}


def _verdict(project: Project, run: str, before: str, after: str, page: str) -> str:
    shows = project.shows(run, before, page), project.shows(run, after, page)
    return {(False, True): "right", (True, False): "STALE"}.get(shows, "neither")


def table(measured: dict[str, Measured]) -> str:
    """Lay out what was measured."""
    columns = ("fresh", "nothing_changed", "one_log_changed")
    over = "".join(f"{name.replace('_', ' '):>34}" for name in columns)
    under = f"{'time':>13}{'ratio':>7}{'cpu':>7}{'run':>7}" * len(columns)
    lines = [f"{'':<20}{over}", f"{'':<20}{under}{'notebook':>10}{'quoting':>9}"]
    lines.append("-" * len(lines[-1]))
    ours = measured[OURS.name]
    for name, found in measured.items():
        line = f"{name:<20}"
        for column in columns:
            build: Build = getattr(found, column)
            base: Build = getattr(ours, column)
            cpu = f"{build.cpu / base.cpu:.2f}" if build.cpu and base.cpu else "-"
            line += (
                f"{build.wall:>11.2f} s{build.wall / base.wall:>7.2f}{cpu:>7}{build.executed:>7}"
            )
        lines.append(line + f"{found.notebook_page:>10}{found.quoting_page:>9}")
    off = measured[OFF.name].nothing_changed
    mine = ours.nothing_changed
    told = f"nothing changed: {mine.wall / off.wall:.2f} times as long as with execution off"
    if mine.cpu and off.cpu:
        told += f" ({mine.cpu / off.cpu:.2f} times the processor time)"
    return "\n".join([*lines, "", f"{told}, {mine.executed} notebooks run"])


def machine() -> str:
    """Describe what this runs on."""
    from importlib.metadata import version

    names = ("sphinx", "myst-nb", "jupyter-cache", "nbclient", "ipykernel", "pandas")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}, {versions}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="runs, two notebooks each (default 3)")
    parser.add_argument("--repeat", type=int, default=5, help="builds of each (default 5)")
    parser.add_argument("--json", type=Path, help="write what was measured to a file, too")
    arguments = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), arguments.runs, arguments.repeat)
    print(
        f"\n{arguments.runs * 2} notebooks on {arguments.runs} runs\n{table(measured)}", flush=True
    )
    if arguments.json:
        found = {name: asdict(one) for name, one in measured.items()}
        arguments.json.write_text(
            json.dumps({"machine": machine(), "builds": found}, indent=1), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
