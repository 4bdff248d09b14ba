"""`VolumeGeometry`: inverse maps, the LPS/RAS flip, digests, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import GeometryError
from imaging.geometry import VolumeGeometry

angles = st.floats(-3.1, 3.1)
lengths = st.floats(0.05, 20)
places = st.floats(-900, 900)


@st.composite
def geometries(draw: st.DrawFn) -> VolumeGeometry:
    a, b, c = draw(angles), draw(angles), draw(angles)
    rz = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    rx = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    ry = np.array([[math.cos(c), 0, math.sin(c)], [0, 1, 0], [-math.sin(c), 0, math.cos(c)]])
    rotation = rz @ rx @ ry
    rows = [tuple(float(v) for v in row) for row in rotation]
    return VolumeGeometry(
        origin_lps=(draw(places), draw(places), draw(places)),
        direction=(rows[0], rows[1], rows[2]),  # type: ignore[arg-type]  # three floats each
        spacing_mm=(draw(lengths), draw(lengths), draw(lengths)),
        size=(draw(st.integers(1, 40)), draw(st.integers(1, 40)), draw(st.integers(1, 40))),
    )


@given(geometries())
def test_points_and_indices_are_inverse(geometry: VolumeGeometry) -> None:
    ijk = np.array([[0, 0, 0], [1, 2, 3], [-0.5, 7.25, 11]])
    assert np.allclose(geometry.point_ijk(geometry.point_lps(ijk)), ijk, atol=1e-6)


@given(geometries())
def test_the_nifti_affine_is_the_same_grid_in_ras_and_comes_back(geometry: VolumeGeometry) -> None:
    i, j, k = 2, 1, 3
    ras = geometry.affine_ras_xyz @ [k, j, i, 1]
    lps = geometry.point_lps(np.array([[i, j, k]]))[0]
    assert np.allclose(ras[:3], lps * [-1, -1, 1], atol=1e-6)
    assert VolumeGeometry.from_affine_ras_xyz(geometry.affine_ras_xyz, geometry.size).same_grid(
        geometry, tolerance_mm=1e-6
    )


@given(geometries())
def test_the_digest_names_the_grid(geometry: VolumeGeometry) -> None:
    again = VolumeGeometry.from_affine_lps(geometry.affine_lps, geometry.size)
    moved = VolumeGeometry(
        (geometry.origin_lps[0] + 0.01, *geometry.origin_lps[1:]),
        geometry.direction,
        geometry.spacing_mm,
        geometry.size,
    )
    assert len(geometry.digest) == 64
    assert moved.digest != geometry.digest
    assert again.same_grid(geometry, tolerance_mm=1e-6)


def test_a_shear_keeps_its_volume_and_says_that_it_is_none_of_a_box() -> None:
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = (0, 1.2, 4.8), (0, 0.5, 0), (0.5, 0, 0)
    geometry = VolumeGeometry.from_affine_lps(affine, (10, 4, 4))
    assert not geometry.is_orthogonal
    assert geometry.voxel_volume_mm3 == pytest.approx(4.8 * 0.25)
    assert np.allclose(geometry.normal, (0, 0, 1))


@pytest.mark.parametrize(
    "change",
    [
        {"spacing_mm": (0.0, 1.0, 1.0)},
        {"spacing_mm": (math.nan, 1.0, 1.0)},
        {"origin_lps": (math.inf, 0.0, 0.0)},
        {"size": (0, 1, 1)},
        {"direction": ((1.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, 0.0))},
    ],
)
def test_impossible_grids_are_refused(change: dict) -> None:
    values: dict = {
        "origin_lps": (0.0, 0.0, 0.0),
        "direction": ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
        "spacing_mm": (1.0, 1.0, 1.0),
        "size": (2, 2, 2),
    }
    VolumeGeometry(**values)
    with pytest.raises(GeometryError):
        VolumeGeometry(**values | change)
