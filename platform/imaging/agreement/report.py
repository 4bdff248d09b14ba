"""Everything that a table of ratings says about agreement, in one answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from imaging.agreement.bland_altman import BlandAltman, bland_altman
from imaging.agreement.chance import ChanceCorrected, fleiss_kappa, gwet_ac, percent_agreement
from imaging.agreement.cohen import cohen_kappa
from imaging.agreement.estimate import Estimate
from imaging.agreement.icc import icc
from imaging.agreement.krippendorff import Level, krippendorff_alpha
from imaging.agreement.ratings import Ratings, Scheme

_WEIGHTED: tuple[Scheme, ...] = ("none", "linear", "quadratic")
_LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")


@dataclass(frozen=True)
class AgreementReport:
    """Percent agreement and prevalence first; the chance-corrected coefficients beside them."""

    n_items: int
    n_raters: int
    n_ratings: int
    n_missing: int
    categories: tuple[str, ...]
    prevalence: dict[str, float]
    percent_agreement: Estimate
    coefficients: dict[str, Estimate]
    icc: dict[str, Estimate]
    bland_altman: BlandAltman | None

    def as_json(self) -> dict[str, Any]:
        """Plain values; null = not defined."""
        return {
            "n_items": self.n_items,
            "n_raters": self.n_raters,
            "n_ratings": self.n_ratings,
            "n_missing": self.n_missing,
            "categories": list(self.categories),
            "prevalence": self.prevalence,
            "percent_agreement": self.percent_agreement.as_json(),
            "coefficients": {name: estimate.as_json() for name, estimate in self.coefficients.items()},
            "icc": {name: estimate.as_json() for name, estimate in self.icc.items()},
            "bland_altman": None if self.bland_altman is None else self.bland_altman.as_json(),
        }


def agreement_report(ratings: Ratings, *, confidence: float = 0.95) -> AgreementReport:
    """Every coefficient that fits the ratings.

    Cohen's kappa with two raters; weights and levels above nominal where the categories are numbers; ICC where there
    are no gaps; Bland–Altman with two raters. Raises `InputError` where no item has two ratings.
    """
    numeric = all(isinstance(category, int | float) for category in ratings.categories)
    schemes = _WEIGHTED if numeric else _WEIGHTED[:1]
    rated = ratings.codes[(ratings.codes >= 0).any(axis=1)]
    missing = int(np.count_nonzero(rated < 0))
    two = ratings.codes.shape[1] == 2
    complete = numeric and not missing and len(rated) > 1
    values = ratings.values()[(ratings.codes >= 0).any(axis=1)]
    return AgreementReport(
        n_items=ratings.n_items,
        n_raters=ratings.codes.shape[1],
        n_ratings=ratings.n_ratings,
        n_missing=missing,
        categories=tuple(str(category) for category in ratings.categories),
        prevalence=ratings.prevalence,
        percent_agreement=percent_agreement(ratings, confidence=confidence),
        coefficients={
            chance.coefficient.definition_id.split("/")[0]: chance.coefficient
            for chance in _coefficients(ratings, schemes, numeric, confidence)
        },
        icc=icc(values.tolist(), confidence=confidence) if complete else {},
        bland_altman=(
            bland_altman(values[:, 0].tolist(), values[:, 1].tolist(), confidence=confidence)
            if complete and two and len(rated) > 2
            else None
        ),
    )


def _coefficients(
    ratings: Ratings, schemes: tuple[Scheme, ...], numeric: bool, confidence: float
) -> list[ChanceCorrected]:
    found = []
    if ratings.codes.shape[1] == 2:
        found += [cohen_kappa(ratings, weights=scheme, confidence=confidence) for scheme in schemes]
    found += [fleiss_kappa(ratings, weights=scheme, confidence=confidence) for scheme in schemes]
    found += [gwet_ac(ratings, weights=scheme, confidence=confidence) for scheme in schemes]
    levels = [level for level in _LEVELS if level == "nominal" or (numeric and _fits(ratings, level))]
    return found + [krippendorff_alpha(ratings, level=level, confidence=confidence) for level in levels]


def _fits(ratings: Ratings, level: Level) -> bool:
    return level != "ratio" or float(ratings.scores.min()) >= 0
