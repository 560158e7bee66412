"""The batch size of a run that no tag records, from counters that give it away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rulka_analysis.health.readings import Readings, minute
from rulka_analysis.values.findings import Finding
from rulka_analysis.values.quantities import Quantity

# The run is cut into so many stretches, and each must give the same number to within this share.
STRETCHES, AGREE = 4, 0.01


def derive_batch_size(log: Readings) -> Quantity:
    """Return how many memories a run was trained on per update; unknown where counters disagree.

    The evidence are the first and the last of the counts.
    """
    used, updates = log.of("transitions_used"), log.of("gradient_updates")
    if not used or not updates:
        return Quantity.unknown(f"{log.name} does not log both counters")
    trained, done = used[0], updates[0]
    # Both are written at one moment; a resumed run goes on counting.
    _, at, there = np.intersect1d(trained.wall_times, done.wall_times, return_indices=True)
    known = trained.finite[at] & done.finite[there]
    at, there = at[known], there[known]
    if len(at) < STRETCHES + 1:
        return Quantity.unknown(f"{log.name} counts too rarely")
    cuts = np.linspace(0, len(at) - 1, STRETCHES + 1).astype(int)
    gained, made = np.diff(trained.values[at][cuts]), np.diff(done.values[there][cuts])
    if (gained <= 0).any() or (made <= 0).any():
        return Quantity.unknown(f"the counters of {log.name} do not grow throughout")
    size = float(np.rint(gained.sum() / made.sum()))
    if size < 1 or (np.abs(gained / made - size) > AGREE * size).any():
        return Quantity.unknown(f"stretches of {log.name} disagree on a whole number")
    ends = (0, -1)
    evidence = [log.run.evidence(trained.tag, int(at[end])) for end in ends]
    evidence += [log.run.evidence(done.tag, int(there[end])) for end in ends]
    how = f"{trained.tag} per {done.tag}, from the first count to the last; no tag records it"
    return Quantity(size, "", 0, tuple(evidence), how)


def derive_settings(log: Readings) -> Iterator[Finding]:
    """Yield the batch size that counters give away, where no tag records it."""
    metric = log.catalogue.settings().get("batch_size")
    if log.published or (metric is not None and log.of(metric.name)):
        return
    size = derive_batch_size(log)
    if not size.known:
        return
    first, last, started, ended = size.evidence
    gained, made = last.value - first.value, ended.value - started.value
    yield Finding(
        "setting_derived",
        "note",
        f"No tag holds the batch size of {log.shown}; it follows from others: {size.text}. "
        f"From {minute(first.minutes or 0)} to {minute(last.minutes or 0)}, {gained:,.0f} "
        f"memories ({first.tag}) were used in {made:,.0f} updates ({started.tag}).",
        remedy="If nothing speaks against it, declare it: settings = { batch_size = "
        f"{size.number:g} }}",
        run=log.name,
        tags=(first.tag, started.tag),
    )
