"""Points on the empirical ROC curve: what a threshold costs and what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imaging.detection.cases import checked_scores, checked_truth
from imaging.detection.confusion import BinaryMetrics, binary_metrics_from_counts
from imaging.errors import InputError


@dataclass(frozen=True)
class OperatingPoint:
    """A case is called positive where its score ≥ `threshold`; None calls all (sensitivity 1) or none positive."""

    threshold: float | None
    metrics: BinaryMetrics

    @property
    def sensitivity(self) -> float:
        """Part of the diseased that are called."""
        return self.metrics.sensitivity.value or 0.0

    @property
    def specificity(self) -> float:
        """Part of the others that are not called."""
        return self.metrics.specificity.value or 0.0

    def as_json(self) -> dict[str, object]:
        """Plain values; `threshold` null where no finite number separates."""
        return {"threshold": self.threshold, **self.metrics.as_json()}


def operating_points(
    truth: Sequence[float], scores: Sequence[float], *, confidence: float = 0.95
) -> list[OperatingPoint]:
    """All distinct points from "everyone positive" to "nobody", thresholds half way between neighbouring scores.

    Raises `InputError` where one of the two groups is empty.
    """
    diseased = checked_truth(truth)
    values = checked_scores(scores, diseased)
    if diseased.all() or not diseased.any():
        raise InputError(
            "A curve needs cases with and without disease",
            remedy="Add cases of the other kind.",
            code="one-group-empty",
        )
    levels = np.unique(values)
    between = (levels[:-1] + levels[1:]) / 2
    thresholds: list[float | None] = [None, *(float(t) for t in between), None]
    found = np.sort(values[diseased])
    false = np.sort(values[~diseased])
    tp = [found.size, *(found.size - np.searchsorted(found, between)), 0]
    fp = [false.size, *(false.size - np.searchsorted(false, between)), 0]
    return [
        OperatingPoint(
            threshold,
            binary_metrics_from_counts(int(t), int(f), found.size - int(t), false.size - int(f), confidence=confidence),
        )
        for threshold, t, f in zip(thresholds, tp, fp, strict=True)
    ]


def youden_points(points: Sequence[OperatingPoint]) -> list[OperatingPoint]:
    """The points where sensitivity + specificity is largest; several where they tie. Source: Youden, Cancer 1950;3:32."""
    best = max(point.sensitivity + point.specificity for point in points)
    return [point for point in points if point.sensitivity + point.specificity >= best - 1e-12]


def point_at_specificity(points: Sequence[OperatingPoint], least: float) -> OperatingPoint:
    """The most sensitive point whose specificity is at least `least`."""
    _check_rate(least)
    fit = [point for point in points if point.specificity >= least - 1e-12]
    return max(fit, key=lambda point: (point.sensitivity, point.specificity))


def point_at_sensitivity(points: Sequence[OperatingPoint], least: float) -> OperatingPoint:
    """The most specific point whose sensitivity is at least `least`."""
    _check_rate(least)
    fit = [point for point in points if point.sensitivity >= least - 1e-12]
    return max(fit, key=lambda point: (point.specificity, point.sensitivity))


def _check_rate(rate: float) -> None:
    if not 0 <= rate <= 1:
        raise InputError("A rate lies from 0 to 1", remedy="Correct it.", code="range-invalid")
