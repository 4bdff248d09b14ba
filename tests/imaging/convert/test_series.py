"""Series → NIfTI beside dcm2niix on the same files: grid, scaling, type and voxels."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from imaging.convert.layout import layout_of
from imaging.convert.series import convert_series
from imaging.geometry import VolumeGeometry
from imaging.nifti import read_nifti

DCM2NIIX = Path(sys.executable).parent / "dcm2niix"

# Folder below the shared data → volumes in it. In 07 the Philips slope of dcm2niix is a private one: see below.
SETS = {
    "02_petct_acrin042/PT": 1,
    "03_rtstruct_sts042/CT": 1,
    "03_rtstruct_sts042/MR_T1": 1,
    "03_rtstruct_sts042/PET": 1,
    "04_mr_longitudinal_cmb/timepoint1_19591209": 1,
    "07_enhanced_multiframe/siemens_xa10_mr": 1,
    "10_orientation_phantom/dicom": 1,
    "11_ct_multiorgan_totalseg/dicom": 1,
    "12_corner_cases/dicom2nifti_slicecount": 1,
}


def _image(path: Path) -> Any:
    return nib.Nifti1Image.from_filename(path)


def _peer(folder: Path, out: Path) -> list[Any]:
    out.mkdir()
    command = [str(DCM2NIIX), "-b", "n", "-z", "n", "-f", "%s_%d", "-o", str(out), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return [_image(path) for path in sorted(out.glob("*.nii"))]


@pytest.mark.parametrize("folder", SETS)
def test_same_grid_type_scaling_and_voxels_as_dcm2niix(shared_dir: Path, tmp_path: Path, folder: str) -> None:
    source = shared_dir / "data" / folder
    (tmp_path / "ours").mkdir()
    results = convert_series(sorted(source.rglob("*.dcm")) or sorted(source.iterdir()), tmp_path / "ours")
    peers = _peer(source, tmp_path / "peer")
    assert [result.error for result in results] == [None] * SETS[folder]
    for result, peer in zip(results, peers, strict=True):
        assert result.image is not None
        ours = _image(result.image)
        assert ours.shape == peer.shape
        assert ours.get_data_dtype() == peer.get_data_dtype()
        assert (ours.dataobj.slope, ours.dataobj.inter) == (peer.dataobj.slope, peer.dataobj.inter)
        assert np.array_equal(np.asanyarray(ours.dataobj), np.asanyarray(peer.dataobj))
        # dcm2niix takes the first gap for all; we take the mean of the true positions.
        assert np.abs(ours.affine - peer.affine).max() < 5e-4


def test_philips_volume_is_the_published_reference_point_by_point(shared_dir: Path, tmp_path: Path) -> None:
    data = shared_dir / "data" / "07_enhanced_multiframe"
    (result,) = convert_series(sorted((data / "philips_mr").iterdir()), tmp_path)
    assert result.image is not None
    ours, reference = _image(result.image), _image(data / "philips_ref.nii.gz")
    index = np.indices(ours.shape).reshape(3, -1)
    world = ours.affine[:3, :3] @ index + ours.affine[:3, 3:]
    there = np.rint(np.linalg.solve(reference.affine, np.vstack([world, np.ones(world.shape[1])]))[:3]).astype(int)
    assert np.allclose(
        np.asanyarray(ours.dataobj).ravel(), np.asanyarray(reference.dataobj)[..., 0][tuple(there)], atol=1e-3
    )


def test_siemens_time_series_is_the_published_reference(shared_dir: Path, tmp_path: Path) -> None:
    data = shared_dir / "data" / "07_enhanced_multiframe"
    (result,) = convert_series(sorted((data / "siemens_xa10_mr").iterdir()), tmp_path)
    assert result.image is not None
    ours, reference = _image(result.image), _image(data / "siemens_xa10_ref.nii")
    assert np.array_equal(np.asanyarray(ours.dataobj), np.asanyarray(reference.dataobj))
    assert np.abs(ours.affine - reference.affine).max() < 5e-5
    assert ours.header.get_zooms()[3] == pytest.approx(reference.header.get_zooms()[3])


def test_orientation_phantom_holds_its_own_coordinates(shared_dir: Path, tmp_path: Path) -> None:
    """The value at (x, y, z) LPS is (x + y − z) / 2: a flip or a swap of axes cannot hide."""
    (result,) = convert_series(sorted((shared_dir / "data/10_orientation_phantom/dicom").iterdir()), tmp_path)
    assert result.image is not None
    array, geometry = read_nifti(result.image)
    index = np.indices(array.shape).reshape(3, -1).T
    points = geometry.point_lps(index.astype(float))
    expected = (points[:, 0] + points[:, 1] - points[:, 2]) / 2
    assert np.abs(array.ravel() - expected).max() <= 0.51


def test_tilted_gantry_keeps_its_shear(shared_dir: Path, tmp_path: Path) -> None:
    folder = shared_dir / "data/12_corner_cases/dicom2nifti_gantrytilt"
    (result,) = convert_series(sorted(folder.iterdir()), tmp_path)
    assert result.image is not None
    header = _image(result.image).header
    assert (int(header["qform_code"]), int(header["sform_code"])) == (0, 1)
    slices = header.get_sform()[:3, 2]
    assert np.allclose(slices, [0, 0, 5], atol=1e-3)  # the table moves along z while the planes lean


def test_streamed_file_equals_the_file_of_the_whole_volume(shared_dir: Path, tmp_path: Path) -> None:
    """Native single frames are streamed slice by slice; a recompressed copy takes the other way."""
    from pydicom import dcmread

    copies = tmp_path / "rle"
    copies.mkdir()
    source = shared_dir / "data/03_rtstruct_sts042/CT"
    for path in source.iterdir():
        ds = dcmread(path)
        ds.compress("1.2.840.10008.1.2.5")
        ds.save_as(copies / path.name)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (streamed,) = convert_series(sorted(source.iterdir()), tmp_path / "a")
    (whole,) = convert_series(sorted(copies.iterdir()), tmp_path / "b")
    assert streamed.image is not None and whole.image is not None
    assert streamed.image.read_bytes() == whole.image.read_bytes()


def test_sidecar_tells_the_acquisition_and_no_person(shared_dir: Path, tmp_path: Path) -> None:
    (result,) = convert_series(sorted((shared_dir / "data/02_petct_acrin042/PT").iterdir()), tmp_path)
    assert result.sidecar is not None
    text = result.sidecar.read_text("utf-8")
    content = json.loads(text)
    assert content["ValueUnit"] == "Bq/mL"
    assert len(content["SliceOffsetsMm"]) == len(content["SOPInstanceUIDs"]) == 135
    gaps = {round(g, 2) for g in np.diff(content["SliceOffsetsMm"])}
    assert gaps == {3.27, 3.29}
    assert not {name for name in content if "Patient" in name or "Date" in name or "Institution" in name} - {
        "PatientPosition",
        "ImageOrientationPatientDICOM",
    }
    assert "ACRIN" not in text


def test_missing_slice_is_refused_and_leaves_no_file(shared_dir: Path, tmp_path: Path) -> None:
    files = sorted((shared_dir / "data/03_rtstruct_sts042/CT").iterdir())
    (result,) = convert_series([*files[:20], *files[21:]], tmp_path)
    assert result.error is not None and result.error.code == "irregular-slices"
    assert list(tmp_path.iterdir()) == []


def test_projections_are_no_volume(shared_dir: Path, tmp_path: Path) -> None:
    results = convert_series(sorted((shared_dir / "data/05_cr_burned_in").rglob("*.dcm"))[:1], tmp_path)
    assert [result.image for result in results] == [None]
    assert all(result.error is not None for result in results)


@pytest.mark.parametrize("is_3d", [False, True])
def test_layout_moves_voxels_and_grid_together(is_3d: bool) -> None:
    affine = np.eye(4)
    affine[:3, :3] = np.array([[1.2, 0, 0], [0, 0, 0.9], [0, -0.8, 0]])  # sagittal slices
    affine[:3, 3] = (-10, 20, 30)
    geometry = VolumeGeometry.from_affine_lps(affine, (3, 4, 5))
    array = np.arange(60).reshape(3, 4, 5)
    layout = layout_of(geometry, is_3d_acquisition=is_3d)
    moved = layout.apply(array)
    for index in np.ndindex(*array.shape):
        there = np.rint(layout.geometry.point_ijk(geometry.point_lps(np.array([index], float))))[0].astype(int)
        assert moved[tuple(there)] == array[index]
    if is_3d:
        assert np.allclose(np.diag(layout.geometry.affine_ras_xyz)[:3], [1.2, 0.9, 0.8])
