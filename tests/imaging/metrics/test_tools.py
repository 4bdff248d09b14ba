"""Every reference pair against every tool whose definition is one of ours."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.metrics import compare_masks, detect_lesions
from imaging.metrics.distances import surface_distances
from imaging.metrics.masks import axes_mm

SPHERES = Path(__file__).resolve().parents[2] / "golden" / "imaging_stats" / "seg" / "sphere_convergence.json"


def same(ours: float | None, theirs: Any, *, rel: float = 1e-9) -> None:
    if isinstance(theirs, str):
        assert theirs in ("nan", "inf")
        assert ours is None
    else:
        assert ours == pytest.approx(theirs, rel=rel, abs=1e-9)


def test_overlap_is_that_of_the_counts(pair):
    metrics = compare_masks(pair.reference, pair.prediction, pair.spacing_mm)

    same(metrics.dice, pair.expected["overlap"]["dice"])
    same(metrics.iou, pair.expected["overlap"]["iou"])
    assert metrics.volume_error_ml * 1000 == pytest.approx(pair.expected["overlap"]["volume_error_mm3"], abs=1e-9)
    counts = pair.expected["counts"]
    assert (metrics.reference_voxels, metrics.prediction_voxels, metrics.overlap_voxels) == (
        counts["ref"],
        counts["pred"],
        counts["tp"],
    )


@pytest.mark.parametrize("tolerance_mm", [1, 2, 3])
def test_surfels_give_the_values_of_surface_distance(pair, tolerance_mm):
    theirs = pair.expected["deepmind_surface_distance"]

    ours = compare_masks(
        pair.reference, pair.prediction, pair.spacing_mm, nsd_tolerance_mm=tolerance_mm, definitions="surfel"
    )

    same(ours.hd_mm, theirs["HD"])
    same(ours.hd95_mm, theirs["HD95"])
    same(ours.nsd, theirs[f"surface_dice_tau{tolerance_mm}"])


@pytest.mark.parametrize("tolerance_mm", [1, 2, 3])
def test_boundary_voxels_give_the_values_of_their_definition(pair, tolerance_mm):
    theirs = pair.expected["voxel_boundary_conn1_padded"]

    ours = compare_masks(
        pair.reference, pair.prediction, pair.spacing_mm, nsd_tolerance_mm=tolerance_mm, definitions="voxel"
    )

    if theirs is None:
        assert (ours.hd_mm, ours.hd95_mm, ours.assd_mm, ours.masd_mm) == (None, None, None, None)
        return
    same(ours.hd_mm, theirs["HD"])
    same(ours.hd95_mm, theirs["HD95_max_of_directed"])
    same(ours.assd_mm, theirs["ASSD_pooled"])
    same(ours.masd_mm, theirs["MASD_mean_of_means"])
    same(ours.nsd, theirs[f"NSD_voxel_tau{tolerance_mm}"])


def test_the_default_takes_distances_on_voxels_and_nsd_on_surfels(pair):
    ours = compare_masks(pair.reference, pair.prediction, pair.spacing_mm)
    voxel = compare_masks(pair.reference, pair.prediction, pair.spacing_mm, definitions="voxel")
    surfel = compare_masks(pair.reference, pair.prediction, pair.spacing_mm, definitions="surfel")

    assert (ours.hd_mm, ours.hd95_mm, ours.assd_mm, ours.masd_mm) == (
        voxel.hd_mm,
        voxel.hd95_mm,
        voxel.assd_mm,
        voxel.masd_mm,
    )
    assert ours.nsd == surfel.nsd
    assert (ours.definitions["hd95_mm"], ours.definitions["nsd"]) == ("hd95-voxel/1", "nsd-surfel/1")


def test_other_tools_agree_where_they_define_the_same(pair):
    """MetricsReloaded, medpy, seg-metrics and SimpleITK on masks that are not empty."""
    if pair.expected["voxel_boundary_conn1_padded"] is None:
        assert compare_masks(pair.reference, pair.prediction, pair.spacing_mm).outcome != "compared"
        return
    ours = compare_masks(pair.reference, pair.prediction, pair.spacing_mm, definitions="voxel", nsd_tolerance_mm=1)
    reloaded, medpy, itk = (pair.expected[tool] for tool in ("MetricsReloaded", "medpy", "SimpleITK"))

    same(ours.hd_mm, reloaded["HD"])
    same(ours.hd95_mm, reloaded["HD95"])
    same(ours.assd_mm, reloaded["raw(hd,assd,hdp,masd)"][1])
    same(ours.masd_mm, reloaded["raw(hd,assd,hdp,masd)"][3])
    same(ours.nsd, reloaded["NSD_tau1"])
    same(ours.assd_mm, medpy["assd"])
    same(ours.hd_mm, medpy["hd"])
    same(ours.hd_mm, itk["HausdorffDistance"])
    same(ours.dice, itk["dice"])
    same(ours.hd_mm, pair.expected["seg_metrics"]["hd"], rel=1e-6)  # float32 there
    same(ours.masd_mm, pair.expected["panoptica"]["ASSD"])  # their ASSD is the mean of the two means


def test_medpy_pools_both_directions_before_its_percentile(pair):
    if pair.expected["voxel_boundary_conn1_padded"] is None:
        assert isinstance(pair.expected["medpy"]["hd95"], str)
        return
    axes = axes_mm(pair.spacing_mm, pair.reference.ndim)
    sides = surface_distances(pair.reference, pair.prediction, axes, "voxel")

    pooled = np.concatenate([sides.from_reference.distances_mm, sides.from_prediction.distances_mm])

    assert float(np.percentile(pooled, 95)) == pytest.approx(pair.expected["medpy"]["hd95"], abs=1e-9)


@pytest.mark.parametrize("connectivity", ["face", "full"])
def test_lesions_are_matched_as_the_reference_does(pair, connectivity):
    theirs = pair.expected[f"lesion_any_overlap_{connectivity}_connectivity"]

    ours = detect_lesions(pair.reference, pair.prediction, pair.spacing_mm, connectivity=connectivity)

    assert (ours.reference_lesions, ours.prediction_lesions) == (theirs["n_ref"], theirs["n_pred"])
    assert (ours.detected, ours.true_predictions) == (theirs["ref_detected"], theirs["pred_true"])
    same(ours.sensitivity, theirs["lesion_sensitivity"])
    same(ours.ppv, theirs["lesion_ppv"])


def test_a_mesh_is_nearer_the_truth_than_voxels_where_slices_are_thick():
    truth = next(
        row["values"]
        for row in json.loads(SPHERES.read_text("utf-8"))
        if row["case"].startswith("shift 2.24") and row["method"] == "ANALYTIC"
    )
    spacing = (5.0, 0.7, 0.7)
    shape = (9, 48, 48)
    centre = [(n - 1) / 2 * step for n, step in zip(shape, spacing, strict=True)]

    def sphere(offset):
        grid = np.meshgrid(*(np.arange(n) * step for n, step in zip(shape, spacing, strict=True)), indexing="ij")
        return sum((g - c - o) ** 2 for g, c, o in zip(grid, centre, offset, strict=True)) <= 100

    shift = 2.236 / math.sqrt(3)
    masks = (sphere((0, 0, 0)), sphere((shift, shift, shift)))
    mesh = compare_masks(*masks, spacing, definitions="mesh")
    voxel = compare_masks(*masks, spacing, definitions="voxel")

    assert mesh.assd_mm is not None and voxel.assd_mm is not None
    assert abs(mesh.assd_mm - truth["ASSD"]) < 0.25
    assert abs(mesh.assd_mm - truth["ASSD"]) < abs(voxel.assd_mm - truth["ASSD"])
