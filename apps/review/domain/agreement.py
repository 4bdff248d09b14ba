"""When readers agree: per class by Dice over all series, per question by equality, the least agreeing pair deciding."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.annotations.domain.answers import canonical, comparable
from apps.projects.domain.definitions import Question, SchemaDefinition

Mask = NDArray[np.bool_]
Masks = Mapping[tuple[str, int], Mask]
"""What one reader drew: (Series Instance UID, segment number) → `[slice, row, column]`; empty ones are absent."""

DICE = "dice/1"
EXACT_MATCH = "exact-match/1"
"""1 where two answers are the same, 0 where they differ; not defined where both are absent."""


@dataclass(frozen=True)
class ReaderWork:
    """What one reader made of a case. `spacing_mm` by series, along slice, row, column."""

    read_id: str
    masks: Masks = field(repr=False)
    answers: Mapping[str, Any] = field(repr=False)
    nothing_found: bool
    spacing_mm: Mapping[str, tuple[float, float, float]] = field(repr=False)


@dataclass(frozen=True)
class Agreed:
    """The agreement on one class or question.

    `outcome`: "compared"; "both-absent" (nobody drew or answered it: agreement, without a value); "single-reader"
    (nobody to agree with). `pairs` holds `{a, b, value, outcome, metrics}` of every pair of readers.
    """

    key: str
    name: str
    class_number: int | None
    metric: str
    definition_id: str
    value: float | None
    limit: float
    outcome: str
    concordant: bool
    pairs: tuple[dict[str, Any], ...] = ()


def agreement_of(schema: SchemaDefinition, readers: Sequence[ReaderWork], limit: float) -> list[Agreed]:
    """The agreement of all readers on every class and every comparable question, in the schema's order."""
    on_classes = [_on_class(c.number, c.name, readers, limit) for c in schema.classes]
    return on_classes + [_on_question(q, readers) for q in schema.questions if comparable(q)]


def agreed_answers(schema: SchemaDefinition, readers: Sequence[ReaderWork]) -> dict[str, Any]:
    """The answers that every reader gave alike; free text is nobody's consensus and is left out."""
    found = {}
    for question in schema.questions:
        given = [canonical(question, reader.answers.get(question.key)) for reader in readers]
        if comparable(question) and given[0] is not None and all(answer == given[0] for answer in given):
            found[question.key] = readers[0].answers[question.key]
    return found


def _on_class(number: int, name: str, readers: Sequence[ReaderWork], limit: float) -> Agreed:
    pairs = tuple(_pair_on_class(number, a, b) for a, b in itertools.combinations(readers, 2))
    value, outcome = _least(pairs)
    return Agreed(
        key=f"class:{number}",
        name=name,
        class_number=number,
        metric="dice",
        definition_id=DICE,
        value=value,
        limit=limit,
        outcome=outcome,
        concordant=value is None or value >= limit,
        pairs=pairs,
    )


def _pair_on_class(number: int, a: ReaderWork, b: ReaderWork) -> dict[str, Any]:
    from imaging.metrics.segmentation import compare_masks  # it imports scipy, which every process would wait for

    series = sorted({uid for reader in (a, b) for uid, segment in reader.masks if segment == number})
    sizes, overlap, metrics = 0, 0, []
    for uid in series:
        drawn = [reader.masks.get((uid, number)) for reader in (a, b)]
        shape = next(mask.shape for mask in drawn if mask is not None)
        first, second = (np.zeros(shape, bool) if mask is None else mask for mask in drawn)
        spacing = a.spacing_mm.get(uid) or b.spacing_mm[uid]
        compared = compare_masks(first, second, spacing)
        sizes += compared.reference_voxels + compared.prediction_voxels
        overlap += compared.overlap_voxels
        metrics.append({"series_instance_uid": uid, "definitions": compared.definitions, **compared.as_json()})
    return {
        "a": a.read_id,
        "b": b.read_id,
        "value": 2 * overlap / sizes if sizes else None,
        "outcome": "compared" if sizes else "both-absent",
        "metrics": metrics,
    }


def _on_question(question: Question, readers: Sequence[ReaderWork]) -> Agreed:
    pairs = tuple(_pair_on_question(question, a, b) for a, b in itertools.combinations(readers, 2))
    value, outcome = _least(pairs)
    return Agreed(
        key=f"question:{question.key}",
        name=question.text,
        class_number=None,
        metric="exact-match",
        definition_id=EXACT_MATCH,
        value=value,
        limit=1.0,
        outcome=outcome,
        concordant=value is None or value >= 1.0,
        pairs=pairs,
    )


def _pair_on_question(question: Question, a: ReaderWork, b: ReaderWork) -> dict[str, Any]:
    first, second = (canonical(question, reader.answers.get(question.key)) for reader in (a, b))
    absent = first is None and second is None
    return {
        "a": a.read_id,
        "b": b.read_id,
        "value": None if absent else float(first == second),
        "outcome": "both-absent" if absent else "compared",
    }


def _least(pairs: Sequence[Mapping[str, Any]]) -> tuple[float | None, str]:
    if not pairs:
        return None, "single-reader"
    values = [pair["value"] for pair in pairs if pair["value"] is not None]
    return (min(values), "compared") if values else (None, "both-absent")
