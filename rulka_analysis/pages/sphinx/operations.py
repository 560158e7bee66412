"""How numbers are made: ``.. operations::`` lists operations and parameters from their table."""

from __future__ import annotations

import re
from collections.abc import Mapping

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rulka_analysis.values import operations

_NAMES = re.compile(r"`(\w+)`")


def add_operations(app: Sphinx) -> None:
    """Register the directive of this module with Sphinx."""
    app.add_directive("operations", OperationsDirective)


class OperationsDirective(SphinxDirective):
    """A table of all operations, and one of all parameters."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(operations.__file__)
        return [
            _table("Operation", operations.OPERATIONS),
            _table("Parameter", operations.PARAMETERS),
        ]


def _table(what: str, meanings: Mapping[str, str]) -> nodes.table:
    group = nodes.tgroup(cols=2)
    group += [nodes.colspec(colwidth=1, stub=1), nodes.colspec(colwidth=4)]
    head = nodes.thead("", _row(nodes.Text(what), [nodes.Text("What it is")]))
    body = nodes.tbody()
    body += [
        _row(nodes.literal(name, name), list(_told(meaning))) for name, meaning in meanings.items()
    ]
    group += [head, body]
    return nodes.table("", group)


def _told(meaning: str) -> list[nodes.Node]:
    """Return a meaning with the names in it set as names."""
    parts = _NAMES.split(meaning)
    return [
        nodes.literal(part, part) if place % 2 else nodes.Text(part)
        for place, part in enumerate(parts)
    ]


def _row(name: nodes.Node, told: list[nodes.Node]) -> nodes.row:
    row = nodes.row()
    row += nodes.entry("", nodes.paragraph("", "", name))
    row += nodes.entry("", nodes.paragraph("", "", *told))
    return row
