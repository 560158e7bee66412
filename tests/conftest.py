"""What every test starts from: nothing set, nothing asked, a build folder of its own."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from rulka_analysis.logs.runs import Logs
from rulka_analysis.project import open_logs
from rulka_analysis.values import questions
from tests.browsing import started_browser
from tests.site_of_project import PROJECT, made_once
from tests.small_site import SmallSite

# The experiment that this project comes with. Where its author removed it, what is about it is
# skipped.
DEFINITION = "docs/experiments/batch_size_and_running_speed.toml"
ABOUT_IT = re.compile(
    r"batch_size_and_running_speed|\bbundled_(site|pages)\b|import .*\b(FURTHER|PAGE)\b"
)

# No property here is about time, and a machine may be busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out long checks unless they are asked for, and begin with files that build sites.

    Those take minutes: one that began last would keep all processes but its own waiting.
    """
    sites = {"pages", "test_guides.py", "test_hosting.py"}
    items.sort(key=lambda item: sites.isdisjoint(item.path.parts))
    if not (PROJECT / DEFINITION).exists():
        for item in items:
            if _is_about_it(item):
                item.add_marker(pytest.mark.skip(reason=f"{DEFINITION} was removed"))
    if os.environ.get("RULKA_LONG") != "1":
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="takes long: make test LONG=1 runs it"))


def _is_about_it(item: pytest.Item) -> bool:
    """Tell whether a test needs the experiment that this project comes with."""
    if isinstance(item, pytest.DoctestItem):
        return ABOUT_IT.search(str(item.dtest.docstring)) is not None
    return _names_it(item.path)


@functools.cache
def _names_it(path: Path) -> bool:
    return ABOUT_IT.search(path.read_text(encoding="utf-8")) is not None


@pytest.fixture(scope="session", autouse=True)
def build_folder_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep everything that can be made again out of the project's own ``_build``."""
    folder = tmp_path_factory.mktemp("build")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RULKA_BUILD", str(folder))
        for name in ("RULKA_LOGDIR", "RULKA_SNAPSHOT", "RULKA_PROJECT"):
            patch.delenv(name, raising=False)
        yield folder


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    questions.forget()


@pytest.fixture(scope="session")
def bundled(build_folder_of_the_tests: Path) -> Logs:
    """Return the bundled curves, written and read once."""
    from rulka_analysis.domains.trackmania.published import published_logs

    return open_logs(published_logs())


@pytest.fixture(scope="session")
def small_site(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    """Return the small site as it is built, to be looked at or copied and not changed."""

    def build(folder: Path) -> None:
        SmallSite.made(folder / "a site").build_well()

    return SmallSite(made_once(tmp_path_factory, "small site", build) / "a site")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a browser of this machine."""
    with started_browser() as started:
        yield started
