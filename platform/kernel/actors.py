"""Who acts. Every service takes an `Actor` first; there is no other way to say on whose behalf something happens."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from kernel.ids import uuid7

ActorKind = Literal["person", "service", "system"]


@dataclass(frozen=True)
class Actor:
    """A person, a service account or the platform itself, acting in one tenant.

    `user`    the account (None for the system).
    `role`    the membership's role in this tenant: owner, admin, member, auditor; "" for the system.
    `scopes`  what an API token may do; None means a session, which is not narrowed.
    `source`  the client's address, for the audit trail only.
    """

    kind: ActorKind
    tenant_id: uuid.UUID
    user: Any = None
    role: str = ""
    scopes: frozenset[str] | None = None
    token_id: uuid.UUID | None = None
    source: str = ""
    request_id: str = field(default_factory=lambda: str(uuid7()))

    @property
    def user_id(self) -> uuid.UUID | None:
        """The account's id, or None for the system."""
        return None if self.user is None else self.user.pk

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    @property
    def administers(self) -> bool:
        """Whether the person runs the tenant (owner or admin)."""
        return self.is_system or self.role in {"owner", "admin"}

    def may(self, scope: str) -> bool:
        """Whether the token, if there is one, reaches as far as `scope`."""
        return self.scopes is None or scope in self.scopes


def system_actor(tenant_id: uuid.UUID, *, request_id: str = "") -> Actor:
    """The platform acting by itself: jobs, schedules, handlers of events."""
    return Actor(kind="system", tenant_id=tenant_id, source="platform", request_id=request_id or str(uuid7()))
