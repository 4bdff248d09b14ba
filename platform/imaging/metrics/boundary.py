"""Boundaries of masks as weighted points: voxels, surface elements (surfels), triangles.

A boundary is taken on the zero-padded array: an object that touches the edge of the image has its boundary there.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import find_contours, marching_cubes

from imaging.metrics.masks import Axes, Mask

Points = NDArray[np.float64]


@dataclass(frozen=True)
class BoundaryPoints:
    """`points_mm` (N, ndim) and `weights` (N,), or None where every point counts the same."""

    points_mm: Points
    weights: NDArray[np.float64] | None


def voxel_boundary(mask: Mask, axes: Axes) -> BoundaryPoints:
    """Centres of the voxels of `mask` that its face-connected erosion removes, in mm."""
    padded = np.pad(mask, 1).view(np.uint8)
    inside = tuple(slice(1, -1) for _ in range(mask.ndim))
    eroded = padded[inside].copy()
    for axis in range(mask.ndim):
        for shifted in (slice(2, None), slice(None, -2)):
            eroded &= padded[tuple(shifted if k == axis else slice(1, -1) for k in range(mask.ndim))]
    removed = np.flatnonzero((eroded ^ padded[inside]).view(np.bool_))
    return BoundaryPoints(_points_mm(removed, mask.shape, axes), None)


def surfel_boundary(mask: Mask, axes: Axes) -> BoundaryPoints:
    """Corners of the half-voxel grid that the surface passes, each weighted by the area (2D: length) it carries.

    Every 2×2×2 (2D: 2×2) neighbourhood has a code of 8 (4) bits; the area of the surface that the marching cubes
    (marching squares) algorithm draws in it comes from a table of the codes.
    Source: Nikolov et al. 2018, arXiv:1809.04430, section "surface Dice".
    """
    codes = np.pad(mask, 1).view(np.uint8)
    for axis in range(mask.ndim):
        lower = tuple(slice(None, -1) if k == axis else slice(None) for k in range(mask.ndim))
        upper = tuple(slice(1, None) if k == axis else slice(None) for k in range(mask.ndim))
        codes = codes[lower] | (codes[upper] << np.uint8(2**axis))
    full = np.uint8(2 ** (2**mask.ndim) - 1)
    on_surface = np.flatnonzero((codes != 0) & (codes != full))
    return BoundaryPoints(_points_mm(on_surface, codes.shape, axes), _surfel_areas(axes)[codes.ravel()[on_surface]])


def _points_mm(marked: NDArray[np.intp], shape: tuple[int, ...], axes: Axes) -> Points:
    """Flat indices into an array of `shape` as points in mm."""
    indices = np.unravel_index(marked, shape)
    points = np.empty((marked.size, len(shape)))
    diagonal = np.count_nonzero(axes - np.diag(np.diag(axes))) == 0
    for k, index in enumerate(indices):
        points[:, k] = index * axes[k, k] if diagonal else index
    return points if diagonal else points @ axes.T


def _surfel_areas(axes: Axes) -> NDArray[np.float64]:
    """Area (mm², 2D: length in mm) of the surface in a neighbourhood of each code, on a grid with these axes."""
    vectors, owner, codes = _surfel_vectors(axes.shape[0])
    # Oriented areas map with the cofactor matrix, lengths with the matrix itself.
    matrix = np.linalg.det(axes) * np.linalg.inv(axes).T if axes.shape[0] == 3 else axes
    sizes = np.linalg.norm(vectors @ matrix.T, axis=1)
    areas = np.bincount(owner, sizes, minlength=codes).astype(np.float64)
    # A neighbourhood and its complement share the surface. Where the diagonal corners of a face leave two ways to
    # draw it, the smaller is taken, so that the result does not depend on which side is called foreground.
    return np.minimum(areas, areas[::-1])


@lru_cache(maxsize=2)
def _surfel_vectors(ndim: int) -> tuple[NDArray[np.float64], NDArray[np.intp], int]:
    """Oriented areas of the triangles (2D: the segments) of every code on the unit grid, and the code each is of."""
    codes = 2 ** (2**ndim)
    vectors, owner = [], []
    for code in range(1, codes - 1):
        cell = np.zeros((2,) * ndim)
        for corner in itertools.product((0, 1), repeat=ndim):
            cell[corner] = code >> _bit(corner) & 1
        parts = _cell_triangles(cell) if ndim == 3 else _cell_segments(cell)
        vectors.append(parts)
        owner += [code] * len(parts)
    return np.concatenate(vectors), np.asarray(owner), codes


def _bit(corner: tuple[int, ...]) -> int:
    """The bit that `surfel_boundary` gives a corner: each axis doubles the number of bits so far."""
    return sum(2**axis * step for axis, step in enumerate(corner))


def _iso_surface(values: NDArray[Any], method: str) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Vertices (N, 3) in voxel indices and faces (M, 3) of the surface at 0.5."""
    surface = marching_cubes(values, 0.5, method=method)  # type: ignore[no-untyped-call]  # not annotated
    return surface[0].astype(np.float64), surface[1].astype(np.intp)


def _cell_triangles(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    vertices, faces = _iso_surface(cell, "lorensen")
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    area: NDArray[np.float64] = np.cross(b - a, c - a) / 2
    return area


def _cell_segments(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    lines = [np.diff(line, axis=0) for line in find_contours(cell, 0.5)]  # type: ignore[no-untyped-call]  # not annotated
    return np.concatenate(lines).astype(float)


def mesh_boundary(mask: Mask, axes: Axes) -> tuple[NDArray[np.float64], BoundaryPoints]:
    """The iso-surface at 0.5: triangles (N, 3, 3) in mm, and their centroids weighted by their area.

    Unlike voxel centres, the surface does not jump by a slice where slices are thick. 3D only.
    """
    vertices, faces = _iso_surface(np.pad(mask, 1).astype(np.float32), "lewiner")
    triangles: NDArray[np.float64] = (vertices @ axes.T)[faces]
    edges = triangles[:, 1:] - triangles[:, :1]
    area = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1) / 2
    kept = area > 0
    return triangles[kept], BoundaryPoints(triangles[kept].mean(axis=1), area[kept])
