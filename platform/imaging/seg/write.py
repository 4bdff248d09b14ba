"""Label map → DICOM Segmentation: BINARY, FRACTIONAL or LABELMAP, sparse, deterministic.

Source: PS3.3 A.51 (Segmentation IOD), A.91 (Label Map Segmentation IOD, Supplement 243), C.8.20.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import SegmentationStorage

from imaging.errors import ConversionError, InputError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import LabelMap, SegmentDescription
from imaging.labelmap_source import (
    MANUFACTURER,
    SourceFrame,
    SourceImages,
    child_uid,
    code_item,
    derived_dataset,
    dicom_date,
    dicom_time,
)
from imaging.seg import encoding as enc
from imaging.seg.planes import StoredFrame, binary_frames, fraction_frames, label_frames, pack

SegmentationType = Literal["BINARY", "FRACTIONAL", "LABELMAP"]

LABEL_MAP_SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7"
_MAXIMUM_FRACTION = 255

_REFERENCED_SEGMENT_NUMBER = 0x0062000B
_SEGMENT_IDENTIFICATION = 0x0062000A
_IMAGE_POSITION = 0x00200032
_PLANE_POSITION = 0x00209113


def write_seg(
    labelmap: LabelMap,
    source_datasets: Sequence[Dataset],
    *,
    segmentation_type: SegmentationType = "BINARY",
    series_instance_uid: str,
    sop_instance_uid: str,
    content_datetime: datetime,
    instance_number: int = 1,
    series_number: int = 300,
    series_description: str | None = "Segmentation",
    content_label: str = "SEGMENTATION",
    content_creator: str = "",
    manufacturer: str = MANUFACTURER,
    fractional_type: Literal["PROBABILITY", "OCCUPANCY"] = "PROBABILITY",
) -> Dataset:
    """A Segmentation of `labelmap`, made on `source_datasets` (headers suffice), ready for `save_as`.

    The same arguments give the same bytes. Only slices that hold the segment are stored; segments without a voxel
    keep their description, and where all are empty one empty frame is stored, since a SEG needs one. Frames take the
    true position of the source image they lie on. `content_datetime` is written as it is given.

    Raises `ConversionError` for overlapping segments in a LABELMAP, undescribed labels, a source without frame of
    reference; `InputError` for no segments or sources of several series.
    """
    if not labelmap.segments:
        raise InputError("A segmentation needs at least one segment", remedy="Describe one, even if it is empty.")
    source = SourceImages.from_datasets(source_datasets)
    is_labelmap = segmentation_type == "LABELMAP"
    ds = derived_dataset(
        source,
        sop_class_uid=LABEL_MAP_SEGMENTATION_STORAGE if is_labelmap else SegmentationStorage,
        modality="SEG",
        series_instance_uid=series_instance_uid,
        sop_instance_uid=sop_instance_uid,
        series_number=series_number,
        instance_number=instance_number,
        content_datetime=content_datetime,
        series_description=series_description,
        manufacturer=manufacturer,
    )
    fill_content(ds, source, content_datetime, content_label, content_creator)
    ds.SegmentationType = segmentation_type
    ds.SegmentsOverlap = "YES" if labelmap.is_overlapping else "NO"
    ds.SegmentSequence = [segment_item(segment) for segment in labelmap.segments]
    if is_labelmap:
        ds.SegmentSequence.insert(0, _background())
    frames = _pixels(ds, labelmap, segmentation_type, fractional_type)
    _functional_groups(ds, labelmap, source, frames)
    ds.set_original_encoding(False, True, ds._character_set)
    return ds


def fill_content(ds: Dataset, source: SourceImages, moment: datetime, label: str, creator: str) -> None:
    """Content, frame of reference and references to the source series: what every kind of SEG has."""
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.ContentDate, ds.ContentTime = dicom_date(moment), dicom_time(moment)
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = label, "", creator
    ds.FrameOfReferenceUID = source.frame_of_reference_uid
    ds.PositionReferenceIndicator = str(source.first.get("PositionReferenceIndicator") or "")
    ds.LossyImageCompression = "01" if source.first.get("LossyImageCompression") == "01" else "00"
    if ds.LossyImageCompression == "01":
        for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
            if source.first.get(keyword):
                setattr(ds, keyword, source.first.get(keyword))
    references = (
        enc.text(0x00081150, "UI", sop_class) + enc.text(0x00081155, "UI", sop_instance)
        for sop_class, sop_instance in source.instances()
    )
    series = enc.sequence(0x0008114A, *references) + enc.text(0x0020000E, "UI", source.series_instance_uid)
    enc.put_raw(ds, 0x00081115, "SQ", enc.items([series]))


def segment_item(segment: SegmentDescription) -> Dataset:
    """One item of the Segment Sequence (PS3.3 C.8.20.4)."""
    item = Dataset()
    item.SegmentedPropertyCategoryCodeSequence = [code_item(segment.category)]
    item.SegmentNumber = segment.number
    item.SegmentLabel = segment.label[:64]
    if segment.description:
        item.SegmentDescription = segment.description
    item.SegmentAlgorithmType = segment.algorithm_type
    if segment.algorithm_type != "MANUAL":
        item.SegmentAlgorithmName = (segment.algorithm_name or "unnamed")[:64]
    if segment.recommended_cielab is not None:
        item.RecommendedDisplayCIELabValue = list(segment.recommended_cielab)
    kind = code_item(segment.type)
    if segment.laterality is not None and segment.anatomic_region is None:
        kind.SegmentedPropertyTypeModifierCodeSequence = [code_item(segment.laterality)]
    item.SegmentedPropertyTypeCodeSequence = [kind]
    if segment.anatomic_region is not None:
        region = code_item(segment.anatomic_region)
        if segment.laterality is not None:
            region.AnatomicRegionModifierSequence = [code_item(segment.laterality)]
        item.AnatomicRegionSequence = [region]
    if segment.tracking_uid is not None:
        item.TrackingID = segment.tracking_id or segment.label
        item.TrackingUID = segment.tracking_uid
    return item


def _background() -> Dataset:
    item = segment_item(SegmentDescription(1, "Background"))
    item.SegmentNumber = 0
    item.SegmentedPropertyCategoryCodeSequence = [code_item(("309825002", "SCT", "Spatial and Relational Concept"))]
    item.SegmentedPropertyTypeCodeSequence = [code_item(("125040", "DCM", "Background"))]
    return item


def _pixels(ds: Dataset, labelmap: LabelMap, kind: SegmentationType, fractional_type: str) -> list[StoredFrame]:
    _, rows, columns = labelmap.geometry.size
    if kind == "BINARY":
        frames = binary_frames(labelmap)
        bits = 1
    elif kind == "FRACTIONAL":
        frames, bits = fraction_frames(labelmap, _MAXIMUM_FRACTION), 8
        ds.SegmentationFractionalType, ds.MaximumFractionalValue = fractional_type, _MAXIMUM_FRACTION
    elif kind == "LABELMAP":
        frames = label_frames(labelmap)
        bits = 8 if max(s.number for s in labelmap.segments) < 256 else 16
        ds.add_new(0x00280120, "US", 0)
    else:
        raise InputError("The segmentation type is none of BINARY, FRACTIONAL, LABELMAP", remedy="Name one of them.")
    if not frames:
        empty = np.zeros(rows * columns // 8 if bits == 1 and rows * columns % 8 == 0 else rows * columns, np.uint8)
        frames = [StoredFrame(None if kind == "LABELMAP" else 0, 0, empty)]
    describe_pixels(ds, rows, columns, bits, len(frames))
    if bits == 1:
        data = pack(frames, rows * columns)
    else:
        data = b"".join(frame.pixels.astype(f"<u{bits // 8}", copy=False).tobytes() for frame in frames)
        data += b"\0" * (len(data) % 2)
    if len(data) > 0xFFFFFFFE:
        raise ConversionError("More pixel data than one DICOM object holds", remedy="Write fewer segments a file.")
    enc.put_raw(ds, 0x7FE00010, "OW" if bits == 16 else "OB", data)
    return frames


def describe_pixels(ds: Dataset, rows: int, columns: int, bits: int, frame_count: int) -> None:
    """The Image Pixel attributes of frames of unsigned integers of `bits` bits."""
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.NumberOfFrames = frame_count
    ds.Rows, ds.Columns = rows, columns
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit, ds.PixelRepresentation = bits - 1, 0


def _functional_groups(ds: Dataset, labelmap: LabelMap, source: SourceImages, frames: Sequence[StoredFrame]) -> None:
    _dimensions(ds, has_segments=frames[0].segment_index is not None)
    enc.put_raw(ds, 0x52009229, "SQ", enc.items([_shared(labelmap.geometry, source)]))
    per_slice = source.frames_of_slices(labelmap.geometry)
    slices = sorted({frame.slice_index for frame in frames})
    position_number = {slice_index: number for number, slice_index in enumerate(slices, start=1)}
    corner = {index: labelmap.geometry.point_lps(np.array([[index, 0, 0]], float))[0] for index in slices}
    derivation = {}
    for index in slices:
        frame = per_slice[index]
        derivation[index] = derivation_of([frame] if frame is not None else source.nearest_frames(corner[index]))
    position = {index: _position(per_slice[index], corner[index]) for index in slices}
    identification = [
        enc.sequence(_SEGMENT_IDENTIFICATION, enc.unsigned_short(_REFERENCED_SEGMENT_NUMBER, segment.number))
        for segment in labelmap.segments
    ]

    def item(frame: StoredFrame) -> bytes:
        index = frame.slice_index
        numbers = [position_number[index]]
        if frame.segment_index is not None:
            numbers.insert(0, frame.segment_index + 1)
        content = enc.sequence(0x00209111, enc.unsigned_longs(0x00209157, numbers))
        segment = b"" if frame.segment_index is None else identification[frame.segment_index]
        return derivation[index] + content + position[index] + segment

    enc.put_raw(ds, 0x52009230, "SQ", enc.items(item(frame) for frame in frames))


def _dimensions(ds: Dataset, *, has_segments: bool) -> None:
    organization = Dataset()
    organization.DimensionOrganizationUID = child_uid(ds.SOPInstanceUID, "dimensions")
    ds.DimensionOrganizationSequence = [organization]
    pointers = [(_IMAGE_POSITION, _PLANE_POSITION, "Image Position Patient")]
    if has_segments:
        pointers.insert(0, (_REFERENCED_SEGMENT_NUMBER, _SEGMENT_IDENTIFICATION, "Referenced Segment Number"))
    ds.DimensionIndexSequence = []
    for pointer, group, label in pointers:
        item = Dataset()
        item.DimensionOrganizationUID = organization.DimensionOrganizationUID
        item.DimensionIndexPointer, item.FunctionalGroupPointer = pointer, group
        item.DimensionDescriptionLabel = label
        ds.DimensionIndexSequence.append(item)


def _shared(geometry: VolumeGeometry, source: SourceImages) -> bytes:
    direction = np.asarray(geometry.direction)
    orientation = np.concatenate([direction[:, 2], direction[:, 1]])
    # The distance between planes, measured along the normal: a sheared stack has a longer slice axis.
    between = geometry.spacing_mm[0] * abs(float(direction[:, 0] @ geometry.normal))
    thickness = source.first.get("SliceThickness") or between
    measures = (
        enc.decimals(0x00180050, [float(thickness)])
        + enc.decimals(0x00180088, [between])
        + enc.decimals(0x00280030, geometry.spacing_mm[1:])
    )
    return enc.sequence(0x00209116, enc.decimals(0x00200037, orientation)) + enc.sequence(0x00289110, measures)


def derivation_of(frames: Sequence[SourceFrame]) -> bytes:
    """The Derivation Image Sequence of a frame made from `frames` (PS3.3 C.7.6.16.2.6)."""

    def reference(frame: SourceFrame) -> bytes:
        content = enc.text(0x00081150, "UI", frame.sop_class_uid) + enc.text(0x00081155, "UI", frame.sop_instance_uid)
        if frame.frame_number is not None:
            content += enc.text(0x00081160, "IS", str(frame.frame_number))
        return content + enc.code(0x0040A170, "121322", "DCM", "Source image for image processing operation")

    sources = enc.sequence(0x00082112, *(reference(frame) for frame in frames))
    return enc.sequence(0x00089124, sources + enc.code(0x00089215, "113076", "DCM", "Segmentation"))


def _position(frame: SourceFrame | None, corner_lps: NDArray[np.float64]) -> bytes:
    point = corner_lps.tolist() if frame is None or frame.position_lps is None else frame.position_lps
    return enc.sequence(_PLANE_POSITION, enc.decimals(_IMAGE_POSITION, point))
