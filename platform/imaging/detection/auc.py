"""Area under the empirical ROC curve with DeLong's variance, and tests between two curves.

Source: DeLong, DeLong, Clarke-Pearson, Biometrics 1988;44:837-845, in the mid-rank form of Sun & Xu, IEEE Signal
Process Lett 2014;21:1389-1393; partial area: McClish, Med Decis Making 1989;9:190-195.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from imaging.agreement.estimate import Estimate, check_confidence, from_standard_error, not_defined
from imaging.detection.cases import Scores, Truth, checked_scores, checked_truth
from imaging.errors import InputError

Direction = Literal["higher", "lower"]


@dataclass(frozen=True)
class AucComparison:
    """Two areas and their difference (first − second); `statistic` is Z when paired, D (Student) when not."""

    first: Estimate
    second: Estimate
    difference: Estimate
    statistic: float | None
    degrees: float | None
    p_value: float | None
    covariance: float

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "first": self.first.as_json(),
            "second": self.second.as_json(),
            "difference": self.difference.as_json(),
            "statistic": self.statistic,
            "degrees": self.degrees,
            "p_value": self.p_value,
            "covariance": self.covariance,
        }


def auc(
    truth: Sequence[float],
    scores: Sequence[float],
    *,
    direction: Direction = "higher",
    confidence: float = 0.95,
) -> Estimate:
    """Probability that a diseased case scores higher (or "lower") than one without disease, ties counting half.

    Not defined where one of the two groups is empty. Raises `InputError`.
    """
    check_confidence(confidence)
    diseased = checked_truth(truth)
    return _estimate(_Components(diseased, _signed(checked_scores(scores, diseased), direction)), confidence)


def compare_auc(
    truth: Sequence[float],
    first: Sequence[float],
    second: Sequence[float],
    *,
    directions: tuple[Direction, Direction] = ("higher", "higher"),
    confidence: float = 0.95,
) -> AucComparison:
    """DeLong's test of two tests on the same cases. The difference is not defined where a group is empty."""
    check_confidence(confidence)
    diseased = checked_truth(truth)
    a, b = (
        _Components(diseased, _signed(checked_scores(scores, diseased), direction))
        for scores, direction in zip((first, second), directions, strict=True)
    )
    covariance = _covariance(a, b)
    variance = a.variance + b.variance - 2 * covariance
    difference = _difference(a, b, variance, confidence, None)
    statistic = _standardised(difference)
    return AucComparison(
        first=_estimate(a, confidence),
        second=_estimate(b, confidence),
        difference=difference,
        statistic=statistic,
        degrees=None,
        p_value=None if statistic is None else float(2 * stats.norm.sf(abs(statistic))),
        covariance=covariance,
    )


def compare_auc_unpaired(
    first: tuple[Sequence[float], Sequence[float]],
    second: tuple[Sequence[float], Sequence[float]],
    *,
    confidence: float = 0.95,
) -> AucComparison:
    """Two (truth, scores) of different cases: Student's t with Welch–Satterthwaite degrees of freedom."""
    check_confidence(confidence)
    parts = []
    for truth, scores in (first, second):
        diseased = checked_truth(truth)
        parts.append(_Components(diseased, checked_scores(scores, diseased)))
    a, b = parts
    variance = a.variance + b.variance
    sizes = [part.diseased + part.healthy for part in parts]
    spread = sum(part.variance**2 / (size - 1) for part, size in zip(parts, sizes, strict=True))
    degrees = variance**2 / spread if np.isfinite(variance) and spread > 0 else None
    difference = _difference(a, b, variance, confidence, degrees)
    statistic = _standardised(difference)
    p_value = None if statistic is None or degrees is None else float(2 * stats.t.sf(abs(statistic), degrees))
    return AucComparison(
        _estimate(a, confidence), _estimate(b, confidence), difference, statistic, degrees, p_value, 0.0
    )


def partial_auc(
    truth: Sequence[float],
    scores: Sequence[float],
    *,
    focus: Literal["specificity", "sensitivity"] = "specificity",
    low: float = 0.9,
    high: float = 1.0,
    corrected: bool = False,
) -> float | None:
    """Area under the ROC curve where specificity (or sensitivity) lies from `low` to `high`; None where not defined.

    `corrected` (specificity only) is McClish's: 0.5 for no discrimination, 1 for perfect.
    """
    diseased = checked_truth(truth)
    values = checked_scores(scores, diseased)
    if not 0 <= low < high <= 1 or (corrected and focus != "specificity"):
        raise InputError("The range is not valid", remedy="Give 0 ≤ low < high ≤ 1.", code="range-invalid")
    if diseased.all() or not diseased.any():
        return None
    fpr, tpr = _curve(diseased, values)
    x, y = (fpr, tpr) if focus == "specificity" else (1 - tpr[::-1], 1 - fpr[::-1])
    area = _area_between(x, y, 1 - high, 1 - low)
    if not corrected:
        return area
    least, most = ((1 - low) ** 2 - (1 - high) ** 2) / 2, high - low
    return (1 + (area - least) / (most - least)) / 2


class _Components:
    """DeLong's structural components: V10 of every diseased case, V01 of every other."""

    def __init__(self, truth: Truth, scores: Scores) -> None:
        positive, negative = scores[truth], scores[~truth]
        self.diseased, self.healthy = positive.size, negative.size
        if not positive.size or not negative.size:
            self.v10, self.v01 = np.empty(0), np.empty(0)
            self.area, self.variance = float("nan"), float("nan")
            return
        together = stats.rankdata(np.concatenate([positive, negative]))
        self.v10 = (together[: positive.size] - stats.rankdata(positive)) / negative.size
        self.v01 = 1 - (together[positive.size :] - stats.rankdata(negative)) / positive.size
        self.area = float(self.v10.mean())
        self.variance = _covariance(self, self)


def _covariance(a: _Components, b: _Components) -> float:
    if a.diseased < 2 or a.healthy < 2:
        return float("nan")
    s10 = float(((a.v10 - a.area) * (b.v10 - b.area)).sum()) / (a.diseased - 1)
    s01 = float(((a.v01 - a.area) * (b.v01 - b.area)).sum()) / (a.healthy - 1)
    return s10 / a.diseased + s01 / a.healthy


def _estimate(parts: _Components, confidence: float) -> Estimate:
    n = parts.diseased + parts.healthy
    if np.isnan(parts.area):
        return not_defined("auc-empirical/1", n=n, confidence=confidence, method="DeLong", reason="one-group-empty")
    # Perfect separation leaves no spread among the components; that is no certainty, so there is no interval.
    spread = float(np.sqrt(parts.variance)) if parts.variance > 0 else float("nan")
    return from_standard_error(
        parts.area,
        spread,
        definition_id="auc-empirical/1",
        n=n,
        confidence=confidence,
        method="DeLong",
        limits=(0.0, 1.0),
    )


def _difference(a: _Components, b: _Components, variance: float, confidence: float, degrees: float | None) -> Estimate:
    n = a.diseased + a.healthy
    if np.isnan(a.area) or np.isnan(b.area):
        return not_defined("auc-difference/1", n=n, confidence=confidence, method="DeLong", reason="one-group-empty")
    return from_standard_error(
        a.area - b.area,
        float(np.sqrt(max(variance, 0.0))) if np.isfinite(variance) else float("nan"),
        definition_id="auc-difference/1",
        n=n,
        confidence=confidence,
        method="DeLong",
        degrees=degrees,
        limits=(-1.0, 1.0),
    )


def _standardised(difference: Estimate) -> float | None:
    if difference.value is None or not difference.standard_error:
        return None
    return difference.value / difference.standard_error


def _signed(scores: Scores, direction: Direction) -> Scores:
    if direction not in ("higher", "lower"):
        raise InputError("Unknown direction", remedy='Choose "higher" or "lower".', code="direction-unknown")
    return scores if direction == "higher" else -scores


def _curve(truth: Truth, scores: Scores) -> tuple[Scores, Scores]:
    """False and true positive rate from the strictest threshold to the laxest, both from 0 to 1."""
    thresholds = np.unique(scores)[::-1]
    true = np.searchsorted(np.sort(-scores[truth]), -thresholds, side="right")
    false = np.searchsorted(np.sort(-scores[~truth]), -thresholds, side="right")
    fpr = np.concatenate([[0.0], false / max(int(np.count_nonzero(~truth)), 1)])
    tpr = np.concatenate([[0.0], true / max(int(np.count_nonzero(truth)), 1)])
    return fpr, tpr


def _area_between(x: Scores, y: Scores, start: float, stop: float) -> float:
    """Trapezoids between two abscissas of a curve that may rise vertically."""
    area = 0.0
    for x0, x1, y0, y1 in zip(x, x[1:], y, y[1:], strict=False):
        left, right = max(x0, start), min(x1, stop)
        if right > left:
            slope = (y1 - y0) / (x1 - x0)
            area += (right - left) * (2 * y0 + slope * (left + right - 2 * x0)) / 2
    return float(area)
