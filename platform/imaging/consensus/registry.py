"""Consensus by name: what a stored result needs to be made again, and the pair that is always shown together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from imaging.consensus.contour import median_contour
from imaging.consensus.result import ConsensusResult, Tie, reader_labelmaps
from imaging.consensus.staple import staple
from imaging.consensus.staple_multilabel import staple_multilabel
from imaging.consensus.voting import intersection, majority, union, weighted
from imaging.errors import InputError
from imaging.geometry import VolumeGeometry
from imaging.metrics.segmentation import SegmentationMetrics, compare_labelmaps

ALGORITHMS: dict[str, Callable[..., ConsensusResult]] = {
    "majority": majority,
    "weighted": weighted,
    "intersection": intersection,
    "union": union,
    "staple": staple,
    "staple-multilabel": staple_multilabel,
    "median-contour": median_contour,
}

# What an algorithm is asked with; all else in its parameters is what it found.
_ASKED = {
    "majority": ("tie",),
    "weighted": ("weights", "tie"),
    "intersection": (),
    "union": (),
    "staple": ("confidence_weight", "max_iterations", "threshold"),
    "staple-multilabel": ("max_iterations",),
    "median-contour": ("spacing_mm",),
}


def recompute(algorithm: str, parameters: dict[str, Any], masks: Iterable[object]) -> ConsensusResult:
    """The result of a stored algorithm and its stored parameters on the same masks in the same order.

    Compare `digest` with the stored one. Raises `InputError` for an unknown algorithm.
    """
    if algorithm not in ALGORITHMS:
        raise InputError(
            "Unknown consensus algorithm", remedy=f"Choose one of {', '.join(ALGORITHMS)}.", code="algorithm-unknown"
        )
    asked = {name: parameters[name] for name in _ASKED[algorithm] if name in parameters}
    return ALGORITHMS[algorithm](masks, **asked)


@dataclass(frozen=True)
class ConsensusPair:
    """Majority and STAPLE side by side, and how far apart they are, label by label."""

    majority: ConsensusResult
    staple: ConsensusResult
    difference: dict[int, SegmentationMetrics]
    differing_voxels: int


def majority_and_staple(
    labelmaps: Iterable[object], spacing_mm: Sequence[float] | VolumeGeometry, *, tie: Tie = "background"
) -> ConsensusPair:
    """Both, for masks (binary STAPLE) or label maps (multi-label STAPLE); `difference` takes majority as reference."""
    labelmaps = list(labelmaps)
    voted = majority(labelmaps, tie=tie)
    binary = all(int(labels.max(initial=0)) <= 1 for labels in reader_labelmaps(labelmaps).arrays)
    estimated = staple(labelmaps) if binary else staple_multilabel(labelmaps)
    return ConsensusPair(
        majority=voted,
        staple=estimated,
        difference=compare_labelmaps(voted.array, estimated.array, spacing_mm),
        differing_voxels=int(np.count_nonzero(voted.array != estimated.array)),
    )
