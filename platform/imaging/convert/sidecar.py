"""The JSON beside a NIfTI file: the acquisition in the names of BIDS, and what a grid cannot hold.

Dates, names, institutions and free text are left out: a sidecar travels with images that were de-identified.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from imaging import ENGINE_VERSION
from imaging.scan_dataset import PARSER_ERRORS, read_dataset
from imaging.series import VolumeStack
from imaging.values import unit_of

# DICOM keyword → (name in the sidecar, factor to its unit); milliseconds become seconds, as BIDS wants.
_NUMBERS = {
    "MagneticFieldStrength": ("MagneticFieldStrength", 1.0),
    "EchoTime": ("EchoTime", 1e-3),
    "RepetitionTime": ("RepetitionTime", 1e-3),
    "InversionTime": ("InversionTime", 1e-3),
    "FlipAngle": ("FlipAngle", 1.0),
    "EchoTrainLength": ("EchoTrainLength", 1.0),
    "ImagingFrequency": ("ImagingFrequency", 1.0),
    "SliceThickness": ("SliceThickness", 1.0),
    "SpacingBetweenSlices": ("SpacingBetweenSlices", 1.0),
    "KVP": ("KVP", 1.0),
    "XRayTubeCurrent": ("XRayTubeCurrent", 1.0),
    "Exposure": ("XRayExposure", 1.0),
    "ExposureTime": ("ExposureTime", 1e-3),
    "SeriesNumber": ("SeriesNumber", 1.0),
    "AcquisitionNumber": ("AcquisitionNumber", 1.0),
}
_WORDS = {
    "Modality": "Modality",
    "Manufacturer": "Manufacturer",
    "ManufacturerModelName": "ManufacturersModelName",
    "SoftwareVersions": "SoftwareVersions",
    "BodyPartExamined": "BodyPart",
    "PatientPosition": "PatientPosition",
    "MRAcquisitionType": "MRAcquisitionType",
    "ScanningSequence": "ScanningSequence",
    "SequenceVariant": "SequenceVariant",
    "ScanOptions": "ScanOptions",
    "ConvolutionKernel": "ConvolutionKernel",
    "ImageType": "ImageType",
    "Units": "Units",
    "DecayCorrection": "DecayCorrection",
    "SeriesInstanceUID": "SeriesInstanceUID",
    "FrameOfReferenceUID": "FrameOfReferenceUID",
}


def sidecar(stacks: Sequence[VolumeStack]) -> dict[str, Any]:
    """The sidecar of one NIfTI file: plain numbers, words and lists. Damaged values are left out."""
    first = stacks[0]
    header = first.frames[0].header
    ds = read_dataset(header.source, pixels=False)
    content: dict[str, Any] = {
        "ConversionSoftware": "Fiducial imaging engine",
        "ConversionSoftwareVersion": ENGINE_VERSION,
        "ValueUnit": unit_of(header, "modality"),
        "SOPInstanceUIDs": [f.header.sop_instance_uid for f in first.frames],
    }
    content.update(_words(ds))
    content.update(_numbers(ds))
    if header.orientation is not None:
        content["ImageOrientationPatientDICOM"] = list(header.orientation)
    if first.fit is not None:
        # The true place of every slice: the affine knows the mean distance only.
        content["SliceOffsetsMm"] = [round(offset, 6) for offset in first.fit.offsets_mm]
    if len(stacks) > 1:
        content["Volumes"] = [dict(stack.labels) for stack in stacks]
    return content


def _words(ds: Dataset) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for keyword, name in _WORDS.items():
        value = _value(ds, keyword)
        if value not in (None, ""):
            found[name] = [str(v) for v in value] if isinstance(value, MultiValue) else str(value)
    return found


def _numbers(ds: Dataset) -> dict[str, float]:
    found: dict[str, float] = {}
    for keyword, (name, factor) in _NUMBERS.items():
        try:
            number = float(_value(ds, keyword))
        except PARSER_ERRORS:
            continue
        found[name] = round(number * factor, 9)
    return found


def _value(ds: Dataset, keyword: str) -> Any:
    try:
        return ds.get(keyword)
    except PARSER_ERRORS:
        return None
