"""The base of every tenant-owned table."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from kernel.ids import uuid7
from kernel.tenancy.scope import current_tenant_id


class TenantModel(models.Model):
    """A row that belongs to exactly one tenant.

    Its table carries a forced row-level policy (`kernel.tenancy.migrations.TenantTable` in its migration);
    `tenant_id` fills itself from the scope and a write outside any scope fails.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(default=current_tenant_id, editable=False)
    created_at: models.DateTimeField[Any, Any] = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
