"""Volumes: voxels where they belong, values that are what they say."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from imaging.errors import GeometryError, PixelDataError, UnreadableFileError, UnsupportedError
from imaging.series import group, read_headers
from imaging.volume import load_frames, load_volume
from imaging.volume_tiled import load_region
from tests.imaging.series.phantoms import ROOT, ct_series, ct_slice, enhanced_mr, file_bytes, files, pixels


def test_ct_comes_out_in_hounsfield_units_of_the_smallest_exact_type() -> None:
    volume = load_volume(ct_series(6))
    expected = np.stack([pixels(i).astype(np.int32) - 1024 for i in range(6)])
    assert volume.array.dtype == np.int16
    assert np.array_equal(volume.array, expected)
    assert (volume.values, volume.unit) == ("modality", "[hnsf'U]")
    assert [i.sop_instance_uid for i in volume.instances] == [f"{ROOT}4.{i + 1}" for i in range(6)]
    assert [i.frame_number for i in volume.instances] == [1] * 6
    assert volume.offsets_mm == (0, 2, 4, 6, 8, 10)


def test_stored_values_are_the_numbers_of_the_file_and_have_no_unit() -> None:
    volume = load_volume(ct_series(3), values="stored")
    assert volume.array.dtype == np.uint16
    assert np.array_equal(volume.array, np.stack([pixels(i) for i in range(3)]))
    assert (volume.values, volume.unit) == ("stored", "1")


def test_each_slice_is_rescaled_by_its_own_slope() -> None:
    slices = [ct_slice(i, RescaleSlope=str(0.5 + i), RescaleIntercept="-10") for i in range(4)]
    volume = load_volume(files(slices))
    assert volume.array.dtype == np.float32
    for i in range(4):
        assert np.allclose(volume.array[i], pixels(i) * (0.5 + i) - 10)


def test_integral_values_that_leave_sixteen_bits_get_thirty_two() -> None:
    slices = [ct_slice(i, array=np.full((16, 12), 65_000, np.uint16) - i, RescaleIntercept="-1024") for i in range(3)]
    slices.append(ct_slice(3, array=np.zeros((16, 12), np.uint16)))
    volume = load_volume(files(slices))
    assert volume.array.dtype == np.int32
    assert volume.array[0, 0, 0] == 63_976
    assert volume.array[3, 0, 0] == -1024


def test_signed_and_unsigned_slices_make_one_volume() -> None:
    signed = ct_slice(1, array=np.full((16, 12), 0xFFFF, np.uint16), PixelRepresentation=1, RescaleIntercept="0")
    unsigned = ct_slice(0, array=np.full((16, 12), 40_000, np.uint16), RescaleIntercept="0")
    volume = load_volume(files([unsigned, signed]))
    assert volume.array[:, 0, 0].tolist() == [40_000, -1]


def test_twelve_signed_bits_without_extension_are_negative() -> None:
    array = np.zeros((16, 12), np.uint16)
    array[0, 0], array[0, 1] = 0x0F00, 0x0001
    ds = ct_slice(0, array=array, PixelRepresentation=1, BitsStored=12, HighBit=11, RescaleIntercept="0")
    assert load_volume([file_bytes(ds)]).array[0, 0, :2].tolist() == [-256, 1]


def test_an_enhanced_object_loads_with_the_rescale_of_each_frame() -> None:
    array = np.stack([pixels(i) for i in range(5)])
    ds = enhanced_mr([(0, 0, -3.0 * i) for i in range(5)], array, slopes=[1, 2, 3, 4, 5])
    volume = load_volume([file_bytes(ds)])
    # The last frame lies lowest: frames are turned round with their slopes.
    assert [i.frame_number for i in volume.instances] == [5, 4, 3, 2, 1]
    assert np.array_equal(volume.array, np.stack([array[i].astype(int) * (i + 1) for i in (4, 3, 2, 1, 0)]))
    assert volume.geometry.spacing_mm[0] == 3.0


def test_missing_slices_are_refused_unless_asked_for() -> None:
    data = files([ct_slice(i) for i in range(10) if i != 4])
    with pytest.raises(GeometryError) as refusal:
        load_volume(data)
    assert refusal.value.code == "irregular-slices"
    assert refusal.value.tag == "(0020,0032)"
    volume = load_volume(data, allow_irregular=True)
    assert volume.offsets_mm == (0, 2, 4, 6, 10, 12, 14, 16, 18)


def test_two_images_at_one_place_are_refused_and_two_copies_are_not() -> None:
    data = ct_series(6)
    copy = ct_slice(2, SOPInstanceUID=ROOT + "4.77", InstanceNumber=77)
    assert load_volume([*data, file_bytes(copy)]).array.shape == (6, 16, 12)
    other = ct_slice(2, SOPInstanceUID=ROOT + "4.78", InstanceNumber=78, array=pixels(99))
    with pytest.raises(GeometryError) as refusal:
        load_volume([*data, file_bytes(other)])
    assert refusal.value.code == "conflicting-duplicates"


def test_several_volumes_are_not_chosen_among() -> None:
    other = [ct_slice(20 + i, EchoTime="9") for i in range(4)]
    with pytest.raises(GeometryError) as refusal:
        load_volume([*ct_series(5), *files(other)])
    assert refusal.value.code == "several-volumes"
    assert "5" in str(refusal.value) and "4" in str(refusal.value)


def test_images_without_a_place_are_frames_and_no_volume() -> None:
    ds = ct_slice(0)
    del ds.ImagePositionPatient
    data = file_bytes(ds)
    with pytest.raises(GeometryError) as refusal:
        load_volume([data])
    assert refusal.value.code == "no-volume"
    ((stack,),) = [series.stacks for series in group(read_headers([data]))]
    assert np.array_equal(load_frames(stack).array[0], pixels(0))


def test_absurd_dimensions_are_refused_before_anything_is_allocated() -> None:
    ds = ct_slice(0, Rows=65535, Columns=65535, NumberOfFrames=1)
    tracemalloc.start()
    with pytest.raises(PixelDataError) as refusal:
        load_volume([file_bytes(ds)])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refusal.value.code in ("pixel-data-short", "absurd-size")
    assert peak < 5_000_000


def test_a_limit_on_the_whole_volume_holds_before_allocation() -> None:
    with pytest.raises(PixelDataError) as refusal:
        load_volume(ct_series(5), max_bytes=1000)
    assert refusal.value.code == "absurd-size"


def test_short_pixel_data_name_the_file(tmp_path: Path) -> None:
    paths = []
    for i, data in enumerate(ct_series(4)):
        path = tmp_path / f"{i}.dcm"
        path.write_bytes(data[:-50] if i == 2 else data)
        paths.append(path)
    with pytest.raises(PixelDataError) as refusal:
        load_volume(paths)
    assert (refusal.value.path, refusal.value.tag) == (str(paths[2]), "(7FE0,0010)")
    assert refusal.value.code == "pixel-data-short"


def test_pixel_data_of_another_size_than_declared_are_refused() -> None:
    ds = ct_slice(0)
    ds.PixelData = ds.PixelData * 2
    with pytest.raises(PixelDataError) as refusal:
        load_volume([file_bytes(ds)])
    assert refusal.value.code == "pixel-data-long"


@pytest.mark.parametrize("slope", ["0", "0.0"])
def test_a_slope_of_zero_is_refused(slope: str) -> None:
    with pytest.raises(PixelDataError) as refusal:
        load_volume(files([ct_slice(i, RescaleSlope=slope) for i in range(3)]))
    assert refusal.value.tag == "(0028,1053)"


def test_an_unreadable_file_is_not_left_out_silently() -> None:
    with pytest.raises(UnreadableFileError):
        load_volume([*ct_series(4), b"not DICOM at all, but long enough to look"])


def test_a_slice_without_pixels_is_not_left_out_silently() -> None:
    slices = [ct_slice(i) for i in range(5)]
    del slices[4].PixelData
    with pytest.raises(PixelDataError) as refusal:
        load_volume(files(slices))
    assert refusal.value.code == "no-pixel-data"


def test_an_image_without_a_place_is_not_left_out_of_its_series_but_a_report_beside_it_is() -> None:
    lost = ct_slice(6, ImageOrientationPatient=None)
    with pytest.raises(GeometryError) as refusal:
        load_volume([*ct_series(5), file_bytes(lost)])
    assert refusal.value.code == "no-position"
    secondary_capture = "1.2.840.10008.5.1.4.1.1.7"
    report = ct_slice(7, SeriesInstanceUID=ROOT + "38", SOPClassUID=secondary_capture, ImagePositionPatient=None)
    assert load_volume([*ct_series(5), file_bytes(report)]).array.shape == (5, 16, 12)


def test_suv_of_a_ct_is_refused() -> None:
    with pytest.raises(UnsupportedError) as refusal:
        load_volume(ct_series(3), values="suv")
    assert refusal.value.code == "suv-unknown"


def test_memory_stays_within_two_and_a_half_volumes() -> None:
    data = files([ct_slice(i, array=pixels(i, (256, 256)), RescaleSlope="0.5") for i in range(40)])
    headers = read_headers(data)
    ((stack,),) = [series.stacks for series in group(headers)]
    tracemalloc.start()
    volume = load_volume(stack)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 2.5 * volume.array.nbytes


def test_the_phantom_lies_where_its_values_say(shared_dir: Path) -> None:
    volume = load_volume(sorted((shared_dir / "data/10_orientation_phantom/dicom").glob("*.dcm")))
    lps = volume.geometry.point_lps(np.argwhere(np.ones(volume.array.shape, bool)).astype(float))
    # EXPECTED.md: value = (x + y - z) / 2.
    assert np.array_equal(volume.array.reshape(-1), (lps[:, 0] + lps[:, 1] - lps[:, 2]) / 2)


def test_suv_of_the_shared_pet_is_the_independent_one(shared_dir: Path) -> None:
    folder = shared_dir / "data/02_petct_acrin042"
    expected = json.loads((folder / "gt/expected.json").read_text())
    volume = load_volume(sorted((folder / "PT").glob("*.dcm")), values="suv")
    assert volume.unit == "g/mL"
    assert volume.array.dtype == np.float32
    top = np.unravel_index(int(volume.array.argmax()), volume.array.shape)
    assert list(top) == expected["global_max"]["zyx_index"]
    assert float(volume.array[top]) == pytest.approx(expected["global_max"]["suv"], rel=1e-6)
    assert volume.geometry.point_lps(np.array([top]))[0] == pytest.approx(expected["global_max"]["LPS_mm"], abs=1e-4)
    z, y, x = expected["thorax_max"]["zyx_index"]
    assert float(volume.array[z, y, x]) == pytest.approx(expected["thorax_max"]["suv"], rel=1e-6)
    modality = load_volume(sorted((folder / "PT").glob("*.dcm")))
    assert modality.unit == "Bq/mL"
    factor = float(volume.array[top]) / float(modality.array[top])
    assert factor == pytest.approx(expected["suvbw_per_bqml"], rel=1e-6)


def test_the_shared_ct_of_the_same_frame_has_its_known_range(shared_dir: Path) -> None:
    folder = shared_dir / "data/02_petct_acrin042"
    volume = load_volume(sorted((folder / "CT").glob("*.dcm")))
    assert volume.array.dtype == np.int16
    assert (int(volume.array.min()), int(volume.array.max())) == (-3024, 1402)


def test_an_enhanced_object_equals_its_published_nifti(shared_dir: Path) -> None:
    folder = shared_dir / "data/07_enhanced_multiframe"
    volume = load_volume([folder / "philips_mr/IM-0001-0170-0001.dcm"])
    reference: Any = nibabel.load(folder / "philips_ref.nii.gz")
    data = np.asarray(reference.dataobj)[..., 0]
    assert np.allclose(volume.geometry.affine_ras_xyz, reference.affine, atol=2e-5)
    # dcm2niix flips no rows here: same grid, same values up to its float32 scaling.
    assert np.allclose(volume.array.transpose(2, 1, 0), data, rtol=1e-5, atol=1e-3)


def test_time_points_of_enhanced_objects_equal_their_published_nifti(shared_dir: Path) -> None:
    folder = shared_dir / "data/07_enhanced_multiframe"
    (series,) = group(read_headers(sorted((folder / "siemens_xa10_mr").glob("*.dcm"))))
    reference: Any = nibabel.load(folder / "siemens_xa10_ref.nii")
    data = np.asarray(reference.dataobj)
    assert data.shape[-1] == len(series.stacks) == 4
    for time, stack in enumerate(series.stacks):
        volume = load_volume(stack)
        ours = volume.geometry.affine_ras_xyz
        index = np.linalg.inv(reference.affine) @ ours
        step = np.round(np.diag(index)[:3]).astype(int)
        assert np.allclose(index[:3, :3], np.diag(step), atol=1e-4)
        values = volume.array.transpose(2, 1, 0)[tuple(slice(None, None, int(s)) for s in step)]
        assert np.array_equal(values, data[..., time])


def test_a_slide_level_is_put_together_from_its_tiles(shared_dir: Path) -> None:
    folder = shared_dir / "data/09_wsi/cmu1_pyramid"
    (series,) = group(read_headers(sorted(folder.glob("*.dcm"))))
    sizes = sorted((stack.frames[0].rows, stack.frames[0].columns) for stack in series.stacks)
    assert sizes[0] == (186, 139) and sizes[-1] == (2967, 2220)
    level = next(s for s in series.stacks if s.frames[0].rows == 371)
    whole = load_region(level)
    assert whole.shape == (371, 278, 3) and whole.dtype == np.uint8
    part = load_region(level, row=200, column=230, rows=100, columns=40)
    assert np.array_equal(part, whole[200:300, 230:270])
    assert whole.std() > 5
    with pytest.raises(UnsupportedError):
        load_frames(level)
