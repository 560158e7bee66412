"""Pages: executes notebooks before reading, quotes their results, shows where numbers come from.

The order of a build:

1. ``builder-inited``: the log directory in effect is opened, notebooks that are out of date are
   executed, their results gathered.
2. ``env-get-outdated``: pages that quote a result whose digest changed are read again.
3. ``source-read``: myst-nb is handed the executed notebook in place of its source.
4. The role and the directive quote results; what a page quotes is kept in the environment.
5. ``build-finished``: the figures that pages quote are written beside them, notebooks as downloads.

Sphinx by itself can leave old pages behind a build that ended with an error or was killed, and call
the next one a success. A marker in the doctree folder, there from the start of a build until one
ends without error, makes the next build read everything again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import partial
from glob import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from rulka_analysis.logs.growth import still_running
from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.execute import SECONDS_A_CELL, execute_notebooks, is_notebook
from rulka_analysis.pages.locks import hold_lock
from rulka_analysis.pages.sphinx import absent, patches, site_files
from rulka_analysis.pages.sphinx.anchors import add_anchors
from rulka_analysis.pages.sphinx.answer_boxes import add_answer_nodes
from rulka_analysis.pages.sphinx.answer_tables import add_answer_tables
from rulka_analysis.pages.sphinx.blocks import add_blocks
from rulka_analysis.pages.sphinx.card_nodes import landing_cards
from rulka_analysis.pages.sphinx.collecting import NotesCollector
from rulka_analysis.pages.sphinx.entries import add_entries
from rulka_analysis.pages.sphinx.evidence import add_evidence
from rulka_analysis.pages.sphinx.explore import add_explore, write_explore_files
from rulka_analysis.pages.sphinx.landing import add_landing
from rulka_analysis.pages.sphinx.operations import add_operations
from rulka_analysis.pages.sphinx.outputs import find_blocked, prepare_outputs, take_unshown
from rulka_analysis.pages.sphinx.policy import RELAXATION, RELAXED
from rulka_analysis.pages.sphinx.prose import fail_on_typed, setup_typed_numbers
from rulka_analysis.pages.sphinx.published import Registry
from rulka_analysis.pages.sphinx.quoting import EXPERIMENTS, ResultDirective, ResultRole
from rulka_analysis.pages.sphinx.reference import add_directives
from rulka_analysis.pages.sphinx.rendering import add_nodes, data_banner, disclosure
from rulka_analysis.pages.sphinx.reporting import BuildStopped
from rulka_analysis.pages.sphinx.rules import add_rules
from rulka_analysis.pages.sphinx.state import (
    notes_of_current,
    notes_of_pages,
    share_state,
    state_of,
)
from rulka_analysis.pages.sphinx.stopping import let_go, stop_in_own_words, telling
from rulka_analysis.pages.sphinx.volatile import VolatileDirective
from rulka_analysis.project import open_logs
from rulka_analysis.values.digests import digest_file, digest_of, digest_text
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.places import build_folder
from rulka_analysis.values.text import printable

logger = logging.getLogger(__name__)

# What the Explore page and its static figures are made of.
_MADE_OF = (".py", ".js", ".css")
NOTEBOOKS = "notebooks"
MARKER = ".unfinished"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_config_value("rulka_jobs", 0, "", types=[int])
    app.add_config_value("rulka_seconds_a_cell", SECONDS_A_CELL, "", types=[int])
    add_nodes(app)
    add_evidence(app)
    app.add_role("result", ResultRole())
    app.add_directive("result", ResultDirective)
    add_directives(app)
    add_answer_nodes(app)
    add_answer_tables(app)
    add_anchors(app)
    add_blocks(app)
    add_explore(app)
    add_operations(app)
    add_rules(app)
    add_entries(app)
    add_landing(app)
    setup_typed_numbers(app)
    app.add_directive("volatile", VolatileDirective)
    app.add_env_collector(NotesCollector)
    patches.accept_no_experiment()
    app.connect("config-inited", telling(lock))
    app.connect("builder-inited", telling(execute))
    app.connect("env-get-outdated", absent.let_in)
    app.connect("missing-reference", absent.without_link)
    app.connect("env-before-read-docs", note_pages)
    app.connect("source-read", absent.stand_in)
    app.connect("source-read", telling(hand_over))
    app.connect("doctree-read", say_what_is_relaxed)
    app.connect("doctree-read", add_banner)
    app.connect("env-updated", telling(fail_on_missing))
    app.connect("env-updated", telling(fail_on_typed))
    app.connect("env-updated", site_files.write_again_what_links)
    app.connect("env-updated", telling(site_files.write_again_what_looks_different))
    app.connect("write-started", telling(site_files.clear_static_files))
    app.connect("write-started", telling(write_explore_files))
    app.connect("html-page-context", link_notebook)
    app.connect("html-collect-pages", patches.complete_search_index)
    # After every other listener: only a build that went well all the way ends the marker.
    app.connect("build-finished", telling(finish), priority=10_000)
    for style in ("look.css", "rulka.css", "tables.css", "entries.css", "landing.css"):
        app.add_css_file(style)
    for script in ("rulka.js", "tables.js"):
        app.add_js_file(script, loading_method="defer")
    # The log directory is read once, in this process.
    return {
        "version": "1",
        "env_version": _version_of_code(),
        "parallel_read_safe": False,
        "parallel_write_safe": True,
    }


def _version_of_code() -> int:
    """Return another number for other code: all pages are made anew then."""
    pages = Path(__file__).parent.parent
    sources = [*Path(__file__).parent.glob("*.py"), pages / "results.py", pages / "evidence.py"]
    sources += [path for path in (pages / "explore").rglob("*") if path.suffix in _MADE_OF]
    return int(digest_of([digest_file(path) for path in sorted(sources)])[:15], 16)


def lock(app: Sphinx, config: Config) -> None:
    """Let a second build of the same doctrees wait: it would read what this one writes."""
    config.exclude_patterns += list_helpers(Path(app.srcdir))
    config.template_bridge = "rulka_analysis.pages.sphinx.policy.PageTemplates"
    folder = Path(app.doctreedir)
    folder.mkdir(parents=True, exist_ok=True)
    waiting = partial(logger.info, "%s")
    state_of(app).lock.enter_context(hold_lock(folder / ".lock", waiting=waiting))


def list_helpers(project: Path) -> list[str]:
    """Return patterns of the modules beside notebooks, which are no pages."""
    return [
        escape(path.relative_to(project).as_posix())
        for path in sorted((project / NOTEBOOKS).rglob("*.py"))
        if not is_notebook(path)
    ]


def execute(app: Sphinx) -> None:
    """Execute the notebooks that are out of date and gather what they published."""
    stop_in_own_words(app)
    share_state(app)
    state = state_of(app)
    report = state.report
    report.builder = app.builder.name
    report.write(build_folder())
    site_files.begin(app)
    marker = Path(app.doctreedir) / MARKER
    state.force = marker.exists()
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text("a build began here and has not ended without error\n", encoding="utf-8")
    if state.force:
        logger.info("the last build did not end well: every page is read again")
    project = Path(app.srcdir)
    try:
        logs = open_logs()
        # Files are read up to the length they had when they were listed, just now; what is appended
        # later belongs to the next build.
        logger.info("logs: %s (%d runs)", printable(str(logs.path)), len(logs))
        report.log_directory = str(logs.path)
        absent.leave_out(app, logs, NOTEBOOKS)
        with report.of_notebooks() as (tell, advance):
            executed = execute_notebooks(
                list_notebooks(app),
                project / NOTEBOOKS,
                logs,
                project=project,
                store=build_folder() / "executed",
                jobs=app.config.rulka_jobs,
                seconds_a_cell=app.config.rulka_seconds_a_cell,
                report=tell,
                advance=advance,
            )
    except RulkaError as error:
        raise BuildStopped(str(error)) from error
    state.executed = {f"{NOTEBOOKS}/{name}": notebook for name, notebook in executed.items()}
    state.registry = Registry.of(list(executed.values()), NOTEBOOKS)
    report.still_running = list(still_running(logs, time.time()))
    state.conventions = logs.conventions
    state.banner = banner(logs, report.still_running)


def list_notebooks(app: Sphinx) -> list[Path]:
    """Return the notebooks that belong to the site."""
    project = Path(app.srcdir)
    names = app.project.discover(app.config.exclude_patterns, app.config.include_patterns)
    return sorted(
        project / app.project.doc2path(name, absolute=False)
        for name in names
        if name.startswith(f"{NOTEBOOKS}/")
    )


def banner(logs: Logs, running: Sequence[str] = ()) -> str:
    """Word which data pages are built from, and which runs still go on."""
    count = len(logs)
    stated = [run.provenance for run in logs if run.provenance is not None]
    if logs.bundled:
        where = "the bundled curves of the published runs"
    else:
        kind = "archive" if logs.archived else "log directory"
        where = f"the {kind} {printable(logs.name)}"
    text = f"Built from {where}, {count} run{'s' if count != 1 else ''}"
    if stated:
        finest = {p.resolution_minutes for p in stated if p.resolution_minutes}
        every = " and ".join(f"{minutes:g}" for minutes in sorted(finest))
        point = f", a point every {every} minutes" if every else ""
        text += f": {printable(stated[0].source)}{point}, not original logs"
        if len(stated) < count:
            text += f" ({len(stated)} of the runs; the others are original logs)"
    if running:
        text += f". Still running: {', '.join(map(printable, running))}"
    return text + ". To use others: "


def note_pages(app: Sphinx, env: BuildEnvironment, documents: list[str]) -> None:
    """Note which pages are read anew, for the report."""
    state_of(app).report.pages = sorted(documents)


def hand_over(app: Sphinx, document: str, content: list[str]) -> None:
    """Hand myst-nb the executed notebook; what was published is quoted like on any other page."""
    executed = state_of(app).executed.get(document)
    if executed is None:
        return
    notes = notes_of_current(app.env)
    notes.notebook = executed.digest
    notebook: dict[str, Any] = json.loads(json.dumps(executed.notebook))
    prepare_outputs(notebook, executed.experiment)
    notes.policy = str(notebook["metadata"].get("csp", ""))
    if notes.policy not in ("", RELAXED):
        raise BuildStopped(
            f"notebook {document}.py: its metadata says csp = {notes.policy!r}; there is "
            f"{RELAXED!r} alone, for a page on which scripts and styles of its output may run. "
            "Without it they may not"
        )
    for number, blocked in () if notes.policy else find_blocked(notebook):
        notes.blocked = True
        logger.warning(
            "notebook %s.py, code cell %d: its output holds %s, which the content security policy "
            "of pages blocks. Publish a figure or a table, show an image, or write csp: relaxed "
            "into the notebook's metadata, which loosens its page alone",
            document,
            number,
            blocked,
            location=document,
            type="rulka",
            subtype="policy",
        )
    for number, kinds in take_unshown(notebook):
        logger.warning(
            "notebook %s.py, code cell %d: its output is for JupyterLab alone (%s), and a page "
            "shows nothing of it. Publish a figure or a table, or show an image or HTML",
            document,
            number,
            printable(kinds),
            location=document,
            type="rulka",
            subtype="output",
        )
    content[0] = json.dumps(notebook)


def read_notebook(text: str) -> Any:
    """Read the executed notebook that `hand_over` put in place of a source, for myst-nb."""
    import nbformat

    return nbformat.reads(text, as_version=4)


def add_banner(app: Sphinx, doctree: nodes.document) -> None:
    """Say on every page that shows results which data they come from."""
    notes = notes_of_current(app.env)
    if not notes.quotes:
        return
    from sphinx import addnodes

    text = state_of(app).banner
    notes.banner = digest_text(text)
    link = addnodes.pending_xref(
        "",
        nodes.inline("", "build from your own logs"),
        refdomain="std",
        reftype="doc",
        reftarget="/docs/guides/own_logs",
        refexplicit=True,
        refwarn=True,
        refdoc=app.env.current_document.docname,
    )
    # The same on all pages, a search would find them all; and the index does not name the source.
    node = data_banner("", "", nodes.Text(text), link, nodes.Text("."), classes=["no-search"])
    of_experiment = app.env.current_document.docname.startswith(EXPERIMENTS)
    cards = next(iter(doctree.findall(landing_cards)), None)
    if notes.explorer or of_experiment or cards is not None:
        # The chart comes first there, and the answer: it is all that the page is for.
        # The page of an experiment has few words: there it is read on demand.
        if app.env.current_document.docname.startswith(EXPERIMENTS):
            node = disclosure("", node, summary="Data used")
        next(iter(doctree.findall(nodes.section)), doctree).append(node)
    else:
        put_first(doctree, node)


def say_what_is_relaxed(app: Sphinx, doctree: nodes.document) -> None:
    """Say on a page that its policy is relaxed."""
    if notes_of_current(app.env).policy == RELAXED:
        put_first(doctree, nodes.note("", nodes.paragraph("", RELAXATION)))


def put_first(doctree: nodes.document, node: nodes.Node) -> None:
    """Put a node below the title of a page."""
    section = next(iter(doctree.findall(nodes.section)), None)
    if section is None:
        doctree.insert(0, node)
        return
    titles = [i for i, child in enumerate(section.children) if isinstance(child, nodes.title)]
    section.insert(titles[0] + 1 if titles else 0, node)


def fail_on_missing(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """End the build if a page quotes what nobody published."""
    missing = [line for notes in notes_of_pages(env).values() for line in notes.missing]
    if missing:
        there = sorted(state_of(app).registry.results)
        raise BuildStopped(
            "pages quote results that were not published:\n  "
            + "\n  ".join(missing)
            + "\nPublished are: "
            + (", ".join(there) or "none")
        )
    return []


def link_notebook(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Tell the page of a notebook where its download is."""
    if page in state_of(app).executed:
        context["rulka_notebook_download"] = Path(page).name + ".ipynb"


def finish(app: Sphinx, error: Exception | None) -> None:
    """Write what belongs beside the pages, and say how the build ended."""
    state = state_of(app)
    report = state.report
    if state.failed_writes.first is not None:
        # Sphinx warns of a page that it cannot write, and goes on.
        raise state.failed_writes.first
    warned = bool(app._warncount and app._fail_on_warnings)
    well = error is None and not warned and app.statuscode == 0
    if error is None and app.builder.format == "html":
        site_files.write_files(app)
    if well:
        report.outcome, report.error = "succeeded", ""
        if app.builder.name == "html":
            site_files.write_list(app)
    else:
        report.error = str(error) if error else "there were warnings; they stand above"
    report.write(build_folder())
    if well:
        (Path(app.doctreedir) / MARKER).unlink(missing_ok=True)
    let_go(app)
