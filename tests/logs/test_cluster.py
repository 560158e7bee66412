"""The workers of a Dask cluster write the archive that one process writes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from distributed import LocalCluster
from typer.testing import CliRunner

from rulka_analysis.cli import app
from rulka_analysis.cli.archiving import executor_of
from rulka_analysis.logs.archive.writing import write_archive
from rulka_analysis.logs.runs import Logs
from tests import event_files as write
from tests.logs.test_archive import contents, events_of


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many") / "logs"
    for seed in range(60):
        write.write_event_file(folder / f"run_{seed}x", events_of(seed, 200))
    return folder


@pytest.fixture(scope="module")
def expected(logs: Path) -> dict[str, bytes]:
    folder = logs.parent / "expected"
    write_archive(Logs(logs), folder, jobs=1)
    return contents(folder)


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2, threads_per_worker=2, host="127.0.0.1", dashboard_address=None
    ) as made:
        yield made


def test_several_threads_of_a_process(logs: Path, expected: dict[str, bytes], tmp_path: Path):
    with ThreadPoolExecutor(4) as executor:
        write_archive(Logs(logs), tmp_path / "archive", executor=executor)
    assert contents(tmp_path / "archive") == expected


@pytest.mark.long
def test_a_cluster_of_two_workers_one_of_which_is_killed(
    cluster: LocalCluster, logs: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill_one(done: int, total: int, run: str) -> None:
        if done == 5 and not killed:
            killed.append(cluster.workers[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    with executor_of(cluster.scheduler_address) as executor:
        written = write_archive(
            Logs(logs), tmp_path / "archive", executor=executor, progress=kill_one
        )
    assert killed
    assert len(written.read) == 60
    assert contents(tmp_path / "archive") == expected


@pytest.mark.long
@pytest.mark.parametrize("named", ["--scheduler", "DASK_SCHEDULER_ADDRESS"])
def test_the_cluster_is_named_by_option_or_variable(
    cluster: LocalCluster, logs: Path, tmp_path: Path, named: str
) -> None:
    alone = ["archive", str(logs), str(tmp_path / "alone"), "--jobs", "1"]
    assert CliRunner().invoke(app, alone).exit_code == 0
    address = cluster.scheduler_address
    option = [named, address] if named.startswith("-") else []
    variables = {} if option else {named: address}
    command = ["archive", str(logs), str(tmp_path / "archive"), *option]
    result = CliRunner().invoke(app, command, env=variables)
    assert result.exit_code == 0, result.stderr
    assert contents(tmp_path / "archive") == contents(tmp_path / "alone")


def test_a_scheduler_that_is_not_there(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulka_analysis.cli.archiving.SECONDS_TO_ANSWER", 1)
    command = ["archive", str(logs), str(tmp_path / "archive"), "--scheduler"]
    result = CliRunner().invoke(app, [*command, "tcp://127.0.0.1:1"])
    assert result.exit_code == 1
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in result.stderr
    result = CliRunner().invoke(app, [*command, "nothing://x"])
    assert result.exit_code == 1
    assert "no Dask scheduler answers" in result.stderr
