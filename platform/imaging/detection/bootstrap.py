"""Bootstrap by patient: the studies, lesions or images of one patient are not independent."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from imaging.agreement.estimate import Estimate, check_confidence, not_defined
from imaging.detection.cases import Truth, checked_scores, checked_truth
from imaging.errors import InputError

Statistic = Callable[[NDArray[np.intp]], float | None]

_AT_ONCE = 256


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
    groups = _checked(patients, resamples, confidence)
    method = _method(resamples, seed)
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
    plain = Estimate(float(value), None, None, confidence, definition_id, len(groups), method, reason="no-variance")
    return _with_interval(plain, np.array(drawn), resamples)


def auc_by_patient(
    truth: Sequence[float],
    scores: Sequence[float],
    patients: Sequence[Hashable],
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """The empirical AUC with the interval of `clustered_bootstrap`, all draws at once from the sorted scores.

    Not defined where one of the two groups is empty. Raises `InputError`.
    """
    diseased = checked_truth(truth)
    values = checked_scores(scores, diseased)
    groups = _checked(patients, resamples, confidence)
    if len(patients) != values.size:
        raise InputError("Scores and patients differ in length", remedy="Give one of each.", code="shape-mismatch")
    method, definition = _method(resamples, seed), "auc-empirical/1"
    if diseased.all() or not diseased.any():
        return not_defined(definition, n=len(groups), confidence=confidence, method=method, reason="one-group-empty")
    owner = np.empty(values.size, np.intp)
    for number, rows in enumerate(groups):
        owner[rows] = number
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(values[order]) > 0]))
    whole = _areas(np.ones((1, values.size)), diseased[order], starts)
    generator = np.random.default_rng(seed)
    drawn = []
    for first in range(0, resamples, _AT_ONCE):
        times = generator.multinomial(
            len(groups), np.full(len(groups), 1 / len(groups)), size=min(_AT_ONCE, resamples - first)
        )
        drawn.append(_areas(times[:, owner[order]].astype(float), diseased[order], starts))
    areas = np.concatenate(drawn)
    plain = Estimate(float(whole[0]), None, None, confidence, definition, len(groups), method, reason="no-variance")
    return _with_interval(plain, areas[np.isfinite(areas)], resamples)


def _areas(times: NDArray[np.float64], diseased: Truth, starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """AUC of each row of `times` (draws, cases): how often each case, in order of its score, was drawn."""
    positive = np.add.reduceat(times * diseased, starts, axis=1)
    negative = np.add.reduceat(times * ~diseased, starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    won = (positive * below).sum(axis=1)
    areas: NDArray[np.float64] = np.divide(won, pairs, out=np.full(len(won), np.nan), where=pairs > 0)
    return areas


def _checked(patients: Sequence[Hashable], resamples: int, confidence: float) -> list[NDArray[np.intp]]:
    check_confidence(confidence)
    if resamples < 100:
        raise InputError("Too few resamples", remedy="Draw at least 100 times.", code="too-few-resamples")
    return _rows_by_patient(patients)


def _method(resamples: int, seed: int) -> str:
    return f"percentile bootstrap over patients, {resamples}, seed {seed}"


def _with_interval(plain: Estimate, drawn: NDArray[np.float64], resamples: int) -> Estimate:
    if plain.n < 2 or drawn.size < 0.9 * resamples:
        return plain
    tail = (1 - plain.confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return replace(plain, low=float(low), high=float(high), standard_error=float(np.std(drawn, ddof=1)), reason=None)


def _rows_by_patient(patients: Sequence[Hashable]) -> list[NDArray[np.intp]]:
    if not len(patients):
        raise InputError("There is no case", remedy="Give one patient per row.", code="empty-table")
    rows: dict[Hashable, list[int]] = {}
    for row, patient in enumerate(patients):
        rows.setdefault(patient, []).append(row)
    return [np.array(numbers, np.intp) for numbers in rows.values()]
