"""STAPLE for several labels: the hidden label and every reader's confusion matrix, by EM.

Source: Dawid & Skene, Appl. Statist. 1979;28:20-28; Rohlfing, Russakoff, Maurer, IEEE TMI 2004;23:983-994.
As in `staple`, voxels are collapsed to the patterns of labels that occur.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from imaging.consensus.result import ConsensusResult, ReaderPerformance, ReaderStack, distinct_labels, reader_labelmaps
from imaging.errors import InputError
from imaging.metrics.masks import Labelmap

Values = NDArray[np.float64]

_CONVERGED = 1e-5


def staple_multilabel(labelmaps: Iterable[object], *, max_iterations: int = 1000) -> ConsensusResult:
    """The most probable label of every voxel; label maps of one shape, 0 is background and a label like any other.

    Confusion matrices start from the vote of the majority, priors are the label frequencies over readers and the
    whole array. Equal probabilities go to the lower label. All empty and one reader are answered as in `staple`.
    Raises `InputError`.
    """
    readers = reader_labelmaps(labelmaps)
    if max_iterations < 1:
        raise InputError("No iteration is allowed", remedy="Raise the limit.", code="staple-parameters-invalid")
    parameters: dict[str, object] = {"max_iterations": int(max_iterations), "converged": _CONVERGED}
    if readers.outcome != "computed":
        agreed = readers.arrays[0]
        return _result(readers, parameters, agreed, readers.performance(agreed), 0)
    labels, indices = _label_indices(readers.arrays)
    patterns, counts, voxel_pattern = _patterns(indices, len(labels), readers.outside)
    posterior, confusion, prior, iterations = _fit(patterns, counts, len(labels), max_iterations)
    winner = labels[posterior.argmax(axis=1)].astype(np.min_scalar_type(int(labels[-1])))
    array = winner[voxel_pattern]
    performance = tuple(
        dataclasses.replace(counted, confusion=tuple(tuple(map(float, row)) for row in matrix))
        for counted, matrix in zip(readers.performance(array), confusion, strict=True)
    )
    parameters |= {
        "labels": [int(label) for label in labels],
        "prior": [float(p) for p in prior],
        "iterations": iterations,
    }
    return _result(readers, parameters, array, performance, int(winner[0]))


def _result(
    readers: ReaderStack,
    parameters: dict[str, object],
    array: Labelmap,
    performance: tuple[ReaderPerformance, ...],
    outside_label: int,
) -> ConsensusResult:
    return ConsensusResult(
        array=readers.whole(array, outside_label),
        algorithm="staple-multilabel",
        version="1",
        parameters=parameters,
        performance=performance,
        outcome=readers.outcome,
    )


def _label_indices(arrays: Sequence[Labelmap]) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Labels in ascending order, 0 first, and every reader's array as indices into them."""
    labels = np.array(sorted({0}.union(*(distinct_labels(array) for array in arrays))), np.int64)
    return labels, [np.asarray(np.searchsorted(labels, array), np.int64) for array in arrays]


def _patterns(
    indices: Sequence[NDArray[np.int64]], labels: int, outside: int
) -> tuple[NDArray[np.int64], Values, NDArray[np.int64]]:
    """Patterns (N, readers) of label indices, how often each occurs, and the pattern number of every voxel.

    Pattern 0 is background by everyone; the voxels outside the box are counted there.
    """
    patterns = np.zeros((1, 0), np.int64)
    known = np.zeros(indices[0].shape, np.int64)
    for reader in indices:
        # Renumber after every reader, so that the codes stay few however many readers there are.
        codes = known * labels + reader
        present = np.bincount(codes.ravel(), minlength=1) > 0
        present[0] = True
        found = np.flatnonzero(present)
        patterns = np.column_stack([patterns[found // labels], found % labels])
        known = (np.cumsum(present) - 1)[codes]
    counts = np.bincount(known.ravel(), minlength=len(patterns)).astype(np.float64)
    counts[0] += outside
    return patterns, counts, known


def _fit(
    patterns: NDArray[np.int64], counts: Values, labels: int, max_iterations: int
) -> tuple[Values, Values, Values, int]:
    """Posterior (patterns, labels), confusion (readers, given, true), prior (labels,), iterations."""
    given = patterns[:, :, None] == np.arange(labels)
    votes = given.sum(axis=1)
    prior = counts @ votes / (counts.sum() * patterns.shape[1])
    leading = votes == votes.max(axis=1, keepdims=True)
    # Voxels without one winner say nothing about the readers: they start with no weight.
    posterior = leading * (leading.sum(axis=1, keepdims=True) == 1).astype(float)
    confusion = _confusion(given, counts, posterior)
    iteration, change = 0, np.inf
    while iteration < max_iterations and change > _CONVERGED:
        updated = _confusion(given, counts, _posterior(given, confusion, prior))
        change = float(np.abs(updated - confusion).max())
        confusion = updated
        iteration += 1
    return _posterior(given, confusion, prior), confusion, prior, iteration


def _confusion(given: NDArray[np.bool_], counts: Values, posterior: Values) -> Values:
    weight = counts[:, None] * posterior
    joint = np.einsum("nrl,nt->rlt", given, weight, optimize=True)
    estimated: Values = np.divide(joint, weight.sum(axis=0), out=np.zeros_like(joint), where=weight.sum(axis=0) > 0)
    return estimated


def _posterior(given: NDArray[np.bool_], confusion: Values, prior: Values) -> Values:
    likelihood = np.einsum("nrl,rlt->nrt", given, confusion).prod(axis=1) * prior
    total = likelihood.sum(axis=1, keepdims=True)
    # A pattern that no estimated matrix allows falls back to the prior.
    fallback = np.broadcast_to(prior, likelihood.shape).copy()
    posterior: Values = np.divide(likelihood, total, out=fallback, where=total > 0)
    return posterior
