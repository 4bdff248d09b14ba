"""Background work of the room."""

from __future__ import annotations

import uuid
from typing import Any

from apps.studies.services import erasure, frames
from kernel.jobs.registry import job
from kernel.jobs.runner import JobContext
from kernel.tenancy.scope import tenant_scope


@job(erasure.ERASE_JOB, title="Erase a subject's data", queue="default")
def erase_subject(context: JobContext, subject_id: str) -> dict[str, Any]:
    """Remove what the destroyed secret sealed."""
    with tenant_scope(context.tenant_id):
        return {"blobs": erasure.subject_remains_remove(uuid.UUID(subject_id))}


@job("studies.derive_frames", title="Prepare images for slow lines", queue="imaging")
def derive_frames(context: JobContext, series_id: str) -> dict[str, Any]:
    """Encode a series' frames for slow lines."""
    with tenant_scope(context.tenant_id):
        return {"instances": frames.frames_derive(uuid.UUID(series_id))}
