"""Tables as data: rows and columns with keys, cells that know where their numbers come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rulka_analysis.values.quantities import Quantity, Sentence

Look = Literal["better", "worse", "level", "undecided", "neutral", "plain"]


@dataclass(frozen=True, slots=True)
class Word:
    """An answer as sign and word, or as its sign alone; its look only repeats it.

    Parameters
    ----------
    text : str
        Such as ``▲ better``.
    look : {"better", "worse", "level", "undecided", "neutral", "plain"}
        Its colour. Of what is neither good nor bad it is neutral; *plain* has no frame either.
    """

    text: str
    look: Look = "neutral"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Jump:
    """A word that leads to where another result of the same notebook folder stands on the page."""

    text: str
    result: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class ToRule:
    """A word that leads to what the guide tells of a rule of health, by its code."""

    text: str
    code: str

    def __str__(self) -> str:
        return self.text


Cell = str | Quantity | Sentence | Word | Jump | ToRule


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose cells can be quoted by row and column key.

    Parameters
    ----------
    columns : mapping of str to str
        Column titles by key; the first column names the rows.
    rows : mapping of str to sequence of cells
        Cells by row key, as many as there are columns.
    caption : str or Sentence
        What the table shows.
    notes : sequence of str or Sentence
        What stands beneath it.
    looks : mapping of str to str
        Rows that stand out, by key: ``winner``, ``baseline`` or ``other``.

    Raises
    ------
    ValueError
        If a row has another number of cells than there are columns.

    Examples
    --------
    >>> table = Table({"run": "Run", "best": "Best"}, {"uni_5": ["uni_5", Quantity(24.56, "s")]})
    >>> table.cell("uni_5", "best").text
    '24.56 s'
    """

    columns: Mapping[str, str]
    rows: Mapping[str, Sequence[Cell]]
    caption: str | Sentence = ""
    notes: Sequence[str | Sentence] = field(default_factory=tuple)
    looks: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, cells in self.rows.items():
            if len(cells) != len(self.columns):
                raise ValueError(
                    f"row {key!r} has {len(cells)} cells for {len(self.columns)} columns"
                )

    def cell(self, row: str, column: str) -> Cell:
        """Return the cell at a row and column key.

        Raises
        ------
        KeyError
            If there is no such row or column.
        """
        return self.rows[row][list(self.columns).index(column)]
