"""STAPLE for one structure: the hidden truth and every reader's sensitivity and specificity, by EM.

Source: Warfield, Zou, Wells, IEEE TMI 2004;23:903-921. Readers' masks are collapsed to the patterns that occur (at
most 2 to the number of readers) and their counts: the estimate needs nothing else, takes milliseconds on a full
volume, and adds in one fixed order, so that it comes out the same bit for bit. ITK's filter, which walks every voxel
in every iteration, gives the same values (checked in the tests on every reference).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from imaging.consensus.result import ConsensusResult, ReaderPerformance, ReaderStack, reader_masks
from imaging.errors import InputError
from imaging.metrics.masks import Labelmap

Values = NDArray[np.float64]

_CONVERGED = 1e-7  # largest change of a sensitivity or specificity in one iteration
_MAX_READERS = 16


def staple(
    masks: Iterable[object],
    *,
    confidence_weight: float = 1.0,
    max_iterations: int = 1000,
    threshold: float = 0.5,
) -> ConsensusResult:
    """STAPLE of two or more masks of one shape (2 to 16 readers); foreground where probability ≥ `threshold`.

    The prior is the mean foreground fraction over readers and the whole array, multiplied by `confidence_weight`: it
    depends on how much background the array holds, so the array must not be cropped differently between readers or
    runs. All empty, all full and one reader are answered without the model: the result is what the readers agree on.
    Raises `InputError`.
    """
    readers = reader_masks(masks)
    _check_parameters(len(readers.arrays), confidence_weight, max_iterations, threshold)
    parameters: dict[str, object] = {
        "confidence_weight": float(confidence_weight),
        "max_iterations": int(max_iterations),
        "threshold": float(threshold),
        "converged": _CONVERGED,
    }
    if readers.outcome != "computed" or _all_full(readers):
        agreed = readers.arrays[0]
        return _result(readers, parameters, agreed, agreed.astype(np.float64), readers.performance(agreed), 0.0)
    codes = _pattern_codes(readers.arrays)
    counts = np.bincount(codes.ravel(), minlength=2 ** len(readers.arrays)).astype(np.float64)
    counts[0] += readers.outside
    model = _Model(counts, len(readers.arrays), confidence_weight)
    parameters |= {"prior": model.prior, "iterations": model.fit(max_iterations)}
    probability = model.posterior[codes]
    array = (probability >= threshold).view(np.uint8)
    performance = tuple(
        ReaderPerformance(counted.reader, float(p), float(q), counted.dice)
        for counted, p, q in zip(readers.performance(array), model.sensitivity, model.specificity, strict=True)
    )
    return _result(readers, parameters, array, probability, performance, float(model.posterior[0]))


def _all_full(readers: ReaderStack) -> bool:
    return readers.outside == 0 and all(mask.all() for mask in readers.arrays)


def _result(
    readers: ReaderStack,
    parameters: dict[str, object],
    array: Labelmap,
    probability: Values,
    performance: tuple[ReaderPerformance, ...],
    outside_probability: float,
) -> ConsensusResult:
    return ConsensusResult(
        array=readers.whole(array, int(outside_probability >= float(str(parameters["threshold"])))),
        algorithm="staple",
        version="1",
        parameters=parameters,
        performance=performance,
        outcome=readers.outcome,
        probability=readers.whole(probability, outside_probability),
    )


def _check_parameters(readers: int, confidence_weight: float, max_iterations: int, threshold: float) -> None:
    if readers > _MAX_READERS:
        raise InputError(
            f"STAPLE takes at most {_MAX_READERS} readers", remedy="Choose majority.", code="too-many-readers"
        )
    if not (0 < confidence_weight < np.inf and max_iterations >= 1 and 0 < threshold <= 1):
        raise InputError(
            "STAPLE's parameters are out of range",
            remedy="Confidence weight above 0, at least one iteration, threshold above 0 and at most 1.",
            code="staple-parameters-invalid",
        )


def _pattern_codes(masks: Sequence[Labelmap]) -> NDArray[np.uint16]:
    codes = np.zeros(masks[0].shape, np.uint16)
    for reader, mask in enumerate(masks):
        codes |= mask.astype(np.uint16) << np.uint16(reader)
    return codes


class _Model:
    """EM on the table of patterns: `posterior[code]` is the probability of foreground of a voxel with that code."""

    def __init__(self, counts: Values, readers: int, confidence_weight: float) -> None:
        self.counts = counts
        self.drawn = (np.arange(2**readers)[:, None] >> np.arange(readers)) & 1
        self.prior = float((counts @ self.drawn).sum() / (counts.sum() * readers)) * confidence_weight
        self.posterior: Values = self.drawn.mean(axis=1)
        self.sensitivity: Values = np.zeros(readers)
        self.specificity: Values = np.zeros(readers)

    def fit(self, max_iterations: int) -> int:
        """Iterate until no estimate changes by more than the limit; returns the number of iterations."""
        for iteration in range(max_iterations):
            before = np.concatenate([self.sensitivity, self.specificity])
            self._maximise()
            change = np.abs(np.concatenate([self.sensitivity, self.specificity]) - before)
            if float(change.max()) <= _CONVERGED:
                self._expect()
                return iteration
            self._expect()
        return max_iterations

    def _expect(self) -> None:
        foreground = self.prior * np.where(self.drawn, self.sensitivity, 1 - self.sensitivity).prod(axis=1)
        background = (1 - self.prior) * np.where(self.drawn, 1 - self.specificity, self.specificity).prod(axis=1)
        total = foreground + background
        self.posterior = np.divide(foreground, total, out=np.zeros_like(total), where=total > 0)

    def _maximise(self) -> None:
        weight = self.counts * self.posterior
        rest = self.counts * (1 - self.posterior)
        self.sensitivity = weight @ self.drawn / weight.sum()
        self.specificity = rest @ (1 - self.drawn) / rest.sum()
