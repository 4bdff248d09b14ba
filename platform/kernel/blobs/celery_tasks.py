"""What beat runs: each night every tenant's sweep."""

from __future__ import annotations

from celery import shared_task

from kernel.blobs.models import Blob
from kernel.blobs.sweep import SWEEP_JOB
from kernel.jobs.services import enqueue
from kernel.tenancy.scope import tenant_scope


@shared_task(name="kernel.blobs.sweep_all", ignore_result=True, expires=3600)
def sweep_all() -> None:
    """Ask for a sweep in every tenant that stores anything."""
    for tenant_id in list(Blob.objects.using("system").values_list("tenant_id", flat=True).distinct()):
        with tenant_scope(tenant_id):
            enqueue(SWEEP_JOB, dedup_key="sweep")
