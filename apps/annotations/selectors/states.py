"""What a read drew and answered, at any revision."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable

import numpy as np
from django.db.models import F, QuerySet
from numpy.typing import NDArray

from apps.annotations.domain.answers import AnswersState
from apps.annotations.domain.container import PlaneEntry, encode_state
from apps.annotations.domain.handles import SeriesStack
from apps.annotations.domain.planes import SegmentationState
from apps.annotations.models import Annotation, AnnotationKind, AnnotationRevision, SegmentSlice
from apps.annotations.selectors.listing import annotation_of
from apps.annotations.selectors.sealing import annotation_keys, open_sealed
from kernel.errors import NotFoundError


def slice_place(row: SegmentSlice) -> str:
    """What the seal of a plane names: it opens nowhere else."""
    return f"{row.annotation_id}/{row.number}/{row.segment}/{row.slice_index}"


def answers_place(annotation_id: uuid.UUID, number: int) -> str:
    """What the seal of answers names."""
    return f"{annotation_id}/{number}/answers"


def slices_at(annotation: Annotation, number: int) -> QuerySet[SegmentSlice]:
    """The rows that hold at revision `number`, erased places included: the newest of each place."""
    return (
        SegmentSlice.objects.filter(annotation=annotation, number__lte=number)
        .order_by("segment", "slice_index", "-number")
        .distinct("segment", "slice_index")
    )


def segmentation_state(
    read_id: uuid.UUID, series_instance_uid: str, revision: int | None = None
) -> tuple[SeriesStack, SegmentationState]:
    """What a read drew on a series at a revision (the newest by default), with the stack it was drawn on.

    Three queries. Raises `NotFoundError` where nothing was saved or the revision does not exist, `KeyDestroyedError`
    once the subject was erased.
    """
    annotation = annotation_of(read_id, AnnotationKind.SEGMENTATION, series_instance_uid)
    if annotation is None:
        raise NotFoundError()
    return _stack(annotation), _state(annotation, revision)


def segmentation_states(read_id: uuid.UUID) -> dict[str, tuple[SeriesStack, SegmentationState]]:
    """Every segmentation of a read at its newest revision, by Series Instance UID."""
    rows = Annotation.objects.filter(read_id=read_id, kind=AnnotationKind.SEGMENTATION, head_number__gt=0)
    return {row.series_instance_uid: (_stack(row), _state(row, None)) for row in rows.order_by("series_instance_uid")}


def segmentation_array(
    read_id: uuid.UUID, series_instance_uid: str, revision: int | None = None
) -> tuple[dict[int, NDArray[np.uint8]], tuple[int, ...]]:
    """`{segment: uint8 array [slice, row, column] of 0 and 1}` and the segments present, ascending; overlap is kept.

    Raises as `segmentation_state` does.
    """
    _, state = segmentation_state(read_id, series_instance_uid, revision)
    return {segment: mask.view(np.uint8) for segment, mask in state.masks().items()}, state.segments


def segmentation_masks(
    read_id: uuid.UUID, series_instance_uid: str, revision: int | None = None
) -> dict[int, NDArray[np.bool_]]:
    """`{segment: bool array [slice, row, column]}` of what was drawn; empty where nothing was saved on the series.

    Revision 0 is the state before the first save. Raises `NotFoundError` for a revision that does not exist,
    `KeyDestroyedError`.
    """
    annotation = annotation_of(read_id, AnnotationKind.SEGMENTATION, series_instance_uid)
    if annotation is None or revision == 0:
        return {}
    return _state(annotation, revision).masks()


def segmentation_container(
    read_id: uuid.UUID, series_instance_uid: str, revision: int | None = None, *, absent_is_empty: bool = False
) -> bytes:
    """The same as an `application/vnd.fiducial.slices` container of every non-empty plane.

    With `absent_is_empty` a series on which nothing was saved gives revision 0 and no planes.
    """
    if absent_is_empty and annotation_of(read_id, AnnotationKind.SEGMENTATION, series_instance_uid) is None:
        return encode_state(0, [])
    stack, state = segmentation_state(read_id, series_instance_uid, revision)
    entries = [
        PlaneEntry(segment, index, stack.sop_instance_uids[index], stack.rows, stack.columns, "bits-deflate", stream)
        for (segment, index), stream in sorted(state.planes.items())
    ]
    return encode_state(state.revision, entries)


def drawn_segments(read_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, set[int]]:
    """The segments that are somewhere not empty at the heads of some reads, by read. One query; nothing is opened."""
    found: dict[uuid.UUID, set[int]] = {read_id: set() for read_id in read_ids}
    rows = (
        SegmentSlice.objects.filter(annotation__read_id__in=list(found))
        .order_by("annotation_id", "segment", "slice_index", "-number")
        .distinct("annotation_id", "segment", "slice_index")
        .values_list("annotation__read_id", "segment", "digest")
    )
    for read_id, segment, digest in rows:
        if digest:
            found[read_id].add(segment)
    return found


def answers_of(read_id: uuid.UUID) -> AnswersState:
    """The newest answers of a read; revision 0 and no values before the first save. Raises `KeyDestroyedError`."""
    annotation = annotation_of(read_id, AnnotationKind.ANSWERS)
    if annotation is None or annotation.head_number == 0:
        return AnswersState()
    row = AnnotationRevision.objects.get(annotation=annotation, number=annotation.head_number)
    sealer, _ = annotation_keys(annotation.subject_key_id, annotation.pk)
    plain = json.loads(open_sealed(sealer, answers_place(annotation.pk, row.number), row.sealed))
    return AnswersState(row.number, plain["values"], plain["nothing_found"])


def _stack(annotation: Annotation) -> SeriesStack:
    return SeriesStack.from_json(annotation.series_instance_uid, annotation.stack)


def _state(annotation: Annotation, revision: int | None) -> SegmentationState:
    number = annotation.head_number if revision is None else revision
    head = AnnotationRevision.objects.filter(annotation=annotation, number=number).first()
    if head is None:
        raise NotFoundError("There is no such revision.", remedy="List the revisions and choose one of them.")
    sealer, _ = annotation_keys(annotation.subject_key_id, annotation.pk)
    planes = {
        (row.segment, row.slice_index): open_sealed(sealer, slice_place(row), row.sealed)
        for row in slices_at(annotation, number)
        if row.digest
    }
    return SegmentationState(number, head.content_digest, _stack(annotation).size, planes)


def answers_of_reads(read_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, AnswersState]:
    """The newest answers of several reads, two queries and one a key not in memory. Raises `KeyDestroyedError`."""
    found = {read_id: AnswersState() for read_id in read_ids}
    rows = AnnotationRevision.objects.select_related("annotation").filter(
        annotation__read_id__in=list(found),
        annotation__kind=AnnotationKind.ANSWERS,
        number=F("annotation__head_number"),
    )
    for row in rows:
        sealer, _ = annotation_keys(row.annotation.subject_key_id, row.annotation_id)
        plain = json.loads(open_sealed(sealer, answers_place(row.annotation_id, row.number), row.sealed))
        found[row.annotation.read_id] = AnswersState(row.number, plain["values"], plain["nothing_found"])
    return found
