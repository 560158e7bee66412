"""Files that hold what another file of the same run holds: each event counts once.

A folder that is synchronised or copied may hold a file twice (``… (1)``, a conflict copy), or the
half of it that had arrived when a transfer broke off. All functions here are pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.logs.events import EventFile

_ROW = np.dtype([("step", "<i8"), ("wall_time", "<u8"), ("value", "<u8")])


class Copy(NamedTuple):
    """A file that is passed over, and the one that holds all of it (positions in the files)."""

    file: int
    original: int
    whole: bool


def find_copies(files: Sequence[EventFile]) -> list[Copy]:
    """Return the files whose every event stands in another file, too.

    Events are the same where tag, step, wall time and value are the same to the last bit, which
    no two programs write. A damaged copy is one, too: it lacks events and has none of its own.
    """
    # Copies begin with the same record. Where it is lost, the first event stands in for it.
    alike: dict[float, list[int]] = {}
    begun = Counter(file.created for file in files)
    for at, file in enumerate(files):
        # A file that shares its first record with no other has no copy.
        if not len(file.values) or (begun[file.created] == 1 and None not in begun):
            continue
        alike.setdefault(_begin(file) if None in begun else file.created or 0.0, []).append(at)
    found = []
    for places in alike.values():
        # The longest is kept; of equal ones that of the shortest name, which is the original's.
        places.sort(key=lambda at: (-len(files[at].values), len(files[at].path.name), at))
        kept: list[int] = []
        seen: dict[str, int] = {}
        for at in places:
            original = seen.get(files[at].digest)
            if original is None:
                original = next((other for other in kept if _holds(files[other], files[at])), None)
            if original is None:
                kept.append(at)
                seen[files[at].digest] = at
            else:
                whole = len(files[at].values) == len(files[original].values)
                found.append(Copy(at, original, whole))
    return sorted(found)


def _begin(file: EventFile) -> float:
    """Return the first wall time of a file: copies of which a first record is lost share it."""
    first = float(file.wall_times[0])
    return first if first == first else -1.0


def _holds(file: EventFile, part: EventFile) -> bool:
    """Tell whether every event of `part` stands in `file`, in the same order."""
    count = len(part.values)
    if part.tags == file.tags[: len(part.tags)] and all(
        np.array_equal(_bits(getattr(file, name)[:count]), _bits(getattr(part, name)))
        for name in ("tag_codes", "steps", "wall_times", "values")
    ):
        return True
    if part.created is not None and file.created is not None and not part.findings:
        # Whole from its first byte to its last, and still not a beginning of the other.
        return False
    codes = {tag: code for code, tag in enumerate(file.tags)}
    if not set(part.tags) <= codes.keys():
        return False
    lookup = np.array([codes[tag] for tag in part.tags], np.int64)
    return all(
        bool(np.isin(_rows(part, part.tag_codes == own), _rows(file, file.tag_codes == code)).all())
        for own, code in enumerate(lookup)
    )


def _bits(column: NDArray[np.generic]) -> NDArray[np.generic]:
    # NaN is not equal to itself; its bits are.
    return column.view(np.uint64) if column.dtype == np.float64 else column


def _rows(file: EventFile, chosen: NDArray[np.bool_]) -> NDArray[np.void]:
    rows = np.empty(int(chosen.sum()), _ROW)
    rows["step"] = file.steps[chosen]
    rows["wall_time"] = _bits(np.ascontiguousarray(file.wall_times[chosen]))
    rows["value"] = _bits(np.ascontiguousarray(file.values[chosen]))
    return rows
