"""The Explore page of the site, and its views as static figures on any page.

``.. explore-page:: explore/curves`` puts the page there, with static figures in it for whoever runs
no script. ``.. explore:: #x=minutes&m=Training%2Floss`` shows what the page shows under that link,
as a figure that leads there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from rulka_analysis.pages.explore.page import STYLES, page_body, static_files
from rulka_analysis.pages.explore.still import labels_of
from rulka_analysis.pages.explore.view import view_of
from rulka_analysis.pages.exploring import KeptCurves
from rulka_analysis.pages.figures import Figure
from rulka_analysis.pages.kept import read_kept
from rulka_analysis.pages.results import encode, pictures
from rulka_analysis.pages.sphinx.markup import add_node
from rulka_analysis.pages.sphinx.published import Published
from rulka_analysis.pages.sphinx.quoting import MissingResultError, look_up, note_missing
from rulka_analysis.pages.sphinx.rendering import figure_node, inline_nodes
from rulka_analysis.pages.sphinx.reporting import BuildStopped
from rulka_analysis.pages.sphinx.state import notes_of_current, notes_of_pages, state_of
from rulka_analysis.values.errors import RulkaError

CURVES = "explore/curves"
"""The result of which views are drawn."""
FOLDER = "_static/explore"


class explorer(nodes.General, nodes.Element):
    """The Explore page; its children stand there where no script runs."""


def explorers(env: BuildEnvironment) -> dict[str, str]:
    """Return the pages that are the Explore page, with the result each shows."""
    pages = notes_of_pages(env).items()
    return {page: notes.explorer for page, notes in pages if notes.explorer}


class _OfCurves(SphinxDirective):
    """What both directives need: published curves, and figures of them."""

    required_arguments = 1
    final_argument_whitespace = True

    def quoted(self, result: str) -> tuple[Published, KeptCurves, dict[str, Any]] | None:
        """Return published curves; None where nobody published them."""
        try:
            found, data = look_up(self.env, result)
            if data.get("kind") != "curves":
                raise MissingResultError(f"{found.id!r} is a {data['kind']}, and no curves")
        except MissingResultError as error:
            self.complain(str(error))
            return None
        return found, KeptCurves(dict(map(tuple, data["files"]))), data

    def complain(self, message: str) -> None:
        source, line = self.get_source_info()
        note_missing(self.env, f"{source}:{line}", message)

    def draw(self, found: Published, curves: KeptCurves, link: str) -> Iterator[nodes.Node]:
        """Yield the figure of a view, or why there is none."""
        fragment = "#" + link.rpartition("#")[2].strip()
        try:
            view = view_of(fragment, labels_of(curves.index))
            drawn = None if view is None else curves.figure(view, fragment)
        except RulkaError as error:
            raise BuildStopped(str(error)) from error
        if drawn is None:
            self.complain(
                f"{link!r} is no view of the Explore page; open it there and press 'Copy link'"
            )
            return
        data = encode("view", drawn).data
        if not isinstance(drawn, Figure):
            yield nodes.paragraph("", "", *inline_nodes(data, found.id, found.notebook))
            return
        figure = figure_node(data, found.id, found.notebook)
        figure["ids"] = [f"view-{self.env.new_serialno('view')}"]
        figure["drawn"] = list(pictures(data))
        self.set_source_info(figure)
        yield figure


class ExploreDirective(_OfCurves):
    """Shows what the Explore page shows under a link, as a static figure that leads there."""

    def run(self) -> list[nodes.Node]:
        quoted = self.quoted(CURVES)
        if quoted is None:
            return []
        found, curves, _ = quoted
        return list(self.draw(found, curves, self.arguments[0]))


class ExplorePageDirective(_OfCurves):
    """Puts the Explore page there."""

    def run(self) -> list[nodes.Node]:
        quoted = self.quoted(self.arguments[0])
        if quoted is None:
            return []
        found, curves, data = quoted
        document = self.env.current_document.docname
        others = [other for other in explorers(self.env) if other != document]
        if others:
            # Each would write the files of the other.
            self.complain(f"a site has one Explore page, and {others[0]} is it; link there")
            return []
        notes_of_current(self.env).explorer = found.id
        page = explorer()
        for link in data["figures"]:
            page += list(self.draw(found, curves, link))
        return [page]


def visit_explorer_html(writer: Any, node: explorer) -> None:
    here = writer.builder.get_target_uri(writer.builder.current_docname)
    # A mark that stands in the markup once, where the figures go.
    before, mark, after = page_body(relative_uri(here, f"{FOLDER}/"), "<!-- -->").partition(
        "<!-- -->"
    )
    assert mark
    writer.body.append(before)
    node["after"] = after


def depart_explorer_html(writer: Any, node: explorer) -> None:
    writer.body.append(node["after"])
    del node["after"]


def add_styles(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give the Explore page its styles, and no other page."""
    if page in explorers(app.env):
        for style in STYLES:
            app.add_css_file(f"explore/{style}")


def write_explore_files(app: Sphinx, builder: Builder) -> None:
    """Write what the Explore page loads among the static files, and remove what it no longer does.

    Before pages are written: they carry checksums of the styles.
    """
    if builder.format != "html":
        return
    folder = Path(app.outdir) / FOLDER
    wanted: set[Path] = set()
    try:
        for name, content in _list_files(app):
            path = folder / name
            wanted.add(path)
            if not path.is_file() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        for path in folder.rglob("*"):
            if path.is_file() and path not in wanted:
                path.unlink()
    except OSError as error:
        cause = error.strerror or str(error)
        raise BuildStopped(f"the curves cannot be written to {folder}: {cause}") from error
    except RulkaError as error:
        raise BuildStopped(str(error)) from error


def _list_files(app: Sphinx) -> Iterator[tuple[str, bytes]]:
    registry = state_of(app).registry
    for result in explorers(app.env).values():
        yield from static_files()
        for name, digest in registry.results[result].result.data["files"]:
            yield name, read_kept(digest)


def add_explore(app: Sphinx) -> None:
    """Register directives, node and style sheets with Sphinx."""
    app.add_directive("explore", ExploreDirective)
    app.add_directive("explore-page", ExplorePageDirective)
    add_node(app, explorer, visit_explorer_html, depart_explorer_html)
    app.connect("html-page-context", add_styles)
