"""Promise 10: whoever restores a backup from before an erasure holds noise, and everybody else's images."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections
from psycopg import sql

from kernel.blobs import services as blobs
from kernel.keys import services as keys
from kernel.keys.cache import secrets_in_memory
from kernel.keys.errors import KeyDestroyedError
from kernel.launcher.backup import backup, restore
from kernel.launcher.key_store import back_up_key_store
from kernel.launcher.testing import TestServices
from kernel.tenancy.scope import tenant_scope

TENANT = uuid.UUID(int=10)


@pytest.fixture
def restored(services: TestServices) -> Iterator[str]:
    """The name of a database that is removed afterwards."""
    name = f"{services.database}_restored"
    yield name
    _use(services.database)
    with psycopg.connect(services.admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _use(database: str) -> None:
    """Let Django's ordinary connection lead to `database` from now on."""
    connection = connections["default"]
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    connection.settings_dict["NAME"] = database
    secrets_in_memory.clear()


@pytest.mark.django_db(transaction=True)
def test_a_subject_erased_since_is_noise_in_the_restored_backup(
    services: TestServices, restored: str, tmp_path: Path, settings: Any
) -> None:
    settings.STORAGE_URL = (tmp_path / "blobs").as_uri()
    system_url = services.settings()["DATABASE_SYSTEM_URL"]
    erased_id, other_id = uuid.uuid4(), uuid.uuid4()
    with tenant_scope(TENANT):
        of = keys.subject_keys_create(uuid.uuid4(), [erased_id, other_id])
        erased = blobs.blob_write(of[erased_id], b"pixels of the one erased")
        other = blobs.blob_write(of[other_id], b"pixels of another")
    backup(system_url, tmp_path / "backups" / "before")
    with tenant_scope(TENANT):
        keys.key_destroy(of[erased_id])
    back_up_key_store(system_url, tmp_path / "backups" / "key-store.zip")

    done = restore(services.admin_url, restored, tmp_path / "backups" / "before")

    assert done.destroyed_since == 1
    with psycopg.connect(services.admin_url, dbname=restored) as connection:
        query = "SELECT length(wrapped), destroyed_at IS NOT NULL FROM kernel_wrapped_key WHERE owner_id = %s"
        assert connection.execute(query, (erased_id,)).fetchone() == (0, True)
        query = "SELECT length(wrapped_key) > 0, erased_at IS NULL FROM kernel_blob WHERE id = %s"
        assert connection.execute(query, (erased.pk,)).fetchone() == (True, True)  # it came back, and opens nothing
    _use(restored)
    with tenant_scope(TENANT):
        assert blobs.blob_read(type(other).objects.get(pk=other.pk)) == b"pixels of another"
        with pytest.raises(KeyDestroyedError):
            blobs.blob_read(type(erased).objects.get(pk=erased.pk))
