"""What tests of the rooms start from: tenants, people, projects, and HTTP clients that are one of them."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from apps.projects.services.definitions import charter_set, label_schema_set
from apps.projects.services.projects import project_change, project_create, role_grant
from apps.tenants.services.membership import member_add, tenant_create
from kernel.actors import Actor, system_actor
from kernel.tenancy.scope import tenant_scope

PASSWORD = "a long enough passphrase"
_numbers = itertools.count(1)

SCHEMA: dict[str, Any] = {
    "classes": [
        {
            "number": 1,
            "name": "Nodule",
            "colour": "#e69f00",
            "category": {
                "value": "49755003",
                "scheme_designator": "SCT",
                "meaning": "Morphologically Abnormal Structure",
            },
            "type": {"value": "27925004", "scheme_designator": "SCT", "meaning": "Nodule"},
        }
    ]
}
CHARTER: dict[str, Any] = {
    "task_sentence": "Outline every nodule.",
    "stages": [
        {"key": "read", "kind": "read", "readers": 2, "blinded": True, "lease_s": 3600},
        {"key": "adjudicate", "kind": "adjudicate", "readers": 1, "blinded": False, "lease_s": 3600},
    ],
    "agreement": {"metric": "dice", "threshold": 0.8},
    "consensus": {"algorithm": "majority"},
    "rationale_required": True,
}


@dataclass(frozen=True)
class TenantWorld:
    """One tenant with an owner, and ways to people it."""

    id: uuid.UUID
    slug: str
    owner: Actor

    def member(self, role: str = "member", name: str = "Ōsaka 大阪 مريم") -> Actor:
        """A new person with a role in the tenant."""
        number = next(_numbers)
        with tenant_scope(self.id):
            added = member_add(
                actor=self.owner,
                email=f"p{number}@{self.slug}.test",
                name=f"{name} {number}",
                role=role,
                password=PASSWORD,
            )
            return Actor("person", self.id, user=added.user, role=role, source="test")

    def project(self, slug: str = "lung", **people: Actor) -> Any:
        """An open project with a label schema and a charter; `reader=actor` grants the role (digits are dropped)."""
        with tenant_scope(self.id):
            project = project_create(actor=self.owner, slug=slug, name=slug.title())
            label_schema_set(actor=self.owner, project=project, definition=SCHEMA)
            charter_set(actor=self.owner, project=project, definition=CHARTER)
            project = project_change(actor=self.owner, slug=slug, changes={"state": "open"})
            for role, actor in people.items():
                role_grant(actor=self.owner, project=project, user_id=actor.user.pk, role=role.rstrip("0123456789"))
        return project

    def client(self, actor: Actor | None) -> TenantClient:
        """A signed-in browser of this person, inside this tenant."""
        client = TenantClient(self.slug)
        if actor is not None:
            client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
        return client


class TenantClient(Client):
    """Django's client with the tenant's prefix before every path that is not absolute."""

    def __init__(self, slug: str) -> None:
        super().__init__()
        self.slug = slug

    def generic(self, method: str, path: Any, *args: Any, **kwargs: Any) -> Any:
        prefixed = path if path.startswith(("/t/", "/api/v1/session", "/healthz")) else f"/t/{self.slug}{path}"
        return super().generic(method, prefixed, *args, **kwargs)

    def json(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A JSON request."""
        extra = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in headers.items()}
        data = b"" if body is None else json.dumps(body)
        return self.generic(method, path, data, content_type="application/json", **extra)


@pytest.fixture
def make_tenant(db: None) -> Callable[[], TenantWorld]:
    """Make tenants that have never met."""

    def make() -> TenantWorld:
        slug = f"tenant-{uuid.uuid4().hex[:8]}"
        tenant = tenant_create(slug=slug, name=slug.title())
        with tenant_scope(tenant.pk):
            added = member_add(
                actor=system_actor(tenant.pk), email=f"owner@{slug}.test", name="Owner", role="owner", password=PASSWORD
            )
        return TenantWorld(tenant.pk, slug, Actor("person", tenant.pk, user=added.user, role="owner", source="test"))

    return make


@pytest.fixture
def north(make_tenant: Callable[[], TenantWorld]) -> TenantWorld:
    """One tenant."""
    return make_tenant()


@pytest.fixture
def south(make_tenant: Callable[[], TenantWorld]) -> TenantWorld:
    """Another tenant, which must never meet the first."""
    return make_tenant()
