"""The stored files of studies, for rooms that write them into datasets."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from apps.studies.models import Instance, Series, Subject
from kernel.blobs.services import blobs_read
from kernel.keys.models import WrappedKey


@dataclass(frozen=True)
class SeriesContent:
    """A series as a manifest names it: its instances by UID and the SHA-256 of their stored bytes."""

    series_instance_uid: str
    modality: str
    instances: tuple[tuple[str, str], ...]


def series_contents_of(study_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[SeriesContent]]:
    """The series of some studies with the digests of their instances, in two queries."""
    instances: dict[uuid.UUID, list[tuple[str, str]]] = defaultdict(list)
    rows = Instance.objects.filter(series__study_id__in=study_ids).order_by("sop_instance_uid")
    for series_id, uid, digest in rows.values_list("series_id", "sop_instance_uid", "blob__digest"):
        instances[series_id].append((uid, digest))
    found: dict[uuid.UUID, list[SeriesContent]] = defaultdict(list)
    for series in Series.objects.filter(study_id__in=study_ids).order_by("series_instance_uid"):
        content = SeriesContent(series.series_instance_uid, series.modality, tuple(instances[series.pk]))
        found[series.study_id].append(content)
    return found


def instance_contents(project_id: uuid.UUID, series_instance_uid: str) -> dict[str, bytes]:
    """The stored bytes of a series' instances, by SOP Instance UID. The caller has opened the door to the study.

    Raises `KeyDestroyedError` when the subject was erased.
    """
    rows = list(
        Instance.objects.select_related("blob").filter(
            series__series_instance_uid=series_instance_uid, series__study__project_id=project_id
        )
    )
    contents = blobs_read([row.blob for row in rows])
    return {row.sop_instance_uid: content for row, content in zip(rows, contents, strict=True)}


def subject_key_row(project_id: uuid.UUID, pseudonym: str) -> WrappedKey:
    """The key under which a subject's bytes are sealed."""
    return Subject.objects.select_related("key").get(project_id=project_id, pseudonym=pseudonym).key
