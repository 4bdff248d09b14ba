"""Segmentation metrics and consensus beside their peers on the same masks in the same minute; ratio = peer / ours.

    python tests/benchmarks/imaging_metrics.py [--runs 5] [--itk-runs 2]

Each is measured against its own definition: surface-distance on surfels, SimpleITK on boundary voxels. Medians; SimpleITK
takes so long that it runs `--itk-runs` times.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
import surface_distance
from numpy.typing import NDArray

from imaging.consensus import staple
from imaging.metrics import compare_labelmaps, compare_masks
from imaging.metrics.definitions import DefinitionSet

SHAPE = (300, 512, 512)
SPACING_MM = (1.0, 0.703125, 0.703125)
TOLERANCE_MM = 2.0
Mask = NDArray[np.bool_]


def organ(centre: tuple[float, float, float], radii_mm: tuple[float, float, float], waves: int) -> Mask:
    """An ellipsoid with a wavy surface: two readers never draw the same smooth one."""
    axes = np.ogrid[tuple(slice(0, n) for n in SHAPE)]
    z, y, x = ((a - c) * s / r for a, c, s, r in zip(axes, centre, SPACING_MM, radii_mm, strict=True))
    wave = 1 + 0.03 * np.sin(waves * np.arctan2(y, x)) * np.cos(waves * np.pi * z / 2)
    return np.asarray(z * z + y * y + x * x <= wave)


@dataclass(frozen=True)
class Seconds:
    """Medians: wall time, and CPU time of all threads, which a busy machine leaves alone."""

    wall: float
    cpu: float


def median_s(call: Callable[[], Any], runs: int) -> tuple[Seconds, Any]:
    """Medians over `runs` calls, and the last result."""
    walls, cpus = [], []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        result = call()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Seconds(statistics.median(walls), statistics.median(cpus)), result


def of_surface_distance(reference: Mask, prediction: Mask) -> tuple[float, float, float]:
    """Dice, HD95, NSD as surface-distance computes them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        distances = surface_distance.compute_surface_distances(reference, prediction, SPACING_MM)
    return (
        surface_distance.compute_dice_coefficient(reference, prediction),
        surface_distance.compute_robust_hausdorff(distances, 95),
        surface_distance.compute_surface_dice_at_tolerance(distances, TOLERANCE_MM),
    )


def of_simpleitk(reference: sitk.Image, prediction: sitk.Image) -> tuple[float, float, float]:
    """Dice, HD95, NSD on boundary voxels from SimpleITK's overlap filter and exact distance maps of the whole image."""
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(reference, prediction)
    contours = [sitk.LabelContour(image) for image in (reference, prediction)]
    distances = [
        sitk.Abs(sitk.SignedMaurerDistanceMap(contour, squaredDistance=False, useImageSpacing=True))
        for contour in contours
    ]
    maps = [sitk.GetArrayViewFromImage(image) for image in distances]
    on = [sitk.GetArrayViewFromImage(contour) != 0 for contour in contours]
    there, back = maps[1][on[0]], maps[0][on[1]]
    near = np.count_nonzero(there <= TOLERANCE_MM) + np.count_nonzero(back <= TOLERANCE_MM)
    hd95 = max(float(np.percentile(there, 95)), float(np.percentile(back, 95)))
    return overlap.GetDiceCoefficient(), hd95, near / (there.size + back.size)


def itk_image(mask: Mask) -> sitk.Image:
    """The mask as SimpleITK takes it."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(SPACING_MM[::-1])
    return image


def line(name: str, ours: Seconds, peer: Seconds, note: str = "") -> None:
    """One row: our times, the peer's, how often ours fit into it."""
    ratios = f"{peer.wall / ours.wall:7.1f}× {peer.cpu / ours.cpu:7.1f}×"
    print(f"{name:50} {ours.wall:7.3f} {ours.cpu:7.3f} {peer.wall:8.3f} {peer.cpu:8.3f} {ratios}  {note}")


def shown(values: tuple[float | None, ...]) -> str:
    """Values side by side, to see that both measured the same."""
    return " / ".join("not defined" if value is None else f"{value:.4f}" for value in values)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--itk-runs", type=int, default=2)
    args = parser.parse_args()
    reference = organ((150, 256, 256), (75, 60, 56), 9)
    prediction = organ((153, 259, 252), (74, 61, 57), 11)
    print(f"{SHAPE} voxels, {reference.sum()} and {prediction.sum()} in the masks; Dice / HD95 / NSD at 2 mm")
    print(f"{'':50} {'ours s':>7} {'CPU':>7} {'peer s':>8} {'CPU':>8} {'wall':>8} {'CPU':>8}")

    def ours(definitions: DefinitionSet) -> tuple[Seconds, tuple[float | None, ...]]:
        seconds, metrics = median_s(
            lambda: compare_masks(reference, prediction, SPACING_MM, definitions=definitions), args.runs
        )
        return seconds, (metrics.dice, metrics.hd95_mm, metrics.nsd)

    peer_s, peer = median_s(lambda: of_surface_distance(reference, prediction), args.runs)
    surfel_s, surfel = ours("surfel")
    line("surface-distance 0.1, surfels", surfel_s, peer_s, f"{shown(surfel)}; peer {shown(peer)}")
    images = (itk_image(reference), itk_image(prediction))
    itk_s, itk = median_s(lambda: of_simpleitk(*images), args.itk_runs)
    voxel_s, voxel = ours("voxel")
    line(f"SimpleITK, boundary voxels ({args.itk_runs} runs)", voxel_s, itk_s, f"{shown(voxel)}; peer {shown(itk)}")
    default_s, default = ours("fiducial")
    line("default (all eight metrics) beside surface-distance", default_s, peer_s, shown(default))
    line("default (all eight metrics) beside SimpleITK", default_s, itk_s)
    _classes(args.runs)
    _consensus(reference, prediction, args.runs, args.itk_runs)


def _classes(runs: int) -> None:
    """Five organs in one pass beside surface-distance organ by organ."""
    places = ((90, 150, 160), (90, 350, 170), (200, 160, 350), (200, 360, 340), (250, 256, 256))
    maps = [np.zeros(SHAPE, np.uint8) for _ in range(2)]
    for label, place in enumerate(places, start=1):
        for shift, target in enumerate(maps):
            moved = (place[0] + shift, place[1] + 2 * shift, place[2] - 2 * shift)
            target[organ(moved, (35.0 - shift, 30.0, 32.0), 7)] = label

    def organ_by_organ() -> list[Any]:
        return [of_surface_distance(maps[0] == label, maps[1] == label) for label in range(1, 6)]

    ours_s, _ = median_s(lambda: compare_labelmaps(maps[0], maps[1], SPACING_MM, definitions="surfel"), runs)
    peer_s, _ = median_s(organ_by_organ, runs)
    line("five organs, surface-distance organ by organ", ours_s, peer_s)


def _consensus(first: Mask, second: Mask, runs: int, itk_runs: int) -> None:
    """STAPLE of three readers beside ITK's filter."""
    masks = [first, second, organ((149, 255, 257), (73, 62, 55), 5)]
    images = [itk_image(mask) for mask in masks]
    ours_s, result = median_s(lambda: staple(masks), runs)
    itk_s, itk = median_s(lambda: sitk.STAPLE(images, 1.0), itk_runs)
    apart = float(np.abs(sitk.GetArrayViewFromImage(itk) - result.probability).max())
    line(f"STAPLE of three readers, ITK ({itk_runs} runs)", ours_s, itk_s, f"probabilities within {apart:.1e}")


if __name__ == "__main__":
    main()
