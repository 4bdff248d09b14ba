"""Backup and restore of the database, counted, and of the key store apart from it.

`pg_dump` under row-level security can succeed with no rows in it. So the dump is made by the role that passes policies,
rows are counted in the dump's own snapshot, and a restore that does not count the same is refused. The dump holds no
keys: they are in one file that each backup replaces, so that a subject erased since is erased in every older backup.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from kernel.launcher.errors import BackupError, ServiceError
from kernel.launcher.key_store import (
    KEY_STORE,
    KEY_TABLE,
    KeyStore,
    load_key_store,
    read_key_store,
    refuse_role_under_policies,
    write_key_store,
)
from kernel.launcher.postgres import wheel_binaries
from kernel.launcher.roles import provision

DUMP = "database.dump"
MANIFEST = "manifest.json"
TABLES: LiteralString = (
    "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
    "AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
)


@dataclass(frozen=True)
class Restored:
    """Rows of each table that came back, and how many keys were destroyed after the data were saved."""

    rows: dict[str, int]
    destroyed_since: int


def backup(system_url: str, directory: Path, *, key_store: Path | None = None) -> dict[str, int]:
    """Dump the database of `system_url` into a new `directory`, replace `key_store`; returns the rows of each table.

    `key_store` is by default the file KEY_STORE beside the directory. `system_url` must sign in as a role with
    BYPASSRLS (app_system). The manifest is written last: a directory without one is not a backup. Raises BackupError
    or ServiceError.
    """
    directory.mkdir(mode=0o700, parents=True)
    with psycopg.connect(system_url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        refuse_role_under_policies(connection)
        snapshot = _one(connection, "SELECT pg_export_snapshot()")
        counts = count_rows(connection)
        dump = directory / DUMP
        without_keys = f"--exclude-table-data=public.{KEY_TABLE}"
        _run("pg_dump", system_url, "--format=custom", f"--snapshot={snapshot}", without_keys, f"--file={dump}")
        write_key_store(connection, key_store or directory.with_name(KEY_STORE))
        taken_at: datetime = _one(connection, "SELECT now()")
    in_dump = {name: count for name, count in counts.items() if name != f"public.{KEY_TABLE}"}
    manifest = {"rows": in_dump, "sha256": _digest(dump), "taken_at": taken_at.isoformat()}
    fresh = directory / f".{MANIFEST}"
    fresh.write_text(json.dumps(manifest, indent=1, sort_keys=True))
    fresh.replace(directory / MANIFEST)
    return counts


def restore(admin_url: str, database: str, directory: Path, *, key_store: Path | None = None) -> Restored:
    """Restore a backup with the newest key store into a new `database` on the server of `admin_url` (superuser).

    Roles are created as `provision` does. Raises BackupError if the backup or the key store is damaged, the key store
    is older than the backup, the database holds tables, or the rows that came back are not those that were counted;
    the database is left for inspection then.
    """
    manifest = _read_manifest(directory)
    key_store = key_store or directory.with_name(KEY_STORE)
    keys = _read_newer(key_store, manifest)
    provision(admin_url, database)
    with psycopg.connect(admin_url, dbname=database) as connection:
        if connection.execute(TABLES).fetchall():
            raise BackupError(f"The database {database} is not empty.", remedy="Name a database that does not exist.")
    address = urlsplit(admin_url)._replace(path=f"/{database}").geturl()
    _restore_sections(address, directory / DUMP, "pre-data", "data")
    with psycopg.connect(admin_url, dbname=database) as connection:
        load_key_store(connection, key_store)
    _restore_sections(address, directory / DUMP, "post-data")  # here the keys that rows name must be there
    with psycopg.connect(admin_url, dbname=database) as connection:
        counts = count_rows(connection)
    _refuse_difference(counts, manifest["rows"] | {f"public.{KEY_TABLE}": len(keys.keys)})
    return Restored(counts, keys.destroyed_since(datetime.fromisoformat(manifest["taken_at"])))


def count_rows(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Rows of every table of ours, by "schema.table", as the connection's role and transaction see them."""
    return {
        f"{schema}.{table}": int(
            _one(connection, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table)))
        )
        for schema, table in connection.execute(TABLES).fetchall()
    }


def _restore_sections(address: str, dump: Path, *sections: str) -> None:
    options = [f"--section={section}" for section in sections]
    _run("pg_restore", address, "--exit-on-error", "--single-transaction", *options, str(dump))


def _refuse_difference(counts: dict[str, int], expected: dict[str, int]) -> None:
    differing = sorted(name for name in counts | expected if counts.get(name) != expected.get(name))
    if differing:
        raise BackupError(
            f"Rows are missing or extra in {', '.join(differing)}.",
            remedy="Do not use this database. Try an older backup, and find out how this one was made.",
        )


def _read_newer(key_store: Path, manifest: dict[str, Any]) -> KeyStore:
    """Keys older than the data could not open all of it, and would bring back the keys of subjects erased between."""
    keys = read_key_store(key_store)
    if keys.taken_at < datetime.fromisoformat(manifest["taken_at"]):
        raise BackupError("The key store backup is older than this backup.", remedy="Use the newest key store.")
    return keys


def _read_manifest(directory: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((directory / MANIFEST).read_text())
        whole = "taken_at" in manifest and manifest["sha256"] == _digest(directory / DUMP)
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
