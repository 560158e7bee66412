"""Where the texts of a figure lie, in the widest of the usual fonts."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from rulka_analysis.pages.sheets import Picture, width_of

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class DrawnText:
    """A text from its left to its right edge, around the middle of its line."""

    words: str
    left: float
    right: float
    middle: float


def texts(svg: str) -> list[DrawnText]:
    """Return the texts of a figure."""
    found = []
    rules = dict(re.findall(r"\.(\w+) { (.*) }\n", svg))
    for text in ET.fromstring(svg).iter(f"{SVG}text"):
        rule = rules[text.attrib["class"]]
        size = float(re.findall(r"font-size: ([\d.]+)px", rule)[0])
        wide = width_of(text.text or "", size, bold="font-weight: 700" in rule)
        for part in text:
            wide += float(part.attrib["dx"]) + width_of(part.text or "", 13.0)
        anchor = re.findall(r"text-anchor: (\w+)", rule)[0]
        left = float(text.attrib["x"]) - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
        middle = float(text.attrib["y"]) - 0.35 * size
        found.append(DrawnText("".join(text.itertext()), left, left + wide, middle))
    return found


def assert_readable(picture: Picture) -> None:
    """Assert that no text lies on another or leaves the figure, and that none is too small."""
    placed = texts(picture.svg)
    for one in placed:
        assert one.left >= -0.5, one
        assert one.right <= picture.width + 0.5, one
        assert 4 <= one.middle <= picture.height - 4, one
    for one, other in itertools.combinations(placed, 2):
        beside = one.right <= other.left or other.right <= one.left
        assert beside or abs(one.middle - other.middle) >= 12, (one, other)
    sizes = re.findall(r"font-size: ([\d.]+)px", picture.svg)
    assert min(map(float, sizes), default=12.0) >= 12
