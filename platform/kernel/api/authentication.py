"""DRF learns who acts from the middleware; sessions must also carry the CSRF token."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from kernel.actors import Actor
from kernel.api.problems import ensure_csrf


class ActorAuthentication(BaseAuthentication):
    """`request.user` and `request.auth` (the `Actor`, or None outside a tenant) as the middleware found them."""

    def authenticate(self, request: Request) -> tuple[Any, Actor | None] | None:
        raw = request._request
        user = getattr(raw, "user", None)
        actor: Actor | None = getattr(raw, "actor", None)
        if actor is not None and actor.token_id is not None:
            return actor.user, actor
        if user is None or not user.is_authenticated:
            return None
        ensure_csrf(request)
        return user, actor

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
