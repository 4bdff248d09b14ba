"""The door of a project: object permissions by django-guardian, derived from roles."""

from __future__ import annotations

import uuid

from guardian.shortcuts import get_objects_for_user, get_perms

from apps.projects.constants import ProjectAction
from apps.projects.models import Project
from kernel.actors import Actor
from kernel.errors import NotFoundError


def may(actor: Actor, action: ProjectAction, project: Project) -> bool:
    """Whether the actor holds the permission on this project."""
    if actor.is_system:
        return True
    return actor.user is not None and action.value in get_perms(actor.user, project)


def require(actor: Actor, action: ProjectAction, project: Project) -> None:
    """Raises `NotFoundError`: a refusal looks like absence."""
    if not may(actor, action, project):
        raise NotFoundError()


def project_ids(actor: Actor, action: ProjectAction) -> list[uuid.UUID]:
    """The ids of the projects where the actor holds the permission, in one query."""
    if actor.is_system:
        return list(Project.objects.values_list("pk", flat=True))
    if actor.user is None:
        return []
    found = get_objects_for_user(actor.user, action.value, Project, use_groups=False, accept_global_perms=False)
    return list(found.values_list("pk", flat=True))
