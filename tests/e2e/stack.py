"""A throw-away platform for the browser tests, and the organisations made on it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from kernel.launcher.programs import REPOSITORY, free_port, program_environment
from kernel.launcher.services import Services

_START_S = 900
HERE = Path(__file__).parent
FRONTEND = REPOSITORY / "frontend"
# Slices 31 to 70 of the demonstration CT hold the nodule all four radiologists outlined (42 to 58, counted from 0).
AROUND_THE_NODULE = (31, 70)
Journey = Callable[..., Any]


@dataclass(frozen=True)
class Organisation:
    """A tenant made for one test; everyone in it has the same password."""

    slug: str
    password: str


@dataclass(frozen=True)
class Stack:
    """A running platform without demonstration data."""

    address: str
    data_dir: Path

    def organisation(self, slug: str, name: str, *, slices: tuple[int, int] | None = None) -> Organisation:
        """A tenant with an open project and a person in every role; with `slices` also that part of the real CT.

        Its slug begins with `slug` and is its own.
        """
        slug = f"{slug}-{uuid.uuid4().hex[:4]}"
        first, last = slices or (0, 0)
        done = subprocess.run(
            [sys.executable, str(HERE / "seed.py")],
            input=json.dumps({"slug": slug, "name": name, "first": first, "last": last}),
            env=program_environment(self.settings(), _own_environment()),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{slug} was not made:\n{done.stderr[-2000:]}")
        return Organisation(**json.loads(done.stdout.splitlines()[-1]))

    def settings(self) -> dict[str, str]:
        """The platform's settings, for a process of ours beside it."""
        return Services(self.data_dir, environment={}).settings() | {"PUBLIC_URL": self.address}


def _own_environment() -> dict[str, str]:
    # the suite's own services must not leak into this platform's settings
    return {name: value for name, value in os.environ.items() if not re.search(r"_URL$|_KEY|_FILE$|^DJANGO", name)}


@contextlib.contextmanager
def running(data: Path) -> Iterator[Stack]:
    """`up --no-demo` on free ports with its data in `data`; stopped with everything it started."""
    port, socket_port = free_port(), free_port()
    command = [sys.executable, "-m", "kernel.launcher", "up", "--no-demo", "--data-dir", str(data), "--workers", "1"]
    command += ["--port", str(port), "--socket-port", str(socket_port)]
    environment = program_environment({}, _own_environment())
    log = data / "up.log"
    with log.open("wb") as handle:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=handle, stderr=handle)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, log)
        yield Stack(address, data)
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
