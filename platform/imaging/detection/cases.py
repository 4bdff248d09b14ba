"""Truth and scores of cases, checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError

Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]


def checked_truth(truth: Sequence[float] | NDArray[np.generic]) -> Truth:
    """True for diseased. Raises `InputError` for an empty list or anything but 0 and 1."""
    values = np.asarray(truth)
    if values.ndim != 1 or not values.size:
        raise InputError("There is no case", remedy="Give one truth per case.", code="empty-table")
    if values.dtype.kind not in "biuf" or not np.all((values == 0) | (values == 1)):
        raise InputError("Truth must be 0 or 1", remedy="Give 1 for diseased, 0 for not.", code="truth-invalid")
    return values.astype(bool)


def checked_scores(scores: Sequence[float] | NDArray[np.generic], truth: Truth) -> Scores:
    """One number per case; infinity is a score. Raises `InputError` for NaN or another length."""
    try:
        values = np.asarray(scores, float)
    except (ValueError, TypeError):
        raise InputError("A score is not a number", remedy="Give one number per case.", code="not-finite") from None
    if values.shape != truth.shape:
        raise InputError("Truth and scores differ in length", remedy="Give one of each.", code="shape-mismatch")
    if np.any(np.isnan(values)):
        raise InputError("A score is missing", remedy="Leave out the case or score it.", code="not-finite")
    return values
