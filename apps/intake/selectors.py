"""Reads of the room, and its doors: deliveries belong to those who may deliver to the project."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Count, QuerySet

from apps.intake.domain import reasons
from apps.intake.domain.states import OPEN, DeliveryState, FileState
from apps.intake.models import Admission, Delivery, IncomingFile, QualityFinding
from apps.projects.constants import ProjectAction
from apps.projects.selectors import may, project_get_for
from kernel.actors import Actor
from kernel.errors import NotFoundError
from kernel.jobs.models import Job

_SHOWN = (FileState.RECEIVED, FileState.HELD, FileState.ADMITTED, FileState.REFUSED, FileState.DUPLICATE)
_IN_WORK = {state.value for state in OPEN}


def delivery_get_for(*, actor: Actor, delivery_id: uuid.UUID) -> Delivery:
    """The delivery, where the actor may deliver to its project. Raises `NotFoundError`."""
    found = Delivery.objects.select_related("project", "key").filter(pk=delivery_id).first()
    if found is None or not may(actor, ProjectAction.DELIVER, found.project):
        raise NotFoundError()
    return found


def delivery_list_for(actor: Actor, slug: str) -> QuerySet[Delivery]:
    """The deliveries of a project. Raises `NotFoundError` for who may not deliver to it."""
    project = project_get_for(actor=actor, slug=slug, action=ProjectAction.DELIVER)
    return Delivery.objects.select_related("project", "key").filter(project=project)


def file_get_for(*, actor: Actor, file_id: uuid.UUID) -> IncomingFile:
    """The file, where the actor may deliver to its project. Raises `NotFoundError`."""
    found = IncomingFile.objects.select_related("delivery__project", "delivery__key").filter(pk=file_id).first()
    if found is None or not may(actor, ProjectAction.DELIVER, found.delivery.project):
        raise NotFoundError()
    return found


def file_list_for(*, actor: Actor, delivery_id: uuid.UUID, state: str = "") -> QuerySet[IncomingFile]:
    """The files of a delivery in the order they came. Raises `NotFoundError`."""
    delivery = delivery_get_for(actor=actor, delivery_id=delivery_id)
    rows = IncomingFile.objects.select_related("delivery__key").filter(delivery=delivery)
    return rows.filter(state=state) if state else rows


def hold_list_for(actor: Actor, slug: str) -> QuerySet[IncomingFile]:
    """The files of a project that wait for a person. Raises `NotFoundError`."""
    project = project_get_for(actor=actor, slug=slug, action=ProjectAction.DELIVER)
    rows = IncomingFile.objects.select_related("delivery__key")
    return rows.filter(delivery__project=project, state=FileState.HELD)


def states_of(delivery_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    """How many files of each delivery are in which state, in one query. What is in work counts as received."""
    found = {delivery_id: {state.value: 0 for state in _SHOWN} for delivery_id in delivery_ids}
    rows = IncomingFile.objects.filter(delivery_id__in=delivery_ids).values("delivery_id", "state")
    for row in rows.annotate(n=Count("id")).order_by():
        state = FileState.RECEIVED.value if row["state"] in _IN_WORK else row["state"]
        counts = found[row["delivery_id"]]
        counts[state] = counts.get(state, 0) + row["n"]
    return found


def jobs_of(deliveries: Iterable[Delivery]) -> dict[uuid.UUID, Job]:
    """The jobs of deliveries by job id, in one query."""
    ids = [delivery.job_id for delivery in deliveries if delivery.job_id]
    return {job.pk: job for job in Job.objects.filter(pk__in=ids)}


def open_delivery_of(*, project_id: uuid.UUID, source: str, user_id: uuid.UUID | None) -> Delivery | None:
    """The delivery of a sender that is still being received, locked."""
    rows = (
        Delivery.objects.select_for_update()
        .select_related("key")
        .filter(project_id=project_id, source=source, created_by=user_id, state=DeliveryState.RECEIVING)
    )
    return rows.order_by("-created_at").first()


def hashes_in_quarantine(project_id: uuid.UUID, hashes: Collection[str]) -> set[str]:
    """Which files, by SHA-256, wait in quarantine of a project or came through it as they are now."""
    rows = IncomingFile.objects.filter(delivery__project_id=project_id, sha256__in=set(hashes))
    live = [*_IN_WORK, FileState.HELD.value]
    return set(rows.filter(state__in=live).values_list("sha256", flat=True))


def files_by_digest(delivery: Delivery, name_digests: Collection[str]) -> dict[str, list[IncomingFile]]:
    """The files of a delivery by keyed digest of their names."""
    found: dict[str, list[IncomingFile]] = defaultdict(list)
    for row in IncomingFile.objects.filter(delivery=delivery, name_digest__in=set(name_digests)):
        found[row.name_digest].append(row)
    return found


def files_in_state(delivery_id: uuid.UUID, *states: FileState) -> QuerySet[IncomingFile]:
    """A delivery's files in some states, with their blobs, in the order they came."""
    rows = IncomingFile.objects.select_related("blob", "subject__key").filter(delivery_id=delivery_id)
    return rows.filter(state__in=[state.value for state in states]).order_by("number")


def findings_of(delivery_id: uuid.UUID, series_digest: str) -> list[dict[str, Any]]:
    """The findings of a series of a delivery."""
    rows = QualityFinding.objects.filter(delivery_id=delivery_id, series_digest=series_digest)
    return list(rows.order_by("created_at", "id").values_list("report", flat=True))


def admissions_of_series(series_id: uuid.UUID) -> list[Admission]:
    """The admissions that made a series, oldest first. A door has opened the series."""
    rows = Admission.objects.select_related("manifest_blob").filter(series_id=series_id)
    return list(rows.order_by("created_at", "id"))


def hold_groups(files: Iterable[IncomingFile]) -> list[dict[str, Any]]:
    """Held files by reason, the most frequent first."""
    grouped: dict[str, list[IncomingFile]] = defaultdict(list)
    for file in files:
        grouped[file.reason_code].append(file)
    return [
        {
            "reason": {"code": code, "title": held[0].reason_title, "remedy": held[0].reason_remedy},
            "releasable": is_releasable(code),
            "count": len(held),
            "files": held,
        }
        for code, held in sorted(grouped.items(), key=lambda item: -len(item[1]))
    ]


def is_releasable(reason_code: str) -> bool:
    """Whether a person may let a file held for this reason go on."""
    known = reasons.ALL.get(reason_code)
    return known is not None and known.releasable


def open_counts(project_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    """For each project: deliveries not done, files held, files refused. Two queries."""
    counts = {project_id: {"open": 0, "held": 0, "refused": 0} for project_id in project_ids}
    working = Delivery.objects.filter(
        project_id__in=project_ids, state__in=[DeliveryState.RECEIVING, DeliveryState.PROCESSING]
    )
    for row in working.values("project_id").annotate(n=Count("id")).order_by():
        counts[row["project_id"]]["open"] = row["n"]
    files = IncomingFile.objects.filter(
        delivery__project_id__in=project_ids, state__in=[FileState.HELD, FileState.REFUSED]
    )
    for waiting in files.values("delivery__project_id", "state").annotate(n=Count("id")).order_by():
        counts[waiting["delivery__project_id"]][waiting["state"]] = waiting["n"]
    return counts
