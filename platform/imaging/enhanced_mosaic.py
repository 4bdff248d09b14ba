"""Siemens mosaic: the slices of one volume laid out in one big image.

The layout is in Siemens' private CSA header, whose format is public knowledge: "SV10" + 4 bytes, a count of tags,
then per tag a 64-byte name, VM, VR, type, number of items, and per item four lengths and a padded string.
A mosaic's ImagePositionPatient belongs to a slice as large as the mosaic, so the tile's own corner lies further in.
"""

from __future__ import annotations

import math
import struct

import numpy as np
from pydicom.dataset import Dataset

from imaging.errors import GeometryError
from imaging.scan_dataset import PARSER_ERRORS, damaged, read_dataset
from imaging.series_frames import FrameRef, frame_of_single, unit_normal
from imaging.series_header import InstanceHeader

_CSA_IMAGE = 0x00291010
_MAX_TAGS = 512
_MAX_ITEMS = 256


def is_mosaic(header: InstanceHeader) -> bool:
    """Whether ImageType says that slices are tiled into one image."""
    return "MOSAIC" in header.image_type[2:] and not header.is_enhanced


def mosaic_frames(header: InstanceHeader) -> list[FrameRef]:
    """The slices of a mosaic, each with its tile and its own position.

    Raises GeometryError where the number of slices or their direction cannot be known: a wrong guess would mirror
    the volume.
    """
    dataset = read_dataset(header.source, pixels=False)
    try:
        csa = csa_values(_private_bytes(dataset))
        count = _image_count(dataset, csa)
    except PARSER_ERRORS as error:
        raise damaged(header.path, error) from error
    whole = frame_of_single(header)
    normal = unit_normal(whole.orientation)
    if count is None or normal is None or whole.position_lps is None or whole.pixel_spacing_mm is None:
        raise _unknown(header, "The mosaic does not say how many slices it holds or where it lies", "(0029,1010)")
    across = math.ceil(math.sqrt(count))
    if header.rows % across or header.columns % across:
        raise _unknown(header, "The mosaic cannot be divided into its slices", "(0028,0010)")
    rows, columns = header.rows // across, header.columns // across
    step = _slice_step(header, csa, normal)
    origin = _first_origin(whole, rows, columns)
    frames = []
    for index in range(count):
        place = origin + index * step
        frames.append(
            FrameRef(
                header=header,
                frame_index=0,
                position_lps=(float(place[0]), float(place[1]), float(place[2])),
                orientation=whole.orientation,
                pixel_spacing_mm=whole.pixel_spacing_mm,
                slope=whole.slope,
                intercept=whole.intercept,
                labels=whole.labels,
                time_ms=whole.time_ms,
                tile=(index // across * rows, index % across * columns, rows, columns),
                slice_thickness_mm=whole.slice_thickness_mm,
            )
        )
    return frames


def _unknown(header: InstanceHeader, detail: str, tag: str) -> GeometryError:
    return GeometryError(
        detail,
        remedy="Send the series with its Siemens private elements, or as enhanced multi-frame.",
        path=header.path,
        tag=tag,
        code="mosaic-unknown",
    )


def _first_origin(whole: FrameRef, rows: int, columns: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Centre of the first pixel of the first slice: half the size difference further in than the mosaic's corner."""
    assert whole.position_lps is not None and whole.orientation is not None and whole.pixel_spacing_mm is not None
    between_rows, between_columns = whole.pixel_spacing_mm
    inwards = np.multiply(whole.orientation[:3], (whole.header.columns - columns) / 2 * between_columns)
    downwards = np.multiply(whole.orientation[3:], (whole.header.rows - rows) / 2 * between_rows)
    return np.asarray(whole.position_lps, dtype=np.float64) + inwards + downwards


def _slice_step(
    header: InstanceHeader, csa: dict[str, list[str]], normal: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    spacing = header.spacing_between_slices_mm or header.slice_thickness_mm
    stated = csa.get("SliceNormalVector", [])
    if spacing is None or spacing <= 0 or len(stated) < 3:
        raise _unknown(header, "The mosaic does not say in which direction its slices follow", "(0029,1010)")
    try:
        direction = np.array([float(v) for v in stated[:3]])
    except ValueError as error:
        raise _unknown(header, "The mosaic's slice normal is not a number", "(0029,1010)") from error
    along = float(direction @ normal)
    if not math.isfinite(along) or abs(along) < 0.99:
        raise _unknown(header, "The mosaic's slice normal is not perpendicular to its image", "(0029,1010)")
    return normal * math.copysign(spacing, along)


def _private_bytes(dataset: Dataset) -> bytes:
    if _CSA_IMAGE not in dataset:
        return b""
    value = dataset[_CSA_IMAGE].value
    return bytes(value) if isinstance(value, (bytes, bytearray)) else b""


def _image_count(dataset: Dataset, csa: dict[str, list[str]]) -> int | None:
    values = csa.get("NumberOfImagesInMosaic", [])
    if values and values[0].isdigit():
        return int(values[0]) or None
    if 0x0019100A in dataset:
        value = dataset[0x0019100A].value
        count = int.from_bytes(value, "little") if isinstance(value, bytes) else int(value)
        return count if 0 < count < 10_000 else None
    return None


def csa_values(data: bytes) -> dict[str, list[str]]:
    """Names and text values of a CSA2 header; empty where the bytes are not one."""
    if data[:4] != b"SV10":
        return {}
    (count,) = struct.unpack_from("<I", data, 8)
    position = 16
    values: dict[str, list[str]] = {}
    for _ in range(min(count, _MAX_TAGS)):
        name, _vm, _vr, _type, items, _check = struct.unpack_from("<64si4siii", data, position)
        position += 84
        texts = []
        for _ in range(max(0, min(items, _MAX_ITEMS))):
            (length,) = struct.unpack_from("<i", data, position + 4)
            position += 16
            if length < 0 or position + length > len(data):
                return values
            texts.append(data[position : position + length].split(b"\0")[0].decode("latin-1").strip())
            position += (length + 3) // 4 * 4
        values[name.split(b"\0")[0].decode("latin-1")] = [text for text in texts if text]
    return values
