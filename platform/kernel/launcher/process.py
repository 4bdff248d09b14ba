"""A child process that cannot outlive its launcher, and the leftovers of one that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Identity = Literal["keep", "namespace", "nobody"]

LEASH = Path(__file__).with_name("leash.py")
LOG_LIMIT_BYTES = 20_000_000
POLL_S = 0.02


def leashed(
    command: Sequence[str], *, death_signal: int, identity: Identity = "keep", grace_s: float = 0.0
) -> list[str]:
    """`command` wrapped so that it dies with the calling process and, where asked, runs without privileges.

    With `grace_s` a guard stays beside it and kills all it started that long after the caller's death.

    The kernel watches the *thread* that starts the child: call this and Popen from a thread that lives as long as the
    child must, in practice the main one.
    """
    words = [str(os.getpid()), str(int(death_signal)), identity, str(grace_s)]
    return [sys.executable, "-I", "-S", str(LEASH), *words, *command]


def process_started_at(pid: int) -> str | None:
    """The kernel's start tick of a live process, which tells it from a later one with the same number.

    None for a process that is gone or a zombie. Where there is no /proc, "" for a live process.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return "" if sys.platform != "linux" and _answers(pid) else None
    except (ProcessLookupError, PermissionError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def wait_until_gone(pid: int, started_at: str, timeout_s: float) -> bool:
    """Wait for a process that need not be our child; False if it still lives after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while process_started_at(pid) == started_at:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def stop_leftover(pidfile: Path, *, stop_signal: int, timeout_s: float = 10.0) -> bool:
    """End the process that an earlier launcher recorded in `pidfile` and did not live to stop.

    Returns whether there was one. Only a process with the recorded start tick is touched: numbers are reused.
    """
    try:
        recorded_pid, _, started_at = pidfile.read_text().strip().partition(" ")
        pid = int(recorded_pid)
    except (FileNotFoundError, ValueError):
        return False
    found = process_started_at(pid) == started_at
    if found:
        _signal_group(pid, stop_signal, leader_only=True)
        if not wait_until_gone(pid, started_at, timeout_s):
            _signal_group(pid, signal.SIGKILL)
            wait_until_gone(pid, started_at, timeout_s)
    pidfile.unlink(missing_ok=True)
    return found


def _signal_group(pid: int, number: int, *, leader_only: bool = False) -> None:
    try:
        os.kill(pid, number) if leader_only else os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # it ended between the look and the signal; a dead group's number may also belong to somebody else


@dataclass
class Child:
    """One process of ours: its command, its log file, how it is asked to stop.

    It runs in its own session, so that Ctrl-C in the terminal reaches the launcher alone, which then stops its
    children in order.
    """

    name: str
    command: Sequence[str]
    log_file: Path
    pidfile: Path
    environment: Mapping[str, str] | None = None
    working_directory: Path | None = None
    stop_signal: int = signal.SIGTERM
    identity: Identity = "keep"
    grace_s: float = 0.0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        """The process number while one has been started."""
        return None if self._process is None else self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs now; also reaps it when it has ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit status, negative for a signal; None while it runs or was never started."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start the process after ending a leftover of the same name; returns at once, it may not be ready yet."""
        stop_leftover(self.pidfile, stop_signal=self.stop_signal)
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        self.pidfile.parent.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_LIMIT_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                leashed(self.command, death_signal=self.stop_signal, identity=self.identity, grace_s=self.grace_s),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if self.environment is None else dict(self.environment),
                cwd=self.working_directory,
                start_new_session=True,
            )
        self.pidfile.write_text(f"{self._process.pid} {process_started_at(self._process.pid) or ''}")

    def ask_to_stop(self) -> None:
        """Send the stop signal without waiting."""
        if self._process is not None and self.alive:
            self._process.send_signal(self.stop_signal)

    def stop(self, timeout_s: float = 10.0) -> None:
        """Stop the process and what it started: asked first, killed after `timeout_s` seconds. Harmless twice."""
        if self._process is None:
            return
        self.ask_to_stop()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _signal_group(self._process.pid, signal.SIGKILL)  # workers that a dead master left behind
        self._process = None
        self.pidfile.unlink(missing_ok=True)

    def last_lines(self, count: int = 8) -> str:
        """The end of the log, for the error message of a child that would not start."""
        try:
            return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-count:])
        except FileNotFoundError:
            return ""
