"""What is no input of a notebook: Python, what is installed for it, what can be made again."""

from __future__ import annotations

import os
import site
import sys
import sysconfig

NEVER = ("/proc/", "/sys/", "/dev/", "/usr/share/fonts/", "/usr/local/share/fonts/")
"""Of the system or of a display: nothing there is a thing that a page may quote."""

LAUNCHERS = ("JPY_", "KERNEL_", "PYDEVD_", "RULKA_SNAPSHOT", "RULKA_BUILD", "IPYTHONDIR")
"""Beginnings of variables that whoever starts a kernel sets, differently each time."""

UNASKED = frozenset({"TMPDIR", "TEMP", "TMP", "COLUMNS", "LINES", "TERM", "MPLBACKEND"})
"""Variables that say where scratch files go and how a terminal or a kernel draws."""

# Where matplotlib, fontconfig, IPython and Jupyter keep what can be made again.
_CACHES = (
    (".cache",),
    (".config", "matplotlib"),
    (".matplotlib",),
    (".ipython",),
    (".jupyter",),
    (".local", "share", "jupyter"),
    (".fonts",),
)
# A Python of the system shares its prefix with everything else.
_SHARED = ("/", "/usr", "/usr/local")


def list_folders() -> tuple[str, ...]:
    """Return the folders of Python and of what is installed for it, each with a separator."""
    prefixes = (sys.prefix, sys.base_prefix)
    paths = {prefix for prefix in prefixes if prefix not in _SHARED}
    for scheme in ({}, {"base": sys.base_prefix, "platbase": sys.base_prefix}):
        found = sysconfig.get_paths(vars=scheme or None)
        paths |= {found[name] for name in ("stdlib", "platstdlib", "purelib", "platlib", "include")}
    paths |= {*site.getsitepackages(), site.getusersitepackages(), os.path.dirname(os.__file__)}
    # Elsewhere on the path, but installed: there it says of which versions.
    paths |= {entry for entry in sys.path if _holds_distributions(entry)}
    for name in ("MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "XDG_CACHE_HOME"):
        paths |= {os.environ[name]} if os.environ.get(name) else set()
    home = os.path.expanduser("~")
    paths |= {os.path.join(home, *parts) for parts in _CACHES}
    forms = (os.path.abspath, os.path.realpath)
    return tuple(sorted({os.path.join(form(path), "") for path in paths for form in forms}))


def _holds_distributions(folder: str) -> bool:
    try:
        return any(name.endswith(".dist-info") for name in os.listdir(folder or "."))
    except OSError:
        return False
