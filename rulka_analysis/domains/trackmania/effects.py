"""Settings that differ between two runs, while what they act on does not."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from rulka_analysis.health.readings import Pair, Reading, Readings, setting_words
from rulka_analysis.values.findings import Finding

# Settings this far apart must show where they take effect; effects this close are the same.
APART, SAME = 0.2, 0.05


def without_effect(pair: Pair) -> Iterator[Finding]:
    """Yield settings that differ between two runs while what they act on does not."""
    for setting, effect in (("running_speed", _speeds), ("batch_size", _batches)):
        base, own = pair.values(setting)
        if isinstance(base, str) or isinstance(own, str) or not base or not own:
            continue
        if abs(math.log(own / base)) < math.log(1 + APART):
            continue
        there, here = effect(pair.baseline), effect(pair.candidate)
        shared = [what for what in there if what in here]
        if not shared or any(
            abs(math.log(here[what] / there[what])) >= math.log(1 + SAME) for what in shared
        ):
            continue
        what = shared[0]
        yield Finding(
            "setting_without_effect",
            "warning",
            f"The {setting_words(setting)} of {pair.shown} differs ({own:g} and {base:g}), but "
            f"{what} does not ({here[what]:.4g} and {there[what]:.4g}).",
            run=pair.candidate.name,
            runs=pair.names,
        )


def _speeds(log: Readings) -> dict[str, float]:
    """Return the usual game time per second of rollout, map by map, in the second half."""
    found = {}
    for reading in log.of("rollout_speed"):
        late = reading.values[reading.finite & (reading.minutes >= log.end / 2)]
        if len(late) and np.median(late) > 0:
            map = log.variant_title(reading.variant)
            found[f"game time per second of rollout on {map}"] = float(np.median(late))
    return found


def _batches(log: Readings) -> dict[str, float]:
    """Return transitions trained on per update, over the second half."""
    used, updates = log.of("transitions_used"), log.of("gradient_updates")
    if not used or not updates:
        return {}
    trained, done = (_gain(reading, log.end / 2) for reading in (used[0], updates[0]))
    return {"the number of transitions per update": trained / done} if trained > 0 < done else {}


def _gain(reading: Reading, since: float) -> float:
    late = reading.values[reading.finite & (reading.minutes >= since)]
    return float(late[-1] - late[0]) if len(late) > 1 else 0.0
