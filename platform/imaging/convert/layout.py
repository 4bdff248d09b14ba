"""The order in which dcm2niix stores voxels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import VolumeGeometry

Array = NDArray[Any]


@dataclass(frozen=True)
class Layout:
    """`axes` of the source in the order of the target `[slice, row, column]`, which of them run backwards, the grid."""

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    geometry: VolumeGeometry

    def apply(self, array: Array) -> Array:
        """A view of `[slice, row, column]` in this layout."""
        view: Array = np.transpose(array, self.axes)[tuple(slice(None, None, -1 if f else 1) for f in self.flips)]
        return view

    def apply_plane(self, plane: Array) -> Array:
        """A view of one `[row, column]` plane; for layouts that leave the slices where they are."""
        assert self.axes == (0, 1, 2) and not self.flips[0]
        return plane[:: -1 if self.flips[1] else 1, :: -1 if self.flips[2] else 1]


def layout_of(geometry: VolumeGeometry, *, is_3d_acquisition: bool) -> Layout:
    """Rows bottom up; for 3D acquisitions of several slices the axes nearest to right, anterior, superior."""
    if is_3d_acquisition and geometry.size[0] > 1:
        axes, flips = _canonical(geometry)
    else:
        axes, flips = (0, 1, 2), (False, True, False)
    affine = geometry.affine_lps
    columns = [affine[:3, axis] for axis in axes]
    origin = affine[:3, 3].copy()
    size = [geometry.size[axis] for axis in axes]
    for place, is_flipped in enumerate(flips):
        if is_flipped:
            origin += columns[place] * (size[place] - 1)
            columns[place] = -columns[place]
    turned = np.eye(4)
    turned[:3, :3] = np.column_stack(columns)
    turned[:3, 3] = origin
    return Layout(axes, flips, VolumeGeometry.from_affine_lps(turned, (size[0], size[1], size[2])))


def _canonical(geometry: VolumeGeometry) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    direction = np.asarray(geometry.direction)  # LPS rows, columns per axis
    remaining = [0, 1, 2]
    axes: list[int] = []
    # Target axes are slice, row, column and shall run superior, anterior, right: LPS rows 2, 1, 0.
    for patient_axis in (2, 1, 0):
        axis = max(remaining, key=lambda candidate: abs(direction[patient_axis, candidate]))
        remaining.remove(axis)
        axes.append(axis)
    superior, anterior, right = (direction[row, axis] for row, axis in zip((2, 1, 0), axes, strict=True))
    return (axes[0], axes[1], axes[2]), (bool(superior < 0), bool(anterior > 0), bool(right > 0))
