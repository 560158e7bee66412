"""How nodes of our own are written: in HTML as said, elsewhere as their text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

Write = Callable[[Any, Any], None]


def pass_over(writer: Any, node: nodes.Node) -> None:
    """Write nothing of the node itself; its children are written."""


def skip(writer: Any, node: nodes.Node) -> None:
    """Write nothing: it has been put elsewhere."""
    raise nodes.SkipNode


def fixed(markup: str) -> Write:
    """Return what writes the same for every node of a kind."""

    def write(writer: Any, node: nodes.Node) -> None:
        writer.body.append(markup)

    return write


def add_node(app: Sphinx, node: type[nodes.Element], begin: Write, end: Write = pass_over) -> None:
    """Register a node with Sphinx: what is written in HTML before its children, and after them."""
    plain = (pass_over, pass_over)
    app.add_node(node, html=(begin, end), text=plain, latex=plain, man=plain, texinfo=plain)
