"""What is in a result's plain data: its text, its drawings, and what Jupyter shows of it."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Mapping
from typing import Any

from rulka_analysis.pages.trends import as_svg as trend_svg
from rulka_analysis.values.text import amount

# The drawings of a figure, for windows of several widths.
DRAWN = ("picture", "phone", "wide")


def panels(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the drawings of a figure, or of several that stand together."""
    return [panel for _, own in data["choices"] for panel in own] if "choices" in data else [data]


def pictures(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield every file of a figure, or of several that stand together."""
    for panel in panels(data):
        yield from (panel[kind]["svg"] for kind in DRAWN if panel.get(kind))


def shown_in_jupyter(kind: str, data: Mapping[str, Any]) -> dict[str, str]:
    """Return what Jupyter shows of a result."""
    bundle = {}
    if kind in ("figure", "figures"):
        caption = as_text(data["caption"])
        # As an image: a style within a page would be the whole page's.
        images = "".join(map(_image, panels(data)))
        bundle["text/html"] = (
            f'<figure class="rulka-figure">{images}'
            f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        )
        said = [caption, *(panel["alt"] for panel in panels(data))]
        bundle["text/plain"] = "\n".join(line for line in said if line)
    elif kind == "table":
        bundle["text/html"] = _html_table(data)
        bundle["text/plain"] = _plain_table(data)
    elif kind == "trend":
        bundle["text/html"] = trend_svg(data["lines"], data["said"])
        bundle["text/plain"] = f"{data['said']} {as_text(data['last'])}"
    elif kind == "block":
        bundle["text/plain"] = _all_text(data["content"])
    elif kind == "curves":
        told = data
        bundle["text/plain"] = (
            f"{amount(told['metrics'], 'metric')} of {amount(told['runs'], 'run')}"
        )
    elif kind in ("answer", "claim"):
        bundle["text/plain"] = f"{data['shown']}. {as_text(data['sentence'])}"
    else:
        bundle["text/plain"] = as_text(data)
    return bundle


def as_text(cell: str | Mapping[str, Any]) -> str:
    """Return a cell, sentence or number as plain text."""
    if isinstance(cell, str):
        return cell
    if "parts" in cell:
        return "".join(as_text(part) for part in cell["parts"])
    return str(cell["text"])


def _image(panel: Mapping[str, Any]) -> str:
    """Return a drawing as an image; it knows both themes, which the class says to a page's."""
    svg = base64.b64encode(panel["picture"]["svg"].encode("utf-8")).decode("ascii")
    alt = html.escape(panel["alt"], quote=True)
    return f'<img class="dark-light" src="data:image/svg+xml;base64,{svg}" alt="{alt}">'


def _all_text(content: Any) -> str:
    """Return the texts of a block, a line each."""
    if isinstance(content, str) or (isinstance(content, Mapping) and "kind" in content):
        return as_text(content)
    inner = content.values() if isinstance(content, Mapping) else content
    return "\n".join(filter(None, map(_all_text, inner))) if not isinstance(content, bool) else ""


def _html_table(data: Mapping[str, Any]) -> str:
    head = "".join(f"<th>{html.escape(title)}</th>" for _, title in data["columns"])
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(as_text(cell))}</td>" for cell in cells) + "</tr>"
        for _, cells in data["rows"]
    )
    caption = html.escape(as_text(data["caption"]))
    return (
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _plain_table(data: Mapping[str, Any]) -> str:
    lines = [[title for _, title in data["columns"]]]
    lines += [[as_text(cell) for cell in cells] for _, cells in data["rows"]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
