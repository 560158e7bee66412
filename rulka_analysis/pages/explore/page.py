"""The Explore page as files: a folder that can be handed on, or a part of a site.

Names of runs and tags are untrusted. In the body there are none but the title; the others reach the
page as data, and its script sets them as text.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from rulka_analysis.pages.explore.data import Explore, index_script, metric_scripts
from rulka_analysis.pages.results import Figure
from rulka_analysis.pages.sheets import NARROW
from rulka_analysis.values.digests import digest_bytes
from rulka_analysis.values.errors import RulkaError
from rulka_analysis.values.files import write_whole

STATIC = Path(__file__).parent / "static"
# In this order: each needs those before it.
_OWN = "lines drawing picture words address view table files metrics controls explore"
SCRIPTS = ("uplot/uPlot.iife.min.js", *(f"{name}.js" for name in _OWN.split()))
STYLES = ("uplot/uPlot.min.css", "explore.css")
# Every event of a metric is written where there are no more than this (about 9 bytes each).
WHOLE_UP_TO = 400_000

# `file:` is what the page's own folder is when opened by double click; browsers do not agree on
# whether 'self' covers it. No script or style in the markup, nothing from the network.
POLICY = (
    "default-src 'self' file:; img-src 'self' file: data:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'"
)

# Yields the tags it is given, one by one, and may tell somebody how far it is.
Each = Callable[[Iterable[str]], Iterable[str]]


class ExploreError(RulkaError):
    """An Explore page cannot be written; the message names the cause and the remedy."""


def write_explore(
    folder: Path,
    data: Explore,
    *,
    fallback: str = "",
    stills: Sequence[Figure] = (),
    each: Each = iter,
) -> Path:
    """Write a folder that opens by double click, and return its page.

    A folder that was written before is written anew; files of others are left alone.

    Raises
    ------
    ExploreError
        If the folder is in the way or cannot be written to.
    """
    fallback += "".join(_still(number, figure) for number, figure in enumerate(stills))
    pictures = {
        f"still/{number}{kind}.svg": picture.svg.encode("utf-8")
        for number, figure in enumerate(stills)
        for kind, picture in (("", figure.picture), ("-phone", figure.phone))
        if picture is not None
    }
    target = folder / "index.html"
    assets = folder / "explore"
    refuse_foreign(folder)
    try:
        written = {target}
        for name, content in chain(pictures.items(), static_files(), data_files(data, each=each)):
            path = assets / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
            written.add(path)
        # Last: a page never names a file that is not there yet.
        write_whole(target, _document(data, fallback))
        for path in [*(assets / "data").glob("*.js"), *(assets / "still").glob("*.svg")]:
            if path not in written:
                path.unlink()
    except OSError as error:
        cause = error.strerror or str(error)
        raise ExploreError(
            f"{folder} cannot be written: {cause}. Check that the folder may be written to and has "
            "room, or name another"
        ) from error
    return target


def refuse_foreign(folder: Path) -> None:
    """Raise an error if a folder holds a page that is not ours.

    Raises
    ------
    ExploreError
        Names the remedy.
    """
    if (folder / "index.html").exists() and not (folder / "explore").is_dir():
        raise ExploreError(
            f"{folder} holds an index.html that is no Explore page; name an empty folder"
        )


def _still(number: int, figure: Figure) -> str:
    """Return the markup of a static figure, whose file knows both themes."""
    name = f"explore/still/{number}"
    narrow = f'<source media="{NARROW}" srcset="{name}-phone.svg">' if figure.phone else ""
    alt = html.escape(figure.alt, quote=True)
    size = f'width="{figure.picture.width}" height="{figure.picture.height}"'
    return (
        f'<p><picture>{narrow}<img src="{name}.svg" alt="{alt}" {size} loading="lazy">'
        "</picture></p>\n"
    )


def static_files() -> Iterator[tuple[str, bytes]]:
    """Yield what is the same for all data: the scripts and styles of the page."""
    for name in (*STYLES, *SCRIPTS, "uplot/LICENSE", "uplot/vendor.toml"):
        yield name, (STATIC / name).read_bytes()


def data_files(data: Explore, *, each: Each = iter) -> Iterator[tuple[str, bytes]]:
    """Yield the scripts that carry the data, made one by one; the last one names the others."""
    names: list[tuple[str, str | None]] = []
    for place, _ in enumerate(each([metric.tag for metric in data.metrics])):
        short, whole = metric_scripts(data, data.metrics[place], whole_up_to=WHOLE_UP_TO)
        # The digest behind the name keeps a browser from showing what it kept of an older site.
        yield f"data/{place}.js", short
        if whole is not None:
            yield f"data/{place}-all.js", whole
        names.append(
            (
                f"data/{place}.js?{_digest(short)}",
                None if whole is None else f"data/{place}-all.js?{_digest(whole)}",
            )
        )
    yield "data/index.js", index_script(data, names)


def _digest(content: bytes) -> str:
    return digest_bytes(content)[:12]


def page_body(folder: str, fallback: str = "", *, heading: str = "h2") -> str:
    """Return the markup of the page: where its files are, and what is there without a script."""
    place = html.escape(folder, quote=True)
    scripts = "\n".join(
        f'<script src="{place}{name}" defer></script>' for name in (*SCRIPTS, "data/index.js")
    )
    without = fallback or (
        "<p>The curves are drawn by a script, which does not run here. The figures of the "
        "experiment pages need none.</p>"
    )
    return f"""\
<div class="explore" data-folder="{place}" data-heading="{heading}">
<div class="explore-static">
{without}
</div>
</div>
{scripts}
"""


def _document(data: Explore, fallback: str) -> str:
    body = page_body("explore/", fallback, heading="h1")
    styles = "\n".join(f'<link rel="stylesheet" href="explore/{style}">' for style in STYLES)
    title = html.escape(data.title)
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY, quote=True)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Explore: {title}</title>
<link rel="icon" href="data:,">
{styles}
</head>
<body class="explore-alone">
<header class="explore-bar">{title}</header>
<main>
{body}</main>
</body>
</html>
"""
