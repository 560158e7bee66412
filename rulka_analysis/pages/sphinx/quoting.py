"""The role and the directive with which pages quote results.

``:result:`experiment/name` `` quotes a number or sentence in a line of text,
``:result:`experiment/name[row, column]` `` a cell of a table; ``.. result:: experiment/name``
stands for a table, figure, number or sentence by itself. On the pages of an experiment
(``docs/experiments/<experiment>.rst`` and those in the folder beside it) the experiment may be left
out.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from rulka_analysis.pages.sphinx.answer_boxes import BOXED, badge, box
from rulka_analysis.pages.sphinx.blocks import block_nodes
from rulka_analysis.pages.sphinx.entries import trend_node
from rulka_analysis.pages.sphinx.published import Published
from rulka_analysis.pages.sphinx.rendering import (
    disclosure,
    explore_link,
    figure_node,
    figures_node,
    inline_nodes,
    noted,
    table_node,
)
from rulka_analysis.pages.sphinx.state import notes_of_current, state_of
from rulka_analysis.values.errors import suggest, unknown
from rulka_analysis.values.text import amount

INSTEAD = "Not in these logs."
# What does not stand in a line of text.
NOT_IN_A_LINE = ("table", "figure", "figures", "code", "curves", "block", "trend")
EXPERIMENTS = "docs/experiments/"
# A table of more rows is looked into, and not read: it is shown on demand.
LOOKED_INTO = 100
_REFERENCE = re.compile(r"(?P<id>[^\[\]]+?)\s*(?:\[(?P<row>.+),\s*(?P<column>[^,\]]+)\])?\Z")


class NotInLogsError(Exception):
    """A page quotes a result of an experiment none of whose runs is in the logs."""


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
    registry = state_of(env).registry
    wanted = full_id(match["id"], env.current_document.docname)
    found = registry.results.get(wanted)
    name = wanted.partition("/")[0]
    if found is None and name in state_of(env).absent:
        notes_of_current(env).absent[name] = state_of(env).absent[name]
        raise NotInLogsError
    if found is None:
        guess = suggest(wanted, registry.results)
        ends = f"; {guess}" if guess else "."
        raise MissingResultError(f"no notebook published {wanted!r}{ends}")
    notes_of_current(env).quotes[found.id] = found.digest
    if match["row"] is None:
        return found, {**found.result.data, "kind": found.result.kind}
    return found, _cell(found, match["row"].strip(), match["column"].strip())


def full_id(quoted: str, document: str) -> str:
    """Return a result's full id: one without a slash belongs to the page's own experiment.

    Examples
    --------
    >>> full_id("larger_batch", "docs/experiments/batch_size_and_running_speed")
    'batch_size_and_running_speed/larger_batch'
    >>> full_id("runs", "docs/experiments/seeds/overview"), full_id("other/best", "index")
    ('seeds/runs', 'other/best')
    """
    if "/" in quoted:
        return quoted
    _, within, rest = document.rpartition(EXPERIMENTS)
    own = rest.partition("/")[0] if within else document.rpartition("/")[2]
    return f"{own}/{quoted}"


def _cell(found: Published, row: str, column: str) -> Any:
    data = found.result.data
    table = data["table"] if found.result.kind in ("figure", "figures") else data
    if "rows" not in table:
        raise MissingResultError(f"{found.id!r} is a {found.result.kind}: it has no rows to quote")
    rows, columns = dict(table["rows"]), [key for key, _ in table["columns"]]
    for kind, key, known in (("row", row, list(rows)), ("column", column, columns)):
        if key not in known:
            raise MissingResultError(f"{found.id!r} has {unknown(kind, key, known, most=30)}")
    return rows[row][columns.index(column)]


def note_missing(env: BuildEnvironment, location: str, message: str) -> None:
    """Note a mistake for the end of reading: it fails the build, with or without ``-W``."""
    notes_of_current(env).missing.append(f"{location}: {message}")


def boxed(env: BuildEnvironment, found: Published, data: Any) -> nodes.Element:
    """Return the box of an answer or a claim, noting that it stands on this page."""
    notes_of_current(env).boxes.append(found.id)
    return box(data, found.id, found.notebook)


class ResultRole(SphinxRole):
    """Quotes a number, a sentence or a cell of a table in a line of text."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        source, line = self.get_source_info()
        try:
            found, data = look_up(self.env, self.text)
            if isinstance(data, dict) and data.get("kind") in NOT_IN_A_LINE:
                raise MissingResultError(
                    f"{found.id!r} is a {data['kind']}: quote it with '.. result:: {found.id}', or "
                    "one of its cells with [row, column]"
                )
        except NotInLogsError:
            return [nodes.Text(INSTEAD)], []
        except MissingResultError as error:
            note_missing(self.env, f"{source}:{line}", str(error))
            return [nodes.Text(self.text)], []
        if isinstance(data, dict) and data.get("kind") in BOXED:
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
        return self._quoted(self.arguments[0])

    def _quoted(self, reference: str) -> list[nodes.Node]:
        source, line = self.get_source_info()
        try:
            found, data = look_up(self.env, reference)
        except NotInLogsError:
            return []
        except MissingResultError as error:
            note_missing(self.env, f"{source}:{line}", str(error))
            return []
        kind = data.get("kind") if isinstance(data, dict) else None
        if kind == "figure":
            return [figure_node(data, found.id, found.notebook)]
        if kind == "figures":
            return [figures_node(data, found.id, found.notebook)]
        if kind in BOXED:
            return [boxed(self.env, found, data)]
        if kind == "block":
            folder = found.id.rpartition("/")[0]
            return block_nodes(data, found, self.env, lambda name: self._quoted(f"{folder}/{name}"))
        if kind == "curves":
            text = f"{amount(data['metrics'], 'metric')} of {amount(data['runs'], 'run')}."
            said = inline_nodes(text, found.id, found.notebook)
            return [nodes.paragraph("", "", *said, explore_link("", view="", words=""))]
        if kind == "trend":
            last = inline_nodes(data["last"], found.id, found.notebook)
            return [nodes.paragraph("", "", trend_node(data), nodes.Text(" "), *last)]
        if kind == "code":
            block = nodes.literal_block(data["text"], data["text"], language=data["language"])
            return [block]
        if kind == "table":
            table = table_node(data, found.id, found.notebook)
            table["ids"] = [nodes.make_id(found.id)]
            shown = noted(table, data, found.id, found.notebook)
            if (rows := len(data["rows"])) > LOOKED_INTO and "folded" not in self.options:
                return [disclosure("", *shown, summary=f"All {rows:,} rows", quoted=True)]
            return shown
        return [nodes.paragraph("", "", *inline_nodes(data, found.id, found.notebook))]
