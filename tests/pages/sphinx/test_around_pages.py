"""What stands around the content of pages: style sheets and scripts, and what is not published."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_site import NOTEBOOKS, SmallSite


@pytest.fixture(scope="module")
def site(small_site: SmallSite, tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    return small_site.built_at(tmp_path_factory.mktemp("small") / "a site")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("rulka_analysis/pages/static/rulka.css", "}", "} "),
        ("rulka_analysis/pages/static/rulka.js", "// Makes", "//  Makes"),
        ("rulka_analysis/pages/templates/notebook-download.html", "this notebook", "the notebook"),
    ],
    ids=["style sheet", "script", "template"],
)
def test_every_page_names_the_style_sheets_and_scripts_there_are(
    site: SmallSite, tmp_path: Path, file: str, old: str, new: str
) -> None:
    before = site.files()
    site.replace(file, old, new)
    printed = site.build_well()
    assert printed.count("reused    ") == len(NOTEBOOKS)
    assert site.last_build["pages"] == []
    after = site.files()
    assert after != before
    # The same time stamps, as an installed file has them: what counts is what is in it.
    assert site.from_nothing(tmp_path / "fresh", "executed").files() == after


def test_what_only_a_developer_of_the_theme_needs_is_not_published(site: SmallSite) -> None:
    assert (site.html / "_static" / "webpack-macros.html").is_file()
    pages = {name for name in site.files() if name.startswith("_static/")}
    assert not [name for name in pages if name.endswith((".html", ".map"))]
