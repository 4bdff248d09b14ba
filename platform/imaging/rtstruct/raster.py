"""Contours → voxels.

The rule, stated because a volume from contours needs one: a voxel belongs to an ROI when its centre lies inside an
odd number of the contours of the nearest contour plane (XOR of nested contours, keyholes included). Each contour
plane stands for a slab half the usual distance of the ROI's planes to either side, so that a grid finer than the
contours is filled between them and a coarser one takes the nearest plane; a wider gap stays a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imaging.errors import GeometryError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import LabelMap
from imaging.rtstruct.contours import PLANE_TOLERANCE_MM, Points, StructureSet, checked, plane_normal
from imaging.rtstruct.fill import contains, fill

Mask = NDArray[np.bool_]
Outside = Literal["refuse", "clip"]


def rasterize(contours_lps: Sequence[Points], geometry: VolumeGeometry, *, outside: Outside = "refuse") -> Mask:
    """Bool `[slice, row, column]`: the voxels whose centres the contours of one ROI enclose.

    `contours_lps` are (N, 3) mm; fewer than three points enclose nothing. Contours may lie in planes that are not
    those of the grid, oblique ones included, as long as all of the ROI are parallel. Raises `GeometryError` for a
    contour that reaches beyond the grid (unless `outside` is "clip"), is not planar or not finite.
    """
    mask = np.zeros(geometry.size, bool)
    for slice_index, plane in _planes(contours_lps, geometry, outside):
        mask[slice_index] = plane
    return mask


def structure_set_to_labelmap(
    structure_set: StructureSet, geometry: VolumeGeometry, *, outside: Outside = "refuse"
) -> LabelMap:
    """Every ROI as a segment on `geometry`, those without contours too. See `rasterize` for the rule and errors."""
    segments = [roi.roi for roi in structure_set.rois]
    array = np.zeros(geometry.size, np.uint8 if max((s.number for s in segments), default=0) < 256 else np.uint16)
    for roi in structure_set.rois:
        # Plane by plane into one array: a mask per ROI would touch as much memory as the image for each of them.
        for slice_index, plane in _planes(roi.closed, geometry, outside):
            if np.logical_and(plane, array[slice_index]).any():
                masks = [rasterize(one.closed, geometry, outside=outside) for one in structure_set.rois]
                return LabelMap.from_masks(masks, geometry, segments)
            array[slice_index] += np.multiply(plane, roi.roi.number, dtype=array.dtype)
    return LabelMap(array, geometry, tuple(segments))


def _planes(contours_lps: Sequence[Points], geometry: VolumeGeometry, outside: Outside) -> Iterator[tuple[int, Mask]]:
    """(slice index, bool `[row, column]`) of every slice that the contours reach."""
    contours = [points for points in map(checked, contours_lps) if len(points) >= 3]
    if not contours:
        return
    indices = [geometry.point_ijk(points) for points in contours]
    if outside == "refuse":
        _refuse_outside(indices, geometry)
    off_plane_mm = max(float(np.ptp(index[:, 0])) for index in indices) * _slice_distance_mm(geometry)
    if off_plane_mm <= 2 * PLANE_TOLERANCE_MM:
        yield from _parallel_planes(indices, geometry)
        return
    mask = np.zeros(geometry.size, bool)
    _fill_oblique(contours, geometry, mask)
    for slice_index in np.flatnonzero(mask.any(axis=(1, 2))).tolist():
        yield slice_index, mask[slice_index]


def _slice_distance_mm(geometry: VolumeGeometry) -> float:
    return geometry.spacing_mm[0] * abs(float(np.asarray(geometry.direction)[:, 0] @ geometry.normal))


def _refuse_outside(indices: Sequence[Points], geometry: VolumeGeometry) -> None:
    points = np.concatenate(indices)
    # Half a voxel reaches the edge of the outermost voxels; a little more is rounding of decimal strings.
    low, high = points.min(axis=0) < -0.51, points.max(axis=0) > np.array(geometry.size) - 0.49
    if low.any() or high.any():
        raise GeometryError(
            "A contour reaches beyond the image",
            remedy="Name the series it was drawn on, or clip it deliberately.",
            tag="(3006,0050)",
        )


def _parallel_planes(indices: Sequence[Points], geometry: VolumeGeometry) -> Iterator[tuple[int, Mask]]:
    heights = np.array([float(index[:, 0].mean()) for index in indices])
    planes, plane_of = _group(heights, PLANE_TOLERANCE_MM / _slice_distance_mm(geometry))
    half = _half_width(planes, 1.0)
    polygons: list[list[Points]] = [[] for _ in planes]
    for index, plane in zip(indices, plane_of.tolist(), strict=True):
        polygons[plane].append(index[:, 1:])
    last, filled = -1, np.zeros(geometry.size[1:], bool)
    first = max(0, int(np.floor(planes[0] - half)))
    for slice_index in range(first, min(geometry.size[0], int(np.ceil(planes[-1] + half)) + 1)):
        nearest = _nearest(planes, slice_index, half)
        if nearest is None:
            continue
        if nearest != last:
            last, filled = nearest, np.zeros(geometry.size[1:], bool)
            fill(polygons[nearest], filled)
        yield slice_index, filled


def _group(heights: Points, tolerance: float) -> tuple[Points, NDArray[np.int64]]:
    """Distinct plane heights, ascending, and the plane of each contour; heights closer than `tolerance` are one."""
    order = np.argsort(heights, kind="stable")
    ascending = heights[order]
    number = np.concatenate([[0], np.cumsum(np.diff(ascending) > tolerance)])
    planes = np.bincount(number, ascending) / np.bincount(number)
    plane_of = np.empty(len(heights), np.int64)
    plane_of[order] = number
    return planes, plane_of


def _half_width(planes: Points, single: float) -> float:
    """Half the slab of a contour plane: half the usual gap, or half of `single` where there is one plane."""
    return (float(np.median(np.diff(planes))) if len(planes) > 1 else single) / 2


def _nearest(planes: Points, height: float, half: float) -> int | None:
    offsets = height - planes
    plane = int(np.abs(offsets).argmin())
    # Half open, so that a slice half way between two planes, or past the last, is counted once.
    slack = 1e-3 * half
    return plane if -half - slack <= offsets[plane] < half - slack else None


def _fill_oblique(contours: Sequence[Points], geometry: VolumeGeometry, mask: Mask) -> None:
    normal = _common_normal(contours)
    axis_u = np.cross(normal, np.eye(3)[int(np.abs(normal).argmin())])
    axis_u /= np.linalg.norm(axis_u)
    axis_v = np.cross(normal, axis_u)
    frame = np.stack([axis_u, axis_v])
    heights = np.array([float((points @ normal).mean()) for points in contours])
    planes, plane_of = _group(heights, PLANE_TOLERANCE_MM)
    half = _half_width(planes, float(np.abs(normal @ geometry.affine_lps[:3, :3]).max()))
    polygons: list[list[Points]] = [[] for _ in planes]
    for points, plane in zip(contours, plane_of.tolist(), strict=True):
        polygons[plane].append(points @ frame.T)
    box, voxels = _voxels_near(np.concatenate(contours), geometry, half)
    height = voxels @ normal
    nearest = np.abs(height[:, None] - planes[None, :]).argmin(axis=1)
    in_slab = np.abs(height - planes[nearest]) <= half * (1 + 1e-3)
    inside = np.zeros(len(voxels), bool)
    for plane, shapes in enumerate(polygons):
        candidates = np.flatnonzero(in_slab & (nearest == plane))
        inside[candidates] = contains(voxels[candidates] @ frame.T, shapes)
    mask[box] |= inside.reshape(mask[box].shape)


def _common_normal(contours: Sequence[Points]) -> Points:
    normals = [n for n in map(plane_normal, contours) if n.any()]
    if not normals:
        return np.array([0.0, 0.0, 1.0])
    normal = normals[0]
    if any(abs(float(normal @ other)) < 0.9995 for other in normals):
        raise GeometryError(
            "The contours of one ROI lie in planes of different orientation",
            remedy="Split the ROI, one orientation each.",
            tag="(3006,0050)",
        )
    for points in contours:
        if float(np.ptp(points @ normal)) > 2 * PLANE_TOLERANCE_MM:
            raise GeometryError("A contour is not planar", remedy="Draw it again on one plane.", tag="(3006,0050)")
    return normal


def _voxels_near(
    points_lps: Points, geometry: VolumeGeometry, margin_mm: float
) -> tuple[tuple[slice, slice, slice], Points]:
    index = geometry.point_ijk(points_lps)
    margin = np.ceil(margin_mm / np.array(geometry.spacing_mm)) + 1
    low = np.clip(np.floor(index.min(axis=0) - margin), 0, np.array(geometry.size)).astype(int)
    high = np.clip(np.ceil(index.max(axis=0) + margin) + 1, 0, np.array(geometry.size)).astype(int)
    box = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
    axes = np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij")
    return box, geometry.point_lps(np.stack([axis.ravel() for axis in axes], axis=1))
