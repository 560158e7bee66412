"""Logs with planted spikes, as what the Explore page shows; and what it must say of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rulka_analysis.pages.explore.data import (
    Explore,
    ExploreClock,
    ExploreGroup,
    ExploreMetric,
    ExploreSeries,
)

# What a folder of logs may be called.
HOSTILE = "</script><img src=x onerror=alert(1)>&\"' \u2028=1+1"
CLOCKS = (
    ExploreClock("minutes", "minutes", "min", 1e-3),
    ExploreClock("steps", "steps", "steps"),
    ExploreClock("updates", "updates", "updates"),
)
GROUPS = (
    ExploreGroup("512 · 512×", ("run_7",), "winner"),
    ExploreGroup("2,048 · 160×", ("seed_1", "seed_2", "seed_3"), "baseline"),
    ExploreGroup(HOSTILE, (HOSTILE,), "other"),
    ExploreGroup("no steps", ("stepless",), "other"),
)
RUNS = tuple(run for group in GROUPS for run in group.runs)
CUTOFF = 300.0


def one(metric: str, run: str, events: int, *, minutes_each: float = 0.1) -> ExploreSeries:
    """Return a noisy series that goes down, with one spike each way and what is no number."""
    seed = sum(map(ord, metric)) * 100 + RUNS.index(run)
    random = np.random.default_rng(seed)
    along = np.arange(events) / events
    values = (60 * np.exp(-3 * along) + 30 + random.normal(0, 4, events)).astype(np.float32)
    places = random.permutation(np.arange(1, events - 1))
    values[places[0]] = 250.25 + RUNS.index(run)
    values[places[1]] = 3.5 + 0.25 * RUNS.index(run)
    if metric == "odd":
        values[places[2]], values[places[3]], values[places[4]] = np.nan, np.inf, -np.inf
    if metric == "times":
        values[random.choice(events, events // 4, replace=False)] = CUTOFF
    if metric == "below":
        values -= 60
    minutes = np.round(np.cumsum(random.uniform(0.5, 1.5, events)) * minutes_each, 3)
    steps = np.cumsum(random.integers(50, 900, events))
    positions = {"minutes": minutes}
    if run != "stepless":
        positions["steps"] = steps.astype(np.float64)
        positions["updates"] = np.round(steps / 7.0)
    return ExploreSeries(
        run=run,
        values=values.astype(np.float64),
        steps=steps,
        files=(f"{run}/events.out.tfevents.1", f"{run}/events.out.tfevents.2"),
        file_of=(np.arange(events) >= events // 2).astype(np.int64),
        positions=positions,
        ends={key: float(place[-1]) for key, place in positions.items()},
    )


def series(metric: str, events: int) -> list[ExploreSeries]:
    return [one(metric, run, events) for run in RUNS]


def made(events: int = 300, many: int = 6000) -> Explore:
    """Return a page's data: metrics of each kind, one of them too long to be shown whole."""

    def metric(tag: str, title: str, number: int = events, **about: object) -> ExploreMetric:
        def read() -> Sequence[ExploreSeries]:
            return series(tag, number)

        return ExploreMetric(tag, title, read, **about)  # type: ignore[arg-type]

    return Explore(
        title="Planted & <grown>",
        groups=GROUPS,
        clocks=CLOCKS,
        metrics=(
            metric(
                "times",
                "Time on one",
                group="Outcome",
                better="lower",
                unit="s",
                digits=2,
                cutoff=CUTOFF,
                best=True,
            ),
            metric("long", "Long series", many, group="Outcome", better="lower", digits=3),
            metric("odd", "Odd values", group="Training"),
            metric("below", "Below zero", group="Training", better="higher"),
            metric(f"tag {HOSTILE}", f"tag {HOSTILE}", group=""),
        ),
        start="times",
        episodes="tries",
        lacking={"steps": {"stepless": "counts no steps"}},
    )
