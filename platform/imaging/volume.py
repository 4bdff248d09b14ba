"""Volumes: the pixels of a stack with the grid they lie on.

Memory: one array is allocated, frames are decoded into it; rescaling to a wider type adds at most one more.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import UID

from imaging.codecs import is_native
from imaging.errors import GeometryError, PixelDataError, UnsupportedError
from imaging.geometry import VolumeGeometry
from imaging.pixels import FrameReader, PixelDescription
from imaging.scan import Source
from imaging.scan_dataset import read_dataset
from imaging.series import FrameRef, UnreadableFile, VolumeStack, group, read_headers
from imaging.series_header import InstanceHeader
from imaging.suv import SuvFactor, suvbw_factor
from imaging.values import ValueKind, apply_modality_lut, check_scaling, is_integral, rescale, unit_of

Array = NDArray[Any]
MAX_VOLUME_BYTES = 16 << 30
"""Larger volumes are refused before anything is allocated."""


@dataclass(frozen=True, slots=True)
class VolumeInstance:
    """Which frame of which instance a slice came from; `frame_number` counts from 1."""

    sop_instance_uid: str
    path: str | None
    frame_number: int


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Voxels and where they lie.

    array       [slice, row, column] (a trailing axis of samples for colour)
    geometry    the grid of the array
    values      which kind of value: stored, modality or suv
    unit        UCUM
    instances   one per slice
    offsets_mm  true distance of each slice from the first along the plane normal
    method      how SUV was computed, empty otherwise
    """

    array: Array
    geometry: VolumeGeometry
    values: ValueKind
    unit: str
    instances: tuple[VolumeInstance, ...]
    offsets_mm: tuple[float, ...]
    stack: VolumeStack
    method: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FrameStack:
    """Frames without a volume: cine, projections, photographs, tiles.

    array     [frame, row, column] (a trailing axis of samples for colour)
    times_ms  start of each frame, None where the object has no time axis
    """

    array: Array
    values: ValueKind
    unit: str
    instances: tuple[VolumeInstance, ...]
    times_ms: tuple[float, ...] | None
    stack: VolumeStack


def load_volume(
    source: VolumeStack | Iterable[Source],
    *,
    values: ValueKind = "modality",
    allow_irregular: bool = False,
    max_bytes: int = MAX_VOLUME_BYTES,
) -> Volume:
    """The volume of a stack, or of files that make exactly one.

    Integers stay integers in the smallest exact type of at least 16 bits where slopes and intercepts are integral;
    else float32. Raises GeometryError where slices do not lie on one grid (unless `allow_irregular`: then the grid
    is the one through the first and last slice, and `offsets_mm` tells the truth), PixelDataError where pixels are
    absent, damaged or too many, UnreadableFileError where a file is not DICOM, UnsupportedError where SUV is unknown.
    """
    stack = source if isinstance(source, VolumeStack) else only_volume(source)
    geometry = _checked_geometry(stack, allow_irregular)
    refuse_conflicting_duplicates(stack)
    stored = _stored(stack.frames, max_bytes)
    array, method = _as_values(stored, stack, values)
    assert stack.fit is not None
    return Volume(
        array=array,
        geometry=geometry,
        values=values,
        unit=unit_of(stack.frames[0].header, values),
        instances=_instances(stack.frames),
        offsets_mm=stack.fit.offsets_mm,
        stack=stack,
        method=method,
    )


def load_frames(stack: VolumeStack, *, values: ValueKind = "stored", max_bytes: int = MAX_VOLUME_BYTES) -> FrameStack:
    """The frames of a stack as they follow each other, without a grid; tiled levels are read by `load_region`.

    Raises PixelDataError, UnsupportedError for a tiled level.
    """
    if stack.kind == "tiled":
        raise UnsupportedError(
            "A whole-slide level is one matrix of tiles, not a stack of frames",
            remedy="Load a region of it (imaging.volume_tiled.load_region).",
            path=stack.frames[0].header.path,
            code="tiled-level",
        )
    stored = _stored(stack.frames, max_bytes)
    array, _ = _as_values(stored, stack, values)
    times = [frame.time_ms for frame in stack.frames]
    return FrameStack(
        array=array,
        values=values,
        unit=unit_of(stack.frames[0].header, values),
        instances=_instances(stack.frames),
        times_ms=None if None in times else tuple(t for t in times if t is not None),
        stack=stack,
    )


def only_volume(sources: Iterable[Source]) -> VolumeStack:
    """The one volume that the sources hold; localizers and non-images do not count.

    Raises UnreadableFileError for the first file that cannot be read, GeometryError where there is no volume or more
    than one.
    """
    headers = read_headers(sources)
    for header in headers:
        if isinstance(header, UnreadableFile):
            raise header.error
    series = group(headers)
    for one in series:
        if one.unreadable:
            raise one.unreadable[0].error
        for lacking in one.lacking_pixels:
            # A slice that the volume would silently lack.
            raise lacking.error
    stacks = [stack for one in series for stack in one.stacks if stack.kind == "volume"]
    if len(stacks) != 1:
        sizes = ", ".join(str(len(stack.frames)) for stack in stacks)
        raise GeometryError(
            f"The files hold {len(stacks)} volumes{f' of {sizes} slices' if stacks else ''}",
            remedy="Choose one: imaging.series.group lists them." if stacks else "Load frames instead of a volume.",
            code="several-volumes" if stacks else "no-volume",
        )
    _refuse_lost_slices(stacks[0], [stack for one in series for stack in one.stacks])
    return stacks[0]


def _refuse_lost_slices(volume: VolumeStack, stacks: Sequence[VolumeStack]) -> None:
    """An image of the volume's own series or class that has no place is a slice the volume would silently lack.

    A dose report in colour beside a CT is neither; an image whose class is garbled may be.
    """
    own = volume.frames[0].header
    for stack in stacks:
        header = stack.frames[0].header
        related = header.series_instance_uid == own.series_instance_uid or header.sop_class_uid == own.sop_class_uid
        related = related or UID(header.sop_class_uid).name == header.sop_class_uid
        if stack.kind in ("image", "cine") and related:
            raise GeometryError(
                "An image beside the volume does not say where it lies",
                remedy="Have it sent again, or leave it out knowingly.",
                path=header.path,
                tag="(0020,0032)",
                code="no-position",
            )


def _checked_geometry(stack: VolumeStack, allow_irregular: bool) -> VolumeGeometry:
    path = stack.frames[0].header.path
    if stack.kind not in ("volume", "localizer"):
        raise GeometryError(
            f"A stack of kind {stack.kind} is not a volume",
            remedy="Load frames instead of a volume.",
            path=path,
            code="no-volume",
        )
    if stack.fit is None:
        raise GeometryError(
            "The frames have no position in the patient",
            remedy="Load frames instead of a volume.",
            path=path,
            tag="(0020,0032)",
            code="no-position",
        )
    if stack.fit.geometry is None:
        raise GeometryError(
            "PixelSpacing is absent or not a length",
            remedy="Have the sender supply it: no size in mm can be known.",
            path=path,
            tag="(0028,0030)",
            code="no-spacing",
        )
    if not stack.fit.is_regular and not allow_irregular:
        gaps = stack.fit.gaps_mm
        raise GeometryError(
            f"The slices do not lie on one grid: gaps from {min(gaps):.3f} to {max(gaps):.3f} mm",
            remedy="Find the missing or foreign slices (quality check), or allow an irregular volume.",
            path=path,
            tag="(0020,0032)",
            code="irregular-slices",
        )
    return stack.fit.geometry


def refuse_conflicting_duplicates(stack: VolumeStack) -> None:
    """Two images at one place are harmless only where they are the same image. Raises GeometryError."""
    for extra in stack.duplicates:
        place = np.asarray(extra.position_lps, dtype=np.float64)
        distances = [float(np.linalg.norm(place - np.asarray(f.position_lps, dtype=np.float64))) for f in stack.frames]
        twin = stack.frames[int(np.argmin(distances))]
        if not np.array_equal(_one_frame(extra), _one_frame(twin)):
            raise GeometryError(
                "Two different images lie at the same position",
                remedy="Take one of them out of the series.",
                path=extra.header.path,
                tag="(0020,0032)",
                code="conflicting-duplicates",
            )


def _one_frame(frame: FrameRef) -> Array:
    with FrameReader(frame.header) as reader:
        return _tile(reader.frame(frame.frame_index), frame).copy()


def _tile(array: Array, frame: FrameRef) -> Array:
    if frame.tile is None:
        return array
    row, column, rows, columns = frame.tile
    return array[row : row + rows, column : column + columns]


def _instances(frames: Sequence[FrameRef]) -> tuple[VolumeInstance, ...]:
    return tuple(VolumeInstance(f.header.sop_instance_uid, f.header.path, f.frame_number) for f in frames)


def _stored(frames: Sequence[FrameRef], max_bytes: int) -> Array:
    """Stored values of frames, decoded straight into one array."""
    descriptions = {id(f.header): PixelDescription.of(f.header) for f in frames}
    first = descriptions[id(frames[0].header)]
    dtype = _common_type(descriptions.values())
    shape = (len(frames), frames[0].rows, frames[0].columns, *first.shape[2:])
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if size > max_bytes:
        raise PixelDataError(
            f"The volume would take {size} bytes, the limit is {max_bytes}",
            remedy="Raise the limit if the size is real; otherwise the header is damaged.",
            path=frames[0].header.path,
            tag="(0028,0010)",
            code="absurd-size",
        )
    groups: dict[int, list[int]] = {}
    for index, frame in enumerate(frames):
        groups.setdefault(id(frame.header), []).append(index)
    # Every reader checks its pixel data against the header; nothing is allocated before the first one passed.
    array: Array | None = None
    with FrameReader(frames[0].header):
        array = np.empty(shape, dtype)
    native = all(is_native(d.transfer_syntax_uid) for d in descriptions.values())
    workers = 1 if native else min(4, os.cpu_count() or 1)
    if workers == 1:
        for indices in groups.values():
            _fill(array, frames, indices)
    else:
        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(_fill, array, frames, part) for part in _shares(groups, workers)]:
                done.result()
    return array


def _shares(groups: dict[int, list[int]], workers: int) -> list[list[int]]:
    """Work for the pool: one instance each, and big multi-frame instances cut into as many parts as workers."""
    shares: list[list[int]] = []
    for indices in groups.values():
        parts = workers if len(indices) > 4 * workers else 1
        shares += [indices[k::parts] for k in range(parts)]
    return shares


def _common_type(descriptions: Iterable[PixelDescription]) -> np.dtype[Any]:
    """One type for all slices; a mixture of signed and unsigned needs a wider one."""
    return np.result_type(*{d.dtype for d in descriptions})


def _fill(array: Array, frames: Sequence[FrameRef], indices: Sequence[int]) -> None:
    header = frames[indices[0]].header
    with FrameReader(header) as reader:
        last = -1
        for index in indices:
            frame = frames[index]
            if frame.tile is None and reader.read_into(frame.frame_index, array[index]):
                continue
            if frame.frame_index != last:
                decoded, last = reader.frame(frame.frame_index), frame.frame_index
            part = _tile(decoded, frame)
            if part.shape != array.shape[1:]:
                raise PixelDataError(
                    "Slices of one volume differ in size", remedy="Split the series.", path=header.path
                )
            array[index] = part


def _as_values(stored: Array, stack: VolumeStack, values: ValueKind) -> tuple[Array, str]:
    if values == "stored":
        return stored, ""
    frames = stack.frames
    check_scaling(frames)
    if any(frame.header.has_modality_lut for frame in frames):
        return np.stack([apply_modality_lut(stored[i], f.header) for i, f in enumerate(frames)]), ""
    factors = [1.0] * len(frames)
    method = ""
    if values == "suv":
        found = _suv_factors(frames)
        factors, method = [f.factor for f in found], found[0].method
    slopes = [f.slope * k for f, k in zip(frames, factors, strict=True)]
    intercepts = [f.intercept * k for f, k in zip(frames, factors, strict=True)]
    integral = values == "modality" and is_integral(frames)
    if integral and stored.dtype == np.uint8 and set(slopes) == {1.0} and set(intercepts) == {0.0}:
        return stored, method
    return rescale(stored, slopes, intercepts, integral=integral), method


def _suv_factors(frames: Sequence[FrameRef]) -> list[SuvFactor]:
    """One factor for each frame; the series is decayed to one time, its earliest instance tells which."""
    headers = {id(f.header): f.header for f in frames}
    first = min(headers.values(), key=_acquired)
    earliest = read_dataset(first.source, pixels=False)
    by_header: dict[int, SuvFactor] = {}
    for key, header in headers.items():
        dataset = earliest if header is first else read_dataset(header.source, pixels=False)
        by_header[key] = suvbw_factor(dataset, earliest=earliest, path=header.path)
    return [by_header[id(f.header)] for f in frames]


def _acquired(header: InstanceHeader) -> str:
    return header.acquisition_time or "~"
