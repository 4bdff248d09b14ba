"""DICOM JSON of instances, read from the sealed lines written at admission."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from pydicom.dataset import Dataset

from apps.studies.domain.metadata import ROOT
from apps.studies.models import Instance
from imaging.errors import ImagingError
from imaging.scan_dataset import read_dataset
from kernel.blobs.models import Blob
from kernel.blobs.services import blob_read, blob_read_range, blobs_read
from kernel.errors import NotFoundError


def metadata_json(instances: Sequence[Instance], root: str) -> bytes:
    """A JSON array of the instances' attributes, in their order; references begin with `root`."""
    return b"[" + b",".join(_lines(instances)).replace(ROOT.encode(), root.encode()) + b"]"


def attributes_of(instances: Sequence[Instance], root: str) -> list[dict[str, Any]]:
    """The instances' attributes as DICOM JSON objects, in their order."""
    loaded: list[dict[str, Any]] = orjson.loads(metadata_json(instances, root))
    return loaded


def bulk_value(instance: Instance, tag: int) -> bytes:
    """The value of a top-level binary attribute. Raises `NotFoundError` where there is none."""
    try:
        dataset: Dataset = read_dataset(blob_read(instance.blob))
        value = dataset[tag].value
    except (ImagingError, KeyError, ValueError):
        raise NotFoundError() from None
    if not isinstance(value, bytes):
        raise NotFoundError()
    return value


def _lines(instances: Sequence[Instance]) -> list[bytes]:
    if len(instances) == 1:
        one = instances[0]
        return [blob_read_range(one.metadata_blob, one.metadata_offset, one.metadata_length)]
    blobs: dict[Any, Blob] = {instance.metadata_blob_id: instance.metadata_blob for instance in instances}
    held = dict(zip(blobs, blobs_read(list(blobs.values())), strict=True))
    return [held[i.metadata_blob_id][i.metadata_offset : i.metadata_offset + i.metadata_length] for i in instances]
