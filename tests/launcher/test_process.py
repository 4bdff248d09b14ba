"""A child is stopped with all it started, dies with its launcher, and is never confused with another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kernel.launcher.process import Child, process_started_at, stop_leftover

# Starts a worker of its own, says so, and waits; with "stubborn" it does not hear the stop signal.
MASTER = """
import signal, subprocess, sys, time
if "stubborn" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
worker = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(60)"])
print(worker.pid, flush=True)
time.sleep(60)
"""


def child(folder: Path, *words: str) -> Child:
    command = [sys.executable, "-c", *words]
    return Child(name="try", command=command, log_file=folder / "logs" / "try.log", pidfile=folder / "run" / "try.pid")


def first_line(of: Child) -> str:
    deadline = time.monotonic() + 10
    while not of.last_lines() and time.monotonic() < deadline:
        time.sleep(0.02)
    return of.last_lines()


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while process_started_at(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    return process_started_at(pid) is None


@pytest.mark.parametrize("words", [(), ("stubborn",)])
def test_stop_ends_the_child_and_its_workers(tmp_path: Path, words: tuple[str, ...]) -> None:
    running = child(tmp_path, MASTER, *words)
    running.start()
    worker = int(first_line(running))
    pid = running.pid
    assert pid is not None and running.alive
    running.stop(timeout_s=0.5)
    assert not running.alive
    assert gone(pid) and gone(worker)
    assert not (tmp_path / "run" / "try.pid").exists()
    running.stop()


LAUNCHER = """
import sys, time
from pathlib import Path
from kernel.launcher.process import Child
folder, grace_s, command = Path(sys.argv[1]), float(sys.argv[2]), [sys.executable, "-c", *sys.argv[3:]]
child = Child("try", command, folder / "logs" / "try.log", folder / "p", grace_s=grace_s)
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""


def start_in_another_launcher(folder: Path, grace_s: float, *words: str) -> tuple[subprocess.Popen[str], int]:
    """A process that starts one child and waits; returns it and the child's process number."""
    command = [sys.executable, "-c", LAUNCHER, str(folder), str(grace_s), *words]
    launcher = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    return launcher, int(launcher.stdout.readline())


@pytest.mark.parametrize("grace_s", [0.0, 5.0])
def test_the_death_of_the_launcher_ends_the_child(tmp_path: Path, grace_s: float) -> None:
    launcher, pid = start_in_another_launcher(tmp_path, grace_s, "import time; print(1, flush=True); time.sleep(60)")
    assert first_line(child(tmp_path)) == "1"
    launcher.kill()
    launcher.wait()
    assert gone(pid)


@pytest.mark.parametrize("words", [(), ("stubborn",)])
def test_the_death_of_the_launcher_ends_workers_of_a_guarded_master(tmp_path: Path, words: tuple[str, ...]) -> None:
    launcher, pid = start_in_another_launcher(tmp_path, 0.5, MASTER, *words)
    worker = int(first_line(child(tmp_path)))
    launcher.kill()
    launcher.wait()
    assert gone(pid) and gone(worker)


def test_a_guarded_child_ends_as_its_command_ends(tmp_path: Path) -> None:
    for script, ending in (("import sys; sys.exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)):
        running = child(tmp_path, script)
        running.grace_s = 5.0
        running.start()
        deadline = time.monotonic() + 5
        while running.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        assert running.exit_code == ending
        running.stop()


def test_a_killed_guard_takes_its_command_with_it(tmp_path: Path) -> None:
    running = child(tmp_path, "import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    running.grace_s = 5.0
    running.start()
    command = int(first_line(running))
    assert running.pid is not None and running.pid != command
    os.kill(running.pid, signal.SIGKILL)
    assert gone(command)
    running.stop()


def test_a_leftover_is_ended_before_its_successor_starts(tmp_path: Path) -> None:
    first = child(tmp_path, "import time; time.sleep(60)")
    first.start()
    first_pid = first.pid
    second = child(tmp_path, "import time; time.sleep(60)")
    second.start()
    try:
        assert first_pid is not None and not first.alive
        assert second.alive
    finally:
        second.stop()


def test_a_number_that_was_given_to_another_process_is_left_alone(tmp_path: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        pidfile = tmp_path / "try.pid"
        pidfile.write_text(f"{bystander.pid} 1")
        assert stop_leftover(pidfile, stop_signal=signal.SIGTERM) is False
        assert bystander.poll() is None
        assert not pidfile.exists()
    finally:
        bystander.kill()
        bystander.wait()


def test_a_zombie_does_not_count_as_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    deadline = time.monotonic() + 5
    while process_started_at(process.pid) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, 0)  # the kernel still answers for it
    assert process_started_at(process.pid) is None
    process.wait()


def test_output_and_exit_code_are_kept(tmp_path: Path) -> None:
    running = child(tmp_path, "import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)")
    running.start()
    deadline = time.monotonic() + 5
    while running.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    assert running.exit_code == 3
    assert sorted(running.last_lines().splitlines()) == ["one", "two"]
    running.stop()
