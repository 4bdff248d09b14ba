"""Live messages of the room. Blind: a reader's page hears nothing that another reader's act caused.

A message with `user_id` reaches that person's pages only; one with `project_id` those who see the project's cases.
New cases are told to every reader, which no reader's act causes. What one does with a case is told to their own pages.
An adjudication that opens tells that two readers disagree: it is told to adjudicators who are no readers of the
project; every other page finds it when it asks next.
"""

from __future__ import annotations

import uuid

from apps.projects.constants import ProjectRole
from apps.projects.selectors import user_ids_with_role
from kernel.actors import Actor
from kernel.jobs.live import broadcast_on_commit
from kernel.tenancy.scope import current_tenant_id


def worklist_changed(*, project_id: uuid.UUID, kind: str) -> None:
    """Cases were made (`kind` "read") or an adjudication opened ("adjudicate")."""
    told = user_ids_with_role(project_id, ProjectRole.READER)
    if kind == "adjudicate":
        told = user_ids_with_role(project_id, ProjectRole.ADJUDICATOR) - told
    for user_id in sorted(told):
        broadcast_on_commit(current_tenant_id(), {"type": "worklist", "user_id": str(user_id)})


def own_worklist_changed(actor: Actor) -> None:
    """The person's other pages: they took, put down or handed in a case."""
    broadcast_on_commit(actor.tenant_id, {"type": "worklist", "user_id": str(actor.user_id)})


def case_changed(*, case_id: uuid.UUID, project_id: uuid.UUID) -> None:
    """A case moved."""
    broadcast_on_commit(current_tenant_id(), {"type": "case", "case_id": str(case_id), "project_id": str(project_id)})
