"""A whole platform of its own for the browser: database, broker, web, worker, the demonstration data."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from kernel.launcher.programs import REPOSITORY, free_port

_START_S = 900
FRONTEND = REPOSITORY / "frontend"


@dataclass(frozen=True)
class Platform:
    """Where it answers, and the one password of the demo tenant's people."""

    address: str
    password: str


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip("no Chromium on this machine: install chromium or set CHROMIUM")
    if not (FRONTEND / "node_modules" / "playwright-core").is_dir() or not (FRONTEND / "dist" / "index.html").is_file():
        pytest.skip("the frontend is not built: make setup")
    return path


@pytest.fixture(scope="session")
def browser_platform(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """`make up` on ports and data of its own; stopped with everything it started."""
    data = tmp_path_factory.mktemp("platform")
    port, socket_port = free_port(), free_port()
    command = [sys.executable, "-m", "kernel.launcher", "up", "--data-dir", str(data), "--workers", "1"]
    command += ["--port", str(port), "--socket-port", str(socket_port)]
    # the suite's own services must not leak into this platform's settings
    kept = {name: value for name, value in os.environ.items() if not re.search(r"_URL$|_KEY|_FILE$|^DJANGO", name)}
    environment = {**kept, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "platform")])}
    with (data / "up.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, data / "up.log")
        text = (data / "demo-sign-ins.txt").read_text()
        found = re.search(r"\(/t/demo/\), password (\S+)", text)
        assert found, "the demo tenant wrote no sign-ins"
        yield Platform(address, found.group(1))
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        process.kill()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/healthz/ready", timeout=5).status_code == 200:
                return
        time.sleep(0.5)
    raise RuntimeError(f"the platform did not come up within {_START_S} s:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def drive(chromium: str, browser_platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """`drive("journey.mjs", "name", **facts)` runs one journey in the browser and gives what it read from the page."""
    shots = Path(os.environ.get("FIDUCIAL_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))

    def run(journey: str, **facts: Any) -> Any:
        given = {
            "address": browser_platform.address,
            "password": browser_platform.password,
            "shots": str(shots),
            **facts,
        }
        script = Path(__file__).parent / "journeys.mjs"
        done = subprocess.run(
            ["node", str(script), journey, json.dumps({**given, "chromium": chromium, "frontend": str(FRONTEND)})],
            capture_output=True,
            text=True,
            timeout=240,
        )
        if done.returncode != 0:
            raise AssertionError(f"{journey}: {done.stderr[-3000:]}\n{done.stdout[-1000:]}")
        return json.loads(done.stdout.splitlines()[-1])

    return run
