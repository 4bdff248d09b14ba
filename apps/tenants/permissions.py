"""Who may do what to a tenant itself: role × action, nothing else."""

from __future__ import annotations

from apps.tenants.constants import TenantAction, TenantRole
from kernel.actors import Actor
from kernel.errors import NotFoundError

ALLOWED: dict[str, frozenset[TenantAction]] = {
    TenantRole.OWNER: frozenset(TenantAction),
    TenantRole.ADMIN: frozenset(TenantAction),
    TenantRole.MEMBER: frozenset(),
    TenantRole.AUDITOR: frozenset({TenantAction.VIEW_MEMBERS, TenantAction.VIEW_AUDIT, TenantAction.VIEW_JOBS}),
}


def may(actor: Actor, action: TenantAction) -> bool:
    """Whether the actor's role in the tenant allows the action."""
    return actor.is_system or action in ALLOWED.get(actor.role, frozenset())


def require(actor: Actor, action: TenantAction) -> None:
    """Raises `NotFoundError`: a refusal looks like absence."""
    if not may(actor, action):
        raise NotFoundError()
