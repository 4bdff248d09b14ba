"""What every save has in common: one queue per annotation, one answer per save, nothing ever overwritten."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.annotations.domain.handles import ReadHandle
from apps.annotations.models import Annotation, AnnotationKind, AnnotationRevision
from apps.audit.services import event_record
from kernel.actors import Actor
from kernel.errors import ConflictError
from kernel.ids import uuid7


@dataclass(frozen=True)
class Saved:
    """The acknowledgement: what was asked to be kept is kept. `is_new` is False for the same save once more."""

    revision: int
    acknowledged_at: dt.datetime
    content_digest: str
    is_new: bool


def annotation_locked(
    handle: ReadHandle, kind: AnnotationKind, series_instance_uid: str, stack: dict[str, Any]
) -> Annotation:
    """The annotation of this target, made on the first save, its row locked: saves to it queue here."""
    Annotation.objects.bulk_create(
        [
            Annotation(
                read_id=handle.read_id,
                study_id=handle.study_id,
                kind=kind,
                series_instance_uid=series_instance_uid,
                tracking_uid=f"2.25.{uuid7().int}",
                subject_key_id=handle.subject_key_id,
                stack=stack,
            )
        ],
        ignore_conflicts=True,
    )
    return Annotation.objects.select_for_update().get(
        read_id=handle.read_id, kind=kind, series_instance_uid=series_instance_uid
    )


def require_writable(handle: ReadHandle) -> None:
    """Raises `ConflictError` for a read that is signed, released or no longer in hand."""
    if not handle.writable:
        raise ConflictError(
            "This read is not in your hands any more; what you saved before is kept.",
            code="read-not-writable",
            remedy="Take the case from the worklist again; what this browser still holds is saved then.",
        )


def answered_before(annotation: Annotation, client_id: uuid.UUID, submission_digest: str) -> Saved | None:
    """The answer this save got before. Raises `ConflictError` when the name comes back with other content."""
    known = AnnotationRevision.objects.filter(annotation=annotation, client_id=client_id).first()
    if known is None:
        return None
    if known.submission_digest != submission_digest:
        raise ConflictError(
            "This client_id named another save.",
            code="client-id-reused",
            remedy="Give every new save a new client_id; this one was not kept.",
        )
    return Saved(known.number, known.saved_at, known.content_digest, is_new=False)


def require_head(annotation: Annotation, base_revision: int) -> None:
    """Raises `ConflictError` (`stale-revision`) unless the save builds on the newest revision."""
    if base_revision != annotation.head_number:
        raise ConflictError(
            "Something newer was saved for this read, from another window or device.",
            code="stale-revision",
            remedy="Load the newest revision, then make your change again; nothing was overwritten.",
            extra={"head_revision": annotation.head_number},
        )


def revision_append(
    *,
    actor: Actor,
    handle: ReadHandle,
    annotation: Annotation,
    client_id: uuid.UUID,
    content_digest: str,
    submission_digest: str,
    changed_slices: int = 0,
    sealed: bytes = b"",
) -> AnnotationRevision:
    """The next revision, the head moved to it, and the event, all in the caller's transaction."""
    row = AnnotationRevision.objects.create(
        annotation=annotation,
        number=annotation.head_number + 1,
        parent=annotation.head_number,
        client_id=client_id,
        saved_at=timezone.now(),
        saved_by=actor.user_id,
        changed_slices=changed_slices,
        content_digest=content_digest,
        submission_digest=submission_digest,
        sealed=sealed,
    )
    annotation.head_number = row.number
    annotation.save(update_fields=["head_number"])
    event_record(
        actor=actor,
        action=f"annotations.{annotation.kind}.saved",
        object_kind="read",
        object_id=handle.read_id,
        subject_pseudonym=handle.subject_pseudonym,
        digest_after=content_digest,
        details={
            "revision": row.number,
            "changed_slices": changed_slices,
            "series_instance_uid": annotation.series_instance_uid,
        },
    )
    return row
