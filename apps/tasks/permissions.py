"""Who may hold which task: object permissions on the project, by the kind of stage."""

from __future__ import annotations

import uuid

from apps.projects.constants import ProjectAction, ProjectState
from apps.projects.selectors import project_ids_for, projects_by_id
from kernel.actors import Actor

STAGE_ACTIONS: dict[str, ProjectAction] = {
    "read": ProjectAction.READ,
    "adjudicate": ProjectAction.ADJUDICATE,
}


def projects_by_kind(actor: Actor) -> dict[str, list[uuid.UUID]]:
    """The projects in which the actor may do each kind of stage now, as a person: the platform reads nothing.

    One query a kind.
    """
    if actor.user_id is None:
        return {kind: [] for kind in STAGE_ACTIONS}
    return {kind: project_ids_for(actor, action) for kind, action in STAGE_ACTIONS.items()}


def open_projects_by_kind(actor: Actor) -> dict[str, list[uuid.UUID]]:
    """The same, projects that are not open left out: there nothing new is taken."""
    allowed = projects_by_kind(actor)
    projects = projects_by_id(project_id for ids in allowed.values() for project_id in ids)
    is_open = {pk for pk, project in projects.items() if project.state == ProjectState.OPEN}
    return {kind: [i for i in ids if i in is_open] for kind, ids in allowed.items()}
