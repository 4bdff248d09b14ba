"""Which segment, where and on which images: the functional groups of a SEG as one table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.errors import ConversionError, GeometryError, ReferencedInstanceError
from imaging.geometry import VolumeGeometry
from imaging.labelmap_source import plane_of
from imaging.seg.scan import ScannedFrame, scan_frames

Vectors = NDArray[np.float64]

_LARGEST_FRAME_COUNT = 1 << 22
# Voxels; larger grids come from damaged positions, and are refused before anything is allocated.
_LARGEST_GRID = 1 << 33


@dataclass(frozen=True)
class FrameTable:
    """One row per frame, in stored order.

    `segment_numbers`  (N,) the segment a frame belongs to; 0 in a LABELMAP.
    `positions_lps`    (N, 3) centre of each frame's first pixel, mm.
    `orientation`      row and column direction cosines, one for all frames.
    `spacing_mm`       between planes (None where the file does not say), rows and columns.
    """

    segment_numbers: NDArray[np.int64]
    positions_lps: Vectors
    orientation: Vectors
    between_mm: float | None
    thickness_mm: float | None
    pixel_spacing_mm: tuple[float, float]
    plane_size: tuple[int, int]
    source_uids: frozenset[str]

    @cached_property
    def normal(self) -> Vectors:
        """Unit vector, row direction × column direction."""
        normal: Vectors = np.cross(self.orientation[:3], self.orientation[3:])
        length = float(np.linalg.norm(normal))
        if not np.isfinite(length) or length < 1e-3:
            raise GeometryError("The orientation is no plane", remedy="Export the SEG again.", tag="(0020,0037)")
        return normal / length

    def shares_plane(self, geometry: VolumeGeometry) -> bool:
        """Whether the frames have the in-plane grid of `geometry`: axes, spacing, size and first pixel."""
        direction = np.asarray(geometry.direction)
        axes = np.concatenate([direction[:, 2], direction[:, 1]])
        if geometry.size[1:] != self.plane_size or not np.allclose(axes, self.orientation, atol=1e-3):
            return False
        if not np.allclose(self.pixel_spacing_mm, geometry.spacing_mm[1:], rtol=1e-3):
            return False
        in_plane = geometry.point_ijk(self.positions_lps)[:, 1:]
        return bool(np.abs(in_plane).max() <= 0.05)

    def slice_indices(self, geometry: VolumeGeometry) -> NDArray[np.int64]:
        """(N,) slice index of every frame, which `shares_plane` with `geometry`.

        Raises `ReferencedInstanceError` for a frame before the first or after the last slice, `GeometryError` for one
        that lies between slices by more than a tenth of their distance.
        """
        exact = geometry.point_ijk(self.positions_lps)[:, 0]
        index = np.rint(exact).astype(np.int64)
        outside = int(((index < 0) | (index >= geometry.size[0])).sum())
        if outside:
            raise ReferencedInstanceError(
                f"{outside} planes of the segmentation lie outside the reference series",
                remedy="Name the series the segmentation was made on.",
                tag="(0020,0032)",
            )
        if float(np.abs(exact - index).max()) > max(0.1, 0.02 / geometry.spacing_mm[0]):
            raise GeometryError(
                "Planes of the segmentation lie between the slices of the reference series",
                remedy="Resample the segmentation first.",
                tag="(0020,0032)",
            )
        return index

    def geometry(self) -> VolumeGeometry:
        """The grid from the first to the last stored plane. Raises `GeometryError` for uneven planes."""
        along = self.positions_lps @ self.normal
        first, last = int(along.argmin()), int(along.argmax())
        step_mm = self._step_mm(along)
        count = round(float(along[last] - along[first]) / step_mm) + 1
        if count * self.plane_size[0] * self.plane_size[1] > _LARGEST_GRID:
            raise GeometryError(
                "The planes of the segmentation span an absurd grid", remedy="Export it again.", tag="(0020,0032)"
            )
        step = self.normal * step_mm
        if count > 1:
            step = (self.positions_lps[last] - self.positions_lps[first]) / (count - 1)
        affine = np.eye(4)
        affine[:3, 0] = step
        affine[:3, 1] = self.orientation[3:] * self.pixel_spacing_mm[0]
        affine[:3, 2] = self.orientation[:3] * self.pixel_spacing_mm[1]
        affine[:3, 3] = self.positions_lps[first]
        return VolumeGeometry.from_affine_lps(affine, (count, *self.plane_size))

    def _step_mm(self, along: Vectors) -> float:
        planes = np.unique(np.round(along, 3))
        gaps = np.diff(planes)
        gaps = gaps[gaps > 0.02]
        if not gaps.size:
            return self.between_mm or self.thickness_mm or 1.0
        for candidate in (self.between_mm, float(gaps.min())):
            if candidate and candidate > 0:
                steps = gaps / candidate
                if np.abs(steps - np.rint(steps)).max() < 0.1 and np.rint(steps).min() >= 1:
                    return candidate
        raise GeometryError(
            "The planes of the segmentation are unevenly spaced",
            remedy="Name the series it was made on with a reference.",
            tag="(0020,0032)",
        )


def read_frame_table(ds: Dataset) -> FrameTable:
    """The table of a SEG in patient space. Raises `ConversionError` or `GeometryError` where an entry is missing."""
    frame_count = int(ds.get("NumberOfFrames") or 0)
    scanned = scan_frames(ds)
    frames = (
        [_described(group) for group in ds.get("PerFrameFunctionalGroupsSequence") or []]
        if scanned is None
        else scanned
    )
    if not 1 <= frame_count <= _LARGEST_FRAME_COUNT or len(frames) != frame_count:
        raise ConversionError(
            "The number of frames and of their descriptions differ", remedy="Export the SEG again.", tag="(0028,0008)"
        )
    shared = (ds.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    orientation, spacing, measures = _plane(ds, shared)
    common = _described(shared)
    is_labelmap = ds.get("SegmentationType") == "LABELMAP"
    return FrameTable(
        segment_numbers=np.array([0 if is_labelmap else _number(frame, common) for frame in frames], np.int64),
        positions_lps=np.array([_position(frame, common) for frame in frames], float),
        orientation=orientation,
        between_mm=_float(measures.get("SpacingBetweenSlices")),
        thickness_mm=_float(measures.get("SliceThickness")),
        pixel_spacing_mm=(float(spacing[0]), float(spacing[1])),
        plane_size=(int(ds.Rows), int(ds.Columns)),
        source_uids=frozenset(uid for frame in (*frames, common) for uid in frame.source_uids),
    )


def _plane(ds: Dataset, shared: Dataset) -> tuple[Vectors, Vectors, Dataset]:
    """Orientation, pixel spacing and pixel measures, from the shared groups or else those of the first frame."""
    first = shared
    if "PlaneOrientationSequence" not in shared or "PixelMeasuresSequence" not in shared:
        first = ds.PerFrameFunctionalGroupsSequence[0]
    orientation, spacing = plane_of(shared)
    own_orientation, own_spacing = plane_of(first)
    orientation = own_orientation if orientation is None else orientation
    spacing = own_spacing if spacing is None else spacing
    if orientation is None or spacing is None or orientation.size != 6 or spacing.size != 2:
        raise GeometryError("Orientation or pixel spacing is missing", remedy="Export it again.", tag="(0020,0037)")
    if not np.isfinite(spacing).all() or spacing.min() <= 0:
        raise GeometryError("Pixel spacing is not a length", remedy="Export it again.", tag="(0028,0030)")
    measures = shared.get("PixelMeasuresSequence") or first.get("PixelMeasuresSequence")
    return orientation, spacing, measures[0] if measures else Dataset()


def _float(value: object) -> float | None:
    return None if value in (None, "") else float(str(value))


def _described(group: Dataset) -> ScannedFrame:
    """What one item of functional groups says, read with pydicom."""

    def inner(keyword: str, value: str) -> Any:
        items = group.get(keyword)
        return items[0].get(value) if items else None

    number = inner("SegmentIdentificationSequence", "ReferencedSegmentNumber")
    position = inner("PlanePositionSequence", "ImagePositionPatient")
    return ScannedFrame(
        segment_number=None if number is None else int(number),
        position_lps=[float(value) for value in position] if position and len(position) == 3 else None,
        source_uids=[
            str(image.ReferencedSOPInstanceUID)
            for derivation in group.get("DerivationImageSequence") or []
            for image in derivation.get("SourceImageSequence") or []
            if image.get("ReferencedSOPInstanceUID")
        ],
    )


def _number(frame: ScannedFrame, common: ScannedFrame) -> int:
    number = common.segment_number if frame.segment_number is None else frame.segment_number
    if number is None:
        raise ConversionError("A frame belongs to no segment", remedy="Export the SEG again.", tag="(0062,000B)")
    return number


def _position(frame: ScannedFrame, common: ScannedFrame) -> list[float]:
    position = frame.position_lps or common.position_lps
    if position is None or not np.isfinite(position).all():
        raise GeometryError("A frame has no position", remedy="Export the SEG again.", tag="(0020,0032)")
    return position
