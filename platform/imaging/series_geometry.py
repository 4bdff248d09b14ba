"""From positions to a grid: where the slices of a stack lie, and whether they lie regularly.

Geometry comes from ImagePosition and ImageOrientation, never from SliceThickness (PS3.3 C.7.6.2.1.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import VolumeGeometry
from imaging.series_frames import FrameRef

Array = NDArray[np.float64]

SAME_POSITION_MM = 0.01
"""Two slices nearer than this along the normal lie at one position."""
MAX_DEVIATION = 0.1
"""A regular stack: no slice lies further from its grid place than this share of the spacing …"""
MAX_DEVIATION_MM = 0.25
"""… nor further than this."""
_ROUNDING_MM = 0.101
"""Positions written with one decimal lie up to this far off: half a digit, and half a digit of the end slices."""


@dataclass(frozen=True, slots=True)
class StackGeometry:
    """The grid that fits a stack best, and how well it fits.

    `geometry`          None where pixel spacing is absent or invalid.
    `offsets_mm`        distance of each slice from the first, along the plane normal.
    `gaps_mm`           the differences of `offsets_mm`.
    `max_deviation_mm`  greatest distance between a slice's origin and its place on the grid.
    `shear_mm`          in-plane shift from one slice to the next (gantry tilt), zero for an upright stack.
    `is_regular`        whether the grid holds for every slice.
    """

    geometry: VolumeGeometry | None
    offsets_mm: tuple[float, ...]
    gaps_mm: tuple[float, ...]
    max_deviation_mm: float
    shear_mm: float
    is_regular: bool


def offsets_along_normal(frames: Sequence[FrameRef]) -> Array:
    """Signed distance of each frame's origin along the common normal, mm. Every frame must have a position."""
    normal = frames[0].normal
    assert normal is not None
    points = np.array([frame.position_lps for frame in frames], dtype=np.float64)
    distances: Array = points @ normal
    return distances


def fit(frames: Sequence[FrameRef]) -> StackGeometry:
    """The grid of frames that are sorted along the normal and share orientation and pixel spacing."""
    offsets = offsets_along_normal(frames)
    offsets = offsets - offsets[0]
    points = np.array([frame.position_lps for frame in frames], dtype=np.float64)
    count = len(frames)
    if count == 1:
        normal = frames[0].normal
        assert normal is not None
        step = normal * _lone_spacing(frames[0])
    else:
        step = (points[-1] - points[0]) / (count - 1)
    ideal = points[0] + np.outer(np.arange(count), step)
    deviation = float(np.linalg.norm(points - ideal, axis=1).max())
    spacing = float(np.linalg.norm(step))
    limit = max(min(MAX_DEVIATION * spacing, MAX_DEVIATION_MM), min(_ROUNDING_MM, 2 * MAX_DEVIATION * spacing))
    return StackGeometry(
        geometry=_grid(frames[0], points[0], step, count),
        offsets_mm=tuple(float(o) for o in offsets),
        gaps_mm=tuple(float(g) for g in np.diff(offsets)),
        max_deviation_mm=deviation,
        shear_mm=_shear(frames[0], step),
        is_regular=count == 1 or (spacing > SAME_POSITION_MM and deviation <= limit),
    )


def _lone_spacing(frame: FrameRef) -> float:
    """A single slice has no neighbour: its thickness is the only extent there is."""
    for value in (frame.slice_thickness_mm, frame.header.spacing_between_slices_mm):
        if value is not None and value > 0:
            return value
    return 1.0


def _shear(frame: FrameRef, step: Array) -> float:
    normal = frame.normal
    assert normal is not None
    return float(np.linalg.norm(step - normal * float(step @ normal)))


def _grid(frame: FrameRef, origin: Array, step: Array, count: int) -> VolumeGeometry | None:
    spacing = frame.pixel_spacing_mm
    length = float(np.linalg.norm(step))
    if spacing is None or min(spacing) <= 0 or length <= 0 or frame.orientation is None:
        return None
    row_cosines = np.array(frame.orientation[:3])
    column_cosines = np.array(frame.orientation[3:])
    axes = np.column_stack(
        [
            step / length,
            column_cosines / np.linalg.norm(column_cosines),
            row_cosines / np.linalg.norm(row_cosines),
        ]
    )
    if abs(float(np.linalg.det(axes))) < 1e-6:
        return None
    return VolumeGeometry(
        origin_lps=(float(origin[0]), float(origin[1]), float(origin[2])),
        direction=(_row(axes, 0), _row(axes, 1), _row(axes, 2)),
        # PixelSpacing is (between rows, between columns): the first belongs to the row index (PS3.3 10.7.1.3).
        spacing_mm=(length, spacing[0], spacing[1]),
        size=(count, frame.rows, frame.columns),
    )


def _row(matrix: Array, index: int) -> tuple[float, float, float]:
    return (float(matrix[index, 0]), float(matrix[index, 1]), float(matrix[index, 2]))
