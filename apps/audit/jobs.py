"""The sealer, on the schedule."""

from __future__ import annotations

from celery import shared_task

from apps.audit.services.sealing import seal


@shared_task(name="audit.seal", ignore_result=True, expires=10)
def seal_audit() -> None:
    """Seal finished events of all tenants."""
    seal()
