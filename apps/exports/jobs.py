"""Background work of the room."""

from __future__ import annotations

import uuid
from typing import Any

from apps.exports.services import exporting
from kernel.errors import DomainError
from kernel.jobs.registry import job
from kernel.jobs.runner import JobContext
from kernel.tenancy.scope import tenant_scope


@job("exports.write", title="Write export", time_limit_s=6 * 3600)
def write(context: JobContext, *, export_id: str) -> dict[str, Any]:
    """Write an export, case by case; goes on where it stopped."""
    try:
        return exporting.export_write(context=context, export_id=uuid.UUID(export_id))
    except DomainError:
        with tenant_scope(context.tenant_id):
            exporting.export_failed(export_id=uuid.UUID(export_id))
        raise


@job("exports.verify", title="Write export again and compare", time_limit_s=6 * 3600)
def verify(context: JobContext, *, export_id: str) -> dict[str, Any]:
    """Compare an export with a second writing of it."""
    return exporting.export_verify(context=context, export_id=uuid.UUID(export_id))
