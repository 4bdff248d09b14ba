"""Intraclass correlation, all forms.

Source: Shrout & Fleiss, Psychol Bull 1979;86:420-428; McGraw & Wong, Psychol Methods 1996;1:30-46.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from imaging.agreement.estimate import Estimate, check_confidence, not_defined
from imaging.errors import InputError

ICC_FORMS = {
    "ICC1": "ICC(1,1), one-way random, one rater: every item its own raters",
    "ICC2": "ICC(2,1) = ICC(A,1), two-way, absolute agreement, one rater",
    "ICC3": "ICC(3,1) = ICC(C,1), two-way, consistency, one rater",
    "ICC1k": "ICC(1,k), one-way random, mean of k raters",
    "ICC2k": "ICC(2,k) = ICC(A,k), two-way, absolute agreement, mean of k raters",
    "ICC3k": "ICC(3,k) = ICC(C,k), two-way, consistency, mean of k raters",
}

_METHOD = "F distribution"


def icc(measurements: Sequence[Sequence[float]], *, confidence: float = 0.95) -> dict[str, Estimate]:
    """All forms of the ICC of (items, raters) numbers without gaps, keyed as `ICC_FORMS`.

    Not defined where nothing varies between items and raters. Raises `InputError` for gaps, NaN, fewer than two items
    or raters.
    """
    check_confidence(confidence)
    values = _complete(measurements)
    squares = _MeanSquares(values)
    if squares.rows == 0 and squares.error == 0:
        return {
            form: not_defined(
                _definition(form), n=squares.n, confidence=confidence, method=_METHOD, reason="constant-ratings"
            )
            for form in ICC_FORMS
        }
    single = {
        "ICC1": _one_way(squares, confidence),
        "ICC2": _absolute(squares, confidence),
        "ICC3": _consistent(squares, confidence),
    }
    estimates = {form: _estimate(form, numbers, squares.n, confidence) for form, numbers in single.items()}
    # The mean of k raters: Spearman–Brown, for the value and both ends of the interval.
    for form, numbers in single.items():
        mean = tuple(_spearman_brown(number, squares.k) for number in numbers)
        estimates[f"{form}k"] = _estimate(f"{form}k", mean, squares.n, confidence)
    return estimates


class _MeanSquares:
    """Two-way analysis of variance of (n items, k raters)."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.n, self.k = values.shape
        grand = values.mean()
        rows = self.k * float(((values.mean(axis=1) - grand) ** 2).sum())
        columns = self.n * float(((values.mean(axis=0) - grand) ** 2).sum())
        total = float(((values - grand) ** 2).sum())
        rest = max(total - rows - columns, 0.0)
        self.rows = rows / (self.n - 1)
        self.columns = columns / (self.k - 1)
        self.error = rest / ((self.n - 1) * (self.k - 1))
        self.within = (columns + rest) / (self.n * (self.k - 1))


def _complete(measurements: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    try:
        values = np.asarray(measurements, float)
    except (ValueError, TypeError):
        raise InputError("The table is not of numbers", remedy="Give full rows.", code="ragged-table") from None
    if values.ndim != 2 or not values.size:
        raise InputError("The table is empty", remedy="Give items × raters.", code="empty-table")
    if values.shape[1] < 2:
        raise InputError("Agreement needs at least two raters", remedy="Add a rater.", code="one-rater")
    if values.shape[0] < 2:
        raise InputError("The ICC needs at least two items", remedy="Add items.", code="one-item")
    if not np.all(np.isfinite(values)):
        raise InputError(
            "The ICC needs a number from every rater for every item",
            remedy="Leave out items with gaps, or choose Krippendorff's alpha.",
            code="not-finite",
        )
    return values


Triple = tuple[float, ...]


def _one_way(ms: _MeanSquares, confidence: float) -> Triple:
    ratio, k = _ratio(ms.rows, ms.within), ms.k
    upper = stats.f.ppf((1 + confidence) / 2, ms.n - 1, ms.n * (k - 1))
    lower = stats.f.ppf((1 + confidence) / 2, ms.n * (k - 1), ms.n - 1)
    value = _over(ms.rows - ms.within, ms.rows + (k - 1) * ms.within)
    return (value, _from_ratio(ratio / upper, k), _from_ratio(ratio * lower, k))


def _consistent(ms: _MeanSquares, confidence: float) -> Triple:
    ratio, k = _ratio(ms.rows, ms.error), ms.k
    upper = stats.f.ppf((1 + confidence) / 2, ms.n - 1, (ms.n - 1) * (k - 1))
    lower = stats.f.ppf((1 + confidence) / 2, (ms.n - 1) * (k - 1), ms.n - 1)
    value = _over(ms.rows - ms.error, ms.rows + (k - 1) * ms.error)
    return (value, _from_ratio(ratio / upper, k), _from_ratio(ratio * lower, k))


def _absolute(ms: _MeanSquares, confidence: float) -> Triple:
    """Interval after Satterthwaite, Shrout & Fleiss 1979, formulas for ICC(2,1)."""
    n, k = ms.n, ms.k
    value = _over(ms.rows - ms.error, ms.rows + (k - 1) * ms.error + k * (ms.columns - ms.error) / n)
    if np.isnan(value) or (ms.error == 0 and ms.columns == 0):
        return (value, value, value)
    raters, rest = k * value * ms.columns, (n * (1 + (k - 1) * value) - k * value) * ms.error
    degrees = _over((raters + rest) ** 2, raters**2 / (k - 1) + rest**2 / ((n - 1) * (k - 1)))
    upper = stats.f.ppf((1 + confidence) / 2, n - 1, degrees)
    lower = stats.f.ppf((1 + confidence) / 2, degrees, n - 1)
    spread = k * ms.columns + (k * n - k - n) * ms.error
    low = _over(n * (ms.rows - upper * ms.error), upper * spread + n * ms.rows)
    high = _over(n * (lower * ms.rows - ms.error), spread + n * lower * ms.rows)
    return (value, low, high)


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else float("inf")


def _from_ratio(ratio: float, k: int) -> float:
    return 1.0 if np.isinf(ratio) else float((ratio - 1) / (ratio + k - 1))


def _spearman_brown(single: float, k: int) -> float:
    return _over(single * k, 1 + single * (k - 1))


def _over(numerator: float, denominator: float) -> float:
    """The quotient; NaN where nothing is divided by nothing: a form of the ICC can lack a value."""
    defined = np.isfinite(numerator) and np.isfinite(denominator) and abs(denominator) > 1e-12
    return float(numerator / denominator) if defined else float("nan")


def _definition(form: str) -> str:
    return f"icc-{form[3:]}/1"


def _estimate(form: str, numbers: Triple, n: int, confidence: float) -> Estimate:
    value, low, high = (float(number) for number in numbers)
    if np.isnan(value):
        reason = "items-do-not-differ"
        return not_defined(_definition(form), n=n, confidence=confidence, method=_METHOD, reason=reason)
    if np.isnan(low) or np.isnan(high):
        return Estimate(value, None, None, confidence, _definition(form), n, _METHOD, reason="no-variance")
    return Estimate(value, low, high, confidence, _definition(form), n, _METHOD)
