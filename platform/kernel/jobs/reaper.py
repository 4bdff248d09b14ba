"""Brings back what a dead worker or a silent broker dropped. Runs every few seconds under the system role."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from kernel.jobs import transport
from kernel.jobs.models import Job, JobState

_RESEND_AFTER = dt.timedelta(seconds=30)


def reap() -> int:
    """Queue again every job whose lease ran out, and send every queued one the broker has not delivered. Returns how many."""
    now = timezone.now()
    silent = Q(state=JobState.RUNNING, lease_until__lt=now)
    due = Q(not_before__isnull=True) | Q(not_before__lte=now)
    unsent = Q(state=JobState.QUEUED) & due & (Q(sent_at__isnull=True) | Q(sent_at__lt=now - _RESEND_AFTER))
    fresh = Q(
        state=JobState.QUEUED,
        sent_at__isnull=True,
        not_before__isnull=True,
        created_at__gt=now - dt.timedelta(seconds=5),
    )
    with transaction.atomic(using="system"):
        rows = list(
            Job.objects.using("system").filter(silent | unsent).exclude(fresh).select_for_update(skip_locked=True)[:500]
        )
        Job.objects.using("system").filter(pk__in=[r.pk for r in rows]).update(
            state=JobState.QUEUED, run_token=None, lease_until=None, sent_at=now
        )
    for row in rows:
        transport.send(row.tenant_id, row.pk, row.queue)
    return len(rows)
