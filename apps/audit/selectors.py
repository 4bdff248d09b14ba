"""Reading the trail."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db.models import Exists, OuterRef, QuerySet

from apps.audit.models import AuditEvent, Checkpoint, SealedLeaf
from apps.tenants.constants import TenantAction
from apps.tenants.selectors import members_by_id, require_action
from kernel.actors import Actor


def event_list_for(
    actor: Actor,
    *,
    action: str = "",
    actor_id: uuid.UUID | None = None,
    object_id: uuid.UUID | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> QuerySet[AuditEvent]:
    """The tenant's events, for those who may see them all. Raises `NotFoundError`."""
    require_action(actor, TenantAction.VIEW_AUDIT)
    rows = _with_seal()
    if action:
        rows = rows.filter(action__startswith=action)
    if actor_id:
        rows = rows.filter(actor_id=actor_id)
    if object_id:
        rows = rows.filter(object_id=object_id)
    if since:
        rows = rows.filter(recorded_at__gte=since)
    if until:
        rows = rows.filter(recorded_at__lt=until)
    return rows


def events_of_objects(object_ids: list[uuid.UUID]) -> QuerySet[AuditEvent]:
    """The events about some objects. The caller has opened the door to those objects."""
    return _with_seal().filter(object_id__in=object_ids)


def checkpoint_list_for(actor: Actor) -> QuerySet[Checkpoint]:
    """The tenant's checkpoints."""
    require_action(actor, TenantAction.VIEW_AUDIT)
    return Checkpoint.objects.all()


def _with_seal() -> QuerySet[AuditEvent]:
    return AuditEvent.objects.annotate(is_sealed=Exists(SealedLeaf.objects.filter(event_id=OuterRef("pk"))))


def with_people(events: list[AuditEvent]) -> list[AuditEvent]:
    """Put the acting member beside each event, in one query."""
    people = members_by_id(e.actor_id for e in events if e.actor_id)
    for event in events:
        event.person = people.get(event.actor_id) if event.actor_id else None  # type: ignore[attr-defined]  # for the serializer
    return events
