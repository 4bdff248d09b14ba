"""From label maps to the planes a SEG stores, and how bits are packed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ConversionError
from imaging.labelmap import LabelMap
from imaging.nifti_gzip import worker_count

Plane = NDArray[Any]


@dataclass(frozen=True)
class StoredFrame:
    """One frame: the index of its segment (None in a LABELMAP), of its slice, and its pixels, packed for BINARY."""

    segment_index: int | None
    slice_index: int
    pixels: Plane


def binary_frames(labelmap: LabelMap) -> list[StoredFrame]:
    """Non-empty planes by segment, then slice; eight pixels a byte, first pixel in the lowest bit (PS3.5 8.1.1).

    Where a plane does not fill whole bytes its bool pixels are kept: `pack` joins frames bit by bit.
    Raises `ConversionError` for a label that no segment describes.
    """
    whole_bytes = labelmap.geometry.size[1] * labelmap.geometry.size[2] % 8 == 0

    def stored(mask: Plane) -> Plane:
        return np.packbits(mask, bitorder="little", axis=None) if whole_bytes else mask.ravel()

    def planes_of(slice_index: int) -> list[StoredFrame]:
        return [
            StoredFrame(segment, slice_index, stored(mask)) for segment, mask in _slice_masks(labelmap, slice_index)
        ]

    frames = _over_slices(planes_of, labelmap)
    return sorted(frames, key=lambda frame: (frame.segment_index or 0, frame.slice_index))


def pack(frames: Sequence[StoredFrame], pixels_per_frame: int) -> bytes:
    """BINARY pixel data: frames follow each other without padding between them, the whole is padded to even length."""
    if pixels_per_frame % 8 == 0:
        packed = b"".join(frame.pixels.tobytes() for frame in frames)
    else:
        packed = np.packbits(np.concatenate([frame.pixels for frame in frames]), bitorder="little").tobytes()
    return packed + b"\0" * (len(packed) % 2)


def label_frames(labelmap: LabelMap) -> list[StoredFrame]:
    """Planes of the label array that hold a label, by slice. Raises `ConversionError` where segments overlap."""
    array = labelmap.labels()

    def plane_of(slice_index: int) -> list[StoredFrame]:
        plane = array[slice_index]
        if not plane.any():
            return []
        _refuse_foreign(plane, labelmap)
        return [StoredFrame(None, slice_index, plane)]

    return _over_slices(plane_of, labelmap)


def fraction_frames(labelmap: LabelMap, maximum: int) -> list[StoredFrame]:
    """Planes of each segment with fractions scaled to 0..`maximum`, by segment, then slice."""
    sources: tuple[Plane, ...] = labelmap.fractions or tuple(labelmap.mask(s.number) for s in labelmap.segments)
    return [
        StoredFrame(index, slice_index, np.rint(plane * np.float32(maximum)).astype(np.uint8))
        for index, voxels in enumerate(sources)
        for slice_index, plane in enumerate(voxels)
        if plane.any()
    ]


def _over_slices(work: Callable[[int], list[StoredFrame]], labelmap: LabelMap) -> list[StoredFrame]:
    with ThreadPoolExecutor(worker_count()) as pool:
        return [frame for frames in pool.map(work, range(labelmap.geometry.size[0])) for frame in frames]


def _slice_masks(labelmap: LabelMap, slice_index: int) -> list[tuple[int, Plane]]:
    if labelmap.array is None:
        return [(index, mask[slice_index]) for index, mask in enumerate(labelmap.masks) if mask[slice_index].any()]
    plane = labelmap.array[slice_index]
    largest = int(plane.max())
    found: list[tuple[int, Plane]] = []
    left = 0 if largest == 0 else int(np.count_nonzero(plane))
    for index, segment in enumerate(labelmap.segments):
        if left == 0:
            break
        if segment.number > largest:
            continue
        mask = plane == segment.number
        count = int(np.count_nonzero(mask))
        if count:
            found.append((index, mask))
            left -= count
    if left:
        raise _foreign()
    return found


def _refuse_foreign(plane: Plane, labelmap: LabelMap) -> None:
    described = np.zeros(int(plane.max()) + 1, bool)
    described[[0, *(s.number for s in labelmap.segments if s.number < described.size)]] = True
    if not described.all() and not described[plane].all():
        raise _foreign()


def _foreign() -> ConversionError:
    return ConversionError("The array holds a label that no segment describes", remedy="Describe every label.")
