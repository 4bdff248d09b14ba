"""Reads of the room, and its doors."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from typing import Any

from django.db.models import QuerySet

from apps.datasets.constants import ReleaseState
from apps.datasets.domain import manifest as m
from apps.datasets.models import Dataset, DatasetVersion, Member
from apps.datasets.models import Release as Release
from apps.projects.constants import ProjectAction
from apps.projects.selectors import project_get_for, project_ids_for, projects_by_id
from kernel.actors import Actor
from kernel.errors import NotFoundError


def dataset_list_for(actor: Actor, *, project_slug: str = "") -> QuerySet[Dataset]:
    """The datasets of the projects whose datasets the actor sees. Raises `NotFoundError` for a project not theirs."""
    if project_slug:
        project = project_get_for(actor=actor, slug=project_slug, action=ProjectAction.VIEW_DATASETS)
        return Dataset.objects.select_related("project").filter(project_id=project.pk)
    visible = project_ids_for(actor, ProjectAction.VIEW_DATASETS)
    return Dataset.objects.select_related("project").filter(project_id__in=visible)


def dataset_get_for(*, actor: Actor, slug: str, action: ProjectAction = ProjectAction.VIEW_DATASETS) -> Dataset:
    """One dataset, where the actor holds the permission on its project. Raises `NotFoundError`."""
    dataset = Dataset.objects.select_related("project").filter(slug=slug).first()
    if dataset is None:
        raise NotFoundError()
    project_get_for(actor=actor, project_id=dataset.project_id, action=action)
    return dataset


def version_get_for(
    *, actor: Actor, digest: str, action: ProjectAction = ProjectAction.VIEW_DATASETS
) -> DatasetVersion:
    """The version with this digest, or a unique start of at least 8 digits of it. Raises `NotFoundError`."""
    rows = DatasetVersion.objects.select_related("dataset", "dataset__project", "parent")
    found = list(rows.filter(digest__startswith=digest)[:2]) if len(digest) >= 8 else []
    if len(found) != 1:
        raise NotFoundError()
    project_get_for(actor=actor, project_id=found[0].dataset.project_id, action=action)
    return found[0]


def version_list_for(*, actor: Actor, dataset: Dataset) -> QuerySet[DatasetVersion]:
    """The versions of a dataset the actor has the door to, newest first."""
    return DatasetVersion.objects.filter(dataset=dataset).select_related("parent").defer("manifest")


def with_version_facts(versions: list[DatasetVersion]) -> list[DatasetVersion]:
    """Put release names and split sizes beside each version, in two queries."""
    ids = [v.pk for v in versions]
    names: dict[uuid.UUID, list[str]] = defaultdict(list)
    for version_id, name in Release.objects.filter(version_id__in=ids).values_list("version_id", "name"):
        names[version_id].append(name)
    sides: dict[uuid.UUID, Counter[str]] = defaultdict(Counter)
    erased: Counter[uuid.UUID] = Counter()
    for version_id, side, gone in Member.objects.filter(version_id__in=ids).values_list(
        "version_id", "side", "erased_at"
    ):
        sides[version_id][side] += 1
        erased[version_id] += gone is not None
    for version in versions:
        version.release_names = sorted(names[version.pk])  # type: ignore[attr-defined]  # for the serializer
        version.split_sizes = {s: sides[version.pk][s] for s in ("train", "validation", "test")}  # type: ignore[attr-defined]  # as above
        version.erased_count = erased[version.pk]  # type: ignore[attr-defined]  # as above
    return versions


def member_list_for(*, actor: Actor, version: DatasetVersion) -> QuerySet[Member]:
    """The members of a version the actor has the door to."""
    return Member.objects.filter(version=version)


def manifest_of(version: DatasetVersion) -> m.Manifest:
    """The version's manifest, checked against its digest."""
    manifest = m.parse(bytes(version.manifest))
    if manifest.digest != version.digest:
        raise ValueError("the stored manifest does not give the version's digest")
    return manifest


def member_cases(version: DatasetVersion) -> dict[str, Member]:
    """The members by case label."""
    return {row.case_label: row for row in Member.objects.filter(version=version)}


def release_get_for(
    *, actor: Actor, release_id: uuid.UUID, action: ProjectAction = ProjectAction.VIEW_DATASETS
) -> Release:
    """One release, to those who see its dataset. Raises `NotFoundError`."""
    release = Release.objects.select_related("dataset", "version").filter(pk=release_id).first()
    if release is None:
        raise NotFoundError()
    project_get_for(actor=actor, project_id=release.dataset.project_id, action=action)
    return release


def release_list_for(*, actor: Actor, dataset: Dataset) -> QuerySet[Release]:
    """The releases of a dataset the actor has the door to."""
    return Release.objects.select_related("dataset", "version").filter(dataset=dataset)


def published_releases(release_ids: list[uuid.UUID] | None = None) -> QuerySet[Release]:
    """Published releases; who may see which is asked by the room above."""
    rows = Release.objects.select_related("dataset", "version").filter(state=ReleaseState.PUBLISHED)
    return rows if release_ids is None else rows.filter(pk__in=release_ids)


def description_of(release: Release) -> dict[str, Any]:
    """What a release holds and how it was read, for the customer's page."""
    manifest = manifest_of(release.version)
    how = Counter(member.reference for member in manifest.members)
    return {
        "what": {
            "cases": len(manifest.members),
            "subjects": len({member.subject for member in manifest.members}),
            "modalities": sorted({s.modality for member in manifest.members for s in member.series}),
            "classes": [{"number": c["number"], "name": c["name"]} for c in manifest.classes],
            "splits": dict(Counter(member.split for member in manifest.members)),
        },
        "how_read": {
            "readers": max((member.readers for member in manifest.members), default=0),
            "blinded": True,
            "by_consensus": how["consensus"],
            "by_adjudication": how["adjudication"],
        },
    }


def projects_of(datasets: list[Dataset]) -> dict[uuid.UUID, Any]:
    """The projects of some datasets, in one query."""
    return projects_by_id(d.project_id for d in datasets)


def affected_by_subject(subject_id: uuid.UUID) -> list[DatasetVersion]:
    """The versions that hold a subject."""
    ids = Member.objects.filter(subject_id=subject_id).values("version_id")
    return list(DatasetVersion.objects.filter(pk__in=ids).select_related("dataset"))
