"""A generated experiment of twenty settings, three runs each, with a known best."""

from __future__ import annotations

from pathlib import Path

from tests.training_logs import TrainingRun, write_runs

BEST = 512
SIZES = tuple(64 * number for number in range(1, 21))
RUNS = tuple(
    TrainingRun(
        f"s{size}_{seed}",
        minutes=20,
        batch_size=size,
        race_every=0.4,
        best={"A01": 24.5 + abs(size - BEST) / 640, "hock": 58 + abs(size - BEST) / 64},
        learning_minutes=3 + abs(size - BEST) / 320,
        seed=10 * size + seed,
    )
    for size in SIZES
    for seed in range(3)
)
DEFINITION = """\
title = "Twenty batch sizes"
question = "Which batch size is best?"
domain = "trackmania"
baseline = "s64_0"
objectives = ["time_A01", "time_hock"]
objectives_reason = "As they come."

[maps]
A01 = "A01"
hock = "Hock"

[settings]
batch_size = { title = "Batch size", tag = "Training/batch_size", named = true }
seed = { title = "Seed", replicate = true }

[outcomes.time_A01]
metric = "robust_race_time"
map = "A01"
margin = 0.1
reason = "A tenth."
targets = [30, 28, 26]

[outcomes.time_hock]
metric = "exploring_race_time"
map = "hock"
margin = 1.0
reason = "A second."
targets = [80, 70, 65]

[outcomes.loss]
metric = "loss"
margin = "10 %"
reason = "A tenth."

[outcomes.learner_share]
metric = "learner_share"
margin = 5
reason = "Some points."

[runs]
"""


def write_experiment(folder: Path) -> Path:
    """Write logs and definition into a folder; return the definition."""
    write_runs(folder / "logs", *RUNS)
    definition = folder / "docs" / "experiments" / "many.toml"
    definition.parent.mkdir(parents=True, exist_ok=True)
    runs = [f"{run.name} = {{ batch_size = {run.batch_size}, seed = {run.seed} }}" for run in RUNS]
    definition.write_text(DEFINITION + "\n".join(runs) + "\n", encoding="utf-8")
    return definition
