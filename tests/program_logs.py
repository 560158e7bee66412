"""Log folders as ten programs write them: their events, and where they keep their settings.

Each function writes one run beneath a log directory; the settings are as each program words them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from tests import event_files as write

Settings = Mapping[str, float | str]


def write_curve(
    folder: Path, tag: str, level: float = 1.0, extra: list[object] | None = None
) -> None:
    """Write a run whose values rise to `level`."""
    events: list[object] = [*(extra or [])]
    for number in range(1, 41):
        value = level * (1 - 0.9**number)
        wall_time = write.STARTED + 30.0 * number
        events.append(write.scalar_event(tag, 1000 * number, value, wall_time))
    write.write_event_file(folder, events)


def write_file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_yaml(path: Path, settings: Mapping[str, object]) -> None:
    write_file(path, "".join(f"{name}: {value}\n" for name, value in settings.items()))


def pytorch(logs: Path, run: str, settings: Settings, level: float = 1.0) -> None:
    write_curve(logs / run, "Reward", level)
    hyperparameters = write.hyperparameters_event(dict(settings))
    final = write.scalar_event("final", 0, level)
    write.write_event_file(logs / run / "1700000001", [hyperparameters, final])


def cleanrl(logs: Path, run: str, settings: Settings, level: float = 1.0) -> None:
    rows = "\n".join(f"|{name}|{value}|" for name, value in settings.items())
    table = f"|param|value|\n|-|-|\n|exp_name|ppo|\n|run_name|{run}|\n|target_kl|None|\n{rows}"
    text = write.text_event("hyperparameters/text_summary", 0, table)
    name = f"CartPole-v1__ppo__{settings['seed']:.0f}__17000{abs(hash(run)) % 90000 + 10000}"
    write_curve(logs / name, "charts/episodic_return", level, [text])


def trainer(logs: Path, run: str, settings: Settings, level: float = 1.0) -> None:
    arguments = json.dumps({"output_dir": f"/out/{run}", "fp16": False, **settings}, indent=2)
    write_curve(
        logs / run, "train/loss", level, [write.text_event("args/text_summary", 0, arguments)]
    )


def lightning(logs: Path, run: str, settings: Settings, level: float = 1.0) -> None:
    write_curve(logs / run / "version_0", "val_loss", level)
    path = logs / run / "version_0" / "hparams.yaml"
    write_yaml(path, {**settings, "loss": "!!python/object:nets.Loss {}"})


def zoo(logs: Path, run: str, settings: Settings, level: float = 1.0) -> None:
    # The zoo numbers its runs.
    folder = logs / "ppo" / f"Pendulum-v1_{int(run, 36)}"
    write_curve(folder / "PPO_1", "rollout/ep_rew_mean", level)
    inner = folder / "Pendulum-v1"
    # The zoo writes ordered pairs; the arguments hold the seed, and -1 for what is not overridden.
    own = {**settings, "n_timesteps": 1e5}
    seed = own.pop("seed", 0)
    for name, said in (("config", own), ("args", {"seed": seed, "n_timesteps": -1})):
        pairs = "".join(f"\n  - [{key}, {value}]" for key, value in said.items())
        pairs = pairs.replace("\n  - ", "\n- - ", 1)
        head = "!!python/object/apply:collections.OrderedDict"
        write_file(inner / f"{name}.yml", f"{head}{pairs}\n")


def hydra(logs: Path, run: str, settings: Settings, level: float = 1.0) -> None:
    write_curve(logs / run / "logs" / "version_0", "val_loss", level)
    own = dict(settings)
    seed = own.pop("seed")
    typed = "".join(f"- model.{name}={value}\n" for name, value in own.items())
    write_file(logs / run / ".hydra" / "overrides.yaml", f"{typed}- +seed={seed}\n")
    body = "".join(f"  {name}: {value}\n" for name, value in own.items())
    config = f"model:\n  _target_: nets.Net\n{body}  steps: ${{trainer.steps}}\nseed: {seed}\n"
    write_file(logs / run / ".hydra" / "config.yaml", config)


def sacred(logs: Path, run: str, settings: Settings, level: float = 1.0) -> None:
    write_curve(logs / run / "tb", "return", level)
    write_file(logs / run / "config.json", json.dumps({**settings, "nested": {"depth": 2}}))


def wandb(logs: Path, run: str, settings: Settings, level: float = 1.0) -> None:
    files = logs / f"run-20240101_00000{len(run)}-{run}" / "files"
    write_curve(files, "Rewards/mean", level)
    entries = "".join(f"{n}:\n  desc: null\n  value: {v}\n" for n, v in settings.items())
    write_file(files / "config.yaml", f"wandb_version: 1\n\n_wandb:\n  value: {{t: 1}}\n{entries}")


def rllib(logs: Path, run: str, settings: Settings, level: float = 1.0) -> None:
    folder = logs / f"PPO_Env_{run}"
    write_curve(folder, "ray/tune/episode_reward_mean", level)
    callbacks = "<class 'ray.Callbacks'>"
    write_file(folder / "params.json", json.dumps({**settings, "callbacks": callbacks}))


def snapshots(logs: Path, run: str, settings: Settings, level: float = 1.0) -> None:
    write_curve(logs / run, "Training/loss", level)
    own = dict(settings)
    seed = own.pop("seed")
    body = "".join(f"  {name}: {value}\n" for name, value in own.items())
    snapshot = f"training:\n{body}performance:\n  seed: {seed}\n"
    write_file(logs.parent / "save" / run / "config_snapshot.yaml", snapshot)


PROGRAMS: dict[str, Callable[..., None]] = {
    "pytorch": pytorch,
    "cleanrl": cleanrl,
    "trainer": trainer,
    "lightning": lightning,
    "zoo": zoo,
    "hydra": hydra,
    "sacred": sacred,
    "wandb": wandb,
    "rllib": rllib,
    "snapshots": snapshots,
}
