"""From the last signature to the reference standard."""

from __future__ import annotations

import json

import numpy as np
import pytest

from apps.annotations.selectors import segmentation_masks
from apps.review.selectors import reference_cases_of
from kernel.tenancy.scope import tenant_scope
from tests.tasks.panel import Panel, box

pytestmark = pytest.mark.django_db


def test_two_readers_who_agree_make_a_consensus(panel: Panel) -> None:
    panel.read(panel.anna, box(1, 2, 2, 8))
    assert panel.case()["state"] == "reading"
    panel.read(panel.ben, box(1, 2, 3, 8))
    panel.run_jobs()

    case = panel.case()
    dice = 2 * 36 / (49 + 36)
    assert (case["state"], case["reference_standard"]) == ("settled", {"how": "consensus"})
    (row,) = case["agreement_by_class"]
    assert (row["value"], row["limit"], row["concordant"], row["definition_id"]) == (
        pytest.approx(dice),
        0.8,
        True,
        "dice/1",
    )
    assert case["consensus"]["algorithm"] == "majority"
    assert case["consensus"]["parameters"] == {"tie": "background"}
    with tenant_scope(panel.world.id):
        (reference,) = reference_cases_of(panel.project.pk)
        masks = segmentation_masks(reference.read_id, panel.series)
    assert (reference.how, reference.readers, reference.nothing_found) == ("consensus", 2, False)
    assert (masks[1] == box(1, 2, 3, 8)).all()


def test_two_readers_who_disagree_go_to_the_adjudicator(panel: Panel) -> None:
    panel.read(panel.anna, box(1, 2, 2, 8))
    panel.read(panel.ben, box(1, 2, 7, 9))
    assert panel.carl.worklist()["results"] == []
    panel.run_jobs()
    assert panel.case()["state"] == "discordant"

    read_id = panel.carl.claim()
    page = panel.carl.read(read_id)
    assert [shown["label"] for shown in page["adjudication"]["shown"]] == ["A", "B"]
    assert [row["concordant"] for row in page["adjudication"]["agreement"]] == [False]
    shown = {
        label: panel.carl.segmentation(f"/api/v1/reads/{read_id}/shown/{label}/segmentations/{panel.series}")
        for label in "AB"
    }
    assert all(revision == 1 and len(entries) == 2 for revision, entries in shown.values())

    adopted = panel.carl.post(f"/api/v1/reads/{read_id}/adopt", {"label": "A"})
    assert adopted.status_code == 201, adopted.content
    missing = json.loads(panel.carl.sign(read_id).content)
    assert [(e["pointer"], e["code"]) for e in missing["errors"]] == [("/rationale", "rationale-required")]
    assert panel.carl.sign(read_id, "A follows the edge.").status_code == 200

    case = panel.case()
    assert (case["state"], case["reference_standard"]) == ("settled", {"how": "adjudication"})
    assert case["adjudication"]["rationale"] == "A follows the edge."
    with tenant_scope(panel.world.id):
        (reference,) = reference_cases_of(panel.project.pk)
        entries = shown["A"][1]
        drawn = segmentation_masks(reference.read_id, panel.series)[1]
        assert [int(i) for i in np.flatnonzero(drawn.any(axis=(1, 2)))] == [entry.slice_index for entry in entries]


def test_nothing_found_twice_is_agreement_without_a_number(panel: Panel) -> None:
    panel.read(panel.anna, None)
    panel.read(panel.ben, None)
    panel.run_jobs()
    case = panel.case()
    (row,) = case["agreement_by_class"]
    assert (case["state"], row["value"], row["outcome"], row["concordant"]) == ("settled", None, "both-absent", True)
    with tenant_scope(panel.world.id):
        (reference,) = reference_cases_of(panel.project.pk)
    assert reference.nothing_found is True


def test_nothing_found_against_something_is_a_disagreement(panel: Panel) -> None:
    panel.read(panel.anna, None)
    panel.read(panel.ben, box(0, 0, 2, 4))
    panel.run_jobs()
    (row,) = panel.case()["agreement_by_class"]
    assert (panel.case()["state"], row["value"], row["concordant"]) == ("discordant", 0.0, False)


def test_a_returned_case_is_adjudicated_again(panel: Panel) -> None:
    panel.read(panel.anna, box(1, 2, 2, 8))
    panel.read(panel.ben, box(1, 2, 2, 8))
    panel.run_jobs()
    case_id = panel.case()["id"]
    refused = panel.manager.post(f"/api/v1/cases/{case_id}/review", {"decision": "returned", "comment": "x"})
    assert refused.status_code == 404
    returned = panel.rita.post(f"/api/v1/cases/{case_id}/review", {"decision": "returned", "comment": "Too wide."})
    assert returned.status_code == 201, returned.content
    body = json.loads(returned.content)
    assert (body["state"], body["reference_standard"]) == ("discordant", None)
    assert [(d["decision"], d["comment"]) for d in body["decisions"]] == [("returned", "Too wide.")]
    with tenant_scope(panel.world.id):
        assert reference_cases_of(panel.project.pk) == []

    read_id = panel.carl.claim()
    panel.carl.draw(read_id, panel.series, box(1, 1, 2, 8))
    assert panel.carl.sign(read_id, "Narrower.").status_code == 200
    accepted = panel.rita.post(f"/api/v1/cases/{case_id}/review", {"decision": "accepted"})
    assert accepted.status_code == 201
    assert json.loads(accepted.content)["reference_standard"] == {"how": "adjudication"}


def test_the_overview_counts_what_there_is(panel: Panel) -> None:
    panel.read(panel.anna, box(1, 2, 2, 8))
    panel.read(panel.ben, box(1, 2, 3, 8))
    panel.run_jobs()
    response = panel.manager.get("/api/v1/projects/lung/overview")
    assert response.status_code == 200, response.content
    body = json.loads(response.content)
    assert body["cases"] == {
        "total": 1,
        "by_state": {"waiting": 0, "reading": 0, "discordant": 0, "adjudicating": 0, "settled": 1},
    }
    (row,) = body["agreement"]
    assert (row["n"], row["mean"], row["low"], row["limit"]) == (1, pytest.approx(72 / 85), None, 0.8)
    assert [day["reads_signed"] for day in body["pace"]] == [2]
    assert panel.anna.get("/api/v1/projects/lung/overview").status_code == 404
