"""The page of the metrics reference, as it is built."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup, Tag

from rulka_analysis import read_scalars
from rulka_analysis.domains import DOMAINS
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue import Metric
from rulka_analysis.project import domain, load_catalogue
from tests import event_files as write
from tests.site_of_project import PROJECT, Site

CATALOGUE = load_catalogue()
METRICS = [pytest.param(metric, id=metric.name) for metric in CATALOGUE]
SOURCES = [
    PROJECT / "docs" / "tensorboard_metrics.rst",
    *(domain(name).guide_file for name in DOMAINS),
]
PAGE = "docs/tensorboard_metrics.html"
EVIL = "<script>alert('read me')</script>--<b>"


@pytest.fixture(scope="module")
def soup(bundled_pages: Path) -> BeautifulSoup:
    return BeautifulSoup((bundled_pages / PAGE).read_text(encoding="utf-8"), "html.parser")


def text_of(element: Tag) -> str:
    return re.sub(r"\s+", " ", element.get_text()).strip()


def as_read(text: str) -> str:
    """A text of the catalogue as a reader sees it, whatever its quotation marks."""
    return re.sub(r"[`*'’\"“”]", "", text)


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_has_its_entry(soup: BeautifulSoup, metric: Metric) -> None:
    entry = soup.find(id=f"metric-{metric.name}")
    assert entry is not None
    literals = [code.get_text() for code in entry.select("code")]
    assert {metric.pattern, metric.name, *metric.aliases} <= set(literals)
    shown = as_read(text_of(entry))
    for text in (metric.description, metric.interpretation, metric.watch_for):
        assert as_read(text) in shown
    if metric.better != "neither":
        assert f"{metric.better.capitalize()} is better." in shown
    assert not metric.per_unit_name or f"compared by {metric.per_unit_name}" in shown


def test_every_stage_links_to_its_metrics(soup: BeautifulSoup) -> None:
    stages = soup.select_one("dl.rulka-stages")
    assert stages is not None
    for term in stages.select("dt"):
        stage = term.get_text().lower()
        links = {a["href"] for a in term.find_next_sibling("dd").select("a")}
        assert links == {f"#metric-{m.name}" for m in CATALOGUE if stage in m.stages}


def test_metrics_the_logs_do_not_hold_say_so(bundled: Logs, soup: BeautifulSoup) -> None:
    tags = read_scalars(bundled.path).tag.unique()
    logged = {CATALOGUE.match(tag).metric.name for tag in tags}
    assert 0 < len(logged) < len(CATALOGUE)
    for metric in CATALOGUE:
        entry = soup.find(id=f"metric-{metric.name}")
        absent = "Not in these logs." in text_of(entry)
        assert absent == (metric.name not in logged)
        assert bool(entry.select("table")) != absent


def test_the_numbers_are_those_of_the_published_curves(soup: BeautifulSoup) -> None:
    curves = pd.read_csv(PROJECT / "data/published/published_curves.csv")
    for anchor, tag, factor, digits in (
        ("metric-loss", "Training/loss", 1, 2),
        ("metric-learner_share", "Performance/learner_percentage_training", 100, 1),
    ):
        rows = {
            row.select_one("th").get_text(strip=True): [text_of(cell) for cell in row.select("td")]
            for row in soup.find(id=anchor).select("table")[0].select("tbody tr")
        }
        of_tag = curves[curves.tag == tag].sort_values("minute", kind="stable")
        assert set(rows) == set(of_tag.run)
        # A log holds its values as float32.
        for run, logged in of_tag.astype({"value": "float32"}).groupby("run").value:
            low, high, last = (
                f"{factor * float(value):,.{digits}f}"
                for value in (logged.min(), logged.max(), logged.iloc[-1])
            )
            assert rows[run] == [f"{low} to {high}", last]


def test_the_page_is_readable_without_seeing_its_figures(soup: BeautifulSoup) -> None:
    figures = soup.select("figure.rulka-figure")
    assert len(figures) >= 6
    for figure in figures:
        assert all(len(image["alt"]) > 200 for image in figure.select("img"))
        assert figure.select("details table tbody tr")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: "/".join(source.parts[-2:]))
def test_no_digit_stands_in_prose(source: Path) -> None:
    """Outside of literals, roles and directives the page has no digit."""
    text = source.read_text(encoding="utf-8")
    prose = re.sub(r"``.+?``|:\w+:`[^`]+`|(?m:^ *\.\. .*$|^:\w+: .*$)", "", text)
    assert ("race" in prose) == ("trackmania" in source.parts)
    assert not re.findall(r".*\d.*", prose)


def test_no_digit_stands_in_what_is_generated(soup: BeautifulSoup) -> None:
    entries = BeautifulSoup(str(soup), "html.parser")
    for quoted in entries.select("code, .rulka-number, figure, table, svg, .rulka-entry-last"):
        quoted.decompose()
    for entry in entries.select(".rulka-metric"):
        assert not re.findall(r".*\d.*", entry.get_text())


def reference_alone(folder: Path) -> Site:
    """Return the project with no other pages than the reference."""
    site = Site.copied(folder)
    for unneeded in ("docs/experiments", "docs/api", "docs/guides"):
        shutil.rmtree(site.folder / unneeded)
    for page in ("about_this_build", "explore", "these_logs"):
        (site.folder / "docs" / f"{page}.rst").unlink()
    for notebooks in (site.folder / "notebooks").iterdir():
        if notebooks.is_dir() and notebooks.name != "tensorboard_metrics":
            shutil.rmtree(notebooks)
    guides = site.folder / "docs/guides"
    guides.mkdir()
    (guides / "own_logs.rst").write_text("Own logs\n========\n", encoding="utf-8")
    (site.folder / "index.rst").write_text(
        "Index\n=====\n\n.. toctree::\n\n   docs/tensorboard_metrics\n   docs/guides/own_logs\n",
        encoding="utf-8",
    )
    return site


@pytest.mark.long
def test_new_logs_and_a_new_meaning_reach_the_page(
    bundled: Logs, soup: BeautifulSoup, tmp_path: Path
) -> None:
    site = reference_alone(tmp_path / "project")
    logs = tmp_path / "logs"
    shutil.copytree(bundled.path, logs)
    write.write_event_file(logs / "evil", [write.scalar_event(EVIL, 1, 5.0)])
    assert "Every tag in these logs is in the catalogue" in soup.get_text()

    site.build_well(logs)
    page = site.page(PAGE)
    section = BeautifulSoup(page, "html.parser").find(id="uncatalogued-tags")
    assert EVIL in [code.get_text() for code in section.select("code")]
    assert "<script>alert" not in page
    assert "In 8 of 9 runs" in text_of(BeautifulSoup(page, "html.parser"))

    catalogue = site.folder / "rulka_analysis/domains/trackmania/catalogue.toml"
    meanings = catalogue.read_text(encoding="utf-8")
    catalogue.write_text(meanings.replace("never\ngradient updates", "and nothing else"), "utf-8")
    site.build_well(logs)
    assert "frames played, and nothing else" in site.page(PAGE)
