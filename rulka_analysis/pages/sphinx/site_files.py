"""The files of the site: figures and notebooks beside pages, a complete search index, what belongs.

Sphinx never removes a file from its output, and an index it goes on with lacks what it did not read
again. After a build that went well ``site_files.json`` in the doctree folder lists what belongs to
the site; whoever publishes it takes these files and no others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.util.index_entries import split_index_msg

from rulka_analysis.pages.execute import without_private_outputs, write_atomically
from rulka_analysis.pages.sphinx.quoting import Registry
from rulka_analysis.pages.sphinx.rendering import quoted_figure
from rulka_analysis.values.questions import digest_of

LIST = "site_files.json"
"""Name of the list in the doctree folder."""


def begin(app: Sphinx) -> None:
    """Take the last build's list away: a build that fails has none."""
    path = Path(app.doctreedir) / LIST
    try:
        app.rulka_site_before = json.loads(path.read_text(encoding="utf-8"))["files"]  # type: ignore[attr-defined]
    except (OSError, ValueError, KeyError, TypeError):
        app.rulka_site_before = []  # type: ignore[attr-defined]
    path.unlink(missing_ok=True)


def write_again_what_links(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Return all pages if a title or a target of links has changed anywhere.

    Titles stand in the navigation of every page, targets in links; Sphinx writes neither again.
    """
    targets = {name: sorted(map(str, domain.get_objects())) for name, domain in env.domains.items()}
    contents = sorted((name, sorted(parts)) for name, parts in env.toctree_includes.items())
    now = digest_of([targets, contents])
    before = getattr(env, "rulka_targets", now)
    env.rulka_targets = now  # type: ignore[attr-defined]
    return () if now == before else env.found_docs


def clear_static_files(app: Sphinx, builder: Builder) -> None:
    """Remove what the last build put among the static files; all of them are copied anew.

    Then put myst-nb's style sheet in place. myst-nb does so after pages are written: pages of a
    first build would carry no checksum of it, those of a second would, and no build from nothing
    would equal one that goes on.
    """
    if builder.format != "html":
        return
    outdir = Path(app.outdir)
    for name in app.rulka_site_before:  # type: ignore[attr-defined]
        if name.startswith("_static/") and ".." not in Path(name).parts:
            (outdir / name).unlink(missing_ok=True)
    from myst_nb.sphinx_ext import add_global_html_resources

    (outdir / "_static").mkdir(parents=True, exist_ok=True)
    add_global_html_resources(app, None)


def complete_search_index(app: Sphinx) -> list[Any]:
    """Give the search index what Sphinx loses when it goes on with an earlier one.

    The saved index does not tell which page an index entry is from, so Sphinx keeps only those of
    the pages it has just read; and words that no page has any more stay in it with an empty list.
    """
    indexer = getattr(app.builder, "indexer", None)
    if indexer is None:
        return []
    domain = app.env.domains["index"]
    entries: dict[str, list[tuple[str, str, str]]] = {}
    for document in sorted(app.env.found_docs):
        found: set[tuple[str, str, str]] = set()
        for kind, value, target, main, _ in domain.data["entries"].get(document, ()):
            parts = split_index_msg(kind, value)
            found |= {(part, target or "", main) for part in parts}
        entries[document] = sorted(found)
    indexer._index_entries.clear()
    indexer._index_entries.update(entries)
    for words in (indexer._mapping, indexer._title_mapping):
        for word in [word for word, documents in words.items() if not documents]:
            del words[word]
    return []


def remember_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Note which figures a page shows: file, result, and theme."""
    shown = {
        file: (figure["result"], theme)
        for figure in doctree.findall(quoted_figure)
        for theme, file in figure["files"].items()
    }
    app.env.rulka_figures[app.env.current_document.docname] = shown  # type: ignore[attr-defined]


def write_files(app: Sphinx) -> None:
    """Write the figures that pages show, and notebooks as they can be opened by others."""
    images = Path(app.outdir) / app.builder.imagedir
    registry: Registry = app.rulka_registry  # type: ignore[attr-defined]
    for name, (result_id, theme) in _figures(app).items():
        # Files are named after their content: one that is there is right.
        if not (images / name).is_file():
            images.mkdir(parents=True, exist_ok=True)
            _write(images / name, registry.results[result_id].result.data[theme])
    read_anew = set(app.rulka_report.pages)  # type: ignore[attr-defined]
    for document, executed in app.rulka_executed.items():  # type: ignore[attr-defined]
        target = Path(app.outdir) / f"{document}.ipynb"
        if document in read_anew or not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            plain = without_private_outputs(executed.notebook)
            _write(target, json.dumps(plain, indent=1, ensure_ascii=False) + "\n")


def _figures(app: Sphinx) -> dict[str, tuple[str, str]]:
    """Return the figures that pages show: by file, the result and theme."""
    by_page: dict[str, dict[str, tuple[str, str]]] = app.env.rulka_figures  # type: ignore[attr-defined]
    return {file: shown for figures in by_page.values() for file, shown in figures.items()}


def _write(path: Path, text: str) -> None:
    write_atomically(path, text)
    # A temporary file is its owner's only; a site is for everyone.
    path.chmod(0o644)


def write_list(app: Sphinx) -> None:
    """List the files that belong to the site."""
    assert isinstance(app.builder, StandaloneHTMLBuilder)
    outdir = Path(app.outdir)
    files = _listed(app, app.builder)
    static = (path for path in (outdir / "_static").rglob("*") if path.is_file())
    files |= {p.relative_to(outdir).as_posix() for p in static if not _points_to_sources(p)}
    text = json.dumps({"files": sorted(files)}, indent=0)
    write_atomically(Path(app.doctreedir) / LIST, text + "\n")


def _points_to_sources(path: Path) -> bool:
    """Tell whether a static file only says from what sources, which are not there, another is made.

    Such a file is called like the other, with an ending more.
    """
    return bool(path.suffix) and path.with_suffix("").is_file()


def _listed(app: Sphinx, builder: StandaloneHTMLBuilder) -> set[str]:
    """Return what the environment lists: pages, their sources, images and downloads."""
    pages = [*app.env.found_docs, "genindex", "search", *(i[0] for i in builder.domain_indices)]
    files = {Path(builder.get_output_path(p)).relative_to(app.outdir).as_posix() for p in pages}
    files |= {builder.searchindex_filename, "objects.inv"}
    suffix = app.config.html_sourcelink_suffix
    for document in app.env.found_docs if app.config.html_copy_source else ():
        source = app.env.doc2path(document, base=False).as_posix()
        ends = "" if source.endswith(suffix) else suffix
        files.add(f"_sources/{source}{ends}")
    images = [*(name for _, name in app.env.images.values()), *_figures(app)]
    files |= {f"{builder.imagedir}/{name}" for name in images}
    files |= {f"_downloads/{name}" for _, name in app.env.dlfiles.values()}
    files |= {f"{document}.ipynb" for document in app.rulka_executed}  # type: ignore[attr-defined]
    return files
