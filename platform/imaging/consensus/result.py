"""What a consensus is made of, and the checks that every algorithm makes on its readers."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError
from imaging.metrics.masks import Box, Labelmap, Mask, as_labelmap, as_mask, foreground_box, joined_box

UNDECIDED = 255
"""The label of voxels left undecided by the tie rule "undecided"."""

Outcome = Literal["computed", "single-reader", "all-empty"]

Tie = Literal["foreground", "background", "undecided"]


@dataclass(frozen=True)
class ReaderPerformance:
    """One reader against the consensus. None = not defined (no foreground, or no background, to find).

    `sensitivity`, `specificity`: for STAPLE the estimates of the model, else voxel counts against the result over the
    whole array. `dice` is against the result, foreground against background.
    `confusion` (multi-label STAPLE): row = label given, column = true label, in the order of the labels.
    """

    reader: int
    sensitivity: float | None
    specificity: float | None
    dice: float | None
    confusion: tuple[tuple[float, ...], ...] | None = None


@dataclass(frozen=True)
class ConsensusResult:
    """`array` (uint8 or the label type, of the readers' shape) with what is needed to make it again bit for bit.

    `outcome` "single-reader": the reader's own array; "all-empty": nobody drew anything and the result is empty.
    `probability`: of being foreground, where the algorithm has one.
    """

    array: Labelmap
    algorithm: str
    version: str
    parameters: dict[str, Any]
    performance: tuple[ReaderPerformance, ...]
    outcome: Outcome
    probability: NDArray[np.float64] | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of algorithm, version, shape and voxels: equal means recomputed bit for bit."""
        head = f"consensus/1\0{self.algorithm}\0{self.version}\0{self.array.shape}\0"
        digest = hashlib.sha256(head.encode())
        for plane in self.array:  # eight bytes a voxel: never for the whole volume at once
            digest.update(np.ascontiguousarray(plane, "<u8").tobytes())
        return digest.hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Everything but the arrays."""
        return {
            "algorithm": self.algorithm,
            "version": self.version,
            "parameters": self.parameters,
            "outcome": self.outcome,
            "labels": {str(label): count for label, count in label_counts(self.array).items()},
            "digest": self.digest,
            "performance": [
                {"reader": p.reader, "sensitivity": p.sensitivity, "specificity": p.specificity, "dice": p.dice}
                | ({} if p.confusion is None else {"confusion": p.confusion})
                for p in self.performance
            ],
        }


def label_counts(labels: Labelmap) -> dict[int, int]:
    """Voxels of every label but 0."""
    names, counts = np.unique(labels[labels != 0], return_counts=True)
    return {int(name): int(count) for name, count in zip(names, counts, strict=True)}


def distinct_labels(labels: Labelmap) -> set[int]:
    """The labels that occur, background included."""
    if labels.dtype.itemsize <= 2:
        return set(np.flatnonzero(np.bincount(labels.ravel())).tolist())
    return set(np.unique(labels).tolist())


@dataclass(frozen=True)
class ReaderStack:
    """The readers' arrays inside the box that holds everything anybody drew, and what lies outside.

    Outside the box every reader says background, so algorithms work inside and count `outside` voxels more.
    """

    arrays: tuple[Labelmap, ...]
    box: Box
    shape: tuple[int, ...]

    @property
    def outside(self) -> int:
        """Voxels outside the box."""
        return math.prod(self.shape) - self.arrays[0].size

    @property
    def outcome(self) -> Outcome:
        """How the case is defined before any algorithm is asked."""
        if not any(array.any() for array in self.arrays):
            return "all-empty"
        return "single-reader" if len(self.arrays) == 1 else "computed"

    def whole(self, inside: NDArray[Any], background: float = 0) -> NDArray[Any]:
        """An array of the full shape: `inside` in the box, `background` around it."""
        array = np.full(self.shape, background, inside.dtype)
        array[self.box] = inside
        return array

    def performance(self, result: NDArray[Any]) -> tuple[ReaderPerformance, ...]:
        """Each reader's foreground against `result` (inside the box), by voxels; undecided voxels are left out."""
        decided = result != UNDECIDED
        truth = (result != 0) & decided
        positive = int(np.count_nonzero(truth))
        negative = int(np.count_nonzero(decided)) - positive + self.outside
        return tuple(
            _counted(number, array != 0, truth, decided, positive, negative)
            for number, array in enumerate(self.arrays, start=1)
        )


def reader_masks(masks: Iterable[object]) -> ReaderStack:
    """The readers' masks, of one shape. Raises `InputError` for none, for other shapes and for what is no mask."""
    return _stack([as_mask(mask, name="mask of a reader").view(np.uint8) for mask in masks])


def reader_labelmaps(labelmaps: Iterable[object]) -> ReaderStack:
    """The readers' label maps, of one shape. Raises `InputError` as `reader_masks` does."""
    return _stack([as_labelmap(labels, name="label map of a reader") for labels in labelmaps])


def _stack(arrays: Sequence[Labelmap]) -> ReaderStack:
    if not arrays:
        raise InputError("There is no reader", remedy="Give at least one segmentation.", code="no-readers")
    shape = arrays[0].shape
    if any(array.shape != shape for array in arrays):
        raise InputError(
            "The readers' arrays differ in shape", remedy="Resample them onto one grid.", code="shape-mismatch"
        )
    box = joined_box([foreground_box(array) for array in arrays]) or tuple(slice(0, 0) for _ in shape)
    return ReaderStack(tuple(array[box] for array in arrays), box, shape)


def _counted(number: int, drawn: Mask, truth: Mask, decided: Mask, positive: int, negative: int) -> ReaderPerformance:
    both = int(np.count_nonzero(drawn & truth))
    false = int(np.count_nonzero(drawn & decided)) - both
    total = positive + both + false
    return ReaderPerformance(
        reader=number,
        sensitivity=both / positive if positive else None,
        specificity=1 - false / negative if negative else None,
        dice=2 * both / total if total else None,
    )
