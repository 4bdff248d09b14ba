"""What a reader does with a read in hand: open it, work on it, flag the case, sign."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid

from django.db import transaction
from django.utils import timezone

from apps.annotations.selectors import answers_of, drawn_segments, heads_of, seal_text
from apps.audit.services import event_record
from apps.projects.selectors import charter_of
from apps.tasks.domain.completeness import Missing, missing_of
from apps.tasks.domain.events import ReadSigned
from apps.tasks.domain.pace import LONGEST_GAP_S, counted_s
from apps.tasks.domain.states import READ_MOVES, AssignmentEnd, ReadState, TaskState, moved
from apps.tasks.models import Assignment, Case, CaseFlag, Read, Task, WorkInterval
from apps.tasks.selectors.doors import assignment_of, handle_of, read_get_for
from apps.tasks.services.cases import moved_task
from apps.tasks.services.telling import case_changed, own_worklist_changed
from kernel.actors import Actor
from kernel.errors import ConflictError, FieldProblem
from kernel.events import publish

FLAG_CODES = ("image-quality", "wrong-anatomy", "identity-visible", "not-readable", "other")


@transaction.atomic
def read_open(*, actor: Actor, read_id: uuid.UUID) -> Read:
    """The actor's read, opened on a page: recorded, and the clock of a draft starts. Raises `NotFoundError`."""
    read = read_get_for(actor=actor, read_id=read_id)
    if read.state == ReadState.DRAFT:
        read.heard_at = timezone.now()
        Read.objects.filter(pk=read.pk).update(heard_at=read.heard_at)
    event_record(
        actor=actor,
        action="tasks.read.opened",
        object_kind="read",
        object_id=read.pk,
        object_label=read.case.label,
        subject_pseudonym=handle_of(read).subject_pseudonym,
    )
    return read


@transaction.atomic
def heartbeat(*, actor: Actor, read_id: uuid.UUID, active_s: float) -> tuple[Read, Assignment]:
    """The page is open; `active_s` seconds since the last heartbeat were work. Work renews the lease.

    Raises `ConflictError` (`read-not-writable`) once the read is signed, put down or fell back.
    """
    read = read_get_for(actor=actor, read_id=read_id, lock=True)
    assignment = _in_hand(read)
    now = timezone.now()
    added = counted_s(previous=read.heard_at, now=now, claimed_s=active_s)
    if added:
        _extend_interval(read, now, added)
    if active_s > 0:
        lease_s = Task.objects.values_list("lease_s", flat=True).get(pk=assignment.task_id)
        assignment.lease_until = max(assignment.lease_until, now + dt.timedelta(seconds=lease_s))
        assignment.save(update_fields=["lease_until"])
    read.active_s += added
    read.heard_at = now
    read.save(update_fields=["active_s", "heard_at"])
    return read, assignment


@transaction.atomic
def case_flag(*, actor: Actor, read_id: uuid.UUID, code: str, text: str) -> CaseFlag:
    """Tell the project's people that something about the case needs them. The read stays in hand."""
    read = read_get_for(actor=actor, read_id=read_id, lock=True)
    _in_hand(read)
    handle = handle_of(read)
    flag = CaseFlag(case=read.case, read_id=read.pk, code=code)
    flag.text = seal_text(handle.subject_key_id, f"tasks.flag:{flag.pk}", text)
    flag.save(force_insert=True)
    event_record(
        actor=actor,
        action="tasks.case.flagged",
        object_kind="case",
        object_id=read.case_id,
        object_label=read.case.label,
        subject_pseudonym=handle.subject_pseudonym,
        details={"code": code, "read_id": str(read.pk)},
    )
    case_changed(case_id=read.case_id, project_id=read.case.project_id)
    return flag


@transaction.atomic
def read_submit(*, actor: Actor, read_id: uuid.UUID, signature_meaning: str, rationale: str = "") -> Read:
    """Sign. The read is complete and from now on fixed; the same act again gives the same signed read.

    Raises `ConflictError` (`unanswered`, with a pointer to each thing that is missing; `read-not-writable`).
    """
    case = Case.objects.select_for_update().get(pk=read_get_for(actor=actor, read_id=read_id).case_id)
    read = read_get_for(actor=actor, read_id=read_id, lock=True)
    if read.state == ReadState.SIGNED:
        return read
    assignment = _in_hand(read)
    handle = handle_of(read)
    digest = _require_complete(read, rationale)
    now = timezone.now()
    read.state = moved(READ_MOVES, ReadState(read.state), ReadState.SIGNED)
    read.signed_at, read.signature_meaning = now, signature_meaning
    read.rationale = seal_text(handle.subject_key_id, f"tasks.rationale:{read.pk}", rationale.strip())
    read.save(update_fields=["state", "signed_at", "signature_meaning", "rationale"])
    assignment.ended_at, assignment.end = now, AssignmentEnd.SUBMITTED
    assignment.save(update_fields=["ended_at", "end"])
    task = Task.objects.get(pk=assignment.task_id)
    task.state = moved_task(task, TaskState.SUBMITTED)
    task.save(update_fields=["state"])
    event_record(
        actor=actor,
        action="tasks.read.signed",
        object_kind="read",
        object_id=read.pk,
        object_label=case.label,
        subject_pseudonym=handle.subject_pseudonym,
        digest_after=digest,
        details={"meaning": signature_meaning, "stage": read.stage_key, "active_s": round(read.active_s)},
    )
    _tell_signed(case, read)
    own_worklist_changed(actor)
    case_changed(case_id=case.pk, project_id=case.project_id)
    return read


def _tell_signed(case: Case, read: Read) -> None:
    unfinished = [TaskState.WAITING, TaskState.OPEN, TaskState.CLAIMED]
    complete = not Task.objects.filter(case=case, stage_key=read.stage_key, state__in=unfinished).exists()
    publish(
        ReadSigned(
            read_id=read.pk,
            case_id=case.pk,
            project_id=case.project_id,
            stage_kind=read.kind,
            stage_complete=complete,
        )
    )


def _in_hand(read: Read) -> Assignment:
    assignment = assignment_of(read) if read.state == ReadState.DRAFT else None
    if assignment is None:
        raise ConflictError(
            "This read is not in your hands any more; what you saved is kept.",
            code="read-not-writable",
            remedy="Take the case from the worklist again, or go on with the next one.",
        )
    return assignment


def _require_complete(read: Read, rationale: str) -> str:
    """The digest of what is signed. Raises `ConflictError` (`unanswered`)."""
    handle = handle_of(read)
    answers = answers_of(read.pk)
    drawn = drawn_segments([read.pk])[read.pk]
    missing = missing_of(handle.schema, drawn, answers.values, answers.nothing_found)
    _, charter = charter_of(read.case.project_id, read.charter_version)
    if read.kind == "adjudicate" and charter.rationale_required and not rationale.strip():
        missing.append(Missing("/rationale", "rationale-required", "Say why, in a sentence."))
    if missing:
        raise ConflictError(
            "The read is not complete.",
            code="unanswered",
            remedy="Do what is listed, then sign.",
            errors=[FieldProblem(m.pointer, m.code, m.detail) for m in missing],
        )
    heads = "".join(
        f"{h.series_instance_uid} {h.head_revision} {h.content_digest}\n" for h in heads_of([read.pk])[read.pk]
    )
    return hashlib.sha256(f"fiducial-read/1\n{heads}answers {answers.revision}\n".encode()).hexdigest()


def _extend_interval(read: Read, now: dt.datetime, added_s: float) -> None:
    last = WorkInterval.objects.filter(read=read).order_by("-ended_at").first()
    if last is None or (now - last.ended_at).total_seconds() > LONGEST_GAP_S:
        started_at = now - dt.timedelta(seconds=added_s)
        WorkInterval.objects.create(read=read, started_at=started_at, ended_at=now, active_s=added_s)
        return
    last.ended_at = now
    last.active_s += added_s
    last.save(update_fields=["ended_at", "active_s"])
