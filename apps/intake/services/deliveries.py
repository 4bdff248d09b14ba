"""Open, complete, cancel and close a delivery."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from apps.audit.services import event_record
from apps.intake.constants import (
    ACTION_CANCELLED,
    ACTION_CLOSED,
    ACTION_COMPLETED,
    ACTION_CREATED,
    PROCESS_JOB,
)
from apps.intake.domain.states import OPEN, DeliveryState, FileState
from apps.intake.models import Delivery, IncomingFile
from apps.intake.selectors import delivery_get_for
from apps.projects.constants import ProjectAction
from apps.projects.selectors import project_get_for
from kernel.actors import Actor
from kernel.blobs.models import Blob
from kernel.blobs.services import blobs_delete
from kernel.errors import ConflictError
from kernel.ids import uuid7
from kernel.jobs.live import broadcast_on_commit
from kernel.jobs.models import Job
from kernel.jobs.services import enqueue
from kernel.keys.services import delivery_key_create, key_destroy


@transaction.atomic
def delivery_create(*, actor: Actor, slug: str, name: str, source: str, files_expected: int | None = None) -> Delivery:
    """Open a delivery to a project. `source` is browser, api, stow or import. Raises `NotFoundError`."""
    project = project_get_for(actor=actor, slug=slug, action=ProjectAction.DELIVER)
    delivery_id = uuid7()
    key = delivery_key_create(project.pk, delivery_id)
    delivery = Delivery.objects.create(
        pk=delivery_id,
        project=project,
        name=name[:120],
        source=source,
        key=key,
        files_expected=files_expected,
        created_by=actor.user_id,
    )
    _tell(actor, ACTION_CREATED, delivery)
    return delivery


@transaction.atomic
def delivery_complete(*, actor: Actor, delivery_id: uuid.UUID) -> Delivery:
    """Everything has been sent: begin the work. Repeating it changes nothing. Raises `ConflictError` when cancelled."""
    delivery_get_for(actor=actor, delivery_id=delivery_id)
    delivery = Delivery.objects.select_for_update().select_related("project", "key").get(pk=delivery_id)
    if delivery.state == DeliveryState.CANCELLED:
        raise ConflictError("This delivery was cancelled.", code="delivery-cancelled", remedy="Open a new one.")
    if delivery.state == DeliveryState.RECEIVING:
        delivery.state = DeliveryState.PROCESSING.value
        delivery.job_id = processing_enqueue(actor=actor, delivery=delivery).pk
        delivery.save(update_fields=["state", "job_id"])
        _tell(actor, ACTION_COMPLETED, delivery, files=delivery.files_received)
    return delivery


@transaction.atomic
def delivery_cancel(*, actor: Actor, delivery_id: uuid.UUID) -> Delivery:
    """Turn away whatever of a delivery was not admitted yet. Raises `ConflictError` once it is done."""
    delivery_get_for(actor=actor, delivery_id=delivery_id)
    delivery = Delivery.objects.select_for_update().select_related("project", "key").get(pk=delivery_id)
    if delivery.state == DeliveryState.DONE:
        raise ConflictError("This delivery is done; its files were decided.", code="delivery-done")
    delivery.state = DeliveryState.CANCELLED.value
    delivery.save(update_fields=["state"])
    IncomingFile.objects.filter(delivery=delivery, state__in=[*(s.value for s in OPEN), FileState.HELD]).update(
        state=FileState.REFUSED, reason_code="cancelled", reason_title="The delivery was cancelled", reason_remedy=""
    )
    _tell(actor, ACTION_CANCELLED, delivery)
    delivery_close_if_settled(actor=actor, delivery=delivery)
    return delivery


def processing_enqueue(*, actor: Actor, delivery: Delivery) -> Job:
    """The job that works on a delivery; one at a time."""
    return enqueue(
        PROCESS_JOB,
        actor=actor,
        project_id=delivery.project_id,
        subject=("delivery", delivery.pk),
        dedup_key=str(delivery.pk),
        delivery_id=delivery.pk,
    )


@transaction.atomic
def delivery_settle(*, actor: Actor, delivery_id: uuid.UUID) -> bool:
    """Mark a delivery done when nothing of it is in work. False when more arrived meanwhile: go on working."""
    delivery = Delivery.objects.select_for_update().select_related("project", "key").get(pk=delivery_id)
    if IncomingFile.objects.filter(delivery=delivery, state__in=[s.value for s in OPEN]).exists():
        return False
    if delivery.state != DeliveryState.CANCELLED:
        delivery.state = DeliveryState.DONE.value
        delivery.save(update_fields=["state"])
    delivery_close_if_settled(actor=actor, delivery=delivery)
    return True


def delivery_close_if_settled(*, actor: Actor, delivery: Delivery) -> None:
    """Destroy a delivery's secret once nothing of it waits for work or a person; what it sealed is removed."""
    waiting = [*(s.value for s in OPEN), FileState.HELD.value]
    is_open = delivery.state in {DeliveryState.RECEIVING, DeliveryState.PROCESSING}
    if is_open or delivery.closed_at or IncomingFile.objects.filter(delivery=delivery, state__in=waiting).exists():
        return
    delivery.closed_at = timezone.now()
    delivery.save(update_fields=["closed_at"])
    key_destroy(delivery.key)
    IncomingFile.objects.filter(delivery=delivery).update(blob=None)
    blobs_delete(list(Blob.objects.filter(key=delivery.key)))
    _tell(actor, ACTION_CLOSED, delivery)
    delivery_changed_on_commit(delivery)


def delivery_changed_on_commit(delivery: Delivery) -> None:
    """Tell the open pages."""
    broadcast_on_commit(
        delivery.tenant_id,
        {"type": "delivery", "delivery_id": str(delivery.pk), "project_id": str(delivery.project_id)},
    )


def _tell(actor: Actor, action: str, delivery: Delivery, **details: int) -> None:
    event_record(actor=actor, action=action, object_kind="delivery", object_id=delivery.pk, details={**details} or None)
