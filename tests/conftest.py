"""What every test starts from: nothing set, nothing asked, a build folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rulka_analysis.logs.runs import Logs
from rulka_analysis.project import open_logs
from rulka_analysis.values import questions


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
