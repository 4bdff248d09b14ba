"""Volumes from true slice positions, against analytic truths; growth."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imaging.errors import GeometryError, InputError
from imaging.geometry import VolumeGeometry
from imaging.measure.growth import doubling_time, relative_change
from imaging.measure.volume import projected_offsets, segment_volume, slab_widths, volume_from_areas_mm3

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "imaging_convert" / "volumetry"
CASES = json.loads((GOLDEN / "slice_geometry.json").read_text())
MASKS = json.loads((GOLDEN / "masks_expected.json").read_text())
AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_slabs_and_volume_of_the_reference(case: dict) -> None:
    offsets = projected_offsets(case["ImagePositionPatient"], case["ImageOrientationPatient"])
    order = np.argsort(offsets)
    assert np.allclose(offsets[order], case["expected"]["projected_positions"], atol=1e-9)
    assert np.allclose(slab_widths(offsets)[order], case["expected"]["slab_widths"], atol=1e-9)
    volume = volume_from_areas_mm3(
        case["contour_area_mm2"], case["ImagePositionPatient"], case["ImageOrientationPatient"]
    )
    assert volume == pytest.approx(case["expected"]["volume_voronoi_slabs"], rel=1e-12)
    assert volume == pytest.approx(case["analytic_volume_mm3"], rel=0.012)


@pytest.mark.parametrize("case", MASKS, ids=[case["name"] for case in MASKS])
def test_masks_of_the_reference(case: dict) -> None:
    mask = np.load(GOLDEN / case["file"])["mask"]
    slices, rows, columns = (float(s) for s in case["spacing_zyx"])
    geometry = VolumeGeometry((0, 0, 0), AXIAL, (slices, rows, columns), mask.shape)
    quantity = segment_volume(mask, geometry)
    assert int(mask.sum()) == case["voxel_count"]
    assert quantity.value == pytest.approx(case["voxel_volume_sum_mm3"], rel=1e-12)
    assert (quantity.unit, quantity.method) == ("mm3", "volume/slabs-between-slice-positions/1")


def test_true_offsets_count_and_thickness_does_not() -> None:
    mask = np.ones((4, 2, 2), bool)
    geometry = VolumeGeometry((0, 0, 0), AXIAL, (2.0, 1.0, 1.0), (4, 2, 2))
    assert segment_volume(mask, geometry).value == pytest.approx(4 * 2 * 4)
    # gaps of 1, 2 and 3 mm: slabs of 1, 1.5, 2.5 and 3 mm
    assert segment_volume(mask, geometry, [0, 1, 3, 6]).value == pytest.approx(4 * (1 + 1.5 + 2.5 + 3))


def test_sheared_grid_has_the_volume_of_its_parallelepipeds() -> None:
    affine = np.diag([5.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]]
    affine[1, 0] = 1.2
    geometry = VolumeGeometry.from_affine_lps(affine, (4, 3, 3))
    mask = np.ones((4, 3, 3), bool)
    assert segment_volume(mask, geometry).value == pytest.approx(36 * geometry.voxel_volume_mm3)


def test_thick_and_few_slices_leave_a_note() -> None:
    mask = np.zeros((6, 4, 4), bool)
    mask[1:3] = True
    geometry = VolumeGeometry((0, 0, 0), AXIAL, (8.0, 1.0, 1.0), (6, 4, 4))
    note = segment_volume(mask, geometry).note
    assert note == "slices up to 8.0 mm apart, 2 slices only: the ends leave ±50 % open"
    assert segment_volume(np.ones((6, 4, 4), bool), replace(geometry, spacing_mm=(1.0, 1.0, 1.0))).note is None
    empty = segment_volume(np.zeros((6, 4, 4), bool), geometry)
    assert (empty.value, empty.note) == (0.0, None)


def test_impossible_positions_are_refused() -> None:
    with pytest.raises(GeometryError):
        slab_widths([0.0, 1.0, 1.0])
    with pytest.raises(GeometryError):
        slab_widths([0.0, float("nan")])
    with pytest.raises(InputError):
        slab_widths([0.0])
    with pytest.raises(GeometryError):
        projected_offsets([[0, 0, 0]], [1, 0, 0, 1, 0, 0])


def test_doubling_time_and_change() -> None:
    assert doubling_time(100, 200, 90).value == pytest.approx(90)
    assert doubling_time(100, 400, 90).value == pytest.approx(45)
    assert doubling_time(100, 50, 90).value == pytest.approx(-90)
    slow = doubling_time(100, 120, 30)
    assert slow.value == pytest.approx(30 * math.log(2) / math.log(1.2))
    assert slow.note == "less than ±25 % may be measurement error"
    assert doubling_time(100, 100, 30).value is None
    assert relative_change(100, 150).value == pytest.approx(50)
    assert relative_change(0, 150).value is None
    for bad in ((-1, 2, 3), (1, 2, 0), (1, float("nan"), 3)):
        with pytest.raises(InputError):
            doubling_time(*bad)
