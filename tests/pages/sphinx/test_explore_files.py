"""Views on any page, and the files of the Explore page, which follow the logs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.event_files import scalar_event, write_event_file
from tests.small_site import SmallSite, unindented

FILES = {
    "docs/explore.rst": """\
        :html_theme.sidebar_secondary.remove: true

        Explore
        =======

        .. explore-page:: explore/curves
        """,
    "docs/quoting.rst": """\
        Quoting
        =======

        .. explore:: #x=steps&m=Training%2Floss&y=raw&g=first&s=5

        .. explore:: file:///anywhere/docs/explore.html#m=nobody%20logs%20this
        """,
    "notebooks/explore/curves.py": """\
        # %% [markdown]
        # # Take the curves

        # %%
        import rulka_analysis as ra

        ra.publish("curves", ra.exploring.curves(ra.open_logs()))
        """,
}
DATA = "_static/explore/data/"


@pytest.fixture(scope="module")
def site(small_site: SmallSite, tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    site = small_site.copied_to(tmp_path_factory.mktemp("curves") / "a site")
    for name, text in FILES.items():
        path = site.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(unindented(text), encoding="utf-8")
    pages = "   docs/explore\n   docs/quoting\n   notebooks/explore/curves\n"
    site.replace("index.rst", "   docs/plain\n", f"   docs/plain\n{pages}")
    site.build_well()
    return site


def data_of(site: SmallSite) -> dict[str, bytes]:
    return {name: content for name, content in site.files().items() if name.startswith(DATA)}


def test_a_view_is_a_figure_on_any_page_and_leads_there(site: SmallSite) -> None:
    soup = BeautifulSoup(site.page("docs/quoting.html"), "html.parser")
    (figure,) = soup.select("figure.rulka-figure")
    (link,) = figure.select("a.rulka-explore-link")
    assert link["href"] == "explore.html#x=steps&m=Training%2Floss&y=raw&g=first&s=5"
    image = figure.select_one("img")
    assert re.match(r"Line chart of .* 1 line\. first is .* frames\.$", image["alt"])
    assert (site.html / "docs" / image["src"]).resolve().is_file()
    assert "mean of the last" in figure.select_one("figcaption").get_text()
    assert "nobody logs this: not in these logs." in soup.get_text()
    assert soup.select_one(".rulka-banner") is not None


def test_the_notebook_names_what_it_kept_and_leads_to_the_page(site: SmallSite) -> None:
    soup = BeautifulSoup(site.page("notebooks/explore/curves.html"), "html.parser")
    assert "metrics of 3 runs." in soup.get_text()
    assert soup.select_one("a.rulka-explore-link")["href"] == "../../docs/explore.html"
    download = (site.html / "notebooks/explore/curves.ipynb").read_text(encoding="utf-8")
    assert len(download) < 10_000


def test_a_log_that_changes_changes_the_files_and_the_figures(site: SmallSite) -> None:
    before = site.files()
    site.append("second", 0.75)
    printed = site.build_well()
    assert "executed  explore/curves: second changed" in printed
    after = site.files()
    changed = {name for name in after if after[name] != before.get(name)}
    assert f"{DATA}index.js" in changed
    assert "docs/quoting.html" in changed
    assert {name for name in before if name.startswith(DATA)} <= after.keys()
    site.build_well()
    assert site.reasons() == {}
    assert site.files() == after


@pytest.mark.long
def test_the_files_are_those_of_a_build_from_nothing(site: SmallSite, tmp_path: Path) -> None:
    found = site.files()
    fresh = site.from_nothing(tmp_path / "fresh").files()
    assert found.keys() == fresh.keys()
    assert [name for name in fresh if fresh[name] != found[name]] == []


def test_the_files_of_a_metric_that_is_gone_go(site: SmallSite, tmp_path: Path) -> None:
    other = tmp_path / "other"
    events = [scalar_event("Training/loss", n, 1 / n) for n in range(1, 30)]
    write_event_file(other / "first" / "events.out.tfevents.1.host", events)
    before = data_of(site)
    site.build_well(other)
    assert sorted(data_of(site)) == [f"{DATA}0.js", f"{DATA}index.js"]
    assert sorted(path.name for path in (site.html / DATA).iterdir()) == ["0.js", "index.js"]
    assert '"runs":["first"]' in data_of(site)[f"{DATA}index.js"].decode("ascii")
    site.build_well()
    assert data_of(site) == before


def test_a_file_that_the_notebook_kept_and_is_gone_is_made_again(site: SmallSite) -> None:
    before = data_of(site)
    shutil.rmtree(site.folder / "_build" / "kept")
    site.build_well()
    assert site.reasons() == {"curves": "a file that it had kept is gone"}
    assert data_of(site) == before


def test_a_link_that_is_no_view_and_a_second_page_fail_the_build(site: SmallSite) -> None:
    path = site.folder / "docs" / "quoting.rst"
    good = path.read_text(encoding="utf-8")
    path.write_text(f"{good}\n.. explore:: #x=steps\n\n.. explore-page:: explore/curves\n", "utf-8")
    done = site.build()
    path.write_text(good, encoding="utf-8")
    assert done.returncode != 0
    assert "'#x=steps' is no view of the Explore page" in done.stderr
    assert "a site has one Explore page, and docs/explore is it" in done.stderr


def test_without_the_page_figures_have_no_link_and_views_are_not_published(
    site: SmallSite, tmp_path: Path
) -> None:
    shutil.copytree(site.folder, tmp_path / "without")
    other = SmallSite(tmp_path / "without")
    (other.folder / "docs" / "explore.rst").unlink()
    other.replace("index.rst", "   docs/explore\n", "")
    other.build_well()
    assert not [name for name in other.files() if name.startswith("_static/explore/")]
    assert "rulka-explore-link" not in other.page("docs/quoting.html")
