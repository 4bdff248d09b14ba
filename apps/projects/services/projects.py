"""Projects and roles in them."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from guardian.shortcuts import assign_perm, remove_perm

from apps.audit.services import event_record
from apps.projects.constants import ROLE_ACTIONS, ProjectAction, ProjectRole
from apps.projects.models import Project, RoleGrant
from apps.projects.selectors import project_get_for
from apps.tenants.constants import TenantAction
from apps.tenants.selectors import members_by_id, require_action
from kernel.actors import Actor
from kernel.errors import ConflictError, NotFoundError


@transaction.atomic
def project_create(
    *, actor: Actor, slug: str, name: str, description: str = "", colour: str = "#4f8cc9", policy: str = "basic"
) -> Project:
    """A new project, in draft; whoever makes it manages it. Raises `ConflictError` when the address is taken."""
    require_action(actor, TenantAction.CREATE_PROJECT)
    try:
        with transaction.atomic():
            project = Project.objects.create(
                slug=slug, name=name, description=description, colour=colour, deidentification_policy=policy
            )
    except IntegrityError:
        raise ConflictError(f"There is already a project at {slug}.", code="project-exists") from None
    event_record(
        actor=actor, action="projects.project.created", object_kind="project", object_id=project.pk, object_label=slug
    )
    if actor.user_id:
        role_grant(actor=actor, project=project, user_id=actor.user_id, role=ProjectRole.MANAGER)
    return project


@transaction.atomic
def project_change(*, actor: Actor, slug: str, changes: dict[str, Any]) -> Project:
    """Change name, description, state, colour or policy of a project."""
    project = project_get_for(actor=actor, slug=slug, action=ProjectAction.MANAGE)
    project = Project.objects.select_for_update().get(pk=project.pk)
    for field in ("name", "description", "state", "colour", "deidentification_policy"):
        if field in changes:
            setattr(project, field, changes[field])
    project.version += 1
    project.save()
    event_record(
        actor=actor,
        action="projects.project.changed",
        object_kind="project",
        object_id=project.pk,
        object_label=project.slug,
        details={"fields": " ".join(sorted(changes))},
    )
    return project


@transaction.atomic
def role_grant(*, actor: Actor, project: Project, user_id: uuid.UUID, role: str) -> RoleGrant:
    """Give a member of the tenant a role in the project.

    Raises `NotFoundError` for a person who is no member, `ConflictError` when they have the role already.
    """
    user = members_by_id([user_id]).get(user_id)
    if user is None:
        raise NotFoundError("This person is not a member of the organisation.", remedy="Add them as a member first.")
    grant, made = RoleGrant.objects.get_or_create(project=project, user=user, role=role)
    if not made:
        raise ConflictError("This person has the role already.", code="already-granted")
    for action in ROLE_ACTIONS[role]:
        assign_perm(action.value, user, project)
    _tell(actor, "projects.role.granted", grant)
    return grant


@transaction.atomic
def role_revoke(*, actor: Actor, project: Project, grant_id: uuid.UUID) -> None:
    """Take a role away; permissions another role still gives stay. The last manager stays."""
    grant = RoleGrant.objects.select_for_update().select_related("user").filter(project=project, pk=grant_id).first()
    if grant is None:
        raise NotFoundError()
    others = RoleGrant.objects.filter(project=project).exclude(pk=grant.pk)
    if grant.role == ProjectRole.MANAGER and not others.filter(role=ProjectRole.MANAGER).exists():
        raise ConflictError("A project needs a manager, and this is the last one.", code="last-manager")
    kept: set[ProjectAction] = set()
    for role in others.filter(user_id=grant.user_id).values_list("role", flat=True):
        kept |= ROLE_ACTIONS[role]
    for action in ROLE_ACTIONS[grant.role] - kept:
        remove_perm(action.value, grant.user, project)
    _tell(actor, "projects.role.revoked", grant)
    grant.delete()


def _tell(actor: Actor, action: str, grant: RoleGrant) -> None:
    event_record(
        actor=actor,
        action=action,
        object_kind="project",
        object_id=grant.project_id,
        details={"user_id": str(grant.user_id), "role": grant.role},
    )
