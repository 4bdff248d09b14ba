"""Label maps: what a segmentation means, on which grid, overlapping segments included.

A `LabelMap` is the one shape every conversion goes through: NIfTI, DICOM SEG, RTSTRUCT, meshes, measurements.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.concept import CodedConcept as CodedConcept  # callers take it from here
from imaging.errors import ConversionError, GeometryError, InputError
from imaging.geometry import VolumeGeometry

Labels = NDArray[np.uint8] | NDArray[np.uint16]
Mask = NDArray[np.bool_]
Fraction = NDArray[np.float32]

# The largest label a SEG can carry: Segment Number is US (PS3.3 C.8.20.4).
LARGEST_LABEL = 65535


TISSUE = CodedConcept("85756007", "SCT", "Tissue")


@dataclass(frozen=True)
class SegmentDescription:
    """One item of the Segment Sequence (PS3.3 C.8.20.4, Segment Description Macro).

    `recommended_cielab` is the DICOM-encoded 16-bit triplet (PS3.3 C.10.7.1.1).
    """

    number: int
    label: str
    category: CodedConcept = TISSUE
    type: CodedConcept = TISSUE
    anatomic_region: CodedConcept | None = None
    laterality: CodedConcept | None = None
    tracking_uid: str | None = None
    tracking_id: str | None = None
    recommended_cielab: tuple[int, int, int] | None = None
    algorithm_type: str = "MANUAL"
    algorithm_name: str | None = None
    description: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.number <= LARGEST_LABEL:
            raise InputError(
                f"Segment number {self.number} is outside 1 to {LARGEST_LABEL}",
                remedy="Number the segments from 1.",
                tag="(0062,0004)",
            )
        if self.algorithm_type not in ("MANUAL", "SEMIAUTOMATIC", "AUTOMATIC"):
            raise InputError(
                "The algorithm type is none of MANUAL, SEMIAUTOMATIC, AUTOMATIC",
                remedy="Say how the segment was made.",
                tag="(0062,0008)",
            )

    @property
    def recommended_rgb(self) -> tuple[int, int, int] | None:
        """The display colour as sRGB 0 to 255, or None."""
        if self.recommended_cielab is None:
            return None
        from highdicom.color import CIELabColor  # half a second to import, and few callers ask for colours

        red, green, blue = CIELabColor.from_dicom_value(self.recommended_cielab).to_rgb(clip=True)
        return int(red), int(green), int(blue)


def cielab_from_rgb(red: int, green: int, blue: int) -> tuple[int, int, int]:
    """sRGB 0 to 255 → DICOM-encoded CIELab (PS3.3 C.10.7.1.1)."""
    from highdicom.color import CIELabColor

    lightness, a_star, b_star = CIELabColor.from_rgb(red, green, blue).value
    return int(lightness), int(a_star), int(b_star)


@dataclass(frozen=True)
class LabelMap:
    """Segments on a grid. Exactly one of `array` and `masks` holds the voxels.

    `array`      uint8 or uint16 `[slice, row, column]`, 0 is background; where no two segments overlap.
    `geometry`   its grid.
    `segments`   one description per segment, empty segments included.
    `masks`      one bool `[slice, row, column]` per segment, in the order of `segments`; where they overlap.
    `fractions`  for a FRACTIONAL source: float32 0 to 1 per segment beside `masks`, which are `fraction >= 0.5`.
    """

    array: Labels | None
    geometry: VolumeGeometry
    segments: tuple[SegmentDescription, ...]
    masks: tuple[Mask, ...] = ()
    fractions: tuple[Fraction, ...] = ()

    def __post_init__(self) -> None:
        numbers = [segment.number for segment in self.segments]
        if len(set(numbers)) != len(numbers):
            raise InputError(
                "Two segments have the same number", remedy="Give every segment its own.", tag="(0062,0004)"
            )
        if (self.array is None) == (not self.masks):
            raise InputError(
                "A label map needs either one label array or one mask per segment",
                remedy="Use LabelMap(array, …) or LabelMap.from_masks(…).",
            )
        if self.array is not None:
            self._check_array(self.array, numbers)
        for voxels in (*self.masks, *self.fractions):
            self._check_shape(voxels.shape)
        if self.masks and len(self.masks) != len(self.segments):
            raise InputError("The number of masks and segments differ", remedy="Give one mask per segment.")

    def _check_array(self, array: Labels, numbers: Sequence[int]) -> None:
        if array.dtype not in (np.uint8, np.uint16):
            raise InputError(
                f"A label array is uint8 or uint16, not {array.dtype}", remedy="Use labels_from_array to convert it."
            )
        self._check_shape(array.shape)
        largest = int(array.max())
        if largest > max(numbers, default=0):
            raise InputError(
                f"The array holds label {largest}, which no segment describes", remedy="Describe every label."
            )

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        if tuple(shape) != self.geometry.size:
            raise GeometryError(
                f"Voxels of shape {tuple(shape)} do not fit a grid of {self.geometry.size}",
                remedy="Give the array as [slice, row, column] with its own geometry.",
            )

    @classmethod
    def from_masks(
        cls, masks: Sequence[Mask], geometry: VolumeGeometry, segments: Sequence[SegmentDescription]
    ) -> LabelMap:
        """One bool mask `[slice, row, column]` per segment; collapses to one array where no two overlap."""
        if not masks or len(masks) != len(segments):
            raise InputError("The number of masks and segments differ", remedy="Give one mask per segment.")
        dtype = np.uint8 if max(s.number for s in segments) < 256 else np.uint16
        array = np.zeros(geometry.size, dtype)
        for mask, segment in zip(masks, segments, strict=True):
            if mask.shape != array.shape:
                raise GeometryError("A mask does not fit the grid", remedy="Give masks as [slice, row, column].")
            for plane, target in zip(mask, array, strict=True):
                if not plane.any():
                    continue
                if np.logical_and(plane, target).any():
                    return cls(None, geometry, tuple(segments), masks=tuple(masks))
                target += np.multiply(plane, segment.number, dtype=dtype)
        return cls(array, geometry, tuple(segments))

    @property
    def is_overlapping(self) -> bool:
        """Whether the segments are held as separate masks because at least one voxel belongs to two of them."""
        return self.array is None

    def segment(self, number: int) -> SegmentDescription:
        """The description of segment `number`. Raises `InputError` where there is none."""
        return self.segments[self._index(number)]

    def mask(self, number: int) -> Mask:
        """Bool `[slice, row, column]` of segment `number`. Raises `InputError` where there is none."""
        index = self._index(number)
        return self.masks[index] if self.array is None else self.array == number

    def voxel_count(self, number: int) -> int:
        """Voxels of segment `number`."""
        return int(np.count_nonzero(self.mask(number)))

    def labels(self) -> Labels:
        """The single label array. Raises `ConversionError` where segments overlap: one array cannot hold them."""
        if self.array is None:
            raise ConversionError(
                "Segments overlap, one label array cannot hold them", remedy="Write one file per segment, or a SEG."
            )
        return self.array

    def _index(self, number: int) -> int:
        for index, segment in enumerate(self.segments):
            if segment.number == number:
                return index
        raise InputError(f"There is no segment {number}", remedy="Ask for one of the numbers in `segments`.")


def labels_from_array(array: NDArray[Any]) -> Labels:
    """Any whole-number array → uint8 or uint16 without loss.

    Raises `ConversionError` for fractions, negative labels and labels beyond 65535.
    """
    if array.dtype == np.bool_:
        return array.astype(np.uint8)
    if array.dtype in (np.uint8, np.uint16):
        return array
    if array.dtype.kind == "f" and not (np.isfinite(array).all() and (array == np.rint(array)).all()):
        raise ConversionError("Labels must be whole numbers", remedy="Threshold a probability map first.")
    if array.dtype.kind not in "iuf":
        raise ConversionError(f"Labels cannot be of type {array.dtype}", remedy="Use whole numbers from 0.")
    if array.size and (array.min() < 0 or array.max() > LARGEST_LABEL):
        raise ConversionError(f"Labels must lie within 0 and {LARGEST_LABEL}", remedy="Renumber the labels.")
    fits_byte = not array.size or array.max() < 256
    return array.astype(np.uint8) if fits_byte else array.astype(np.uint16)


def present_labels(array: Labels) -> list[int]:
    """The labels other than 0 that occur, ascending."""
    found = np.zeros(int(array.max()) + 1, bool)
    for plane in array:
        if plane.any():
            found[np.unique(plane)] = True
    return [int(number) for number in np.flatnonzero(found) if number]


def default_segments(numbers: Iterable[int]) -> tuple[SegmentDescription, ...]:
    """Descriptions for labels of which nothing but the number is known: coded as unspecified tissue."""
    return tuple(SegmentDescription(number, f"Segment {number}") for number in numbers)
