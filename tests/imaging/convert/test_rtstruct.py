"""Contours against published masks, and what is written against the validator and the way back."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydicom import Dataset

from imaging.errors import ConversionError, GeometryError, ReferencedInstanceError, UnsupportedError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import CodedConcept, LabelMap, SegmentDescription
from imaging.labelmap_grid import align
from imaging.nifti import read_nifti
from imaging.rtstruct import rasterize, read_rtstruct, structure_set_to_labelmap, trace, write_rtstruct
from imaging.rtstruct.fill import contains
from imaging.seg import read_seg, write_seg

GRID = VolumeGeometry.from_affine_lps(np.diag([2.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]], (10, 20, 20))
SEGMENTS = (
    SegmentDescription(1, "Mass", type=CodedConcept("4147007", "SCT", "Mass"), recommended_cielab=None),
    SegmentDescription(
        2,
        "Nothing found",
        type=CodedConcept("64033007", "SCT", "Kidney"),
        laterality=CodedConcept("7771000", "SCT", "Left"),
        tracking_uid="1.2.3",
        tracking_id="k",
    ),
)


def square(z: float, low: float, high: float) -> np.ndarray:
    return np.array([[low, low, z], [high, low, z], [high, high, z], [low, high, z]])


@pytest.mark.parametrize(("modality", "voxels"), [("CT", 11175), ("MR_T1", 11175), ("PET", 356)])
@pytest.mark.parametrize("folder", ["RTSTRUCT", "RTSTRUCT_refs_fixed"])
def test_published_masks_without_one_voxel_of_difference(
    shared_dir: Path, read_headers: Any, grid_of: Any, modality: str, voxels: int, folder: str
) -> None:
    data = shared_dir / "data" / "03_rtstruct_sts042"
    geometry = grid_of(read_headers(data / modality))
    structure_set = read_rtstruct(data / folder / f"{modality}.dcm")
    mask = rasterize(structure_set.rois[0].closed, geometry)
    truth = align(*read_nifti(data / "gt" / f"{modality}_mask.nii.gz"), geometry)
    assert int(mask.sum()) == voxels
    assert int((mask != (truth != 0)).sum()) == 0


@pytest.fixture
def pet(golden: Path, read_headers: Callable[[Path], list[Dataset]]) -> list[Dataset]:
    return read_headers(golden / "sts042" / "PET")


def test_published_pet_mask_and_the_way_back(
    golden: Path, pet: list[Dataset], grid_of: Any, identity: dict[str, Any], tmp_path: Path
) -> None:
    geometry = grid_of(pet)
    first = structure_set_to_labelmap(read_rtstruct(golden / "sts042" / "rtstruct_pet.dcm"), geometry)
    truth = align(*read_nifti(golden / "sts042" / "PET_mask.nii.gz"), geometry)
    assert np.array_equal(first.mask(1), truth != 0)

    write_rtstruct(first, pet, **identity).save_as(tmp_path / "rt.dcm")
    again = structure_set_to_labelmap(read_rtstruct(tmp_path / "rt.dcm"), geometry)

    dice = 2 * int((again.mask(1) & first.mask(1)).sum()) / (again.voxel_count(1) + first.voxel_count(1))
    assert dice == 1.0
    assert again.segments == first.segments


def test_reader_masks_of_a_real_nodule_come_back(
    shared_dir: Path, read_headers: Any, grid_of: Any, identity: dict[str, Any]
) -> None:
    data = shared_dir / "data" / "01_ct_lidc0314"
    headers = read_headers(data / "dicom")
    geometry = grid_of(headers)
    for reader, voxels in ((1, 3071), (2, 3712), (3, 2483), (4, 3416)):
        mask = align(*read_nifti(data / "gt" / f"reader{reader}_mask.nii.gz"), geometry)
        labelmap = LabelMap(mask, geometry, SEGMENTS[:1])
        back = structure_set_to_labelmap(read_rtstruct(write_rtstruct(labelmap, headers, **identity)), geometry)
        assert back.voxel_count(1) == voxels
        assert np.array_equal(back.labels(), mask)


def test_dciodvfy_finds_no_error(
    golden: Path, pet: list[Dataset], grid_of: Any, identity: dict[str, Any], tmp_path: Path
) -> None:
    array = np.zeros(grid_of(pet).size, np.uint8)
    array[5:9, 4:20, 4:20] = 1
    array[6, 8:12, 8:12] = 0
    write_rtstruct(LabelMap(array, grid_of(pet), SEGMENTS), pet, **identity).save_as(tmp_path / "rt.dcm")
    verdict = subprocess.run(["dciodvfy", str(tmp_path / "rt.dcm")], capture_output=True, text=True, check=False)
    assert [line for line in verdict.stderr.splitlines() if line.startswith("Error")] == []
    assert "RTStructureSet" in verdict.stderr


def test_same_arguments_same_bytes_and_empty_rois_survive(
    pet: list[Dataset], grid_of: Any, identity: dict[str, Any]
) -> None:
    geometry = grid_of(pet)
    array = np.zeros(geometry.size, np.uint8)
    array[3, 5:9, 5:9] = 1
    written = []
    for _ in range(2):
        buffer = io.BytesIO()
        write_rtstruct(LabelMap(array, geometry, SEGMENTS), pet, **identity).save_as(buffer)
        written.append(buffer.getvalue())
    assert written[0] == written[1]
    back = read_rtstruct(write_rtstruct(LabelMap(array, geometry, SEGMENTS), pet, **identity))
    assert [len(roi.contours) for roi in back.rois] == [1, 0]
    assert back.rois[1].roi == SEGMENTS[1]
    assert back.rois[0].contours[0].sop_instance_uid == pet[3].SOPInstanceUID


def test_hole_by_xor_by_keyhole_and_island_in_the_hole() -> None:
    outline, hole, island = square(0, 1.5, 15.5), square(0, 4.5, 11.5), square(0, 6.5, 8.5)
    expected = np.zeros((20, 20), bool)
    expected[2:16, 2:16] = True
    expected[5:12, 5:12] = False
    keyhole = np.concatenate([outline, outline[:1], hole, hole[:1]])
    assert np.array_equal(rasterize([outline, hole], GRID)[0], expected)
    assert np.array_equal(rasterize([keyhole], GRID)[0], expected)
    expected[7:9, 7:9] = True
    assert np.array_equal(rasterize([outline, hole, island], GRID)[0], expected)


def test_neighbours_that_share_an_edge_share_no_voxel() -> None:
    left, right = square(0, 2, 8), square(0, 2, 8) + (6, 0, 0)
    first, second = rasterize([left], GRID), rasterize([right], GRID)
    assert int(first.sum()) == int(second.sum()) == 36
    assert not (first & second).any()


def test_contours_coarser_than_slices_fill_between_and_keep_wide_gaps() -> None:
    fine = replace(GRID, spacing_mm=(1.0, 1.0, 1.0), size=(40, 20, 20))
    planes = [6.0, 9.0, 12.0, 27.0, 30.0]
    filled = rasterize([square(z, 1.5, 9.5) for z in planes], fine).any(axis=(1, 2))
    # Each plane stands for the slices within half of the usual gap of 3 mm.
    assert np.flatnonzero(filled).tolist() == [5, 6, 7, 8, 9, 10, 11, 12, 13, 26, 27, 28, 29, 30, 31]


def test_contours_finer_than_slices_take_the_nearest_plane() -> None:
    contours = [square(z, 1.5, 3.5 + z) for z in np.arange(0.0, 6.01, 0.5)]
    areas = rasterize(contours, GRID).sum(axis=(1, 2))
    assert areas[:5].tolist() == [4, 16, 36, 64, 0]


def test_single_contour_fills_one_slice() -> None:
    assert rasterize([square(4.3, 1.5, 9.5)], GRID).sum(axis=(1, 2)).tolist() == [0, 0, 64, 0, 0, 0, 0, 0, 0, 0]


def test_sagittal_contours_on_an_axial_grid() -> None:
    """A 6×8×10 mm box drawn on sagittal planes covers the same voxels as the box itself."""
    contours = [
        np.array([[x, 2.5, 3.0], [x, 10.5, 3.0], [x, 10.5, 13.0], [x, 2.5, 13.0]]) for x in np.arange(4.0, 10.0, 1.0)
    ]
    expected = np.zeros(GRID.size, bool)
    expected[2:7, 3:11, 4:10] = True
    assert np.array_equal(rasterize(contours, GRID), expected)


def test_oblique_planes_give_the_volume_of_the_ball() -> None:
    normal = np.array([0.36, 0.48, 0.8])
    u = np.cross(normal, [1.0, 0, 0])
    u /= np.linalg.norm(u)
    v = np.cross(normal, u)
    centre, radius = np.array([9.7, 9.6, 9.4]), 7.0
    angle = np.linspace(0, 2 * np.pi, 181)[:-1]
    contours = [
        centre + t * normal + np.sqrt(radius**2 - t**2) * (np.cos(angle)[:, None] * u + np.sin(angle)[:, None] * v)
        for t in np.arange(-6.75, 7, 0.5)
    ]
    volume = rasterize(contours, GRID).sum() * GRID.voxel_volume_mm3
    assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.02)


def test_tilted_grid_takes_contours_drawn_on_its_own_slices() -> None:
    affine = GRID.affine_lps.copy()
    affine[1, 0] = 0.8  # every slice is pushed 0.8 mm along the rows
    tilted = VolumeGeometry.from_affine_lps(affine, GRID.size)
    mask = np.zeros(GRID.size, bool)
    mask[2:7, 4:12, 5:9] = True
    assert np.array_equal(rasterize([c.points_lps for _, c in trace(mask, tilted)], tilted), mask)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(arrays(bool, (2, 9, 11)))
def test_any_mask_comes_back_from_its_contours(mask: np.ndarray) -> None:
    geometry = replace(GRID, size=(2, 9, 11))
    contours = [contour.points_lps for _, contour in trace(mask, geometry)]
    assert np.array_equal(rasterize(contours, geometry), mask)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(-400, 19400), st.integers(-400, 19400)),
        min_size=3,
        max_size=9,
    )
)
def test_scan_conversion_agrees_with_point_in_polygon(corners: list[tuple[int, int]]) -> None:
    polygon = np.array(corners) / 1000  # micrometres, as decimal strings have them
    contour = np.column_stack([polygon[:, 1], polygon[:, 0], np.zeros(len(polygon))])
    filled = rasterize([contour], GRID)[0]
    centres = np.stack(np.meshgrid(np.arange(20.0), np.arange(20.0), indexing="ij"), axis=-1).reshape(-1, 2)
    expected = contains(centres, [polygon]).reshape(20, 20)
    # Only centres that lie on an edge may be decided differently by the two algorithms.
    shifts = [(a, b) for a in (-1e-6, 0, 1e-6) for b in (-1e-6, 0, 1e-6)]
    certain = np.all([contains(centres + s, [polygon]).reshape(20, 20) == expected for s in shifts], axis=0)
    assert np.array_equal(filled[certain], expected[certain])


@pytest.mark.parametrize(
    "contour",
    [
        pytest.param(square(0, 1, 25), id="beyond the columns"),
        pytest.param(square(40, 1, 5), id="beyond the slices"),
        pytest.param(square(float("nan"), 1, 5), id="not a number"),
        pytest.param(np.array([[1, 1, 0], [5, 1, 9], [5, 5, 2], [1, 5, 14.0]]), id="not planar"),
        pytest.param(np.zeros((4, 2)), id="two coordinates"),
    ],
)
def test_impossible_contours_are_refused(contour: np.ndarray) -> None:
    with pytest.raises(GeometryError):
        rasterize([contour], GRID)


def test_clipping_is_a_choice() -> None:
    assert int(rasterize([square(0, 15.5, 25)], GRID, outside="clip").sum()) == 16
    assert int(rasterize([square(0, -30, 40)], GRID, outside="clip").sum()) == 400


def test_crossing_orientations_are_refused() -> None:
    sagittal = np.array([[4.0, 2, 2], [4, 8, 2], [4, 8, 8], [4, 2, 8]])
    with pytest.raises(GeometryError, match="orientation"):
        rasterize([sagittal, square(0, 1, 5)], GRID)


def test_absent_images_and_foreign_objects(golden: Path, pet: list[Dataset]) -> None:
    path = golden / "sts042" / "rtstruct_pet.dcm"
    with pytest.raises(ReferencedInstanceError):  # as published, the images it names do not exist
        read_rtstruct(path, source_sop_instance_uids=[str(ds.SOPInstanceUID) for ds in pet])
    with pytest.raises(UnsupportedError):
        read_rtstruct(pet[0])


def test_broken_contours_are_typed_errors(pet: list[Dataset], grid_of: Any, identity: dict[str, Any]) -> None:
    array = np.zeros(grid_of(pet).size, np.uint8)
    array[3, 5:9, 5:9] = 1

    def written() -> Dataset:
        return write_rtstruct(LabelMap(array, grid_of(pet), SEGMENTS), pet, **identity)

    ds = written()
    ds.ROIContourSequence[0].ContourSequence[0].NumberOfContourPoints = 99
    with pytest.raises(GeometryError, match="declared"):
        read_rtstruct(ds)
    ds = written()
    ds.ROIContourSequence[0].ContourSequence[0].ContourData = [1, 2, 3, 4]
    with pytest.raises(GeometryError, match="threes"):
        read_rtstruct(ds)
    ds = written()
    ds.ROIContourSequence[0].ReferencedROINumber = 77
    with pytest.raises(ConversionError):
        read_rtstruct(ds)


def test_seg_to_rtstruct_to_seg(pet: list[Dataset], grid_of: Any, identity: dict[str, Any]) -> None:
    geometry = grid_of(pet)
    array = np.zeros(geometry.size, np.uint8)
    array[3:6, 5:19, 5:19] = 1
    array[4, 9:12, 9:12] = 0
    labelmap = read_seg(write_seg(LabelMap(array, geometry, SEGMENTS), pet, **identity), geometry)
    contours = read_rtstruct(write_rtstruct(labelmap, pet, **identity))
    back = structure_set_to_labelmap(contours, geometry)
    assert np.array_equal(back.labels(), array)
    assert back.segment(2).laterality == SEGMENTS[1].laterality
