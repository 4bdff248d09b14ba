"""Taking a case and putting it down. Two readers never get the same place; one reader never gets a case twice."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.audit.services import event_record
from apps.projects.selectors import project_get_for
from apps.tasks.domain.states import READ_MOVES, AssignmentEnd, CaseState, ReadState, TaskState, moved
from apps.tasks.models import Assignment, Case, Read, Task
from apps.tasks.permissions import open_projects_by_kind
from apps.tasks.selectors.doors import handle_of, read_get_for
from apps.tasks.selectors.worklist import claimable, rank
from apps.tasks.services.cases import moved_task
from apps.tasks.services.telling import case_changed, own_worklist_changed
from apps.tenants.selectors import tenants_all
from kernel.actors import Actor, system_actor
from kernel.errors import ConflictError, NotFoundError
from kernel.tenancy.scope import current_tenant_id, tenant_scope

_TRIES = 3


def claim_next(*, actor: Actor, slug: str = "", stage_key: str = "") -> Read:
    """The most urgent case the actor may take: by priority, then due time, then age.

    Places that others are taking at this moment are skipped, not waited for. Raises `NotFoundError`
    (`nothing-to-read`).
    """
    project_ids = [project_get_for(actor=actor, slug=slug).pk] if slug else None
    for _ in range(_TRIES):
        with transaction.atomic():
            rows = claimable(actor, project_ids=project_ids)
            if stage_key:
                rows = rows.filter(stage_key=stage_key)
            task = _first_free(rows)
            if task is None:
                break
            read = _taken(actor, task)
        if read is not None:
            return read
    raise NotFoundError(
        "There is no case for you to read now.",
        code="nothing-to-read",
        title="Nothing to read",
        remedy="New cases appear on the worklist by themselves.",
    )


def task_claim(*, actor: Actor, round_id: uuid.UUID) -> Read:
    """Take the case of one worklist row; what is in the actor's hands already is given back as it is.

    Raises `ConflictError` (`already-claimed`) when its places were taken meanwhile, `NotFoundError` for a row that was
    never the actor's to take.
    """
    held = Read.objects.select_related("case").filter(
        task__round_id=round_id, reader_id=actor.user_id, state=ReadState.DRAFT
    )
    found = held.first()
    if found is not None:
        return read_get_for(actor=actor, read_id=found.pk)
    for _ in range(_TRIES):
        with transaction.atomic():
            rows = claimable(actor).filter(round_id=round_id)
            task = _first_free(rows)
            if task is None:
                break
            read = _taken(actor, task)
        if read is not None:
            return read
    _require_was_offered(actor, round_id)
    raise ConflictError(
        "All places of this case are taken.", code="already-claimed", remedy="Take the next case from the worklist."
    )


@transaction.atomic
def read_release(*, actor: Actor, read_id: uuid.UUID) -> None:
    """Put a draft down: the place is free again, the work is kept for the same reader. Repeating changes nothing.

    Raises `ConflictError` for a signed read.
    """
    case = _case_locked(read_get_for(actor=actor, read_id=read_id).case_id)
    read = read_get_for(actor=actor, read_id=read_id, lock=True)
    if read.state in (ReadState.SIGNED, ReadState.SUPERSEDED):
        raise ConflictError(
            "This read is signed.", code="read-signed", remedy="A signed read stays; ask the manager if it is wrong."
        )
    if _put_down(actor, case, read, AssignmentEnd.RELEASED):
        own_worklist_changed(actor)


def leases_expire(*, now: dt.datetime | None = None) -> int:
    """Take back what nobody has worked on until its lease ended, in all tenants. Returns how many. For the schedule."""
    ended = 0
    for tenant in tenants_all():
        with tenant_scope(tenant.pk):
            late = Assignment.objects.filter(ended_at__isnull=True, lease_until__lt=now or timezone.now())
            rows = list(late.order_by("lease_until").values_list("pk", "read_id")[:500])
        for assignment_id, read_id in rows:
            with tenant_scope(tenant.pk):
                ended += _expire(assignment_id, read_id, now or timezone.now())
    return ended


@transaction.atomic
def subject_withdraw(*, subject_id: uuid.UUID) -> int:
    """An erased subject is read no more: drafts leave their readers' hands, places that are left are recalled.

    Cases, reads and their time stay, as what was done; what was drawn is noise. Returns how many places were recalled.
    """
    actor = system_actor(current_tenant_id())
    for case in Case.objects.select_for_update().filter(study__subject_id=subject_id).order_by("pk"):
        for read in Read.objects.select_related("case").filter(case=case, state=ReadState.DRAFT):
            _put_down(actor, case, read, AssignmentEnd.RECALLED)
    left = Task.objects.filter(case__study__subject_id=subject_id, state__in=[TaskState.OPEN, TaskState.WAITING])
    return left.update(state=TaskState.RECALLED)


def _expire(assignment_id: uuid.UUID, read_id: uuid.UUID, now: dt.datetime) -> bool:
    case_id = Read.objects.values_list("case_id", flat=True).get(pk=read_id)
    case = _case_locked(case_id)
    read = Read.objects.select_related("case").select_for_update(of=("self",)).get(pk=read_id)
    # The reader may have come back meanwhile: a heartbeat renews under the same lock.
    still = Assignment.objects.filter(pk=assignment_id, ended_at__isnull=True, lease_until__lt=now).exists()
    return still and _put_down(system_actor(case.tenant_id), case, read, AssignmentEnd.EXPIRED)


def _first_free(rows: QuerySet[Task]) -> Task | None:
    """The best free place nobody else is taking now, locked."""
    ordered = rows.annotate(rank=rank("case__")).order_by("rank", "kind", "ordinal")
    return ordered.select_for_update(skip_locked=True, of=("self",)).first()


def _taken(actor: Actor, task: Task) -> Read | None:
    """The read that holds the place; None where the same person took another place of the round just now."""
    try:
        with transaction.atomic():
            read = _hold(actor, task)
    except IntegrityError:
        return None
    own_worklist_changed(actor)
    case_changed(case_id=task.case_id, project_id=task.case.project_id)
    return read


def _hold(actor: Actor, task: Task) -> Read:
    now, reader_id = timezone.now(), actor.user_id
    if reader_id is None:
        raise NotFoundError()
    case = Case.objects.get(pk=task.case_id)
    read = Read.objects.select_for_update().filter(
        ~Q(state=ReadState.SUPERSEDED), case=case, stage_key=task.stage_key, reader_id=actor.user_id
    ).first() or Read(
        case=case,
        stage_key=task.stage_key,
        kind=task.kind,
        reader_id=reader_id,
        state=ReadState.RELEASED,
        charter_version=case.charter_version,
        schema_version=case.schema_version,
    )
    if read.state != ReadState.RELEASED:
        raise IntegrityError("the reader holds this stage already")
    read.state = moved(READ_MOVES, ReadState(read.state), ReadState.DRAFT)
    read.task, read.heard_at = task, now
    read.save()
    lease_until = now + dt.timedelta(seconds=task.lease_s)
    Assignment.objects.create(task=task, read=read, reader_id=reader_id, lease_until=lease_until)
    task.state = moved_task(task, TaskState.CLAIMED)
    task.save(update_fields=["state"])
    Case.objects.filter(pk=case.pk, state=CaseState.WAITING).update(state=CaseState.READING, updated_at=now)
    if task.kind == "adjudicate":
        Case.objects.filter(pk=case.pk, state=CaseState.DISCORDANT).update(state=CaseState.ADJUDICATING, updated_at=now)
    event_record(
        actor=actor,
        action="tasks.task.claimed",
        object_kind="case",
        object_id=case.pk,
        object_label=case.label,
        subject_pseudonym=handle_of(read).subject_pseudonym,
        details={"stage": task.stage_key, "read_id": str(read.pk)},
    )
    return read


def _put_down(actor: Actor, case: Case, read: Read, end: AssignmentEnd) -> bool:
    assignment = Assignment.objects.select_related("task").filter(read=read, ended_at__isnull=True).first()
    if assignment is None or read.state != ReadState.DRAFT:
        return False
    now = timezone.now()
    assignment.ended_at, assignment.end = now, end
    assignment.save(update_fields=["ended_at", "end"])
    read.state = moved(READ_MOVES, ReadState(read.state), ReadState.RELEASED)
    read.save(update_fields=["state"])
    assignment.task.state = moved_task(assignment.task, TaskState.OPEN)
    assignment.task.save(update_fields=["state"])
    begun = Read.objects.filter(case=case, state__in=[ReadState.DRAFT, ReadState.SIGNED]).exists()
    if not begun:
        Case.objects.filter(pk=case.pk, state=CaseState.READING).update(state=CaseState.WAITING, updated_at=now)
    if read.kind == "adjudicate":
        Case.objects.filter(pk=case.pk, state=CaseState.ADJUDICATING).update(state=CaseState.DISCORDANT, updated_at=now)
    event_record(
        actor=actor,
        action=f"tasks.read.{end.value}",
        object_kind="read",
        object_id=read.pk,
        object_label=case.label,
        subject_pseudonym=handle_of(read).subject_pseudonym,
        details={"stage": read.stage_key},
    )
    case_changed(case_id=case.pk, project_id=case.project_id)
    return True


def _case_locked(case_id: uuid.UUID) -> Case:
    return Case.objects.select_for_update().get(pk=case_id)


def _require_was_offered(actor: Actor, round_id: uuid.UUID) -> None:
    """Whether the row could have been on the actor's worklist: else the refusal looks like absence."""
    task = Task.objects.select_related("case").filter(round_id=round_id).exclude(state=TaskState.WAITING).first()
    if task is None or task.case.project_id not in open_projects_by_kind(actor).get(task.kind, []):
        raise NotFoundError()
    if Read.objects.filter(case_id=task.case_id, reader_id=actor.user_id).exclude(stage_key=task.stage_key).exists():
        raise NotFoundError()
