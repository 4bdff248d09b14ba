"""Files without study or series UID, which a person let pass: they get UIDs, the same for one frame of reference."""

from __future__ import annotations

import hashlib
import io
import warnings

from pydicom import dcmwrite
from pydicom.dataset import Dataset
from pydicom.uid import UID

from imaging.errors import ImagingError
from imaging.scan_dataset import read_dataset


def stated_instance_uid(content: bytes) -> str:
    """The SOP Instance UID of the file meta information, for a data set that has none; "" where there is none."""
    try:
        meta = getattr(read_dataset(content, pixels=False), "file_meta", None)
    except ImagingError:
        return ""
    return str(meta.get("MediaStorageSOPInstanceUID") or "").strip("\0 ") if meta is not None else ""


def with_uids(content: bytes) -> bytes:
    """The file with study and series UIDs where it had none; the same each time, and mapped by the subject's keys later.

    Raises ImagingError where the file cannot be read.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote values
        dataset: Dataset = read_dataset(content)
        place = str(dataset.get("FrameOfReferenceUID") or "") or stated_instance_uid(content)
        for keyword in ("SOPInstanceUID", "SOPClassUID"):
            # What the data set leaves out, the file meta information may still say.
            if not dataset.get(keyword) and (stated := dataset.file_meta.get(f"MediaStorage{keyword}")):
                setattr(dataset, keyword, UID(str(stated)))
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID"):
            if not dataset.get(keyword):
                setattr(dataset, keyword, _made(keyword, place))
        out = io.BytesIO()
        dcmwrite(out, dataset)
        return out.getvalue()


def _made(keyword: str, place: str) -> UID:
    """A UID of a name (PS3.5 B.2, UUID version 8)."""
    number = int.from_bytes(hashlib.sha256(f"fiducial {keyword} {place}".encode()).digest()[:16], "big")
    number = number & ~(0xF << 76) | 8 << 76
    return UID(f"2.25.{number & ~(0b11 << 62) | 0b10 << 62}")
