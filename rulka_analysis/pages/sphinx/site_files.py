"""The files of the site: figures and notebooks beside pages, a complete search index, what belongs.

Sphinx never removes a file from its output, and an index it goes on with lacks what it did not read
again. After a build that went well ``site_files.json`` in the doctree folder lists what belongs to
the site; whoever publishes it takes these files and no others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment

from rulka_analysis.pages.execute import drop_private_outputs
from rulka_analysis.pages.results import pictures
from rulka_analysis.pages.sphinx.evidence import list_evidence, write_evidence
from rulka_analysis.pages.sphinx.outputs import show_hidden
from rulka_analysis.pages.sphinx.patches import put_style_sheet_of_notebooks
from rulka_analysis.pages.sphinx.rendering import figure_file
from rulka_analysis.pages.sphinx.state import notes_of_pages, state_of
from rulka_analysis.values.digests import digest_file, digest_of
from rulka_analysis.values.files import write_whole

LIST = "site_files.json"
"""Name of the list in the doctree folder."""


def begin(app: Sphinx) -> None:
    """Take the last build's list away: a build that fails has none."""
    path = Path(app.doctreedir) / LIST
    with suppress(OSError, ValueError, KeyError, TypeError):
        state_of(app).site_before = json.loads(path.read_text(encoding="utf-8"))["files"]
    path.unlink(missing_ok=True)


def write_again_what_links(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Return all pages if a title or a target of links has changed anywhere.

    Titles stand in the navigation of every page, targets in links; Sphinx writes neither again.
    """
    targets = {name: sorted(map(str, domain.get_objects())) for name, domain in env.domains.items()}
    contents = sorted((name, sorted(parts)) for name, parts in env.toctree_includes.items())
    now = digest_of([targets, contents])
    return env.found_docs if has_changed(env, "rulka_targets", now) else ()


def write_again_what_looks_different(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Return all pages if a style sheet, a script or a template has changed.

    Pages name style sheets and scripts with their checksums. Sphinx 9.0.4 writes a page again for
    its text, and for a template that is younger than the page, which an installed one rarely is.
    """
    builder = app.builder
    if not isinstance(builder, StandaloneHTMLBuilder):
        return ()
    themes = [Path(folder) for folder in builder.theme.get_theme_dirs()]
    config = app.config
    own = [Path(app.confdir) / name for name in (*config.html_static_path, *config.templates_path)]
    now = digest_of(
        [
            [path.relative_to(folder).as_posix(), digest_file(path)]
            for folder in (*themes, *own)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        ]
    )
    return env.found_docs if has_changed(env, "rulka_look", now) else ()


def has_changed(env: BuildEnvironment, name: str, now: str) -> bool:
    """Tell whether a digest is another than in the last build, and keep it in the environment."""
    kept = vars(env)
    before = kept.get(name, now)
    kept[name] = now
    return bool(before != now)


def clear_static_files(app: Sphinx, builder: Builder) -> None:
    """Remove what the last build put among the static files; all of them are copied anew."""
    if builder.format != "html":
        return
    outdir = Path(app.outdir)
    for name in state_of(app).site_before:
        if name.startswith("_static/") and ".." not in Path(name).parts:
            (outdir / name).unlink(missing_ok=True)
    put_style_sheet_of_notebooks(app)


def write_files(app: Sphinx) -> None:
    """Write the figures that pages show, and notebooks as they can be opened by others."""
    images = Path(app.outdir) / app.builder.imagedir
    state = state_of(app)
    for name, result_id in _figures(app).items():
        # Files are named after their content: one that is there is right.
        if not (images / name).is_file():
            images.mkdir(parents=True, exist_ok=True)
            for picture in pictures(state.registry.results[result_id].result.data):
                write_whole(images / figure_file(picture), picture)
    for name, picture in _drawn(app).items():
        if not (images / name).is_file():
            images.mkdir(parents=True, exist_ok=True)
            write_whole(images / name, picture)
    write_evidence(app)
    read_anew = set(state.report.pages)
    for document, executed in state.executed.items():
        target = Path(app.outdir) / f"{document}.ipynb"
        if document in read_anew or not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            plain = drop_private_outputs(executed.notebook)
            show_hidden(plain)
            write_whole(target, json.dumps(plain, indent=1, ensure_ascii=False) + "\n")


def _figures(app: Sphinx) -> dict[str, str]:
    """Return the results whose figures pages show, by file."""
    pages = notes_of_pages(app.env).values()
    return {file: shown for notes in pages for file, shown in notes.figures.items()}


def _drawn(app: Sphinx) -> dict[str, str]:
    """Return the pictures that were drawn for a page, by file."""
    pages = notes_of_pages(app.env).values()
    return {file: picture for notes in pages for file, picture in notes.drawn.items()}


def write_list(app: Sphinx) -> None:
    """List the files that belong to the site."""
    assert isinstance(app.builder, StandaloneHTMLBuilder)
    outdir = Path(app.outdir)
    files = _listed(app, app.builder)
    static = (path for path in (outdir / "_static").rglob("*") if path.is_file())
    files |= {p.relative_to(outdir).as_posix() for p in static if not _is_for_developers(p)}
    text = json.dumps({"files": sorted(files)}, indent=0)
    write_whole(Path(app.doctreedir) / LIST, text + "\n")


def _is_for_developers(path: Path) -> bool:
    """Tell whether a static file is of use only where the theme is made.

    One only says from what sources, which are not there, another is made; it is called like the
    other, with an ending more. Templates are what the theme includes in its own.
    """
    return (bool(path.suffix) and path.with_suffix("").is_file()) or path.suffix == ".html"


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
    images = [*(name for _, name in app.env.images.values()), *_figures(app), *_drawn(app)]
    files |= {f"{builder.imagedir}/{name}" for name in images}
    files |= list_evidence(app)
    files |= {f"_downloads/{name}" for _, name in app.env.dlfiles.values()}
    files |= {f"{document}.ipynb" for document in state_of(app).executed}
    return files
