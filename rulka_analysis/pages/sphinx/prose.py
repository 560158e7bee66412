"""Ends a build in which a page, a notebook's prose or a definition holds a typed number.

Every page is walked as a document, so that included files, tables, captions and what directives
made are seen as they are read. What stands in prose and holds a digit is kept in the environment,
page by page; names are declared elsewhere and may change while a page does not, so what of it is a
mistake is told at the end of every reading (``env-updated``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from rulka_analysis.pages.prose import (
    find_numbers,
    find_typed_in_definition,
    list_declared_names,
)
from rulka_analysis.pages.sphinx.answer_boxes import answer_badge, answer_box
from rulka_analysis.pages.sphinx.rendering import (
    data_banner,
    disclosure,
    quoted_figure,
    quoted_number,
    quoted_words,
)
from rulka_analysis.pages.sphinx.reporting import BuildStopped
from rulka_analysis.pages.sphinx.state import Prose, notes_of_pages
from rulka_analysis.project import domain_in_effect, domain_of
from rulka_analysis.values.errors import ExperimentError
from rulka_analysis.values.toml import TomlFile

DEFINITIONS = "docs/experiments/*.toml"

# Literals, mathematics, and what docutils and Sphinx number or write by themselves.
_NO_PROSE = (
    nodes.FixedTextElement,
    nodes.literal,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.label,
    nodes.footnote_reference,
    nodes.citation_reference,
    nodes.system_message,
    addnodes.literal_emphasis,
    addnodes.literal_strong,
    addnodes.desc,
    addnodes.index,
)
# What is in nodes of results was computed.
_COMPUTED = (
    answer_badge,
    answer_box,
    data_banner,
    quoted_figure,
    quoted_number,
    quoted_words,
)
# What a reader sees or hears of a node that is not among its children.
_TEXTS_BESIDE = ((nodes.image, "alt"), (disclosure, "summary"), (addnodes.toctree, "caption"))

# myst-nb counts the lines of cell n from n x 10000.
_LINES_A_CELL = 10_000
_CELL = re.compile(r"# %%(?!%)")


def setup_typed_numbers(app: Sphinx) -> None:
    """Register with Sphinx what the rule needs to know; `fail_on_typed` is for ``env-updated``."""
    # Names that may be written in prose anywhere, beside those that definitions declare.
    app.add_config_value("rulka_names", [], "", types=[list, tuple])


def prose_with_digits(doctree: nodes.document) -> list[Prose]:
    """Return what of a page is prose with a digit in it."""
    return [prose for prose in prose_of(doctree) if any(map(str.isnumeric, prose.text))]


def prose_of(element: nodes.Element) -> Iterator[Prose]:
    """Yield the texts of a document that somebody typed as prose, in order."""
    for kind, key in _TEXTS_BESIDE:
        if isinstance(element, kind) and element.get(key) and not element.get("quoted"):
            yield _prose(element, str(element[key]))
    if isinstance(element, addnodes.toctree):
        for title, _ in element["entries"]:
            if title:
                yield _prose(element, title)
    for child in element.children:
        if isinstance(child, nodes.Text):
            yield _prose(child, child.astext())
        elif isinstance(child, nodes.Element) and not _is_exempt(child):
            yield from prose_of(child)


def _is_exempt(element: nodes.Element) -> bool:
    if isinstance(element, _NO_PROSE + _COMPUTED):
        return True
    if isinstance(element, addnodes.pending_xref):
        # Without words of its own its text is the name of its target.
        return not element.get("refexplicit")
    if isinstance(element, nodes.reference):
        return bool(element.astext() == element.get("refuri"))
    # What code of a notebook printed; what autodoc took from the package.
    printed = element.get("nb_element") == "cell_code_output"
    return printed or ":docstring of " in (element.source or "")


def _prose(node: nodes.Node, text: str) -> Prose:
    """Return a text with the file and line it begins at, as far as docutils knows them."""
    before = 0
    while node.line is None and isinstance(node.parent, nodes.TextElement):
        at = node.parent.index(node)
        before += sum(other.astext().count("\n") for other in node.parent.children[:at])
        node = node.parent
    lines = node.line
    holder = node
    while holder.parent is not None and (lines is None or holder.source is None):
        holder = holder.parent
        lines = holder.line if lines is None else lines
    # docutils names an included file from the working directory.
    source = os.path.abspath(holder.source) if holder.source else ""  # noqa: PTH100
    return Prose(source, (lines or 1) + before, text)


def fail_on_typed(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """End the build if a number is typed in prose, and list all of them."""
    folder = Path(app.srcdir)
    own = domain_in_effect()
    # An experiment may be about another program's logs than those in use.
    domains = {file: domain_of(file) for file in sorted(folder.glob(DEFINITIONS))}
    domains[own.catalogue_file] = own
    read = {file: both for file in domains if (both := _definition(file)) is not None}
    names = frozenset(app.config.rulka_names)
    for file, said in read.items():
        names |= list_declared_names(said.data, domains[file].variant)

    found = [
        f"{_shown(file, folder)}:{line}: {number.word!r} in {number.around!r}"
        for file, said in read.items()
        for line, number in find_typed_in_definition(said, names, domains[file].variant)
    ]
    for document, notes in sorted(notes_of_pages(env).items()):
        if notes.prose:
            found += _on_page(notes.prose, Path(env.doc2path(document)), names, folder)
    if found:
        declared = ["runs", *([own.variant.plural] if own.variant else [])]
        raise BuildStopped(
            "numbers are typed in prose:\n  "
            # A file that several pages include is named once.
            + "\n  ".join(dict.fromkeys(found))
            + "\nQuote what was measured: :result:`experiment/name` on a page, {result}`experiment/"
            "name` in a notebook, a {field} in a sentence of a definition. Put a name, a version "
            "or a setting in backquotes (``512``; in Markdown `512`). Names that a definition "
            f"declares, of {' and '.join(declared)}, may stand as they are"
        )
    return []


def _definition(file: Path) -> TomlFile | None:
    """Return a definition; None where its own reader has to say what is wrong.

    Reading them takes a few milliseconds, so they are read in every build.
    """
    try:
        return TomlFile(file, ExperimentError)
    except ExperimentError:
        return None


def _on_page(
    page: Sequence[Prose], path: Path, names: frozenset[str], folder: Path
) -> Iterator[str]:
    for prose in page:
        for number in find_numbers(prose.text, names):
            cell, line = divmod(prose.line, _LINES_A_CELL)
            # A notebook's nodes name no file that holds their lines.
            file = path if cell or not prose.file else folder / prose.file
            before = prose.text.count("\n", 0, number.start)
            words = prose.text.splitlines()[before]
            place = _place(file, cell, line + before, (words, number.word))
            yield f"{_shown(file, folder)}:{place}: {number.word!r} in {number.around!r}"


def _place(file: Path, cell: int, line: int, texts: Iterable[str]) -> str:
    """Return the line of a file on which one of some texts stands, and the cell of a notebook.

    docutils knows the line of a block; of a title, a cell of a table or a directive's option it
    knows a line near by. The first text that the file holds is looked for around that line.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    starts = [number for number, text in enumerate(lines, start=1) if _CELL.match(text)]
    if cell and len(starts) >= cell:
        line += starts[cell - 1]
    held = ([n for n, whole in enumerate(lines, start=1) if text in whole] for text in texts)
    candidates = next(filter(None, held), [line])
    line = min(candidates, key=lambda number: abs(number - line))
    return f"{line} (cell {cell})" if cell else str(line)


def _shown(file: Path, folder: Path) -> str:
    file = file.resolve()
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)
