"""A reader's worklist: what may be taken, what is in hand, what was handed in.

Nothing here depends on another reader's work while a place is free: a case is one row however many places it has,
and the row carries the id of the round, never of a place.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Case as Choose
from django.db.models import CharField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, LPad
from django.utils import timezone

from apps.projects.selectors import projects_by_id
from apps.studies.selectors import studies_by_id
from apps.tasks import permissions
from apps.tasks.domain.states import ReadState, TaskState
from apps.tasks.models import Assignment, Case, Read, Task
from kernel.actors import Actor
from kernel.errors import InvalidError

STATES = ("open", "claimed", "submitted")

_NO_IMAGE = frozenset({"SEG", "SR", "RTSTRUCT", "PR", "KO"})


@dataclass(frozen=True)
class WorklistCounts:
    """How many cases the reader may take, holds, and handed in since midnight UTC."""

    open: int
    claimed: int
    submitted_today: int


def rank(case: str = "") -> Concat:
    """What sorts cases: priority, then due time, then age; one text, so that pages are cut by one key."""
    return Concat(
        LPad(Cast(Value(32767) - F(f"{case}priority"), CharField()), 5, Value("0")),
        Coalesce(
            Func(F(f"{case}due_at"), Value("YYYYMMDDHH24MISS"), function="to_char", output_field=CharField()),
            Value("9" * 14),
        ),
        Cast(f"{case}id", CharField()),
        output_field=CharField(),
    )


def claimable(actor: Actor, *, project_ids: list[uuid.UUID] | None = None) -> QuerySet[Task]:
    """The free places the actor may take.

    Not in a case where they have a read in another stage (nobody adjudicates what they read), nor where they hold or
    signed one in this stage; a read they put down may be taken up again.
    """
    allowed = Q(pk__in=[])
    for kind, ids in permissions.open_projects_by_kind(actor).items():
        wanted = ids if project_ids is None else [i for i in ids if i in project_ids]
        allowed |= Q(kind=kind, case__project_id__in=wanted)
    mine = Read.objects.filter(case_id=OuterRef("case_id"), reader_id=actor.user_id)
    taken = mine.filter(state__in=[ReadState.DRAFT, ReadState.SIGNED])
    elsewhere = mine.exclude(stage_key=OuterRef("stage_key"))
    return Task.objects.filter(allowed, ~Exists(taken), ~Exists(elsewhere), state=TaskState.OPEN)


def worklist_for(actor: Actor, *, state: str = "", slug: str = "") -> QuerySet[Any]:
    """The reader's cases, each annotated with what its row needs, in no order; sort by `rank`.

    Raises `InvalidError` for an unknown state.
    """
    if state and state not in STATES:
        raise InvalidError(f"The state is one of {', '.join(STATES)}.")
    rows = _annotated(actor).filter(work_state__isnull=False)
    if state:
        rows = rows.filter(work_state=state)
    if slug:
        rows = rows.filter(project__slug=slug)
    return rows


def worklist_counts(actor: Actor) -> WorklistCounts:
    """The three numbers over the worklist."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = _annotated(actor).filter(work_state__isnull=False)
    counted = rows.aggregate(
        open=Count("pk", filter=Q(work_state="open")),
        claimed=Count("pk", filter=Q(work_state="claimed")),
        submitted_today=Count("pk", filter=Q(work_state="submitted", my_signed_at__gte=midnight)),
    )
    return WorklistCounts(**counted)


def worklist_rows(cases: list[Any]) -> list[dict[str, Any]]:
    """One page as the API gives it: two queries more."""
    projects = projects_by_id({case.project_id for case in cases})
    studies = studies_by_id({case.study_id for case in cases})
    return [_row(case, projects[case.project_id], studies[case.study_id]) for case in cases]


def _row(case: Any, project: Any, study: Any) -> dict[str, Any]:
    modalities = [m for m in study.modalities if m not in _NO_IMAGE] or study.modalities
    held = case.work_state != "open"
    return {
        "task_id": case.my_round_id if held else case.open_round_id,
        "project": {"slug": project.slug, "name": project.name, "colour": project.colour},
        "case": {"id": case.pk, "label": case.label},
        "stage": {
            "key": case.my_stage_key if held else case.open_stage_key,
            "kind": case.my_kind if held else case.open_kind,
        },
        "state": case.work_state,
        "read_id": case.my_read_id if held else None,
        "priority": case.priority,
        "due_at": case.due_at,
        "modality": "/".join(modalities),
        "instance_count": study.instance_count,
        "lease_until": case.my_lease_until if case.work_state == "claimed" else None,
    }


def _annotated(actor: Actor) -> QuerySet[Any]:
    mine = Read.objects.filter(
        case_id=OuterRef("pk"), reader_id=actor.user_id, state__in=[ReadState.DRAFT, ReadState.SIGNED]
    ).order_by("created_at")
    held = Assignment.objects.filter(read__case_id=OuterRef("pk"), read__reader_id=actor.user_id, ended_at__isnull=True)
    free = claimable(actor).filter(case_id=OuterRef("pk")).order_by("kind", "ordinal")
    allowed = {i for ids in permissions.projects_by_kind(actor).values() for i in ids}
    return Case.objects.filter(project_id__in=allowed).annotate(
        rank=rank(),
        my_read_id=Subquery(mine.values("pk")[:1]),
        my_state=Subquery(mine.values("state")[:1]),
        my_stage_key=Subquery(mine.values("stage_key")[:1]),
        my_kind=Subquery(mine.values("kind")[:1]),
        my_round_id=Subquery(mine.values("task__round_id")[:1]),
        my_signed_at=Subquery(mine.values("signed_at")[:1]),
        my_lease_until=Subquery(held.values("lease_until")[:1]),
        open_round_id=Subquery(free.values("round_id")[:1]),
        open_stage_key=Subquery(free.values("stage_key")[:1]),
        open_kind=Subquery(free.values("kind")[:1]),
        work_state=Choose(
            When(my_state=ReadState.SIGNED, then=Value("submitted")),
            When(my_state=ReadState.DRAFT, then=Value("claimed")),
            When(open_round_id__isnull=False, then=Value("open")),
            default=None,
            output_field=CharField(null=True),
        ),
    )
