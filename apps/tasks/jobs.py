"""The schedule of the room."""

from __future__ import annotations

from celery import shared_task

from apps.tasks.services import leases_expire


@shared_task(name="tasks.expire_leases", ignore_result=True, expires=30)
def expire_leases() -> None:
    """Take back cases whose lease ended."""
    leases_expire()
