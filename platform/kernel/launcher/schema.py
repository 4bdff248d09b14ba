"""Which migrations a database has had, told without starting Django: that takes seconds, at every start."""

from __future__ import annotations

import hashlib
import os

import psycopg
from psycopg import sql

from kernel.launcher.programs import REPOSITORY

# What decides the tables: our migrations, what they call, and the versions of Django and its companions. Content types
# and permissions are written after a migration from the models.
SOURCES = (
    "apps/*/migrations/*.py",
    "apps/*/models*",
    "apps/*/models/*.py",
    "apps/*/permissions.py",
    "apps/*/apps.py",
    "platform/kernel/**/*.py",
    "requirements/runtime.txt",
)


def schema_digest() -> str:
    """A digest of everything in the checkout that decides the tables."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in REPOSITORY.glob(pattern) if path.is_file()}):
        digest.update(os.fsencode(path.relative_to(REPOSITORY)) + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def migrated_schema(owner_url: str) -> str | None:
    """The digest that the database was last migrated to; None if it was never written down."""
    with psycopg.connect(owner_url) as connection:
        row = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    return row[0] if row else None


def remember_migrated_schema(owner_url: str, digest: str) -> None:
    """Write the digest down in the database itself, so that the two cannot part."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        try:
            connection.execute(
                sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                    sql.Identifier(connection.info.dbname), sql.Literal(digest)
                )
            )
        except psycopg.errors.InsufficientPrivilege:
            pass  # somebody else's database: it is migrated at every start
