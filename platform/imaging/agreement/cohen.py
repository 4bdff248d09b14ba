"""Cohen's kappa for two raters, plain or weighted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from statsmodels.stats.inter_rater import cohens_kappa

from imaging.agreement.chance import ChanceCorrected, percent_agreement
from imaging.agreement.estimate import check_confidence, from_standard_error, not_defined
from imaging.agreement.ratings import Ratings, Scheme, category_weights
from imaging.errors import InputError

_METHOD = "normal, asymptotic standard error"


def cohen_kappa(ratings: Ratings, *, weights: Scheme = "none", confidence: float = 0.95) -> ChanceCorrected:
    """Kappa over the items both raters rated, with the asymptotic standard error.

    `weights` are by the scores of the categories. Computed by statsmodels. Source: Cohen 1960, 1968; Fleiss, Cohen,
    Everitt, Psychol Bull 1969;72:323-327. Raises `InputError` for other than two raters or no common item.
    """
    check_confidence(confidence)
    table = ratings.contingency()
    n = int(table.sum())
    if n == 0:
        raise InputError("No item was rated by both raters", remedy="Give common items.", code="empty-table")
    definition = f"cohen-kappa-{weights}/1"
    both = replace(ratings, codes=ratings.codes[(ratings.codes >= 0).all(axis=1)])
    plain = percent_agreement(both, confidence=confidence)
    agreement = category_weights(ratings.scores, weights)
    rows, columns = table.sum(axis=1) / n, table.sum(axis=0) / n
    if 1 - float(rows @ agreement @ columns) < 1e-12:
        undefined = not_defined(definition, n=n, confidence=confidence, method=_METHOD, reason="constant-ratings")
        return ChanceCorrected(undefined, plain, both.prevalence)
    result = cohens_kappa(table) if weights == "none" else cohens_kappa(table, weights=1 - agreement)
    estimate = from_standard_error(
        float(result.kappa),
        float(np.sqrt(max(float(result.var_kappa), 0.0))),
        definition_id=definition,
        n=n,
        confidence=confidence,
        method=_METHOD,
        limits=(-1.0, 1.0),
    )
    return ChanceCorrected(estimate, plain, both.prevalence)
