"""Sensitivity, specificity, predictive values, with Wilson intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from imaging.agreement.estimate import Estimate, check_confidence, not_defined
from imaging.detection.cases import checked_truth
from imaging.errors import InputError


@dataclass(frozen=True)
class BinaryMetrics:
    """The 2×2 table and what is read from it. PPV and NPV hold at the prevalence of these cases only."""

    tp: int
    fp: int
    fn: int
    tn: int
    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate
    npv: Estimate
    accuracy: Estimate
    prevalence: Estimate

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        names = ("sensitivity", "specificity", "ppv", "npv", "accuracy", "prevalence")
        return {
            "tp": self.tp,
            "fp": self.fp,
            "fn": self.fn,
            "tn": self.tn,
            **{name: getattr(self, name).as_json() for name in names},
        }


def wilson(successes: int, n: int, *, definition_id: str, confidence: float = 0.95) -> Estimate:
    """A proportion with Wilson's score interval; not defined where `n` is 0. Source: Wilson, JASA 1927;22:209-212."""
    check_confidence(confidence)
    if not 0 <= successes <= n:
        raise InputError("More successes than trials", remedy="Correct the counts.", code="count-invalid")
    if n == 0:
        return not_defined(definition_id, n=0, confidence=confidence, method="Wilson", reason="no-cases")
    low, high = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    return Estimate(
        successes / n, max(float(low), 0.0), min(float(high), 1.0), confidence, definition_id, n, method="Wilson"
    )


def binary_metrics(truth: Sequence[float], called: Sequence[float], *, confidence: float = 0.95) -> BinaryMetrics:
    """From truth and call (0 or 1) of every case. Raises `InputError`."""
    diseased, positive = checked_truth(truth), checked_truth(called)
    if diseased.shape != positive.shape:
        raise InputError("Truth and calls differ in length", remedy="Give one of each.", code="shape-mismatch")
    return binary_metrics_from_counts(
        int(np.count_nonzero(diseased & positive)),
        int(np.count_nonzero(~diseased & positive)),
        int(np.count_nonzero(diseased & ~positive)),
        int(np.count_nonzero(~diseased & ~positive)),
        confidence=confidence,
    )


def binary_metrics_from_counts(tp: int, fp: int, fn: int, tn: int, *, confidence: float = 0.95) -> BinaryMetrics:
    """From the four counts. Raises `InputError` for negative ones and where all are 0."""
    if min(tp, fp, fn, tn) < 0:
        raise InputError("A count is negative", remedy="Correct the counts.", code="count-invalid")
    n = tp + fp + fn + tn
    if n == 0:
        raise InputError("There is no case", remedy="Give at least one.", code="empty-table")

    def part(name: str, successes: int, trials: int) -> Estimate:
        return wilson(successes, trials, definition_id=f"{name}/1", confidence=confidence)

    return BinaryMetrics(
        tp=tp,
        fp=fp,
        fn=fn,
        tn=tn,
        sensitivity=part("sensitivity", tp, tp + fn),
        specificity=part("specificity", tn, tn + fp),
        ppv=part("ppv", tp, tp + fp),
        npv=part("npv", tn, tn + fn),
        accuracy=part("accuracy", tp + tn, n),
        prevalence=part("prevalence", tp + fn, n),
    )
