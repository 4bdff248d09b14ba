"""Releases with their exports, grants to customers, and what customers pull."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db import IntegrityError, transaction

from apps.audit.services import event_record
from apps.datasets.selectors import Release, release_get_for, version_get_for
from apps.datasets.services.datasets import release_create
from apps.exports import selectors
from apps.exports.constants import ExportState
from apps.exports.models import Artifact, Download, Export, Grant, ReleaseExport
from apps.projects.constants import ProjectAction
from apps.tenants.selectors import member_by_email
from kernel.actors import Actor
from kernel.blobs.services import blob_read_range
from kernel.errors import ConflictError, NotFoundError
from kernel.jobs.models import Job
from kernel.jobs.services import enqueue
from kernel.tenancy.scope import tenant_scope

_CHUNK = 4 * 1024 * 1024


@transaction.atomic
def release_make(*, actor: Actor, digest: str, name: str, terms: str, export_ids: list[uuid.UUID]) -> Release:
    """A release of a version that hands out some finished exports of it.

    Raises `ConflictError` when an export is not ready or of another version.
    """
    version = version_get_for(actor=actor, digest=digest, action=ProjectAction.CHANGE_DATASETS)
    exports = list(Export.objects.filter(pk__in=export_ids, version=version, state=ExportState.READY))
    if not exports or len(exports) != len(set(export_ids)):
        raise ConflictError(
            "A release hands out finished exports of its version.",
            code="export-not-ready",
            remedy="Wait until the exports are written, then make the release.",
        )
    release = release_create(actor=actor, version=version, name=name, terms=terms)
    ReleaseExport.objects.bulk_create([ReleaseExport(release=release, export=export) for export in exports])
    return release


@transaction.atomic
def grant_add(*, actor: Actor, release_id: uuid.UUID, email: str) -> Grant:
    """Let a customer pull the release. Raises `NotFoundError` for an address no member has."""
    release = release_get_for(actor=actor, release_id=release_id, action=ProjectAction.CHANGE_DATASETS)
    user = member_by_email(email)
    if user is None:
        raise NotFoundError("No member has this address.", remedy="Add the customer as a member first.")
    try:
        with transaction.atomic():
            grant = Grant.objects.create(release=release, user=user, granted_by=actor.user_id)
    except IntegrityError:
        raise ConflictError("This customer has the release already.", code="already-granted") from None
    _tell(actor, "exports.grant.added", release, user.pk)
    return grant


@transaction.atomic
def grant_remove(*, actor: Actor, release_id: uuid.UUID, grant_id: uuid.UUID) -> None:
    """Take the release away from a customer. Raises `NotFoundError`."""
    grant = selectors.grant_list_for(actor=actor, release_id=release_id).filter(pk=grant_id).first()
    if grant is None:
        raise NotFoundError()
    _tell(actor, "exports.grant.removed", grant.release, grant.user_id)
    grant.delete()


@transaction.atomic
def release_view(*, actor: Actor, dataset_slug: str, name: str) -> Release:
    """The customer's page of a release; that it was opened is kept."""
    release = selectors.customer_release_get_for(actor=actor, dataset_slug=dataset_slug, name=name)
    event_record(
        actor=actor,
        action="exports.release.viewed",
        object_kind="release",
        object_id=release.pk,
        object_label=f"{release.dataset.slug}@{release.name}",
        digest_after=release.version.digest,
    )
    return release


@transaction.atomic
def artifact_pull(*, actor: Actor, artifact_id: uuid.UUID, offset: int = 0, length: int | None = None) -> Artifact:
    """Note that a file, or a range of it, goes out to this actor; the bytes follow by `artifact_stream`."""
    artifact = selectors.artifact_get_for(actor=actor, artifact_id=artifact_id)
    size = artifact.size - offset if length is None else length
    Download.objects.create(artifact=artifact, user_id=actor.user_id, bytes=size)
    event_record(
        actor=actor,
        action="exports.artifact.pulled",
        object_kind="artifact",
        object_id=artifact.pk,
        object_label=artifact.path,
        digest_after=artifact.sha256,
        details={"offset": offset, "bytes": size},
    )
    return artifact


def artifact_stream(*, actor: Actor, artifact: Artifact, offset: int, length: int) -> Iterator[bytes]:
    """The bytes, 4 MiB at a time, each opened in the tenant's scope: the response outlives the request's own."""
    end = offset + length
    while offset < end:
        step = min(_CHUNK, end - offset)
        with tenant_scope(actor.tenant_id):
            content = blob_read_range(artifact.blob, offset, step)
        yield content
        offset += step


@transaction.atomic
def export_check_request(*, actor: Actor, export_id: uuid.UUID) -> Job:
    """Ask for a second writing of an export, to compare."""
    export = selectors.export_get_for(actor=actor, export_id=export_id, action=ProjectAction.CHANGE_DATASETS)
    return enqueue(
        "exports.verify",
        actor=actor,
        project_id=export.project_id,
        subject=("export", export.pk),
        dedup_key=str(export.pk),
        export_id=export.pk,
    )


def _tell(actor: Actor, action: str, release: Release, user_id: uuid.UUID) -> None:
    event_record(
        actor=actor,
        action=action,
        object_kind="release",
        object_id=release.pk,
        object_label=f"{release.dataset.slug}@{release.name}",
        details={"user_id": str(user_id)},
    )
