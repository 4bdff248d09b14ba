"""Agreement, consensus and keyed choices: pure rules on small masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from apps.projects.domain.definitions import SchemaDefinition, schema_from_json
from apps.review.domain.agreement import ReaderWork, agreed_answers, agreement_of
from apps.review.domain.consensus import consensus_of
from apps.review.domain.order import is_sampled, shown_order
from imaging.consensus import recompute
from tests.world import SCHEMA

CLASS = SCHEMA["classes"][0]
SIDE = {
    "key": "side",
    "text": "Side?",
    "kind": "multiple_choice",
    "choices": [{"key": "l", "text": "L"}, {"key": "r", "text": "R"}],
}
NOTE = {"key": "note", "text": "Note?", "kind": "text"}
TWO: SchemaDefinition = schema_from_json(
    {"classes": [CLASS, CLASS | {"number": 2, "name": "Vessel"}], "questions": [SIDE, NOTE]}
)


def line(*columns: int) -> np.ndarray:
    """A mask of one slice and one row."""
    mask = np.zeros((1, 1, 10), bool)
    mask[0, 0, list(columns)] = True
    return mask


def reader(name: str, masks: dict[tuple[str, int], np.ndarray], **answers: Any) -> ReaderWork:
    return ReaderWork(name, masks, answers, not masks, {uid: (1.0, 1.0, 1.0) for uid, _ in masks})


def test_a_class_is_compared_over_all_its_series() -> None:
    a = reader("a", {("1", 1): line(0, 1, 2), ("2", 1): line(5)})
    b = reader("b", {("1", 1): line(1, 2, 3)})
    nodule, vessel, side = agreement_of(TWO, [a, b], 0.8)
    assert nodule.value == pytest.approx(2 * 2 / (4 + 3))
    assert (nodule.outcome, nodule.concordant) == ("compared", False)
    assert [m["series_instance_uid"] for m in nodule.pairs[0]["metrics"]] == ["1", "2"]
    assert (vessel.value, vessel.outcome, vessel.concordant) == (None, "both-absent", True)
    assert (side.value, side.outcome, side.concordant) == (None, "both-absent", True)


def test_the_pair_that_agrees_least_decides() -> None:
    readers = [
        reader("a", {("1", 1): line(0, 1, 2, 3)}),
        reader("b", {("1", 1): line(0, 1, 2, 3)}),
        reader("c", {("1", 1): line(2, 3, 4, 5)}),
    ]
    nodule = agreement_of(TWO, readers, 0.5)[0]
    assert [pair["value"] for pair in nodule.pairs] == [1.0, 0.5, 0.5]
    assert (nodule.value, nodule.concordant) == (0.5, True)
    absent = agreement_of(TWO, [*readers, reader("d", {})], 0.5)[0]
    assert (absent.value, absent.concordant) == (0.0, False)


def test_the_limit_itself_is_agreement() -> None:
    pair = [reader("a", {("1", 1): line(0, 1)}), reader("b", {("1", 1): line(1, 2)})]
    assert [agreement_of(TWO, pair, limit)[0].concordant for limit in (0.5, 0.51)] == [True, False]


def test_answers_agree_by_equality_and_free_text_is_nobodys() -> None:
    a = reader("a", {}, side=["l", "r"], note="one")
    b = reader("b", {}, side=["r", "l"], note="two")
    assert [(x.key, x.value) for x in agreement_of(TWO, [a, b], 0.8)][2:] == [("question:side", 1.0)]
    assert agreed_answers(TWO, [a, b]) == {"side": ["l", "r"]}
    c = reader("c", {}, side=["l"])
    side = agreement_of(TWO, [a, c], 0.8)[2]
    assert (side.value, side.concordant) == (0.0, False)
    assert agreed_answers(TWO, [a, c]) == {}


def test_one_reader_has_nobody_to_disagree_with() -> None:
    only = reader("a", {("1", 1): line(0, 1)}, side=["l"])
    assert {(x.value, x.outcome, x.concordant) for x in agreement_of(TWO, [only], 0.8)} == {
        (None, "single-reader", True)
    }
    made = consensus_of([only], "majority")
    assert np.array_equal(made.masks["1"][1], line(0, 1))
    assert made.results[0]["beside"] is None


@pytest.mark.parametrize("algorithm", ["majority", "staple"])
def test_a_consensus_is_made_again_from_what_is_stored(algorithm: str) -> None:
    drawn = [line(0, 1, 2), line(1, 2, 3), line(1, 2)]
    readers = [reader(name, {("1", 1): mask, ("1", 2): mask}) for name, mask in zip("abc", drawn, strict=True)]
    made = consensus_of(readers, algorithm)
    assert sorted(made.masks["1"]) == [1, 2]  # overlapping classes stay two
    for result in made.results:
        again = recompute(result["algorithm"], result["parameters"], drawn)
        assert again.digest == result["digest"]
        assert np.array_equal(again.array != 0, made.masks["1"][result["class_number"]])
        assert result["beside"]["algorithm"] == {"majority": "staple", "staple": "majority"}[algorithm]


def test_a_tie_of_two_readers_is_background() -> None:
    made = consensus_of([reader("a", {("1", 1): line(0, 1)}), reader("b", {("1", 1): line(1, 2)})], "majority")
    assert np.array_equal(made.masks["1"][1], line(1))
    missed = consensus_of([reader("a", {("1", 1): line(0, 1)}), reader("b", {})], "majority")
    assert not missed.masks["1"][1].any()


def test_the_order_shown_depends_on_the_key_alone() -> None:
    reads = [f"read {n}" for n in range(2)]
    keys = [bytes([n]) * 32 for n in range(64)]
    orders = [shown_order(key, reads) for key in keys]
    assert orders == [shown_order(key, reversed(reads)) for key in keys]
    first = sum(order[0] == reads[0] for order in orders)
    assert 16 <= first <= 48


def test_a_share_of_the_cases_is_sampled() -> None:
    key = bytes(32)
    assert not any(is_sampled(key, str(n), 0.0) for n in range(200))
    assert all(is_sampled(key, str(n), 1.0) for n in range(200))
    assert 150 <= sum(is_sampled(key, str(n), 0.2) for n in range(1000)) <= 250
