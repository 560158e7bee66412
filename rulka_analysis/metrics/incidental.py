"""Which recorded values say where, when or by whom a run was made, and nothing about training.

Programs write paths, names and identifiers beside settings. They differ between any two runs, so
taken for settings they would make a group of every run.
"""

from __future__ import annotations

import re

SEEDS = ("seed", "random_seed", "rng_seed", "global_seed", "train_seed", "random_state")

_NAMES = re.compile(
    r"""(.*_)?(dir|directory|folder|path|paths|file|filename|url|uri)
    | (log|save|output|out|results?|checkpoint|ckpt|tensorboard|tb|data|work|work_?dir|root)
      (dir|root|path|_log|_root|_name)
    | tensorboard_log | uuid | .*_?id(entifier)?_of_run | run_?id | job_?id | trial_?id
    | run_?name | experiment_?tag | exp_?tag | study_?name | log_?name | name_of_run
    | (start_|end_|current_)?(time|timestamp|date|datetime) | host(name)? | user(name)? | pid
    | cuda | use_cuda | device | .*_device | gpu | gpu_?id | gpus | local_rank | rank
    | port | master_port
    | wandb.* | track | capture_video | verbose | log_level | logging_level | verbosity
    | commit | git_.* | version | comment | notes? | tags?
    """,
    re.X | re.I,
)
_PATH = re.compile(r"(\.{0,2}/|~/|[A-Za-z]:[\\/]|\\\\|file:)[^ ]*")


def is_incidental(name: str, value: object = None) -> bool:
    """Tell whether a setting says nothing about training, by its name or by being a path.

    Examples
    --------
    >>> [is_incidental(name) for name in ("log_folder", "run_name", "learning_rate", "env_id")]
    [True, True, False, False]
    >>> is_incidental("weights", "/home/me/w.pt"), is_incidental("env_id", "ALE/Pong-v5")
    (True, False)
    """
    last = name.rpartition(".")[2].strip().replace(" ", "_").replace("-", "_")
    if _NAMES.fullmatch(last):
        return True
    return isinstance(value, str) and bool(_PATH.fullmatch(value))


def is_seed(name: str) -> bool:
    """Tell whether a setting is what chance began from.

    Examples
    --------
    >>> is_seed("env.seed"), is_seed("seed_value"), is_seed("batch_size")
    (True, True, False)
    """
    last = name.rpartition(".")[2].strip().lower().replace(" ", "_").replace("-", "_")
    return last in SEEDS or last.endswith("_seed") or last.startswith("seed_")
