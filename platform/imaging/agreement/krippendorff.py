"""Krippendorff's alpha for any number of raters, gaps, and the level of measurement.

Source: Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011 (the coincidence matrix and the metrics δ²).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imaging.agreement.chance import ChanceCorrected, percent_agreement
from imaging.agreement.estimate import Estimate, check_confidence, not_defined
from imaging.agreement.ratings import Ratings
from imaging.errors import InputError

Values = NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval", "ratio"]

_RESAMPLES_AT_ONCE = 256


def krippendorff_alpha(
    ratings: Ratings, *, level: Level = "nominal", confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> ChanceCorrected:
    """Alpha = 1 − observed / expected disagreement over the items with two or more ratings.

    The interval is the percentile bootstrap over items, `resamples` times from `seed`: the same numbers every time.
    Not defined where all ratings are one category. Raises `InputError` for an unknown level, negative values at the
    ratio level, or no item with two ratings.
    """
    check_confidence(confidence)
    coincidences = _by_item(ratings)
    _check_level(ratings, level)
    n = len(coincidences)
    definition, method = f"krippendorff-alpha-{level}/1", f"percentile bootstrap over items, {resamples}, seed {seed}"
    plain = percent_agreement(ratings, confidence=confidence)
    value = float(_alpha(coincidences.sum(axis=0)[None], ratings.scores, level)[0])
    if np.isnan(value):
        undefined = not_defined(definition, n=n, confidence=confidence, method=method, reason="constant-ratings")
        return ChanceCorrected(undefined, plain, ratings.prevalence)
    draws = _bootstrap(coincidences, ratings.scores, level, resamples, seed)
    estimate = _interval(value, draws, definition, n, confidence, method)
    return ChanceCorrected(estimate, plain, ratings.prevalence)


def _interval(value: float, draws: Values, definition: str, n: int, confidence: float, method: str) -> Estimate:
    if draws.size < 2:
        return Estimate(value, None, None, confidence, definition, n, method, reason="no-variance")
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(value, float(low), float(high), confidence, definition, n, method, float(draws.std(ddof=1)))


def _check_level(ratings: Ratings, level: Level) -> None:
    if level not in ("nominal", "ordinal", "interval", "ratio"):
        raise InputError(
            "Unknown level", remedy='Choose "nominal", "ordinal", "interval" or "ratio".', code="level-unknown"
        )
    if level == "ratio" and ratings.scores.min() < 0:
        raise InputError("The ratio level needs values from 0", remedy='Choose "interval".', code="negative-ratio")


def _by_item(ratings: Ratings) -> Values:
    """(items, categories, categories): coincidences of the pairs of ratings of each item with two or more."""
    counts = ratings.counts
    raters = counts.sum(axis=1)
    counts, raters = counts[raters >= 2], raters[raters >= 2]
    if not len(counts):
        raise InputError("No item has two ratings", remedy="Add a rater.", code="one-rater")
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs -= counts[:, :, None] * np.eye(counts.shape[1])
    coincidences: Values = pairs / (raters - 1)[:, None, None]
    return coincidences


def _alpha(coincidences: Values, scores: Values, level: Level) -> Values:
    """Alpha of each of (B, categories, categories) summed coincidence matrices; NaN where not defined."""
    margins = coincidences.sum(axis=2)
    total = margins.sum(axis=1)
    distance = _distance(margins, scores, level)
    observed = (coincidences * distance).sum(axis=(1, 2))
    expected = np.einsum("bi,bj,bij->b", margins, margins, distance) / np.maximum(total - 1, 1)
    ratio: Values = np.divide(observed, expected, out=np.full(len(total), np.nan), where=expected > 0)
    return 1 - ratio


def _distance(margins: Values, scores: Values, level: Level) -> Values:
    """δ² of every pair of categories, (B, categories, categories) or one matrix for all."""
    difference = np.subtract.outer(scores, scores)
    if level == "nominal":
        return np.asarray(difference != 0, float)[None]
    if level == "interval":
        return np.asarray(difference**2)[None]
    if level == "ratio":
        total = np.add.outer(scores, scores)
        part = np.divide(difference, total, out=np.zeros_like(difference), where=total > 0)
        return np.asarray(part**2)[None]
    # Ordinal: the ratings from one rank to the other, the two end ranks counting half.
    middle = np.cumsum(margins, axis=1) - margins / 2
    ordinal: Values = (middle[:, :, None] - middle[:, None, :]) ** 2
    return ordinal


def _bootstrap(coincidences: Values, scores: Values, level: Level, resamples: int, seed: int) -> Values:
    generator = np.random.default_rng(seed)
    n = len(coincidences)
    flat = coincidences.reshape(n, -1)
    draws = []
    for start in range(0, resamples, _RESAMPLES_AT_ONCE):
        times = generator.multinomial(n, np.full(n, 1 / n), size=min(_RESAMPLES_AT_ONCE, resamples - start))
        draws.append(_alpha((times @ flat).reshape(-1, *coincidences.shape[1:]), scores, level))
    values = np.concatenate(draws) if draws else np.empty(0)
    # A resample of one category only shows no disagreement at all.
    return np.where(np.isnan(values), 1.0, values)
