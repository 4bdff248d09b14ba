"""Two segmentations compared: `compare_masks` for one structure, `compare_labelmaps` for all classes in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from imaging.errors import InputError
from imaging.geometry import VolumeGeometry
from imaging.metrics.definitions import BOUNDARIES, DefinitionSet, definition_ids
from imaging.metrics.distances import SurfaceDistances, surface_distances
from imaging.metrics.masks import (
    Axes,
    Box,
    Labelmap,
    Mask,
    as_labelmap,
    as_mask,
    axes_mm,
    check_same_shape,
    foreground_box,
    joined_box,
)

Outcome = Literal["compared", "both-empty", "missed", "invented"]

METRIC_NAMES = ("dice", "iou", "hd_mm", "hd95_mm", "assd_mm", "masd_mm", "nsd", "volume_error_ml")


@dataclass(frozen=True)
class SegmentationMetrics:
    """The metrics of one structure in one case. None = not defined, never a number that stands for it.

    `outcome`     "compared"; "both-empty" (nothing is defined but the volume error); "missed" (the prediction is
                  empty) and "invented" (the reference is): Dice, IoU and NSD are 0, distances not defined.
    `definitions` metric name → definition id (`imaging.metrics.DEFINITIONS`).
    """

    dice: float | None
    iou: float | None
    hd_mm: float | None
    hd95_mm: float | None
    assd_mm: float | None
    masd_mm: float | None
    nsd: float | None
    volume_error_ml: float
    outcome: Outcome
    reference_voxels: int
    prediction_voxels: int
    overlap_voxels: int
    nsd_tolerance_mm: float
    definitions: dict[str, str]

    def as_json(self) -> dict[str, float | None]:
        """The eight metrics by name; null is not defined."""
        return {name: getattr(self, name) for name in METRIC_NAMES}


def compare_masks(
    reference: object,
    prediction: object,
    spacing_mm: Sequence[float] | VolumeGeometry,
    *,
    nsd_tolerance_mm: float = 2.0,
    definitions: DefinitionSet = "fiducial",
) -> SegmentationMetrics:
    """All metrics of one structure: masks of one shape (2D or 3D), spacing in mm in array-axis order.

    `definitions` chooses the boundary: "fiducial" takes distances between boundary voxels and NSD on surfels;
    "voxel", "surfel" and "mesh" (3D) take everything on one.
    Raises `InputError` for shape mismatch, NaN, fractions, negative labels and invalid spacing or tolerance.
    """
    ours, theirs = as_mask(reference, name="reference"), as_mask(prediction, name="prediction")
    check_same_shape(ours, theirs)
    axes = axes_mm(spacing_mm, ours.ndim)
    _check_request(nsd_tolerance_mm, definitions, ours.ndim)
    box = joined_box([foreground_box(ours), foreground_box(theirs)])
    if box is None:
        box = tuple(slice(0, 0) for _ in ours.shape)
    return _compare_box(ours[box], theirs[box], axes, nsd_tolerance_mm, definitions)


def compare_labelmaps(
    reference: object,
    prediction: object,
    geometry: Sequence[float] | VolumeGeometry,
    classes: Iterable[int] | None = None,
    *,
    nsd_tolerance_mm: float = 2.0,
    definitions: DefinitionSet = "fiducial",
) -> dict[int, SegmentationMetrics]:
    """Metrics of every class, `{label: metrics}` in ascending order; 0 is background.

    `geometry` is spacing in mm in array-axis order or a `VolumeGeometry`. Without `classes`, the labels that occur in
    either array; a class that is asked for and occurs in neither is there as "both-empty". Every class is compared
    inside the box that holds it. Raises `InputError` as `compare_masks` does.
    """
    ours, theirs = as_labelmap(reference, name="reference"), as_labelmap(prediction, name="prediction")
    check_same_shape(ours, theirs)
    axes = axes_mm(geometry, ours.ndim)
    _check_request(nsd_tolerance_mm, definitions, ours.ndim)
    boxes = _class_boxes(ours, theirs)
    wanted = sorted(boxes if classes is None else {_class_number(label) for label in classes})
    nothing = tuple(slice(0, 0) for _ in ours.shape)
    results = {}
    for label in wanted:
        box = boxes.get(label, nothing)
        results[label] = _compare_box(ours[box] == label, theirs[box] == label, axes, nsd_tolerance_mm, definitions)
    return results


def _check_request(nsd_tolerance_mm: float, definitions: DefinitionSet, ndim: int) -> None:
    if not np.isfinite(nsd_tolerance_mm) or nsd_tolerance_mm < 0:
        raise InputError("The NSD tolerance must be zero or more", remedy="Give it in mm.", code="tolerance-invalid")
    if definitions not in BOUNDARIES:
        raise InputError(
            "Unknown set of definitions", remedy=f"Choose one of {', '.join(BOUNDARIES)}.", code="definitions-unknown"
        )
    if definitions == "mesh" and ndim != 3:
        raise InputError("A mesh needs a 3D mask", remedy='Choose "surfel" for 2D.', code="mesh-needs-3d")


def _class_number(label: int) -> int:
    if isinstance(label, bool) or int(label) != label or label < 1:
        raise InputError("A class is a whole number from 1", remedy="Leave the background out.", code="class-invalid")
    return int(label)


def _class_boxes(reference: Labelmap, prediction: Labelmap) -> dict[int, Box]:
    ours, theirs = _label_boxes(reference), _label_boxes(prediction)
    joined = {label: joined_box([ours.get(label), theirs.get(label)]) for label in {*ours, *theirs}}
    return {label: box for label, box in joined.items() if box is not None}


def _label_boxes(labels: Labelmap) -> dict[int, Box]:
    outer = foreground_box(labels)
    if outer is None:
        return {}
    inner, names = labels[outer], None
    if int(inner.max()) > np.iinfo(np.uint16).max:
        inner, names = _renumbered(inner)
    return {
        index if names is None else int(names[index - 1]): _shifted(box, outer)
        for index, box in enumerate(find_objects(inner), start=1)
        if box is not None
    }


def _renumbered(labels: Labelmap) -> tuple[Labelmap, Labelmap]:
    """Labels 1, 2, …, and what each was: `find_objects` makes one entry per number up to the largest."""
    foreground = labels != 0
    names, numbers = np.unique(labels[foreground], return_inverse=True)
    dense = np.zeros(labels.shape, np.int32)
    dense[foreground] = numbers + 1
    return dense, names


def _shifted(box: Box, outer: Box) -> Box:
    return tuple(slice(b.start + o.start, b.stop + o.start) for b, o in zip(box, outer, strict=True))


def _compare_box(
    reference: Mask, prediction: Mask, axes: Axes, tolerance_mm: float, definitions: DefinitionSet
) -> SegmentationMetrics:
    size_r, size_p = int(np.count_nonzero(reference)), int(np.count_nonzero(prediction))
    overlap = int(np.count_nonzero(reference & prediction))
    outcome = _outcome(size_r, size_p)
    voxel_ml = abs(float(np.linalg.det(axes))) / 1000
    on_distances, on_nsd = BOUNDARIES[definitions]
    distances: SurfaceDistances | None = None
    nsd = None if outcome == "both-empty" else 0.0
    if outcome == "compared":
        distances = surface_distances(reference, prediction, axes, on_distances)
        near = distances
        if on_nsd != on_distances:
            near = surface_distances(reference, prediction, axes, on_nsd, limit_mm=tolerance_mm)
        nsd = near.nsd(tolerance_mm)
    return SegmentationMetrics(
        dice=None if outcome == "both-empty" else 2 * overlap / (size_r + size_p),
        iou=None if outcome == "both-empty" else overlap / (size_r + size_p - overlap),
        hd_mm=None if distances is None else distances.hd_mm,
        hd95_mm=None if distances is None else distances.hd95_mm,
        assd_mm=None if distances is None else distances.assd_mm,
        masd_mm=None if distances is None else distances.masd_mm,
        nsd=nsd,
        volume_error_ml=(size_p - size_r) * voxel_ml,
        outcome=outcome,
        reference_voxels=size_r,
        prediction_voxels=size_p,
        overlap_voxels=overlap,
        nsd_tolerance_mm=tolerance_mm,
        definitions=definition_ids(definitions),
    )


def _outcome(reference_voxels: int, prediction_voxels: int) -> Outcome:
    if reference_voxels and prediction_voxels:
        return "compared"
    if reference_voxels:
        return "missed"
    return "invented" if prediction_voxels else "both-empty"


@dataclass(frozen=True)
class MetricSummary:
    """One metric over many cases: how many values are defined, and what became of the others."""

    definition_id: str
    n: int
    n_missed: int
    n_invented: int
    n_both_empty: int
    mean: float | None
    median: float | None


def summarise(results: Sequence[SegmentationMetrics]) -> dict[str, MetricSummary]:
    """Mean and median of each metric over its defined values, beside the counts of misses and of empty pairs.

    Raises `InputError` for an empty list or for results of different definitions, which have no common mean.
    """
    if not results:
        raise InputError("There is nothing to summarise", remedy="Give at least one comparison.", code="empty-table")
    if any(
        r.definitions != results[0].definitions or r.nsd_tolerance_mm != results[0].nsd_tolerance_mm for r in results
    ):
        raise InputError(
            "The comparisons were made with different definitions",
            remedy="Compute them again with one set and one tolerance.",
            code="definitions-differ",
        )
    outcomes = [result.outcome for result in results]
    return {name: _summary(name, results, outcomes) for name in METRIC_NAMES}


def _summary(name: str, results: Sequence[SegmentationMetrics], outcomes: list[Outcome]) -> MetricSummary:
    values: NDArray[Any] = np.array([v for v in (getattr(r, name) for r in results) if v is not None], float)
    return MetricSummary(
        definition_id=results[0].definitions[name],
        n=int(values.size),
        n_missed=outcomes.count("missed"),
        n_invented=outcomes.count("invented"),
        n_both_empty=outcomes.count("both-empty"),
        mean=float(values.mean()) if values.size else None,
        median=float(np.median(values)) if values.size else None,
    )
