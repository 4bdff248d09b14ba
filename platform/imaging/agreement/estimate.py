"""An estimate is never a bare number: value, interval, how sure, by which definition, from how much."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

from imaging.errors import InputError


@dataclass(frozen=True)
class Estimate:
    """`value` with its interval at `confidence`; None = not defined, and `reason` says why.

    `n` counts the independent units (items, cases, patients) behind it. `method` names how the interval was made.
    """

    value: float | None
    low: float | None
    high: float | None
    confidence: float
    definition_id: str
    n: int
    method: str
    standard_error: float | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values; null = not defined."""
        return asdict(self)

    def __str__(self) -> str:
        if self.value is None:
            return f"not defined ({self.reason})"
        if self.low is None or self.high is None:
            return f"{self.value:.4f}"
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f})"


def not_defined(definition_id: str, *, n: int, confidence: float, method: str, reason: str) -> Estimate:
    """The estimate of a quantity that these data do not determine."""
    return Estimate(None, None, None, confidence, definition_id, n, method, reason=reason)


def from_standard_error(
    value: float,
    standard_error: float,
    *,
    definition_id: str,
    n: int,
    confidence: float,
    method: str,
    degrees: float | None = None,
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> Estimate:
    """value ± quantile × standard error, cut at `limits`; t with `degrees` of freedom, else normal.

    Rounding can take a variance below zero or a single item can leave none: then there is a value and no interval.
    """
    if not np.isfinite(standard_error) or (degrees is not None and degrees <= 0):
        return Estimate(value, None, None, confidence, definition_id, n, method, reason="no-variance")
    tail = (1 + confidence) / 2
    quantile = float(stats.norm.ppf(tail) if degrees is None else stats.t.ppf(tail, degrees))
    low, high = (float(np.clip(value + sign * quantile * standard_error, *limits)) for sign in (-1, 1))
    return Estimate(value, low, high, confidence, definition_id, n, method, float(standard_error))


def check_confidence(confidence: float) -> None:
    """Raises `InputError` unless `confidence` lies between 0 and 1."""
    if not 0 < confidence < 1:
        raise InputError("Confidence must lie between 0 and 1", remedy="Give 0.95.", code="confidence-invalid")
