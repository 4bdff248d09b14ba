"""Background work of the room."""

from __future__ import annotations

import uuid
from typing import Any

from apps.datasets.services.building import version_build
from kernel.jobs.registry import job
from kernel.jobs.runner import JobContext
from kernel.tenancy.scope import tenant_scope


@job("datasets.build_version", title="Build dataset version")
def build_version(context: JobContext, *, dataset_id: str, requested_by: str | None = None) -> dict[str, Any]:
    """Take in what is settled. Running twice gives the same version."""
    with tenant_scope(context.tenant_id):
        version = version_build(
            actor=context.actor,
            context=context,
            dataset_id=uuid.UUID(dataset_id),
            made_by=uuid.UUID(requested_by) if requested_by else None,
        )
    return {"digest": version.digest, "members": version.member_count}
