"""RTSTRUCT → contours. Source: PS3.3 C.8.8.5 (Structure Set), C.8.8.6 (ROI Contour), C.8.8.8 (ROI Observations)."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from imaging.errors import ConversionError, GeometryError, UnsupportedError
from imaging.labelmap import TISSUE, CodedConcept, SegmentDescription, cielab_from_rgb
from imaging.rtstruct.contours import Contour, Points, RoiContours, StructureSet
from imaging.seg.read import LATERALITY_CODES, coded_concept, fenced, open_dicom, refuse_absent

_RTSTRUCT_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
_CONTOUR_DATA = 0x30060050


def read_rtstruct(
    source: str | os.PathLike[str] | Dataset, *, source_sop_instance_uids: Collection[str] | None = None
) -> StructureSet:
    """Every ROI with its contours in mm LPS, those without contours too.

    Contours are placed by their coordinates, never by the images they name: published structure sets name images
    that do not exist. With `source_sop_instance_uids`, every image named must be one of them.

    Raises `UnsupportedError` for another kind of object, `ConversionError` for ROIs without number or contours of an
    ROI nobody describes, `GeometryError` for coordinates that are not numbers or not as many as declared,
    `ReferencedInstanceError` for absent images.
    """
    ds = open_dicom(source)
    with fenced(source):
        return _read(ds, source_sop_instance_uids)


def _read(ds: Dataset, source_sop_instance_uids: Collection[str] | None) -> StructureSet:
    if str(ds.get("SOPClassUID", "")) != _RTSTRUCT_CLASS:
        raise UnsupportedError("The object is no structure set", remedy="Give an RTSTRUCT.", tag="(0008,0016)")
    contours = _contours_by_roi(ds)
    if source_sop_instance_uids is not None:
        named = {c.sop_instance_uid for roi in contours.values() for c in roi} | set(_named_images(ds))
        refuse_absent({uid for uid in named if uid}, source_sop_instance_uids)
    rois = [_roi(ds, item) for item in ds.get("StructureSetROISequence") or []]
    unknown = set(contours) - {roi.number for roi in rois}
    if unknown:
        raise ConversionError(
            "Contours belong to an ROI nobody describes", remedy="Export the structure set again.", tag="(3006,0084)"
        )
    return StructureSet(
        label=str(ds.get("StructureSetLabel", "")),
        frame_of_reference_uid=_frame_of_reference(ds),
        rois=tuple(RoiContours(roi, tuple(contours.get(roi.number, ()))) for roi in rois),
    )


def _contours_by_roi(ds: Dataset) -> dict[int, list[Contour]]:
    found: dict[int, list[Contour]] = {}
    for item in ds.get("ROIContourSequence") or []:
        if item.get("ReferencedROINumber") is None:
            raise ConversionError("Contours name no ROI", remedy="Export it again.", tag="(3006,0084)")
        contours = found.setdefault(int(item.ReferencedROINumber), [])
        contours.extend(_contour(contour) for contour in item.get("ContourSequence") or [])
    return found


def _contour(item: Dataset) -> Contour:
    points = _points(item)
    declared = item.get("NumberOfContourPoints")
    if declared is not None and int(declared) != len(points):
        raise GeometryError("A contour has more or fewer points than declared", remedy="Export.", tag="(3006,0046)")
    images = item.get("ContourImageSequence")
    uid = images[0].get("ReferencedSOPInstanceUID") if images else None
    return Contour(points, str(item.get("ContourGeometricType") or "CLOSED_PLANAR"), None if uid is None else str(uid))


def _points(item: Dataset) -> Points:
    """Parsed from the bytes of the element: pydicom makes an object of each of half a million decimal strings."""
    element = item.get_item(_CONTOUR_DATA)
    if element is None or not element.value:
        return np.zeros((0, 3))
    try:
        if isinstance(element, RawDataElement):
            values = np.array(bytes(element.value).strip(b" \0").split(b"\\")).astype(np.float64)
        else:
            values = np.array(element.value, np.float64)
    except ValueError as error:
        raise GeometryError(
            "A contour coordinate is not a number", remedy="Export it again.", tag="(3006,0050)"
        ) from error
    if values.size % 3 or not np.isfinite(values).all():
        raise GeometryError("Contour coordinates do not come in threes", remedy="Export it.", tag="(3006,0050)")
    return values.reshape(-1, 3)


def _roi(ds: Dataset, item: Dataset) -> SegmentDescription:
    if item.get("ROINumber") is None:
        raise ConversionError("An ROI has no number", remedy="Export it again.", tag="(3006,0022)")
    number = int(item.ROINumber)
    observation = _item_of(ds, "RTROIObservationsSequence", number)
    codes = observation.get("RTROIIdentificationCodeSequence")
    categories = observation.get("SegmentedPropertyCategoryCodeSequence")
    regions = observation.get("AnatomicRegionSequence")
    colour = _item_of(ds, "ROIContourSequence", number).get("ROIDisplayColor")
    algorithm = str(item.get("ROIGenerationAlgorithm") or "")
    return SegmentDescription(
        number=number,
        label=str(item.get("ROIName") or f"ROI {number}"),
        category=coded_concept(categories, "(0062,0003)") if categories else TISSUE,
        type=coded_concept(codes, "(3006,0086)") if codes else TISSUE,
        anatomic_region=coded_concept(regions, "(0008,2218)") if regions else None,
        laterality=_laterality(codes, regions),
        tracking_uid=str(observation.TrackingUID) if observation.get("TrackingUID") else None,
        tracking_id=str(observation.TrackingID) if observation.get("TrackingID") else None,
        recommended_cielab=cielab_from_rgb(*(int(c) for c in colour)) if colour and len(colour) == 3 else None,
        algorithm_type=algorithm if algorithm in ("AUTOMATIC", "SEMIAUTOMATIC") else "MANUAL",
        description=str(item.ROIDescription) if item.get("ROIDescription") else None,
    )


def _laterality(codes: object, regions: object) -> CodedConcept | None:
    modifiers: list[Dataset] = []
    for sequence, keyword in (
        (regions, "AnatomicRegionModifierSequence"),
        (codes, "SegmentedPropertyTypeModifierCodeSequence"),
    ):
        if sequence:
            modifiers.extend(sequence[0].get(keyword) or [])  # type: ignore[index]  # a pydicom Sequence
    concepts = [coded_concept([modifier], "(0062,0011)") for modifier in modifiers]
    return next((concept for concept in concepts if concept.value in LATERALITY_CODES), None)


def _item_of(ds: Dataset, keyword: str, roi_number: int) -> Dataset:
    for item in ds.get(keyword) or []:
        if item.get("ReferencedROINumber") == roi_number:
            found: Dataset = item
            return found
    return Dataset()


def _frame_of_reference(ds: Dataset) -> str | None:
    for item in ds.get("ReferencedFrameOfReferenceSequence") or []:
        if item.get("FrameOfReferenceUID"):
            return str(item.FrameOfReferenceUID)
    for item in ds.get("StructureSetROISequence") or []:
        if item.get("ReferencedFrameOfReferenceUID"):
            return str(item.ReferencedFrameOfReferenceUID)
    return None


def _named_images(ds: Dataset) -> Iterator[str]:
    for frame in ds.get("ReferencedFrameOfReferenceSequence") or []:
        for study in frame.get("RTReferencedStudySequence") or []:
            for series in study.get("RTReferencedSeriesSequence") or []:
                for image in series.get("ContourImageSequence") or []:
                    yield str(image.get("ReferencedSOPInstanceUID", ""))
