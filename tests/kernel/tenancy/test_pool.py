"""A connection that served one tenant serves the next person with nothing set, however it was given back."""

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from kernel.tenancy.scope import tenant_scope


@pytest.fixture
def tenants(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[list[uuid.UUID]]:
    """Two tenants, really committed: one with two events, one with one."""
    from apps.audit.services import event_record
    from apps.tenants.services.membership import tenant_create
    from kernel.actors import system_actor

    with django_db_blocker.unblock():
        made = [tenant_create(slug=f"pool-{uuid.uuid4().hex[:8]}", name="Pool").pk for _ in range(2)]
        with tenant_scope(made[0]):
            event_record(actor=system_actor(made[0]), action="tests.thing.done", object_kind="thing")
        yield made
        for other in connections.all(initialized_only=True):
            other.close()


def events() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditevent")
        return int(cursor.fetchone()[0])


def test_the_pool_is_in_use(tenants: list[uuid.UUID]) -> None:
    connection.ensure_connection()
    assert connection.settings_dict["OPTIONS"]["pool"]
    assert connection.pool is not None  # type: ignore[attr-defined]  # Django's PostgreSQL backend


def test_nothing_is_left_on_a_connection_given_back(tenants: list[uuid.UUID]) -> None:
    for _ in range(5):
        with tenant_scope(tenants[0]):
            assert events() == 2
        connection.close()
        assert events() == 0
        with tenant_scope(tenants[1]):
            assert events() == 1


def test_nothing_is_left_after_an_exception(tenants: list[uuid.UUID]) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), tenant_scope(tenants[0]):
            raise ZeroDivisionError
        connection.close()
        assert events() == 0


def test_even_a_session_wide_setting_is_forgotten(tenants: list[uuid.UUID]) -> None:
    """No code of ours sets one; whoever did would not hand their tenant to the next."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant', %s, false), pg_backend_pid()", [str(tenants[0])])
    assert events() == 2
    connection.close()
    seen = []
    for _ in range(12):
        seen.append(events())
        connection.close()
    assert seen == [0] * 12


def test_eight_threads_at_once_each_see_their_own(tenants: list[uuid.UUID]) -> None:
    wrong: list[Any] = []

    def work(number: int) -> None:
        try:
            for _ in range(25):
                with tenant_scope(tenants[number % 2]):
                    if events() != 2 - number % 2:
                        wrong.append(number)
                if events() != 0:
                    wrong.append(("outside", number))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
