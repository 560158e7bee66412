"""Virtual environments and pip: run without their noise, and explained where they fail."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from build_tasks.programs import run
from build_tasks.project import LOCK_NAME
from build_tasks.requirements import LOCKED_PYTHONS
from build_tasks.telling import InstallationError

# Isolated: PYTHONPATH and the user's own packages are not looked at.
PIP = ("-I", "-m", "pip", "--no-input", "--disable-pip-version-check", "--quiet")


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


def find_base_python() -> str:
    """Return the Python that is in no environment: `.venv`'s own may be about to be deleted."""
    return getattr(sys, "_base_executable", None) or sys.executable


def choose_pip_variables() -> dict[str, str]:
    """Return the environment variables for pip: the user's, but for what would mislead it here."""
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"}
    }
    # `pip install --user` as a habit in pip's configuration is refused inside an environment.
    variables["PIP_USER"] = "0"
    return variables


def run_quietly(command: Sequence[str], what: str, *, folder: Path) -> None:
    """Run a part of an installation without its noise; if it fails, say why and show what it said.

    Raises
    ------
    InstallationError
        With the cause, if it is a known one, and the remedy.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as noise:
        status = run(command, folder=folder, variables=choose_pip_variables(), output=noise)
        noise.seek(0)
        # pip warns of each folder in its configuration that does not exist; never the cause.
        said = [line for line in noise if not line.startswith("WARNING: Location ")]
    if status != 0:
        raise InstallationError(
            f"{what} failed: {explain_failure(''.join(said))}\n"
            + "".join("  " + line for line in said[-30:])
        )


def explain_failure(said: str) -> str:
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
        f"what was downloaded is not what {LOCK_NAME} describes. If a mirror of the package index "
        "is set in pip's configuration, it changes packages; if the lock was edited, make it "
        "again: python tasks.py lock",
    ),
    (
        r"name resolution|getaddrinfo|newconnectionerror|connection refused|timed out"
        r"|connection broken|connection reset|network is unreachable|proxyerror|sslerror",
        "the package index cannot be reached. Check the network and try again; behind a proxy, set "
        "HTTPS_PROXY, and give pip its certificate: pip config set global.cert FILE",
    ),
    (
        r"no matching distribution|from versions: none",
        f"there is no ready package for this Python ({sys.version.split()[0]}) on this system. "
        f"The lock is made for Python {LOCKED_PYTHONS[0]} to {LOCKED_PYTHONS[-1]}: "
        "make html PYTHON=python3.13",
    ),
    (
        r"permission denied|access is denied|winerror 5|winerror 32",
        "a file cannot be written. Close the programs that use .venv (Jupyter, an editor) and try "
        "again",
    ),
)
