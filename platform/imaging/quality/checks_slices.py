"""Whether the slices of a volume follow each other as they should: order, gaps, duplicates, thickness, tilt.

Source: DICOM PS3.3 C.7.6.2.1.1 (positions and orientation), C.7.3.1.1.2 (patient position), C.8.2.1 (gantry tilt).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from imaging.quality.report import Finding, Proposal
from imaging.quality.subject import Subject
from imaging.series import FrameRef, VolumeStack
from imaging.series_geometry import offsets_along_normal

GAP_FACTOR = 1.5
"""A gap larger than this many usual spacings is a place where slices are missing."""
GAP_TOLERANCE = 0.05
"""Gaps that differ by more than this share of the usual spacing (and 0.06 mm) are irregular."""
GAP_TOLERANCE_MM = 0.06
TILT_TOLERANCE_DEG = 0.3

# Row and column cosines of an axial CT slice by PatientPosition: x to the table's left, y down.
_EXPECTED = {
    "HFS": (1, 0, 0, 0, 1, 0),
    "FFS": (1, 0, 0, 0, 1, 0),
    "HFP": (-1, 0, 0, 0, -1, 0),
    "FFP": (-1, 0, 0, 0, -1, 0),
    "HFDR": (0, 1, 0, -1, 0, 0),
    "FFDR": (0, 1, 0, -1, 0, 0),
    "HFDL": (0, -1, 0, 1, 0, 0),
    "FFDL": (0, -1, 0, 1, 0, 0),
}


def check_slices(subject: Subject) -> Iterator[Finding]:
    """Everything about the slices of each volume."""
    for _, stack in subject.volumes():
        yield from _gaps(subject, stack)
        yield from _duplicates(subject, stack)
        yield from _off_axis(subject, stack)
        yield from _order(subject, stack)
        yield from _thickness(subject, stack)
        yield from _stated_spacing(subject, stack)
        yield from _tilt(subject, stack)
        yield from _patient_position(subject, stack)
        yield from _non_square(subject, stack)


def _gaps(subject: Subject, stack: VolumeStack) -> Iterator[Finding]:
    assert stack.fit is not None
    gaps = np.array(stack.fit.gaps_mm)
    usual = float(np.median(gaps))
    if usual <= 0 or len(gaps) < 2:
        return
    wide = np.flatnonzero(gaps > GAP_FACTOR * usual)
    if len(wide):
        around = [stack.frames[i + k] for i in wide for k in (0, 1)]
        absent = [max(1, round(float(gaps[i]) / usual) - 1) for i in wide]
        yield Finding(
            code="missing-slices",
            severity="error",
            title=f"About {sum(absent)} slices are missing in {len(wide)} places",
            affected=subject.names(around),
            evidence={
                "usual_gap_mm": round(usual, 4),
                "gaps_mm": [round(float(gaps[i]), 4) for i in wide][:50],
                "after_slice": [int(i) + 1 for i in wide][:50],
                "missing": absent[:50],
            },
            consequence="Anatomy is missing; volumes and distances across the gap would be wrong.",
            remedy="Ask the sender for the missing slices.",
        )
    rest = gaps[gaps <= GAP_FACTOR * usual]
    tolerance = max(GAP_TOLERANCE * usual, GAP_TOLERANCE_MM)
    if len(rest) and float(np.abs(rest - usual).max()) > tolerance:
        odd = [int(i) for i in np.flatnonzero((np.abs(gaps - usual) > tolerance) & (gaps <= GAP_FACTOR * usual))]
        yield Finding(
            code="irregular-spacing",
            severity="warning" if stack.fit.is_regular else "error",
            title="Slices do not follow each other at equal distances",
            affected=subject.names(stack.frames[i + 1] for i in odd),
            evidence={
                "usual_gap_mm": round(usual, 4),
                "smallest_gap_mm": round(float(rest.min()), 4),
                "largest_gap_mm": round(float(rest.max()), 4),
                "max_deviation_mm": round(stack.fit.max_deviation_mm, 4),
            },
            consequence="A volume with one spacing would be distorted; volume must be summed slice by slice.",
            remedy="Use true slice positions, or resample to a regular grid and say so.",
        )


def _duplicates(subject: Subject, stack: VolumeStack) -> Iterator[Finding]:
    if not stack.duplicates:
        return
    places = {round(float(o), 2) for o in offsets_along_normal([*stack.duplicates])}
    same_pixels = sum(_has_twin(subject, stack, frame) for frame in stack.duplicates)
    yield Finding(
        code="duplicate-positions",
        severity="error" if same_pixels < len(stack.duplicates) else "warning",
        title=f"{len(stack.duplicates)} slices lie where another slice already lies",
        affected=subject.names(stack.duplicates),
        evidence={"duplicates": len(stack.duplicates), "positions": len(places), "same_pixels": same_pixels},
        consequence="Which of the images is meant cannot be known."
        if same_pixels < len(stack.duplicates)
        else "The pixels are the same: one of each is used.",
        remedy="Ask the sender which acquisition is meant, and take the other out.",
    )


def _has_twin(subject: Subject, stack: VolumeStack, frame: FrameRef) -> bool:
    own = subject.statistics_of(frame)
    others = (subject.statistics_of(f) for f in stack.frames if f.position_lps == frame.position_lps)
    return own is not None and any(o is not None and o.digest == own.digest for o in others)


def _off_axis(subject: Subject, stack: VolumeStack) -> Iterator[Finding]:
    """Slices that step sideways: neither upright nor an even shear."""
    assert stack.fit is not None
    normal = stack.frames[0].normal
    if normal is None or len(stack.frames) < 3:
        return
    points = np.array([f.position_lps for f in stack.frames], dtype=np.float64)
    along = np.outer((points - points[0]) @ normal, normal)
    sideways = points - points[0] - along
    reach = np.linalg.norm(along[-1])
    even = np.outer(np.linalg.norm(along, axis=1) / reach, sideways[-1]) if reach else np.zeros_like(sideways)
    deviation = np.linalg.norm(sideways - even, axis=1)
    if float(deviation.max()) > 0.5:
        yield Finding(
            code="slices-shifted-in-plane",
            severity="error",
            title="Slices are shifted against each other within their plane",
            affected=subject.names(stack.frames[int(i)] for i in np.flatnonzero(deviation > 0.5)),
            evidence={"largest_shift_mm": round(float(deviation.max()), 3)},
            consequence="Stacked as they are, anatomy would jump sideways.",
            remedy="Ask the sender whether two stations or reconstructions were mixed.",
        )


def _order(subject: Subject, stack: VolumeStack) -> Iterator[Finding]:
    numbers = [frame.header.instance_number for frame in stack.frames]
    if None in numbers or len(set(numbers)) != len(numbers) or len(numbers) < 3:
        return
    steps = np.diff(np.array(numbers, dtype=np.int64))
    if (steps > 0).all() or (steps < 0).all():
        return
    turns = int(np.count_nonzero(np.diff(np.sign(steps))))
    yield Finding(
        code="order-not-anatomical",
        severity="warning",
        title="InstanceNumber does not follow the anatomy",
        affected=subject.names(stack.frames),
        evidence={"slices": len(numbers), "changes_of_direction": turns},
        consequence="Software that sorts by InstanceNumber shows the slices out of order; here position decides.",
        remedy="Accept: slices are sorted by position. Renumbering is proposed.",
        proposals=tuple(
            Proposal(
                "(0020,0013)", "InstanceNumber", str(frame.header.instance_number), str(i + 1), subject.names([frame])
            )
            for i, frame in enumerate(stack.frames)
            if frame.header.instance_number != i + 1
        ),
    )


def _thickness(subject: Subject, stack: VolumeStack) -> Iterator[Finding]:
    assert stack.fit is not None
    thicknesses = [f.slice_thickness_mm for f in stack.frames if f.slice_thickness_mm is not None]
    usual = float(np.median(stack.fit.gaps_mm)) if stack.fit.gaps_mm else 0.0
    if not thicknesses or usual <= 0:
        return
    thickness = float(np.median(thicknesses))
    evidence: dict[str, object] = {"slice_thickness_mm": round(thickness, 4), "spacing_mm": round(usual, 4)}
    if thickness <= 0:
        yield Finding(
            code="thickness-not-positive",
            severity="warning",
            title="SliceThickness is zero or negative",
            affected=subject.names(stack.frames),
            evidence=evidence,
            consequence="Software that uses it gets a volume of nothing.",
            remedy="Geometry is taken from positions; the measured spacing is proposed.",
            proposals=(
                Proposal("(0018,0050)", "SliceThickness", str(thickness), f"{usual:g}", subject.names(stack.frames)),
            ),
        )
    elif thickness > usual * 1.02 + 0.01:
        yield Finding(
            code="overlapping-slices",
            severity="info",
            title="Slices are thicker than their distance: they overlap",
            affected=subject.names(stack.frames),
            evidence=evidence | {"overlap_mm": round(thickness - usual, 4)},
            consequence="Volumes computed from SliceThickness are too large; positions are used instead.",
            remedy="Nothing: overlapping reconstruction is common.",
        )
    elif thickness < usual * 0.98 - 0.01:
        yield Finding(
            code="gaps-between-slices",
            severity="info" if thickness > 0.6 * usual else "warning",
            title="Slices are thinner than their distance: tissue between them was not imaged",
            affected=subject.names(stack.frames),
            evidence=evidence | {"not_imaged_mm": round(usual - thickness, 4)},
            consequence="Volumes computed from SliceThickness are too small; positions are used instead. "
            "Small findings may lie between slices.",
            remedy="State the gap beside measurements.",
        )
    if max(thicknesses) - min(thicknesses) > 0.01:
        yield Finding(
            code="thickness-differs",
            severity="warning",
            title="Slices of one volume differ in SliceThickness",
            affected=subject.names(stack.frames),
            evidence={"smallest_mm": round(min(thicknesses), 4), "largest_mm": round(max(thicknesses), 4)},
            consequence="Reconstructions may be mixed.",
            remedy="Ask the sender whether two reconstructions were merged.",
        )


def _stated_spacing(subject: Subject, stack: VolumeStack) -> Iterator[Finding]:
    assert stack.fit is not None
    stated = [
        f.header.spacing_between_slices_mm for f in stack.frames if f.header.spacing_between_slices_mm is not None
    ]
    usual = float(np.median(stack.fit.gaps_mm)) if stack.fit.gaps_mm else 0.0
    if stated and usual > 0 and abs(abs(float(np.median(stated))) - usual) > max(0.02 * usual, 0.02):
        before = float(np.median(stated))
        yield Finding(
            code="stated-spacing-wrong",
            severity="warning",
            title="SpacingBetweenSlices is not the distance of the slices",
            affected=subject.names(stack.frames),
            evidence={"stated_mm": round(before, 4), "measured_mm": round(usual, 4)},
            consequence="Software that trusts the tag scales the volume wrongly.",
            remedy="Positions are used; the measured distance is proposed.",
            proposals=(
                Proposal(
                    "(0018,0088)", "SpacingBetweenSlices", f"{before:g}", f"{usual:.6g}", subject.names(stack.frames)
                ),
            ),
        )


def _tilt(subject: Subject, stack: VolumeStack) -> Iterator[Finding]:
    assert stack.fit is not None
    usual = float(np.median(stack.fit.gaps_mm)) if stack.fit.gaps_mm else 0.0
    if usual <= 0 or stack.fit.shear_mm < 1e-3 * usual:
        measured = 0.0
    else:
        measured = math.degrees(math.atan2(stack.fit.shear_mm, usual))
    stated = [abs(f.header.gantry_tilt_deg) for f in stack.frames if f.header.gantry_tilt_deg is not None]
    declared = float(np.median(stated)) if stated else None
    if measured <= TILT_TOLERANCE_DEG and not (declared or 0.0) > TILT_TOLERANCE_DEG:
        return
    agrees = declared is not None and abs(declared - measured) <= TILT_TOLERANCE_DEG
    yield Finding(
        code="gantry-tilt" if agrees else "gantry-tilt-undeclared" if declared is None else "gantry-tilt-contradicts",
        severity="info" if agrees else "warning",
        title="The gantry was tilted: slices are shifted against each other"
        if measured > TILT_TOLERANCE_DEG
        else "A gantry tilt is stated that the positions do not show",
        affected=subject.names(stack.frames),
        evidence={
            "measured_deg": round(measured, 3),
            "stated_deg": None if declared is None else round(declared, 3),
            "shear_mm_per_slice": round(stack.fit.shear_mm, 4),
        },
        consequence="Stacked without the shear, anatomy is skewed; the volume keeps the shear in its axes.",
        remedy="Nothing for reading; resample before tools that need a box.",
    )


def _patient_position(subject: Subject, stack: VolumeStack) -> Iterator[Finding]:
    """An axial CT whose directions are those of another patient position: rotated or mirrored anatomy."""
    first = stack.frames[0]
    position = first.header.patient_position.upper()
    if first.header.modality != "CT" or first.orientation is None or position not in _EXPECTED:
        return
    cosines = np.array(first.orientation)
    matching = [name for name, expected in _EXPECTED.items() if np.allclose(cosines, expected, atol=0.05)]
    if matching and position not in matching:
        yield Finding(
            code="patient-position-contradicts",
            severity="warning",
            title="PatientPosition and image orientation contradict each other",
            affected=subject.names(stack.frames),
            evidence={"stated": position, "orientation_fits": sorted(matching)},
            consequence="Left and right, or front and back, may be exchanged.",
            remedy="Check a landmark of known side (liver, heart) before measuring; ask the sender.",
        )
    elif position.endswith(("DL", "DR")):
        yield Finding(
            code="decubitus",
            severity="info",
            title="The patient lay on the side",
            affected=subject.names(stack.frames),
            evidence={"stated": position},
            consequence="Fluid levels and organ positions differ; directions are right.",
            remedy="Nothing.",
        )


def _non_square(subject: Subject, stack: VolumeStack) -> Iterator[Finding]:
    spacing = stack.frames[0].pixel_spacing_mm
    if spacing is not None and abs(spacing[0] - spacing[1]) > 1e-3 * max(spacing):
        yield Finding(
            code="non-square-pixels",
            severity="info",
            title="Pixels are not square",
            affected=subject.names(stack.frames),
            evidence={"between_rows_mm": round(spacing[0], 5), "between_columns_mm": round(spacing[1], 5)},
            consequence="Software that ignores it shows anatomy stretched.",
            remedy="Nothing: lengths are computed from both spacings.",
        )
