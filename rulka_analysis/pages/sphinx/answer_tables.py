"""The directives ``.. answers::`` and ``.. claims::``: tables, each row linked to its box."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rulka_analysis.pages.sphinx.anchors import link_to_box
from rulka_analysis.pages.sphinx.answer_boxes import badge, quotation
from rulka_analysis.pages.sphinx.entries import finder
from rulka_analysis.pages.sphinx.published import Published
from rulka_analysis.pages.sphinx.quoting import (
    MissingResultError,
    NotInLogsError,
    boxed,
    look_up,
    note_missing,
)
from rulka_analysis.pages.sphinx.rendering import (
    disclosure,
    inline_nodes,
    link_to_cell,
    quoted_words,
)

Cells = list[list[nodes.Node]]


class TableDirective(SphinxDirective):
    """What both directives share: of which experiment, which rows, folded or not.

    ``:only: name name …`` takes some, in this order, ``:of: comparison`` those of a comparison, and
    ``:outcomes: name …`` those on some outcomes. With ``:boxes:`` each stands in its box instead.
    With ``:filter:`` readers may look for rows by words.
    """

    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "only": directives.unchanged_required,
        "of": directives.unchanged_required,
        "outcomes": directives.unchanged_required,
        "headline": directives.flag,
        "boxes": directives.flag,
        "filter": directives.flag,
        "folded": directives.unchanged_required,
    }
    kind: ClassVar[str]
    every: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]

    def run(self) -> list[nodes.Node]:
        source, line = self.get_source_info()
        experiment = f"{self.arguments[0]}/" if self.arguments else ""
        try:
            listed, data = look_up(self.env, f"{experiment}{self.every}")
            names = self.options.get("only", "").split() or [name for name, _ in data["rows"]]
            if "of" in self.options:
                names = [name for name in names if name.startswith(f"{self.options['of']}.")]
            if "outcomes" in self.options:
                chosen = self.options["outcomes"].split()
                names = [name for name in names if name.split(".")[1] in chosen]
            within = experiment or f"{listed.id.rpartition('/')[0]}/"
            if "boxes" in self.options:
                return self._folded(
                    [
                        boxed(self.env, found, data)
                        for name in names
                        for found, data in self._every(within, name)
                    ]
                )
            rows = list(self._rows(within, names))
        except NotInLogsError:
            return []
        except MissingResultError as error:
            note_missing(self.env, f"{source}:{line}", str(error))
            return []
        table = nodes.table(classes=["rulka-table", "rulka-answers", "rulka-words"])
        table["classes"].append("colwidths-auto")
        found_by: list[nodes.Node] = []
        if "filter" in self.options:
            rows_of = f"rulka-rows-{self.kind}"
            table["classes"] += [rows_of, "sortable"]
            found_by = [finder("", label="Find by words", entries=rows_of)]
        group = nodes.tgroup(cols=len(self.columns))
        table += group
        for _ in self.columns:
            group += nodes.colspec(colwidth=1)
        head = nodes.thead("", _row([[nodes.Text(title)] for title in self.columns]))
        group += [head, nodes.tbody("", *map(_row, rows))]
        cell = link_to_cell(listed.notebook, listed.id)
        return self._folded([*found_by, table, nodes.paragraph("", "", cell)])

    def _folded(self, shown: list[nodes.Node]) -> list[nodes.Node]:
        if "folded" not in self.options or not shown:
            return shown
        folded = disclosure("", *shown)
        self.set_source_info(folded)
        folded["summary"] = self.options["folded"]
        return [folded]

    def _rows(self, experiment: str, names: list[str]) -> Iterator[Cells]:
        for name in names:
            found = list(self._every(experiment, name))
            if "headline" not in self.options or found[0][1].get("headline"):
                yield self._cells(found)

    def _every(self, experiment: str, name: str) -> Iterator[tuple[Published, Any]]:
        """Yield what stands in the row of a name."""
        yield look_up(self.env, f"{experiment}{self.kind}.{name}")

    def _cells(self, found: list[tuple[Published, Any]]) -> Cells:
        raise NotImplementedError

    def _link(self, found: Published, data: Any) -> nodes.Element:
        """Return a link to a box, on this page or another one."""
        return link_to_box(self.env, found.id, badge(data))


class AnswersDirective(TableDirective):
    """Answers of an experiment as a table: value and speed side by side."""

    kind = "answer"
    every = "answers"
    columns = ("Question", "Answer", "How soon", "What the logs say")

    def _every(self, experiment: str, name: str) -> Iterator[tuple[Published, Any]]:
        yield from super()._every(experiment, name)
        try:
            yield look_up(self.env, f"{experiment}{self.kind}.{name}.pace")
        except MissingResultError:
            # Not every outcome has targets.
            return

    def _cells(self, found: list[tuple[Published, Any]]) -> Cells:
        asked: list[nodes.Node] = [quoted_words("", found[0][1]["title"])]
        words: Cells = [[self._link(one, data)] for one, data in found]
        if len(words) == 1:
            words.append([nodes.Text("–")])
        said: list[nodes.Node] = []
        for one, data in found:
            said += [nodes.Text(" ")] if said else []
            said += inline_nodes(data["sentence"], one.id, one.notebook)
        return [asked, *words, said]


class ClaimsDirective(TableDirective):
    """Claims as a table; with ``:headline:`` those that are marked so."""

    kind = "claim"
    every = "claims"
    columns = ("Claim", "Now", "Why")

    def _cells(self, found: list[tuple[Published, Any]]) -> Cells:
        ((one, data),) = found
        said = inline_nodes(data["sentence"], one.id, one.notebook)
        words = quotation(data["text"]) if data["text"] else quoted_words("", data["title"])
        return [[words], [self._link(one, data)], said]


def _row(cells: Cells) -> nodes.row:
    entries = [nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells]
    return nodes.row("", *entries)


def add_answer_tables(app: Sphinx) -> None:
    """Register the directives with Sphinx."""
    app.add_directive("answers", AnswersDirective)
    app.add_directive("claims", ClaimsDirective)
