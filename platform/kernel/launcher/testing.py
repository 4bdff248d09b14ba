"""Real services for a test run: one server, one migrated template, one database for each process that tests.

Addresses are known before anything runs, because Django reads its settings first; servers start when the first test
needs them. Every run has its own folder; a folder may also be kept between runs.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from kernel.launcher.errors import AlreadyRunningError, ServiceError
from kernel.launcher.programs import REPOSITORY
from kernel.launcher.roles import create_database, grant_in_database
from kernel.launcher.schema import schema_digest
from kernel.launcher.services import DataDirectoryLock, Services

DATA_DIR_VARIABLE = "FIDUCIAL_TEST_DATA_DIR"
THROW_AWAY_PREFIX = "fiducial-test-"
STALE_AFTER_S = 3600.0


def nominal_settings() -> dict[str, str]:
    """Settings that are complete and lead nowhere, for tools that import Django's settings and open no connection."""
    folder = Path(tempfile.gettempdir()) / "fiducial-nominal"
    return {
        "DATABASE_URL": "postgresql://app_user@127.0.0.1:9/nominal",
        "DATABASE_OWNER_URL": "postgresql://app_owner@127.0.0.1:9/nominal",
        "DATABASE_SYSTEM_URL": "postgresql://app_system@127.0.0.1:9/nominal",
        "BROKER_URL": "redis://127.0.0.1:9/0",
        "STORAGE_URL": (folder / "blobs").as_uri(),
        "ROOT_KEY_FILE": str(folder / "root.hex"),
        "AUDIT_SIGNING_KEY_FILE": str(folder / "audit-ed25519.pem"),
        "SECRET_KEY": "nominal-settings-sign-nothing-and-serve-nobody-at-all",
    }


class TestServices:
    """The services of one test run, shared by its processes; only the process that owns the folder starts and stops."""

    __test__ = False

    def __init__(self, data_dir: Path, *, database: str, owns: bool, keep: bool = False) -> None:
        self.data_dir = data_dir
        self.database = database
        self._owns = owns
        self._keep = keep
        self._started = not owns
        self._services = Services(data_dir, throw_away=True, environment={})

    @classmethod
    def for_this_process(cls, *, keep: bool) -> TestServices:
        """The services of the run this process belongs to; the first process of a run chooses the folder.

        With `keep` the folder is .fiducial/test-services, unless another run is using it now.
        """
        database = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        chosen = os.environ.get(DATA_DIR_VARIABLE)
        if chosen:
            return cls(Path(chosen), database=database, owns=False)
        kept = REPOSITORY / ".fiducial" / "test-services"
        keep = keep and not _is_in_use(kept)
        if not keep:
            _sweep_stale_runs()
        data_dir = kept if keep else Path(tempfile.mkdtemp(prefix=THROW_AWAY_PREFIX))
        os.environ[DATA_DIR_VARIABLE] = str(data_dir)
        services = cls(data_dir, database=database, owns=True, keep=keep)
        atexit.register(services.close)  # a run that ends before it began is not told to unconfigure
        return services

    def settings(self, database: str | None = None) -> dict[str, str]:
        """The environment for `database`, this process's own by default. Starts nothing."""
        settings = self._services.settings()
        postgres = self._services.postgres
        assert postgres is not None
        for variable, role in (
            ("DATABASE_URL", "app_user"),
            ("DATABASE_OWNER_URL", "app_owner"),
            ("DATABASE_SYSTEM_URL", "app_system"),
        ):
            settings[variable] = postgres.url(role, database or self.database)
        return settings

    @property
    def admin_url(self) -> str:
        """The superuser's address, for the few tests that restore or look past every policy."""
        postgres = self._services.postgres
        assert postgres is not None
        return postgres.admin_url

    def start(self) -> None:
        """Start the servers unless they run already."""
        if not self._started:
            self._services.start()
            self._started = True

    def close(self) -> None:
        """Stop the servers and remove a folder that is not kept. Only the owner does anything; harmless twice."""
        if not self._owns:
            return
        if self._started:
            self._services.stop()
            self._started = False
        if not self._keep:
            shutil.rmtree(self.data_dir, ignore_errors=True)
        os.environ.pop(DATA_DIR_VARIABLE, None)

    def create_database(self) -> None:
        """(Re)create this process's database from the migrated template."""
        template = self._ensure_template()
        with self._admin() as connection:
            name = sql.Identifier(self.database)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER app_owner TEMPLATE {}").format(name, sql.Identifier(template))
            )

    @contextmanager
    def _admin(self) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            yield connection

    def _ensure_template(self) -> str:
        template = f"template_{schema_digest()}"
        with (self.data_dir / "template.lock").open("w") as lock, self._admin() as connection:
            fcntl.flock(lock, fcntl.LOCK_EX)
            existing = [
                str(name)
                for (name,) in connection.execute(
                    r"SELECT datname FROM pg_database WHERE datname LIKE 'template\_%' OR datname = 'migrating'"
                )
            ]
            if template not in existing:
                for other in existing:
                    connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(other)))
                self._migrate(connection)
                connection.execute(sql.SQL("ALTER DATABASE migrating RENAME TO {}").format(sql.Identifier(template)))
        return template

    def _migrate(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        create_database(connection, "migrating")
        postgres = self._services.postgres
        assert postgres is not None
        with psycopg.connect(postgres.url("postgres", "migrating"), autocommit=True) as fresh:
            grant_in_database(fresh)
        # A process of its own: the same way as in production, by the owner, with no test's patches in it.
        done = subprocess.run(
            [sys.executable, str(REPOSITORY / "manage.py"), "migrate", "--database", "owner", "--noinput", "-v", "0"],
            env={**os.environ, **self.settings("migrating")},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServiceError(
                f"The test database could not be migrated:\n{(done.stdout + done.stderr)[-3000:]}",
                remedy="Run `python manage.py makemigrations --check`, and read the error above.",
            )


def _is_in_use(data_dir: Path) -> bool:
    lock = DataDirectoryLock(data_dir)
    try:
        lock.acquire()
    except AlreadyRunningError:
        return True
    lock.release()
    return False


def _sweep_stale_runs() -> None:
    """Remove the folders of runs that were killed: old, and nobody holds their lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{THROW_AWAY_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime > STALE_AFTER_S and not _is_in_use(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # another user's, or another run swept it first
