"""Backup and restore of the database, counted.

`pg_dump` under row-level security can succeed with no rows in it. So the dump is made by the role that passes policies,
rows are counted in the dump's own snapshot, and a restore that does not count the same is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from kernel.launcher.errors import LauncherError, ServiceError
from kernel.launcher.postgres import wheel_binaries
from kernel.launcher.roles import provision

DUMP = "database.dump"
MANIFEST = "manifest.json"
TABLES: LiteralString = (
    "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
    "AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
)


class BackupError(LauncherError):
    """A backup is incomplete, damaged, or did not come back whole."""


def backup(system_url: str, directory: Path) -> dict[str, int]:
    """Dump the database of `system_url` into a new `directory` and return the rows of each table.

    `system_url` must sign in as a role with BYPASSRLS (app_system). The manifest is written last: a directory without
    one is not a backup. Raises BackupError or ServiceError.
    """
    directory.mkdir(mode=0o700, parents=True)
    with psycopg.connect(system_url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        _refuse_role_under_policies(connection)
        snapshot = _one(connection, "SELECT pg_export_snapshot()")
        counts = count_rows(connection)
        dump = directory / DUMP
        _run("pg_dump", system_url, "--format=custom", f"--snapshot={snapshot}", f"--file={dump}")
    manifest = {"rows": counts, "sha256": _digest(dump)}
    fresh = directory / f".{MANIFEST}"
    fresh.write_text(json.dumps(manifest, indent=1, sort_keys=True))
    fresh.replace(directory / MANIFEST)
    return counts


def restore(admin_url: str, database: str, directory: Path) -> dict[str, int]:
    """Restore a backup into a new `database` on the server of `admin_url` (superuser); returns the rows of each table.

    Roles are created as `provision` does. Raises BackupError if the backup is damaged, the database holds tables, or
    the rows that came back are not those that were counted; the database is left for inspection then.
    """
    manifest = _read_manifest(directory)
    provision(admin_url, database)
    with psycopg.connect(admin_url, dbname=database) as connection:
        if connection.execute(TABLES).fetchall():
            raise BackupError(f"The database {database} is not empty.", remedy="Name a database that does not exist.")
    address = urlsplit(admin_url)._replace(path=f"/{database}").geturl()
    _run("pg_restore", address, "--exit-on-error", "--single-transaction", str(directory / DUMP))
    with psycopg.connect(admin_url, dbname=database) as connection:
        counts = count_rows(connection)
    if counts != manifest["rows"]:
        differing = sorted(name for name in counts | manifest["rows"] if counts.get(name) != manifest["rows"].get(name))
        raise BackupError(
            f"Rows are missing or extra in {', '.join(differing)}.",
            remedy="Do not use this database. Try an older backup, and find out how this one was made.",
        )
    return counts


def count_rows(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Rows of every table of ours, by "schema.table", as the connection's role and transaction see them."""
    return {
        f"{schema}.{table}": int(
            _one(connection, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table)))
        )
        for schema, table in connection.execute(TABLES).fetchall()
    }


def _refuse_role_under_policies(connection: psycopg.Connection[Any]) -> None:
    if not _one(connection, "SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user"):
        raise BackupError(
            "This role sees only what row-level policies let it see, so its dump would be empty.",
            remedy="Use DATABASE_SYSTEM_URL (app_system).",
        )


def _read_manifest(directory: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((directory / MANIFEST).read_text())
        whole = manifest["sha256"] == _digest(directory / DUMP)
    except (OSError, ValueError, KeyError):
        whole = False
    if not whole:
        raise BackupError("This backup is incomplete or damaged.", remedy="Take another one; nothing was restored.")
    return manifest


def _one(connection: psycopg.Connection[Any], query: LiteralString | sql.Composed) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _run(program: str, url: str, *options: str) -> None:
    address = urlsplit(url)
    environment = dict(os.environ)
    if address.password:  # a command line can be read by every user of the machine
        environment["PGPASSWORD"] = unquote(address.password)
        user, _, host = address.netloc.rpartition("@")
        url = address._replace(netloc=f"{user.partition(':')[0]}@{host}").geturl()
    command = [str(wheel_binaries() / program), "--no-password", f"--dbname={url}", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        # It names objects, and never rows.
        raise ServiceError(f"{program} failed: {done.stderr.strip()[-800:]}", remedy="Nothing was kept of it.")


def mirror_blobs(source: Path, target: Path) -> tuple[int, int]:
    """Make the folder `target` hold the objects of `source`; returns (copied, removed).

    Run it after the database dump, so that every object the dump names is there. Objects never change under a name:
    only new ones are copied. What was erased is removed here too, or erasure would end at the backup.
    """
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    kept = {path.relative_to(target) for path in target.rglob("*") if path.is_file()}
    for name in wanted - kept:
        place = target / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = place.with_name(f".{place.name}.part")
        shutil.copyfile(source / name, fresh)
        fresh.replace(place)
    for name in kept - wanted:
        (target / name).unlink()
    return len(wanted - kept), len(kept - wanted)
