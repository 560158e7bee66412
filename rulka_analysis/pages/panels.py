"""Figures with the words and numbers that go with them, one by one or together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rulka_analysis.values.quantities import Sentence
from rulka_analysis.values.tables import Table

# A notebook that publishes no figure does not depend on how one is drawn.
if TYPE_CHECKING:
    from rulka_analysis.pages.sheets import Picture


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with the words and numbers that go with it.

    Parameters
    ----------
    picture : Picture
        The drawing, for both themes.
    caption : Sentence
        What it shows and what it says.
    alt : str
        Alternative text: what is to be seen, for those who do not see it.
    table : Table
        The numbers it draws.
    view : pair of str, or None
        The view of the Explore page that shows the same, as a link's fragment; and how that differs
        from what is drawn, in a few words, if it does.
    phone : Picture or None
        The same for a narrow screen.
    """

    picture: Picture
    caption: Sentence
    alt: str
    table: Table
    view: tuple[str, str] | None = None
    phone: Picture | None = None


def _nothing() -> Sentence:
    return Sentence("")


@dataclass(frozen=True, slots=True)
class Panel:
    """One of several figures that stand together.

    Parameters
    ----------
    name : str
        What its links are called.
    picture, phone, alt, view
        See `Figure`.
    sentence : Sentence
        What stands below it.
    wide : Picture or None
        The same for a page of its whole width.
    """

    name: str
    picture: Picture
    phone: Picture
    alt: str
    view: tuple[str, str] | None = None
    sentence: Sentence = field(default_factory=_nothing)
    wide: Picture | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures that stand together, and by a switch others in their place.

    Parameters
    ----------
    title, behind : str
        What stands above; in a lighter way behind it. May be empty.
    choices : mapping of str to sequence of Panel
        What the switch chooses between; of one choice there is no switch.
    caption : Sentence
        What they show and say.
    table : Table
        The numbers they draw.
    """

    title: str
    choices: Mapping[str, Sequence[Panel]]
    caption: Sentence
    table: Table
    behind: str = ""
