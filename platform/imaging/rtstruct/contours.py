"""Closed planar contours in patient space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.errors import GeometryError
from imaging.labelmap import SegmentDescription

Points = NDArray[np.float64]

# How far a point may lie off the plane of its contour, mm: coordinates are decimal strings.
PLANE_TOLERANCE_MM = 0.05


@dataclass(frozen=True)
class Contour:
    """(N, 3) corner points in mm LPS; the last is joined to the first. `sop_instance_uid` is the image it lies on."""

    points_lps: Points
    geometric_type: str = "CLOSED_PLANAR"
    sop_instance_uid: str | None = None

    @property
    def is_closed(self) -> bool:
        """Whether it encloses an area: POINT and OPEN contours do not."""
        return self.geometric_type in ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR") and len(self.points_lps) >= 3


@dataclass(frozen=True)
class RoiContours:
    """One ROI: what it is, and its contours; none for an ROI that was looked for and not found."""

    roi: SegmentDescription
    contours: tuple[Contour, ...]

    @property
    def closed(self) -> list[Points]:
        """The points of every contour that encloses an area."""
        return [contour.points_lps for contour in self.contours if contour.is_closed]


@dataclass(frozen=True)
class StructureSet:
    """The ROIs of one RTSTRUCT, in the order of the file."""

    label: str
    frame_of_reference_uid: str | None
    rois: tuple[RoiContours, ...]


def plane_normal(points_lps: Points) -> Points:
    """Unit normal of a planar polygon by Newell's sums; zeros where the points enclose no area."""
    following = np.roll(points_lps, -1, axis=0)
    normal: Points = np.cross(points_lps - points_lps[0], following - points_lps[0]).sum(axis=0)
    length = float(np.linalg.norm(normal))
    return normal / length if length > 1e-9 else np.zeros(3)


def checked(points_lps: Points) -> Points:
    """(N, 3) finite points. Raises `GeometryError`."""
    points = np.asarray(points_lps, float)
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise GeometryError(
            "A contour needs points of three finite coordinates", remedy="Draw it again.", tag="(3006,0050)"
        )
    return points
