"""Browsers for tests: one that is started, and pages of curves as people use them."""

from __future__ import annotations

import csv
import functools
import http.server
import io
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.site_of_project import PROJECT

BROWSERS = ("chromium", "google-chrome", "chromium-browser", "chrome")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What a host may send: nothing but the site's own files, no script or style in the markup.
POLICY = "default-src 'self'; img-src 'self' data:"
AXE = PROJECT / "tests" / "vendored" / "axe-core"
TABLE = ".explore-now tbody tr"
# Keeps count of what a page has yet to do: what it put off by less than half a second. The dots
# of a search come every half second, and in Sphinx 9 they never end.
COUNTING = """(() => {
  const waiting = new Set(), put = window.setTimeout, clear = window.clearTimeout;
  window.setTimeout = (done, after = 0, ...given) => {
    const id = put(() => { waiting.delete(id); done(...given); }, after);
    if (after < 500) waiting.add(id);
    return id;
  };
  window.clearTimeout = (id) => { waiting.delete(id); clear(id); };
  window.settled = async () => {
    do {
      for (let frames = 0; frames < 2; frames += 1) await new Promise(requestAnimationFrame);
    } while (waiting.size);
  };
})()"""
# What the theme of the site says of itself in the console.
OF_THE_THEME = ("[PST]", "Got invalid theme mode")


def absent(what: str) -> NoReturn:
    """Skip for want of a program; where all checks must run, that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and on CI nothing may be skipped for that")
    pytest.skip(what)


class Handler(http.server.SimpleHTTPRequestHandler):
    policy = ""

    def do_GET(self) -> None:
        # A browser asks each server for it.
        if self.path == "/favicon.ico":
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def end_headers(self) -> None:
        if self.policy:
            self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path, policy: str = POLICY) -> Iterator[str]:
    """Serve a folder under a content security policy, and yield its address."""
    own = type("Own", (Handler,), {"policy": policy})
    handler = functools.partial(own, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def started_browser() -> Iterator[Any]:
    """Start the Chromium or Chrome that is installed."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    with playwright.sync_playwright() as running:
        try:
            started = running.chromium.launch(
                executable_path=program, channel=None if program else "chrome", args=OPTIONS
            )
        except playwright.Error as error:
            absent(f"no Chromium or Chrome can be started: {error.message.splitlines()[0]}")
        yield started
        started.close()


def find_barriers(page: Any, within: str, *rules: str) -> list[str]:
    """Return what axe finds within an element of a page, by all of its rules or these, in words."""
    page.evaluate((AXE / "axe.min.js").read_text(encoding="utf-8"))
    # Style sheets it would ask for again: from a folder it may not.
    options = {"preload": False, **({"runOnly": list(rules)} if rules else {})}
    found = page.evaluate("([within, options]) => axe.run(within, options)", [within, options])
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


class Opened:
    """A page that was opened, what it complained of and what it asked for."""

    def __init__(self, browser: Any, address: str, base: str = "", **settings: Any) -> None:
        self.browser, self.address = browser, address
        # What it may load stands below this; below its own folder unless given.
        self.base = base
        self.context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 960}, "accept_downloads": True, **settings}
        )
        self.context.add_init_script(COUNTING)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, view: str = "") -> Opened:
        self.page.goto("about:blank")
        self.page.goto(self.address + view)
        self.page.wait_for_selector(".explore[data-shown]")
        self.settle()
        return self

    def settle(self) -> None:
        """Wait until two frames are drawn and what was put off is done, as the address is."""
        self.page.evaluate("window.settled()")

    def shown(self, metric: int) -> None:
        self.page.wait_for_selector(f'.explore[data-shown="{metric}"]')
        self.settle()

    def metric(self, words: str) -> None:
        """Find a metric by typing."""
        self.page.click("#explore-metric")
        self.page.fill("#explore-metric", words)
        self.page.keyboard.press("Enter")
        self.settle()

    def choose(self, text: str) -> None:
        self.page.locator(".explore-segments label", has_text=re.compile(f"^{text}$")).click()
        self.settle()

    def rows(self) -> list[list[str]]:
        found: list[list[str]] = self.page.evaluate(
            f"""() => [...document.querySelectorAll("{TABLE}")].map((row) =>
                [...row.children].map((cell) => cell.innerText.trim()))"""
        )
        return found

    def download(self, button: str) -> bytes:
        with self.page.expect_download() as waiting:
            self.page.click(f".explore-buttons >> text={button}")
        return Path(waiting.value.path()).read_bytes()

    def csv(self) -> list[dict[str, str]]:
        text = self.download("CSV").decode("utf-8")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def live(self) -> str:
        return str(self.page.inner_text(".explore-data [aria-live]", timeout=1000))

    def link(self) -> str:
        return str(self.page.evaluate("location.hash"))

    def close(self) -> None:
        self.context.close()
        complaints = [told for told in self.complaints if not told.startswith(OF_THE_THEME)]
        assert complaints == [], complaints
        own = (self.base or self.address.rsplit("/", 1)[0], "about:", "data:", "blob:")
        assert [address for address in self.asked if not address.startswith(own)] == []
