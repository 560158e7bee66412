"""The scripts of an Explore page read back: for what is drawn of them where no script runs."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rulka_analysis.pages.explore.buckets import Floats, Integers


@dataclass(frozen=True)
class KeptSeries:
    """What a script holds of one run.

    Parameters
    ----------
    run : int
        Its place in the index.
    events : int
        How many were logged.
    values : array of float, shape (k,)
        Of the events that were kept, as logged.
    steps : array of int, shape (k,)
    files : tuple of str
    file_of : array of int, shape (k,)
        Which of the files each event stands in.
    places : tuple of arrays of float, each of shape (k,)
        Where the events are on each clock of the index; NaN where unknown.
    ends : tuple of (float or None)
        Until where on each clock the run is known.
    buckets : array of int, shape (b,)
        Where each bucket ends among the events that were kept; empty where every event was.
    counts, means, all_counts, all_means : arrays of shape (b,)
        Events of each bucket and their mean, without unfinished episodes and with them.
    """

    run: int
    events: int
    values: Floats
    steps: Integers
    files: tuple[str, ...]
    file_of: Integers
    places: tuple[Floats, ...]
    ends: tuple[float | None, ...]
    buckets: Integers
    counts: Integers
    means: Floats
    all_counts: Integers
    all_means: Floats


def read_index(script: bytes) -> dict[str, Any]:
    """Return what the page is told of groups, clocks and metrics; see `index_script`."""
    (index,) = _handed_over(script)
    found: dict[str, Any] = index
    return found


def read_series(script: bytes) -> dict[int, KeptSeries]:
    """Return the series of a metric's script, by the place of the run in the index."""
    _, raw = _handed_over(script)
    kept: list[int] = raw["kept"]
    in_buckets = [count for count in raw["buckets"] if count]
    values = _floats(raw["values"], sum(kept))
    steps = _integers(raw["steps"], kept)
    inside = _integers(raw["inside"], in_buckets)
    counts = _integers(raw["counts"], in_buckets)
    means = _floats(raw["means"], sum(in_buckets))
    all_counts = _integers(raw["allCounts"], in_buckets) if "allCounts" in raw else counts
    all_means = _floats(raw["allMeans"], sum(in_buckets)) if "allMeans" in raw else means
    clocks = [(_places(clock, kept), clock["ends"]) for clock in raw["clocks"]]
    found: dict[int, KeptSeries] = {}
    start = first = 0
    for number, run in enumerate(raw["runs"]):
        own = slice(start, start + kept[number])
        of_buckets = slice(first, first + raw["buckets"][number])
        found[run] = KeptSeries(
            run=run,
            events=raw["events"][number],
            values=values[own],
            steps=steps[own],
            files=tuple(raw["files"][number]),
            file_of=np.repeat(raw["fileOf"][number][::2], raw["fileOf"][number][1::2]),
            places=tuple(places[own] for places, _ in clocks),
            ends=tuple(ends[number] for _, ends in clocks),
            buckets=inside[of_buckets],
            counts=counts[of_buckets],
            means=means[of_buckets],
            all_counts=all_counts[of_buckets],
            all_means=all_means[of_buckets],
        )
        start, first = own.stop, of_buckets.stop
    return found


def _handed_over(script: bytes) -> list[Any]:
    """Return the arguments of the one call that a script is."""
    text = script.decode("ascii")
    found: list[Any] = json.loads(f"[{text[text.index('(') + 1 : text.rindex(')')]}]")
    return found


def _places(clock: Mapping[str, Any], kept: Sequence[int]) -> Floats:
    at = _integers(clock["at"], kept).astype(np.float64)
    step = float(clock["step"])
    # As the page does it: divided where that is more exact.
    places = at / round(1 / step) if step < 1 else at * step
    if clock["missing"] is not None:
        places[_words(1, clock["missing"], len(places)) == 1] = np.nan
    return places


def _words(bits: int, text: str, count: int) -> NDArray[np.uint64]:
    """Return numbers whose lowest bits stand together, then the next, each plane in whole bytes."""
    octets = np.frombuffer(base64.b64decode(text), dtype=np.uint8).reshape(bits, -(-count // 8))
    planes = np.unpackbits(octets, axis=1, count=count, bitorder="little")
    words = np.zeros(count, dtype=np.uint64)
    for bit in range(bits):
        words |= planes[bit].astype(np.uint64) << np.uint64(bit)
    return words


def _floats(packed: Sequence[Any], count: int) -> Floats:
    words = _words(packed[0], packed[1], count)
    if packed[0] == 32:
        return words.astype(np.uint32).view(np.float32).astype(np.float64)
    return words.view(np.float64)


def _integers(packed: Sequence[Any], lengths: Sequence[int]) -> Integers:
    bits, text, signed = packed
    words = _words(bits, text, sum(lengths))
    if signed:
        half = (words >> np.uint64(1)).astype(np.int64)
        differences = np.where(words & np.uint64(1), -half - 1, half)
    else:
        differences = words.astype(np.int64)
    parts = np.split(differences, np.cumsum(lengths)[:-1]) if len(lengths) else []
    return np.concatenate([np.cumsum(part) for part in parts] or [np.empty(0, np.int64)])
