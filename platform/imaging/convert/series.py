"""DICOM series → NIfTI, on the grid and with the voxels of dcm2niix, and a sidecar with the acquisition.

What dcm2niix does and this follows: rows are stored bottom up; a 3D MR acquisition is turned to the nearest canonical
RAS axes; unsigned 16-bit samples with fewer bits stored become signed; rescaling goes to `scl_slope`, `scl_inter`
unless it differs between slices, which makes float32; volumes in time share one file. What it does not follow: a
tilted gantry keeps its true, sheared affine, and uneven slices are refused instead of resampled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.codecs import is_native
from imaging.convert.layout import Layout, layout_of
from imaging.convert.sidecar import sidecar
from imaging.errors import ConversionError, ImagingError
from imaging.nifti import nifti_header, write_nifti
from imaging.nifti_gzip import BLOCK_BYTES, write_gzip
from imaging.pixels import FrameReader
from imaging.scan import Source
from imaging.scan_dataset import read_dataset
from imaging.series import FrameRef, UnreadableFile, VolumeStack, group, read_headers
from imaging.values import check_scaling
from imaging.volume import load_volume, refuse_conflicting_duplicates

Array = NDArray[Any]
Progress = Callable[[str], None]

# Labels along which volumes of one grid make the fourth dimension of one file, as they do in dcm2niix.
_TIME_LABELS = frozenset(("temporal", "b_value", "trigger_time_ms", "acquisition_time", "content_time", "phase"))


@dataclass(frozen=True)
class ConvertedSeries:
    """What was written for one volume, or why it was refused."""

    series_instance_uid: str
    image: Path | None
    sidecar: Path | None
    error: ImagingError | None = None


def convert_series(
    sources: Iterable[Source], out_dir: Path, *, compress: bool = True, progress: Progress = lambda line: None
) -> list[ConvertedSeries]:
    """Every volume among `sources` as `.nii.gz` with a JSON sidecar in `out_dir`, which must exist.

    File names hold modality and series number, never text a person typed. A volume that cannot be converted without
    loss is reported with its error, and the others are still written.
    """
    headers = read_headers(sources)
    results = [ConvertedSeries("", None, None, h.error) for h in headers if isinstance(h, UnreadableFile)]
    taken: set[str] = set()
    for series in group(headers):
        volumes = [stack for stack in series.stacks if stack.kind == "volume"]
        for stacks in _share_a_file(volumes):
            name = unused_name(
                f"{series.modality.lower() or 'ot'}_{stacks[0].frames[0].header.series_number or 0}", taken
            )
            suffix = ".nii.gz" if compress else ".nii"
            progress(f"{name}{suffix}: {len(stacks)} volume(s) of {len(stacks[0].frames)} slices")
            results.append(_convert(series.series_instance_uid, stacks, out_dir / name, suffix))
        if not volumes and series.stacks:
            refusal = ConversionError(
                "The series holds no volume: projections, cine or single images",
                remedy="Convert it to PNG, or keep it as DICOM.",
                path=series.headers[0].path,
            )
            results.append(ConvertedSeries(series.series_instance_uid, None, None, refusal))
    return results


def _convert(series_uid: str, stacks: list[VolumeStack], base: Path, suffix: str) -> ConvertedSeries:
    image = base.with_name(base.name + suffix)
    try:
        write_stacks(stacks, image, compress=suffix.endswith(".gz"))
    except ImagingError as error:
        image.unlink(missing_ok=True)
        return ConvertedSeries(series_uid, None, None, error)
    companion = base.with_name(base.name + ".json")
    companion.write_text(json.dumps(sidecar(stacks), indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    return ConvertedSeries(series_uid, image, companion)


def write_stacks(stacks: Sequence[VolumeStack], path: Path, *, compress: bool = True) -> None:
    """One NIfTI of one volume, or of several on one grid as the fourth dimension. The bytes depend on pixels only.

    Raises what `load_volume` raises: uneven slices, damaged pixels, two images at one place.
    """
    first = stacks[0]
    is_3d = _is_3d_acquisition(first)
    scale = _Scale.of(stacks)
    if scale.streams and len(stacks) == 1 and compress and not is_3d and first.is_regular:
        _write_streaming(first, path, scale)
        return
    arrays, layout = [], None
    for stack in stacks:
        has_table = any(frame.header.has_modality_lut for frame in stack.frames)
        volume = load_volume(stack, values="modality" if has_table else "stored")
        layout = layout_of(volume.geometry, is_3d_acquisition=is_3d)
        array = scale.typed(volume.array) if scale.is_uniform or has_table else _rescaled(volume.array, stack)
        arrays.append(layout.apply(array))
    assert layout is not None
    voxels = arrays[0] if len(arrays) == 1 else np.stack(arrays)
    slope, intercept = (scale.slope, scale.intercept) if scale.is_uniform else (1.0, 0.0)
    repetition_s = 0.0 if len(stacks) == 1 else _repetition_s(first)
    write_nifti(
        path, voxels, layout.geometry, compress=compress, slope=slope, intercept=intercept, repetition_s=repetition_s
    )


def _rescaled(stored: Array, stack: VolumeStack) -> Array:
    """Modality values in float32 arithmetic, slice by slice: to the last bit what dcm2niix writes."""
    check_scaling(stack.frames)
    values = stored.astype(np.float32)
    for plane, frame in zip(values, stack.frames, strict=True):
        plane *= np.float32(frame.slope)
        plane += np.float32(frame.intercept)
    return values


def _write_streaming(stack: VolumeStack, path: Path, scale: _Scale) -> None:
    """Slices are read, flipped and compressed in the workers: no more than a few blocks are ever in memory."""
    refuse_conflicting_duplicates(stack)
    assert stack.fit is not None and stack.fit.geometry is not None
    layout = layout_of(stack.fit.geometry, is_3d_acquisition=False)
    frame = stack.frames[0]
    dtype = scale.dtype
    each = max(1, BLOCK_BYTES // (frame.rows * frame.columns * dtype.itemsize))

    def block(frames: Sequence[FrameRef]) -> Callable[[], Array]:
        return lambda: _planes(frames, layout, scale)

    header = nifti_header(dtype, layout.geometry, slope=scale.slope, intercept=scale.intercept)
    blocks = [block(stack.frames[start : start + each]) for start in range(0, len(stack.frames), each)]
    with open(path, "wb") as file:
        write_gzip(file, (header, *blocks))


def _planes(frames: Sequence[FrameRef], layout: Layout, scale: _Scale) -> Array:
    planes = np.empty((len(frames), frames[0].rows, frames[0].columns), scale.dtype)
    for place, frame in enumerate(frames):
        with FrameReader(frame.header) as reader:
            planes[place] = layout.apply_plane(scale.typed(reader.frame(frame.frame_index)))
    return planes


@dataclass(frozen=True)
class _Scale:
    """How stored samples go into the file: their type, and one slope and intercept where all slices share them."""

    is_uniform: bool
    slope: float
    intercept: float
    dtype: np.dtype[Any]
    streams: bool

    @classmethod
    def of(cls, stacks: Sequence[VolumeStack]) -> _Scale:
        frames = [frame for stack in stacks for frame in stack.frames]
        headers = [frame.header for frame in frames]
        scales = {(frame.slope, frame.intercept) for frame in frames}
        kinds = {(h.bits_allocated, h.bits_stored < h.bits_allocated, h.pixel_representation) for h in headers}
        uniform = len(scales) == 1 and not any(h.has_modality_lut for h in headers) and next(iter(scales))[0] != 0
        bits, has_spare_bits, signed = next(iter(kinds))
        dtype = np.dtype(f"{'i' if signed or (bits == 16 and has_spare_bits) else 'u'}{max(bits, 8) // 8}")
        first = headers[0]
        plain = (
            len(kinds) == 1
            and bits in (8, 16)
            and first.samples_per_pixel == 1
            and all(is_native(h.transfer_syntax_uid) and not h.is_multiframe for h in headers)
            and len({(h.rows, h.columns) for h in headers}) == 1
        )
        return cls(uniform, *(next(iter(scales)) if uniform else (1.0, 0.0)), dtype, uniform and plain)

    def typed(self, stored: Array) -> Array:
        """Unsigned samples of fewer than 16 bits as signed: the same bytes."""
        if self.is_uniform and stored.dtype == np.uint16 and self.dtype == np.int16:
            return stored.view(np.int16)
        return stored


def _share_a_file(volumes: Sequence[VolumeStack]) -> list[list[VolumeStack]]:
    """Volumes that differ in time or diffusion weighting only, together; others alone."""
    groups: list[list[VolumeStack]] = []
    for stack in volumes:
        for members in groups:
            if _belongs(stack, members[0]):
                members.append(stack)
                break
        else:
            groups.append([stack])
    return groups


def _belongs(stack: VolumeStack, other: VolumeStack) -> bool:
    if not stack.labels or set(stack.labels) != set(other.labels):
        return False
    differing = {name for name in stack.labels if stack.labels[name] != other.labels[name]}
    grids = [s.fit.geometry for s in (stack, other) if s.fit is not None and s.fit.geometry is not None]
    return bool(differing) and differing <= _TIME_LABELS and len(grids) == 2 and grids[0].same_grid(grids[1])


def unused_name(name: str, taken: set[str]) -> str:
    """`name`, or `name_2` … where it is taken; adds it to `taken`."""
    unused, number = name, 1
    while unused in taken:
        number += 1
        unused = f"{name}_{number}"
    taken.add(unused)
    return unused


def _is_3d_acquisition(stack: VolumeStack) -> bool:
    header = stack.frames[0].header
    if header.modality != "MR":
        return False
    return str(read_dataset(header.source, pixels=False).get("MRAcquisitionType", "")) == "3D"


def _repetition_s(stack: VolumeStack) -> float:
    ds = read_dataset(stack.frames[0].header.source, pixels=False)
    value = ds.get("RepetitionTime")
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for item in list(ds.get(keyword) or [])[:1]:
            timing = item.get("MRTimingAndRelatedParametersSequence")
            value = value or (timing[0].get("RepetitionTime") if timing else None)
    return float(value) / 1000.0 if value else 0.0
