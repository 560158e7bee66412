"""Every command of this project: ``python tasks.py TARGET [NAME=VALUE ...] [-- arguments]``.

``Makefile`` and ``make.bat`` forward to this file, so that every system runs the same code. It
needs nothing but Python (and ``rulka_analysis.pages.locks``, which needs no more), and makes the virtual
environment ``.venv`` in which the targets run.

A value such as a log directory never passes through a shell on its way to a program: it arrives
here as one argument or as an environment variable, and leaves as the environment variable
RULKA_LOGDIR.
"""

import sys

# Before any import or annotation that an older Python would stumble over; for the same reason this
# file keeps to the syntax of Python 3.6.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        f"error: Python 3.11 or newer is needed; this is {sys.version.split()[0]} "
        f"({sys.executable}).\nInstall a newer one, or name one you have: "
        "make html PYTHON=python3.13 (Windows: set PYTHON=C:\\path\\to\\python.exe)"
    )

import hashlib
import importlib.util
import io
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

from rulka_analysis.pages.locks import held


def python_in(environment: Path, *, windows: bool = os.name == "nt") -> Path:
    """Return where the Python of a virtual environment is."""
    return environment / ("Scripts/python.exe" if windows else "bin/python")


ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "_build"
BUILD_LOCK = ".lock"
LOCK = ROOT / "requirements.lock"

ENVIRONMENT = ROOT / ".venv"
PYTHON = python_in(ENVIRONMENT)
STAMP = ENVIRONMENT / "installed.json"
# Beside the environment, which may be deleted and made anew while it is held.
INSTALLATION_LOCK = ROOT / ".venv.lock"

# What `lock` uses and what it promises: the lock is refused when a package is not there, built,
# for one of these. The version of uv is fixed because another one may write another form.
UV = "uv==0.13.9"
LOCKED_PYTHONS = ("3.11", "3.12", "3.13", "3.14")
LOCKED_PLATFORMS = ("x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin")

# Isolated: PYTHONPATH and the user's own packages are not looked at.
PIP = ("-I", "-m", "pip", "--no-input", "--disable-pip-version-check", "--quiet")

SETTINGS = {
    "LOGDIR": "the log directory; without it tensorboard/, or the bundled logs while that is empty",
    "JOBS": "how many notebooks run at the same time",
    "SECONDS": "for how long to look for bytes that are read wrongly; 60 without it",
}


class TaskError(Exception):
    """What went wrong, why, and what to do; shown without a traceback."""


class UsageError(TaskError):
    """The command cannot be understood."""


def say(message: str) -> None:
    """Tell what is going on, on standard error: standard output is for results."""
    print(message, file=sys.stderr, flush=True)


# --- The command ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """A command, understood."""

    target: str
    log_directory: Path | None = None
    """Absolute; None for the default."""
    jobs: int | None = None
    seconds: int = 60
    passed: tuple[str, ...] = ()
    """What stood behind ``--``: for the program that the target runs."""


def mended(arguments: Sequence[str], *, windows: bool = os.name == "nt") -> list[str]:
    r"""Undo what Windows' command interpreter does to ``NAME=VALUE``.

    It splits at the ``=`` when a batch file hands on ``%1 %2``; and in ``LOGDIR="C:\logs\"`` the
    last backslash makes the closing quote, and what follows it, part of the value.
    """
    pieces: list[str] = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if pieces and pieces[-1] in SETTINGS:
            pieces[-1] += "=" + argument
        elif windows and equals and name in SETTINGS and '"' in value:
            # No name of a Windows folder can hold a double quote.
            value, _, rest = value.partition('"')
            pieces += [name + "=" + value, *rest.split()]
        else:
            pieces.append(argument)
    return pieces


def understood(arguments: Sequence[str], environment: Mapping[str, str], typed_in: Path) -> Order:
    """Read a command: its target, its settings, and what it passes on."""
    arguments = list(arguments)
    end = arguments.index("--") if "--" in arguments else len(arguments)
    own, passed = mended(arguments[:end]), tuple(arguments[end + 1 :])

    settings = {name: environment[name] for name in SETTINGS if name in environment}
    targets = []
    for argument in own:
        name, equals, value = argument.partition("=")
        if not equals:
            targets.append("help" if argument in ("-h", "--help") else argument)
        elif name in SETTINGS:
            settings[name] = value
        else:
            raise UsageError(f"unknown setting {name!r}{alternatives(name, SETTINGS)}")
    if len(targets) > 1:
        raise UsageError(
            f"one target at a time, not {' and '.join(map(repr, targets))}. "
            'A value with a space in it is quoted: LOGDIR="my logs"'
        )
    target = targets[0] if targets else "help"
    if target not in TARGETS:
        raise UsageError(f"unknown target {target!r}{alternatives(target, TARGETS)}")
    if passed and not TARGETS[target].passes_to:
        raise UsageError(f"{target} takes no arguments after --")

    for name in sorted(set(settings) - TARGETS[target].settings):
        say(f"note: {target} does not use {name}")
    log_directory = jobs = None
    if "LOGDIR" in TARGETS[target].settings:
        # Given but empty asks for the default, whatever RULKA_LOGDIR says.
        value = settings.get("LOGDIR", environment.get("RULKA_LOGDIR", ""))
        log_directory = absolute_log_directory(value, typed_in) if value else None
    if "JOBS" in TARGETS[target].settings and settings.get("JOBS"):
        jobs = whole_number("JOBS", settings["JOBS"])
    order = Order(target, log_directory, jobs, passed=passed)
    if "SECONDS" in TARGETS[target].settings and settings.get("SECONDS"):
        return replace(order, seconds=whole_number("SECONDS", settings["SECONDS"]))
    return order


def alternatives(name: str, known: Iterable[str]) -> str:
    """Say which names there are, the nearest first."""
    known = list(known)
    close = nearest(name, known)
    guess = f"; did you mean {close!r}?" if close else "."
    return f"{guess} There are: {', '.join(known)}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the name that looks most like another one, upper and lower case being the same."""
    by_folded = {each.casefold(): each for each in known}
    close = get_close_matches(name.casefold(), by_folded, n=1)
    return by_folded[close[0]] if close else None


def whole_number(name: str, value: str) -> int:
    """Return the value of a setting that is a whole number from 1 on."""
    if not re.fullmatch(r"[1-9][0-9]*", value):
        raise UsageError(f"{name} is {value!r}; it must be a whole number from 1 on")
    return int(value)


# --- The log directory ---------------------------------------------------------------------------


def absolute_log_directory(value: str, typed_in: Path) -> Path:
    """Return the folder LOGDIR names, absolute, or explain why there is none.

    A relative one is relative to the folder the command was typed in.
    """
    # Not every shell replaces `~` behind a `=`.
    readings = [value, os.path.expanduser(value)]  # noqa: PTH111 (leaves an unknown `~` alone)
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        # Quotes that reached us were meant for another shell than the one that was used.
        readings.append(value[1:-1])
    folders = [typed_in / reading for reading in readings]
    folder = next((each for each in folders if each.is_dir()), folders[0])
    try:
        with os.scandir(folder):
            pass
    except FileNotFoundError:
        raise TaskError(f"LOGDIR: {no_such_folder(folder)}{eaten_backslashes(value)}") from None
    except NotADirectoryError:
        raise TaskError(
            f"LOGDIR: {folder} is no folder. Give the folder that holds one folder for each run"
        ) from None
    except (OSError, ValueError) as error:
        raise TaskError(f"LOGDIR: the folder {folder} cannot be read: {error}") from None
    # Links keep the name they were given, unless `..` behind one makes only the system know.
    return folder.resolve() if ".." in folder.parts else folder.absolute()


def no_such_folder(folder: Path) -> str:
    """Name the part of a path that does not exist, and what there is in its place."""
    parent = folder.parent
    missing = folder.name
    while not parent.is_dir() and parent != parent.parent:
        parent, missing = parent.parent, parent.name
    try:
        names = sorted(entry.name for entry in os.scandir(parent) if entry.is_dir())
    except OSError:
        names = []
    close = nearest(missing, names)
    if close:
        hint = f"did you mean {parent / close}?"
    else:
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        hint = f"the folders in {parent} are: {shown}" if names else f"{parent} holds no folder"
    return f"there is no folder {folder}; {hint}"


def eaten_backslashes(value: str) -> str:
    """Recognise a Windows path whose backslashes a shell has taken."""
    if re.match(r"[A-Za-z]:[^\\/]", value):
        return (
            f"\nThe value arrived as {value!r}: if it had backslashes, "
            "put it in single quotes: LOGDIR='C:\\logs'"
        )
    return ""


# --- Running programs ----------------------------------------------------------------------------


def child_environment(order: Order) -> dict[str, str]:
    """Return the environment variables of the programs a target runs."""
    # PYTHONPATH and PYTHONHOME would put other packages in the place of the locked ones; what make
    # tells its children is not meant for a make that one of our programs may start.
    left_out = {"PYTHONPATH", "PYTHONHOME", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
    left_out |= {"RULKA_LOGDIR", "RULKA_JOBS", *SETTINGS}
    # Packages are installed uncompiled: Python must be allowed to keep what it compiles of them.
    left_out |= {"PYTHONDONTWRITEBYTECODE"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment["VIRTUAL_ENV"] = str(ENVIRONMENT)
    environment["PATH"] = os.pathsep.join([str(PYTHON.parent), environment.get("PATH", os.defpath)])
    if order.log_directory is not None:
        environment["RULKA_LOGDIR"] = str(order.log_directory)
    if order.jobs is not None:
        environment["RULKA_JOBS"] = str(order.jobs)
    return environment


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    output: IO[str] | None = None,
    serves: bool = False,
) -> int:
    """Run a program in the project's folder and return its exit status.

    Ctrl-C reaches the program by itself; this only waits for it to end in its own way. A program
    that `serves` may ask what is meant and is left to it.
    """
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env=dict(environment),
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
    )
    interrupted = False
    try:
        while True:
            try:
                status = child.wait(timeout=15 if interrupted and not serves else None)
                break
            except KeyboardInterrupt:
                if interrupted and not serves:
                    raise
                interrupted = True
    except BaseException as error:
        child.terminate()
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
        if isinstance(error, subprocess.TimeoutExpired):
            raise KeyboardInterrupt from None
        raise
    if interrupted and not (serves and status == 0):
        raise KeyboardInterrupt
    return 128 - status if status < 0 else status


# --- The lock and what a target needs of it ------------------------------------------------------


# The lock does not say through which extra of a package another one is wanted. These are wanted
# through an extra of jsonschema that only JupyterLab's jupyter-events asks for. Where they are
# installed, whoever imports jsonschema imports them, and one takes seconds: pages need none of it.
THROUGH_EXTRA = {
    ("jsonschema", name): "jupyter-events"
    for name in (
        "fqdn",
        "idna",
        "isoduration",
        "jsonpointer",
        "rfc3339-validator",
        "rfc3986-validator",
        "rfc3987-syntax",
        "uri-template",
        "webcolors",
    )
}


class Pin(NamedTuple):
    """One entry of the lock: its lines, and the packages it is there for."""

    name: str
    lines: tuple[str, ...]
    wanted_by: frozenset[str]


def normalised(name: str) -> str:
    """Return the one spelling of a package's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_in(requirement: str) -> str:
    """Return the package a requirement names.

    Raises
    ------
    TaskError
        If it starts with no name.
    """
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    if match is None:
        raise TaskError(f"{requirement!r} names no package")
    return normalised(match[0])


def pins_in(text: str) -> list[Pin]:
    """Read a lock written by ``uv pip compile``, its ``# via`` annotations included.

    An annotation stands under its entry, either as ``# via one`` or as ``# via`` with a line
    ``#   name`` for each; one that starts with ``-`` names a file and no package.
    """
    pins: list[Pin] = []
    lines: list[str] = []
    wanted_by: set[str] = set()
    for line in [*text.splitlines(), "end"]:
        comment = re.match(r"\s+#(?: via)?\s*(.*)", line)
        if comment:
            if comment[1] and not comment[1].startswith("-"):
                wanted_by.add(name_in(comment[1]))
        elif line.startswith((" ", "\t")):
            lines.append(line)
        elif line and not line.startswith("#"):
            if lines:
                pins.append(Pin(name_in(lines[0]), tuple(lines), frozenset(wanted_by)))
            lines, wanted_by = [line], set()
    return pins


def subset(pins: Sequence[Pin], roots: Iterable[str]) -> list[Pin]:
    """Return the pins of `roots` and of all that they need, in the order of the lock.

    Raises
    ------
    TaskError
        If one of the roots is not in the lock.
    """
    needs: dict[str, set[str]] = {pin.name: set() for pin in pins}
    for pin in pins:
        parents = {THROUGH_EXTRA.get((parent, pin.name), parent) for parent in pin.wanted_by}
        for parent in parents & needs.keys():
            needs[parent].add(pin.name)
    wanted: set[str] = set()
    left = {name_in(root) for root in roots}
    missing = sorted(left - needs.keys())
    if missing:
        raise TaskError(
            f"{LOCK.name} does not hold {', '.join(missing)}, which pyproject.toml asks for. "
            "Run: python tasks.py lock"
        )
    while left:
        name = left.pop()
        wanted.add(name)
        left |= needs[name] - wanted
    return [pin for pin in pins if pin.name in wanted]


def declaration() -> dict[str, Any]:
    """Return the content of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def roots(declared: Mapping[str, Any], extras: Iterable[str]) -> list[str]:
    """Return the requirements of the package, of some of its extras, and of its installation."""
    project = declared["project"]
    optional = project["optional-dependencies"]
    return [
        *declared["build-system"]["requires"],
        *project["dependencies"],
        *(requirement for extra in sorted(extras) for requirement in optional[extra]),
    ]


# --- The virtual environment ---------------------------------------------------------------------


class Interpreter(NamedTuple):
    """What the Python of the virtual environment says of itself."""

    version: str
    """Major and minor."""
    packages: Path


class Wanted(NamedTuple):
    """What must be installed."""

    project: str
    """The project's folder; the commands in a virtual environment hold this path."""
    lock: str
    """Digest of the lock."""
    declared: str
    """Digest of what pyproject.toml says about the package itself."""
    extras: frozenset[str]


class Change(NamedTuple):
    """What has to be done to the virtual environment, and why."""

    rebuild: bool
    reason: str


def needed_change(
    stamp: Mapping[str, Any] | None, found: Interpreter | None, wanted: Wanted, present: set[str]
) -> Change | None:
    """Compare what is installed with what is wanted; None if nothing is to be done.

    `stamp` is what the last installation left, None if there was none; `present` are the names of
    the folders in which installed packages are registered.
    """
    if stamp is not None and not stamp.get("finished"):
        return Change(True, "an installation was interrupted")
    if found is None:
        return Change(True, "its Python does not start")
    if found.version in ("3.8", "3.9", "3.10"):
        return Change(True, f"its Python is {found.version}")
    if stamp is None:
        return Change(False, "nothing was installed by this command yet")
    if stamp["project"] != wanted.project:
        return Change(True, "the project's folder was moved or copied")
    if stamp["python"] != found.version:
        return Change(True, f"its Python was {stamp['python']} and is now {found.version}")
    if stamp["lock"] != wanted.lock:
        return Change(False, f"{LOCK.name} changed")
    if stamp["declared"] != wanted.declared:
        return Change(False, "pyproject.toml changed")
    added = sorted(wanted.extras - set(stamp["extras"]))
    if added:
        return Change(False, f"more is needed: {', '.join(added)}")
    gone = sorted(set(stamp["packages"]) - present)
    if gone:
        return Change(False, f"{gone[0].removesuffix('.dist-info')} was removed or replaced")
    return None


def ready(order: Order) -> str:
    """Return the Python of the virtual environment, with all that the target needs installed."""
    extras = frozenset(TARGETS[order.target].extras or ())
    if current_change(extras) is None:
        running, installed = f"{sys.version_info[0]}.{sys.version_info[1]}", read_stamp()
        if installed and installed["python"] != running:
            say(f"note: .venv has Python {installed['python']}; to take {running}, delete .venv")
        return str(PYTHON)
    with alone(INSTALLATION_LOCK):
        # Asked again: the command that held the lock may have installed just this.
        change = current_change(extras)
        if change is not None:
            install(order, extras, change)
    return str(PYTHON)


def current_change(extras: frozenset[str]) -> Change | None:
    """Look at the virtual environment as it is now."""
    if not ENVIRONMENT.exists():
        return Change(True, "there is none yet")
    found = interpreter()
    wanted = wanted_now(declaration(), extras)
    return needed_change(read_stamp(), found, wanted, registered(found) if found else set())


def wanted_now(declared: Mapping[str, Any], extras: frozenset[str]) -> Wanted:
    """Say what the files of the project ask for."""
    if not LOCK.exists():
        raise TaskError(
            f"{LOCK} is missing. Take it from version control, or: python tasks.py lock"
        )
    about_the_package = [
        declared["build-system"],
        declared["project"],
        declared.get("tool", {}).get("setuptools"),
    ]
    return Wanted(
        project=str(ROOT),
        lock=hashlib.sha256(LOCK.read_bytes()).hexdigest(),
        declared=hashlib.sha256(json.dumps(about_the_package).encode()).hexdigest(),
        extras=extras,
    )


def interpreter() -> Interpreter | None:
    """Ask the Python of the virtual environment for its version; None if it does not start."""
    question = (
        "import json, sys, sysconfig;"
        "print(json.dumps(['%d.%d' % sys.version_info[:2], sysconfig.get_path('purelib')]))"
    )
    try:
        answer = subprocess.run(
            [PYTHON, "-I", "-c", question], capture_output=True, text=True, check=True
        )
        version, packages = json.loads(answer.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None
    return Interpreter(version, Path(packages))


def registered(found: Interpreter) -> set[str]:
    """Return the names of the folders in which installed packages are registered."""
    return {folder.name for folder in found.packages.glob("*.dist-info")}


def read_stamp() -> dict[str, Any] | None:
    """Return what the last installation left; one that cannot be read counts as interrupted."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    known = {"project", "python", "lock", "declared", "extras", "pinned", "packages"}
    return stamp if isinstance(stamp, dict) and known.issubset(stamp) else {}


def write_stamp(content: Mapping[str, Any]) -> None:
    """Write the stamp in one step: a killed command leaves the old one or the new one."""
    beside = STAMP.with_suffix(".part")
    beside.write_text(json.dumps(content, indent=1), encoding="utf-8")
    beside.replace(STAMP)


def install(order: Order, extras: frozenset[str], change: Change) -> None:
    """Bring the virtual environment to what the project and the target ask for."""
    before = None if change.rebuild else read_stamp()
    if before is not None:
        extras |= set(before["extras"]) & set(declaration()["project"]["optional-dependencies"])
    declared = declaration()
    pins = subset(pins_in(LOCK.read_text(encoding="utf-8")), roots(declared, extras))
    say(
        f"Installing what {order.target} needs into {ENVIRONMENT.name} ({change.reason}): "
        f"{len(pins)} packages; this takes a minute, once ..."
    )
    started = time.monotonic()
    check_that_environments_can_be_made()
    if change.rebuild:
        make_environment()
    write_stamp({"finished": False})
    try:
        install_packages(pins, before)
    except InstallationError:
        # pip takes back what it did when it fails: what was installed before still is, and can
        # still be used, say without a network.
        if before is not None:
            write_stamp(before)
        elif not change.rebuild:
            STAMP.unlink()
        raise
    found = interpreter()
    if found is None:
        raise InstallationError("the Python in .venv does not start. Delete .venv and try again")
    wanted = wanted_now(declared, extras)
    pinned = {pin.name for pin in pins}
    write_stamp(
        {
            "finished": True,
            "project": wanted.project,
            "python": found.version,
            "lock": wanted.lock,
            "declared": wanted.declared,
            "extras": sorted(extras),
            "pinned": sorted(pinned),
            # Only those: what somebody installed beside them may come and go.
            "packages": sorted(
                name for name in registered(found) if normalised(name.rsplit("-", 2)[0]) in pinned
            ),
        }
    )
    say(f"Installed in {time.monotonic() - started:.0f} s.")


class InstallationError(TaskError):
    """Something could not be installed."""


def check_that_environments_can_be_made() -> None:
    """Explain what is missing where a distribution ships Python in parts."""
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise InstallationError(
            f"this Python ({sys.executable}) cannot make virtual environments: it lacks the "
            f"module {' and '.join(missing)}. On Debian and Ubuntu: "
            f"sudo apt install python{version}-venv"
        )


def make_environment() -> None:
    """Make an empty virtual environment, in the place of one that is of no use."""
    remove_environment()
    ENVIRONMENT.mkdir()
    write_stamp({"finished": False})
    run_quietly([base_python(), "-m", "venv", str(ENVIRONMENT)], "making the virtual environment")


def base_python() -> str:
    """Return the Python that is in no environment: `.venv`'s own may be about to be deleted."""
    return getattr(sys, "_base_executable", None) or sys.executable


def remove_environment() -> None:
    """Delete `.venv`, but nothing that is no virtual environment."""
    if ENVIRONMENT.is_symlink() or (
        ENVIRONMENT.exists()
        and not (ENVIRONMENT / "pyvenv.cfg").exists()
        and not STAMP.exists()
        and any(ENVIRONMENT.iterdir())
    ):
        raise InstallationError(
            f"{ENVIRONMENT} is no virtual environment made here; move it out of the way"
        )
    for left_over in ROOT.glob(".venv.old-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    if not ENVIRONMENT.exists():
        return
    # Renamed first: that fails as a whole where a program still uses it (Windows), and never
    # leaves half an environment under the name that is used.
    aside = ROOT / f".venv.old-{os.getpid()}"
    try:
        ENVIRONMENT.rename(aside)
        shutil.rmtree(aside)
    except OSError as error:
        raise InstallationError(
            f"the old virtual environment cannot be deleted: {error}\n"
            "Close the programs that use it (Jupyter, an editor, an activated terminal) and try "
            "again"
        ) from None


def installing_environment() -> dict[str, str]:
    """Return the environment variables for pip: the user's, but for what would mislead it here."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"}
    }
    # `pip install --user` as a habit in pip's configuration is refused inside an environment.
    environment["PIP_USER"] = "0"
    return environment


def install_packages(pins: Sequence[Pin], before: Mapping[str, Any] | None) -> None:
    """Install exactly the pins and the package itself."""
    if not PYTHON.with_name("pip" + PYTHON.suffix).exists():
        run_quietly([str(PYTHON), "-I", "-m", "ensurepip"], "installing pip")
    requirements = ENVIRONMENT / "requirements.txt"
    requirements.write_text(
        "\n".join(line for pin in pins for line in pin.lines) + "\n", encoding="utf-8"
    )
    pip = [str(PYTHON), *PIP]
    # Nothing to resolve: the lock is complete. Nothing compiled: Python does that by itself for the
    # small part that is imported, which saves a quarter of the time.
    options = ["--no-deps", "--no-compile", "--require-hashes"]
    run_quietly(
        [*pip, "install", *options, "--requirement", str(requirements)],
        "installing the packages",
    )
    superfluous = sorted(set(before["pinned"] if before else ()) - {pin.name for pin in pins})
    if superfluous:
        run_quietly([*pip, "uninstall", "--yes", *superfluous], "removing what is not needed now")
    # In place, so that a new module or a changed one is seen without installing again; without
    # isolation, because that would download a setuptools that is in no lock.
    run_quietly(
        [*pip, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        "installing rulka-analysis",
    )


def run_quietly(command: Sequence[str], what: str) -> None:
    """Run a part of an installation without its noise; if it fails, say why and show what it said.

    Raises
    ------
    InstallationError
        With the cause, if it is a known one, and the remedy.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as noise:
        status = run(command, environment=installing_environment(), output=noise)
        noise.seek(0)
        # pip warns of each folder in its configuration that does not exist; never the cause.
        said = [line for line in noise if not line.startswith("WARNING: Location ")]
    if status != 0:
        raise InstallationError(
            f"{what} failed: {cause(''.join(said))}\n{''.join('  ' + line for line in said[-30:])}"
        )


def cause(said: str) -> str:
    """Recognise why pip failed, and say what can be done."""
    for pattern, explanation in CAUSES:
        if re.search(pattern, said, re.IGNORECASE):
            return explanation
    return "for the reason that it gives itself:"


# The first that fits. A version that "cannot be found" is most often a network that is not there,
# which pip says above that line.
CAUSES = (
    (r"no space left", "the disk is full. Free some space and try again"),
    (
        r"do not match the hashes|hashes are required|expected sha256",
        f"what was downloaded is not what {LOCK.name} describes. If a mirror of the package index "
        "is set in pip's configuration, it changes packages; if the lock was edited, make it "
        "again: python tasks.py lock",
    ),
    (
        r"name resolution|getaddrinfo|nodename nor servname|newconnectionerror|connection refused"
        r"|network is unreachable|connecttimeout|readtimeout|timed out|connection broken"
        r"|remotedisconnected|connection reset",
        "the package index cannot be reached. Check the network (behind a proxy, set HTTPS_PROXY) "
        "and try again",
    ),
    (
        r"sslerror|certificate verify failed",
        "the package index's certificate is not trusted. Behind a company's proxy, give pip its "
        "certificate: pip config set global.cert FILE",
    ),
    (r"proxyerror|407 proxy", "the proxy refuses. Check HTTPS_PROXY and try again"),
    (
        r"long path",
        "Windows' limit on the length of paths. Move the project to a folder with a shorter path, "
        "or enable long paths in Windows",
    ),
    (
        r"no matching distribution|from versions: none|microsoft visual c\+\+|subprocess-exited",
        f"there is no ready package for this Python ({sys.version.split()[0]}) on this system. "
        f"The lock is made for Python {LOCKED_PYTHONS[0]} to {LOCKED_PYTHONS[-1]}: "
        "make html PYTHON=python3.13",
    ),
    (
        r"permission denied|access is denied|errno 13|winerror 5|winerror 32",
        "a file cannot be written. Close the programs that use .venv (Jupyter, an editor) and try "
        "again",
    ),
)


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Wait until no other command holds the lock, and hold it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(held(lock, waiting=say))
        except OSError as error:
            raise TaskError(
                f"the lock {lock} cannot be taken: {error}. See to it that you may write there"
            ) from None
        yield


# --- The site that is published ------------------------------------------------------------------

# Sphinx writes in place and leaves what earlier builds wrote, so it builds in a folder of its own:
# _build/stage. What is published is a copy of the files that belong to the site, made beside the
# published site and put in its place in one step.

# A scanner or an indexer holds files open for a moment, and Windows renames no folder that has one.
PAUSES_BEFORE_RENAMING_AGAIN = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2) if os.name == "nt" else ()


class Site(NamedTuple):
    """The folders of the site in `_build`."""

    published: Path
    new: Path
    """A copy that is being made, or an old site that is being deleted."""
    old: Path
    """The old site, while the new one takes its place and the system cannot exchange folders."""
    stage: Path
    listing: Path
    """Written by our extension of Sphinx after a build that went well, deleted when one begins."""


def site_in(build: Path) -> Site:
    """Return where the parts of the site are."""
    html = build / "html"
    listing = build / "doctrees" / "html" / "site_files.json"
    return Site(html, build / "html.new", build / "html.old", build / "stage", listing)


@contextmanager
def only_one_build() -> Iterator[None]:
    """Wait until no other command writes into `_build`, and undo what a killed one left there."""
    with alone(BUILD / BUILD_LOCK):
        put_in_order(site_in(BUILD))
        yield


def put_in_order(site: Site) -> None:
    """Give the published site its name back if a kill took it, and delete what is left over."""
    if lost(site):
        rename(site.old, site.published)
        say(f"A command was killed while it replaced {site.published}; the old site is back.")
    delete(site.new)
    if site.old.exists():
        # Half deleted, it must not be what is given back one day.
        rename(site.old, site.new)
        delete(site.new)


def lost(site: Site) -> bool:
    """Tell whether a command was killed between the two renames that publish."""
    return site.old.exists() and not site.published.exists()


def publish(site: Site) -> None:
    """Put the files that belong to the site in the place of what is published, all at once.

    Nothing is touched when they are published already.

    Raises
    ------
    TaskError
        If that cannot be done; what is published is then what it was.
    """
    if site.published.is_symlink():
        raise TaskError(f"{site.published} is a link and not replaced. Remove it and try again")
    wanted = files_of(site)
    present = {
        path.relative_to(site.published)
        for path in site.published.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    try:
        unchanged = {
            path
            for path in wanted & present
            if (site.stage / path).read_bytes() == (site.published / path).read_bytes()
        }
        if unchanged == wanted == present:
            return
        for path in wanted:
            (site.new / path).parent.mkdir(parents=True, exist_ok=True)
            if path not in unchanged or not linked(site.published / path, site.new / path):
                # Never linked: Sphinx writes into the files it has.
                shutil.copy2(site.stage / path, site.new / path)
    except OSError as error:
        raise TaskError(f"the pages cannot be copied to {site.new}: {error}") from None
    put_in_place(site)
    # What is in use stays; the next command deletes it.
    shutil.rmtree(site.new, ignore_errors=True)


def linked(file: Path, name: Path) -> bool:
    """Give a published file, which nobody writes into, one more name; False if that cannot be.

    So it keeps its time, and nothing is copied that did not change.
    """
    try:
        name.hardlink_to(file)
    except OSError:
        return False
    return True


def files_of(site: Site) -> set[Path]:
    """Return the files that belong to the site, relative to the stage."""
    remedy = "Build everything again: make clean, then make html"
    try:
        names = json.loads(site.listing.read_text(encoding="utf-8"))["files"]
        paths = [Path(name) for name in names]
        if not paths:
            raise ValueError("it names no file")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TaskError(
            f"which files belong to the site is not known: {site.listing} cannot be read "
            f"({error!r}). {remedy}"
        ) from None
    for path in paths:
        if path.anchor or ".." in path.parts:
            raise TaskError(f"{site.listing} names {path}, which is not in the site. {remedy}")
        if not (site.stage / path).is_file():
            raise TaskError(f"{site.stage / path} is missing from the site. {remedy}")
    return set(paths)


def put_in_place(site: Site) -> None:
    """Exchange the new site and the published one: in one step if the system can."""
    if not site.published.exists():
        rename(site.new, site.published)
    elif not exchanged(site.new, site.published):
        rename(site.published, site.old)
        try:
            rename(site.new, site.published)
        except TaskError:
            rename(site.old, site.published)
            raise
        # The site is published: what hinders this is told to the next command.
        with suppress(TaskError):
            rename(site.old, site.new)


def exchanged(one: Path, other: Path) -> bool:
    """Exchange the names of two folders in one step; False if system or file system cannot."""
    system: str = sys.platform
    try:
        import ctypes

        first, second = os.fsencode(one), os.fsencode(other)
        if system == "linux":
            here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE
            return bool(ctypes.CDLL(None).renameat2(here, first, here, second, exchange) == 0)
        if system == "darwin":
            swap = 2  # RENAME_SWAP
            return bool(ctypes.CDLL(None).renamex_np(first, second, swap) == 0)
    except (ImportError, OSError, AttributeError):
        # Another C library, an older system, a Python built without ctypes.
        pass
    return False


def rename(source: Path, target: Path) -> None:
    """Rename a folder, again after a while where a program is in the way."""
    for pause in (*PAUSES_BEFORE_RENAMING_AGAIN, None):
        try:
            source.rename(target)
            return
        except OSError as error:
            if pause is None or not isinstance(error, PermissionError):
                raise TaskError(
                    f"{source} cannot be renamed to {target.name}: {error}. Close the programs "
                    "that use this folder (a server, a terminal, an editor) and try again"
                ) from None
            time.sleep(pause)


def delete(entry: Path) -> None:
    """Delete a file, a link or a folder if it is there."""
    try:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise TaskError(
            f"{entry} cannot be deleted: {error}. Close the programs that use it and try again"
        ) from None


# --- The targets ---------------------------------------------------------------------------------


def help_(order: Order) -> int:
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


def html(order: Order) -> int:
    """Build the pages, and publish them if all went well."""
    site = site_in(BUILD)
    page = site.published / "index.html"
    with only_one_build():
        status = sphinx(order, "html", site.stage.name, "-W", "--keep-going")
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


def linkcheck(order: Order) -> int:
    """Look whether the addresses that pages point to answer."""
    with only_one_build():
        return sphinx(order, "linkcheck", "linkcheck")


def sphinx(order: Order, builder: str, folder: str, *options: str) -> int:
    """Run Sphinx. Each builder has its own doctrees: shared ones hide what is outdated."""
    python = ready(order)
    if order.log_directory is not None:
        say(f"Log directory: {order.log_directory}")
    options = (*options, "-b", builder, "-d", f"_build/doctrees/{builder}", *order.passed)
    return run(
        [python, "-m", "sphinx", *options, ".", f"_build/{folder}"],
        environment=child_environment(order),
    )


def test(order: Order) -> int:
    """Run every check, also after one that failed."""
    python = ready(order)
    environment = child_environment(order)
    checks = {
        "ruff check": ["ruff", "check"],
        "ruff format": ["ruff", "format", "--check"],
        "mypy": ["mypy"],
        "pytest": ["pytest", "-n", "2", *order.passed],
    }
    failed = []
    for name, arguments in checks.items():
        say(f"== {name}")
        if run([python, "-m", *arguments], environment=environment) != 0:
            failed.append(name)
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def bench(order: Order) -> int:
    """Run the measurements, also after one that failed."""
    measurements = sorted((ROOT / "bench").glob("*.py"))
    if not measurements:
        raise TaskError("there is nothing to measure: bench/ holds no Python file")
    python = ready(order)
    environment = child_environment(order)
    failed = []
    for file in measurements:
        say(f"== {file.name}")
        if run([python, str(file), *order.passed], environment=environment) != 0:
            failed.append(file.name)
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def fuzz(order: Order) -> int:
    """Look for bytes that the reader of event files reads wrongly."""
    if sys.platform != "linux" or sys.version_info >= (3, 14):
        raise TaskError(
            "atheris, which looks for such bytes, is built for Linux and Python 3.11 to 3.13 only. "
            "Run it there; `make test` tries random bytes on every system"
        )
    command = [ready(order), str(ROOT / "fuzz" / "fuzz_events.py")]
    command += ["--seconds", str(order.seconds), *order.passed]
    return run(command, environment=child_environment(order))


def logdir(order: Order) -> int:
    """Print the log directory in effect."""
    print(log_directory_in_effect(order), flush=True)
    return 0


def log_directory_in_effect(order: Order) -> Path:
    """Return LOGDIR, or what the package takes without it (it may write the bundled logs first)."""
    if order.log_directory is not None:
        return order.log_directory
    question = (
        "import json, os, sys\n"
        "import rulka_analysis as ra\n"
        "from rulka_analysis.values.errors import RulkaError\n"
        "try:\n"
        "    print(json.dumps(os.fspath(ra.open_logs().path)))\n"
        "except RulkaError as error:\n"
        "    sys.exit(f'error: {error}')\n"
    )
    answer = subprocess.run(
        [ready(order), "-c", question],
        cwd=ROOT,
        env=child_environment(order),
        stdout=subprocess.PIPE,
        text=True,
    )
    if answer.returncode != 0:
        raise TaskError("the log directory cannot be opened, see above")
    return Path(json.loads(answer.stdout.splitlines()[-1]))


def tensorboard(order: Order) -> int:
    """Show the log directory in TensorBoard, to this machine only."""
    folder = log_directory_in_effect(order)
    say(f"Log directory: {folder}")
    options = ("--logdir", str(folder), "--host", "localhost", *order.passed)
    return run(
        [ready(order), "-m", "tensorboard.main", *options],
        environment=child_environment(order),
        serves=True,
    )


def lab(order: Order) -> int:
    """Open the notebooks in JupyterLab."""
    python = ready(order)
    environment = child_environment(order) | jupyter_environment()
    if order.log_directory is not None:
        say(f"Log directory: {order.log_directory}")
    options = [
        f"--ServerApp.root_dir={ROOT / 'notebooks'}",
        # Would search the machine for language servers, npm's included.
        "--LanguageServerManager.autodetect=False",
        *order.passed,
    ]
    return run(
        [python, "-m", "jupyterlab", *options],
        environment=environment,
        serves=True,
    )


def clean(order: Order) -> int:
    """Delete what was built, and nothing else."""
    if BUILD.is_symlink():
        raise TaskError(f"{BUILD} is a link; what it points to is not deleted. Remove it by hand")
    if not BUILD.exists():
        return 0
    with only_one_build():
        for entry in list(BUILD.iterdir()):
            if entry.name != BUILD_LOCK:
                delete(entry)
        # The lock last and while it is held: who waits for it notices. Windows deletes no open
        # file; there a folder stays that holds nothing else.
        with suppress(OSError):
            (BUILD / BUILD_LOCK).unlink()
            BUILD.rmdir()
    return 0


def lock(order: Order) -> int:
    """Make the lock from pyproject.toml, and see that it serves every Python and system.

    Versions already locked stay where they can; ``-- --upgrade`` takes the newest.
    """
    check_that_environments_can_be_made()
    with tempfile.TemporaryDirectory(prefix="rulka-lock-") as folder:
        python = python_in(Path(folder))
        uv = str(python.with_name("uv" + python.suffix))
        say(f"Installing {UV} into a temporary environment ...")
        run_quietly([base_python(), "-m", "venv", folder], "making the temporary environment")
        run_quietly([str(python), *PIP, "install", UV], "installing uv")
        environment = installing_environment()
        options = ["--universal", "--generate-hashes", "--all-extras"]
        # The oldest Python decides and one version serves all: pages must not differ with the
        # Python that built them.
        options += ["--python-version", LOCKED_PYTHONS[0], "--fork-strategy", "fewest"]
        options += ["--custom-compile-command", "python tasks.py lock", "--quiet", *order.passed]
        command = [uv, "pip", "compile", *options, "--output-file", LOCK.name, "pyproject.toml"]
        if run(command, environment=environment) != 0:
            raise TaskError(f"{LOCK.name} was not made, see above")
        declared = declaration()
        extras = declared["project"]["optional-dependencies"]
        subset(pins_in(LOCK.read_text(encoding="utf-8")), roots(declared, extras))

        options = ["--quiet", "--dry-run", "--no-deps", "--require-hashes"]
        options += ["--only-binary", ":all:", "--target", "nowhere", "--requirements", str(LOCK)]
        # Away from pyproject.toml: without resolving, its constraints have no meaning.
        options += ["--directory", folder]
        unserved = []
        for version, platform in itertools.product(LOCKED_PYTHONS, LOCKED_PLATFORMS):
            of_one = ["--python-version", version, "--python-platform", platform]
            if run([uv, "pip", "install", *options, *of_one], environment=environment) != 0:
                unserved.append(f"Python {version} on {platform}")
    if unserved:
        raise TaskError(f"{LOCK.name} lacks built packages for {'; '.join(unserved)} (see above)")
    say(f"{LOCK.name} serves Python {', '.join(LOCKED_PYTHONS)} on Linux, Windows and macOS.")
    return 0


# --- JupyterLab ----------------------------------------------------------------------------------


def jupyter_environment() -> dict[str, str]:
    """Write JupyterLab's configuration into `.venv` and return the variables that make it count.

    What a user has in the home folder may name another contents manager, another viewer for Python
    files or another kernel `python3`: notebooks would open as text, or run in another Python.
    """
    folder = ENVIRONMENT / "jupyter"
    # The kernel ipykernel brings says `python`, but jupytext gives a notebook that names no kernel
    # only one with the full path of the Python it runs in; without, Jupyter asks for a kernel.
    kernel = {
        "argv": [str(PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        # Saved into the header of a notebook that has one; so the name that stands there.
        "display_name": "Python 3",
        "language": "python",
        "metadata": {"debugger": True},
    }
    for path, content in (
        ("labconfig/default_setting_overrides.json", LAB_SETTINGS),
        ("kernels/python3/kernel.json", kernel),
    ):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return {
        "JUPYTER_CONFIG_DIR": str(folder),
        "JUPYTER_DATA_DIR": str(folder),
        # These folders first, then what packages brought into the environment.
        "JUPYTER_PREFER_ENV_PATH": "0",
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "lab" / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "lab" / "workspaces"),
        # Empty means unset for these.
        "JUPYTER_CONFIG_PATH": "",
        "JUPYTER_PATH": "",
        "JUPYTER_RUNTIME_DIR": "",
        "JUPYTER_NO_CONFIG": "",
    }


LAB_SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"python": "Jupytext Notebook"}},
    # Asks another host, and the reader whether it may.
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}


# --- The table of targets ------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """One thing that can be asked for."""

    summary: str
    do: Callable[[Order], int]
    extras: tuple[str, ...] | None = None
    """What of pyproject.toml's optional dependencies it needs; None: not even the package."""
    settings: frozenset[str] = frozenset()
    passes_to: str = ""
    """The program that gets the arguments behind ``--``."""


READS_LOGS = frozenset({"LOGDIR"})

TARGETS = {
    "help": Target("print this", help_),
    "html": Target(
        "build the pages into _build/html", html, ("html",), READS_LOGS | {"JOBS"}, "sphinx"
    ),
    # With `lab`: whether notebooks open as notebooks is known only by opening one.
    "test": Target("run all checks", test, ("html", "lab", "test"), passes_to="pytest"),
    "lab": Target("open the notebooks in JupyterLab", lab, ("lab",), READS_LOGS, "jupyter lab"),
    "tensorboard": Target(
        "show the log directory in TensorBoard", tensorboard, (), READS_LOGS, "tensorboard"
    ),
    "linkcheck": Target(
        "check the addresses in the pages", linkcheck, ("html",), READS_LOGS | {"JOBS"}, "sphinx"
    ),
    "bench": Target("run the measurements in bench/", bench, ("html", "bench"), passes_to="each"),
    "fuzz": Target(
        "look for bytes that are read wrongly (Linux)",
        fuzz,
        ("fuzz",),
        frozenset({"SECONDS"}),
        "fuzz/fuzz_events.py",
    ),
    "logdir": Target("print the log directory in effect", logdir, (), READS_LOGS),
    "lock": Target("make requirements.lock from pyproject.toml", lock, passes_to="uv pip compile"),
    "clean": Target("delete _build", clean),
}


def terminated(*_: object) -> NoReturn:
    """End as after Ctrl-C, programs that were started included."""
    raise SystemExit(128 + signal.SIGTERM)


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A folder's name may hold what the terminal's encoding lacks.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace" if os.name == "nt" else "surrogateescape")
    signal.signal(signal.SIGTERM, terminated)
    try:
        order = understood(arguments, os.environ, Path.cwd())
        if lost(site_in(BUILD)):
            with only_one_build():
                pass
        return TARGETS[order.target].do(order)
    except TaskError as error:
        say(f"error: {error}")
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
