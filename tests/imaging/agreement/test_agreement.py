"""Corner cases, refusals, and that kappa is never shown alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.agreement import (
    agreement_report,
    bland_altman,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac,
    icc,
    krippendorff_alpha,
    percent_agreement,
    ratings_from_contingency,
    ratings_from_distribution,
    ratings_from_matrix,
    ratings_from_records,
)
from imaging.errors import InputError

TABLE = st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=2, max_size=12)


def test_kappa_comes_with_percent_agreement_and_prevalence():
    ratings = ratings_from_matrix([["yes", "yes"], ["no", "yes"], ["no", "no"], ["no", "no"]])

    for answer in (cohen_kappa(ratings), fleiss_kappa(ratings), gwet_ac(ratings), krippendorff_alpha(ratings)):
        assert answer.percent_agreement.value == 0.75
        assert answer.prevalence == {"no": 0.625, "yes": 0.375}
        assert "percent agreement 0.7500" in str(answer)
        assert "no 62.5%" in str(answer)


def test_constant_ratings_agree_fully_and_define_no_kappa():
    report = agreement_report(ratings_from_matrix([[2, 2], [2, 2], [2, 2]]))

    assert report.percent_agreement.value == 1.0
    assert {estimate.value for estimate in report.coefficients.values()} == {None}
    assert {estimate.reason for estimate in report.coefficients.values()} == {"constant-ratings"}
    assert {estimate.value for estimate in report.icc.values()} == {None}


def test_items_that_do_not_differ_have_no_icc_of_the_mean():
    forms = icc([[1, 2, 3], [3, 1, 2], [2, 3, 1]])

    assert forms["ICC1"].value == pytest.approx(-0.5)
    assert (forms["ICC1k"].value, forms["ICC1k"].reason) == (None, "items-do-not-differ")


def test_a_category_nobody_used_counts_for_ac1():
    rows = [["a", "a"], ["a", "a"], ["a", "b"]]

    seen = gwet_ac(ratings_from_matrix(rows)).coefficient.value
    declared = gwet_ac(ratings_from_matrix(rows, ["a", "b", "c", "d"])).coefficient.value

    assert seen is not None and declared is not None
    assert declared > seen
    constant = gwet_ac(ratings_from_matrix([["a", "a"]] * 3, ["a", "b"])).coefficient
    assert constant.value == 1.0


@settings(max_examples=60, deadline=None)
@given(TABLE, st.permutations([0, 1, 2]))
def test_the_order_of_raters_and_items_does_not_matter(rows, order):
    plain = ratings_from_matrix(rows)
    shuffled = ratings_from_matrix([[row[k] for k in order] for row in reversed(rows)])

    for coefficient in (fleiss_kappa, gwet_ac):
        one, other = coefficient(plain).coefficient, coefficient(shuffled).coefficient
        assert one.value == pytest.approx(other.value)
        assert one.standard_error == pytest.approx(other.standard_error)
    alphas = [krippendorff_alpha(r, level="interval", resamples=5).coefficient.value for r in (plain, shuffled)]
    assert alphas[0] == pytest.approx(alphas[1])


@settings(max_examples=60, deadline=None)
@given(TABLE)
def test_quadratic_kappa_and_interval_alpha_do_not_care_for_the_unit(rows):
    celsius = ratings_from_matrix(rows)
    fahrenheit = ratings_from_matrix([[value * 1.8 + 32 for value in row] for row in rows])

    for ours, theirs in (
        (fleiss_kappa(celsius, weights="quadratic"), fleiss_kappa(fahrenheit, weights="quadratic")),
        (
            krippendorff_alpha(celsius, level="interval", resamples=5),
            krippendorff_alpha(fahrenheit, level="interval", resamples=5),
        ),
    ):
        assert ours.coefficient.value == pytest.approx(theirs.coefficient.value)


@settings(max_examples=60, deadline=None)
@given(TABLE)
def test_full_agreement_is_one_and_nothing_is_above_it(rows):
    copied = ratings_from_matrix([[row[0]] * 3 for row in rows])
    report = agreement_report(ratings_from_matrix(rows))

    assert percent_agreement(copied).value == 1.0
    for estimate in report.coefficients.values():
        assert estimate.value is None or estimate.value <= 1 + 1e-9
    if len({row[0] for row in rows}) > 1:
        assert fleiss_kappa(copied).coefficient.value == pytest.approx(1)
        assert krippendorff_alpha(copied, resamples=5).coefficient.value == pytest.approx(1)


def test_the_bootstrap_gives_the_same_interval_every_time():
    ratings = ratings_from_matrix([[1, 2], [2, 2], [3, 3], [1, 1], [3, 1]])

    first, second = (krippendorff_alpha(ratings, level="ordinal", resamples=300, seed=7) for _ in range(2))

    assert first.coefficient == second.coefficient
    assert krippendorff_alpha(ratings, level="ordinal", resamples=300, seed=8).coefficient != first.coefficient


def test_records_in_any_order_are_the_matrix():
    records = [("2", "b", 3), ("1", "a", 1), ("1", "b", 1), ("2", "a", None)]

    ratings = ratings_from_records(records)

    assert (ratings.n_items, ratings.n_ratings) == (2, 3)
    assert ratings.categories == (1, 3)


def test_the_report_says_what_is_missing():
    report = agreement_report(ratings_from_matrix([[1, 1, 2], [2, None, 2], [3, 3, 3], [None, None, None]]))

    assert (report.n_items, report.n_raters, report.n_ratings, report.n_missing) == (3, 3, 8, 1)
    assert report.icc == {}
    assert report.bland_altman is None
    assert not any(name.startswith("cohen") for name in report.coefficients)


def test_a_zero_at_the_ratio_level_is_allowed_and_a_negative_is_not():
    assert krippendorff_alpha(ratings_from_matrix([[0, 0], [0, 4]]), level="ratio").coefficient.value is not None
    with pytest.raises(InputError):
        krippendorff_alpha(ratings_from_matrix([[-1, 0], [0, 4]]), level="ratio")


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: ratings_from_matrix([]), "empty-table"),
        (lambda: ratings_from_matrix([[None, None]]), "empty-table"),
        (lambda: ratings_from_matrix([[float("nan"), None]]), "empty-table"),
        (lambda: ratings_from_matrix([[1], [2]]), "one-rater"),
        (lambda: ratings_from_matrix([[1, 2], [1]]), "ragged-table"),
        (lambda: ratings_from_matrix([[1, float("inf")]]), "not-finite"),
        (lambda: ratings_from_matrix([["a", "z"]], ["a", "b"]), "category-unknown"),
        (lambda: ratings_from_records([("1", "a", 1), ("1", "a", 2)]), "rating-twice"),
        (lambda: ratings_from_contingency([[1, 2, 3], [1, 2, 3]]), "table-not-square"),
        (lambda: ratings_from_contingency([[0, 0], [0, 0]]), "empty-table"),
        (lambda: ratings_from_contingency([[1, -1], [0, 2]]), "count-invalid"),
        (lambda: ratings_from_contingency([[1.5, 1], [0, 2]]), "count-invalid"),
        (lambda: ratings_from_distribution([[1, 0], [0, 1]]), "one-rater"),
        (lambda: fleiss_kappa(ratings_from_matrix([[1, None], [None, 2]])), "one-rater"),
        (lambda: cohen_kappa(ratings_from_matrix([[1, 2, 3]])), "not-two-raters"),
        (lambda: cohen_kappa(ratings_from_matrix([[1, None], [None, 2]])), "empty-table"),
        (lambda: icc([[1, 2]]), "one-item"),
        (lambda: icc([[1], [2]]), "one-rater"),
        (lambda: icc([[1, np.nan], [2, 3]]), "not-finite"),
        (lambda: icc([]), "empty-table"),
        (lambda: bland_altman([1, 2], [1, 2]), "too-few-items"),
        (lambda: bland_altman([1, 2, 3], [1, 2]), "shape-mismatch"),
        (lambda: bland_altman([1, 2, np.nan], [1, 2, 3]), "not-finite"),
        (lambda: percent_agreement(ratings_from_matrix([[1, 2]]), confidence=1.0), "confidence-invalid"),
    ],
)
def test_what_is_no_table_of_ratings_is_refused(call, code):
    with pytest.raises(InputError) as refused:
        call()
    assert refused.value.code == code
