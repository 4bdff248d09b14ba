"""A project, and who may do what in it."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from guardian.models import UserObjectPermissionBase

from apps.projects.constants import ProjectAction, ProjectRole, ProjectState
from kernel.tenancy.models import TenantModel
from kernel.tenancy.scope import current_tenant_id


class Project(TenantModel):
    """What is read under one charter, de-identified under one policy, stored in one region."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=ProjectState.choices, default=ProjectState.DRAFT)
    colour = models.CharField(max_length=7, default="#4f8cc9")
    deidentification_policy = models.CharField(max_length=60, default="basic")
    terminology_edition = models.CharField(max_length=40, default="PS3.16-2024c")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        default_permissions = ()
        permissions: ClassVar[Any] = ProjectAction.choices
        constraints = [models.UniqueConstraint(fields=["tenant_id", "slug"], name="projects_project_slug")]


class ProjectUserObjectPermission(UserObjectPermissionBase):
    """guardian's table for projects, with direct foreign keys: one row a person, permission and project."""

    content_object = models.ForeignKey(Project, on_delete=models.CASCADE, db_constraint=False)
    tenant_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(default=current_tenant_id, editable=False)


class RoleGrant(TenantModel):
    """That a person has a role in a project. The object permissions are derived from these rows and never set by hand."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_constraint=False, related_name="role_grants")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    role = models.CharField(max_length=12, choices=ProjectRole.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "project", "user", "role"], name="projects_role_once")
        ]
