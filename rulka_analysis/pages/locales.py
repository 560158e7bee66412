"""A language setting that the system knows.

Nothing but the standard library: ``tasks.py`` uses this before anything is installed.
"""

from __future__ import annotations

import locale
from collections.abc import Mapping


def replace_unknown_locale(variables: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables in which a locale that is not installed is replaced.

    Programs that set the locale of their environment, Sphinx among them, end at one that the system
    does not know.

    Examples
    --------
    >>> replace_unknown_locale({"LANG": "tlh_KX.UTF-8"})["LC_ALL"].startswith("C")
    True
    """
    asked = {variables.get(name) for name in ("LC_ALL", "LANG")} | {
        value for name, value in variables.items() if name.startswith("LC_")
    }
    if all(not name or _is_known(name) for name in asked):
        return dict(variables)
    kept = {
        name: value
        for name, value in variables.items()
        if not name.startswith("LC_") and name not in ("LANG", "LANGUAGE")
    }
    return kept | {"LC_ALL": "C.UTF-8" if _is_known("C.UTF-8") else "C"}


def _is_known(name: str) -> bool:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return True
