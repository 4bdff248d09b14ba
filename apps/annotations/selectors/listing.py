"""Which annotations and revisions there are; nothing is opened here."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, QuerySet

from apps.annotations.models import Annotation, AnnotationKind, AnnotationRevision
from kernel.errors import NotFoundError


@dataclass(frozen=True)
class AnnotationHead:
    """The newest revision of one segmentation."""

    annotation_id: uuid.UUID
    read_id: uuid.UUID
    series_instance_uid: str
    head_revision: int
    saved_at: dt.datetime
    content_digest: str


def heads_of(read_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[AnnotationHead]]:
    """The segmentations of some reads, by read, ordered by series. One query."""
    found: dict[uuid.UUID, list[AnnotationHead]] = defaultdict(list)
    rows = (
        AnnotationRevision.objects.filter(
            annotation__read_id__in=set(read_ids),
            annotation__kind=AnnotationKind.SEGMENTATION,
            number=F("annotation__head_number"),
        )
        .select_related("annotation")
        .order_by("annotation__series_instance_uid")
    )
    for row in rows:
        found[row.annotation.read_id].append(
            AnnotationHead(
                annotation_id=row.annotation_id,
                read_id=row.annotation.read_id,
                series_instance_uid=row.annotation.series_instance_uid,
                head_revision=row.number,
                saved_at=row.saved_at,
                content_digest=row.content_digest,
            )
        )
    return found


def segmentation_digests(read_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, tuple[int, str]]]:
    """`{read: {Series Instance UID: (newest revision, its content digest)}}`, in one query."""
    return {
        read_id: {head.series_instance_uid: (head.head_revision, head.content_digest) for head in heads}
        for read_id, heads in heads_of(read_ids).items()
    }


def revision_list_of(read_id: uuid.UUID, series_instance_uid: str) -> QuerySet[AnnotationRevision]:
    """Every revision of one segmentation. Raises `NotFoundError` where nothing was saved."""
    annotation = annotation_of(read_id, AnnotationKind.SEGMENTATION, series_instance_uid)
    if annotation is None:
        raise NotFoundError()
    return AnnotationRevision.objects.filter(annotation=annotation)


def annotation_of(read_id: uuid.UUID, kind: AnnotationKind, series_instance_uid: str = "") -> Annotation | None:
    """The annotation of a read on a target, if there is one."""
    return Annotation.objects.filter(read_id=read_id, kind=kind, series_instance_uid=series_instance_uid).first()
