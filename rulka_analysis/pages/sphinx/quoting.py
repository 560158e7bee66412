"""The role and the directive with which pages quote results.

``:result:`experiment/name` `` quotes a number or sentence in a line of text,
``:result:`experiment/name[row, column]` `` a cell of a table; ``.. result:: experiment/name``
stands for a table, figure, number or sentence by itself. On the page of an experiment
(``docs/experiments/<experiment>.rst``) the experiment may be left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from rulka_analysis.pages.execute import Executed
from rulka_analysis.pages.results import Result
from rulka_analysis.pages.sphinx.conclusions import badge, box
from rulka_analysis.pages.sphinx.rendering import (
    disclosure,
    explore_link,
    figure_node,
    inline_nodes,
    table_node,
)
from rulka_analysis.values.errors import suggest, unknown

_REFERENCE = re.compile(r"(?P<id>[^\[\]]+?)\s*(?:\[(?P<row>.+),\s*(?P<column>[^,\]]+)\])?\Z")


@dataclass(frozen=True)
class Published:
    """A result with the notebook it came from."""

    id: str
    name: str
    executed: Executed
    notebook: str
    digest: str

    @property
    def result(self) -> Result:
        """The result itself; its notebook is read when a page first quotes something of it."""
        return self.executed.by_name[self.name]


@dataclass
class Registry:
    """Everything notebooks published in this build, by id."""

    results: dict[str, Published] = field(default_factory=dict)

    @classmethod
    def of(cls, notebooks: list[Executed], prefix: str) -> Registry:
        """Gather the results of executed notebooks.

        Parameters
        ----------
        notebooks : list of Executed
            The notebooks.
        prefix : str
            Their folder below the source directory, for links to their pages.

        Raises
        ------
        BuildStopped
            If two publish the same id.
        """
        registry = cls()
        for notebook in notebooks:
            document = f"{prefix}/{notebook.name}"
            for name, _, digest in notebook.published:
                result_id = f"{notebook.experiment}/{name}"
                before = registry.results.get(result_id)
                if before is not None:
                    raise BuildStopped(
                        f"result {result_id!r} is published twice, by {before.notebook} and by "
                        f"{prefix}/{notebook.name}; rename one of them"
                    )
                found = Published(result_id, name, notebook, document, digest)
                registry.results[result_id] = found
        return registry


class BuildStopped(SystemExit):
    """The build cannot go on; the message says what, why and what to do.

    Python prints it as the last line and ends with status one. Of an error of its own Sphinx would
    print a page of versions around it, and the advice to report it to Sphinx.
    """

    def __init__(self, message: str) -> None:
        super().__init__(f"\nThe build stopped: {message}")
        self.message = message


class MissingResultError(Exception):
    """A page quotes something that was not published; the message says what there is."""


def look_up(env: BuildEnvironment, reference: str) -> tuple[Published, Any]:
    """Return a quoted result and the part of it that is quoted, noting that the page quotes it."""
    match = _REFERENCE.match(reference.strip())
    if match is None:
        raise MissingResultError(
            f"{reference!r} is no reference to a result; write experiment/name or "
            "experiment/name[row, column]"
        )
    registry: Registry = env.app.rulka_registry  # type: ignore[attr-defined]
    wanted = full_id(match["id"], env.current_document.docname)
    found = registry.results.get(wanted)
    if found is None:
        guess = suggest(wanted, registry.results)
        ends = f"; {guess}" if guess else "."
        raise MissingResultError(f"no notebook published {wanted!r}{ends}")
    quotes: dict[str, dict[str, str]] = env.rulka_quotes  # type: ignore[attr-defined]
    quotes.setdefault(env.current_document.docname, {})[found.id] = found.digest
    if match["row"] is None:
        return found, {**found.result.data, "kind": found.result.kind}
    return found, _cell(found, match["row"].strip(), match["column"].strip())


def full_id(quoted: str, document: str) -> str:
    """Return a result's full id: one without a slash belongs to the page's own experiment.

    Examples
    --------
    >>> full_id("larger_batch", "docs/experiments/batch_size_and_running_speed")
    'batch_size_and_running_speed/larger_batch'
    >>> full_id("other/best", "index")
    'other/best'
    """
    return quoted if "/" in quoted else f"{document.rpartition('/')[2]}/{quoted}"


def _cell(found: Published, row: str, column: str) -> Any:
    data = found.result.data
    table = data["table"] if found.result.kind == "figure" else data
    if "rows" not in table:
        raise MissingResultError(f"{found.id!r} is a {found.result.kind}: it has no rows to quote")
    rows, columns = dict(table["rows"]), [key for key, _ in table["columns"]]
    for kind, key, known in (("row", row, list(rows)), ("column", column, columns)):
        if key not in known:
            raise MissingResultError(f"{found.id!r} has {unknown(kind, key, known, most=30)}")
    return rows[row][columns.index(column)]


def note_missing(env: BuildEnvironment, location: str, message: str) -> None:
    """Note a mistake for the end of reading: it fails the build, with or without ``-W``."""
    missing: dict[str, list[str]] = env.rulka_missing  # type: ignore[attr-defined]
    missing.setdefault(env.current_document.docname, []).append(f"{location}: {message}")


class ResultRole(SphinxRole):
    """Quotes a number, a sentence or a cell of a table in a line of text."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        source, line = self.get_source_info()
        try:
            found, data = look_up(self.env, self.text)
            if isinstance(data, dict) and data.get("kind") in ("table", "figure", "code", "curves"):
                raise MissingResultError(
                    f"{found.id!r} is a {data['kind']}: quote it with '.. result:: {found.id}', or "
                    "one of its cells with [row, column]"
                )
        except MissingResultError as error:
            note_missing(self.env, f"{source}:{line}", str(error))
            return [nodes.Text(self.text)], []
        if isinstance(data, dict) and data.get("kind") == "conclusion":
            said = inline_nodes(data["sentence"], found.id, found.notebook)
            return [badge(data), nodes.Text(" "), *said], []
        return inline_nodes(data, found.id, found.notebook), []


class ResultDirective(SphinxDirective):
    """Quotes a table or figure (or a number or sentence as a paragraph).

    With ``:folded: words`` it is shown on demand, under these words.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"folded": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        shown = self._nodes()
        if "folded" not in self.options or not shown:
            return shown
        folded = disclosure("", *shown)
        self.set_source_info(folded)
        folded["summary"] = self.options["folded"]
        return [folded]

    def _nodes(self) -> list[nodes.Node]:
        source, line = self.get_source_info()
        try:
            found, data = look_up(self.env, self.arguments[0])
        except MissingResultError as error:
            note_missing(self.env, f"{source}:{line}", str(error))
            return []
        kind = data.get("kind") if isinstance(data, dict) else None
        if kind == "figure":
            return [figure_node(data, found.id, found.notebook)]
        if kind == "conclusion":
            return [box(data, found.id, found.notebook)]
        if kind == "curves":
            text = f"{data['metrics']:,} metrics of {data['runs']:,} runs."
            said = inline_nodes(text, found.id, found.notebook)
            return [nodes.paragraph("", "", *said, explore_link("", view="", words=""))]
        if kind == "code":
            block = nodes.literal_block(data["text"], data["text"], language=data["language"])
            return [block]
        if kind == "table":
            table = table_node(data, found.id, found.notebook)
            table["ids"] = [nodes.make_id(found.id)]
            notes = [
                nodes.paragraph("", "", *inline_nodes(note, found.id, found.notebook))
                for note in data["notes"]
            ]
            return [table, *notes]
        return [nodes.paragraph("", "", *inline_nodes(data, found.id, found.notebook))]
