"""The adjudicator's side: what is shown, what is taken over, and the read that settles the case."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.annotations.selectors import answers_of, segmentation_digests
from apps.annotations.services import answers_save, segmentations_copy
from apps.audit.services import event_record
from apps.projects.domain.definitions import CharterDefinition
from apps.projects.selectors import charter_of
from apps.review.constants import HowSettled
from apps.review.domain.events import CaseSettled
from apps.review.domain.order import is_sampled
from apps.review.models import Adjudication, Discordance, ReferenceStandard
from apps.review.selectors import shown_read_for
from apps.studies.selectors import studies_by_id
from apps.tasks.domain.states import CaseState
from apps.tasks.selectors import case_by_id, handle_for_writing, handle_of, read_by_id, signed_reads
from apps.tasks.services import case_move, case_tasks_close
from apps.tasks.services.telling import case_changed
from kernel.actors import Actor, system_actor
from kernel.events import publish
from kernel.ids import uuid7
from kernel.keys.derive import derive
from kernel.keys.services import key_secret


@dataclass(frozen=True)
class Adopted:
    """What the adjudicator's own read holds after taking a shown one over."""

    revision: int
    answers_revision: int
    segmentations: list[tuple[str, int]]


def case_key(case: Any) -> bytes:
    """The key of the case's keyed choices, from its subject's secret."""
    subject = studies_by_id([case.study_id])[case.study_id].subject
    return derive(key_secret(subject.key_id), "review choices")


@transaction.atomic
def shown_open(*, actor: Actor, read_id: uuid.UUID, label: str) -> Any:
    """The read shown as `label` to the adjudicator who holds `read_id`; the view is recorded. Raises `NotFoundError`."""
    shown = shown_read_for(actor=actor, read_id=read_id, label=label)
    event_record(
        actor=actor,
        action="review.read.shown",
        object_kind="read",
        object_id=shown.pk,
        object_label=shown.case.label,
        subject_pseudonym=handle_of(shown).subject_pseudonym,
        details={"as": label},
    )
    return shown


@transaction.atomic
def read_adopt(*, actor: Actor, read_id: uuid.UUID, label: str) -> Adopted:
    """Start the adjudicator's own read from a shown one: its segmentations and answers become the next revisions.

    Raises `NotFoundError`, `ConflictError` (`read-not-writable`).
    """
    target = handle_for_writing(actor=actor, read_id=read_id)
    shown = shown_read_for(actor=actor, read_id=read_id, label=label)
    copied = segmentations_copy(actor=actor, source=handle_of(shown), target=target, client_id=uuid7())
    given, held = answers_of(shown.pk), answers_of(read_id)
    saved = answers_save(
        actor=actor,
        handle=target,
        client_id=uuid7(),
        base_revision=held.revision,
        values=given.values,
        nothing_found=given.nothing_found,
    )
    event_record(
        actor=actor,
        action="review.read.adopted",
        object_kind="read",
        object_id=read_id,
        object_label=shown.case.label,
        subject_pseudonym=target.subject_pseudonym,
        details={"as": label, "shown_read_id": str(shown.pk)},
    )
    revisions = [(uid, answer.revision) for uid, answer in copied]
    return Adopted(max((number for _, number in revisions), default=0), saved.revision, revisions)


@transaction.atomic
def adjudication_settle(*, read_id: uuid.UUID) -> None:
    """An adjudicator signed: their read is the reference standard. Runs in the transaction that signs."""
    read = read_by_id(read_id)
    case = case_by_id(read.case_id, lock=True)
    discordance = Discordance.objects.select_for_update().get(case=case, resolved_at__isnull=True)
    actor = system_actor(case.tenant_id)
    before = segmentation_digests([uuid.UUID(shown) for shown in discordance.shown])
    after = segmentation_digests([read.pk])
    Adjudication.objects.create(
        case=case,
        discordance=discordance,
        read=read,
        decided_at=read.signed_at or timezone.now(),
        before={str(k): v for k, v in before.items()},
        after={str(k): v for k, v in after.items()},
    )
    discordance.resolved_at = timezone.now()
    discordance.save(update_fields=["resolved_at"])
    _, charter = charter_of(case.project_id, case.charter_version)
    readers = len(signed_reads(case.pk, "read"))
    case_settle(actor=actor, case=case, read=read, how=HowSettled.ADJUDICATION, readers=readers, charter=charter)


def case_settle(
    *, actor: Actor, case: Any, read: Any, how: HowSettled, readers: int, charter: CharterDefinition
) -> ReferenceStandard:
    """Make a read the reference standard of its case, in the caller's transaction, the case's row locked."""
    reference = ReferenceStandard.objects.create(
        case=case,
        project_id=case.project_id,
        read=read,
        how=how,
        readers=readers,
        settled_at=timezone.now(),
        review_wanted=is_sampled(case_key(case), str(case.pk), charter.sample_review),
    )
    case_move(case_id=case.pk, state=CaseState.SETTLED)
    case_tasks_close(case_id=case.pk)
    event_record(
        actor=actor,
        action="review.case.settled",
        object_kind="case",
        object_id=case.pk,
        object_label=case.label,
        details={"how": how.value, "read_id": str(read.pk)},
    )
    publish(CaseSettled(case_id=case.pk, project_id=case.project_id))
    case_changed(case_id=case.pk, project_id=case.project_id)
    return reference
