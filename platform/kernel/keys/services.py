"""Four levels of keys: root wraps tenant, tenant wraps project, project wraps a random secret per subject or delivery.

All functions work in the tenant in scope. Secrets are returned as bytes to the caller that needs them and are never
put into an exception, a log line or a repr.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone

from kernel.errors import NotFoundError
from kernel.keys.cache import secrets_in_memory
from kernel.keys.derive import keyed_digest
from kernel.keys.errors import KeyDestroyedError
from kernel.keys.models import KeyKind, WrappedKey
from kernel.keys.root import AesGcmKey, RootKey, root_key
from kernel.tenancy.scope import current_tenant_id

SECRET_BYTES = 32


def tenant_key() -> WrappedKey:
    """The key of the tenant in scope, made on first use."""
    tenant_id = current_tenant_id()
    return _ensure(KeyKind.TENANT, tenant_id, None)


def project_key(project_id: uuid.UUID) -> WrappedKey:
    """The project's key, made on first use."""
    known = WrappedKey.objects.filter(kind=KeyKind.PROJECT, owner_id=project_id).first()
    return known or _ensure(KeyKind.PROJECT, project_id, tenant_key())


def subject_keys_create(project_id: uuid.UUID, subject_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, WrappedKey]:
    """One random secret for each new subject, by subject id; two queries however many."""
    return _create(KeyKind.SUBJECT, subject_ids, project_key(project_id))


def delivery_key_create(project_id: uuid.UUID, delivery_id: uuid.UUID) -> WrappedKey:
    """The secret that seals a delivery's files until each one's subject is known."""
    return _create(KeyKind.DELIVERY, [delivery_id], project_key(project_id))[delivery_id]


def key_of(kind: KeyKind, owner_id: uuid.UUID) -> WrappedKey:
    """The key of an owner. Raises `NotFoundError`."""
    found = WrappedKey.objects.filter(kind=kind, owner_id=owner_id).first()
    if found is None:
        raise NotFoundError()
    return found


def key_secret(key_id: uuid.UUID) -> bytes:
    """The 32 bytes of one key. Raises `KeyDestroyedError`, `NotFoundError`."""
    return key_secrets([key_id])[key_id]


def key_secrets(key_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, bytes]:
    """The secrets of several keys: at most one query a level for those not in memory.

    Raises `KeyDestroyedError` if one was destroyed, `NotFoundError` if one is not the tenant's.
    """
    tenant_id = current_tenant_id()
    wanted = set(key_ids)
    found = {key_id: secret for key_id in wanted if (secret := secrets_in_memory.get(tenant_id, key_id)) is not None}
    missing = wanted - found.keys()
    if not missing:
        return found
    rows = list(WrappedKey.objects.filter(pk__in=missing))
    if len(rows) != len(missing):
        raise NotFoundError()
    parents = key_secrets({row.parent_id for row in rows if row.parent_id is not None})
    for row in rows:
        found[row.pk] = _unwrap(row, AesGcmKey(parents[row.parent_id]) if row.parent_id else root_key())
        secrets_in_memory.put(tenant_id, row.pk, found[row.pk])
    return found


def project_digest(project_id: uuid.UUID, label: str, value: str) -> str:
    """A keyed digest of an identifier under the project's key: equal inside the project, meaningless outside it."""
    return keyed_digest(key_secret(project_key(project_id).pk), label, value.encode())


def key_destroy(key: WrappedKey) -> None:
    """Overwrite the secret with nothing: from the commit on, what it sealed is noise. Repeating changes nothing."""
    with transaction.atomic():
        row = WrappedKey.objects.select_for_update().get(pk=key.pk)
        if row.destroyed_at is None:
            row.wrapped, row.destroyed_at = b"", timezone.now()
            row.save(update_fields=["wrapped", "destroyed_at"])
    tenant_id, key_id = row.tenant_id, row.pk
    secrets_in_memory.forget(tenant_id, key_id)
    # A reader between the update and its commit may have put it back.
    transaction.on_commit(lambda: secrets_in_memory.forget(tenant_id, key_id))


def _ensure(kind: KeyKind, owner_id: uuid.UUID, parent: WrappedKey | None) -> WrappedKey:
    known = WrappedKey.objects.filter(kind=kind, owner_id=owner_id).first()
    return known or _create(kind, [owner_id], parent)[owner_id]


def _create(kind: KeyKind, owner_ids: Collection[uuid.UUID], parent: WrappedKey | None) -> dict[uuid.UUID, WrappedKey]:
    wrapping: RootKey | AesGcmKey = AesGcmKey(key_secret(parent.pk)) if parent else root_key()
    rows = [WrappedKey(kind=kind, owner_id=owner_id, parent=parent) for owner_id in owner_ids]
    for row in rows:
        row.wrapped = wrapping.wrap(os.urandom(SECRET_BYTES), row.context)
        row.root_key_id = "" if parent else root_key().key_id
    # Another transaction may make the same owner's key at the same time; the first one's stands for both.
    WrappedKey.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.owner_id: row for row in WrappedKey.objects.filter(kind=kind, owner_id__in=owner_ids)}


def _unwrap(row: WrappedKey, wrapping: RootKey | AesGcmKey) -> bytes:
    if row.destroyed_at is not None:
        raise KeyDestroyedError()
    return wrapping.unwrap(bytes(row.wrapped), row.context)
