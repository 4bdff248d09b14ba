"""What is kept of one de-identified instance besides its bytes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from apps.studies.domain.frames import frame_table
from apps.studies.domain.metadata import dicom_json
from imaging.errors import ImagingError
from imaging.scan_dataset import read_dataset
from imaging.series_header import read_header


@dataclass(frozen=True)
class InstanceDescription:
    """Columns, frame table and DICOM JSON of one instance."""

    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    modality: str
    number: int | None
    rows: int
    columns: int
    frames: int
    bits_allocated: int
    spacing_mm: tuple[float, float] | None
    frame_table: dict[str, Any] | None
    attributes: dict[str, Any]


def describe(content: bytes) -> InstanceDescription:
    """Read one file. Raises ImagingError where it cannot be read or its pixel data contradict its header."""
    header = read_header(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote values
        dataset = read_dataset(content)
        attributes = dicom_json(dataset)
    try:
        table = frame_table(header, content)
    except ImagingError:
        table = None  # whoever asks for a frame is told why it cannot be decoded
    return InstanceDescription(
        study_instance_uid=header.study_instance_uid,
        series_instance_uid=header.series_instance_uid,
        sop_class_uid=header.sop_class_uid,
        sop_instance_uid=header.sop_instance_uid,
        transfer_syntax_uid=header.transfer_syntax_uid,
        modality=header.modality,
        number=header.instance_number,
        rows=header.rows,
        columns=header.columns,
        frames=header.number_of_frames if header.is_image else 0,
        bits_allocated=header.bits_allocated,
        spacing_mm=header.pixel_spacing_mm,
        frame_table=table,
        attributes=attributes,
    )
