"""How soon the Explore page answers, and what it weighs.

    python bench/bench_explore.py [--runs 300] [--metrics 20] [--events 10000] [--json FILE]

Runs of noise on three clocks, which compress badly, are written into a folder that Chromium opens
without a server. `first chart`: from opening to two frames after it was drawn; `opened again`: the
same with what the browser kept. `cursor`: from a move of the mouse to two frames later, the median
and the slowest of a hundred. `switch`: from another metric to two frames after it was drawn, the
median of five; `switch back`: to those that were loaded before.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rulka_analysis.pages.explore.data import (  # noqa: E402
    Explore,
    ExploreClock,
    ExploreGroup,
    ExploreMetric,
    ExploreSeries,
)
from rulka_analysis.pages.explore.page import SCRIPTS, STATIC, STYLES, write_explore  # noqa: E402

BROWSERS = ("chromium", "google-chrome", "chromium-browser")
FRAMES = "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));"
CURSOR = f"""async () => {{
  const over = document.querySelector(".u-over");
  const box = over.getBoundingClientRect();
  const took = [];
  for (let i = 0; i < 100; i++) {{
    const begun = performance.now();
    over.dispatchEvent(new MouseEvent("mousemove", {{
      bubbles: true, clientX: box.left + 20 + 6 * i, clientY: box.top + 100 + 2 * i,
    }}));
    {FRAMES}
    took.push(performance.now() - begun);
  }}
  return took;
}}"""
SWITCH = f"""async (metric) => {{
  const root = document.querySelector(".explore");
  const begun = performance.now();
  location.hash = `#m=metric_${{metric}}`;
  while (root.dataset.shown !== String(metric)) await new Promise((done) => setTimeout(done, 1));
  {FRAMES}
  return performance.now() - begun;
}}"""


def made(runs: int, metrics: int, events: int) -> Explore:
    """Return runs of noise that goes down, with a spike each way."""
    names = [f"run_{i}" for i in range(runs)]

    def series(number: int) -> list[ExploreSeries]:
        random = np.random.default_rng(number)
        found = []
        for name in names:
            steps = np.cumsum(random.integers(50, 900, events))
            minutes = np.cumsum(random.uniform(0.005, 0.03, events))
            values = 3 * np.exp(-np.arange(events) / events * 4) + random.normal(2, 0.3, events)
            values[random.integers(events)], values[random.integers(events)] = 40, -10
            places = {"minutes": minutes, "steps": steps.astype(float), "updates": steps / 7.3}
            single = values.astype(np.float32).astype(np.float64)
            file = np.zeros(events, dtype=np.int64)
            found.append(ExploreSeries(name, single, steps, (f"{name}/events",), file, places))
        return found

    return Explore(
        title="Noise",
        groups=tuple(ExploreGroup(name, (name,)) for name in names),
        clocks=(
            ExploreClock("minutes", "minutes", "min", 1e-3),
            ExploreClock("steps", "steps", "steps"),
            ExploreClock("updates", "updates", "updates"),
        ),
        metrics=tuple(
            ExploreMetric(
                f"metric_{i}",
                f"metric_{i}",
                lambda i=i: series(i),
                "",
                "lower",  # type: ignore
            )
            for i in range(metrics)
        ),
    )


def weight(*files: Path) -> int:
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files)


def drawn(opened: Any) -> float:
    """Return when the chart was drawn, in milliseconds since the page was asked for."""
    opened.wait_for_selector(".explore[data-shown]")
    return float(opened.evaluate(f"async () => {{ {FRAMES} return performance.now(); }}"))


def measured(page: Path, metrics: int) -> dict[str, float]:
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1280, "height": 960})
        opened.goto(page.as_uri())
        first = drawn(opened)
        opened.reload()
        again = drawn(opened)
        opened.wait_for_timeout(1000)
        opened.hover(".u-over")
        cursor = opened.evaluate(CURSOR)
        others = range(1, min(metrics, 6))
        switches = [opened.evaluate(SWITCH, metric) for metric in others]
        back = [opened.evaluate(SWITCH, metric) for metric in range(min(metrics, 5))]
        browser.close()
    return {
        "first chart ms": first,
        "opened again ms": again,
        "cursor ms": statistics.median(cursor),
        "slowest cursor ms": max(cursor),
        "switch ms": statistics.median(switches) if switches else float("nan"),
        "switch back ms": statistics.median(back),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--metrics", type=int, default=20)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        page = write_explore(Path(folder), made(options.runs, options.metrics, options.events))
        found = {"written s": time.monotonic() - begun}
        found["code KiB gz"] = weight(*(STATIC / name for name in (*SCRIPTS, *STYLES))) / 1024
        found["metric KiB gz"] = weight(page.parent / "explore" / "data" / "0.js") / 1024
        found |= measured(page, options.metrics)
    for name, value in found.items():
        print(f"{name:20} {value:10,.1f}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
