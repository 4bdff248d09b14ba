"""The one place where a request gets its tenant.

`/t/<slug>` is taken off the path; the tenant is the membership of whoever is signed in, or the token's own. The view
then runs inside that tenant's scope, or in none.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.tenants import selectors
from apps.tenants.models import User
from apps.tenants.services import tokens
from kernel.actors import Actor
from kernel.acts import Act
from kernel.api.addresses import client_address
from kernel.api.problems import problem_response
from kernel.errors import NotFoundError, SignedOutError
from kernel.events import publish
from kernel.tenancy.scope import tenant_scope

_PREFIX = re.compile(r"^/t/([a-z0-9][a-z0-9-]*)(/.*|$)")


class TenantMiddleware:
    """Sets `request.tenant_slug`, `request.tenant_prefix` and `request.actor`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        slug = self._take_prefix(request)
        try:
            actor = self._actor(request, slug)
        except (SignedOutError, NotFoundError) as refusal:
            return problem_response(refusal)
        request.actor = actor  # type: ignore[attr-defined]  # ours, read by ActorAuthentication
        if actor is None:
            return self.get_response(request)
        with tenant_scope(actor.tenant_id):
            response = self.get_response(request)
        self._record_refusal(request, actor)
        return response

    def _take_prefix(self, request: HttpRequest) -> str:
        match = _PREFIX.match(request.path_info)
        slug = match.group(1) if match else ""
        request.tenant_slug = slug  # type: ignore[attr-defined]  # ours
        request.tenant_prefix = f"/t/{slug}" if slug else ""  # type: ignore[attr-defined]  # ours
        if match:
            request.path_info = match.group(2) or "/"
        return slug

    def _actor(self, request: HttpRequest, slug: str) -> Actor | None:
        source, request_id = client_address(request), getattr(request, "request_id", "")
        header = request.headers.get("Authorization", "")
        if header.startswith("Bearer "):
            return self._token_actor(header.removeprefix("Bearer ").strip(), slug, source, request_id)
        if slug and isinstance(request.user, User):
            return selectors.actor_for_membership(
                user=request.user,
                slug=slug,
                source=source,
                request_id=request_id,
                only_tenant=selectors.tenant_of_session(request.session),
            )
        return None

    def _token_actor(self, text: str, slug: str, source: str, request_id: str) -> Actor:
        token = selectors.token_find(text)
        if token is None:
            raise SignedOutError("The token is unknown, expired or revoked.", remedy="Make a new token and use that.")
        with tenant_scope(token.tenant_id):
            role = selectors.role_in_tenant(token.user)
            tokens.token_used(token)
        actor = Actor(
            kind="service" if token.user.is_service else "person",
            tenant_id=token.tenant_id,
            user=token.user,
            role=role,
            scopes=frozenset(token.scopes),
            token_id=token.pk,
            source=source,
            request_id=request_id,
        )
        tenant = selectors.tenant_by_slug(slug) if slug else None
        if slug and (tenant is None or tenant.pk != token.tenant_id):
            raise NotFoundError()
        return actor

    def _record_refusal(self, request: HttpRequest, actor: Actor) -> None:
        # The refused request was rolled back; that it was refused is kept.
        refused = getattr(request, "refused_act", None)
        if isinstance(refused, Act):
            with tenant_scope(actor.tenant_id):
                publish(refused)
