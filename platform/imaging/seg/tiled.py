"""Segmentations of whole slides: tiles of one total pixel matrix. Source: PS3.3 C.7.6.17.3, C.8.12.6, C.8.20."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import SegmentationStorage

from imaging.errors import ConversionError, GeometryError, InputError, PixelDataError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import LabelMap, SegmentDescription
from imaging.labelmap_source import MANUFACTURER, SourceFrame, SourceImages, child_uid, derived_dataset
from imaging.seg import encoding as enc
from imaging.seg.pixels import plane_reader
from imaging.seg.planes import StoredFrame, pack
from imaging.seg.write import derivation_of, describe_pixels, fill_content, segment_item

_POINTERS = (
    (0x0062000B, 0x0062000A, "Referenced Segment Number"),
    (0x0048021F, 0x0048021A, "Row Position"),
    (0x0048021E, 0x0048021A, "Column Position"),
)
_LARGEST_MATRIX = 1 << 33


def write_tiled_seg(
    labelmap: LabelMap,
    source_dataset: Dataset,
    *,
    series_instance_uid: str,
    sop_instance_uid: str,
    content_datetime: datetime,
    instance_number: int = 1,
    series_number: int = 300,
    series_description: str | None = "Segmentation",
    content_label: str = "SEGMENTATION",
    manufacturer: str = MANUFACTURER,
) -> Dataset:
    """A BINARY, TILED_SPARSE Segmentation of one whole-slide level, in the tiles of that level.

    `labelmap` is `[1, row, column]` of the total pixel matrix. Only tiles that hold the segment are stored; empty
    segments keep their description. The same arguments give the same bytes. Raises `InputError` where the label map
    is not the matrix of `source_dataset`.
    """
    matrix = (int(source_dataset.get("TotalPixelMatrixRows", 0)), int(source_dataset.get("TotalPixelMatrixColumns", 0)))
    if labelmap.geometry.size != (1, *matrix):
        raise InputError(
            "The label map is not of the size of the level", remedy="Label the total pixel matrix.", tag="(0048,0007)"
        )
    source = SourceImages.from_datasets([source_dataset])
    ds = derived_dataset(
        source,
        sop_class_uid=SegmentationStorage,
        modality="SEG",
        series_instance_uid=series_instance_uid,
        sop_instance_uid=sop_instance_uid,
        series_number=series_number,
        instance_number=instance_number,
        content_datetime=content_datetime,
        series_description=series_description,
        manufacturer=manufacturer,
    )
    fill_content(ds, source, content_datetime, content_label, "")
    ds.SegmentationType = "BINARY"
    ds.SegmentsOverlap = "YES" if labelmap.is_overlapping else "NO"
    ds.SegmentSequence = [segment_item(segment) for segment in labelmap.segments]
    _matrix(ds, source_dataset, matrix)
    tile = (int(source_dataset.Rows), int(source_dataset.Columns))
    frames = list(_tiles(labelmap, tile))
    describe_pixels(ds, *tile, 1, len(frames))
    stored = [StoredFrame(place, 0, _stored(pixels)) for place, _, _, pixels in frames]
    enc.put_raw(ds, 0x7FE00010, "OB", pack(stored, tile[0] * tile[1]))
    enc.put_raw(ds, 0x52009229, "SQ", enc.items([_shared(labelmap.geometry)]))
    image = _tile_source(source_dataset, source, tile, matrix)
    items = (_item(labelmap, tile, frame, image) for frame in frames)
    enc.put_raw(ds, 0x52009230, "SQ", enc.items(items))
    ds.set_original_encoding(False, True, ds._character_set)
    return ds


def is_tiled_seg(ds: Dataset) -> bool:
    """Whether a SEG segments a total pixel matrix."""
    return "TotalPixelMatrixRows" in ds and "TotalPixelMatrixColumns" in ds


def read_tiled_seg(ds: Dataset, segments: tuple[SegmentDescription, ...]) -> LabelMap:
    """The label map `[1, row, column]` of the total pixel matrix of a BINARY or LABELMAP SEG, sparse or full.

    The grid is in slide coordinates, mm. Raises `GeometryError` for an absurd matrix or a tile outside it,
    `ConversionError` for a frame without place or segment, `PixelDataError`.
    """
    matrix = (int(ds.TotalPixelMatrixRows), int(ds.TotalPixelMatrixColumns))
    if min(matrix) < 1 or matrix[0] * matrix[1] * len(segments) > _LARGEST_MATRIX:
        raise GeometryError("The total pixel matrix is absurd", remedy="Export it again.", tag="(0048,0007)")
    kind = ds.get("SegmentationType")
    if kind not in ("BINARY", "LABELMAP"):
        raise PixelDataError("Tiled fractions are not read", remedy="Threshold them first.", tag="(0062,0001)")
    plane_of = plane_reader(ds)
    places = {segment.number: place for place, segment in enumerate(segments)}
    masks = [np.zeros((1, *matrix), bool) for _ in segments]
    for frame, (number, row, column) in enumerate(_placed(ds, segments, matrix)):
        if not (0 <= row < matrix[0] and 0 <= column < matrix[1]):
            raise GeometryError("A tile lies outside the total pixel matrix", remedy="Export it.", tag="(0048,021F)")
        tile = plane_of(frame)[: matrix[0] - row, : matrix[1] - column]
        for segment in [number] if kind == "BINARY" else [int(n) for n in np.unique(tile) if n]:
            if segment not in places:
                raise ConversionError("A tile holds an undescribed segment", remedy="Export it.", tag="(0062,000B)")
            target = masks[places[segment]][0, row : row + tile.shape[0], column : column + tile.shape[1]]
            target |= tile.astype(bool) if kind == "BINARY" else tile == segment
    return LabelMap.from_masks(masks, _geometry(ds, matrix), segments)


def _placed(
    ds: Dataset, segments: tuple[SegmentDescription, ...], matrix: tuple[int, int]
) -> Iterator[tuple[int, int, int]]:
    """(segment number, row, column) of every frame, from 0; frames of TILED_FULL follow segments, rows, columns."""
    if ds.get("DimensionOrganizationType") == "TILED_FULL":
        numbers = [s.number for s in segments] if ds.SegmentationType == "BINARY" else [0]
        corners = [(r, c) for r in range(0, matrix[0], int(ds.Rows)) for c in range(0, matrix[1], int(ds.Columns))]
        if int(ds.NumberOfFrames) != len(numbers) * len(corners):
            raise ConversionError("The tiles do not fill the matrix", remedy="Export it again.", tag="(0028,0008)")
        yield from ((number, row, column) for number in numbers for row, column in corners)
        return
    groups = ds.get("PerFrameFunctionalGroupsSequence") or []
    if len(groups) != int(ds.NumberOfFrames):
        raise ConversionError("Frames and descriptions differ in number", remedy="Export it.", tag="(0028,0008)")
    for group in groups:
        place = (group.get("PlanePositionSlideSequence") or [Dataset()])[0]
        identification = (group.get("SegmentIdentificationSequence") or [Dataset()])[0]
        row, column = (
            place.get("RowPositionInTotalImagePixelMatrix"),
            place.get("ColumnPositionInTotalImagePixelMatrix"),
        )
        number = identification.get("ReferencedSegmentNumber", 0 if ds.SegmentationType == "LABELMAP" else None)
        if row is None or column is None or number is None:
            raise ConversionError("A tile has no place or no segment", remedy="Export it again.", tag="(0048,021A)")
        yield int(number), int(row) - 1, int(column) - 1


def _geometry(ds: Dataset, matrix: tuple[int, int]) -> VolumeGeometry:
    shared = (ds.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    measures = (shared.get("PixelMeasuresSequence") or [Dataset()])[0]
    spacing, cosines = measures.get("PixelSpacing"), ds.get("ImageOrientationSlide")
    if not spacing or not cosines or len(cosines) != 6:
        raise GeometryError("Orientation or spacing of the slide is missing", remedy="Export it.", tag="(0048,0102)")
    origin = (ds.get("TotalPixelMatrixOriginSequence") or [Dataset()])[0]
    row, column = np.array(cosines[:3], float), np.array(cosines[3:], float)
    affine = np.eye(4)
    affine[:3, 0] = np.cross(row, column) * float(measures.get("SliceThickness") or 1.0)
    affine[:3, 1], affine[:3, 2] = column * float(spacing[0]), row * float(spacing[1])
    affine[:3, 3] = [float(origin.get(f"{axis}OffsetInSlideCoordinateSystem") or 0.0) for axis in "XYZ"]
    return VolumeGeometry.from_affine_lps(affine, (1, *matrix))


def _tiles(labelmap: LabelMap, tile: tuple[int, int]) -> Iterator[tuple[int, int, int, np.ndarray]]:
    """(place of the segment, row, column, bool pixels padded to the tile) of every tile that holds a segment."""
    is_empty = True
    for place, segment in enumerate(labelmap.segments):
        mask = labelmap.mask(segment.number)[0]
        for row in range(0, mask.shape[0], tile[0]):
            for column in range(0, mask.shape[1], tile[1]):
                part = mask[row : row + tile[0], column : column + tile[1]]
                if part.any():
                    is_empty = False
                    yield place, row, column, np.pad(part, [(0, tile[0] - part.shape[0]), (0, tile[1] - part.shape[1])])
    if is_empty:
        yield 0, 0, 0, np.zeros(tile, bool)


def _stored(pixels: np.ndarray) -> np.ndarray:
    return np.packbits(pixels, bitorder="little", axis=None) if pixels.size % 8 == 0 else pixels.ravel()


def _matrix(ds: Dataset, source: Dataset, matrix: tuple[int, int]) -> None:
    for keyword in (
        "ImageOrientationSlide",
        "TotalPixelMatrixOriginSequence",
        "ImagedVolumeWidth",
        "ImagedVolumeHeight",
        "ImagedVolumeDepth",
        "ContainerIdentifier",
        "IssuerOfTheContainerIdentifierSequence",
        "ContainerTypeCodeSequence",
        "SpecimenDescriptionSequence",
    ):
        if keyword in source:
            ds[keyword] = source[keyword]
    if "TotalPixelMatrixOriginSequence" not in ds:
        origin = Dataset()
        origin.XOffsetInSlideCoordinateSystem = origin.YOffsetInSlideCoordinateSystem = 0
        ds.TotalPixelMatrixOriginSequence = [origin]
    ds.TotalPixelMatrixRows, ds.TotalPixelMatrixColumns = matrix
    ds.PatientOrientation = ""  # type 2C where there is no ImageOrientationPatient
    ds.DimensionOrganizationType = "TILED_SPARSE"
    organization = Dataset()
    organization.DimensionOrganizationUID = child_uid(ds.SOPInstanceUID, "dimensions")
    ds.DimensionOrganizationSequence = [organization]
    ds.DimensionIndexSequence = []
    for pointer, group, label in _POINTERS:
        item = Dataset()
        item.DimensionOrganizationUID = organization.DimensionOrganizationUID
        item.DimensionIndexPointer, item.FunctionalGroupPointer = pointer, group
        item.DimensionDescriptionLabel = label
        ds.DimensionIndexSequence.append(item)


def _shared(geometry: VolumeGeometry) -> bytes:
    measures = enc.decimals(0x00180050, geometry.spacing_mm[:1]) + enc.decimals(0x00280030, geometry.spacing_mm[1:])
    return enc.sequence(0x00289110, measures)


def _tile_source(
    ds: Dataset, source: SourceImages, tile: tuple[int, int], matrix: tuple[int, int]
) -> Callable[[int, int], SourceFrame]:
    """The frame of the level under a tile: its number where tiles fill the matrix once, else the instance alone."""
    sop_class, sop_instance = source.instances()[0]
    across, down = -(-matrix[1] // tile[1]), -(-matrix[0] // tile[0])
    is_full = (
        ds.get("DimensionOrganizationType") == "TILED_FULL" and int(ds.get("NumberOfFrames") or 0) == across * down
    )

    def frame_at(row: int, column: int) -> SourceFrame:
        number = row // tile[0] * across + column // tile[1] + 1 if is_full else None
        return SourceFrame(sop_class, sop_instance, number, None)

    return frame_at


def _item(
    labelmap: LabelMap,
    tile: tuple[int, int],
    frame: tuple[int, int, int, np.ndarray],
    image: Callable[[int, int], SourceFrame],
) -> bytes:
    place, row, column, _ = frame
    x, y, z = labelmap.geometry.point_lps(np.array([[0, row, column]], float))[0]
    numbers = [place + 1, row // tile[0] + 1, column // tile[1] + 1]
    position = (
        enc.decimals(0x0040072A, [x])
        + enc.decimals(0x0040073A, [y])
        + enc.decimals(0x0040074A, [z])
        + enc.signed_long(0x0048021E, column + 1)
        + enc.signed_long(0x0048021F, row + 1)
    )
    return (
        derivation_of([image(row, column)])
        + enc.sequence(0x00209111, enc.unsigned_longs(0x00209157, numbers))
        + enc.sequence(0x0048021A, position)
        + enc.sequence(0x0062000A, enc.unsigned_short(0x0062000B, labelmap.segments[place].number))
    )
