"""Reads of the room, and the customer's doors: a release is seen by whom it is granted to, and by nobody else."""

from __future__ import annotations

import uuid

from django.db.models import Count, QuerySet, Sum

from apps.datasets.selectors import Release, published_releases, release_get_for, version_get_for
from apps.exports.constants import ExportState
from apps.exports.models import Artifact, Export, Grant, ReleaseExport
from apps.projects.constants import ProjectAction
from apps.projects.selectors import project_get_for, project_ids_for
from kernel.actors import Actor
from kernel.acts import Act
from kernel.errors import NotFoundError


def export_list_for(*, actor: Actor, digest: str) -> QuerySet[Export]:
    """The exports of a version the actor has the door to."""
    return Export.objects.filter(version=version_get_for(actor=actor, digest=digest))


def export_get_for(
    *, actor: Actor, export_id: uuid.UUID, action: ProjectAction = ProjectAction.VIEW_DATASETS
) -> Export:
    """One export. Raises `NotFoundError`."""
    export = Export.objects.select_related("version__dataset").filter(pk=export_id).first()
    if export is None:
        raise NotFoundError()
    project_get_for(actor=actor, project_id=export.project_id, action=action)
    return export


def grant_list_for(*, actor: Actor, release_id: uuid.UUID) -> QuerySet[Grant]:
    """Whom a release is granted to; for those who change datasets."""
    release = release_get_for(actor=actor, release_id=release_id, action=ProjectAction.CHANGE_DATASETS)
    return Grant.objects.select_related("user").filter(release=release)


def customer_release_list_for(actor: Actor) -> QuerySet[Release]:
    """The published releases the actor may pull: granted to them, in projects where they hold the permission."""
    granted = Grant.objects.filter(user=actor.user).values_list("release_id", flat=True) if actor.user else []
    projects = project_ids_for(actor, ProjectAction.PULL_RELEASES)
    return published_releases().filter(pk__in=list(granted), dataset__project_id__in=projects)


def customer_release_get_for(*, actor: Actor, dataset_slug: str, name: str) -> Release:
    """A release by its address, to whom it is granted. Raises `NotFoundError`, and the refusal is kept."""
    release = customer_release_list_for(actor).filter(dataset__slug=dataset_slug, name=name).first()
    if release is None:
        raise NotFoundError(refused=Act(actor, "exports.release.viewed", "release", outcome="refused"))
    return release


def artifacts_of_release(release: Release) -> QuerySet[Artifact]:
    """The files a release hands out, in path order."""
    exports = ReleaseExport.objects.filter(release=release).values("export_id")
    rows = Artifact.objects.filter(export_id__in=exports, export__state=ExportState.READY)
    return rows.select_related("export").order_by("export__format", "path")


def artifact_get_for(*, actor: Actor, artifact_id: uuid.UUID) -> Artifact:
    """A file to whom a release that hands it out is granted, or who manages the datasets. Raises `NotFoundError`."""
    artifact = Artifact.objects.select_related("blob", "export").filter(pk=artifact_id).first()
    refused = Act(actor, "exports.artifact.pulled", "artifact", artifact_id, outcome="refused")
    if artifact is None:
        raise NotFoundError(refused=refused)
    releases = ReleaseExport.objects.filter(export_id=artifact.export_id).values_list("release_id", flat=True)
    if customer_release_list_for(actor).filter(pk__in=list(releases)).exists():
        return artifact
    if artifact.export.project_id in project_ids_for(actor, ProjectAction.CHANGE_DATASETS):
        return artifact
    raise NotFoundError(refused=refused)


def artifact_sums(release: Release) -> tuple[int, int]:
    """How many files a release hands out, and their bytes."""
    sums = artifacts_of_release(release).order_by().aggregate(files=Count("id"), size=Sum("size"))
    return sums["files"], sums["size"] or 0
