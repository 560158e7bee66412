"""The whole way: from event files to pages, and back from changes and accidents."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter

from rulka_analysis.logs.events import find_event_files
from rulka_analysis.values.operations import OPERATIONS
from tests.evidence_files import evidence_of, numbers_of, pages_with_numbers, told_of
from tests.site_of_project import FURTHER, PAGE, Site

LANDING = "index.html"
COMPARISON = f"{FURTHER}/larger_batch.html"
NOTEBOOK = "notebooks/batch_size_and_running_speed/larger_batch.html"


@pytest.fixture(scope="module")
def site(bundled_site: Site) -> Site:
    return bundled_site


@pytest.fixture(scope="module")
def logs(site: Site) -> Path:
    """The bundled logs as the build wrote them."""
    (folder,) = (site.folder / "_build" / "published").iterdir()
    return folder


def text_of(html: str) -> str:
    """The page as it is read."""
    return re.sub(r"\s+", " ", BeautifulSoup(html, "html.parser").get_text())


def whole_text(site: Site) -> str:
    """The text of the experiment's page and its further pages."""
    return " ".join(text_of(html) for html in site.experiment().values())


def rewritten(source: Path, target: Path, factor: float, tag: str) -> None:
    """Copy an event file with the values of one tag multiplied."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

    with target.open("wb") as stream:
        writer = RecordWriter(stream)
        for record in RawEventFileLoader(str(source)).Load():
            event = Event.FromString(record)
            for value in event.summary.value:
                if value.tag == tag:
                    value.simple_value *= factor
            writer.write(event.SerializeToString())


@pytest.fixture
def halved(logs: Path, tmp_path: Path) -> Path:
    """A copy of the bundled logs in which the loss of uni_6 is half of what it was."""
    copy = tmp_path / "logs"
    shutil.copytree(logs, copy)
    (file,) = find_event_files(copy / "uni_6")
    (original,) = find_event_files(logs / "uni_6")
    rewritten(original, file, 0.5, "Training/loss")
    return copy


def test_pages_show_the_measured_numbers(site: Site) -> None:
    text = whole_text(site)
    for number in ("24.56 s", "24.77 s", "58.70 s", "66.94 s", "300.96", "2,962.12"):
        assert number in text
    assert "9.84 times" in text
    assert "2.46 times" in text
    assert re.search(r"53\.8 %", text)
    assert re.search(r"52\.\d %", text)
    assert "160 min" in text


def test_pages_still_show_the_figures_once_typed(site: Site) -> None:
    text = whole_text(site)
    a01 = ("24.56", "24.77", "24.58", "25.18", "25.10")
    hock = ("58.70", "66.94", "58.76", "74.24", "80.23")
    loss = ("77.72", "52.41", "29.07")
    learner_share = ("78.4", "80.4", "82.1")
    for number in (*a01, *hock, *loss, *learner_share):
        assert number in text, number


def test_every_number_can_be_asked_where_it_comes_from(site: Site) -> None:
    pages = pages_with_numbers(site.html)
    assert site.html / PAGE in pages
    for page in pages:
        evidence, numbers = evidence_of(page), numbers_of(page)
        assert numbers
        for number in numbers:
            entry = evidence["entries"][int(number["data-entry"])]
            assert entry["text"] == number.get_text()
            assert entry.get("operation") in OPERATIONS or entry["missing"]
            assert entry.get("notebook") is not None
        # Only numbers are quoted; each has an entry.
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        assert len(soup.select("article .rulka-number")) == len(numbers)
    evidence = evidence_of(site.html / COMPARISON)
    best = next(n for n in numbers_of(site.html / COMPARISON) if n.get_text() == "24.56 s")
    told = told_of(best, evidence)
    assert "Race/eval_race_time_robust_trained_A01" in told
    assert "uni_5/events.out.tfevents" in told
    assert "step 3658108" in told


def test_without_a_script_a_link_leads_to_the_evidence_as_a_table(site: Site) -> None:
    soup = BeautifulSoup(site.page(COMPARISON), "html.parser")
    (link,) = soup.select("a[data-script]")
    table = site.html / Path(COMPARISON).with_name(link["href"])
    soup_of_table = BeautifulSoup(table.read_text(encoding="utf-8"), "html.parser")
    rows = soup_of_table.select("tbody tr")
    evidence = evidence_of(site.html / COMPARISON)
    assert len(rows) == len(evidence["entries"]) > 100
    told = next(row for row in rows if "24.56 s" in row.get_text())
    (file,) = (link["href"] for link in told.select("a[href^='#f']"))
    assert (
        f"SHA-256 {evidence['files'][int(file[2:])]['sha256']}"
        in soup_of_table.select_one(file).text
    )
    assert "Content-Security-Policy" in table.read_text(encoding="utf-8")


def test_figures_are_files_with_words_and_numbers(site: Site) -> None:
    soup = BeautifulSoup(site.page(COMPARISON), "html.parser")
    figures = soup.select("figure.rulka-figure")
    assert len(figures) >= 5
    for figure in figures:
        (image,), (narrow,) = figure.select("img"), figure.select("source")
        for file in (image["src"], narrow["srcset"]):
            assert (site.html / COMPARISON).parent.joinpath(file).resolve().is_file()
        assert re.search(r"(falls|rises) from .+ at .+ to .+ at \d", image["alt"])
        assert figure.select_one("figcaption").get_text(strip=True)
        assert len(figure.select("details table tbody tr")) > 2


def test_pages_that_show_results_carry_the_banner(site: Site) -> None:
    for page in (LANDING, PAGE, COMPARISON, NOTEBOOK):
        banner = BeautifulSoup(site.page(page), "html.parser").select_one(".rulka-banner")
        assert "bundled curves" in banner.get_text()
        assert "every 5 minutes" in banner.get_text()
        assert banner.select_one("a")["href"].endswith("guides/own_logs.html")
    guide = BeautifulSoup(site.page("docs/guides/own_logs.html"), "html.parser")
    assert guide.select_one(".rulka-banner") is None


def test_nothing_is_loaded_from_another_host(site: Site) -> None:
    loading = re.compile(
        r"<(?:script|img|iframe|source|link)\b[^>]*\b(?:src|href|srcset)=\"([^\"]*)"
    )
    for page in site.html.rglob("*.html"):
        loaded = loading.findall(page.read_text(encoding="utf-8"))
        assert loaded, page
        assert not [url for url in loaded if re.match(r"(https?:)?//", url)], page


def test_private_outputs_reach_neither_page_nor_download(site: Site) -> None:
    download = site.html / "notebooks/batch_size_and_running_speed/larger_batch.ipynb"
    assert "vnd.rulka" not in download.read_text(encoding="utf-8")
    assert "vnd.rulka" not in site.page(NOTEBOOK)


def test_nothing_runs_when_nothing_changed(site: Site) -> None:
    before = site.pages()
    printed = site.build_well()
    assert not site.executions(printed)
    assert "reused" in printed
    assert site.pages() == before


@pytest.mark.long
def test_halved_loss_changes_what_the_page_says(site: Site, halved: Path) -> None:
    before = site.pages()

    printed = site.build_well(halved)
    assert "uni_6 changed" in "".join(site.executions(printed))
    text = whole_text(site)
    for number in ("4.92 times", "1.23 times", "1.28 times"):
        assert number in text
    assert "1.28 times" in text_of(site.page(NOTEBOOK))
    # What was typed is still told as typed; no number of these logs is that.
    for page in (*site.experiment(), LANDING, NOTEBOOK):
        if site.html / page not in pages_with_numbers(site.html):
            continue
        evidence = evidence_of(site.html / page)
        for number in numbers_of(site.html / page):
            if "9.84" in number.get_text():
                told = told_of(number, evidence)
                assert "as was said" in told or "as typed on the page" in told
    assert "the log directory logs" in text_of(site.page())

    # Back to the earlier state: served from the store, and the site is what it was.
    printed = site.build_well()
    assert not site.executions(printed)
    after = site.pages()
    assert {name: after[name] for name in before} == before


@pytest.mark.long
def test_a_missing_run_is_said_to_be_missing(site: Site, logs: Path, tmp_path: Path) -> None:
    copy = tmp_path / "only_one"
    shutil.copytree(logs / "uni_5", copy / "uni_5")
    printed = site.build_well(copy)
    assert "uni_10 is gone" in "".join(site.executions(printed))
    text = whole_text(site)
    assert "24.56 s" in text
    assert "24.77 s" not in text
    assert "not in these logs" in text
    assert "no run uni_6 in these logs" in text
    site.build_well()


@pytest.mark.long
def test_another_folder_another_hash_seed_another_moment_the_same_bytes(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.build_well()
    # Another name of the log directory would stand on the pages: it is an input.
    monkeypatch.setenv("PYTHONHASHSEED", "77")
    other = Site.copied(tmp_path / "elsewhere" / "b")
    other.build_well()
    files = {
        found.folder: json.loads(
            (found.folder / "_build/doctrees/html/site_files.json").read_text(encoding="utf-8")
        )["files"]
        for found in (site, other)
    }
    assert files[site.folder] == files[other.folder]
    differing = [
        name
        for name in files[site.folder]
        if (site.html / name).read_bytes() != (other.html / name).read_bytes()
    ]
    assert differing == []
