"""Versions of label schemas and charters. A version is never edited; a change is the next version."""

from __future__ import annotations

from django.db import models

from apps.projects.models.project import Project
from kernel.tenancy.models import TenantModel


class LabelSchema(TenantModel):
    """What readers mark and answer; `definition` as `domain.definitions.SchemaDefinition`."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_constraint=False, related_name="label_schemas")
    version = models.PositiveIntegerField()
    definition = models.JSONField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "project", "version"], name="projects_schema_version")
        ]


class Charter(TenantModel):
    """How the project is read; `definition` as `domain.definitions.CharterDefinition`."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_constraint=False, related_name="charters")
    version = models.PositiveIntegerField()
    definition = models.JSONField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "project", "version"], name="projects_charter_version")
        ]
