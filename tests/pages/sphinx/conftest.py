"""Sites that several files of tests look at: built once, whichever process comes first."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from rulka_analysis.pages.locks import hold_lock
from tests.site_of_project import Site


@pytest.fixture(scope="session")
def bundled_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return the site of the bundled curves, just built; one file of tests may change it."""
    return _built_once(tmp_path_factory)[0]


@pytest.fixture(scope="session")
def bundled_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the pages of the bundled curves, to be looked at and not changed."""
    return _built_once(tmp_path_factory)[1]


def _built_once(factory: pytest.TempPathFactory) -> tuple[Site, Path]:
    # Of several processes each has a folder of its own in one that they share.
    own = factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = shared / "bundled site"
    site, pages = Site(folder / "a project ä"), folder / "pages ä"
    with hold_lock(shared / "bundled site.lock", waiting=print):
        if not pages.is_dir():
            # What a process that failed left there is built again, to fail in this one, too.
            shutil.rmtree(folder, ignore_errors=True)
            Site.copied(site.folder).build_well()
            shutil.copytree(site.html, pages)
    return site, pages
