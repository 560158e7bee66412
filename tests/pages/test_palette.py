"""Colours of figures: read on their ground, and told apart by whoever sees no red and green."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rulka_analysis.pages.explore.page import STATIC
from rulka_analysis.pages.palette import COLOURS, LOOKS, Theme, colour

THEMES: tuple[Theme, Theme] = ("light", "dark")
# https://doi.org/10.1109/TVCG.2009.113, deuteranopia, on linear light.
DEUTERANOPIA = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
Vector = NDArray[np.float64]


def light_of(shown: str) -> Vector:
    """Return the linear light of a colour."""
    parts = np.array([int(shown[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    high, low = sorted((float(XYZ[1] @ light_of(shown)) for shown in (one, other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(light: Vector) -> Vector:
    ratio = XYZ @ np.clip(light, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    edge = 6 / 29
    f = np.where(ratio > edge**3, np.cbrt(ratio), ratio / (3 * edge**2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: Vector, other: Vector) -> float:
    """Return CIEDE2000, after Sharma, Wu and Dalal (https://doi.org/10.1002/col.20070)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    grow = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25**7))
    c1, c2 = np.hypot(grow * a1, b1), np.hypot(grow * a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, grow * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    light, chroma, hue = (l1 + l2) / 2, (c1 + c2) / 2, (h1 + turn / 2) % 360
    angles = np.radians([hue - 30, 2 * hue, 3 * hue + 6, 4 * hue - 63])
    t = 1 + np.cos(angles) @ np.array([-0.17, 0.24, 0.32, -0.20])
    d_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    d_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * chroma * t)
    bend = np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    rotation = -2 * np.sqrt(chroma**7 / (chroma**7 + 25**7)) * bend
    total = d_light**2 + d_chroma**2 + d_hue**2 + rotation * d_chroma * d_hue
    return float(np.sqrt(total))


def test_distances_are_those_published() -> None:
    # Pairs 1, 7, 10 and 17 of the paper's table.
    for one, other, expected in (
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.001), 7.1792),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ):
        assert distance(np.array(one), np.array(other)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_drawn_stands_out_from_the_page(theme: Theme) -> None:
    page = colour("page", theme)
    for look in LOOKS.values():
        assert contrast(colour(look.colour, theme), page) >= 3
    for name in ("text", "muted", "winner", "baseline", "fourth", "worse", "undecided"):
        assert contrast(colour(name, theme), page) >= 4.5, name
    # Names stand on bars of their group.
    for name in ("winner", "baseline", "third", "fourth"):
        assert contrast(page, colour(name, theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_groups_are_told_apart_without_red_and_green(theme: Theme) -> None:
    for one, other in itertools.combinations(LOOKS, 2):
        seen = [lab(DEUTERANOPIA @ light_of(colour(name, theme))) for name in (one, other)]
        assert distance(*seen) >= 12, (one, other)


def test_groups_are_told_apart_without_any_colour() -> None:
    looks = [(look.width, look.dash) for look in LOOKS.values()]
    assert len(set(looks)) == len(looks)


def test_two_colours_that_look_alike_in_light_do_so_in_the_dark() -> None:
    # Files name colours by what Matplotlib drew, which is the light one.
    light = [light for light, _ in COLOURS.values()]
    assert len(set(light)) == len(light)


def test_the_explore_page_has_the_same_colours() -> None:
    style = Path(STATIC / "explore.css").read_text(encoding="utf-8")
    for number, theme in enumerate(THEMES):
        own = style.split("}")[number]
        for name in ("page", "text", "muted", "winner", "baseline", "third", "other", "grid"):
            found = re.search(rf"--x-{name}: (#[0-9a-f]{{6}})", own)
            assert found is not None
            assert found[1] == colour(name, theme), name
