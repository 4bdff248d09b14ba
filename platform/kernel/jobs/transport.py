"""The thin line to Celery: a message carries the tenant's and the job's id and nothing else."""

from __future__ import annotations

import logging
import uuid

from celery import current_app
from kombu.exceptions import OperationalError

_log = logging.getLogger(__name__)

RUN_JOB = "kernel.jobs.run"


def send(tenant_id: uuid.UUID, job_id: uuid.UUID, queue: str) -> None:
    """Put the ids on the queue. A broker that is away loses nothing: the reaper sends the row again."""
    try:
        current_app.send_task(RUN_JOB, args=[str(tenant_id), str(job_id)], queue=queue, retry=False)
    except (OperationalError, OSError):
        _log.warning("broker is away; the reaper will send the job", extra={"job_id": str(job_id)})
