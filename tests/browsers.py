"""A browser of this machine, for tests that look at pages as readers do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def skip_for_want(what: str) -> NoReturn:
    """Skip for want of a program; where all checks must run, that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and on CI nothing may be skipped for that")
    pytest.skip(what)


@contextmanager
def start_browser() -> Iterator[Any]:
    """Start a browser of this machine, and end it."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    with playwright.sync_playwright() as running:
        try:
            browser = running.chromium.launch(
                executable_path=program,
                # Where none is on the PATH (Windows, macOS), the one installed in its usual place.
                channel=None if program else "chrome",
                args=BROWSER_OPTIONS,
            )
        except playwright.Error as error:
            skip_for_want(f"no Chromium or Chrome starts: {error.message.splitlines()[0]}")
        yield browser
        browser.close()
