"""Moving voxels between grids that share voxel centres: flips, axis swaps, crops, padding, never resampling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import GeometryError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import LabelMap

Array = NDArray[Any]

_REMEDY = "Resample the labels onto the reference series, or name the series they were drawn on."


def align(array: Array, geometry: VolumeGeometry, reference: VolumeGeometry, *, tolerance_mm: float = 0.02) -> Array:
    """`array` of `geometry` re-ordered onto `reference`: same voxel centres, other axis order, direction or extent.

    Voxels of `reference` that `array` does not reach are 0. The tolerance allows for float32 affines (NIfTI).
    Raises `GeometryError` where voxel centres do not coincide or a voxel that is not 0 lies outside `reference`.
    """
    if tuple(array.shape) != geometry.size:
        raise GeometryError("The array does not fit its geometry", remedy="Give the array as [slice, row, column].")
    if geometry.same_grid(reference, tolerance_mm=tolerance_mm):
        return array
    axes, signs, offset = _index_map(geometry, reference, tolerance_mm)
    turned = np.transpose(array, axes)[tuple(slice(None, None, int(sign)) for sign in signs)]
    start = np.where(signs > 0, offset, offset - (np.array(turned.shape) - 1))
    return _place(turned, start, reference.size)


def align_labelmap(labelmap: LabelMap, reference: VolumeGeometry, *, tolerance_mm: float = 0.02) -> LabelMap:
    """`labelmap` on the grid of `reference`; see `align` for what is refused."""
    if labelmap.geometry == reference:
        return labelmap

    def moved(voxels: Array) -> Array:
        return align(voxels, labelmap.geometry, reference, tolerance_mm=tolerance_mm)

    return LabelMap(
        None if labelmap.array is None else moved(labelmap.array),
        reference,
        labelmap.segments,
        masks=tuple(moved(mask) for mask in labelmap.masks),
        fractions=tuple(moved(fraction) for fraction in labelmap.fractions),
    )


def _index_map(
    geometry: VolumeGeometry, reference: VolumeGeometry, tolerance_mm: float
) -> tuple[list[int], NDArray[np.int64], NDArray[np.int64]]:
    """How source indices become reference indices: source axis per reference axis, its sign, the offset."""
    exact = np.linalg.solve(reference.affine_lps, geometry.affine_lps)
    rounded = np.rint(exact)
    linear = rounded[:3, :3]
    is_permutation = np.array_equal(np.abs(linear).sum(0), [1, 1, 1]) and np.array_equal(
        np.abs(linear).sum(1), [1, 1, 1]
    )
    if not is_permutation:
        raise GeometryError("The grids differ in direction or spacing", remedy=_REMEDY)
    corners = np.array([[s, r, c, 1] for s in (0, 1) for r in (0, 1) for c in (0, 1)], float)
    corners[:, :3] *= np.array(geometry.size) - 1
    apart_mm = ((exact - rounded) @ corners.T)[:3].T @ reference.affine_lps[:3, :3].T
    if float(np.linalg.norm(apart_mm, axis=1).max()) > tolerance_mm:
        raise GeometryError(f"The voxel centres of the grids lie more than {tolerance_mm} mm apart", remedy=_REMEDY)
    axes = [int(axis) for axis in np.abs(linear).argmax(axis=1)]
    signs = linear.sum(axis=1).astype(np.int64)
    return axes, signs, rounded[:3, 3].astype(np.int64)


def _place(array: Array, start: NDArray[np.int64], size: tuple[int, int, int]) -> Array:
    """`array` with its first voxel at index `start` of a grid of `size`; nothing but zeros may fall outside."""
    stop = start + np.array(array.shape)
    low, high = np.maximum(start, 0), np.minimum(stop, size)
    inside = tuple(slice(int(a), int(b)) for a, b in zip(low - start, np.maximum(high, low) - start, strict=True))
    kept = array[inside]
    if kept.shape != array.shape and np.count_nonzero(kept) != np.count_nonzero(array):
        raise GeometryError("Labelled voxels lie outside the reference series", remedy=_REMEDY)
    if kept.shape == size:
        return np.ascontiguousarray(kept)
    placed = np.zeros(size, array.dtype)
    placed[tuple(slice(int(a), int(b)) for a, b in zip(low, np.maximum(high, low), strict=True))] = kept
    return placed
