"""Reads of the room."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.tenants import permissions
from apps.tenants.constants import SESSION_TENANT, TenantAction
from apps.tenants.domain import tokens
from apps.tenants.domain.claims import email_domain
from apps.tenants.models import ApiToken, DomainRoute, IdentityProvider, Membership, PersonSession, Tenant, User
from kernel.actors import Actor
from kernel.errors import NotFoundError
from kernel.tenancy.scope import person_scope, tenant_scope

Person = User

require_action = permissions.require
may_act = permissions.may


def person_of(request: HttpRequest) -> User | None:
    """Who is signed in with the request's session, if anybody."""
    return request.user if isinstance(request.user, User) else None


def tenant_by_slug(slug: str) -> Tenant | None:
    """The tenant at an address."""
    return Tenant.objects.filter(slug=slug).first()


def tenant_of(actor: Actor) -> Tenant:
    """The tenant the actor acts in."""
    return Tenant.objects.select_related("region").get(pk=actor.tenant_id)


def tenant_of_session(session: Any) -> str | None:
    """The id of the one tenant a session opens, where that tenant's identity provider opened it; None: all of them."""
    found: str | None = session.get(SESSION_TENANT)
    return found


def actor_for_membership(
    *, user: User, slug: str, source: str, request_id: str, only_tenant: str | None = None
) -> Actor | None:
    """The signed-in person as an actor in the tenant at `slug`, or None when they are no member.

    `only_tenant`: the id of the one tenant their session opens.
    """
    tenant = tenant_by_slug(slug)
    if tenant is None or (only_tenant is not None and str(tenant.pk) != only_tenant):
        return None
    with person_scope(user.pk):
        role = Membership.objects.filter(user_id=user.pk, tenant_id=tenant.pk).values_list("role", flat=True).first()
    if role is None:
        return None
    return Actor(
        kind="service" if user.is_service else "person",
        tenant_id=tenant.pk,
        user=user,
        role=role,
        source=source,
        request_id=request_id,
    )


def token_find(text: str) -> ApiToken | None:
    """The live token of this text, with its user; None when unknown, expired, revoked, or its person may not enter."""
    parts = tokens.parse(text)
    if parts is None:
        return None
    with tenant_scope(parts.tenant_id):
        found = (
            ApiToken.objects.select_related("user")
            .filter(digest=parts.digest, revoked_at=None, expires_at__gt=timezone.now(), user__is_active=True)
            .first()
        )
        if found is None or not Membership.objects.filter(user_id=found.user_id).exists():
            return None
    return found


def memberships_of(user: User, *, only_tenant: str | None = None) -> list[dict[str, Any]]:
    """The tenants a person may enter: id, slug, name, region, role; with `only_tenant` that one at most."""
    with person_scope(user.pk):
        rows = list(Membership.objects.filter(user_id=user.pk).values("tenant_id", "role"))
    tenants = {t.pk: t for t in Tenant.objects.select_related("region").filter(pk__in=[r["tenant_id"] for r in rows])}
    found = [
        {"id": t.pk, "slug": t.slug, "name": t.name, "region": t.region.slug, "role": row["role"]}
        for row in rows
        if (t := tenants.get(row["tenant_id"])) and only_tenant in (None, str(t.pk))
    ]
    return sorted(found, key=lambda t: t["name"])


def sessions_of(user: User, *, asking: Any) -> QuerySet[PersonSession]:
    """A person's signed-in browsers, newest first; to a session that opens one tenant, only itself."""
    rows = PersonSession.objects.filter(user_id=user.pk).order_by("-last_seen_at")
    return rows if tenant_of_session(asking) is None else rows.filter(session_key=asking.session_key)


def member_list_for(actor: Actor) -> QuerySet[Membership]:
    """The tenant's members. Raises `NotFoundError` for those who may not see them."""
    permissions.require(actor, TenantAction.VIEW_MEMBERS)
    return Membership.objects.select_related("user")


def member_get_for(*, actor: Actor, membership_id: uuid.UUID) -> Membership:
    """One member. Raises `NotFoundError`."""
    found = member_list_for(actor).filter(pk=membership_id).first()
    if found is None:
        raise NotFoundError()
    return found


def member_by_email(email: str) -> User | None:
    """The member of the current tenant with this address."""
    row = Membership.objects.select_related("user").filter(user__email__iexact=email.strip()).first()
    return row.user if row else None


def members_by_id(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, User]:
    """Members of the current tenant by user id, in one query."""
    rows = Membership.objects.select_related("user").filter(user_id__in=set(user_ids))
    return {row.user_id: row.user for row in rows}


def token_list_for(actor: Actor) -> QuerySet[ApiToken]:
    """The actor's own tokens; administrators see every one of the tenant."""
    mine = ApiToken.objects.select_related("user").filter(revoked_at=None)
    return mine if actor.administers else mine.filter(user=actor.user)


def provider_list_for(actor: Actor) -> QuerySet[IdentityProvider]:
    """The tenant's identity providers."""
    permissions.require(actor, TenantAction.CHANGE_PROVIDERS)
    return IdentityProvider.objects.all()


def provider_for_sign_in(tenant: Tenant) -> IdentityProvider | None:
    """The provider people of this tenant sign in with."""
    with tenant_scope(tenant.pk):
        return IdentityProvider.objects.filter(enabled=True).order_by("created_at").first()


def role_in_tenant(user: User) -> str:
    """The person's role in the current tenant, or "" when they are no member."""
    return Membership.objects.filter(user_id=user.pk).values_list("role", flat=True).first() or ""


def route_for_email(email: str) -> tuple[Tenant, uuid.UUID] | None:
    """The tenant and provider that people of this mail domain sign in with."""
    route = DomainRoute.objects.select_related("tenant").filter(domain=email_domain(email)).first()
    return (route.tenant, route.provider_id) if route else None


def tenants_all() -> list[Tenant]:
    """Every tenant, for commands and schedules."""
    return list(Tenant.objects.select_related("region").order_by("slug"))
