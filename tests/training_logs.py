"""Event logs in the training program's own schema, full resolution, with a known truth.

A `TrainingRun` says what to write: batch size, how fast the agent learns and how well it drives in
the end, when the program was stopped and resumed. `write_run` writes it as the program would (one
scalar an event, rollouts and five-minute aggregates, a folder a segment, a file a session) and
returns the `Truth`: the events that stand once restarts are resolved, on training minutes.

Same arguments, same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from tests import event_files

STARTED = 1_700_000_000
"""Wall time at which a run starts, in seconds since the epoch."""

CUTOFF = 300.0
CYCLE = [("hock", "explo")] * 4 + [("A01", "explo")] * 4 + [("A01", "eval")]
LAYERS = ("iqn_fc.weight", "A_head.weight")
SEGMENT_FRAMES = (6_000_000, 15_000_000, 30_000_000, 45_000_000, 80_000_000, 150_000_000)


@dataclass(frozen=True)
class Restart:
    """The program stopped at minute `at`; it went on `pause` minutes later, `back` minutes back."""

    at: float
    back: float = 0.0
    pause: float = 60.0


@dataclass(frozen=True)
class TrainingRun:
    """A run to write.

    Parameters
    ----------
    best : mapping of str to float
        Race times in seconds towards which exploring races fall, by map; greedy ones are 0.2 s
        below. No race is ever below.
    slowest : mapping of str to float
        Race times in seconds of the first finished races, by map.
    learning_minutes : float
        The time in which what is left to gain falls to a third.
    noise : float
        Mean excess of a race time, in seconds.
    first_finish : float
        Minute before which no race is finished: 300 s is logged.
    unfinished : float
        Share of races that are not finished after that.
    loss : float
        Loss per transition.
    logs_hours : bool
        Whether ``cumul_training_hours`` is logged.
    seed : int
        Replicates are runs that differ in name and seed only.
    rollout_speed : float
        Game time per second of rollout.
    schedule_lags : int
        Frames by which the schedules of gamma and epsilon lag behind those of other runs.
    best_under_map_just_raced : bool
        The all-time best as some versions of the program wrote it: the last map's best under the
        tag of the map just raced, and no other tag.
    """

    name: str
    minutes: float = 60.0
    batch_size: int = 512
    frames_a_minute: float = 30_000.0
    race_every: float = 0.5
    best: Mapping[str, float] = field(default_factory=lambda: {"A01": 24.5, "hock": 58.0})
    slowest: Mapping[str, float] = field(default_factory=lambda: {"A01": 40.0, "hock": 90.0})
    learning_minutes: float = 15.0
    noise: float = 0.15
    first_finish: float = 3.0
    unfinished: float = 0.05
    loss: float = 0.15
    q: float = -0.6
    learner_share: float = 0.7
    logs_hours: bool = True
    restarts: tuple[Restart, ...] = ()
    segment_frames: Sequence[int] = SEGMENT_FRAMES
    started: float = STARTED
    seed: int = 0
    rollout_speed: float = 40.0
    schedule_lags: int = 0
    best_under_map_just_raced: bool = False


@dataclass(frozen=True)
class Truth:
    """What a reader must find.

    Parameters
    ----------
    events : DataFrame
        The events that stand, in the order written: tag, step, minute, wall_time, value (as the
        float32 that is written), folder.
    overlaid : int
        Events that a restart repeated.
    folders : tuple of str
        The run's folder, and those of its segments.
    """

    run: TrainingRun
    events: pd.DataFrame
    overlaid: int
    folders: tuple[str, ...]

    def of(self, tag: str) -> pd.DataFrame:
        return self.events[self.events.tag == tag].reset_index(drop=True)

    def best(self, tag: str, until: float = np.inf) -> float:
        """Return the lowest race time of a tag, in seconds as the game counts them."""
        found = self.of(tag)
        found = found[(found.minute <= until) & (found.value < CUTOFF)]
        return round(float(found.value.min()), 2)


def write_runs(folder: Path, *runs: TrainingRun) -> dict[str, Truth]:
    return {run.name: write_run(folder, run) for run in runs}


def write_run(folder: Path, run: TrainingRun) -> Truth:
    """Write a run beneath a log directory."""
    sessions = _sessions(run)
    writer = _Writer(folder, run)
    known: list[_Write] = []
    rows: list[tuple[str, int, float, float, float, str]] = []
    overlaid = 0
    try:
        for number, (begins, ends, wall) in enumerate(sessions):
            # What the program knows when it goes on is what it knew at its checkpoint.
            known = [w for w in known if w.frames <= begins * run.frames_a_minute]
            races = [race for write in known for race in write.races]
            writer.open_session(begins, wall)
            new = []
            for write in _writes(run, begins, ends, number, races):
                write.wall_time = wall + (write.minute - begins) * 60
                write.folder = writer.write(write)
                where = (write.frames, write.minute, write.wall_time)
                new += [
                    (tag, *where, float(np.float32(value)), write.folder)
                    for tag, value in write.values.items()
                ]
                known.append(write)
            # Of each tag, what stands at or after its first step in this session is repeated.
            first: dict[str, int] = {}
            for tag, frames, *_ in new:
                first.setdefault(tag, frames)
            standing = [row for row in rows if row[1] < first.get(row[0], row[1] + 1)]
            overlaid += len(rows) - len(standing)
            rows = standing + new
    finally:
        writer.close()
    columns = ["tag", "step", "minute", "wall_time", "value", "folder"]
    return Truth(run, pd.DataFrame(rows, columns=columns), overlaid, tuple(writer.folders))


def write_layout(folder: Path) -> Path:
    """Write what the program keeps in ``lay_mono``: a layout of charts, and no scalar."""
    layout = event_files.tensor_event(
        "custom_scalars__config__",
        0,
        event_files.TensorProto(dtype=7, string_val=[b"\n\x04rates"]),
        plugin="custom_scalars",
    )
    return event_files.write_event_file(folder, [layout])


def write_header_only(folder: Path, created: float = STARTED) -> Path:
    """Write the file of a run that died at once."""
    path = folder / f"events.out.tfevents.{created:.0f}.host.9.0"
    folder.mkdir(parents=True, exist_ok=True)
    data = event_files.record(event_files.version_event(created).SerializeToString())
    path.write_bytes(data)
    return path


@dataclass(frozen=True)
class _Race:
    minute: float
    map: str
    kind: str
    seconds: float

    @property
    def finished(self) -> bool:
        return self.seconds < CUTOFF


@dataclass
class _Write:
    """Everything written at one moment: its tags share step and wall time."""

    minute: float
    frames: int
    values: dict[str, float]
    races: tuple[_Race, ...] = ()
    wall_time: float = 0.0
    folder: str = ""


def _sessions(run: TrainingRun) -> list[tuple[float, float, float]]:
    """Return first and last minute of each session, and the wall time at which it began."""
    sessions = []
    begins, wall = 0.0, run.started
    for restart in run.restarts:
        sessions.append((begins, restart.at, wall))
        wall += (restart.at - begins + restart.pause) * 60
        begins = restart.at - restart.back
    return [*sessions, (begins, run.minutes, wall)]


def _writes(
    run: TrainingRun, begins: float, ends: float, session: int, races: list[_Race]
) -> Iterator[_Write]:
    moments = [(n * run.race_every, 0, n) for n in range(1, int(ends / run.race_every) + 1)]
    moments += [(n * 5.0, 1, n) for n in range(1, int(ends / 5) + 1)]
    for minute, kind, number in sorted(moments):
        if not begins < minute <= ends:
            continue
        # What is repeated after a restart is not what was given up.
        random = np.random.default_rng([run.seed, session, kind, number])
        frames = round(minute * run.frames_a_minute)
        if kind == 0:
            race = _race(run, minute, number, random)
            yield _Write(minute, frames, _rollout(run, race, races, random), (race,))
            races.append(race)
        else:
            yield _Write(minute, frames, _aggregate(run, minute, frames, races, random))


def _race(run: TrainingRun, minute: float, number: int, random: np.random.Generator) -> _Race:
    map, kind = CYCLE[(number - 1) % len(CYCLE)]
    if minute < run.first_finish or random.random() < run.unfinished:
        return _Race(minute, map, kind, CUTOFF)
    gain = (run.slowest[map] - run.best[map]) * np.exp(-minute / run.learning_minutes)
    greedy = 0.2 if kind == "eval" else 0.0
    seconds = run.best[map] - greedy + gain + random.exponential(run.noise)
    return _Race(minute, map, kind, round(float(seconds), 2))


def _rollout(
    run: TrainingRun, race: _Race, before: list[_Race], random: np.random.Generator
) -> dict[str, float]:
    kind, on = race.kind, f"trained_{race.map}"
    values = {
        f"Race/{kind}_race_time_{on}": race.seconds,
        f"Race/{kind}_race_finished_{on}": float(race.finished),
        f"Race/race_time_ratio_{race.map}": run.rollout_speed + random.normal(),
        f"RL/single_zone_reached_{on}": 300.0 if race.finished else float(random.integers(300)),
        "Performance/tmi_protection_cutoff": 0.0,
        "Performance/worker_time_in_rollout_percentage": 0.9 + 0.01 * random.random(),
    }
    if race.finished:
        values[f"Race/{kind}_race_time_finished_{on}"] = race.seconds
    if kind == "eval":
        values[f"RL/avg_Q_{on}"] = run.q - np.exp(-race.minute / 20) + random.normal(0, 0.02)
        values[f"RL/mean_action_gap_{race.map}"] = 0.01 + 0.001 * random.random()
        values[f"RL/q_value_0_starting_frame_{race.map}"] = run.q + random.normal(0, 0.02)
        if race.finished and race.seconds < 1.02 * _rolling_mean(before, race):
            values[f"Race/eval_race_time_robust_{on}"] = race.seconds
            values[f"Race/split_{race.map}_0"] = race.seconds / 2
            values[f"Race/split_{race.map}_1"] = race.seconds / 2
    return values


def _rolling_mean(before: list[_Race], race: _Race) -> float:
    mean = CUTOFF
    for other in [*before, race]:
        if other.finished and other.kind == "eval" and other.map == race.map:
            mean = 0.9 * mean + 0.1 * other.seconds
    return mean


def _aggregate(
    run: TrainingRun,
    minute: float,
    frames: int,
    races: list[_Race],
    random: np.random.Generator,
) -> dict[str, float]:
    loss = run.loss * (1 + 2 * np.exp(-minute / 20)) * run.batch_size
    norm = 0.01 * run.batch_size * (1 + 0.1 * random.random())
    share = run.learner_share + 0.005 * random.normal()
    memories = frames * 0.05
    scheduled = frames - run.schedule_lags
    values = {
        "Training/loss": loss * (1 + 0.02 * random.normal()),
        "Training/loss_test": loss * (1.05 + 0.02 * random.normal()),
        "Training/batch_size": run.batch_size,
        "Training/n_steps": 3,
        "Training/learning_rate": max(5e-5, 1e-3 * (5e-2) ** (frames / 3_000_000)),
        "Training/weight_decay": 1e-6,
        "Training/discard_non_greedy_actions_in_nsteps": 1,
        "Training/train_on_batch_duration": 1e-5 * run.batch_size,
        "RL/gamma": float(np.interp(scheduled, [1_500_000, 2_500_000], [0.999, 1.0])),
        "RL/epsilon": float(np.interp(scheduled, [0, 50_000, 3_000_000], [1.0, 1.0, 0.03])),
        "RL/epsilon_boltzmann": 0.15,
        "RL/tau_epsilon_boltzmann": 0.01,
        "Performance/learner_percentage_training": share,
        "Performance/learner_percentage_waiting_for_workers": 0.98 - share,
        "Performance/learner_percentage_testing": 0.02,
        "Performance/transitions_learned_per_second": 8_000 * run.learner_share,
        "Buffer/size": min(200_000.0, memories),
        "Buffer/max_size": 200_000,
        "Buffer/number_times_single_memory_is_used_before_discard": 32,
        "Buffer/priorities_median": 1.0,
        "IQN/quantile_std_action_0": 0.05,
        "cumul_number_frames_played": frames,
        "cumul_number_memories_generated": memories,
        "cumul_number_single_memories_used": memories * 32,
        "cumul_number_batches_done": memories * 32 / run.batch_size,
        "cumul_number_target_network_updates": memories * 32 / 2048,
    }
    for name, factor in {"q1": 0.8, "median": 1.0, "q3": 1.2, "d9": 1.4, "max": 2.0}.items():
        values[f"Gradients/norm_before_clip_{name}"] = norm * factor
        values[f"Gradients/norm_{name}"] = min(norm * factor, 30.0)
    for layer in LAYERS:
        values[f"Gradients/by_layer/{layer}/L2_median"] = norm / 4
        values[f"Network/weights/{layer}/L2"] = 10 + minute / 100
        values[f"Network/optimizer/{layer}/exp_avg_L2"] = norm / 100
    for map in {race.map: None for race in races}:
        best = min(race.seconds for race in races if race.map == map)
        under = races[-1].map if run.best_under_map_just_raced else map
        values[f"alltime_min_ms_{under}"] = round(best * 1000)
    if run.logs_hours:
        values["cumul_training_hours"] = minute / 60
    return values


class _Writer:
    """Writes with TensorBoard's own record writer, under fixed names."""

    def __init__(self, folder: Path, run: TrainingRun) -> None:
        self.folder = folder
        self.run = run
        self.folders: list[str] = []
        self._stream: RecordWriter | None = None
        self._segment = ""
        self._process = 100
        self._count = 0

    def open_session(self, minute: float, wall: float) -> None:
        self.close()
        self._process += 1
        self._count = 0
        self._open(self._name(minute * self.run.frames_a_minute), wall)

    def write(self, write: _Write) -> str:
        segment = self._name(write.frames)
        if segment != self._segment:
            self.close()
            self._open(segment, write.wall_time)
        assert self._stream is not None
        for tag, value in write.values.items():
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
            event = Event(wall_time=write.wall_time, step=write.frames, summary=summary)
            self._stream.write(event.SerializeToString())
        return segment

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _name(self, frames: float) -> str:
        passed = sum(frames >= threshold for threshold in self.run.segment_frames)
        return self.run.name if not passed else f"{self.run.name}_{passed + 1}"

    def _open(self, segment: str, wall: float) -> None:
        self._segment = segment
        if segment not in self.folders:
            self.folders.append(segment)
        folder = self.folder / segment
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{wall:.0f}.host.{self._process}.{self._count}"
        self._count += 1
        self._stream = RecordWriter((folder / name).open("wb"))
        self._stream.write(event_files.version_event(wall).SerializeToString())


def rewrite_event_file(path: Path, change: Callable[[str, float], float]) -> None:
    """Write an event file anew, each scalar changed by what `change` makes of its tag and value."""

    def changed(event: Event) -> Event:
        for value in event.summary.value:
            if value.HasField("simple_value"):
                value.simple_value = change(value.tag, value.simple_value)
        return event

    rewrite_events(path, changed)


def rewrite_events(path: Path, change: Callable[[Event], Event | None]) -> None:
    """Write an event file anew, each event changed by `change`; what it makes None is left out."""
    events = [change(event) for event in LegacyEventFileLoader(str(path)).Load()]
    path.write_bytes(
        b"".join(
            event_files.record(event.SerializeToString(deterministic=True))
            for event in events
            if event is not None
        )
    )
