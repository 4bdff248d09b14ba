"""The backup of the key store: one file that its successor replaces, so that a destroyed secret is in no copy.

It is a zip of MANIFEST and ROWS (PostgreSQL's COPY text), which its own checksums guard (docs/keys.md).
"""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

import psycopg
from psycopg import sql

from kernel.launcher.errors import BackupError

KEY_TABLE = "kernel_wrapped_key"
KEY_STORE = "key-store.zip"  # its name beside the backups
MANIFEST = "manifest.json"
ROWS = "rows.copy"
CHUNK_BYTES = 1 << 20
TAKE_ANOTHER = "Take another one; nothing was restored."


@dataclass(frozen=True)
class KeyStore:
    """What a key store backup says of itself.

    `taken_at` is the moment of the snapshot, `keys` are ids of rows, `destroyed` those without a secret and since when.
    """

    taken_at: datetime
    columns: tuple[str, ...]
    keys: frozenset[str]
    destroyed: dict[str, datetime]

    def destroyed_since(self, moment: datetime) -> int:
        """How many keys were destroyed after `moment`."""
        return sum(at > moment for at in self.destroyed.values())


def back_up_key_store(system_url: str, file: Path) -> int:
    """Replace `file` by the key store of `system_url` as it is now; returns the number of keys, destroyed ones included.

    To be done at least as often as a backup of the data. Raises BackupError as `write_key_store` does.
    """
    with psycopg.connect(system_url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        refuse_role_under_policies(connection)
        return write_key_store(connection, file)


def write_key_store(connection: psycopg.Connection[Any], file: Path) -> int:
    """Replace `file` by the key store as the transaction of `connection` sees it; returns the number of keys.

    The old file stays until the new one is on the disk. Raises BackupError, and leaves it, if it holds keys that this
    database has not, or if a key that it knows to be destroyed is whole here: then this is not its successor.
    """
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
                _write(connection, handle)
                handle.flush()
                os.fsync(handle.fileno())
            written = read_key_store(fresh)
            if file.exists():
                _refuse_stranger(read_key_store(file), written, file)
            fresh.replace(file)
        finally:
            fresh.unlink(missing_ok=True)
        _sync(file.parent)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}.", remedy="Make room or name another.") from None
    return len(written.keys)


def read_key_store(file: Path) -> KeyStore:
    """Read a key store backup to its end. Raises BackupError if it is absent, damaged or incomplete."""
    try:
        with zipfile.ZipFile(file) as archive:
            return _read(archive)
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile):
        raise BackupError("The key store backup is absent, incomplete or damaged.", remedy=TAKE_ANOTHER) from None


def load_key_store(connection: psycopg.Connection[Any], file: Path) -> None:
    """Put the keys of `file` into the empty table of a database being restored. Raises BackupError if they do not fit."""
    columns = read_key_store(file).columns
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(KEY_TABLE), _listed(columns))
    try:
        with zipfile.ZipFile(file) as archive, archive.open(ROWS) as rows, connection.cursor().copy(statement) as copy:
            while chunk := rows.read(CHUNK_BYTES):
                copy.write(chunk)
    except (psycopg.DataError, psycopg.ProgrammingError):
        raise BackupError(
            "The key store has other columns than this backup's database: a release between them changed its form.",
            remedy="Restore a backup that was made since that release.",
        ) from None


def refuse_role_under_policies(connection: psycopg.Connection[Any]) -> None:
    """Raise BackupError unless the role passes row-level policies: without that a dump succeeds with no rows in it."""
    row = connection.execute("SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if row is None or not row[0]:
        raise BackupError(
            "This role sees only what row-level policies let it see, so its dump would be empty.",
            remedy="Use DATABASE_SYSTEM_URL (app_system).",
        )


def _write(connection: psycopg.Connection[Any], handle: IO[bytes]) -> None:
    columns = _columns(connection)
    statement = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(KEY_TABLE), _listed(columns))
    connection.execute("SET LOCAL timezone = 'UTC'")
    with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED) as archive:
        cursor = connection.cursor()
        with archive.open(ROWS, "w", force_zip64=True) as rows, cursor.copy(statement) as copy:
            for chunk in copy:
                rows.write(chunk)
        row = connection.execute("SELECT now()").fetchone()
        manifest = {"taken_at": cast(tuple[datetime], row)[0].isoformat(), "columns": columns, "rows": cursor.rowcount}
        archive.writestr(MANIFEST, json.dumps(manifest, sort_keys=True))


def _sync(directory: Path) -> None:
    """After a power cut the old file, with secrets destroyed since, must not be back."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _columns(connection: psycopg.Connection[Any]) -> list[str]:
    query = (
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped "
        "AND attgenerated = '' ORDER BY attnum"
    )
    columns = [str(name) for (name,) in connection.execute(query, (KEY_TABLE,)).fetchall()]
    if not columns:
        raise BackupError("This database has no key store.", remedy="Name the database of an installation.")
    return columns


def _listed(columns: tuple[str, ...] | list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _read(archive: zipfile.ZipFile) -> KeyStore:
    manifest = json.loads(archive.read(MANIFEST))
    columns = tuple(manifest["columns"])
    identity, destruction = columns.index("id"), columns.index("destroyed_at")
    keys: set[str] = set()
    destroyed: dict[str, datetime] = {}
    with archive.open(ROWS) as rows:
        for line in rows:
            # A tab inside a value is written as a backslash and a letter.
            fields = line.decode().rstrip("\n").split("\t")
            keys.add(fields[identity])
            if fields[destruction] != r"\N":
                destroyed[fields[identity]] = datetime.fromisoformat(fields[destruction])
    if len(keys) != manifest["rows"]:
        raise ValueError("rows are missing")
    return KeyStore(datetime.fromisoformat(manifest["taken_at"]), columns, frozenset(keys), destroyed)


def _refuse_stranger(kept: KeyStore, written: KeyStore, file: Path) -> None:
    if kept.keys <= written.keys and kept.destroyed.keys() <= written.destroyed.keys():
        return
    raise BackupError(
        f"{file} holds keys that this database lacks, or knows keys as destroyed that are whole here.",
        remedy="It is another installation's, or newer than this database: name another folder, or restore with it.",
    )
