"""Cases as managers, reviewers and auditors see them.

Blind: whoever also reads in a project sees none of its cases before they are settled, whatever else they are there;
whoever adjudicates sees no reader's name before.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from apps.annotations.selectors import open_text
from apps.projects.constants import ProjectAction
from apps.projects.selectors import may, project_get_for, projects_by_id
from apps.review.constants import SHOWN_LABELS
from apps.review.models import Adjudication, Agreement, Consensus, Discordance, ReferenceStandard, ReviewDecision
from apps.studies.selectors import studies_by_id
from apps.tasks.domain.states import CaseState, ReadState
from apps.tasks.selectors import (
    case_by_id,
    case_list_of,
    flag_text,
    flags_of,
    handle_of,
    rationale_of,
    reads_by_id,
    reads_of_cases,
    reads_wanted,
)
from apps.tenants.selectors import members_by_id
from kernel.actors import Actor
from kernel.errors import InvalidError, NotFoundError

FLAGGED = "flagged"
STATES = (*(state.value for state in CaseState), FLAGGED)


def sees_only_settled(actor: Actor, project: Any) -> bool:
    """Whether the actor reads in the project: then what is not settled is hidden from them."""
    return not actor.is_system and may(actor, ProjectAction.READ, project)


def case_get_for(*, actor: Actor, case_id: uuid.UUID, action: ProjectAction = ProjectAction.VIEW_CASES) -> Any:
    """The case, where the actor holds `action` on its project. Raises `NotFoundError`."""
    case = case_by_id(case_id)
    project = project_get_for(actor=actor, project_id=case.project_id, action=action)
    if case.state != CaseState.SETTLED and sees_only_settled(actor, project):
        raise NotFoundError()
    return case


def case_list_for(*, actor: Actor, slug: str, state: str = "") -> QuerySet[Any]:
    """The cases of a project. Raises `NotFoundError`, `InvalidError` for an unknown state."""
    project = project_get_for(actor=actor, slug=slug, action=ProjectAction.VIEW_CASES)
    if state and state not in STATES:
        raise InvalidError(f"The state is one of {', '.join(STATES)}.")
    rows: QuerySet[Any] = case_list_of([project.pk])
    if sees_only_settled(actor, project):
        rows = rows.filter(state=CaseState.SETTLED)
    if state == FLAGGED:
        rows = rows.filter(open_flags__gt=0).exclude(state=CaseState.SETTLED)
    elif state:
        rows = rows.filter(state=state)
    return rows


def case_rows(cases: list[Any]) -> list[dict[str, Any]]:
    """Cases of one page as the API gives them; a constant number of queries."""
    ids = [case.pk for case in cases]
    studies = studies_by_id({case.study_id for case in cases})
    signed: dict[uuid.UUID, int] = defaultdict(int)
    for read in reads_of_cases(ids):
        signed[read.case_id] += read.kind == "read" and read.state == ReadState.SIGNED
    wanted = reads_wanted(ids)
    agreement = _by_case(Agreement.objects.filter(case_id__in=ids, class_number__isnull=False))
    references = {r.case_id: r for r in ReferenceStandard.objects.filter(case_id__in=ids, withdrawn_at__isnull=True)}
    return [
        {
            "id": case.pk,
            "label": case.label,
            "subject": {"pseudonym": studies[case.study_id].subject.pseudonym},
            "state": _state(case),
            "reads_signed": signed[case.pk],
            "reads_wanted": wanted.get(case.pk, 0),
            "agreement": _worst(agreement.get(case.pk, [])),
            "reference_standard": {"how": references[case.pk].how} if case.pk in references else None,
            "updated_at": case.updated_at,
        }
        for case in cases
    ]


def case_page(*, actor: Actor, case_id: uuid.UUID) -> dict[str, Any]:
    """Everything about one case. Raises `NotFoundError`."""
    case = case_get_for(actor=actor, case_id=case_id)
    annotated = case_list_of([case.project_id]).get(pk=case.pk)
    project = projects_by_id([case.project_id])[case.project_id]
    study = studies_by_id([case.study_id])[case.study_id]
    hidden = case.state != CaseState.SETTLED and may(actor, ProjectAction.ADJUDICATE, project)
    consensus = Consensus.objects.filter(case=case).order_by("-created_at").first()
    return {
        **case_rows([annotated])[0],
        "project": {"slug": project.slug, "name": project.name, "colour": project.colour},
        "study": {
            "id": study.pk,
            "study_instance_uid": study.study_instance_uid,
            "description": study.description,
        },
        "reads": _reads(case, names_hidden=hidden),
        "agreement_by_class": [_agreement(row) for row in _agreements(case)],
        "consensus": _consensus(consensus) if consensus else None,
        "adjudication": _adjudication(case),
        "decisions": _decisions(case),
        "flags": _flags(case),
    }


def _state(case: Any) -> str:
    return FLAGGED if case.open_flags and case.state != CaseState.SETTLED else str(case.state)


def _worst(rows: Iterable[Agreement]) -> dict[str, float | None] | None:
    found = list(rows)
    if not found:
        return None
    values = [row.value for row in found if row.value is not None]
    return {"worst": min(values, default=None), "limit": found[0].limit}


def _reads(case: Any, *, names_hidden: bool) -> list[dict[str, Any]]:
    discordance = Discordance.objects.filter(case=case).order_by("-created_at").first()
    labels = dict(zip(discordance.shown if discordance else [], SHOWN_LABELS, strict=False))
    reads = [read for read in reads_of_cases([case.pk]) if read.reader_id is not None]
    people = members_by_id({read.reader_id for read in reads if read.reader_id})
    return [
        {
            "id": read.pk,
            "kind": read.kind,
            "reader": None if names_hidden or read.reader_id is None else _person(people.get(read.reader_id)),
            "state": read.state,
            "signed_at": read.signed_at,
            "active_reading_s": round(read.active_s),
            "label": labels.get(str(read.pk), ""),
        }
        for read in reads
    ]


def _person(user: Any) -> dict[str, Any] | None:
    return None if user is None else {"id": user.pk, "name": user.name}


def _agreements(case: Any) -> QuerySet[Agreement]:
    return Agreement.objects.filter(case=case).order_by("class_number", "key")


def _agreement(row: Agreement) -> dict[str, Any]:
    return {
        "class_number": row.class_number,
        "name": row.name,
        "metric": row.metric,
        "value": row.value,
        "low": row.low,
        "high": row.high,
        "limit": row.limit,
        "outcome": row.outcome,
        "concordant": row.concordant,
        "definition_id": row.definition_id,
        "engine_version": row.engine_version,
    }


def _consensus(row: Consensus) -> dict[str, Any]:
    return {
        "algorithm": row.algorithm,
        "version": row.version,
        "parameters": row.parameters,
        "read_id": row.read_id,
        "results": row.results,
    }


def _adjudication(case: Any) -> dict[str, Any] | None:
    row = Adjudication.objects.filter(case=case).order_by("-created_at").first()
    if row is None:
        return None
    read = reads_by_id([row.read_id])[row.read_id]
    return {"read_id": row.read_id, "rationale": rationale_of(read), "decided_at": row.decided_at}


def _decisions(case: Any) -> list[dict[str, Any]]:
    rows = list(ReviewDecision.objects.filter(case=case).select_related("reference").order_by("-created_at"))
    if not rows:
        return []
    people = members_by_id({row.reviewer_id for row in rows})
    key_id = handle_of(reads_by_id([rows[0].reference.read_id])[rows[0].reference.read_id]).subject_key_id
    return [
        {
            "id": row.pk,
            "decision": row.decision,
            "comment": open_text(key_id, f"review.comment:{row.pk}", row.comment),
            "decided_at": row.created_at,
            "actor": _person(people.get(row.reviewer_id)),
        }
        for row in rows
    ]


def _flags(case: Any) -> list[dict[str, Any]]:
    rows = list(flags_of(case))
    reads = reads_by_id({row.read_id for row in rows})
    return [
        {
            "id": row.pk,
            "code": row.code,
            "text": flag_text(row, reads[row.read_id]),
            "raised_at": row.created_at,
            "resolved_at": row.resolved_at,
        }
        for row in rows
    ]


def _by_case(rows: Iterable[Agreement]) -> dict[uuid.UUID, list[Agreement]]:
    found: dict[uuid.UUID, list[Agreement]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(row)
    return found
