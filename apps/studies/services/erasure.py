"""Erasing a subject: their secret is destroyed at once, what it sealed is removed by a job."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from apps.audit.services import event_record
from apps.projects.constants import ProjectAction
from apps.studies.constants import ACTION_ERASED, SubjectState
from apps.studies.domain.events import SubjectErased
from apps.studies.models import DerivedFrames, Instance, Series, Study, Subject
from apps.studies.selectors import subject_get_for
from kernel.actors import Actor
from kernel.blobs.services import blobs_erase_of
from kernel.errors import ConflictError, FieldProblem, InvalidError
from kernel.events import publish
from kernel.jobs.models import Job
from kernel.jobs.services import enqueue
from kernel.keys.services import key_destroy

ERASE_JOB = "studies.erase_subject"


@transaction.atomic
def subject_erase(*, actor: Actor, subject_id: uuid.UUID, reason: str) -> Job:
    """Destroy the subject's secret now and have their bytes and attributes removed.

    From the commit on nothing of theirs can be opened. Higher rooms learn it through `SubjectErased`. Raises
    `NotFoundError`, `ConflictError` when they were erased before.
    """
    subject = subject_get_for(actor=actor, subject_id=subject_id, action=ProjectAction.ERASE)
    if not reason.strip():
        raise InvalidError(errors=[FieldProblem("/reason", "required", "Say why, without personal data.")])
    subject = Subject.objects.select_for_update().select_related("key").get(pk=subject.pk)
    if subject.state == SubjectState.ERASED:
        raise ConflictError("This subject was erased before.", code="already-erased")
    subject.state, subject.erased_at, subject.patient_digest = SubjectState.ERASED, timezone.now(), ""
    subject.save(update_fields=["state", "erased_at", "patient_digest"])
    key_destroy(subject.key)
    event_record(
        actor=actor,
        action=ACTION_ERASED,
        object_kind="subject",
        object_id=subject.pk,
        subject_pseudonym=subject.pseudonym,
        details={"reason": reason[:200]},
    )
    publish(SubjectErased(subject_id=subject.pk, project_id=subject.project_id))
    return enqueue(
        ERASE_JOB, actor=actor, project_id=subject.project_id, subject=("subject", subject.pk), subject_id=subject.pk
    )


@transaction.atomic
def subject_remains_remove(subject_id: uuid.UUID) -> int:
    """Remove what the destroyed secret sealed and the attributes kept beside it. Returns how many blobs went."""
    subject = Subject.objects.select_related("key").get(pk=subject_id, state=SubjectState.ERASED)
    of_subject = {"study__subject": subject}
    Study.objects.filter(subject=subject).update(attributes={}, description="", study_date="")
    Series.objects.filter(**of_subject).update(attributes={}, description="", quality={})
    instances = Instance.objects.filter(series__study__subject=subject)
    instances.update(source_digest="", frame_table=None)
    DerivedFrames.objects.filter(instance__in=instances).delete()
    return blobs_erase_of(subject.key)
