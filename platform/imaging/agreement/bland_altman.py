"""Limits of agreement between two methods of measurement.

Source: Bland & Altman, Lancet 1986;i:307-310; intervals of the limits: Stat Methods Med Res 1999;8:135-160.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from imaging.agreement.estimate import Estimate, check_confidence, from_standard_error
from imaging.errors import InputError


@dataclass(frozen=True)
class BlandAltman:
    """Bias and limits of agreement of first − second, in the unit of the measurements, each with its interval.

    `multiplier` is how many standard deviations the limits lie from the bias. `slope` is that of the difference on
    the mean: an interval without 0 says that the difference grows with the size.
    """

    bias: Estimate
    lower_limit: Estimate
    upper_limit: Estimate
    standard_deviation: float
    slope: Estimate
    multiplier: float
    n: int

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        named = {"bias": self.bias, "lower_limit": self.lower_limit, "upper_limit": self.upper_limit}
        return {
            **{name: estimate.as_json() for name, estimate in named.items()},
            "slope": self.slope.as_json(),
            "standard_deviation": self.standard_deviation,
            "multiplier": self.multiplier,
            "n": self.n,
        }


def bland_altman(
    first: Sequence[float], second: Sequence[float], *, multiplier: float = 1.96, confidence: float = 0.95
) -> BlandAltman:
    """Bias and limits of agreement of paired measurements, one pair per item.

    Raises `InputError` for unequal lengths, fewer than three pairs, or values that are not finite.
    """
    check_confidence(confidence)
    a, b = np.asarray(first, float), np.asarray(second, float)
    if a.shape != b.shape or a.ndim != 1:
        raise InputError("The measurements are not paired", remedy="Give one pair per item.", code="shape-mismatch")
    if a.size < 3:
        raise InputError("Limits of agreement need three pairs or more", remedy="Add items.", code="too-few-items")
    if not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))):
        raise InputError("A measurement is not a number", remedy="Leave out the item.", code="not-finite")
    if not multiplier > 0:
        raise InputError("The multiplier must be above zero", remedy="Give 1.96.", code="multiplier-invalid")
    difference = a - b
    n, deviation = difference.size, float(difference.std(ddof=1))
    mean = float(difference.mean())
    limit_error = deviation * float(np.sqrt(1 / n + multiplier**2 / (2 * (n - 1))))

    def estimate(name: str, value: float, error: float) -> Estimate:
        return from_standard_error(
            value,
            error,
            definition_id=f"bland-altman-{name}/1",
            n=n,
            confidence=confidence,
            method="t",
            degrees=n - 1,
        )

    return BlandAltman(
        bias=estimate("bias", mean, deviation / float(np.sqrt(n))),
        lower_limit=estimate("lower-limit", mean - multiplier * deviation, limit_error),
        upper_limit=estimate("upper-limit", mean + multiplier * deviation, limit_error),
        standard_deviation=deviation,
        slope=_slope((a + b) / 2, difference, confidence),
        multiplier=multiplier,
        n=n,
    )


def _slope(size: np.ndarray, difference: np.ndarray, confidence: float) -> Estimate:
    definition, n = "bland-altman-slope/1", size.size
    if np.ptp(size) == 0:
        return Estimate(None, None, None, confidence, definition, n, "t", reason="constant-ratings")
    line = stats.linregress(size, difference)
    return from_standard_error(
        float(line.slope),
        float(line.stderr),
        definition_id=definition,
        n=n,
        confidence=confidence,
        method="t",
        degrees=n - 2,
    )
