"""A view of the Explore page as a link, written and read: figures link to it, pages quote it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from urllib.parse import quote, unquote

# What a browser's encodeURIComponent leaves as it is, besides letters, digits and ``_.-``.
_PLAIN = "!~*'()"


@dataclass(frozen=True)
class View:
    """What is shown of a metric; the rest is as the page opens.

    Parameters
    ----------
    tag : str
        Of the metric, as logged.
    clock : str
        Key of the clock.
    best : bool or None
        Best so far, or as logged; None: as the metric is usually shown.
    groups : tuple of str or None
        Labels of the groups shown, or names of one of their runs; None for all. One label of
        several groups stands with ``~2``, ``~3``, … behind it from the second on.
    members : tuple of str
        Runs shown beside the mean of their group.
    smooth : float
        Per cent of the clock over which a mean is taken.
    log, unfinished : bool
        A logarithmic scale; with the episodes that were not finished.
    zoom : pair of float or None
        Which stretch of the clock.
    cursor : float or None
        Where the cursor stands.
    """

    tag: str
    clock: str = "minutes"
    best: bool | None = None
    groups: tuple[str, ...] | None = None
    members: tuple[str, ...] = ()
    smooth: float = 0.0
    log: bool = False
    unfinished: bool = False
    zoom: tuple[float, float] | None = None
    cursor: float | None = None

    @property
    def fragment(self) -> str:
        """What stands behind the page's address.

        Examples
        --------
        >>> View("Training/loss", best=False, groups=("512 · 512×",)).fragment
        '#x=minutes&m=Training%2Floss&y=raw&g=512%20%C2%B7%20512%C3%97'
        """
        parts = [("x", self.clock), ("m", _quoted(self.tag))]
        if self.best is not None:
            parts.append(("y", "best" if self.best else "raw"))
        if self.groups is not None:
            parts.append(("g", ",".join(map(_quoted, self.groups))))
        if self.members:
            parts.append(("d", ",".join(map(_quoted, self.members))))
        if self.smooth:
            parts.append(("s", _number(self.smooth)))
        parts += [(key, "1") for key, on in (("l", self.log), ("u", self.unfinished)) if on]
        if self.zoom is not None:
            parts.append(("z", ",".join(map(_number, self.zoom))))
        if self.cursor is not None:
            parts.append(("c", _number(self.cursor)))
        return "#" + "&".join(f"{key}={text}" for key, text in parts)


def view_of(link: str, labels: tuple[str, ...] = ()) -> View | None:
    """Return the view that a link shows; None where it names no metric.

    Parameters
    ----------
    link : str
        A whole address, or what stands behind its ``#``.
    labels : tuple of str
        Of all groups of the page: a link may say which are hidden.

    Examples
    --------
    >>> view_of("docs/explore.html#x=steps&m=Training%2Floss&h=b&z=5,10", ("a", "b"))
    View(tag='Training/loss', clock='steps', best=None, groups=('a',), members=(), smooth=0.0, \
log=False, unfinished=False, zoom=(5.0, 10.0), cursor=None)
    """
    _, _, fragment = link.rpartition("#")
    told = dict(part.partition("=")[::2] for part in fragment.split("&"))
    if "m" not in told:
        return None
    groups = _names(told["g"]) if "g" in told else None
    if "h" in told:
        hidden = _names(told["h"])
        groups = tuple(label for label in labels if label not in hidden)
    zoom = [_float(text) for text in told.get("z", "").split(",")]
    low, high = zoom if len(zoom) == 2 else (None, None)
    return View(
        tag=unquote(told["m"]),
        clock=told.get("x", "minutes"),
        best={"best": True, "raw": False}.get(told.get("y", "")),
        groups=groups,
        members=_names(told.get("d", "")),
        smooth=_float(told.get("s", "")) or 0.0,
        log=told.get("l") == "1",
        unfinished=told.get("u") == "1",
        zoom=(low, high) if low is not None and high is not None and low < high else None,
        cursor=_float(told.get("c", "")),
    )


def _quoted(text: str) -> str:
    return quote(text, safe=_PLAIN, errors="replace")


def _names(text: str) -> tuple[str, ...]:
    return tuple(unquote(name) for name in text.split(",")) if text else ()


def _number(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def _float(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
