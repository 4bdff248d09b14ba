"""Writing the trail: the one function every room calls, in the transaction that acts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from apps.audit.domain import merkle, records
from apps.audit.models import AuditEvent
from kernel.actors import Actor
from kernel.acts import Act, Outcome
from kernel.ids import uuid7

Detail = str | int | float | bool | None


def event_record(
    *,
    actor: Actor,
    action: str,
    object_kind: str,
    object_id: uuid.UUID | None = None,
    object_label: str = "",
    subject_pseudonym: str = "",
    outcome: Outcome = "allowed",
    digest_before: str = "",
    digest_after: str = "",
    details: Mapping[str, Detail] | None = None,
) -> AuditEvent:
    """Write one event. Must run in the transaction of what it tells, so that the two are kept or lost together.

    `action` is `app.noun.verb`. Labels and details hold no personal data of patients: pseudonyms, counts, digests.
    """
    event = _event(
        actor=actor,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        object_label=object_label,
        subject_pseudonym=subject_pseudonym,
        outcome=outcome,
        digest_before=digest_before,
        digest_after=digest_after,
        details=details,
    )
    event.save(force_insert=True)
    return event


def events_record(*, actor: Actor, rows: list[dict[str, Any]]) -> None:
    """Write many events at once; each row holds the arguments of `event_record` but the actor."""
    AuditEvent.objects.bulk_create([_event(actor=actor, **row) for row in rows], batch_size=500)


def act_record(act: Act) -> AuditEvent:
    """Write what a lower room said it did."""
    return event_record(
        actor=act.actor,
        action=act.action,
        object_kind=act.object_kind,
        object_id=act.object_id,
        outcome=act.outcome,
        subject_pseudonym=act.subject_pseudonym,
        details=act.details,
    )


def _event(
    *,
    actor: Actor,
    action: str,
    object_kind: str,
    object_id: uuid.UUID | None = None,
    object_label: str = "",
    subject_pseudonym: str = "",
    outcome: Outcome = "allowed",
    digest_before: str = "",
    digest_after: str = "",
    details: Mapping[str, Detail] | None = None,
) -> AuditEvent:
    event = AuditEvent(
        id=uuid7(),
        tenant_id=actor.tenant_id,
        recorded_at=timezone.now(),
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        token_id=actor.token_id,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        object_label=object_label[:120],
        subject_pseudonym=subject_pseudonym,
        outcome=outcome,
        source=actor.source[:60],
        request_id=actor.request_id[:40],
        digest_before=digest_before,
        digest_after=digest_after,
        # floats have no canonical form here: they are written as text
        details={k: repr(v) if isinstance(v, float) else v for k, v in (details or {}).items()},
    )
    event.leaf_hash = merkle.leaf_hash(records.event_bytes(plain(event))).hex()
    return event


def plain(event: AuditEvent) -> dict[str, Any]:
    """The event's fields as the plain values that are hashed and exported."""
    fields = {name: getattr(event, name) for name in records.EVENT_FIELDS}
    for name, value in fields.items():
        if isinstance(value, uuid.UUID):
            fields[name] = str(value)
    fields["recorded_at"] = event.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return fields
