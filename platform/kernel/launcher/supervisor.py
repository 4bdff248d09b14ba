"""Watches children: one that ends is started again, soon at first and then ever more slowly, and said so."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kernel.launcher.errors import LauncherError
from kernel.launcher.process import Child
from kernel.launcher.services import Services

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
STEADY_AFTER_S = 60.0
STOP_TIMEOUT_S = 12.0

Say = Callable[[str], None]


class Server(Protocol):
    """An embedded server: it can be asked whether it lives and be started again on its data."""

    @property
    def alive(self) -> bool: ...

    def start(self) -> None: ...


@dataclass
class Watched:
    """A child with the history that decides when it may start again."""

    child: Child
    delay_s: float = FIRST_DELAY_S
    started_at: float | None = None
    due_at: float | None = None

    def start(self) -> None:
        """Start the child now."""
        self.child.start()
        self.started_at = time.monotonic()
        self.due_at = None

    def schedule_restart(self) -> float:
        """Decide when to start again; returns the delay in seconds, doubled each time it dies young."""
        if self.started_at is not None and time.monotonic() - self.started_at > STEADY_AFTER_S:
            self.delay_s = FIRST_DELAY_S
        delay_s = self.delay_s
        self.due_at = time.monotonic() + delay_s
        self.delay_s = min(self.delay_s * 2, LONGEST_DELAY_S)
        return delay_s


class Supervisor:
    """Keeps the embedded servers and the programs running until `stop`."""

    def __init__(self, services: Services, children: Sequence[Child], *, say: Say) -> None:
        self._servers: dict[str, Server] = {}
        if services.postgres is not None:
            self._servers["postgres"] = services.postgres
        if services.valkey is not None:
            self._servers["valkey"] = services.valkey
        self._watched = [Watched(child) for child in children]
        self._say = say

    def start(self, *names: str) -> None:
        """Start the named programs, or every one that has not been started yet."""
        for watched in self._watched:
            if watched.started_at is None and (not names or watched.child.name in names):
                watched.start()

    def tend(self) -> None:
        """Look at everything once and start again what has ended and is due. Call a few times a second."""
        for name, server in self._servers.items():
            if not server.alive:
                self._say(f"{name} ended; starting it again on its data")
                self._restart_server(name, server)
        for watched in self._watched:
            self._tend(watched)

    def stop(self) -> None:
        """Stop the programs: all are asked first, so that they end side by side."""
        for watched in self._watched:
            watched.child.ask_to_stop()
        for watched in self._watched:
            watched.child.stop(STOP_TIMEOUT_S)

    def _restart_server(self, name: str, server: Server) -> None:
        try:
            server.start()
        except LauncherError as error:
            self._say(f"{name} does not start: {error}")
            time.sleep(1.0)  # the next look tries again

    def _tend(self, watched: Watched) -> None:
        child = watched.child
        if watched.due_at is not None:
            if time.monotonic() >= watched.due_at:
                watched.start()
        elif watched.started_at is not None and not child.alive:
            code = child.exit_code
            child.stop()  # ends what a dead master left behind
            delay_s = watched.schedule_restart()
            self._say(f"{child.name} ended ({_ending(code)}); again in {delay_s:g} s; its log is {child.log_file}")


def _ending(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"
