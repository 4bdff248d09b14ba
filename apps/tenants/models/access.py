"""Tokens for programs, and the memory of failed sign-ins."""

from __future__ import annotations

from django.db import models

from apps.tenants.models.people import User
from kernel.ids import uuid7
from kernel.tenancy.models import TenantModel


class ApiToken(TenantModel):
    """A key for a program, of one person or service account, in one tenant. Only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "digest"], name="tenants_apitoken_digest")]


class SignInAttempt(models.Model):
    """A failed sign-in, by digest of the address tried; slows guessing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email_digest = models.CharField(max_length=64)
    source = models.CharField(max_length=60)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["email_digest", "at"], name="tenants_attempt_recent")]
