"""Who may enter a view at all; what they may do there is asked at the door of each object."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kernel.actors import Actor
from kernel.errors import NotFoundError, SignedOutError

READ_SCOPE = "api:read"
WRITE_SCOPE = "api:write"


class InTenant(BasePermission):
    """Someone acts, in a tenant, and their token reaches this far."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user is None or not getattr(request.user, "is_authenticated", False):
            raise SignedOutError()
        actor = request.auth
        if not isinstance(actor, Actor):
            raise NotFoundError()
        scope = view.read_scope if request.method in {"GET", "HEAD", "OPTIONS"} else view.write_scope
        if not actor.may(scope):
            raise NotFoundError(remedy="This token's scopes do not reach here; make one with the scope it needs.")
        return True
