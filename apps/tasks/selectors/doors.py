"""The doors of the room: an id from outside becomes a read here and nowhere else."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db.models import Q
from django.utils import timezone

from apps.annotations.domain.handles import ReadHandle
from apps.projects.selectors import label_schema_of
from apps.studies.selectors import studies_by_id
from apps.tasks import permissions
from apps.tasks.domain.states import ReadState
from apps.tasks.models import Assignment, Case, Read
from kernel.actors import Actor
from kernel.acts import Act
from kernel.errors import NotFoundError


def read_get_for(*, actor: Actor, read_id: uuid.UUID, lock: bool = False) -> Read:
    """The actor's own read, while they hold the role its stage needs. Nobody opens another's read by its id.

    With `lock` its row is held until the transaction ends: saving and signing queue there.
    Raises `NotFoundError`; reaching for another's read is audited.
    """
    rows = Read.objects.select_related("case").filter(pk=read_id)
    found = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if found is None:
        raise NotFoundError()
    allowed = permissions.projects_by_kind(actor).get(found.kind, [])
    if actor.user_id is None or found.reader_id != actor.user_id or found.case.project_id not in allowed:
        raise NotFoundError(
            refused=Act(
                actor=actor, action="tasks.read.opened", object_kind="read", object_id=read_id, outcome="refused"
            )
        )
    return found


def assignment_of(read: Read) -> Assignment | None:
    """The assignment by which the read is in its reader's hands, if it is."""
    return Assignment.objects.filter(read=read, ended_at__isnull=True).first()


def handle_of(read: Read, *, writable: bool = False) -> ReadHandle:
    """What the annotations room works with. The caller has opened the door to the read."""
    return handles_of([read], writable=writable)[read.pk]


def handles_of(reads: Collection[Read], *, writable: bool = False) -> dict[uuid.UUID, ReadHandle]:
    """Handles of several reads, by read; one query for their studies and one a schema version."""
    studies = studies_by_id({read.case.study_id for read in reads})
    schemas = {key: label_schema_of(*key)[1] for key in {(read.case.project_id, read.schema_version) for read in reads}}
    return {
        read.pk: ReadHandle(
            read_id=read.pk,
            project_id=read.case.project_id,
            case_id=read.case_id,
            study_id=read.case.study_id,
            subject_key_id=studies[read.case.study_id].subject.key_id,
            subject_pseudonym=studies[read.case.study_id].subject.pseudonym,
            schema=schemas[(read.case.project_id, read.schema_version)],
            writable=writable,
        )
        for read in reads
    }


def handle_for_writing(*, actor: Actor, read_id: uuid.UUID) -> ReadHandle:
    """The handle of the actor's draft, its row locked; not writable once it was signed, put down or fell back.

    A lease that ran out unnoticed still counts while nobody took the task: what a reader saves is kept.
    """
    read = read_get_for(actor=actor, read_id=read_id, lock=True)
    in_hand = read.state == ReadState.DRAFT and assignment_of(read) is not None
    return handle_of(read, writable=in_hand)


def granted_study_ids(actor: Actor, study_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """The studies whose pixels the actor may open now: those of drafts in their hands, under a live lease.

    Registered with the studies room. The role counts at every call, so that taking it away closes the pixels.
    """
    if actor.user_id is None:
        return set()
    allowed = Q(pk__in=[])
    for kind, project_ids in permissions.projects_by_kind(actor).items():
        allowed |= Q(read__kind=kind, read__case__project_id__in=project_ids)
    held = Assignment.objects.filter(
        allowed,
        reader_id=actor.user_id,
        ended_at__isnull=True,
        lease_until__gt=timezone.now(),
        read__state=ReadState.DRAFT,
        read__case__study_id__in=list(study_ids),
    )
    return set(held.values_list("read__case__study_id", flat=True))


def case_total(project_id: uuid.UUID) -> int:
    """How many cases a project has."""
    return Case.objects.filter(project_id=project_id).count()
