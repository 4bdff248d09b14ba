"""From stored samples to values with a meaning, and their units.

Three kinds of value are named and never confused:

    stored     what the pixel data hold
    modality   stored × RescaleSlope + RescaleIntercept of each frame, or its Modality LUT: HU, Bq/mL, Gy …
    suv        SUVbw, g/mL: PET only (see `imaging.suv`)

Source: DICOM PS3.3 C.11.1 (Modality LUT), C.7.6.16.2.9 (Pixel Value Transformation).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.errors import PixelDataError
from imaging.scan_dataset import PARSER_ERRORS, damaged, read_dataset
from imaging.series_frames import FrameRef
from imaging.series_header import InstanceHeader

Array = NDArray[Any]
ValueKind = Literal["stored", "modality", "suv"]

HOUNSFIELD = "[hnsf'U]"
SUV_UNIT = "g/mL"
_PET_UNITS = {
    "BQML": "Bq/mL",
    "CNTS": "{counts}",
    "CPS": "{counts}/s",
    "GML": "g/mL",
    "CM2ML": "cm2/mL",
    "PROPCPS": "1",
}


def unit_of(header: InstanceHeader, kind: ValueKind) -> str:
    """UCUM unit of a value; "1" where the object states none."""
    if kind == "suv":
        return SUV_UNIT
    if kind == "stored":
        return "1"
    rescaled = header.rescale_intercept is not None or header.is_enhanced
    if (
        header.modality == "CT"
        and header.rescale_type in ("", "HU")
        and rescaled
        and "LOCALIZER" not in header.image_type
    ):
        return HOUNSFIELD
    if header.modality == "PT":
        return _PET_UNITS.get(header.units.upper(), "1")
    return "Gy" if header.modality == "RTDOSE" else "1"


def check_scaling(frames: Sequence[FrameRef]) -> None:
    """Raises PixelDataError where a slope is zero: every voxel would get the same, wrong value."""
    for frame in frames:
        if frame.slope == 0 or not np.isfinite((frame.slope, frame.intercept)).all():
            raise PixelDataError(
                "RescaleSlope is zero or not a number",
                remedy="Read stored values, or have the sender correct the slope.",
                path=frame.header.path,
                tag="(0028,1053)",
                code="bad-rescale",
            )


def is_integral(frames: Sequence[FrameRef]) -> bool:
    """Whether rescaling integers gives integers in every frame."""
    return all(frame.slope == int(frame.slope) and frame.intercept == int(frame.intercept) for frame in frames)


def exact_type(low: float, high: float) -> np.dtype[Any] | None:
    """The smallest integer type of at least 16 bits that holds both; signed first. None where none does."""
    for name in ("int16", "uint16", "int32", "uint32"):
        info = np.iinfo(name)
        if info.min <= low and high <= info.max:
            return np.dtype(name)
    return None


def rescale(stored: Array, slopes: Sequence[float], intercepts: Sequence[float], *, integral: bool) -> Array:
    """Modality values of a volume [slice, row, column]; the input may be overwritten and returned.

    Integers where slopes and intercepts are integers and the result fits, in the smallest exact type; else float32,
    rounded once from float64.
    """
    if integral and stored.dtype.kind in "iu":
        ends = [
            (int(plane.min()) * int(m) + int(b), int(plane.max()) * int(m) + int(b))
            for plane, m, b in zip(stored, slopes, intercepts, strict=True)
        ]
        low = min(min(pair) for pair in ends)
        high = max(max(pair) for pair in ends)
        target = exact_type(low, high)
        if target is not None:
            return _rescale_integers(stored, slopes, intercepts, target)
    result = np.empty(stored.shape, np.float64 if stored.dtype == np.float64 else np.float32)
    for index, (slope, intercept) in enumerate(zip(slopes, intercepts, strict=True)):
        result[index] = stored[index].astype(np.float64) * slope + intercept
    return result


def _rescale_integers(
    stored: Array, slopes: Sequence[float], intercepts: Sequence[float], target: np.dtype[Any]
) -> Array:
    in_place = target.itemsize == stored.dtype.itemsize
    result = stored.view(target) if in_place else np.empty(stored.shape, target)
    for index, (slope, intercept) in enumerate(zip(slopes, intercepts, strict=True)):
        m, b = int(slope), int(intercept)
        if in_place and m == 1:
            if b:
                # Two's complement arithmetic of the same width wraps into the right value, which is known to fit.
                plane = result[index]
                np.add(plane, np.array(b).astype(target), out=plane)
        else:
            result[index] = stored[index].astype(np.int64) * m + b
    return result


def apply_modality_lut(stored: Array, header: InstanceHeader) -> Array:
    """Values through the Modality LUT of one instance (PS3.3 C.11.1.1): same shape, uint16."""
    dataset = read_dataset(header.source, pixels=False)
    try:
        item: Dataset = dataset.ModalityLUTSequence[0]
        count, first, bits = (int(v) for v in item.LUTDescriptor)
        data = item.LUTData
        table = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.asarray(list(data), dtype=np.uint16)
    except PARSER_ERRORS as error:
        raise damaged(header.path, error) from error
    count = count or 65536
    if header.pixel_representation == 1 and first >= 32768:
        first -= 65536
    if len(table) < count or bits > 16:
        raise PixelDataError(
            "The Modality LUT is shorter than its descriptor says",
            remedy="Read stored values, or ask the sender for the file again.",
            path=header.path,
            tag="(0028,3006)",
            code="bad-lut",
        )
    index = np.clip(stored.astype(np.int64) - first, 0, count - 1)
    values: Array = table[index]
    return values
