"""Consensus against ITK and the reference values, the defined corner cases, and recomputation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imaging.consensus import (
    ALGORITHMS,
    UNDECIDED,
    intersection,
    majority,
    majority_and_staple,
    median_contour,
    recompute,
    staple,
    staple_multilabel,
    union,
    weighted,
)
from imaging.errors import InputError

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "imaging_stats" / "staple"
EXPECTED = json.loads((GOLDEN / "staple_expected.json").read_text("utf-8"))
BINARY = ["staple_2d_5readers", "staple_3d_3readers"]
OPTIONS: dict[str, dict[str, Any]] = {
    "weighted": {"weights": [1, 2, 1, 1, 1]},
    "median-contour": {"spacing_mm": (1.0, 2.0)},
}
READERS = arrays(np.uint8, (3, 4, 5, 6), elements=st.integers(0, 1))


def readers_of(name):
    return np.load(GOLDEN / f"{name}.npz")["readers"]


def estimates(result):
    return [p.sensitivity for p in result.performance], [p.specificity for p in result.performance]


@pytest.mark.parametrize("name", BINARY)
def test_staple_gives_itks_probability_and_performance(name):
    content, theirs = np.load(GOLDEN / f"{name}.npz"), EXPECTED[name]["itk"]

    result = staple(content["readers"])

    assert result.probability == pytest.approx(content["itk_probability"], abs=1e-9)
    assert estimates(result)[0] == pytest.approx(theirs["sensitivity"], abs=1e-9)
    assert estimates(result)[1] == pytest.approx(theirs["specificity"], abs=1e-9)
    assert result.parameters["iterations"] == theirs["iterations"]
    assert int(result.array.sum()) == theirs["n_ge_0.5"]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"confidence_weight": 0.5}, "itk_confidence_0.5"),
        ({"confidence_weight": 0.9}, "itk_confidence_0.9"),
        ({"max_iterations": 1}, "itk_maxiter_1"),
        ({"max_iterations": 5}, "itk_maxiter_5"),
    ],
)
def test_staples_parameters_do_what_itks_do(name, options, key):
    result = staple(readers_of(name), **options)

    assert estimates(result)[0] == pytest.approx(EXPECTED[name][key]["sensitivity"], abs=1e-9)
    assert result.parameters["iterations"] == EXPECTED[name][key]["iterations"]


@settings(max_examples=25, deadline=None)
@given(READERS)
def test_staple_agrees_with_itk_on_random_readers(readers):
    if not readers.any() or readers.all():
        return
    itk_filter = sitk.STAPLEImageFilter()
    itk_filter.SetForegroundValue(1)
    # ITK has no limit of its own; two runs that stop at one iteration must agree whatever the data.
    itk_filter.SetMaximumIterations(20)
    theirs = sitk.GetArrayFromImage(itk_filter.Execute([sitk.GetImageFromArray(reader) for reader in readers]))

    ours = staple(readers, max_iterations=20)

    if np.isfinite(theirs).all():
        assert ours.probability == pytest.approx(theirs, abs=1e-6)


def test_multilabel_staple_gives_itks_labels_and_confusion():
    content, theirs = np.load(GOLDEN / "multilabel_4readers.npz"), EXPECTED["multilabel_4readers"]

    result = staple_multilabel(content["readers"])

    assert np.array_equal(result.array, content["itk_multilabel_staple"])
    assert float((result.array == content["truth"]).mean()) == theirs["itk_multilabel"]["accuracy_vs_truth"]
    assert result.parameters["prior"] == pytest.approx(theirs["dawid_skene_own"]["prior"])
    for ours, matrix in zip(
        result.performance, theirs["itk_multilabel"]["confusion_matrices(observed x true)"], strict=True
    ):
        assert ours.confusion is not None
        assert np.array(ours.confusion) == pytest.approx(np.array(matrix)[:4], abs=2e-3)


def test_majority_votes_as_itk_does():
    content, theirs = np.load(GOLDEN / "multilabel_4readers.npz"), EXPECTED["multilabel_4readers"]["label_voting"]

    result = majority(content["readers"], tie="undecided")

    assert np.array_equal(result.array, content["itk_label_voting"])
    assert int((result.array == UNDECIDED).sum()) == theirs["undecided"]


@pytest.mark.parametrize("name", BINARY)
def test_an_odd_number_of_readers_has_one_majority(name):
    readers, expected = readers_of(name), EXPECTED[name]["majority"]["n_strict_majority"]

    for tie in ("foreground", "background", "undecided"):
        assert int(majority(readers, tie=tie).array.sum()) == expected
    assert np.array_equal(median_contour(readers).array, majority(readers).array)


@pytest.mark.parametrize(("tie", "expected"), [("foreground", 1), ("background", 0), ("undecided", UNDECIDED)])
def test_the_tie_rule_is_named_and_kept(tie, expected):
    one, other = np.array([[1, 1, 0]], np.uint8), np.array([[1, 0, 0]], np.uint8)

    result = majority([one, other], tie=tie)

    assert result.array.tolist() == [[1, expected, 0]]
    assert result.parameters == {"tie": tie}


def test_a_tie_between_three_labels_goes_by_the_rule():
    readers = [np.full((1, 1), label, np.uint8) for label in (2, 3, 0)]

    assert majority(readers, tie="foreground").array.item() == 2
    assert majority(readers, tie="background").array.item() == 0
    assert majority(readers, tie="undecided").array.item() == UNDECIDED


def test_weights_settle_what_numbers_do_not():
    readers = [np.array([[1]], np.uint8), np.array([[0]], np.uint8), np.array([[0]], np.uint8)]

    assert weighted(readers, weights=[3, 1, 1]).array.item() == 1
    assert weighted(readers, weights=[1, 1, 1]).array.item() == 0
    assert weighted(readers, weights=[2, 1, 1], tie="undecided").array.item() == UNDECIDED


def test_the_median_contour_of_two_runs_between_them():
    disc = np.hypot(*np.mgrid[-20:21, -20:21])
    small, large = disc <= 8, disc <= 14

    result = median_contour([small, large])

    radius = np.sqrt(result.array.sum() / np.pi)
    assert radius == pytest.approx(11, abs=0.4)
    assert not (small & (result.array == 0)).any()
    assert not ((result.array == 1) & ~large).any()


@settings(max_examples=25, deadline=None)
@given(READERS)
def test_every_consensus_lies_between_intersection_and_union(readers):
    least, most = intersection(readers).array, union(readers).array

    for result in (majority(readers), median_contour(readers), weighted(readers, weights=[1, 2, 3])):
        assert (result.array >= least).all() and (result.array <= most).all()


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_a_stored_result_is_made_again_bit_for_bit(name):
    readers = readers_of("staple_2d_5readers")
    first = ALGORITHMS[name](readers, **OPTIONS.get(name, {}))
    stored = json.loads(json.dumps(first.as_json()))

    again = recompute(stored["algorithm"], stored["parameters"], readers)

    assert again.digest == stored["digest"]
    assert again.as_json() == first.as_json()


@pytest.mark.parametrize("name", sorted(set(ALGORITHMS) - {"weighted"}))
def test_nobody_drew_and_one_reader_are_defined(name):
    empty, drawn = np.zeros((4, 5), np.uint8), np.zeros((4, 5), np.uint8)
    drawn[1:3, 1:3] = 1

    nothing = ALGORITHMS[name]([empty, empty, empty])
    alone = ALGORITHMS[name]([drawn])

    assert (nothing.outcome, int(nothing.array.sum())) == ("all-empty", 0)
    assert [p.sensitivity for p in nothing.performance] == [None, None, None]
    assert alone.outcome == "single-reader"
    assert np.array_equal(alone.array, drawn)


def test_everybody_drew_everything():
    full = np.ones((3, 3), np.uint8)

    result = staple([full, full])

    assert result.array.all()
    assert [p.specificity for p in result.performance] == [None, None]


def test_background_counts_for_staple():
    """The prior depends on the whole array, so a larger image is another question."""
    readers = readers_of("staple_2d_5readers")
    padded = np.pad(readers, [(0, 0), (60, 60), (60, 60)])

    assert staple(padded).parameters["prior"] < staple(readers).parameters["prior"]
    assert estimates(staple(padded))[1] > estimates(staple(readers))[1]


def test_both_are_shown_side_by_side():
    pair = majority_and_staple(readers_of("staple_2d_5readers"), (1, 1))

    assert (pair.majority.algorithm, pair.staple.algorithm) == ("majority", "staple")
    assert pair.differing_voxels == int((pair.majority.array != pair.staple.array).sum())
    assert pair.difference[1].dice is not None
    several = majority_and_staple(readers_of("multilabel_4readers"), (1, 1))
    assert several.staple.algorithm == "staple-multilabel"


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: majority([]), "no-readers"),
        (lambda: majority([np.zeros((2, 2)), np.zeros((2, 3))]), "shape-mismatch"),
        (lambda: ALGORITHMS["majority"]([np.zeros((2, 2))], tie="coin"), "tie-rule-unknown"),
        (lambda: majority([np.full((2, 2), 255)], tie="undecided"), "label-reserved"),
        (lambda: weighted([np.zeros((2, 2))], weights=[0]), "weights-invalid"),
        (lambda: weighted([np.zeros((2, 2))], weights=[1, 1]), "weights-invalid"),
        (lambda: weighted([np.zeros((2, 2))], weights=[np.nan]), "weights-invalid"),
        (lambda: staple([np.eye(2)] * 17), "too-many-readers"),
        (lambda: staple([np.eye(2)], threshold=0), "staple-parameters-invalid"),
        (lambda: staple([np.full((2, 2), np.nan)]), "not-finite"),
        (lambda: recompute("coin", {}, [np.eye(2)]), "algorithm-unknown"),
    ],
)
def test_what_has_no_consensus_is_refused(call, code):
    with pytest.raises(InputError) as refused:
        call()
    assert refused.value.code == code
