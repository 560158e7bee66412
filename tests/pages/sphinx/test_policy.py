"""Pages under their content security policy, in a browser: everything works, nothing complains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from tests.browsing import served
from tests.site_of_project import PAGE
from tests.small_site import SmallSite

STRICT = re.compile(
    r"default-src 'self'; img-src 'self' data:; "
    r"script-src 'self'( 'sha256-[\w+/=]+')+; style-src 'self'( 'sha256-[\w+/=]+')+"
)


@pytest.fixture
def complaints() -> list[str]:
    """What a page that is open said on the console, or could not load."""
    return []


@pytest.fixture
def page(browser: Any, complaints: list[str]) -> Iterator[Any]:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    # What the theme logs of its own doings is no complaint.
    opened.on("console", lambda m: complaints.append(m.text) if m.type != "log" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("requestfailed", lambda request: complaints.append(f"{request.url} failed"))
    yield opened
    context.close()


def policy_of(html: str) -> str:
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)" />', html)
    # Only what comes after it is under it.
    assert html.index("http-equiv") < min(html.index("<script"), html.index("<link"))
    return str(policy)


def pages(html: Path) -> list[Path]:
    found = [path for path in html.rglob("*.html") if "_static" not in path.parts]
    # These are no pages of Sphinx, and have a stricter policy of their own.
    return [path for path in found if not path.name.endswith(".evidence.html")]


def test_every_page_has_the_strict_policy_and_nothing_that_it_blocks(bundled_pages: Path) -> None:
    assert len(pages(bundled_pages)) > 20
    for path in pages(bundled_pages):
        html = path.read_text(encoding="utf-8")
        assert STRICT.fullmatch(policy_of(html)), path
        assert not re.search(r"<[a-z][^<>]*\s(style|on[a-z]+)=", html), path


@pytest.mark.long
def test_the_console_stays_empty_on_every_page(
    bundled_pages: Path, page: Any, complaints: list[str]
) -> None:
    for path in pages(bundled_pages):
        page.goto(path.as_uri())
        # All scripts have run, those that wait for the whole page included.
        page.wait_for_function("document.documentElement.dataset.theme !== ''")
        assert complaints == [], path


def test_what_scripts_do_still_works(bundled_pages: Path, page: Any, complaints: list[str]) -> None:
    page.goto((bundled_pages / PAGE).as_uri())
    number = page.locator("main button.rulka-number").first
    number.click()
    told = page.locator(".rulka-evidence:popover-open")
    told.locator("dl").first.wait_for()
    assert told.locator("strong").inner_text() == number.inner_text()
    assert abs(told.bounding_box()["x"] - number.bounding_box()["x"]) < 400, "placed beside it"
    page.keyboard.press("Escape")

    before = page.evaluate("document.documentElement.dataset.theme")
    page.locator("button.theme-switch-button:visible").first.click()
    page.locator('[data-mode="dark"]:visible').first.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark" != before

    page.goto((bundled_pages / "docs/guides/own_logs.html").as_uri())
    page.locator("button.copybtn").first.click(force=True)
    page.wait_for_selector("button.copybtn.success")

    # From a folder no browser reads the pages that are found.
    with served(bundled_pages, policy="") as address:
        page.goto(f"{address}/search.html?q=loss")
        page.wait_for_selector("#search-results li p.context")
    assert complaints == []


def test_figures_are_shown_without_scripts(bundled_pages: Path, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((bundled_pages / PAGE).as_uri())
    assert page.locator("figure img").first.is_visible()
    assert not page.locator(".pst-js-only").first.is_visible()
    context.close()


# --- What notebooks put out ---------------------------------------------------------------------

SHOWN = """\
# %% [markdown]
# # Show {title}

# %%
import rulka_analysis as ra
from IPython.display import HTML, display

# %%
{code}
"""
# As Plotly's own output: a script within the page, and where it guesses, one for JupyterLab alone.
PLOTLY = 'display(HTML(\'<div id="plot"></div><script>plot.textContent = "drawn"</script>\'))'
LAB_ALONE = 'display({"application/vnd.plotly.v1+json": {"data": []}}, raw=True)'
STYLER = "display(HTML('<style>#T_1 td {color: red}</style><table id=\"T_1\"></table>'))"
FRAME = """\
import pandas as pd

pd.DataFrame({"run": ["a\\u202eb\\x07", "<b>"], "loss": [0.5, 0.25]})
"""


@pytest.fixture(scope="module")
def site(small_site: SmallSite, tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    site = small_site.copied_to(tmp_path_factory.mktemp("small") / "a site")
    show(site, "a frame", FRAME)
    site.build_well()
    return site


def show(site: SmallSite, title: str, code: str, header: str = "") -> None:
    """Let the notebook `first` show something beside what it publishes."""
    file = site.folder / "notebooks" / "small" / "listed.py"
    publish = '\nra.publish("names", ", ".join(ra.open_logs().runs))\n'
    text = SHOWN.format(title=title, code=code)
    file.write_text(header + text + "\n# %%" + publish, encoding="utf-8")


SHOWING = "notebooks/small/listed.html"


def test_a_data_frame_is_a_table_of_ours(site: SmallSite, page: Any, complaints: list[str]) -> None:
    html = site.page(SHOWING)
    assert STRICT.fullmatch(policy_of(html))
    (table,) = BeautifulSoup(html, "html.parser").select("table.dataframe")
    assert [head.get_text() for head in table.select("thead th")] == ["", "run", "loss"]
    rows = [[cell.get_text() for cell in row.select("td")] for row in table.select("tbody tr")]
    assert rows == [[r"a\u202eb\x07", "0.50"], ["<b>", "0.25"]]
    assert not table.select("[style], [border]")
    page.goto((site.html / SHOWING).as_uri())
    assert complaints == []
    download = (site.html / "notebooks/small/listed.ipynb").read_text(encoding="utf-8")
    assert "style scoped" in download, "Jupyter shows it in its own way"


@pytest.mark.parametrize(
    ("code", "blocked"), [(PLOTLY, "a script"), (STYLER, "a style sheet")], ids=["plotly", "styler"]
)
def test_output_that_is_blocked_is_a_warning_that_names_the_cell(
    site: SmallSite, code: str, blocked: str
) -> None:
    show(site, "what is blocked", code)
    done = site.build()
    assert done.returncode != 0
    told = f"notebook notebooks/small/listed.py, code cell 2: its output holds {blocked}, which"
    assert done.stderr.count(told) == 1
    assert "csp: relaxed" in done.stderr
    assert done.stderr.count("content security policy") == 1, "it is told once"


def test_output_that_no_page_shows_is_a_warning_that_names_the_cell(site: SmallSite) -> None:
    show(site, "what only JupyterLab shows", LAB_ALONE)
    done = site.build()
    assert done.returncode != 0
    told = "notebook notebooks/small/listed.py, code cell 2: its output is for JupyterLab alone "
    assert done.stderr.count(told + "(application/vnd.plotly.v1+json)") == 1
    assert done.stderr.count("WARNING") == 1, "it is told once"
    # With a text beside it there is something to show.
    show(site, "what has words, too", LAB_ALONE.replace("}}", '}, "text/plain": "a plot"}'))
    site.build_well()
    assert "a plot" in site.page(SHOWING)


def test_metadata_relaxes_the_page_of_its_notebook_alone(
    site: SmallSite, page: Any, complaints: list[str]
) -> None:
    show(site, "a plot", PLOTLY, header="# ---\n# jupyter:\n#   csp: relaxed\n# ---\n\n")
    site.build_well()
    relaxed = site.page(SHOWING)
    assert "'unsafe-inline'" in policy_of(relaxed)
    assert "http" not in policy_of(relaxed), "nothing from another host"
    said = BeautifulSoup(relaxed, "html.parser").select_one(".admonition")
    assert "relaxes the content security policy" in said.get_text()
    for path in pages(site.html):
        if path != site.html / SHOWING:
            assert STRICT.fullmatch(policy_of(path.read_text(encoding="utf-8"))), path
    page.goto((site.html / SHOWING).as_uri())
    page.wait_for_function("plot.textContent === 'drawn'")
    assert complaints == []

    show(site, "a plot", PLOTLY, header="# ---\n# jupyter:\n#   csp: none\n# ---\n\n")
    done = site.build()
    assert done.returncode != 0
    assert "notebooks/small/listed.py: its metadata says csp = 'none'" in done.stderr
    assert "report" not in done.stderr
    show(site, "a frame", FRAME)
    site.build_well()
    assert policy_of(site.page(SHOWING)) != policy_of(relaxed)


def test_what_a_page_itself_holds_is_told_too(site: SmallSite) -> None:
    plain = site.folder / "docs" / "plain.rst"
    before = plain.read_text(encoding="utf-8")
    plain.write_text(before + '\n.. raw:: html\n\n   <p style="color: red">Red</p>\n', "utf-8")
    done = site.build()
    plain.write_text(before, encoding="utf-8")
    assert done.returncode != 0
    assert "docs/plain" in done.stderr
    assert "the page holds a style attribute" in done.stderr
    site.build_well()
