"""A real worker on the real broker, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

ROOT = Path(__file__).resolve().parents[3]
Worker = subprocess.Popen[bytes]


@pytest.fixture
def tenant(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    """A tenant that is really committed, so that a worker sees it."""
    from apps.tenants.services.membership import tenant_create

    with django_db_blocker.unblock():
        yield tenant_create(slug=f"jobs-{uuid.uuid4().hex[:8]}", name="Jobs")
        for connection in connections.all(initialized_only=True):
            connection.close()


@pytest.fixture
def start_worker(tenant: Any, tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """Start a worker in a process group of its own; all of them are gone afterwards."""
    started: list[Worker] = []

    def start() -> Worker:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "platform"), str(ROOT)])}
        command = [sys.executable, "-m", "tests.kernel.jobs.slow_jobs", "worker", "-c", "1"]
        command += ["--without-gossip", "--without-mingle"]
        log = (tmp_path / f"worker-{len(started)}.log").open("wb")
        child = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        started.append(child)
        return child

    yield start
    for child in started:
        kill(child)


def kill(child: Worker) -> None:
    """`kill -9` for a worker and its children."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    child.wait()


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Poll until something holds, or fail."""

    def wait(ready: Callable[[], bool], *, timeout_s: float = 120) -> None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if ready():
                return
            time.sleep(0.2)
        pytest.fail(f"did not happen within {timeout_s} s")

    return wait


@pytest.fixture
def kill_worker() -> Callable[[Worker], None]:
    """`kill -9`."""
    return kill
