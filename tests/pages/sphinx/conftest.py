"""Sites that several files of tests look at: built once, whichever process comes first."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.site_of_project import Site, made_once


@pytest.fixture(scope="session")
def bundled_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return the site of the bundled curves, just built; one file of tests may change it."""
    return Site(made_once(tmp_path_factory, "bundled site", _build) / "a project ä")


@pytest.fixture(scope="session")
def bundled_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the pages of the bundled curves, to be looked at and not changed."""
    return made_once(tmp_path_factory, "bundled site", _build) / "pages ä"


def _build(folder: Path) -> None:
    site = Site.copied(folder / "a project ä")
    site.build_well()
    shutil.copytree(site.html, folder / "pages ä")
