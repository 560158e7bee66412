"""Document nodes for quoted results, and how they look in HTML.

Everything that comes from logs (run names, tags, file names) is untrusted text and is escaped here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from docutils import nodes

from rulka_analysis.pages.results import as_text
from rulka_analysis.pages.sheets import NARROW, ROOMY
from rulka_analysis.pages.sphinx.markup import add_node, fixed, pass_over
from rulka_analysis.values.digests import digest_text

# A reference to the cell that published a result.
TO_CELL = "rulka-cell"
# A reference to what is told of a rule of health.
TO_RULE = "rulka-rule"
# Other drawings of a figure, and where they stand in for it.
SHOWN_AT = {"phone": NARROW, "wide": ROOMY}
# Of figures that are narrower than this, three stand abreast.
MIDDLING = 320
# The page on which curves are explored; views of it are links to it.
EXPLORE = "docs/explore"
# A table with more columns than this is set smaller.
WIDE = 6
# A column with a cell of more characters than this is set wider.
LONG = 160
# What is longer than this is read, and not compared.
SENTENCE = 40
# Fewer rows are seen at a glance: nothing to sort.
SORTABLE = 3
# What signs of answers say, to those who do not see them.
SAID = {"▲": "better", "▼": "worse", "=": "level"}

_SIGN_AT_END = re.compile(r"(.*?) ?([▲▼=])", re.DOTALL)
_UNIT_AT_END = re.compile(r"(.+) \(([^()]+)\)")
_PUNCTUATION = re.compile(r"[.,:;)]+")


class quoted_number(nodes.Inline, nodes.TextElement):
    """A number with its provenance; the text is the number as shown."""


class quoted_words(nodes.Inline, nodes.TextElement):
    """Text and numbers of a result, among what is typed on a page."""


class quoted_figure(nodes.General, nodes.Element):
    """A figure with caption and numbers as children; ``pictures`` has its files."""


class quoted_figures(nodes.General, nodes.Element):
    """Figures that stand together: choices of panels, then caption and numbers."""


class figure_choice(nodes.General, nodes.Element):
    """What a switch chooses: panels side by side."""


class figure_panel(nodes.General, nodes.Element):
    """One figure of several, with what stands below it as a child."""


class figure_caption(nodes.General, nodes.TextElement):
    """The caption of a quoted figure."""


class explore_link(nodes.Inline, nodes.Element):
    """A link to the view of the Explore page that shows the same as a figure."""


class answer_sign(nodes.Inline, nodes.TextElement):
    """The sign of an answer that no word follows; it says its word by itself."""


class disclosure(nodes.General, nodes.Element):
    """Content that is shown on demand."""


class data_banner(nodes.General, nodes.TextElement):
    """Which data a page was built from."""


def number_node(data: Mapping[str, Any], result_id: str, notebook: str) -> quoted_number:
    """Return the node of a number."""
    node = quoted_number("", str(data["text"]))
    node["data"] = dict(data)
    node["known"] = data["value"] is not None
    node["name"] = data["missing"] or data["about"] or data["how"]
    node["result"] = result_id
    node["notebook"] = notebook
    return node


def inline_nodes(cell: Any, result_id: str, notebook: str) -> list[nodes.Node]:
    """Return the nodes of a text, a number or a sentence with numbers in it; none if it is empty.

    They stand within `quoted_words`: what is in it was computed, nobody typed it on the page.
    """
    found = _inline_nodes(cell, result_id, notebook)
    return [quoted_words("", "", *found)] if any(node.astext() for node in found) else []


def _inline_nodes(cell: Any, result_id: str, notebook: str) -> list[nodes.Node]:
    if isinstance(cell, str):
        return [nodes.Text(cell)]
    if cell.get("kind") == "number":
        return [number_node(cell, result_id, notebook)]
    if cell.get("kind") == "word":
        return [_word(cell)]
    if cell.get("kind") == "jump":
        anchor = nodes.make_id(f"{result_id.rpartition('/')[0]}/{cell['result']}")
        return [nodes.reference("", cell["text"], internal=True, refid=anchor)]
    if cell.get("kind") == "rule":
        return [_to_rule(cell)]
    found: list[nodes.Node] = []
    parts = ["", *_joined(cell["parts"]), ""]
    for before, part, after in zip(parts, parts[1:], parts[2:], strict=False):
        if isinstance(part, str):
            kept = "" if isinstance(before, str) else _closing(part)
            text = part[len(kept) :]
            if not isinstance(after, str) and text.endswith("("):
                text = text[:-1]
            sign = _SIGN_AT_END.fullmatch(text) if after == "" else None
            text = sign[1] if sign else text
            found += [nodes.Text(text)] if text else []
            found += [answer_sign(sign[2], sign[2])] if sign else []
            continue
        # A line may break beside a button: what belongs to a number stays with it.
        opening = "(" if isinstance(before, str) and before.endswith("(") else ""
        closing = _closing(after) if isinstance(after, str) else ""
        number = number_node(part, result_id, notebook)
        if opening or closing:
            texts = (nodes.Text(opening), number, nodes.Text(closing))
            around = [node for node in texts if node.astext()]
            found.append(nodes.inline("", "", *around, classes=["rulka-keep"]))
        else:
            found.append(number)
    return found


def _to_rule(cell: Mapping[str, Any]) -> nodes.Node:
    """Return a link to what is told of a rule, on whichever page it is told."""
    text = nodes.Text(cell["text"])
    if not cell["code"]:
        return text
    from sphinx import addnodes

    target = {"refdomain": "", "reftype": TO_RULE, "reftarget": cell["code"].lower()}
    return addnodes.pending_xref("", text, refexplicit=True, refwarn=True, **target)


def _joined(parts: Iterable[Any]) -> Iterator[Any]:
    """Yield the parts of a sentence, those between two numbers as one text."""
    for is_text, group in groupby(parts, lambda part: isinstance(part, str)):
        found = list(group)
        yield from ["".join(found)] if is_text else found


def _word(cell: Mapping[str, Any]) -> nodes.inline:
    """Return an answer as sign and word, in a frame of its own."""
    return nodes.inline("", cell["text"], classes=["rulka-chip", f"rulka-is-{cell['look']}"])


def _closing(text: str) -> str:
    """Return the punctuation that a text begins with."""
    mark = _PUNCTUATION.match(text)
    return mark[0] if mark else ""


def table_node(data: Mapping[str, Any], result_id: str, notebook: str) -> nodes.table:
    """Return a table result as a table; its first column names the rows."""
    # Without widths of its own, a column is as wide as its content asks for.
    table = nodes.table(classes=["rulka-table", "colwidths-auto"])
    if as_text(data["caption"]):
        caption = inline_nodes(data["caption"], result_id, notebook)
        table += nodes.title("", "", *caption)
    columns = data["columns"]
    looks = dict(data.get("looks", ()))
    if len(columns) > WIDE:
        table["classes"].append("rulka-wide")
    cells = [cell for _, row in data["rows"] for cell in row[1:]]
    if len(columns) <= WIDE and any(len(as_text(cell)) > SENTENCE for cell in cells):
        table["classes"].append("rulka-words")
    group = nodes.tgroup(cols=len(columns))
    table += group
    for number in range(len(columns)):
        group += nodes.colspec(colwidth=1, stub=int(number == 0))
    if len(data["rows"]) >= SORTABLE:
        table["classes"].append("sortable")
    head = nodes.thead()
    head += nodes.row("", *(_heading(title) for _, title in columns))
    for number, entry in enumerate(head[0]):
        cells = [row[number] for _, row in data["rows"]]
        # A heading stands over its numbers.
        if any(map(_is_number, cells)) and all(
            _is_number(cell) or not as_text(cell) for cell in cells
        ):
            entry["classes"].append("rulka-cell-number")
        # Much text in a narrow column makes a table of empty rows.
        if any(len(as_text(cell)) > LONG for cell in cells):
            entry["classes"].append("rulka-cell-long")
    body = nodes.tbody()
    for key, cells in data["rows"]:
        row = _row(cells, result_id, notebook)
        row["classes"] += [f"rulka-row-{looks[key]}"] if key in looks else []
        body += row
    group += [head, body]
    return table


def noted(
    table: nodes.table, data: Mapping[str, Any], result_id: str, notebook: str
) -> list[nodes.Node]:
    """Return a table with its notes below it, and behind them the link to its cell."""
    *notes, last = [
        nodes.paragraph("", "", *inline_nodes(note, result_id, notebook), classes=["rulka-note"])
        for note in data["notes"] or [""]
    ]
    last += [nodes.Text(" "), link_to_cell(notebook, result_id)]
    return [table, *notes, last]


def _heading(title: str) -> nodes.entry:
    """Return the heading of a column; what stands in brackets at its end is the unit, below it."""
    named = _UNIT_AT_END.fullmatch(title)
    if named is None:
        return nodes.entry("", nodes.paragraph("", "", *inline_nodes(title, "", "")))
    unit = nodes.inline("", "", nodes.Text(named[2]), classes=["rulka-unit"])
    words = quoted_words("", "", nodes.Text(f"{named[1]} "), unit)
    return nodes.entry("", nodes.paragraph("", "", words))


def _row(cells: list[Any], result_id: str, notebook: str) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        entry = nodes.entry()
        if _is_number(cell):
            entry["classes"].append("rulka-cell-number")
        entry += nodes.paragraph("", "", *inline_nodes(cell, result_id, notebook))
        row += entry
    return row


def _is_number(cell: Any) -> bool:
    """Tell whether a cell is a number, alone or with an answer's sign behind it."""
    if not isinstance(cell, Mapping):
        return False
    if cell.get("kind") == "number":
        return True
    if "parts" not in cell:
        return False
    number, *behind = [part for part in cell["parts"] if part] or [""]
    signs = all(isinstance(part, str) and part.strip() in SAID for part in behind)
    return not isinstance(number, str) and signs


def figure_node(data: Mapping[str, Any], result_id: str, notebook: str) -> quoted_figure:
    """Return a figure result as a figure with caption and the numbers behind it."""
    node = quoted_figure("", **_drawn(data, result_id))
    node["ids"] = [nodes.make_id(result_id)]
    caption = _caption(data, result_id, notebook)
    if data.get("view"):
        caption += explore_link("", view=data["view"][0], words=data["view"][1])
    node.extend([caption, _numbers(data, "The numbers in this figure", result_id, notebook)])
    return node


def figures_node(data: Mapping[str, Any], result_id: str, notebook: str) -> quoted_figures:
    """Return figures that stand together, with a switch where there is a choice."""
    node = quoted_figures("", title=data["title"], behind=data["behind"])
    node["ids"] = [nodes.make_id(result_id)]
    node["choices"] = [name for name, _ in data["choices"]]
    caption = _caption(data, result_id, notebook)
    for number, (_, panels) in enumerate(data["choices"]):
        choice = figure_choice()
        for panel in panels:
            shown = figure_panel("", **_drawn(panel, result_id))
            words = inline_nodes(panel["sentence"], result_id, notebook)
            # Without a sentence below it, a figure's link would take a line of its own.
            below = bool(words) or number > 0
            links = list(_links_of(panel, named=not below))
            if below:
                shown += figure_caption("", "", *words, *links)
            else:
                caption.extend(links)
            choice += shown
        node.append(choice)
    node.append(caption)
    node.append(_numbers(data, "The numbers", result_id, notebook))
    return node


def panel_node(data: Mapping[str, Any], result_id: str) -> figure_panel:
    """Return the drawing of a figure alone, for a place that has its words already."""
    return figure_panel("", **_drawn(data, result_id))


def _links_of(panel: Mapping[str, Any], *, named: bool) -> Iterator[explore_link]:
    """Yield the link to a panel's view; beside others it says what it is about."""
    if panel["view"]:
        view, differs = panel["view"]
        # In sight its last words tell it from the others: on which variant.
        short = panel["name"].rpartition(" on ")[2] if named else ""
        words = ": ".join(part for part in (short, differs) if part)
        yield explore_link("", view=view, words=words, about=panel["name"])


def _drawn(data: Mapping[str, Any], result_id: str) -> dict[str, Any]:
    """Return what nodes keep of a drawing: its files by kind, with their sizes."""
    kinds = [kind for kind in (*SHOWN_AT, "picture") if data.get(kind)]
    return {
        "result": result_id,
        "alt": data["alt"],
        "pictures": [
            (kind, figure_file(data[kind]["svg"]), data[kind]["width"], data[kind]["height"])
            for kind in kinds
        ],
    }


def _caption(data: Mapping[str, Any], result_id: str, notebook: str) -> figure_caption:
    caption = figure_caption()
    said = inline_nodes(data["caption"], result_id, notebook)
    caption.extend([*said, nodes.Text(" "), link_to_cell(notebook, result_id)])
    return caption


def _numbers(data: Mapping[str, Any], summary: str, result_id: str, notebook: str) -> disclosure:
    shown = disclosure("", summary=summary)
    shown.append(table_node({**data["table"], "caption": ""}, result_id, notebook))
    return shown


def figure_file(svg: str) -> str:
    """Return the file name of a figure: named after its content, so it can be kept for ever."""
    return f"figure-{digest_text(svg)[:20]}.svg"


def cell_id(name: str) -> str:
    """Return the anchor of the cell that published a result, on the page of its notebook."""
    anchor: str = nodes.make_id(f"published-{name}")
    return anchor


def link_to_cell(notebook: str, result_id: str, words: str = "Notebook") -> nodes.Node:
    """Return a link to the cell that published a result; resolved in `anchors`."""
    from sphinx import addnodes

    reference = addnodes.pending_xref(
        "",
        refdomain="",
        reftype=TO_CELL,
        reftarget=notebook,
        refexplicit=True,
        refwarn=True,
        anchor=cell_id(result_id.rpartition("/")[2]),
    )
    reference += nodes.inline("", words, classes=["rulka-notebook-link"])
    return reference


def visit_number_html(writer: Any, node: quoted_number) -> None:
    if "entry" not in node:
        # A copy, as in the navigation of other pages.
        writer.body.append("<span>")
        return
    classes = "rulka-number" if node["known"] else "rulka-number rulka-missing"
    # What stands alone in a cell of a table is named by row and column.
    named = any("rulka-cell-number" in parent.get("classes", ()) for parent in _around(node))
    name = "" if named else f' data-name="{html.escape(node["name"], quote=True)}"'
    writer.body.append(f'<span class="{classes}" data-entry="{node["entry"]}"{name}>')


def _around(node: nodes.Node) -> Iterator[nodes.Element]:
    while node.parent is not None:
        node = node.parent
        yield node


def visit_figure_html(writer: Any, node: quoted_figure) -> None:
    writer.body.append(f'<figure class="rulka-figure" id="{node["ids"][0]}">')
    writer.body.append(_picture_html(writer, node))


def _picture_html(writer: Any, node: nodes.Element) -> str:
    """Return a drawing, another one on a phone. The theme is the file's own affair."""
    alt = html.escape(node["alt"], quote=True)
    parts = []
    for kind, file, width, height in node["pictures"]:
        source, size = f"{writer.builder.imgpath}/{file}", f'width="{width}" height="{height}"'
        if kind in SHOWN_AT:
            parts.append(f'<source media="{SHOWN_AT[kind]}" srcset="{source}" {size}>')
        else:
            # In the dark the theme dims pictures, except those that say they know both themes.
            parts.append(
                f'<img class="dark-light" src="{source}" alt="{alt}" {size} loading="lazy">'
            )
    return f"<picture>{''.join(parts)}</picture>"


def visit_figures_html(writer: Any, node: quoted_figures) -> None:
    name = html.escape(node["ids"][0], quote=True)
    writer.body.append(f'<section class="rulka-figures" id="{name}">')
    if node["title"]:
        behind = f" <span>{html.escape(node['behind'])}</span>" if node["behind"] else ""
        writer.body.append(f'<p class="rulka-title">{html.escape(node["title"])}{behind}</p>')
    choices = node["choices"] if len(node["choices"]) > 1 else []
    for number, choice in enumerate(choices):
        # A radio button chooses by the style sheet alone.
        own, checked = f"{name}-{number}", " checked" if not number else ""
        writer.body.append(
            f'<input type="radio" name="{name}-switch" id="{own}"{checked}>'
            f'<label for="{own}">{html.escape(choice)}</label>'
        )


def visit_choice_html(writer: Any, node: figure_choice) -> None:
    # The last drawing of a panel is that of a page; as many abreast as have room.
    drawn = [panel["pictures"][-1][2] for panel in node.findall(figure_panel)]
    narrow = " rulka-narrow" if max(drawn, default=0) < MIDDLING else ""
    writer.body.append(f'<div class="rulka-choice{narrow}">')


def visit_panel_html(writer: Any, node: figure_panel) -> None:
    writer.body.append(f'<figure class="rulka-panel">{_picture_html(writer, node)}')


def visit_explore_link_html(writer: Any, node: explore_link) -> None:
    # A site need not have the page; on the page itself the figures stand in for it.
    builder = writer.builder
    if EXPLORE in builder.env.found_docs and builder.current_docname != EXPLORE:
        href = builder.get_relative_uri(builder.current_docname, EXPLORE) + node["view"]
        words = f" ({html.escape(node['words'])})" if node["words"] else ""
        # Of several links that read alike each says what it is about.
        about = f"Explore{words}: {html.escape(node.get('about', ''), quote=True)}"
        label = f' aria-label="{about}"' if node.get("about") else ""
        writer.body.append(
            f' <a class="rulka-explore-link" href="{html.escape(href, quote=True)}"{label}>'
            f"Explore{words}</a>"
        )
    raise nodes.SkipNode


def visit_sign_html(writer: Any, node: answer_sign) -> None:
    said = SAID[node.astext()]
    writer.body.append(f' <span class="rulka-sign rulka-{said}" role="img" aria-label="{said}">')


def visit_disclosure_html(writer: Any, node: disclosure) -> None:
    summary = html.escape(node["summary"])
    writer.body.append(f'<details class="rulka-details"><summary>{summary}</summary>')


def add_nodes(app: Any) -> None:
    """Register the nodes with Sphinx."""
    add_node(app, quoted_number, visit_number_html, fixed("</span>"))
    add_node(app, quoted_words, pass_over)
    add_node(app, quoted_figure, visit_figure_html, fixed("</figure>"))
    add_node(app, quoted_figures, visit_figures_html, fixed("</section>"))
    add_node(app, figure_choice, visit_choice_html, fixed("</div>"))
    add_node(app, figure_panel, visit_panel_html, fixed("</figure>"))
    add_node(app, figure_caption, fixed("<figcaption>"), fixed("</figcaption>"))
    add_node(app, explore_link, visit_explore_link_html)
    add_node(app, answer_sign, visit_sign_html, fixed("</span>"))
    add_node(app, disclosure, visit_disclosure_html, fixed("</details>"))
    banner = fixed('<aside class="rulka-banner" aria-label="Data used">')
    add_node(app, data_banner, banner, fixed("</aside>"))
