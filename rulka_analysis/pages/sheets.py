"""What a figure is drawn on: CSS pixels, text as text, one file for both themes.

Matplotlib draws in the colours of the light theme; what comes out names them as variables, which
the file itself exchanges where the page it stands in is dark. No element has a style of its own, so
a content policy has nothing to block.
"""

from __future__ import annotations

import functools
import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rulka_analysis.pages.palette import COLOURS, colour
from rulka_analysis.values.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]

FONTS = 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
# No type is smaller, on a phone neither.
SMALL, LABEL, BEHIND, HEADING = 12.0, 12.5, 13.0, 14.0
# A figure that fits a column of a page, and one that fits a phone.
WIDE, PHONE = 464, 340
# As wide as an article, where there is room for all of it.
WHOLE = 964
# At which width of the window the last two are shown.
NARROW, ROOMY = "(max-width: 540px)", "(min-width: 1280px)"

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
# Parts a title from what stands behind it; hidden, so no name holds one (they are escaped).
_BEHIND = "\u2063"
# Words are measured in it; it comes with Matplotlib and is as wide as any of the above.
_MEASURED = "DejaVu Sans"
_ANCHORS = {"start": "left", "middle": "center", "end": "right"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing for both themes.

    Parameters
    ----------
    svg : str
        The file.
    width, height : int
        In CSS pixels.
    """

    svg: str
    width: int
    height: int


class Sheet:
    """A drawing in CSS pixels from the top left corner.

    Parameters
    ----------
    width, height : int
        In CSS pixels.

    Examples
    --------
    >>> sheet = Sheet(340, 60)
    >>> sheet.title("Loss", "s · axis from 58")
    18
    >>> sheet.dot(20, 40, "winner")
    >>> sheet.text(30, 40, "58.76", colour="winner", bold=True)
    >>> picture = sheet.picture()
    >>> picture.width, "prefers-color-scheme: dark" in picture.svg, "#00735a" in picture.svg
    (340, True, True)
    """

    def __init__(self, width: int, height: int) -> None:
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure as Canvas

        self.width, self.height = width, height
        with matplotlib.rc_context(_style()):
            # A point of Matplotlib's is a pixel here.
            self._canvas = Canvas(figsize=(width / 72, height / 72), dpi=72)
            FigureCanvasSVG(self._canvas)
            self._canvas.patch.set_visible(False)
            self._over, self._under = self._layer(2), self._layer(0)

    def _layer(self, order: int) -> Axes:
        axes = self._canvas.add_axes((0, 0, 1, 1), zorder=order)
        axes.set_axis_off()
        axes.set_xlim(0, self.width)
        axes.set_ylim(self.height, 0)
        return axes

    def plot(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Return Matplotlib's axes on a part of the sheet, without frame, ticks and labels."""
        import matplotlib

        box = (
            left / self.width,
            1 - bottom / self.height,
            (right - left) / self.width,
            (bottom - top) / self.height,
        )
        with matplotlib.rc_context(_style()):
            axes = self._canvas.add_axes(box, zorder=1)
        axes.set_axis_off()
        return axes

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        colour: str = "muted",
        size: float = SMALL,
        bold: bool = False,
        anchor: Anchor = "start",
    ) -> None:
        """Write words; `y` is the middle of the line."""
        self._write(x, y, printable(words), colour, size, bold=bold, anchor=anchor)

    def title(self, words: str, behind: str = "") -> int:
        """Write a title, and in a lighter way what stands behind it, below it if need be.

        Returns
        -------
        int
            How much of the sheet that takes.
        """
        height = title_height(words, behind, self.width)
        words, behind = fitted(words, self.width, HEADING, bold=True), printable(behind)
        beside = height == _TITLE
        text = f"{words}{_BEHIND}{behind}" if beside else words
        self._write(0, 9, text, "text", HEADING, bold=True, anchor="start")
        if behind and not beside:
            self._write(
                0, 27, fitted(behind, self.width, BEHIND), "muted", BEHIND, bold=False,
                anchor="start",
            )  # fmt: skip
        return height

    def _write(
        self, x: float, y: float, text: str, name: str, size: float, *, bold: bool, anchor: Anchor
    ) -> None:
        self._over.text(
            x, y + 0.35 * size, text, color=colour(name), fontsize=size, va="baseline",
            ha=_ANCHORS[anchor], fontweight="bold" if bold else "normal",
            parse_math=False, fontfamily=_MEASURED,
        )  # fmt: skip

    def line(
        self,
        points: Sequence[Point],
        name: str = "grid",
        width: float = 1,
        dash: Sequence[float] = (),
        *,
        below: bool = False,
    ) -> None:
        """Draw a line through points, below the plots or above them."""
        layer = self._under if below else self._over
        layer.plot(*zip(*points, strict=True), **line_style(name, width, dash))

    def dot(
        self, x: float, y: float, name: str, radius: float = 4.6, *, hollow: bool = False
    ) -> None:
        """Draw a dot with a halo of the page's colour; a hollow one is a ring."""
        face, edge = ("page", name) if hollow else (name, "page")
        width = 2 if hollow else 1
        self._over.plot(
            [x], [y], "o", ms=2 * radius - (2 if hollow else 0), color=colour(face),
            mec=colour(edge), mew=width, clip_on=False,
        )  # fmt: skip

    def box(self, left: float, top: float, right: float, bottom: float, name: str) -> None:
        """Fill a rectangle, below the plots."""
        self._under.fill(
            [left, right, right, left], [top, top, bottom, bottom], color=colour(name), lw=0
        )

    def placed(self, axes: Axes, x: float, y: float) -> Point:
        """Return where a point of some axes lies on the sheet."""
        across, up = axes.transData.transform((x, y))
        return float(across), self.height - float(up)

    def picture(self) -> Picture:
        """Return what was drawn: the same bytes each time."""
        import matplotlib

        with matplotlib.rc_context(_style()), warnings.catch_warnings():
            # A name in a script that the font measured with lacks: a browser has another font.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            stream = io.StringIO()
            self._canvas.savefig(stream, format="svg", metadata=dict.fromkeys(_UNWANTED))
        return Picture(_themed(stream.getvalue(), self.width, self.height), self.width, self.height)


_UNWANTED = ("Date", "Creator")


def line_style(name: str, width: float, dash: Sequence[float] = ()) -> dict[str, Any]:
    """Return Matplotlib's words for a line: a colour by its name, width and dash in pixels."""
    # Matplotlib counts dashes in widths.
    style: Any = (0, tuple(part / width for part in dash)) if dash else "-"
    return {"color": colour(name), "linewidth": width, "linestyle": style}


def _style() -> Any:
    import matplotlib

    return {
        **dict(matplotlib.rcParamsDefault),
        "svg.fonttype": "none",
        "svg.hashsalt": "rulka",
        "text.parse_math": False,
        "font.family": _MEASURED,
        "path.simplify_threshold": 0.2,
    }


_TITLE, _TWO_LINES = 18, 36


def title_height(words: str, behind: str, width: float) -> int:
    """Return how much of a sheet a title takes; see `Sheet.title`."""
    words = fitted(words, width, HEADING, bold=True)
    room = width - width_of(words, HEADING, bold=True) - 6
    return _TWO_LINES if behind and width_of(printable(behind), BEHIND) > room else _TITLE


# --- Words on a sheet -----------------------------------------------------------------------------


@functools.lru_cache(maxsize=4096)
def width_of(words: str, size: float = SMALL, *, bold: bool = False) -> float:
    """Return how wide words are in the widest of the usual fonts, in CSS pixels.

    Examples
    --------
    >>> 60 < width_of("512 · 512×", 12.5) < width_of("512 · 512×", 12.5, bold=True) < 90
    True
    """
    from matplotlib.font_manager import FontProperties, findfont, get_font

    properties = FontProperties(family=_MEASURED, weight="bold" if bold else "normal")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        font = get_font(findfont(properties))
        font.set_size(size, 72)
        font.set_text(printable(words), 0.0)
    return float(font.get_width_height()[0]) / 64


def fitted(words: str, width: float, size: float = SMALL, *, bold: bool = False) -> str:
    """Leave out the middle of words that are too wide: what tells names apart is at their ends.

    Examples
    --------
    >>> fitted("512 · 512× · 4 collectors", 90), fitted("seed 1", 90)
    ('512 · …lectors', 'seed 1')
    """
    words = printable(words)
    if width_of(words, size, bold=bold) <= width:
        return words
    for kept in range(len(words) - 1, 1, -1):
        shown = shorten(words, kept)
        if width_of(shown, size, bold=bold) <= width:
            return shown
    return "…"


def shorten(text: str, most: int) -> str:
    """Leave out the middle of a text of more characters than there is room for.

    Examples
    --------
    >>> shorten("512 · 512× · 4 collectors", 17), shorten("seed 1", 17)
    ('512 · 51…llectors', 'seed 1')
    """
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move places, which ascend, as little as keeps them a gap apart and within bounds.

    Examples
    --------
    >>> spread([50.0, 51.0, 98.0], 10.0, 0.0, 100.0)
    [45.5, 55.5, 98.0]
    >>> spread([99.0, 99.0], 10.0, 0.0, 100.0)
    [90.0, 100.0]
    """
    # Without the gaps they need only ascend; those that would not share their mean.
    shared: list[tuple[float, int]] = []
    for number, place in enumerate(wanted):
        mean, count = place - number * gap, 1
        while shared and shared[-1][0] > mean:
            before, many = shared.pop()
            mean, count = (mean * count + before * many) / (count + many), count + many
        shared.append((mean, count))
    flat = [mean for mean, count in shared for _ in range(count)]
    most = high - (len(wanted) - 1) * gap
    return [min(max(mean, low), most) + number * gap for number, mean in enumerate(flat)]


# --- Themes ---------------------------------------------------------------------------------------

_HEX = re.compile(r"#[0-9a-f]{6}\b")
_LONG = re.compile(r"-?\d+\.\d+")
_VARIABLES = {light: name for name, (light, _) in reversed(COLOURS.items())}


def _themed(svg: str, width: int, height: int) -> str:
    """Return Matplotlib's file with colours as variables, and classes in place of styles."""
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ET.fromstring(svg)
    classes: dict[str, str] = {}
    used = {value.partition("#")[2].rstrip(")") for value in _references(root)}
    _clean(root, classes, used)
    for child in list(root):
        if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}defs") and not len(child):
            root.remove(child)
    ground = ET.Element(f"{{{_SVG}}}rect", {"width": str(width), "height": str(height)})
    style = ET.Element(f"{{{_SVG}}}style")
    root[:0] = [style, ground]
    ground.set("class", classes.setdefault("fill: var(--page)", f"c{len(classes)}"))
    behind = {"class": "behind", "dx": "6"}
    for text in root.iter(f"{{{_SVG}}}text"):
        if text.text and _BEHIND in text.text:
            text.text, rest = text.text.split(_BEHIND, 1)
            ET.SubElement(text, f"{{{_SVG}}}tspan", behind).text = rest
    style.text = _style_sheet(classes)
    root.attrib.pop("version", None)
    root.set("width", str(width))
    root.set("height", str(height))
    return ET.tostring(root, encoding="unicode") + "\n"


def _references(root: ET.Element) -> Iterator[str]:
    for element in root.iter():
        yield from (
            value for name, value in element.items() if name == _LINK or value.startswith("url(#")
        )


def _clean(element: ET.Element, classes: dict[str, str], used: set[str]) -> None:
    kept = []
    for child in element:
        if child.tag.endswith(("metadata", "style")):
            continue
        _clean(child, classes, used)
        child.tail = None
        # A group of nothing but what is in it.
        kept += list(child) if child.tag == f"{{{_SVG}}}g" and not child.attrib else [child]
    element[:] = kept
    if not (element.text or "").strip():
        element.text = None
    for name, value in list(element.items()):
        if (name == "id" and value not in used) or value.startswith("rotate(-0 "):
            del element.attrib[name]
        elif name == "style":
            del element.attrib[name]
            rule = "; ".join(_declarations(value))
            if rule:
                element.set("class", classes.setdefault(rule, f"c{len(classes)}"))
        elif name in ("d", "x", "y", "width", "height"):
            element.set(name, _LONG.sub(_short, " ".join(value.split())))


def _declarations(style: str) -> Iterator[str]:
    for declaration in style.split("; "):
        if not declaration.startswith("font-family"):
            yield _HEX.sub(lambda found: f"var(--{_VARIABLES[found[0]]})", declaration)


def _short(found: re.Match[str]) -> str:
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")


def _style_sheet(classes: dict[str, str]) -> str:
    names = [name for name in COLOURS if any(f"var(--{name})" in rule for rule in classes)]
    names = [name for name in COLOURS if name in {*names, "muted"}]
    light, dark = (
        "".join(f"--{name}: {COLOURS[name][theme]}; " for name in names).rstrip()
        for theme in (0, 1)
    )
    rules = "".join(f".{name} {{ {rule} }}\n" for rule, name in classes.items())
    return (
        f"\nsvg {{ {light} font-family: {FONTS}; font-variant-numeric: tabular-nums }}\n"
        f"@media (prefers-color-scheme: dark) {{ svg {{ {dark} }} }}\n"
        "path, use { stroke-linejoin: round }\n"
        f"{rules}"
        ".behind { font-size: 13px; font-weight: 400; fill: var(--muted) }\n"
    )
