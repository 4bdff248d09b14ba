"""Small cases worked out by hand, properties, corner cases and refusals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.detection import (
    FrocData,
    auc,
    auc_by_patient,
    binary_metrics,
    binary_metrics_from_counts,
    clustered_bootstrap,
    compare_auc,
    froc_curve,
    froc_figures,
    operating_points,
    partial_auc,
    point_at_sensitivity,
    point_at_specificity,
    wilson,
)
from imaging.errors import InputError

CASES = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=4, max_size=30).filter(
    lambda cases: 0 < sum(truth for truth, _ in cases) < len(cases)
)


@settings(max_examples=80, deadline=None)
@given(CASES)
def test_the_area_is_the_part_of_pairs_ranked_right(cases):
    diseased = [score for truth, score in cases if truth]
    healthy = [score for truth, score in cases if not truth]
    pairs = [(a > b) + (a == b) / 2 for a, b in itertools.product(diseased, healthy)]

    area = auc([float(t) for t, _ in cases], [float(s) for _, s in cases])

    assert area.value == pytest.approx(sum(pairs) / len(pairs))


@settings(max_examples=80, deadline=None)
@given(CASES)
def test_only_the_order_of_scores_matters(cases):
    truth, scores = [float(t) for t, _ in cases], np.array([float(s) for _, s in cases])

    plain, stretched = auc(truth, scores.tolist()), auc(truth, (np.exp(scores) * 3 - 1).tolist())
    mirrored = auc(truth, (-scores).tolist(), direction="lower")

    assert (plain.value, plain.standard_error) == pytest.approx((stretched.value, stretched.standard_error))
    assert plain.value == pytest.approx(mirrored.value)
    assert partial_auc(truth, scores.tolist(), low=0, high=1) == pytest.approx(plain.value)


@settings(max_examples=60, deadline=None)
@given(CASES)
def test_the_curve_runs_from_everyone_to_nobody(cases):
    points = operating_points([float(t) for t, _ in cases], [float(s) for _, s in cases])

    assert (points[0].sensitivity, points[0].specificity) == (1.0, 0.0)
    assert (points[-1].sensitivity, points[-1].specificity) == (0.0, 1.0)
    assert all(a.sensitivity >= b.sensitivity for a, b in itertools.pairwise(points))
    assert all(a.specificity <= b.specificity for a, b in itertools.pairwise(points))
    assert point_at_specificity(points, 0.8).specificity >= 0.8
    assert point_at_sensitivity(points, 0.8).sensitivity >= 0.8


def test_perfect_separation_is_no_certainty():
    area = auc([0, 0, 1, 1], [1, 2, 3, 4])

    assert (area.value, area.low, area.high, area.reason) == (1.0, None, None, "no-variance")


def test_one_group_defines_no_area():
    area = auc([1, 1], [0.2, 0.4])

    assert (area.value, area.reason) == (None, "one-group-empty")
    assert partial_auc([1, 1], [0.2, 0.4]) is None
    with pytest.raises(InputError) as refused:
        operating_points([1, 1], [0.2, 0.4])
    assert refused.value.code == "one-group-empty"


def test_a_test_compared_with_itself_differs_by_nothing():
    scores = [1, 3, 2, 4, 2]

    same = compare_auc([0, 0, 1, 1, 1], scores, scores)

    assert same.difference.value == 0
    assert (same.statistic, same.p_value) == (None, None)


def test_rates_of_a_two_by_two_table():
    metrics = binary_metrics([1, 1, 1, 0, 0, 0, 0, 1], [1, 1, 0, 0, 0, 1, 0, 1])

    assert (metrics.tp, metrics.fp, metrics.fn, metrics.tn) == (3, 1, 1, 3)
    assert (metrics.sensitivity.value, metrics.specificity.value) == (0.75, 0.75)
    assert (metrics.ppv.value, metrics.npv.value, metrics.prevalence.value) == (0.75, 0.75, 0.5)


def test_wilsons_interval_at_the_edges():
    """Wilson 1927: with 0 of 10 the upper end is z²/(n + z²)."""
    z2 = 1.959963984540054**2

    none, all_of_them = wilson(0, 10, definition_id="x/1"), wilson(10, 10, definition_id="x/1")

    assert (none.low, none.high) == pytest.approx((0, z2 / (10 + z2)))
    assert (all_of_them.low, all_of_them.high) == pytest.approx((10 / (10 + z2), 1))
    assert wilson(0, 0, definition_id="x/1").reason == "no-cases"


def test_the_bootstrap_draws_whole_patients():
    values = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    one_each = clustered_bootstrap(
        lambda rows: float(values[rows].mean()), list("abcdef"), definition_id="mean/1", resamples=500
    )
    two_patients = clustered_bootstrap(
        lambda rows: float(values[rows].mean()), list("aaabbb"), definition_id="mean/1", resamples=500
    )

    assert (one_each.n, two_patients.n) == (6, 2)
    assert one_each.standard_error is not None and two_patients.standard_error is not None
    assert two_patients.standard_error > 1.5 * one_each.standard_error
    assert (two_patients.low, two_patients.high) == (0.0, 1.0)
    again = clustered_bootstrap(
        lambda rows: float(values[rows].mean()), list("aaabbb"), definition_id="mean/1", resamples=500
    )
    assert again == two_patients


@settings(max_examples=20, deadline=None)
@given(CASES, st.integers(2, 6))
def test_the_area_by_patient_is_the_area_and_the_bootstrap_of_it(cases, patients):
    truth, scores = np.array([float(t) for t, _ in cases]), np.array([float(s) for _, s in cases])
    owners = [row % patients for row in range(len(cases))]

    quick = auc_by_patient(truth.tolist(), scores.tolist(), owners, resamples=100)

    assert quick.value == pytest.approx(auc(truth.tolist(), scores.tolist()).value)
    if quick.low is not None and quick.high is not None:
        assert 0 <= quick.low <= quick.high <= 1


def test_drawing_all_at_once_is_drawing_one_by_one():
    generator = np.random.default_rng(5)
    truth = np.array([0.0, 1.0] * 40)
    scores = generator.integers(0, 9, 80) + 2 * truth
    owners = [row // 2 for row in range(80)]

    quick = auc_by_patient(truth.tolist(), scores.tolist(), owners, resamples=1000)
    slow = clustered_bootstrap(
        lambda rows: auc(truth[rows].tolist(), scores[rows].tolist()).value,
        owners,
        definition_id="auc-empirical/1",
        resamples=1000,
    )

    assert quick.value == pytest.approx(slow.value)
    assert quick.standard_error == pytest.approx(slow.standard_error, rel=0.1)
    assert (quick.low, quick.high) == pytest.approx((slow.low, slow.high), abs=0.02)


def test_one_patient_has_no_interval():
    estimate = clustered_bootstrap(lambda rows: 0.5, ["a", "a"], definition_id="x/1", resamples=100)

    assert (estimate.value, estimate.low, estimate.reason) == (0.5, None, "no-variance")


def test_froc_figures_worked_out_by_hand():
    """Two healthy cases (one marked 3), two sick ones: lesions rated 4 and unmarked, and 2 beside an NL of 5."""
    data = FrocData(
        {"h1": [], "h2": [], "s1": [0.5, 0.5], "s2": [1.0]}, [("h1", 3), ("s2", 5)], [("s1", 1, 4), ("s2", 1, 2)]
    )

    figures = froc_figures(data)

    # Against NL (3, −∞): 4 wins both; unmarked loses, then ties; 2 loses, then wins.
    assert figures["AFROC"] == pytest.approx((1 + 0.25 + 0.5) / 3)
    assert figures["wAFROC"] == pytest.approx((0.5 * 1 + 0.5 * 0.25 + 0.5) / 2)
    assert figures["HrAuc"] == pytest.approx(1.0)
    assert (figures["HrSe"], figures["HrSp"]) == (1.0, 0.5)
    assert figures["MaxLLF"] == pytest.approx(2 / 3)
    assert (figures["MaxNLF"], figures["MaxNLFAllCases"]) == (0.5, 0.5)
    assert froc_curve(data) == [
        (0.0, 0.0),
        (0.25, 0.0),
        (0.25, pytest.approx(1 / 3)),
        (0.5, pytest.approx(1 / 3)),
        (0.5, pytest.approx(2 / 3)),
    ]


def test_froc_without_a_kind_of_case_leaves_out_what_needs_it():
    only_healthy = froc_figures(FrocData({"h": []}, [], []))
    only_sick = froc_figures(FrocData({"s": [1.0]}, [], []))

    assert (only_healthy["AFROC"], only_healthy["HrSe"], only_healthy["HrSp"]) == (None, None, 1.0)
    assert (only_sick["wAFROC"], only_sick["HrSp"], only_sick["MaxNLF"]) == (None, None, None)
    assert only_sick["AFROC1"] == 0.5


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: auc([], []), "empty-table"),
        (lambda: auc([0, 2], [1, 2]), "truth-invalid"),
        (lambda: auc([0, float("nan")], [1, 2]), "truth-invalid"),
        (lambda: auc([0, 1], [1, float("nan")]), "not-finite"),
        (lambda: auc([0, 1], [1, 2, 3]), "shape-mismatch"),
        (lambda: partial_auc([0, 1], [1, 2], low=0.9, high=0.5), "range-invalid"),
        (lambda: binary_metrics_from_counts(1, -1, 0, 0), "count-invalid"),
        (lambda: binary_metrics_from_counts(0, 0, 0, 0), "empty-table"),
        (lambda: wilson(3, 2, definition_id="x/1"), "count-invalid"),
        (lambda: clustered_bootstrap(lambda rows: 1.0, [], definition_id="x/1"), "empty-table"),
        (lambda: clustered_bootstrap(lambda rows: 1.0, ["a"], definition_id="x/1", resamples=5), "too-few-resamples"),
        (lambda: FrocData({}, [], []), "empty-table"),
        (lambda: FrocData({"a": [0.5]}, [], []), "weights-invalid"),
        (lambda: FrocData({"a": [1.0]}, [("b", 1)], []), "mark-unplaced"),
        (lambda: FrocData({"a": [1.0]}, [], [("a", 2, 1)]), "mark-unplaced"),
        (lambda: FrocData({"a": [1.0]}, [], [("a", 1, 1), ("a", 1, 2)]), "lesion-marked-twice"),
        (lambda: FrocData({"a": [1.0]}, [("a", float("nan"))], []), "not-finite"),
    ],
)
def test_what_is_no_detection_data_is_refused(call, code):
    with pytest.raises(InputError) as refused:
        call()
    assert refused.value.code == code
