"""Blobs on real storage: what lies there tells nothing, and tells it only to the key's holder."""

from __future__ import annotations

import datetime as dt
import io
import os
import uuid

import pytest

from kernel.blobs import services as blobs
from kernel.blobs.models import Blob
from kernel.blobs.sealing import RECORD_BYTES, TAG_BYTES
from kernel.blobs.store import ObjectStore
from kernel.blobs.sweep import orphans_sweep
from kernel.keys import services as keys
from kernel.keys.cache import secrets_in_memory
from kernel.keys.errors import KeyDestroyedError, SealBrokenError
from kernel.keys.models import WrappedKey
from kernel.tenancy.scope import current_tenant_id, tenant_scope

pytestmark = pytest.mark.django_db

TENANT = uuid.UUID(int=1)
CANARY = b"CANARY^PATIENT^NAME"
CONTENT = (CANARY + b" 1970-01-01 ") * 12_000


@pytest.fixture(autouse=True)
def in_tenant():
    secrets_in_memory.clear()
    with tenant_scope(TENANT):
        yield
    secrets_in_memory.clear()


@pytest.fixture
def key() -> WrappedKey:
    subject_id = uuid.uuid4()
    return keys.subject_keys_create(uuid.uuid4(), [subject_id])[subject_id]


def _raw(store: ObjectStore, tenant_id: uuid.UUID = TENANT) -> dict[str, int]:
    return {path: 1 for path, _ in store.list(f"{tenant_id}/")}


def _stored(store: ObjectStore, blob: Blob) -> bytes:
    count = max(1, -(-blob.size // RECORD_BYTES))
    return store.get_range(blob.path, 0, blob.size + TAG_BYTES * count)


def _replace(store: ObjectStore, path: str, content: bytes) -> None:
    store.delete([path])
    store.put(path, content)


@pytest.mark.parametrize("size", [0, 1, RECORD_BYTES, 5 * RECORD_BYTES + 3])
def test_what_was_written_is_read(store, key, size):
    content = os.urandom(size)
    blob = blobs.blob_write(key, content)
    assert blob.size == size
    assert blobs.blob_read(blob) == content


@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, 0), (0, 1), (RECORD_BYTES - 1, 2), (RECORD_BYTES, RECORD_BYTES), (100_000, 90_001), (len(CONTENT) - 1, 1)],
)
def test_a_range_is_read_alone(store, key, offset, length):
    blob = blobs.blob_write(key, CONTENT)
    assert blobs.blob_read_range(blob, offset, length) == CONTENT[offset : offset + length]


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, len(CONTENT) + 1), (len(CONTENT), 1)])
def test_a_range_outside_is_refused(store, key, offset, length):
    blob = blobs.blob_write(key, CONTENT)
    with pytest.raises(ValueError, match="outside"):
        blobs.blob_read_range(blob, offset, length)


def test_large_content_is_streamed(store, key):
    piece = os.urandom(1_000_003)
    blob = blobs.blob_write(key, (piece for _ in range(20)))
    assert blob.size == 20 * len(piece)
    assert b"".join(blobs.blob_stream(blob)) == piece * 20
    assert blobs.blob_write(key, io.BytesIO(piece * 20)).pk == blob.pk
    assert len(_raw(store)) == 1


def test_the_storage_shows_no_plaintext_and_no_digest(store, key):
    blob = blobs.blob_write(key, CONTENT)
    (path,) = _raw(store)
    assert CANARY not in _stored(store, blob)
    assert blob.digest not in path and str(key.owner_id) not in path


def test_equal_content_of_two_subjects_looks_unlike(store, key):
    other = keys.subject_keys_create(uuid.uuid4(), [uuid.uuid4()]).popitem()[1]
    mine, theirs = blobs.blob_write(key, CONTENT), blobs.blob_write(other, CONTENT)
    assert mine.path != theirs.path
    assert _stored(store, mine) != _stored(store, theirs)


def test_the_same_content_of_one_subject_is_kept_once(store, key):
    one, again, other = blobs.blobs_write(key, [CONTENT, CONTENT, b"other"])
    assert one.pk == again.pk != other.pk
    assert blobs.blob_write(key, CONTENT).pk == one.pk
    assert len(_raw(store)) == 2


def test_after_the_secret_is_destroyed_nothing_opens(store, key):
    blob = blobs.blob_write(key, CONTENT)
    sealed, row = _stored(store, blob), Blob.objects.get(pk=blob.pk)
    keys.key_destroy(key)
    secrets_in_memory.clear()
    with pytest.raises(KeyDestroyedError):
        blobs.blob_read(row)
    # The bytes are still there, as a backup would have them; every key that remains in the tenant fails on them.
    for remaining in WrappedKey.objects.filter(destroyed_at__isnull=True):
        row.key = remaining
        with pytest.raises(SealBrokenError):
            blobs.blob_read(row)
    assert CANARY not in sealed


def test_erasing_removes_the_bytes_and_the_digest(store, key):
    blob = blobs.blob_write(key, CONTENT)
    keys.key_destroy(key)
    assert blobs.blobs_erase_of(key) == 1
    assert blobs.blobs_erase_of(key) == 0
    row = Blob.objects.get(pk=blob.pk)
    assert (row.digest, bytes(row.wrapped_key)) == ("", b"")
    assert _raw(store) == {}
    with pytest.raises(KeyDestroyedError):
        blobs.blob_read(row)


@pytest.mark.parametrize("position", [0, RECORD_BYTES + 5, -1])
def test_a_flipped_bit_in_the_storage_is_found(store, key, position):
    blob = blobs.blob_write(key, CONTENT)
    sealed = bytearray(_stored(store, blob))
    sealed[position] ^= 1
    _replace(store, blob.path, bytes(sealed))
    with pytest.raises(SealBrokenError):
        blobs.blob_read(blob)


@pytest.mark.parametrize("kept", [0, 10, RECORD_BYTES + TAG_BYTES])
def test_a_shortened_object_is_found(store, key, kept):
    blob = blobs.blob_write(key, CONTENT)
    _replace(store, blob.path, _stored(store, blob)[:kept])
    with pytest.raises(SealBrokenError):
        blobs.blob_read(blob)


def test_two_objects_exchanged_are_found(store, key):
    one, other = blobs.blobs_write(key, [CONTENT, CONTENT[::-1]])
    first, second = _stored(store, one), _stored(store, other)
    _replace(store, one.path, second)
    _replace(store, other.path, first)
    for blob in (one, other):
        with pytest.raises(SealBrokenError):
            blobs.blob_read(blob)


def test_handing_over_moves_no_byte_and_changes_who_can_read(store, key):
    quarantine = keys.delivery_key_create(uuid.uuid4(), uuid.uuid4())
    blob = blobs.blob_write(quarantine, CONTENT)
    before = _stored(store, blob)
    (handed,) = blobs.blobs_hand_over([blob], key)
    assert handed.pk == blob.pk and handed.key_id == key.pk
    assert _stored(store, handed) == before
    keys.key_destroy(quarantine)
    secrets_in_memory.clear()
    assert blobs.blob_read(Blob.objects.get(pk=blob.pk)) == CONTENT


def test_handing_over_what_the_owner_has_gives_theirs(store, key):
    held = blobs.blob_write(key, CONTENT)
    quarantine = keys.delivery_key_create(uuid.uuid4(), uuid.uuid4())
    again = blobs.blob_write(quarantine, CONTENT)
    (stands,) = blobs.blobs_hand_over([again], key)
    assert stands.pk == held.pk
    assert Blob.objects.get(pk=again.pk).key_id == quarantine.pk


def test_writing_many_costs_a_constant_number_of_queries(store, key, django_assert_num_queries):
    keys.key_secret(key.pk)
    with django_assert_num_queries(3):
        blobs.blobs_write(key, [os.urandom(100) for _ in range(30)])


def test_deleting_removes_bytes_after_the_commit(store, key, django_capture_on_commit_callbacks):
    blob = blobs.blob_write(key, CONTENT)
    with django_capture_on_commit_callbacks(execute=True):
        blobs.blobs_delete([blob])
        assert blob.path in _raw(store)
    assert _raw(store) == {}
    assert not Blob.objects.exists()


def test_another_tenant_sees_no_row(store, key):
    blobs.blob_write(key, CONTENT)
    with tenant_scope(uuid.UUID(int=2)):
        assert not Blob.objects.exists()


def test_the_sweep_takes_only_what_no_row_names(store, key):
    kept = blobs.blob_write(key, CONTENT)
    store.put(f"{TENANT}/ff/orphan", b"left by a crash")
    store.put(f"{uuid.UUID(int=2)}/ff/other", b"another tenant's")
    assert orphans_sweep() == 0
    assert orphans_sweep(grace=dt.timedelta(seconds=-5)) == 1
    assert set(_raw(store)) == {kept.path}
    assert len(_raw(store, uuid.UUID(int=2))) == 1


def test_the_nightly_sweep_asks_in_every_tenant(monkeypatch):
    from kernel.blobs import celery_tasks
    from kernel.jobs.registry import definition

    asked = []
    monkeypatch.setattr(celery_tasks, "enqueue", lambda name, **_: asked.append((name, current_tenant_id())))
    monkeypatch.setattr(Blob.objects, "using", lambda alias: _Tenants())
    celery_tasks.sweep_all()
    assert asked == [("kernel.blobs.sweep", TENANT), ("kernel.blobs.sweep", uuid.UUID(int=2))]
    assert definition("kernel.blobs.sweep").queue == "default"


class _Tenants:
    """What the system role would find; a test's rows are not committed."""

    def values_list(self, *_, **__):
        return self

    def distinct(self):
        return [TENANT, uuid.UUID(int=2)]
