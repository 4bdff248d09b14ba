"""Logs that are really committed and sealed: the sealer works under another role and sees only what is committed."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from apps.audit.services import event_record
from apps.audit.services.sealing import seal
from apps.audit.services.verifying import export, verify
from apps.tenants.services.membership import tenant_create
from kernel.actors import system_actor
from kernel.tenancy.scope import tenant_scope


@pytest.fixture
def real_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database without a surrounding transaction. Tests make tenants of their own and leave them."""
    with django_db_blocker.unblock():
        yield
        for other in connections.all(initialized_only=True):
            other.close()


@pytest.fixture
def sealed_tenant(real_database: None) -> Callable[[Path], Path]:
    """Write eight events in two seals beside the tenant's own first event, and export them."""

    def make(path: Path) -> Path:
        tenant = tenant_create(slug=f"log-{uuid.uuid4().hex[:8]}", name="Log")
        for _ in range(2):
            with tenant_scope(tenant.pk):
                for number in range(4):
                    event_record(
                        actor=system_actor(tenant.pk),
                        action="tests.thing.done",
                        object_kind="thing",
                        details={"number": number, "share": 0.25, "name": "大阪"},
                    )
            seal(tenant_id=tenant.pk)
        with tenant_scope(tenant.pk), path.open("w", encoding="utf-8") as out:
            verdict = verify()
            assert verdict.ok, verdict.problems
            export(out)
        return path

    return make


@pytest.fixture
def committed(real_database: None) -> Callable[..., dict[str, Any]]:
    """Two transactions that overlap: the one that began and wrote first commits last, between two seals."""

    def run(*, late: bool) -> dict[str, Any]:
        tenant = tenant_create(slug=f"late-{uuid.uuid4().hex[:8]}", name="Late")
        seal(tenant_id=tenant.pk)
        written, go_on = threading.Event(), threading.Event()

        def slow() -> None:
            try:
                with tenant_scope(tenant.pk):
                    event_record(actor=system_actor(tenant.pk), action="tests.slow.done", object_kind="thing")
                    written.set()
                    go_on.wait(10)
            finally:
                connection.close()

        thread = threading.Thread(target=slow)
        thread.start()
        written.wait(10)
        with tenant_scope(tenant.pk):
            event_record(actor=system_actor(tenant.pk), action="tests.quick.done", object_kind="thing")
        seal(tenant_id=tenant.pk)
        go_on.set()
        thread.join()
        seal(tenant_id=tenant.pk)
        with tenant_scope(tenant.pk):
            from apps.audit.models import SealedLeaf

            sealed = SealedLeaf.objects.values_list("event__action", flat=True)
            return {
                "first": list(sealed).count("tests.slow.done"),
                "second": list(sealed).count("tests.quick.done"),
                "sound": verify().ok,
            }

    return run
