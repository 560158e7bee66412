"""The colours of figures in both themes, and how groups are told apart with and without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Theme = Literal["light", "dark"]
# How a group is drawn. ``fourth`` stands in figures that show neither the winner nor who else is
# known by a colour.
Role = Literal["winner", "baseline", "third", "fourth", "other"]

# By name, light and dark. Two names with one light colour have one dark colour.
COLOURS: dict[str, tuple[str, str]] = {
    "page": ("#ffffff", "#14181e"),
    "text": ("#1b2027", "#dfe5ec"),
    "muted": ("#56606c", "#a2acb8"),
    "winner": ("#00735a", "#3fca9f"),
    "baseline": ("#0b62b0", "#6bb2f7"),
    "other": ("#8a929c", "#77818d"),
    "worse": ("#a3420b", "#f2965f"),
    "undecided": ("#6247a8", "#b8a2f2"),
    "frame": ("#dfe3e8", "#38414d"),
    "grid": ("#e9ecf0", "#2a323c"),
    "bar": ("#c9ced4", "#4a535f"),
    "band": ("#e4e8ed", "#29313b"),
    "quiet": ("#eef0f3", "#272e38"),
}
# Names of a meaning that is drawn in a colour of another name.
_SAME = {
    "third": "text",
    "fourth": "worse",
    "better": "winner",
    "level": "muted",
}
# A figure has no more coloured groups than that.
MOST_COLOURED = 3


@dataclass(frozen=True, slots=True)
class Look:
    """How the line of a group is drawn.

    Parameters
    ----------
    colour : str
        Its name.
    width : float
        In CSS pixels.
    dash : tuple of float
        Drawn and left out, in CSS pixels; empty for a solid line.
    """

    colour: str
    width: float
    dash: tuple[float, ...] = ()


LOOKS: dict[Role, Look] = {
    "winner": Look("winner", 3),
    "baseline": Look("baseline", 3, (13, 3)),
    "third": Look("third", 3, (7, 4, 2, 4)),
    "fourth": Look("fourth", 3, (2, 3)),
    "other": Look("other", 1.5),
}


def colour(name: str, theme: Theme = "light") -> str:
    """Return a colour by its name.

    Examples
    --------
    >>> colour("winner"), colour("better", "dark")
    ('#00735a', '#3fca9f')
    """
    return COLOURS[_SAME.get(name, name)][theme == "dark"]
