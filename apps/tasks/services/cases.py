"""Cases: made for admitted studies by the charter, moved by what readers and the review room do."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from apps.audit.services import event_record, events_record
from apps.projects.domain.definitions import CharterDefinition
from apps.projects.selectors import charter_of, label_schema_of, projects_by_id
from apps.studies.selectors import study_list_for
from apps.tasks.domain.events import CaseOpened
from apps.tasks.domain.states import CASE_MOVES, READ_MOVES, TASK_MOVES, CaseState, ReadState, TaskState, moved
from apps.tasks.models import Case, CaseFlag, Read, Task
from apps.tasks.services.telling import worklist_changed
from kernel.actors import Actor, system_actor
from kernel.errors import ConflictError, NotFoundError
from kernel.events import publish
from kernel.ids import uuid7
from kernel.tenancy.scope import current_tenant_id


@transaction.atomic
def cases_open(*, project_id: uuid.UUID, study_ids: Sequence[uuid.UUID] | None = None) -> list[Case]:
    """Make the cases that are missing: one for each study of the project, its tasks by the newest charter.

    Cases nobody has begun move to the newest charter and label schema. Repeating it changes nothing; without a charter
    or schema nothing is made yet. Returns the new cases.
    """
    project = projects_by_id([project_id]).get(project_id)
    if project is None:
        raise NotFoundError()
    try:
        charter_version, charter = charter_of(project_id)
        schema_version, _ = label_schema_of(project_id)
    except ConflictError:
        return []
    actor = system_actor(current_tenant_id())
    _queue_here(project_id)
    wanted = list(
        study_ids or study_list_for(actor, project.slug).order_by("created_at", "id").values_list("pk", flat=True)
    )
    known = set(Case.objects.filter(project_id=project_id, study_id__in=wanted).values_list("study_id", flat=True))
    last = Case.objects.filter(project_id=project_id).aggregate(last=Max("number"))["last"] or 0
    fresh = [
        Case(
            id=uuid7(),
            project_id=project_id,
            study_id=study_id,
            number=number,
            charter_version=charter_version,
            schema_version=schema_version,
        )
        for number, study_id in enumerate((s for s in wanted if s not in known), start=last + 1)
    ]
    Case.objects.bulk_create(fresh, batch_size=500)
    _plan(fresh, charter)
    _plan_again(project_id, charter_version, schema_version, charter)
    if fresh:
        _tell_opened(actor, fresh)
    return fresh


@transaction.atomic
def case_move(*, case_id: uuid.UUID, state: CaseState) -> None:
    """Move a case along its table; it is already there after a repeated job. Raises `IllegalMoveError`."""
    case = Case.objects.select_for_update().get(pk=case_id)
    if case.state == state:
        return
    case.state = moved(CASE_MOVES, CaseState(case.state), state)
    case.save(update_fields=["state", "updated_at"])


@transaction.atomic
def adjudication_open(*, case_id: uuid.UUID) -> Task | None:
    """Open the case's adjudication to adjudicators; the same task when it is open already.

    Returns None where the charter has no such stage: then a person must decide how to go on.
    """
    case = Case.objects.select_for_update().get(pk=case_id)
    _, charter = charter_of(case.project_id, case.charter_version)
    stage = charter.adjudicate_stage
    if stage is None:
        return None
    live = [TaskState.WAITING, TaskState.OPEN, TaskState.CLAIMED, TaskState.SUBMITTED]
    task = Task.objects.select_for_update().filter(case=case, kind="adjudicate", state__in=live).first()
    if task is None:
        task = _places(case, charter, kinds={"adjudicate"})[0]
        task.save(force_insert=True)
    if task.state == TaskState.WAITING:
        task.state = moved_task(task, TaskState.OPEN)
        task.save(update_fields=["state"])
    worklist_changed(project_id=case.project_id, kind="adjudicate")
    return task


@transaction.atomic
def case_tasks_close(*, case_id: uuid.UUID, supersede_adjudication: bool = False) -> None:
    """End the tasks of a settled case: handed-in ones are done, the adjudication nobody needed is recalled.

    With `supersede_adjudication` a returned case's adjudication read no longer counts; its reader may adjudicate anew.
    """
    for task in Task.objects.select_for_update().filter(case_id=case_id).order_by("ordinal"):
        wanted = {TaskState.SUBMITTED: TaskState.DONE, TaskState.WAITING: TaskState.RECALLED}.get(TaskState(task.state))
        if wanted is not None:
            task.state = moved_task(task, wanted)
            task.save(update_fields=["state"])
    if supersede_adjudication:
        for read in Read.objects.select_for_update().filter(
            case_id=case_id, kind__in=["adjudicate", "consensus"], state=ReadState.SIGNED
        ):
            read.state = moved(READ_MOVES, ReadState(read.state), ReadState.SUPERSEDED)
            read.save(update_fields=["state"])


@transaction.atomic
def computed_read_create(*, case: Case) -> Read:
    """The read that holds what the platform computed from the others, in draft; the same one after a repeated job."""
    rows = Read.objects.select_for_update().filter(case=case, kind="consensus", reader_id__isnull=True)
    found = rows.filter(state=ReadState.DRAFT).first()
    return found or Read.objects.create(
        case=case,
        kind="consensus",
        stage_key="consensus",
        charter_version=case.charter_version,
        schema_version=case.schema_version,
    )


@transaction.atomic
def computed_read_sign(*, actor: Actor, read_id: uuid.UUID) -> Read:
    """Fix a computed read: what was computed stands from now on. Repeating changes nothing."""
    read = Read.objects.select_related("case").select_for_update(of=("self",)).get(pk=read_id, reader_id__isnull=True)
    if read.state == ReadState.SIGNED:
        return read
    read.state = moved(READ_MOVES, ReadState(read.state), ReadState.SIGNED)
    read.signed_at, read.signature_meaning = timezone.now(), "Computed from the signed reads."
    read.save(update_fields=["state", "signed_at", "signature_meaning"])
    event_record(
        actor=actor, action="tasks.read.computed", object_kind="read", object_id=read.pk, object_label=read.case.label
    )
    return read


@transaction.atomic
def flag_resolve(*, actor: Actor, flag_id: uuid.UUID, case: Case) -> CaseFlag:
    """A person has looked at a flag. The caller has opened the door to the case. Raises `NotFoundError`."""
    flag = CaseFlag.objects.select_for_update().filter(pk=flag_id, case=case).first()
    if flag is None:
        raise NotFoundError()
    if flag.resolved_at is None:
        flag.resolved_at = timezone.now()
        flag.save(update_fields=["resolved_at"])
        event_record(
            actor=actor, action="tasks.flag.resolved", object_kind="case", object_id=case.pk, object_label=case.label
        )
    return flag


def moved_task(task: Task, state: TaskState) -> TaskState:
    """The state a task takes next; tasks that are handed in, done or recalled do not come back."""
    return moved(TASK_MOVES, TaskState(task.state), state)


def _queue_here(project_id: uuid.UUID) -> None:
    # Numbers are sequential in a project: makers of its cases queue until commit.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"tasks.cases {project_id}"])


def _plan(cases: Iterable[Case], charter: CharterDefinition) -> None:
    tasks = [task for case in cases for task in _places(case, charter)]
    Task.objects.bulk_create(tasks, batch_size=500)


def _places(
    case: Case, charter: CharterDefinition, *, kinds: frozenset[str] | set[str] = frozenset({"read", "adjudicate"})
) -> list[Task]:
    """The tasks a charter wants of a case. Reads are open at once; the adjudication waits for a disagreement.

    A stage of kind "review" has no task: settled cases are reviewed on the review page.
    """
    places = []
    for stage in charter.stages:
        round_id = uuid7()
        count = stage.readers if stage.kind == "read" else 1
        places += [
            Task(
                id=uuid7(),
                case=case,
                round_id=round_id,
                stage_key=stage.key,
                kind=stage.kind,
                ordinal=ordinal,
                lease_s=stage.lease_s,
                state=TaskState.OPEN if stage.kind == "read" else TaskState.WAITING,
            )
            for ordinal in range(1, count + 1)
            if stage.kind in kinds
        ]
    return places


def _plan_again(project_id: uuid.UUID, charter_version: int, schema_version: int, charter: CharterDefinition) -> None:
    """Cases without any read take the newest versions; their places are recalled and made anew."""
    begun = Exists(Read.objects.filter(case_id=OuterRef("pk")))
    old = list(
        Case.objects.select_for_update()
        .filter(~begun, project_id=project_id, state=CaseState.WAITING)
        .exclude(charter_version=charter_version, schema_version=schema_version)
    )
    # A reader who is claiming holds the place: wait for them, then look again whether a read has begun.
    list(Task.objects.select_for_update().filter(case__in=old).values_list("pk"))
    begun_now = set(Read.objects.filter(case__in=old).values_list("case_id", flat=True))
    stale = [case for case in old if case.pk not in begun_now]
    Task.objects.filter(case__in=stale, state__in=[TaskState.OPEN, TaskState.WAITING]).update(state=TaskState.RECALLED)
    for case in stale:
        case.charter_version, case.schema_version = charter_version, schema_version
    Case.objects.bulk_update(stale, ["charter_version", "schema_version"], batch_size=500)
    _plan(stale, charter)


def _tell_opened(actor: Actor, cases: Sequence[Case]) -> None:
    events_record(
        actor=actor,
        rows=[
            {
                "action": "tasks.case.opened",
                "object_kind": "case",
                "object_id": case.pk,
                "object_label": case.label,
                "details": {"charter_version": case.charter_version, "schema_version": case.schema_version},
            }
            for case in cases
        ],
    )
    for case in cases:
        publish(CaseOpened(case_id=case.pk, project_id=case.project_id))
    worklist_changed(project_id=cases[0].project_id, kind="read")
