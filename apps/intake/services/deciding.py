"""What a person decides about a held file."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from apps.audit.services import event_record
from apps.intake.constants import ACTION_DECIDED
from apps.intake.domain import reasons
from apps.intake.domain.states import FileState
from apps.intake.models import Delivery, IncomingFile
from apps.intake.selectors import file_get_for, is_releasable
from apps.intake.services import steps
from apps.intake.services.deliveries import (
    delivery_changed_on_commit,
    delivery_close_if_settled,
    processing_enqueue,
)
from kernel.actors import Actor
from kernel.errors import ConflictError, FieldProblem, InvalidError


@transaction.atomic
def file_decide(*, actor: Actor, file_id: uuid.UUID, decision: str, reason: str) -> IncomingFile:
    """Let a held file go on ("admit") or turn it away ("reject"), with the reason given.

    Raises `NotFoundError`, `ConflictError` when the file is not held, or held for what no person may overrule.
    """
    file_get_for(actor=actor, file_id=file_id)
    if not reason.strip():
        raise InvalidError(errors=[FieldProblem("/reason", "required", "Say why, without personal data.")])
    file = (
        IncomingFile.objects.select_for_update(of=("self",)).select_related("delivery__key", "subject").get(pk=file_id)
    )
    if file.state != FileState.HELD:
        raise ConflictError("This file waits for no decision.", code="not-held", remedy="Load the list again.")
    held_for = file.reason_code
    if decision == "admit":
        _release(actor, file)
    else:
        steps.move(file, FileState.REFUSED, reasons.REJECTED)
    file.decided_by, file.decided_at = actor.user_id, timezone.now()
    steps.save(actor, [file])
    event_record(
        actor=actor,
        action=ACTION_DECIDED,
        object_kind="incoming_file",
        object_id=file.pk,
        subject_pseudonym=file.subject.pseudonym if file.subject else "",
        details={"decision": decision, "held_for": held_for, "reason": reason[:200]},
    )
    delivery_close_if_settled(actor=actor, delivery=file.delivery)
    delivery_changed_on_commit(file.delivery)
    return file


def _release(actor: Actor, file: IncomingFile) -> None:
    if not is_releasable(file.reason_code):
        raise ConflictError(
            "What this file is held for cannot be overruled.", code="cannot-admit", remedy=file.reason_remedy
        )
    file.released_for = " ".join(sorted({*file.released_for.split(), file.reason_code}))
    steps.move(file, FileState.READ)
    delivery = Delivery.objects.select_for_update().select_related("key").get(pk=file.delivery_id)
    delivery.job_id = processing_enqueue(actor=actor, delivery=delivery).pk
    delivery.save(update_fields=["job_id"])
