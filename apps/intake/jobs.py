"""Background work of the room."""

from __future__ import annotations

import uuid
from typing import Any

from apps.intake.constants import PROCESS_JOB
from apps.intake.services.processing import DeliveryWork
from kernel.jobs.registry import job
from kernel.jobs.runner import JobContext


@job(PROCESS_JOB, title="Read, check and de-identify a delivery", queue="imports", time_limit_s=24 * 3600)
def process_delivery(context: JobContext, delivery_id: str) -> dict[str, Any]:
    """Work on a delivery until every file is admitted, held or turned away."""

    def progress(done: int, total: int | None, message: str) -> None:
        context.progress(done, total, unit="files", message=message)

    return dict(DeliveryWork(context.actor, uuid.UUID(delivery_id), progress).run())
