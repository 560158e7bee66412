"""Figures of a comparison as files."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from rulka_analysis.cli.comparing import Report, draw
from rulka_analysis.cli.files import OutputError, safe_file_name, write_output

# Control characters of a run's or tag's name, which an XML file must not hold.
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def make_folder(folder: Path) -> None:
    """Make the folder for figures, if it is not there.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be made a folder for figures: {error.strerror or error}. "
            "Name a folder that is there, or one that can be made"
        ) from error


def write_plots(reports: Sequence[Report], folder: Path) -> Iterator[str]:
    """Draw what was compared into a folder; yield a line on each figure."""
    taken: set[str] = set()
    for report in reports:
        for subject, as_logged in report.measures:
            with warnings.catch_warnings():
                # A letter the font lacks is drawn as a box; the numbers are unharmed.
                warnings.filterwarnings("ignore", message="Glyph .* missing from")
                svg, title = draw(report, subject, as_logged)
            if svg is None:
                yield f"no figure of {title}"
                continue
            words = (
                report.comparison.name,
                subject.metric,
                subject.variant or "",
                "as_logged" if as_logged else "",
                report.clock.name,
            )
            name = safe_file_name(*words, ending=".svg")
            number = 2
            while name.casefold() in taken:  # as Windows and macOS see names
                name = safe_file_name(*words, str(number), ending=".svg")
                number += 1
            taken.add(name.casefold())
            write_output(folder / name, _NOT_IN_XML.sub("�", svg))
            yield f"{title}: {folder / name}"
