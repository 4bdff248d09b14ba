"""DICOM JSON (PS3.18 annex F) of an instance: large binary values become references under a root that is filled in later."""

from __future__ import annotations

from typing import Any

import orjson
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

ROOT = "@fiducial-root@"
"""Stands for the address of the project's DICOMweb service until the metadata are sent."""

_BULK_BYTES = 1024
_BULK_VRS = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN"})
_PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})

STUDY_TAGS = (
    "00080020", "00080030", "00080050", "00080090", "00081030", "00100010", "00100020", "00100030", "00100040",
    "0020000D", "00200010",
)  # fmt: skip
SERIES_TAGS = ("00080060", "0008103E", "0020000E", "00200011", "00400244", "00400245", "00201209")
INSTANCE_TAGS = (
    "00080016", "00080018", "0020000D", "0020000E", "00200013", "00280010", "00280011", "00280100", "00280008",
)  # fmt: skip


def dicom_json(dataset: Dataset) -> dict[str, Any]:
    """The attributes of an instance as DICOM JSON, in tag order.

    Top-level binary values of more than 1 KiB, and pixel data always, become a BulkDataURI; nested ones stay inline.
    """
    study, series, sop = (
        str(dataset.get(name, "")) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    )
    base = f"{ROOT}/studies/{study}/series/{series}/instances/{sop}/bulkdata/"
    tags = [int(tag) for tag in dataset.keys() if tag.group > 2]
    return {f"{tag:08X}": _attribute(dataset, tag, base) for tag in tags}


def dicom_json_line(dataset: Dataset) -> bytes:
    """`dicom_json` as one line of UTF-8."""
    return orjson.dumps(dicom_json(dataset))


def picked(attributes: dict[str, Any], tags: tuple[str, ...]) -> dict[str, Any]:
    """Those of the attributes that are there."""
    return {tag: attributes[tag] for tag in tags if tag in attributes}


def first_value(attributes: dict[str, Any], tag: str) -> str:
    """The first value of an attribute as text, or ""."""
    values = attributes.get(tag, {}).get("Value") or [""]
    value = values[0]
    if isinstance(value, dict):
        value = value.get("Alphabetic", "")
    return str(value if value is not None else "")


def _attribute(dataset: Dataset, tag: int, base: str) -> dict[str, Any]:
    try:
        return _element(dataset[tag], base + f"{tag:08X}")
    except (ValueError, TypeError, NotImplementedError, KeyError):
        # The value breaks its own representation: the file keeps it, JSON has no way to say it.
        return {"vr": str(dataset.get_item(tag).VR or "UN")}


def _element(element: DataElement, uri: str) -> dict[str, Any]:
    is_pixels = int(element.tag) in _PIXEL_TAGS
    if is_pixels or (element.VR in _BULK_VRS and isinstance(element.value, bytes) and len(element.value) > _BULK_BYTES):
        return {"vr": "OW" if element.VR == "OB or OW" else element.VR, "BulkDataURI": uri}
    plain: dict[str, Any] = element.to_json_dict(None, _BULK_BYTES)
    return plain
