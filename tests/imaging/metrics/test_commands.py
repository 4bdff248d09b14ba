"""compare, consensus, agreement, detect and suggest as they are called: output, exit codes, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from imaging.cli import main
from imaging.geometry import VolumeGeometry
from imaging.nifti import read_nifti, write_nifti

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "imaging_stats"


@pytest.fixture
def call(capsys):
    def called(*arguments):
        code = main([str(argument) for argument in arguments])
        return code, capsys.readouterr().out

    return called


@pytest.fixture
def grid():
    straight = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    return VolumeGeometry((1.0, 2.0, 3.0), straight, (3.0, 1.0, 1.0), (4, 8, 8))


@pytest.fixture
def drawn(tmp_path, grid):
    def write(name, rows):
        array = np.zeros(grid.size, np.uint8)
        array[1:3, 2:rows, 2:6] = 1
        array[0, 0, 0] = 7
        write_nifti(tmp_path / name, array, grid)
        return tmp_path / name

    return write


def test_compare_prints_the_promised_object(call, drawn):
    code, out = call("compare", drawn("a.nii.gz", 6), drawn("b.nii", 5), "--json")

    content = json.loads(out)
    assert code == 0
    assert list(content["classes"]) == ["1", "7"]
    assert content["classes"]["7"] == {
        "dice": 1.0,
        "iou": 1.0,
        "hd_mm": 0.0,
        "hd95_mm": 0.0,
        "assd_mm": 0.0,
        "masd_mm": 0.0,
        "nsd": 1.0,
        "volume_error_ml": 0.0,
    }
    assert content["classes"]["1"]["dice"] == pytest.approx(2 * 24 / (32 + 24))
    assert content["classes"]["1"]["volume_error_ml"] == pytest.approx(-8 * 3 / 1000)
    assert content["definitions"]["hd95_mm"]["id"] == "hd95-voxel/1"


def test_compare_takes_npz_with_both_arrays_and_prints_null_for_not_defined(call):
    pair = GOLDEN / "seg" / "both_empty.npz"

    code, out = call("compare", pair, pair, "--json")

    assert code == 0
    assert json.loads(out)["classes"]["1"]["dice"] is None
    assert json.loads(out)["outcomes"]["1"] == "both-empty"


def test_compare_refuses_other_grids_and_knows_usage(call, drawn, tmp_path, grid):
    other = tmp_path / "other.nii"
    moved = VolumeGeometry((1.3, 2.0, 3.0), grid.direction, grid.spacing_mm, grid.size)
    write_nifti(other, np.ones(grid.size, np.uint8), moved)

    code, out = call("compare", drawn("a.nii", 6), other, "--json")

    assert code == 1
    assert json.loads(out)["error"]["code"] == "geometry-error"
    assert call("compare", tmp_path / "absent.nii", other)[0] == 2
    with pytest.raises(SystemExit) as usage:
        call("compare")
    assert usage.value.code == 2


def test_compare_refuses_a_broken_npz(call, tmp_path):
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\x03\x04 not an archive")

    code, out = call("compare", broken, broken, "--json")

    assert code == 1
    assert json.loads(out)["error"]["code"] == "unreadable-file"


@pytest.mark.parametrize("method", ["majority", "staple", "union", "intersection", "median-contour"])
def test_consensus_writes_the_file_and_shows_both(call, drawn, tmp_path, method, grid):
    masks = []
    for name, rows in (("a.nii", 6), ("b.nii", 6), ("c.nii", 5)):
        array, geometry = read_nifti(drawn(name, rows))
        write_nifti(tmp_path / name, (array == 1).astype(np.uint8), geometry)
        masks.append(tmp_path / name)

    code, out = call("consensus", "--method", method, *masks, "--out", tmp_path / "out.nii.gz", "--json")

    content = json.loads(out)
    written, geometry = read_nifti(tmp_path / "out.nii.gz")
    assert code == 0
    assert content["result"]["labels"] == {"1": int(written.sum())}
    assert {content["side_by_side"][k]["algorithm"] for k in ("majority", "staple")} == {"majority", "staple"}
    assert geometry.same_grid(grid)


def test_consensus_takes_readers_stacked_in_an_npz(call, tmp_path):
    readers = GOLDEN / "staple" / "multilabel_4readers.npz"

    code, out = call("consensus", "--method", "staple", readers, "--out", tmp_path / "out.npz", "--json")

    assert code == 0
    assert json.loads(out)["result"]["algorithm"] == "staple-multilabel"
    assert np.array_equal(np.load(tmp_path / "out.npz")["labels"], np.load(readers)["itk_multilabel_staple"])
    assert call("consensus", "--method", "union", readers, "--out", tmp_path / "x.npz")[0] == 1
    assert call("consensus", "--method", "weighted", readers, "--out", tmp_path / "x.npz")[0] == 2
    assert call("consensus", "--method", "union", readers, "--out", tmp_path / "x.txt")[0] == 2
    assert not (tmp_path / "x.npz").exists()


def test_agreement_of_ratings_and_of_a_table(call, tmp_path):
    ratings, table = tmp_path / "ratings.csv", tmp_path / "table.csv"
    ratings.write_text("item,rater,rating\n1,a,2\n1,b,2\n2,a,1\n2,b,3\n3,a,3\n3,b,\n4,a,1\n4,b,1\n", "utf-8")
    table.write_text(";low;high\nlow;8;1\nhigh;2;9\n", "utf-8")

    code, out = call("agreement", ratings, "--json")
    table_code, table_out = call("agreement", table, "--table", "--json")

    content, of_table = json.loads(out), json.loads(table_out)
    assert (code, table_code) == (0, 0)
    assert (content["n_items"], content["n_missing"], content["categories"]) == (4, 1, ["1", "2", "3"])
    assert content["percent_agreement"]["value"] == pytest.approx(2 / 3)
    assert of_table["categories"] == ["low", "high"]
    assert of_table["coefficients"]["cohen-kappa-none"]["value"] == pytest.approx(0.7)
    assert of_table["percent_agreement"]["value"] == 0.85
    human = call("agreement", ratings)[1]
    assert "prevalence" in human and human.index("percent agreement") < human.index("cohen-kappa")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty-table"),
        ("item,rating\n1,2\n", "column-missing"),
        ("item,rater,rating\n1,a\n", "ragged-table"),
        ("item,rater,rating\n1,a,2\n2,a,3\n", "one-rater"),
        ("item,rater,rating\n1,a,\n1,b,\n", "empty-table"),
        ("item,rater,rating\n1,a,1\n1,a,2\n", "rating-twice"),
    ],
)
def test_agreement_refuses_what_is_no_table(call, tmp_path, content, code):
    path = tmp_path / "ratings.csv"
    path.write_text(content, "utf-8")

    exit_code, out = call("agreement", path, "--json")

    assert exit_code == 1
    assert json.loads(out)["error"]["code"] == code


def test_detect_compares_tests_on_the_same_cases(call, tmp_path):
    path = tmp_path / "scores.csv"
    rows = [(case, int(case % 3 == 0), case % 7 + 3 * (case % 3 == 0), case % 5) for case in range(30)]
    lines = [f"{c},{t},{a},A,p{c // 2}\n{c},{t},{b},B,p{c // 2}" for c, t, a, b in rows]
    path.write_text("case,truth,score,test,patient\n" + "\n".join(lines) + "\n", "utf-8")

    code, out = call("detect", path, "--json", "--curve")

    content = json.loads(out)
    assert code == 0
    assert set(content["tests"]) == {"A", "B"}
    assert content["tests"]["A"]["auc"]["value"] > content["tests"]["B"]["auc"]["value"]
    assert content["tests"]["A"]["auc_by_patient"]["n"] == 15
    assert content["comparisons"][0]["tests"] == ["A", "B"]
    assert 0 < content["comparisons"][0]["p_value"] < 1
    assert len(content["tests"]["A"]["curve"]) > 3
    assert "AUC" in call("detect", path)[1]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("case,truth,score\n1,1,0.2\n2,1,0.4\n", "one-group-empty"),
        ("case,truth,score\n1,1,high\n2,0,0.4\n", "not-finite"),
        ("case,truth,score\n1,1,\n2,0,0.4\n", "not-finite"),
        ("case,truth,score\n1,1,1\n1,0,2\n", "case-twice"),
        ("case,truth,score\n1,3,1\n2,0,2\n", "truth-invalid"),
        ("case,truth,score\n", "empty-table"),
    ],
)
def test_detect_refuses_what_it_cannot_measure(call, tmp_path, content, code):
    path = tmp_path / "scores.csv"
    path.write_text(content, "utf-8")

    exit_code, out = call("detect", path, "--json")

    assert exit_code == 1
    assert json.loads(out)["error"]["code"] == code


def test_suggest_prints_one_object_a_line(call, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("linke Niere\n\nMilz\n", "utf-8")

    code, out = call("suggest", "--file", labels, "--language", "de", "--json")

    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [line["text"] for line in lines] == ["linke Niere", "Milz"]
    first = lines[0]["suggestions"][0]
    assert first["type"] == {"value": "64033007", "scheme_designator": "SCT", "meaning": "Kidney"}
    assert first["laterality"]["value"] == "7771000"
    assert first["in_dicom_set"] is True
    assert {"score", "reason"} <= set(first)


def test_suggest_names_the_near_miss_and_says_that_it_found_nothing(call):
    code, out = call("suggest", "181414003", "--json")

    answer = json.loads(out)
    assert code == 1
    assert answer["suggestions"] == []
    assert "181414000" in answer["refused"]["remedy"]
    assert call("suggest")[0] == 2
