"""Live messages of the room. Blind: a reader's page hears nothing that another reader's act caused.

`worklist` goes to everybody in the tenant when cases are made, which no reader causes, and otherwise only to the person
whose own act it was. An adjudication that opens tells that two readers disagree, so that it is told to adjudicators
who are no readers of the project, one by one; every other page finds it when it asks next.
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
    if kind == "read":
        broadcast_on_commit(current_tenant_id(), {"type": "worklist"})
        return
    readers = user_ids_with_role(project_id, ProjectRole.READER)
    for user_id in sorted(user_ids_with_role(project_id, ProjectRole.ADJUDICATOR) - readers):
        broadcast_on_commit(current_tenant_id(), {"type": "worklist", "user_id": str(user_id)})


def own_worklist_changed(actor: Actor) -> None:
    """The person's other pages: they took, put down or handed in a case."""
    broadcast_on_commit(actor.tenant_id, {"type": "worklist", "user_id": str(actor.user_id)})


def case_changed(case_id: uuid.UUID) -> None:
    """A case moved. Only those who may see cases hear messages of this kind (`apps.tenants.selectors.live_topics`)."""
    broadcast_on_commit(current_tenant_id(), {"type": "case", "case_id": str(case_id)})
