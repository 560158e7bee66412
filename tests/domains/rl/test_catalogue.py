"""The catalogue of returns: what common programs log is recognised, and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulka_analysis.domains.rl import DOMAIN
from rulka_analysis.experiments.comparison import Comparison
from rulka_analysis.health import run_findings
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue_file import load_catalogue
from tests import event_files as write

REAL_LOGS = Path(__file__).parents[4] / "shared" / "real_logs"
TAGS = {
    "Stable-Baselines3": {
        "rollout/ep_rew_mean": "mean_return",
        "rollout/ep_len_mean": "mean_episode_length",
        "rollout/exploration_rate": "exploration_rate",
        "eval/mean_reward": "evaluation_return",
        "time/fps": "steps_per_second",
        "train/loss": "loss",
        "train/approx_kl": "approximate_kl",
        "train/learning_rate": "learning_rate",
    },
    "CleanRL": {
        "charts/episodic_return": "episode_return",
        "charts/SPS": "steps_per_second",
        "charts/epsilon": "exploration_rate",
        "losses/td_loss": "temporal_difference_loss",
        "losses/clipfrac": "clip_fraction",
    },
    "RLlib": {
        "ray/tune/episode_reward_mean": "mean_return",
        "ray/tune/env_runners/episode_return_mean": "mean_return",
        "ray/tune/info/learner/default_policy/learner_stats/kl": "approximate_kl",
    },
    "Lightning": {
        "train_loss_step": "training_loss",
        "val_loss": "validation_loss",
        "lr-Adam": "learning_rate_of_optimiser",
        "epoch": "epoch",
    },
}


@pytest.mark.parametrize("program", TAGS)
def test_common_tags_are_recognised(program: str) -> None:
    catalogue = load_catalogue(DOMAIN)
    found = {tag: match.metric.name for tag in TAGS[program] if (match := catalogue.match(tag))}
    assert found == TAGS[program]


def test_every_text_is_given() -> None:
    for metric in load_catalogue(DOMAIN):
        assert metric.description.endswith((".", "?")), metric.name
        assert metric.interpretation.endswith("."), metric.name
        assert metric.watch_for.endswith("."), metric.name


def test_two_seeds_are_compared_by_steps(tmp_path: Path) -> None:
    for seed in (1, 2):
        events = [
            write.scalar_event("rollout/ep_rew_mean", step, seed * step / 100, 1.7e9 + step / 100)
            for step in range(0, 60_001, 2_000)
        ]
        write.write_event_file(tmp_path / f"PPO_{seed}", events)
    logs = Logs(tmp_path, conventions=DOMAIN.conventions)
    comparison = Comparison(
        "seeds", "Seeds", {name: logs[name] for name in logs.runs}, "PPO_1",
        {name: {} for name in logs.runs}, load_catalogue(DOMAIN), {},
    )  # fmt: skip
    table = comparison.compare("mean_return", clock="steps", every=20_000)
    assert table[table.run == "PPO_2"].value.tolist() == [400.0, 800.0, 1200.0]
    assert table[table.run == "PPO_2"].difference.tolist() == [200.0, 400.0, 600.0]
    assert [str(clock) for clock in logs["PPO_1"].clocks] == ["minutes", "steps"]


@pytest.mark.skipif(not REAL_LOGS.is_dir(), reason="the real logs are not here")
@pytest.mark.parametrize(
    "folder",
    [
        "MoniFarsang+ppo-clipping-approaches",
        "lhwright13+TensorBoard-Flight-Analysis",
        "superboySB+mindspore-cleanrl",
    ],
)
def test_real_logs(folder: str) -> None:
    catalogue = load_catalogue(DOMAIN)
    for run in Logs(REAL_LOGS / folder, conventions=DOMAIN.conventions):
        assert [tag for tag in run.tags if catalogue.match(tag) is None] == []
        assert [
            finding for finding in run_findings(run, catalogue) if finding.severity == "error"
        ] == []
