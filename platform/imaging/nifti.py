"""NIfTI-1 in and out: arrays are `[slice, row, column]` here and `(column, row, slice)` RAS+ in the file.

C order of `[slice, row, column]` is the file's own order, so nothing is transposed or copied. Source: NIfTI-1.1
(nifti1.h), and NIfTI-2 for reading.
"""

from __future__ import annotations

import os
import struct
import zlib
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import nibabel as nib
import numpy as np
from isal import igzip, igzip_lib
from numpy.typing import DTypeLike, NDArray

from imaging.errors import ConversionError, GeometryError, PixelDataError, UnreadableFileError, UnsupportedError
from imaging.geometry import VolumeGeometry
from imaging.nifti_gzip import blocks_of, write_gzip

Array = NDArray[Any]

# Untyped in nibabel and isal.
_Nifti1Header: Any = nib.Nifti1Header
_Nifti2Header: Any = nib.Nifti2Header
_igzip_open: Any = igzip.open
_IsalError: Any = igzip_lib.error

_HEADER_BYTES = 352
_LARGEST_AXIS = 32767
_LARGEST_VOLUME_BYTES = 64 << 30
_STORABLE = frozenset("u1 i1 u2 i2 u4 i4 u8 i8 f4 f8".split())


def write_nifti(
    target: str | os.PathLike[str] | BinaryIO,
    array: Array,
    geometry: VolumeGeometry,
    *,
    dtype: DTypeLike | None = None,
    compress: bool = True,
    slope: float = 1.0,
    intercept: float = 0.0,
    repetition_s: float = 0.0,
) -> None:
    """Write `array` `[slice, row, column]` as one NIfTI-1 file; `compress` makes it `.nii.gz`.

    `[volume, slice, row, column]` makes a file of four dimensions, `repetition_s` apart.

    The bytes depend on the arguments only: no time, no name, no number of cores. `dtype` converts where every value
    survives, otherwise `ConversionError`. `slope` and `intercept` go to `scl_slope`, `scl_inter`: a reader multiplies.
    """
    if tuple(array.shape[-3:]) != geometry.size or array.ndim not in (3, 4):
        raise GeometryError("The array does not fit its geometry", remedy="Give the array as [slice, row, column].")
    stored = _storable(array, dtype)
    volumes = None if array.ndim == 3 else array.shape[0]
    header = nifti_header(
        stored.dtype, geometry, slope=slope, intercept=intercept, volumes=volumes, repetition_s=repetition_s
    )
    if isinstance(target, str | os.PathLike):
        with open(target, "wb") as file:
            _write(file, header, stored, compress)
    else:
        _write(target, header, stored, compress)


def _write(file: BinaryIO, header: bytes, array: Array, compress: bool) -> None:
    volumes = array if array.ndim == 4 else array[np.newaxis]
    blocks = (block for volume in volumes for block in blocks_of(volume))
    if compress:
        write_gzip(file, chain((header,), blocks))
        return
    file.write(header)
    for block in blocks:
        file.write(np.ascontiguousarray(block).data)


def nifti_header(
    dtype: np.dtype[Any],
    geometry: VolumeGeometry,
    *,
    slope: float = 1.0,
    intercept: float = 0.0,
    volumes: int | None = None,
    repetition_s: float = 0.0,
) -> bytes:
    """The 352 bytes before the voxels, little endian, with sform, and qform where it can hold the grid (no shear)."""
    if max(geometry.size) > _LARGEST_AXIS:
        raise ConversionError(
            f"NIfTI-1 holds at most {_LARGEST_AXIS} voxels along an axis", remedy="Crop or tile the volume first."
        )
    header = _Nifti1Header(endianness="<")
    header.set_data_shape(geometry.size[::-1] if volumes is None else (*geometry.size[::-1], volumes))
    header.set_data_dtype(dtype)
    affine = geometry.affine_ras_xyz
    header["pixdim"][1:4] = geometry.spacing_mm[::-1]
    if volumes is not None:
        header["pixdim"][4] = repetition_s
    header.set_sform(affine, code="scanner")
    if _is_orthonormal(geometry):
        header.set_qform(affine, code="scanner")
    header.set_xyzt_units("mm", "sec")
    header["scl_slope"], header["scl_inter"] = slope, intercept
    header["vox_offset"] = _HEADER_BYTES
    header["magic"] = b"n+1"
    return bytes(header.binaryblock) + b"\0\0\0\0"


def read_nifti(path: str | os.PathLike[str]) -> tuple[Array, VolumeGeometry]:
    """Voxels `[slice, row, column]` and grid of a NIfTI-1 or -2 file, gzipped or not.

    `scl_slope` and `scl_inter` are applied where they change a value. Raises `UnreadableFileError` for what is not
    NIfTI, `PixelDataError` for a truncated file, `UnsupportedError` for more than three dimensions or colour,
    `GeometryError` where neither sform nor qform says where the voxels lie.
    """
    name = Path(path)
    try:
        with _open(name) as file:
            header = _read_header(file, name)
            voxels = _read_voxels(file, header, name)
    except (EOFError, OSError, zlib.error, igzip.BadGzipFile, _IsalError, struct.error) as error:
        raise UnreadableFileError(
            "The file cannot be read as NIfTI", remedy="Export it again; it may be truncated.", path=name
        ) from error
    geometry = _geometry(header, voxels.shape, name)
    return _scaled(voxels, header), geometry


def _open(path: Path) -> BinaryIO:
    with open(path, "rb") as probe:
        is_gzip = probe.read(2) == b"\x1f\x8b"
    file: BinaryIO = _igzip_open(path, "rb") if is_gzip else open(path, "rb")
    return file


def _read_header(file: BinaryIO, path: Path) -> Any:
    start = file.read(4)
    sizes = {struct.pack(order + "i", size): (kind, order) for order in "<>" for size, kind in _KINDS.items()}
    if start not in sizes:
        raise UnreadableFileError("The file is not NIfTI", remedy="Give a .nii or .nii.gz file.", path=path)
    kind, order = sizes[start]
    block = start + file.read(kind.template_dtype.itemsize - 4)
    if len(block) < kind.template_dtype.itemsize:
        raise UnreadableFileError("The NIfTI header is cut short", remedy="Export the file again.", path=path)
    header = kind(block, endianness=order, check=False)
    if bytes(header["magic"].item())[:2] in (b"ni",):
        raise UnsupportedError("A .hdr without its .img", remedy="Write one .nii file.", path=path)
    skip = int(header["vox_offset"]) - len(block)
    if skip < 0 or skip > 1 << 26:
        raise UnreadableFileError("The NIfTI header places the voxels nowhere", remedy="Export it again.", path=path)
    file.read(skip)
    return header


_KINDS = {348: _Nifti1Header, 540: _Nifti2Header}


def _read_voxels(file: BinaryIO, header: Any, path: Path) -> Array:
    dim = [int(v) for v in header["dim"]]
    sizes = dim[1 : dim[0] + 1] if 1 <= dim[0] <= 7 else []
    if len(sizes) < 2 or min(sizes) < 1 or any(size != 1 for size in sizes[3:]):
        raise UnsupportedError("Only NIfTI files of one volume are read", remedy="Split the time axis.", path=path)
    try:
        dtype = header.get_data_dtype().newbyteorder(header.endianness)
    except (KeyError, nib.spatialimages.HeaderDataError) as error:
        raise UnsupportedError(
            "A NIfTI data type nobody defined", remedy="Export the file again.", path=path
        ) from error
    if dtype.kind not in "iuf":
        raise UnsupportedError(
            "NIfTI of colours or complex numbers", remedy="Convert it to one number a voxel.", path=path
        )
    shape = (*([1] * (3 - len(sizes[:3]))), *reversed(sizes[:3]))
    count = int(np.prod(shape, dtype=np.int64))
    if count * dtype.itemsize > _LARGEST_VOLUME_BYTES:
        raise UnsupportedError("The header declares an absurd size", remedy="Check dim in the header.", path=path)
    data = _read_exactly(file, count * dtype.itemsize)
    if len(data) < count * dtype.itemsize:
        raise PixelDataError("The file ends before its last voxel", remedy="Export the file again.", path=path)
    array: Array = np.frombuffer(data, dtype).reshape(shape)
    return array if dtype.isnative else array.astype(dtype.newbyteorder("="))


def _read_exactly(file: BinaryIO, count: int) -> bytearray:
    """At most `count` bytes, growing as they come: a lying header allocates nothing."""
    data = bytearray()
    while len(data) < count:
        piece = file.read(min(count - len(data), 64 << 20))
        if not piece:
            break
        data += piece
    return data


def _geometry(header: Any, shape: tuple[int, ...], path: Path) -> VolumeGeometry:
    size = (shape[0], shape[1], shape[2])
    try:
        if int(header["sform_code"]) > 0:
            return VolumeGeometry.from_affine_ras_xyz(header.get_sform(), size)
        if int(header["qform_code"]) > 0:
            return VolumeGeometry.from_affine_ras_xyz(header.get_qform(), size)
    except (GeometryError, nib.spatialimages.HeaderDataError, ValueError) as error:
        raise GeometryError(
            "The affine is singular or not a number", remedy="Write a valid affine.", path=path
        ) from error
    raise GeometryError(
        "Neither sform nor qform says where the voxels lie", remedy="Write the file with an affine.", path=path
    )


def _scaled(voxels: Array, header: Any) -> Array:
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0 or (slope == 1 and intercept in (0.0,)):
        return voxels
    if not np.isfinite(intercept):
        intercept = 0.0
    if float(slope).is_integer() and intercept.is_integer() and voxels.dtype.kind in "iu" and voxels.itemsize <= 4:
        return _narrowest(voxels.astype(np.int64) * int(slope) + int(intercept))
    scaled: Array = (voxels * np.float64(slope) + intercept).astype(np.float32 if voxels.itemsize <= 2 else np.float64)
    return scaled


def _narrowest(values: Array) -> Array:
    low, high = int(values.min()), int(values.max())
    for dtype in (np.int16, np.int32):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return values.astype(dtype)
    return values


def _storable(array: Array, dtype: DTypeLike | None) -> Array:
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    wanted = np.dtype(array.dtype if dtype is None else dtype).newbyteorder("<")
    if wanted.str[1:] not in _STORABLE:
        raise ConversionError(f"NIfTI does not hold {wanted.name}", remedy="Name a dtype of whole or real numbers.")
    if array.dtype == wanted:
        return array
    converted = array.astype(wanted)
    if not np.can_cast(array.dtype, wanted, "safe") and not np.array_equal(
        converted.astype(array.dtype), array, equal_nan=array.dtype.kind == "f"
    ):
        raise ConversionError(f"Values do not fit {wanted.name} without loss", remedy="Choose a wider dtype.")
    return converted


def _is_orthonormal(geometry: VolumeGeometry) -> bool:
    direction = np.asarray(geometry.direction)
    return bool(np.allclose(direction.T @ direction, np.eye(3), atol=1e-5))
