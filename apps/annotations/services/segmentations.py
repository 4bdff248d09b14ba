"""Segmentations: the browser's changed slices, and whole states that were computed or taken over."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from apps.annotations.domain import planes as bit_planes
from apps.annotations.domain.container import ContainerError, PlaneEntry, decode_submission
from apps.annotations.domain.handles import ReadHandle, SeriesStack
from apps.annotations.domain.planes import Mask
from apps.annotations.models import Annotation, AnnotationKind, AnnotationRevision, SegmentSlice
from apps.annotations.selectors.sealing import annotation_keys
from apps.annotations.selectors.stacks import series_stack
from apps.annotations.selectors.states import segmentation_states, slice_place, slices_at
from apps.annotations.services.saving import (
    Saved,
    annotation_locked,
    answered_before,
    require_head,
    require_writable,
    revision_append,
)
from kernel.actors import Actor
from kernel.errors import FieldProblem, InvalidError
from kernel.ids import uuid7


@dataclass(frozen=True)
class _Change:
    """One place of a save: its plane (b"" = erased there) and the plane's keyed digest ("" = erased there)."""

    segment: int
    slice_index: int
    plane: bytes
    digest: str


@transaction.atomic
def segmentation_save(*, actor: Actor, handle: ReadHandle, series_instance_uid: str, content: bytes) -> Saved:
    """Keep the changed slices of an `application/vnd.fiducial.slices` container as the next revision.

    The same `client_id` again gets the same answer. Raises `InvalidError` (`bad-container`, `unknown-segment`,
    `not-this-stack`), `ConflictError` (`stale-revision` with `head_revision`, `client-id-reused`,
    `read-not-writable`), `NotFoundError` for a series outside the read's study, `KeyDestroyedError`.
    """
    require_writable(handle)
    try:
        submission = decode_submission(content)
        stack = _stack_for(handle, series_instance_uid)
        _require_in_schema(handle, submission.slices)
        _require_in_stack(stack, submission.slices)
        changed = {
            (entry.segment, entry.slice_index): bit_planes.normalised(entry.plane(), stack.rows, stack.columns)
            for entry in submission.slices
        }
    except ContainerError as error:
        raise _invalid(error.pointer, "bad-container", error.detail) from None
    annotation = annotation_locked(handle, AnnotationKind.SEGMENTATION, series_instance_uid, stack.as_json())
    submitted = _submission_digest(annotation, submission.base_revision, changed)
    before = answered_before(annotation, submission.client_id, submitted)
    if before is not None:
        return before
    require_head(annotation, submission.base_revision)
    return _append(actor, handle, annotation, stack, submission.client_id, submitted, changed)


@transaction.atomic
def segmentation_write(
    *, actor: Actor, handle: ReadHandle, stack: SeriesStack, masks: Mapping[int, Mask], client_id: uuid.UUID
) -> Saved:
    """Make `masks` (`{segment: [slice, row, column]}`) the whole state of a segmentation, as its next revision.

    For what is computed: the same `client_id` again writes nothing.
    """
    require_writable(handle)
    wanted = bit_planes.planes_of({**masks})
    annotation = annotation_locked(handle, AnnotationKind.SEGMENTATION, stack.series_instance_uid, stack.as_json())
    return _replace(actor, handle, annotation, stack, client_id, wanted)


@transaction.atomic
def segmentations_copy(
    *, actor: Actor, source: ReadHandle, target: ReadHandle, client_id: uuid.UUID
) -> list[tuple[str, Saved]]:
    """Make everything `source` drew the state of `target`, a revision per series; returns (series, answer)."""
    require_writable(target)
    copied = []
    for series_instance_uid, (stack, state) in segmentation_states(source.read_id).items():
        masks = state.masks()
        saved = segmentation_write(actor=actor, handle=target, stack=stack, masks=masks, client_id=client_id)
        copied.append((series_instance_uid, saved))
    return copied


def _replace(
    actor: Actor,
    handle: ReadHandle,
    annotation: Annotation,
    stack: SeriesStack,
    client_id: uuid.UUID,
    wanted: dict[tuple[int, int], bytes],
) -> Saved:
    known = AnnotationRevision.objects.filter(annotation=annotation, client_id=client_id).first()
    if known is not None:
        return Saved(known.number, known.saved_at, known.content_digest, is_new=False)
    held = {(row.segment, row.slice_index) for row in slices_at(annotation, annotation.head_number) if row.digest}
    changed = {place: b"" for place in held - wanted.keys()} | wanted
    return _append(actor, handle, annotation, stack, client_id, "", changed)


def _append(
    actor: Actor,
    handle: ReadHandle,
    annotation: Annotation,
    stack: SeriesStack,
    client_id: uuid.UUID,
    submission_digest: str,
    changed: Mapping[tuple[int, int], bytes],
) -> Saved:
    sealer, digest_key = annotation_keys(annotation.subject_key_id, annotation.pk)
    changes = [
        _Change(segment, index, plane, bit_planes.plane_digest(digest_key, plane) if plane else "")
        for (segment, index), plane in sorted(changed.items())
    ]
    row = revision_append(
        actor=actor,
        handle=handle,
        annotation=annotation,
        client_id=client_id,
        content_digest=_content_digest(annotation, stack, changes),
        submission_digest=submission_digest,
        changed_slices=len(changes),
    )
    rows = [
        SegmentSlice(
            id=uuid7(),
            annotation=annotation,
            revision=row,
            number=row.number,
            segment=change.segment,
            slice_index=change.slice_index,
            sop_instance_uid=stack.sop_instance_uids[change.slice_index],
            digest=change.digest,
        )
        for change in changes
    ]
    for slice_row, change in zip(rows, changes, strict=True):
        if change.plane:
            slice_row.sealed = sealer.seal(slice_place(slice_row), bit_planes.compress(change.plane))
    SegmentSlice.objects.bulk_create(rows, batch_size=500)
    return Saved(row.number, row.saved_at, row.content_digest, is_new=True)


def _content_digest(annotation: Annotation, stack: SeriesStack, changes: Sequence[_Change]) -> str:
    held = slices_at(annotation, annotation.head_number).values_list("segment", "slice_index", "digest")
    state = {(segment, index): digest for segment, index, digest in held}
    state |= {(change.segment, change.slice_index): change.digest for change in changes}
    return bit_planes.content_digest(
        (segment, index, stack.sop_instance_uids[index], digest) for (segment, index), digest in state.items() if digest
    )


def _submission_digest(annotation: Annotation, base_revision: int, changed: Mapping[tuple[int, int], bytes]) -> str:
    _, digest_key = annotation_keys(annotation.subject_key_id, annotation.pk)
    whole = hashlib.sha256(f"{base_revision}\n".encode())
    for (segment, index), plane in sorted(changed.items()):
        whole.update(f"{segment} {index} {len(plane)}\n".encode() + plane)
    return bit_planes.plane_digest(digest_key, whole.digest())


def _stack_for(handle: ReadHandle, series_instance_uid: str) -> SeriesStack:
    known = Annotation.objects.filter(
        read_id=handle.read_id, kind=AnnotationKind.SEGMENTATION, series_instance_uid=series_instance_uid
    ).first()
    if known is not None:
        return SeriesStack.from_json(series_instance_uid, known.stack)
    return series_stack(handle.study_id, series_instance_uid)


def _require_in_schema(handle: ReadHandle, slices: Sequence[PlaneEntry]) -> None:
    drawable = {c.number for c in handle.schema.classes if "segmentation" in c.geometry_kinds}
    for index, entry in enumerate(slices):
        if entry.segment not in drawable:
            raise _invalid(f"/slices/{index}/segment", "unknown-segment", "The label schema has no such segment.")


def _require_in_stack(stack: SeriesStack, slices: Sequence[PlaneEntry]) -> None:
    count = len(stack.sop_instance_uids)
    for index, entry in enumerate(slices):
        at = f"/slices/{index}"
        if entry.slice_index >= count:
            raise _invalid(f"{at}/slice_index", "not-this-stack", f"The series has {count} slices.")
        if entry.sop_instance_uid != stack.sop_instance_uids[entry.slice_index]:
            raise _invalid(f"{at}/sop_instance_uid", "not-this-stack", "Another instance lies at this slice.")
        if (entry.rows, entry.columns) != (stack.rows, stack.columns):
            raise _invalid(
                f"{at}/rows",
                "not-this-stack",
                f"A slice of this series has {stack.rows} rows, {stack.columns} columns.",
            )


def _invalid(pointer: str, code: str, detail: str) -> InvalidError:
    return InvalidError(detail, code=code, errors=[FieldProblem(pointer, code, detail)])
