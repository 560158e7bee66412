"""Reinforcement learning as most programs log it: returns of episodes, on a clock of steps.

Known are common tags of Stable-Baselines3, CleanRL, RLlib and Lightning.
"""

from __future__ import annotations

from pathlib import Path

from rulka_analysis.metrics.domain import Domain

DOMAIN = Domain(
    name="rl",
    catalogue_file=Path(__file__).parent / "catalogue.toml",
    guide_file=Path(__file__).parent / "metrics.rst",
    placeholders={"policy": "default_policy", "optimiser": "Adam"},
)
