"""Consensus by counting votes: majority, weighted majority, intersection, union."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from imaging.consensus.result import (
    UNDECIDED,
    ConsensusResult,
    ReaderStack,
    Tie,
    distinct_labels,
    reader_labelmaps,
    reader_masks,
)
from imaging.errors import InputError
from imaging.metrics.masks import Labelmap


def majority(masks: Iterable[object], *, tie: Tie = "background") -> ConsensusResult:
    """The label that more readers gave than any other; masks (0 and 1) or label maps of one shape.

    `tie` names what a tie becomes: "background" 0; "foreground" the lowest of the tied labels above 0;
    "undecided" `UNDECIDED`. Raises `InputError`.
    """
    readers = reader_labelmaps(masks)
    _check_tie(tie, readers)
    array = _plurality(readers.arrays, np.ones(len(readers.arrays)), tie)
    return _voted("majority", {"tie": tie}, array, readers)


def weighted(masks: Iterable[object], *, weights: Sequence[float], tie: Tie = "background") -> ConsensusResult:
    """As `majority`, each reader counting by a weight ≥ 0 (one per reader, not all zero)."""
    readers = reader_labelmaps(masks)
    values = np.asarray(weights, float)
    if (
        values.shape != (len(readers.arrays),)
        or not np.all(np.isfinite(values))
        or values.min() < 0
        or not values.any()
    ):
        raise InputError(
            "Weights must be one number of 0 or more per reader, not all 0",
            remedy="Give a weight for every reader.",
            code="weights-invalid",
        )
    _check_tie(tie, readers)
    array = _plurality(readers.arrays, values, tie)
    return _voted("weighted", {"weights": [float(w) for w in values], "tie": tie}, array, readers)


def intersection(masks: Iterable[object]) -> ConsensusResult:
    """Foreground where every reader drew."""
    readers = reader_masks(masks)
    return _voted("intersection", {}, np.bitwise_and.reduce(readers.arrays), readers)


def union(masks: Iterable[object]) -> ConsensusResult:
    """Foreground where any reader drew."""
    readers = reader_masks(masks)
    return _voted("union", {}, np.bitwise_or.reduce(readers.arrays), readers)


def _voted(name: str, parameters: dict[str, object], array: Labelmap, readers: ReaderStack) -> ConsensusResult:
    return ConsensusResult(
        array=readers.whole(array),
        algorithm=name,
        version="1",
        parameters=parameters,
        performance=readers.performance(array),
        outcome=readers.outcome,
    )


def _check_tie(tie: Tie, readers: ReaderStack) -> None:
    if tie not in ("foreground", "background", "undecided"):
        raise InputError(
            "Unknown tie rule", remedy='Choose "foreground", "background" or "undecided".', code="tie-rule-unknown"
        )
    if tie == "undecided" and any(np.any(labels == UNDECIDED) for labels in readers.arrays):
        raise InputError(
            f"A reader uses label {UNDECIDED}, which marks undecided voxels",
            remedy="Renumber the labels or choose another tie rule.",
            code="label-reserved",
        )


def _plurality(labelmaps: Sequence[Labelmap], weights: NDArray[np.float64], tie: Tie) -> Labelmap:
    labels = sorted({0}.union(*(distinct_labels(labelmap) for labelmap in labelmaps)))
    array = np.zeros(labelmaps[0].shape, np.min_scalar_type(max(*labels, UNDECIDED)))
    best = np.full(array.shape, -1.0)
    tied = np.zeros(array.shape, bool)
    for label in labels:
        votes = np.zeros(array.shape)
        for labelmap, weight in zip(labelmaps, weights, strict=True):
            votes += weight * (labelmap == label)
        level = np.isclose(votes, best, rtol=1e-12, atol=0) & (votes > 0)
        more = (votes > best) & ~level
        tied = (tied & ~more) | level
        # Ascending order: at a tie with the background the first label above it takes its place.
        taken = more | (level & (array == 0)) if tie == "foreground" else more
        array[taken] = label
        best = np.where(more, votes, best)
    if tie != "foreground":
        array[tied] = UNDECIDED if tie == "undecided" else 0
    return array
