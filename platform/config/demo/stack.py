"""The processes the headless demonstration talks to: web and worker, stopped with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from kernel.launcher.process import leashed
from kernel.launcher.programs import QUEUES, free_port

_START_S = 180


@contextlib.contextmanager
def running(logs: Path) -> Iterator[str]:
    """Start web and worker on the services named in the environment; gives the address."""
    logs.mkdir(parents=True, exist_ok=True)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    env = {**os.environ, "PUBLIC_URL": address, "SOCKET_URL": address}
    web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
    web += ["--blocking-threads", "8", "--no-ws", "config.wsgi:application"]
    worker = ["celery", "-A", "config.celery", "worker", "--concurrency", "2", "--queues", ",".join(QUEUES)]
    beat = ["celery", "-A", "config.celery", "beat", "--schedule", str(logs / "beat"), "--pidfile="]
    children = []
    try:
        for name, command in (("web", web), ("worker", worker), ("beat", beat)):
            log = (logs / f"{name}.log").open("wb")
            guarded = leashed([sys.executable, "-m", *command], death_signal=signal.SIGTERM)
            children.append(subprocess.Popen(guarded, env=env, stdout=log, stderr=log))
        _wait_until_ready(address)
        yield address
    finally:
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()


def _wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/healthz/ready", timeout=5).status_code == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"the platform was not ready within {_START_S} s; see the logs beside the report")
