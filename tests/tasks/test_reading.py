"""From the worklist to the signature, through HTTP."""

from __future__ import annotations

import json
import uuid

import numpy as np
import pytest

from apps.annotations.domain.planes import unpack
from tests.tasks.panel import COLUMNS, ROWS, SLICES, Panel, box, submission

pytestmark = pytest.mark.django_db


def test_a_case_is_claimed_drawn_reloaded_and_signed(panel: Panel) -> None:
    anna, series = panel.anna, panel.series

    offered = anna.worklist()
    assert offered["counts"] == {"open": 1, "claimed": 0, "submitted_today": 0}
    assert [row["state"] for row in offered["results"]] == ["open"]
    assert offered["results"][0]["case"]["label"] == "Case 0001"
    assert (offered["results"][0]["modality"], offered["results"][0]["instance_count"]) == ("CT", SLICES)

    read_id = anna.claim()
    page = anna.read(read_id)
    assert (page["state"], page["study_instance_uid"], page["adjudication"]) == ("draft", panel.study_uid, None)
    assert page["dicomweb_root"].endswith("/dicomweb/v1/projects/lung")
    assert [s["series_instance_uid"] for s in page["series"]] == [series]
    assert page["segmentations"] == []
    assert anna.segmentation(f"/api/v1/reads/{read_id}/segmentations/{series}") == (0, ())

    mask = box(1, 2, 3, 7)
    saved = anna.draw(read_id, series, mask)
    assert saved["revision"] == 1
    revision, entries = anna.segmentation(f"/api/v1/reads/{read_id}/segmentations/{series}")
    assert revision == 1
    assert sorted((e.segment, e.slice_index) for e in entries) == [(1, 1), (1, 2)]
    for entry in entries:
        assert np.array_equal(unpack(entry.plane(), ROWS, COLUMNS), mask[entry.slice_index])

    signed = anna.sign(read_id)
    assert signed.status_code == 200, signed.content
    assert json.loads(signed.content)["state"] == "signed"
    assert anna.worklist()["counts"] == {"open": 0, "claimed": 0, "submitted_today": 1}


def test_a_stale_save_is_a_conflict_and_the_same_save_gets_the_same_answer(panel: Panel) -> None:
    anna, series = panel.anna, panel.series
    read_id = anna.claim()
    client_id = uuid.uuid4()
    first = submission(series, box(0, 0, 1, 4), client_id=client_id)
    answer = anna.save_raw(read_id, series, first)
    assert answer.status_code == 201
    again = anna.save_raw(read_id, series, first)
    assert again.status_code == 200
    assert again.content == answer.content

    other = anna.save_raw(read_id, series, submission(series, box(0, 0, 2, 4), client_id=client_id))
    assert (other.status_code, json.loads(other.content)["code"]) == (409, "client-id-reused")

    anna.draw(read_id, series, box(0, 3, 1, 4), base_revision=1, slices=range(1, 2))
    stale = anna.save_raw(read_id, series, submission(series, box(3, 3, 0, 0), base_revision=1))
    body = json.loads(stale.content)
    assert (stale.status_code, body["code"], body["head_revision"]) == (409, "stale-revision", 2)

    listed = json.loads(anna.get(f"/api/v1/reads/{read_id}/segmentations/{series}/revisions").content)
    assert [(r["revision"], r["parent"], r["changed_slices"]) for r in listed["results"]] == [(2, 1, 1), (1, 0, 4)]
    assert anna.get(f"/api/v1/reads/{read_id}/segmentations/{series}?revision=3").status_code == 404
    _, past = anna.segmentation(f"/api/v1/reads/{read_id}/segmentations/{series}?revision=1")
    assert [entry.slice_index for entry in past] == [0]
