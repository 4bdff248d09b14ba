"""Surfaces: closed, outward, in patient space, and read by trimesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from imaging.errors import ConversionError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import LabelMap, SegmentDescription, cielab_from_rgb
from imaging.mesh import mesh_of, meshes_of, write_glb, write_stl


def _oblique(handedness: float) -> VolumeGeometry:
    turn, _ = np.linalg.qr(np.array([[1.0, 0.4, 0.2], [-0.3, 1.0, 0.5], [0.1, -0.6, 1.0]]))
    affine = np.eye(4)
    affine[:3, :3] = turn * (0.9, 0.6, 0.7)
    affine[:3, 0] *= handedness
    affine[:3, 3] = (-30, 12, 77)
    return VolumeGeometry.from_affine_lps(affine, (40, 60, 50))


def _ball(geometry: VolumeGeometry, radius: float = 12.0) -> np.ndarray:
    centre = geometry.point_lps(np.array([[19.5, 29.5, 24.5]]))[0]
    points = geometry.point_lps(np.indices(geometry.size).reshape(3, -1).T.astype(float))
    ball: np.ndarray = (np.linalg.norm(points - centre, axis=1) <= radius).reshape(geometry.size)
    return ball


@pytest.mark.parametrize("handedness", [1.0, -1.0])
def test_ball_is_closed_outward_and_in_patient_space(handedness: float, tmp_path: Path) -> None:
    geometry = _oblique(handedness)
    mask = _ball(geometry)
    mesh = mesh_of(mask, geometry)
    write_stl(tmp_path / "ball.stl", mesh)
    read: Any = trimesh.load(tmp_path / "ball.stl")
    assert read.is_watertight and read.is_winding_consistent
    assert read.volume == pytest.approx(mask.sum() * geometry.voxel_volume_mm3, rel=0.01)
    assert mesh.volume_mm3 == pytest.approx(read.volume, rel=1e-4)
    assert mesh.area_mm2 == pytest.approx(read.area, rel=1e-4)
    centre = geometry.point_lps(np.array([[19.5, 29.5, 24.5]]))[0]
    assert np.allclose(read.center_mass, centre, atol=0.05)
    assert np.abs(np.linalg.norm(mesh.vertices_lps - centre, axis=1) - 12).max() < 0.8


def test_segment_at_the_edge_of_the_image_is_closed() -> None:
    geometry = VolumeGeometry((0, 0, 0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), (1, 1, 1), (3, 3, 3))
    mesh = mesh_of(np.ones((3, 3, 3), bool), geometry)
    assert trimesh.Trimesh(mesh.vertices_lps, mesh.faces).is_watertight
    assert mesh.vertices_lps.min() == -0.5 and mesh.vertices_lps.max() == 2.5


def test_glb_names_segments_scales_to_metres_and_never_changes(tmp_path: Path) -> None:
    geometry = _oblique(1.0)
    array = _ball(geometry).astype(np.uint8)
    array[2:5, 2:5, 2:5] = 2
    segments = (
        SegmentDescription(1, "Leber", recommended_cielab=cielab_from_rgb(255, 0, 0)),
        SegmentDescription(2, "Stein"),
        SegmentDescription(3, "Empty"),
    )
    labelmap = LabelMap(array, geometry, segments)
    write_glb(tmp_path / "a.glb", meshes_of(labelmap))
    write_glb(tmp_path / "b.glb", meshes_of(labelmap))
    assert (tmp_path / "a.glb").read_bytes() == (tmp_path / "b.glb").read_bytes()
    scene: Any = trimesh.load(tmp_path / "a.glb")
    assert {name for name in scene.graph.nodes_geometry} == {"Leber", "Stein"}
    transform, name = scene.graph["Leber"]
    ball = scene.geometry[name].copy()
    assert ball.is_watertight
    ball.apply_transform(transform)
    centre = geometry.point_lps(np.array([[19.5, 29.5, 24.5]]))[0] / 1000
    # +X left, +Y superior, +Z anterior
    assert np.allclose(ball.center_mass, [centre[0], centre[2], -centre[1]], atol=5e-5)
    assert ball.volume == pytest.approx(array[array == 1].size * geometry.voxel_volume_mm3 * 1e-9, rel=0.01)


def test_nothing_has_no_surface(tmp_path: Path) -> None:
    geometry = _oblique(1.0)
    with pytest.raises(ConversionError):
        mesh_of(np.zeros(geometry.size, bool), geometry)
    with pytest.raises(ConversionError):
        write_glb(tmp_path / "x.glb", [])
    assert not (tmp_path / "x.glb").exists()
