"""Enqueue, claim, report, finish. All writes of a running job carry its run token."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from kernel.actors import Actor
from kernel.errors import ConflictError, NotFoundError
from kernel.ids import uuid7
from kernel.jobs import live, transport
from kernel.jobs.models import Job, JobState
from kernel.jobs.registry import JobDefinition, definition

LEASE = dt.timedelta(seconds=45)
"""How long a silent worker keeps its job."""

HEARTBEAT_S = 5
"""How often a worker renews its lease and learns of a cancellation."""

ArgumentValue = str | int | uuid.UUID | None


def enqueue(
    name: str,
    *,
    actor: Actor | None = None,
    project_id: uuid.UUID | None = None,
    subject: tuple[str, uuid.UUID] | None = None,
    parent_id: uuid.UUID | None = None,
    dedup_key: str = "",
    **ids: ArgumentValue,
) -> Job:
    """Ask for background work, in the running transaction: kept or lost together with the act that asks.

    Arguments are ids only. An unknown name fails here, in the request. With `dedup_key`, a job of that name and key
    that is still queued or running is returned instead of a second one.
    """
    wanted = definition(name)
    arguments = {key: str(value) if isinstance(value, uuid.UUID) else value for key, value in ids.items()}
    job = Job(
        name=name,
        arguments=arguments,
        queue=wanted.queue,
        requested_by=actor.user_id if actor else None,
        project_id=project_id,
        subject_kind=subject[0] if subject else "",
        subject_id=subject[1] if subject else None,
        parent_id=parent_id,
        dedup_key=dedup_key,
    )
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError:
        running = Job.objects.filter(name=name, dedup_key=dedup_key, state__in=[JobState.QUEUED, JobState.RUNNING])
        return running.get()
    send_on_commit(job)
    return job


def send_on_commit(job: Job) -> None:
    """Hand the job's id to the broker once the row is there; the reaper sends what the broker did not take."""
    tenant_id, job_id, queue = job.tenant_id, job.pk, job.queue
    transaction.on_commit(lambda: transport.send(tenant_id, job_id, queue))
    live.job_changed_on_commit(job)


def claim(job_id: uuid.UUID) -> Job | None:
    """Take the lease of a queued job, or of one whose worker fell silent. None when another holds it."""
    now = timezone.now()
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=now)
    taken = Job.objects.filter(free, pk=job_id).update(
        state=JobState.RUNNING,
        attempts=F("attempts") + 1,
        run_token=uuid7(),
        lease_until=now + LEASE,
        started_at=now,
        error_code="",
        error_detail="",
        error_remedy="",
    )
    return Job.objects.get(pk=job_id) if taken else None


def heartbeat(job: Job) -> bool:
    """Renew the lease. False when it was lost or the job was cancelled."""
    renewed = Job.objects.filter(pk=job.pk, run_token=job.run_token, state=JobState.RUNNING).update(
        lease_until=timezone.now() + LEASE
    )
    if not renewed:
        # A job run inside an open transaction is not there yet for another connection: that is no lost lease.
        return not Job.objects.filter(pk=job.pk).exists()
    return not Job.objects.filter(pk=job.pk, cancel_requested_at__isnull=False).exists()


def report(job: Job, *, done: int, total: int | None, unit: str, message: str) -> None:
    """Write progress, if the lease is still held."""
    job.progress_done, job.progress_total, job.progress_unit, job.progress_message = done, total, unit, message[:200]
    Job.objects.filter(pk=job.pk, run_token=job.run_token).update(
        progress_done=done, progress_total=total, progress_unit=unit, progress_message=message[:200]
    )
    live.job_changed_on_commit(job)


def finish(job: Job, state: JobState, *, result: dict[str, Any] | None = None, error: Any = None) -> None:
    """Close the attempt that holds the lease; a lost lease closes nothing."""
    changes: dict[str, Any] = {"state": state, "finished_at": timezone.now(), "lease_until": None, "run_token": None}
    if result is not None:
        changes["result"] = result
    if error is not None:
        changes.update(error_code=error.code, error_detail=error.detail, error_remedy=error.remedy)
    if Job.objects.filter(pk=job.pk, run_token=job.run_token).update(**changes):
        for key, value in changes.items():
            setattr(job, key, value)
        live.job_changed_on_commit(job)


def requeue(job: Job, *, delay_s: int) -> None:
    """Give the job back to the queue, not to run before `delay_s` seconds from now."""
    not_before = timezone.now() + dt.timedelta(seconds=delay_s)
    changed = Job.objects.filter(pk=job.pk, run_token=job.run_token).update(
        state=JobState.QUEUED, run_token=None, lease_until=None, not_before=not_before, sent_at=None
    )
    if changed:
        job.state = JobState.QUEUED
        live.job_changed_on_commit(job)


def job_cancel(*, actor: Actor, job: Job) -> Job:
    """Stop a queued job at once, a running one at its next checkpoint."""
    now = timezone.now()
    stopped = Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, finished_at=now, cancel_requested_at=now
    )
    if not stopped:
        asked = Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(cancel_requested_at=now)
        if not asked:
            raise ConflictError("This job has already ended.", code="job-ended", remedy="Nothing needs to be done.")
    job.refresh_from_db()
    live.job_changed_on_commit(job)
    return job


def job_retry(*, actor: Actor, job: Job) -> Job:
    """Run a failed or cancelled job again, from where its steps stand."""
    changed = Job.objects.filter(pk=job.pk, state__in=[JobState.FAILED, JobState.CANCELLED]).update(
        state=JobState.QUEUED, attempts=0, cancel_requested_at=None, finished_at=None, not_before=None, sent_at=None
    )
    if not changed:
        raise ConflictError("Only a failed or cancelled job can be run again.", code="job-not-ended")
    job.refresh_from_db()
    send_on_commit(job)
    return job


def job_get(job_id: uuid.UUID) -> Job:
    """The job with this id in the current tenant. Raises `NotFoundError`."""
    found = Job.objects.filter(pk=job_id).first()
    if found is None:
        raise NotFoundError()
    return found


def backoff_s(wanted: JobDefinition, attempts: int) -> int:
    """Seconds until the next attempt: 2, 8, 32 … at most 5 minutes."""
    seconds: int = 2 * 4 ** max(attempts - 1, 0)
    return min(300, seconds)
