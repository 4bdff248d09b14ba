"""Two organisations that must never meet, and who works there."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.projects.services.definitions import charter_set, label_schema_set
from apps.projects.services.projects import project_change, project_create, role_grant
from apps.tenants.selectors import tenant_by_slug
from apps.tenants.services.membership import member_add, tenant_create
from kernel.actors import Actor, system_actor
from kernel.tenancy.scope import tenant_scope

PROJECT = "lung-nodules"

LABEL_SCHEMA: dict[str, Any] = {
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
            "anatomic_region": {"value": "39607008", "scheme_designator": "SCT", "meaning": "Lung"},
        }
    ],
    "questions": [
        {
            "key": "malignancy",
            "text": "How suspicious is the nodule?",
            "kind": "single_choice",
            "level": "study",
            "required": False,
            "choices": [
                {"key": "1", "text": "Highly unlikely"},
                {"key": "2", "text": "Moderately unlikely"},
                {"key": "3", "text": "Indeterminate"},
                {"key": "4", "text": "Moderately suspicious"},
                {"key": "5", "text": "Highly suspicious"},
            ],
        }
    ],
}
CHARTER: dict[str, Any] = {
    "task_sentence": "Outline every nodule of 3 mm or more.",
    "stages": [
        {"key": "read", "kind": "read", "readers": 2, "blinded": True, "lease_s": 7200},
        {"key": "adjudicate", "kind": "adjudicate", "readers": 1, "blinded": False, "lease_s": 7200},
    ],
    "agreement": {"metric": "dice", "threshold": 0.85},
    "consensus": {"algorithm": "majority"},
    "rationale_required": True,
}


@dataclass
class Organisation:
    """A tenant with its people; `password` is the same for all of them, made for this installation."""

    slug: str
    name: str
    tenant_id: Any
    owner: Actor
    password: str
    people: dict[str, Actor] = field(default_factory=dict)

    def email(self, who: str) -> str:
        """The address somebody signs in with."""
        return f"{who}@{self.slug}.example"


_ROLES = {
    "manager": "manager",
    "reader1": "reader",
    "reader2": "reader",
    "adjudicator": "adjudicator",
    "reviewer": "reviewer",
    "customer": "customer",
    "auditor": "auditor",
}
_NAMES = {
    "manager": "Mina Okafor",
    "reader1": "Dr. Ana Ruiz",
    "reader2": "Dr. 佐藤 健",
    "adjudicator": "Dr. ليلى حداد",
    "reviewer": "Dr. Jonas Weiß",
    "customer": "Casey Lindqvist",
    "auditor": "Rita Novák",
}


def organisation_make(slug: str, name: str, *, password: str = "") -> Organisation:
    """A tenant with one open project and a person in every role."""
    password = password or secrets.token_urlsafe(12)
    tenant = tenant_create(slug=slug, name=name)
    with tenant_scope(tenant.pk):
        system = system_actor(tenant.pk)
        added = member_add(
            actor=system, email=f"owner@{slug}.example", name="Olive Tan", role="owner", password=password
        )
        owner = Actor("person", tenant.pk, user=added.user, role="owner", source="demo")
        made = Organisation(slug, name, tenant.pk, owner, password)
        project = project_create(
            actor=owner,
            slug=PROJECT,
            name="Lung nodules",
            description="Two blinded reads, a third settles.",
            policy="basic",
        )
        label_schema_set(actor=owner, project=project, definition=LABEL_SCHEMA)
        charter_set(actor=owner, project=project, definition=CHARTER)
        project_change(actor=owner, slug=PROJECT, changes={"state": "open"})
        for who, role in _ROLES.items():
            tenant_role = "auditor" if who == "auditor" else "member"
            added = member_add(
                actor=owner, email=made.email(who), name=_NAMES[who], role=tenant_role, password=password
            )
            made.people[who] = Actor("person", tenant.pk, user=added.user, role=tenant_role, source="demo")
            role_grant(actor=owner, project=project, user_id=added.user.pk, role=role)
    return made


def organisation_exists(slug: str) -> bool:
    """Whether the demonstration was loaded before."""
    return tenant_by_slug(slug) is not None


def sign_ins_write(path: Path, organisations: list[Organisation]) -> None:
    """Say how to sign in, in a file only its owner reads."""
    lines = []
    for made in organisations:
        lines.append(f"{made.name} (/t/{made.slug}/), password {made.password}")
        lines += [f"  {made.email(who)}" for who in ("owner", *made.people)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    path.chmod(0o600)
