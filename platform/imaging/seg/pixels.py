"""From stored frames to a label array, or to masks where segments overlap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.errors import ConversionError, PixelDataError, UnsupportedError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import LabelMap, SegmentDescription
from imaging.seg.frames import FrameTable

Plane = NDArray[Any]
Indices = NDArray[np.int64]
PlaneReader = Callable[[int], Plane]


def assemble(
    ds: Dataset,
    segments: tuple[SegmentDescription, ...],
    table: FrameTable,
    slices: Indices,
    geometry: VolumeGeometry,
) -> LabelMap:
    """All frames of `ds` placed on `geometry`; `slices` says on which slice each frame lies."""
    kind = ds.get("SegmentationType")
    plane_of = plane_reader(ds)
    if kind == "BINARY":
        return _binary(plane_of, segments, table.segment_numbers, slices, geometry)
    if kind == "FRACTIONAL":
        return _fractional(ds, plane_of, segments, table.segment_numbers, slices, geometry)
    if kind == "LABELMAP":
        return _labelmap(ds, plane_of, segments, slices, geometry)
    raise UnsupportedError("A segmentation type the standard does not define", remedy="Export it.", tag="(0062,0001)")


def plane_reader(ds: Dataset) -> PlaneReader:
    """A function giving frame `index` as `[row, column]`; BINARY frames are 0 or 1. Raises `PixelDataError`."""
    shape = (int(ds.Rows), int(ds.Columns))
    pixels = shape[0] * shape[1]
    if ds.file_meta.TransferSyntaxUID.is_encapsulated:
        return _decoded(ds).__getitem__
    data = np.frombuffer(_pixel_bytes(ds, pixels), np.uint8)
    bits = int(ds.BitsAllocated)
    if bits == 1 and pixels % 8 == 0:
        count = pixels // 8
        return lambda i: np.unpackbits(data[i * count : (i + 1) * count], bitorder="little").reshape(shape)
    if bits == 1:
        return lambda i: _loose_bits(data, i * pixels, pixels).reshape(shape)
    order = "<" if ds.file_meta.TransferSyntaxUID.is_little_endian else ">"
    words = np.frombuffer(data, f"{order}u{bits // 8}", count=pixels * int(ds.NumberOfFrames))
    return words.reshape(-1, *shape).__getitem__


def _pixel_bytes(ds: Dataset, pixels: int) -> bytes:
    bits, frames = int(ds.get("BitsAllocated") or 0), int(ds.get("NumberOfFrames") or 0)
    if bits not in (1, 8, 16):
        raise PixelDataError("Segmentations have 1, 8 or 16 bits a pixel", remedy="Export it.", tag="(0028,0100)")
    data = ds.get("PixelData") or b""
    if len(data) < (pixels * frames * bits + 7) // 8:
        raise PixelDataError("The pixel data are shorter than declared", remedy="Export it again.", tag="(7FE0,0010)")
    return bytes(data) if not isinstance(data, bytes) else data


def _decoded(ds: Dataset) -> Plane:
    try:
        array: Plane = ds.pixel_array
    except (ValueError, RuntimeError, AttributeError, NotImplementedError, KeyError) as error:
        raise PixelDataError(
            "The pixel data cannot be decoded", remedy="Export it again.", tag="(7FE0,0010)"
        ) from error
    return array if array.ndim == 3 else array[np.newaxis]


def _loose_bits(data: NDArray[np.uint8], first_bit: int, count: int) -> Plane:
    start = first_bit // 8
    bits = np.unpackbits(data[start : (first_bit + count + 7) // 8], bitorder="little")
    return bits[first_bit - 8 * start : first_bit - 8 * start + count]


def _index_of(segments: Sequence[SegmentDescription]) -> Callable[[int], int]:
    places = {segment.number: place for place, segment in enumerate(segments)}

    def place_of(number: int) -> int:
        if number not in places:
            raise ConversionError(
                "A frame belongs to a segment nobody describes", remedy="Export it.", tag="(0062,000B)"
            )
        return places[number]

    return place_of


def _binary(
    plane_of: PlaneReader,
    segments: tuple[SegmentDescription, ...],
    numbers: Indices,
    slices: Indices,
    geometry: VolumeGeometry,
) -> LabelMap:
    place_of = _index_of(segments)
    largest = max(segment.number for segment in segments)
    array = np.zeros(geometry.size, np.uint8 if largest < 256 else np.uint16)
    taken = np.zeros(geometry.size[0], bool)
    for frame, (number, index) in enumerate(zip(numbers.tolist(), slices.tolist(), strict=True)):
        place_of(number)
        plane = plane_of(frame)
        target = array[index]
        if taken[index] and np.logical_and(plane, target).any():
            return _masks(plane_of, segments, numbers, slices, geometry)
        target += plane if number == 1 else np.multiply(plane, number, dtype=array.dtype)
        taken[index] = True
    return LabelMap(array, geometry, segments)


def _masks(
    plane_of: PlaneReader,
    segments: tuple[SegmentDescription, ...],
    numbers: Indices,
    slices: Indices,
    geometry: VolumeGeometry,
) -> LabelMap:
    place_of = _index_of(segments)
    masks = tuple(np.zeros(geometry.size, bool) for _ in segments)
    for frame, (number, index) in enumerate(zip(numbers.tolist(), slices.tolist(), strict=True)):
        masks[place_of(number)][index] |= plane_of(frame).astype(bool)
    return LabelMap(None, geometry, segments, masks=masks)


def _fractional(
    ds: Dataset,
    plane_of: PlaneReader,
    segments: tuple[SegmentDescription, ...],
    numbers: Indices,
    slices: Indices,
    geometry: VolumeGeometry,
) -> LabelMap:
    maximum = int(ds.get("MaximumFractionalValue") or 0)
    if maximum < 1:
        raise ConversionError("Fractions have no maximum", remedy="Export it again.", tag="(0062,000E)")
    place_of = _index_of(segments)
    fractions = tuple(np.zeros(geometry.size, np.float32) for _ in segments)
    for frame, (number, index) in enumerate(zip(numbers.tolist(), slices.tolist(), strict=True)):
        fractions[place_of(number)][index] = plane_of(frame) / np.float32(maximum)
    masks = tuple(fraction >= 0.5 for fraction in fractions)
    return LabelMap(None, geometry, segments, masks=masks, fractions=fractions)


def _labelmap(
    ds: Dataset,
    plane_of: PlaneReader,
    segments: tuple[SegmentDescription, ...],
    slices: Indices,
    geometry: VolumeGeometry,
) -> LabelMap:
    described = {segment.number for segment in segments}
    padding = ds.get("PixelPaddingValue")
    is_background = {0} | ({int(padding)} - described if padding is not None else set())
    largest = max(described | is_background)
    array = np.zeros(geometry.size, np.uint8 if largest < 256 else np.uint16)
    lookup = np.arange(largest + 1, dtype=array.dtype)
    lookup[[value for value in range(largest + 1) if value in is_background]] = 0
    known = np.isin(np.arange(largest + 1), sorted(described | is_background))
    is_plain = bool(known.all()) and is_background == {0}
    for frame, index in enumerate(slices.tolist()):
        plane = plane_of(frame)
        if int(plane.max()) > largest or not (is_plain or known[plane].all()):
            raise ConversionError("A pixel holds a segment nobody describes", remedy="Export it.", tag="(0062,0004)")
        array[index] = plane if is_plain else lookup[plane]
    return LabelMap(array, geometry, segments)
