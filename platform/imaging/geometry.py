"""Where voxels lie: `VolumeGeometry` and the two places where axes are changed.

Source: DICOM PS3.3 C.7.6.2.1.1 (Image Plane), NIfTI-1 (RAS+ world space).
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.errors import GeometryError

Vector = NDArray[np.float64]

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class VolumeGeometry:
    """The grid of a volume whose array is `[slice, row, column]`.

    `origin_lps`      centre of voxel (0, 0, 0), mm, patient space (LPS+).
    `direction`       3×3, columns are unit vectors of increasing slice, row and column index, in LPS.
    `spacing_mm`      distance between voxel centres along slice, row and column index.
    `size`            number of slices, rows, columns.

    Note the order: column 0 of `direction` belongs to the slice axis, as `size[0]` and `spacing_mm[0]` do.
    The slice axis need not be orthogonal to the plane: a gantry-tilted stack is a shear and says so.
    """

    origin_lps: tuple[float, float, float]
    direction: tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
    spacing_mm: tuple[float, float, float]
    size: tuple[int, int, int]

    def __post_init__(self) -> None:
        numbers = [*self.origin_lps, *self.spacing_mm, *(v for row in self.direction for v in row)]
        if not np.all(np.isfinite(numbers)):
            raise GeometryError(
                "The geometry holds a value that is not a number",
                remedy="Check ImagePosition, ImageOrientation and PixelSpacing.",
            )
        if min(self.spacing_mm) <= 0:
            raise GeometryError(
                "Voxel spacing must be greater than zero",
                remedy="Check PixelSpacing and the slice positions.",
                tag="(0028,0030)",
            )
        if min(self.size) < 1:
            raise GeometryError(
                "A volume needs at least one voxel along each axis",
                remedy="Check Rows, Columns and the number of frames.",
            )
        if abs(float(np.linalg.det(np.asarray(self.direction)))) < 1e-6:
            raise GeometryError(
                "The axes of the volume are linearly dependent",
                remedy="Check ImageOrientationPatient.",
                tag="(0020,0037)",
            )

    @property
    def affine_lps(self) -> Vector:
        """4×4 matrix from `(slice, row, column, 1)` to LPS mm."""
        matrix = np.eye(4)
        matrix[:3, :3] = np.asarray(self.direction) * np.asarray(self.spacing_mm)
        matrix[:3, 3] = self.origin_lps
        return matrix

    @property
    def affine_ras_xyz(self) -> Vector:
        """4×4 NIfTI affine: from `(column, row, slice, 1)` to RAS mm.

        The one place where LPS becomes RAS. The matching array is `volume.transpose(2, 1, 0)`.
        """
        matrix: Vector = _LPS_TO_RAS @ self.affine_lps
        return matrix[:, [2, 1, 0, 3]]

    @classmethod
    def from_affine_ras_xyz(cls, affine: Vector, size: tuple[int, int, int]) -> VolumeGeometry:
        """The inverse of `affine_ras_xyz`; `size` is (slices, rows, columns)."""
        return cls.from_affine_lps((_LPS_TO_RAS @ np.asarray(affine, float))[:, [2, 1, 0, 3]], size)

    @classmethod
    def from_affine_lps(cls, affine: Vector, size: tuple[int, int, int]) -> VolumeGeometry:
        """From a 4×4 matrix mapping `(slice, row, column, 1)` to LPS mm."""
        linear = np.asarray(affine, float)[:3, :3]
        spacing = np.linalg.norm(linear, axis=0)
        if not np.all(np.isfinite(linear)) or spacing.min() <= 0:
            raise GeometryError(
                "The affine has a column of length zero or not a number",
                remedy="Write the file again with a valid affine.",
            )
        direction = linear / spacing
        return cls(
            origin_lps=_triple(np.asarray(affine, float)[:3, 3]),
            direction=(_triple(direction[0]), _triple(direction[1]), _triple(direction[2])),
            spacing_mm=_triple(spacing),
            size=(int(size[0]), int(size[1]), int(size[2])),
        )

    @property
    def normal(self) -> Vector:
        """Unit normal of the image plane, `row direction × column direction` (PS3.3 C.7.6.2.1.1), LPS."""
        direction = np.asarray(self.direction)
        # direction[:, 2] runs along increasing column index: DICOM's "row direction" cosines.
        normal: Vector = np.cross(direction[:, 2], direction[:, 1])
        return normal / np.linalg.norm(normal)

    @property
    def is_orthogonal(self) -> bool:
        """Whether the slice axis is perpendicular to the plane within 0.1 mm over the whole stack."""
        slice_axis = np.asarray(self.direction)[:, 0]
        off_axis = slice_axis - self.normal * float(slice_axis @ self.normal)
        return float(np.linalg.norm(off_axis)) * self.spacing_mm[0] * max(self.size[0] - 1, 1) < 0.1

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel, mm³; right for sheared grids too."""
        return abs(float(np.linalg.det(self.affine_lps[:3, :3])))

    def point_lps(self, points_ijk: Vector) -> Vector:
        """(N, 3) voxel indices `(slice, row, column)` → (N, 3) mm, LPS."""
        points = np.atleast_2d(np.asarray(points_ijk, float))
        lps: Vector = points @ self.affine_lps[:3, :3].T + self.affine_lps[:3, 3]
        return lps

    def point_ijk(self, points_lps: Vector) -> Vector:
        """(N, 3) mm, LPS → (N, 3) fractional voxel indices `(slice, row, column)`."""
        inverse = np.linalg.inv(self.affine_lps)
        points = np.atleast_2d(np.asarray(points_lps, float))
        ijk: Vector = points @ inverse[:3, :3].T + inverse[:3, 3]
        return ijk

    def same_grid(self, other: VolumeGeometry, *, tolerance_mm: float = 1e-2) -> bool:
        """Whether every voxel centre coincides within `tolerance_mm`."""
        if self.size != other.size:
            return False
        corners = np.array([[s, r, c] for s in (0, 1) for r in (0, 1) for c in (0, 1)], float) * (
            np.array(self.size) - 1
        )
        distance = np.linalg.norm(self.point_lps(corners) - other.point_lps(corners), axis=1)
        return float(distance.max()) <= tolerance_mm

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes: kind and version, then big-endian doubles rounded to 1 nm and sizes."""
        values = [*self.origin_lps, *(v for row in self.direction for v in row), *self.spacing_mm]
        rounded = [round(v, 6) + 0.0 for v in values]
        return hashlib.sha256(b"volume-geometry/1\0" + struct.pack(">15d3q", *rounded, *self.size)).hexdigest()

    def as_json(self) -> dict[str, object]:
        """Plain numbers, in the same axis order as the array."""
        return {
            "origin_lps": list(self.origin_lps),
            "direction": [list(row) for row in self.direction],
            "spacing_mm": list(self.spacing_mm),
            "size": list(self.size),
        }


def _triple(values: Vector) -> tuple[float, float, float]:
    return (float(values[0]), float(values[1]), float(values[2]))
