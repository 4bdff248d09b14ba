"""pROC's and RJafroc's values on data that stay outside the repository."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.detection import (
    FROC_FIGURES,
    FrocData,
    auc,
    clustered_bootstrap,
    compare_auc,
    compare_auc_unpaired,
    froc_curve,
    froc_figures,
    operating_points,
    partial_auc,
    youden_points,
)

TESTS = ["s100b", "ndka", "wfns"]
STUDIES = ["dataset01_TONY", "dataset05_Thompson"]


def rows_of(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        pytest.skip("the detection references are absent")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def patients(shared_dir: Path) -> list[dict[str, str]]:
    return rows_of(shared_dir / "references" / "auc" / "aSAH.csv")


@pytest.fixture(scope="module")
def proc(shared_dir: Path) -> dict[str, Any]:
    return dict(json.loads((shared_dir / "references" / "auc" / "aSAH_expected.json").read_text("utf-8")))


def truth_of(patients):
    return [float(row["outcome"] == "Poor") for row in patients]


def scores_of(patients, name):
    return [float(row[name]) for row in patients]


@pytest.mark.parametrize("name", TESTS)
def test_area_and_delong(patients, proc, name):
    ours = auc(truth_of(patients), scores_of(patients, name))
    at_90 = auc(truth_of(patients), scores_of(patients, name), confidence=0.9)

    assert ours.value == pytest.approx(proc[name]["auc"], abs=1e-12)
    assert ours.standard_error == pytest.approx(proc[name]["delong_se"], abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx(proc[name]["ci95"], abs=1e-9)
    assert (at_90.low, at_90.high) == pytest.approx(proc[name]["ci90"], abs=1e-9)


@pytest.mark.parametrize("name", TESTS)
def test_every_operating_point(patients, proc, name):
    points = operating_points(truth_of(patients), scores_of(patients, name))

    assert len(points) == len(proc[name]["coords"])
    for ours, theirs in zip(points, proc[name]["coords"], strict=True):
        assert ours.threshold == pytest.approx(theirs["threshold"])
        assert [getattr(ours.metrics, key) for key in ("tp", "fp", "tn", "fn")] == [
            theirs[key] for key in ("tp", "fp", "tn", "fn")
        ]
        for key in ("sensitivity", "specificity", "ppv", "npv", "accuracy"):
            assert getattr(ours.metrics, key).value == pytest.approx(theirs[key])
    best = youden_points(points)
    assert [point.threshold for point in best] == pytest.approx([row["threshold"] for row in proc[name]["youden"]])


@pytest.mark.parametrize("name", TESTS)
def test_partial_areas(patients, proc, name):
    truth, scores = truth_of(patients), scores_of(patients, name)

    assert partial_auc(truth, scores) == pytest.approx(proc[name]["partial_auc_sp_0.9_1"])
    assert partial_auc(truth, scores, corrected=True) == pytest.approx(
        proc[name]["partial_auc_sp_0.9_1_mcclish_corrected"]
    )
    assert partial_auc(truth, scores, focus="sensitivity") == pytest.approx(proc[name]["partial_auc_se_0.9_1"])


@pytest.mark.parametrize("pair", ["wfns_s100b", "wfns_ndka", "s100b_ndka"])
def test_paired_areas(patients, proc, pair):
    first, second = pair.split("_")
    theirs = proc["paired"][pair]

    ours = compare_auc(truth_of(patients), scores_of(patients, first), scores_of(patients, second))

    assert ours.statistic == pytest.approx(theirs["Z"], abs=1e-9)
    assert ours.p_value == pytest.approx(theirs["p"], abs=1e-9)
    assert ours.covariance == pytest.approx(theirs["cov"], abs=1e-12)
    assert (ours.difference.low, ours.difference.high) == pytest.approx(theirs["ci_diff"], abs=1e-9)


def test_unpaired_areas(patients, proc):
    theirs = proc["unpaired_s100b_male_vs_female"]
    groups = [[row for row in patients if row["gender"] == gender] for gender in ("Male", "Female")]
    first, second = ((truth_of(group), scores_of(group, "s100b")) for group in groups)

    ours = compare_auc_unpaired(first, second)

    assert (ours.statistic, ours.degrees, ours.p_value) == pytest.approx(
        (theirs["D"], theirs["df"], theirs["p"]), abs=1e-9
    )


def test_the_bootstrap_by_patient_is_near_delong_where_each_patient_has_one_case(patients):
    truth, scores = np.array(truth_of(patients)), np.array(scores_of(patients, "wfns"))
    delong = auc(truth.tolist(), scores.tolist())

    ours = clustered_bootstrap(
        lambda rows: auc(truth[rows].tolist(), scores[rows].tolist()).value,
        list(range(len(truth))),
        definition_id="auc-empirical/1",
        resamples=400,
    )

    assert ours.value == delong.value
    assert ours.standard_error == pytest.approx(delong.standard_error, rel=0.15)


@pytest.mark.parametrize("study", STUDIES)
def test_figures_of_merit_of_every_reader(shared_dir, study):
    folder = shared_dir / "references" / "froc"
    lesions: dict[int | str, list[float]] = {row["case"]: [] for row in rows_of(folder / f"{study}_cases.csv")}
    for row in rows_of(folder / f"{study}_lesions.csv"):
        lesions[row["case"]].append(float(row["weight"]))
    marks = rows_of(folder / f"{study}_marks.csv")
    expected = json.loads((folder / f"{study}_expected.json").read_text("utf-8"))
    compared = 0
    for modality in {row["modality"] for row in marks}:
        for reader in {row["reader"] for row in marks}:
            data = _data(lesions, [m for m in marks if (m["modality"], m["reader"]) == (modality, reader)])
            figures = froc_figures(data)
            for name in FROC_FIGURES:
                theirs = next(row for row in expected["FOM"][name] if row["modality"] == f"trt{modality}")
                assert figures[name] == pytest.approx(theirs[f"rdr{reader}"], abs=1e-9), (name, modality, reader)
                compared += 1
            curve = [
                (row["genAbscissa"], row["genOrdinate"])
                for row in expected["curves"]["FROC"]
                if (row["Modality"], row["Reader"]) == (f"M: {modality}", f"R: {reader}")
            ]
            if curve:
                assert np.array(froc_curve(data)) == pytest.approx(np.array(curve))
    assert compared == len(FROC_FIGURES) * len({(row["modality"], row["reader"]) for row in marks})


def _data(lesions, marks):
    nl = [(m["case"], float(m["rating"])) for m in marks if m["mark"] == "NL"]
    ll = [(m["case"], int(m["index"]), float(m["rating"])) for m in marks if m["mark"] == "LL"]
    return FrocData(lesions, nl, ll)
