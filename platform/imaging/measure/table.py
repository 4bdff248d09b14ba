"""All measurements of every segment of a label map, as one table, and as a TID 1500 report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from imaging.labelmap import CodedConcept, LabelMap, SegmentDescription
from imaging.labelmap_source import child_uid
from imaging.measure.diameter import METHOD_PLANE, METHOD_SPACE, axes_in_plane, axes_in_space
from imaging.measure.intensity import intensities
from imaging.measure.quantity import Quantity, unit_code
from imaging.measure.volume import THICK_SLICES_MM, segment_volume, slice_distance_mm
from imaging.mesh import mesh_of
from imaging.sr.model import Measurement, MeasurementGroup, MeasurementReport
from imaging.volume import Volume

AREA = CodedConcept("42798000", "SCT", "Area")
LONG_AXIS = CodedConcept("103339001", "SCT", "Long Axis")
SHORT_AXIS = CodedConcept("103340004", "SCT", "Short Axis")
LONG_AXIS_3D = CodedConcept("LONGAXIS3D", "99FIDUCIAL", "Long axis in space")
MIDDLE_AXIS_3D = CodedConcept("MIDAXIS3D", "99FIDUCIAL", "Middle axis in space")
SHORT_AXIS_3D = CodedConcept("SHORTAXIS3D", "99FIDUCIAL", "Short axis in space")
SURFACE = CodedConcept("C0JK", "IBSI", "Surface area of mesh")
MAXIMUM = CodedConcept("56851009", "SCT", "Maximum")
METHOD_AREA = "area/voxels-inside/1"
METHOD_SURFACE = "area/half-level-surface/1"


@dataclass(frozen=True)
class SegmentMeasurements:
    """What was measured on one segment. `slice_index` is the slice of the in-plane axes."""

    segment: SegmentDescription
    voxel_count: int
    slice_index: int | None
    quantities: dict[str, Quantity]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "number": self.segment.number,
            "label": self.segment.label,
            "type": list(self.segment.type),
            "voxels": self.voxel_count,
            "slice_index": self.slice_index,
            "quantities": {name: quantity.as_json() for name, quantity in self.quantities.items()},
        }


def measure_labelmap(labelmap: LabelMap, image: Volume | None = None) -> list[SegmentMeasurements]:
    """Every segment, the empty ones too. With `image` on the same grid also intensities and true slice positions.

    Raises `InputError` where the image is on another grid.
    """
    return [_measure(labelmap, segment, image) for segment in labelmap.segments]


def _measure(labelmap: LabelMap, segment: SegmentDescription, image: Volume | None) -> SegmentMeasurements:
    mask = labelmap.mask(segment.number)
    geometry = labelmap.geometry
    count = int(np.count_nonzero(mask))
    offsets = None if image is None or len(image.offsets_mm) != geometry.size[0] else image.offsets_mm
    quantities = {"volume": segment_volume(mask, geometry, offsets)}
    areas = np.count_nonzero(mask, axis=(1, 2)) * geometry.spacing_mm[1] * geometry.spacing_mm[2]
    quantities["max_area"] = Quantity(AREA, float(areas.max()), "mm2", METHOD_AREA, derivation=MAXIMUM)
    plane, space = axes_in_plane(mask, geometry), axes_in_space(mask, geometry)
    note = _space_note(slice_distance_mm(geometry)) if count else None
    for name, code, value in (
        ("long_axis", LONG_AXIS, plane.long_mm if plane else None),
        ("short_axis", SHORT_AXIS, plane.short_mm if plane else None),
    ):
        quantities[name] = Quantity(code, value, "mm", METHOD_PLANE)
    for name, code, value in (
        ("long_axis_3d", LONG_AXIS_3D, space.long_mm if space else None),
        ("middle_axis_3d", MIDDLE_AXIS_3D, space.middle_mm if space else None),
        ("short_axis_3d", SHORT_AXIS_3D, space.short_mm if space else None),
    ):
        quantities[name] = Quantity(code, value, "mm", METHOD_SPACE, note)
    surface = mesh_of(mask, geometry).area_mm2 if count else None
    quantities["surface_area"] = Quantity(SURFACE, surface, "mm2", METHOD_SURFACE, note)
    if image is not None:
        quantities.update(intensities(mask, image.array, image.unit))
    return SegmentMeasurements(segment, count, None if plane is None else plane.slice_index, quantities)


def _space_note(distance_mm: float) -> str | None:
    if distance_mm <= THICK_SLICES_MM:
        return None
    return f"slices {distance_mm:.1f} mm apart: uncertain by up to that much across the slices"


def report_of(
    measurements: list[SegmentMeasurements], *, segmentation_uid: str, source_series_uid: str
) -> MeasurementReport:
    """A TID 1500 report of the measurements; quantities that are not defined are left out.

    A segment without tracking UID gets one that depends on the segmentation and its number only.
    """
    groups = []
    for one in measurements:
        segment = one.segment
        uid = segment.tracking_uid or child_uid(segmentation_uid, str(segment.number))
        groups.append(
            MeasurementGroup(
                tracking_id=segment.tracking_id or segment.label,
                tracking_uid=uid,
                finding=segment.type,
                finding_site=segment.anatomic_region,
                laterality=segment.laterality if segment.anatomic_region else None,
                segmentation_uid=segmentation_uid,
                segment_number=segment.number,
                source_series_uid=source_series_uid,
                measurements=tuple(
                    Measurement(q.name, q.value, unit_code(q.unit), q.derivation)
                    for q in one.quantities.values()
                    if q.value is not None
                ),
            )
        )
    return MeasurementReport(None, tuple(groups))
