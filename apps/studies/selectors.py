"""Reads of the room, and its doors. Every door refuses with the same `NotFoundError` for absent and not yours."""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet

from apps.projects.constants import ProjectAction
from apps.projects.selectors import may, project_get_for
from apps.studies import permissions
from apps.studies.constants import ACTION_OPENED
from apps.studies.models import DerivedFrames, Instance, Series, Study, Subject
from kernel.actors import Actor
from kernel.acts import Act
from kernel.errors import NotFoundError
from kernel.tenancy.scope import current_tenant_id

if TYPE_CHECKING:
    from apps.projects.models import Project

register_grant = permissions.register_grant

_PLACES, _PLACE_S = 2000, 60.0
_places: dict[tuple[uuid.UUID, str, str, str], tuple[float, Series]] = {}
_SEVERITIES = ("ok", "info", "warning", "error", "critical")


def study_get_for(*, actor: Actor, study_id: uuid.UUID) -> Study:
    """The study, if the actor may see it now. Raises `NotFoundError`; a refusal is audited."""
    found = _studies().filter(pk=study_id).first()
    return _opened(actor, found)


def study_by_uid_for(*, actor: Actor, slug: str, study_instance_uid: str) -> Study:
    """The study of a project by its UID. Raises `NotFoundError`."""
    found = _studies().filter(project__slug=slug, study_instance_uid=study_instance_uid).first()
    return _opened(actor, found)


def series_get_for(*, actor: Actor, series_id: uuid.UUID) -> Series:
    """The series, if the actor may see its study now. Raises `NotFoundError`."""
    series = _series().filter(pk=series_id).first()
    _opened(actor, series.study if series else None)
    assert series is not None
    return series


def series_by_uid_for(*, actor: Actor, slug: str, study_instance_uid: str, series_instance_uid: str) -> Series:
    """The series of a project by its UIDs. Raises `NotFoundError`."""
    series = _placed_series(slug, study_instance_uid, series_instance_uid)
    _opened(actor, series.study if series else None)
    assert series is not None
    return series


def instance_by_uid_for(
    *, actor: Actor, slug: str, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str
) -> Instance:
    """The instance of a project by its UIDs, with its series, study, subject and blobs. Raises `NotFoundError`."""
    series = _placed_series(slug, study_instance_uid, series_instance_uid)
    _opened(actor, series.study if series else None)
    assert series is not None
    rows = Instance.objects.select_related("blob", "metadata_blob")
    found = rows.filter(series_id=series.pk, sop_instance_uid=sop_instance_uid).first()
    if found is None:
        raise NotFoundError()
    found.series = series
    return found


def study_list_for(actor: Actor, slug: str, **filters: str) -> QuerySet[Study]:
    """The studies of a project that the actor may see now.

    Filters: `search` in pseudonym and description, `modality`. Raises `NotFoundError` without access to the project.
    """
    project = project_get_for(actor=actor, slug=slug)
    rows = _studies().filter(pk__in=_visible_ids(actor, project)) if not _sees_all(actor, project) else _studies()
    rows = rows.filter(project=project)
    if search := filters.get("search", ""):
        rows = rows.filter(Q(subject__pseudonym__icontains=search) | Q(description__icontains=search))
    if modality := filters.get("modality", ""):
        rows = rows.filter(modalities__contains=[modality])
    return rows


def subject_get_for(*, actor: Actor, subject_id: uuid.UUID, action: ProjectAction) -> Subject:
    """The subject, where the actor holds `action` on its project. Raises `NotFoundError`."""
    found = Subject.objects.select_related("project", "key").filter(pk=subject_id).first()
    if found is None or not may(actor, action, found.project):
        raise NotFoundError()
    return found


def series_of_studies(study_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Series]]:
    """The series of each study in their order, in one query. The caller has opened the door."""
    found: dict[uuid.UUID, list[Series]] = defaultdict(list)
    for series in Series.objects.filter(study_id__in=study_ids).order_by("number", "id"):
        found[series.study_id].append(series)
    return found


def series_for_studies(studies: QuerySet[Study]) -> QuerySet[Series]:
    """The series of the studies a door has opened."""
    return _series().filter(study__in=studies)


def instances_for_studies(studies: QuerySet[Study]) -> QuerySet[Instance]:
    """The instances of the studies a door has opened."""
    return _instances().filter(series__study__in=studies)


def series_by_ids(series_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Series]:
    """Series by id, in one query. The caller has opened the door."""
    return {series.pk: series for series in _series().filter(pk__in=list(series_ids))}


def instances_of(*, series_ids: Collection[uuid.UUID]) -> QuerySet[Instance]:
    """The instances of some series, in the order of InstanceNumber. The caller has opened the door."""
    return _instances().filter(series_id__in=series_ids).order_by("series_id", "number", "sop_instance_uid")


def middle_instance(study: Study, series_instance_uid: str = "") -> Instance | None:
    """The image in the middle of a series, or of the study's first series with images. A door has opened the study."""
    rows = _instances().filter(series__study=study, frames__gt=0).order_by("series__number", "series_id", "number")
    if series_instance_uid:
        rows = rows.filter(series__series_instance_uid=series_instance_uid)
    first = rows.first()
    if first is None:
        return None
    of_series = rows.filter(series_id=first.series_id)
    return of_series[of_series.count() // 2]


def timeline_objects_for(*, actor: Actor, series_id: uuid.UUID) -> list[uuid.UUID]:
    """The ids whose events make the timeline of a series: itself, its study, its subject.

    Raises `NotFoundError` for who may not see the project's trail.
    """
    series = _series().filter(pk=series_id).first()
    if series is None or not permissions.may_act(actor, ProjectAction.VIEW_TRAIL, series.study):
        raise NotFoundError()
    return [series.pk, series.study_id, series.study.subject_id]


def studies_by_id(study_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Study]:
    """Studies with subject and project by id, in one query. The caller has opened the door."""
    return {study.pk: study for study in _studies().filter(pk__in=set(study_ids))}


def known_source_digests(project_id: uuid.UUID, digests: Collection[str]) -> set[str]:
    """Which files, by SHA-256 as they arrived, a project holds already."""
    rows = Instance.objects.filter(source_digest__in=set(digests), series__study__project_id=project_id)
    return set(rows.values_list("source_digest", flat=True))


def known_instance_uids(project_id: uuid.UUID, sop_instance_uids: Collection[str]) -> set[str]:
    """Which instances, by their de-identified UID, a project holds already."""
    rows = Instance.objects.filter(series__study__project_id=project_id, sop_instance_uid__in=set(sop_instance_uids))
    return set(rows.values_list("sop_instance_uid", flat=True))


def derived_frames_of(instance: Instance, transfer_syntax_uid: str) -> DerivedFrames | None:
    """The frames of an instance in another transfer syntax, if they were derived."""
    rows = DerivedFrames.objects.select_related("blob").filter(instance=instance)
    return rows.filter(transfer_syntax_uid=transfer_syntax_uid).first()


def counts_by_project(project_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many studies each project has, in one query."""
    rows = Study.objects.filter(project_id__in=project_ids).values("project_id").annotate(n=Count("id"))
    return {row["project_id"]: row["n"] for row in rows}


def quality_summary(reports: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The worst severity and the number of findings over some quality reports; "ok" where there are none."""
    worst, count = "ok", 0
    for report in reports:
        found = report.get("findings", [])
        count += len(found)
        for finding in found:
            worst = max(worst, finding["severity"], key=_SEVERITIES.index)
    return {"worst": worst, "count": count}


def _studies() -> QuerySet[Study]:
    return Study.objects.select_related("subject", "project")


def _series() -> QuerySet[Series]:
    return Series.objects.select_related("study__subject", "study__project")


def _instances() -> QuerySet[Instance]:
    return Instance.objects.select_related("series__study__subject", "series__study__project", "blob", "metadata_blob")


def _placed_series(slug: str, study_instance_uid: str, series_instance_uid: str) -> Series | None:
    """A series by its UIDs with study, subject and project, remembered for a while: where it lies never changes.

    Whether the actor may see it is asked anew each time.
    """
    place = (current_tenant_id(), slug, study_instance_uid, series_instance_uid)
    known = _places.get(place)
    if known is not None and known[0] > time.monotonic():
        return known[1]
    series = (
        _series()
        .filter(
            study__project__slug=slug,
            study__study_instance_uid=study_instance_uid,
            series_instance_uid=series_instance_uid,
        )
        .first()
    )
    if series is not None:
        if len(_places) >= _PLACES:
            _places.clear()
        _places[place] = (time.monotonic() + _PLACE_S, series)
    return series


def _sees_all(actor: Actor, project: Project) -> bool:
    return may(actor, ProjectAction.VIEW_STUDIES, project)


def _visible_ids(actor: Actor, project: Project) -> set[uuid.UUID]:
    ids = list(Study.objects.filter(project=project).values_list("pk", flat=True))
    return permissions.granted_ids(actor, ids)


def _opened(actor: Actor, study: Study | None) -> Study:
    if study is None:
        raise NotFoundError()
    if not permissions.may_view(actor, study):
        raise NotFoundError(
            refused=Act(
                actor=actor,
                action=ACTION_OPENED.replace("series", "study"),
                object_kind="study",
                object_id=study.pk,
                outcome="refused",
                subject_pseudonym=study.subject.pseudonym,
            )
        )
    return study
