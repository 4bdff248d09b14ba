"""What the worker runs. Celery's word is *task*; ours is *job*, a task being a reader's work."""

from __future__ import annotations

import uuid

from celery import shared_task

from kernel.jobs.reaper import reap
from kernel.jobs.runner import run_job
from kernel.jobs.transport import RUN_JOB


@shared_task(name=RUN_JOB, acks_late=True, ignore_result=True)
def run(tenant_id: str, job_id: str) -> None:
    """Run one job by its ids."""
    run_job(uuid.UUID(tenant_id), uuid.UUID(job_id))


@shared_task(name="kernel.jobs.reap", ignore_result=True, expires=20)
def reap_jobs() -> None:
    """Bring back dropped jobs."""
    reap()
