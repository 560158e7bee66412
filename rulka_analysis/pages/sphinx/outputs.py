"""What notebooks put out, made ready for a page.

A data frame is shown as a table of ours: what pandas writes around it is for Jupyter, and the
policy of pages blocks it. Characters that would not be seen, or would turn what is read around, are
escaped; colours of a terminal stay, the page shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rulka_analysis.pages.results import MIME
from rulka_analysis.pages.sphinx.policy import blocked_by_policy
from rulka_analysis.values.text import visible

_FRAME = re.compile(
    r'\A<div>\s*<style scoped>.*?</style>\s*<table border="1" class="dataframe">', re.S
)
_ROW_OF_HEADS = '<tr style="text-align: right;">'
_KEPT = "\t\n\r\x1b"
# What steers a terminal in other ways than by colours.
_NO_COLOUR = re.compile(r"\x1b(?!\[[0-9;]*m)")
# Ways to show an output that run scripts. The last is what widgets leave.
_SCRIPTS = ("application/javascript", "application/vnd.jupyter.widget-view+json")


def prepare_outputs(notebook: dict[str, Any], experiment: str) -> None:
    """Change a notebook's outputs to what a page shows: results are quoted like on any page."""
    show_hidden(notebook)
    for _, output in _outputs(notebook):
        data = output.get("data", {})
        published = data.get(MIME)
        if published is not None:
            quote = f"```{{result}} {experiment}/{published['name']}\n```"
            output["data"] = {"text/markdown": quote}
        elif "text/html" in data:
            data["text/html"] = _table_of_frame(_joined(data["text/html"]))


def show_hidden(notebook: dict[str, Any]) -> None:
    """Escape hidden characters in the texts that a notebook's cells put out."""
    for _, output in _outputs(notebook):
        if "text" in output:
            output["text"] = _visible(output["text"])
        data = output.get("data", {})
        for kind in ("text/html", "text/plain", "text/markdown"):
            if kind in data:
                data[kind] = _visible(data[kind])


def find_blocked(notebook: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield what the policy of pages blocks of the outputs: the code cell's number, and words."""
    for number, output in _outputs(notebook):
        data = output.get("data", {})
        blocked = {"a script"} if any(kind in data for kind in _SCRIPTS) else set()
        for kind in ("text/html", "text/markdown"):
            blocked |= blocked_by_policy(_joined(data.get(kind, "")))
        if blocked:
            yield number, " and ".join(sorted(blocked))


def take_unshown(notebook: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Take out what is for JupyterLab alone; yield the cell's number and kinds of what goes whole.

    Most such outputs bring a text, HTML or a picture along, which a page shows in their place.
    """
    from myst_nb.core.render import get_mime_priority

    known = {*get_mime_priority("html", []), "application/pdf"}
    for number, outputs in _list_outputs(notebook):
        for output in list(outputs):
            data = output.get("data", {})
            unknown = sorted(data.keys() - known)
            for kind in unknown:
                del data[kind]
            if unknown and not data:
                outputs.remove(output)
                yield number, " and ".join(unknown)


def _outputs(notebook: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, outputs in _list_outputs(notebook):
        for output in outputs:
            yield number, output


def _list_outputs(notebook: Mapping[str, Any]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(cells, start=1):
        yield number, cell["outputs"]


def _table_of_frame(text: str) -> str:
    """Return a data frame's HTML without style; other HTML as it is."""
    frame = _FRAME.match(text)
    if frame is None:
        return text
    return '<div>\n<table class="dataframe">' + text[frame.end() :].replace(_ROW_OF_HEADS, "<tr>")


def _visible(text: str | list[str]) -> str | list[str]:
    if isinstance(text, list):
        return [_NO_COLOUR.sub(r"\\x1b", visible(line, keep=_KEPT)) for line in text]
    return _NO_COLOUR.sub(r"\\x1b", visible(text, keep=_KEPT))


def _joined(text: str | list[str]) -> str:
    """Return a text of a notebook, which may be kept as a list of lines."""
    return text if isinstance(text, str) else "".join(text)
