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
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import partial, wraps
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from rulka_analysis.logs.growth import still_running
from rulka_analysis.logs.runs import Logs
from rulka_analysis.pages.execute import (
    SECONDS_A_CELL,
    Executed,
    execute_notebooks,
)
from rulka_analysis.pages.locks import held
from rulka_analysis.pages.results import MIME
from rulka_analysis.pages.sphinx import site_files
from rulka_analysis.pages.sphinx.conclusions import add_conclusion_nodes
from rulka_analysis.pages.sphinx.prose import fail_on_typed, setup_typed_numbers
from rulka_analysis.pages.sphinx.quoting import (
    BuildStopped,
    Registry,
    ResultDirective,
    ResultRole,
)
from rulka_analysis.pages.sphinx.reference import add_directives
from rulka_analysis.pages.sphinx.rendering import add_nodes, data_banner
from rulka_analysis.pages.sphinx.reporting import BuildReport
from rulka_analysis.pages.sphinx.rules import add_rules
from rulka_analysis.pages.sphinx.verdict_tables import add_verdicts
from rulka_analysis.project import open_logs
from rulka_analysis.values.digests import digest_file, digest_of, digest_text
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.places import build_folder
from rulka_analysis.values.text import printable

logger = logging.getLogger(__name__)

NOTEBOOKS = "notebooks"
MARKER = ".unfinished"
# What the environment keeps of each page.
KEPT_BY_PAGE = (
    "rulka_quotes",
    "rulka_notebooks",
    "rulka_missing",
    "rulka_banners",
    "rulka_figures",
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_config_value("rulka_jobs", 0, "", types=[int])
    app.add_config_value("rulka_seconds_a_cell", SECONDS_A_CELL, "", types=[int])
    # Pages are made by this code: when it changes, all of them are read again.
    app.add_config_value("rulka_rendering", _rendering_digest(), "env", types=[str])
    add_nodes(app)
    app.add_role("result", ResultRole())
    app.add_directive("result", ResultDirective)
    add_directives(app)
    add_conclusion_nodes(app)
    add_verdicts(app)
    add_rules(app)
    setup_typed_numbers(app)
    app.connect("config-inited", lock)
    app.connect("builder-inited", telling(execute))
    app.connect("env-get-outdated", outdated)
    app.connect("env-purge-doc", purge)
    app.connect("env-before-read-docs", note_pages)
    app.connect("source-read", hand_over)
    app.connect("doctree-read", add_banner)
    app.connect("doctree-read", site_files.remember_figures)
    app.connect("env-updated", telling(fail_on_missing))
    app.connect("env-updated", telling(fail_on_typed))
    app.connect("env-updated", site_files.write_again_what_links)
    app.connect("write-started", site_files.clear_static_files)
    app.connect("html-page-context", link_notebook)
    app.connect("html-collect-pages", site_files.complete_search_index)
    # After every other listener: only a build that went well all the way ends the marker.
    app.connect("build-finished", finish, priority=10_000)
    app.add_css_file("rulka.css")
    app.add_js_file("rulka.js", loading_method="defer")
    # The log directory is read once, in this process.
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}


def _rendering_digest() -> str:
    sources = [*Path(__file__).parent.glob("*.py"), Path(__file__).parent.parent / "results.py"]
    return digest_of([digest_file(path) for path in sorted(sources)])


def telling(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Let the report tell why a handler stopped the build; Sphinx does not get to `finish` then."""

    @wraps(handler)
    def told(app: Sphinx, *arguments: Any) -> Any:
        try:
            return handler(app, *arguments)
        except BuildStopped as stopped:
            report: BuildReport = app.rulka_report  # type: ignore[attr-defined]
            report.error = stopped.message
            report.write(build_folder())
            app.rulka_lock.close()  # type: ignore[attr-defined]
            raise

    return told


def lock(app: Sphinx, config: Config) -> None:
    """Let a second build of the same doctrees wait: it would read what this one writes."""
    folder = Path(app.doctreedir)
    folder.mkdir(parents=True, exist_ok=True)
    app.rulka_lock = ExitStack()  # type: ignore[attr-defined]
    waiting = partial(logger.info, "%s")
    app.rulka_lock.enter_context(held(folder / ".lock", waiting=waiting))  # type: ignore[attr-defined]


def execute(app: Sphinx) -> None:
    """Execute the notebooks that are out of date and gather what they published."""
    report = BuildReport(app.builder.name)
    app.rulka_report = report  # type: ignore[attr-defined]
    report.write(build_folder())
    _execute(app, report)


def _execute(app: Sphinx, report: BuildReport) -> None:
    site_files.begin(app)
    marker = Path(app.doctreedir) / MARKER
    app.rulka_force = marker.exists()  # type: ignore[attr-defined]
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text("a build began here and has not ended without error\n", encoding="utf-8")
    if app.rulka_force:  # type: ignore[attr-defined]
        logger.info("the last build did not end well: every page is read again")
    project = Path(app.srcdir)
    folder = project / NOTEBOOKS
    found = sorted(
        project / app.project.doc2path(name, absolute=False)
        for name in app.project.discover(app.config.exclude_patterns, app.config.include_patterns)
        if name.startswith(f"{NOTEBOOKS}/")
    )
    try:
        logs = open_logs()
        # Files are read up to the length they had when they were listed, just now; what is appended
        # later belongs to the next build.
        logger.info("logs: %s (%d runs)", logs.path, len(logs))
        report.log_directory = str(logs.path)
        with report.of_notebooks() as (tell, advance):
            executed = execute_notebooks(
                found,
                folder,
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
    app.rulka_executed = {  # type: ignore[attr-defined]
        f"{NOTEBOOKS}/{name}": notebook for name, notebook in executed.items()
    }
    app.rulka_registry = Registry.of(list(executed.values()), NOTEBOOKS)  # type: ignore[attr-defined]
    report.still_running = list(still_running(logs, time.time()))
    app.rulka_banner = banner(logs, report.still_running)  # type: ignore[attr-defined]
    for name in KEPT_BY_PAGE:
        if not hasattr(app.env, name):
            setattr(app.env, name, {})


def banner(logs: Logs, running: Sequence[str] = ()) -> str:
    """Word which data pages are built from, and which runs still go on."""
    count = len(logs)
    stated = [run.provenance for run in logs if run.provenance is not None]
    if logs.bundled:
        where = "the bundled curves of the published runs"
    else:
        where = f"the log directory {logs.name}"
    text = f"Built from {where}, {count} run{'s' if count != 1 else ''}"
    if stated:
        finest = {p.resolution_minutes for p in stated if p.resolution_minutes}
        every = " and ".join(f"{minutes:g}" for minutes in sorted(finest))
        point = f", a point every {every} minutes" if every else ""
        text += f": {stated[0].source}{point}, not original logs"
        if len(stated) < count:
            text += f" ({len(stated)} of the runs; the others are original logs)"
    if running:
        text += f". Still running: {', '.join(map(printable, running))}"
    return text + ". To use others: "


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> Iterable[str]:
    """Return the pages whose quoted results, notebook or banner are no longer what they were."""
    if app.rulka_force:  # type: ignore[attr-defined]
        return set(env.found_docs)
    registry: Registry = app.rulka_registry  # type: ignore[attr-defined]
    now = {result_id: found.digest for result_id, found in registry.results.items()}
    stale = {
        document
        for document, quotes in env.rulka_quotes.items()  # type: ignore[attr-defined]
        if any(now.get(result_id) != digest for result_id, digest in quotes.items())
    }
    executed: dict[str, Executed] = app.rulka_executed  # type: ignore[attr-defined]
    stale |= {
        document
        for document, digest in env.rulka_notebooks.items()  # type: ignore[attr-defined]
        if document not in executed or executed[document].digest != digest
    }
    told = digest_text(app.rulka_banner)  # type: ignore[attr-defined]
    stale |= {d for d, digest in env.rulka_banners.items() if digest != told}  # type: ignore[attr-defined]
    return stale & env.found_docs


def note_pages(app: Sphinx, env: BuildEnvironment, documents: list[str]) -> None:
    """Note which pages are read anew, for the report."""
    app.rulka_report.pages = sorted(documents)  # type: ignore[attr-defined]


def purge(app: Sphinx, env: BuildEnvironment, document: str) -> None:
    """Forget what a page quoted before it is read again."""
    for name in KEPT_BY_PAGE:
        getattr(env, name, {}).pop(document, None)


def hand_over(app: Sphinx, document: str, content: list[str]) -> None:
    """Hand myst-nb the executed notebook; what was published is quoted like on any other page."""
    executed: Executed | None = app.rulka_executed.get(document)  # type: ignore[attr-defined]
    if executed is None:
        return
    app.env.rulka_notebooks[document] = executed.digest  # type: ignore[attr-defined]
    notebook: dict[str, Any] = json.loads(json.dumps(executed.notebook))
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            published = output.get("data", {}).get(MIME)
            if published is not None:
                quote = f"```{{result}} {executed.experiment}/{published['name']}\n```"
                output["data"] = {"text/markdown": quote}
    content[0] = json.dumps(notebook)


def read_notebook(text: str) -> Any:
    """Read the executed notebook that `hand_over` put in place of a source, for myst-nb."""
    import nbformat

    return nbformat.reads(text, as_version=4)


def add_banner(app: Sphinx, doctree: nodes.document) -> None:
    """Say on every page that shows results which data they come from."""
    document = app.env.current_document.docname
    if not app.env.rulka_quotes.get(document):  # type: ignore[attr-defined]
        return
    from sphinx import addnodes

    text = app.rulka_banner  # type: ignore[attr-defined]
    app.env.rulka_banners[document] = digest_text(text)  # type: ignore[attr-defined]
    link = addnodes.pending_xref(
        "",
        nodes.inline("", "build from your own logs"),
        refdomain="std",
        reftype="doc",
        reftarget="/docs/guides/own_logs",
        refexplicit=True,
        refwarn=True,
        refdoc=document,
    )
    node = data_banner("", "", nodes.Text(text), link, nodes.Text("."))
    section = next(iter(doctree.findall(nodes.section)), None)
    if section is None:
        doctree.insert(0, node)
        return
    titles = [i for i, child in enumerate(section.children) if isinstance(child, nodes.title)]
    section.insert(titles[0] + 1 if titles else 0, node)


def fail_on_missing(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """End the build if a page quotes what nobody published."""
    missing = [line for lines in env.rulka_missing.values() for line in lines]  # type: ignore[attr-defined]
    if missing:
        there = sorted(app.rulka_registry.results)  # type: ignore[attr-defined]
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
    if page in app.rulka_executed:  # type: ignore[attr-defined]
        context["rulka_notebook_download"] = Path(page).name + ".ipynb"


def finish(app: Sphinx, error: Exception | None) -> None:
    """Write what belongs beside the pages, and say how the build ended."""
    warned = bool(app._warncount and app._fail_on_warnings)
    well = error is None and not warned and app.statuscode == 0
    if error is None and app.builder.format == "html":
        site_files.write_files(app)
    report: BuildReport = app.rulka_report  # type: ignore[attr-defined]
    if well:
        report.outcome, report.error = "succeeded", ""
        if app.builder.name == "html":
            site_files.write_list(app)
    else:
        report.error = str(error) if error else "there were warnings; they stand above"
    report.write(build_folder())
    if well:
        (Path(app.doctreedir) / MARKER).unlink(missing_ok=True)
    app.rulka_lock.close()  # type: ignore[attr-defined]
