"""Diameters on the half-level contour: the published convention, and bodies whose axes are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from imaging.geometry import VolumeGeometry
from imaging.measure.diameter import axes_in_plane, axes_in_space

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "imaging_convert" / "volumetry"
CASES = json.loads((GOLDEN / "diameter_convention.json").read_text())
AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


def _ellipse(case: dict, shift: tuple[float, float]) -> tuple[np.ndarray, VolumeGeometry]:
    spacing = case["pixel_spacing_row_col"]
    reach = max(case["semi_axes"]) + 3
    rows, columns = (int(2 * reach / s) + 1 for s in spacing)
    y, x = np.mgrid[0:rows, 0:columns].astype(float)
    y, x = y * spacing[0] - reach + shift[0] * spacing[0], x * spacing[1] - reach + shift[1] * spacing[1]
    turn = np.deg2rad(case["angle"])
    along, across = x * np.cos(turn) + y * np.sin(turn), -x * np.sin(turn) + y * np.cos(turn)
    a, b = case["semi_axes"]
    mask = (along / a) ** 2 + (across / b) ** 2 <= 1
    geometry = VolumeGeometry((0, 0, 0), AXIAL, (1.0, float(spacing[0]), float(spacing[1])), (1, rows, columns))
    return mask[np.newaxis], geometry


@pytest.mark.parametrize("case", CASES, ids=[f"{c['semi_axes']}@{c['angle']}" for c in CASES])
def test_mean_over_subpixel_positions_is_that_of_the_reference(case: dict) -> None:
    random = np.random.default_rng(11)
    measured = []
    for _ in range(60):
        axes = axes_in_plane(*_ellipse(case, tuple(random.uniform(-0.5, 0.5, 2))))
        assert axes is not None
        measured.append((axes.long_mm, axes.short_mm))
    long_mm, short_mm = np.mean(measured, axis=0)
    assert long_mm == pytest.approx(case["mean_half_level_contour_long"], abs=0.15)
    assert short_mm == pytest.approx(case["mean_half_level_contour_perp_width"], abs=0.15)
    # nearer to the truth than from corner to corner
    assert abs(long_mm - case["true_long"]) < abs(case["mean_corner_to_corner"] - case["true_long"])


def test_axes_in_space_of_an_ellipsoid_on_an_oblique_grid() -> None:
    turn, _ = np.linalg.qr(np.array([[1.0, 0.4, 0.2], [-0.3, 1.0, 0.5], [0.1, -0.6, 1.0]]))
    affine = np.eye(4)
    affine[:3, :3] = turn * (0.9, 0.6, 0.7)
    geometry = VolumeGeometry.from_affine_lps(affine, (60, 80, 80))
    centre = geometry.point_lps(np.array([[29.6, 39.3, 40.2]]))[0]
    points = geometry.point_lps(np.indices(geometry.size).reshape(3, -1).T.astype(float)) - centre
    mask = (((points / (18, 12, 7)) ** 2).sum(axis=1) <= 1).reshape(geometry.size)
    axes = axes_in_space(mask, geometry)
    assert axes is not None
    assert (axes.long_mm, axes.middle_mm, axes.short_mm) == pytest.approx((36, 24, 14), abs=0.7)


def test_longest_slice_and_largest_part_are_chosen() -> None:
    mask = np.zeros((3, 30, 30), bool)
    mask[0, 5:10, 5:10] = True
    mask[1, 2, 2:22] = True
    mask[1, 20:25, 25:28] = True  # another part: diameters do not reach across parts
    geometry = VolumeGeometry((0, 0, 0), AXIAL, (3.0, 1.0, 1.0), mask.shape)
    axes = axes_in_plane(mask, geometry)
    assert axes is not None
    assert axes.slice_index == 1
    assert axes.long_mm == pytest.approx(20.0)
    assert axes.short_mm == pytest.approx(1.0)
    assert sorted(point[0] for point in axes.long_ends_lps) == pytest.approx([1.5, 21.5])


def test_single_voxel_and_nothing() -> None:
    mask = np.zeros((3, 5, 5), bool)
    geometry = VolumeGeometry((0, 0, 0), AXIAL, (2.0, 1.0, 1.0), mask.shape)
    assert axes_in_plane(mask, geometry) is None
    assert axes_in_space(mask, geometry) is None
    mask[1, 2, 2] = True
    plane, space = axes_in_plane(mask, geometry), axes_in_space(mask, geometry)
    assert plane is not None and space is not None
    assert plane.long_mm == pytest.approx(1.0)
    assert (space.long_mm, space.short_mm) == pytest.approx((2.0, 1.0))
