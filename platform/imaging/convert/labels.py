"""Label maps from any file that holds one, and to any."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from imaging.convert.codes import describe, read_codes, segments_to_json
from imaging.convert.nrrd import read_itk, write_mha, write_nrrd
from imaging.errors import InputError, UnsupportedError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import LabelMap, SegmentDescription, labels_from_array, present_labels
from imaging.labelmap_grid import align_labelmap
from imaging.nifti import read_nifti, write_nifti
from imaging.rtstruct.raster import structure_set_to_labelmap
from imaging.rtstruct.read import read_rtstruct
from imaging.seg.read import read_seg
from imaging.series_header import read_header

LabelKind = Literal["nifti", "itk", "seg", "rtstruct", "other"]

SEG_CLASSES = frozenset(("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"))
RTSTRUCT_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
_ITK_SUFFIXES = (".nrrd", ".nhdr", ".mha", ".mhd")


def kind_of(path: Path) -> LabelKind:
    """Which reader a label file needs, from its name or, for DICOM, its SOP class."""
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        return "nifti"
    if name.endswith(_ITK_SUFFIXES):
        return "itk"
    if path.is_dir():
        return "other"
    sop_class = read_header(path).sop_class_uid
    if sop_class in SEG_CLASSES:
        return "seg"
    return "rtstruct" if sop_class == RTSTRUCT_CLASS else "other"


def read_labels(
    path: Path,
    *,
    reference: VolumeGeometry | None = None,
    codes: Sequence[SegmentDescription] | None = None,
) -> LabelMap:
    """The label map of a NIfTI, NRRD, MHA, SEG or RTSTRUCT file, on the grid of `reference` where one is given.

    `codes` describe the labels of files that cannot; without them a JSON of the same name is taken, else labels are
    described by their numbers. A structure set needs a reference: contours have no grid of their own.
    """
    kind = kind_of(path)
    if kind == "seg":
        labelmap = read_seg(path, reference)
        return labelmap if codes is None else redescribed(labelmap, codes)
    if kind == "rtstruct":
        if reference is None:
            raise InputError(
                "Contours have no grid of their own", remedy="Name the images with --reference.", path=path
            )
        labelmap = structure_set_to_labelmap(read_rtstruct(path), reference)
        return labelmap if codes is None else redescribed(labelmap, codes)
    if kind == "other":
        raise UnsupportedError("The file holds no labels", remedy="Give NIfTI, NRRD, SEG or RTSTRUCT.", path=path)
    values, geometry = read_nifti(path) if kind == "nifti" else read_itk(path)
    array = labels_from_array(values)
    labelmap = LabelMap(array, geometry, describe(present_labels(array), codes or _beside(path)) or _nothing())
    return labelmap if reference is None else align_labelmap(labelmap, reference)


def redescribed(labelmap: LabelMap, codes: Sequence[SegmentDescription]) -> LabelMap:
    """`labelmap` with the descriptions of `codes`, by number. Raises `InputError` for a segment they leave out."""
    by_number = {segment.number: segment for segment in codes}
    segments = describe([segment.number for segment in labelmap.segments], codes)
    if labelmap.array is not None:
        return replace(labelmap, segments=segments)
    return replace(labelmap, segments=tuple(by_number[segment.number] for segment in labelmap.segments))


def consecutive(labelmap: LabelMap) -> LabelMap:
    """`labelmap` with segments numbered from 1 without gaps, as a BINARY SEG must have them (PS3.3 C.8.20.4).

    The number a segment had is kept in its description where it changed.
    """
    numbers = [segment.number for segment in labelmap.segments]
    if numbers == list(range(1, len(numbers) + 1)):
        return labelmap
    segments = tuple(_renumbered(segment, place) for place, segment in enumerate(labelmap.segments, start=1))
    if labelmap.array is None:
        return replace(labelmap, segments=segments)
    lookup = np.zeros(max(int(labelmap.array.max()), *numbers) + 1, labelmap.array.dtype)
    lookup[numbers] = np.arange(1, len(numbers) + 1)
    return replace(labelmap, array=lookup[labelmap.array], segments=segments)


def write_label_nifti(labelmap: LabelMap, path: Path) -> list[Path]:
    """A `.nii.gz` and the JSON that says what its labels mean; one file per segment where segments overlap."""
    if not labelmap.is_overlapping:
        write_nifti(path, labelmap.labels(), labelmap.geometry)
        return [path, _write_codes(labelmap.segments, path)]
    written: list[Path] = []
    for segment in labelmap.segments:
        own = path.with_name(path.name.removesuffix(".nii.gz") + f"_{segment.number}.nii.gz")
        write_nifti(own, labelmap.mask(segment.number).astype(np.uint8) * np.uint8(1), labelmap.geometry)
        written += [own, _write_codes([replace(segment, number=1)], own)]
    return written


def write_label_nrrd(labelmap: LabelMap, path: Path) -> list[Path]:
    """A `.seg.nrrd` that 3D Slicer opens as a segmentation, and the JSON of codes."""
    write_nrrd(path, labelmap.labels(), labelmap.geometry, labelmap.segments)
    return [path, _write_codes(labelmap.segments, path)]


def write_label_mha(labelmap: LabelMap, path: Path) -> list[Path]:
    """A MetaImage and the JSON of codes."""
    write_mha(path, labelmap.labels(), labelmap.geometry)
    return [path, _write_codes(labelmap.segments, path)]


def _renumbered(segment: SegmentDescription, number: int) -> SegmentDescription:
    if segment.number == number:
        return segment
    note = f"label {segment.number}"
    description = note if not segment.description else f"{segment.description} ({note})"
    return replace(segment, number=number, description=description)


def _codes_path(path: Path) -> Path:
    name = path.name
    for suffix in (".nii.gz", ".nii", ".seg.nrrd", *_ITK_SUFFIXES):
        name = name.removesuffix(suffix)
    return path.with_name(name + ".json")


def _beside(path: Path) -> tuple[SegmentDescription, ...] | None:
    companion = _codes_path(path)
    if not companion.is_file():
        return None
    try:
        content: Any = json.loads(companion.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return read_codes(companion) if isinstance(content, dict) and "segments" in content else None


def _nothing() -> tuple[SegmentDescription, ...]:
    """A label file without a label still is an answer: one segment, empty."""
    return (SegmentDescription(1, "Segment 1"),)


def _write_codes(segments: Sequence[SegmentDescription], path: Path) -> Path:
    companion = _codes_path(path)
    content = {"segments": segments_to_json(segments)}
    companion.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    return companion
