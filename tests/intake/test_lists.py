"""Lists of deliveries, files and holds cost the same number of queries however long they are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.intake.models import Delivery
from apps.intake.services.deliveries import delivery_create
from apps.intake.services.receiving import files_receive
from kernel.tenancy.scope import tenant_scope

pytestmark = pytest.mark.django_db


def _fill(north: Any, count: int) -> Delivery:
    with tenant_scope(north.id):
        delivery = delivery_create(actor=north.owner, slug="lung", name="x", source="api")
        files_receive(actor=north.owner, delivery=delivery, files=[(f"{i}", f"{i}".encode()) for i in range(count)])
        delivery.files.update(state="held", reason_code="burned-in-text", reason_title="t", reason_remedy="r")
        return delivery


def _queries(client: Any, path: str) -> int:
    with CaptureQueriesContext(connection) as context:
        assert client.get(path).status_code == 200
    return len(context)


@pytest.mark.parametrize("path", ["/api/v1/projects/lung/deliveries", "/api/v1/projects/lung/holds"])
def test_a_list_costs_the_same_for_one_and_for_many(north, manager, path):
    _fill(north, 1)
    manager.get(path)
    few = _queries(manager, path)
    for _ in range(3):
        _fill(north, 4)
    # The secrets of deliveries not seen before are looked up in one more query.
    assert _queries(manager, path) <= few + (1 if "holds" in path else 0)


def test_the_files_of_a_delivery_cost_the_same_for_one_and_for_many(north, manager):
    few, many = _fill(north, 1), _fill(north, 30)
    path = "/api/v1/deliveries/{}/files"
    manager.get(path.format(few.pk))
    assert _queries(manager, path.format(many.pk)) <= _queries(manager, path.format(few.pk)) + 1


def test_files_are_listed_by_state_and_paged(north, manager):
    delivery = _fill(north, 5)
    page = manager.get(f"/api/v1/deliveries/{delivery.pk}/files?page_size=2").json()
    assert ([row["name"] for row in page["results"]], page["previous"]) == (["0", "1"], None)
    following = manager.get(f"/api/v1/deliveries/{delivery.pk}/files?page_size=2&cursor={page['next']}").json()
    assert [row["name"] for row in following["results"]] == ["2", "3"]
    assert manager.get(f"/api/v1/deliveries/{delivery.pk}/files?state=admitted").json()["results"] == []


def test_receiving_many_costs_a_constant_number_of_queries(north, project, django_assert_num_queries):
    with tenant_scope(north.id):
        delivery = delivery_create(actor=north.owner, slug="lung", name="x", source="api")
        files_receive(actor=north.owner, delivery=delivery, files=[("first", b"first")])
        with django_assert_num_queries(10):
            files_receive(actor=north.owner, delivery=delivery, files=[(f"{i}", f"{i}".encode()) for i in range(40)])


def test_other_tenants_find_no_delivery(north, south, manager):
    delivery = _fill(north, 1)
    with tenant_scope(north.id):
        file_id = delivery.files.get().pk
    south.project("lung")
    client = south.client(south.owner)
    for path in (f"/api/v1/deliveries/{delivery.pk}", f"/api/v1/deliveries/{delivery.pk}/files"):
        assert client.get(path).status_code == 404
    for path, body in (
        (f"/api/v1/incoming-files/{file_id}/decision", {"decision": "reject", "reason": "x"}),
        (f"/api/v1/deliveries/{delivery.pk}/complete", None),
        (f"/api/v1/deliveries/{delivery.pk}/cancel", None),
        (f"/api/v1/deliveries/{delivery.pk}/missing", {"files": []}),
    ):
        assert client.json("POST", path, body).status_code == 404
    assert client.get("/api/v1/projects/lung/deliveries").json()["results"] == []
    assert client.get("/api/v1/projects/lung/holds").json()["results"] == []
