"""A project's home in figures: how far, how good, what is stuck, what needs a person."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.intake.selectors import open_counts
from apps.projects.constants import ProjectAction, ProjectRole
from apps.projects.selectors import charter_of, may, project_get_for, user_ids_with_role
from apps.review.domain.agreement import DICE
from apps.review.models import Agreement, ReferenceStandard, ReviewDecision
from apps.review.selectors.cases import sees_only_settled
from apps.studies.selectors import studies_by_id
from apps.tasks.domain.states import CaseState
from apps.tasks.selectors import flagged_count, signed_per_day, state_counts
from kernel.actors import Actor
from kernel.errors import ConflictError

_RESAMPLES = 1000


def project_overview(*, actor: Actor, slug: str) -> dict[str, Any]:
    """The figures of a project for those who see its cases. Raises `NotFoundError`.

    Whoever also reads in it sees how many cases there are and how many are settled, and nothing that moves before.
    """
    project = project_get_for(actor=actor, slug=slug, action=ProjectAction.VIEW_CASES)
    counts = state_counts(project.pk)
    deliveries = open_counts([project.pk]).get(project.pk, {"open": 0, "held": 0, "refused": 0})
    if sees_only_settled(actor, project):
        settled = counts[CaseState.SETTLED]
        hidden = dict.fromkeys(counts, 0) | {
            CaseState.SETTLED.value: settled,
            CaseState.WAITING.value: sum(counts.values()) - settled,
        }
        return _page(hidden, [], [], [], [], deliveries)
    return _page(
        counts,
        _agreement(project.pk),
        _stuck(project, counts),
        _needs(actor, project, deliveries),
        [{"day": day, "reads_signed": n} for day, n in signed_per_day(project.pk)],
        deliveries,
    )


def _page(
    counts: dict[str, int],
    agreement: list[dict[str, Any]],
    stuck: list[dict[str, Any]],
    needs: list[dict[str, Any]],
    pace: list[dict[str, Any]],
    deliveries: dict[str, int],
) -> dict[str, Any]:
    return {
        "cases": {"total": sum(counts.values()), "by_state": counts},
        "agreement": agreement,
        "stuck": stuck,
        "needs_me": needs,
        "pace": pace,
        "deliveries": {name: deliveries.get(name, 0) for name in ("open", "held", "refused")},
    }


def _agreement(project_id: uuid.UUID) -> list[dict[str, Any]]:
    """Mean Dice a class over cases, with a 95 % interval from a bootstrap that draws whole subjects."""
    rows = list(
        Agreement.objects.filter(project_id=project_id, class_number__isnull=False)
        .select_related("case")
        .order_by("class_number", "case__number")
    )
    studies = studies_by_id({row.case.study_id for row in rows})
    by_class: dict[int, list[Agreement]] = defaultdict(list)
    for row in rows:
        by_class[row.class_number or 0].append(row)
    return [
        _class_row(number, found, [studies[row.case.study_id].subject_id for row in found])
        for number, found in by_class.items()
    ]


def _class_row(number: int, rows: list[Agreement], subjects: list[uuid.UUID]) -> dict[str, Any]:
    # Statistics take three seconds to import: only a process that is asked for them pays.
    from imaging.detection.bootstrap import clustered_bootstrap

    measured = [(row.value, subject) for row, subject in zip(rows, subjects, strict=True) if row.value is not None]
    values = np.array([value for value, _ in measured], float)

    def mean(picked: NDArray[np.intp]) -> float:
        return float(values[picked].mean())

    estimate = (
        clustered_bootstrap(
            mean, [subject for _, subject in measured], definition_id=f"mean-{DICE}", resamples=_RESAMPLES
        )
        if measured
        else None
    )
    return {
        "class_number": number,
        "name": rows[-1].name,
        "n": len(measured),
        "mean": estimate.value if estimate else None,
        "low": estimate.low if estimate else None,
        "high": estimate.high if estimate else None,
        "limit": rows[-1].limit,
        "metric": rows[-1].metric,
        "definition_id": DICE,
    }


def _stuck(project: Any, counts: dict[str, int]) -> list[dict[str, Any]]:
    found = []
    flagged = flagged_count(project.pk)
    if flagged:
        found.append(_item("flagged", flagged, "cases were flagged by their reader", _cases(project, "flagged")))
    waiting = counts[CaseState.DISCORDANT]
    if waiting and not _has_adjudicator(project):
        found.append(
            _item(
                "no-adjudicator",
                waiting,
                "cases wait for an adjudicator, and there is none",
                _cases(project, "discordant"),
            )
        )
    return found


def _needs(actor: Actor, project: Any, deliveries: dict[str, int]) -> list[dict[str, Any]]:
    found = []
    if may(actor, ProjectAction.REVIEW, project):
        wanted = ReferenceStandard.objects.filter(
            project_id=project.pk, review_wanted=True, withdrawn_at__isnull=True
        ).exclude(pk__in=ReviewDecision.objects.values("reference_id"))
        if number := wanted.count():
            found.append(_item("review", number, "settled cases were sampled for review", _cases(project, "settled")))
    if may(actor, ProjectAction.DELIVER, project) and deliveries.get("held"):
        link = f"/projects/{project.slug}/intake"
        found.append(_item("held", deliveries["held"], "files are held for a decision", link))
    return found


def _has_adjudicator(project: Any) -> bool:
    try:
        _, charter = charter_of(project.pk)
    except ConflictError:
        return False
    return charter.adjudicate_stage is not None and bool(user_ids_with_role(project.pk, ProjectRole.ADJUDICATOR))


def _cases(project: Any, state: str) -> str:
    return f"/projects/{project.slug}/cases?state={state}"


def _item(code: str, count: int, text: str, link: str) -> dict[str, Any]:
    return {"code": code, "count": count, "text": f"{count} {text}", "link": link}
