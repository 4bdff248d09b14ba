"""DICOM Segmentation → label map. Source: PS3.3 C.8.20, C.7.6.16 (functional groups), C.7.6.17 (dimensions)."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from imaging.errors import (
    ConversionError,
    ReferencedInstanceError,
    UnsupportedError,
)
from imaging.geometry import VolumeGeometry
from imaging.labelmap import CodedConcept, LabelMap, SegmentDescription
from imaging.labelmap_grid import align_labelmap
from imaging.scan_dataset import PARSER_ERRORS, damaged, read_dataset
from imaging.seg.frames import read_frame_table
from imaging.seg.pixels import assemble
from imaging.seg.tiled import is_tiled_seg, read_tiled_seg

_SEG_CLASSES = frozenset(("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"))
LATERALITY_CODES = frozenset(("24028007", "7771000", "51440002", "66459002", "G-A100", "G-A101", "G-A102"))


def read_seg(
    source: str | os.PathLike[str] | Dataset,
    reference_geometry: VolumeGeometry | None = None,
    *,
    source_sop_instance_uids: Collection[str] | None = None,
) -> LabelMap:
    """Every segment of a SEG, the empty ones too, on the grid of `reference_geometry`.

    Without a reference the grid runs from the first to the last stored plane: a sparse SEG does not know how far its
    image reached. Segments that share voxels come as masks. With `source_sop_instance_uids`, every instance the SEG
    refers to must be one of them.

    Raises `UnsupportedError` for another kind of object, `ReferencedInstanceError` for absent instances or planes
    that lie outside the reference, `GeometryError` for planes that make no grid, `PixelDataError` for pixel data that
    do not fit, `ConversionError` for segments without number or code.
    """
    ds = open_dicom(source)
    with fenced(source):
        labelmap = _read(ds, reference_geometry, source_sop_instance_uids)
        return labelmap if reference_geometry is None else align_labelmap(labelmap, reference_geometry)


def _read(ds: Dataset, reference: VolumeGeometry | None, present: Collection[str] | None) -> LabelMap:
    if str(ds.get("SOPClassUID", "")) not in _SEG_CLASSES:
        raise UnsupportedError("The object is not a segmentation", remedy="Give a DICOM SEG.", tag="(0008,0016)")
    segments = segments_of(ds)
    if not segments:
        raise ConversionError("The segmentation describes no segment", remedy="Export it again.", tag="(0062,0002)")
    if is_tiled_seg(ds):
        if present is not None:
            refuse_absent(referenced_instances(ds), present)
        return read_tiled_seg(ds, segments)
    table = read_frame_table(ds)
    if present is not None:
        refuse_absent(referenced_instances(ds) | table.source_uids, present)
    own_plane = reference is not None and table.shares_plane(reference)
    geometry = reference if own_plane and reference is not None else table.geometry()
    return assemble(ds, segments, table, table.slice_indices(geometry), geometry)


def open_dicom(source: str | os.PathLike[str] | Dataset) -> Dataset:
    """The data set itself, or the file's. Raises `UnreadableFileError`."""
    return read_dataset(source if isinstance(source, Dataset) else Path(source))


@contextmanager
def fenced(source: str | os.PathLike[str] | Dataset) -> Iterator[None]:
    """What a damaged object makes pydicom's lazy converters raise becomes an `UnreadableFileError`."""
    try:
        yield
    except PARSER_ERRORS as error:
        raise damaged(None if isinstance(source, Dataset) else os.fspath(source), error) from error


def segments_of(ds: Dataset) -> tuple[SegmentDescription, ...]:
    """The Segment Sequence without the background of a label map, in the order of the file."""
    return tuple(
        _segment(item)
        for item in ds.get("SegmentSequence") or []
        if not (item.get("SegmentNumber") == 0 and ds.get("SegmentationType") == "LABELMAP")
    )


def referenced_instances(ds: Dataset) -> frozenset[str]:
    """SOP instance UIDs of the Referenced Series Sequence."""
    return frozenset(
        str(instance.ReferencedSOPInstanceUID)
        for series in ds.get("ReferencedSeriesSequence") or []
        for instance in series.get("ReferencedInstanceSequence") or []
        if instance.get("ReferencedSOPInstanceUID")
    )


def refuse_absent(referenced: Collection[str], present: Collection[str]) -> None:
    """Raises `ReferencedInstanceError` naming how many of `referenced` are not in `present`."""
    absent = len(set(referenced) - set(present))
    if absent:
        raise ReferencedInstanceError(
            f"{absent} of {len(referenced)} referenced images are absent",
            remedy="Add the images the object was made on, or name the right series.",
            tag="(0008,1155)",
        )


def coded_concept(sequence: Any, tag: str) -> CodedConcept:
    """The first item of a code sequence. Raises `ConversionError` where it holds no code."""
    item = sequence[0] if sequence else Dataset()
    value = item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue")
    if not value:
        raise ConversionError("A coded entry holds no code", remedy="Code it and export again.", tag=tag)
    return CodedConcept(str(value), str(item.get("CodingSchemeDesignator", "")), str(item.get("CodeMeaning", "")))


def _segment(item: Dataset) -> SegmentDescription:
    if item.get("SegmentNumber") is None:
        raise ConversionError("A segment has no number", remedy="Export the SEG again.", tag="(0062,0004)")
    kinds = item.get("SegmentedPropertyTypeCodeSequence")
    regions = item.get("AnatomicRegionSequence")
    modifiers = [
        *((regions[0].get("AnatomicRegionModifierSequence") or []) if regions else []),
        *((kinds[0].get("SegmentedPropertyTypeModifierCodeSequence") or []) if kinds else []),
    ]
    laterality = next(
        (code for code in (coded_concept([m], "(0062,0011)") for m in modifiers) if code.value in LATERALITY_CODES),
        None,
    )
    cielab = item.get("RecommendedDisplayCIELabValue")
    algorithm = str(item.get("SegmentAlgorithmType") or "MANUAL")
    return SegmentDescription(
        number=int(item.SegmentNumber),
        label=str(item.get("SegmentLabel", "")),
        category=coded_concept(item.get("SegmentedPropertyCategoryCodeSequence"), "(0062,0003)"),
        type=coded_concept(kinds, "(0062,000F)"),
        anatomic_region=coded_concept(regions, "(0008,2218)") if regions else None,
        laterality=laterality,
        tracking_uid=str(item.TrackingUID) if item.get("TrackingUID") else None,
        tracking_id=str(item.TrackingID) if item.get("TrackingID") else None,
        recommended_cielab=(int(cielab[0]), int(cielab[1]), int(cielab[2])) if cielab and len(cielab) == 3 else None,
        algorithm_type=algorithm if algorithm in ("MANUAL", "SEMIAUTOMATIC", "AUTOMATIC") else "AUTOMATIC",
        algorithm_name=str(item.SegmentAlgorithmName) if item.get("SegmentAlgorithmName") else None,
        description=str(item.SegmentDescription) if item.get("SegmentDescription") else None,
    )
