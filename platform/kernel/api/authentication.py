"""DRF learns who acts from the middleware; sessions must also carry the CSRF token."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from kernel.actors import Actor
from kernel.errors import ForbiddenError


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
        self._enforce_csrf(request)
        return user, actor

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _enforce_csrf(self, request: Request) -> None:
        check = CSRFCheck(lambda _request: None)  # type: ignore[arg-type, return-value]  # DRF calls it the same way
        check.process_request(request._request)
        if check.process_view(request._request, None, (), {}):  # type: ignore[arg-type]  # no view is wrapped
            raise ForbiddenError(
                "The request did not carry the page's CSRF token.", code="csrf", remedy="Reload the page and try again."
            )
