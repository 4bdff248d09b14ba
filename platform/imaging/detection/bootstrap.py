"""Bootstrap by patient: the studies, lesions or images of one patient are not independent."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from imaging.agreement.estimate import Estimate, check_confidence, not_defined
from imaging.errors import InputError

Statistic = Callable[[NDArray[np.intp]], float | None]


def clustered_bootstrap(
    statistic: Statistic,
    patients: Sequence[Hashable],
    *,
    definition_id: str,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Percentile interval of `statistic(rows)`, drawing whole patients with replacement.

    `patients` names the patient of every row; `statistic` takes the row numbers of one draw (a patient drawn twice is
    in twice) and returns None where it is not defined on it; such draws are left out, and where more than one in ten
    are, there is a value and no interval. `seed` makes the draws the same every time. Raises `InputError`.
    """
    check_confidence(confidence)
    groups = _rows_by_patient(patients)
    if resamples < 100:
        raise InputError("Too few resamples", remedy="Draw at least 100 times.", code="too-few-resamples")
    method = f"percentile bootstrap over patients, {resamples}, seed {seed}"
    value = statistic(np.arange(len(patients)))
    if value is None:
        return not_defined(definition_id, n=len(groups), confidence=confidence, method=method, reason="not-defined")
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        chosen = generator.integers(0, len(groups), len(groups))
        outcome = statistic(np.concatenate([groups[k] for k in chosen]))
        if outcome is not None and np.isfinite(outcome):
            drawn.append(outcome)
    if len(groups) < 2 or len(drawn) < 0.9 * resamples:
        return Estimate(float(value), None, None, confidence, definition_id, len(groups), method, reason="no-variance")
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    error = float(np.std(drawn, ddof=1))
    return Estimate(float(value), float(low), float(high), confidence, definition_id, len(groups), method, error)


def _rows_by_patient(patients: Sequence[Hashable]) -> list[NDArray[np.intp]]:
    if not len(patients):
        raise InputError("There is no case", remedy="Give one patient per row.", code="empty-table")
    rows: dict[Hashable, list[int]] = {}
    for row, patient in enumerate(patients):
        rows.setdefault(patient, []).append(row)
    return [np.array(numbers, np.intp) for numbers in rows.values()]
