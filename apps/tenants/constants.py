"""Words of the room: roles in a tenant, scopes of a token."""

from __future__ import annotations

from enum import StrEnum

from django.db import models


class TenantRole(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    AUDITOR = "auditor"


class TokenScope(models.TextChoices):
    API_READ = "api:read"
    API_WRITE = "api:write"
    DICOMWEB_READ = "dicomweb:read"
    DICOMWEB_STORE = "dicomweb:store"
    RELEASES_PULL = "releases:pull"


class TenantAction(StrEnum):
    VIEW_MEMBERS = "tenants.member.view"
    CHANGE_MEMBERS = "tenants.member.change"
    CHANGE_PROVIDERS = "tenants.provider.change"
    CREATE_PROJECT = "tenants.project.create"
    VIEW_AUDIT = "tenants.audit.view"
    VIEW_JOBS = "tenants.job.view"


# Key of a session's data: the one tenant it opens, where that tenant's own identity provider opened it.
SESSION_TENANT = "tenant_id"
