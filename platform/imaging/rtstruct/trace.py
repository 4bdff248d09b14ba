"""Voxels → contours: the half-level contour of marching squares, simplified, holes joined by keyholes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage import measure

from imaging.geometry import VolumeGeometry
from imaging.rtstruct.contours import Contour, Points
from imaging.rtstruct.fill import contains

Mask = NDArray[np.bool_]

# Untyped in scikit-image.
_find_contours: Any = measure.find_contours


def trace(mask: Mask, geometry: VolumeGeometry) -> list[tuple[int, Contour]]:
    """(slice index, contour) for every outline of `mask` `[slice, row, column]`, by slice.

    Contours run half way between voxel centres inside and outside, so filling them gives `mask` back exactly. A hole
    is joined to its outline by a channel of no width (the keyhole technique of PS3.3 C.8.8.6.3).
    """
    found: list[tuple[int, Contour]] = []
    for slice_index in np.flatnonzero(mask.any(axis=(1, 2))).tolist():
        for polygon in outlines(mask[slice_index]):
            index = np.column_stack([np.full(len(polygon), float(slice_index)), polygon])
            found.append((slice_index, Contour(geometry.point_lps(index))))
    return found


def outlines(plane: Mask) -> list[Points]:
    """(N, 2) `(row, column)` polygons of a `[row, column]` mask, holes joined to their outline."""
    outer: list[Points] = []
    holes: list[Points] = []
    for polygon in half_level_contours(plane):
        (outer if _signed_area(polygon) > 0 else holes).append(polygon)
    for hole in sorted(holes, key=lambda polygon: _signed_area(polygon)):
        place = _enclosing(hole, outer)
        outer[place] = _join(outer[place], hole)
    return outer


def half_level_contours(plane: Mask) -> list[Points]:
    """(N, 2) `(row, column)` closed polygons at level one half; outlines and holes run in opposite directions."""
    rows, columns = np.flatnonzero(plane.any(axis=1)), np.flatnonzero(plane.any(axis=0))
    if not rows.size:
        return []
    top, left = rows[0], columns[0]
    box = np.pad(plane[top : rows[-1] + 1, left : columns[-1] + 1], 1).astype(np.float64)
    polygons = _find_contours(box, 0.5, fully_connected="low", positive_orientation="high")
    return [_simplified(polygon[:-1] + (top - 1.0, left - 1.0)) for polygon in polygons]


def _simplified(polygon: Points) -> Points:
    """Without the corners where nothing turns."""
    before = polygon - np.roll(polygon, 1, axis=0)
    after = np.roll(polygon, -1, axis=0) - polygon
    turns = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]) > 1e-9
    return polygon[turns]


def _signed_area(polygon: Points) -> float:
    """Twice the area; positive for what `find_contours` draws around high values with `positive_orientation` high."""
    following = np.roll(polygon, -1, axis=0)
    return float((following[:, 1] * polygon[:, 0] - polygon[:, 1] * following[:, 0]).sum())


def _enclosing(hole: Points, outer: list[Points]) -> int:
    around = [i for i, polygon in enumerate(outer) if contains(hole[:1], [polygon])[0]]
    return min(around, key=lambda i: abs(_signed_area(outer[i])))


def _join(outline: Points, hole: Points) -> Points:
    distance = np.linalg.norm(outline[:, None, :] - hole[None, :, :], axis=2)
    at, start = np.unravel_index(int(distance.argmin()), distance.shape)
    turned = np.roll(hole, -int(start), axis=0)
    return np.concatenate([outline[: at + 1], turned, turned[:1], outline[at:]])
