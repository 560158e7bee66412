"""Collects what the environment keeps of each page, and tells which pages are out of date."""

from __future__ import annotations

from collections.abc import Set

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors import EnvironmentCollector

from rulka_analysis.pages.execute import list_volatile
from rulka_analysis.pages.sphinx import absent
from rulka_analysis.pages.sphinx.prose import prose_with_digits
from rulka_analysis.pages.sphinx.rendering import figure_file, figure_panel, quoted_figure
from rulka_analysis.pages.sphinx.state import notes_of_current, notes_of_pages, state_of
from rulka_analysis.values.digests import digest_text


class NotesCollector(EnvironmentCollector):
    """Keeps the notes of pages: forgotten when a page is read again, merged from other processes.

    What a page quotes is noted by the role and the directives while it is read.
    """

    def clear_doc(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        notes_of_pages(env).pop(docname, None)

    def merge_other(
        self, app: Sphinx, env: BuildEnvironment, docnames: Set[str], other: BuildEnvironment
    ) -> None:
        read = notes_of_pages(other)
        notes_of_pages(env).update({name: read[name] for name in docnames if name in read})

    def process_doc(self, app: Sphinx, doctree: nodes.document) -> None:
        notes = notes_of_current(app.env)
        notes.prose = prose_with_digits(doctree)
        shown = [*doctree.findall(quoted_figure), *doctree.findall(figure_panel)]
        notes.figures = {
            file: figure["result"]
            for figure in shown
            if "drawn" not in figure
            for _, file, *_ in figure["pictures"]
        }
        notes.drawn = {
            figure_file(picture): picture
            for figure in shown
            for picture in figure.attributes.pop("drawn", ())
        }

    def get_outdated_docs(
        self,
        app: Sphinx,
        env: BuildEnvironment,
        added: set[str],
        changed: set[str],
        removed: set[str],
    ) -> list[str]:
        """Return the pages whose quoted results, notebook or banner are not what they were."""
        state = state_of(app)
        if state.force:
            return sorted(env.found_docs)
        results = {result_id: found.digest for result_id, found in state.registry.results.items()}
        notebooks = {document: executed.digest for document, executed in state.executed.items()}
        banner = digest_text(state.banner)
        volatile = list_volatile(state.executed.values())
        return sorted(
            absent.changed(app, env.found_docs)
            | {
                document
                for document, notes in notes_of_pages(env).items()
                if document in env.found_docs
                and (
                    any(
                        results.get(result_id) != digest
                        for result_id, digest in notes.quotes.items()
                    )
                    or (notes.notebook and notes.notebook != notebooks.get(document))
                    or (notes.banner and notes.banner != banner)
                    or notes.volatile not in (None, volatile)
                )
            }
        )
