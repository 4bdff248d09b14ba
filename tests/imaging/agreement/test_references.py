"""Published figures and the values of R, SAS and the original papers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imaging.agreement import (
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
)

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "imaging_stats" / "agreement"
WEIGHTS: dict[str, Any] = {"unweighted": "none", "linear": "linear", "quadratic": "quadratic", "ordinal": "ordinal"}
TABLES = ["cont3x3abstractors", "SAS_table10", "SexualFun"]


@pytest.fixture(scope="module")
def expected(shared_dir: Path) -> dict[str, Any]:
    """Tables that ship inside GPL packages stay outside the repository."""
    path = shared_dir / "references" / "agreement" / "agreement_expected.json"
    if not path.is_file():
        pytest.skip("the agreement references are absent")
    return dict(json.loads(path.read_text("utf-8")))


def interval(text: str) -> tuple[float, float]:
    low, high = text.strip("()").split(",")
    return float(low), float(high)


@pytest.mark.parametrize("scheme", WEIGHTS)
@pytest.mark.parametrize(
    ("key", "coefficient"), [("gwet.ac1.raw", gwet_ac), ("fleiss.kappa.raw", fleiss_kappa), ("pa.coeff.raw", None)]
)
def test_raw_ratings_with_gaps(expected, scheme, key, coefficient):
    entry = expected["cac.raw4raters"]
    theirs = entry["R"][scheme][key]
    ratings = ratings_from_matrix(list(zip(*entry["data"].values(), strict=True)))

    ours = (
        percent_agreement(ratings, weights=WEIGHTS[scheme])
        if coefficient is None
        else coefficient(ratings, weights=WEIGHTS[scheme]).coefficient
    )

    assert ours.value == pytest.approx(float(theirs["coeff.val"]), abs=6e-6)
    assert ours.standard_error == pytest.approx(float(theirs["coeff.se"]), abs=6e-6)
    assert (ours.low, ours.high) == pytest.approx(interval(theirs["conf.int"]), abs=6e-4)


@pytest.mark.parametrize("scheme", ["unweighted", "linear", "quadratic"])
@pytest.mark.parametrize(("key", "coefficient"), [("gwet.ac1.dist", gwet_ac), ("fleiss.kappa.dist", fleiss_kappa)])
def test_counts_per_category(expected, scheme, key, coefficient):
    entry = expected["distrib.6raters"]
    theirs = entry["R"][scheme][key]

    ours = coefficient(
        ratings_from_distribution(list(zip(*entry["data"].values(), strict=True))), weights=WEIGHTS[scheme]
    ).coefficient

    assert ours.value == pytest.approx(theirs["coeff"], abs=1e-9)
    assert ours.standard_error == pytest.approx(theirs["stderr"], abs=1e-9)


@pytest.mark.parametrize("scheme", WEIGHTS)
@pytest.mark.parametrize("name", TABLES)
def test_contingency_tables(expected, name, scheme):
    theirs = expected[name]["R"]["irrCAC"][scheme]
    ratings = ratings_from_contingency(expected[name]["data"])
    weights = WEIGHTS[scheme]
    ours = {
        "kappa2.table": cohen_kappa(ratings, weights=weights).coefficient,
        "scott2.table": fleiss_kappa(ratings, weights=weights).coefficient,  # with two raters, Scott's pi
        "gwet.ac1.table": gwet_ac(ratings, weights=weights).coefficient,
        "pa2.table": percent_agreement(ratings, weights=weights),
    }

    for key, estimate in ours.items():
        assert estimate.value == pytest.approx(theirs[key]["coeff.val"], abs=1e-9), key
        assert estimate.standard_error == pytest.approx(theirs[key]["coeff.se"], abs=1e-9), key


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("weights", ["unweighted", "linear", "quadratic"])
def test_kappas_interval_is_that_of_vcd_and_sas(expected, name, weights):
    low, high = expected[name]["R"]["vcd"][f"ci_{weights}"]

    ours = cohen_kappa(ratings_from_contingency(expected[name]["data"]), weights=WEIGHTS[weights]).coefficient

    assert (ours.low, ours.high) == pytest.approx((low, high), abs=1e-9)
    published = expected[name].get("published_SAS", {}).get(weights)
    if published:
        assert (ours.value, ours.standard_error, ours.low, ours.high) == pytest.approx(published[:4], abs=6e-5)


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorffs_own_example(level, published):
    """Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", four observers, twelve units."""
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]

    alpha = krippendorff_alpha(ratings_from_matrix(list(zip(*observers, strict=True))), level=level).coefficient

    assert alpha.value == pytest.approx(published, abs=5e-4)
    assert alpha.low is not None and alpha.high is not None and alpha.value is not None
    assert alpha.low < alpha.value <= alpha.high


def test_krippendorffs_other_examples(expected):
    checked = 0
    for entry in expected["_published_krippendorff_2011"].values():
        observers = entry.get("data_raters_by_units") or entry["data"]
        ratings = ratings_from_matrix(list(zip(*observers, strict=True)))
        for level in ("nominal", "ordinal", "interval", "ratio"):
            if level in entry:
                alpha = krippendorff_alpha(ratings, level=level, resamples=10).coefficient
                assert alpha.value == pytest.approx(entry[level], abs=6e-4)
                checked += 1
    assert checked == 8


def test_every_form_of_the_icc():
    """Shrout & Fleiss 1979, table 2, with R psych's intervals."""
    content = json.loads((GOLDEN / "icc_shrout_fleiss_1979.json").read_text("utf-8"))

    forms = icc(content["data"])

    assert [round(forms[k].value or 0, 2) for k in ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")] == content[
        "published"
    ]
    for theirs in content["psych"]:
        ours = forms[theirs["type"]]
        assert (ours.value, ours.low, ours.high) == pytest.approx(
            (theirs["ICC"], theirs["lower"], theirs["upper"]), abs=1e-9
        )


def test_the_peak_flow_meters():
    """Bland & Altman 1986."""
    content = json.loads((GOLDEN / "bland_altman_1986.json").read_text("utf-8"))

    two = bland_altman(content["wright"], content["mini_wright"], multiplier=2)
    usual = bland_altman(content["wright"], content["mini_wright"])

    published = content["published"]
    assert two.bias.value == pytest.approx(published["mean_difference"], abs=0.05)
    assert two.standard_deviation == pytest.approx(published["sd"], abs=0.05)
    assert [two.lower_limit.value, two.upper_limit.value] == pytest.approx(content["computed"]["loa_2sd"], abs=1e-9)
    assert [usual.lower_limit.value, usual.upper_limit.value] == pytest.approx(
        content["computed"]["loa_1.96"], abs=1e-9
    )
    assert usual.slope.low is not None and usual.slope.high is not None
    assert usual.slope.low < 0 < usual.slope.high
