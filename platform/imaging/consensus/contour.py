"""The median contour: the surface half of the readers lie outside of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from imaging.consensus.result import ConsensusResult, reader_masks
from imaging.metrics.masks import Mask, axes_mm


def median_contour(masks: Iterable[object], *, spacing_mm: Sequence[float] | None = None) -> ConsensusResult:
    """Foreground where the median of the readers' signed distances to their own contour is below zero.

    With an odd number of readers that is the majority, voxel for voxel; with an even number a tie is settled by
    distance: the contour runs half way between the two middle readers, neither grown nor shrunk as by a tie rule.
    `spacing_mm` in array-axis order; without it, voxels are cubes. Source: shape-based averaging, Rohlfing & Maurer,
    IEEE TIP 2007;16:153-161, with the median for the mean. Raises `InputError`.
    """
    readers = reader_masks(masks)
    ndim = len(readers.shape)
    spacing = np.diag(axes_mm(spacing_mm or (1.0,) * ndim, ndim))
    distances = np.stack([_signed_distance(mask.view(np.bool_), spacing) for mask in readers.arrays])
    array = (_median(distances) < 0).view(np.uint8)
    return ConsensusResult(
        array=readers.whole(array),
        algorithm="median-contour",
        version="1",
        parameters={"spacing_mm": [float(s) for s in spacing]},
        performance=readers.performance(array),
        outcome=readers.outcome,
    )


def _signed_distance(mask: Mask, spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance in mm to the nearest voxel of the other side, negative inside; infinite where the reader drew nothing.

    The box is padded with background: what lies outside the joined box is outside every reader's contour.
    """
    if not mask.any():
        return np.full(mask.shape, np.inf)
    padded = np.pad(mask, 1)
    outside: NDArray[np.float64] = distance_transform_edt(~padded, sampling=spacing)
    inside: NDArray[np.float64] = distance_transform_edt(padded, sampling=spacing)
    signed: NDArray[np.float64] = (outside - inside)[(slice(1, -1),) * mask.ndim]
    return signed


def _median(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    ordered = np.sort(distances, axis=0)
    readers = len(ordered)
    middle: NDArray[np.float64] = (ordered[(readers - 1) // 2] + ordered[readers // 2]) / 2
    return middle
