"""Who may see pixels and attributes of which studies. The default is refusal.

Managers, reviewers and auditors of a project see all its studies (`ProjectAction.VIEW_STUDIES`). Everybody else sees a
study only where a higher room grants it: the tasks room grants readers the studies of cases assigned to them now.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection

from apps.projects.constants import ProjectAction
from apps.projects.selectors import may, project_ids_for
from apps.studies.models import Study
from kernel.actors import Actor

Grant = Callable[[Actor, Collection[uuid.UUID]], Collection[uuid.UUID]]

_grants: list[Grant] = []


def register_grant(grant: Grant) -> None:
    """Add a rule: given an actor and study ids, the ids that the actor may see now. From the `ready` of an app."""
    if grant not in _grants:
        _grants.append(grant)


def may_view(actor: Actor, study: Study) -> bool:
    """Whether the actor may see this study now."""
    if may(actor, ProjectAction.VIEW_STUDIES, study.project):
        return True
    return any(study.pk in grant(actor, [study.pk]) for grant in _grants)


def may_act(actor: Actor, action: ProjectAction, study: Study) -> bool:
    """Whether the actor holds a project permission where the study lies."""
    return may(actor, action, study.project)


def granted_ids(actor: Actor, study_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the studies that a higher room grants the actor now."""
    found: set[uuid.UUID] = set()
    for grant in _grants:
        found |= set(grant(actor, study_ids))
    return found & set(study_ids)


def open_project_ids(actor: Actor) -> list[uuid.UUID]:
    """The projects all of whose studies the actor may see."""
    return project_ids_for(actor, ProjectAction.VIEW_STUDIES)
