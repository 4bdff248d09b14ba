"""Label map or contours → RTSTRUCT. Source: PS3.3 A.19, C.8.8.5, C.8.8.6, C.8.8.8."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage

from imaging.errors import InputError
from imaging.labelmap import LabelMap, SegmentDescription
from imaging.labelmap_source import (
    MANUFACTURER,
    SourceImages,
    code_item,
    derived_dataset,
    dicom_date,
    dicom_time,
)
from imaging.rtstruct.contours import Contour, Points, RoiContours, StructureSet
from imaging.rtstruct.trace import trace
from imaging.seg import encoding as enc

_STUDY_COMPONENT_CLASS = "1.2.840.10008.3.1.2.3.1"  # Detached Study Management, which RTSTRUCT refers to a study by


def write_rtstruct(
    labels: LabelMap | StructureSet,
    source_datasets: Sequence[Dataset],
    *,
    series_instance_uid: str,
    sop_instance_uid: str,
    content_datetime: datetime,
    instance_number: int = 1,
    series_number: int = 301,
    series_description: str | None = "Contours",
    structure_set_label: str = "CONTOURS",
    manufacturer: str = MANUFACTURER,
) -> Dataset:
    """A structure set of `labels` on the images of `source_datasets` (headers suffice), ready for `save_as`.

    The same arguments give the same bytes. A label map is traced at the half level (see `trace`); contours are
    written as they are. Coordinates are rounded to 0.1 µm. Segments without a voxel stay as ROIs without contours.
    Raises `InputError` for no ROI, `ConversionError` for a source without frame of reference.
    """
    source = SourceImages.from_datasets(source_datasets)
    rois = labels.rois if isinstance(labels, StructureSet) else _traced(labels, source)
    if not rois:
        raise InputError("A structure set needs at least one ROI", remedy="Describe one, even if it is empty.")
    ds = derived_dataset(
        source,
        sop_class_uid=RTStructureSetStorage,
        modality="RTSTRUCT",
        series_instance_uid=series_instance_uid,
        sop_instance_uid=sop_instance_uid,
        series_number=series_number,
        instance_number=instance_number,
        content_datetime=content_datetime,
        series_description=series_description,
        manufacturer=manufacturer,
    )
    ds.OperatorsName = ""
    ds.ApprovalStatus = "UNAPPROVED"
    ds.FrameOfReferenceUID = source.frame_of_reference_uid
    ds.PositionReferenceIndicator = str(source.first.get("PositionReferenceIndicator") or "")
    ds.StructureSetLabel = structure_set_label[:16]
    ds.StructureSetDate, ds.StructureSetTime = dicom_date(content_datetime), dicom_time(content_datetime)
    ds.ReferencedFrameOfReferenceSequence = [_frame_of_reference(source)]
    ds.StructureSetROISequence = [_roi_item(roi.roi, source.frame_of_reference_uid) for roi in rois]
    ds.RTROIObservationsSequence = [_observation(roi.roi) for roi in rois]
    # Contour data may exceed the 64 KiB that explicit VR gives a decimal string.
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    contours = enc.items(_contour_item(roi, source) for roi in rois)
    enc.put_raw(ds, 0x30060039, "SQ", contours, is_implicit=True)
    ds.set_original_encoding(True, True, ds._character_set)
    return ds


def _traced(labelmap: LabelMap, source: SourceImages) -> tuple[RoiContours, ...]:
    per_slice = source.frames_of_slices(labelmap.geometry)
    corners = labelmap.geometry.point_lps(
        np.column_stack([np.arange(labelmap.geometry.size[0]), np.zeros((labelmap.geometry.size[0], 2))])
    )

    def on_image(slice_index: int, contour: Contour) -> Contour:
        frame = per_slice[slice_index]
        if frame is None or frame.position_lps is None:
            return contour
        # Slices of a real series are not exactly even: the contour goes where its image is.
        shift = np.array(frame.position_lps) - corners[slice_index]
        return Contour(contour.points_lps + shift, contour.geometric_type, frame.sop_instance_uid)

    return tuple(
        RoiContours(
            segment,
            tuple(on_image(*found) for found in trace(labelmap.mask(segment.number), labelmap.geometry)),
        )
        for segment in labelmap.segments
    )


def _frame_of_reference(source: SourceImages) -> Dataset:
    images = []
    for sop_class, sop_instance in source.instances():
        image = Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = sop_class, sop_instance
        images.append(image)
    series = Dataset()
    series.SeriesInstanceUID = source.series_instance_uid
    series.ContourImageSequence = images
    study = Dataset()
    study.ReferencedSOPClassUID = _STUDY_COMPONENT_CLASS
    study.ReferencedSOPInstanceUID = source.first.StudyInstanceUID
    study.RTReferencedSeriesSequence = [series]
    frame = Dataset()
    frame.FrameOfReferenceUID = source.frame_of_reference_uid
    frame.RTReferencedStudySequence = [study]
    return frame


def _roi_item(roi: SegmentDescription, frame_of_reference_uid: str) -> Dataset:
    item = Dataset()
    item.ROINumber = roi.number
    item.ReferencedFrameOfReferenceUID = frame_of_reference_uid
    item.ROIName = roi.label[:64]
    if roi.description:
        item.ROIDescription = roi.description
    item.ROIGenerationAlgorithm = roi.algorithm_type
    return item


def _observation(roi: SegmentDescription) -> Dataset:
    item = Dataset()
    item.ObservationNumber = item.ReferencedROINumber = roi.number
    item.RTROIInterpretedType = ""
    item.ROIInterpreter = ""
    # Category, region and tracking are not in the module; a Standard Extended SOP Class may carry them (PS3.2 7.3).
    item.SegmentedPropertyCategoryCodeSequence = [code_item(roi.category)]
    kind = code_item(roi.type)
    if roi.laterality is not None and roi.anatomic_region is None:
        kind.SegmentedPropertyTypeModifierCodeSequence = [code_item(roi.laterality)]
    item.RTROIIdentificationCodeSequence = [kind]
    if roi.anatomic_region is not None:
        region = code_item(roi.anatomic_region)
        if roi.laterality is not None:
            region.AnatomicRegionModifierSequence = [code_item(roi.laterality)]
        item.AnatomicRegionSequence = [region]
    if roi.tracking_uid is not None:
        item.TrackingID, item.TrackingUID = roi.tracking_id or roi.label, roi.tracking_uid
    return item


def _contour_item(roi: RoiContours, source: SourceImages) -> bytes:
    sop_class = {uid: name for name, uid in source.instances()}
    colour = roi.roi.recommended_rgb
    content = b"" if colour is None else enc.implicit(0x3006002A, "\\".join(str(c) for c in colour).encode())
    if roi.contours:
        content += enc.implicit(0x30060040, enc.items(_contour(contour, sop_class) for contour in roi.contours))
    return content + enc.implicit(0x30060084, str(roi.roi.number).encode())


def _contour(contour: Contour, sop_class: dict[str, str]) -> bytes:
    content = b""
    if contour.sop_instance_uid in sop_class:
        image = _uid(0x00081150, sop_class[contour.sop_instance_uid]) + _uid(0x00081155, contour.sop_instance_uid)
        content += enc.implicit(0x30060016, enc.items([image]))
    content += enc.implicit(0x30060042, contour.geometric_type.encode())
    content += enc.implicit(0x30060046, str(len(contour.points_lps)).encode())
    return content + enc.implicit(0x30060050, _decimals(contour.points_lps))


def _uid(tag: int, uid: str) -> bytes:
    value = uid.encode()
    return enc.implicit(tag, value + b"\0" * (len(value) % 2))


def _decimals(points_lps: Points) -> bytes:
    rounded = np.round(points_lps, 4) + 0.0
    return "\\".join([f"{value:.4f}".rstrip("0").rstrip(".") for value in rounded.ravel().tolist()]).encode()
