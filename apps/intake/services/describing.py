"""Deliveries as the pages show them."""

from __future__ import annotations

from typing import Any

from apps.intake.models import Delivery
from apps.intake.selectors import jobs_of, states_of
from apps.tenants.selectors import members_by_id


def deliveries_described(deliveries: list[Delivery]) -> list[dict[str, Any]]:
    """Rows of the list of deliveries; three queries however many."""
    counts = states_of([delivery.pk for delivery in deliveries])
    jobs = jobs_of(deliveries)
    people = members_by_id(delivery.created_by for delivery in deliveries if delivery.created_by)
    return [
        {
            "id": delivery.pk,
            "project": delivery.project.slug,
            "name": delivery.name,
            "source": delivery.source,
            "state": delivery.state,
            "files_expected": delivery.files_expected,
            "files_received": delivery.files_received,
            "bytes_received": delivery.bytes_received,
            "by_state": counts[delivery.pk],
            "job": jobs.get(delivery.job_id) if delivery.job_id else None,
            "created_at": delivery.created_at,
            "created_by": _person(delivery, people),
        }
        for delivery in deliveries
    ]


def _person(delivery: Delivery, people: dict[Any, Any]) -> dict[str, Any]:
    person = people.get(delivery.created_by)
    name = person.name if person else "Fiducial" if delivery.created_by is None else "former member"
    return {"id": delivery.created_by, "name": name}
