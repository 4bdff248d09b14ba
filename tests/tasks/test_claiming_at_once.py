"""Many readers ask for the next case at the same moment: real threads, real connections, real commits."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from django.db import connections

from apps.projects.services.projects import role_grant
from apps.tasks.models import Assignment, Read
from apps.tasks.services import claim_next
from kernel.actors import Actor
from kernel.errors import NotFoundError
from kernel.tenancy.scope import tenant_scope
from tests.tasks.panel import study_admit
from tests.world import TenantWorld

READERS, CASES = 5, 3


@pytest.mark.django_db(transaction=True)
def test_no_place_is_given_twice_and_no_reader_gets_a_case_twice(north: TenantWorld) -> None:
    readers = [north.member() for _ in range(READERS)]
    project = north.project("lung")
    with tenant_scope(north.id):
        for reader in readers:
            role_grant(actor=north.owner, project=project, user_id=reader.user.pk, role="reader")
    for _ in range(CASES):
        study_admit(north, project)

    # Every reader asks from two windows at once, until there is nothing left.
    barrier = threading.Barrier(2 * READERS)
    claimed: list[tuple[str, str]] = []
    faults: list[BaseException] = []

    def work(reader: Actor) -> None:
        try:
            barrier.wait(timeout=30)
            while True:
                with tenant_scope(north.id):
                    read = claim_next(actor=reader)
                    claimed.append((str(reader.user.pk), str(read.case_id)))
        except NotFoundError:
            pass
        except BaseException as fault:  # a fault in a thread must fail the test
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(reader,)) for reader in readers for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert faults == []
    assert len(claimed) == len(set(claimed)) == 2 * CASES
    assert set(Counter(case for _, case in claimed).values()) == {2}
    with tenant_scope(north.id):
        assert Read.objects.count() == Assignment.objects.filter(ended_at__isnull=True).count() == 2 * CASES
        assert Assignment.objects.values("task_id").distinct().count() == 2 * CASES
