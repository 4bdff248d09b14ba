"""The stack of a series as the studies room holds it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from apps.annotations.domain.handles import SeriesStack
from apps.annotations.domain.stacks import StackError, stack_of
from apps.studies.selectors import instances_of, series_of_studies
from kernel.blobs.services import blobs_read
from kernel.errors import ConflictError, NotFoundError


def series_stack(study_id: uuid.UUID, series_instance_uid: str) -> SeriesStack:
    """The slices of a series of this study, in order. Opens the sealed headers: a save asks once and keeps the answer.

    Raises `NotFoundError` for a series of another study, `ConflictError` (`series-not-a-stack`) where its images have
    no common size, `KeyDestroyedError`.
    """
    series = series_of_studies([study_id]).get(study_id, [])
    wanted = next((row for row in series if row.series_instance_uid == series_instance_uid), None)
    if wanted is None:
        raise NotFoundError()
    try:
        return stack_of(series_instance_uid, _headers(wanted.pk))
    except StackError as error:
        raise ConflictError(
            str(error), code="series-not-a-stack", remedy="Draw on another series, or flag the case."
        ) from None


def _headers(series_id: uuid.UUID) -> list[dict[str, Any]]:
    rows = [row for row in instances_of(series_ids=[series_id]) if row.frames > 0]
    blobs = {row.metadata_blob_id: row.metadata_blob for row in rows}
    contents = dict(zip(blobs, blobs_read(list(blobs.values())), strict=True))
    return [
        json.loads(contents[row.metadata_blob_id][row.metadata_offset : row.metadata_offset + row.metadata_length])
        for row in rows
    ]
