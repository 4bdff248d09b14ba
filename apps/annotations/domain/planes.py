"""Bit planes and the arrays they stand for. Arrays are `[slice, row, column]`."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from apps.annotations.domain.container import inflate, plane_bytes

Mask = NDArray[np.bool_]

_LEVEL = 6


def pack(mask: NDArray[np.generic]) -> bytes:
    """The bit plane of one slice `[row, column]`; b"" where nothing is set."""
    flat = np.ascontiguousarray(mask).astype(bool, copy=False).ravel()
    return np.packbits(flat, bitorder="little").tobytes() if flat.any() else b""


def unpack(plane: bytes, rows: int, columns: int) -> Mask:
    """The mask `[row, column]` of a bit plane; b"" is empty."""
    if not plane:
        return np.zeros((rows, columns), bool)
    bits = np.unpackbits(np.frombuffer(plane, np.uint8), count=rows * columns, bitorder="little")
    return bits.view(bool).reshape(rows, columns)


def normalised(plane: bytes, rows: int, columns: int) -> bytes:
    """The plane with the bits past the last pixel cleared; b"" where no pixel is set. One state, one byte string."""
    spare = plane_bytes(rows, columns) * 8 - rows * columns
    if plane and spare:
        plane = plane[:-1] + bytes([plane[-1] & (0xFF >> spare)])
    return plane if any(plane) else b""


def compress(plane: bytes) -> bytes:
    """The zlib stream a plane is kept as; b"" stays b""."""
    return zlib.compress(plane, _LEVEL) if plane else b""


def plane_digest(key: bytes, plane: bytes) -> str:
    """HMAC-SHA256 in hex: equal planes of one subject are equal, and nobody without the key can test a guess."""
    return hmac.new(key, plane, hashlib.sha256).hexdigest()


def content_digest(planes: Iterable[tuple[int, int, str, str]]) -> str:
    """SHA-256 over the whole state: (segment, slice index, SOP Instance UID, plane digest) of every non-empty plane."""
    lines = "".join(f"{segment} {index} {uid} {digest}\n" for segment, index, uid, digest in sorted(planes))
    return hashlib.sha256(f"fiducial-segmentation/1\n{lines}".encode()).hexdigest()


@dataclass(frozen=True)
class SegmentationState:
    """What one read drew on one series at one revision. Segments may overlap.

    `planes` maps (segment, slice index) to the zlib stream of a non-empty bit plane; `size` is slices, rows, columns.
    """

    revision: int
    content_digest: str
    size: tuple[int, int, int]
    planes: dict[tuple[int, int], bytes] = field(repr=False)

    @property
    def segments(self) -> tuple[int, ...]:
        """The segments that have a pixel anywhere, ascending."""
        return tuple(sorted({segment for segment, _ in self.planes}))

    def mask(self, segment: int) -> Mask:
        """One segment over the whole stack, `[slice, row, column]`."""
        slices, rows, columns = self.size
        mask = np.zeros((slices, rows, columns), bool)
        for (number, index), stream in self.planes.items():
            if number == segment:
                mask[index] = unpack(inflate(stream, plane_bytes(rows, columns)), rows, columns)
        return mask

    def masks(self) -> dict[int, Mask]:
        """Every segment that is not empty, `{segment: [slice, row, column]}`."""
        return {segment: self.mask(segment) for segment in self.segments}

    def labelmap(self) -> tuple[NDArray[np.uint16], bool]:
        """One array `[slice, row, column]` of segment numbers, and whether segments overlap.

        Where they do, the larger number is kept; whoever must keep the overlap takes `masks`.
        """
        labels = np.zeros(self.size, np.uint16)
        overlap = False
        for segment in self.segments:
            mask = self.mask(segment)
            overlap = overlap or bool(labels[mask].any())
            labels[mask] = segment
        return labels, overlap


def planes_of(masks: dict[int, Mask]) -> dict[tuple[int, int], bytes]:
    """The non-empty bit planes, by (segment, slice index), of masks `{segment: [slice, row, column]}`."""
    return {
        (segment, int(index)): pack(mask[index])
        for segment, mask in masks.items()
        for index in np.flatnonzero(mask.any(axis=(1, 2)))
    }
