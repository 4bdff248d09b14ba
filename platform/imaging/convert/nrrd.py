"""NRRD and MetaImage: read with SimpleITK, written here, so that the same voxels give the same bytes.

Source: the NRRD format (NRRD0004), MetaIO; segment names as 3D Slicer's `.seg.nrrd` carries them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ConversionError, GeometryError, UnreadableFileError, UnsupportedError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import SegmentDescription
from imaging.nifti_gzip import blocks_of, write_gzip

Array = NDArray[Any]

_NRRD_TYPES = {
    "u1": "uint8",
    "i1": "int8",
    "u2": "uint16",
    "i2": "int16",
    "u4": "uint32",
    "i4": "int32",
    "f4": "float",
    "f8": "double",
}
_META_TYPES = {
    "u1": "MET_UCHAR",
    "i1": "MET_CHAR",
    "u2": "MET_USHORT",
    "i2": "MET_SHORT",
    "u4": "MET_UINT",
    "i4": "MET_INT",
    "f4": "MET_FLOAT",
    "f8": "MET_DOUBLE",
}


def read_itk(path: Path) -> tuple[Array, VolumeGeometry]:
    """Voxels `[slice, row, column]` and grid of a NRRD, MHA or MHD file.

    Raises `UnreadableFileError`, `UnsupportedError` for colour or other than three dimensions, `GeometryError`.
    """
    import SimpleITK as sitk  # half a second to import, and only reading needs it

    try:
        image: Any = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise UnreadableFileError(
            "The file cannot be read as NRRD or MetaImage", remedy="Export it again.", path=path
        ) from error
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise UnsupportedError("Only one volume of one number a voxel is read", remedy="Split the file.", path=path)
    return sitk.GetArrayFromImage(image), geometry_of(image)


def geometry_of(image: Any) -> VolumeGeometry:
    """The grid of a SimpleITK image of three dimensions (ITK is LPS, as DICOM is). Raises `GeometryError`."""
    columns = np.asarray(image.GetDirection(), np.float64).reshape(3, 3) * np.asarray(image.GetSpacing(), np.float64)
    if not np.isfinite(columns).all():
        raise GeometryError("The axes of the image are not numbers", remedy="Export it again.")
    affine = np.eye(4)
    affine[:3, :3] = columns[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    size = image.GetSize()
    return VolumeGeometry.from_affine_lps(affine, (size[2], size[1], size[0]))


def write_nrrd(path: Path, array: Array, geometry: VolumeGeometry, segments: Sequence[SegmentDescription] = ()) -> None:
    """`[slice, row, column]` as gzip-encoded NRRD; `segments` are named as 3D Slicer names them."""
    stored = _little_endian(array, geometry)
    affine = geometry.affine_lps
    axes = " ".join(_vector(affine[:3, axis]) for axis in (2, 1, 0))
    lines = [
        "NRRD0004",
        f"type: {_NRRD_TYPES[stored.dtype.str[1:]]}",
        "dimension: 3",
        "space: left-posterior-superior",
        f"sizes: {' '.join(str(n) for n in geometry.size[::-1])}",
        f"space directions: {axes}",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: gzip",
        f"space origin: {_vector(affine[:3, 3])}",
    ]
    for index, segment in enumerate(segments):
        lines += [
            f"Segment{index}_ID:=Segment_{segment.number}",
            f"Segment{index}_LabelValue:={segment.number}",
            f"Segment{index}_Layer:=0",
            f"Segment{index}_Name:={_one_line(segment.label)}",
        ]
    with open(path, "wb") as file:
        file.write(("\n".join(lines) + "\n\n").encode("utf-8"))
        write_gzip(file, blocks_of(stored))


def write_mha(path: Path, array: Array, geometry: VolumeGeometry) -> None:
    """`[slice, row, column]` as one uncompressed MetaImage file."""
    stored = _little_endian(array, geometry)
    direction = np.asarray(geometry.direction)[:, ::-1]
    header = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False",
        # MetaIO lists one axis after the other.
        "TransformMatrix": " ".join(repr(float(v)) for v in direction.T.ravel()),
        "Offset": " ".join(repr(v) for v in geometry.origin_lps),
        "CenterOfRotation": "0 0 0",
        "ElementSpacing": " ".join(repr(v) for v in geometry.spacing_mm[::-1]),
        "DimSize": " ".join(str(n) for n in geometry.size[::-1]),
        "ElementType": _META_TYPES[stored.dtype.str[1:]],
        "ElementDataFile": "LOCAL",
    }
    text = io.StringIO()
    text.writelines(f"{name} = {value}\n" for name, value in header.items())
    with open(path, "wb") as file:
        file.write(text.getvalue().encode("ascii"))
        file.write(np.ascontiguousarray(stored).data)


def _little_endian(array: Array, geometry: VolumeGeometry) -> Array:
    if tuple(array.shape) != geometry.size:
        raise GeometryError("The array does not fit its geometry", remedy="Give the array as [slice, row, column].")
    array = array.astype(np.uint8) if array.dtype == np.bool_ else array
    if array.dtype.str[1:] not in _NRRD_TYPES:
        raise ConversionError(f"{array.dtype} cannot be written", remedy="Use whole numbers up to 32 bits or floats.")
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def _vector(values: Array) -> str:
    return "(" + ",".join(repr(float(v)) for v in values) + ")"


def _one_line(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\r", " ").replace("\n", " ")
