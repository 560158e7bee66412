"""What every test starts from: nothing set, nothing asked, a build folder of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from rulka_analysis.logs.runs import Logs
from rulka_analysis.project import open_logs
from rulka_analysis.values import questions
from tests.site_of_project import Site

# What they ask needs the whole project built from the bundled curves: it is built once for them.
LOOK_AT_THE_BUNDLED_SITE = ("test_site.py", "test_reference_page.py", "test_policy.py")

# No property here is about time, and a machine may be busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let one process run all files that look at the bundled site, others a file each."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class BundledSiteTogether(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            together = file.endswith(LOOK_AT_THE_BUNDLED_SITE)
            return "the bundled site" if together else file

    return BundledSiteTogether(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out long checks unless they are asked for, and begin with files that build sites.

    Those take minutes: one that began last would keep all processes but its own waiting.
    """
    items.sort(key=lambda item: not ({"pages", "test_guides.py"} & set(item.path.parts)))
    if os.environ.get("RULKA_LONG") != "1":
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="takes long: make test LONG=1 runs it"))


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
def bundled_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return the project, built from the bundled curves; who builds it anew builds it back."""
    site = Site.copied(tmp_path_factory.mktemp("site") / "a project ä")
    site.build_well()
    return site
