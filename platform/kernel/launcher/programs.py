"""The programs of one Fiducial installation and how each is started on one machine."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kernel.launcher.process import Child

REPOSITORY = Path(__file__).resolve().parents[3]
LOOPBACK = "127.0.0.1"
ORPHAN_GRACE_S = 5.0  # Celery's fast stop can lock up when it comes early
# One machine's worker serves every queue; a region's deployment starts workers for some (docs/operations.md).
QUEUES = ("default", "imports", "exports", "imaging", "maintenance")


@dataclass(frozen=True)
class Addresses:
    """Where the two servers listen: HTTP, and WebSockets."""

    web_port: int
    socket_port: int

    @property
    def public_url(self) -> str:
        """What a person opens."""
        return f"http://{LOOPBACK}:{self.web_port}"

    @property
    def socket_url(self) -> str:
        """What the page opens its socket to, as there is no nginx in front."""
        return f"http://{LOOPBACK}:{self.socket_port}"

    @classmethod
    def choose(cls, web_port: int = 8000, socket_port: int = 8001) -> Addresses:
        """The wanted ports, or free ones where they are taken."""
        web = web_port if is_free(web_port) else free_port()
        return cls(web, socket_port if socket_port != web and is_free(socket_port) else free_port())


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do: a closed socket's rest is no hindrance
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def program_environment(settings: Mapping[str, str], base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment of a child: ours, the settings, and the source roots."""
    environment = dict(os.environ if base is None else base)
    environment.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    environment.update(settings)
    roots = [str(REPOSITORY / "platform"), str(REPOSITORY)]
    inherited = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path and path not in roots]
    environment["PYTHONPATH"] = os.pathsep.join([*roots, *inherited])
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


def management_command(*words: str) -> list[str]:
    """The command line of `manage.py WORDS` with this Python."""
    return [sys.executable, str(REPOSITORY / "manage.py"), *words]


def has_command(name: str) -> bool:
    """Whether some room has the management command `name`; looks at files, because starting Django takes a second."""
    patterns = (f"apps/*/management/commands/{name}.py", f"platform/*/management/commands/{name}.py")
    return any(True for pattern in patterns for _ in REPOSITORY.glob(pattern))


def programs(
    data_dir: Path, settings: Mapping[str, str], addresses: Addresses, *, worker_processes: int
) -> list[Child]:
    """The four processes that `up` watches: web, sockets, worker, beat."""
    schedule = data_dir / "run" / "beat-schedule"
    celery = ("celery", "-A", "config.celery")
    commands: dict[str, tuple[str, ...]] = {
        "web": (
            *("granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", str(addresses.web_port)),
            *("--workers", "2", "--blocking-threads", "8", "--no-ws", "--respawn-failed-workers"),
            *("--workers-kill-timeout", "10", "config.wsgi:application"),
        ),
        "sockets": (
            *("uvicorn", "config.asgi:application", "--host", LOOPBACK, "--port", str(addresses.socket_port)),
            *("--no-access-log", "--lifespan", "off", "--timeout-graceful-shutdown", "3"),
        ),
        "worker": (
            *(*celery, "worker", "--concurrency", str(worker_processes), "--queues", ",".join(QUEUES)),
            *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        ),
        "beat": (*celery, "beat", "--schedule", str(schedule), "--pidfile=", "--loglevel", "WARNING"),
    }
    environment = program_environment(settings)
    return [
        Child(
            name=name,
            command=[sys.executable, "-m", *words],
            log_file=data_dir / "logs" / f"{name}.log",
            pidfile=data_dir / "run" / f"{name}.pid",
            environment=environment,
            working_directory=REPOSITORY,
            # A worker's gentle stop waits for its jobs, hours perhaps; jobs resume, so it may be stopped at once.
            stop_signal=signal.SIGQUIT if name == "worker" else signal.SIGTERM,
            grace_s=ORPHAN_GRACE_S,
        )
        for name, words in commands.items()
    ]
