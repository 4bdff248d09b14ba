"""What ends is started again, later each time it dies young, and said so."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from kernel.launcher import supervisor as supervisor_module
from kernel.launcher.errors import AlreadyRunningError
from kernel.launcher.process import Child
from kernel.launcher.services import Services
from kernel.launcher.supervisor import Supervisor, Watched


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    running = Services(tmp_path / "data", throw_away=True, environment={})
    yield running
    running.stop()


@pytest.fixture
def kept_services(tmp_path: Path) -> Iterator[Services]:
    """With the guarantees of kept data: a throw-away server may lose its last commits when killed."""
    running = Services(tmp_path / "data", environment={})
    yield running
    running.stop()


def child(folder: Path, script: str) -> Child:
    return Child("worker", [sys.executable, "-c", script], folder / "worker.log", folder / "worker.pid")


def tend_until(supervisor: Supervisor, done: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        supervisor.tend()
        time.sleep(0.02)


def test_a_killed_child_is_started_again_and_said_so(tmp_path: Path, services: Services) -> None:
    said: list[str] = []
    worker = child(tmp_path, "import time; time.sleep(60)")
    supervisor = Supervisor(services, [worker], say=said.append)
    supervisor._servers.clear()  # this test starts none
    supervisor.start()
    first = worker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    try:
        tend_until(supervisor, lambda: worker.alive and worker.pid != first)
        assert len(said) == 1
        assert re.fullmatch(r"worker ended \(signal 9\); again in 0\.5 s; its log is .*worker\.log", said[0])
    finally:
        supervisor.stop()
    assert not worker.alive


def test_a_child_that_dies_young_waits_longer_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(child(tmp_path, ""))
    watched.started_at = time.monotonic()
    delays = [watched.schedule_restart() for _ in range(8)]
    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30]
    watched.started_at = time.monotonic() - supervisor_module.STEADY_AFTER_S - 1
    assert watched.schedule_restart() == 0.5


def test_killed_servers_come_back_on_their_data(kept_services: Services) -> None:
    services = kept_services
    settings = services.start()
    said: list[str] = []
    supervisor = Supervisor(services, [], say=said.append)
    with psycopg.connect(settings["DATABASE_OWNER_URL"]) as connection:
        connection.execute("CREATE TABLE kept (x int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    postgres, valkey = services.postgres, services.valkey
    assert postgres is not None and postgres.pid is not None
    assert valkey is not None and valkey.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    os.kill(valkey.pid, signal.SIGKILL)
    tend_until(supervisor, lambda: len(said) == 2 and valkey.alive and postgres.alive)
    assert {line.split()[0] for line in said} == {"postgres", "valkey"}
    with psycopg.connect(settings["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT x FROM kept").fetchall() == [(7,)]
    assert valkey.answers()


def test_a_second_launcher_on_the_same_data_is_refused_and_disturbs_nothing(services: Services) -> None:
    settings = services.start()
    with pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}.*Ctrl-C"):
        Services(services.data_dir, environment={}).start()
    with psycopg.connect(settings["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("app_user",)
    services.stop()
    again = Services(services.data_dir, throw_away=True, environment={})
    assert again.start() == settings
    again.stop()


def test_given_addresses_are_used_and_nothing_is_embedded_for_them(tmp_path: Path) -> None:
    given = {"BROKER_URL": "redis://broker:6379/0", "STORAGE_URL": "file:///srv/blobs"}
    services = Services(tmp_path, environment=given)
    assert services.valkey is None and services.postgres is not None
    settings = services.settings()
    assert settings["BROKER_URL"] == "redis://broker:6379/0"
    assert settings["STORAGE_URL"] == "file:///srv/blobs"
    assert settings["DATABASE_URL"].startswith("postgresql://app_user@/fiducial?host=/")
