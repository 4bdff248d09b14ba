"""API tokens: made, shown once, revoked."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.utils import timezone

from apps.tenants import permissions, selectors
from apps.tenants.constants import TenantAction, TokenScope
from apps.tenants.domain import tokens
from apps.tenants.models import ApiToken, User
from kernel.actors import Actor
from kernel.acts import Act
from kernel.errors import InvalidError, NotFoundError
from kernel.events import publish

LONGEST = dt.timedelta(days=366)


@transaction.atomic
def token_create(
    *, actor: Actor, name: str, scopes: list[str], expires_at: dt.datetime, for_user: User | None = None
) -> tuple[ApiToken, str]:
    """A token for oneself or, by an administrator, for a service account. The text is returned once and not kept.

    Raises `InvalidError` when it would live longer than a year, and `NotFoundError` for another person's.
    """
    owner = for_user or actor.user
    if owner.pk != actor.user_id:
        permissions.require(actor, TenantAction.CHANGE_MEMBERS)
        if not owner.is_service:
            raise NotFoundError()
    if not set(scopes) <= set(TokenScope.values) or not scopes:
        raise InvalidError("Unknown scope.", code="unknown-scope", remedy="Choose from the scopes the page offers.")
    if not timezone.now() < expires_at <= timezone.now() + LONGEST:
        raise InvalidError("A token expires within a year.", code="token-expiry", remedy="Choose a date within a year.")
    if actor.scopes is not None and not set(scopes) <= actor.scopes:
        raise NotFoundError()
    text, digest = tokens.make(actor.tenant_id)
    token = ApiToken.objects.create(user=owner, name=name, digest=digest, scopes=sorted(scopes), expires_at=expires_at)
    publish(Act(actor, "tenants.token.created", "token", token.pk, details={"scopes": " ".join(token.scopes)}))
    return token, text


@transaction.atomic
def token_revoke(*, actor: Actor, token_id: uuid.UUID) -> None:
    """The token stops working now. Raises `NotFoundError`."""
    token = selectors.token_list_for(actor).select_for_update(of=("self",)).filter(pk=token_id).first()
    if token is None:
        raise NotFoundError()
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    publish(Act(actor, "tenants.token.revoked", "token", token.pk))


def token_used(token: ApiToken) -> None:
    """Remember the last use, at most once a minute."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > dt.timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
