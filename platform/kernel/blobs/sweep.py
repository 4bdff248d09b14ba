"""Removes bytes that no row names: what a crash left between the write of an object and the commit of its row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import islice

from django.utils import timezone

from kernel.blobs.models import Blob
from kernel.blobs.store import object_store
from kernel.jobs.registry import job
from kernel.jobs.runner import JobContext
from kernel.tenancy.scope import current_tenant_id, tenant_scope

GRACE = dt.timedelta(hours=6)
"""Younger objects may belong to a transaction that has not committed yet."""

SWEEP_JOB = "kernel.blobs.sweep"
_BATCH = 1000


def orphans_sweep(*, grace: dt.timedelta = GRACE) -> int:
    """Delete the current tenant's objects older than `grace` that no row names. Returns how many."""
    store, before, removed = object_store(), timezone.now() - grace, 0
    old = (path for path, written_at in store.list(f"{current_tenant_id()}/") if written_at < before)
    for paths in _batches(old):
        known = set(Blob.objects.filter(path__in=paths, erased_at__isnull=True).values_list("path", flat=True))
        orphans = [path for path in paths if path not in known]
        store.delete(orphans)
        removed += len(orphans)
    return removed


@job(SWEEP_JOB, title="Remove stored bytes that belong to nothing", queue="default")
def sweep_job(context: JobContext) -> dict[str, int]:
    """The sweep, for one tenant."""
    with tenant_scope(context.tenant_id):
        return {"removed": orphans_sweep()}


def _batches(paths: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(paths)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
