"""Whole-slide levels: one pixel matrix stored as tiles.

Source: DICOM PS3.3 C.8.12.4 (Whole Slide Microscopy Image), C.7.6.17.3 (tiled total pixel matrix).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from imaging.errors import GeometryError
from imaging.scan_dataset import PARSER_ERRORS, damaged, read_dataset
from imaging.series_frames import FrameRef, unit_normal
from imaging.series_geometry import StackGeometry, fit
from imaging.series_header import InstanceHeader

WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
MICRO_BULK = "1.2.840.10008.5.1.4.1.1.77.1.8"


@dataclass(frozen=True, slots=True)
class TileLayout:
    """Where each stored tile lies in the total pixel matrix.

    `rows`, `columns`  size of the total pixel matrix.
    `corners`          (tiles, 2) zero-based row and column of each tile's first pixel, in stored order.
    """

    rows: int
    columns: int
    corners: np.ndarray[tuple[int, int], np.dtype[np.int64]]


def is_tiled(header: InstanceHeader) -> bool:
    """Whether the instance is a whole-slide level."""
    return header.sop_class_uid in (WHOLE_SLIDE, MICRO_BULK)


def tiled_frame(header: InstanceHeader) -> tuple[FrameRef, StackGeometry | None]:
    """One frame reference for the level, and the grid of its total pixel matrix in slide coordinates, mm."""
    dataset = read_dataset(header.source, pixels=False)
    try:
        layout = tile_layout(dataset, header)
        origin_item = (dataset.get("TotalPixelMatrixOriginSequence") or [Dataset()])[0]
        shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
        measures = (shared.get("PixelMeasuresSequence") or [Dataset()])[0]
        spacing = measures.get("PixelSpacing")
        cosines = dataset.get("ImageOrientationSlide")
        frame = FrameRef(
            header=header,
            frame_index=0,
            position_lps=(
                float(origin_item.get("XOffsetInSlideCoordinateSystem") or 0.0),
                float(origin_item.get("YOffsetInSlideCoordinateSystem") or 0.0),
                float(origin_item.get("ZOffsetInSlideCoordinateSystem") or 0.0),
            ),
            orientation=_cosines(cosines),
            pixel_spacing_mm=None if spacing is None else (float(spacing[0]), float(spacing[1])),
            slope=1.0,
            intercept=0.0,
            tile=(0, 0, layout.rows, layout.columns),
            slice_thickness_mm=float(measures.get("SliceThickness") or 0.0) or None,
        )
    except PARSER_ERRORS as error:
        raise damaged(header.path, error) from error
    return frame, fit([frame]) if unit_normal(frame.orientation) is not None else None


def _cosines(values: object) -> tuple[float, float, float, float, float, float] | None:
    if values is None or not isinstance(values, (list, tuple)) and not hasattr(values, "__len__"):
        return None
    numbers = [float(v) for v in values]  # type: ignore[attr-defined]  # pydicom's MultiValue has no static element type
    if len(numbers) != 6:
        return None
    return (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])


def tile_layout(dataset: Dataset, header: InstanceHeader) -> TileLayout:
    """The place of every tile.

    TILED_FULL is row by row; TILED_SPARSE says each place (PS3.3 C.7.6.17.3). Raises GeometryError where tiles lie
    outside the matrix or are fewer than TILED_FULL needs.
    """
    rows = int(dataset.get("TotalPixelMatrixRows") or header.rows)
    columns = int(dataset.get("TotalPixelMatrixColumns") or header.columns)
    if not (0 < rows <= 10_000_000 and 0 < columns <= 10_000_000):
        raise GeometryError(
            "The total pixel matrix has no believable size",
            remedy="Correct TotalPixelMatrixRows and TotalPixelMatrixColumns.",
            path=header.path,
            tag="(0048,0007)",
        )
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    organization = str(dataset.get("DimensionOrganizationType", ""))
    if organization != "TILED_FULL" and per_frame and "PlanePositionSlideSequence" in per_frame[0]:
        places = [item.PlanePositionSlideSequence[0] for item in per_frame]
        corners = np.array(
            [
                (int(p.RowPositionInTotalImagePixelMatrix) - 1, int(p.ColumnPositionInTotalImagePixelMatrix) - 1)
                for p in places
            ],
            dtype=np.int64,
        )
    else:
        across = math.ceil(columns / header.columns)
        index = np.arange(min(header.number_of_frames, across * math.ceil(rows / header.rows)), dtype=np.int64)
        corners = np.column_stack([index // across * header.rows, index % across * header.columns])
    if len(corners) and (corners.min() < 0 or (corners >= (rows, columns)).any()):
        raise GeometryError(
            "A tile lies outside the total pixel matrix",
            remedy="Refuse the level: its tiles cannot be placed.",
            path=header.path,
            tag="(0048,021A)",
        )
    return TileLayout(rows, columns, corners)
