"""Which frames become which volume."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from imaging.series import Series, VolumeStack, group, read_headers
from tests.imaging.series.phantoms import (
    MR,
    ROOT,
    csa_header,
    ct_series,
    ct_slice,
    enhanced_mr,
    file_bytes,
    item,
    pixels,
)


def series_of(slices: list[Dataset] | list[bytes]) -> Series:
    """The one series of the given instances."""
    data = [s if isinstance(s, bytes) else file_bytes(s) for s in slices]
    (series,) = group(read_headers(data))
    return series


def kinds(series: Series) -> list[tuple[str, int]]:
    return sorted((stack.kind, len(stack.frames)) for stack in series.stacks)


def z_of(stack: VolumeStack) -> list[float]:
    return [frame.position_lps[2] for frame in stack.frames if frame.position_lps is not None]


def mr_slice(index: int, z: float, number: int, **changes: Any) -> Dataset:
    ds = ct_slice(index, z, SOPClassUID=MR, Modality="MR", InstanceNumber=number, **changes)
    ds.SOPInstanceUID = f"{ROOT}7.{number}"
    return ds


def test_slices_are_sorted_along_the_normal_whatever_their_order_and_numbers() -> None:
    slices = [ct_slice(i, z=-3.0 * i, InstanceNumber=i + 1) for i in range(9)]
    random.Random(1).shuffle(slices)
    (stack,) = series_of(slices).stacks
    assert z_of(stack) == [-24.0 + 3 * i for i in range(9)]
    assert stack.is_regular
    assert stack.fit is not None and stack.fit.geometry is not None
    assert stack.fit.geometry.spacing_mm == (3.0, 0.5, 0.5)


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(range(7)), tilt=st.floats(-0.6, 0.6), spin=st.floats(-3.1, 3.1))
def test_order_of_files_and_rotation_of_the_patient_do_not_change_the_grid(
    order: list[int], tilt: float, spin: float
) -> None:
    row = np.array([np.cos(spin), np.sin(spin), 0])
    column = np.array([-np.sin(spin) * np.cos(tilt), np.cos(spin) * np.cos(tilt), np.sin(tilt)])
    normal = np.cross(row, column)
    slices = [
        ct_slice(
            i,
            ImagePositionPatient=[f"{v:.9g}" for v in np.array([5.0, -7, 11]) + 1.25 * i * normal],
            ImageOrientationPatient=[f"{v:.12g}" for v in [*row, *column]],
        )
        for i in range(7)
    ]
    (stack,) = series_of([slices[i] for i in order]).stacks
    assert stack.fit is not None and stack.fit.geometry is not None
    geometry = stack.fit.geometry
    assert geometry.spacing_mm[0] == pytest.approx(1.25, abs=1e-6)
    assert np.allclose(geometry.normal, normal, atol=1e-6)
    assert geometry.origin_lps == pytest.approx((5, -7, 11), abs=1e-6)
    assert geometry.is_orthogonal


def test_localizers_are_kept_apart() -> None:
    scout = ct_slice(
        50, z=0, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], ImageOrientationPatient=[1, 0, 0, 0, 0, -1]
    )
    series = series_of([*[ct_slice(i) for i in range(5)], scout])
    assert kinds(series) == [("localizer", 1), ("volume", 5)]


def test_orientations_are_volumes_of_their_own() -> None:
    sagittal = [
        ct_slice(20 + i, ImageOrientationPatient=[0, 1, 0, 0, 0, -1], ImagePositionPatient=[2.0 * i, 0, 0])
        for i in range(4)
    ]
    series = series_of([*[ct_slice(i) for i in range(5)], *sagittal])
    assert kinds(series) == [("volume", 4), ("volume", 5)]


@pytest.mark.parametrize(
    ("keyword", "values", "label"),
    [
        ("EchoNumbers", ["1", "2"], "echo"),
        ("EchoTime", ["4.9", "9.8"], "echo_time_ms"),
        ("DiffusionBValue", [0.0, 800.0], "b_value"),
        ("TemporalPositionIdentifier", ["1", "2"], "temporal"),
        ("NominalPercentageOfCardiacPhase", [0.0, 50.0], "phase"),
        ("AcquisitionNumber", ["1", "2"], "acquisition"),
        ("InversionTime", ["100", "900"], "inversion_time_ms"),
        ("ImageType", [["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"]], "image_type"),
    ],
)
def test_what_sets_two_images_of_a_place_apart_splits_the_series(keyword: str, values: list[Any], label: str) -> None:
    slices = [
        mr_slice(i, 3.0 * i, 6 * k + i, **{"ImageType": ["ORIGINAL", "PRIMARY", "M"]} | {keyword: value})
        for k, value in enumerate(values)
        for i in range(6)
    ]
    series = series_of(slices)
    assert kinds(series) == [("volume", 6), ("volume", 6)]
    assert all(label in stack.labels for stack in series.stacks)
    assert all(stack.is_regular and not stack.duplicates for stack in series.stacks)


def test_times_that_differ_from_slice_to_slice_rank_the_images_of_each_place() -> None:
    slices = [
        mr_slice(i, 3.0 * i, 5 * k + i, TriggerTime=f"{100 * k + 3 * i}", AcquisitionTime="101010")
        for k in range(4)
        for i in range(5)
    ]
    series = series_of(slices)
    assert kinds(series) == [("volume", 5)] * 4
    assert [stack.labels["trigger_time_ms_rank"] for stack in series.stacks] == [1, 2, 3, 4]


def test_acquisition_numbers_and_times_do_not_split_a_good_volume() -> None:
    slices = [ct_slice(i, AcquisitionNumber=i, AcquisitionTime=f"10{i:02d}00") for i in range(12)]
    assert kinds(series_of(slices)) == [("volume", 12)]


def test_two_acquisitions_that_interleave_are_told_apart() -> None:
    first = [ct_slice(i, z=2.0 * i, AcquisitionNumber=1) for i in range(10)]
    second = [ct_slice(30 + i, z=15.3 + 2.0 * i, AcquisitionNumber=2) for i in range(10)]
    series = series_of([*first, *second])
    assert kinds(series) == [("volume", 10), ("volume", 10)]
    assert sorted(stack.labels["acquisition"] for stack in series.stacks) == [1, 2]


def test_a_single_foreign_slice_at_a_taken_place_is_a_duplicate() -> None:
    extra = ct_slice(77, z=4.0, InstanceNumber=90)
    series = series_of([*[ct_slice(i) for i in range(8)], extra])
    (stack,) = series.stacks
    assert len(stack.frames) == 8
    assert [frame.header.sop_instance_uid for frame in stack.duplicates] == [extra.SOPInstanceUID]


def test_the_same_instance_received_twice_is_repeated_and_not_a_duplicate() -> None:
    data = ct_series(5)
    series = series_of([*data, data[2]])
    assert len(series.repeated) == 1
    assert kinds(series) == [("volume", 5)]
    assert series.stacks[0].duplicates == ()


def test_missing_slices_leave_one_irregular_stack() -> None:
    series = series_of([ct_slice(i) for i in range(12) if i not in (5, 6)])
    (stack,) = series.stacks
    assert not stack.is_regular
    assert stack.fit is not None and max(stack.fit.gaps_mm) == pytest.approx(6.0)


@pytest.mark.parametrize("tag", ["14", None])
def test_gantry_tilt_is_a_shear_with_and_without_its_tag(tag: str | None) -> None:
    slices = [ct_slice(i, ImagePositionPatient=[0, 1.25 * i, 5.0 * i], GantryDetectorTilt=tag) for i in range(6)]
    (stack,) = series_of(slices).stacks
    assert stack.is_regular
    assert stack.fit is not None and stack.fit.geometry is not None
    assert stack.fit.shear_mm == pytest.approx(1.25)
    assert stack.fit.gaps_mm == pytest.approx([5.0] * 5)
    assert not stack.fit.geometry.is_orthogonal
    assert stack.fit.geometry.point_lps(np.array([[5, 0, 0]]))[0] == pytest.approx([0, 6.25, 25])


def test_positions_rounded_to_a_tenth_still_make_a_grid() -> None:
    slices = [ct_slice(i, z=round(0.625 * i, 1)) for i in range(40)]
    (stack,) = series_of(slices).stacks
    assert stack.is_regular


def test_non_square_pixels_keep_row_and_column_spacing_apart() -> None:
    (stack,) = series_of([ct_slice(i, PixelSpacing=["0.7", "0.4"]) for i in range(4)]).stacks
    assert stack.fit is not None and stack.fit.geometry is not None
    assert stack.fit.geometry.spacing_mm == (2.0, 0.7, 0.4)
    # One row down is +y by the first value of PixelSpacing, one column right +x by the second.
    step = stack.fit.geometry.point_lps(np.array([[0, 1, 0], [0, 0, 1]])) - np.array([-10, -20, 0])
    assert step == pytest.approx(np.array([[0, 0.7, 0], [0.4, 0, 0]]))


def test_frames_of_reference_are_not_mixed() -> None:
    slices = [ct_slice(i, FrameOfReferenceUID=f"{ROOT}5.{i // 4}") for i in range(8)]
    assert kinds(series_of(slices)) == [("volume", 4), ("volume", 4)]


def test_one_uid_in_two_studies_is_two_series() -> None:
    other = ct_slice(9, StudyInstanceUID=ROOT + "22")
    assert len(group(read_headers([*ct_series(4), file_bytes(other)]))) == 2


def test_enhanced_frames_split_by_echo_and_keep_their_own_rescale() -> None:
    positions = [(0, 0, 2.0 * (i % 4)) for i in range(8)]
    array = np.stack([pixels(i) for i in range(8)])
    ds = enhanced_mr(positions, array, slopes=[1 + i for i in range(8)], echoes=[5.0] * 4 + [10.0] * 4)
    series = series_of([ds])
    assert kinds(series) == [("volume", 4), ("volume", 4)]
    second = next(stack for stack in series.stacks if stack.labels["echo_time_ms"] == 10.0)
    assert [frame.frame_index for frame in second.frames] == [4, 5, 6, 7]
    assert [frame.slope for frame in second.frames] == [5, 6, 7, 8]


def test_enhanced_frames_split_by_b_value_and_time() -> None:
    positions = [(0, 0, 2.0 * (i % 4)) for i in range(16)]
    array = np.stack([pixels(i) for i in range(16)])
    contents = [{"StackID": "1", "TemporalPositionIndex": 1 + i // 8} for i in range(16)]
    ds = enhanced_mr(positions, array, b_values=[0, 0, 0, 0, 500, 500, 500, 500] * 2, contents=contents)
    series = series_of([ds])
    assert kinds(series) == [("volume", 4)] * 4
    assert sorted((s.labels["b_value"], s.labels["temporal"]) for s in series.stacks) == [
        (0.0, 1.0),
        (0.0, 2.0),
        (500.0, 1.0),
        (500.0, 2.0),
    ]


def test_enhanced_ultrasound_lies_in_its_own_volume() -> None:
    ds = enhanced_mr([(0, 0, 0.7 * i) for i in range(3)], np.stack([pixels(i) for i in range(3)]))
    ds.Modality, ds.SOPClassUID = "US", "1.2.840.10008.5.1.4.1.1.6.2"
    shared = ds.SharedFunctionalGroupsSequence[0]
    del shared.PlaneOrientationSequence
    shared.PlaneOrientationVolumeSequence = [item(ImageOrientationVolume=[1.0, 0, 0, 0, 1, 0])]
    for i, group_item in enumerate(ds.PerFrameFunctionalGroupsSequence):
        del group_item.PlanePositionSequence
        group_item.PlanePositionVolumeSequence = [item(ImagePositionVolume=[0.0, 0.0, 0.7 * i])]
    (stack,) = series_of([ds]).stacks
    assert stack.kind == "volume" and stack.is_regular
    assert z_of(stack) == pytest.approx([0, 0.7, 1.4])


def test_a_wrong_number_of_functional_groups_is_refused() -> None:
    ds = enhanced_mr([(0, 0, 0), (0, 0, 2)], np.stack([pixels(0), pixels(1)]))
    ds.PerFrameFunctionalGroupsSequence = list(ds.PerFrameFunctionalGroupsSequence)[:1]
    series = series_of([ds])
    assert [file.error.code for file in series.unreadable] == ["frame-count-mismatch"]
    assert series.stacks == ()


def test_multi_frame_without_positions_is_a_cine_with_times() -> None:
    ds = ct_slice(0, array=np.zeros((16, 12), np.uint16), NumberOfFrames=5, FrameTime="33.3", Modality="US")
    ds.PixelData = np.arange(5 * 16 * 12, dtype=np.uint16).tobytes()
    del ds.ImagePositionPatient, ds.ImageOrientationPatient
    (stack,) = series_of([ds]).stacks
    assert stack.kind == "cine"
    assert [frame.time_ms for frame in stack.frames] == pytest.approx([0, 33.3, 66.6, 99.9, 133.2])


def test_frames_of_one_place_in_time_are_a_cine() -> None:
    slices = [mr_slice(i, 0.0, i, TriggerTime=str(40 * (9 - i))) for i in range(10)]
    (stack,) = series_of(slices).stacks
    assert stack.kind == "cine"
    assert [frame.time_ms for frame in stack.frames] == [40.0 * i for i in range(10)]


def test_a_dose_grid_lies_at_its_offsets() -> None:
    ds = ct_slice(0, Modality="RTDOSE", NumberOfFrames=4, GridFrameOffsetVector=["0", "3", "6", "9"])
    ds.PixelData = np.arange(4 * 16 * 12, dtype=np.uint16).tobytes()
    ds.DoseGridScaling = "0.5"
    (stack,) = series_of([ds]).stacks
    assert z_of(stack) == [0.0, 3.0, 6.0, 9.0]
    assert {frame.slope for frame in stack.frames} == {0.5}


def mosaic(normal: tuple[float, float, float] = (0, 0, 1), count: int = 7) -> Dataset:
    """Seven 4×6 slices in a 3×3 mosaic; the tile k holds the value k + 1."""
    array = np.zeros((12, 18), np.uint16)
    for k in range(count):
        array[k // 3 * 4 : k // 3 * 4 + 4, k % 3 * 6 : k % 3 * 6 + 6] = k + 1
    ds = ct_slice(0, array=array, SOPClassUID=MR, Modality="MR", ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"])
    ds.PixelSpacing, ds.SpacingBetweenSlices = ["2", "2"], "3"
    ds.ImagePositionPatient = [-18, -12, 5]
    ds.RescaleSlope = ds.RescaleIntercept = None
    block = ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    values = {"NumberOfImagesInMosaic": [str(count)], "SliceNormalVector": [str(v) for v in normal]}
    block.add_new(0x10, "OB", csa_header(values))
    return ds


@pytest.mark.parametrize("sign", [1, -1])
def test_a_mosaic_is_a_volume_whose_direction_comes_from_its_own_normal(sign: int) -> None:
    series = series_of([mosaic((0, 0, float(sign)))])
    (stack,) = series.stacks
    assert stack.kind == "volume" and len(stack.frames) == 7
    assert stack.fit is not None and stack.fit.geometry is not None
    assert stack.fit.geometry.size == (7, 4, 6)
    # (18 - 6) / 2 columns of 2 mm and (12 - 4) / 2 rows of 2 mm further in than the mosaic's corner.
    assert stack.frames[0].position_lps is not None
    assert stack.frames[0].position_lps[:2] == (-6.0, -4.0)
    first_tile = min(stack.frames, key=lambda f: f.tile or ())
    assert first_tile.position_lps == (-6.0, -4.0, 5.0)
    assert z_of(stack) == sorted(z_of(stack))
    assert z_of(stack)[-1 if sign > 0 else 0] == 5.0 + sign * 18.0


def test_a_mosaic_that_does_not_say_its_direction_is_refused() -> None:
    ds = mosaic()
    del ds[0x00291010]
    series = series_of([ds])
    assert series.stacks == ()
    assert [file.error.code for file in series.unreadable] == ["mosaic-unknown"]


def test_mosaics_in_time_are_one_volume_each() -> None:
    shots = []
    for time in range(3):
        ds = mosaic()
        ds.AcquisitionNumber = ds.InstanceNumber = time + 1
        ds.SOPInstanceUID = f"{ROOT}9.{time}"
        shots.append(ds)
    series = series_of(shots)
    assert kinds(series) == [("volume", 7)] * 3
    assert [stack.labels["acquisition"] for stack in series.stacks] == [1, 2, 3]


def test_a_dicomdir_beside_the_files_belongs_to_no_series(shared_dir: Path) -> None:
    paths = sorted(p for p in (shared_dir / "data/12_corner_cases/dicomdir").rglob("*") if p.is_file())
    headers = read_headers(paths)
    series = group(headers)
    assert len(headers) == 32
    assert sum(len(one.headers) for one in series) == 31
    assert all(not one.lacking_pixels for one in series)


def test_non_images_are_kept_beside_the_stacks() -> None:
    report = ct_slice(40, Modality="SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33")
    del report.PixelData, report.Rows, report.Columns
    series = series_of([*ct_series(3), file_bytes(report)])
    assert len(series.others) == 1
    assert kinds(series) == [("volume", 3)]


def test_a_concatenation_of_enhanced_instances_is_one_volume() -> None:
    parts = []
    for part in range(2):
        positions = [(0, 0, 2.0 * (part * 3 + i)) for i in range(3)]
        ds = enhanced_mr(positions, np.stack([pixels(part * 3 + i) for i in range(3)]))
        ds.SOPInstanceUID, ds.InstanceNumber = f"{ROOT}8.{part}", part + 1
        parts.append(ds)
    (stack,) = series_of(parts).stacks
    assert [(f.header.instance_number, f.frame_index) for f in stack.frames] == [
        (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2),
    ]  # fmt: skip


EXPECTED = {
    "01_ct_lidc0314": [("volume", (100, 512, 512), (1.0, 0.78125, 0.78125))],
    "02_petct_acrin042/PT": [("volume", (135, 128, 128), (3.270298573508182, 4.6875, 4.6875))],
    "04_mr_longitudinal_cmb/timepoint1_19591209": [("volume", (37, 512, 536), (8.0, 0.7813, 0.7813))],
    "07_enhanced_multiframe/siemens_xa10_mr": [("volume", (6, 64, 64), (2.4, 3.375, 3.375))] * 4,
    "07_enhanced_multiframe/philips_mr": [("volume", (8, 256, 256), (1.2, 1.0, 1.0))],
    "10_orientation_phantom": [("volume", (64, 48, 32), (2.0, 2.0, 2.0))],
    "11_ct_multiorgan_totalseg": [("volume", (20, 512, 512), (2.0, 0.9766, 0.9766))],
    "12_corner_cases/dicom2nifti_slicecount": [("volume", (2, 256, 256), (1.0, 1.0, 1.0))],
}


@pytest.mark.parametrize("folder", EXPECTED)
def test_shared_series_have_their_known_grids(shared_dir: Path, folder: str) -> None:
    paths = sorted(p for p in (shared_dir / "data" / folder).rglob("*") if p.is_file())
    (series,) = group(read_headers(paths))
    found = []
    for stack in series.stacks:
        assert stack.fit is not None and stack.fit.geometry is not None and stack.is_regular
        found.append((stack.kind, stack.fit.geometry.size, stack.fit.geometry.spacing_mm))
    expected = EXPECTED[folder]
    assert [(kind, size) for kind, size, _ in found] == [(kind, size) for kind, size, _ in expected]
    for (_, _, spacing), (_, _, known) in zip(found, expected, strict=True):
        assert spacing == pytest.approx(known, abs=5e-5)


def test_the_shared_tilted_series_has_its_known_shear(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "12_corner_cases" / "dicom2nifti_gantrytilt"
    (series,) = group(read_headers(sorted(folder.glob("*.dcm"))))
    (stack,) = series.stacks
    assert stack.fit is not None and stack.is_regular
    # Slices 5 mm apart along the table, planes tilted by 14 degrees: 5 mm × sin(14°) within the plane.
    assert stack.fit.shear_mm == pytest.approx(5 * np.sin(np.radians(14)), abs=1e-3)
