"""Exports: asked for, written case by case, checked against a second writing."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Sum

from apps.annotations.selectors import segmentation_masks
from apps.audit.services import event_record
from apps.datasets.domain.manifest import Manifest, MemberEntry
from apps.datasets.errors import IncompleteVersionError
from apps.datasets.selectors import manifest_of, member_cases, version_get_for
from apps.exports.constants import ExportState
from apps.exports.domain import layout
from apps.exports.models import Artifact, Export
from apps.projects.constants import ProjectAction
from apps.studies.services.contents import instance_contents, subject_key_row
from imaging import ENGINE_VERSION
from kernel.actors import Actor
from kernel.blobs.services import blobs_write
from kernel.errors import ConflictError
from kernel.jobs.runner import JobContext
from kernel.jobs.services import enqueue
from kernel.keys.models import WrappedKey
from kernel.keys.services import project_key
from kernel.tenancy.scope import tenant_scope

File = tuple[str, str, int]


@transaction.atomic
def export_request(*, actor: Actor, digest: str, fmt: str, options: dict[str, Any]) -> Export:
    """The export of a version in a format; the one there is when it was asked for before."""
    version = version_get_for(actor=actor, digest=digest, action=ProjectAction.CHANGE_DATASETS)
    export, made = Export.objects.get_or_create(
        version=version,
        format=fmt,
        options_digest=layout.options_digest(options),
        defaults={"options": options, "project_id": version.dataset.project_id, "engine_version": ENGINE_VERSION},
    )
    if made or export.state == ExportState.FAILED:
        job = enqueue(
            "exports.write",
            actor=actor,
            project_id=export.project_id,
            subject=("export", export.pk),
            dedup_key=str(export.pk),
            export_id=export.pk,
        )
        export.job_id, export.state = job.pk, ExportState.QUEUED
        export.save(update_fields=["job_id", "state"])
        label = f"{version.dataset.slug}@{version.digest[:12]} {fmt}"
        event_record(
            actor=actor,
            action="exports.export.requested",
            object_kind="export",
            object_id=export.pk,
            object_label=label,
        )
    return export


def export_write(*, context: JobContext, export_id: uuid.UUID) -> dict[str, Any]:
    """Write every file that is not there yet: a killed job goes on with the case it was at.

    Raises `IncompleteVersionError` when a subject of the version was erased.
    """
    from apps.exports.services import writing  # SimpleITK and nibabel: only the process that writes waits for them

    with tenant_scope(context.tenant_id):
        export = Export.objects.select_related("version__dataset").get(pk=export_id)
        manifest = manifest_of(export.version)
        _refuse_incomplete(export)
        done = set(Artifact.objects.filter(export=export).exclude(case_label="").values_list("case_label", flat=True))
        whole_key = project_key(export.project_id)
        _keep(export, "", whole_key, list(writing.dataset_files(manifest)))
    for number, member in enumerate(manifest.members, start=1):
        if member.case not in done:
            with tenant_scope(context.tenant_id):
                files = list(_case_files(export, manifest, member))
                _keep(export, member.case, subject_key_row(export.project_id, member.subject), files)
        context.progress(number, len(manifest.members), unit="cases", message="Writing files")
    with tenant_scope(context.tenant_id):
        return _close(export, whole_key)


def export_verify(*, context: JobContext, export_id: uuid.UUID) -> dict[str, Any]:
    """Write the export again, without keeping it, and compare every byte by digest.

    Raises `ConflictError` naming the files that differ.
    """
    from apps.exports.services import writing

    with tenant_scope(context.tenant_id):
        export = Export.objects.select_related("version__dataset").get(pk=export_id)
        manifest = manifest_of(export.version)
        _refuse_incomplete(export)
        stored = dict(Artifact.objects.filter(export=export).values_list("path", "sha256"))
    rebuilt = {path: _sha256(content) for path, content in writing.dataset_files(manifest)}
    for number, member in enumerate(manifest.members, start=1):
        with tenant_scope(context.tenant_id):
            rebuilt |= {path: _sha256(content) for path, content in _case_files(export, manifest, member)}
        context.progress(number, len(manifest.members), unit="cases", message="Comparing files")
    stored.pop("SHA256SUMS", None)
    differing = sorted(p for p in stored.keys() | rebuilt.keys() if stored.get(p) != rebuilt.get(p))
    if differing:
        raise ConflictError(
            f"{len(differing)} of {len(stored)} files differ from a second writing: {', '.join(differing[:5])}.",
            code="export-differs",
            remedy="Do not release this export; give its id to your administrator.",
        )
    return {"files": len(stored), "equal": len(stored)}


def _case_files(export: Export, manifest: Manifest, member: MemberEntry) -> Iterator[tuple[str, bytes]]:
    from apps.exports.services import writing

    inputs = []
    for series in member.series:
        wanted = {i.sop_instance_uid: i.sha256 for i in series.instances}
        contents = instance_contents(export.project_id, series.series_instance_uid)
        _refuse_other_bytes(wanted, contents, member)
        masks = segmentation_masks(
            uuid.UUID(member.reference_read), series.series_instance_uid, revision=series.label_revision
        )
        inputs.append(writing.SeriesInput(series, contents, masks))
    yield from writing.case_files(export.format, manifest, member, inputs)


def _refuse_other_bytes(wanted: dict[str, str], contents: dict[str, bytes], member: MemberEntry) -> None:
    for uid, digest in wanted.items():
        if uid not in contents or _sha256(contents[uid]) != digest:
            raise IncompleteVersionError(
                f"{member.case}: an image of this version is missing or was changed since.", extra={"case": member.case}
            )


def _refuse_incomplete(export: Export) -> None:
    erased = sorted(label for label, row in member_cases(export.version).items() if row.erased_at)
    if erased:
        raise IncompleteVersionError(f"Erased since: {', '.join(erased[:10])}.")


def _keep(export: Export, case_label: str, key: WrappedKey, files: list[tuple[str, bytes]]) -> None:
    known = set(Artifact.objects.filter(export=export, path__in=[p for p, _ in files]).values_list("path", flat=True))
    fresh = [(path, content) for path, content in files if path not in known]
    blobs = blobs_write(key, [content for _, content in fresh])
    Artifact.objects.bulk_create(
        [
            Artifact(
                export=export, path=path, sha256=_sha256(content), size=len(content), blob=blob, case_label=case_label
            )
            for (path, content), blob in zip(fresh, blobs, strict=True)
        ],
        batch_size=500,
    )


def _close(export: Export, key: WrappedKey) -> dict[str, Any]:
    rows = Artifact.objects.filter(export=export).exclude(path="SHA256SUMS")
    files: list[File] = list(rows.values_list("path", "sha256", "size"))
    _keep(export, "", key, [("SHA256SUMS", layout.index_of(files))])
    everything = Artifact.objects.filter(export=export)
    export.artifact_count = everything.count()
    export.bytes = everything.aggregate(total=Sum("size"))["total"] or 0
    export.content_digest = layout.content_digest(files)
    export.state = ExportState.READY
    export.save()
    return {"files": export.artifact_count, "bytes": export.bytes, "content_digest": export.content_digest}


def export_failed(*, export_id: uuid.UUID) -> None:
    """Say on the export that its job gave up."""
    Export.objects.filter(pk=export_id).exclude(state=ExportState.READY).update(state=ExportState.FAILED)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
