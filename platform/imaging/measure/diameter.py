"""Diameters on the half-level contour.

The contour runs half way between the centres of voxels inside and outside. Centre to centre a diameter is short by
about one voxel, corner to corner long by as much; half-level is within 0.4 mm at usual spacings (see the tests).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist, squareform

from imaging.geometry import VolumeGeometry
from imaging.rtstruct.trace import half_level_contours

Points = NDArray[np.float64]
Mask = NDArray[np.bool_]

METHOD_PLANE = "diameter/half-level-contour/1"
METHOD_SPACE = "diameter/half-level-surface/1"


@dataclass(frozen=True)
class Axes2D:
    """In one plane: the longest diameter and the width at right angles to it, mm, and the ends of the former in LPS."""

    slice_index: int
    long_mm: float
    short_mm: float
    long_ends_lps: tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True)
class Axes3D:
    """The longest diameter, the longest at right angles to it, and the width at right angles to both, mm."""

    long_mm: float
    middle_mm: float
    short_mm: float


def axes_in_plane(mask: Mask, geometry: VolumeGeometry) -> Axes2D | None:
    """The slice of `mask` `[slice, row, column]` with the longest diameter of one connected part; None where empty."""
    best: Axes2D | None = None
    for slice_index in np.flatnonzero(mask.any(axis=(1, 2))).tolist():
        for outline in half_level_contours(mask[slice_index]):
            polygon = _hull(outline)
            index = np.column_stack([np.full(len(polygon), float(slice_index)), polygon])
            points = geometry.point_lps(index)
            if best is None or _reach(points) > best.long_mm:
                found = _axes_of(points, geometry, slice_index)
                best = found if best is None or found.long_mm > best.long_mm else best
    return best


def axes_in_space(mask: Mask, geometry: VolumeGeometry) -> Axes3D | None:
    """Axes of all of `mask` `[slice, row, column]` taken together; None where empty."""
    points = _surface_points(mask, geometry)
    if points is None:
        return None
    corners = _hull(points)
    start, end, long_mm = _farthest(corners)
    first = (corners[end] - corners[start]) / long_mm
    across = corners - np.outer(corners @ first, first)
    start, end, middle_mm = _farthest(across)
    second = (across[end] - across[start]) / middle_mm
    third = np.cross(first, second)
    return Axes3D(long_mm, middle_mm, float(np.ptp(corners @ third)))


def _axes_of(points: Points, geometry: VolumeGeometry, slice_index: int) -> Axes2D:
    start, end, long_mm = _farthest(points)
    along = (points[end] - points[start]) / long_mm
    across = np.cross(geometry.normal, along)
    return Axes2D(slice_index, long_mm, float(np.ptp(points @ across)), (_triple(points[start]), _triple(points[end])))


def _reach(points: Points) -> float:
    """An upper bound of the diameter: the diagonal of the bounding box."""
    return float(np.linalg.norm(np.ptp(points, axis=0)))


def _farthest(points: Points) -> tuple[int, int, float]:
    """The two points farthest apart and their distance; the first pair in order where several are."""
    distance = squareform(pdist(points))
    start, end = np.unravel_index(int(distance.argmax()), distance.shape)
    return int(start), int(end), float(distance[start, end])


def _hull(points: Points) -> Points:
    """The corners of the convex hull: no diameter ends anywhere else."""
    try:
        corners: Points = points[np.sort(ConvexHull(points).vertices)]
    except QhullError:
        return np.unique(points, axis=0)
    return corners


def _surface_points(mask: Mask, geometry: VolumeGeometry) -> Points | None:
    occupied = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    if not occupied[0].size:
        return None
    low = np.array([axis[0] for axis in occupied])
    box = np.pad(mask[tuple(slice(axis[0], axis[-1] + 1) for axis in occupied)], 1)
    # Half-way points between each pair of face neighbours of which one is inside: the vertices of marching cubes.
    found = []
    for axis in range(3):
        lower, upper = np.take(box, range(box.shape[axis] - 1), axis), np.take(box, range(1, box.shape[axis]), axis)
        index = np.argwhere(lower != upper).astype(float)
        index[:, axis] += 0.5
        found.append(index)
    return geometry.point_lps(np.concatenate(found) + low - 1)


def _triple(values: Points) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
