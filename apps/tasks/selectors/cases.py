"""Cases and their reads for the rooms above, which open their own doors."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from apps.annotations.selectors import open_text
from apps.tasks.domain.states import CaseState, ReadState, TaskState
from apps.tasks.models import Case, CaseFlag, Read, Task
from apps.tasks.selectors.doors import handle_of
from kernel.errors import NotFoundError

Reads = QuerySet[Read]


def case_list_of(project_ids: Collection[uuid.UUID]) -> QuerySet[Case]:
    """The cases of some projects, each with `open_flags`, the flags nobody has resolved."""
    flags = Count("flags", filter=Q(flags__resolved_at__isnull=True), distinct=True)
    return Case.objects.filter(project_id__in=project_ids).annotate(open_flags=flags)


def case_by_id(case_id: uuid.UUID, *, lock: bool = False) -> Case:
    """The case; with `lock` its row is held until the transaction ends. Raises `NotFoundError`."""
    rows = Case.objects.filter(pk=case_id)
    found = (rows.select_for_update() if lock else rows).first()
    if found is None:
        raise NotFoundError()
    return found


def reads_of_cases(case_ids: Iterable[uuid.UUID]) -> Reads:
    """Every read of some cases, computed ones among them, oldest first."""
    return Read.objects.select_related("case").filter(case_id__in=set(case_ids)).order_by("created_at", "id")


def signed_reads(case_id: uuid.UUID, kind: str) -> list[Read]:
    """The signed reads of a kind of stage in a case, oldest first."""
    return list(reads_of_cases([case_id]).filter(kind=kind, state=ReadState.SIGNED))


def read_by_id(read_id: uuid.UUID) -> Read:
    """The read; for rooms that have opened the door to its case. Raises `NotFoundError`."""
    found = Read.objects.select_related("case").filter(pk=read_id).first()
    if found is None:
        raise NotFoundError()
    return found


def reads_by_id(read_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Read]:
    """Reads with their cases by id, in one query."""
    return {read.pk: read for read in Read.objects.select_related("case").filter(pk__in=set(read_ids))}


def reads_wanted(case_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many independent reads each case wants, in one query."""
    rows = Task.objects.filter(case_id__in=set(case_ids), kind="read").exclude(state=TaskState.RECALLED)
    return dict(rows.values("case_id").annotate(n=Count("pk")).values_list("case_id", "n"))


def flags_of(case: Case) -> QuerySet[CaseFlag]:
    """The flags of a case, newest first."""
    return CaseFlag.objects.filter(case=case).order_by("-created_at")


def flag_text(flag: CaseFlag, read: Read) -> str:
    """What the reader wrote; "" once the subject was erased."""
    return open_text(handle_of(read).subject_key_id, f"tasks.flag:{flag.pk}", flag.text)


def rationale_of(read: Read) -> str:
    """Why a read settled as it did, in its reader's words; "" once the subject was erased."""
    return open_text(handle_of(read).subject_key_id, f"tasks.rationale:{read.pk}", read.rationale)


def state_counts(project_id: uuid.UUID) -> dict[str, int]:
    """Cases of a project by state, every state named."""
    counted = dict(
        Case.objects.filter(project_id=project_id).values("state").annotate(n=Count("pk")).values_list("state", "n")
    )
    return {state.value: counted.get(state, 0) for state in CaseState}


def case_counts(project_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    """`{project: {"cases", "cases_settled"}}`, in one query; projects without cases are left out."""
    rows = Case.objects.filter(project_id__in=project_ids).values("project_id")
    counted = rows.annotate(cases=Count("pk"), cases_settled=Count("pk", filter=Q(state=CaseState.SETTLED)))
    return {row["project_id"]: {"cases": row["cases"], "cases_settled": row["cases_settled"]} for row in counted}


def flagged_count(project_id: uuid.UUID) -> int:
    """Cases of a project with a flag nobody has resolved."""
    rows = CaseFlag.objects.filter(case__project_id=project_id, resolved_at__isnull=True)
    return rows.values("case_id").distinct().count()


def signed_per_day(project_id: uuid.UUID, *, days: int = 30) -> list[tuple[dt.date, int]]:
    """Reads signed on each of the last days (UTC) that had any, oldest first."""
    since = timezone.now() - dt.timedelta(days=days)
    rows = Read.objects.filter(case__project_id=project_id, signed_at__gte=since, reader_id__isnull=False)
    counted = rows.annotate(day=TruncDate(F("signed_at"))).values("day").annotate(n=Count("pk")).order_by("day")
    return [(row["day"], row["n"]) for row in counted]
