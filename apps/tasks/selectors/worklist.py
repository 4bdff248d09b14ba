"""A reader's worklist: what may be taken, what is in hand, what was handed in.

Nothing here depends on another reader's work while a place is free: a case is one row however many places it has,
and the row carries the id of the round, never of a place.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value
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

_WORK_STATES = {None: "open", ReadState.DRAFT: "claimed", ReadState.SIGNED: "submitted"}

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
    mine = _own_reads(actor)
    wanted = {
        "open": Q(pk__in=claimable(actor).values("case_id")),
        "claimed": Q(pk__in=mine.filter(state=ReadState.DRAFT).values("case_id")),
        "submitted": Q(pk__in=mine.filter(state=ReadState.SIGNED).values("case_id")),
    }
    rows = _annotated(actor).filter(
        wanted[state] if state else wanted["open"] | wanted["claimed"] | wanted["submitted"]
    )
    return rows.filter(project__slug=slug) if slug else rows


def worklist_counts(actor: Actor) -> WorklistCounts:
    """The three numbers over the worklist."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = _own_reads(actor)
    return WorklistCounts(
        open=claimable(actor).aggregate(n=Count("case_id", distinct=True))["n"],
        claimed=mine.filter(state=ReadState.DRAFT).count(),
        submitted_today=mine.filter(state=ReadState.SIGNED, signed_at__gte=midnight).count(),
    )


def worklist_rows(cases: list[Any]) -> list[dict[str, Any]]:
    """One page as the API gives it: two queries more."""
    projects = projects_by_id({case.project_id for case in cases})
    studies = studies_by_id({case.study_id for case in cases})
    return [_row(case, projects[case.project_id], studies[case.study_id]) for case in cases]


def _row(case: Any, project: Any, study: Any) -> dict[str, Any]:
    modalities = [m for m in study.modalities if m not in _NO_IMAGE] or study.modalities
    held = case.my_state is not None
    return {
        "task_id": case.my_round_id if held else case.open_round_id,
        "project": {"slug": project.slug, "name": project.name, "colour": project.colour},
        "case": {"id": case.pk, "label": case.label},
        "stage": {
            "key": case.my_stage_key if held else case.open_stage_key,
            "kind": case.my_kind if held else case.open_kind,
        },
        "state": _WORK_STATES[case.my_state],
        "read_id": case.my_read_id if held else None,
        "priority": case.priority,
        "due_at": case.due_at,
        "modality": "/".join(modalities),
        "instance_count": study.instance_count,
        "lease_until": case.my_lease_until if case.my_state == ReadState.DRAFT else None,
    }


def _own_reads(actor: Actor) -> QuerySet[Read]:
    """The actor's drafts and signed reads where they hold the role still."""
    allowed = {i for ids in permissions.projects_by_kind(actor).values() for i in ids}
    return Read.objects.filter(
        reader_id=actor.user_id, case__project_id__in=allowed, state__in=[ReadState.DRAFT, ReadState.SIGNED]
    )


def _annotated(actor: Actor) -> QuerySet[Any]:
    # Only the rows of the page pay for these: the filters above do not look at them.
    mine = Read.objects.filter(
        case_id=OuterRef("pk"), reader_id=actor.user_id, state__in=[ReadState.DRAFT, ReadState.SIGNED]
    ).order_by("created_at")
    held = Assignment.objects.filter(read__case_id=OuterRef("pk"), read__reader_id=actor.user_id, ended_at__isnull=True)
    free = claimable(actor).filter(case_id=OuterRef("pk")).order_by("kind", "ordinal")
    return Case.objects.annotate(
        rank=rank(),
        my_read_id=Subquery(mine.values("pk")[:1]),
        my_state=Subquery(mine.values("state")[:1]),
        my_stage_key=Subquery(mine.values("stage_key")[:1]),
        my_kind=Subquery(mine.values("kind")[:1]),
        my_round_id=Subquery(mine.values("task__round_id")[:1]),
        my_lease_until=Subquery(held.values("lease_until")[:1]),
        open_round_id=Subquery(free.values("round_id")[:1]),
        open_stage_key=Subquery(free.values("stage_key")[:1]),
        open_kind=Subquery(free.values("kind")[:1]),
    )
