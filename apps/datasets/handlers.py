"""What the room does when lower rooms tell of something."""

from __future__ import annotations

from apps.datasets.services.erasing import members_mark_erased
from apps.studies.domain.events import SubjectErased
from kernel.actors import system_actor
from kernel.events import subscribe
from kernel.tenancy.scope import current_tenant_id


def connect() -> None:
    """Subscribe; called once by the app's `ready`."""
    subscribe(SubjectErased, on_subject_erased)


def on_subject_erased(event: SubjectErased) -> None:
    members_mark_erased(actor=system_actor(current_tenant_id()), subject_id=event.subject_id)
