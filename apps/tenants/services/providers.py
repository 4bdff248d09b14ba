"""Identity providers a tenant brings along."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction

from apps.tenants import permissions
from apps.tenants.constants import TenantAction
from apps.tenants.models import DomainRoute, IdentityProvider
from kernel.actors import Actor
from kernel.acts import Act
from kernel.errors import ConflictError, InvalidError, NotFoundError
from kernel.events import publish
from kernel.http import OutgoingError, get_json
from kernel.keys.small import seal_secret

SECRET_PURPOSE = "oidc-client-secret"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


@transaction.atomic
def provider_add(*, actor: Actor, values: dict[str, Any]) -> IdentityProvider:
    """Bring a provider. Endpoints not given come from `<issuer>/.well-known/openid-configuration` (OIDC Discovery 4).

    Raises `InvalidError` when the issuer's document cannot be read or names another issuer, `ConflictError` when a mail
    domain is routed elsewhere already.
    """
    permissions.require(actor, TenantAction.CHANGE_PROVIDERS)
    if not all(values.get(name) for name in _ENDPOINTS):
        values = {**_discover(values["issuer"]), **values}
    provider = IdentityProvider(**_columns(values))
    provider.save(force_insert=True)
    _route(provider)
    publish(Act(actor, "tenants.provider.added", "identity_provider", provider.pk))
    return provider


@transaction.atomic
def provider_change(*, actor: Actor, provider_id: uuid.UUID, values: dict[str, Any]) -> IdentityProvider:
    """Change a provider. Raises `NotFoundError`."""
    permissions.require(actor, TenantAction.CHANGE_PROVIDERS)
    provider = IdentityProvider.objects.select_for_update().filter(pk=provider_id).first()
    if provider is None:
        raise NotFoundError()
    for name, value in _columns(values).items():
        setattr(provider, name, value)
    provider.save()
    _route(provider)
    fields = " ".join(sorted(set(values) - {"client_secret"}))
    publish(Act(actor, "tenants.provider.changed", "identity_provider", provider.pk, details={"fields": fields}))
    return provider


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    columns = dict(values)
    secret = columns.pop("client_secret", None)
    if secret:
        columns["client_secret"] = seal_secret(SECRET_PURPOSE, secret.encode())
    if "domains" in columns:
        columns["domains"] = sorted({d.strip().lower() for d in columns["domains"]})
    return columns


def _route(provider: IdentityProvider) -> None:
    DomainRoute.objects.filter(provider_id=provider.pk).delete()
    if not provider.enabled:
        return
    if DomainRoute.objects.filter(domain__in=provider.domains).exists():
        raise ConflictError("One of these mail domains is routed to another provider.", code="domain-taken")
    DomainRoute.objects.bulk_create(
        [DomainRoute(domain=d, tenant_id=provider.tenant_id, provider_id=provider.pk) for d in provider.domains]
    )


def _discover(issuer: str) -> dict[str, str]:
    try:
        document = get_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    except OutgoingError as error:
        raise InvalidError(
            "The provider's discovery document cannot be read.",
            code="discovery-failed",
            remedy=f"Check the issuer's address ({error}), or enter the four endpoints by hand.",
        ) from None
    if document.get("issuer") != issuer:
        raise InvalidError("The discovery document names another issuer.", code="issuer-differs")
    missing = [name for name in _ENDPOINTS if not document.get(name)]
    if missing:
        raise InvalidError(f"The discovery document lacks {', '.join(missing)}.", code="discovery-incomplete")
    return {name: str(document[name]) for name in _ENDPOINTS}
