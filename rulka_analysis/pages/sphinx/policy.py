"""The content security policy of pages: what a browser may load and run on one.

Everything comes from the site itself. A page's inline scripts and styles are named by their hashes:
those of the theme, never those of its content, which is what notebooks put out. A notebook whose
metadata says ``csp = "relaxed"`` may show scripts and styles of its own, on its own page alone.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any

from sphinx.builders import Builder
from sphinx.jinja2glue import BuiltinTemplateLoader
from sphinx.theming import Theme
from sphinx.util import logging

from rulka_analysis.pages.sphinx.patches import name_parts
from rulka_analysis.pages.sphinx.state import PageNotes, notes_of_pages

logger = logging.getLogger(__name__)

RELAXED = "relaxed"
RELAXATION = (
    "Scripts and styles in the output of this notebook may run on this page: its metadata relaxes "
    "the content security policy. What they would load from another host is blocked."
)

_SITE_ALONE = "default-src 'self'; img-src 'self' data:"
_CHARSET = '<meta charset="utf-8" />'
_INLINE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
_SUSPECT = re.compile(
    r"<(script|style|iframe|object|embed|link)\b|\s(style|on[a-z]+|src)\s*=", re.I
)
_ELSEWHERE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_EMBEDDED = {"iframe", "object", "embed"}


class PageTemplates(BuiltinTemplateLoader):
    """Sphinx's templates; every page gets the policy it needs, as the first thing in its head."""

    def init(
        self, builder: Builder, theme: Theme | None = None, dirs: list[str] | None = None
    ) -> None:
        super().init(builder, theme, dirs)
        self._env = builder.env

    def render(self, template: str, context: dict[str, Any]) -> str:  # type: ignore[override]
        page = super().render(template, context)
        # The theme renders parts of a page, too.
        if "</head>" not in page:
            return page
        page = name_parts(page)
        content = str(context.get("body", ""))
        name = context.get("pagename", "")
        notes = notes_of_pages(self._env).get(name, PageNotes())
        if notes.policy == RELAXED:
            return put_policy(page, relax_policy())
        blocked = sorted(blocked_by_policy(content)) if not notes.blocked else ()
        if blocked:
            logger.warning(
                "the page holds %s, which its content security policy blocks: take it out",
                " and ".join(blocked),
                location=name,
                type="rulka",
                subtype="policy",
            )
        return put_policy(page, policy_of(page, content))


def put_policy(page: str, policy: str) -> str:
    """Return a page with a policy; it holds for everything that comes after it."""
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}" />'
    if _CHARSET not in page:
        raise ValueError(f"the theme's pages do not say {_CHARSET}: no place for the policy")
    return page.replace(_CHARSET, f"{_CHARSET}\n    {meta}", 1)


def policy_of(page: str, content: str) -> str:
    """Return the policy under which a page works, save what scripts its content holds.

    Examples
    --------
    >>> policy_of("<script>ours()</script><i>text</i><script>theirs()</script>", "<i>text</i>")
    ... # doctest: +NORMALIZE_WHITESPACE
    "default-src 'self'; img-src 'self' data:; script-src 'self'
    'sha256-6Mlk+XjE57h/a6BK8UFDhIqhWicH5NYtbW9Bd0Z0HiI='
    'sha256-dtNeaGolj98n6UsOEVMS0J3uiifttX37yIHcg1xKhNU='"
    """
    ours = _inline(page) - _inline(content)
    directives = [_SITE_ALONE]
    for kind in ("script", "style"):
        hashes = sorted({_hash(text) for of, text in ours if of == kind})
        if hashes:
            directives.append(" ".join([f"{kind}-src 'self'", *hashes]))
    return "; ".join(directives)


def relax_policy() -> str:
    """Return the policy of a page whose notebook may run scripts and styles of its own.

    Still nothing is loaded from another host.
    """
    own = "'self' 'unsafe-inline'"
    return (
        f"{_SITE_ALONE} blob:; script-src {own} 'unsafe-eval' blob:; style-src {own}; "
        "font-src 'self' data:"
    )


def _inline(page: str) -> Counter[tuple[str, str]]:
    """Count the inline scripts and styles: their kind and text."""
    return Counter(
        (found[1].lower(), found[3])
        for found in _INLINE.finditer(page)
        if not re.search(r"\ssrc\s*=", found[2])
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def blocked_by_policy(content: str) -> set[str]:
    """Return what of some HTML the policy blocks, in words.

    Examples
    --------
    >>> blocked_by_policy('<p style="color: red" onclick="go()">Text</p>') == {
    ...     "a style attribute", "an event handler"
    ... }
    True
    >>> blocked_by_policy('<img src="plot.png" alt="style=no">')
    set()
    """
    if not _SUSPECT.search(content):
        return set()
    reader = _Blocked()
    reader.feed(content)
    reader.close()
    return reader.found


class _Blocked(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        given: Mapping[str, str] = {name: value or "" for name, value in attrs}
        source = given.get("src", "")
        if tag == "script" and "json" not in given.get("type", ""):
            if _ELSEWHERE.match(source):
                self.found.add("a script of another host")
            elif not source:
                # One that is loaded from the site itself may run.
                self.found.add("a script")
        elif tag == "style" or (tag == "link" and "stylesheet" in given.get("rel", "")):
            self.found.add("a style sheet")
        elif tag in _EMBEDDED:
            self.found.add("a frame")
        elif _ELSEWHERE.match(source):
            self.found.add("something of another host")
        if "style" in given:
            self.found.add("a style attribute")
        if any(name.startswith("on") for name in given):
            self.found.add("an event handler")
