"""Identity providers that tenants bring along (OpenID Connect), and who their subjects are here."""

from __future__ import annotations

from django.db import models

from apps.tenants.constants import TenantRole
from apps.tenants.models.people import User
from kernel.tenancy.models import TenantModel


class IdentityProvider(TenantModel):
    """One tenant's OpenID provider.

    `claim_rules` is a list of {claim, value, role}: the first rule whose claim holds the value gives the role;
    `default_role` applies when none does, and empty means: no rule, no entry.
    `domains` routes an e-mail address to this provider at sign-in.
    """

    name = models.CharField(max_length=100)
    issuer = models.URLField(max_length=300)
    client_id = models.CharField(max_length=200)
    client_secret = models.BinaryField(null=True, editable=False)
    authorization_endpoint = models.URLField(max_length=300)
    token_endpoint = models.URLField(max_length=300)
    userinfo_endpoint = models.URLField(max_length=300)
    jwks_uri = models.URLField(max_length=300)
    signing_algorithm = models.CharField(max_length=10, default="RS256")
    domains = models.JSONField(default=list)
    claim_rules = models.JSONField(default=list)
    default_role = models.CharField(max_length=10, choices=TenantRole.choices, blank=True)
    link_by_verified_email = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "issuer"], name="tenants_provider_issuer")]


class ExternalIdentity(TenantModel):
    """(issuer, sub) → user: the only thing a returning person is recognised by."""

    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, db_constraint=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    issuer = models.URLField(max_length=300)
    sub = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "issuer", "sub"], name="tenants_identity_once")]


class DomainRoute(models.Model):
    """Which tenant's provider the people of a mail domain sign in with. Read before anybody is known, so in no tenant."""

    domain = models.CharField(max_length=253, primary_key=True)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE)
    provider_id = models.UUIDField()
