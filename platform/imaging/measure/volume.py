"""Volumes from true slice positions.

Volume = Σ Aᵢ·wᵢ along the plane normal: wᵢ is half the distance between the neighbours of slice i, an end slice has its
one gap. SliceThickness never enters: slices overlap (thickness 5 every 2.5 mm doubles the volume) or leave gaps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from imaging.errors import GeometryError, InputError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import CodedConcept
from imaging.measure.quantity import Quantity

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

VOLUME = CodedConcept("118565006", "SCT", "Volume")
METHOD_SLABS = "volume/slabs-between-slice-positions/1"
THICK_SLICES_MM = 5.0
_FEW_SLICES = 4


def projected_offsets(positions_lps: Sequence[Sequence[float]], orientation: Sequence[float]) -> Values:
    """(N,) distance of each ImagePositionPatient along the normal of ImageOrientationPatient, mm.

    Raises `GeometryError` for an orientation that is no plane.
    """
    cosines = np.asarray(orientation, float).reshape(2, 3)
    normal = np.cross(cosines[0], cosines[1])
    length = float(np.linalg.norm(normal))
    if not np.isfinite(length) or length < 1e-3:
        raise GeometryError("The orientation is no plane", remedy="Repair it.", tag="(0020,0037)")
    offsets: Values = np.asarray(positions_lps, float) @ (normal / length)
    return offsets


def slab_widths(offsets_mm: Sequence[float] | Values, *, lone_mm: float | None = None) -> Values:
    """(N,) width each slice stands for, in the order given; slices need not be sorted.

    A single slice has no neighbour: its width is `lone_mm`, and `InputError` is raised where that is not given.
    Raises `GeometryError` for two slices at one position or positions that are not numbers.
    """
    offsets = np.asarray(offsets_mm, float)
    if not np.isfinite(offsets).all():
        raise GeometryError("A slice position is not a number", remedy="Repair it.", tag="(0020,0032)")
    if len(offsets) == 1:
        if lone_mm is None or not lone_mm > 0:
            raise InputError("One slice has no distance to a neighbour", remedy="Give the extent of the slice.")
        return np.array([float(lone_mm)])
    order = np.argsort(offsets, kind="stable")
    gaps = np.diff(offsets[order])
    if gaps.min() <= 1e-6:
        raise GeometryError("Two slices lie at one position", remedy="Take one out.", tag="(0020,0032)")
    widths = np.empty(len(offsets))
    widths[order] = (np.concatenate([gaps[:1], gaps]) + np.concatenate([gaps, gaps[-1:]])) / 2
    return widths


def volume_from_areas_mm3(
    areas_mm2: Sequence[float], positions_lps: Sequence[Sequence[float]], orientation: Sequence[float]
) -> float:
    """Σ Aᵢ·wᵢ of contour areas at image positions, in any order, mm³. Errors as `slab_widths`."""
    widths = slab_widths(projected_offsets(positions_lps, orientation))
    return float(np.asarray(areas_mm2, float) @ widths)


def segment_volume(mask: Mask, geometry: VolumeGeometry, offsets_mm: Sequence[float] | None = None) -> Quantity:
    """Volume of `mask` `[slice, row, column]`, mm³.

    `offsets_mm` are the true places of the slices along the normal (`Volume.offsets_mm`); without them the grid's own
    spacing counts. The note tells when slices are thick or few, and by how much the ends of the segment, which lie
    somewhere between two slices, leave the volume open.
    """
    counts = np.count_nonzero(mask, axis=(1, 2))
    area_mm2 = geometry.spacing_mm[1] * geometry.spacing_mm[2] * _in_plane_sine(geometry)
    spacing = slice_distance_mm(geometry)
    if offsets_mm is not None and len(offsets_mm) != geometry.size[0]:
        raise InputError("There is not one offset per slice", remedy="Give the offsets of the same volume.")
    offsets = np.arange(geometry.size[0], dtype=np.float64) * spacing if offsets_mm is None else offsets_mm
    widths = slab_widths(offsets, lone_mm=spacing)
    volume = float(counts @ widths) * area_mm2
    return Quantity(VOLUME, volume, "mm3", METHOD_SLABS, _note(counts, widths, area_mm2, volume))


def slice_distance_mm(geometry: VolumeGeometry) -> float:
    """Distance of neighbouring slices along the plane normal; less than the slice spacing of a sheared grid."""
    return geometry.spacing_mm[0] * abs(float(np.asarray(geometry.direction)[:, 0] @ geometry.normal))


def _in_plane_sine(geometry: VolumeGeometry) -> float:
    direction = np.asarray(geometry.direction)
    return float(np.linalg.norm(np.cross(direction[:, 1], direction[:, 2])))


def _note(counts: NDArray[np.int64], widths: Values, area_mm2: float, volume: float) -> str | None:
    occupied = np.flatnonzero(counts)
    if not occupied.size:
        return None
    reasons = []
    widest = float(widths[occupied].max())
    if widest > THICK_SLICES_MM:
        reasons.append(f"slices up to {widest:.1f} mm apart")
    if len(occupied) < _FEW_SLICES:
        reasons.append(f"{len(occupied)} slice{'s' if len(occupied) > 1 else ''} only")
    if not reasons:
        return None
    first, last = occupied[0], occupied[-1]
    # Each end lies within half a slab of where the slab sum puts it.
    open_mm3 = area_mm2 * (counts[first] * widths[first] + counts[last] * widths[last]) / 2
    return f"{', '.join(reasons)}: the ends leave ±{100 * open_mm3 / volume:.0f} % open"
