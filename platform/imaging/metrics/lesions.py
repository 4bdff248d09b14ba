"""Lesion-wise detection: connected components matched between reference and prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cc3d
import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError
from imaging.geometry import VolumeGeometry
from imaging.metrics.masks import as_mask, axes_mm, check_same_shape

_NEIGHBOURS: dict[tuple[int, str], Literal[4, 6, 8, 26]] = {
    (2, "face"): 4,
    (2, "full"): 8,
    (3, "face"): 6,
    (3, "full"): 26,
}


@dataclass(frozen=True)
class LesionMatch:
    """One reference lesion: its volume, how much of it is covered, and its Dice with what touches it."""

    volume_ml: float
    covered: float
    dice: float
    detected: bool


@dataclass(frozen=True)
class LesionDetection:
    """Counts of lesions found, missed and invented; sensitivity and PPV are None where there is nothing to find."""

    reference_lesions: int
    prediction_lesions: int
    detected: int
    true_predictions: int
    sensitivity: float | None
    ppv: float | None
    f1: float | None
    mean_lesion_dice: float | None
    lesions: tuple[LesionMatch, ...]
    connectivity: str
    min_overlap: float
    definition_id: str

    @property
    def missed(self) -> int:
        """Reference lesions that nothing overlaps."""
        return self.reference_lesions - self.detected

    @property
    def false_positives(self) -> int:
        """Predicted lesions that overlap no reference lesion."""
        return self.prediction_lesions - self.true_predictions


def detect_lesions(
    reference: object,
    prediction: object,
    spacing_mm: Sequence[float] | VolumeGeometry,
    *,
    connectivity: str = "full",
    min_overlap: float = 0.0,
    min_volume_ml: float = 0.0,
) -> LesionDetection:
    """Match the connected components of two masks of one shape (2D or 3D).

    A reference lesion is detected where predicted voxels cover more than `min_overlap` of it (0 = at least one voxel);
    a predicted lesion is true where reference voxels cover more than `min_overlap` of it.
    `connectivity` is "face" or "full". Components below `min_volume_ml` are left out on both sides.
    `mean_lesion_dice` is over every lesion of the reference and every false positive, the latter two counting 0 where
    missed. Raises `InputError` as `compare_masks` does.
    """
    ours, theirs = as_mask(reference, name="reference"), as_mask(prediction, name="prediction")
    check_same_shape(ours, theirs)
    voxel_ml = abs(float(np.linalg.det(axes_mm(spacing_mm, ours.ndim)))) / 1000
    if connectivity not in ("face", "full") or not 0 <= min_overlap < 1 or not min_volume_ml >= 0:
        raise InputError(
            "The matching rule is not valid",
            remedy='Connectivity is "face" or "full", overlap from 0 to below 1, volume 0 or more.',
            code="lesion-rule-invalid",
        )
    labels_r = _components(ours, connectivity, min_volume_ml / voxel_ml)
    labels_p = _components(theirs, connectivity, min_volume_ml / voxel_ml)
    table = _overlap_table(labels_r, labels_p)
    matches = _reference_matches(table, voxel_ml, min_overlap)
    covered_p = _part(table[1:, 1:].sum(axis=0), table[:, 1:].sum(axis=0))
    true_predictions = int(np.count_nonzero(covered_p > min_overlap))
    return _detection(matches, covered_p.size, true_predictions, connectivity, min_overlap)


def _components(mask: NDArray[np.bool_], connectivity: str, min_voxels: float) -> NDArray[np.intp]:
    labels = cc3d.connected_components(mask, connectivity=_NEIGHBOURS[mask.ndim, connectivity]).astype(np.intp)
    sizes = np.bincount(labels.ravel())
    kept = sizes >= min_voxels
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept), 0).astype(np.intp)
    return numbers[labels]


def _overlap_table(labels_r: NDArray[np.intp], labels_p: NDArray[np.intp]) -> NDArray[np.intp]:
    """(reference lesions + 1, prediction lesions + 1) voxel counts; row and column 0 are background."""
    rows, columns = int(labels_r.max(initial=0)) + 1, int(labels_p.max(initial=0)) + 1
    counts = np.bincount((labels_r * columns + labels_p).ravel(), minlength=rows * columns)
    return counts.reshape(rows, columns)


def _part(covered: NDArray[np.intp], size: NDArray[np.intp]) -> NDArray[np.float64]:
    return covered / np.maximum(size, 1)


def _reference_matches(table: NDArray[np.intp], voxel_ml: float, min_overlap: float) -> tuple[LesionMatch, ...]:
    size_r, size_p, shared = table[1:].sum(axis=1), table[:, 1:].sum(axis=0), table[1:, 1:]
    overlap = shared.sum(axis=1)
    covered = _part(overlap, size_r)
    dice = 2 * overlap / np.maximum(size_r + (shared > 0) @ size_p, 1)
    return tuple(
        LesionMatch(float(size * voxel_ml), float(c), float(d), bool(c > min_overlap))
        for size, c, d in zip(size_r, covered, dice, strict=True)
    )


def _detection(
    matches: tuple[LesionMatch, ...], predicted: int, true_predictions: int, connectivity: str, min_overlap: float
) -> LesionDetection:
    detected = sum(match.detected for match in matches)
    false_positives = predicted - true_predictions
    everything = len(matches) + false_positives
    sensitivity = detected / len(matches) if matches else None
    ppv = true_predictions / predicted if predicted else None
    both = None if sensitivity is None or ppv is None else sensitivity + ppv
    return LesionDetection(
        reference_lesions=len(matches),
        prediction_lesions=predicted,
        detected=detected,
        true_predictions=true_predictions,
        sensitivity=sensitivity,
        ppv=ppv,
        f1=None if both is None else (2 * (sensitivity or 0) * (ppv or 0) / both if both else 0.0),
        mean_lesion_dice=sum(m.dice for m in matches if m.detected) / everything if everything else None,
        lesions=matches,
        connectivity=connectivity,
        min_overlap=min_overlap,
        definition_id="lesion-any-overlap/1" if min_overlap == 0 else "lesion-overlap-part/1",
    )
