"""Bit planes, stacks and answers: pure rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from apps.annotations.domain.answers import canonical, problems_of, unanswered
from apps.annotations.domain.planes import (
    SegmentationState,
    compress,
    content_digest,
    normalised,
    pack,
    plane_digest,
    planes_of,
    unpack,
)
from apps.annotations.domain.sealing import BrokenSealError, Sealer
from apps.annotations.domain.stacks import StackError, stack_of
from apps.projects.domain.definitions import schema_from_json
from tests.world import SCHEMA

masks = arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9)))


@settings(max_examples=60, deadline=None)
@given(masks)
def test_a_mask_comes_back_from_its_planes(mask: np.ndarray) -> None:
    planes = {place: compress(plane) for place, plane in planes_of({3: mask}).items()}
    slices, rows, columns = mask.shape
    state = SegmentationState(1, "", (slices, rows, columns), planes)
    assert np.array_equal(state.mask(3), mask)
    assert state.segments == ((3,) if mask.any() else ())


@settings(max_examples=60, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.integers(0, 255))
def test_spare_bits_do_not_make_another_state(mask: np.ndarray, noise: int) -> None:
    rows, columns = mask.shape
    spare = -(rows * columns) % 8
    plane = pack(mask)
    if plane:
        noisy = plane[:-1] + bytes([plane[-1] | (noise << (8 - spare) & 0xFF if spare else 0)])
        assert normalised(noisy, rows, columns) == plane
        assert np.array_equal(unpack(noisy, rows, columns), mask)
    assert normalised(bytes((rows * columns + 7) // 8), rows, columns) == b""


def test_the_first_pixel_is_the_lowest_bit() -> None:
    mask = np.zeros((2, 5), bool)
    mask[0, 0] = mask[1, 4] = True
    assert pack(mask) == b"\x01\x02"


def test_overlap_is_kept_and_told() -> None:
    first, second = np.zeros((1, 2, 2), bool), np.zeros((1, 2, 2), bool)
    first[0, 0], second[0, :, 0] = True, True
    planes = {place: compress(plane) for place, plane in planes_of({1: first, 2: second}).items()}
    state = SegmentationState(1, "", (1, 2, 2), planes)
    labels, overlap = state.labelmap()
    assert overlap is True
    assert labels.tolist() == [[[2, 1], [2, 0]]]
    assert np.array_equal(state.masks()[1], first)


def test_the_content_digest_is_of_the_state_and_not_of_its_history() -> None:
    one, two = (1, 0, "1.2", "aa"), (2, 4, "1.3", "bb")
    assert content_digest([one, two]) == content_digest([two, one])
    assert content_digest([one]) != content_digest([one, two])
    assert plane_digest(b"k" * 32, b"plane") != plane_digest(b"j" * 32, b"plane")


def test_a_seal_opens_in_its_place_only() -> None:
    sealer = Sealer(bytes(32))
    sealed = sealer.seal("a/1/2/3", b"plane")
    assert sealer.open("a/1/2/3", sealed) == b"plane"
    for place, content in (("a/1/2/4", sealed), ("a/1/2/3", sealed[:-1]), ("a/1/2/3", b"")):
        with pytest.raises(BrokenSealError):
            sealer.open(place, content)
    with pytest.raises(BrokenSealError):
        Sealer(b"k" * 32).open("a/1/2/3", sealed)


def instance(uid: str, number: int, position: list[float] | None, **changes: Any) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "00080018": {"vr": "UI", "Value": [uid]},
        "00200013": {"vr": "IS", "Value": [number]},
        "00280010": {"vr": "US", "Value": [4]},
        "00280011": {"vr": "US", "Value": [5]},
        "00280030": {"vr": "DS", "Value": [0.5, 0.6]},
    }
    if position is not None:
        attributes["00200032"] = {"vr": "DS", "Value": position}
        attributes["00200037"] = {"vr": "DS", "Value": [1, 0, 0, 0, 1, 0]}
    return attributes | changes


def test_slices_are_sorted_by_position_and_not_by_number() -> None:
    stack = stack_of("1.2", [instance("c", 1, [0, 0, 5]), instance("a", 3, [0, 0, 0]), instance("b", 2, [0, 0, 2.5])])
    assert stack.sop_instance_uids == ("a", "b", "c")
    assert (stack.size, stack.spacing_mm) == ((3, 4, 5), (2.5, 0.5, 0.6))


def test_images_without_a_position_keep_the_order_of_their_numbers() -> None:
    stack = stack_of("1.2", [instance("b", 2, None), instance("a", 1, None)])
    assert stack.sop_instance_uids == ("a", "b")


def test_frames_of_a_multi_frame_instance_are_slices() -> None:
    frames = [
        {"00209113": {"vr": "SQ", "Value": [{"00200032": {"vr": "DS", "Value": [0, 0, z]}}]}} for z in (4.0, 0.0, 2.0)
    ]
    shared = {
        "00209116": {"vr": "SQ", "Value": [{"00200037": {"vr": "DS", "Value": [1, 0, 0, 0, 1, 0]}}]},
        "00289110": {"vr": "SQ", "Value": [{"00280030": {"vr": "DS", "Value": [0.7, 0.7]}}]},
    }
    plain = instance(
        "m",
        1,
        None,
        **{
            "00280008": {"vr": "IS", "Value": [3]},
            "52009229": {"vr": "SQ", "Value": [shared]},
            "52009230": {"vr": "SQ", "Value": frames},
        },
    )
    del plain["00280030"]
    stack = stack_of("1.2", [plain])
    assert (stack.size, stack.spacing_mm) == ((3, 4, 5), (2.0, 0.7, 0.7))
    assert stack.sop_instance_uids == ("m", "m", "m")


def test_images_of_two_sizes_are_no_stack() -> None:
    with pytest.raises(StackError):
        stack_of("1.2", [instance("a", 1, None), instance("b", 2, None, **{"00280010": {"vr": "US", "Value": [8]}})])
    with pytest.raises(StackError):
        stack_of("1.2", [])


QUESTIONS = schema_from_json(
    SCHEMA
    | {
        "questions": [
            {
                "key": "side",
                "text": "Side?",
                "kind": "single_choice",
                "required": True,
                "choices": [{"key": "l", "text": "Left"}, {"key": "r", "text": "Right"}],
            },
            {
                "key": "signs",
                "text": "Signs?",
                "kind": "multiple_choice",
                "choices": [{"key": "a", "text": "A"}, {"key": "b", "text": "B"}],
            },
            {"key": "size", "text": "Size?", "kind": "number"},
            {"key": "note", "text": "Note?", "kind": "text"},
            {"key": "old", "text": "Old?", "kind": "boolean"},
        ]
    }
)


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"side": "l", "signs": ["b", "a"], "size": 4.5, "note": "x", "old": False}, []),
        ({"side": None}, []),
        ({"side": "up"}, [("/values/side", "wrong-answer")]),
        ({"side": ["l"]}, [("/values/side", "wrong-answer")]),
        ({"signs": ["a", "a"]}, [("/values/signs", "wrong-answer")]),
        ({"signs": [{}]}, [("/values/signs", "wrong-answer")]),
        ({"size": True}, [("/values/size", "wrong-answer")]),
        ({"size": float("nan")}, [("/values/size", "wrong-answer")]),
        ({"note": "x" * 10_001}, [("/values/note", "wrong-answer")]),
        ({"old": "yes"}, [("/values/old", "wrong-answer")]),
        ({"else": 1}, [("/values/else", "unknown-question")]),
    ],
)
def test_answers_fit_their_questions(values: dict[str, Any], wrong: list[tuple[str, str]]) -> None:
    assert [(p.pointer, p.code) for p in problems_of(QUESTIONS, values)] == wrong


def test_required_questions_are_missed_until_they_are_answered() -> None:
    assert [q.key for q in unanswered(QUESTIONS, {"size": 1})] == ["side"]
    assert unanswered(QUESTIONS, {"side": "r"}) == []


def test_equal_answers_are_equal_in_any_order() -> None:
    questions = {q.key: q for q in QUESTIONS.questions}
    assert canonical(questions["signs"], ["b", "a"]) == canonical(questions["signs"], ["a", "b"])
    assert canonical(questions["size"], 4) == canonical(questions["size"], 4.0)
    assert canonical(questions["signs"], []) is None
