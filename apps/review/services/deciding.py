"""What reviewers and managers decide about a case."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.annotations.selectors import seal_text
from apps.audit.services import event_record
from apps.projects.constants import ProjectAction
from apps.projects.selectors import charter_of
from apps.review.constants import Decision
from apps.review.domain.events import CaseReturned
from apps.review.domain.order import shown_order
from apps.review.models import Discordance, ReferenceStandard, ReviewDecision
from apps.review.selectors import case_get_for
from apps.review.services.settling import case_key
from apps.tasks.domain.states import CaseState
from apps.tasks.selectors import case_by_id, handle_of, read_by_id, signed_reads
from apps.tasks.services import adjudication_open, case_move, case_tasks_close, flag_resolve
from apps.tasks.services.telling import case_changed
from kernel.actors import Actor
from kernel.errors import ConflictError, NotFoundError
from kernel.events import publish


@transaction.atomic
def review_decide(*, actor: Actor, case_id: uuid.UUID, decision: str, comment: str) -> ReviewDecision:
    """Accept a reference standard, or return the case to adjudication.

    Raises `NotFoundError` without the right to review, `ConflictError` (`not-settled`; `own-read` for whoever settled
    it; `no-adjudication` where the charter has nobody to return it to).
    """
    case_get_for(actor=actor, case_id=case_id, action=ProjectAction.REVIEW)
    reviewer_id = actor.user_id
    if reviewer_id is None:
        raise NotFoundError()  # the platform reviews nothing
    case = case_by_id(case_id, lock=True)
    reference = ReferenceStandard.objects.select_for_update().filter(case=case, withdrawn_at__isnull=True).first()
    if reference is None:
        raise ConflictError(
            "This case is not settled yet.", code="not-settled", remedy="Wait for its reads, or for its adjudication."
        )
    read = read_by_id(reference.read_id)
    if read.reader_id == reviewer_id:
        raise ConflictError(
            "You settled this case yourself.", code="own-read", remedy="Let another reviewer look at it."
        )
    row = ReviewDecision(case=case, reference=reference, reviewer_id=reviewer_id, decision=decision)
    handle = handle_of(read)
    row.comment = seal_text(handle.subject_key_id, f"review.comment:{row.pk}", comment.strip())
    row.save(force_insert=True)
    if decision == Decision.RETURNED:
        _return(case, reference)
    event_record(
        actor=actor,
        action=f"review.case.{decision}",
        object_kind="case",
        object_id=case.pk,
        object_label=case.label,
        subject_pseudonym=handle.subject_pseudonym,
    )
    case_changed(case_id=case.pk, project_id=case.project_id)
    return row


@transaction.atomic
def flag_clear(*, actor: Actor, case_id: uuid.UUID, flag_id: uuid.UUID) -> None:
    """A manager has dealt with a reader's flag. Raises `NotFoundError`."""
    case = case_get_for(actor=actor, case_id=case_id, action=ProjectAction.MANAGE)
    flag_resolve(actor=actor, flag_id=flag_id, case=case)
    case_changed(case_id=case.pk, project_id=case.project_id)


def _return(case: Any, reference: ReferenceStandard) -> None:
    _, charter = charter_of(case.project_id, case.charter_version)
    if charter.adjudicate_stage is None:
        raise ConflictError(
            "The charter has no adjudication to return the case to.",
            code="no-adjudication",
            remedy="Add an adjudication stage to the charter for the cases to come, and settle this one there.",
        )
    reference.withdrawn_at = timezone.now()
    reference.save(update_fields=["withdrawn_at"])
    shown = shown_order(case_key(case), [str(read.pk) for read in signed_reads(case.pk, "read")])
    Discordance.objects.create(case=case, shown=shown)
    case_tasks_close(case_id=case.pk, supersede_adjudication=True)
    case_move(case_id=case.pk, state=CaseState.DISCORDANT)
    adjudication_open(case_id=case.pk)
    publish(CaseReturned(case_id=case.pk, project_id=case.project_id))
