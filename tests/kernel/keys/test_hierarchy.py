"""Four levels of keys: each opens under its parent only, and a destroyed one never again."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection, transaction

from kernel.errors import NotFoundError
from kernel.keys import services
from kernel.keys.cache import SecretCache, secrets_in_memory
from kernel.keys.derive import derive
from kernel.keys.errors import KeyDestroyedError, SealBrokenError
from kernel.keys.models import KeyKind, WrappedKey
from kernel.tenancy.scope import tenant_scope

pytestmark = pytest.mark.django_db

TENANT, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture(autouse=True)
def in_tenant():
    secrets_in_memory.clear()
    with tenant_scope(TENANT):
        yield
    secrets_in_memory.clear()


def _subject(project_id: uuid.UUID | None = None) -> WrappedKey:
    subject_id = uuid.uuid4()
    return services.subject_keys_create(project_id or uuid.uuid4(), [subject_id])[subject_id]


def test_a_secret_is_32_bytes_and_stays_the_same():
    key = _subject()
    first = services.key_secret(key.pk)
    secrets_in_memory.clear()
    assert len(first) == 32
    assert services.key_secret(key.pk) == first


def test_the_levels_hang_together():
    project_id = uuid.uuid4()
    key = _subject(project_id)
    assert key.parent is not None and key.parent.kind == KeyKind.PROJECT
    assert key.parent.owner_id == project_id
    assert key.parent.parent is not None and key.parent.parent.kind == KeyKind.TENANT
    assert key.parent.parent.parent is None
    assert services.project_key(project_id).pk == key.parent_id


def test_subjects_have_unlike_secrets():
    project_id = uuid.uuid4()
    keys = services.subject_keys_create(project_id, [uuid.uuid4() for _ in range(5)])
    assert len({services.key_secret(k.pk) for k in keys.values()}) == 5


def test_creating_twice_keeps_the_first():
    project_id, subject_id = uuid.uuid4(), uuid.uuid4()
    first = services.subject_keys_create(project_id, [subject_id])[subject_id]
    again = services.subject_keys_create(project_id, [subject_id])[subject_id]
    assert again.pk == first.pk
    assert WrappedKey.objects.filter(owner_id=subject_id).count() == 1


def test_creating_many_costs_a_constant_number_of_queries(django_assert_num_queries):
    project_id = uuid.uuid4()
    services.key_secret(services.project_key(project_id).pk)
    with django_assert_num_queries(3):  # the project's key, the insert, the rows that stand
        services.subject_keys_create(project_id, [uuid.uuid4() for _ in range(40)])


def test_no_secret_lies_in_the_table_in_the_open():
    key = _subject()
    secret = services.key_secret(key.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT wrapped FROM kernel_wrapped_key")
        stored = b"".join(bytes(row[0]) for row in cursor.fetchall())
    assert secret not in stored


def test_a_destroyed_secret_is_gone_from_the_row_and_from_memory():
    key = _subject()
    services.key_secret(key.pk)
    services.key_destroy(key)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT length(wrapped), destroyed_at IS NOT NULL FROM kernel_wrapped_key WHERE id = %s", [key.pk]
        )
        assert cursor.fetchone() == (0, True)
    with pytest.raises(KeyDestroyedError):
        services.key_secret(key.pk)


def test_destroying_twice_keeps_the_first_moment():
    key = _subject()
    services.key_destroy(key)
    first = WrappedKey.objects.get(pk=key.pk).destroyed_at
    services.key_destroy(key)
    assert WrappedKey.objects.get(pk=key.pk).destroyed_at == first


def test_a_wrapped_key_does_not_open_in_another_row():
    project_id = uuid.uuid4()
    one, other = _subject(project_id), _subject(project_id)
    WrappedKey.objects.filter(pk=other.pk).update(wrapped=bytes(one.wrapped))
    with pytest.raises(SealBrokenError):
        services.key_secret(other.pk)


def test_another_tenant_finds_no_key():
    key = _subject()
    with tenant_scope(OTHER), pytest.raises(NotFoundError):
        services.key_secret(key.pk)


def test_a_key_cannot_hang_under_another_tenants_parent():
    from django.db import IntegrityError

    mine = _subject()
    with pytest.raises(IntegrityError), transaction.atomic(), tenant_scope(OTHER):
        WrappedKey.objects.create(kind=KeyKind.SUBJECT, owner_id=uuid.uuid4(), wrapped=b"x", parent_id=mine.parent_id)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_digest_is_equal_inside_a_project_only():
    one, other = uuid.uuid4(), uuid.uuid4()
    assert services.project_digest(one, "patient", "123") == services.project_digest(one, "patient", "123")
    assert services.project_digest(one, "patient", "123") != services.project_digest(other, "patient", "123")
    assert services.project_digest(one, "patient", "123") != services.project_digest(one, "visit", "123")


def test_labels_give_unlike_keys():
    assert derive(b"s" * 32, "a") != derive(b"s" * 32, "b")


def test_the_memory_forgets():
    cache = SecretCache(ttl_s=-1)
    cache.put(TENANT, OTHER, b"secret")
    assert cache.get(TENANT, OTHER) is None
    assert "secret" not in repr(cache)


def test_errors_show_no_key_material():
    key = _subject()
    secret = services.key_secret(key.pk)
    services.key_destroy(key)
    with pytest.raises(KeyDestroyedError) as caught:
        services.key_secret(key.pk)
    assert secret.hex() not in repr(caught.value)
    assert str(key.owner_id) not in str(caught.value)
