"""The parts a Fiducial process talks to, embedded where no address is given, and the settings that name them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

from kernel.launcher.errors import AlreadyRunningError
from kernel.launcher.keys import ensure_keys
from kernel.launcher.postgres import EmbeddedPostgres
from kernel.launcher.roles import provision
from kernel.launcher.settings_check import DATABASE_VARIABLES, KEY_VARIABLES, check_environment
from kernel.launcher.valkey import EmbeddedValkey

DATABASE = "fiducial"
SETTINGS = (*DATABASE_VARIABLES, "BROKER_URL", "STORAGE_URL", *KEY_VARIABLES, "AUDIT_ANCHOR_DIR")


class DataDirectoryLock:
    """One launcher per data directory; the kernel lets go of it however the launcher ends."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "launcher.lock"
        self._handle: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock or raise AlreadyRunningError naming the holder."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = self._path.open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            handle.close()
            raise AlreadyRunningError(
                f"Fiducial already runs on {self._path.parent} (process {holder}).",
                remedy="Use that one, stop it with Ctrl-C, or choose another --data-dir.",
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        self._handle = handle

    def release(self) -> None:
        """Let go; harmless twice."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None


class Services:
    """PostgreSQL, broker, object folder and keys of one data directory.

    What `environment` names is used as it is; the rest is started here. Usable as a context manager.
    """

    def __init__(
        self, data_dir: Path, *, throw_away: bool = False, environment: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir.resolve()
        self._given = dict(os.environ if environment is None else environment)
        self._lock = DataDirectoryLock(self.data_dir)
        embeds_database = not self._given.get("DATABASE_URL")
        self.postgres = EmbeddedPostgres(self.data_dir, throw_away=throw_away) if embeds_database else None
        self.valkey = None if self._given.get("BROKER_URL") else EmbeddedValkey(self.data_dir, throw_away=throw_away)

    def settings(self) -> dict[str, str]:
        """The environment settings, known before anything runs. Creates the keys on first use."""
        settings = ensure_keys(self.data_dir / "keys")
        settings["STORAGE_URL"] = (self.data_dir / "blobs").as_uri()
        settings["AUDIT_ANCHOR_DIR"] = str(self.data_dir / "anchors")
        if self.postgres is not None:
            settings["DATABASE_URL"] = self.postgres.url("app_user", DATABASE)
            settings["DATABASE_OWNER_URL"] = self.postgres.url("app_owner", DATABASE)
            settings["DATABASE_SYSTEM_URL"] = self.postgres.url("app_system", DATABASE)
        if self.valkey is not None:
            settings["BROKER_URL"] = self.valkey.broker_url
        return settings | {name: self._given[name] for name in SETTINGS if self._given.get(name)}

    def start(self) -> dict[str, str]:
        """Start what is missing, create roles and database, and return the settings for child processes.

        Raises AlreadyRunningError, SettingsError or ServiceError; whatever had been started is stopped again.
        """
        check_environment(self._given)
        self._lock.acquire()
        try:
            for name in ("blobs", "anchors"):
                (self.data_dir / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            settings = self.settings()
            if self.valkey is not None:
                self.valkey.start()
            if self.postgres is not None:
                self.postgres.start()
                provision(self.postgres.admin_url, DATABASE)
        except BaseException:
            self.stop()
            raise
        return settings

    def stop(self) -> None:
        """Stop what `start` started and let go of the data directory; harmless twice."""
        if self.valkey is not None:
            self.valkey.stop()
        if self.postgres is not None:
            self.postgres.stop()
        self._lock.release()

    def __enter__(self) -> dict[str, str]:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
