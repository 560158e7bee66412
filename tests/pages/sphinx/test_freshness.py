"""After any change the site is what a build from nothing makes it, for no more than it needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.event_files import scalar_event, write_event_file
from tests.small_site import NOTEBOOKS, SmallSite
from tests.training_logs import TrainingRun, write_run

EXPERIMENT, OTHER, PLAIN = "docs/experiments/small", "docs/other", "docs/plain"


def notebook(name: str) -> str:
    return f"notebooks/small/{name}"


@pytest.fixture(scope="module")
def site(small_site: SmallSite, tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    return small_site.built_at(tmp_path_factory.mktemp("small") / "a site")


@pytest.fixture(scope="module")
def changing(small_site: SmallSite, tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    """A site on which one change follows the other, in whatever order."""
    return small_site.built_at(tmp_path_factory.mktemp("changing") / "a site")


Change = Callable[[SmallSite], object]


def appended(site: SmallSite) -> None:
    site.append("first", 0.5)


def a_new_file(site: SmallSite) -> None:
    later = site.file_of("first").with_name("events.out.tfevents.1700009999.host.1.1")
    # It goes on where the others end, so that there is another last value.
    write_event_file(later, [scalar_event("Training/loss", 20_000_000, 0.25, 1_700_009_999.0)])


def a_run_appears(site: SmallSite) -> None:
    write_run(site.logs, TrainingRun("fourth", minutes=8, seed=9))


def a_run_goes(site: SmallSite) -> None:
    shutil.rmtree(site.logs / "third")


def another_definition(site: SmallSite) -> None:
    site.replace(f"{EXPERIMENT}.toml", "A small experiment", "A renamed experiment")


def another_catalogue(site: SmallSite) -> None:
    site.replace(
        "rulka_analysis/domains/trackmania/catalogue.toml",
        '= "loss per transition"',
        '= "loss a transition"',
    )


def another_figure_style(site: SmallSite) -> None:
    site.replace("rulka_analysis/pages/palette.py", 'Look("third", 3', 'Look("third", 4')


def another_version(site: SmallSite) -> None:
    site.install_library("1.1", "after")


# The number of runs is in the banner of every page that shows results.
WITH_BANNER = {"index", EXPERIMENT, OTHER, *map(notebook, NOTEBOOKS)}
CHANGES: list[tuple[Change, dict[str, str], set[str]]] = [
    (
        appended,
        {"first": "first changed (events.out… grew by 54 bytes)", "drawn": "first changed"},
        # The figure ends where the data of both runs do; its caption's number leads down to files.
        {"index", EXPERIMENT, *map(notebook, ("first", "drawn"))},
    ),
    (
        a_new_file,
        {"first": "first changed (events.out… is new)", "drawn": "first changed"},
        # The figure ends where the data of both runs do; its caption's number leads down to files.
        {"index", EXPERIMENT, *map(notebook, ("first", "drawn"))},
    ),
    (
        a_run_appears,
        {"second": "fourth appeared", "listed": "the list of runs changed"},
        WITH_BANNER,
    ),
    (
        a_run_goes,
        {"listed": "the list of runs changed"},
        WITH_BANNER,
    ),
    (
        another_definition,
        {"drawn": "docs/experiments/small.toml changed"},
        {EXPERIMENT, notebook("drawn")},
    ),
    (
        another_catalogue,
        {"drawn": "rulka_analysis/domains/trackmania/catalogue.toml changed"},
        {EXPERIMENT, notebook("drawn")},
    ),
    (
        another_figure_style,
        {"drawn": "module rulka_analysis.pages.palette changed"},
        {EXPERIMENT, notebook("drawn")},
    ),
    (
        another_version,
        {"second": "package helpful changed from 1.0 to 1.1"},
        {EXPERIMENT, OTHER, notebook("second")},
    ),
]


@pytest.mark.parametrize(
    ("change", "reasons", "pages"), CHANGES, ids=[change.__name__ for change, _, _ in CHANGES]
)
def test_a_change_costs_what_depends_on_it(
    changing: SmallSite, tmp_path: Path, change: Change, reasons: dict[str, str], pages: set[str]
) -> None:
    before = changing.files()

    change(changing)
    printed = changing.build_well()

    told = changing.reasons()
    assert told.keys() == reasons.keys()
    for name, reason in reasons.items():
        assert told[name].startswith(reason)
        assert f"executed  small/{name}: {reason}" in printed
    for name in NOTEBOOKS - reasons.keys():
        assert f"reused    small/{name}\n" in printed
    after = changing.files()
    assert set(changing.last_build["pages"]) == pages
    changed = {name for name in after if after[name] != before.get(name)}
    # Indices and downloads follow; of the pages exactly these.
    pages_alone = {name for name in changed if not name.endswith(".evidence.html")}
    content = {name for name in pages_alone if name.endswith(".html")} - {"genindex.html"}
    assert content == {f"{page}.html" for page in pages}
    if os.environ.get("RULKA_LONG") == "1":
        is_as_from_nothing(changing, tmp_path)


def test_after_all_these_changes_the_site_is_what_a_build_from_nothing_gives(
    changing: SmallSite, tmp_path: Path
) -> None:
    is_as_from_nothing(changing, tmp_path)


def is_as_from_nothing(site: SmallSite, folder: Path) -> None:
    after = site.files()
    fresh = site.from_nothing(folder / "elsewhere" / "fresh").files()
    assert after.keys() == fresh.keys()
    assert [name for name in fresh if fresh[name] != after[name]] == []


def test_touched_but_unchanged_nothing_runs_and_the_bytes_stay(site: SmallSite) -> None:
    before = site.files()
    site.touch()
    printed = site.build_well()
    assert printed.count("reused    ") == len(NOTEBOOKS)
    assert site.reasons() == {}
    assert site.files() == before


def test_another_log_directory_and_back(site: SmallSite, tmp_path: Path) -> None:
    before = site.files()
    other = tmp_path / "other logs"
    write_run(other, TrainingRun("first", minutes=8, seed=4, loss=0.7))
    site.build_well(other)
    assert site.reasons().keys() == NOTEBOOKS
    assert "the log directory other logs, 1 run." in site.page("index.html")
    site.build_well()
    assert site.reasons() == {}, "kept from before"
    assert site.files() == before


def test_a_removed_page_leaves_no_file_in_the_list(site: SmallSite, tmp_path: Path) -> None:
    copy = site.built_at(tmp_path / "fewer")
    (copy.folder / "docs" / "plain.rst").unlink()
    copy.replace("index.rst", "   docs/plain\n", "")
    copy.build_well()
    files = copy.files()
    assert "docs/plain.html" not in files
    assert "plainness" not in files["searchindex.js"].decode()
    assert not [name for name in files if name.endswith(".map")]
    assert copy.from_nothing(tmp_path / "fresh", "executed").files() == files
