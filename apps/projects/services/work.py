"""Stopping and repeating background work, by those who manage its project."""

from __future__ import annotations

import uuid

from django.db import transaction

from apps.audit.services import event_record
from apps.projects.selectors import job_get_for
from kernel.actors import Actor
from kernel.jobs.models import Job
from kernel.jobs.services import job_cancel, job_retry


@transaction.atomic
def job_cancel_for(*, actor: Actor, job_id: uuid.UUID) -> Job:
    """Stop a job the actor may see. Raises `NotFoundError`, `ConflictError`."""
    job = job_cancel(actor=actor, job=job_get_for(actor=actor, job_id=job_id))
    event_record(actor=actor, action="kernel.job.cancelled", object_kind="job", object_id=job.pk, object_label=job.name)
    return job


@transaction.atomic
def job_retry_for(*, actor: Actor, job_id: uuid.UUID) -> Job:
    """Run a failed or cancelled job again. Raises `NotFoundError`, `ConflictError`."""
    job = job_retry(actor=actor, job=job_get_for(actor=actor, job_id=job_id))
    event_record(actor=actor, action="kernel.job.retried", object_kind="job", object_id=job.pk, object_label=job.name)
    return job
