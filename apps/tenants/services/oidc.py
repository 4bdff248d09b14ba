"""OpenID Connect: what mozilla-django-oidc leaves open is closed here.

As shipped the library accepts a token with another audience, another issuer or no expiry, and recognises people by their
e-mail address. Here `iss`, `aud`, `azp`, `exp`, `iat` and `sub` are checked (OpenID Connect Core 3.1.3.7), a person is
who (issuer, sub) says, and an address links to an account only when the provider verified it and the tenant allows it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from apps.tenants import selectors
from apps.tenants.constants import SESSION_TENANT
from apps.tenants.domain.claims import role_from_claims
from apps.tenants.models import ExternalIdentity, IdentityProvider, Membership, Tenant, User
from apps.tenants.services import signing_in
from apps.tenants.services.providers import SECRET_PURPOSE
from kernel.actors import system_actor
from kernel.acts import Act
from kernel.api.addresses import client_address
from kernel.errors import NotFoundError
from kernel.events import publish
from kernel.keys.small import open_secret
from kernel.tenancy.scope import tenant_scope

_CLOCK_SKEW_S = 60
_LONGEST_AGE_S = 600


def tenant_slug(request: HttpRequest) -> str:
    """The tenant named in the address."""
    return str(getattr(request, "tenant_slug", ""))


def provider_of(request: HttpRequest) -> tuple[Tenant, IdentityProvider]:
    """The tenant in the address and its provider. Raises `NotFoundError`."""
    tenant = selectors.tenant_by_slug(tenant_slug(request))
    provider = selectors.provider_for_sign_in(tenant) if tenant else None
    if tenant is None or provider is None:
        raise NotFoundError()
    return tenant, provider


def settings_for(request: HttpRequest) -> dict[str, Any]:
    """The library's settings for the tenant in the address. Raises `NotFoundError` when it has no provider."""
    _, provider = provider_of(request)
    secret = open_secret(SECRET_PURPOSE, bytes(provider.client_secret)).decode() if provider.client_secret else ""
    return {
        "OIDC_OP_AUTHORIZATION_ENDPOINT": provider.authorization_endpoint,
        "OIDC_OP_TOKEN_ENDPOINT": provider.token_endpoint,
        "OIDC_OP_USER_ENDPOINT": provider.userinfo_endpoint,
        "OIDC_OP_JWKS_ENDPOINT": provider.jwks_uri,
        "OIDC_RP_CLIENT_ID": provider.client_id,
        "OIDC_RP_CLIENT_SECRET": secret,
        "OIDC_RP_SIGN_ALGO": provider.signing_algorithm,
        "OIDC_RP_SCOPES": "openid email profile",
        "OIDC_USE_PKCE": True,
        "OIDC_USE_NONCE": True,
        "OIDC_TIMEOUT": 10,
        "OIDC_ALLOW_UNSECURED_JWT": False,
    }


def setting(values: Mapping[str, Any], name: str, *default: Any) -> Any:
    """A setting of the library: the tenant's, else the library's default."""
    if name in values:
        return values[name]
    return OIDCAuthenticationBackend.get_settings(name, *default)


def open_session(*, request: HttpRequest, user: User) -> None:
    """Start the session of a person the provider vouched for. It opens this tenant and no other.

    A tenant chooses its provider, and a provider says who somebody is: what it says must not open another tenant to
    which the same person belongs.
    """
    backend = "django.contrib.auth.backends.ModelBackend"
    tenant, _ = provider_of(request)
    signing_in.open_session(request=request, user=user, source=client_address(request), backend=backend)
    request.session[SESSION_TENANT] = str(tenant.pk)


class TenantOidcBackend(OIDCAuthenticationBackend):  # type: ignore[misc]  # untyped library
    """Verifies a provider's answer for one tenant and finds or makes the person."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.UserModel = User
        self.values: dict[str, Any] = {}
        self.provider: IdentityProvider | None = None
        self.tenant: Tenant | None = None

    def get_settings(self, attr: str, *args: Any) -> Any:
        return setting(self.values, attr, *args)

    def authenticate(self, request: HttpRequest | None, **kwargs: Any) -> User | None:
        if request is None or "nonce" not in kwargs or not tenant_slug(request):
            return None
        self.tenant, self.provider = provider_of(request)
        self.values = settings_for(request)
        self.OIDC_OP_TOKEN_ENDPOINT = self.values["OIDC_OP_TOKEN_ENDPOINT"]
        self.OIDC_OP_USER_ENDPOINT = self.values["OIDC_OP_USER_ENDPOINT"]
        self.OIDC_OP_JWKS_ENDPOINT = self.values["OIDC_OP_JWKS_ENDPOINT"]
        self.OIDC_RP_CLIENT_ID = self.values["OIDC_RP_CLIENT_ID"]
        self.OIDC_RP_CLIENT_SECRET = self.values["OIDC_RP_CLIENT_SECRET"]
        self.OIDC_RP_SIGN_ALGO = self.values["OIDC_RP_SIGN_ALGO"]
        self.OIDC_RP_IDP_SIGN_KEY = None
        user: User | None = super().authenticate(request, **kwargs)
        return user

    def verify_token(self, token: Any, **kwargs: Any) -> Any:
        payload = super().verify_token(token, **kwargs)
        check_claims(payload, issuer=self._provider.issuer, client_id=self._provider.client_id, now=time.time())
        return payload

    def get_or_create_user(self, access_token: Any, id_token: Any, payload: Mapping[str, Any]) -> User | None:
        info = self.get_userinfo(access_token, id_token, payload)
        if info.get("sub") != payload["sub"]:
            raise SuspiciousOperation("userinfo is of another subject")
        return person_for_claims(self._tenant, self._provider, {**info, **payload})

    @property
    def _provider(self) -> IdentityProvider:
        if self.provider is None:
            raise SuspiciousOperation("no identity provider")
        return self.provider

    @property
    def _tenant(self) -> Tenant:
        if self.tenant is None:
            raise SuspiciousOperation("no tenant")
        return self.tenant


def check_claims(claims: Mapping[str, Any], *, issuer: str, client_id: str, now: float) -> None:
    """OpenID Connect Core 3.1.3.7. Raises `SuspiciousOperation`; the library turns it into a refused sign-in."""
    missing = [name for name in ("iss", "sub", "aud", "exp", "iat") if name not in claims]
    if missing:
        raise SuspiciousOperation(f"id token lacks {', '.join(missing)}")
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims["iss"] != issuer:
        raise SuspiciousOperation("id token of another issuer")
    if client_id not in audience:
        raise SuspiciousOperation("id token for another audience")
    if (len(audience) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        raise SuspiciousOperation("id token for another authorized party")
    if claims["exp"] < now - _CLOCK_SKEW_S:
        raise SuspiciousOperation("id token expired")
    if not now - _LONGEST_AGE_S <= claims["iat"] <= now + _CLOCK_SKEW_S:
        raise SuspiciousOperation("id token issued at another time")


def person_for_claims(tenant: Tenant, provider: IdentityProvider, claims: Mapping[str, Any]) -> User | None:
    """The person (issuer, sub) names, made a member with the role the claims give. None: no rule lets them in."""
    role = role_from_claims(claims, provider.claim_rules, provider.default_role)
    with tenant_scope(tenant.pk), transaction.atomic():
        known = (
            ExternalIdentity.objects.select_related("user").filter(issuer=provider.issuer, sub=claims["sub"]).first()
        )
        if not role or (known and not known.user.is_active):
            _tell(tenant, "tenants.session.refused", provider, known.user if known else None, "refused")
            return None
        user = known.user if known else _linked_or_new(provider, claims)
        if user is None:
            return None
        _keep_membership(tenant, provider, user, role)
    return user


def _linked_or_new(provider: IdentityProvider, claims: Mapping[str, Any]) -> User | None:
    email = str(claims.get("email", "")).strip().lower()
    existing = User.objects.filter(email=email).first() if email else None
    if existing and not (provider.link_by_verified_email and claims.get("email_verified") is True):
        return None
    user = existing or User(
        email=email or f"{claims['sub']}@{provider.pk}.invalid", name=str(claims.get("name") or email)
    )
    if existing is None:
        user.set_unusable_password()
        user.save()
    ExternalIdentity.objects.create(provider=provider, user=user, issuer=provider.issuer, sub=claims["sub"])
    return user


def _keep_membership(tenant: Tenant, provider: IdentityProvider, user: User, role: str) -> None:
    membership, made = Membership.objects.get_or_create(user=user, defaults={"role": role})
    if made or membership.role != role:
        membership.role = role
        membership.save(update_fields=["role"])
        _tell(tenant, "tenants.member.added" if made else "tenants.member.changed", provider, user, "allowed")


def _tell(tenant: Tenant, action: str, provider: IdentityProvider, user: User | None, outcome: Any) -> None:
    details: dict[str, Any] = {"provider_id": str(provider.pk), "user_id": str(user.pk) if user else None}
    publish(Act(system_actor(tenant.pk), action, "user", user.pk if user else None, outcome=outcome, details=details))
