"""Percent agreement and the coefficients for any number of raters and gaps: Fleiss' kappa, Gwet's AC1 and AC2.

Source: Gwet, Handbook of Inter-Rater Reliability, 4th ed. 2014, chapters 2-5; Gwet, Br J Math Stat Psychol
2008;61:29-48. Variances are over items, intervals from t with items − 1 degrees of freedom, cut at 1. The published
two-rater table forms divide the squares by n² and not by n(n − 1); ratings that come as such a table follow them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.agreement.estimate import Estimate, check_confidence, from_standard_error, not_defined
from imaging.agreement.ratings import Counts, Ratings, Scheme, category_weights
from imaging.errors import InputError

Values = NDArray[np.float64]

_METHOD = "t over items"


@dataclass(frozen=True)
class ChanceCorrected:
    """A chance-corrected coefficient, which is never shown alone: with percent agreement and prevalence."""

    coefficient: Estimate
    percent_agreement: Estimate
    prevalence: dict[str, float]

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "coefficient": self.coefficient.as_json(),
            "percent_agreement": self.percent_agreement.as_json(),
            "prevalence": self.prevalence,
        }

    def __str__(self) -> str:
        shares = ", ".join(f"{category} {part:.1%}" for category, part in self.prevalence.items())
        return f"{self.coefficient}; percent agreement {self.percent_agreement}; prevalence {shares}"


def percent_agreement(ratings: Ratings, *, weights: Scheme = "none", confidence: float = 0.95) -> Estimate:
    """Agreeing pairs of raters per item, averaged over the items with two or more ratings; weighted on request."""
    check_confidence(confidence)
    parts = _Parts(ratings, weights)
    definition = f"percent-agreement-{weights}/1"
    value = parts.observed
    return _over_items(value, parts.observed_by_item, parts, definition, confidence)


def fleiss_kappa(ratings: Ratings, *, weights: Scheme = "none", confidence: float = 0.95) -> ChanceCorrected:
    """Fleiss' kappa: chance agreement from the mean category proportions."""
    check_confidence(confidence)
    parts = _Parts(ratings, weights)
    chance = float(parts.proportions @ parts.weights @ parts.proportions)
    by_item = parts.share @ (parts.weights + parts.weights.T) @ parts.proportions / 2
    return _corrected(parts, chance, by_item, f"fleiss-kappa-{weights}/1", confidence)


def gwet_ac(ratings: Ratings, *, weights: Scheme = "none", confidence: float = 0.95) -> ChanceCorrected:
    """Gwet's AC1 (`weights` "none") or AC2: chance agreement from the propensity to rate at random."""
    check_confidence(confidence)
    parts = _Parts(ratings, weights)
    size = len(ratings.categories)
    factor = parts.weights.sum() / (size * (size - 1)) if size > 1 else np.nan
    chance = float(factor * (parts.proportions * (1 - parts.proportions)).sum())
    by_item = factor * (parts.share * (1 - parts.proportions)).sum(axis=1)
    name = "gwet-ac1/1" if weights == "none" else f"gwet-ac2-{weights}/1"
    return _corrected(parts, chance, by_item, name, confidence)


class _Parts:
    """What the coefficients share. Items without any rating are left out; items with one count for prevalence only."""

    def __init__(self, ratings: Ratings, scheme: Scheme) -> None:
        counts = ratings.counts
        self.ratings = ratings
        self.weights: Counts = category_weights(ratings.scores, scheme)
        counts = counts[counts.sum(axis=1) > 0]
        raters = counts.sum(axis=1)
        if not np.any(raters >= 2):
            raise InputError("No item has two ratings", remedy="Add a rater.", code="one-rater")
        self.n = len(counts)
        self.paired = raters >= 2
        self.share: Values = counts / raters[:, None]
        self.proportions: Values = self.share.mean(axis=0)
        agreeing = (counts * (counts @ self.weights - 1)).sum(axis=1)
        self.observed_by_item: Values = np.where(self.paired, agreeing / np.maximum(raters * (raters - 1), 1), 0.0)
        self.observed = float(self.observed_by_item[self.paired].mean())


def _corrected(
    parts: _Parts, chance: float, chance_by_item: Values, definition_id: str, confidence: float
) -> ChanceCorrected:
    plain = percent_agreement(parts.ratings, confidence=confidence)
    if not np.isfinite(chance) or 1 - chance < 1e-12:
        undefined = not_defined(
            definition_id, n=parts.n, confidence=confidence, method=_METHOD, reason="constant-ratings"
        )
        return ChanceCorrected(undefined, plain, parts.ratings.prevalence)
    value = (parts.observed - chance) / (1 - chance)
    # Items with a single rating carry no pair: they add to the chance term only.
    scale = parts.n / np.count_nonzero(parts.paired)
    by_item = np.where(parts.paired, scale * (parts.observed_by_item - chance) / (1 - chance), 0.0)
    by_item = by_item - 2 * (1 - value) * (chance_by_item - chance) / (1 - chance)
    return ChanceCorrected(
        _over_items(value, by_item, parts, definition_id, confidence, scaled=True), plain, parts.ratings.prevalence
    )


def _over_items(
    value: float, by_item: Values, parts: _Parts, definition_id: str, confidence: float, *, scaled: bool = False
) -> Estimate:
    n = parts.n
    scale = 1.0 if scaled else n / np.count_nonzero(parts.paired)
    squares = float(((scale * by_item - value) ** 2).sum())
    divisor = n**2 if parts.ratings.from_contingency else n * (n - 1)
    return from_standard_error(
        value,
        float(np.sqrt(squares / divisor)) if n > 1 else float("nan"),
        definition_id=definition_id,
        n=n,
        confidence=confidence,
        method=_METHOD,
        degrees=n - 1,
        limits=(-1.0, 1.0) if definition_id.startswith(("fleiss", "gwet")) else (0.0, 1.0),
    )
