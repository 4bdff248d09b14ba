"""NIfTI: what is written is read by nibabel and SimpleITK, and the bytes never move."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging import nifti_gzip
from imaging.errors import ConversionError, GeometryError, PixelDataError, UnreadableFileError, UnsupportedError
from imaging.geometry import VolumeGeometry
from imaging.nifti import read_nifti, write_nifti


def _oblique(size: tuple[int, int, int]) -> VolumeGeometry:
    turn, _ = np.linalg.qr(np.array([[1.0, 0.2, 0.1], [-0.1, 1.0, 0.3], [0.2, -0.3, 1.0]]))
    affine = np.eye(4)
    affine[:3, :3] = turn * (2.5, 0.7, 0.8)
    affine[:3, 3] = (-12.5, 40.25, -300.0)
    return VolumeGeometry.from_affine_lps(affine, size)


def _volume(size: tuple[int, int, int], dtype: str = "i2") -> np.ndarray:
    return np.random.default_rng(7).integers(0, 100, size).astype(dtype)


def test_voxel_meets_its_world_point_in_nibabel_and_simpleitk(tmp_path: Path) -> None:
    geometry = _oblique((3, 4, 5))
    array = _volume(geometry.size)
    path = tmp_path / "volume.nii.gz"
    write_nifti(path, array, geometry)

    image = nib.Nifti1Image.from_filename(path)
    index = np.array([2, 1, 3])  # slice, row, column
    point_lps = geometry.point_lps(index[np.newaxis])[0]
    assert np.asarray(image.dataobj)[tuple(index[::-1])] == array[tuple(index)]
    assert np.allclose(image.affine @ [*index[::-1], 1], [-point_lps[0], -point_lps[1], point_lps[2], 1], atol=1e-4)
    itk = sitk.ReadImage(str(path))
    assert np.array_equal(sitk.GetArrayFromImage(itk), array)
    assert np.allclose(itk.TransformIndexToPhysicalPoint([int(i) for i in index[::-1]]), point_lps, atol=1e-4)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
@pytest.mark.parametrize("compress", [True, False])
def test_round_trip_keeps_values_type_and_grid(tmp_path: Path, dtype: str, compress: bool) -> None:
    geometry = _oblique((2, 3, 4))
    array = _volume(geometry.size, dtype)
    write_nifti(tmp_path / "volume.nii", array, geometry, compress=compress)

    back, back_geometry = read_nifti(tmp_path / "volume.nii")

    assert back.dtype == array.dtype
    assert np.array_equal(back, array)
    assert back_geometry.same_grid(geometry, tolerance_mm=1e-4)


def test_bytes_are_the_same_for_any_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    geometry = _oblique((40, 256, 300))
    array = _volume(geometry.size)
    written = set()
    for workers in (1, 2, 5):
        monkeypatch.setattr(nifti_gzip, "worker_count", lambda workers=workers: workers)
        buffer = io.BytesIO()
        write_nifti(buffer, array, geometry)
        written.add(buffer.getvalue())
    assert len(written) == 1
    assert hashlib.sha256(gzip.decompress(written.pop())[352:]).digest() == hashlib.sha256(array.tobytes()).digest()


def test_bytes_are_those_of_every_other_machine() -> None:
    """The same on processors with SSE2, SSE4.2, AVX2 and AVX-512; a change of compressor or level must be deliberate."""
    geometry = VolumeGeometry((1.5, -2.0, 3.0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), (2.0, 0.5, 0.5), (24, 300, 400))
    index = np.arange(24 * 300 * 400, dtype=np.int64)
    array = ((index * 2654435761 >> 7) % 97 + (index // 400) % 31).astype(np.int16).reshape(geometry.size)
    buffer = io.BytesIO()
    write_nifti(buffer, array, geometry)
    assert (
        hashlib.sha256(buffer.getvalue()).hexdigest()
        == "d159d7ec3f0ed71f9f3706e028a84744955dbbbf072447b4e7d209f3695f457c"
    )


def test_gzip_header_names_no_time_no_file_and_no_system(tmp_path: Path) -> None:
    write_nifti(tmp_path / "secret-name.nii.gz", _volume((1, 2, 2)), _oblique((1, 2, 2)))
    assert (tmp_path / "secret-name.nii.gz").read_bytes()[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.binary(max_size=300), max_size=6), st.sampled_from([0, 1, 2, 3]))
def test_any_blocks_make_one_gzip_member(blocks: list[bytes], level: int) -> None:
    buffer = io.BytesIO()
    nifti_gzip.write_gzip(buffer, blocks, level=level)
    assert gzip.decompress(buffer.getvalue()) == b"".join(blocks)


def test_sheared_grid_has_no_qform_but_a_full_sform(tmp_path: Path) -> None:
    affine = np.diag([2.0, 1.0, 1.0, 1.0])[:, [2, 1, 0, 3]]
    affine[1, 0] = 0.5  # the stack leans, as with a tilted gantry
    geometry = VolumeGeometry.from_affine_lps(affine, (3, 2, 2))
    write_nifti(tmp_path / "tilted.nii", _volume(geometry.size), geometry, compress=False)

    header = nib.Nifti1Image.from_filename(tmp_path / "tilted.nii").header

    assert (int(header["qform_code"]), int(header["sform_code"])) == (0, 1)
    assert np.allclose(header.get_sform(), geometry.affine_ras_xyz, atol=1e-6)


def test_slope_and_intercept_give_whole_hounsfield_units(tmp_path: Path) -> None:
    array = np.array([[[0, 1024, 4095]]], np.int16)
    write_nifti(tmp_path / "ct.nii.gz", array, _oblique((1, 1, 3)), slope=1.0, intercept=-1024.0)
    values, _ = read_nifti(tmp_path / "ct.nii.gz")
    assert values.dtype == np.int16
    assert values.ravel().tolist() == [-1024, 0, 3071]


def test_narrowing_that_loses_a_value_is_refused(tmp_path: Path) -> None:
    geometry = _oblique((1, 1, 2))
    with pytest.raises(ConversionError, match="without loss"):
        write_nifti(tmp_path / "x.nii", np.array([[[1, 300]]], np.int32), geometry, dtype=np.uint8)
    with pytest.raises(ConversionError, match="does not hold"):
        write_nifti(tmp_path / "x.nii", np.ones((1, 1, 2), np.float16), geometry)
    assert not (tmp_path / "x.nii").exists()


def test_array_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GeometryError):
        write_nifti(tmp_path / "x.nii", np.zeros((2, 2, 3), np.uint8), _oblique((3, 2, 2)))


def _header_with(tmp_path: Path, edits: dict[int, bytes]) -> Path:
    path = tmp_path / "edited.nii"
    write_nifti(path, _volume((2, 3, 4)), _oblique((2, 3, 4)), compress=False)
    content = bytearray(path.read_bytes())
    for offset, value in edits.items():
        content[offset : offset + len(value)] = value
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("edits", "error"),
    [
        pytest.param({0: b"nope"}, UnreadableFileError, id="not nifti"),
        pytest.param({40: struct.pack("<8h", 3, 4, 3, 9, 1, 1, 1, 1)}, PixelDataError, id="shorter than declared"),
        pytest.param({40: struct.pack("<8h", 3, 32767, 32767, 32767, 1, 1, 1, 1)}, UnsupportedError, id="absurd size"),
        pytest.param({40: struct.pack("<8h", 4, 4, 3, 1, 2, 1, 1, 1)}, UnsupportedError, id="two volumes"),
        pytest.param({40: struct.pack("<8h", 9, 4, 3, 2, 1, 1, 1, 1)}, UnsupportedError, id="nine dimensions"),
        pytest.param({70: struct.pack("<h", 128)}, UnsupportedError, id="colour"),
        pytest.param({70: struct.pack("<h", 77)}, UnsupportedError, id="unknown data type"),
        pytest.param({252: struct.pack("<2h", 0, 0)}, GeometryError, id="no orientation"),
        pytest.param({280: struct.pack("<4f", 0, 0, 0, 0)}, GeometryError, id="singular affine"),
        pytest.param({280: struct.pack("<4f", float("nan"), 0, 0, 0)}, GeometryError, id="affine not a number"),
        pytest.param({108: struct.pack("<f", -5)}, UnreadableFileError, id="voxels nowhere"),
    ],
)
def test_bad_header_is_a_typed_error(tmp_path: Path, edits: dict[int, bytes], error: type[Exception]) -> None:
    with pytest.raises(error):
        read_nifti(_header_with(tmp_path, edits))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_mutated_files_give_a_volume_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    from imaging.errors import ImagingError

    path = tmp_path_factory.mktemp("mutated") / "x.nii.gz"
    write_nifti(path, _volume((2, 3, 4)), _oblique((2, 3, 4)), compress=data.draw(st.booleans()))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        array, geometry = read_nifti(path)
    except ImagingError:
        return
    assert array.shape == geometry.size
