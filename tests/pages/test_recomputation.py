"""Numbers of every operation, of logs with all that befalls logs, computed again by the script."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rulka_analysis.experiments.measures import make_measure
from rulka_analysis.logs.archive.writing import write_archive
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics import summaries
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.find import find_series
from rulka_analysis.metrics.series import Series, position_of
from rulka_analysis.pages.evidence import PageEvidence, as_script
from rulka_analysis.pages.results import encode
from rulka_analysis.pages.sphinx.evidence import clocks_of
from rulka_analysis.project import load_catalogue, open_logs
from rulka_analysis.values.quantities import Quantity, made, placed
from tests.site_of_project import PROJECT
from tests.training_logs import Restart, TrainingRun, write_runs

RUNS = (
    TrainingRun("whole", minutes=30, seed=1),
    # Resumed twice: once it repeats what it had written, once it does not.
    TrainingRun("resumed", minutes=30, seed=2, restarts=(Restart(12, back=3), Restart(20))),
    TrainingRun("by wall time", minutes=30, seed=3, logs_hours=False, restarts=(Restart(15),)),
)


def of_series(series: Series) -> Iterator[Quantity]:
    """Yield numbers of every operation on a tag's events."""
    run, measure = series.run, series.measure
    yield series.quantity(summaries.last_index(series.values), "last", series.last_made())
    event = series.evidence(0)
    if event.steps is not None:
        yield Quantity(event.steps, "", 0, (event,), "first", made=placed(event, "steps"))
    for clock in run.clocks:
        end = run.known_until(series.tag, clock)
        by = made("end", run=run.name, tag=series.tag, clock=clock.key)
        yield Quantity(end, clock.unit, 0, how="end", made=by)
        for share in (1.0, 0.61, 0.3):
            yield series.at_one(clock, share * end, "there")
        if series.finished is None and measure.metric.better != "neither":
            known = series.values[np.isfinite(series.values)]
            target = float(np.quantile(known, 0.4)) if len(known) else 0.0
            slot = series.reached(clock, target) if len(known) else None
            if slot is not None:
                by = series.made_reached(clock, target)
                yield position_of(series, slot, clock, "reached", by)
            best = series.quantity(series.best_index, "best", series.best_made())
            if best.known:
                by = made("position", best, clock=clock.key)
                yield position_of(series, series.best_index, clock, "best", by)


def of_logs(logs: Logs, catalogue: Catalogue) -> Iterator[Quantity]:
    for run in logs:
        for tag in run.tags:
            match = catalogue.match(tag)
            if match is None:
                continue
            metric = match.metric
            measure = make_measure(metric.name, metric, match.variant, {}, as_logged=True)
            series = find_series(run, measure, None, catalogue)
            if isinstance(series, Series):
                found = [one for one in of_series(series) if one.known]
                yield from found
                yield from derived(found)


def derived(found: list[Quantity]) -> Iterator[Quantity]:
    if len(found) < 2 or not found[0].number:
        return
    a, b = found[:2]
    yield a.minus(b)
    yield b.minus(a).size()
    yield b.over(a)
    share = 100 * (b.number - a.number) / abs(a.number)
    by = made("ratio", b.minus(a), a, of_size=True, times=100.0)
    yield Quantity(share, "%", 1, how="percent", made=by)
    for operation, value in (
        ("sum", a.number + b.number),
        ("mean", (a.number + b.number) / 2),
        ("median", (a.number + b.number) / 2),
        ("least", min(a.number, b.number)),
        ("greatest", max(a.number, b.number)),
    ):
        yield Quantity(value, "", 4, how=operation, made=made(operation, a, b))
    if min(a.number, b.number) > 0:
        by = made("mean", a, b, logarithms=True)
        yield Quantity(float(np.sqrt(a.number * b.number)), "", 4, how="geometric", made=by)
    yield Quantity(1.0, "", 1, how="limit", made=made("interval", a, rule="of a test"))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, set[str]]:
    """A page with all of these numbers, and the archive of their logs."""
    folder = tmp_path_factory.mktemp("recomputation")
    write_runs(folder / "logs", *RUNS)
    logs = open_logs(folder / "logs")
    evidence = PageEvidence(clocks_of(logs.conventions))
    spans = []
    for number in of_logs(logs, load_catalogue()):
        data = encode("number", number).data
        spans.append(f'<span data-entry="{evidence.add(data, "notebook")}">{data["text"]}</span>')
    site = folder / "site"
    site.mkdir()
    plain = evidence.plain()
    (site / "page.html").write_text("\n".join(spans), encoding="utf-8")
    (site / "page.evidence.js").write_text(as_script(plain), encoding="utf-8")
    write_archive(logs, folder / "archive", jobs=1)
    return site, folder / "archive", {entry["operation"] for entry in plain["entries"]}


def test_numbers_of_resumed_runs_reproduce_on_every_clock(
    written: tuple[Path, Path, set[str]],
) -> None:
    site, archive, operations = written
    done = subprocess.run(
        [sys.executable, "-I", PROJECT / "scripts" / "verify.py", site, archive, "--quiet"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    said = re.findall(r"([\d,]+) (reproduces|differs|cannot be computed)", done.stdout)
    counts = {word: int(number.replace(",", "")) for number, word in said}
    assert counts["reproduces"] > 2000
    assert counts["differs"] == counts["cannot be computed"] == 0, done.stdout[-2000:]
    assert operations >= {"last", "least", "end", "reached", "position", "mean", "ratio", "sum"}
