"""`up` as a person uses it: started, looked at, started twice by mistake, interrupted, killed."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernel.launcher.programs import free_port
from kernel.launcher.services import SETTINGS

# The test run's own settings would make `up` use the test run's servers.
NOT_OURS = (*SETTINGS, "DJANGO_SETTINGS_MODULE")


class Up:
    """A running `python -m kernel.launcher up` and what it says."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.lines: list[str] = []
        self._queue: queue.Queue[str] = queue.Queue()
        environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "kernel.launcher", "up", "--data-dir", str(data_dir)),
                *("--port", str(free_port()), "--socket-port", str(free_port()), "--workers", "1", "--no-demo"),
            ],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip())

    def wait_for(self, pattern: str, timeout_s: float = 120.0) -> re.Match[str]:
        """The first new line that matches; fails with everything said so far."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            try:
                line = self._queue.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None:
                    break
                continue
            self.lines.append(line)
            found = re.search(pattern, line)
            if found:
                return found
        pytest.fail(f"never said {pattern!r}:\n" + "\n".join(self.lines) + self._logs())

    def _logs(self) -> str:
        logs = sorted((self.data_dir / "logs").glob("*.log"))
        return "".join(f"\n== {log.name}\n" + "\n".join(log.read_text().splitlines()[-10:]) for log in logs)


def processes_of(data_dir: Path) -> list[str]:
    """Every live process that was started for `data_dir`, by its command line or its environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            command, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(data_dir) in command + environment:
            found.append(f"{folder.name} {command.replace(bytes(1), b' ').decode(errors='replace')[:80]}")
    return found


def wait_until_none(data_dir: Path, timeout_s: float = 20.0) -> list[str]:
    deadline = time.monotonic() + timeout_s
    while processes_of(data_dir) and time.monotonic() < deadline:
        time.sleep(0.1)
    return processes_of(data_dir)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def start_up(data_dir: Path) -> Iterator[Callable[[], Up]]:
    """Starts `up` on the data directory; what still runs at the end is killed."""
    started: list[Up] = []

    def start() -> Up:
        started.append(Up(data_dir))
        return started[-1]

    yield start
    for up in started:
        if up.process.poll() is None:
            up.process.kill()
        up.process.wait()


def assert_ready(address: str) -> None:
    with urllib.request.urlopen(f"{address}/healthz/ready", timeout=30) as answer:
        assert answer.status == 200


def assert_second_is_refused(up: Up, data_dir: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "kernel.launcher", "up", "--data-dir", str(data_dir)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert second.returncode == 1
    assert f"already runs on {data_dir} (process {up.process.pid})" in second.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_life_of_up(start_up: Callable[[], Up], data_dir: Path) -> None:
    """Started, started twice by mistake, a worker killed, interrupted, started again, killed: nothing stays behind."""
    up = start_up()
    up.wait_for("migrating the database")
    address = up.wait_for(r"ready after [\d.]+ s: (http://\S+)").group(1)
    assert_ready(address)
    assert_second_is_refused(up, data_dir)
    os.kill(int((data_dir / "run" / "worker.pid").read_text().split()[0]), signal.SIGKILL)
    up.wait_for(r"worker ended \(signal 9\); again in 0.5 s")
    assert_ready(address)
    up.process.send_signal(signal.SIGINT)
    up.wait_for("fiducial: stopped")
    assert up.process.wait(10) == 0
    assert processes_of(data_dir) == []

    again = start_up()
    again.wait_for(r"ready after [\d.]+ s")
    assert "fiducial: migrating the database" not in again.lines  # that takes longer than everything else
    again.process.kill()
    assert wait_until_none(data_dir) == []
