"""`FrameRef`: one frame of one instance, where it lies, how its values scale, and what sets it apart.

Source: DICOM PS3.3 C.7.6.2 (Image Plane), C.7.6.16 (Multi-frame Functional Groups).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imaging.series_header import Cosines, InstanceHeader, Triple

Label = float | int | str
StackKind = Literal["volume", "localizer", "cine", "image", "tiled", "segmentation"]


@dataclass(frozen=True, slots=True, eq=False)
class FrameRef:
    """One frame (or one tile of a mosaic frame).

    `frame_index`  counts from 0 inside the instance.
    `labels`       what may set frames at one position apart: echo, b_value, temporal, phase, acquisition …
    `time_ms`      place in time where the object gives one.
    `tile`         (first row, first column, rows, columns) of a mosaic tile; None where the frame is the image.
    """

    header: InstanceHeader
    frame_index: int
    position_lps: Triple | None
    orientation: Cosines | None
    pixel_spacing_mm: tuple[float, float] | None
    slope: float
    intercept: float
    labels: dict[str, Label] = field(default_factory=dict)
    time_ms: float | None = None
    tile: tuple[int, int, int, int] | None = None
    slice_thickness_mm: float | None = None

    @property
    def frame_number(self) -> int:
        """Counts from 1, as the standard does."""
        return self.frame_index + 1

    @property
    def rows(self) -> int:
        return self.header.rows if self.tile is None else self.tile[2]

    @property
    def columns(self) -> int:
        return self.header.columns if self.tile is None else self.tile[3]

    @property
    def normal(self) -> NDArray[np.float64] | None:
        """Unit normal, row × column cosines; None where the orientation is absent or degenerate."""
        return unit_normal(self.orientation)


def unit_normal(orientation: Cosines | None) -> NDArray[np.float64] | None:
    """Unit vector row × column (PS3.3 C.7.6.2.1.1); None unless the two are near unit length and perpendicular."""
    if orientation is None:
        return None
    a, b, c, d, e, f = orientation
    lengths = math.sqrt(a * a + b * b + c * c), math.sqrt(d * d + e * e + f * f)
    if min(lengths) < 0.9 or max(lengths) > 1.1 or abs(a * d + b * e + c * f) > 0.01 * lengths[0] * lengths[1]:
        return None
    x, y, z = b * f - c * e, c * d - a * f, a * e - b * d
    length = math.sqrt(x * x + y * y + z * z)
    return np.array((x / length, y / length, z / length))


def frame_of_single(header: InstanceHeader) -> FrameRef:
    """The only frame of a single-frame instance."""
    labels: dict[str, Label] = {}
    candidates: tuple[tuple[str, Label | None], ...] = (
        ("echo", header.echo_number),
        ("echo_time_ms", header.echo_time_ms),
        ("b_value", header.b_value),
        ("inversion_time_ms", header.inversion_time_ms),
        ("flip_angle_deg", header.flip_angle_deg),
        ("image_type", "/".join(header.image_type[2:]) or None),
        ("acquisition", header.acquisition_number),
        ("temporal", header.temporal_position),
        ("phase", header.cardiac_phase_percent),
        ("trigger_time_ms", header.trigger_time_ms),
        ("acquisition_time", header.acquisition_time or None),
        ("content_time", header.content_time or None),
        ("instance", header.instance_number),
    )
    for name, value in candidates:
        if value is not None:
            labels[name] = value
    return FrameRef(
        header=header,
        frame_index=0,
        position_lps=header.position_lps,
        orientation=header.orientation,
        pixel_spacing_mm=header.pixel_spacing_mm,
        slope=1.0 if header.rescale_slope is None else header.rescale_slope,
        intercept=0.0 if header.rescale_intercept is None else header.rescale_intercept,
        labels=labels,
        time_ms=header.trigger_time_ms,
        slice_thickness_mm=header.slice_thickness_mm,
    )
