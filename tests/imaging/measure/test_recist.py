"""RECIST 1.1 against the transcribed rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imaging.errors import InputError
from imaging.measure.recist import (
    Response,
    TargetLesion,
    is_measurable,
    overall_response,
    sum_of_diameters_mm,
    target_responses,
)

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "imaging_convert" / "volumetry"
RULES = json.loads((GOLDEN / "recist_cases.json").read_text())


@pytest.mark.parametrize("case", RULES["target"], ids=[case["note"] for case in RULES["target"]])
def test_target_response_of_the_reference(case: dict) -> None:
    sums = case["sum_of_diameters_mm_by_visit"]
    gone = [False] * (len(sums) - 1) + [case["all_nonnodal_targets_disappeared_and_nodes_lt10_at_last"]]
    assert [str(r) for r in target_responses(sums, gone)] == case["expected_target_response_per_visit"]


def test_progression_outweighs_partial_response_and_nadir_moves() -> None:
    assert target_responses([100, 20, 65])[-1] is Response.PROGRESSIVE
    assert target_responses([100, None, 60])[1:] == [Response.NOT_EVALUABLE, Response.PARTIAL]
    assert target_responses([10.0, 7.0 * 1.0])[-1] is Response.PARTIAL
    assert target_responses([20, 25])[-1] is Response.PROGRESSIVE  # exactly 5 mm, 25 %
    assert target_responses([20, 24.9])[-1] is Response.STABLE


NON_TARGET = {"CR": Response.COMPLETE, "not evaluated": Response.NOT_EVALUABLE, "PD": Response.PROGRESSIVE}


@pytest.mark.parametrize("row", RULES["overall_response_table"])
def test_overall_response_of_the_reference(row: dict) -> None:
    targets = list(Response)[1:5] if row["target"] == "any" else [Response(row["target"])]
    non_targets: list[Response | None] = [NON_TARGET.get(row["non_target"], Response.NON_CR_NON_PD)]
    if row["non_target"] == "any":
        non_targets = [None, Response.COMPLETE, Response.NON_CR_NON_PD, Response.NOT_EVALUABLE]
    for target in targets:
        for non_target in non_targets:
            overall = overall_response(target, non_target, new_lesions=row["new_lesions"])
            assert str(overall) == row["overall"]


def test_rest_of_table_one() -> None:
    assert overall_response(Response.COMPLETE, Response.NON_CR_NON_PD, new_lesions=False) is Response.PARTIAL
    assert overall_response(Response.PARTIAL, Response.NOT_EVALUABLE, new_lesions=False) is Response.PARTIAL
    assert overall_response(Response.NOT_EVALUABLE, Response.COMPLETE, new_lesions=False) is Response.NOT_EVALUABLE
    with pytest.raises(InputError):
        overall_response(Response.BASELINE, None, new_lesions=False)


def _lesion(
    name: str, organ: str, *, node: bool = False, long: float | None = 20, short: float | None = 12
) -> TargetLesion:
    return TargetLesion(name, organ, node, long, short)


def test_sum_takes_short_axes_of_nodes_and_long_of_the_rest() -> None:
    lesions = [_lesion("1", "liver"), _lesion("2", "node", node=True), _lesion("3", "lung", long=10.5)]
    assert sum_of_diameters_mm(lesions) == pytest.approx(20 + 12 + 10.5)
    assert sum_of_diameters_mm([_lesion("1", "liver", long=None)]) is None
    assert [_lesion("n", "node", node=True, short=9.9).is_gone, _lesion("l", "liver", long=0.1).is_gone] == [
        True,
        False,
    ]


def test_limits_are_refused() -> None:
    with pytest.raises(InputError, match="5 targets"):
        sum_of_diameters_mm([_lesion(str(n), str(n)) for n in range(6)])
    with pytest.raises(InputError, match="an organ"):
        sum_of_diameters_mm([_lesion(str(n), "liver") for n in range(3)])
    with pytest.raises(InputError, match="twice"):
        sum_of_diameters_mm([_lesion("1", "liver"), _lesion("1", "lung")])
    with pytest.raises(InputError):
        target_responses([])
    with pytest.raises(InputError):
        target_responses([None, 5])
    with pytest.raises(InputError):
        target_responses([10, -1])


def test_measurable_lesions_of_the_reference() -> None:
    expected = {row["lesion"]: row["measurable"] for row in RULES["measurability"]}
    assert (
        is_measurable(is_node=False, long_mm=10, short_mm=8, slice_mm=5)
        is expected["lung, 10 mm longest, CT slice 5 mm"]
    )
    assert is_measurable(is_node=False, long_mm=14, short_mm=8, slice_mm=8) is expected["lung, 14 mm, CT slice 8 mm"]
    assert is_measurable(is_node=True, long_mm=30, short_mm=15, slice_mm=5) is expected["node, 15 mm short axis"]
    assert is_measurable(is_node=True, long_mm=30, short_mm=9, slice_mm=5) is expected["node, 9 mm short axis"]
