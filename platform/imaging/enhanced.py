"""Frames of multi-frame objects: functional groups, NM detectors, dose grids, cine.

Source: DICOM PS3.3 C.7.6.16 (Multi-frame Functional Groups), C.8.4.9 (NM Detector), C.8.8.3 (RT Dose),
C.7.6.5 (Cine), C.7.6.6 (Multi-frame).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset

from imaging.errors import PixelDataError
from imaging.scan_dataset import PARSER_ERRORS, damaged, read_dataset
from imaging.series_frames import FrameRef, Label, unit_normal
from imaging.series_header import MAX_POSITION_MM, Cosines, InstanceHeader, Triple

_POSITION, _ORIENTATION, _MEASURES, _TRANSFORM = 0x00209113, 0x00209116, 0x00289110, 0x00289145
_FRAME_CONTENT, _ECHO, _DIFFUSION, _CARDIAC = 0x00209111, 0x00189114, 0x00189117, 0x00189118
_TEMPORAL = 0x00209310
_VOLUME_POSITION, _VOLUME_ORIENTATION = 0x0020930E, 0x0020930F
_FRAME_TYPES = (0x00189226, 0x00189329, 0x00189751, 0x00221434)
MAX_FRAMES = 1_000_000


def frames_of(header: InstanceHeader, dataset: Dataset | None = None) -> list[FrameRef]:
    """Every frame of a multi-frame instance, in stored order.

    `dataset` saves reading the file again. Raises UnreadableFileError where the groups are damaged, PixelDataError
    where they do not describe as many frames as NumberOfFrames says.
    """
    if not 1 <= header.number_of_frames <= MAX_FRAMES:
        raise PixelDataError(
            "NumberOfFrames is not a count of frames that can be read",
            remedy="Correct NumberOfFrames, or refuse the file.",
            path=header.path,
            tag="(0028,0008)",
            code="bad-frame-count",
        )
    if header.pixel_data is not None and header.pixel_data[2] is not None:
        declared = (header.number_of_frames * header.rows * header.columns * max(header.bits_allocated, 1)) // 8
        if declared > header.pixel_data[2] + 8 and "YBR_FULL_422" != header.photometric_interpretation:
            raise PixelDataError(
                "The pixel data are shorter than NumberOfFrames says",
                remedy="Ask the sender for the file again.",
                path=header.path,
                tag="(0028,0008)",
                code="pixel-data-short",
            )
    dataset = read_dataset(header.source, pixels=False) if dataset is None else dataset
    try:
        if header.is_enhanced:
            return list(_functional_groups(header, dataset))
        return list(_plain_frames(header, dataset))
    except PARSER_ERRORS as error:
        raise damaged(header.path, error) from error


def _functional_groups(header: InstanceHeader, dataset: Dataset) -> Iterator[FrameRef]:
    shared_sequence = dataset.get("SharedFunctionalGroupsSequence") or [Dataset()]
    shared = shared_sequence[0]
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    if per_frame and len(per_frame) != header.number_of_frames:
        raise PixelDataError(
            f"{len(per_frame)} functional groups describe {header.number_of_frames} frames",
            remedy="Refuse the file: no frame can be placed with certainty.",
            path=header.path,
            tag="(5200,9230)",
            code="frame-count-mismatch",
        )
    for index in range(header.number_of_frames):
        own = per_frame[index] if per_frame else Dataset()
        yield _group_frame(header, index, shared, own)


def _group(shared: Dataset, own: Dataset, tag: int) -> Dataset:
    for place in (own, shared):
        if tag in place:
            items = place[tag].value
            if items:
                item: Dataset = items[0]
                return item
    return Dataset()


def _number(item: Dataset, keyword: str) -> float | None:
    value = item.get(keyword)
    if value is None or value == "":
        return None
    number = float(value[0] if isinstance(value, (list, tuple)) else value)
    return number if math.isfinite(number) else None


def _floats(item: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    value = item.get(keyword)
    if value is None or isinstance(value, (str, bytes)):
        return None
    numbers = tuple(float(v) for v in value)
    return numbers[:count] if len(numbers) >= count and all(map(math.isfinite, numbers)) else None


def _group_frame(header: InstanceHeader, index: int, shared: Dataset, own: Dataset) -> FrameRef:
    content = _group(shared, own, _FRAME_CONTENT)
    measures = _group(shared, own, _MEASURES)
    transform = _group(shared, own, _TRANSFORM)
    spacing = _floats(measures, "PixelSpacing", 2)
    slope, intercept = _number(transform, "RescaleSlope"), _number(transform, "RescaleIntercept")
    position, orientation = _plane(shared, own)
    return FrameRef(
        header=header,
        frame_index=index,
        position_lps=_triple(position) if position else header.position_lps,
        orientation=_six(orientation) or header.orientation,
        pixel_spacing_mm=(spacing[0], spacing[1]) if spacing else header.pixel_spacing_mm,
        slope=_first(slope, header.rescale_slope, 1.0),
        intercept=_first(intercept, header.rescale_intercept, 0.0),
        labels=_group_labels(header, shared, own, content),
        time_ms=_time_ms(content, own, shared),
        slice_thickness_mm=_number(measures, "SliceThickness") or header.slice_thickness_mm,
    )


def _plane(shared: Dataset, own: Dataset) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Position and orientation; enhanced ultrasound gives them in the volume's own frame (PS3.3 C.8.24.6.1)."""
    position = _floats(_group(shared, own, _POSITION), "ImagePositionPatient", 3)
    orientation = _floats(_group(shared, own, _ORIENTATION), "ImageOrientationPatient", 6)
    if position is None and orientation is None:
        position = _floats(_group(shared, own, _VOLUME_POSITION), "ImagePositionVolume", 3)
        orientation = _floats(_group(shared, own, _VOLUME_ORIENTATION), "ImageOrientationVolume", 6)
    if position is not None and max(map(abs, position)) > MAX_POSITION_MM:
        position = None
    return position, orientation


def _group_labels(header: InstanceHeader, shared: Dataset, own: Dataset, content: Dataset) -> dict[str, Label]:
    frame_type = next((g for g in (_group(shared, own, tag) for tag in _FRAME_TYPES) if g), Dataset())
    candidates: tuple[tuple[str, Label | None], ...] = (
        ("echo_time_ms", _number(_group(shared, own, _ECHO), "EffectiveEchoTime")),
        ("b_value", _number(_group(shared, own, _DIFFUSION), "DiffusionBValue")),
        ("image_type", "/".join(str(v) for v in list(frame_type.get("FrameType") or [])[2:]) or None),
        ("component", str(frame_type.get("ComplexImageComponent", "")) or None),
        ("stack", str(content.get("StackID", "")) or None),
        ("acquisition", _number(content, "FrameAcquisitionNumber") or header.acquisition_number),
        ("temporal", _number(content, "TemporalPositionIndex")),
        ("phase", _number(_group(shared, own, _CARDIAC), "NominalPercentageOfCardiacPhase")),
        ("trigger_time_ms", _number(_group(shared, own, _CARDIAC), "NominalCardiacTriggerDelayTime")),
        ("temporal_offset", _number(_group(shared, own, _TEMPORAL), "TemporalPositionTimeOffset")),
        ("acquisition_time", str(content.get("FrameAcquisitionDateTime", "")) or None),
        ("instance", header.instance_number),
    )
    return {name: value for name, value in candidates if value is not None}


def _time_ms(content: Dataset, own: Dataset, shared: Dataset) -> float | None:
    offset = _number(_group(shared, own, _TEMPORAL), "TemporalPositionTimeOffset")
    if offset is not None:
        return offset * 1000.0
    return _number(_group(shared, own, _CARDIAC), "NominalCardiacTriggerDelayTime")


def _plain_frames(header: InstanceHeader, dataset: Dataset) -> Iterator[FrameRef]:
    """Frames of an object without functional groups: NM, RT Dose, ultrasound and angiography cine."""
    positions, orientation = _plain_positions(header, dataset)
    times = frame_times_ms(dataset, header.number_of_frames)
    scaling = _number(dataset, "DoseGridScaling") if header.modality == "RTDOSE" else None
    for index in range(header.number_of_frames):
        yield FrameRef(
            header=header,
            frame_index=index,
            position_lps=positions[index] if positions is not None else None,
            orientation=orientation,
            pixel_spacing_mm=header.pixel_spacing_mm,
            slope=_first(scaling, header.rescale_slope, 1.0),
            intercept=_first(header.rescale_intercept, 0.0),
            labels={"instance": header.instance_number} if header.instance_number is not None else {},
            time_ms=times[index] if times is not None else None,
            slice_thickness_mm=header.slice_thickness_mm,
        )


def _plain_positions(header: InstanceHeader, dataset: Dataset) -> tuple[list[Triple] | None, Cosines | None]:
    detector = (dataset.get("DetectorInformationSequence") or [Dataset()])[0]
    origin = header.position_lps or _triple(_floats(detector, "ImagePositionPatient", 3))
    orientation = header.orientation or _six(_floats(detector, "ImageOrientationPatient", 6))
    normal = unit_normal(orientation)
    if origin is None or normal is None:
        return None, orientation
    offsets = _plain_offsets(header, dataset)
    if offsets is None:
        return ([origin] * header.number_of_frames if header.modality != "NM" else None), orientation
    points = np.asarray(origin) + np.outer(offsets, normal)
    return [(float(p[0]), float(p[1]), float(p[2])) for p in points], orientation


def _plain_offsets(header: InstanceHeader, dataset: Dataset) -> list[float] | None:
    """Distance of each frame from the first along the normal, mm."""
    grid = _floats(dataset, "GridFrameOffsetVector", header.number_of_frames)
    if grid is not None:
        # PS3.3 C.8.8.3.2: either relative (first is zero) or absolute z of each plane.
        return [value - grid[0] for value in grid]
    pointer = dataset.get("FrameIncrementPointer")
    pointers = [int(p) for p in (pointer if isinstance(pointer, (list, tuple)) else [pointer])] if pointer else []
    if header.modality in ("NM", "PT") and pointers == [0x00540080] and header.spacing_between_slices_mm:
        return [index * header.spacing_between_slices_mm for index in range(header.number_of_frames)]
    return None


def frame_times_ms(dataset: Dataset, count: int) -> list[float] | None:
    """Start of each frame in ms from FrameTimeVector or FrameTime; None where the object has no time axis."""
    vector = _floats(dataset, "FrameTimeVector", count)
    if vector is not None:
        return [float(t) for t in np.cumsum(vector)]
    step = _number(dataset, "FrameTime")
    if step is None:
        rate = _number(dataset, "CineRate") or _number(dataset, "RecommendedDisplayFrameRate")
        step = 1000.0 / rate if rate else None
    return [index * step for index in range(count)] if step else None


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)


def _triple(values: tuple[float, ...] | None) -> Triple | None:
    return None if values is None else (values[0], values[1], values[2])


def _six(values: tuple[float, ...] | None) -> Cosines | None:
    return None if values is None else (values[0], values[1], values[2], values[3], values[4], values[5])
