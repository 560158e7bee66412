"""The file of the figures that were typed on the page."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from rulka_analysis.values import questions
from rulka_analysis.values.errors import RulkaError, listing
from rulka_analysis.values.places import project_folder
from rulka_analysis.values.quantities import Quantity
from rulka_analysis.verdicts.folder_curves import STATISTICS

_COLUMNS = ("section", "run", "against", "tag", "statistic", "value", "unit", "step")


class TypedFiguresError(RulkaError):
    """The file of typed figures is missing or wrong."""


@dataclass(frozen=True, slots=True)
class TypedFigure:
    """A figure as it was typed.

    Parameters
    ----------
    section : str
        The heading it stood under.
    run, against : str
        The log folder it is about, and the one it is held against; `against` may be empty.
    tag : str
        The tag it was read from; ``*`` stands for any text.
    statistic : str
        A key of `STATISTICS`.
    value : Quantity
        The number, with as many digits as were typed.
    step : float or None
        The step typed beside it.
    step_precision : float
        Half a unit of the last digit of the step that is not zero.
    """

    section: str
    run: str
    against: str
    tag: str
    statistic: str
    value: Quantity
    step: float | None = None
    step_precision: float = 0.5

    @property
    def name(self) -> str:
        """Key of its row in a table."""
        what = f"{self.run} against {self.against}" if self.against else self.run
        return f"{self.section}: {what}, {self.tag}, {self.statistic}"


def read_typed_figures(path: Path | None = None) -> tuple[TypedFigure, ...]:
    """Read the figures that were typed on the page.

    Raises
    ------
    TypedFiguresError
        If the file is missing or wrong; names file, line and remedy.
    """
    file = path or project_folder() / "data" / "published" / "hand_typed_figures.csv"
    questions.note_file(file)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if tuple(reader.fieldnames or ()) != _COLUMNS:
                raise TypedFiguresError(
                    f"{file}, line 1: the columns must be {', '.join(_COLUMNS)}; correct them"
                )
            return tuple(_typed(row, f"{file}, line {reader.line_num}") for row in reader)
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise TypedFiguresError(
            f"{file}: the typed figures cannot be read ({error}). "
            "Restore the file from the repository"
        ) from None


def _typed(row: dict[str, str], where: str) -> TypedFigure:
    if None in row or None in row.values():
        raise TypedFiguresError(f"{where}: there must be {len(_COLUMNS)} fields; correct the line")
    if row["statistic"] not in STATISTICS:
        raise TypedFiguresError(
            f"{where}: no statistic {row['statistic']!r}. There are: {listing(STATISTICS, 20)}"
        )
    if STATISTICS[row["statistic"]].of_two != bool(row["against"]):
        needed = "names" if STATISTICS[row["statistic"]].of_two else "names no"
        raise TypedFiguresError(
            f"{where}: {row['statistic']!r} {needed} run it is held against; correct 'against'"
        )
    try:
        value = float(row["value"])
        step = float(row["step"]) if row["step"] else None
    except ValueError:
        raise TypedFiguresError(f"{where}: value and step must be numbers; correct them") from None
    # What a metric's values are counted in is no unit readers need beside the number.
    unit = "" if row["unit"] in ("loss", "return") else row["unit"]
    digits = len(row["value"].partition(".")[2])
    zeros = len(row["step"]) - len(row["step"].rstrip("0"))
    return TypedFigure(
        row["section"],
        row["run"],
        row["against"],
        row["tag"],
        row["statistic"],
        Quantity(value, unit, digits, how="as typed on the page"),
        step,
        0.5 * 10**zeros,
    )
