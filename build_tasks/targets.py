"""What can be asked for, and the table that says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from build_tasks.installation import ensure_installed
from build_tasks.lab import configure_lab
from build_tasks.lock import make_lock
from build_tasks.order import SETTINGS, Order, Target
from build_tasks.programs import choose_variables, run
from build_tasks.project import Project
from build_tasks.site import hold_build, locate_site, publish
from build_tasks.systems import delete
from build_tasks.telling import TaskError, UsageError, say


def prepare(project: Project, order: Order) -> None:
    """See to it that all that the target needs is installed."""
    extras = TARGETS[order.target].extras or ()
    ensure_installed(project, order.target, frozenset(extras))


def run_python(
    project: Project, order: Order, *arguments: str, serves: bool = False, **more: str
) -> int:
    """Run the Python of the virtual environment, with more variables if any are given."""
    command = [str(project.python), *arguments]
    variables = choose_variables(project, order) | more
    return run(command, folder=project.root, variables=variables, serves=serves)


def print_help(project: Project, order: Order) -> int:
    """Print what can be asked for."""
    print("python tasks.py TARGET [NAME=VALUE ...] [-- arguments of the program]")
    print("also: make TARGET [NAME=VALUE ...]   make.bat TARGET [NAME=VALUE ...]\n")
    for name, target in TARGETS.items():
        print(f"  {name:<12} {target.summary}")
    print()
    for name, meaning in SETTINGS.items():
        users = ", ".join(each for each, target in TARGETS.items() if name in target.settings)
        print(f"  {name:<12} {meaning} ({users})")
    return 0


def build_pages(project: Project, order: Order) -> int:
    """Build the pages, and publish them if all went well."""
    site = locate_site(project.build)
    page = site.published / "index.html"
    with hold_build(project):
        status = run_sphinx(project, order, "html", site.stage.name, "-W", "--keep-going")
        if status == 0:
            try:
                publish(site)
            except TaskError as error:
                say(f"error: {error}")
                status = 1
    if status == 0:
        say(f"The pages: {page}")
    elif page.exists():
        say(f"The site of the last good build is still there: {page}")
    return status


def write_experiment(project: Project, order: Order) -> int:
    """Write the sources of a new experiment about the logs."""
    if not order.called:
        raise UsageError("say what its files are called: make experiment NAME=batch_size")
    prepare(project, order)
    tell_log_directory(order)
    return run_python(project, order, "-m", "rulka_analysis", "new", order.called, *order.passed)


def repeat_notebooks(project: Project, order: Order) -> int:
    """Execute every notebook twice, and name those that give other results."""
    prepare(project, order)
    tell_log_directory(order)
    with hold_build(project):
        return run_python(project, order, "-m", "rulka_analysis.pages.repeat")


def check_links(project: Project, order: Order) -> int:
    """Look whether the addresses that pages point to answer."""
    with hold_build(project):
        return run_sphinx(project, order, "linkcheck", "linkcheck")


def run_sphinx(project: Project, order: Order, builder: str, folder: str, *options: str) -> int:
    """Run Sphinx. Each builder has its own doctrees: shared ones hide what is outdated."""
    prepare(project, order)
    tell_log_directory(order)
    options = (*options, "-b", builder, "-d", f"_build/doctrees/{builder}", *order.passed)
    return run_python(project, order, "-m", "sphinx", *options, ".", f"_build/{folder}")


def tell_log_directory(order: Order) -> None:
    """Say which log directory was asked for, if one was."""
    if order.log_directory is not None:
        say(f"Log directory: {order.log_directory}")


def run_checks(project: Project, order: Order) -> int:
    """Run every check, also after one that failed."""
    prepare(project, order)
    python = project.python
    checks: dict[str, list[str | Path]] = {
        "ruff check": [python, "-m", "ruff", "check"],
        "ruff format": [python, "-m", "ruff", "format", "--check"],
        # What it would keep for the next time saves less than a second.
        "imports": [python.with_name("lint-imports" + python.suffix), "--no-logo", "--no-cache"],
        "mypy": [python, "-m", "mypy"],
        "pytest": [python, "-m", "pytest", *SPREAD, *order.passed],
    }
    return run_each(project, order, checks)


# A file at a time: what its tests share, such as a site, is built once. In the order of collection:
# there the files that take longest come first. Two processes more than there are processors work
# while others wait for a browser or a kernel. A process that ended is not replaced: the new one
# would begin with the test that ended the last one, again and again.
SPREAD = (
    *("-n", str((os.cpu_count() or 1) + 2)),
    *("--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart=0"),
)


def run_each(project: Project, order: Order, commands: Mapping[str, Sequence[str | Path]]) -> int:
    """Run named programs one after the other, also after one that failed, and name those."""
    variables = choose_variables(project, order)
    failed = []
    for name, command in commands.items():
        say(f"== {name}")
        if run(command, folder=project.root, variables=variables) != 0:
            failed.append(name)
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def measure(project: Project, order: Order) -> int:
    """Run the measurements, also after one that failed."""
    measurements = sorted((project.root / "bench").glob("*.py"))
    if not measurements:
        raise TaskError("there is nothing to measure: bench/ holds no Python file")
    prepare(project, order)
    commands: dict[str, list[str | Path]] = {
        file.name: [project.python, file, *order.passed] for file in measurements
    }
    return run_each(project, order, commands)


def fuzz(project: Project, order: Order) -> int:
    """Look for bytes that the reader of event files reads wrongly."""
    if sys.platform != "linux" or sys.version_info >= (3, 14):
        raise TaskError(
            "atheris, which looks for such bytes, is built for Linux and Python 3.11 to 3.13 only. "
            "Run it there; `make test` tries random bytes on every system"
        )
    prepare(project, order)
    program = str(project.root / "fuzz" / "fuzz_events.py")
    return run_python(project, order, program, "--seconds", str(order.seconds), *order.passed)


def print_log_directory(project: Project, order: Order) -> int:
    """Print the log directory in effect."""
    print(ask_log_directory(project, order), flush=True)
    return 0


def ask_log_directory(project: Project, order: Order) -> Path:
    """Return LOGDIR, or what the package takes for it: what it may write or fetch first."""
    if isinstance(order.log_directory, Path):
        return order.log_directory
    question = (
        "import json, os, sys\n"
        "from rulka_analysis.project import open_logs\n"
        "from rulka_analysis.values.errors import RulkaError\n"
        "try:\n"
        "    print(json.dumps(os.fspath(open_logs().path)))\n"
        "except RulkaError as error:\n"
        "    sys.exit(f'error: {error}')\n"
    )
    prepare(project, order)
    answer = subprocess.run(
        [project.python, "-c", question],
        cwd=project.root,
        env=choose_variables(project, order),
        stdout=subprocess.PIPE,
        text=True,
    )
    if answer.returncode != 0:
        raise TaskError("the log directory cannot be opened, see above")
    return Path(json.loads(answer.stdout.splitlines()[-1]))


def show_tensorboard(project: Project, order: Order) -> int:
    """Show the log directory in TensorBoard, to this machine only."""
    folder = ask_log_directory(project, order)
    if (folder / "archive.toml").is_file():
        raise TaskError(f"{folder} is an archive, and TensorBoard shows event files only")
    prepare(project, order)
    say(f"Log directory: {folder}")
    options = ("--logdir", str(folder), "--host", "localhost", *order.passed)
    return run_python(project, order, "-m", "tensorboard.main", *options, serves=True)


def open_lab(project: Project, order: Order) -> int:
    """Open the notebooks in JupyterLab."""
    prepare(project, order)
    tell_log_directory(order)
    options = [
        f"--ServerApp.root_dir={project.root / 'notebooks'}",
        # Would search the machine for language servers, npm's included.
        "--LanguageServerManager.autodetect=False",
        *order.passed,
    ]
    settings = configure_lab(project)
    return run_python(project, order, "-m", "jupyterlab", *options, serves=True, **settings)


def verify_pages(project: Project, order: Order) -> int:
    """Compute every number of the published site again, from an archive of its logs."""
    try:
        told = (project.build / "last_build.json").read_text(encoding="utf-8")
        logs = Path(json.loads(told)["log_directory"])
    except (OSError, ValueError, KeyError):
        raise TaskError("there is no site to verify; build it first: make html") from None
    prepare(project, order)
    archive = logs
    if not (logs / "archive.toml").is_file():
        archive = project.build / "archive"
        making = ("-m", "rulka_analysis", "archive", str(logs), str(archive))
        if (status := run_python(project, order, *making)) != 0:
            return status
    script, site = project.root / "scripts" / "verify.py", locate_site(project.build).published
    return run_python(project, order, str(script), str(site), str(archive), *order.passed)


def clean(project: Project, order: Order) -> int:
    """Delete what was built, and nothing else."""
    build = project.build
    if build.is_symlink():
        raise TaskError(f"{build} is a link; what it points to is not deleted. Remove it by hand")
    if not build.exists():
        return 0
    with hold_build(project):
        for entry in list(build.iterdir()):
            if entry != project.build_lock:
                delete(entry)
        # The lock last and while it is held: who waits for it notices. Windows deletes no open
        # file; there a folder stays that holds nothing else.
        with suppress(OSError):
            project.build_lock.unlink()
            build.rmdir()
    return 0


READS_LOGS = frozenset({"LOGDIR"})
BUILDS = READS_LOGS | {"JOBS"}

TARGETS = {
    "help": Target("print this", print_help),
    "html": Target("build the pages into _build/html", build_pages, ("html",), BUILDS, "sphinx"),
    "experiment": Target(
        "write the sources of a new experiment about the logs: NAME says what they are called",
        write_experiment,
        (),
        READS_LOGS | {"NAME"},
        "rulka-analysis new",
    ),
    # With `lab`: whether notebooks open as notebooks is known only by opening one.
    "test": Target(
        "run all checks", run_checks, ("html", "lab", "test"), frozenset({"LONG"}), "pytest"
    ),
    "lab": Target(
        "open the notebooks in JupyterLab", open_lab, ("lab",), READS_LOGS, "jupyter lab"
    ),
    "tensorboard": Target(
        "show the log directory in TensorBoard", show_tensorboard, (), READS_LOGS, "tensorboard"
    ),
    "repeat": Target(
        "execute every notebook twice and name those whose results differ",
        repeat_notebooks,
        ("html",),
        BUILDS,
    ),
    "linkcheck": Target(
        "check the addresses in the pages", check_links, ("html",), BUILDS, "sphinx"
    ),
    "verify": Target(
        "compute every number of the site again", verify_pages, passes_to="scripts/verify.py"
    ),
    "bench": Target("run the measurements in bench/", measure, ("html", "bench"), passes_to="each"),
    "fuzz": Target(
        "look for bytes that are read wrongly (Linux)",
        fuzz,
        ("fuzz",),
        frozenset({"SECONDS"}),
        "fuzz/fuzz_events.py",
    ),
    "logdir": Target("print the log directory in effect", print_log_directory, (), READS_LOGS),
    "lock": Target(
        "make requirements.lock from pyproject.toml", make_lock, passes_to="uv pip compile"
    ),
    "clean": Target("delete _build", clean),
}
